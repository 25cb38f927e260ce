/* match_pair.c - how alike two elements are, by themselves. */
#include "actors/healer/match_pair.h"

#include <math.h>

struct pair {
    const struct match_pages *pages;
    const struct match_node *a;
    const struct match_node *b;
    const struct tree_node *from;
    const struct tree_node *to;
    float *f;
};

/* Which features to write of two bags; FEATURE_COUNT: that one is not wanted. */
struct bag_features {
    enum match_bag bag;
    enum match_feature dice, inside, one, none, strange, swapped;
};

static inline void put(const struct pair *pair, enum match_feature feature, float value)
{
    if (feature != FEATURE_COUNT) {
        pair->f[feature] = value;
    }
}

/* Of what is not written, 0 stands there already.  Inlined, so that it is compiled for each row of
 * the table below by itself. */
__attribute__((always_inline)) static inline void compare_bags(const struct pair *pair,
                                                               const struct bag_features want)
{
    uint32_t of_a = pair->a->bags[want.bag];
    uint32_t of_b = pair->b->bags[want.bag];
    if (of_a == 0 || of_b == 0) {
        put(pair, want.one, truth(of_a != of_b));
        put(pair, want.none, truth(of_a == of_b));
        return;
    }
    const struct bag *a = bag_at(&pair->pages->lexicon, of_a);
    const struct bag *b = bag_at(&pair->pages->lexicon, of_b);
    float common = bag_common(&pair->pages->lexicon, a, b);
    if (common <= 0) {
        put(pair, want.strange, 1);
        return;
    }
    put(pair, want.dice, 2 * common / (a->weight + b->weight));
    put(pair, want.inside, common / smaller(a->weight, b->weight));
    /* Each has words that the other has not: not one with more words, but another one. */
    put(pair, want.swapped,
        smaller(a->weight - common, b->weight - common) /
            (a->weight > b->weight ? a->weight : b->weight));
}

#define NOT      FEATURE_COUNT
#define BAG(...) compare_bags(pair, (struct bag_features){__VA_ARGS__})
static void compare_words(const struct pair *pair)
{
    BAG(BAG_NAME, FEATURE_NAME_DICE, FEATURE_NAME_INSIDE, FEATURE_NAME_ONE, FEATURE_NAME_NONE,
        FEATURE_NAME_STRANGE, FEATURE_NAME_SWAPPED);
    BAG(BAG_OWN, FEATURE_OWN_DICE, NOT, FEATURE_OWN_ONE, NOT, FEATURE_OWN_STRANGE, NOT);
    BAG(BAG_TEXT, FEATURE_TEXT_DICE, NOT, FEATURE_TEXT_ONE, NOT, FEATURE_TEXT_STRANGE,
        FEATURE_TEXT_SWAPPED);
    BAG(BAG_LABEL, FEATURE_LABEL_DICE, FEATURE_LABEL_INSIDE, FEATURE_LABEL_ONE, NOT, NOT, NOT);
    BAG(BAG_IDENT, FEATURE_IDENT_DICE, FEATURE_IDENT_INSIDE, FEATURE_IDENT_ONE, FEATURE_IDENT_NONE,
        FEATURE_IDENT_STRANGE, NOT);
    BAG(BAG_ALL, FEATURE_ALL_DICE, FEATURE_ALL_INSIDE, NOT, NOT, FEATURE_ALL_STRANGE, NOT);
    BAG(BAG_NEAR, FEATURE_NEAR_DICE, NOT, FEATURE_NEAR_ONE, NOT, FEATURE_NEAR_STRANGE,
        FEATURE_NEAR_SWAPPED);
    BAG(BAG_HEAD, FEATURE_HEAD_DICE, NOT, NOT, NOT, FEATURE_HEAD_STRANGE, NOT);
    BAG(BAG_KEY, FEATURE_KEY_DICE, FEATURE_KEY_INSIDE, FEATURE_KEY_ONE, NOT, FEATURE_KEY_STRANGE,
        NOT);
    BAG(BAG_LEAD, FEATURE_LEAD_DICE, FEATURE_LEAD_INSIDE, NOT, NOT, FEATURE_LEAD_STRANGE, NOT);
}
#undef BAG
#undef NOT

static float alike_letters(const struct match_node *a, const struct match_node *b)
{
    uint64_t both[2] = {a->letters[0] & b->letters[0], a->letters[1] & b->letters[1]};
    if ((both[0] | both[1]) == 0) {
        return 0;
    }
    int count = __builtin_popcountll(both[0]) + __builtin_popcountll(both[1]);
    return 2 * (float)count / (float)(a->letters_count + b->letters_count);
}

static float equal(uint32_t a, uint32_t b)
{
    return truth(a != 0 && a == b);
}

static float other(uint32_t a, uint32_t b)
{
    return truth(a != 0 && b != 0 && a != b);
}

/* On how many elements of either page the value is, the larger of the two. */
static float seen(uint16_t *const counts[2], uint32_t value)
{
    uint16_t a = counts[0][value & (ATTRS_SEEN - 1)];
    uint16_t b = counts[1][value & (ATTRS_SEEN - 1)];
    return (float)(a > b ? a : b);
}

static void compare_attrs(const struct pair *pair)
{
    const struct match_attr *a = pair->pages->sides[0].attrs;
    const struct match_attr *b = pair->pages->sides[1].attrs;
    uint32_t i = pair->a->attrs;
    uint32_t j = pair->b->attrs;
    uint32_t i_end = i + pair->a->attrs_count;
    uint32_t j_end = j + pair->b->attrs_count;
    float same = 0;
    float rare = 0;
    float differ = 0;
    while (i < i_end && j < j_end) {
        if (a[i].name != b[j].name) {
            if (a[i].name < b[j].name) {
                i++;
            } else {
                j++;
            }
            continue;
        }
        if (a[i].value == b[j].value) {
            same++;
            rare += 1 / seen(pair->pages->attrs_seen, a[i].value);
        } else {
            differ++;
        }
        i++;
        j++;
    }
    pair->f[FEATURE_ATTRS_EQUAL] = same / (1 + same);
    pair->f[FEATURE_ATTRS_RARE] = smaller(1, rare);
    pair->f[FEATURE_ATTRS_OTHER] = differ / (1 + differ);
    /* A number at the end counts elements: it says where, not which. */
    pair->f[FEATURE_ID_EQUAL] = equal(pair->a->id, pair->b->id) * (pair->a->id_counted ? 0.3f : 1);
    pair->f[FEATURE_TESTID_EQUAL] =
        equal(pair->a->testid, pair->b->testid) - other(pair->a->testid, pair->b->testid);
    pair->f[FEATURE_HREF_EQUAL] = equal(pair->a->href, pair->b->href);
    pair->f[FEATURE_HREF_OTHER] = other(pair->a->href, pair->b->href);
    pair->f[FEATURE_TYPE_EQUAL] = equal(pair->a->type, pair->b->type);
    pair->f[FEATURE_TYPE_OTHER] = other(pair->a->type, pair->b->type);
}

static void compare_kinds(const struct pair *pair)
{
    const struct match_node *a = pair->a;
    const struct match_node *b = pair->b;
    bool same = a->role == b->role;
    pair->f[FEATURE_ROLE_EQUAL] = same;
    pair->f[FEATURE_ROLE_KIN] = truth(!same && equal(a->kin, b->kin) > 0);
    pair->f[FEATURE_ROLE_ONE] = truth(!same && (a->role == 0 || b->role == 0));
    pair->f[FEATURE_ROLE_OTHER] = truth(a->role && b->role && !same && equal(a->kin, b->kin) <= 0);
    pair->f[FEATURE_TAG_EQUAL] = truth(a->tag == b->tag);
    int32_t parts_a = pair->from->end - tree_index(pair->pages->sides[0].tree, pair->from);
    int32_t parts_b = pair->to->end - tree_index(pair->pages->sides[1].tree, pair->to);
    pair->f[FEATURE_LEAF_EQUAL] = truth((parts_a == 1) == (parts_b == 1));
    pair->f[FEATURE_SIZE_LIKE] = (float)(parts_a < parts_b ? parts_a : parts_b) /
                                 (float)(parts_a > parts_b ? parts_a : parts_b);
}

static float ratio(float a, float b)
{
    return a > b ? b / a : a < b ? a / b : 1;
}

static bool is_drawn(const struct tree_node *node)
{
    return node->placed && node->w > 0 && node->h > 0;
}

static void compare_places(const struct pair *pair)
{
    const struct tree_node *a = pair->from;
    const struct tree_node *b = pair->to;
    bool known = is_drawn(a) && is_drawn(b);
    pair->f[FEATURE_UNPLACED] = truth(is_drawn(a) != is_drawn(b));
    pair->f[FEATURE_DISTANCE] = 0;
    pair->f[FEATURE_ROW_DISTANCE] = 0;
    pair->f[FEATURE_AREA_LIKE] = 0;
    if (known) {
        float dx = fabsf(a->x + a->w / 2 - b->x - b->w / 2);
        float dy = fabsf(a->y + a->h / 2 - b->y - b->h / 2);
        pair->f[FEATURE_DISTANCE] = 1 / (1 + (dx + dy) / 100);
        pair->f[FEATURE_ROW_DISTANCE] = 1 / (1 + fabsf(a->y / pair->pages->sides[0].tree->height -
                                                       b->y / pair->pages->sides[1].tree->height) *
                                                     10);
        pair->f[FEATURE_AREA_LIKE] = ratio(a->w + 1, b->w + 1) * ratio(a->h + 1, b->h + 1);
    }
}

static void compare_paths(const struct pair *pair)
{
    const struct match_node *a = pair->a;
    const struct match_node *b = pair->b;
    uint16_t least = a->steps_count < b->steps_count ? a->steps_count : b->steps_count;
    uint16_t most = a->steps_count > b->steps_count ? a->steps_count : b->steps_count;
    uint16_t tail = 0;
    uint16_t head = 0;
    while (tail < least && a->steps[tail] == b->steps[tail]) {
        tail++;
    }
    while (head < least - tail &&
           a->steps[a->steps_count - 1 - head] == b->steps[b->steps_count - 1 - head]) {
        head++;
    }
    pair->f[FEATURE_PATH_EQUAL] = equal(a->path, b->path);
    pair->f[FEATURE_PATH_LIKE] = most > 0 ? (float)(tail + head) / (float)most : 0;
    pair->f[FEATURE_DEPTH_LIKE] = 1 / (1 + fabsf((float)a->steps_count - (float)b->steps_count));
    pair->f[FEATURE_RANK_LIKE] = 1 / (1 + fabsf((float)a->rank - (float)b->rank));
    float order_a = (float)tree_index(pair->pages->sides[0].tree, pair->from) /
                    (float)pair->pages->sides[0].tree->count;
    float order_b = (float)tree_index(pair->pages->sides[1].tree, pair->to) /
                    (float)pair->pages->sides[1].tree->count;
    pair->f[FEATURE_ORDER_LIKE] = 1 / (1 + fabsf(order_a - order_b) * 10);
}

void pair_features(const struct match_pages *pages, int32_t old, int32_t new, float *features)
{
    const struct pair pair = {.pages = pages,
                              .a = &pages->sides[0].nodes[old],
                              .b = &pages->sides[1].nodes[new],
                              .from = &pages->sides[0].tree->nodes[old],
                              .to = &pages->sides[1].tree->nodes[new],
                              .f = features};
    compare_words(&pair);
    features[FEATURE_NAME_EXACT] = equal(pair.a->name, pair.b->name);
    features[FEATURE_NAME_LETTERS] = alike_letters(pair.a, pair.b);
    features[FEATURE_NAME_UNIQUE] =
        truth(features[FEATURE_NAME_EXACT] > 0 && pair.a->role == pair.b->role &&
              seen(pages->texts_seen, pair.a->name ^ pair.a->role) <= 1);
    features[FEATURE_OWN_EXACT] = equal(pair.a->own, pair.b->own);
    features[FEATURE_TEXT_EXACT] = equal(pair.a->text, pair.b->text);
    features[FEATURE_TEXT_UNIQUE] =
        truth(features[FEATURE_TEXT_EXACT] > 0 && pair.a->tag == pair.b->tag &&
              seen(pages->texts_seen, pair.a->text ^ pair.a->tag) <= 1);
    features[FEATURE_HUSK_OTHER] = truth(pair.a->husk != pair.b->husk);
    features[FEATURE_WORDS_EXCLUDE] =
        bag_conflict(&pages->lexicon, bag_at(&pages->lexicon, pair.a->bags[BAG_LABEL]),
                     bag_at(&pages->lexicon, pair.b->bags[BAG_LABEL]));
    compare_attrs(&pair);
    compare_kinds(&pair);
    compare_places(&pair);
    compare_paths(&pair);
}
