/* report_html.c - a run as one page: no script, nothing from elsewhere, and a policy that allows
 * neither.  Strangers' words enter it through text_html alone. */
#include <inttypes.h>
#include <stdlib.h>

#include "actors/common/ulid.h"
#include "actors/gateway/text.h"
#include "tools/place.h"
#include "tools/report.h"
#include "tools/report_style.h"

enum {
    NAME_BYTES = 2000,
    LINE_BYTES = 4000,
    LINES_MAX = 200,     /* of a message or a diff */
    FAILURES_MAX = 1000, /* shown; the rest is counted */
    OPEN_MAX = 10,       /* failures that are unfolded */
    SLOWEST = 15,
    FILES_MAX = 20000, /* in the table of all */
    BARS_MAX = 20000
};

/* ---- small things ---- */

static void put_words(struct text *out, const char *words)
{
    text_html(out, msg_str(words), NAME_BYTES);
}

static void put_duration(struct text *out, uint64_t us)
{
    char text[DURATION_SIZE];
    text_add(out, "%s", report_duration(us, text));
}

static void put_lines(struct text *out, const char *words)
{
    text_add(out, "<pre>");
    size_t lines = 0;
    for (; *words && lines < LINES_MAX; lines++) {
        size_t size = strcspn(words, "\n");
        text_html(out, (struct msg_str){words, (uint32_t)size}, LINE_BYTES);
        text_add(out, "\n");
        words += size + (words[size] == '\n');
    }
    text_add(out, "%s</pre>", *words ? "…" : "");
}

void report_html_diff(struct text *out, const char *diff)
{
    text_add(out, "<pre class=\"diff\">");
    for (size_t lines = 0; *diff && lines < LINES_MAX; lines++) {
        size_t size = strcspn(diff, "\n");
        const char *kind = diff[0] == '+'   ? "add"
                           : diff[0] == '-' ? "del"
                           : diff[0] == '@' ? "hunk"
                                            : "";
        text_add(out, "<span class=\"%s\">", kind);
        text_html(out, (struct msg_str){diff, (uint32_t)size}, LINE_BYTES);
        text_add(out, "%s</span>", size == 0 ? " " : "");
        diff += size + (diff[size] == '\n');
    }
    text_add(out, "%s</pre>", *diff ? "<span>…</span>" : "");
}

static void put_heading(struct text *out, const char *what, const char *more, uint64_t count)
{
    text_add(out, "<h2>%s <small>", what);
    if (count > 0) {
        text_add(out, "%" PRIu64 " ", count);
    }
    text_add(out, "%s</small></h2>\n", more);
}

/* ---- the head ---- */

static void put_sums(struct text *out, const char *what, uint64_t planned,
                     const struct file_counts *counts)
{
    const struct {
        enum term status;
        uint64_t count;
    } parts[] = {{TERM_status_PASSED, counts->passed},
                 {TERM_status_FAILED, counts->failed},
                 {TERM_status_SKIPPED, counts->skipped},
                 {TERM_status_FLAKY, counts->flaky},
                 {TERM_status_LOST, counts->lost}};
    text_add(out, "<div class=\"sum\">");
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (parts[i].count > 0) {
            text_add(out, "<i class=\"%s\" style=\"flex:%" PRIu64 "\"></i>",
                     term_word("status", parts[i].status), parts[i].count);
        }
    }
    text_add(out, "</div><p class=\"legend\"><span><b>%" PRIu64 "</b> %s planned</span>", planned,
             what);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        const char *word = term_word("status", parts[i].status);
        text_add(out, "<span><i class=\"%s\"></i><b>%" PRIu64 "</b> %s</span>", word,
                 parts[i].count, word);
    }
    text_add(out, "</p>\n");
}

static void put_facts(struct text *out, const struct report *report)
{
    text_add(out, "<ul class=\"facts\"><li>");
    put_duration(out, report->wall_ms * 1000);
    text_add(out, "</li>");
    if (report->workers > 0) {
        text_add(out, "<li>%" PRIu64 " %s</li>", report->workers,
                 report->workers == 1 ? "worker" : "workers");
    }
    if (report->totals.cpu_us > 0) {
        text_add(out, "<li>");
        put_duration(out, report->totals.cpu_us);
        text_add(out, " of processor time</li>");
    }
    text_add(out, "<li>");
    put_words(out, report->totals.runner);
    text_add(out, "</li><li>run %s</li></ul>\n", report->run);
}

/* The last part of the project's path. */
static const char *project_name(const struct report *report)
{
    const char *slash = report->dir ? strrchr(report->dir, '/') : NULL;
    return slash && slash[1] ? slash + 1 : "Test run";
}

static void put_head(struct text *out, const struct report *report)
{
    const struct run_totals *totals = &report->totals;
    const char *verdict = totals->verdict ? term_word("verdict", totals->verdict) : "open";
    text_add(out, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                  "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                  "style-src 'unsafe-inline'\">"
                  "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>");
    put_words(out, project_name(report));
    text_add(out, ": %s</title><style>\n", verdict);
    for (size_t i = 0; i < sizeof report_style / sizeof report_style[0]; i++) {
        text_add(out, "%s\n", report_style[i]);
    }
    text_add(out, "</style></head><body>\n");
    text_add(out, "<header><div><h1><span class=\"badge %s\">%s</span> ", verdict, verdict);
    put_words(out, project_name(report));
    text_add(out, "</h1>\n");
    put_facts(out, report);
    if (totals->budget != BUDGET_OPEN) {
        text_add(out, "<p class=\"reason\">Budget: %s.</p>\n", budget_text(totals->budget));
    }
    if (totals->reason[0]) {
        text_add(out, "<p class=\"reason\">");
        put_words(out, totals->reason);
        text_add(out, "</p>\n");
    }
    char left_out[REPORT_LEFT_OUT_SIZE];
    if (report_left_out(totals, left_out)) {
        text_add(out, "<p>Files left out: %s.</p>\n", left_out);
    }
    if (totals->note[0]) {
        text_add(out, "<p class=\"reason\">");
        put_words(out, totals->note);
        text_add(out, "</p>\n");
    }
    if (report->tree_changed) {
        text_add(out,
                 "<p class=\"reason\">Files of the project changed while the tests ran.</p>\n");
    }
    struct file_counts files = report_count_files(&report->results);
    struct file_counts tests = {totals->tests_passed, totals->tests_failed, totals->tests_skipped,
                                totals->tests_flaky, totals->tests_lost};
    put_sums(out, "tests", totals->tests_planned, &tests);
    put_sums(out, "files", totals->files_planned, &files);
    text_add(out, "</div></header><main>\n");
}

/* ---- failures, those with one cause together, or while it is unknown with the same words ---- */

enum { KEY_SIZE = 160, KEY_LINES = 2 };

struct entry {
    struct failure failure;
    char key[KEY_SIZE]; /* the first lines of the message, numbers left out */
    uint64_t cause;
    size_t order;
    size_t group; /* how many have the key */
};

static void make_key(struct entry *entry)
{
    entry->cause = finding_cause(entry->failure.finding);
    const char *at = entry->failure.message + strspn(entry->failure.message, "\n ");
    size_t size = 0;
    size_t lines = 0;
    for (; *at && size < KEY_SIZE - 1; at++) {
        bool digit = *at >= '0' && *at <= '9';
        bool again = digit && size > 0 && entry->key[size - 1] == '#';
        lines += *at == '\n';
        if (lines == KEY_LINES) {
            break;
        }
        if (!again) {
            entry->key[size] = *at;
            if (digit) {
                entry->key[size] = '#';
            }
            size++;
        }
    }
    entry->key[size] = '\0';
}

static int by_key(const void *a, const void *b)
{
    const struct entry *x = a;
    const struct entry *y = b;
    if (x->cause != y->cause) {
        return x->cause < y->cause ? -1 : 1;
    }
    int words = x->cause ? 0 : strcmp(x->key, y->key);
    return words ? words : (x->order > y->order) - (x->order < y->order);
}

static bool is_same(const struct entry *a, const struct entry *b)
{
    return a->cause == b->cause && (a->cause || strcmp(a->key, b->key) == 0);
}

static int by_group(const void *a, const void *b)
{
    const struct entry *x = a;
    const struct entry *y = b;
    if (x->group != y->group) {
        return x->group < y->group ? 1 : -1;
    }
    return by_key(a, b);
}

static void put_remedy(struct text *out, const char *what, const char *status, const char *diff,
                       const char *reason)
{
    text_add(out, "<h3>%s %s", what, status);
    if (reason[0]) {
        text_add(out, ": ");
        put_words(out, reason);
    }
    text_add(out, "</h3>");
    if (diff[0]) {
        report_html_diff(out, diff);
    }
}

static void put_failure(struct text *out, const struct failure *failure, bool open)
{
    const struct finding *finding = failure->finding;
    bool lost = failure->file->status == TERM_status_LOST && !failure->test[0];
    text_add(out, "<details class=\"one\"%s><summary>", open ? " open" : "");
    put_words(out, failure->test[0] ? failure->test : failure->file->file);
    if (finding && finding->row->label) {
        text_add(out, "<span class=\"chip\">%s</span>",
                 term_word("label", (enum term)finding->row->label));
    }
    if (lost) {
        text_add(out, "<span class=\"chip\">lost: %s</span>",
                 term_word("outcome", failure->file->outcome));
    }
    text_add(out, "<span class=\"where\">");
    put_words(out, failure->test[0] ? failure->file->file : REPORT_FILE_ITSELF);
    if (failure->line > 0) {
        text_add(out, ":%" PRIu64, failure->line);
    }
    text_add(out, "</span></summary><div class=\"body\">");
    put_lines(out, failure->message);
    if (finding && finding->fix && finding->fix->status != TERM_fix_NONE) {
        put_remedy(out, "Fix", term_word("fix", (enum term)finding->fix->status),
                   finding->fix->diff.at, finding->fix->reason.at);
    }
    if (finding && finding->heal) {
        put_remedy(out, "Heal", term_word("heal", (enum term)finding->heal->status),
                   finding->heal->diff.at, finding->heal->reason.at);
    }
    text_add(out, "</div></details>\n");
}

static size_t count_failures(const struct report *report)
{
    size_t count = 0;
    struct failure failure;
    for (size_t i = 0; i < report->results.count; i++) {
        for (size_t at = 0;
             report_next_failure(report->results.files[i], &report->findings, &at, &failure);) {
            count++;
        }
    }
    return count;
}

static void fill(struct entry *entries, const struct report *report)
{
    size_t count = 0;
    for (size_t i = 0; i < report->results.count; i++) {
        for (size_t at = 0; report_next_failure(report->results.files[i], &report->findings, &at,
                                                &entries[count].failure);) {
            entries[count].order = count;
            make_key(&entries[count]);
            count++;
        }
    }
    qsort(entries, count, sizeof *entries, by_key);
    for (size_t first = 0, end = 0; first < count; first = end) {
        while (end < count && is_same(&entries[first], &entries[end])) {
            end++;
        }
        for (size_t i = first; i < end; i++) {
            entries[i].group = end - first;
        }
    }
    qsort(entries, count, sizeof *entries, by_group);
}

static void put_failures(struct text *out, const struct report *report)
{
    size_t count = count_failures(report);
    if (count == 0) {
        return;
    }
    /* One more: the search for the next failure writes before it knows that there is none. */
    struct entry *entries = calloc(count + 1, sizeof *entries);
    if (!entries) {
        out->full = true;
        return;
    }
    fill(entries, report);
    put_heading(out, "Failed and lost", "", count);
    for (size_t i = 0; i < count && i < FAILURES_MAX; i++) {
        bool first = i == 0 || !is_same(&entries[i - 1], &entries[i]);
        if (first && entries[i].group > 1) {
            text_add(out, "<p class=\"group\">");
            put_words(out, entries[i].key);
            text_add(out, " <small>%zu times</small></p>\n", entries[i].group);
        }
        bool alone = entries[i].group == 1 && i > 0 && entries[i - 1].group > 1;
        if (alone) {
            text_add(out, "<p class=\"group\">Others</p>\n");
        }
        put_failure(out, &entries[i].failure, first && i < OPEN_MAX);
    }
    if (count > FAILURES_MAX) {
        text_add(out, "<p>… and %zu more in report.json</p>\n", count - FAILURES_MAX);
    }
    free(entries);
}

/* ---- flaky, slowest, all ---- */

static void put_row(struct text *out, const struct file_result *file)
{
    const char *status = term_word("status", file->status);
    text_add(out, "<tr><td class=\"s\"><i class=\"%s\"></i>%s</td><td class=\"name\">", status,
             status);
    put_words(out, file->file);
    text_add(out, "</td><td class=\"n\">%" PRIu64 "</td><td class=\"n\">", file->planned);
    put_duration(out, file->duration_us);
    text_add(out, "</td><td class=\"n hide\">%" PRIu64 "</td><td class=\"s hide\">",
             file->attempts);
    put_words(out, file->cached ? "cached" : file->worker);
    text_add(out, "%s</td></tr>\n", file->audited ? " (audit)" : "");
}

static void open_table(struct text *out)
{
    text_add(out, "<div class=\"scroll\"><table><tr><th>Status</th><th>File</th><th class=\"n\">"
                  "Tests</th><th class=\"n\">Time</th><th class=\"n hide\">Attempts</th>"
                  "<th class=\"hide\">Worker</th></tr>\n");
}

static void close_table(struct text *out)
{
    text_add(out, "</table></div>");
}

static void put_flaky(struct text *out, const struct report *report)
{
    uint64_t count = 0;
    for (size_t i = 0; i < report->results.count; i++) {
        const struct file_result *file = report->results.files[i];
        if (file->status != TERM_status_FLAKY) {
            continue;
        }
        if (count++ == 0) {
            put_heading(out, "Flaky", "failed first and passed later", 0);
            text_add(out, "<div class=\"card\">");
            open_table(out);
        }
        put_row(out, file);
    }
    if (count > 0) {
        close_table(out);
        text_add(out, "</div>\n");
    }
}

static int by_duration(const void *a, const void *b)
{
    const struct file_result *x = *(const struct file_result *const *)a;
    const struct file_result *y = *(const struct file_result *const *)b;
    if (x->duration_us != y->duration_us) {
        return x->duration_us < y->duration_us ? 1 : -1;
    }
    return strcmp(x->file, y->file);
}

/* A copy of the list of files, to be sorted; NULL without memory. */
static const struct file_result **copy_list(const struct report *report)
{
    size_t count = report->results.count;
    const struct file_result **list = calloc(count + 1, sizeof *list);
    for (size_t i = 0; list && i < count; i++) {
        list[i] = report->results.files[i];
    }
    return list;
}

static void put_slowest(struct text *out, const struct file_result **list, size_t count)
{
    qsort(list, count, sizeof *list, by_duration);
    put_heading(out, "Slowest files", "", 0);
    text_add(out, "<div class=\"card\">");
    open_table(out);
    for (size_t i = 0; i < count && i < SLOWEST; i++) {
        put_row(out, list[i]);
    }
    close_table(out);
    text_add(out, "</div>\n");
}

static void put_all(struct text *out, const struct report *report)
{
    size_t count = report->results.count;
    text_add(out, "<details class=\"one\"><summary>All %zu files</summary>", count);
    open_table(out);
    for (size_t i = 0; i < count && i < FILES_MAX; i++) {
        put_row(out, report->results.files[i]);
    }
    close_table(out);
    if (count > FILES_MAX) {
        text_add(out, "<p class=\"body\">… and %zu more in report.json</p>", count - FILES_MAX);
    }
    text_add(out, "</details>\n");
}

/* ---- the timeline ---- */

static int by_worker(const void *a, const void *b)
{
    const struct file_result *x = *(const struct file_result *const *)a;
    const struct file_result *y = *(const struct file_result *const *)b;
    int worker = strcmp(x->worker, y->worker);
    if (worker) {
        return worker;
    }
    if (x->seen_ms != y->seen_ms) {
        return x->seen_ms < y->seen_ms ? -1 : 1;
    }
    return (x->seq > y->seq) - (x->seq < y->seq);
}

/* A file ended when its result was seen, and one worker does one thing at a time.  *end_ms is that
 * of the file before. */
static void put_bar(struct text *out, const struct file_result *file, double *end_ms,
                    double whole_ms)
{
    double took_ms = (double)file->duration_us / 1000;
    double begin_ms = (double)file->seen_ms - took_ms;
    begin_ms = begin_ms > *end_ms ? begin_ms : *end_ms;
    double stop_ms = (double)file->seen_ms > begin_ms ? (double)file->seen_ms : begin_ms;
    text_add(out, "<i class=\"%s\" style=\"left:%.3f%%;width:%.3f%%\" title=\"",
             term_word("status", file->status), 100 * begin_ms / whole_ms,
             100 * (stop_ms - begin_ms) / whole_ms);
    put_words(out, file->file);
    text_add(out, ", ");
    put_duration(out, file->duration_us);
    text_add(out, "\"></i>");
    *end_ms = stop_ms;
}

static void put_timeline(struct text *out, const struct file_result **list, size_t count)
{
    double whole_ms = 0;
    for (size_t i = 0; i < count; i++) {
        whole_ms = (double)list[i]->seen_ms > whole_ms ? (double)list[i]->seen_ms : whole_ms;
    }
    if (whole_ms <= 0) {
        return; /* nobody watched it: times are not known */
    }
    qsort(list, count, sizeof *list, by_worker);
    put_heading(out, "Workers", "", 0);
    text_add(out, "<div class=\"card time\">");
    double end_ms = 0;
    for (size_t i = 0; i < count && i < BARS_MAX; i++) {
        bool first = i == 0 || strcmp(list[i - 1]->worker, list[i]->worker) != 0;
        if (first) {
            text_add(out, "%s<div class=\"lane\"><b>", i > 0 ? "</div></div>\n" : "");
            put_words(out, list[i]->worker[0] ? list[i]->worker : "nobody");
            text_add(out, "</b><div class=\"track\">");
            end_ms = 0;
        }
        put_bar(out, list[i], &end_ms, whole_ms);
    }
    text_add(out, "</div></div>\n<div class=\"lane\"><b></b><div class=\"track axis\">");
    for (int part = 0; part <= 4; part++) {
        text_add(out, "<span>");
        put_duration(out, (uint64_t)(whole_ms * 1000 * part / 4));
        text_add(out, "</span>");
    }
    text_add(out, "</div></div></div>\n");
}

void report_html(struct text *out, const struct report *report)
{
    size_t count = report->results.count;
    const struct file_result **list = copy_list(report);
    if (!list) {
        out->full = true;
        return;
    }
    put_head(out, report);
    report_decisions(out, report);
    put_failures(out, report);
    put_flaky(out, report);
    if (count > 0) {
        put_timeline(out, list, count);
        put_slowest(out, list, count);
        put_all(out, report);
    }
    text_add(out, "<footer>Troupe %s", TROUPE_VERSION);
    if (ulid_is_valid(report->run)) {
        text_add(out, ", recount: troupe verify %s", report->run);
    }
    text_add(out, "</footer></main></body></html>\n");
    free(list);
}
