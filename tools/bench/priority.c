/* priority.c - how long critical errors wait by priority, and how long in the order they came.
 *
 * Usage: bench-priority [SEED].  Poisson bursts of 50 to 500 errors, 10 % of them critical; 4
 * servers; service times lognormal with median 20 s and sigma 1; 85 % load.  Other mixes beside it.
 * The order is that of the production code (priority_of); only the arrivals and times are made up.
 */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "actors/common/priority.h"

enum { SERVERS = 4, ERRORS = 20000 };

/* As the rules' file has them: what stops a build, what fails a test, what only warns. */
enum { CRITICAL_KIND = 80, TEST_KIND = 54, WARNING_KIND = 18 };

struct mix {
    const char *name;
    double critical;
    double load;
    int burst_min;
    int burst_max;
};

struct item {
    struct priority_facts facts;
    double came_s;
    double takes_s;
    double done_s; /* 0 while it waits */
};

/* Between 0 and 1, by xorshift64 (Marsaglia, Xorshift RNGs, 2003). */
static double uniform(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return ((double)(*seed >> 11) + 0.5) / 9007199254740992.0;
}

static double normal(uint64_t *seed)
{
    return sqrt(-2 * log(uniform(seed))) * cos(6.283185307179586 * uniform(seed));
}

static bool is_critical(const struct item *item)
{
    return item->facts.kind == CRITICAL_KIND;
}

static struct item make_item(const struct mix *mix, double now_s, uint64_t *seed)
{
    struct item item = {.came_s = now_s, .takes_s = 20 * exp(normal(seed))};
    bool critical = uniform(seed) < mix->critical;
    item.facts = (struct priority_facts){
        .kind = critical ? CRITICAL_KIND : (uniform(seed) < 0.7 ? TEST_KIND : WARNING_KIND),
        .occurrences = 1 + (uint32_t)(uniform(seed) * 8),
        .is_new = uniform(seed) < 0.5,
        .has_fix = uniform(seed) < 0.3,
        .flake = (float)(uniform(seed) < 0.2 ? uniform(seed) : 0),
    };
    return item;
}

static size_t make_items(const struct mix *mix, struct item *items, uint64_t *seed)
{
    double mean = (mix->burst_min + mix->burst_max) / 2.0;
    double gap_s = mean * 20 * exp(0.5) / SERVERS / mix->load;
    double now_s = 0;
    size_t count = 0;
    while (count < ERRORS) {
        now_s -= log(uniform(seed)) * gap_s;
        int size = mix->burst_min + (int)(uniform(seed) * (mix->burst_max - mix->burst_min + 1));
        for (int i = 0; i < size && count < ERRORS; i++) {
            items[count++] = make_item(mix, now_s, seed);
        }
    }
    return count;
}

/* The waiting item to be taken at `now_s`; they are sorted by arrival.  `first` is the oldest. */
static size_t choose(struct item *items, size_t first, size_t count, double now_s)
{
    size_t best = first;
    int most = -1;
    for (size_t i = first; i < count && items[i].came_s <= now_s; i++) {
        struct priority priority;
        if (items[i].done_s > 0) {
            continue;
        }
        items[i].facts.waited_ms = (uint64_t)((now_s - items[i].came_s) * 1000);
        priority_of(&items[i].facts, &priority);
        if (priority.value > most) {
            most = priority.value;
            best = i;
        }
    }
    return best;
}

static void serve(struct item *items, size_t count, bool by_priority)
{
    double free_s[SERVERS] = {0};
    size_t first = 0;
    for (size_t i = 0; i < count; i++) {
        items[i].done_s = 0;
    }
    while (first < count) {
        size_t server = 0;
        for (size_t i = 1; i < SERVERS; i++) {
            server = free_s[i] < free_s[server] ? i : server;
        }
        double now_s = fmax(free_s[server], items[first].came_s);
        size_t next = by_priority ? choose(items, first, count, now_s) : first;
        items[next].done_s = free_s[server] = now_s + items[next].takes_s;
        while (first < count && items[first].done_s > 0) {
            first++;
        }
    }
}

struct waits {
    double critical_s; /* means */
    double others_s;
    double most_s;
};

static struct waits measure(const struct item *items, size_t count)
{
    struct waits waits = {0, 0, 0};
    double criticals = 0;
    for (size_t i = 0; i < count; i++) {
        double took_s = items[i].done_s - items[i].came_s;
        criticals += is_critical(&items[i]);
        *(is_critical(&items[i]) ? &waits.critical_s : &waits.others_s) += took_s;
        waits.most_s = fmax(waits.most_s, took_s);
    }
    waits.critical_s /= fmax(1, criticals);
    waits.others_s /= fmax(1, (double)count - criticals);
    return waits;
}

int main(int argc, char **argv)
{
    static const struct mix mixes[] = {{"10 % critical, bursts of 50-500", 0.10, 0.85, 50, 500},
                                       {"the same, load 0.6", 0.10, 0.60, 50, 500},
                                       {"the same, load 0.95", 0.10, 0.95, 50, 500},
                                       {"30 % critical", 0.30, 0.85, 50, 500},
                                       {"single errors", 0.10, 0.85, 1, 1}};
    struct item *items = calloc(ERRORS, sizeof *items);
    if (!items) {
        return 70;
    }
    bool good = true;
    for (size_t i = 0; i < sizeof mixes / sizeof mixes[0]; i++) {
        uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) | 1 : 1;
        size_t count = make_items(&mixes[i], items, &seed);
        serve(items, count, false);
        struct waits came = measure(items, count);
        serve(items, count, true);
        struct waits ranked = measure(items, count);
        (void)printf("%-34s critical %7.0f s -> %6.0f s (%.2f x), others %7.0f s -> %7.0f s, "
                     "longest %7.0f s -> %7.0f s\n",
                     mixes[i].name, came.critical_s, ranked.critical_s,
                     ranked.critical_s / came.critical_s, came.others_s, ranked.others_s,
                     came.most_s, ranked.most_s);
        good = good && (i > 0 || ranked.critical_s <= came.critical_s / 2);
    }
    free(items);
    return good ? 0 : 1;
}
