/* times.h - how long the messages of one actor wait, and how long they are handled.
 *
 * Two histograms of samples, two steps to a power of two, from 64 ns to two minutes.  Written by
 * the actor's turn alone, with plain loads and stores; any thread may read at any time.  What is
 * old counts less and less: whenever there are SAMPLES_MAX samples all counts are halved.
 */
#ifndef RUNTIME_TIMES_H
#define RUNTIME_TIMES_H

#include <stdatomic.h>
#include <stdint.h>

enum { TIMES_STEPS = 64, TIMES_SAMPLES_MAX = 4096 };

struct times {
    _Atomic uint16_t wait[TIMES_STEPS];
    _Atomic uint16_t handling[TIMES_STEPS];
    uint32_t samples; /* the turn's own */
};

/* Adds a sample, in nanoseconds; on the actor's turn. */
void times_note(struct times *times, uint64_t wait_ns, uint64_t handling_ns);

/* Forgets all samples; on the actor's turn. */
void times_clear(struct times *times);

/* Samples in one of the two histograms; any thread. */
uint64_t times_count(const _Atomic uint16_t *steps);

/* What `percent` (1 to 100) of the samples do not exceed, in nanoseconds, rounded up to the end of
 * a step, which is at most half as much again; 0 without samples.  Any thread. */
uint64_t times_percentile(const _Atomic uint16_t *steps, uint64_t percent);

#endif
