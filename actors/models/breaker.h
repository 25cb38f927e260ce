/* breaker.h - keeps away from a server that fails, and tries it again now and then.
 *
 * Pure.
 *
 *     CLOSED --failures in a row, or a trip--> OPEN --time--> HALF_OPEN (one trial)
 *        ^                                      ^                |  |
 *        +--------------- success --------------+--- failure ----+  |
 *        +----------------------------------------------------------+
 */
#ifndef ACTORS_MODELS_BREAKER_H
#define ACTORS_MODELS_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

enum { BREAKER_FAILURES_MAX = 3, BREAKER_OPEN_MS_MIN = 10000, BREAKER_OPEN_MS_MAX = 300000 };

enum breaker_state { BREAKER_CLOSED, BREAKER_OPEN, BREAKER_HALF_OPEN };

/* All zero is a closed one. */
struct breaker {
    enum breaker_state state;
    unsigned failures; /* in a row */
    uint64_t open_ms;  /* how long it was open last; doubles */
    uint64_t until_ms; /* of OPEN */
};

/* Whether something may be sent now. */
bool breaker_allows(const struct breaker *breaker, uint64_t now_ms);

/* Something is sent, which was allowed. */
void breaker_sent(struct breaker *breaker, uint64_t now_ms);

void breaker_succeeded(struct breaker *breaker);
void breaker_failed(struct breaker *breaker, uint64_t now_ms);

/* It cannot be reached at all: no use in counting. */
void breaker_trip(struct breaker *breaker, uint64_t now_ms);

#endif
