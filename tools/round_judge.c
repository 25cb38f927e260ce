/* round_judge.c - see round_judge.h. */
#include "tools/round_judge.h"

#include "tools/kept.h"

/* One change may have mended several failures: it is taken back once. */
static bool is_last(const struct findings *findings, size_t index)
{
    const struct msg_fix_row *fix = findings->all[index].fix;
    for (size_t i = index + 1; i < findings->count; i++) {
        const struct msg_fix_row *other = findings->all[i].fix;
        if (other && other->status == TERM_fix_APPLIED && msg_str_equal(other->diff, fix->diff)) {
            return false;
        }
    }
    return true;
}

static void take_back(struct invocation *invocation, const char *run,
                      const struct findings *findings)
{
    for (size_t i = findings->count; i-- > 0;) {
        const struct msg_fix_row *fix = findings->all[i].fix;
        bool changed = false;
        if (fix && fix->status == TERM_fix_APPLIED && is_last(findings, i) &&
            kept_do(invocation, KEPT_REVERT, run, fix->error, &changed) != EXIT_DONE) {
            (void)complainf(0, "troupe fix show tells what it is.",
                            "a fix could not be taken back: %s %llu", run,
                            (unsigned long long)fix->error);
        }
    }
}

bool round_judge(struct invocation *invocation, const struct report *report)
{
    const char *file = NULL;
    const char *test = NULL;
    struct round *last =
        report->rounds_count > 0 ? &report->rounds[report->rounds_count - 1] : NULL;
    if (!last || last->reverted || !rounds_worse(&last->results, &report->results, &file, &test)) {
        return rounds_made(&report->findings) > 0;
    }
    (void)snprintf(last->why, sizeof last->why, "%.200s%s%.200s passed before", file,
                   test[0] ? " > " : "", test);
    (void)complainf(0, NULL, "the fixes of %s are taken back: %s", last->run, last->why);
    take_back(invocation, report->run, &report->findings);
    take_back(invocation, last->run, &last->findings);
    last->reverted = true;
    return true;
}
