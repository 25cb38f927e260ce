/* test_wire.c - reading bytes that nobody vouches for; msgpack-c's unpacker is the reference. */
#include "proto/wire.h"

#include <criterion/criterion.h>
#include <msgpack/unpack.h>
#include <string.h>

#include "tests/proto/sample.h"

#define BYTES(...) ((const uint8_t[]){__VA_ARGS__}), sizeof((const uint8_t[]){__VA_ARGS__})

static struct wire_cursor cursor_over(const uint8_t *bytes, size_t size)
{
    return (struct wire_cursor){.at = bytes, .end = bytes + size};
}

Test(wire, every_integer_comes_back_from_what_msgpack_c_packs)
{
    static const uint64_t edges[] = {
        0,         0x7f,      0x80, 0xff, 0x100, 0xffff, 0x10000, 0xffffffff, UINT64_C(0x100000000),
        INT64_MAX, UINT64_MAX};
    for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++) {
        struct wire_buffer buffer = {0};
        wire_pack_uint64(&buffer, edges[i]);
        wire_pack_int64(&buffer, (int64_t)edges[i]);
        wire_pack_int64(&buffer, -(int64_t)(edges[i] / 2) - 1);
        struct wire_cursor cursor = cursor_over(buffer.bytes, buffer.size);
        cr_expect_eq(wire_read_u64(&cursor), edges[i]);
        cr_expect_eq(wire_read_i64(&cursor), (int64_t)edges[i]);
        cr_expect_eq(wire_read_i64(&cursor), -(int64_t)(edges[i] / 2) - 1);
        cr_expect(!cursor.failed && cursor.at == cursor.end);
        wire_buffer_free(&buffer);
    }
}

Test(wire, integers_are_read_in_any_width)
{
    static const uint8_t bytes[] = {0xd0, 0x05, 0xd1, 0xff, 0xfe, 0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0};
    struct wire_cursor cursor = cursor_over(bytes, sizeof bytes);
    cr_expect_eq(wire_read_i64(&cursor), 5);
    cr_expect_eq(wire_read_i64(&cursor), -2);
    cr_expect_eq(wire_read_i64(&cursor), INT64_MIN);
    cr_expect(!cursor.failed);
}

Test(wire, an_integer_that_does_not_fit_is_refused)
{
    struct wire_cursor negative = cursor_over(BYTES(0xff));
    (void)wire_read_u64(&negative);
    cr_expect(negative.failed, "-1 as u64");
    struct wire_cursor large = cursor_over(BYTES(0xcf, 0x80, 0, 0, 0, 0, 0, 0, 0));
    (void)wire_read_i64(&large);
    cr_expect(large.failed, "2^63 as i64");
}

Test(wire, floats_of_both_sizes_are_read)
{
    struct wire_buffer buffer = {0};
    wire_pack_float(&buffer, 1.5f);
    wire_pack_double(&buffer, -1e300);
    struct wire_cursor cursor = cursor_over(buffer.bytes, buffer.size);
    cr_expect_eq(wire_read_f64(&cursor), 1.5);
    cr_expect_eq(wire_read_f64(&cursor), -1e300);
    cr_expect(!cursor.failed);
    wire_buffer_free(&buffer);
}

Test(wire, a_value_of_another_kind_fails_the_cursor_for_good)
{
    struct wire_cursor cursor = cursor_over(BYTES(0xa1, 'x', 0x07));
    cr_expect_eq(wire_read_u64(&cursor), 0);
    cr_expect(cursor.failed);
    cr_expect_eq(wire_read_u64(&cursor), 0, "the 7 behind it must not be read");
}

Test(wire, a_str_may_reach_its_limit_but_not_pass_it)
{
    uint32_t size = 0;
    struct wire_cursor fits = cursor_over(BYTES(0xa3, 'a', 'b', 'c'));
    cr_expect_eq(memcmp(wire_read_str(&fits, 3, &size), "abc", 3), 0);
    cr_expect_eq(size, 3);
    struct wire_cursor passes = cursor_over(BYTES(0xa3, 'a', 'b', 'c'));
    cr_expect_str_eq(wire_read_str(&passes, 2, &size), "");
    cr_expect(passes.failed && size == 0);
    struct wire_cursor cut = cursor_over(BYTES(0xa3, 'a', 'b'));
    cr_expect_str_eq(wire_read_str(&cut, 3, &size), "");
    cr_expect(cut.failed && size == 0);
}

Test(wire, five_bytes_cannot_ask_for_gigabytes)
{
    static const uint8_t first[] = {0xc6, 0xc9, 0xdb, 0xdd, 0xdf};
    for (size_t i = 0; i < sizeof first; i++) {
        const uint8_t bomb[] = {first[i], 0xff, 0xff, 0xff, 0xff};
        cr_expect(!wire_is_sound(bomb, sizeof bomb), "0x%02x", first[i]);
        uint32_t size = 0;
        struct wire_cursor as_array = cursor_over(bomb, sizeof bomb);
        cr_expect_eq(wire_read_array(&as_array), 0);
        struct wire_cursor as_str = cursor_over(bomb, sizeof bomb);
        (void)wire_read_str(&as_str, UINT64_MAX, &size);
        cr_expect(as_array.failed && as_str.failed && size == 0, "0x%02x", first[i]);
    }
}

Test(wire, arrays_that_multiply_are_refused)
{
    uint8_t bombs[64 * 3]; /* 65535 values in each of the 65535 values of … */
    for (size_t i = 0; i < sizeof bombs; i++) {
        bombs[i] = i % 3 == 0 ? 0xdc : 0xff;
    }
    cr_expect(!wire_is_sound(bombs, sizeof bombs));
}

Test(wire, deep_nesting_costs_no_stack)
{
    enum { DEPTH = 1 << 20 };
    uint8_t *bytes = malloc(DEPTH);
    cr_assert(bytes);
    memset(bytes, 0x91, DEPTH);
    bytes[DEPTH - 1] = 0xc0;
    cr_expect(wire_is_sound(bytes, DEPTH));
    bytes[DEPTH - 1] = 0x91;
    cr_expect(!wire_is_sound(bytes, DEPTH));
    free(bytes);
}

Test(wire, sound_is_exactly_one_value)
{
    cr_expect(!wire_is_sound("", 0));
    cr_expect(wire_is_sound(BYTES(0xc0)));
    cr_expect(!wire_is_sound(BYTES(0xc0, 0xc0)));
    cr_expect(!wire_is_sound(BYTES(0xc1)), "never used by msgpack");
    cr_expect(wire_is_sound(BYTES(0x82, 0x01, 0x02, 0x03, 0x90)));
    cr_expect(!wire_is_sound(BYTES(0x82, 0x01, 0x02, 0x03)));
}

/* One value of msgpack-c's opinion; only for sizes too small to hurt. */
static bool reference_accepts(const uint8_t *bytes, size_t size)
{
    msgpack_unpacked unpacked;
    msgpack_unpacked_init(&unpacked);
    size_t offset = 0;
    msgpack_unpack_return got = msgpack_unpack_next(&unpacked, (const char *)bytes, size, &offset);
    msgpack_unpacked_destroy(&unpacked);
    return got == MSGPACK_UNPACK_SUCCESS && offset == size;
}

Test(wire, every_head_with_zeros_behind_it_is_judged_as_msgpack_c_does)
{
    for (unsigned first = 0; first <= 0xff; first++) {
        uint8_t bytes[64] = {(uint8_t)first};
        for (size_t size = 1; size <= sizeof bytes; size++) {
            cr_expect_eq(wire_is_sound(bytes, size), reference_accepts(bytes, size),
                         "0x%02x with %zu bytes", first, size);
        }
    }
}

Test(wire, what_is_sound_can_be_read_by_msgpack_c)
{
    uint64_t random = 20;
    size_t sound = 0;
    for (int i = 0; i < 200000; i++) {
        uint8_t bytes[12];
        uint64_t draw = sample_random(&random);
        memcpy(bytes, &draw, 8);
        draw = sample_random(&random);
        memcpy(bytes + 8, &draw, 4);
        bytes[0] |= 0x80; /* half of the positive integers are enough */
        size_t size = 1 + draw % sizeof bytes;
        if (wire_is_sound(bytes, size)) {
            sound++;
            cr_assert(reference_accepts(bytes, size));
        }
    }
    cr_expect_gt(sound, 1000, "only %zu", sound);
}

Test(wire, a_buffer_grows_as_it_must)
{
    struct wire_buffer buffer = {0};
    for (unsigned i = 0; i < 100000; i++) {
        const uint8_t byte = (uint8_t)i;
        wire_append(&buffer, &byte, 1);
    }
    cr_expect(!buffer.failed);
    cr_expect_eq(buffer.size, 100000);
    cr_expect_eq(buffer.bytes[99999], 99999 % 256);
    wire_buffer_free(&buffer);
    cr_expect(!buffer.bytes && buffer.capacity == 0);
}

Test(wire, a_buffer_without_memory_stays_failed)
{
    struct wire_buffer buffer = {0};
    cr_expect(!wire_buffer_reserve(&buffer, SIZE_MAX / 4));
    cr_expect(buffer.failed);
    wire_append(&buffer, "x", 1);
    cr_expect_eq(buffer.size, 0);
    wire_buffer_free(&buffer);
    cr_expect(!buffer.failed);
}
