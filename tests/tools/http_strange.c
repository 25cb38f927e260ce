/* http_strange.c - modules that the programs may not use: VERSION and CONFIG_SIZE tell which. */
#include "runtime/http_module.h"

const struct http_module troupe_http = {.version = VERSION, .config_size = CONFIG_SIZE};
