/* headers.c - see headers.h. */
#include "actors/gateway/headers.h"

#include <string.h>

static struct msg_str trim(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t')) {
        at++;
    }
    while (end > at && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r')) {
        end--;
    }
    return (struct msg_str){at, (uint32_t)(end - at)};
}

size_t headers_find(struct msg_str headers, const char *name, struct msg_str *ret_value)
{
    size_t count = 0;
    size_t length = strlen(name);
    const char *end = headers.at + headers.size;
    *ret_value = msg_str("");
    for (const char *line = headers.at; line < end;) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        stop = stop ? stop : end;
        bool same = (size_t)(stop - line) > length && memcmp(line, name, length) == 0 &&
                    line[length] == ':';
        if (same && count++ == 0) {
            *ret_value = trim(line + length + 1, stop);
        }
        line = stop + 1;
    }
    return count;
}

bool headers_only(struct msg_str headers, const char *name, struct msg_str *ret_value)
{
    return headers_find(headers, name, ret_value) == 1 && ret_value->size > 0;
}
