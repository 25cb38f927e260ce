/* xpath_eval.c - what XPath 1.0 gives on a page. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "actors/healer/xpath_priv.h"
#include "actors/healer/xpath_value.h"

/* ---- axes ---- */

static const struct tree_node *node_at(const struct xpath_run *run, int32_t node)
{
    return &run->search->tree->nodes[node];
}

static bool test_fits(const struct xpath_run *run, const struct xpath_step *step,
                      struct xpath_item item)
{
    const struct tree_node *node = item.node >= 0 ? node_at(run, item.node) : NULL;
    switch (step->test) {
    case TEST_NODE:
        return true;
    case TEST_TEXT:
        return item.kind == ITEM_TEXT;
    case TEST_OTHER:
        return false;
    case TEST_ANY:
        return item.kind == (step->axis == AXIS_ATTRIBUTE ? ITEM_ATTR : ITEM_ELEMENT);
    case TEST_NAME:
        break;
    }
    if (step->axis == AXIS_ATTRIBUTE) {
        return item.kind == ITEM_ATTR && strcasecmp(node->attrs[item.sub].name, step->name) == 0;
    }
    /* What is of SVG has another namespace, which no name here has. */
    return item.kind == ITEM_ELEMENT && !node->foreign && strcasecmp(node->tag, step->name) == 0;
}

static void try_item(struct xpath_run *run, const struct xpath_step *step, struct xpath_item item,
                     struct xpath_set *set)
{
    if (sel_work(run->search, 1) && test_fits(run, step, item)) {
        xpath_set_add(run, set, item);
    }
}

static struct xpath_item element(int32_t node)
{
    return (struct xpath_item){.kind = ITEM_ELEMENT, .node = node};
}

/* The children of an element and their descendants, with texts, in their order. */
static void add_children(struct xpath_run *run, const struct xpath_step *step, int32_t parent,
                         bool deep, struct xpath_set *set)
{
    const struct tree *tree = run->search->tree;
    int32_t t = tree->nodes[parent].texts;
    for (int32_t child = tree->nodes[parent].first;; child = tree->nodes[child].next) {
        for (; t >= 0 && (child < 0 || tree->texts[t].before == child); t = tree->texts[t].next) {
            try_item(run, step, (struct xpath_item){.kind = ITEM_TEXT, .node = parent, .sub = t},
                     set);
        }
        if (child < 0) {
            break;
        }
        if (!tree->nodes[child].shadow) {
            try_item(run, step, element(child), set);
            if (deep) {
                add_children(run, step, child, true, set);
            }
        }
    }
}

static void add_siblings(struct xpath_run *run, const struct xpath_step *step, int32_t node,
                         bool following, struct xpath_set *set)
{
    const struct tree *tree = run->search->tree;
    int32_t parent = tree->nodes[node].parent;
    if (parent < 0) {
        return;
    }
    for (int32_t i = tree->nodes[parent].first; i >= 0; i = tree->nodes[i].next) {
        if (i != node && (i > node) == following && !tree->nodes[i].shadow) {
            try_item(run, step, element(i), set);
        }
    }
}

static void add_all(struct xpath_run *run, const struct xpath_step *step, int32_t node,
                    bool following, struct xpath_set *set)
{
    const struct tree *tree = run->search->tree;
    int32_t root = tree->frames[tree->nodes[node].frame].root;
    int32_t begin = following ? tree->nodes[node].end : root;
    int32_t end = following ? tree->nodes[root].end : node;
    for (int32_t i = begin; i < end; i++) {
        if (!following && tree->nodes[i].end > node) {
            continue; /* an ancestor */
        }
        try_item(run, step, element(i), set);
    }
}

static void add_ancestors(struct xpath_run *run, const struct xpath_step *step,
                          struct xpath_item from, struct xpath_set *set)
{
    int32_t up = from.kind == ITEM_ELEMENT ? node_at(run, from.node)->parent : from.node;
    for (; up >= 0; up = node_at(run, up)->parent) {
        try_item(run, step, element(up), set);
    }
    try_item(run, step, (struct xpath_item){.kind = ITEM_ROOT, .node = -1}, set);
}

/* Of the document, whose only child is the root of the frame. */
static void walk_root(struct xpath_run *run, const struct xpath_step *step, struct xpath_set *set)
{
    bool down = step->axis == AXIS_CHILD || step->axis == AXIS_DESCENDANT ||
                step->axis == AXIS_DESCENDANT_OR_SELF;
    if (step->axis == AXIS_SELF || step->axis == AXIS_DESCENDANT_OR_SELF ||
        step->axis == AXIS_ANCESTOR_OR_SELF) {
        try_item(run, step, (struct xpath_item){.kind = ITEM_ROOT, .node = -1}, set);
    }
    if (down) {
        try_item(run, step, element(run->root), set);
    }
    if (down && step->axis != AXIS_CHILD) {
        add_children(run, step, run->root, true, set);
    }
}

static void walk_axis(struct xpath_run *run, const struct xpath_step *step, struct xpath_item from,
                      struct xpath_set *set)
{
    bool is_element = from.kind == ITEM_ELEMENT;
    switch (step->axis) {
    case AXIS_DESCENDANT_OR_SELF:
        try_item(run, step, from, set);
        __attribute__((fallthrough));
    case AXIS_DESCENDANT:
    case AXIS_CHILD:
        if (is_element) {
            add_children(run, step, from.node, step->axis != AXIS_CHILD, set);
        }
        break;
    case AXIS_SELF:
        try_item(run, step, from, set);
        break;
    case AXIS_PARENT:
        if (!is_element) {
            try_item(run, step, element(from.node), set);
        } else if (node_at(run, from.node)->parent >= 0) {
            try_item(run, step, element(node_at(run, from.node)->parent), set);
        } else {
            try_item(run, step, (struct xpath_item){.kind = ITEM_ROOT, .node = -1}, set);
        }
        break;
    case AXIS_ANCESTOR_OR_SELF:
        try_item(run, step, from, set);
        __attribute__((fallthrough));
    case AXIS_ANCESTOR:
        add_ancestors(run, step, from, set);
        break;
    case AXIS_FOLLOWING_SIBLING:
    case AXIS_PRECEDING_SIBLING:
        if (is_element) {
            add_siblings(run, step, from.node, step->axis == AXIS_FOLLOWING_SIBLING, set);
        }
        break;
    case AXIS_FOLLOWING:
    case AXIS_PRECEDING:
        if (is_element) {
            add_all(run, step, from.node, step->axis == AXIS_FOLLOWING, set);
        }
        break;
    case AXIS_ATTRIBUTE:
        for (int32_t i = 0; is_element && i < node_at(run, from.node)->attrs_count; i++) {
            try_item(run, step, (struct xpath_item){.kind = ITEM_ATTR, .node = from.node, .sub = i},
                     set);
        }
        break;
    case AXIS_COUNT:
        break;
    }
}

/* ---- predicates and steps ---- */

static bool is_reverse(enum xpath_axis axis)
{
    return axis == AXIS_PARENT || axis == AXIS_ANCESTOR || axis == AXIS_ANCESTOR_OR_SELF ||
           axis == AXIS_PRECEDING || axis == AXIS_PRECEDING_SIBLING;
}

/* Positions count along the axis; the set is in document order. */
static void keep(struct xpath_run *run, const struct xpath *predicate, bool reverse,
                 struct xpath_set *set)
{
    size_t kept = 0;
    size_t size = set->count;
    for (size_t i = 0; i < size && run->search->err == ERR_OK; i++) {
        struct xpath_focus focus = {
            .item = set->at[i], .position = reverse ? size - i : i + 1, .size = size};
        struct xpath_value value = xpath_eval(run, predicate, &focus);
        bool good = value.kind == VALUE_NUMBER ? value.number == (double)focus.position
                                               : xpath_truth(&value);
        xpath_value_free(&value);
        if (good) {
            set->at[kept++] = set->at[i];
        }
    }
    set->count = kept;
}

static void take_step(struct xpath_run *run, const struct xpath_step *step, struct xpath_set *set)
{
    struct xpath_set all = {.at = NULL};
    for (size_t i = 0; i < set->count && run->search->err == ERR_OK; i++) {
        struct xpath_set some = {.at = NULL};
        if (set->at[i].kind == ITEM_ROOT) {
            walk_root(run, step, &some);
        } else {
            walk_axis(run, step, set->at[i], &some);
        }
        xpath_set_sort(&some);
        for (size_t j = 0; j < step->predicates_count; j++) {
            keep(run, step->predicates[j], is_reverse(step->axis), &some);
        }
        for (size_t j = 0; j < some.count; j++) {
            xpath_set_add(run, &all, some.at[j]);
        }
        free(some.at);
    }
    xpath_set_sort(&all);
    free(set->at);
    *set = all;
}

static struct xpath_value eval_path(struct xpath_run *run, const struct xpath *path,
                                    const struct xpath_focus *focus)
{
    struct xpath_value value = {.kind = VALUE_SET};
    if (path->left) {
        value = xpath_eval(run, path->left, focus);
        if (value.kind != VALUE_SET) {
            xpath_value_free(&value);
            return (struct xpath_value){.kind = VALUE_SET};
        }
        xpath_set_sort(&value.set);
        for (size_t i = 0; i < path->filters_count; i++) {
            keep(run, path->filters[i], false, &value.set);
        }
    } else {
        xpath_set_add(run, &value.set, path->absolute ? run->base : focus->item);
    }
    for (size_t i = 0; i < path->steps_count && run->search->err == ERR_OK; i++) {
        take_step(run, &path->steps[i], &value.set);
    }
    return value;
}

/* ---- operators ---- */

static bool compare_numbers(enum xpath_kind kind, double a, double b)
{
    switch (kind) {
    case XPATH_EQUAL:
        return a == b;
    case XPATH_UNEQUAL:
        return a != b;
    case XPATH_LESS:
        return a < b;
    case XPATH_LESS_EQUAL:
        return a <= b;
    case XPATH_GREATER:
        return a > b;
    default:
        return a >= b;
    }
}

/* One value each, neither a set. */
static bool compare_plain(struct xpath_run *run, enum xpath_kind kind, const struct xpath_value *a,
                          const struct xpath_value *b)
{
    bool equality = kind == XPATH_EQUAL || kind == XPATH_UNEQUAL;
    if (equality && (a->kind == VALUE_TRUTH || b->kind == VALUE_TRUTH)) {
        return (xpath_truth(a) == xpath_truth(b)) == (kind == XPATH_EQUAL);
    }
    if (equality && a->kind == VALUE_TEXT && b->kind == VALUE_TEXT) {
        return (strcmp(a->text, b->text) == 0) == (kind == XPATH_EQUAL);
    }
    return compare_numbers(kind, xpath_number(run, a), xpath_number(run, b));
}

static bool compare(struct xpath_run *run, enum xpath_kind kind, const struct xpath_value *a,
                    const struct xpath_value *b)
{
    if (a->kind == VALUE_SET && b->kind != VALUE_TRUTH) {
        for (size_t i = 0; i < a->set.count && run->search->err == ERR_OK; i++) {
            struct xpath_value one = {.kind = VALUE_TEXT,
                                      .text = xpath_item_text(run, a->set.at[i])};
            if (compare(run, kind, &one, b)) {
                return true;
            }
        }
        return false;
    }
    if (b->kind == VALUE_SET && a->kind != VALUE_TRUTH) {
        for (size_t i = 0; i < b->set.count && run->search->err == ERR_OK; i++) {
            struct xpath_value one = {.kind = VALUE_TEXT,
                                      .text = xpath_item_text(run, b->set.at[i])};
            if (compare(run, kind, a, &one)) {
                return true;
            }
        }
        return false;
    }
    return compare_plain(run, kind, a, b);
}

static double calculate(enum xpath_kind kind, double a, double b)
{
    return kind == XPATH_PLUS    ? a + b
           : kind == XPATH_MINUS ? a - b
           : kind == XPATH_TIMES ? a * b
           : kind == XPATH_DIV   ? a / b
                                 : fmod(a, b);
}

static struct xpath_value eval_both(struct xpath_run *run, const struct xpath *xpath,
                                    const struct xpath_focus *focus)
{
    struct xpath_value a = xpath_eval(run, xpath->left, focus);
    struct xpath_value b = xpath_eval(run, xpath->right, focus);
    struct xpath_value value = {.kind = VALUE_TRUTH};
    if (xpath->kind == XPATH_UNION) {
        value = (struct xpath_value){.kind = VALUE_SET};
        for (size_t i = 0; i < a.set.count; i++) {
            xpath_set_add(run, &value.set, a.set.at[i]);
        }
        for (size_t i = 0; i < b.set.count; i++) {
            xpath_set_add(run, &value.set, b.set.at[i]);
        }
        xpath_set_sort(&value.set);
    } else if (xpath->kind >= XPATH_PLUS) {
        value.kind = VALUE_NUMBER;
        value.number = calculate(xpath->kind, xpath_number(run, &a), xpath_number(run, &b));
    } else {
        value.truth = compare(run, xpath->kind, &a, &b);
    }
    xpath_value_free(&a);
    xpath_value_free(&b);
    return value;
}

static bool truth_of(struct xpath_run *run, const struct xpath *xpath,
                     const struct xpath_focus *focus)
{
    struct xpath_value value = xpath_eval(run, xpath, focus);
    bool truth = xpath_truth(&value);
    xpath_value_free(&value);
    return truth;
}

struct xpath_value xpath_eval(struct xpath_run *run, const struct xpath *xpath,
                              const struct xpath_focus *focus)
{
    struct xpath_value value = {.kind = VALUE_TRUTH};
    struct xpath_value inner;
    if (!sel_work(run->search, 1)) {
        return value;
    }
    switch (xpath->kind) {
    case XPATH_OR:
        value.truth = truth_of(run, xpath->left, focus) || truth_of(run, xpath->right, focus);
        return value;
    case XPATH_AND:
        value.truth = truth_of(run, xpath->left, focus) && truth_of(run, xpath->right, focus);
        return value;
    case XPATH_NEGATIVE:
        inner = xpath_eval(run, xpath->left, focus);
        value = (struct xpath_value){.kind = VALUE_NUMBER, .number = -xpath_number(run, &inner)};
        xpath_value_free(&inner);
        return value;
    case XPATH_LITERAL:
        return (struct xpath_value){.kind = VALUE_TEXT, .text = xpath->text};
    case XPATH_NUMBER:
        return (struct xpath_value){.kind = VALUE_NUMBER, .number = xpath->number};
    case XPATH_CALL:
        return xpath_call(run, xpath, focus);
    case XPATH_PATH:
        return eval_path(run, xpath, focus);
    default:
        return eval_both(run, xpath, focus);
    }
}

enum err xpath_find(struct sel_search *search, const struct xpath *xpath, int32_t context,
                    struct selector_matches *matches)
{
    struct xpath_run run = {.search = search,
                            .root = search->tree->frames[search->tree->nodes[context].frame].root};
    const struct xpath_focus focus = {.item = run.base, .position = 1, .size = 1};
    struct xpath_value value = xpath_eval(&run, xpath, &focus);
    if (value.kind != VALUE_SET && search->err == ERR_OK) {
        search->err = ERR_MALFORMED;
    }
    for (size_t i = 0; value.kind == VALUE_SET && i < value.set.count; i++) {
        if (value.set.at[i].kind == ITEM_ELEMENT && search->err == ERR_OK &&
            !matches_add(matches, value.set.at[i].node)) {
            search->err = ERR_MEMORY;
        }
    }
    xpath_value_free(&value);
    return search->err;
}
