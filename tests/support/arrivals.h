/* arrivals.h - a month of a team's runs, as research/testing-at-scale.md 3.4 imagines it. */
#ifndef TESTS_SUPPORT_ARRIVALS_H
#define TESTS_SUPPORT_ARRIVALS_H

#include "tools/simulate_scaling.h"

enum { ARRIVALS_MAX = 2000 };

/* 22 days with about 18 runs each, some of them in bursts, of 1,800 s of work in the median; the
 * same for the same seed.  Returns how many there are. */
size_t arrivals_make(uint64_t seed, struct scaling_arrival arrivals[ARRIVALS_MAX]);

#endif
