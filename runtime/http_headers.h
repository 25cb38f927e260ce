/* http_headers.h - header fields of HTTP as the messages carry them: "name: value" lines, names in
 * lower case.  Pure: plain bytes, no thread rules.
 */
#ifndef RUNTIME_HTTP_HEADERS_H
#define RUNTIME_HTTP_HEADERS_H

#include "proto/message.h"

struct http_headers {
    size_t size;
    char text[MSG_MAX_http_done_headers];
};

static_assert((int)MSG_MAX_http_done_headers == (int)MSG_MAX_http_request_headers,
              "one size of headers, both ways");

/* Appends a field.  The name becomes lower case; a control character in either, which could pass
 * for the end of a line, becomes a space.  ERR_LIMIT: there is no room; nothing was appended. */
enum err http_headers_add(struct http_headers *headers, struct msg_str name,
                          struct msg_str value) MUST_CHECK;

/* Appends the field in one line of an answer's head, as it came off the wire.  A status line begins
 * anew (that of a 1xx comes before the one that counts); a line without a colon is passed over.
 * ERR_LIMIT as above. */
enum err http_headers_line(struct http_headers *headers, const char *line, size_t size) MUST_CHECK;

/* Is `text` (terminated) a method, 1 to 16 letters? */
bool http_method_is_sound(const char *text);

/* Is `line` (terminated) "Name: value" with nothing in it that would begin another line? */
bool http_header_is_sound(const char *line);

/* Is `line`, a sound one, a field of this name (any case)? */
bool http_header_is(const char *line, const char *name);

#endif
