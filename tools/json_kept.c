/* json_kept.c - see json_kept.h. */
#include "tools/json_kept.h"

#include <jansson.h>

#include "tools/json.h"
#include "tools/report.h"

const char *kept_status(const struct ledger_kept *kept)
{
    static const char *const decided[] = {
        [DECISION_APPLYING] = "applying", [DECISION_APPLIED] = "applied",
        [DECISION_REJECTED] = "rejected", [DECISION_REVERTING] = "reverting",
        [DECISION_REVERTED] = "reverted",
    };
    return kept->decision != DECISION_NONE ? decided[kept->decision]
                                           : term_word("fix", kept->finding.fix.status);
}

const struct ledger_candidate *kept_winner(const struct ledger_kept *kept)
{
    for (size_t i = 0; i < kept->count && kept->finding.fix.diff.size > 0; i++) {
        if (msg_str_equal(kept->candidates[i].diff, kept->finding.fix.diff)) {
            return &kept->candidates[i];
        }
    }
    return NULL;
}

uint64_t kept_attempts(const struct ledger_kept *kept)
{
    return kept->attempts > kept->failures ? kept->attempts : kept->failures;
}

static json_t *proofs(const char *word, uint64_t count, uint64_t of)
{
    return json_pack("{s:I, s:I}", word, (json_int_t)count, "of", (json_int_t)of);
}

/* What the list says of each, and show as well. */
static json_t *row_of(const struct ledger_kept *kept)
{
    const struct ledger_finding *finding = &kept->finding;
    char id[ERROR_ID_SIZE];
    report_error_id(finding->file.at, finding->test.at, id);
    return json_pack(
        "{s:I, s:s, s:s, s:o, s:{s:I, s:I}, s:I, s:o, s:o, s:o}", "number",
        (json_int_t)finding->error, "error", id, "status", kept_status(kept), "source",
        json_words(finding->fix.source.at), "votes", "for", (json_int_t)finding->fix.votes_for,
        "against", (json_int_t)finding->fix.votes_against, "candidates",
        (json_int_t)finding->fix.candidates, "file", json_words(finding->file.at), "test",
        json_words(finding->test.at), "reason", json_words(finding->fix.reason.at));
}

static json_t *candidate_of(const struct ledger_candidate *candidate)
{
    return json_pack("{s:o, s:I, s:s, s:o, s:o, s:o}", "source", json_words(candidate->source.at),
                     "votes", (json_int_t)(candidate->votes > 0 ? candidate->votes : 1), "verdict",
                     candidate->proof ? term_word("proof", candidate->proof) : "untried", "proofs",
                     proofs("passed", candidate->passes, candidate->proofs), "reason",
                     json_words(candidate->reason.at), "diff", json_words(candidate->diff.at));
}

enum err json_kept_list(FILE *out, const struct kept_list *list)
{
    json_t *fixes = json_array();
    int bad = !fixes;
    for (size_t i = 0; i < list->count && !bad; i++) {
        bad = json_array_append_new(fixes, row_of(list->all[i]));
    }
    if (bad) {
        json_decref(fixes);
        return ERR_MEMORY;
    }
    return json_put(out, json_pack("{s:s, s:o}", "run", list->run, "fixes", fixes));
}

enum err json_kept(FILE *out, const char *run, const struct ledger_kept *kept)
{
    const struct ledger_candidate *winner = kept_winner(kept);
    json_t *object = row_of(kept);
    json_t *tried = json_array();
    int bad = !object || !tried;
    for (size_t i = 0; i < kept->count && !bad; i++) {
        bad = json_array_append_new(tried, candidate_of(&kept->candidates[i]));
    }
    if (bad) {
        json_decref(tried);
        json_decref(object);
        return ERR_MEMORY;
    }
    bad = json_object_set_new(object, "run", json_string(run)) |
          json_object_set_new(object, "message", json_words(kept->finding.message.at)) |
          json_object_set_new(object, "diff", json_words(kept->finding.fix.diff.at)) |
          json_object_set_new(object, "failed_before",
                              proofs("failed", kept->failures, kept_attempts(kept))) |
          json_object_set_new(
              object, "passes_after",
              proofs("passed", winner ? winner->passes : 0, winner ? winner->proofs : 0)) |
          json_object_set_new(object, "tried", tried);
    if (bad) {
        json_decref(object);
        return ERR_MEMORY;
    }
    return json_put(out, object);
}

enum err json_kept_done(FILE *out, const char *run, uint64_t error, const char *status,
                        bool changed)
{
    return json_put(out, json_pack("{s:s, s:I, s:s, s:b}", "run", run, "number", (json_int_t)error,
                                   "status", status, "changed", changed));
}
