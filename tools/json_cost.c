/* json_cost.c - see json_cost.h. */
#include "tools/json_cost.h"

#include <jansson.h>

#include "tools/json.h"

static json_t *run_of(const struct cost_run *run)
{
    return json_pack("{s:s, s:f, s:f, s:s}", "run", run->run, "usd", run->usd, "slot_s",
                     (double)run->slot_us / 1e6, "budget", budget_word(run->budget));
}

static json_t *month_of(const struct cost_month *month)
{
    char name[32];
    (void)snprintf(name, sizeof name, "%04llu-%02llu", (unsigned long long)(month->month / 12),
                   (unsigned long long)(month->month % 12 + 1));
    const struct budget_state *state = &month->state;
    return json_pack("{s:s, s:f, s:f, s:f, s:I, s:f, s:{s:f, s:f, s:f, s:s}}", "month", name,
                     "instances_usd", month->spent_usd, "runs_usd", month->runs_usd, "fixed_usd",
                     month->fixed_usd, "runs", (json_int_t)month->runs, "forecast_usd",
                     cost_forecast(month->fixed_usd, month->spent_usd, state->share), "budget",
                     "month_usd", state->month_usd, "month_usd_max", state->month_usd_max, "used",
                     budget_used(state), "stage",
                     budget_word(month->fixed_usd > 0 ? budget_decide(state) : BUDGET_OPEN));
}

enum err json_cost_report(FILE *out, const struct cost_month *month, const struct cost_run *runs,
                          size_t count)
{
    json_t *object = month_of(month);
    json_t *list = json_array();
    int bad = !object || !list;
    for (size_t i = 0; i < count && !bad; i++) {
        bad = json_array_append_new(list, run_of(&runs[i]));
    }
    if (bad || json_object_set(object, "results", list) != 0) {
        json_decref(object);
        object = NULL;
    }
    json_decref(list);
    return json_put(out, object);
}

enum err json_cost_forecast(FILE *out, const struct cost_month *month, const struct cost_team *team)
{
    if (!team) {
        return json_put(out, month_of(month));
    }
    return json_put(out, json_pack("{s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f}", "runs", team->runs,
                                   "work_s", team->work_s, "instances", team->instances, "unused_s",
                                   team->unused_s, "run_usd", team->run_usd, "fixed_usd",
                                   month->fixed_usd, "forecast_usd", team->month_usd, "budget_usd",
                                   month->state.month_usd));
}

enum err json_cost_prices(FILE *out, const struct config *config)
{
    json_t *list = json_array();
    int bad = !list;
    for (size_t i = 0; i < PRICES && !bad; i++) {
        const struct price_row *row = &prices[i];
        bad = json_array_append_new(list, json_pack("{s:s, s:s, s:f, s:s, s:s*}", "name", row->name,
                                                    "unit", row->unit, "usd", row->usd, "source",
                                                    row->source, "read",
                                                    row->read[0] ? row->read : NULL));
    }
    json_t *fixed = json_array();
    bad = bad || !fixed;
    for (size_t i = 0; i < cost_fixed_count && !bad; i++) {
        bad = json_array_append_new(
            fixed, json_pack("{s:s, s:s, s:f, s:f}", "what", cost_fixed[i].what, "price",
                             prices[cost_fixed[i].price].name, "quantity", cost_fixed[i].quantity,
                             "usd", cost_fixed[i].quantity * prices[cost_fixed[i].price].usd));
    }
    if (bad) {
        json_decref(list);
        json_decref(fixed);
        return ERR_MEMORY;
    }
    return json_put(out, json_pack("{s:s, s:f, s:o, s:o}", "instance", config->cost.instance,
                                   "instance_usd_hour", cost_instance_usd(&config->cost), "fixed",
                                   fixed, "prices", list));
}

enum err json_cost_run(FILE *out, const struct config *config, const struct cost_run *run)
{
    json_t *object = run_of(run);
    if (object &&
        (json_object_set_new(object, "instance", json_string(config->cost.instance)) |
         json_object_set_new(object, "instance_usd_hour",
                             json_real(cost_instance_usd(&config->cost))) |
         json_object_set_new(object, "slots", json_integer((json_int_t)config->cost.slots))) != 0) {
        json_decref(object);
        object = NULL;
    }
    return json_put(out, object);
}

static json_t *allocation_of(const struct allocation *allocation)
{
    const struct scaling_policy *policy = &allocation->policy;
    return json_pack("{s:s, s:s, s:f, s:f, s:f, s:f, s:f, s:f, s:I}", "rule",
                     optimize_rule(policy->rule), "key", optimize_key(policy->rule), "parameter",
                     policy->parameter, "idle_stop_s", policy->idle_stop_s, "instance_s",
                     allocation->instance_s, "usd", allocation->usd, "p50_s", allocation->p50_s,
                     "p95_s", allocation->p95_s, "instances_max",
                     (json_int_t)allocation->instances_max);
}

enum err json_cost_optimized(FILE *out, const struct optimized *found, size_t runs)
{
    return json_put(out, json_pack("{s:I, s:I, s:o, s:o, s:f}", "runs", (json_int_t)runs, "tried",
                                   (json_int_t)found->tried, "now", allocation_of(&found->now),
                                   "best", allocation_of(&found->best), "saved",
                                   1 - found->best.instance_s / found->now.instance_s));
}
