/* fuzz_http_headers.c - hostile bytes as the lines of an answer's head, and as requests' fields. */
#include <string.h>

#include "runtime/http_headers.h"
#include "tests/fuzz/must.h"

/* Whatever went in, what comes out are lines "name: value" without upper case before the colon. */
static void check(const struct http_headers *headers)
{
    MUST(headers->size <= sizeof headers->text);
    MUST(headers->size == 0 || headers->text[headers->size - 1] == '\n');
    const char *end = headers->text + headers->size;
    for (const char *line = headers->text; line < end;) {
        const char *next = memchr(line, '\n', (size_t)(end - line));
        const char *colon = memchr(line, ':', (size_t)(next - line));
        MUST(colon && colon[1] == ' ');
        for (const char *at = line; at < next; at++) {
            MUST((unsigned char)*at >= ' ' || *at == '\t');
            MUST(at > colon || *at < 'A' || *at > 'Z');
        }
        line = next + 1;
    }
}

static void read_lines(const char *bytes, size_t size)
{
    struct http_headers headers = {0};
    while (size > 0) {
        const char *newline = memchr(bytes, '\n', size);
        size_t line = newline ? (size_t)(newline - bytes) + 1 : size;
        size_t before = headers.size;
        if (http_headers_line(&headers, bytes, line) == ERR_LIMIT) {
            MUST(headers.size == before);
        }
        check(&headers);
        bytes += line;
        size -= line;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *bytes = (const char *)data;
    read_lines(bytes, size);
    char *text = malloc(size + 1);
    MUST(text);
    if (size > 0) {
        memcpy(text, data, size);
    }
    text[size] = '\0';
    /* What is sound can neither begin another line nor end the head. */
    if (http_header_is_sound(text)) {
        MUST(!strpbrk(text, "\r\n") && strchr(text, ':') > text);
    }
    if (http_method_is_sound(text)) {
        MUST(strlen(text) >= 1 && strlen(text) <= MSG_MAX_http_request_method);
    }
    free(text);
    return 0;
}
