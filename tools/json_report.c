/* json_report.c - a run for scripts: the object of the contract. */
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "tools/json.h"
#include "tools/report.h"

static json_int_t as_int(uint64_t number)
{
    return (json_int_t)number;
}

static json_t *row(const struct file_result *file, const char *name, enum term status,
                   uint64_t duration_us)
{
    json_t *row = json_pack("{s:o, s:o, s:s, s:f, s:I, s:o}", "file", json_words(file->file),
                            "test", json_words(name), "status", term_word("status", status),
                            "duration_ms", (double)duration_us / 1000, "attempts",
                            as_int(file->attempts), "worker", json_words(file->worker));
    bool good = row && (!file->cached || json_object_set_new(row, "cached", json_true()) == 0) &&
                (!file->audited || json_object_set_new(row, "audited", json_true()) == 0);
    if (!good) {
        json_decref(row);
        return NULL;
    }
    return row;
}

/* A lost file has a row of its own beside the tests that it had reported. */
static int add_rows(json_t *rows, const struct file_result *file)
{
    int bad = 0;
    for (size_t i = 0; i < file->count; i++) {
        const struct test_result *test = &file->tests[i];
        bad |= json_array_append_new(rows, row(file, test->name, test->status, test->duration_us));
    }
    bool as_a_whole = file->status == TERM_status_LOST ||
                      (file->count == 0 && file->status == TERM_status_FAILED);
    if (as_a_whole) {
        bad |= json_array_append_new(rows, row(file, "", file->status, file->duration_us));
    }
    return bad;
}

/* What is not known (yet) is null. */
static int add_label(json_t *error, const struct finding *finding)
{
    const struct msg_error_row *row = finding && finding->row->label ? finding->row : NULL;
    return json_object_set_new(error, "label",
                               row ? json_string(term_word("label", (enum term)row->label))
                                   : json_null()) |
           json_object_set_new(error, "confidence",
                               row ? json_real(row->confidence) : json_null()) |
           json_object_set_new(error, "priority",
                               row ? json_integer(as_int(row->priority)) : json_null());
}

/* Which other failures have the same cause, and why it is as urgent as it is. */
static int add_cause(json_t *error, const struct finding *finding)
{
    char cause[17];
    if (finding_cause(finding) == 0) {
        return 0;
    }
    const struct msg_error_row *row = finding->row;
    (void)snprintf(cause, sizeof cause, "%016" PRIx64, row->cause);
    return json_object_set_new(error, "cause", json_string(cause)) |
           json_object_set_new(error, "occurrences", json_integer(as_int(row->occurrences))) |
           json_object_set_new(error, "terms", json_words(row->terms.at)) |
           json_object_set_new(error, "model", json_words(row->model.at));
}

static int add_error(json_t *errors, const struct failure *failure)
{
    char id[ERROR_ID_SIZE];
    const struct finding *finding = failure->finding;
    report_error_id(failure->file->file, failure->test, id);
    json_t *error =
        json_pack("{s:s, s:o, s:o, s:I}", "id", id, "file", json_words(failure->file->file), "test",
                  json_words(failure->test), "line", as_int(failure->line));
    int bad = !error || add_label(error, finding);
    bad |= json_object_set_new(error, "message", json_words(failure->message));
    bad |= add_cause(error, finding);
    bad |= json_object_set_new(error, "route",
                               finding && finding->row->label ? json_words(finding->row->queue.at)
                                                              : json_null());
    return json_array_append_new(errors, error) | bad;
}

static int add_fix(json_t *fixes, const char *id, const struct msg_fix_row *fix)
{
    json_t *object =
        json_pack("{s:s, s:s, s:o, s:{s:I, s:I}, s:I, s:o, s:o}", "error", id, "status",
                  term_word("fix", (enum term)fix->status), "source", json_words(fix->source.at),
                  "votes", "for", as_int(fix->votes_for), "against", as_int(fix->votes_against),
                  "candidates", as_int(fix->candidates), "diff", json_words(fix->diff.at), "reason",
                  json_words(fix->reason.at));
    return json_array_append_new(fixes, object);
}

static int add_heal(json_t *heals, const char *id, const struct msg_heal_row *heal)
{
    json_t *object =
        json_pack("{s:s, s:o, s:I, s:o, s:o, s:s, s:f, s:o, s:o}", "error", id, "file",
                  json_words(heal->file.at), "line", as_int(heal->line), "old",
                  json_words(heal->before.at), "new", json_words(heal->after.at), "status",
                  term_word("heal", (enum term)heal->status), "confidence", heal->confidence,
                  "diff", json_words(heal->diff.at), "reason", json_words(heal->reason.at));
    return json_array_append_new(heals, object);
}

/* What the runs before the last have made. */
static int add_rounds(json_t *fixes, const struct report *report)
{
    int bad = 0;
    for (size_t i = 0; i < report->rounds_count; i++) {
        const struct round *round = &report->rounds[i];
        for (size_t j = 0; j < round->findings.count; j++) {
            const struct finding *finding = &round->findings.all[j];
            char id[ERROR_ID_SIZE];
            if (!finding->fix || finding->fix->status != TERM_fix_APPLIED) {
                continue;
            }
            report_error_id(finding->row->file.at, finding->row->test.at, id);
            bad |= add_fix(fixes, id, finding->fix);
            if (round->reverted) {
                json_t *last = json_array_get(fixes, json_array_size(fixes) - 1);
                bad |= json_object_set_new(last, "status", json_string("reverted")) |
                       json_object_set_new(last, "reason", json_words(round->why));
            }
        }
    }
    return bad;
}

static int add_remedies(json_t *object, const struct report *report)
{
    const struct findings *findings = &report->findings;
    json_t *fixes = json_array();
    json_t *heals = json_array();
    int bad = add_rounds(fixes, report);
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->all[i];
        char id[ERROR_ID_SIZE];
        report_error_id(finding->row->file.at, finding->row->test.at, id);
        bad |= finding->fix ? add_fix(fixes, id, finding->fix) : 0;
        bad |= finding->heal ? add_heal(heals, id, finding->heal) : 0;
    }
    return json_object_set_new(object, "fixes", fixes) |
           json_object_set_new(object, "heals", heals) | bad;
}

static int add_errors(json_t *errors, const struct file_result *file,
                      const struct findings *findings)
{
    int bad = 0;
    struct failure failure;
    for (size_t at = 0; report_next_failure(file, findings, &at, &failure);) {
        bad |= add_error(errors, &failure);
    }
    return bad;
}

/* The contract knows three verdicts; an exit code tells the other two. */
static const char *verdict_word(enum term verdict)
{
    return verdict == TERM_verdict_PASSED || verdict == TERM_verdict_FAILED
               ? term_word("verdict", verdict)
               : "error";
}

static json_t *head(const struct report *report)
{
    const struct run_totals *totals = &report->totals;
    return json_pack(
        "{s:s, s:s, s:I, s:I, s:{s:I, s:I, s:I, s:I, s:I, s:I}, s:{s:I, s:I, s:I, s:I, s:I, s:I}}",
        "run", report->run, "verdict", verdict_word(totals->verdict), "wall_ms",
        as_int(report->wall_ms), "workers", as_int(report->workers), "files", "planned",
        as_int(totals->files_planned), "done", as_int(totals->files_done), "lost",
        as_int(totals->files_lost), "cached", as_int(totals->files_cached), "not_affected",
        as_int(totals->files_not_affected), "audited", as_int(totals->files_audited), "tests",
        "planned", as_int(totals->tests_planned), "passed", as_int(totals->tests_passed), "failed",
        as_int(totals->tests_failed), "skipped", as_int(totals->tests_skipped), "flaky",
        as_int(totals->tests_flaky), "lost", as_int(totals->tests_lost));
}

static int add_tail(json_t *object, const struct report *report)
{
    const struct run_totals *totals = &report->totals;
    int bad = add_remedies(object, report) |
              json_object_set_new(object, "cost",
                                  json_pack("{s:f, s:f, s:f}", "usd", totals->usd, "cpu_s",
                                            (double)totals->cpu_us / 1e6, "slot_s",
                                            (double)totals->slot_us / 1e6)) |
              json_object_set_new(object, "runner", json_words(totals->runner));
    if (totals->verdict == TERM_verdict_CANCELLED || totals->verdict == TERM_verdict_TIMED_OUT) {
        bad |= json_object_set_new(object, "ended",
                                   json_string(term_word("verdict", totals->verdict)));
    }
    if (totals->reason[0]) {
        bad |= json_object_set_new(object, "reason", json_words(totals->reason));
    }
    if (totals->note[0]) {
        bad |= json_object_set_new(object, "note", json_words(totals->note));
    }
    if (totals->budget != BUDGET_OPEN) {
        bad |= json_object_set_new(object, "budget", json_string(budget_word(totals->budget)));
    }
    if (report->tree_changed) {
        bad |= json_object_set_new(object, "tree_changed", json_true());
    }
    return bad;
}

enum err report_json(FILE *out, const struct report *report)
{
    json_t *object = head(report);
    json_t *rows = json_array();
    json_t *errors = json_array();
    int bad = !object || !rows || !errors;
    for (size_t i = 0; i < report->results.count && !bad; i++) {
        bad |= add_rows(rows, report->results.files[i]);
        bad |= add_errors(errors, report->results.files[i], &report->findings);
    }
    if (bad) {
        json_decref(object);
        json_decref(rows);
        json_decref(errors);
        return ERR_MEMORY;
    }
    bad |= json_object_set_new(object, "results", rows);
    bad |= json_object_set_new(object, "errors", errors);
    bad |= add_tail(object, report);
    enum err err = bad ? ERR_MEMORY : ERR_OK;
    if (err == ERR_OK && (json_dumpf(object, out, JSON_COMPACT | JSON_REAL_PRECISION(12)) != 0 ||
                          fputc('\n', out) == EOF)) {
        err = ERR_IO;
    }
    json_decref(object);
    return err;
}
