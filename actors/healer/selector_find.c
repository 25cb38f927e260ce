/* selector_find.c - follows the steps of a selector through a page. */
#include <stdlib.h>
#include <string.h>

#include "actors/healer/aria.h"
#include "actors/healer/selector_priv.h"

enum { MATCHES_FIRST = 16, MEMORY_MAX = 64 << 20 };

bool matches_add(struct selector_matches *matches, int32_t node)
{
    if (matches->count == matches->capacity) {
        size_t capacity = matches->capacity ? matches->capacity * 2 : MATCHES_FIRST;
        int32_t *grown = reallocarray(matches->at, capacity, sizeof *grown);
        if (!grown) {
            return false;
        }
        matches->at = grown;
        matches->capacity = capacity;
    }
    matches->at[matches->count++] = node;
    return true;
}

void selector_matches_free(struct selector_matches *matches)
{
    free(matches->at);
    *matches = (struct selector_matches){.at = NULL};
}

static const struct tree_node *at(const struct sel_search *search, int32_t node)
{
    return &search->tree->nodes[node];
}

/* ---- one element ---- */

/* Nothing of it is drawn, though it is known where things are. */
static bool is_undrawn(const struct sel_search *search, int32_t node)
{
    if (!at(search, node)->placed || strncmp(at(search, node)->tag, "opt", 3) == 0) {
        return false;
    }
    for (int32_t i = node; i < at(search, node)->end; i++) {
        if (!at(search, i)->placed || at(search, i)->w > 0 || at(search, i)->h > 0) {
            return false;
        }
    }
    return true;
}

static bool flag_fits(const struct tree_node *node, const char *name, int32_t wanted)
{
    char attr[32] = "aria-";
    const char *native = strcmp(name, "checked") == 0    ? "checked"
                         : strcmp(name, "disabled") == 0 ? "disabled"
                         : strcmp(name, "selected") == 0 ? "selected"
                                                         : NULL;
    if (strcmp(name, "level") == 0) {
        const char *level = tree_attr(node, "aria-level");
        bool heading = node->tag[0] == 'h' && node->tag[1] >= '1' && node->tag[1] <= '6';
        return (level ? (int)strtol(level, NULL, 10) : heading ? node->tag[1] - '0' : 0) == wanted;
    }
    (void)strncat(attr, name, sizeof attr - sizeof "aria-"); /* the longest fits */
    const char *value = tree_attr(node, attr);
    bool is = (value && strcmp(value, "true") == 0) || (native && tree_attr(node, native));
    return is == (wanted != 0);
}

static bool role_fits(struct sel_search *search, const struct sel_step *step, int32_t node)
{
    const struct tree_node *n = at(search, node);
    if (strcmp(n->role, step->name) != 0 || (step->named && !sel_text_fits(&step->text, n->name))) {
        return false;
    }
    for (size_t i = 0; i < SEL_FLAGS; i++) {
        if (step->flags[i] >= 0 && !flag_fits(n, sel_flags[i], step->flags[i])) {
            return false;
        }
    }
    return step->hidden || (!aria_is_hidden(search->tree, n) && !is_undrawn(search, node));
}

static bool element_fits(struct sel_search *search, const struct sel_step *step, int32_t node,
                         int32_t scope)
{
    const char *value;
    switch (step->kind) {
    case STEP_CSS:
        return css_matches(search, step->list, node, scope);
    case STEP_TEXT:
    case STEP_TEXT_OWN:
        return sel_text_innermost(search, step, node);
    case STEP_ROLE:
        return role_fits(search, step, node);
    case STEP_LABEL:
        return sel_label_fits(search, &step->text, node);
    case STEP_ATTR:
        value = tree_attr(at(search, node), step->name);
        return value && sel_text_fits(&step->text, value);
    case STEP_TESTID:
        value = tree_attr(at(search, node), search->testid);
        return value && (step->text.regex ? sel_text_fits(&step->text, value)
                                          : strcmp(step->text.text, value) == 0);
    default:
        return false;
    }
}

/* ---- one step ---- */

static bool add_once(struct sel_search *search, struct selector_matches *matches, uint8_t *seen,
                     int32_t node)
{
    if (seen[node]) {
        return true;
    }
    seen[node] = 1;
    if (!matches_add(matches, node)) {
        search->err = ERR_MEMORY;
    }
    return search->err == ERR_OK;
}

static void search_in(struct sel_search *search, const struct sel_step *step, int32_t scope,
                      struct selector_matches *found, uint8_t *seen)
{
    bool whole = at(search, scope)->parent < 0;
    if (step->kind == STEP_XPATH) {
        struct selector_matches some = {.at = NULL};
        if (xpath_find(search, step->xpath, scope, &some) == ERR_OK) {
            for (size_t i = 0; i < some.count; i++) {
                (void)add_once(search, found, seen, some.at[i]); /* its error is the search's */
            }
        }
        selector_matches_free(&some);
        return;
    }
    for (int32_t i = scope + !whole; i < at(search, scope)->end && sel_work(search, 1); i++) {
        if (element_fits(search, step, i, whole ? -1 : scope)) {
            (void)add_once(search, found, seen, i);
        }
    }
}

static enum err run_steps(struct sel_search *search, const struct selector *selector, int32_t scope,
                          struct selector_matches *matches);

/* Whether the element holds a match of the inner locator. */
static bool holds(struct sel_search *search, const struct selector *inner, int32_t node)
{
    struct selector_matches some = {.at = NULL};
    bool any = run_steps(search, inner, node, &some) == ERR_OK && some.count > 0;
    selector_matches_free(&some);
    return any;
}

static bool filter_keeps(struct sel_search *search, const struct sel_step *step, int32_t node)
{
    switch (step->kind) {
    case STEP_HAS_TEXT:
        return sel_text_in(search, &step->text, node);
    case STEP_HAS_NOT_TEXT:
        return !sel_text_in(search, &step->text, node);
    case STEP_HAS:
        return holds(search, step->inner, node);
    case STEP_HAS_NOT:
        return !holds(search, step->inner, node);
    case STEP_VISIBLE:
        return sel_is_visible(search->tree, node) == step->wanted;
    default:
        return true;
    }
}

static void take_filter(struct sel_search *search, const struct sel_step *step,
                        struct selector_matches *matches)
{
    size_t kept = 0;
    for (size_t i = 0; i < matches->count && search->err == ERR_OK; i++) {
        if (filter_keeps(search, step, matches->at[i])) {
            matches->at[kept++] = matches->at[i];
        }
    }
    matches->count = kept;
}

static void take_nth(const struct sel_step *step, struct selector_matches *matches)
{
    int64_t index = step->nth < 0 ? (int64_t)matches->count + step->nth : step->nth;
    bool there = index >= 0 && index < (int64_t)matches->count;
    if (there) {
        matches->at[0] = matches->at[index];
    }
    matches->count = there;
}

static int by_node(const void *a, const void *b)
{
    return *(const int32_t *)a - *(const int32_t *)b;
}

/* What both find, or either. */
static void take_join(struct sel_search *search, const struct sel_step *step, int32_t scope,
                      struct selector_matches *matches)
{
    struct selector_matches other = {.at = NULL};
    size_t kept = 0;
    if (run_steps(search, step->inner, scope, &other) != ERR_OK) {
        selector_matches_free(&other);
        return;
    }
    uint8_t *seen = calloc(search->tree->count + 1, 1);
    if (!seen) {
        search->err = ERR_MEMORY;
    }
    for (size_t i = 0; seen && i < other.count; i++) {
        seen[other.at[i]] = 1;
    }
    for (size_t i = 0; seen && i < matches->count; i++) {
        bool both = seen[matches->at[i]];
        seen[matches->at[i]] = step->kind == STEP_OR ? 0 : seen[matches->at[i]];
        if (both || step->kind == STEP_OR) {
            matches->at[kept++] = matches->at[i];
        }
    }
    matches->count = seen ? kept : matches->count;
    for (size_t i = 0; seen && step->kind == STEP_OR && i < other.count; i++) {
        if (seen[other.at[i]] && !matches_add(matches, other.at[i])) {
            search->err = ERR_MEMORY;
        }
    }
    if (step->kind == STEP_OR && matches->count > 1) {
        qsort(matches->at, matches->count, sizeof matches->at[0], by_node);
    }
    free(seen);
    selector_matches_free(&other);
}

/* The frames of elements that are named like them; the only one there is needs no name. */
static int32_t frame_of(const struct sel_search *search, int32_t node)
{
    static const char *const names[] = {"name", "id", "src", "title"};
    const struct tree *tree = search->tree;
    for (size_t i = 1; i < tree->frames_count; i++) {
        const char *key = tree->frames[i].key;
        bool good = strcmp(key, at(search, node)->path) == 0;
        for (size_t j = 0; j < sizeof names / sizeof names[0]; j++) {
            const char *value = tree_attr(at(search, node), names[j]);
            good |= value && value[0] && strcmp(key[0] == '#' ? key + 1 : key, value) == 0;
        }
        if (good && tree->frames[i].root >= 0) {
            return tree->frames[i].root;
        }
    }
    return tree->frames_count == 2 ? tree->frames[1].root : -1;
}

static void take_frame(struct sel_search *search, struct selector_matches *matches)
{
    size_t kept = 0;
    for (size_t i = 0; i < matches->count; i++) {
        int32_t root = frame_of(search, matches->at[i]);
        if (root >= 0) {
            matches->at[kept++] = root;
        }
    }
    matches->count = kept;
}

static void take_search(struct sel_search *search, const struct sel_step *step,
                        struct selector_matches *matches)
{
    struct selector_matches found = {.at = NULL};
    uint8_t *seen = calloc(search->tree->count + 1, 1);
    if (!seen) {
        search->err = ERR_MEMORY;
    }
    for (size_t i = 0; seen && i < matches->count && search->err == ERR_OK; i++) {
        search_in(search, step, matches->at[i], &found, seen);
    }
    free(seen);
    selector_matches_free(matches);
    *matches = found;
}

static enum err run_steps(struct sel_search *search, const struct selector *selector, int32_t scope,
                          struct selector_matches *matches)
{
    if (!matches_add(matches, scope)) {
        search->err = ERR_MEMORY;
    }
    for (size_t i = 0; i < selector->count && search->err == ERR_OK; i++) {
        const struct sel_step *step = &selector->steps[i];
        switch (step->kind) {
        case STEP_NTH:
            take_nth(step, matches);
            break;
        case STEP_AND:
        case STEP_OR:
            take_join(search, step, scope, matches);
            break;
        case STEP_FRAME:
            take_frame(search, matches);
            break;
        case STEP_VISIBLE:
        case STEP_HAS_TEXT:
        case STEP_HAS_NOT_TEXT:
        case STEP_HAS:
        case STEP_HAS_NOT:
        case STEP_SELF:
            take_filter(search, step, matches);
            break;
        default:
            take_search(search, step, matches);
            break;
        }
    }
    return search->err;
}

enum err selector_find(const struct selector *selector, const struct tree *tree, const char *testid,
                       struct selector_matches *ret_matches)
{
    struct sel_search search = {.tree = tree,
                                .testid = testid ? testid : "data-testid",
                                .arena = {.bytes_max = MEMORY_MAX},
                                .texts = calloc(tree->count + 1, sizeof search.texts[0])};
    struct selector_matches matches = {.at = NULL};
    enum err err = search.texts ? ERR_OK : ERR_MEMORY;
    if (err == ERR_OK && tree->frames_count > 0 && tree->frames[0].root >= 0) {
        err = run_steps(&search, selector, tree->frames[0].root, &matches);
    }
    free(search.texts);
    arena_free(&search.arena);
    if (err == ERR_OK) {
        *ret_matches = matches;
    } else {
        selector_matches_free(&matches);
    }
    return err;
}
