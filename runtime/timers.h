/* timers.h - things due at a time, cancellable, in a binary heap.
 *
 * Any thread.  Timers due in the same millisecond fire in the order in which they were set.
 */
#ifndef RUNTIME_TIMERS_H
#define RUNTIME_TIMERS_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/error.h"

enum timer_kind { TIMER_TICK, TIMER_ASK, TIMER_RESTART };

struct timer {
    uint64_t due_ms;
    uint64_t actor; /* id of the actor it is for */
    uint64_t life;  /* of that actor when it was set */
    uint64_t value; /* tag of a tick, number of an ask */
    enum timer_kind kind;
};

struct timers;

enum err timers_new(struct timers **ret_timers) MUST_CHECK;
void timers_destroy(struct timers **timers);

/* Returns the timer's number, > 0, for timers_cancel; 0 without memory.  *ret_first: it is now the
 * earliest of all. */
uint64_t timers_set(struct timers *timers, const struct timer *timer, bool *ret_first);

/* Forgets a timer; one that has fired or never was is ignored. */
void timers_cancel(struct timers *timers, uint64_t number);

/* Takes the earliest timer that is due; false when none is. */
bool timers_pop(struct timers *timers, uint64_t now_ms, struct timer *ret_timer,
                uint64_t *ret_number);

/* When the earliest is due; UINT64_MAX when there is none. */
uint64_t timers_next(struct timers *timers);

#endif
