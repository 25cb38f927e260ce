/* report_decisions.c - in the page of a run: what was decided about each failure, and why. */
#include <inttypes.h>

#include "actors/gateway/text.h"
#include "tools/report.h"

enum { NAME_BYTES = 2000, REASON_BYTES = 1000, SHOWN_MAX = 200 };

static void put_words(struct text *out, const char *words, size_t max)
{
    text_html(out, msg_str(words), max);
}

/* In the words of who reads the page; the second is the colour. */
static const char *const *word_of(enum term status)
{
    static const char *const made[] = {"made", "passed"};
    static const char *const proposed[] = {"proposed", "flaky"};
    static const char *const refused[] = {"none held", "failed"};
    static const char *const none[] = {"no change", "skipped"};
    switch (status) {
    case TERM_fix_APPLIED:
        return made;
    case TERM_fix_VALIDATED:
        return proposed;
    case TERM_fix_REJECTED:
        return refused;
    default:
        return none;
    }
}

static void put_why(struct text *out, const char *run, const struct msg_fix_row *fix)
{
    uint64_t others = fix->candidates > 0 ? fix->candidates - 1 : 0;
    if (fix->status == TERM_fix_APPLIED || fix->status == TERM_fix_VALIDATED) {
        text_add(out, "by ");
        put_words(out, fix->source.at, NAME_BYTES);
        text_add(out, "; the file failed before and passed with it, in a copy of the project");
        if (others > 0) {
            text_add(out, "; best of %" PRIu64 " candidates", fix->candidates);
        }
    }
    if (fix->reason.at[0]) {
        text_add(out, "%s",
                 fix->status == TERM_fix_REJECTED ? "of the candidates, the last: "
                 : fix->status == TERM_fix_NONE   ? ""
                                                  : "<br>");
        put_words(out, fix->reason.at, REASON_BYTES);
    }
    if (fix->status == TERM_fix_VALIDATED) {
        text_add(out, "<br><code>troupe fix apply ");
        put_words(out, run, NAME_BYTES);
        text_add(out, " %" PRIu64 "</code>", fix->error);
    }
}

static void put_row(struct text *out, const char *run, const struct round *round_or_null,
                    const struct finding *finding)
{
    const struct msg_fix_row *fix = finding->fix;
    bool back = round_or_null && round_or_null->reverted && fix->status == TERM_fix_APPLIED;
    const char *const *word = word_of((enum term)fix->status);
    text_add(out, "<tr><td class=\"s\"><i class=\"%s\"></i>%s</td><td class=\"name\">",
             back ? "failed" : word[1], back ? "taken back" : word[0]);
    put_words(out, finding->row->test.at[0] ? finding->row->test.at : REPORT_FILE_ITSELF,
              NAME_BYTES);
    text_add(out, "<br><small>");
    put_words(out, finding->row->file.at, NAME_BYTES);
    text_add(out, "</small></td><td class=\"name\">");
    put_why(out, run, fix);
    if (back) {
        text_add(out, "<br>Taken back: ");
        put_words(out, round_or_null->why, REASON_BYTES);
    }
    if (fix->diff.size > 0) {
        text_add(out, "<details><summary>The change</summary>");
        report_html_diff(out, fix->diff.at);
        text_add(out, "</details>");
    }
    text_add(out, "</td></tr>\n");
}

/* Made and proposed ones of a run; of an earlier run only what it made: the rest was looked at
 * again. */
static size_t put_rows(struct text *out, const char *run, const struct round *round_or_null,
                       const struct findings *findings, size_t shown)
{
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->all[i];
        if (finding->fix && shown < SHOWN_MAX &&
            (!round_or_null || finding->fix->status == TERM_fix_APPLIED)) {
            put_row(out, run, round_or_null, finding);
            shown++;
        }
    }
    return shown;
}

void report_decisions(struct text *out, const struct report *report)
{
    size_t before = out->size;
    size_t shown = 0;
    text_add(out, "<h2>Fixes <small>what was decided, and why</small></h2>\n"
                  "<div class=\"card scroll\"><table><tr><th>Decision</th><th>Failure</th>"
                  "<th>Why</th></tr>\n");
    for (size_t i = 0; i < report->rounds_count; i++) {
        const struct round *round = &report->rounds[i];
        shown = put_rows(out, round->run, round, &round->findings, shown);
    }
    shown = put_rows(out, report->run, NULL, &report->findings, shown);
    if (shown == 0) {
        text_cut(out, before);
        return;
    }
    text_add(out, "</table></div>\n");
    if (shown == SHOWN_MAX) {
        text_add(out, "<p>Only the first %d: the others are in report.json.</p>\n", SHOWN_MAX);
    }
}
