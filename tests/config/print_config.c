/* print_config.c - the defaults as troupe.yml, or in another shape: print-config [json|schema] */
#include <string.h>

#include "config/config.h"

int main(int count, char **args)
{
    struct config config;
    config_defaults(&config);
    enum err err;
    if (count == 2 && strcmp(args[1], "json") == 0) {
        err = config_print_json(stdout, &config);
    } else if (count == 2 && strcmp(args[1], "schema") == 0) {
        err = config_print_schema(stdout);
    } else {
        err = config_print_yaml(stdout, &config, true);
    }
    return err == ERR_OK ? 0 : 1;
}
