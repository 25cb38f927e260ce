/* sample.c - expansions of messages.def for tests. */
#include "tests/proto/sample.h"

#include <stdio.h>
#include <string.h>

#define MESSAGE(number, NAME, name, sentence) static const struct sample_field fields_##name[] = {
#define FIELD(name, kind, field, max, sentence)                                                    \
    {#field, SAMPLE_##kind, offsetof(struct msg_##name, field), (max)},
#define END(NAME, name)                                                                            \
    }                                                                                              \
    ;
#include "proto/messages.def"
#undef MESSAGE
#undef FIELD
#undef END

const struct sample_message sample_messages[] = {
#define MESSAGE(number, NAME, name, sentence)                                                      \
    {(number), #name, #NAME, fields_##name, sizeof fields_##name / sizeof fields_##name[0]},
#define FIELD(name, kind, field, max, sentence)
#define END(NAME, name)
#include "proto/messages.def"
#undef MESSAGE
#undef FIELD
#undef END
};

const size_t sample_message_count = sizeof sample_messages / sizeof sample_messages[0];

const struct sample_message *sample_find(uint16_t type)
{
    for (size_t i = 0; i < sample_message_count; i++) {
        if (sample_messages[i].type == type) {
            return &sample_messages[i];
        }
    }
    return NULL;
}

static void *at(union msg_any *msg, const struct sample_field *field)
{
    return (char *)msg + field->offset;
}

const struct msg_str *sample_str(const union msg_any *msg, const struct sample_field *field)
{
    return (const struct msg_str *)(const void *)((const char *)msg + field->offset);
}

static void put(union msg_any *msg, const struct sample_field *field, uint64_t bits,
                struct msg_str str)
{
    bool flag = bits & 1;
    switch (field->kind) {
    case SAMPLE_u64:
    case SAMPLE_i64:
    case SAMPLE_f64:
        memcpy(at(msg, field), &bits, sizeof bits);
        break;
    case SAMPLE_bool:
        memcpy(at(msg, field), &flag, sizeof flag);
        break;
    case SAMPLE_str:
        memcpy(at(msg, field), &str, sizeof str);
        break;
    }
}

/* Numbers whose msgpack heads differ, and small texts. */
static void put_recorded(union msg_any *msg, const struct sample_field *field, size_t index)
{
    static const uint64_t numbers[] = {7, 300, 70000, UINT64_C(1) << 40};
    static const char *const texts[] = {"alpha", "beta", "gamma", "delta", "epsilon"};
    uint64_t number = numbers[index % 4] + index;
    double fraction = (double)index + 0.25;
    switch (field->kind) {
    case SAMPLE_i64:
        number = -number;
        break;
    case SAMPLE_f64:
        memcpy(&number, &fraction, sizeof number);
        break;
    case SAMPLE_bool:
        number = 1;
        break;
    case SAMPLE_u64:
    case SAMPLE_str:
        break;
    }
    put(msg, field, number, msg_str(texts[index % 5]));
}

void sample_fill(const struct sample_message *message, size_t count, union msg_any *ret_msg)
{
    memset(ret_msg, 0, sizeof *ret_msg);
    ret_msg->head.type = message->type;
    for (size_t i = 0; i < message->count; i++) {
        if (i < count) {
            put_recorded(ret_msg, &message->fields[i], i);
        } else {
            put(ret_msg, &message->fields[i], 0, msg_str(""));
        }
    }
}

/* xorshift64*: small, and the same everywhere. */
uint64_t sample_random(uint64_t *random)
{
    *random ^= *random >> 12;
    *random ^= *random << 25;
    *random ^= *random >> 27;
    return *random * UINT64_C(2685821657736338717);
}

static uint64_t draw_bits(uint64_t *random)
{
    static const uint64_t edges[] = {
        0,
        1,
        0x7f,
        0x80,
        0xff,
        0x100,
        0xffff,
        0x10000,
        0xffffffff,
        INT64_MAX,
        UINT64_MAX,
        UINT64_C(1) << 63,
        (uint64_t)-32,
        (uint64_t)-33,
        (uint64_t)-128,
        (uint64_t)-129,
    };
    uint64_t choice = sample_random(random) % 32;
    uint64_t bits = sample_random(random);
    return choice < 16 ? edges[choice] : bits >> (choice * 2 - 32);
}

static struct msg_str draw_str(uint64_t *random, uint32_t max)
{
    static char pool[1 << 20];
    if (pool[0] == '\0') {
        for (size_t i = 0; i < sizeof pool; i++) {
            pool[i] = (char)(sample_random(random) | 1);
        }
    }
    static const uint32_t edges[] = {0, 1, 31, 32, 255, 256, 65535, UINT32_MAX};
    uint64_t choice = sample_random(random) % 16;
    uint32_t size = choice < 8 ? edges[choice] : (uint32_t)(sample_random(random) % 100);
    if (size > max) {
        size = max;
    }
    return (struct msg_str){pool + sample_random(random) % (sizeof pool - size), size};
}

void sample_draw(const struct sample_message *message, uint64_t *random, union msg_any *ret_msg)
{
    memset(ret_msg, 0, sizeof *ret_msg);
    ret_msg->head.type = message->type;
    for (size_t i = 0; i < message->count; i++) {
        const struct sample_field *field = &message->fields[i];
        put(ret_msg, field, draw_bits(random), draw_str(random, field->max));
    }
}

static bool field_equal(const struct sample_field *field, const char *a, const char *b)
{
    switch (field->kind) {
    case SAMPLE_bool:
        return *(const bool *)a == *(const bool *)b;
    case SAMPLE_str:
        return msg_str_equal(*(const struct msg_str *)(const void *)a,
                             *(const struct msg_str *)(const void *)b);
    case SAMPLE_u64:
    case SAMPLE_i64:
    case SAMPLE_f64:
        break;
    }
    return memcmp(a, b, sizeof(uint64_t)) == 0;
}

bool sample_equal(const struct sample_message *message, const struct msg *a, const struct msg *b)
{
    bool equal = a->type == b->type;
    for (size_t i = 0; equal && i < message->count; i++) {
        const struct sample_field *field = &message->fields[i];
        equal =
            field_equal(field, (const char *)a + field->offset, (const char *)b + field->offset);
    }
    return equal;
}
