/* arrivals.c - see arrivals.h.
 *
 * What the table says of its runs leaves open how much their sizes differ and how they come in
 * bursts.  These four numbers were fitted to the table's 45 figures: sizes like those of real
 * suites, a burst of five within minutes every second day or so.
 */
#include "tests/support/arrivals.h"

#include <math.h>

#define MEDIAN_S    1800.0
#define SIGMA       1.0446
#define BURST_SHARE 0.0376
#define BURST_GAP_S 80.3
#define BURST_MORE  4
#define DAYS        22
#define RUNS_A_DAY  18.0
#define BEGIN_S     (9 * 3600.0)
#define END_S       (19 * 3600.0)

/* Above 0 and below 1. */
static double draw(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return ((double)(*state >> 11) + 0.5) / 9007199254740992.0;
}

static double normal(uint64_t *state)
{
    double radius = sqrt(-2 * log(draw(state)));
    return radius * cos(2 * M_PI * draw(state));
}

size_t arrivals_make(uint64_t seed, struct scaling_arrival arrivals[ARRIVALS_MAX])
{
    size_t count = 0;
    uint64_t state = seed * 7919 + 13;
    double every_s = (END_S - BEGIN_S) * (1 + BURST_SHARE * BURST_MORE) / RUNS_A_DAY;
    for (int i = 0; i < 10; i++) {
        (void)draw(&state); /* seeds that are near begin alike */
    }
    for (int day = 0; day < DAYS; day++) {
        double at_s = BEGIN_S - every_s * log(draw(&state));
        while (at_s <= END_S) {
            int runs = draw(&state) < BURST_SHARE ? 1 + BURST_MORE : 1;
            double run_s = at_s;
            for (; runs > 0 && count < ARRIVALS_MAX; runs--) {
                double cpu_s = MEDIAN_S * exp(SIGMA * normal(&state));
                arrivals[count++] = (struct scaling_arrival){day * 86400.0 + run_s, cpu_s};
                run_s += BURST_GAP_S * draw(&state);
            }
            at_s -= every_s * log(draw(&state));
        }
    }
    return count;
}
