/* report.c - the Markdown of check runs and comments. */
#include "actors/gateway/report.h"

#include <inttypes.h>
#include <string.h>

#include "actors/common/cost.h"

enum {
    NAME_MAX_BYTES = 200,
    PATH_MAX_BYTES = 300,
    MESSAGE_MAX = 2000,
    DIFF_MAX = 12000,
    LINES_MAX = 50, /* of the summary */
    TAIL_MAX = 200  /* kept free for what says that there is more */
};

static const struct msg_run_closed *closed_of(const struct report *self)
{
    return self->findings->closed;
}

/* ---- title ---- */

static void add_failed(const struct msg_run_closed *closed, struct text *text)
{
    uint64_t bad = closed->tests_failed;
    if (bad > 0) {
        text_add(text, "%" PRIu64 " of %" PRIu64 " tests failed", bad, closed->tests_planned);
    }
    if (closed->tests_lost > 0 || closed->files_lost > 0) {
        text_add(text, "%s%" PRIu64 " tests and %" PRIu64 " files lost", bad > 0 ? ", " : "",
                 closed->tests_lost, closed->files_lost);
    } else if (bad == 0) {
        text_add(text, "failed outside of its tests");
    }
}

void report_title(const struct report *self, struct text *text)
{
    const struct msg_run_closed *closed = closed_of(self);
    switch (closed->verdict) {
    case TERM_verdict_PASSED:
        text_add(text, "%" PRIu64 " of %" PRIu64 " tests passed", closed->tests_passed,
                 closed->tests_planned);
        if (closed->tests_flaky > 0) {
            text_add(text, ", %" PRIu64 " flaky", closed->tests_flaky);
        }
        break;
    case TERM_verdict_FAILED:
        add_failed(closed, text);
        break;
    case TERM_verdict_CANCELLED:
        text_add(text, "cancelled");
        break;
    case TERM_verdict_TIMED_OUT:
        text_add(text, "no end in time");
        break;
    default:
        text_add(text, "nothing could be judged");
        break;
    }
}

/* ---- figures ---- */

static void add_figures(const struct report *self, struct text *text)
{
    const struct msg_run_closed *closed = closed_of(self);
    text_add(text,
             "| passed | failed | skipped | flaky | lost | files | time |\n"
             "|---:|---:|---:|---:|---:|---:|---:|\n"
             "| %" PRIu64 " | %" PRIu64 " | %" PRIu64 " | %" PRIu64 " | %" PRIu64 " | %" PRIu64
             " of %" PRIu64 " | %" PRIu64 ".%" PRIu64 " s |\n\n",
             closed->tests_passed, closed->tests_failed, closed->tests_skipped, closed->tests_flaky,
             closed->tests_lost, closed->files_done, closed->files_planned, closed->wall_ms / 1000,
             closed->wall_ms % 1000 / 100);
    if (closed->usd > 0) {
        text_add(text, "Instances: $%.6f.\n\n", closed->usd);
    }
    if (closed->budget != BUDGET_OPEN) {
        text_add(text, "Budget: %s.\n\n", budget_text(closed->budget));
    }
    if (closed->reason.size > 0) {
        text_fence(text, "text", closed->reason, MESSAGE_MAX);
        text_add(text, "\n");
    }
}

static void add_footer(const struct report *self, struct text *text)
{
    text_add(text, "<sub>commit `%.10s` · run `%s`", self->origin->sha, self->run);
    /* A run that found none has a blank there. */
    if (closed_of(self)->runner.size > 1) {
        text_add(text, " · ");
        text_code(text, closed_of(self)->runner, NAME_MAX_BYTES);
    }
    text_add(text, "</sub>\n");
}

/* ---- failures ---- */

static void add_place(const struct msg_error_row *error, struct text *text)
{
    text_code(text, error->file, PATH_MAX_BYTES);
    if (error->line > 0) {
        text_add(text, " line %" PRIu64, error->line);
    }
    if (error->test.size > 0) {
        text_add(text, ": ");
        text_code(text, error->test, NAME_MAX_BYTES);
    }
}

static void add_reason(const char *what, struct msg_str reason, struct text *text)
{
    text_add(text, "%s", what);
    if (reason.size > 0) {
        text_add(text, ": ");
        text_code(text, reason, NAME_MAX_BYTES * 2);
    }
    text_add(text, "\n");
}

static void add_fix(const struct msg_fix_row *fix, struct text *text)
{
    bool good = fix->status == TERM_fix_VALIDATED || fix->status == TERM_fix_APPLIED;
    if (!good) {
        add_reason(fix->status == TERM_fix_REJECTED ? "Fix **refused**" : "No fix", fix->reason,
                   text);
        return;
    }
    text_add(text, "**Fix**%s, by ", fix->status == TERM_fix_APPLIED ? ", applied" : "");
    text_code(text, fix->source, NAME_MAX_BYTES);
    text_add(text,
             "; with it the test passes in a clean copy. Of %" PRIu64 " candidates %" PRIu64
             " agree, %" PRIu64 " do not.\n\n",
             fix->candidates, fix->votes_for, fix->votes_against);
    text_fence(text, "diff", fix->diff, DIFF_MAX);
}

static void add_heal(const struct msg_heal_row *heal, struct text *text)
{
    bool good = heal->status == TERM_heal_HEALED || heal->status == TERM_heal_PROPOSED;
    if (!good) {
        add_reason("Locator **not healed**", heal->reason, text);
        return;
    }
    text_add(text, heal->status == TERM_heal_HEALED ? "**Locator healed**" : "**Locator**");
    text_add(text, " in ");
    text_code(text, heal->file, PATH_MAX_BYTES);
    text_add(text, " line %" PRIu64 ": ", heal->line);
    text_code(text, heal->before, NAME_MAX_BYTES);
    text_add(text, " → ");
    text_code(text, heal->after, NAME_MAX_BYTES);
    text_add(text, ", %.0f %% sure", heal->confidence * 100);
    add_reason("", heal->reason, text);
    if (heal->diff.size > 0) {
        text_add(text, "\n");
        text_fence(text, "diff", heal->diff, DIFF_MAX);
    }
}

static void add_remedies(const struct finding *finding, struct text *text)
{
    if (finding->fix) {
        add_fix(finding->fix, text);
        text_add(text, "\n");
    }
    if (finding->heal) {
        add_heal(finding->heal, text);
        text_add(text, "\n");
    }
}

static void add_finding(const struct finding *finding, size_t place, struct text *text)
{
    const struct msg_error_row *error = finding->error;
    text_add(text, "#### %zu. ", place);
    add_place(error, text);
    text_add(text, "\n\n");
    if (error->label != 0 && term_word("label", error->label)) {
        text_add(text, "Kind: %s (%.0f %%)\n\n", term_word("label", error->label),
                 error->confidence * 100);
    }
    if (error->occurrences > 1) {
        text_add(text, "Failures with this cause: %" PRIu64 "\n\n", error->occurrences);
    }
    text_fence(text, "text", error->message, MESSAGE_MAX);
    text_add(text, "\n");
    add_remedies(finding, text);
}

/* One whose cause is told already: where else it is seen, and what became of it. */
static void add_again(const struct finding *finding, struct text *text)
{
    text_add(text, "- The same cause: ");
    add_place(finding->error, text);
    text_add(text, "\n\n");
    add_remedies(finding, text);
}

static void add_more(const struct report *self, size_t shown, struct text *text)
{
    uint64_t more = self->findings->count - shown + self->findings->left_out;
    if (more > 0) {
        text_add(text, "… and %" PRIu64 " more.\n\n", more);
    }
}

/* ---- the whole ---- */

static void add_line(const struct finding *finding, struct text *text)
{
    text_add(text, "- ");
    add_place(finding->error, text);
    bool fixed = finding->fix && (finding->fix->status == TERM_fix_VALIDATED ||
                                  finding->fix->status == TERM_fix_APPLIED);
    bool healed = finding->heal && (finding->heal->status == TERM_heal_HEALED ||
                                    finding->heal->status == TERM_heal_PROPOSED);
    text_add(text, "%s\n", fixed ? " – a fix is ready" : healed ? " – a new locator is ready" : "");
}

void report_summary(const struct report *self, struct text *text)
{
    const struct findings *findings = self->findings;
    size_t shown = 0;
    add_figures(self, text);
    text->size_max -= 2 * TAIL_MAX + NAME_MAX_BYTES;
    while (shown < findings->count && shown < LINES_MAX) {
        size_t before = text->size;
        add_line(&findings->list[shown], text);
        if (text->full) {
            text_cut(text, before);
            break;
        }
        shown++;
    }
    text->size_max += 2 * TAIL_MAX + NAME_MAX_BYTES;
    text_add(text, "\n");
    add_more(self, shown, text);
    add_footer(self, text);
}

void report_details(const struct report *self, struct text *text)
{
    const struct findings *findings = self->findings;
    size_t shown = 0;
    size_t causes = 0;
    assert(text->size_max > TAIL_MAX);
    text->size_max -= TAIL_MAX;
    while (shown < findings->count) {
        size_t before = text->size;
        if (findings_is_again(findings, shown)) {
            add_again(&findings->list[shown], text);
        } else {
            add_finding(&findings->list[shown], ++causes, text);
        }
        if (text->full) {
            text_cut(text, before);
            break;
        }
        shown++;
    }
    text->size_max += TAIL_MAX;
    add_more(self, shown, text);
}

void report_comment(const struct report *self, struct text *text)
{
    bool passed = closed_of(self)->verdict == TERM_verdict_PASSED;
    text_add(text, REPORT_MARKER "\n" REPORT_RUN_MARKER "%s -->\n### %s Troupe: ", self->run,
             passed ? "✅" : "❌");
    report_title(self, text);
    text_add(text, "\n\n");
    add_figures(self, text);
    text->size_max -= 2 * TAIL_MAX + NAME_MAX_BYTES;
    report_details(self, text);
    text->size_max += 2 * TAIL_MAX + NAME_MAX_BYTES;
    add_footer(self, text);
}
