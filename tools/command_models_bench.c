/* command_models_bench.c - troupe models bench: what every model makes of every case;
 * troupe models suggest: chains by what was measured. */
#include "tools/command_models_bench.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "actors/common/cost.h"
#include "tools/json_models_bench.h"
#include "tools/session.h"
#include "tools/table.h"

enum { BENCH_TIMEOUT_MS = 1800000, CASE_MS_MAX = 180000, CASE_MS_MIN = 2000, HOUR_MS = 3600000 };

/* One call; large, so on the heap. */
struct benching {
    const struct invocation *invocation;
    const struct plan *plan;
    struct bench_case cases[BENCH_CASES_MAX];
    size_t count;
    struct bench_table table;
};

/* The file that the second word names, or standard input for -. */
static int open_input(const struct invocation *invocation, const char *advice, FILE **ret_file)
{
    if (invocation->words_count != 2) {
        return complain(EXIT_USAGE, "say which file", advice);
    }
    const char *path = invocation->words[1];
    *ret_file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    return *ret_file ? EXIT_DONE
                     : complainf(EXIT_USAGE, NULL, "%.300s: %s", path, strerrordesc_np(errno));
}

static void close_input(FILE *file)
{
    if (file != stdin) {
        (void)fclose(file); /* it was only read */
    }
}

/* ---- bench ---- */

static int read_cases(struct benching *self, FILE *file)
{
    char why[JSON_BENCH_WHY_SIZE];
    char *line = NULL;
    size_t capacity = 0;
    int code = EXIT_DONE;
    for (size_t number = 1; code == EXIT_DONE && getline(&line, &capacity, file) >= 0; number++) {
        if (line[strspn(line, " \t\r\n")] == '\0') {
            continue;
        }
        if (self->count == BENCH_CASES_MAX) {
            code = complainf(EXIT_USAGE, NULL, "more than %d cases", BENCH_CASES_MAX);
            continue;
        }
        enum err err = json_read_bench_case(line, &self->cases[self->count], why);
        self->count += err == ERR_OK;
        if (err != ERR_OK) {
            code = err == ERR_MEMORY
                       ? complain(EXIT_COULD_NOT, "out of memory", NULL)
                       : complainf(EXIT_USAGE, "Each line is {\"dir\",\"command\",\"class\"}.",
                                   "line %zu: %s", number, why);
        }
    }
    free(line);
    return code == EXIT_DONE && self->count == 0 ? complain(EXIT_USAGE, "there are no cases", NULL)
                                                 : code;
}

/* One model on one case.  *ret_there: a server has it. */
static int measure(struct benching *self, size_t model, const struct bench_case *test,
                   uint64_t left_ms, bool *ret_there)
{
    struct bench_result result;
    const struct bench_ask ask = {.invocation = self->invocation,
                                  .plan = self->plan,
                                  .test = test,
                                  .model = model,
                                  .timeout_ms = left_ms < CASE_MS_MAX ? left_ms : CASE_MS_MAX};
    int code = models_bench(&ask, &result);
    if (code != EXIT_DONE) {
        return code;
    }
    if (result.status == MEND_NOTHING_TO_FIX || result.status == MEND_COULD_NOT) {
        return complainf(EXIT_COULD_NOT, "A case is a command that fails.", "%.300s: %s", test->dir,
                         result.reason);
    }
    struct advise_row *row = &self->table.rows[test->class_index][model];
    struct pool_count *sum = &row->count;
    uint64_t asked = 0;
    for (size_t i = 0; i < POOL_OUTCOMES; i++) {
        sum->outcomes[i] += result.count.outcomes[i];
        asked += i == POOL_MISSING ? 0 : result.count.outcomes[i];
    }
    sum->tokens_in += result.count.tokens_in;
    sum->tokens_out += result.count.tokens_out;
    sum->ms += result.count.ms;
    row->cases++;
    row->fixed += result.status == MEND_FIXED;
    *ret_there = asked > 0;
    if (self->invocation->verbose) {
        (void)fprintf(stderr, "troupe: %s, %s: %s, %llu ms %s\n", self->plan->models[model].name,
                      test->dir, mend_word(result.status), (unsigned long long)result.count.ms,
                      result.reason);
    }
    return EXIT_DONE;
}

/* Model by model, so that a server has to load each once. */
static int measure_all(struct benching *self, uint64_t timeout_ms)
{
    uint64_t end_ms = session_now_ms() + timeout_ms;
    int code = EXIT_DONE;
    for (size_t i = 0; i < self->plan->models_count && code == EXIT_DONE; i++) {
        bool there = true;
        for (size_t j = 0; j < self->count && there && code == EXIT_DONE; j++) {
            uint64_t now_ms = session_now_ms();
            if (now_ms + CASE_MS_MIN > end_ms) {
                self->table.left_out++;
                continue;
            }
            code = measure(self, i, &self->cases[j], end_ms - now_ms, &there);
        }
        if (!there && code == EXIT_DONE) {
            (void)fprintf(stderr, "troupe: no server has %s\n", self->plan->models[i].name);
        }
    }
    return code;
}

static int print_bench(const struct benching *self, double usd_ms)
{
    static const struct table_column columns[] = {
        {"CLASS", false}, {"MODEL", false},       {"CASES", true},     {"FIXED", true},
        {"DONE", true},   {"FAILED", true},       {"TOKENS IN", true}, {"OUT", true},
        {"MS", true},     {"USD PER 1000", true}, {NULL, false}};
    struct table table;
    enum err err = ERR_OK;
    table_init(&table, columns);
    for (size_t i = 0; i < PLAN_CLASSES * self->plan->models_count && err == ERR_OK; i++) {
        size_t model = i % self->plan->models_count;
        size_t class_index = i / self->plan->models_count;
        const struct advise_row *row = &self->table.rows[class_index][model];
        const struct pool_count *count = &row->count;
        uint64_t done = count->outcomes[POOL_DONE];
        const uint64_t numbers[] = {row->cases,
                                    row->fixed,
                                    done,
                                    count->outcomes[POOL_FAILED],
                                    count->tokens_in,
                                    count->tokens_out,
                                    done ? count->ms / done : 0};
        char usd[32];
        (void)snprintf(usd, sizeof usd, "%.2f",
                       done ? (double)count->ms * usd_ms * 1000 / (double)done : 0);
        if (row->cases == 0) {
            continue;
        }
        err = table_text(&table, plan_class_word(class_index));
        err = err == ERR_OK ? table_text(&table, self->plan->models[model].name) : err;
        for (size_t j = 0; j < sizeof numbers / sizeof numbers[0] && err == ERR_OK; j++) {
            err = table_number(&table, numbers[j]);
        }
        err = err == ERR_OK ? table_text(&table, usd) : err;
    }
    const struct table_style style = {.width = table_width(stdout), .head = "", .reset = ""};
    table_print(&table, stdout, &style);
    table_fini(&table);
    return err == ERR_OK ? EXIT_DONE : complain(EXIT_COULD_NOT, err_text(err), NULL);
}

static int finish_bench(const struct benching *self)
{
    const struct cfg_cost *cost = &self->invocation->config.cost;
    double usd_ms = cost_counts(cost) ? cost_instance_usd(cost) / HOUR_MS : 0;
    uint64_t done = 0;
    for (size_t i = 0; i < PLAN_CLASSES; i++) {
        for (size_t j = 0; j < self->plan->models_count; j++) {
            done += self->table.rows[i][j].count.outcomes[POOL_DONE];
        }
    }
    if (self->invocation->terminal && !self->invocation->json) {
        int code = print_bench(self, usd_ms);
        if (code != EXIT_DONE) {
            return code;
        }
    } else if (json_models_bench(stdout, self->plan, &self->table, usd_ms) != ERR_OK) {
        return complain(EXIT_COULD_NOT, "the result cannot be written", NULL);
    }
    if (self->table.left_out > 0) {
        return complainf(EXIT_TIMED_OUT, NULL, "the time was over: %llu tries were left out",
                         (unsigned long long)self->table.left_out);
    }
    return done > 0 ? EXIT_DONE : complain(EXIT_NEGATIVE, "no model has written anything", NULL);
}

int models_bench_all(const struct invocation *invocation, const struct plan *plan)
{
    uint64_t timeout_ms = 0;
    FILE *file = NULL;
    int code = invocation_timeout(invocation, BENCH_TIMEOUT_MS, &timeout_ms);
    if (code == EXIT_DONE) {
        code = open_input(invocation, "For example troupe models bench cases.jsonl", &file);
    }
    if (code != EXIT_DONE) {
        return code;
    }
    struct benching *self = calloc(1, sizeof *self);
    if (!self) {
        close_input(file);
        return complain(EXIT_COULD_NOT, "out of memory", NULL);
    }
    self->invocation = invocation;
    self->plan = plan;
    code = read_cases(self, file);
    close_input(file);
    if (code == EXIT_DONE) {
        code = measure_all(self, timeout_ms);
    }
    if (code == EXIT_DONE) {
        code = finish_bench(self);
    }
    for (size_t i = 0; i < self->count; i++) {
        free(self->cases[i].dir);
        free(self->cases[i].command);
    }
    free(self);
    return code;
}

/* ---- suggest ---- */

static void print_samples(const struct plan_class *class)
{
    (void)printf("], temperatures: [");
    for (size_t i = 0; i < class->samples; i++) {
        (void)printf("%s%g", i > 0 ? ", " : "", class->temperatures[i]);
    }
    (void)printf("], seeds: [");
    for (size_t i = 0; i < class->samples; i++) {
        (void)printf("%s%u", i > 0 ? ", " : "", class->seeds[i]);
    }
    (void)printf("]}\n");
}

/* As model-specialization.yml has it. */
static void print_suggested(const struct plan *plan, const struct advise_class *classes)
{
    (void)printf("classes:\n");
    for (size_t i = 0; i < PLAN_CLASSES; i++) {
        const struct advise_class *class = &classes[i];
        (void)printf("  # %s%s\n  %s: {chain: [", class->measured ? "" : "as it was: ", class->why,
                     plan_class_word(i));
        for (size_t j = 0; j < class->chain_count; j++) {
            (void)printf("%s\"%s\"", j > 0 ? ", " : "", plan->models[class->chain[j]].name);
        }
        print_samples(&plan->classes[i]);
    }
}

static int read_result(FILE *file, const struct plan *plan, struct bench_table *table)
{
    char why[JSON_BENCH_WHY_SIZE];
    char *text = malloc(JSON_BENCH_BYTES_MAX + 1);
    if (!text) {
        return complain(EXIT_COULD_NOT, "out of memory", NULL);
    }
    size_t size = fread(text, 1, JSON_BENCH_BYTES_MAX, file);
    text[size] = '\0';
    enum err err = json_read_models_bench(text, plan, table, why);
    free(text);
    return err == ERR_OK
               ? EXIT_DONE
               : complainf(EXIT_USAGE, "Say what troupe models bench --json wrote.", "%s", why);
}

int models_suggest(const struct invocation *invocation, const struct plan *plan)
{
    FILE *file = NULL;
    struct advise_class classes[PLAN_CLASSES];
    bool any = false;
    int code = open_input(invocation, "For example troupe models suggest result.json", &file);
    if (code != EXIT_DONE) {
        return code;
    }
    struct bench_table *table = calloc(1, sizeof *table);
    code = table ? read_result(file, plan, table) : complain(EXIT_COULD_NOT, "out of memory", NULL);
    close_input(file);
    for (size_t i = 0; i < PLAN_CLASSES && code == EXIT_DONE; i++) {
        advise_class(plan, i, table->rows[i], &classes[i]);
        any = any || classes[i].measured;
    }
    free(table);
    if (code != EXIT_DONE) {
        return code;
    }
    if (!invocation->json) {
        print_suggested(plan, classes);
    } else if (json_models_suggest(stdout, plan, classes) != ERR_OK) {
        return complain(EXIT_COULD_NOT, "the result cannot be written", NULL);
    }
    return any ? EXIT_DONE : complain(EXIT_NEGATIVE, "too little was measured to say more", NULL);
}
