/* http_module.c - the one symbol of troupe-http.so. */
#include "runtime/http_module.h"

const struct http_module troupe_http = {
    .version = HTTP_MODULE_VERSION,
    .config_size = sizeof(struct config),
    .client_new = http_client_new,
    .client_destroy = http_client_destroy,
    .client_request = http_client_request,
    .client_cancel = http_client_cancel,
    .client_failed = http_client_failed,
    .server_new = http_server_new,
    .server_destroy = http_server_destroy,
    .server_open = http_server_open,
    .server_answer = http_server_answer,
    .server_close = http_server_close,
};
