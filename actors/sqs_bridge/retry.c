/* retry.c - exponential backoff with full jitter. */
#include "actors/sqs_bridge/retry.h"

#include <assert.h>

/* SplitMix64: any seed is a good one. */
static uint64_t next_random(uint64_t *random)
{
    uint64_t z = *random += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

uint64_t retry_delay_ms(uint32_t retry, uint64_t base_ms, uint64_t cap_ms, uint64_t *random)
{
    assert(retry > 0);
    assert(random);
    assert(cap_ms < UINT64_MAX);
    uint32_t doublings = retry - 1;
    uint64_t ceiling = cap_ms;
    if (doublings < 63 && base_ms <= cap_ms >> doublings) {
        ceiling = base_ms << doublings;
    }
    /* The bias of % is below 2^-40 for delays that anybody would wait. */
    return next_random(random) % (ceiling + 1);
}
