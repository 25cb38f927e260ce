/* timers.c - a binary heap of slots, each of which knows its place so that it can be cancelled. */
#include "runtime/timers.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "runtime/mutant.h"

struct slot {
    struct timer timer;
    uint64_t order;      /* breaks ties */
    uint32_t generation; /* half of the timer's number: tells a reused slot */
    uint32_t place;      /* in the heap; next free slot when unused */
};

struct timers {
    pthread_mutex_t lock;
    struct slot *slots;
    uint32_t *heap; /* slots by due_ms, then order */
    uint32_t capacity;
    uint32_t count;
    uint32_t free_first; /* == capacity: none */
    uint64_t order_next;
};

enum { CAPACITY_MIN = 64, CAPACITY_MAX = 1 << 24 };

enum err timers_new(struct timers **ret_timers)
{
    struct timers *self = calloc(1, sizeof *self);
    if (!self) {
        return ERR_MEMORY;
    }
    if (pthread_mutex_init(&self->lock, NULL) != 0) {
        free(self);
        return ERR_MEMORY;
    }
    *ret_timers = self;
    return ERR_OK;
}

void timers_destroy(struct timers **timers)
{
    struct timers *self = *timers;
    if (!self) {
        return;
    }
    (void)pthread_mutex_destroy(&self->lock);
    free(self->slots);
    free(self->heap);
    free(self);
    *timers = NULL;
}

static bool before(const struct timers *self, uint32_t a, uint32_t b)
{
    const struct slot *x = &self->slots[a];
    const struct slot *y = &self->slots[b];
    return x->timer.due_ms != y->timer.due_ms ? x->timer.due_ms < y->timer.due_ms
                                              : x->order < y->order;
}

static void put(struct timers *self, uint32_t place, uint32_t slot)
{
    self->heap[place] = slot;
    self->slots[slot].place = place;
}

static void sift_up(struct timers *self, uint32_t place, uint32_t slot)
{
    while (place > 0 && before(self, slot, self->heap[(place - 1) / 2])) {
        put(self, place, self->heap[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    put(self, place, slot);
}

static void sift_down(struct timers *self, uint32_t place, uint32_t slot)
{
    for (;;) {
        uint32_t child = 2 * place + 1;
        if (child >= self->count) {
            break;
        }
        if (child + 1 < self->count && before(self, self->heap[child + 1], self->heap[child])) {
            child++;
        }
        if (!before(self, self->heap[child], slot)) {
            break;
        }
        put(self, place, self->heap[child]);
        place = child;
    }
    put(self, place, slot);
}

static void remove_at(struct timers *self, uint32_t place)
{
    uint32_t slot = self->heap[place];
    uint32_t last = self->heap[--self->count];
    if (place < self->count) {
        sift_down(self, place, last);
        sift_up(self, self->slots[last].place, last);
    }
    self->slots[slot].generation++;
    self->slots[slot].place = self->free_first;
    self->free_first = slot;
}

static bool grow(struct timers *self)
{
    uint32_t capacity = self->capacity ? 2 * self->capacity : CAPACITY_MIN;
    if (capacity > CAPACITY_MAX) {
        return false;
    }
    struct slot *slots = realloc(self->slots, capacity * sizeof *slots);
    if (!slots) {
        return false;
    }
    self->slots = slots;
    uint32_t *heap = realloc(self->heap, capacity * sizeof *heap);
    if (!heap) {
        return false;
    }
    self->heap = heap;
    for (uint32_t i = self->capacity; i < capacity; i++) {
        self->slots[i] = (struct slot){.generation = 1, .place = i + 1};
    }
    self->free_first = self->capacity;
    self->capacity = capacity;
    return true;
}

static uint64_t set(struct timers *self, const struct timer *timer, bool *ret_first)
{
    if (self->free_first == self->capacity && !grow(self)) {
        return 0;
    }
    uint32_t slot = self->free_first;
    struct slot *it = &self->slots[slot];
    self->free_first = it->place;
    it->timer = *timer;
    it->order = self->order_next++;
    self->count++;
    sift_up(self, self->count - 1, slot);
    *ret_first = it->place == 0;
    return (uint64_t)it->generation << 32 | slot;
}

uint64_t timers_set(struct timers *self, const struct timer *timer, bool *ret_first)
{
    *ret_first = false;
    (void)pthread_mutex_lock(&self->lock);
    uint64_t number = set(self, timer, ret_first);
    (void)pthread_mutex_unlock(&self->lock);
    return number;
}

void timers_cancel(struct timers *self, uint64_t number)
{
    uint32_t slot = (uint32_t)number;
    (void)pthread_mutex_lock(&self->lock);
    if (slot < self->capacity && self->slots[slot].generation == (uint32_t)(number >> 32) &&
        !MUTANT(TICK_STAYS)) {
        remove_at(self, self->slots[slot].place);
    }
    (void)pthread_mutex_unlock(&self->lock);
}

bool timers_pop(struct timers *self, uint64_t now_ms, struct timer *ret_timer, uint64_t *ret_number)
{
    (void)pthread_mutex_lock(&self->lock);
    bool due = self->count > 0 && self->slots[self->heap[0]].timer.due_ms <= now_ms;
    if (due) {
        uint32_t slot = self->heap[0];
        *ret_timer = self->slots[slot].timer;
        *ret_number = (uint64_t)self->slots[slot].generation << 32 | slot;
        remove_at(self, 0);
    }
    (void)pthread_mutex_unlock(&self->lock);
    return due;
}

uint64_t timers_next(struct timers *self)
{
    (void)pthread_mutex_lock(&self->lock);
    uint64_t due_ms = self->count > 0 ? self->slots[self->heap[0]].timer.due_ms : UINT64_MAX;
    (void)pthread_mutex_unlock(&self->lock);
    return due_ms;
}
