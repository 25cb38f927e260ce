/* message.h - the messages of messages.def as C structs.
 *
 * A message is a struct msg_<name> whose first member is `head`; it is passed around as a pointer
 * to that head.  Strings are borrowed: they live as long as the message they came with.  In a
 * message made by msg_copy, and so in every message an actor receives, they end with a NUL.
 *
 *     rt_send(ctx, to, MSG(lease, .run = run, .job = 7));
 *     const struct msg_lease *lease = msg_as_lease(msg);
 */
#ifndef PROTO_MESSAGE_H
#define PROTO_MESSAGE_H

#include <assert.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proto/error.h"

struct wire_buffer; /* proto/wire.h */
struct wire_cursor;

/* Bumped when a message changes other than by growing at its end. */
enum { PROTO_VERSION_MIN = 1, PROTO_VERSION_MAX = 1 };

struct msg {
    uint16_t type;
};

struct msg_str {
    const char *at; /* never NULL in a received message */
    uint32_t size;  /* bytes, without the NUL */
};

enum msg_type {
#define MESSAGE(number, NAME, name, sentence) MSG_##NAME = (number), MSG_TYPE_##name = (number),
#define FIELD(name, kind, field, max, sentence)
#define END(NAME, name)
#include "proto/messages.def"
#undef MESSAGE
#undef FIELD
#undef END
};

typedef uint64_t msg_kind_u64;
typedef int64_t msg_kind_i64;
typedef double msg_kind_f64;
typedef bool msg_kind_bool;
typedef struct msg_str msg_kind_str;

#define MESSAGE(number, NAME, name, sentence)                                                      \
    struct msg_##name {                                                                            \
        struct msg head;
#define FIELD(name, kind, field, max, sentence) msg_kind_##kind field;
#define END(NAME, name)                                                                            \
    }                                                                                              \
    ;
#include "proto/messages.def"
#undef MESSAGE
#undef FIELD
#undef END

/* The longest str of a field: MSG_MAX_lease_file. */
enum {
#define MESSAGE(number, NAME, name, sentence)
#define FIELD(name, kind, field, max, sentence) MSG_MAX_##name##_##field = (max),
#define END(NAME, name)
#include "proto/messages.def"
#undef MESSAGE
#undef FIELD
#undef END
};

/* msg_as_<name>: the message behind a head whose type says so. */
#define MESSAGE(number, NAME, name, sentence)                                                      \
    static inline const struct msg_##name *msg_as_##name(const struct msg *msg)                    \
    {                                                                                              \
        assert(msg->type == (number));                                                             \
        return (const struct msg_##name *)(const void *)msg;                                       \
    }
#define FIELD(name, kind, field, max, sentence)
#define END(NAME, name)
#include "proto/messages.def"
#undef MESSAGE
#undef FIELD
#undef END

/* Any message: room for a decoded one of whatever type. */
union msg_any {
    struct msg head;
#define MESSAGE(number, NAME, name, sentence) struct msg_##name name;
#define FIELD(name, kind, field, max, sentence)
#define END(NAME, name)
#include "proto/messages.def"
#undef MESSAGE
#undef FIELD
#undef END
};

/* A message in place, living until the end of the enclosing block. */
#define MSG(name, ...) (&(struct msg_##name){.head = {MSG_TYPE_##name}, __VA_ARGS__}.head)

/* A str over a C string, borrowed; NULL becomes the empty string. */
struct msg_str msg_str(const char *text);

/* The first bytes of `text` that fit into `max`, cut between UTF-8 characters. */
struct msg_str msg_str_cut(const char *text, size_t size, size_t max);

bool msg_str_equal(struct msg_str a, struct msg_str b);
bool msg_str_is(struct msg_str a, const char *text);

/* Name of a message type, "lease"; "unknown" for a number that is not in the table. */
const char *msg_name(uint16_t type);

/* ERR_UNKNOWN for a type that is not in the table, ERR_LIMIT for a str longer than declared. */
enum err msg_check(const struct msg *msg) MUST_CHECK;

/* The same, and in *ret_size (on ERR_OK) what msg_size() returns. */
enum err msg_measure(const struct msg *msg, size_t *ret_size) MUST_CHECK;

/* Bytes that msg_copy needs; the message must have passed msg_check. */
size_t msg_size(const struct msg *msg);

/* Copies a message with its strings into msg_size() bytes at `to`, aligned as for malloc. */
struct msg *msg_copy(void *to, const struct msg *msg);

/* Appends the body (a msgpack array) of a message that has passed msg_check. */
void msg_encode(struct wire_buffer *buffer, const struct msg *msg);

/* Reads one body of `type` off the cursor.  Strings of *ret_msg point into the cursor's bytes.
 * ERR_UNKNOWN: the type is not in the table (the body is passed over); ERR_MALFORMED. */
enum err msg_decode(struct wire_cursor *cursor, uint16_t type, union msg_any *ret_msg) MUST_CHECK;

/* Writes "LEASE run=01JD job=7 …" into `text`, cut to `size` with its NUL; for traces and logs. */
void msg_format(const struct msg *msg, char *text, size_t size);

#endif
