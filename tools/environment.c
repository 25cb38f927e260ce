/* environment.c - see environment.h. */
#include "tools/environment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_SIZE = 256 };

static void add_name(char *list, size_t size, const char *name)
{
    size_t used = strlen(list);
    (void)snprintf(list + used, size - used, "%s%s", used ? " " : "", name); /* cut, as promised */
}

void environment_lines(const char *names, char lines[MSG_MAX_submit_env + 1], char *left_out,
                       size_t size)
{
    size_t used = 0;
    lines[0] = '\0';
    left_out[0] = '\0';
    for (const char *at = names + strspn(names, ", "); *at; at += strspn(at, ", ")) {
        char name[NAME_SIZE];
        size_t length = strcspn(at, ",");
        (void)snprintf(name, sizeof name, "%.*s", (int)length, at); /* longer ones are not set */
        at += length;
        const char *value = getenv(name); /* NOLINT(concurrency-mt-unsafe): see the header */
        if (!value) {
            continue;
        }
        size_t room = MSG_MAX_submit_env + 1 - used;
        int written =
            strchr(value, '\n') ? -1 : snprintf(lines + used, room, "%s=%s\n", name, value);
        if (written < 0 || (size_t)written >= room) {
            lines[used] = '\0';
            add_name(left_out, size, name);
        } else {
            used += (size_t)written;
        }
    }
}
