/* held.c - a table of messages and what is due of them. */
#include "actors/sqs_bridge/held.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "actors/sqs_bridge/retry.h"

enum err held_init(struct held *held, const struct held_options *options)
{
    assert(options->places > 0);
    *held = (struct held){.options = *options};
    held->places = calloc(options->places, sizeof *held->places);
    return held->places ? ERR_OK : ERR_MEMORY;
}

void held_drop(struct held *held, struct held_message *message)
{
    assert(message->serial > 0);
    job_free(&message->job);
    free(message->id);
    free(message->receipt);
    free(message->body);
    *message = (struct held_message){.serial = 0};
    held->count--;
}

void held_fini(struct held *held)
{
    for (size_t i = 0; held->places && i < held->options.places; i++) {
        if (held->places[i].serial > 0) {
            held_drop(held, &held->places[i]);
        }
    }
    free(held->places);
    held->places = NULL;
}

size_t held_room(const struct held *held)
{
    return held->options.places - held->count;
}

/* The message with this id, or else a free place, or else NULL. */
static struct held_message *find_place(struct held *held, const char *id)
{
    struct held_message *free_place = NULL;
    for (size_t i = 0; i < held->options.places; i++) {
        struct held_message *place = &held->places[i];
        if (place->serial > 0 && strcmp(place->id, id) == 0) {
            return place;
        }
        if (place->serial == 0 && !free_place) {
            free_place = place;
        }
    }
    return free_place;
}

static enum err renew(struct held_message *message, const char *receipt, uint64_t extend_ms)
{
    char *copy = strdup(receipt);
    if (!copy) {
        return ERR_MEMORY;
    }
    free(message->receipt);
    message->receipt = copy;
    message->extend_ms = extend_ms;
    message->renewed = true;
    return ERR_EXISTS;
}

enum err held_take(struct held *held, const struct sqs_message *message, uint64_t extend_ms,
                   struct held_message **ret_message)
{
    struct held_message *place = find_place(held, message->id);
    if (!place) {
        return ERR_FULL;
    }
    if (place->serial > 0) {
        return renew(place, message->receipt, extend_ms);
    }
    place->serial = ++held->last;
    held->count++;
    place->id = strdup(message->id);
    place->receipt = strdup(message->receipt);
    place->body = malloc(message->body.size + 1);
    if (!place->id || !place->receipt || !place->body) {
        held_drop(held, place);
        return ERR_MEMORY;
    }
    memcpy(place->body, message->body.at, message->body.size);
    place->body[message->body.size] = '\0';
    place->body_size = message->body.size;
    place->extend_ms = extend_ms;
    place->sent_ms = message->sent_ms;
    held_enter(place, HELD_SUBMIT);
    *ret_message = place;
    return ERR_OK;
}

struct held_message *held_find(struct held *held, uint64_t serial)
{
    for (size_t i = 0; i < held->options.places && serial > 0; i++) {
        if (held->places[i].serial == serial) {
            return &held->places[i];
        }
    }
    return NULL;
}

struct held_message *held_find_ask(struct held *held, uint64_t ask)
{
    for (size_t i = 0; i < held->options.places && ask > 0; i++) {
        struct held_message *message = &held->places[i];
        if (message->serial > 0 && message->stage == HELD_ASKED && message->ask == ask) {
            return message;
        }
    }
    return NULL;
}

void held_enter(struct held_message *message, enum held_stage stage)
{
    message->stage = stage;
    message->busy = false;
    message->tries = 0;
    message->due_ms = 0;
    message->ask = 0;
}

void held_asked(struct held_message *message, uint64_t ask)
{
    assert(message->stage == HELD_SUBMIT);
    message->stage = HELD_ASKED;
    message->ask = ask;
}

void held_delay(struct held *held, struct held_message *message, uint64_t now_ms)
{
    if (message->stage == HELD_ASKED) {
        message->stage = HELD_SUBMIT;
        message->ask = 0;
    }
    message->busy = false;
    message->tries++;
    message->due_ms = now_ms + retry_delay_ms(message->tries, held->options.backoff_ms,
                                              held->options.backoff_ms_max, &held->options.random);
}

static bool is_waiting(const struct held_message *message, enum held_stage stage)
{
    return message->serial > 0 && message->stage == stage && !message->busy;
}

size_t held_pick(struct held *held, enum held_stage stage, uint64_t now_ms,
                 struct held_message **ret, size_t max)
{
    size_t count = 0;
    for (size_t i = 0; i < held->options.places && count < max; i++) {
        struct held_message *message = &held->places[i];
        if (is_waiting(message, stage) && message->due_ms <= now_ms) {
            message->busy = true;
            message->renewed = false;
            ret[count++] = message;
        }
    }
    return count;
}

static bool is_extendable(const struct held_message *message)
{
    return message->serial > 0 && !message->extending && message->extend_ms < UINT64_MAX;
}

size_t held_pick_extend(struct held *held, uint64_t now_ms, struct held_message **ret, size_t max)
{
    size_t count = 0;
    for (size_t i = 0; i < held->options.places && count < max; i++) {
        struct held_message *message = &held->places[i];
        if (is_extendable(message) && message->extend_ms <= now_ms) {
            message->extending = true;
            ret[count++] = message;
        }
    }
    return count;
}

size_t held_count(const struct held *held, enum held_stage stage)
{
    size_t count = 0;
    for (size_t i = 0; i < held->options.places; i++) {
        count += held->places[i].serial > 0 && held->places[i].stage == stage;
    }
    return count;
}

uint64_t held_due_ms(const struct held *held, enum held_stage stage)
{
    uint64_t due = UINT64_MAX;
    for (size_t i = 0; i < held->options.places; i++) {
        const struct held_message *message = &held->places[i];
        if (is_waiting(message, stage) && message->due_ms < due) {
            due = message->due_ms;
        }
    }
    return due;
}

uint64_t held_extend_ms(const struct held *held)
{
    uint64_t due = UINT64_MAX;
    for (size_t i = 0; i < held->options.places; i++) {
        const struct held_message *message = &held->places[i];
        if (is_extendable(message) && message->extend_ms < due) {
            due = message->extend_ms;
        }
    }
    return due;
}

void held_hurry(struct held *held, enum held_stage stage)
{
    for (size_t i = 0; i < held->options.places; i++) {
        if (is_waiting(&held->places[i], stage)) {
            held->places[i].due_ms = 0;
        }
    }
}
