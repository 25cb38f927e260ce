/* page_query.c - see page_query.h. */
#include "actors/gateway/page_query.h"

#include <ctype.h>
#include <string.h>

enum err page_query_number(struct msg_str text, uint64_t *ret_number)
{
    uint64_t number = 0;
    enum { DIGITS_MAX = 18 };
    if (text.size == 0 || text.size > DIGITS_MAX) {
        return ERR_MALFORMED;
    }
    for (size_t i = 0; i < text.size; i++) {
        if (text.at[i] < '0' || text.at[i] > '9') {
            return ERR_MALFORMED;
        }
        number = 10 * number + (uint64_t)(text.at[i] - '0');
    }
    *ret_number = number;
    return ERR_OK;
}

static int hex(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* Decodes a value into `to` (`max` bytes and a NUL). */
static enum err decode(struct msg_str value, char *to, size_t max)
{
    size_t used = 0;
    for (size_t i = 0; i < value.size; i++) {
        char c = value.at[i];
        if (c == '+') {
            c = ' ';
        } else if (c == '%') {
            int high = i + 2 < value.size ? hex(value.at[i + 1]) : -1;
            int low = high >= 0 ? hex(value.at[i + 2]) : -1;
            if (low < 0) {
                return ERR_MALFORMED;
            }
            c = (char)(high << 4 | low);
            i += 2;
        }
        if (used == max || c == '\0') {
            return ERR_MALFORMED;
        }
        to[used++] = c;
    }
    to[used] = '\0';
    return ERR_OK;
}

static enum err read_pair(struct msg_str name, struct msg_str value, struct page_query *to)
{
    if (msg_str_is(name, "word")) {
        return decode(value, to->word, sizeof to->word - 1);
    }
    if (msg_str_is(name, "after")) {
        return page_query_number(value, &to->after);
    }
    if (!msg_str_is(name, "run")) {
        return ERR_OK;
    }
    enum err err = decode(value, to->run, sizeof to->run - 1);
    for (const char *at = to->run; err == ERR_OK && *at; at++) {
        err = isalnum((unsigned char)*at) ? ERR_OK : ERR_MALFORMED;
    }
    return err;
}

enum err page_query_read(struct msg_str query, struct page_query *ret_query)
{
    struct page_query read = {.after = 0};
    const char *end = query.at + query.size;
    for (const char *at = query.at; at < end;) {
        const char *stop = memchr(at, '&', (size_t)(end - at));
        stop = stop ? stop : end;
        const char *equal = memchr(at, '=', (size_t)(stop - at));
        const char *name_end = equal ? equal : stop;
        const char *value = equal ? equal + 1 : stop;
        enum err err = read_pair((struct msg_str){at, (uint32_t)(name_end - at)},
                                 (struct msg_str){value, (uint32_t)(stop - value)}, &read);
        if (err != ERR_OK) {
            return err;
        }
        at = stop + 1;
    }
    *ret_query = read;
    return ERR_OK;
}
