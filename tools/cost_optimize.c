/* cost_optimize.c - troupe cost optimize: the scaling that would have cost least, by replay. */
#include "tools/cost_optimize.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/json.h"
#include "tools/json_cost.h"
#include "tools/optimize.h"

/* Fewer say nothing about a p95. */
enum { RUNS_MIN = 20, RUNS_MAX = 10000 };

static const char sql_arrivals[] = "SELECT accepted_ms, slot_us FROM run"
                                   " WHERE verdict > 0 AND slot_us > 0 ORDER BY no DESC LIMIT ?";

struct history {
    struct scaling_arrival *arrivals; /* RUNS_MAX; owned */
    size_t count;
};

static int read_ledger(struct store_reader *reader, struct history *history)
{
    struct store_rows rows;
    store_query(store_reader_txn(reader), sql_arrivals, STORE_WITH(store_u64(RUNS_MAX)), &rows);
    while (history->count < RUNS_MAX && store_next(&rows)) {
        history->arrivals[history->count++] = (struct scaling_arrival){
            (double)store_column_u64(&rows, 0) / 1000, (double)store_column_u64(&rows, 1) / 1e6};
    }
    enum err err = store_rows_end(&rows);
    return err == ERR_OK ? EXIT_DONE : complain(EXIT_COULD_NOT, err_text(err), NULL);
}

static int read_file(const char *path, struct history *history)
{
    char why[256];
    char *line = NULL;
    size_t capacity = 0;
    int code = EXIT_DONE;
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    if (!file) {
        return complainf(EXIT_USAGE, NULL, "%.300s: %s", path, strerrordesc_np(errno));
    }
    while (code == EXIT_DONE && getline(&line, &capacity, file) >= 0) {
        if (history->count == RUNS_MAX) {
            code = complainf(EXIT_USAGE, NULL, "more than %d arrivals", RUNS_MAX);
        } else if (json_read_arrival(line, &history->arrivals[history->count++], why, sizeof why) !=
                   ERR_OK) {
            code = complainf(EXIT_USAGE, "Each line is {\"at_s\":60,\"cpu_s\":1800}.",
                             "line %zu: %s", history->count, why);
        }
    }
    free(line);
    if (file != stdin) {
        (void)fclose(file); /* it was only read */
    }
    return code;
}

static void show_allocation(const char *what, const struct allocation *allocation)
{
    const struct scaling_policy *policy = &allocation->policy;
    (void)printf("  %-5s rule %-8s %s=%g, idle %.0f s: %.0f instance-s, $%.2f, p50 %.0f s,"
                 " p95 %.0f s\n",
                 what, optimize_rule(policy->rule), optimize_key(policy->rule) + strlen("scaling."),
                 policy->parameter, policy->idle_stop_s, allocation->instance_s, allocation->usd,
                 allocation->p50_s, allocation->p95_s);
}

static void show(const struct optimized *found, size_t runs)
{
    const struct allocation *best = &found->best;
    double saved = 1 - best->instance_s / found->now.instance_s;
    (void)printf("%zu runs replayed under %zu policies\n", runs, found->tried);
    show_allocation("now", &found->now);
    if (saved <= 0) {
        (void)printf("Nothing is cheaper without being slower.\n");
        return;
    }
    show_allocation("best", best);
    (void)printf("saves %.0f %% of the instance-seconds:\n"
                 "  --set scaling.rule=%s --set %s=%g --set scaling.idle_stop_s=%.0f"
                 " --set executor.idle_stop_ms=%.0f\n",
                 100 * saved, optimize_rule(best->policy.rule), optimize_key(best->policy.rule),
                 best->policy.parameter, best->policy.idle_stop_s, 1000 * best->policy.idle_stop_s);
}

int cost_optimize(struct invocation *invocation, struct store_reader *reader)
{
    struct scaling_policy now;
    struct optimized found;
    if (!cost_counts(&invocation->config.cost)) {
        return complain(EXIT_USAGE, "machines of one's own have no price",
                        "Say on what the tests run: --set cost.instance=c7g.xlarge-spot");
    }
    scaling_policy_of(&invocation->config, &now);
    now.decide_every_s = (double)invocation->config.scaling.decide_ms / 1000;
    struct history history = {.arrivals = calloc(RUNS_MAX, sizeof *history.arrivals)};
    if (!history.arrivals) {
        return complain(EXIT_COULD_NOT, "out of memory", NULL);
    }
    const char *path = invocation_value(invocation, "arrivals");
    int code = path ? read_file(path, &history) : read_ledger(reader, &history);
    if (code == EXIT_DONE && history.count < RUNS_MIN) {
        code = complainf(EXIT_COULD_NOT, "Ask again when more runs have ended.",
                         "%zu runs are too few, %d are needed", history.count, RUNS_MIN);
    }
    if (code == EXIT_DONE) {
        enum err err = optimize(&now, history.arrivals, history.count, &found);
        if (err == ERR_OK && invocation->json) {
            err = json_cost_optimized(stdout, &found, history.count);
        } else if (err == ERR_OK) {
            show(&found, history.count);
        }
        code = err == ERR_OK ? EXIT_DONE : complain(EXIT_COULD_NOT, err_text(err), NULL);
    }
    free(history.arrivals);
    return code;
}
