/* breaker.c - see breaker.h. */
#include "actors/models/breaker.h"

#include <assert.h>

bool breaker_allows(const struct breaker *breaker, uint64_t now_ms)
{
    return breaker->state == BREAKER_CLOSED ||
           (breaker->state == BREAKER_OPEN && now_ms >= breaker->until_ms);
}

void breaker_sent(struct breaker *breaker, uint64_t now_ms)
{
    assert(breaker_allows(breaker, now_ms));
    (void)now_ms;
    if (breaker->state == BREAKER_OPEN) {
        breaker->state = BREAKER_HALF_OPEN;
    }
}

void breaker_succeeded(struct breaker *breaker)
{
    *breaker = (struct breaker){.state = BREAKER_CLOSED};
}

void breaker_trip(struct breaker *breaker, uint64_t now_ms)
{
    uint64_t open_ms = breaker->open_ms ? 2 * breaker->open_ms : BREAKER_OPEN_MS_MIN;
    breaker->open_ms = open_ms < BREAKER_OPEN_MS_MAX ? open_ms : BREAKER_OPEN_MS_MAX;
    breaker->until_ms = now_ms + breaker->open_ms;
    breaker->state = BREAKER_OPEN;
    breaker->failures = 0;
}

void breaker_failed(struct breaker *breaker, uint64_t now_ms)
{
    if (breaker->state == BREAKER_OPEN) {
        return; /* of something sent before it opened */
    }
    breaker->failures++;
    if (breaker->state == BREAKER_HALF_OPEN || breaker->failures >= BREAKER_FAILURES_MAX) {
        breaker_trip(breaker, now_ms);
    }
}
