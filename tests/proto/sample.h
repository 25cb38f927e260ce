/* sample.h - every message of messages.def, filled, for tests that walk the whole table.
 *
 * The table here is an expansion of its own: a mistake in message.c's does not repeat itself in it.
 */
#ifndef TESTS_PROTO_SAMPLE_H
#define TESTS_PROTO_SAMPLE_H

#include "proto/message.h"

enum sample_kind { SAMPLE_u64, SAMPLE_i64, SAMPLE_f64, SAMPLE_bool, SAMPLE_str };

struct sample_field {
    const char *name;
    enum sample_kind kind;
    size_t offset; /* in its struct msg_<name> */
    uint32_t max;
};

struct sample_message {
    uint16_t type;
    const char *name;
    const char *upper;
    const struct sample_field *fields;
    size_t count;
};

extern const struct sample_message sample_messages[];
extern const size_t sample_message_count;

/* The row of `type`; NULL when there is none. */
const struct sample_message *sample_find(uint16_t type);

/* The recorded sample: its first `count` fields are a function of their places alone (so an older
 * version's sample is the beginning of a newer one's), the others are zero or empty. */
void sample_fill(const struct sample_message *message, size_t count, union msg_any *ret_msg);

/* Contents drawn from *random, favouring the ends of every range. */
void sample_draw(const struct sample_message *message, uint64_t *random, union msg_any *ret_msg);

/* The next number of a stream; *random is its state, never 0. */
uint64_t sample_random(uint64_t *random);

const struct msg_str *sample_str(const union msg_any *msg, const struct sample_field *field);

/* Equal field by field, floats by their bits. */
bool sample_equal(const struct sample_message *message, const struct msg *a, const struct msg *b);

#endif
