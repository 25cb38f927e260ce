/* command_config.c - troupe config check, show, schema. */
#include <stdio.h>
#include <string.h>

#include "tools/command.h"

static int written(enum err err)
{
    return err == ERR_OK ? EXIT_DONE : complain(EXIT_COULD_NOT, "cannot be written", NULL);
}

static int check(struct invocation *invocation)
{
    int code = invocation_configure(invocation);
    if (code == EXIT_DONE && invocation->json) {
        (void)printf("{\"valid\":true}\n");
    } else if (code == EXIT_DONE && !invocation->quiet) {
        (void)printf("The configuration is valid: %s.\n",
                     invocation->config_dir ? invocation->config_dir : "no file, all defaults");
    }
    return code;
}

static int show(struct invocation *invocation)
{
    int code = invocation_configure(invocation);
    if (code != EXIT_DONE) {
        return code;
    }
    return written(invocation->json
                       ? config_print_json(stdout, &invocation->config)
                       : config_print_yaml(stdout, &invocation->config, !invocation->quiet));
}

int command_config(struct invocation *invocation)
{
    const char *word = invocation->words_count == 1 ? invocation->words[0] : "";
    if (strcmp(word, "check") == 0) {
        return check(invocation);
    }
    if (strcmp(word, "show") == 0) {
        return show(invocation);
    }
    if (strcmp(word, "schema") == 0) {
        return written(config_print_schema(stdout));
    }
    return complain(EXIT_USAGE, "say troupe config check, show or schema", NULL);
}
