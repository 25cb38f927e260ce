/* http_headers.c - see http_headers.h.  Only ASCII counts, whatever the locale. */
#include "runtime/http_headers.h"

#include <string.h>
#include <strings.h>

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* RFC 9110, 5.6.2: what names are made of. */
static bool is_token(char c)
{
    return is_letter(c) || (c >= '0' && c <= '9') || (c != '\0' && strchr("!#$%&'*+-.^_`|~", c));
}

static bool is_control(char c)
{
    return ((unsigned char)c < ' ' && c != '\t') || c == '\x7f';
}

static char harmless(char c)
{
    if (is_control(c)) {
        return ' ';
    }
    return c;
}

static char lower(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return (char)(c + ('a' - 'A'));
    }
    return c;
}

enum err http_headers_add(struct http_headers *headers, struct msg_str name, struct msg_str value)
{
    enum { BETWEEN = 3 }; /* colon, space, newline */
    size_t room = sizeof headers->text - headers->size;
    if (room < BETWEEN || name.size > room - BETWEEN || value.size > room - BETWEEN - name.size) {
        return ERR_LIMIT;
    }
    char *at = headers->text + headers->size;
    for (uint32_t i = 0; i < name.size; i++) {
        *at++ = lower(harmless(name.at[i]));
    }
    *at++ = ':';
    *at++ = ' ';
    for (uint32_t i = 0; i < value.size; i++) {
        *at++ = harmless(value.at[i]);
    }
    *at++ = '\n';
    headers->size = (size_t)(at - headers->text);
    return ERR_OK;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

enum err http_headers_line(struct http_headers *headers, const char *line, size_t size)
{
    static const char status[] = "HTTP/";
    if (size >= sizeof status - 1 && memcmp(line, status, sizeof status - 1) == 0) {
        headers->size = 0;
        return ERR_OK;
    }
    const char *colon = memchr(line, ':', size);
    if (!colon) {
        return ERR_OK;
    }
    const char *value = colon + 1;
    const char *end = line + size;
    while (value < end && is_space(*value)) {
        value++;
    }
    while (end > value && is_space(end[-1])) {
        end--;
    }
    if (size > sizeof headers->text) {
        return ERR_LIMIT;
    }
    return http_headers_add(headers, (struct msg_str){line, (uint32_t)(colon - line)},
                            (struct msg_str){value, (uint32_t)(end - value)});
}

bool http_method_is_sound(const char *text)
{
    size_t size = 0;
    while (size <= MSG_MAX_http_request_method && is_letter(text[size])) {
        size++;
    }
    return size > 0 && size <= MSG_MAX_http_request_method && text[size] == '\0';
}

bool http_header_is_sound(const char *line)
{
    size_t size = 0;
    while (is_token(line[size])) {
        size++;
    }
    if (size == 0 || line[size] != ':') {
        return false;
    }
    while (line[size] != '\0' && !is_control(line[size])) {
        size++;
    }
    return line[size] == '\0';
}

bool http_header_is(const char *line, const char *name)
{
    size_t size = strlen(name);
    return strncasecmp(line, name, size) == 0 && line[size] == ':';
}
