/* cost.h - what work costs, what a month will cost, and what its budget still allows.
 *
 * Pure; any thread.  Money is US dollars.  Prices: config/prices.def.
 */
#ifndef ACTORS_COMMON_COST_H
#define ACTORS_COMMON_COST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"

enum price {
#define PRICE(NAME, name, unit, usd, source, read) PRICE_##NAME,
#include "config/prices.def"
    PRICES
};

struct price_row {
    const char *name;
    const char *unit;
    double usd;
    const char *source;
    const char *read; /* when; empty: never */
};

extern const struct price_row prices[PRICES];

/* What there is whether anybody tests or not: so much of a price each month. */
struct cost_fixed {
    enum price price;
    double quantity;
    const char *what;
};

extern const struct cost_fixed cost_fixed[];
extern const size_t cost_fixed_count;

/* Whether instances are paid for at all. */
bool cost_counts(const struct cfg_cost *cfg);

/* Of an instance for an hour. */
double cost_instance_usd(const struct cfg_cost *cfg);

/* Of so many microseconds of one slot: its share of an instance. */
double cost_slot_usd(const struct cfg_cost *cfg, uint64_t slot_us);

/* All of cost_fixed; 0 on machines of one's own. */
double cost_fixed_usd(const struct cfg_cost *cfg);

/* What instances cost for one run of `work_s` slot-seconds on `instances` of them, each of which is
 * started for it and unused for `unused_s` (start, set-up, idling). */
double cost_run_usd(const struct cfg_cost *cfg, double work_s, double instances, double unused_s);

/* ---- a month ---- */

/* Which month of UTC a time belongs to (year * 12 + month from 0), and the share of it that is
 * over, above 0 and at most 1.  `wall_ms`: since 1970, before the year 10000. */
uint64_t cost_month(uint64_t wall_ms, double *ret_share);

/* When a month begins, ms since 1970. */
uint64_t cost_month_begin(uint64_t month);

/* What the month will have cost when it goes on as before.  In its first day little is known: it
 * counts as a day that is over. */
double cost_forecast(double fixed_usd, double spent_usd, double share);

/* ---- its budget ---- */

/* What still holds; each includes those before it.  Numbers are stored. */
enum budget_stage {
    BUDGET_OPEN,     /* as is wanted */
    BUDGET_FEWER,    /* half as many instances */
    BUDGET_SPOT,     /* and none on demand */
    BUDGET_SELECTED, /* and runs of whole suites wait: those of what a change reaches go on */
    BUDGET_QUEUE,    /* and those wait, too */
    BUDGET_STAGES
};

struct budget_state {
    double month_usd; /* of the configuration */
    double month_usd_max;
    double fixed_usd;
    double spent_usd; /* on instances in this month */
    double share;     /* of the month that is over */
};

/* What is to be done about it.  Never lower when more was spent. */
enum budget_stage budget_decide(const struct budget_state *state);

/* Spent, the fixed part up to now included, of month_usd: 0 to 1 and beyond. */
double budget_used(const struct budget_state *state);

/* "fewer-instances"; and a sentence for people.  A number that is no stage is the last. */
const char *budget_word(uint64_t stage);
const char *budget_text(uint64_t stage);

/* Whether a run may be given slots; `whole`: it is of all that there is. */
bool budget_lets(enum budget_stage stage, bool whole);

#endif
