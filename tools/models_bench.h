/* models_bench.h - one failing command, given to one language model, and what it makes of it. */
#ifndef TOOLS_MODELS_BENCH_H
#define TOOLS_MODELS_BENCH_H

#include <limits.h>

#include "actors/models/advise.h"
#include "tools/command.h"
#include "tools/mend.h"

enum { BENCH_CASES_MAX = 512 };

struct bench_case {
    char *dir; /* both owned */
    char *command;
    size_t class_index;
};

struct bench_ask {
    const struct invocation *invocation;
    const struct plan *plan;
    const struct bench_case *test;
    size_t model;
    uint64_t timeout_ms; /* for all: the command, the generations, the proofs */
};

struct bench_result {
    enum mend_status status;
    struct pool_count count;
    char reason[MSG_MAX_candidates_reason + 1];
};

/* Runs a case in a world of its own, without any other source of candidates; the project is not
 * changed.  One thread; blocks.  An exit code, after a complaint when it is not EXIT_DONE. */
int models_bench(const struct bench_ask *ask, struct bench_result *ret_result);

#endif
