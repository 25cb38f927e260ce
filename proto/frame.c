/* frame.c - batches of messages to bytes and back. */
#include "proto/frame.h"

enum {
    HEAD_VALUES = 2,     /* node and seq, before the messages */
    ENVELOPE_VALUES = 8, /* with the body */
    COUNT_AT = 1         /* the array's 32-bit size stands behind its first byte */
};

void frame_begin(struct wire_buffer *buffer, uint64_t node, uint64_t seq)
{
    assert(buffer->size == 0);
    static const uint8_t array32[5] = {0xdd, 0, 0, 0, 0};
    wire_append(buffer, array32, sizeof array32);
    wire_write_u64(buffer, node);
    wire_write_u64(buffer, seq);
}

void frame_add(struct wire_buffer *buffer, const struct frame_envelope *envelope,
               const struct msg *msg)
{
    wire_pack_array(buffer, ENVELOPE_VALUES);
    wire_write_u64(buffer, msg->type);
    wire_write_u64(buffer, envelope->from);
    wire_write_u64(buffer, envelope->to);
    wire_write_u64(buffer, envelope->ask);
    wire_write_u64(buffer, envelope->deadline_ms);
    wire_write_u64(buffer, envelope->trace);
    wire_write_u64(buffer, envelope->span);
    msg_encode(buffer, msg);
}

enum err frame_end(struct wire_buffer *buffer, uint64_t count)
{
    if (buffer->failed) {
        return ERR_MEMORY;
    }
    uint64_t values = count + HEAD_VALUES;
    assert(values <= UINT32_MAX);
    for (int i = 0; i < 4; i++) {
        buffer->bytes[COUNT_AT + i] = (uint8_t)(values >> (24 - 8 * i));
    }
    return ERR_OK;
}

enum err frame_open(const void *bytes, size_t size, struct frame_reader *ret_reader)
{
    struct frame_reader reader = {.cursor = {.at = bytes, .end = (const uint8_t *)bytes + size}};
    uint64_t values = wire_read_array(&reader.cursor);
    reader.node = wire_read_u64(&reader.cursor);
    reader.seq = wire_read_u64(&reader.cursor);
    if (reader.cursor.failed || values < HEAD_VALUES) {
        return ERR_MALFORMED;
    }
    reader.left = values - HEAD_VALUES;
    if (reader.left == 0 && reader.cursor.at != reader.cursor.end) {
        return ERR_MALFORMED;
    }
    *ret_reader = reader;
    return ERR_OK;
}

enum err frame_next(struct frame_reader *reader, struct frame_envelope *ret_envelope,
                    union msg_any *ret_msg)
{
    assert(reader->left > 0);
    reader->left--;
    struct wire_cursor *cursor = &reader->cursor;
    if (wire_read_array(cursor) != ENVELOPE_VALUES) {
        return ERR_MALFORMED;
    }
    uint64_t type = wire_read_u64(cursor);
    struct frame_envelope envelope;
    envelope.from = wire_read_u64(cursor);
    envelope.to = wire_read_u64(cursor);
    envelope.ask = wire_read_u64(cursor);
    envelope.deadline_ms = wire_read_u64(cursor);
    envelope.trace = wire_read_u64(cursor);
    envelope.span = wire_read_u64(cursor);
    if (cursor->failed || type > UINT16_MAX) {
        return ERR_MALFORMED;
    }
    *ret_envelope = envelope;
    enum err err = msg_decode(cursor, (uint16_t)type, ret_msg);
    bool trailing = reader->left == 0 && cursor->at != cursor->end;
    return trailing ? ERR_MALFORMED : err;
}
