/* test_vectors.c - what older versions sent can still be read, and today's bytes are recorded.
 *
 * A failure here means that a released message changed its meaning: give the changed one a new
 * number.  A new message or field only needs its line: build/tests/proto/record.
 */
#include "proto/wire.h"
#include "tests/proto/sample.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

enum { LINE_SIZE = 4096 };

struct record {
    unsigned type;
    size_t count; /* fields that the message had */
    char name[64];
    size_t size;
    uint8_t bytes[LINE_SIZE / 2];
};

static bool parse(const char *line, struct record *ret_record)
{
    int hex = 0;
    if (sscanf(line, "%x %zu %63s %n", &ret_record->type, &ret_record->count, ret_record->name,
               &hex) != 3) {
        return false;
    }
    unsigned byte;
    ret_record->size = 0;
    for (const char *at = line + hex; sscanf(at, "%2x", &byte) == 1; at += 2) {
        ret_record->bytes[ret_record->size++] = (uint8_t)byte;
    }
    return ret_record->size > 0;
}

/* Calls `check` for each recorded sample. */
static void each_record(void (*check)(const struct record *record))
{
    FILE *file = fopen(SOURCE_ROOT "/tests/proto/vectors.txt", "re");
    cr_assert(file);
    char line[LINE_SIZE];
    while (fgets(line, sizeof line, file)) {
        struct record record;
        cr_assert(parse(line, &record), "%s", line);
        check(&record);
    }
    (void)fclose(file);
}

static void check_readable(const struct record *record)
{
    const struct sample_message *message = sample_find((uint16_t)record->type);
    cr_assert(message, "0x%04x %s is gone; numbers that were sent stay", record->type,
              record->name);
    cr_assert_str_eq(message->name, record->name, "0x%04x has another name", record->type);
    cr_assert_leq(record->count, message->count, "%s has lost fields", message->name);
    struct wire_cursor cursor = {.at = record->bytes, .end = record->bytes + record->size};
    union msg_any read;
    union msg_any wanted;
    sample_fill(message, record->count, &wanted);
    cr_assert_eq(msg_decode(&cursor, message->type, &read), ERR_OK, "%s", message->name);
    cr_assert_eq(cursor.at, cursor.end);
    cr_expect(sample_equal(message, &read.head, &wanted.head), "%s with %zu fields", message->name,
              record->count);
}

Test(vectors, every_recorded_sample_can_still_be_read)
{
    each_record(check_readable);
}

static uint8_t found[UINT16_MAX + 1]; /* by type: samples of today's shape with today's bytes */

static void look_for_todays(const struct record *record)
{
    const struct sample_message *message = sample_find((uint16_t)record->type);
    if (!message || message->count != record->count) {
        return;
    }
    struct wire_buffer buffer = {0};
    union msg_any msg;
    sample_fill(message, message->count, &msg);
    msg_encode(&buffer, &msg.head);
    cr_assert(!buffer.failed);
    cr_expect(buffer.size == record->size && memcmp(buffer.bytes, record->bytes, record->size) == 0,
              "%s is no longer written as recorded", message->name);
    wire_buffer_free(&buffer);
    found[record->type]++;
}

Test(vectors, every_message_is_written_as_recorded)
{
    each_record(look_for_todays);
    for (size_t i = 0; i < sample_message_count; i++) {
        const struct sample_message *message = &sample_messages[i];
        cr_expect_eq(found[message->type], 1, "%s with %zu fields: %d samples", message->name,
                     message->count, found[message->type]);
    }
}
