/* wire.h - msgpack values onto the end of a buffer, and in place from received bytes.
 *
 * Writing is msgpack-c's own pack_template.h, expanded inline over struct wire_buffer.  Reading is
 * a cursor over bytes that were never trusted: every step checks what is left first, nothing is
 * allocated and nothing recurses.  A buffer or cursor that failed once stays failed, so a caller
 * checks once, at the end.
 */
#ifndef PROTO_WIRE_H
#define PROTO_WIRE_H

#include <endian.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <msgpack/sysdep.h>
#include <msgpack/timestamp.h>

#include "proto/error.h"

/* Bytes being written.  All zero is an empty buffer; its owner calls wire_buffer_free. */
struct wire_buffer {
    uint8_t *bytes;
    size_t size;
    size_t capacity;
    bool failed; /* memory ran out; the content is void */
};

void wire_buffer_free(struct wire_buffer *buffer);

/* Room for `more` bytes behind buffer->size; false (and failed) without memory. */
bool wire_buffer_reserve(struct wire_buffer *buffer, size_t more);

static inline void wire_append(struct wire_buffer *buffer, const void *bytes, size_t size)
{
    if (size == 0) {
        return;
    }
    if (buffer->capacity - buffer->size < size && !wire_buffer_reserve(buffer, size)) {
        return;
    }
    memcpy(buffer->bytes + buffer->size, bytes, size);
    buffer->size += size;
}

#define msgpack_pack_inline_func(name)                  static inline void wire_pack##name
#define msgpack_pack_user                               struct wire_buffer *
#define msgpack_pack_append_buffer(buffer, bytes, size) wire_append(buffer, bytes, size)
#include <msgpack/pack_template.h>
#undef msgpack_pack_inline_func
#undef msgpack_pack_user
#undef msgpack_pack_append_buffer

/* As wire_pack_uint64, faster for what frames are full of: small numbers and ids. */
static inline void wire_write_u64(struct wire_buffer *buffer, uint64_t number)
{
    enum { SIZE_MAX_U64 = 9 };
    if (buffer->capacity - buffer->size < SIZE_MAX_U64 &&
        !wire_buffer_reserve(buffer, SIZE_MAX_U64)) {
        return;
    }
    uint8_t *at = buffer->bytes + buffer->size;
    if (number < 0x80) {
        *at = (uint8_t)number;
        buffer->size++;
    } else if (number > UINT32_MAX) {
        uint64_t big_endian = htobe64(number);
        *at = 0xcf;
        memcpy(at + 1, &big_endian, sizeof big_endian);
        buffer->size += SIZE_MAX_U64;
    } else {
        wire_pack_uint64(buffer, number);
    }
}

/* Received bytes being read. */
struct wire_cursor {
    const uint8_t *at;
    const uint8_t *end;
    bool failed; /* a value was not there or not of the wanted kind */
};

/* The head of a value, whatever it is. */
enum wire_kind {
    WIRE_NIL,
    WIRE_BOOL,
    WIRE_UINT,
    WIRE_INT,
    WIRE_FLOAT,
    WIRE_BYTES,
    WIRE_ARRAY,
    WIRE_MAP,
    WIRE_EXT
};

struct wire_head {
    enum wire_kind kind;
    uint64_t number; /* value of a bool or integer (as two's complement), bits of a float64 */
    uint64_t inside; /* values that follow inside (array, map) */
    uint64_t body;   /* bytes that follow (bytes, ext) */
};

/* Takes the head of the next value off; false at the end, for a cut head and for 0xc1. */
bool wire_read_head(struct wire_cursor *cursor, struct wire_head *ret_head);

/* The next value as what is wanted; zero, and a failed cursor, when it is something else. */
uint64_t wire_read_any_u64(struct wire_cursor *cursor);
int64_t wire_read_i64(struct wire_cursor *cursor);
double wire_read_f64(struct wire_cursor *cursor);
bool wire_read_bool(struct wire_cursor *cursor);
uint64_t wire_read_array(struct wire_cursor *cursor);

static inline uint64_t wire_read_u64(struct wire_cursor *cursor)
{
    if (!cursor->failed && cursor->at != cursor->end && *cursor->at < 0x80) {
        return *cursor->at++;
    }
    if (!cursor->failed && cursor->end - cursor->at > (ptrdiff_t)sizeof(uint64_t) &&
        *cursor->at == 0xcf) {
        uint64_t big_endian;
        memcpy(&big_endian, cursor->at + 1, sizeof big_endian);
        cursor->at += 1 + sizeof big_endian;
        return be64toh(big_endian);
    }
    return wire_read_any_u64(cursor);
}

/* The next str or bin of at most `max` bytes; the result points into the received bytes. */
const char *wire_read_str(struct wire_cursor *cursor, uint64_t max, uint32_t *ret_size);

/* Passes over one whole value, whatever it holds. */
void wire_skip(struct wire_cursor *cursor);

/* True when `bytes` are exactly one msgpack value and every announced size is really there.  To be
 * asked of foreign bytes before anything else looks at them: five bytes can announce gigabytes.
 * Time grows with `size`, memory not at all. */
bool wire_is_sound(const void *bytes, size_t size);

#endif
