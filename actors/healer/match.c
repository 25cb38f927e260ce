/* match.c - the rounds of the matcher, and what it says of one element. */
#include "actors/healer/match.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "actors/healer/match_priv.h"

enum { ROUNDS = 4, AROUND = 6 };

static const double doubtful = 0.8; /* never enough to act on */

/* ---- features ---- */

void match_features(const struct match *match, int32_t old, int32_t new, float *features)
{
    static const enum match_feature of_pages[] = {FEATURE_LEAF_EQUAL, FEATURE_SIZE_LIKE,
                                                  FEATURE_RANK_LIKE,  FEATURE_ORDER_LIKE,
                                                  FEATURE_HEAD_DICE,  FEATURE_HEAD_STRANGE};
    memset(features, 0, FEATURE_COUNT * sizeof features[0]);
    pair_features(&match->pages, old, new, features);
    if (match->kind == MATCH_FINGERPRINTS) {
        for (size_t i = 0; i < sizeof of_pages / sizeof of_pages[0]; i++) {
            features[of_pages[i]] = 0;
        }
    } else if (match->sums[0][match->pages.sides[0].tree->count] > 0) {
        structure_features(match, old, new, features);
    }
}

static const struct match_link *link_to(const struct match *match, int32_t old, int32_t new)
{
    const struct match_link *links = match_links_of(match, old);
    for (size_t i = 0; i < match->links_count[old]; i++) {
        if (links[i].node == new) {
            return &links[i];
        }
    }
    return NULL;
}

static float clip(float value, float low, float high)
{
    return fminf(high, fmaxf(low, value));
}

static float survival(const struct match *match, int32_t from, int32_t to)
{
    int32_t count = (int32_t)match->pages.sides[0].tree->count;
    from = from < 0 ? 0 : from;
    to = to > count ? count : to;
    return to > from ? (float)(match->sums[0][to] - match->sums[0][from]) / (float)(to - from) : 0;
}

/* The best score that another old element has for `new`. */
static float best_of_others(const struct match *match, int32_t old, int32_t new)
{
    float best = -20;
    for (int32_t i = 0; i < (int32_t)match->pages.sides[0].tree->count; i++) {
        const struct match_link *link = i != old ? link_to(match, i, new) : NULL;
        best = link && link->score > best ? link->score : best;
    }
    return best;
}

/* The nearest one of several alike that holds the element or is it: a row, a card; -1. */
static int32_t row_of(const struct match_side *side, int32_t node)
{
    enum { ROW_PARTS_MIN = 3 };
    const struct tree *tree = side->tree;
    for (int32_t at = node; at >= 0 && tree->nodes[at].parent >= 0; at = tree->nodes[at].parent) {
        int32_t alike = 0;
        for (int32_t i = tree->nodes[tree->nodes[at].parent].first;
             i >= 0 && tree->nodes[at].end - at >= ROW_PARTS_MIN; i = tree->nodes[i].next) {
            alike += i != at && side->nodes[i].tag == side->nodes[at].tag &&
                     side->nodes[i].role == side->nodes[at].role &&
                     tree->nodes[i].end - i >= ROW_PARTS_MIN;
        }
        if (alike > 0) {
            return at;
        }
    }
    return -1;
}

/* Whether it still stands in the same row: the same button in another row is another button. */
static void row_evidence(const struct match *match, int32_t old, int32_t new, float *evidence)
{
    float features[FEATURE_COUNT] = {0};
    int32_t row = row_of(&match->pages.sides[0], old);
    int32_t become = row >= 0 ? match->become[0][row] : -1;
    evidence[EVIDENCE_ROW_LOST] = 0;
    evidence[EVIDENCE_ROW_DOUBT] = 0;
    evidence[EVIDENCE_ROW_SWAPPED] = 0;
    if (row < 0 || row == old) {
        return;
    }
    if (become < 0 || !tree_inside(match->pages.sides[1].tree, new, become)) {
        evidence[EVIDENCE_ROW_LOST] = 1;
        return;
    }
    pair_features(&match->pages, row, become, features);
    evidence[EVIDENCE_ROW_DOUBT] = 1 - match->sure[0][row];
    evidence[EVIDENCE_ROW_SWAPPED] = features[FEATURE_TEXT_SWAPPED];
}

void match_evidence(const struct match *match, int32_t old, int32_t new, float *evidence)
{
    const struct match_link *link = link_to(match, old, new);
    const struct match_link *links = match_links_of(match, old);
    float second = -20;
    float sum = 1;
    float rivals = 0;
    assert(link);
    for (size_t i = 0; i < match->links_count[old]; i++) {
        int32_t owner = match->become[1][links[i].node];
        float taken = owner >= 0 && owner != old ? match->sure[0][owner] : 0;
        if (links[i].node != new) {
            rivals += (1 - taken) * expf(fminf(links[i].score, 30));
        }
        second = links[i].node != new ? fmaxf(second, links[i].score) : second;
        sum += expf(fminf(links[i].score, 30));
    }
    int32_t end = match->pages.sides[0].tree->nodes[old].end;
    float margin = link->score - second;
    evidence[EVIDENCE_SCORE] = clip(link->score, -6, 10) / 4;
    evidence[EVIDENCE_OWN] = clip(link->own[1], -10, 10) / 4;
    evidence[EVIDENCE_MARGIN] = clip(margin, -4, 8) / 4;
    evidence[EVIDENCE_COLUMN] = clip(link->score - best_of_others(match, old, new), -6, 8) / 4;
    evidence[EVIDENCE_CHANCE] = expf(fminf(link->score, 30)) / sum;
    evidence[EVIDENCE_ASSIGNED] = truth(match->become[0][old] == new);
    evidence[EVIDENCE_SURVIVAL] = survival(match, 0, (int32_t)match->pages.sides[0].tree->count);
    evidence[EVIDENCE_AROUND] = survival(match, old - AROUND, end + AROUND);
    evidence[EVIDENCE_MARGIN_LOW] = truth(margin < 1);
    float rival = link->score - logf(rivals + 1e-3f);
    evidence[EVIDENCE_RIVAL] = clip(rival, -4, 8) / 4;
    evidence[EVIDENCE_RIVAL_NEAR] = truth(rival < logf(2));
    row_evidence(match, old, new, evidence);
}

/* ---- rounds ---- */

/* On large pages, what has been rescored once and is certain since stays as it is. */
static bool is_settled(const struct match *match, size_t old, int round)
{
    static const float settled_min = 0.98f;
    return round > 1 && match->sure[0][old] > settled_min && match_is_large(&match->pages);
}

static void rescore(struct match *match, int round)
{
    const float *weights = match_weights[match->kind].pair[1];
    float features[FEATURE_COUNT];
    for (size_t i = 0; i < match->pages.sides[0].tree->count; i++) {
        struct match_link *links = match_links_of(match, (int32_t)i);
        for (size_t j = 0; j < match->links_count[i] && !is_settled(match, i, round); j++) {
            structure_features(match, (int32_t)i, links[j].node, features);
            links[j].score = links[j].own[1];
            for (size_t k = FEATURES_OWN; k < FEATURE_COUNT; k++) {
                links[j].score += weights[k] * features[k];
            }
        }
    }
}

/* Hash of all that the next round would see of this one. */
static uint64_t state_of(const struct match *match)
{
    uint64_t hash = 0;
    for (size_t i = 0; i < match->pages.sides[0].tree->count; i++) {
        bool sure = match->sure[0][i] > match_sure_min;
        hash = (hash ^ ((uint64_t)(uint32_t)match->become[0][i] << 1 | sure)) *
               UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 31;
    }
    return hash;
}

static enum err run_rounds(struct match *match)
{
    enum err err = links_find(match);
    if (err == ERR_OK) {
        err = links_assign(match);
    }
    bool moving = match->kind == MATCH_PAGES;
    for (int round = 1; round < ROUNDS && err == ERR_OK && moving; round++) {
        uint64_t before = state_of(match);
        links_extend(match);
        rescore(match, round);
        err = links_assign(match);
        moving = state_of(match) != before;
    }
    return err;
}

enum err match_make(const struct tree *old, const struct tree *new, enum match_kind kind,
                    struct match **ret_match)
{
    struct match *match = calloc(1, sizeof *match);
    if (!match) {
        return ERR_MEMORY;
    }
    match->kind = kind;
    bool large = kind == MATCH_PAGES && old->count * new->count > DENSE_PAIRS_MAX;
    match->links_max = large ? LINKS_FEW : LINKS_MAX;
    match->links = calloc((old->count + 1) * match->links_max, sizeof match->links[0]);
    match->links_count = calloc(old->count + 1, sizeof match->links_count[0]);
    match->price = calloc(new->count + 1, sizeof match->price[0]);
    match->rows = calloc(old->count + 1, sizeof match->rows[0]);
    bool good = match->links && match->links_count && match->price && match->rows;
    for (int side = 0; side < 2; side++) {
        size_t count = (side == 0 ? old : new)->count + 1;
        match->become[side] = calloc(count, sizeof match->become[side][0]);
        match->sure[side] = calloc(count, sizeof match->sure[side][0]);
        match->sums[side] = calloc(count, sizeof match->sums[side][0]);
        match->up[side] = calloc(count, sizeof match->up[side][0]);
        match->near[side] = calloc(old->count + 1, sizeof match->near[side][0]);
        good = good && match->become[side] && match->sure[side] && match->sums[side] &&
               match->up[side] && match->near[side];
    }
    enum err err = good ? pages_describe(&match->pages, old, new) : ERR_MEMORY;
    if (err == ERR_OK) {
        err = run_rounds(match);
    }
    *ret_match = match;
    if (err != ERR_OK) {
        match_destroy(ret_match);
    }
    return err;
}

const struct tree_node *match_old(const struct match *match, int32_t old)
{
    return &match->pages.sides[0].tree->nodes[old];
}

void match_destroy(struct match **match)
{
    struct match *self = *match;
    if (!self) {
        return;
    }
    for (int side = 0; side < 2; side++) {
        free(self->become[side]);
        free(self->sure[side]);
        free(self->sums[side]);
        free(self->up[side]);
        free(self->near[side]);
    }
    free(self->links);
    free(self->links_count);
    free(self->price);
    free(self->rows);
    pages_free(&self->pages);
    free(self);
    *match = NULL;
}

/* ---- one element ---- */

/* "Continue with Apple" where "Continue with Google" was: words were exchanged, and nothing that
 * people do not see says that it is the same. */
static bool may_be_another(const float *features)
{
    return features[FEATURE_NAME_SWAPPED] > 0.3f && features[FEATURE_IDENT_DICE] < 0.25f &&
           features[FEATURE_ATTRS_RARE] < 0.5f && features[FEATURE_HREF_EQUAL] <= 0;
}

static double confidence(const struct match *match, int32_t old, int32_t new)
{
    const struct match_weights *weights = &match_weights[match->kind];
    float features[FEATURE_COUNT];
    float evidence[EVIDENCE_COUNT];
    match_features(match, old, new, features);
    match_evidence(match, old, new, evidence);
    double sum = (double)weights->sure_bias;
    for (size_t i = 0; i < FEATURE_COUNT; i++) {
        sum += (double)(weights->sure[i] * features[i]);
    }
    for (size_t i = 0; i < EVIDENCE_COUNT; i++) {
        sum += (double)(weights->sure_more[i] * evidence[i]);
    }
    /* Where another one that nothing else explains is as likely, it is a guess at best. */
    double share = 1 / (1 + exp(-4 * (double)evidence[EVIDENCE_RIVAL]));
    double chance = fmin(1 / (1 + exp(-sum)), match->kind == MATCH_PAGES ? share : 1);
    return may_be_another(features) ? fmin(chance, doubtful) : chance;
}

/* What it is worth to `old`, less what others would give for it. */
static float worth(const struct match *match, int32_t old, const struct match_link *link)
{
    bool mine = match->become[0][old] == link->node;
    return mine ? INFINITY : link->score - match->price[link->node];
}

void match_find(const struct match *match, int32_t old, const char *action,
                struct match_found *ret_found)
{
    const struct match_link *links = match_links_of(match, old);
    float worths[MATCH_RANKING_MAX] = {0};
    *ret_found = (struct match_found){.node = -1};
    for (size_t i = 0; i < match->links_count[old]; i++) {
        if (!action_fits(&match->pages.sides[1].tree->nodes[links[i].node], action)) {
            continue;
        }
        float value = worth(match, old, &links[i]);
        size_t at = ret_found->ranking_count;
        if (at == MATCH_RANKING_MAX && worths[at - 1] >= value) {
            continue;
        }
        at = at == MATCH_RANKING_MAX ? at - 1 : at;
        for (; at > 0 && worths[at - 1] < value; at--) {
            worths[at] = worths[at - 1];
            ret_found->ranking[at] = ret_found->ranking[at - 1];
        }
        worths[at] = value;
        ret_found->ranking[at] = links[i].node;
        ret_found->ranking_count += ret_found->ranking_count < MATCH_RANKING_MAX;
    }
    if (ret_found->ranking_count > 0) {
        ret_found->node = ret_found->ranking[0];
        ret_found->confidence = confidence(match, old, ret_found->node);
    }
}
