/* story.h - what a seed means: a workload, faults, and what must come of them. */
#ifndef TESTS_SIM_STORY_H
#define TESTS_SIM_STORY_H

#include "tests/support/client.h"
#include "tests/support/cluster.h"

struct story_options {
    uint64_t seed;
    size_t jobs;
    size_t executors;
    bool trace;
};

struct story_end {
    bool right;
    uint64_t events;
    uint64_t virtual_ms;
    uint64_t hash;
    uint64_t executions; /* commands that were started */
    char why[CLUSTER_WHY_SIZE];
};

/* Tells the story of a seed to its end. */
void story_tell(const struct story_options *options, struct story_end *ret_end);

#endif
