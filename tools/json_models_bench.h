/* json_models_bench.h - what troupe models bench and suggest read and print. */
#ifndef TOOLS_JSON_MODELS_BENCH_H
#define TOOLS_JSON_MODELS_BENCH_H

#include <stdio.h>

#include "tools/models_bench.h"

enum { JSON_BENCH_WHY_SIZE = 256, JSON_BENCH_BYTES_MAX = 1024 * 1024 };

/* What was measured: by model and class. */
struct bench_table {
    struct advise_row rows[PLAN_CLASSES][PLAN_MODELS_MAX];
    uint64_t left_out; /* tries for which there was no time */
};

/* A line of CASES: {"dir","command","class"}.  ERR_MALFORMED: `why` (JSON_BENCH_WHY_SIZE bytes)
 * says what is wrong with it; ERR_MEMORY. */
enum err json_read_bench_case(const char *line, struct bench_case *ret_case, char *why) MUST_CHECK;

/* `usd_ms`: of a millisecond of a server; 0: nothing is paid for. */
enum err json_models_bench(FILE *out, const struct plan *plan, const struct bench_table *table,
                           double usd_ms) MUST_CHECK;

/* What json_models_bench wrote; rows of models that the plan has not are left out.  Errors as of
 * json_read_bench_case. */
enum err json_read_models_bench(const char *text, const struct plan *plan,
                                struct bench_table *ret_table, char *why) MUST_CHECK;

/* `classes`: one for each. */
enum err json_models_suggest(FILE *out, const struct plan *plan,
                             const struct advise_class *classes) MUST_CHECK;

#endif
