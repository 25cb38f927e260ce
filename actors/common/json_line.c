/* json_line.c - what jansson is not to see is mended or refused before it sees a line. */
#include "actors/common/json_line.h"

#include <stdbool.h>
#include <string.h>

static int hex(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* The number in \uXXXX at `text`, of which `left` bytes are there; -1 when it is none. */
static int escape_at(const char *text, size_t left)
{
    if (left < 6 || text[0] != '\\' || text[1] != 'u') {
        return -1;
    }
    int number = 0;
    for (size_t i = 2; i < 6; i++) {
        int digit = hex(text[i]);
        if (digit < 0) {
            return -1;
        }
        number = number * 16 + digit;
    }
    return number;
}

/* Node writes half a surrogate pair, which a test's message may well hold, as an escape that
 * jansson refuses.  It becomes the replacement character.  Returns how many bytes were passed. */
static size_t mend_escape(char *text, size_t left)
{
    static const char replacement[4] = {'f', 'f', 'f', 'd'};
    int first = escape_at(text, left);
    if (first < 0) {
        return left < 2 ? left : 2;
    }
    if (first < 0xd800 || first > 0xdfff) {
        return 6;
    }
    int second = left > 6 ? escape_at(text + 6, left - 6) : -1;
    if (first < 0xdc00 && second >= 0xdc00 && second <= 0xdfff) {
        return 12;
    }
    memcpy(text + 2, replacement, sizeof replacement);
    return 6;
}

/* False when it is nested too deeply: jansson recurses. */
static bool prepare(char *line, size_t size)
{
    size_t depth = 0;
    bool inside = false; /* a string */
    for (size_t i = 0; i < size;) {
        if (inside && line[i] == '\\') {
            i += mend_escape(line + i, size - i);
            continue;
        }
        if (line[i] == '"') {
            inside = !inside;
        } else if (!inside && (line[i] == '{' || line[i] == '[') && ++depth > JSON_LINE_DEPTH_MAX) {
            return false;
        } else if (!inside && (line[i] == '}' || line[i] == ']') && depth > 0) {
            depth--;
        }
        i++;
    }
    return true;
}

json_t *json_line_load(char *line, size_t size)
{
    if (size > STREAM_LINE_MAX || !prepare(line, size)) {
        return NULL;
    }
    json_t *object = json_loadb(line, size, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
    if (!json_is_object(object)) {
        json_decref(object);
        return NULL;
    }
    return object;
}
