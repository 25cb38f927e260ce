/* command_heal.c - troupe heal: what broken selectors meant, on pages that are given. */
#include <stdlib.h>
#include <string.h>

#include "actors/healer/foreign.h"
#include "actors/healer/repair.h"
#include "actors/healer/selector.h"
#include "actors/healer/snapshot.h"
#include "actors/healer/suggest.h"
#include "tools/command_heal_kept.h"
#include "tools/html_page.h"
#include "tools/json.h"
#include "tools/page_file.h"

struct work {
    struct heal_cases cases;
    struct tree trees[2]; /* old, new */
    struct match *match;
    int64_t *index; /* of candidates, for fingerprints */
    bool guess;
    bool foreign; /* the selector is that of an error */
    struct foreign error;
    bool plain; /* one selector and two pages, which have no ids */
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
    return json_heal(stdout,
                     &(struct json_heal){.id = one->id,
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
    return err == ERR_OK ? EXIT_DONE : page_file_complain(path, err);
}

/* ---- snapshots ---- */

/* What was suggested, in the terms of whose error it was; those that it has no terms for are left
 * out. */
static size_t spell(const struct work *self, struct suggestions *made)
{
    size_t count = self->foreign ? 0 : made->count;
    for (size_t i = 0; self->foreign && i < made->count; i++) {
        char text[SUGGESTION_SIZE];
        if (foreign_print(self->error.tool, made->at[i], text, sizeof text)) {
            memcpy(made->at[count++], text, sizeof text);
        }
    }
    return count;
}

static enum err tell(const struct work *self, const struct heal_case *one,
                     const struct repair *repair, struct suggestions *made)
{
    const char *alternatives[SUGGESTIONS_MAX];
    const struct tree *tree = &self->trees[1];
    const struct tree_node *node = repair->healed ? &tree->nodes[repair->node] : NULL;
    size_t count = spell(self, made);
    for (size_t i = 1; i < count; i++) {
        alternatives[i - 1] = made->at[i];
    }
    return json_heal(
        stdout, &(struct json_heal){.id = self->plain ? NULL : one->id,
                                    .status = !repair->healed                 ? "refused"
                                              : repair->intact && self->plain ? "intact"
                                                                              : "healed",
                                    .confidence = repair->confidence,
                                    .match = node ? node->path : NULL,
                                    .frame = node ? tree->frames[node->frame].key : "",
                                    .selector = repair->intact ? one->selector
                                                : count > 0    ? made->at[0]
                                                               : NULL,
                                    .tool = self->foreign ? foreign_word(self->error.tool) : NULL,
                                    .asked = self->error.selector,
                                    .alternatives = alternatives,
                                    .alternatives_count = count > 0 ? count - 1 : 0,
                                    .reason = repair->reason});
}

/* What is left to say of a decision: by which selectors the element is found now. */
static enum err put_repair(struct work *self, const struct heal_case *one,
                           const struct repair *repair, int32_t old)
{
    struct suggestions *made = calloc(1, sizeof *made);
    enum err err = made ? ERR_OK : ERR_MEMORY;
    if (err == ERR_OK && repair->healed) {
        bool css = self->foreign && foreign_is_css(self->error.tool);
        err = suggest(&(struct suggest_input){.tree = &self->trees[1],
                                              .node = repair->node,
                                              .old = &self->trees[0].nodes[old],
                                              .selector = one->selector,
                                              .css = css},
                      made);
    }
    self->healed += repair->healed;
    err = err == ERR_OK ? tell(self, one, repair, made) : err;
    free(made);
    return err;
}

static enum err put_case(struct work *self, const struct heal_case *one)
{
    struct repair repair = {.node = -1, .reason = "its element is not on the page before"};
    int32_t old =
        one->old >= 0 ? one->old : tree_by_path(&self->trees[0], one->old_path, one->frame);
    if (old >= 0) {
        repair_decide(self->match, old, one->action, self->guess, &repair);
        repair_check(&self->trees[1], one->selector, &repair);
    }
    return put_repair(self, one, &repair, old);
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
        return page_file_complain(snapshot, err);
    }
    code = page_file_read(cases, SNAPSHOT_BYTES_MAX, &text, &size);
    if (code != EXIT_DONE) {
        return code;
    }
    err = cases_read(text, size, &self->cases);
    free(text);
    if (err != ERR_OK) {
        return page_file_complain(cases, err);
    }
    err = match_make(&self->trees[0], &self->trees[1], MATCH_PAGES, &self->match);
    return err == ERR_OK ? EXIT_DONE : page_file_complain(snapshot, err);
}

/* ---- plain HTML ---- */

static int load_html(const char *path, struct tree *tree)
{
    char *text;
    size_t size;
    int code = page_file_read(path, HTML_BYTES_MAX, &text, &size);
    if (code != EXIT_DONE) {
        return code;
    }
    enum err err = html_page(text, size, tree);
    free(text);
    return err == ERR_OK ? EXIT_DONE : page_file_complain(path, err);
}

/* The one element that the selector hit before is the one case. */
static int make_case(struct work *self, const char *text)
{
    struct selector *selector = NULL;
    struct selector_matches matches = {.at = NULL};
    const char *why;
    if (selector_parse(text, &selector, &why) != ERR_OK) {
        return complain(EXIT_USAGE, why, "troupe help resolve shows selectors.");
    }
    enum err err = selector_find(selector, &self->trees[0], NULL, &matches);
    selector_destroy(&selector);
    self->cases.at = calloc(1, sizeof self->cases.at[0]);
    if (err == ERR_OK && self->cases.at) {
        self->cases.count = 1;
        self->cases.at[0] = (struct heal_case){.id = "",
                                               .selector = text,
                                               .old_path = "",
                                               .frame = "",
                                               .action = "",
                                               .old = matches.count > 0 ? matches.at[0] : -1};
    }
    selector_matches_free(&matches);
    return self->cases.count == 1 ? EXIT_DONE
                                  : complain(EXIT_COULD_NOT, "the search took too much", NULL);
}

/* An error instead of a selector.  The page that Testing Library prints in it is the page now. */
static int load_error(struct work *self, const char *path, const char *after)
{
    char *text;
    size_t size;
    int code = page_file_read(path, HTML_BYTES_MAX, &text, &size);
    if (code != EXIT_DONE) {
        return code;
    }
    self->foreign = foreign_read(text, size, &self->error);
    if (!self->foreign) {
        code = complainf(EXIT_COULD_NOT, NULL,
                         "%.300s: no error of Cypress, Testing Library or Selenium that names a "
                         "selector",
                         path);
    } else if (after) {
        code = load_html(after, &self->trees[1]);
    } else if (!self->error.page) {
        code = complain(EXIT_USAGE, "the error does not hold the whole page", "Give --after.");
    } else {
        enum err err = html_page(self->error.page, self->error.page_size, &self->trees[1]);
        code = err == ERR_OK ? EXIT_DONE : page_file_complain(path, err);
    }
    self->error.page = NULL; /* it is a part of the text */
    free(text);
    return code;
}

static int load_pages(struct work *self, const struct invocation *invocation)
{
    const char *after = invocation_value(invocation, "after");
    const char *error = invocation_value(invocation, "error");
    self->plain = true;
    int code = load_html(invocation_value(invocation, "before"), &self->trees[0]);
    if (code == EXIT_DONE) {
        code = error ? load_error(self, error, after) : load_html(after, &self->trees[1]);
    }
    if (code == EXIT_DONE) {
        code = make_case(self,
                         error ? self->error.selector : invocation_value(invocation, "selector"));
    }
    if (code != EXIT_DONE) {
        return code;
    }
    return match_make(&self->trees[0], &self->trees[1], MATCH_PAGES, &self->match) == ERR_OK
               ? EXIT_DONE
               : complain(EXIT_COULD_NOT, "out of memory", NULL);
}

static int load(struct work *self, const struct invocation *invocation)
{
    const char *fingerprints = invocation_value(invocation, "fingerprints");
    const char *snapshot = invocation_value(invocation, "snapshot");
    const char *cases = invocation_value(invocation, "cases");
    if (fingerprints) {
        return load_fingerprints(self, fingerprints);
    }
    if (snapshot && cases) {
        return load_snapshot(self, snapshot, cases);
    }
    bool selector =
        invocation_value(invocation, "after") && invocation_value(invocation, "selector");
    if (invocation_value(invocation, "before") &&
        (selector || invocation_value(invocation, "error"))) {
        return load_pages(self, invocation);
    }
    return complain(EXIT_USAGE, "nothing to heal is given",
                    "Give --snapshot with --cases, --fingerprints, or --before, --after and "
                    "--selector or --error.");
}

int command_heal(struct invocation *invocation)
{
    if (is_heal_kept(invocation)) {
        return command_heal_kept(invocation);
    }
    if (invocation->words_count > 0) {
        return complainf(EXIT_USAGE, "troupe help heal shows its words.",
                         "heal does not know the word %.64s", invocation->words[0]);
    }
    struct work self = {.guess = invocation_flag(invocation, "no-abstain")};
    int code = load(&self, invocation);
    for (size_t i = 0; code == EXIT_DONE && i < self.cases.count; i++) {
        enum err err = self.index ? put_fingerprint(&self, &self.cases.at[i])
                                  : put_case(&self, &self.cases.at[i]);
        code = err == ERR_OK ? EXIT_DONE
                             : complain(EXIT_COULD_NOT, "the answer cannot be written", NULL);
    }
    work_free(&self);
    return code != EXIT_DONE || self.healed > 0 ? code
                                                : complain(EXIT_NEGATIVE, "nothing was healed",
                                                           "--no-abstain gives the best guess.");
}
