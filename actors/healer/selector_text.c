/* selector_text.c - what elements say, and whether that is what was wanted. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "actors/healer/aria.h"
#include "actors/healer/selector_priv.h"

enum { SAID_BYTES_MAX = 65536 };

static const struct tree_node *at(const struct sel_search *search, int32_t node)
{
    return &search->tree->nodes[node];
}

static bool is_tag(const struct tree_node *node, const char *tag)
{
    return strcmp(node->tag, tag) == 0;
}

static bool is_silent(const struct tree_node *node)
{
    return is_tag(node, "script") || is_tag(node, "noscript") || is_tag(node, "style") ||
           is_tag(node, "head") || is_tag(node, "template") ||
           (is_tag(node, "title") && !node->foreign);
}

/* ---- texts ---- */

struct said {
    char *at;
    size_t size;
};

/* Appends with blanks collapsed, none at the beginning; what is too long is cut. */
static void say(struct said *said, const char *text)
{
    for (; *text && said->size < SAID_BYTES_MAX - 1; text++) {
        bool blank = strchr(" \t\r\n\f", *text) != NULL;
        if (strncmp(text, "\xc2\xa0", 2) == 0) { /* a blank that does not break */
            blank = true;
            text++;
        }
        if (!blank) {
            said->at[said->size++] = *text;
        } else if (said->size > 0 && said->at[said->size - 1] != ' ') {
            said->at[said->size++] = ' ';
        }
    }
}

static void say_node(struct sel_search *search, struct said *said, int32_t index)
{
    const struct tree_node *node = at(search, index);
    const char *type = tree_attr(node, "type");
    const char *value = tree_attr(node, "value");
    if (is_silent(node) || !sel_work(search, 1)) {
        return;
    }
    if (is_tag(node, "input")) {
        bool button = type && (strcasecmp(type, "submit") == 0 || strcasecmp(type, "button") == 0);
        say(said, button && value ? value : "");
        return;
    }
    int32_t t = node->texts;
    for (int32_t child = node->first;; child = at(search, child)->next) {
        for (; t >= 0 && (child < 0 || search->tree->texts[t].before == child);
             t = search->tree->texts[t].next) {
            say(said, search->tree->texts[t].text);
        }
        if (child < 0) {
            break;
        }
        say_node(search, said, child); /* as deep as the tree, which is bounded */
    }
}

const char *sel_text_of(struct sel_search *search, int32_t node)
{
    if (search->texts[node]) {
        return search->texts[node];
    }
    /* A snapshot says it; where the parts of a text stand among elements is not known there. */
    const char *text =
        search->tree->json && !is_tag(at(search, node), "input") ? at(search, node)->text : NULL;
    struct said said = {.at = text ? NULL : malloc(SAID_BYTES_MAX)};
    if (said.at) {
        say_node(search, &said, node);
        while (said.size > 0 && said.at[said.size - 1] == ' ') {
            said.size--;
        }
        text = arena_copy(&search->arena, said.at, said.size);
        free(said.at);
    }
    if (!text) {
        search->err = search->err == ERR_OK ? ERR_MEMORY : search->err;
        return "";
    }
    search->texts[node] = text;
    return text;
}

/* ---- wanted ---- */

static bool equal_collapsed(const char *want, const char *text)
{
    text += strspn(text, " \t\r\n\f");
    while (*want || *text) {
        size_t blanks = strspn(text, " \t\r\n\f");
        if (blanks > 0) {
            text += blanks;
            if (*text == '\0') {
                return *want == '\0';
            }
            if (*want++ != ' ') {
                return false;
            }
        }
        if (*want++ != *text++) {
            return false;
        }
    }
    return true;
}

/* Part of a text, which may have blanks that are not collapsed. */
static bool is_part(const char *want, const char *text, bool cased)
{
    return cased ? strstr(text, want) != NULL : strcasestr(text, want) != NULL;
}

bool sel_text_fits(const struct sel_text *want, const char *text)
{
    if (want->regex) {
        return regexec(want->regex, text, 0, NULL, 0) == 0;
    }
    return want->exact ? equal_collapsed(want->text, text) : is_part(want->text, text, want->cased);
}

bool sel_text_in(struct sel_search *search, const struct sel_text *want, int32_t node)
{
    return !is_silent(at(search, node)) && sel_work(search, 1) &&
           sel_text_fits(want, sel_text_of(search, node));
}

bool sel_text_own(struct sel_search *search, const struct sel_text *want, int32_t node)
{
    const struct tree_node *n = at(search, node);
    if (is_tag(n, "input")) {
        return sel_text_in(search, want, node);
    }
    for (int32_t t = n->texts; t >= 0; t = search->tree->texts[t].next) {
        if (sel_work(search, 1) && sel_text_fits(want, search->tree->texts[t].text)) {
            return true;
        }
    }
    return false;
}

static bool step_fits(struct sel_search *search, const struct sel_step *step, int32_t node)
{
    if (is_silent(at(search, node))) {
        return false;
    }
    return step->kind == STEP_TEXT_OWN && !step->text.regex
               ? sel_text_own(search, &step->text, node)
               : sel_text_in(search, &step->text, node);
}

bool sel_text_innermost(struct sel_search *search, const struct sel_step *step, int32_t node)
{
    if (!step_fits(search, step, node)) {
        return false;
    }
    for (int32_t child = at(search, node)->first; child >= 0; child = at(search, child)->next) {
        if (step_fits(search, step, child)) {
            return false;
        }
    }
    return true;
}

/* ---- labels ---- */

static bool is_labelable(const struct tree_node *node)
{
    static const char *const tags[] = {"input", "textarea", "select",  "button",
                                       "meter", "output",   "progress"};
    const char *type = tree_attr(node, "type");
    for (size_t i = 0; i < sizeof tags / sizeof tags[0]; i++) {
        if (is_tag(node, tags[i])) {
            return !type || strcasecmp(type, "hidden") != 0;
        }
    }
    return false;
}

/* The first element that a <label> holds is its own, unless it names one. */
static bool is_label_of(const struct sel_search *search, int32_t label, int32_t node)
{
    const char *target = tree_attr(at(search, label), "for");
    const char *id = tree_attr(at(search, node), "id");
    if (target) {
        return id && strcmp(target, id) == 0;
    }
    for (int32_t i = label + 1; i < at(search, label)->end; i++) {
        if (is_labelable(at(search, i))) {
            return i == node;
        }
    }
    return false;
}

static bool labelledby_fits(struct sel_search *search, const struct sel_text *want, int32_t node,
                            const char *ids)
{
    int32_t root = search->tree->frames[at(search, node)->frame].root;
    for (int32_t i = root; i < at(search, root)->end; i++) {
        const char *id = tree_attr(at(search, i), "id");
        const char *found = id && id[0] && sel_work(search, 1) ? strstr(ids, id) : NULL;
        bool whole = found && (found == ids || strchr(" \t\r\n\f", found[-1])) &&
                     strchr(" \t\r\n\f", found[strlen(id)]); /* the NUL counts */
        if (whole && sel_text_fits(want, sel_text_of(search, i))) {
            return true;
        }
    }
    return false;
}

bool sel_label_fits(struct sel_search *search, const struct sel_text *want, int32_t node)
{
    const char *ids = tree_attr(at(search, node), "aria-labelledby");
    const char *label = tree_attr(at(search, node), "aria-label");
    if (ids && ids[0]) {
        return labelledby_fits(search, want, node, ids);
    }
    if (label && label[strspn(label, " \t\r\n\f")]) {
        return sel_text_fits(want, label);
    }
    int32_t root = search->tree->frames[at(search, node)->frame].root;
    for (int32_t i = root; is_labelable(at(search, node)) && i < at(search, root)->end; i++) {
        if (!sel_work(search, 1)) {
            return false;
        }
        if (is_tag(at(search, i), "label") && is_label_of(search, i, node) &&
            sel_text_fits(want, sel_text_of(search, i))) {
            return true;
        }
    }
    return false;
}

bool sel_is_visible(const struct tree *tree, int32_t node)
{
    const struct tree_node *n = &tree->nodes[node];
    for (int32_t up = node; up >= 0; up = tree->nodes[up].parent) {
        if (tree->nodes[up].hidden) {
            return false;
        }
    }
    return !n->placed || (n->w > 0 && n->h > 0);
}
