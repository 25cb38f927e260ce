/* test_frame.c - batches of messages as one ZeroMQ frame. */
#include "proto/frame.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "tests/proto/sample.h"

static const struct frame_envelope envelope = {.from = 3,
                                               .to = 70000,
                                               .ask = 9 | FRAME_ANSWER,
                                               .deadline_ms = 1000,
                                               .trace = UINT64_MAX,
                                               .span = 12};

/* A frame with one of each message; the caller frees it. */
static struct wire_buffer full_frame(void)
{
    struct wire_buffer buffer = {0};
    frame_begin(&buffer, 77, 5);
    for (size_t i = 0; i < sample_message_count; i++) {
        union msg_any msg;
        sample_fill(&sample_messages[i], sample_messages[i].count, &msg);
        frame_add(&buffer, &envelope, &msg.head);
    }
    cr_assert_eq(frame_end(&buffer, sample_message_count), ERR_OK);
    return buffer;
}

static struct wire_buffer small_frame(void)
{
    struct wire_buffer buffer = {0};
    frame_begin(&buffer, 77, 5);
    frame_add(&buffer, &envelope, MSG(tick, .tag = 1));
    frame_add(&buffer, &envelope, MSG(lease, .run = msg_str("01JD"), .token = 300, .job = 4));
    cr_assert_eq(frame_end(&buffer, 2), ERR_OK);
    return buffer;
}

Test(frame, every_message_arrives_in_order_with_its_envelope)
{
    struct wire_buffer buffer = full_frame();
    struct frame_reader reader;
    cr_assert_eq(frame_open(buffer.bytes, buffer.size, &reader), ERR_OK);
    cr_expect_eq(reader.node, 77);
    cr_expect_eq(reader.seq, 5);
    cr_assert_eq(reader.left, sample_message_count);
    for (size_t i = 0; i < sample_message_count; i++) {
        struct frame_envelope got;
        union msg_any msg;
        union msg_any wanted;
        cr_assert_eq(frame_next(&reader, &got, &msg), ERR_OK);
        cr_expect_eq(memcmp(&got, &envelope, sizeof got), 0);
        sample_fill(&sample_messages[i], sample_messages[i].count, &wanted);
        cr_expect(sample_equal(&sample_messages[i], &msg.head, &wanted.head));
    }
    cr_expect_eq(reader.left, 0);
    cr_expect_eq(reader.cursor.at, reader.cursor.end);
    wire_buffer_free(&buffer);
}

Test(frame, an_empty_frame_is_a_frame)
{
    struct wire_buffer buffer = {0};
    frame_begin(&buffer, 1, 2);
    cr_assert_eq(frame_end(&buffer, 0), ERR_OK);
    struct frame_reader reader;
    cr_assert_eq(frame_open(buffer.bytes, buffer.size, &reader), ERR_OK);
    cr_expect_eq(reader.left, 0);
    wire_buffer_free(&buffer);
}

/* Of the frame and all its messages. */
static enum err read_all(const void *bytes, size_t size)
{
    struct frame_reader reader;
    enum err err = frame_open(bytes, size, &reader);
    while (err == ERR_OK && reader.left > 0) {
        struct frame_envelope got;
        union msg_any msg;
        err = frame_next(&reader, &got, &msg);
        if (err == ERR_UNKNOWN) {
            err = ERR_OK;
        }
    }
    return err;
}

Test(frame, a_cut_frame_is_refused_wherever_it_is_cut)
{
    struct wire_buffer buffer = full_frame();
    for (size_t size = 0; size < buffer.size; size++) {
        char *cut = malloc(size + 1); /* of its own, so that ASan sees a read behind it */
        cr_assert(cut);
        memcpy(cut, buffer.bytes, size);
        cr_assert_eq(read_all(cut, size), ERR_MALFORMED, "at %zu", size);
        free(cut);
    }
    wire_buffer_free(&buffer);
}

Test(frame, bytes_behind_a_frame_are_refused)
{
    struct wire_buffer buffer = small_frame();
    wire_append(&buffer, "\xc0", 1);
    cr_expect_eq(read_all(buffer.bytes, buffer.size), ERR_MALFORMED);
    wire_buffer_free(&buffer);
    frame_begin(&buffer, 1, 2);
    wire_append(&buffer, "\xc0", 1);
    cr_assert_eq(frame_end(&buffer, 0), ERR_OK);
    cr_expect_eq(read_all(buffer.bytes, buffer.size), ERR_MALFORMED, "behind an empty one, too");
    wire_buffer_free(&buffer);
}

Test(frame, any_flipped_byte_is_read_or_refused)
{
    struct wire_buffer buffer = small_frame();
    size_t refused = 0;
    for (size_t i = 0; i < buffer.size; i++) {
        uint8_t kept = buffer.bytes[i];
        for (unsigned byte = 0; byte <= 0xff; byte++) {
            buffer.bytes[i] = (uint8_t)byte;
            enum err err = read_all(buffer.bytes, buffer.size);
            cr_assert(err == ERR_OK || err == ERR_MALFORMED);
            refused += err == ERR_MALFORMED;
        }
        buffer.bytes[i] = kept;
    }
    cr_expect_gt(refused, 0);
    cr_expect_eq(read_all(buffer.bytes, buffer.size), ERR_OK);
    wire_buffer_free(&buffer);
}

Test(frame, a_five_byte_bomb_is_refused)
{
    static const uint8_t bomb[] = {0xdd, 0xff, 0xff, 0xff, 0xff};
    struct frame_reader reader;
    cr_expect_eq(frame_open(bomb, sizeof bomb, &reader), ERR_MALFORMED);
}

Test(frame, what_is_no_frame_is_refused)
{
    static const char *const frames[] = {"\x07", "\x90", "\x91\x01", "\x92\x01\xa1x",
                                         "\x82\x01\x02\x03\x04"};
    for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++) {
        struct frame_reader reader;
        cr_expect_eq(frame_open(frames[i], strlen(frames[i]), &reader), ERR_MALFORMED, "frame %zu",
                     i);
    }
}

/* A frame of one envelope of `values` values, whose message has the number `type`. */
static struct wire_buffer frame_of(uint64_t type, size_t values)
{
    struct wire_buffer buffer = {0};
    frame_begin(&buffer, 1, 1);
    wire_pack_array(&buffer, values);
    wire_pack_uint64(&buffer, type);
    for (size_t i = 2; i < values; i++) {
        wire_pack_uint64(&buffer, i);
    }
    wire_pack_array(&buffer, 0);
    cr_assert_eq(frame_end(&buffer, 1), ERR_OK);
    return buffer;
}

static enum err read_one(uint64_t type, size_t values, struct frame_envelope *ret_envelope)
{
    struct wire_buffer buffer = frame_of(type, values);
    struct frame_reader reader;
    union msg_any msg;
    cr_assert_eq(frame_open(buffer.bytes, buffer.size, &reader), ERR_OK);
    enum err err = frame_next(&reader, ret_envelope, &msg);
    wire_buffer_free(&buffer);
    return err;
}

Test(frame, a_message_of_a_newer_version_keeps_its_envelope)
{
    struct frame_envelope got = {0};
    cr_expect_eq(read_one(0xfffe, 8, &got), ERR_UNKNOWN);
    cr_expect_eq(got.from, 2);
    cr_expect_eq(got.span, 7);
}

Test(frame, an_envelope_of_another_shape_is_malformed)
{
    struct frame_envelope got;
    cr_expect_eq(read_one(MSG_TICK, 8, &got), ERR_OK);
    cr_expect_eq(read_one(MSG_TICK, 7, &got), ERR_MALFORMED);
    cr_expect_eq(read_one(MSG_TICK, 9, &got), ERR_MALFORMED);
    cr_expect_eq(read_one(UINT16_MAX + UINT64_C(1) + MSG_TICK, 8, &got), ERR_MALFORMED,
                 "a number must not wrap around into a known one");
}

Test(frame, a_frame_without_memory_is_not_sent)
{
    struct wire_buffer buffer = {0};
    frame_begin(&buffer, 1, 1);
    (void)wire_buffer_reserve(&buffer, SIZE_MAX / 4);
    frame_add(&buffer, &envelope, MSG(tick, .tag = 1));
    cr_expect_eq(frame_end(&buffer, 1), ERR_MEMORY);
    wire_buffer_free(&buffer);
}
