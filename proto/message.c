/* message.c - expansions of messages.def: limits, copies, bytes and text. */
#include "proto/message.h"

#include <stdio.h>
#include <string.h>

#include "proto/wire.h"

enum kind { KIND_u64, KIND_i64, KIND_f64, KIND_bool, KIND_str };

struct field {
    uint16_t type;
    uint8_t kind;
    uint16_t offset;
    uint32_t max;
    const char *name;
};

struct message {
    uint16_t type;
    uint16_t size;  /* of its struct */
    uint16_t first; /* index of its first field */
    uint16_t count; /* of its fields */
    const char *name;
    const char *upper;
};

static const struct field fields[] = {
#define MESSAGE(number, NAME, name, sentence)
#define FIELD(name, kind, field, max, sentence)                                                    \
    {MSG_TYPE_##name, KIND_##kind, offsetof(struct msg_##name, field), (max), #field},
#define END(NAME, name)
#include "proto/messages.def"
#undef MESSAGE
#undef FIELD
#undef END
};

/* FIRST_x: index of the first field of x; END_x: one behind its last. */
enum {
#define MESSAGE(number, NAME, name, sentence)   FIRST_##name, BEFORE_##name = FIRST_##name - 1,
#define FIELD(name, kind, field, max, sentence) INDEX_##name##_##field,
#define END(NAME, name)                         LAST_##name, REWIND_##name = LAST_##name - 1,
#include "proto/messages.def"
#undef MESSAGE
#undef FIELD
#undef END
};

static const struct message messages[] = {
#define MESSAGE(number, NAME, name, sentence)                                                      \
    {(number), sizeof(struct msg_##name), FIRST_##name, LAST_##name - FIRST_##name, #name, #NAME},
#define FIELD(name, kind, field, max, sentence)
#define END(NAME, name)
#include "proto/messages.def"
#undef MESSAGE
#undef FIELD
#undef END
};

/* A switch lets the compiler refuse a number used twice, and is a jump table. */
static const struct message *find(uint16_t type)
{
    enum {
#define MESSAGE(number, NAME, name, sentence) AT_##name,
#define FIELD(name, kind, field, max, sentence)
#define END(NAME, name)
#include "proto/messages.def"
#undef MESSAGE
#undef FIELD
#undef END
    };
    switch (type) {
#define MESSAGE(number, NAME, name, sentence)                                                      \
    case (number):                                                                                 \
        return &messages[AT_##name];
#define FIELD(name, kind, field, max, sentence)
#define END(NAME, name)
#include "proto/messages.def"
#undef MESSAGE
#undef FIELD
#undef END
    default:
        return NULL;
    }
}

static const struct msg_str *str_at(const struct msg *msg, const struct field *field)
{
    return (const struct msg_str *)(const void *)((const char *)msg + field->offset);
}

struct msg_str msg_str(const char *text)
{
    return text ? (struct msg_str){text, (uint32_t)strlen(text)} : (struct msg_str){"", 0};
}

struct msg_str msg_str_cut(const char *text, size_t size, size_t max)
{
    if (size > max) {
        size = max;
        while (size > 0 && ((unsigned char)text[size] & 0xc0) == 0x80) {
            size--;
        }
    }
    return (struct msg_str){text, (uint32_t)size};
}

bool msg_str_equal(struct msg_str a, struct msg_str b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.at, b.at, a.size) == 0);
}

bool msg_str_is(struct msg_str a, const char *text)
{
    return msg_str_equal(a, msg_str(text));
}

const char *msg_name(uint16_t type)
{
    const struct message *message = find(type);
    return message ? message->name : "unknown";
}

#define MEASURE_u64(size, value, max)
#define MEASURE_i64(size, value, max)
#define MEASURE_f64(size, value, max)
#define MEASURE_bool(size, value, max)
#define MEASURE_str(size, value, max)                                                              \
    if ((value).size > (max)) {                                                                    \
        return 0;                                                                                  \
    }                                                                                              \
    (size) += (size_t)(value).size + 1;

/* Bytes of the struct with its strings; 0: one of these is too long. */
#define MESSAGE(number, NAME, name, sentence)                                                      \
    static size_t measure_##name(const struct msg_##name *msg)                                     \
    {                                                                                              \
        size_t size = sizeof *msg;
#define FIELD(name, kind, field, max, sentence) MEASURE_##kind(size, msg->field, max)
#define END(NAME, name)                                                                            \
    return size;                                                                                   \
    }
#include "proto/messages.def"
#undef MESSAGE
#undef FIELD
#undef END

enum err msg_measure(const struct msg *msg, size_t *ret_size)
{
    size_t size = 0;
    switch (msg->type) {
#define MESSAGE(number, NAME, name, sentence)                                                      \
    case (number):                                                                                 \
        size = measure_##name(msg_as_##name(msg));                                                 \
        break;
#define FIELD(name, kind, field, max, sentence)
#define END(NAME, name)
#include "proto/messages.def"
#undef MESSAGE
#undef FIELD
#undef END
    default:
        return ERR_UNKNOWN;
    }
    if (size == 0) {
        return ERR_LIMIT;
    }
    *ret_size = size;
    return ERR_OK;
}

enum err msg_check(const struct msg *msg)
{
    size_t size;
    return msg_measure(msg, &size);
}

size_t msg_size(const struct msg *msg)
{
    size_t size = 0;
    enum err err = msg_measure(msg, &size);
    assert(err == ERR_OK);
    return size;
}

/* Puts a copy of the string at `*at`, and moves on behind it. */
__attribute__((always_inline)) static inline void copy_str(struct msg_str *to, char **at)
{
    if (to->size > 0) {
        memcpy(*at, to->at, to->size);
    }
    (*at)[to->size] = '\0';
    to->at = *at;
    *at += (size_t)to->size + 1;
}

#define COPY_u64(field, at)
#define COPY_i64(field, at)
#define COPY_f64(field, at)
#define COPY_bool(field, at)
#define COPY_str(field, at) copy_str(field, at);

#define MESSAGE(number, NAME, name, sentence)                                                      \
    static void copy_##name(struct msg_##name *to, const struct msg_##name *from)                  \
    {                                                                                              \
        *to = *from;                                                                               \
        char *at = (char *)(to + 1);
#define FIELD(name, kind, field, max, sentence) COPY_##kind(&to->field, &at)
#define END(NAME, name)                                                                            \
    (void)at;                                                                                      \
    }
#include "proto/messages.def"
#undef MESSAGE
#undef FIELD
#undef END

struct msg *msg_copy(void *to, const struct msg *msg)
{
    switch (msg->type) {
#define MESSAGE(number, NAME, name, sentence)                                                      \
    case (number):                                                                                 \
        copy_##name(to, msg_as_##name(msg));                                                       \
        break;
#define FIELD(name, kind, field, max, sentence)
#define END(NAME, name)
#include "proto/messages.def"
#undef MESSAGE
#undef FIELD
#undef END
    default:
        assert(false && "msg_check first");
    }
    return to;
}

#define WRITE_u64(buffer, value, max) wire_write_u64(buffer, value)
#define WRITE_i64(buffer, value, max) wire_pack_int64(buffer, value)
#define WRITE_f64(buffer, value, max) wire_pack_double(buffer, value)
#define WRITE_bool(buffer, value, max)                                                             \
    do {                                                                                           \
        if (value) {                                                                               \
            wire_pack_true(buffer);                                                                \
        } else {                                                                                   \
            wire_pack_false(buffer);                                                               \
        }                                                                                          \
    } while (0)
#define WRITE_str(buffer, value, max)                                                              \
    do {                                                                                           \
        wire_pack_str(buffer, (value).size);                                                       \
        wire_append(buffer, (value).at, (value).size);                                             \
    } while (0)

#define MESSAGE(number, NAME, name, sentence)                                                      \
    static void write_##name(struct wire_buffer *buffer, const struct msg_##name *msg)             \
    {                                                                                              \
        wire_pack_array(buffer, LAST_##name - FIRST_##name);
#define FIELD(name, kind, field, max, sentence) WRITE_##kind(buffer, msg->field, max);
#define END(NAME, name)                         }
#include "proto/messages.def"
#undef MESSAGE
#undef FIELD
#undef END

void msg_encode(struct wire_buffer *buffer, const struct msg *msg)
{
    switch (msg->type) {
#define MESSAGE(number, NAME, name, sentence)                                                      \
    case (number):                                                                                 \
        write_##name(buffer, msg_as_##name(msg));                                                  \
        break;
#define FIELD(name, kind, field, max, sentence)
#define END(NAME, name)
#include "proto/messages.def"
#undef MESSAGE
#undef FIELD
#undef END
    default:
        assert(false && "msg_check first");
    }
}

static struct msg_str read_str(struct wire_cursor *cursor, uint64_t max)
{
    struct msg_str str;
    str.at = wire_read_str(cursor, max, &str.size);
    return str;
}

#define READ_u64(cursor, max)  wire_read_u64(cursor)
#define READ_i64(cursor, max)  wire_read_i64(cursor)
#define READ_f64(cursor, max)  wire_read_f64(cursor)
#define READ_bool(cursor, max) wire_read_bool(cursor)
#define READ_str(cursor, max)  read_str(cursor, max)
#define NONE_u64               0
#define NONE_i64               0
#define NONE_f64               0
#define NONE_bool              false
#define NONE_str               msg_str("")

/* A sender of an older version leaves fields out at the end, a newer one has more of them. */
#define MESSAGE(number, NAME, name, sentence)                                                      \
    static void read_##name(struct wire_cursor *cursor, struct msg_##name *msg)                    \
    {                                                                                              \
        msg->head.type = (number);                                                                 \
        uint64_t left = wire_read_array(cursor);
#define FIELD(name, kind, field, max, sentence)                                                    \
    msg->field = left > 0 ? READ_##kind(cursor, max) : NONE_##kind;                                \
    left -= left > 0;
#define END(NAME, name)                                                                            \
    for (; left > 0 && !cursor->failed; left--) {                                                  \
        wire_skip(cursor);                                                                         \
    }                                                                                              \
    }
#include "proto/messages.def"
#undef MESSAGE
#undef FIELD
#undef END

enum err msg_decode(struct wire_cursor *cursor, uint16_t type, union msg_any *ret_msg)
{
    switch (type) {
#define MESSAGE(number, NAME, name, sentence)                                                      \
    case (number):                                                                                 \
        read_##name(cursor, &ret_msg->name);                                                       \
        break;
#define FIELD(name, kind, field, max, sentence)
#define END(NAME, name)
#include "proto/messages.def"
#undef MESSAGE
#undef FIELD
#undef END
    default:
        wire_skip(cursor);
        return cursor->failed ? ERR_MALFORMED : ERR_UNKNOWN;
    }
    return cursor->failed ? ERR_MALFORMED : ERR_OK;
}

enum { FORMAT_STR_MAX = 80 };

static int format_field(const struct msg *msg, const struct field *field, char *text, size_t size)
{
    const char *at = (const char *)msg + field->offset;
    const struct msg_str *str = str_at(msg, field);
    switch ((enum kind)field->kind) {
    case KIND_u64:
        return snprintf(text, size, " %s=%llu", field->name,
                        (unsigned long long)*(const uint64_t *)(const void *)at);
    case KIND_i64:
        return snprintf(text, size, " %s=%lld", field->name,
                        (long long)*(const int64_t *)(const void *)at);
    case KIND_f64:
        return snprintf(text, size, " %s=%g", field->name, *(const double *)(const void *)at);
    case KIND_bool:
        return snprintf(text, size, " %s=%s", field->name,
                        *(const bool *)(const void *)at ? "true" : "false");
    case KIND_str:
        return snprintf(text, size, " %s=%.*s%s", field->name,
                        (int)msg_str_cut(str->at, str->size, FORMAT_STR_MAX).size, str->at,
                        str->size > FORMAT_STR_MAX ? "…" : "");
    }
    return 0;
}

void msg_format(const struct msg *msg, char *text, size_t size)
{
    assert(size > 0);
    const struct message *message = find(msg->type);
    int used = snprintf(text, size, "%s", message ? message->upper : "UNKNOWN");
    for (size_t i = 0; message && i < message->count && used >= 0 && (size_t)used < size; i++) {
        const struct field *field = &fields[message->first + i];
        used += format_field(msg, field, text + used, size - (size_t)used);
    }
}
