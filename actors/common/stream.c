/* stream.c - lines out of bytes. */
#include "actors/common/stream.h"

#include <stdlib.h>
#include <string.h>

void stream_free(struct stream *self)
{
    free(self->bytes);
    *self = (struct stream){.bytes = NULL};
}

enum err stream_add(struct stream *self, const char *bytes, size_t size)
{
    /* The part of a line that is kept here is at most STREAM_LINE_MAX, see stream_cut's callers. */
    if (self->size > STREAM_LINE_MAX) {
        return ERR_LIMIT;
    }
    if (self->capacity - self->size < size) {
        size_t capacity = (self->size + size) * 2;
        char *grown = realloc(self->bytes, capacity);
        if (!grown) {
            return ERR_MEMORY;
        }
        self->bytes = grown;
        self->capacity = capacity;
    }
    if (size > 0) {
        memcpy(self->bytes + self->size, bytes, size);
        self->size += size;
    }
    return ERR_OK;
}

char *stream_line(struct stream *self, size_t *at, size_t *ret_size)
{
    if (*at == self->size) {
        return NULL; /* also when there has never been a byte */
    }
    char *line = self->bytes + *at;
    char *end = memchr(line, '\n', self->size - *at);
    if (!end) {
        return NULL;
    }
    *ret_size = (size_t)(end - line);
    *at += *ret_size + 1;
    return line;
}

void stream_cut(struct stream *self, size_t at)
{
    if (at > 0) {
        memmove(self->bytes, self->bytes + at, self->size - at);
        self->size -= at;
    }
}
