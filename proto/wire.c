/* wire.c - the parts of wire.h that need not be inline. */
#include "proto/wire.h"

#include <assert.h>

enum { CAPACITY_MIN = 256 };

void wire_buffer_free(struct wire_buffer *buffer)
{
    free(buffer->bytes);
    *buffer = (struct wire_buffer){0};
}

bool wire_buffer_reserve(struct wire_buffer *buffer, size_t more)
{
    if (buffer->failed) {
        return false;
    }
    assert(more > 0);
    size_t capacity = buffer->capacity < CAPACITY_MIN ? CAPACITY_MIN : buffer->capacity;
    while (capacity - buffer->size < more) {
        capacity *= 2;
    }
    uint8_t *bytes = realloc(buffer->bytes, capacity);
    if (!bytes) {
        buffer->failed = true;
        return false;
    }
    buffer->bytes = bytes;
    buffer->capacity = capacity;
    return true;
}

static uint64_t read_big_endian(struct wire_cursor *cursor, size_t size)
{
    if ((size_t)(cursor->end - cursor->at) < size) {
        cursor->failed = true;
        return 0;
    }
    uint64_t number = 0;
    for (size_t i = 0; i < size; i++) {
        number = number << 8 | cursor->at[i];
    }
    cursor->at += size;
    return number;
}

static uint64_t sign_extend(uint64_t number, size_t size)
{
    assert(size >= 1 && size <= 8);
    unsigned shift = (unsigned)(64 - 8 * size);
    return (uint64_t)((int64_t)(number << shift) >> shift);
}

static uint64_t float_bits(uint64_t number, size_t size)
{
    if (size == 8) {
        return number;
    }
    uint32_t bits = (uint32_t)number;
    float narrow;
    memcpy(&narrow, &bits, sizeof narrow);
    double wide = (double)narrow;
    memcpy(&number, &wide, sizeof number);
    return number;
}

/* The heads 0xc0-0xdf: what each is, how many bytes its number has, and bytes of body besides. */
static const struct {
    enum wire_kind kind;
    uint8_t width;
    uint8_t body;
} heads[32] = {
    [0x00] = {WIRE_NIL, 0, 0},   [0x02] = {WIRE_BOOL, 0, 0},  [0x03] = {WIRE_BOOL, 0, 0},
    [0x04] = {WIRE_BYTES, 1, 0}, [0x05] = {WIRE_BYTES, 2, 0}, [0x06] = {WIRE_BYTES, 4, 0},
    [0x07] = {WIRE_EXT, 1, 1},   [0x08] = {WIRE_EXT, 2, 1},   [0x09] = {WIRE_EXT, 4, 1},
    [0x0a] = {WIRE_FLOAT, 4, 0}, [0x0b] = {WIRE_FLOAT, 8, 0}, [0x0c] = {WIRE_UINT, 1, 0},
    [0x0d] = {WIRE_UINT, 2, 0},  [0x0e] = {WIRE_UINT, 4, 0},  [0x0f] = {WIRE_UINT, 8, 0},
    [0x10] = {WIRE_INT, 1, 0},   [0x11] = {WIRE_INT, 2, 0},   [0x12] = {WIRE_INT, 4, 0},
    [0x13] = {WIRE_INT, 8, 0},   [0x14] = {WIRE_EXT, 0, 2},   [0x15] = {WIRE_EXT, 0, 3},
    [0x16] = {WIRE_EXT, 0, 5},   [0x17] = {WIRE_EXT, 0, 9},   [0x18] = {WIRE_EXT, 0, 17},
    [0x19] = {WIRE_BYTES, 1, 0}, [0x1a] = {WIRE_BYTES, 2, 0}, [0x1b] = {WIRE_BYTES, 4, 0},
    [0x1c] = {WIRE_ARRAY, 2, 0}, [0x1d] = {WIRE_ARRAY, 4, 0}, [0x1e] = {WIRE_MAP, 2, 0},
    [0x1f] = {WIRE_MAP, 4, 0},
};

static void fill_head(struct wire_head *head, uint8_t first, uint64_t number)
{
    size_t width = heads[first & 0x1f].width;
    head->kind = heads[first & 0x1f].kind;
    switch (head->kind) {
    case WIRE_BOOL:
        head->number = first & 1;
        break;
    case WIRE_UINT:
        head->number = number;
        break;
    case WIRE_INT:
        head->number = sign_extend(number, width);
        break;
    case WIRE_FLOAT:
        head->number = float_bits(number, width);
        break;
    case WIRE_BYTES:
    case WIRE_EXT:
        head->body = number + heads[first & 0x1f].body;
        break;
    case WIRE_ARRAY:
        head->inside = number;
        break;
    case WIRE_MAP:
        head->inside = 2 * number;
        break;
    case WIRE_NIL:
        break;
    }
}

bool wire_read_head(struct wire_cursor *cursor, struct wire_head *ret_head)
{
    struct wire_head head = {.kind = WIRE_NIL};
    if (cursor->failed || cursor->at == cursor->end || *cursor->at == 0xc1) {
        cursor->failed = true;
        return false;
    }
    uint8_t first = *cursor->at++;
    if (first < 0x80) {
        head = (struct wire_head){.kind = WIRE_UINT, .number = first};
    } else if (first < 0x90) {
        head = (struct wire_head){.kind = WIRE_MAP, .inside = 2 * (first & 0x0fu)};
    } else if (first < 0xa0) {
        head = (struct wire_head){.kind = WIRE_ARRAY, .inside = first & 0x0fu};
    } else if (first < 0xc0) {
        head = (struct wire_head){.kind = WIRE_BYTES, .body = first & 0x1fu};
    } else if (first < 0xe0) {
        fill_head(&head, first, read_big_endian(cursor, heads[first & 0x1f].width));
    } else {
        head = (struct wire_head){.kind = WIRE_INT, .number = sign_extend(first, 1)};
    }
    if (!cursor->failed) {
        *ret_head = head;
    }
    return !cursor->failed;
}

static uint64_t read_number(struct wire_cursor *cursor, enum wire_kind wanted)
{
    struct wire_head head;
    if (!wire_read_head(cursor, &head) || head.kind != wanted) {
        cursor->failed = true;
        return 0;
    }
    return head.number;
}

uint64_t wire_read_any_u64(struct wire_cursor *cursor)
{
    if (!cursor->failed && cursor->at != cursor->end && (*cursor->at & 0xfc) == 0xcc) {
        size_t width = (size_t)1 << (*cursor->at & 0x03);
        cursor->at++;
        return read_big_endian(cursor, width);
    }
    return read_number(cursor, WIRE_UINT);
}

int64_t wire_read_i64(struct wire_cursor *cursor)
{
    struct wire_head head;
    bool ok = wire_read_head(cursor, &head) &&
              (head.kind == WIRE_INT || (head.kind == WIRE_UINT && head.number <= INT64_MAX));
    if (!ok) {
        cursor->failed = true;
        return 0;
    }
    return (int64_t)head.number;
}

double wire_read_f64(struct wire_cursor *cursor)
{
    uint64_t bits = read_number(cursor, WIRE_FLOAT);
    double number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

bool wire_read_bool(struct wire_cursor *cursor)
{
    if (!cursor->failed && cursor->at != cursor->end && (*cursor->at & 0xfe) == 0xc2) {
        return *cursor->at++ == 0xc3;
    }
    return read_number(cursor, WIRE_BOOL) != 0;
}

uint64_t wire_read_array(struct wire_cursor *cursor)
{
    struct wire_head head;
    size_t left = (size_t)(cursor->end - cursor->at);
    if (!cursor->failed && left > 0 && (*cursor->at & 0xf0) == 0x90 &&
        (*cursor->at & 0x0fu) < left) {
        return *cursor->at++ & 0x0fu;
    }
    if (!wire_read_head(cursor, &head) || head.kind != WIRE_ARRAY ||
        head.inside > (uint64_t)(cursor->end - cursor->at)) {
        cursor->failed = true;
        return 0;
    }
    return head.inside;
}

const char *wire_read_str(struct wire_cursor *cursor, uint64_t max, uint32_t *ret_size)
{
    struct wire_head head;
    size_t left = (size_t)(cursor->end - cursor->at);
    if (!cursor->failed && left > 0 && (*cursor->at & 0xe0) == 0xa0 &&
        (*cursor->at & 0x1fu) < left && (*cursor->at & 0x1fu) <= max) {
        *ret_size = *cursor->at & 0x1fu;
        const char *text = (const char *)cursor->at + 1;
        cursor->at += 1 + *ret_size;
        return text;
    }
    /* str and bin of up to 255 bytes */
    if (!cursor->failed && left > 1 && (*cursor->at == 0xd9 || *cursor->at == 0xc4) &&
        cursor->at[1] <= left - 2 && cursor->at[1] <= max) {
        *ret_size = cursor->at[1];
        const char *text = (const char *)cursor->at + 2;
        cursor->at += 2 + *ret_size;
        return text;
    }
    *ret_size = 0;
    if (!wire_read_head(cursor, &head) || head.kind != WIRE_BYTES || head.body > max ||
        head.body > (uint64_t)(cursor->end - cursor->at)) {
        cursor->failed = true;
        return "";
    }
    const char *bytes = (const char *)cursor->at;
    cursor->at += head.body;
    *ret_size = (uint32_t)head.body;
    return bytes;
}

/* Bytes of the values that have nothing inside and whose first byte says how long they are; 0 for
 * the others. */
static const uint8_t lengths[256] = {
#define SIXTEEN(length)                                                                            \
    length, length, length, length, length, length, length, length, length, length, length,        \
        length, length, length, length, length
    SIXTEEN(1), SIXTEEN(1), SIXTEEN(1), SIXTEEN(1), SIXTEEN(1), SIXTEEN(1),
    SIXTEEN(1), SIXTEEN(1), SIXTEEN(0), SIXTEEN(0), /* map, array */
    1,          2,          3,          4,          5,          6,
    7,          8,          9,          10,         11,         12,
    13,         14,         15,         16, /* str */
    17,         18,         19,         20,         21,         22,
    23,         24,         25,         26,         27,         28,
    29,         30,         31,         32, /* str */
    1,          0,          1,          1,          0,          0,
    0,          0,          0,          0,          5,          9,
    2,          3,          5,          9, /* nil, bools, bin, ext, floats, uints */
    2,          3,          5,          9,          3,          4,
    6,          10,         18,         0,          0,          0,
    0,          0,          0,          0, /* ints, fixext, str, array, map */
    SIXTEEN(1), SIXTEEN(1),
#undef SIXTEEN
};

/* Passes over values that `lengths` knows; how many of at most `max` they were. */
static uint64_t skip_plain(struct wire_cursor *cursor, uint64_t max)
{
    const uint8_t *at = cursor->at;
    uint64_t count = 0;
    while (count < max && at != cursor->end) {
        uint8_t length = lengths[*at];
        if (length == 0 || length > (size_t)(cursor->end - at)) {
            break;
        }
        at += length;
        count++;
    }
    cursor->at = at;
    return count;
}

void wire_skip(struct wire_cursor *cursor)
{
    uint64_t values = 1; /* still to come; each needs a byte at least, so this loop ends */
    while (!cursor->failed && (values -= skip_plain(cursor, values)) > 0) {
        struct wire_head head;
        if (!wire_read_head(cursor, &head)) {
            return;
        }
        uint64_t left = (uint64_t)(cursor->end - cursor->at);
        if (head.body > left || head.inside > left || values - 1 > left - head.inside) {
            cursor->failed = true;
            return;
        }
        cursor->at += head.body;
        values += head.inside - 1;
    }
}

bool wire_is_sound(const void *bytes, size_t size)
{
    struct wire_cursor cursor = {.at = bytes, .end = (const uint8_t *)bytes + size};
    wire_skip(&cursor);
    return !cursor.failed && cursor.at == cursor.end;
}
