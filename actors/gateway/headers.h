/* headers.h - one header out of the many of a request or an answer. */
#ifndef ACTORS_GATEWAY_HEADERS_H
#define ACTORS_GATEWAY_HEADERS_H

#include "proto/message.h"

/* How often `name` (lower case) stands in `headers`, "name: value" lines.  *ret_value is the first
 * one's value without the spaces around it, borrowed from `headers`; empty when there is none. */
size_t headers_find(struct msg_str headers, const char *name, struct msg_str *ret_value);

/* The value of a header that may come once; false when it is missing, empty or comes twice, which
 * two readers might understand differently. */
bool headers_only(struct msg_str headers, const char *name, struct msg_str *ret_value);

#endif
