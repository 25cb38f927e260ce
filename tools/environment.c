/* environment.c - variables into lines. */
#include "tools/environment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_SIZE = 256 };

void environment_collect(const char *names, char *ret, size_t size,
                         char ret_left_out[ENVIRONMENT_NAME_SIZE])
{
    size_t used = 0;
    ret[0] = '\0';
    ret_left_out[0] = '\0';
    while (*names) {
        names += strspn(names, " ,");
        size_t length = strcspn(names, ",");
        char name[NAME_MAX_SIZE];
        (void)snprintf(name, sizeof name, "%.*s", (int)length, names); /* cut: not set */
        names += length;
        const char *value = name[0] ? getenv(name) : NULL;
        if (!value) {
            continue;
        }
        size_t room = size - used;
        int written = strchr(value, '\n') ? -1 : snprintf(ret + used, room, "%s=%s\n", name, value);
        if (written < 0 || (size_t)written >= room) {
            ret[used] = '\0';
            (void)snprintf(ret_left_out, ENVIRONMENT_NAME_SIZE, "%.64s", name);
        } else {
            used += (size_t)written;
        }
    }
}
