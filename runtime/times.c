/* times.c - steps of a histogram: 0 ends at 64 ns, then two to each power of two. */
#include "runtime/times.h"

#include <assert.h>

enum { FIRST_LOG = 6 };

static unsigned step_of(uint64_t ns)
{
    if (ns >> FIRST_LOG == 0) {
        return 0;
    }
    unsigned log = 63 - (unsigned)__builtin_clzll(ns);
    unsigned step = 1 + 2 * (log - FIRST_LOG) + (unsigned)(ns >> (log - 1) & 1);
    return step < TIMES_STEPS ? step : TIMES_STEPS - 1;
}

static uint64_t end_of(unsigned step)
{
    if (step == 0) {
        return UINT64_C(1) << FIRST_LOG;
    }
    return (uint64_t)(3 + (step - 1) % 2) << (FIRST_LOG - 1 + (step - 1) / 2);
}

static uint16_t count_at(const _Atomic uint16_t *steps, unsigned step)
{
    return atomic_load_explicit(&steps[step], memory_order_relaxed);
}

static void count(_Atomic uint16_t *steps, uint64_t ns)
{
    unsigned step = step_of(ns);
    atomic_store_explicit(&steps[step], (uint16_t)(count_at(steps, step) + 1),
                          memory_order_relaxed);
}

/* Divides all counts by 2^shift; returns their sum. */
static uint32_t shrink(_Atomic uint16_t *steps, unsigned shift)
{
    uint32_t sum = 0;
    for (unsigned i = 0; i < TIMES_STEPS; i++) {
        uint16_t left = (uint16_t)(count_at(steps, i) >> shift);
        atomic_store_explicit(&steps[i], left, memory_order_relaxed);
        sum += left;
    }
    return sum;
}

void times_note(struct times *times, uint64_t wait_ns, uint64_t handling_ns)
{
    if (times->samples == TIMES_SAMPLES_MAX) {
        uint32_t waits = shrink(times->wait, 1);
        uint32_t handlings = shrink(times->handling, 1);
        times->samples = waits > handlings ? waits : handlings;
    }
    times->samples++;
    count(times->wait, wait_ns);
    count(times->handling, handling_ns);
}

void times_clear(struct times *times)
{
    (void)shrink(times->wait, 16); /* nothing is left */
    (void)shrink(times->handling, 16);
    times->samples = 0;
}

uint64_t times_count(const _Atomic uint16_t *steps)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < TIMES_STEPS; i++) {
        sum += count_at(steps, i);
    }
    return sum;
}

uint64_t times_percentile(const _Atomic uint16_t *steps, uint64_t percent)
{
    assert(percent >= 1);
    assert(percent <= 100);
    uint64_t rank = (times_count(steps) * percent + 99) / 100;
    uint64_t sum = 0;
    for (unsigned i = 0; rank > 0 && i < TIMES_STEPS; i++) {
        sum += count_at(steps, i);
        if (sum >= rank) {
            return end_of(i);
        }
    }
    return 0; /* without samples, or they have just been halved */
}
