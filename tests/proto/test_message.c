/* test_message.c - every message of the table, there and back; limits, versions, texts. */
#include "proto/message.h"
#include "proto/wire.h"

#include <criterion/criterion.h>
#include <msgpack/unpack.h>
#include <stdlib.h>
#include <string.h>

#include "tests/proto/sample.h"

static struct wire_buffer encode(const struct msg *msg)
{
    struct wire_buffer buffer = {0};
    msg_encode(&buffer, msg);
    cr_assert(!buffer.failed);
    return buffer;
}

static enum err decode(const struct wire_buffer *buffer, size_t size, uint16_t type,
                       union msg_any *ret_msg)
{
    struct wire_cursor cursor = {.at = buffer->bytes, .end = buffer->bytes + size};
    enum err err = msg_decode(&cursor, type, ret_msg);
    if (err == ERR_OK) {
        cr_assert_eq(cursor.at, cursor.end);
    }
    return err;
}

/* msgpack-c's reading of one field is ours. */
static bool reference_agrees(const struct sample_field *field, const union msg_any *msg,
                             const msgpack_object *object)
{
    const void *at = (const char *)msg + field->offset;
    const struct msg_str *str = sample_str(msg, field);
    switch (field->kind) {
    case SAMPLE_u64:
        return object->type == MSGPACK_OBJECT_POSITIVE_INTEGER &&
               object->via.u64 == *(const uint64_t *)at;
    case SAMPLE_i64:
        return (object->type == MSGPACK_OBJECT_POSITIVE_INTEGER ||
                object->type == MSGPACK_OBJECT_NEGATIVE_INTEGER) &&
               object->via.i64 == *(const int64_t *)at;
    case SAMPLE_f64:
        return object->type == MSGPACK_OBJECT_FLOAT64 &&
               memcmp(&object->via.f64, at, sizeof(double)) == 0;
    case SAMPLE_bool:
        return object->type == MSGPACK_OBJECT_BOOLEAN && object->via.boolean == *(const bool *)at;
    case SAMPLE_str:
        return object->type == MSGPACK_OBJECT_STR && object->via.str.size == str->size &&
               (str->size == 0 || memcmp(object->via.str.ptr, str->at, str->size) == 0);
    }
    return false;
}

static void expect_reference(const struct sample_message *message, const union msg_any *msg,
                             const struct wire_buffer *buffer)
{
    msgpack_unpacked unpacked;
    msgpack_unpacked_init(&unpacked);
    size_t offset = 0;
    cr_assert_eq(msgpack_unpack_next(&unpacked, (const char *)buffer->bytes, buffer->size, &offset),
                 MSGPACK_UNPACK_SUCCESS);
    cr_assert_eq(offset, buffer->size);
    cr_assert_eq(unpacked.data.type, MSGPACK_OBJECT_ARRAY);
    cr_assert_eq(unpacked.data.via.array.size, message->count);
    for (size_t i = 0; i < message->count; i++) {
        cr_assert(reference_agrees(&message->fields[i], msg, &unpacked.data.via.array.ptr[i]),
                  "%s.%s", message->name, message->fields[i].name);
    }
    msgpack_unpacked_destroy(&unpacked);
}

Test(message, every_message_survives_the_wire_and_msgpack_c_reads_the_same)
{
    uint64_t random = 1;
    for (size_t i = 0; i < sample_message_count; i++) {
        const struct sample_message *message = &sample_messages[i];
        for (int round = 0; round < 200; round++) {
            union msg_any msg;
            union msg_any back;
            sample_draw(message, &random, &msg);
            cr_assert_eq(msg_check(&msg.head), ERR_OK, "%s", message->name);
            struct wire_buffer buffer = encode(&msg.head);
            expect_reference(message, &msg, &buffer);
            cr_assert_eq(decode(&buffer, buffer.size, message->type, &back), ERR_OK);
            cr_assert(sample_equal(message, &msg.head, &back.head), "%s", message->name);
            wire_buffer_free(&buffer);
        }
    }
}

Test(message, a_copy_owns_its_strings_and_ends_them)
{
    uint64_t random = 2;
    for (size_t i = 0; i < sample_message_count; i++) {
        const struct sample_message *message = &sample_messages[i];
        union msg_any msg;
        sample_draw(message, &random, &msg);
        size_t size = msg_size(&msg.head);
        char *room = malloc(size);
        cr_assert(room);
        const struct msg *copy = msg_copy(room, &msg.head);
        cr_expect(sample_equal(message, &msg.head, copy), "%s", message->name);
        for (size_t k = 0; k < message->count; k++) {
            if (message->fields[k].kind == SAMPLE_str) {
                const struct msg_str *str =
                    sample_str((const union msg_any *)(const void *)copy, &message->fields[k]);
                cr_expect(str->at >= room && str->at + str->size < room + size);
                cr_expect_eq(str->at[str->size], '\0');
            }
        }
        free(room);
    }
}

/* One str field of `message` with `size` bytes, the others as recorded. */
static void set_str(const struct sample_message *message, size_t index, uint32_t size,
                    union msg_any *ret_msg)
{
    static char text[524288 + 2];
    memset(text, 'x', sizeof text);
    cr_assert_lt(size, sizeof text);
    sample_fill(message, message->count, ret_msg);
    struct msg_str str = {text, size};
    memcpy((char *)ret_msg + message->fields[index].offset, &str, sizeof str);
}

Test(message, every_str_may_reach_its_limit_but_not_pass_it)
{
    for (size_t i = 0; i < sample_message_count; i++) {
        const struct sample_message *message = &sample_messages[i];
        for (size_t k = 0; k < message->count; k++) {
            if (message->fields[k].kind != SAMPLE_str) {
                continue;
            }
            union msg_any msg;
            union msg_any back;
            set_str(message, k, message->fields[k].max, &msg);
            cr_expect_eq(msg_check(&msg.head), ERR_OK);
            struct wire_buffer fits = encode(&msg.head);
            cr_expect_eq(decode(&fits, fits.size, message->type, &back), ERR_OK);
            set_str(message, k, message->fields[k].max + 1, &msg);
            cr_expect_eq(msg_check(&msg.head), ERR_LIMIT);
            struct wire_buffer passes = encode(&msg.head); /* a sender that does not check */
            cr_expect_eq(decode(&passes, passes.size, message->type, &back), ERR_MALFORMED, "%s.%s",
                         message->name, message->fields[k].name);
            wire_buffer_free(&fits);
            wire_buffer_free(&passes);
        }
    }
}

/* The first `count` values of a body and then `more` values that today's table does not know. */
static struct wire_buffer reshape(const struct wire_buffer *body, size_t count, size_t more)
{
    struct wire_buffer buffer = {0};
    struct wire_cursor cursor = {.at = body->bytes, .end = body->bytes + body->size};
    (void)wire_read_array(&cursor);
    const uint8_t *from = cursor.at;
    for (size_t i = 0; i < count; i++) {
        wire_skip(&cursor);
    }
    cr_assert(!cursor.failed);
    wire_pack_array(&buffer, count + more);
    wire_append(&buffer, from, (size_t)(cursor.at - from));
    for (size_t i = 0; i < more; i++) {
        wire_append(&buffer, "\x82\x01\xa1x\x02\x93\xc0\xc3\xcb\x40\x09\x21\xfb\x54\x44\x2d\x18",
                    17);
    }
    return buffer;
}

Test(message, fields_that_an_older_sender_lacks_are_zero)
{
    for (size_t i = 0; i < sample_message_count; i++) {
        const struct sample_message *message = &sample_messages[i];
        union msg_any msg;
        sample_fill(message, message->count, &msg);
        struct wire_buffer body = encode(&msg.head);
        for (size_t count = 0; count < message->count; count++) {
            struct wire_buffer older = reshape(&body, count, 0);
            union msg_any back;
            memset(&back, 0x5a, sizeof back);
            cr_expect_eq(decode(&older, older.size, message->type, &back), ERR_OK);
            sample_fill(message, count, &msg);
            cr_expect(sample_equal(message, &msg.head, &back.head), "%s with %zu fields",
                      message->name, count);
            wire_buffer_free(&older);
        }
        wire_buffer_free(&body);
    }
}

Test(message, fields_that_a_newer_sender_adds_are_passed_over)
{
    for (size_t i = 0; i < sample_message_count; i++) {
        const struct sample_message *message = &sample_messages[i];
        union msg_any msg;
        union msg_any back;
        sample_fill(message, message->count, &msg);
        struct wire_buffer body = encode(&msg.head);
        struct wire_buffer newer = reshape(&body, message->count, 3);
        cr_expect_eq(decode(&newer, newer.size, message->type, &back), ERR_OK);
        cr_expect(sample_equal(message, &msg.head, &back.head), "%s", message->name);
        wire_buffer_free(&newer);
        wire_buffer_free(&body);
    }
}

Test(message, a_cut_body_is_malformed_wherever_it_is_cut)
{
    uint64_t random = 3;
    for (size_t i = 0; i < sample_message_count; i++) {
        const struct sample_message *message = &sample_messages[i];
        union msg_any msg;
        union msg_any back;
        sample_fill(message, message->count, &msg);
        struct wire_buffer body = encode(&msg.head);
        for (size_t size = 0; size < body.size; size++) {
            cr_assert_eq(decode(&body, size, message->type, &back), ERR_MALFORMED, "%s at %zu",
                         message->name, size);
        }
        body.bytes[sample_random(&random) % body.size] = 0xc1;
        (void)decode(&body, body.size, message->type, &back); /* anything but a crash */
        wire_buffer_free(&body);
    }
}

Test(message, a_body_that_is_no_array_is_malformed)
{
    static const char *const bodies[] = {"\x07", "\xc0", "\xa1x", "\x81\x01\x02"};
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        const uint8_t *bytes = (const uint8_t *)bodies[i];
        struct wire_cursor cursor = {.at = bytes, .end = bytes + strlen(bodies[i])};
        union msg_any msg;
        cr_expect_eq(msg_decode(&cursor, MSG_TICK, &msg), ERR_MALFORMED, "body %zu", i);
    }
}

Test(message, an_unknown_type_is_said_to_be_unknown_and_passed_over)
{
    static const uint8_t bytes[] = {0x92, 0x01, 0x91, 0xc0, 0x07};
    struct wire_cursor cursor = {.at = bytes, .end = bytes + sizeof bytes};
    union msg_any msg = {.head = {0xfffe}};
    cr_expect_eq(msg_check(&msg.head), ERR_UNKNOWN);
    cr_expect_str_eq(msg_name(0xfffe), "unknown");
    cr_expect_eq(msg_decode(&cursor, 0xfffe, &msg), ERR_UNKNOWN);
    cr_expect_eq(wire_read_u64(&cursor), 7, "reading goes on behind it");
}

Test(message, names_are_those_of_the_table)
{
    for (size_t i = 0; i < sample_message_count; i++) {
        cr_expect_str_eq(msg_name(sample_messages[i].type), sample_messages[i].name);
    }
}

Test(message, a_text_is_cut_between_characters)
{
    const char *text = "aé€𝄞"; /* 1, 2, 3 and 4 bytes */
    static const uint32_t wanted[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10};
    for (size_t max = 0; max < sizeof wanted / sizeof wanted[0]; max++) {
        struct msg_str cut = msg_str_cut(text, strlen(text), max);
        cr_expect_eq(cut.size, wanted[max], "cut at %zu: %u", max, cut.size);
        cr_expect_eq(cut.at, text);
    }
    cr_expect_eq(msg_str_cut("\x80\x80\x80", 3, 2).size, 0, "only the insides of characters");
}

Test(message, strings_are_compared_by_size_and_bytes)
{
    cr_expect(msg_str_is(msg_str("abc"), "abc"));
    cr_expect(!msg_str_is(msg_str("abc"), "ab"));
    cr_expect(!msg_str_is((struct msg_str){"a\0c", 3}, "a"));
    cr_expect(msg_str_equal(msg_str(NULL), msg_str("")));
    cr_expect(msg_str_equal((struct msg_str){NULL, 0}, msg_str("")));
}

Test(message, its_text_names_every_field)
{
    char text[4096];
    for (size_t i = 0; i < sample_message_count; i++) {
        const struct sample_message *message = &sample_messages[i];
        union msg_any msg;
        sample_fill(message, message->count, &msg);
        msg_format(&msg.head, text, sizeof text);
        cr_expect_eq(strncmp(text, message->upper, strlen(message->upper)), 0, "%s", text);
        for (size_t k = 0; k < message->count; k++) {
            char wanted[80];
            (void)snprintf(wanted, sizeof wanted, " %s=", message->fields[k].name);
            cr_expect(strstr(text, wanted), "%s: no%s", text, wanted);
        }
    }
    msg_format(MSG(plan_file, .run = msg_str("01JD"), .index = 7, .file = msg_str("a.test.ts"),
                   .expected_us = -1),
               text, sizeof text);
    cr_expect_str_eq(text, "PLAN_FILE run=01JD index=7 file=a.test.ts expected_us=-1");
    msg_format(&(struct msg){0xfffe}, text, sizeof text);
    cr_expect_str_eq(text, "UNKNOWN");
}

Test(message, its_text_is_cut_to_the_room_there_is)
{
    uint64_t random = 4;
    for (size_t i = 0; i < sample_message_count; i++) {
        union msg_any msg;
        sample_draw(&sample_messages[i], &random, &msg);
        for (size_t size = 1; size < 64; size++) {
            char text[65];
            memset(text, 0x5a, sizeof text);
            msg_format(&msg.head, text, size);
            cr_assert(memchr(text, '\0', size));
            cr_assert_eq(text[size], 0x5a);
        }
    }
}

Test(message, a_long_str_is_shortened_in_its_text)
{
    char text[4096];
    char path[1000];
    memset(path, 'p', sizeof path);
    msg_format(MSG(lease, .file = {path, sizeof path}), text, sizeof text);
    cr_expect_lt(strlen(text), 200);
    cr_expect(strstr(text, "pppp…"));
}
