/* cost.c - see cost.h. */
#include "actors/common/cost.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define HOURS_OF_MONTH (730.0)

const struct price_row prices[PRICES] = {
#define PRICE(NAME, name, unit, usd, source, read) [PRICE_##NAME] = {name, unit, usd, source, read},
#include "config/prices.def"
};

/* One small machine for all roles but executors, and what it needs; deploy/README.md. */
const struct cost_fixed cost_fixed[] = {
    {PRICE_T4G_SMALL, HOURS_OF_MONTH, "coordinator and the other roles, always on"},
    {PRICE_IPV4, HOURS_OF_MONTH, "its address, instead of a NAT gateway"},
    {PRICE_EBS_GB, 30, "its disk: system and ledger"},
    {PRICE_EFS_GB, 5, "code to test"},
    {PRICE_S3_GB, 10, "packages and reports"},
    {PRICE_LOGS_GB, 5, "logs"},
    {PRICE_SECRET, 9, "a key for each role"},
    {PRICE_SQS_REQUEST, 0.15, "one long poll after the other, 20 s each"},
    {PRICE_DATA_OUT_GB, 5, "checks, comments, figures"},
};
const size_t cost_fixed_count = sizeof cost_fixed / sizeof cost_fixed[0];

/* ---- instances ---- */

struct model {
    const char *name;
    enum price price;  /* of a vCPU, or of all of it */
    enum price memory; /* of a GB; PRICES: included */
};

static const struct model models[] = {
    {"fargate", PRICE_FARGATE_VCPU, PRICE_FARGATE_GB},
    {"fargate-arm", PRICE_FARGATE_ARM_VCPU, PRICE_FARGATE_ARM_GB},
    {"fargate-spot", PRICE_SPOT_VCPU, PRICE_SPOT_GB},
    {"c7g.xlarge", PRICE_C7G_XLARGE, PRICES},
    {"c7g.xlarge-spot", PRICE_C7G_XLARGE_SPOT, PRICES},
};

bool cost_counts(const struct cfg_cost *cfg)
{
    return strcmp(cfg->instance, "own") != 0;
}

double cost_instance_usd(const struct cfg_cost *cfg)
{
    if (!cost_counts(cfg)) {
        return 0;
    }
    if (cfg->instance_usd_hour > 0) {
        return cfg->instance_usd_hour;
    }
    size_t i = 0;
    while (strcmp(models[i].name, cfg->instance) != 0) {
        i++;
        assert(i < sizeof models / sizeof models[0]);
    }
    double usd = prices[models[i].price].usd;
    return models[i].memory == PRICES
               ? usd
               : cfg->vcpus * usd + cfg->memory_gb * prices[models[i].memory].usd;
}

double cost_slot_usd(const struct cfg_cost *cfg, uint64_t slot_us)
{
    return (double)slot_us / 3.6e9 / (double)cfg->slots * cost_instance_usd(cfg);
}

double cost_run_usd(const struct cfg_cost *cfg, double work_s, double instances, double unused_s)
{
    double paid_s = work_s / (double)cfg->slots + instances * unused_s;
    return paid_s / 3600 * cost_instance_usd(cfg);
}

double cost_fixed_usd(const struct cfg_cost *cfg)
{
    double usd = 0;
    for (size_t i = 0; i < cost_fixed_count && cost_counts(cfg); i++) {
        usd += cost_fixed[i].quantity * prices[cost_fixed[i].price].usd;
    }
    return usd;
}

/* ---- a month ---- */

#define DAY_MS (UINT64_C(86400000))

/* Days from 1970 to the first of a month: years begin in March here, so that leap days are last. */
static uint64_t days_before(uint64_t month)
{
    uint64_t shifted = month - 2;
    uint64_t year = shifted / 12;
    uint64_t days = year * 365 + year / 4 - year / 100 + year / 400;
    return days + (153 * (shifted % 12) + 2) / 5 - 719468;
}

uint64_t cost_month_begin(uint64_t month)
{
    return days_before(month) * DAY_MS;
}

uint64_t cost_month(uint64_t wall_ms, double *ret_share)
{
    uint64_t month =
        (uint64_t)1970 * 12 + wall_ms / (31 * DAY_MS); /* no later than the right one */
    while (cost_month_begin(month + 1) <= wall_ms) {
        month++;
    }
    uint64_t begin_ms = cost_month_begin(month);
    uint64_t length_ms = cost_month_begin(month + 1) - begin_ms;
    *ret_share = (double)(wall_ms - begin_ms + 1) / (double)length_ms;
    return month;
}

double cost_forecast(double fixed_usd, double spent_usd, double share)
{
    return fixed_usd + spent_usd / fmax(share, 1.0 / 30);
}

/* ---- its budget ---- */

double budget_used(const struct budget_state *state)
{
    double usd = state->fixed_usd * state->share + state->spent_usd;
    return state->month_usd > 0 ? usd / state->month_usd : usd > 0;
}

/* The fixed part will be paid in any case: it counts whole from the first day on. */
enum budget_stage budget_decide(const struct budget_state *state)
{
    double sure_usd = state->fixed_usd + state->spent_usd;
    double forecast_usd = cost_forecast(state->fixed_usd, state->spent_usd, state->share);
    if (sure_usd >= state->month_usd_max) {
        return BUDGET_QUEUE;
    }
    if (sure_usd >= state->month_usd) {
        return BUDGET_SELECTED;
    }
    if (forecast_usd >= state->month_usd_max) {
        return BUDGET_SPOT;
    }
    return forecast_usd >= state->month_usd ? BUDGET_FEWER : BUDGET_OPEN;
}

static const struct {
    const char *word;
    const char *text;
} stages[BUDGET_STAGES] = {
    [BUDGET_OPEN] = {"open", "the month's budget allows all that is wanted"},
    [BUDGET_FEWER] = {"fewer-instances",
                      "the month would cost more than planned: half as many instances"},
    [BUDGET_SPOT] = {"spot-only",
                     "the month would cost more than it may: half as many instances, all of them "
                     "Spot"},
    [BUDGET_SELECTED] = {"selected-only",
                         "the month's plan is spent: runs of whole suites wait, those of what "
                         "changes reach go on"},
    [BUDGET_QUEUE] = {"queue", "the month's budget is spent: runs wait for the next month, or for "
                               "a larger budget.month_usd_max"},
};

const char *budget_word(uint64_t stage)
{
    return stages[stage < BUDGET_STAGES ? stage : BUDGET_QUEUE].word;
}

const char *budget_text(uint64_t stage)
{
    return stages[stage < BUDGET_STAGES ? stage : BUDGET_QUEUE].text;
}

bool budget_lets(enum budget_stage stage, bool whole)
{
    return stage < BUDGET_SELECTED || (stage == BUDGET_SELECTED && !whole);
}
