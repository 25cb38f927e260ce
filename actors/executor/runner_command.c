/* runner_command.c - the runner 'command': any command line, once for each file. */
#include "actors/executor/runner.h"

#include <string.h>

#include "actors/common/shell.h"

static bool fits(const char *name)
{
    return strcmp(name, "command") == 0;
}

static enum err command_argv(const struct runner_options *options, struct runner_argv *ret_argv)
{
    if (options->command[0] == '\0') {
        return ERR_MALFORMED;
    }
    char *text = shell_with_argument(options->command);
    if (!text) {
        return ERR_MEMORY;
    }
    *ret_argv =
        (struct runner_argv){.argv = {"sh", "-c", text, "sh", options->file, NULL}, .text = text};
    return ERR_OK;
}

const struct runner runner_command = {
    .name = "command",
    .fits = fits,
    .argv = command_argv,
    .advice = "give the command line to run with --command; {} stands for the file",
};
