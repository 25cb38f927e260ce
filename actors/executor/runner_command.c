/* runner_command.c - the runner 'command': any command line, once for each file. */
#include "actors/executor/runner.h"

#include <stdlib.h>
#include <string.h>

static const char *const place = "{}";
static const char *const argument = "\"$1\"";

static bool fits(const char *name)
{
    return strcmp(name, "command") == 0;
}

/* A file name is never part of what the shell reads: {} becomes "$1", and the name an argument. */
static char *with_argument(const char *command)
{
    size_t count = 0;
    for (const char *at = command; (at = strstr(at, place)); at += strlen(place)) {
        count++;
    }
    char *text = malloc(strlen(command) + count * strlen(argument) + 1);
    if (!text) {
        return NULL;
    }
    char *to = text;
    const char *next;
    for (; (next = strstr(command, place)); command = next + strlen(place)) {
        memcpy(to, command, (size_t)(next - command));
        to += next - command;
        memcpy(to, argument, strlen(argument));
        to += strlen(argument);
    }
    memcpy(to, command, strlen(command) + 1);
    return text;
}

static enum err command_argv(const struct runner_options *options, struct runner_argv *ret_argv)
{
    if (options->command[0] == '\0') {
        return ERR_MALFORMED;
    }
    char *text = with_argument(options->command);
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
