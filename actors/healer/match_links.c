/* match_links.c - which new elements an old one may have become at all. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "actors/healer/match_priv.h"

enum {
    WORD_ELEMENTS_MAX = 64, /* a word on more elements than these leads to nobody */
    COMPARED_MAX = 8,       /* so many of those that share rare words are compared in full */
    PARENT_CHILDREN_MAX = 32
};

typedef float wide __attribute__((vector_size(16))); /* what every processor has */

static wide load(const float *from)
{
    wide to;
    memcpy(&to, from, sizeof to);
    return to;
}

/* Sums of own features, weighed for both stages, twice four at a time. */
static void weigh(const struct match *match, const float *features, float sums[2])
{
    enum { LANES = 4 };
    const struct match_weights *weights = &match_weights[match->kind];
    for (int stage = 0; stage < 2; stage++) {
        const float *weight = weights->pair[stage];
        wide low = {weights->bias[stage]};
        wide high = {0};
        size_t i = 0;
        for (; i + 2 * LANES <= FEATURES_OWN; i += 2 * LANES) {
            low += load(features + i) * load(weight + i);
            high += load(features + i + LANES) * load(weight + i + LANES);
        }
        float rest = low[0];
        for (; i < FEATURES_OWN; i++) {
            rest += weight[i] * features[i];
        }
        sums[stage] =
            ((rest + low[1]) + (low[2] + low[3])) + ((high[0] + high[1]) + (high[2] + high[3]));
    }
}

static bool is_linked(const struct match *match, int32_t old, int32_t new)
{
    const struct match_link *links = match_links_of(match, old);
    for (size_t i = 0; i < match->links_count[old]; i++) {
        if (links[i].node == new) {
            return true;
        }
    }
    return false;
}

/* What was filled, checked or chosen from must still be such; and a row does not become a part of
 * another one. */
static bool is_possible(const struct match *match, int32_t old, int32_t new)
{
    const struct match_node *from = &match->pages.sides[0].nodes[old];
    const struct match_node *to = &match->pages.sides[1].nodes[new];
    if (match->kind == MATCH_FINGERPRINTS) {
        return true; /* roles are guesses there */
    }
    return (!from->is_row || to->is_row || !to->in_row) &&
           (from->role == 0 || from->can == 0 || to->can != 0);
}

/* Of more than links_max the best stay. */
static void add_link(struct match *match, int32_t old, int32_t new)
{
    float features[FEATURE_COUNT];
    struct match_link *links = match_links_of(match, old);
    if (!is_possible(match, old, new)) {
        return;
    }
    match_features(match, old, new, features);
    struct match_link link = {.node = new};
    weigh(match, features, link.own);
    link.score = link.own[0];
    size_t at = match->links_count[old];
    if (at == match->links_max && links[at - 1].own[0] >= link.own[0]) {
        return;
    }
    at = at == match->links_max ? at - 1 : at;
    for (; at > 0 && links[at - 1].own[0] < link.own[0]; at--) {
        links[at] = links[at - 1];
    }
    links[at] = link;
    match->links_count[old] =
        (uint8_t)(match->links_count[old] + (match->links_count[old] < match->links_max));
}

/* ---- pages that are small ---- */

static void link_all(struct match *match)
{
    int32_t begin = match->kind == MATCH_FINGERPRINTS; /* the root is none of theirs */
    for (int32_t i = begin; i < (int32_t)match->pages.sides[0].tree->count; i++) {
        for (int32_t j = begin; j < (int32_t)match->pages.sides[1].tree->count; j++) {
            add_link(match, i, j);
        }
    }
}

/* ---- others: by equal signs, then by words ---- */

struct index {
    int32_t *first; /* by word: the first entry */
    int32_t *next;  /* by entry */
    int32_t *node;
    size_t count;
};

static void index_free(struct index *self)
{
    free(self->first);
    free(self->next);
    free(self->node);
}

static enum err index_make(struct index *self, const struct match *match)
{
    const struct match_side *side = &match->pages.sides[1];
    size_t entries = 0;
    for (size_t i = 0; i < side->tree->count; i++) {
        entries += bag_at(&match->pages.lexicon, side->nodes[i].bags[BAG_ALL])->count;
    }
    self->first = malloc((match->pages.lexicon.words_count + 1) * sizeof self->first[0]);
    self->next = malloc((entries + 1) * sizeof self->next[0]);
    self->node = malloc((entries + 1) * sizeof self->node[0]);
    if (!self->first || !self->next || !self->node) {
        return ERR_MEMORY;
    }
    memset(self->first, 0xff, (match->pages.lexicon.words_count + 1) * sizeof self->first[0]);
    for (size_t i = side->tree->count; i-- > 0;) {
        const struct bag *bag = bag_at(&match->pages.lexicon, side->nodes[i].bags[BAG_ALL]);
        for (size_t j = 0; j < bag->count; j++) {
            uint32_t word = match->pages.lexicon.pool[bag->first + j];
            self->node[self->count] = (int32_t)i;
            self->next[self->count] = self->first[word];
            self->first[word] = (int32_t)self->count++;
        }
    }
    return ERR_OK;
}

/* Elements that share rare words with one old element, by the weight of these words. */
struct shared {
    float *weight;  /* of each new element */
    int32_t *nodes; /* those that share any */
    size_t count;
};

static void share_words(struct shared *self, const struct match *match, int32_t old,
                        const struct index *index)
{
    const struct lexicon *lexicon = &match->pages.lexicon;
    const struct bag *bag = bag_at(lexicon, match->pages.sides[0].nodes[old].bags[BAG_ALL]);
    self->count = 0;
    for (size_t i = 0; i < bag->count; i++) {
        const struct lexicon_word *word = &lexicon->words[lexicon->pool[bag->first + i]];
        int32_t at = index->first[lexicon->pool[bag->first + i]];
        for (; at >= 0 && word->count <= WORD_ELEMENTS_MAX; at = index->next[at]) {
            int32_t node = index->node[at];
            if (self->weight[node] <= 0) {
                self->nodes[self->count++] = node;
            }
            self->weight[node] += word->weight;
        }
    }
}

/* Only the most promising ones are compared in full. */
static void link_by_words(struct match *match, int32_t old, const struct index *index,
                          struct shared *shared)
{
    static const float same_role = 4;
    static const float same_tag = 2;
    static const float promising = 0.5f; /* what shares less than half as much is not */
    const struct match_node *from = &match->pages.sides[0].nodes[old];
    int32_t best[COMPARED_MAX];
    float worth[COMPARED_MAX];
    size_t count = 0;
    share_words(shared, match, old, index);
    for (size_t i = 0; i < shared->count; i++) {
        int32_t node = shared->nodes[i];
        const struct match_node *to = &match->pages.sides[1].nodes[node];
        float value = shared->weight[node] + same_role * truth(from->role == to->role) +
                      same_tag * truth(from->tag == to->tag);
        shared->weight[node] = 0;
        if (count == COMPARED_MAX && value <= worth[count - 1]) {
            continue;
        }
        size_t at = count < COMPARED_MAX ? count++ : count - 1;
        for (; at > 0 && worth[at - 1] < value; at--) {
            worth[at] = worth[at - 1];
            best[at] = best[at - 1];
        }
        worth[at] = value;
        best[at] = node;
    }
    for (size_t i = 0; i < count && worth[i] >= promising * worth[0]; i++) {
        add_link(match, old, best[i]);
    }
}

static enum err link_all_by_words(struct match *match)
{
    size_t count = match->pages.sides[1].tree->count + 1;
    struct index index = {0};
    struct shared shared = {.weight = calloc(count, sizeof shared.weight[0]),
                            .nodes = calloc(count, sizeof shared.nodes[0])};
    enum err err = shared.weight && shared.nodes ? index_make(&index, match) : ERR_MEMORY;
    for (size_t i = 0; err == ERR_OK && i < match->pages.sides[0].tree->count; i++) {
        if (match->links_count[i] == 0) {
            link_by_words(match, (int32_t)i, &index, &shared);
        }
    }
    index_free(&index);
    free(shared.weight);
    free(shared.nodes);
    return err;
}

struct signed_node {
    uint32_t sign;
    int32_t node;
};

/* By sign, equal ones in the order of the page: a byte a turn.  `scrap` has room for all. */
static void sort_signs(struct signed_node *signs, struct signed_node *scrap, size_t count)
{
    enum { BYTE = 8, VALUES = 1 << BYTE, TURNS = 4 }; /* an even number: it ends where it began */
    for (int turn = 0; turn < TURNS; turn++) {
        size_t first[VALUES + 1] = {0};
        for (size_t i = 0; i < count; i++) {
            first[(signs[i].sign >> (BYTE * turn) & (VALUES - 1)) + 1]++;
        }
        for (size_t i = 1; i <= VALUES; i++) {
            first[i] += first[i - 1];
        }
        for (size_t i = 0; i < count; i++) {
            scrap[first[signs[i].sign >> (BYTE * turn) & (VALUES - 1)]++] = signs[i];
        }
        struct signed_node *sorted = scrap;
        scrap = signs;
        signs = sorted;
    }
}

static struct signed_node *signs_of(const struct match_side *side)
{
    struct signed_node *signs = calloc(2 * side->tree->count + 1, sizeof signs[0]);
    for (size_t i = 0; signs && i < side->tree->count; i++) {
        signs[i] = (struct signed_node){.sign = side->nodes[i].sign, .node = (int32_t)i};
    }
    if (signs) {
        sort_signs(signs, signs + side->tree->count, side->tree->count);
    }
    return signs;
}

static size_t run_of(const struct signed_node *signs, size_t at, size_t count)
{
    size_t end = at + 1;
    while (end < count && signs[end].sign == signs[at].sign) {
        end++;
    }
    return end - at;
}

/* What is the same in all respects, and nothing else is, need not be compared with others.  The
 * same number of equal ones are taken in their order. */
static enum err link_by_sign(struct match *match)
{
    const struct match_side *sides = match->pages.sides;
    struct signed_node *olds = signs_of(&sides[0]);
    struct signed_node *news = signs_of(&sides[1]);
    size_t i = 0;
    size_t j = 0;
    while (olds && news && i < sides[0].tree->count && j < sides[1].tree->count) {
        if (olds[i].sign != news[j].sign) {
            i += olds[i].sign < news[j].sign;
            j += i < sides[0].tree->count && news[j].sign < olds[i].sign;
            continue;
        }
        size_t old_run = run_of(olds, i, sides[0].tree->count);
        size_t new_run = run_of(news, j, sides[1].tree->count);
        for (size_t k = 0; old_run == new_run && k < old_run; k++) {
            add_link(match, olds[i + k].node, news[j + k].node);
        }
        i += old_run;
        j += new_run;
    }
    enum err err = olds && news ? ERR_OK : ERR_MEMORY;
    free(olds);
    free(news);
    return err;
}

enum err links_find(struct match *match)
{
    if (!match_is_large(&match->pages) || match->kind == MATCH_FINGERPRINTS) {
        link_all(match);
        return ERR_OK;
    }
    enum err err = link_by_sign(match);
    return err == ERR_OK ? link_all_by_words(match) : err;
}

/* ---- out of structure ---- */

static void link_children(struct match *match, int32_t old, int32_t parent)
{
    const struct tree *tree = match->pages.sides[1].tree;
    size_t count = 0;
    for (int32_t i = parent + 1; i < tree->nodes[parent].end && count < PARENT_CHILDREN_MAX; i++) {
        if (tree->nodes[i].depth > tree->nodes[parent].depth + 2) {
            continue;
        }
        count++;
        if (!is_linked(match, old, i)) {
            add_link(match, old, i);
        }
    }
}

void links_extend(struct match *match)
{
    const struct tree *tree = match->pages.sides[0].tree;
    for (size_t i = 0; i < tree->count; i++) {
        int32_t up = tree->nodes[i].parent;
        if (up >= 0 && match->become[0][up] >= 0 && match->sure[0][up] > match_sure_min &&
            match->sure[0][i] <= match_sure_min) {
            link_children(match, (int32_t)i, match->become[0][up]);
        }
    }
}
