/* command_errors.c - troupe errors: what failed in a run by its causes, and what it is called. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/history.h"
#include "tools/json_errors.h"
#include "tools/paint.h"
#include "tools/place.h"
#include "tools/report.h"
#include "tools/run_read.h"
#include "tools/table.h"
#include "tools/teaching.h"

enum { ID_MIN = 4 /* letters of an id that are enough when no other begins so */ };

/* The failures of one run, those with one cause behind each other, the most urgent first. */
struct errors {
    char run[ULID_SIZE + 1];
    struct findings findings;
    const struct finding **sorted; /* owned; point into `findings` */
    struct json_cause *causes;     /* owned */
    size_t count;                  /* of causes */
};

static void errors_fini(struct errors *self)
{
    findings_fini(&self->findings);
    free(self->sorted);
    free(self->causes);
}

static int by_urgency(const void *a, const void *b)
{
    const struct msg_error_row *one = (*(const struct finding *const *)a)->row;
    const struct msg_error_row *other = (*(const struct finding *const *)b)->row;
    if (one->priority != other->priority) {
        return one->priority > other->priority ? -1 : 1;
    }
    if (one->cause != other->cause) {
        return one->cause < other->cause ? -1 : 1;
    }
    return one->error < other->error ? -1 : one->error > other->error;
}

/* Failures whose cause is not known (yet) are by themselves. */
static enum err group(struct errors *self)
{
    size_t count = self->findings.count;
    self->sorted = calloc(count + 1, sizeof *self->sorted);
    self->causes = calloc(count + 1, sizeof *self->causes);
    if (!self->sorted || !self->causes) {
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        self->sorted[i] = &self->findings.all[i];
    }
    qsort(self->sorted, count, sizeof *self->sorted, by_urgency);
    for (size_t i = 0; i < count; i++) {
        uint64_t cause = finding_cause(self->sorted[i]);
        if (i > 0 && cause != 0 && finding_cause(self->sorted[i - 1]) == cause) {
            self->causes[self->count - 1].count++;
        } else {
            self->causes[self->count++] = (struct json_cause){self->sorted[i], &self->sorted[i], 1};
        }
    }
    return ERR_OK;
}

static int errors_read(const struct invocation *invocation, struct errors *self)
{
    struct store_reader *reader = NULL;
    const char *given = invocation_value(invocation, "run");
    int code = history_open(invocation, &reader);
    if (code != EXIT_DONE) {
        return code;
    }
    code = history_find(reader, given ? given : "last", self->run);
    if (code == EXIT_DONE) {
        enum err err = run_read_findings(reader, self->run, &self->findings);
        err = err == ERR_OK ? group(self) : err;
        code = err == ERR_OK          ? EXIT_DONE
               : err == ERR_NOT_FOUND ? complainf(EXIT_COULD_NOT, "troupe runs list shows them.",
                                                  "there is no run %s", self->run)
                                      : complain(EXIT_COULD_NOT, err_text(err), NULL);
    }
    store_reader_close(&reader);
    return code;
}

/* ---- list ---- */

static void first_line(const char *message, char *line, size_t size)
{
    message += strspn(message, "\n ");
    (void)snprintf(line, size, "%.*s", (int)strcspn(message, "\n"), message);
}

static enum err add_line(struct table *table, const struct json_cause *cause)
{
    const struct msg_error_row *row = cause->first->row;
    char id[ERROR_ID_SIZE];
    char line[300];
    report_error_id(row->file.at, row->test.at, id);
    id[8] = '\0';
    first_line(row->message.at, line, sizeof line);
    enum err err = table_text(table, id);
    err = err == ERR_OK ? table_number(table, row->priority) : err;
    err = err == ERR_OK ? table_number(table, cause->count) : err;
    err = err == ERR_OK
              ? table_text(table, row->label ? term_word("label", (enum term)row->label) : "-")
              : err;
    err = err == ERR_OK ? table_text(table, row->file.at) : err;
    return err == ERR_OK ? table_text(table, line) : err;
}

static int list_errors(const struct invocation *invocation, const struct errors *self)
{
    static const struct table_column columns[] = {
        {"ID", false},   {"PRIORITY", true}, {"TIMES", true}, {"CLASS", false},
        {"FILE", false}, {"ERROR", false},   {NULL, false}};
    if (invocation->json) {
        return json_causes(stdout, self->run, self->causes, self->count) == ERR_OK
                   ? EXIT_DONE
                   : complain(EXIT_COULD_NOT, "the result cannot be written", NULL);
    }
    if (self->count == 0) {
        (void)printf("Nothing failed in %s.\n", self->run);
        return EXIT_DONE;
    }
    struct table table;
    enum err err = ERR_OK;
    table_init(&table, columns);
    for (size_t i = 0; i < self->count && err == ERR_OK; i++) {
        err = add_line(&table, &self->causes[i]);
    }
    const struct table_style style = {.width = table_width(stdout),
                                      .head = paint(invocation->color, PAINT_DIM),
                                      .reset = paint(invocation->color, PAINT_RESET)};
    table_print(&table, stdout, &style);
    table_fini(&table);
    return err == ERR_OK ? EXIT_DONE : complain(EXIT_COULD_NOT, err_text(err), NULL);
}

/* ---- show ---- */

/* The cause of the failure whose id begins like this, and which of its failures that is. */
static int find_error(const struct errors *self, const char *id,
                      const struct json_cause **ret_cause, const struct finding **ret_finding)
{
    size_t size = strlen(id);
    size_t found = 0;
    for (size_t i = 0; i < self->count; i++) {
        for (size_t j = 0; j < self->causes[i].count; j++) {
            const struct finding *finding = self->causes[i].all[j];
            char own[ERROR_ID_SIZE];
            report_error_id(finding->row->file.at, finding->row->test.at, own);
            if (size >= ID_MIN && strncmp(own, id, size) == 0) {
                *ret_cause = &self->causes[i];
                *ret_finding = finding;
                found++;
            }
        }
    }
    return found == 1
               ? EXIT_DONE
               : complainf(EXIT_USAGE, "troupe errors list shows them; --run names another run.",
                           found == 0 ? "run %s has no error %.32s"
                                      : "run %s has several errors %.32s",
                           self->run, id);
}

static void show_lines(const char *what, const char *lines)
{
    for (bool first = true; *lines; first = false) {
        size_t size = strcspn(lines, "\n");
        char line[CLASSIFY_WHY_SIZE];
        (void)snprintf(line, sizeof line, "%.*s", (int)size, lines);
        (void)printf("%-10s", first ? what : "");
        report_name(stdout, line);
        (void)putchar('\n');
        lines += size + (lines[size] == '\n');
    }
}

static int show_error(const struct invocation *invocation, const struct json_cause *cause,
                      const struct finding *finding)
{
    const struct msg_error_row *row = finding->row;
    (void)printf("%-10s%016" PRIx64 ", %zu %s in this run\n", "cause", row->cause, cause->count,
                 cause->count == 1 ? "failure" : "failures");
    (void)printf("%-10s%" PRIu64 " = %s\n", "priority", row->priority,
                 row->terms.size > 0 ? row->terms.at : "not known yet");
    (void)printf("%-10s%s, %.0f %% sure\n", "class",
                 row->label ? term_word("label", (enum term)row->label) : "not known yet",
                 row->confidence * 100);
    (void)printf("%-10s%s (%s)\n", "route", row->queue.at, row->model.at);
    show_lines("because", row->why.at);
    for (size_t i = 0; i < cause->count; i++) {
        const struct msg_error_row *one = cause->all[i]->row;
        (void)printf("%-10s", i == 0 ? "seen in" : "");
        report_name(stdout, one->file.at);
        if (one->line > 0) {
            (void)printf(":%" PRIu64, one->line);
        }
        (void)printf("  ");
        report_name(stdout, one->test.at);
        (void)putchar('\n');
    }
    (void)putchar('\n');
    report_text(stdout, row->message.at, invocation->verbose ? SIZE_MAX : 40, "  ");
    if (finding->fix) {
        (void)printf("\nfix: %s", term_word("fix", (enum term)finding->fix->status));
        report_text(stdout, finding->fix->reason.at, 3, "  ");
        (void)putchar('\n');
    }
    return EXIT_DONE;
}

/* ---- teach ---- */

static const struct rules_route *route_named(const struct rules *rules, const char *name)
{
    for (size_t i = 0; i < rules->routes_count; i++) {
        if (strcmp(rules->routes[i].name, name) == 0) {
            return &rules->routes[i];
        }
    }
    return NULL;
}

static void tell(const struct invocation *invocation, const struct json_lesson *lesson)
{
    const struct teach_sums *sums = &lesson->sums;
    if (invocation->quiet) {
        return;
    }
    (void)printf("%s is %s, and goes to %s%s%s.\n", lesson->id, lesson->label, lesson->queue,
                 lesson->before[0] ? "; it was taken for " : "", lesson->before);
    if (lesson->has_model) {
        (void)printf("The model names %zu of its corrections right (before %zu), and %zu of the "
                     "rules' examples (before %zu).\n",
                     sums->taught_after.right, sums->taught_before.right, sums->tried_after.right,
                     sums->tried_before.right);
    }
    (void)printf("Errors of this cause are named so from now on; a cluster that is up, from its "
                 "next start.\n");
}

static int learn(const struct invocation *invocation, const struct judge_files *files,
                 const char *state_dir, struct json_taught *taught)
{
    const char *route = invocation_value(invocation, "route");
    struct classification *result = calloc(1, sizeof *result);
    struct json_lesson lesson = {.has_model = files->model != NULL};
    char id[17];
    if (!result) {
        return complain(EXIT_COULD_NOT, "out of memory", NULL);
    }
    const struct judge judge = {.rules = files->rules, .model_or_null = files->model};
    classify(&judge, taught->message, strlen(taught->message), taught->file, result);
    taught->fingerprint = result->fingerprint;
    (void)snprintf(id, sizeof id, "%016" PRIx64, taught->fingerprint);
    const struct rules_route *to =
        route_named(files->rules, route ? route : rules_label_name(taught->label));
    lesson.id = id;
    lesson.cause = taught->fingerprint;
    lesson.before = rules_label_name(result->label);
    lesson.label = rules_label_name(taught->label);
    lesson.queue = to ? to->queue : files->rules->otherwise.route->queue;
    enum err err = teaching_note(state_dir, taught);
    err = err == ERR_OK ? teaching_learn(state_dir, files, &lesson.sums) : err;
    free(result);
    if (err != ERR_OK) {
        return complainf(EXIT_COULD_NOT, NULL, "the correction cannot be written: %s",
                         err_text(err));
    }
    if (invocation->json) {
        return json_lesson(stdout, &lesson) == ERR_OK
                   ? EXIT_DONE
                   : complain(EXIT_COULD_NOT, "the result cannot be written", NULL);
    }
    tell(invocation, &lesson);
    return EXIT_DONE;
}

static int teach_error(const struct invocation *invocation, const struct finding *finding)
{
    const char *class = invocation->words[2];
    uint64_t term = term_number("label", class);
    const char *route = invocation_value(invocation, "route");
    struct judge_files files;
    struct place place;
    char why[JUDGE_WHY_SIZE] = "";
    if (term == 0) {
        return complainf(EXIT_USAGE, "It is typescript, react, test or general.",
                         "%.32s is no class", class);
    }
    enum err err = place_look(invocation_value(invocation, "state"), &place, why);
    const struct judge_wish wish = {
        .config_dir = invocation->config_dir, .state_dir = place.state, .model = true};
    err = err == ERR_OK ? judge_open(&wish, &files, why) : err;
    if (err != ERR_OK) {
        return complain(EXIT_CONFIG, why[0] ? why : err_text(err), NULL);
    }
    struct json_taught taught = {.label = (enum rules_label)(term - TERM_label_TYPESCRIPT)};
    int code = EXIT_DONE;
    if (route && !route_named(files.rules, route)) {
        code = complainf(EXIT_USAGE, "They stand in " RULES_FILE_NAME ".",
                         "there is no route %.64s", route);
    } else {
        taught.message = strdup(finding->row->message.at);
        taught.file = strdup(finding->row->file.at);
        taught.route = route ? strdup(route) : NULL;
        code = taught.message && taught.file && (taught.route || !route)
                   ? learn(invocation, &files, place.state, &taught)
                   : complain(EXIT_COULD_NOT, "out of memory", NULL);
    }
    json_taught_fini(&taught);
    judge_close(&files);
    return code;
}

/* ---- all ---- */

static int one_error(const struct invocation *invocation, const struct errors *self, bool teaches)
{
    const struct json_cause *cause = NULL;
    const struct finding *finding = NULL;
    int code = find_error(self, invocation->words[1], &cause, &finding);
    if (code != EXIT_DONE || !finding) {
        return code;
    }
    if (teaches) {
        return teach_error(invocation, finding);
    }
    if (!invocation->json) {
        return show_error(invocation, cause, finding);
    }
    return json_causes(stdout, self->run, cause, 1) == ERR_OK
               ? EXIT_DONE
               : complain(EXIT_COULD_NOT, "the result cannot be written", NULL);
}

int command_errors(struct invocation *invocation)
{
    const char *word = invocation->words_count > 0 ? invocation->words[0] : "";
    bool list = strcmp(word, "list") == 0 && invocation->words_count == 1;
    bool show = strcmp(word, "show") == 0 && invocation->words_count == 2;
    bool teaches = strcmp(word, "teach") == 0 && invocation->words_count == 3;
    if (!list && !show && !teaches) {
        return complain(
            EXIT_USAGE,
            "say troupe errors list, troupe errors show ID or troupe errors teach ID CLASS",
            "--run names a run; without it, it is the newest.");
    }
    struct errors *self = calloc(1, sizeof *self);
    if (!self) {
        return complain(EXIT_COULD_NOT, "out of memory", NULL);
    }
    int code = invocation_configure(invocation);
    if (code == EXIT_DONE) {
        code = errors_read(invocation, self);
    }
    if (code == EXIT_DONE) {
        code = list ? list_errors(invocation, self) : one_error(invocation, self, teaches);
    }
    errors_fini(self);
    free(self);
    return code;
}
