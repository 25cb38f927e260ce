/* outbox.c - see outbox.h. */
#include "actors/executor/outbox.h"

#include <stdlib.h>
#include <string.h>

enum { BYTES_PER_RESULT = 1024 }; /* on average; results may be sixteen times as large */

struct entry {
    struct entry *next;
    size_t bytes;
    _Alignas(max_align_t) unsigned char body[];
};

struct record {
    struct outbox_key key; /* first, so that a key is its record */
    struct record *prev;
    struct record *next;
    struct entry *first;
    struct entry *last;
    struct entry *unsent; /* the first of them */
    uint64_t number;      /* in the order of opening */
    uint64_t sent_ms;     /* when the last one was sent */
    bool closed;
};

struct outbox {
    struct record *first;
    struct record *last;
    struct record *cursor; /* no record before it has anything unsent */
    uint64_t numbers;
    uint64_t count_max;
    uint64_t count;
    uint64_t bytes;
};

enum err outbox_new(uint64_t count_max, struct outbox **ret_outbox)
{
    struct outbox *self = calloc(1, sizeof *self);
    if (!self) {
        return ERR_MEMORY;
    }
    self->count_max = count_max;
    *ret_outbox = self;
    return ERR_OK;
}

static void skip_sent(struct outbox *self)
{
    while (self->cursor && !self->cursor->unsent) {
        self->cursor = self->cursor->next;
    }
}

static void drop(struct outbox *self, struct record *record)
{
    while (record->first) {
        struct entry *entry = record->first;
        record->first = entry->next;
        self->count--;
        self->bytes -= entry->bytes;
        free(entry);
    }
    if (self->cursor == record) {
        self->cursor = record->next;
    }
    *(record->prev ? &record->prev->next : &self->first) = record->next;
    *(record->next ? &record->next->prev : &self->last) = record->prev;
    free(record);
    skip_sent(self);
}

void outbox_destroy(struct outbox **outbox)
{
    struct outbox *self = *outbox;
    if (!self) {
        return;
    }
    while (self->first) {
        drop(self, self->first);
    }
    free(self);
    *outbox = NULL;
}

enum err outbox_open(struct outbox *self, const struct outbox_key *key, struct record **ret_record)
{
    struct record *record = calloc(1, sizeof *record);
    if (!record) {
        return ERR_MEMORY;
    }
    record->key = *key;
    record->number = self->numbers++;
    record->prev = self->last;
    *(self->last ? &self->last->next : &self->first) = record;
    self->last = record;
    *ret_record = record;
    return ERR_OK;
}

static enum err append(struct outbox *self, struct record *record, const struct msg *msg)
{
    assert(!record->closed);
    assert(msg_check(msg) == ERR_OK);
    size_t bytes = sizeof(struct entry) + msg_size(msg);
    struct entry *entry = calloc(1, bytes);
    if (!entry) {
        return ERR_MEMORY;
    }
    (void)msg_copy(entry->body, msg);
    entry->bytes = bytes;
    *(record->last ? &record->last->next : &record->first) = entry;
    record->last = entry;
    self->count++;
    self->bytes += bytes;
    if (!record->unsent) {
        record->unsent = entry;
        if (!self->cursor || record->number < self->cursor->number) {
            self->cursor = record;
        }
    }
    return ERR_OK;
}

static bool holds(const struct outbox *self, uint64_t times)
{
    return self->count >= times * self->count_max ||
           self->bytes >= times * self->count_max * BYTES_PER_RESULT;
}

enum err outbox_add(struct outbox *self, struct record *record, const struct msg *msg)
{
    return holds(self, 2) ? ERR_LIMIT : append(self, record, msg);
}

enum err outbox_close(struct outbox *self, struct record *record, const struct msg *msg)
{
    enum err err = append(self, record, msg);
    record->closed = err == ERR_OK;
    return err;
}

static bool is_of(const struct record *record, struct msg_str run, uint64_t token)
{
    return record->key.token == token && msg_str_is(run, record->key.run);
}

bool outbox_ack(struct outbox *self, struct msg_str run, uint64_t token, uint64_t job)
{
    for (struct record *record = self->first; record; record = record->next) {
        if (is_of(record, run, token) && (record->key.listing || record->key.job == job)) {
            /* What is not whole cannot have been committed. */
            bool acked = record->closed;
            if (acked) {
                drop(self, record);
            }
            return acked;
        }
    }
    return false;
}

void outbox_revoke(struct outbox *self, struct msg_str run, uint64_t token)
{
    for (struct record *record = self->first, *next; record; record = next) {
        next = record->next;
        if (is_of(record, run, token)) {
            drop(self, record);
        }
    }
}

const struct msg *outbox_next(const struct outbox *self)
{
    const struct record *record = self->cursor;
    assert(!record || record->unsent);
    return record ? (const struct msg *)(const void *)record->unsent->body : NULL;
}

void outbox_sent(struct outbox *self, uint64_t now_ms)
{
    struct record *record = self->cursor;
    assert(record && record->unsent);
    record->unsent = record->unsent->next;
    record->sent_ms = now_ms;
    skip_sent(self);
}

void outbox_rewind(struct outbox *self)
{
    for (struct record *record = self->first; record; record = record->next) {
        record->unsent = record->first;
    }
    self->cursor = self->first;
    skip_sent(self);
}

void outbox_expire(struct outbox *self, uint64_t now_ms, uint64_t age_ms)
{
    for (struct record *record = self->first; record; record = record->next) {
        if (record->closed && !record->unsent && now_ms - record->sent_ms >= age_ms) {
            record->unsent = record->first;
            if (!self->cursor || record->number < self->cursor->number) {
                self->cursor = record;
            }
        }
    }
}

bool outbox_full(const struct outbox *self)
{
    return holds(self, 1);
}

size_t outbox_count(const struct outbox *self)
{
    return self->count;
}

const struct outbox_key *outbox_lease_after(const struct outbox *self,
                                            const struct outbox_key *after)
{
    const struct record *record =
        after ? ((const struct record *)(const void *)after)->next : self->first;
    while (after && record && is_of(record, msg_str(after->run), after->token)) {
        record = record->next;
    }
    return record ? &record->key : NULL;
}
