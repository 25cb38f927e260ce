/* retry.h - how long to wait before asking again.
 *
 * Pure; the caller keeps the state of the random numbers.
 */
#ifndef ACTORS_SQS_BRIDGE_RETRY_H
#define ACTORS_SQS_BRIDGE_RETRY_H

#include <stdint.h>

/* A delay in ms before retry number `retry` (1: the first): evenly from 0 up to and including
 * base_ms * 2^(retry - 1), at most cap_ms ("full jitter": clients that failed together do not come
 * back together).  *random is any number at first (a seed) and is changed. */
uint64_t retry_delay_ms(uint32_t retry, uint64_t base_ms, uint64_t cap_ms, uint64_t *random);

#endif
