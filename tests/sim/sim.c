/* sim.c - tells many stories: a seed each, and each must come to its right end.
 *
 *     sim --seeds A..B [--jobs N] [--executors M] [--twice K] [--trace]
 *
 * Every K-th seed (8 unless told; 0: none) is told twice and must be the same, bit for bit.  The
 * exit code is 0 when all was right; 1 with the first seed that was not, and how to see it again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/sim/story.h"

struct run {
    uint64_t first;
    uint64_t last;
    uint64_t twice;
    struct story_options story;
};

static int usage(void)
{
    (void)fprintf(stderr, "usage: sim --seeds A..B [--jobs N] [--executors M] [--twice K] "
                          "[--trace]\n");
    return 64;
}

static bool read_number(const char *text, uint64_t *ret_number)
{
    char *end;
    *ret_number = strtoull(text, &end, 10);
    return *text && !*end;
}

static bool read_option(struct run *run, const char *name, const char *value)
{
    uint64_t number;
    if (strcmp(name, "--seeds") == 0) {
        unsigned long long first;
        unsigned long long last;
        int count = sscanf(value, "%llu..%llu", &first, &last);
        run->first = first;
        run->last = count == 2 ? last : first;
        return count >= 1;
    }
    if (!read_number(value, &number)) {
        return false;
    }
    if (strcmp(name, "--jobs") == 0) {
        run->story.jobs = number;
        return number > 0 && number <= CLIENT_FILES_MAX;
    }
    if (strcmp(name, "--executors") == 0) {
        run->story.executors = number;
        return number > 0 && number <= CLUSTER_EXECUTORS_MAX;
    }
    run->twice = number;
    return strcmp(name, "--twice") == 0;
}

static bool read_options(struct run *run, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--trace") == 0) {
            run->story.trace = true;
        } else if (i + 1 >= argc || !read_option(run, argv[i], argv[i + 1])) {
            return false;
        } else {
            i++;
        }
    }
    return true;
}

/* True when the seed came to its right end. */
static bool tell(const struct run *run, uint64_t seed, struct story_end *end)
{
    struct story_options options = run->story;
    options.seed = seed;
    story_tell(&options, end);
    if (end->right && run->twice > 0 && seed % run->twice == 0) {
        struct story_end again;
        options.trace = false;
        story_tell(&options, &again);
        if (again.hash != end->hash || again.events != end->events) {
            end->right = false;
            (void)snprintf(end->why, sizeof end->why, "told again it is another story");
        }
    }
    return end->right;
}

static double seconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    struct run run = {.first = 1, .last = 1000, .twice = 8, .story = {.jobs = 40, .executors = 3}};
    if (!read_options(&run, argc, argv)) {
        return usage();
    }
    double since = seconds();
    uint64_t events = 0;
    uint64_t virtual_ms = 0;
    uint64_t executions = 0;
    uint64_t hash = 0;
    for (uint64_t seed = run.first; seed <= run.last; seed++) {
        struct story_end end;
        if (!tell(&run, seed, &end)) {
            printf("seed=%llu events=%llu virtual_ms=%llu hash=%016llx WRONG: %s\n"
                   "again: sim --seeds %llu --jobs %zu --executors %zu --trace\n",
                   (unsigned long long)seed, (unsigned long long)end.events,
                   (unsigned long long)end.virtual_ms, (unsigned long long)end.hash, end.why,
                   (unsigned long long)seed, run.story.jobs, run.story.executors);
            return 1;
        }
        events += end.events;
        virtual_ms += end.virtual_ms;
        executions += end.executions;
        hash ^= end.hash * (2 * seed + 1);
    }
    double took = seconds() - since;
    uint64_t seeds = run.last - run.first + 1;
    printf("seeds=%llu events=%llu executions=%llu virtual_hours=%.1f hash=%016llx seconds=%.1f "
           "seeds_per_second=%.0f\n",
           (unsigned long long)seeds, (unsigned long long)events, (unsigned long long)executions,
           (double)virtual_ms / 3.6e6, (unsigned long long)hash, took, (double)seeds / took);
    return 0;
}
