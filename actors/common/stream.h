/* stream.h - lines out of the bytes of a process that is not trusted.
 *
 * Pure.  A line is bounded; what has no end yet is kept.
 */
#ifndef ACTORS_COMMON_STREAM_H
#define ACTORS_COMMON_STREAM_H

#include <stddef.h>

#include "proto/error.h"

enum { STREAM_LINE_MAX = 1024 * 1024 };

/* All zero is an empty one; its owner calls stream_free. */
struct stream {
    char *bytes; /* of a line that has not ended */
    size_t size;
    size_t capacity;
};

void stream_free(struct stream *stream);

/* Adds bytes.  ERR_LIMIT: a line is too long; ERR_MEMORY. */
enum err stream_add(struct stream *stream, const char *bytes, size_t size) MUST_CHECK;

/* The first whole line without its end, to be changed by the caller if he likes; NULL when there is
 * none.  *at, 0 at first, is where the search goes on; stream_add invalidates both. */
char *stream_line(struct stream *stream, size_t *at, size_t *ret_size);

/* Forgets what is before `at`. */
void stream_cut(struct stream *stream, size_t at);

#endif
