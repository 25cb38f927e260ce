/* match_structure.c - what others have become, as evidence for a pair. */
#include <math.h>
#include <string.h>

#include "actors/healer/match_priv.h"

enum { PARTS_LOOKED_AT = 48, WINDOW = 8 };

static bool is_sure(const struct match *match, int side, int32_t node)
{
    return match->become[side][node] >= 0 && match->sure[side][node] > match_sure_min;
}

/* Of the sure ancestors of `node`, the nearest first: how many have become ancestors of `other`. */
static float inside(const struct match *match, int side, int32_t node, int32_t other,
                    float *ret_nearest)
{
    const struct tree *there = match->pages.sides[!side].tree;
    float weight = 1;
    float sum = 0;
    float all = 0;
    *ret_nearest = 0;
    for (int32_t up = match->up[side][node]; up >= 0 && weight > 0.1f; up = match->up[side][up]) {
        int32_t become = match->become[side][up];
        float in = truth(other != become && tree_inside(there, other, become));
        *ret_nearest = all > 0 ? *ret_nearest : in > 0 ? 1 : -1;
        sum += weight * in;
        all += weight;
        weight *= 0.5f;
    }
    return all > 0 ? sum / all : 0;
}

/* ---- ways ---- */

static uint32_t way_slot(int what, uint32_t from, uint32_t to)
{
    uint32_t hash = (from * 2654435761u) ^ (to * 2246822519u) ^ (uint32_t)what;
    return (hash ^ (hash >> 15)) & (WAYS - 1);
}

/* `to` 0: whatever it became. */
static uint16_t way_count(const struct match *match, int what, uint32_t from, uint32_t to)
{
    return match->ways[way_slot(what, from, to)];
}

static void count_way(struct match *match, int what, uint32_t from, uint32_t to)
{
    uint16_t *at = &match->ways[way_slot(what, from, to)];
    *at = (uint16_t)(*at + (*at < UINT16_MAX));
}

/* What holds each element; parents come before. */
static void find_ups(struct match *match, int side)
{
    const struct tree *tree = match->pages.sides[side].tree;
    for (size_t i = 0; i < tree->count; i++) {
        int32_t up = tree->nodes[i].parent;
        bool counts = up >= 0 && tree->nodes[up].parent >= 0 && is_sure(match, side, up);
        match->up[side][i] = counts || up < 0 ? up : match->up[side][up];
    }
}

/* The nearest sure element before or behind `old` that neither holds it nor is in it; -1. */
static int32_t neighbour(const struct match *match, int32_t old, int direction)
{
    const struct tree *tree = match->pages.sides[0].tree;
    int32_t at = direction < 0 ? old - 1 : tree->nodes[old].end;
    for (int i = 0; i < WINDOW && at >= 0 && at < (int32_t)tree->count; i++, at += direction) {
        if (is_sure(match, 0, at) && !tree_inside(tree, old, at)) {
            return at;
        }
    }
    return -1;
}

void structure_prepare(struct match *match)
{
    memset(match->ways, 0, sizeof match->ways);
    find_ups(match, 0);
    find_ups(match, 1);
    for (size_t i = 0; i < match->pages.sides[0].tree->count; i++) {
        match->near[0][i] = neighbour(match, (int32_t)i, -1);
        match->near[1][i] = neighbour(match, (int32_t)i, 1);
        if (!is_sure(match, 0, (int32_t)i)) {
            continue;
        }
        const struct match_node *a = &match->pages.sides[0].nodes[i];
        const struct match_node *b = &match->pages.sides[1].nodes[match->become[0][i]];
        uint32_t of[2] = {a->name, a->classes};
        uint32_t is[2] = {b->name, b->classes};
        for (int what = 0; what < 2; what++) {
            if (of[what] != 0) {
                count_way(match, what, of[what], 0);
                count_way(match, what, of[what], is[what] | 1);
            }
        }
    }
}

static void compare_parents(const struct match *match, int32_t old, int32_t new, float *f)
{
    const struct tree *tree = match->pages.sides[0].tree;
    const struct tree *there = match->pages.sides[1].tree;
    int32_t up = tree->nodes[old].parent;
    int32_t other = there->nodes[new].parent;
    f[FEATURE_PARENT] = 0;
    if (up >= 0 && is_sure(match, 0, up) && other >= 0) {
        int32_t become = match->become[0][up];
        f[FEATURE_PARENT] = become == other ? 1 : become == there->nodes[other].parent ? 0.5f : 0;
    }
}

/* Of the sure elements in `old`: how many have become elements in `new`. */
static void compare_parts(const struct match *match, int32_t old, int32_t new, float *f)
{
    const struct tree_node *from = &match->pages.sides[0].tree->nodes[old];
    const struct tree_node *to = &match->pages.sides[1].tree->nodes[new];
    int32_t of_old = match->sums[0][from->end] - match->sums[0][old + 1];
    int32_t of_new = match->sums[1][to->end] - match->sums[1][new + 1];
    f[FEATURE_PARTS] = 0;
    f[FEATURE_PARTS_NONE] = 0;
    if (of_old == 0 && of_new == 0) {
        return;
    }
    int32_t stride = 1 + (from->end - old) / PARTS_LOOKED_AT;
    int32_t looked = 0;
    int32_t common = 0;
    for (int32_t i = old + 1; i < from->end; i += stride) {
        if (is_sure(match, 0, i)) {
            int32_t become = match->become[0][i];
            looked++;
            common += become != new &&tree_inside(match->pages.sides[1].tree, become, new);
        }
    }
    float share = looked > 0 ? (float)common / (float)looked * (float)of_old : 0;
    f[FEATURE_PARTS] = smaller(1, 2 * share / (float)(of_old + of_new));
    f[FEATURE_PARTS_NONE] = truth(common == 0);
}

/* 1 when the neighbour is as near as it was, less when farther, -0.5 when on the other side. */
static float as_before(const struct match *match, int32_t old, int32_t new, int direction)
{
    int32_t near = match->near[direction > 0][old];
    if (near < 0) {
        return 0;
    }
    int32_t become = match->become[0][near];
    if ((become - new) * direction <= 0) {
        return -0.5f;
    }
    const struct tree_node *from = match->pages.sides[0].tree->nodes;
    const struct tree_node *to = match->pages.sides[1].tree->nodes;
    int32_t was = direction < 0 ? old - near : near - from[old].end;
    int32_t is = direction < 0 ? new - become : become - to[new].end;
    return 1 / (1 + 0.3f * fabsf((float)(was - is)));
}

/* How others with the same name (or classes) have changed theirs: the same way, or another. */
static void compare_ways(const struct match *match, int32_t old, int32_t new, float *f)
{
    const struct match_node *a = &match->pages.sides[0].nodes[old];
    const struct match_node *b = &match->pages.sides[1].nodes[new];
    int32_t mine = is_sure(match, 0, old) ? match->become[0][old] : -1;
    const struct match_node *m = mine >= 0 ? &match->pages.sides[1].nodes[mine] : NULL;
    uint32_t of[2] = {a->name, a->classes};
    uint32_t is[2] = {b->name, b->classes};
    uint32_t was[2] = {m ? m->name : 0, m ? m->classes : 0};
    for (int i = 0; i < 2; i++) {
        float *way = &f[i == 0 ? FEATURE_NAME_WAY : FEATURE_CLASS_WAY];
        float *other = &f[i == 0 ? FEATURE_NAME_WAY_OTHER : FEATURE_CLASS_WAY_OTHER];
        *way = *other = 0;
        if (of[i] == 0) {
            continue;
        }
        /* What this very element is believed to have become is no evidence. */
        float all = (float)way_count(match, i, of[i], 0) - truth(m != NULL);
        float same = (float)way_count(match, i, of[i], is[i] | 1) - truth(m && was[i] == is[i]);
        *way = all > 0 ? same / (all + 0.5f) : 0;
        *other = all > 0 ? 1 - same / all : 0;
    }
}

void structure_features(const struct match *match, int32_t old, int32_t new, float *features)
{
    float *f = features;
    float nearest;
    f[FEATURE_INSIDE_ALL] = inside(match, 0, old, new, &nearest);
    f[FEATURE_INSIDE] = truth(nearest > 0);
    f[FEATURE_OUTSIDE] = truth(nearest < 0);
    f[FEATURE_INSIDE_BACK] = inside(match, 1, new, old, &nearest);
    compare_parents(match, old, new, f);
    compare_parts(match, old, new, f);
    f[FEATURE_BEFORE] = as_before(match, old, new, -1);
    f[FEATURE_AFTER] = as_before(match, old, new, 1);
    compare_ways(match, old, new, f);
    f[FEATURE_BETWEEN] = truth(f[FEATURE_BEFORE] > 0 && f[FEATURE_AFTER] > 0);
}
