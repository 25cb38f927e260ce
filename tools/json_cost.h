/* json_cost.h - what troupe cost prints. */
#ifndef TOOLS_JSON_COST_H
#define TOOLS_JSON_COST_H

#include <stdio.h>

#include "actors/common/cost.h"
#include "actors/common/ulid.h"
#include "tools/optimize.h"

/* Of a run, or of a month; dollars. */
struct cost_run {
    char run[ULID_SIZE + 1];
    uint64_t slot_us;
    double usd;
    uint64_t budget; /* enum budget_stage */
};

struct cost_month {
    uint64_t month;   /* cost_month */
    double fixed_usd; /* of the whole month */
    double spent_usd; /* on instances */
    double runs_usd;  /* of that for runs; the rest is idle time */
    uint64_t runs;    /* closed in it */
    uint64_t slot_us; /* of them */
    struct budget_state state;
};

/* A month of a team. */
struct cost_team {
    double runs; /* of a month */
    double work_s;
    double instances; /* for each */
    double unused_s;
    double run_usd;
    double month_usd; /* all of it */
};

enum err json_cost_report(FILE *out, const struct cost_month *month, const struct cost_run *runs,
                          size_t count) MUST_CHECK;
enum err json_cost_forecast(FILE *out, const struct cost_month *month,
                            const struct cost_team *team) MUST_CHECK;
enum err json_cost_prices(FILE *out, const struct config *config) MUST_CHECK;
enum err json_cost_run(FILE *out, const struct config *config,
                       const struct cost_run *run) MUST_CHECK;
enum err json_cost_optimized(FILE *out, const struct optimized *found, size_t runs) MUST_CHECK;

#endif
