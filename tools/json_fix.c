/* json_fix.c - what troupe fix prints. */
#include "tools/json_fix.h"

#include <jansson.h>

#include "tools/json.h"

static json_t *text_or_empty(const char *text)
{
    json_t *value = json_string(text);
    return value ? value : json_string("");
}

static json_t *candidate_of(const struct mend_candidate *candidate)
{
    return json_pack(
        "{s:s, s:o, s:I, s:s, s:o, s:o}", "source", candidate->source, "diff",
        text_or_empty(candidate->diff), "votes", (json_int_t)candidate->votes, "verdict",
        candidate->verdict ? term_word("proof", candidate->verdict) : "untried", "reason",
        text_or_empty(candidate->reason), "doubt", text_or_empty(candidate->doubt));
}

enum err json_fix(FILE *out, const struct mend *mend, uint64_t wall_ms)
{
    bool fixed = mend->status == MEND_FIXED;
    json_t *list = json_array();
    for (size_t i = 0; list && i < mend->count; i++) {
        if (json_array_append_new(list, candidate_of(&mend->candidates[i])) != 0) {
            json_decref(list);
            return ERR_MEMORY;
        }
    }
    return json_put(
        out, json_pack(
                 "{s:s, s:I, s:I, s:b, s:I, s:o, s:o, s:b, s:o, s:I, s:{s:I, s:I, s:I}}", "status",
                 mend_word(mend->status), "errors_before", (json_int_t)mend->errors_before,
                 "errors_after", (json_int_t)mend->errors_after, "first_attempt",
                 fixed && mend->attempts == 1, "attempts", (json_int_t)mend->attempts, "candidates",
                 list, "diff", text_or_empty(fixed ? mend->candidates[mend->winner].diff : ""),
                 "applied", mend->applied, "reason", text_or_empty(mend->reason), "wall_ms",
                 (json_int_t)wall_ms, "timings", "before_ms", (json_int_t)mend->before_ms,
                 "look_ms", (json_int_t)mend->look_ms, "proof_ms", (json_int_t)mend->proof_ms));
}

enum err json_fix_check(FILE *out, bool accepted, const char *reason)
{
    return json_put(out, json_pack("{s:s, s:o}", "status", accepted ? "accepted" : "refused",
                                   "reason", text_or_empty(reason)));
}
