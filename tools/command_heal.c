/* command_heal.c - troupe heal: what broken selectors meant, on pages that are given. */
#include <stdlib.h>
#include <string.h>

#include "actors/healer/repair.h"
#include "actors/healer/snapshot.h"
#include "tools/command.h"
#include "tools/json.h"
#include "tools/page_file.h"

struct work {
    struct heal_cases cases;
    struct tree trees[2]; /* old, new */
    struct match *match;
    int64_t *index; /* of candidates, for fingerprints */
    bool guess;
    size_t healed;
};

static void work_free(struct work *self)
{
    match_destroy(&self->match);
    tree_free(&self->trees[0]);
    tree_free(&self->trees[1]);
    cases_free(&self->cases);
    free(self->index);
}

static int complain_of(const char *path, enum err err)
{
    return err == ERR_MALFORMED
               ? complainf(EXIT_USAGE, "troupe help heal says which.", "%.300s: not this format",
                           path)
           : err == ERR_LIMIT ? complainf(EXIT_USAGE, NULL, "%.300s: too large", path)
                              : complain(EXIT_COULD_NOT, "out of memory", NULL);
}

/* ---- fingerprints ---- */

static enum err put_fingerprint(struct work *self, const struct heal_case *one)
{
    struct match_found found;
    struct repair repair;
    int64_t ranking[MATCH_RANKING_MAX];
    match_find(self->match, one->old, one->action, &found);
    repair_decide(self->match, one->old, one->action, self->guess, &repair);
    for (size_t i = 0; i < found.ranking_count; i++) {
        ranking[i] = self->index[found.ranking[i] - 1];
    }
    self->healed += repair.healed;
    return json_heal(stdout, &(struct json_heal){
                                 .id = one->id,
                                 .status = repair.healed ? "healed" : "refused",
                                 .confidence = repair.confidence,
                                 .by_index = true,
                                 .index = repair.healed ? self->index[repair.node - 1] : -1,
                                 .ranking = ranking,
                                 .ranking_count = found.ranking_count});
}

static int load_fingerprints(struct work *self, const char *path)
{
    char *text;
    size_t size;
    int code = page_file_read(path, SNAPSHOT_BYTES_MAX, &text, &size);
    if (code != EXIT_DONE) {
        return code;
    }
    enum err err = fingerprints_read(text, size, &self->cases, self->trees, &self->index);
    free(text);
    if (err == ERR_OK) {
        err = match_make(&self->trees[0], &self->trees[1], MATCH_FINGERPRINTS, &self->match);
    }
    return err == ERR_OK ? EXIT_DONE : complain_of(path, err);
}

/* ---- snapshots ---- */

static enum err put_case(struct work *self, const struct heal_case *one)
{
    struct repair repair = {.node = -1, .reason = "its element is not on the page before"};
    int32_t old = tree_by_path(&self->trees[0], one->old_path, one->frame);
    if (old >= 0) {
        repair_decide(self->match, old, one->action, self->guess, &repair);
    }
    self->healed += repair.healed;
    const struct tree_node *node = repair.healed ? &self->trees[1].nodes[repair.node] : NULL;
    return json_heal(stdout, &(struct json_heal){
                                 .id = one->id,
                                 .status = repair.healed ? "healed" : "refused",
                                 .confidence = repair.confidence,
                                 .match = node ? node->path : NULL,
                                 .frame = node ? self->trees[1].frames[node->frame].key : "",
                                 .reason = repair.reason});
}

static int load_snapshot(struct work *self, const char *snapshot, const char *cases)
{
    char *text = NULL;
    size_t size;
    int code = page_file_read(snapshot, SNAPSHOT_BYTES_MAX, &text, &size);
    if (code != EXIT_DONE) {
        return code;
    }
    enum err err = snapshot_read(text, size, "old", &self->trees[0]);
    err = err == ERR_OK ? snapshot_read(text, size, "new", &self->trees[1]) : err;
    free(text);
    if (err != ERR_OK) {
        return complain_of(snapshot, err);
    }
    code = page_file_read(cases, SNAPSHOT_BYTES_MAX, &text, &size);
    if (code != EXIT_DONE) {
        return code;
    }
    err = cases_read(text, size, &self->cases);
    free(text);
    if (err != ERR_OK) {
        return complain_of(cases, err);
    }
    err = match_make(&self->trees[0], &self->trees[1], MATCH_PAGES, &self->match);
    return err == ERR_OK ? EXIT_DONE : complain_of(snapshot, err);
}

int command_heal(struct invocation *invocation)
{
    struct work self = {.guess = invocation_flag(invocation, "no-abstain")};
    const char *fingerprints = invocation_value(invocation, "fingerprints");
    const char *snapshot = invocation_value(invocation, "snapshot");
    const char *cases = invocation_value(invocation, "cases");
    int code = fingerprints        ? load_fingerprints(&self, fingerprints)
               : snapshot && cases ? load_snapshot(&self, snapshot, cases)
                                   : complain(EXIT_USAGE, "nothing to heal is given",
                                              "Give --snapshot with --cases, --fingerprints, or "
                                              "--before, --after and --selector.");
    for (size_t i = 0; code == EXIT_DONE && i < self.cases.count; i++) {
        enum err err = fingerprints ? put_fingerprint(&self, &self.cases.at[i])
                                    : put_case(&self, &self.cases.at[i]);
        code = err == ERR_OK ? EXIT_DONE
                             : complain(EXIT_COULD_NOT, "the answer cannot be written", NULL);
    }
    work_free(&self);
    return code != EXIT_DONE ? code : self.healed > 0 ? EXIT_DONE : EXIT_NEGATIVE;
}
