/* command_rules.c - troupe rules: test tries a file of rules, explain says which hold for a text.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "actors/classifier/rules_check.h"
#include "tools/command.h"
#include "tools/json_rules.h"
#include "tools/judge.h"
#include "tools/paint.h"
#include "tools/place.h"
#include "tools/report.h"

enum { TEXT_SIZE_MAX = 1 << 20 /* bytes of a text to explain */ };

/* ---- test ---- */

struct test {
    const struct invocation *invocation;
    const struct rules *rules;
    struct classification room;
    char probe[RULES_PROBE_SIZE];
    struct json_rules sums;
};

static void tell(struct test *self, const char *file, size_t line, size_t column, const char *text)
{
    self->sums.problems++;
    (void)fprintf(stderr, "%s:%zu:%zu: %s\n", file, line, column, text);
}

static void try_example(struct test *self, const struct rules_example *example)
{
    char text[3 * RULES_NAME_SIZE_MAX + 64];
    const struct rule *winner = rules_winner(self->rules, example, &self->room);
    self->sums.examples++;
    if (rules_holds(example, winner)) {
        return;
    }
    self->sums.failed++;
    (void)snprintf(text, sizeof text,
                   example->wanted ? "this example of %s is won by %s"
                                   : "%s wins this example, which it must not",
                   example->rule, winner->name);
    tell(self, example->file, example->line, example->column, text);
}

static void check_rule(struct test *self, const struct rule *rule)
{
    char text[3 * RULES_NAME_SIZE_MAX + 128];
    const struct rule *by = rules_shadow(self->rules, rule);
    if (by) {
        self->sums.shadowed++;
        (void)snprintf(text, sizeof text, "%s never wins: whatever it matches, %s (line %zu) does",
                       rule->name, by->name, by->line);
        tell(self, rule->file, rule->line, rule->column, text);
    }
    for (enum rules_list list = 0; list < RULES_LISTS; list++) {
        struct rules_span span = rule->lists[list];
        for (size_t i = 0; i < span.count; i++) {
            const struct rules_check *check = &self->rules->checks[span.from + i];
            if (check->regex && rules_runs_away(check, self->probe)) {
                self->sums.runaway++;
                (void)snprintf(text, sizeof text, "%s: %.120s takes too many steps on some texts",
                               rule->name, check->text);
                tell(self, rule->file, rule->line, rule->column, text);
            }
        }
    }
}

static int test_rules(const struct invocation *invocation, const struct rules *rules)
{
    struct test *self = calloc(1, sizeof *self);
    if (!self) {
        return complain(EXIT_COULD_NOT, "out of memory", NULL);
    }
    self->invocation = invocation;
    self->rules = rules;
    self->sums = (struct json_rules){.rules = rules->count, .warnings = rules->warnings.count};
    for (size_t i = 0; i < rules->count; i++) {
        check_rule(self, &rules->list[i]);
    }
    for (size_t i = 0; i < rules->examples_count; i++) {
        try_example(self, &rules->examples[i]);
    }
    const struct json_rules *sums = &self->sums;
    int code = sums->problems == 0 ? EXIT_DONE : EXIT_NEGATIVE;
    if (invocation->json) {
        code = json_rules(stdout, sums) == ERR_OK
                   ? code
                   : complain(EXIT_COULD_NOT, "the result cannot be written", NULL);
    } else if (!invocation->quiet) {
        (void)printf("%zu rules, %zu examples: %zu failed, %zu rules shadowed, %zu expressions run "
                     "away\n",
                     sums->rules, sums->examples, sums->failed, sums->shadowed, sums->runaway);
    }
    free(self);
    return code;
}

/* ---- explain ---- */

static int read_text(const struct invocation *invocation, char **ret_text, size_t *ret_size)
{
    const char *path = invocation->words_count > 1 ? invocation->words[1] : "-";
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    char *text = malloc(TEXT_SIZE_MAX);
    int code = EXIT_DONE;
    if (!file || !text) {
        code = complainf(EXIT_USAGE, NULL, "%.300s cannot be read", path);
    } else {
        *ret_size = fread(text, 1, TEXT_SIZE_MAX, file);
        *ret_text = text;
        text = NULL;
        code = ferror(file) ? complainf(EXIT_COULD_NOT, NULL, "%.300s cannot be read", path) : code;
    }
    if (file && file != stdin) {
        (void)fclose(file); /* read only: nothing can be lost */
    }
    free(text);
    return code;
}

struct holding {
    const struct rule *list[RULES_MAX + 1]; /* `otherwise` may be among them */
    size_t count;
};

static void take(void *context, const struct rule *rule)
{
    struct holding *self = context;
    self->list[self->count++] = rule;
}

static void show(const struct classification *result, const struct holding *holding)
{
    const struct primary *primary = &result->primary;
    char line[200];
    size_t size = strcspn(primary->text + primary->message.from, "\n");
    size_t room = primary->message.to - primary->message.from;
    size = size < room ? size : room;
    size = size < sizeof line ? size : sizeof line - 1;
    memcpy(line, primary->text + primary->message.from, size);
    line[size] = '\0';
    (void)printf("primary  %s\ncode     %s\nfile     %s\ncause    %016" PRIx64 "\n", line,
                 primary->code[0] ? primary->code : "-", primary->file[0] ? primary->file : "-",
                 result->fingerprint);
    (void)printf("class    %s, %.0f %% sure, priority %u, to %s (%s)\n",
                 rules_label_name(result->label), (double)result->confidence * 100,
                 result->priority, result->route->queue, result->route->model);
    for (size_t i = 0; i < result->why_count; i++) {
        (void)printf("%s", i == 0 ? "because  " : "         ");
        report_name(stdout, result->why[i]);
        (void)printf("\n");
    }
    for (size_t i = 0; i < holding->count; i++) {
        const struct rule *rule = holding->list[i];
        (void)printf("%s%s: %s (%s:%zu)\n", i == 0 ? "holds    " : "         ", rule->name,
                     rules_label_name(rule->label), rule->file, rule->line);
    }
}

static int explain(const struct invocation *invocation, const struct judge_files *files)
{
    char *text = NULL;
    size_t size = 0;
    struct holding holding = {.count = 0};
    struct classification *result = calloc(1, sizeof *result);
    int code = result ? read_text(invocation, &text, &size)
                      : complain(EXIT_COULD_NOT, "out of memory", NULL);
    if (result && code == EXIT_DONE) {
        const struct classify_input input = {text, size, invocation_value(invocation, "file"), -1};
        classify_each(&files->judge, &input, result, take, &holding);
        if (!invocation->json) {
            show(result, &holding);
        } else if (json_explained(stdout, result, holding.list, holding.count) != ERR_OK) {
            code = complain(EXIT_COULD_NOT, "the result cannot be written", NULL);
        }
    }
    free(text);
    free(result);
    return code;
}

/* ---- both ---- */

int command_rules(struct invocation *invocation)
{
    const char *word = invocation->words_count > 0 ? invocation->words[0] : "";
    bool tests = strcmp(word, "test") == 0;
    if (!tests && strcmp(word, "explain") != 0) {
        return complain(EXIT_USAGE, "troupe rules test, or troupe rules explain [FILE]", NULL);
    }
    struct judge_files files = {.rules = NULL};
    char why[JUDGE_WHY_SIZE] = "";
    int code = invocation_configure(invocation);
    if (code != EXIT_DONE) {
        return code;
    }
    const struct judge_wish wish = {.config_dir = invocation->config_dir, .model = true};
    enum err err = tests ? judge_open_rules(invocation->config_dir, &files, why)
                         : judge_open(&wish, &files, why);
    if (err != ERR_OK) {
        code = complain(err == ERR_NOT_FOUND || err == ERR_MEMORY ? EXIT_COULD_NOT : EXIT_CONFIG,
                        why[0] ? why : err_text(err), NULL);
    } else {
        code = tests ? test_rules(invocation, files.rules) : explain(invocation, &files);
    }
    judge_close(&files);
    return code;
}
