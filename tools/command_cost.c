/* command_cost.c - troupe cost: what tests cost, by the ledger and the table of prices. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "actors/common/scaling.h"
#include "tools/cost_optimize.h"
#include "tools/history.h"
#include "tools/json_cost.h"
#include "tools/report.h"

enum { LIST_DEFAULT = 20, LIST_MAX = 10000, WORKING_DAYS = 22, WORK_S_DEFAULT = 1800 };

/* ---- the ledger ---- */

static const char sql_runs[] = "SELECT id, slot_us, usd, budget FROM run WHERE verdict > 0"
                               " ORDER BY no DESC LIMIT ?";
static const char sql_run[] = "SELECT id, slot_us, usd, budget FROM run WHERE id = ?";
static const char sql_month[] = "SELECT count(*), total(usd), coalesce(sum(slot_us), 0),"
                                " coalesce((SELECT usd FROM month WHERE month = ?1), 0) FROM run"
                                " WHERE verdict > 0 AND accepted_ms >= ?2";

static void read_run(const struct store_rows *rows, struct cost_run *run)
{
    (void)snprintf(run->run, sizeof run->run, "%s", store_column_text(rows, 0).at);
    run->slot_us = store_column_u64(rows, 1);
    run->usd = store_column_f64(rows, 2);
    run->budget = store_column_u64(rows, 3);
}

static enum err read_month(struct store_reader *reader, const struct config *config,
                           struct cost_month *month)
{
    uint64_t now_ms = (uint64_t)time(NULL) * 1000;
    double share;
    struct store_rows rows;
    *month = (struct cost_month){.month = cost_month(now_ms, &share),
                                 .fixed_usd = cost_fixed_usd(&config->cost)};
    enum err err = ERR_OK;
    if (reader) {
        store_query(store_reader_txn(reader), sql_month,
                    STORE_WITH(store_u64(month->month), store_u64(cost_month_begin(month->month))),
                    &rows);
        if (store_next(&rows)) {
            month->runs = store_column_u64(&rows, 0);
            month->runs_usd = store_column_f64(&rows, 1);
            month->slot_us = store_column_u64(&rows, 2);
            month->spent_usd = store_column_f64(&rows, 3);
        }
        err = store_rows_end(&rows);
    }
    month->state = (struct budget_state){.month_usd = config->budget.month_usd,
                                         .month_usd_max = config->budget.month_usd_max,
                                         .fixed_usd = month->fixed_usd,
                                         .spent_usd = month->spent_usd,
                                         .share = share};
    return err;
}

/* ---- for people ---- */

static void line(const char *what, double usd, const char *remark)
{
    (void)printf("  %-26s %10.2f  %s\n", what, usd, remark);
}

static void show_month(const struct config *config, const struct cost_month *month)
{
    char runs[64];
    const struct budget_state *state = &month->state;
    (void)printf("%04" PRIu64 "-%02" PRIu64 ", USD (UTC)\n", month->month / 12,
                 month->month % 12 + 1);
    if (!cost_counts(&config->cost)) {
        (void)printf(
            "  Machines of one's own: nothing is counted. cost.instance says otherwise.\n");
        return;
    }
    (void)snprintf(runs, sizeof runs, "%" PRIu64 " runs", month->runs);
    line("Instances so far", month->spent_usd, config->cost.instance);
    line("  of that for runs", month->runs_usd, runs);
    line("Fixed, whole month", month->fixed_usd, "troupe cost explain lists it");
    line("Forecast", cost_forecast(month->fixed_usd, month->spent_usd, state->share),
         "if it goes on like this");
    line("Budget", state->month_usd, budget_text(budget_decide(state)));
    (void)printf("  %-26s %9.0f%%\n", "  of that spent", 100 * budget_used(state));
}

static void show_run(const struct cost_run *run)
{
    char duration[DURATION_SIZE];
    (void)printf("%s %12.6f %12s of slots%s%s\n", run->run, run->usd,
                 report_duration(run->slot_us, duration),
                 run->budget == BUDGET_OPEN ? "" : "  budget: ",
                 run->budget == BUDGET_OPEN ? "" : budget_word(run->budget));
}

static int done(enum err err)
{
    return err == ERR_OK ? EXIT_DONE : complain(EXIT_COULD_NOT, err_text(err), NULL);
}

/* ---- numbers of options ---- */

static int number_of(const struct invocation *invocation, const char *option, double most,
                     double *number)
{
    const char *text = invocation_value(invocation, option);
    char *end = NULL;
    double value = text ? strtod(text, &end) : *number;
    if (text && (end == text || *end != '\0' || !(value > 0 && value <= most))) {
        return complainf(EXIT_USAGE, NULL, "--%s %.32s: a number above 0, at most %.0f", option,
                         text, most);
    }
    *number = value;
    return EXIT_DONE;
}

/* ---- report ---- */

static int report(struct invocation *invocation, struct store_reader *reader)
{
    double limit = LIST_DEFAULT;
    struct cost_month month;
    size_t count = 0;
    int code = number_of(invocation, "limit", LIST_MAX, &limit);
    if (code != EXIT_DONE) {
        return code;
    }
    struct cost_run *runs = calloc((size_t)limit + 1, sizeof *runs);
    enum err err = runs ? read_month(reader, &invocation->config, &month) : ERR_MEMORY;
    if (err == ERR_OK) {
        struct store_rows rows;
        store_query(store_reader_txn(reader), sql_runs, STORE_WITH(store_u64((uint64_t)limit)),
                    &rows);
        while (count < (size_t)limit && store_next(&rows)) {
            read_run(&rows, &runs[count++]);
        }
        err = store_rows_end(&rows);
    }
    if (err == ERR_OK && invocation->json) {
        err = json_cost_report(stdout, &month, runs, count);
    } else if (err == ERR_OK) {
        show_month(&invocation->config, &month);
        for (size_t i = 0; i < count; i++) {
            show_run(&runs[i]);
        }
    }
    free(runs);
    return done(err);
}

/* ---- forecast ---- */

static void show_team(const struct config *config, const struct cost_month *month,
                      const struct cost_team *team)
{
    (void)printf("A month of %.0f runs, %.0f s of slots each, on %s at $%.4f an hour, USD\n",
                 team->runs, team->work_s, config->cost.instance, cost_instance_usd(&config->cost));
    (void)printf("  one run: %.0f s / %" PRIu64 " slots + %.0f instances x %.0f s unused = $%.4f,"
                 " done in about %.0f s\n",
                 team->work_s, config->cost.slots, team->instances, team->unused_s, team->run_usd,
                 (double)(config->scaling.start_lag_s + config->scaling.setup_s) +
                     team->work_s / (team->instances * (double)config->cost.slots));
    for (size_t i = 0; i < cost_fixed_count; i++) {
        const struct price_row *price = &prices[cost_fixed[i].price];
        line(price->name, cost_fixed[i].quantity * price->usd, cost_fixed[i].what);
    }
    line("Instances", team->runs * team->run_usd, "for the runs");
    line("Month", team->month_usd, "");
    line("Budget", month->state.month_usd,
         team->month_usd <= month->state.month_usd ? "that is enough" : "that is not enough");
}

static int forecast_team(const struct invocation *invocation)
{
    const struct config *config = &invocation->config;
    struct cost_month month;
    struct cost_team team = {.work_s = WORK_S_DEFAULT};
    double runs_per_day = 0;
    int code = number_of(invocation, "runs-per-day", 1e6, &runs_per_day);
    code = code == EXIT_DONE ? number_of(invocation, "work-s", 1e7, &team.work_s) : code;
    if (code == EXIT_DONE && !cost_counts(&config->cost)) {
        code = complain(EXIT_USAGE, "machines of one's own have no price",
                        "Say on what the tests run: --set cost.instance=c7g.xlarge-spot");
    }
    if (code != EXIT_DONE) {
        return code;
    }
    struct scaling_policy policy;
    scaling_policy_of(config, &policy);
    const struct scaling_state idle = {.work_s = team.work_s};
    team.runs = runs_per_day * WORKING_DAYS;
    team.instances = (double)scaling_start(&policy, &idle);
    team.unused_s = policy.start_lag_s + policy.setup_s + policy.idle_stop_s;
    team.run_usd = cost_run_usd(&config->cost, team.work_s, team.instances, team.unused_s);
    team.month_usd = cost_fixed_usd(&config->cost) + team.runs * team.run_usd;
    enum err err = read_month(NULL, config, &month);
    if (err == ERR_OK && invocation->json) {
        err = json_cost_forecast(stdout, &month, &team);
    } else if (err == ERR_OK) {
        show_team(config, &month, &team);
    }
    return done(err);
}

static int forecast(const struct invocation *invocation, struct store_reader *reader)
{
    struct cost_month month;
    enum err err = read_month(reader, &invocation->config, &month);
    if (err == ERR_OK && invocation->json) {
        err = json_cost_forecast(stdout, &month, NULL);
    } else if (err == ERR_OK) {
        show_month(&invocation->config, &month);
    }
    return done(err);
}

/* ---- explain ---- */

static int explain_prices(const struct invocation *invocation)
{
    const struct cfg_cost *cfg = &invocation->config.cost;
    if (invocation->json) {
        return done(json_cost_prices(stdout, &invocation->config));
    }
    (void)printf("An instance (%s) costs $%.6f an hour and has %" PRIu64 " slots.\n", cfg->instance,
                 cost_instance_usd(cfg), cfg->slots);
    (void)printf(
        "A run costs what the slots that worked for it are of that; the month costs what\n"
        "all slots that were there are, and the fixed part. Starting is not seen by us.\n\n"
        "Prices, us-east-1\n");
    for (size_t i = 0; i < PRICES; i++) {
        (void)printf("  %-32s %10.6f a %-12s %s, %s\n", prices[i].name, prices[i].usd,
                     prices[i].unit, prices[i].source,
                     prices[i].read[0] ? prices[i].read : "not read there: compare with a bill");
    }
    (void)printf("\nFixed, a month\n");
    for (size_t i = 0; i < cost_fixed_count; i++) {
        const struct price_row *price = &prices[cost_fixed[i].price];
        (void)printf("  %8.2f = %6.2f x %-32s %s\n", cost_fixed[i].quantity * price->usd,
                     cost_fixed[i].quantity, price->name, cost_fixed[i].what);
    }
    return EXIT_DONE;
}

static int explain_run(const struct invocation *invocation, struct store_reader *reader)
{
    char id[ULID_SIZE + 1];
    struct cost_run run = {.slot_us = 0};
    const struct config *config = &invocation->config;
    int code = history_find(reader, invocation->words[1], id);
    if (code != EXIT_DONE) {
        return code;
    }
    struct store_rows rows;
    store_query(store_reader_txn(reader), sql_run, STORE_WITH(store_text(msg_str(id))), &rows);
    bool found = store_next(&rows);
    if (found) {
        read_run(&rows, &run);
    }
    enum err err = store_rows_end(&rows);
    if (err == ERR_OK && !found) {
        return complainf(EXIT_COULD_NOT, "troupe runs list shows them.", "there is no run %s", id);
    }
    if (err == ERR_OK && invocation->json) {
        err = json_cost_run(stdout, config, &run);
    } else if (err == ERR_OK) {
        show_run(&run);
        (void)printf("%.1f slot-seconds / %" PRIu64
                     " slots of an instance at $%.6f an hour (%s; what"
                     " holds now)\nwould be $%.6f; noted down at its end: $%.6f.\n%s.\n",
                     (double)run.slot_us / 1e6, config->cost.slots,
                     cost_instance_usd(&config->cost), config->cost.instance,
                     cost_slot_usd(&config->cost, run.slot_us), run.usd, budget_text(run.budget));
    }
    return done(err);
}

int command_cost(struct invocation *invocation)
{
    const char *word = invocation->words_count > 0 ? invocation->words[0] : "";
    bool explaining = strcmp(word, "explain") == 0;
    bool team = strcmp(word, "forecast") == 0 && invocation_value(invocation, "runs-per-day");
    bool optimizing = strcmp(word, "optimize") == 0;
    int code = invocation_configure(invocation);
    if (code == EXIT_DONE && (word[0] == '\0' || invocation->words_count > (explaining ? 2 : 1))) {
        code = complain(EXIT_USAGE,
                        "say report, forecast, optimize, or explain with or without a run", NULL);
    }
    if (code != EXIT_DONE || team || (explaining && invocation->words_count == 1)) {
        return code != EXIT_DONE ? code
               : team            ? forecast_team(invocation)
                                 : explain_prices(invocation);
    }
    if (optimizing && invocation_value(invocation, "arrivals")) {
        return cost_optimize(invocation, NULL);
    }
    struct store_reader *reader = NULL;
    code = history_open(invocation, &reader);
    if (code == EXIT_DONE) {
        code = explaining                    ? explain_run(invocation, reader)
               : optimizing                  ? cost_optimize(invocation, reader)
               : strcmp(word, "report") == 0 ? report(invocation, reader)
                                             : forecast(invocation, reader);
        store_reader_close(&reader);
    }
    return code;
}
