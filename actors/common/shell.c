/* shell.c - see shell.h. */
#include "actors/common/shell.h"

#include <stdlib.h>
#include <string.h>

static const char *const place = "{}";
static const char *const argument = "\"$1\"";

char *shell_with_argument(const char *command)
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
