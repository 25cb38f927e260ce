/* suggest.c - selectors tried in order. */
#include "actors/healer/suggest.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "actors/healer/lexicon.h"
#include "actors/healer/selector.h"

enum { TEXT_MAX = 80, ROW_LEVELS_MAX = 12, PARTS_LOOKED_AT = 60, QUOTED_SIZE = 512 };

struct maker {
    const struct suggest_input *input;
    struct suggestions *out;
    const struct tree_node *node;
    char frame[SUGGESTION_SIZE / 4]; /* "page" or "page.frameLocator('…')" */
    enum err err;
};

/* ---- trying ---- */

static bool is_full(const struct maker *self)
{
    return self->out->count == SUGGESTIONS_MAX || self->err != ERR_OK;
}

/* How many elements it hits; whether the element is the only one. */
static size_t hits(struct maker *self, const char *text, bool *ret_only)
{
    struct selector *selector;
    struct selector_matches matches = {.at = NULL};
    const char *why;
    *ret_only = false;
    enum err err = selector_parse(text, &selector, &why);
    if (err == ERR_OK) {
        err = selector_find(selector, self->input->tree, self->input->testid, &matches);
        selector_destroy(&selector);
    }
    if (err == ERR_MEMORY) {
        self->err = err;
    }
    size_t count = matches.count;
    *ret_only = count == 1 && matches.at[0] == self->input->node;
    selector_matches_free(&matches);
    return count;
}

/* Keeps the selector if it hits the element alone.  Returns whether it did. */
__attribute__((format(printf, 2, 3))) static bool try(struct maker *self, const char *format, ...)
{
    char text[SUGGESTION_SIZE];
    bool only;
    va_list args;
    if (is_full(self)) {
        return false;
    }
    int begin = snprintf(text, sizeof text, "%s.", self->frame);
    va_start(args, format);
    int size = vsnprintf(text + begin, sizeof text - (size_t)begin, format, args);
    va_end(args);
    if (size < 0 || (size_t)begin + (size_t)size >= sizeof text) {
        return false;
    }
    for (size_t i = 0; i < self->out->count; i++) {
        if (strcmp(self->out->at[i], text) == 0) {
            return true;
        }
    }
    (void)hits(self, text, &only);
    if (only) {
        memcpy(self->out->at[self->out->count++], text, (size_t)(begin + size) + 1);
    }
    return only;
}

/* ---- texts ---- */

/* With what ends a text in JavaScript escaped; NULL when it is of no use. */
static const char *quoted(const char *text, char to[QUOTED_SIZE])
{
    size_t used = 0;
    if (text[0] == '\0' || strlen(text) > TEXT_MAX) {
        return NULL;
    }
    for (; *text; text++) {
        if ((unsigned char)*text < ' ' || *text == 0x7f) {
            return NULL;
        }
        if (*text == '\'' || *text == '\\') {
            to[used++] = '\\';
        }
        to[used++] = *text;
    }
    to[used] = '\0';
    return to;
}

/* A number that was not there before may be another one tomorrow. */
static bool is_meant(const struct maker *self, const char *text)
{
    const struct tree_node *old = self->input->old;
    if (!strpbrk(text, "0123456789")) {
        return true;
    }
    return (old && (strcmp(old->name, text) == 0 || strcmp(old->text, text) == 0)) ||
           strstr(self->input->selector, text);
}

static const char *attr(const struct tree_node *node, const char *name)
{
    const char *value = tree_attr(node, name);
    return value ? value : "";
}

/* ---- by what people see ---- */

static void by_role(struct maker *self, bool meant)
{
    char name[QUOTED_SIZE];
    const char *role = self->node->role;
    if (role[0] == '\0' || strspn(role, "abcdefghijklmnopqrstuvwxyz") != strlen(role)) {
        return;
    }
    if (self->node->name[0] == '\0' && strcmp(role, "form") != 0 && strcmp(role, "region") != 0) {
        /* Those two have their role only with a name, says Playwright. */
        (void)try(self, "getByRole('%s')", role);
    } else if (is_meant(self, self->node->name) == meant && quoted(self->node->name, name) &&
               !try(self, "getByRole('%s', { name: '%s' })", role, name)) {
        (void)try(self, "getByRole('%s', { name: '%s', exact: true })", role, name);
    }
}

static void by_method(struct maker *self, const char *method, const char *text, bool meant)
{
    char escaped[QUOTED_SIZE];
    if (is_meant(self, text) == meant && quoted(text, escaped) &&
        !try(self, "%s('%s')", method, escaped)) {
        (void)try(self, "%s('%s', { exact: true })", method, escaped);
    }
}

static bool is_field(const struct tree_node *node)
{
    return strcmp(node->tag, "input") == 0 || strcmp(node->tag, "textarea") == 0 ||
           strcmp(node->tag, "select") == 0 || tree_attr(node, "aria-label");
}

static void by_testid(struct maker *self)
{
    char escaped[QUOTED_SIZE];
    const char *name = self->input->testid ? self->input->testid : "data-testid";
    const char *value = attr(self->node, name);
    if (!identifier_is_generated(value) && quoted(value, escaped)) {
        (void)try(self, "getByTestId('%s')", escaped);
    }
}

/* All of one kind that is named as Playwright names it. */
static void by_kind(struct maker *self, const char *kind, bool meant)
{
    if (strcmp(kind, "getByRole") == 0) {
        by_role(self, meant);
    } else if (strcmp(kind, "getByTestId") == 0) {
        by_testid(self);
    } else if (strcmp(kind, "getByLabel") == 0 && is_field(self->node)) {
        by_method(self, kind, self->node->name, meant);
    } else if (strcmp(kind, "getByPlaceholder") == 0) {
        by_method(self, kind, attr(self->node, "placeholder"), meant);
    } else if (strcmp(kind, "getByAltText") == 0) {
        by_method(self, kind, attr(self->node, "alt"), meant);
    } else if (strcmp(kind, "getByTitle") == 0) {
        by_method(self, kind, attr(self->node, "title"), meant);
    } else if (strcmp(kind, "getByText") == 0 && !is_field(self->node) &&
               strcmp(self->node->own, self->node->text) == 0) {
        /* How the texts of children join is not known of a snapshot. */
        by_method(self, kind, self->node->text, meant);
    }
}

/* ---- by the row it is in ---- */

static bool is_row(const struct tree_node *node)
{
    return strcmp(node->role, "row") == 0 || strcmp(node->role, "listitem") == 0 ||
           strcmp(node->role, "article") == 0;
}

/* The element inside its row: by role and name, else by label, text or tag. */
static void in_row(struct maker *self, const char *row)
{
    char name[QUOTED_SIZE];
    const struct tree_node *node = self->node;
    if (node->role[0] && quoted(node->name, name)) {
        if (!try(self, "%s.getByRole('%s', { name: '%s' })", row, node->role, name)) {
            (void)try(self, "%s.getByRole('%s', { name: '%s', exact: true })", row, node->role,
                      name);
        }
    } else if (node->role[0]) {
        (void)try(self, "%s.getByRole('%s')", row, node->role);
    }
    if (node->first < 0 && quoted(node->text, name)) {
        (void)try(self, "%s.getByText('%s', { exact: true })", row, name);
    }
    if (strspn(node->tag, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(node->tag)) {
        (void)try(self, "%s.locator('%s')", row, node->tag);
    }
}

/* Looks for a text in the row that no other row has. */
static void by_row(struct maker *self)
{
    const struct tree *tree = self->input->tree;
    int32_t row = self->input->node;
    bool self_row = is_row(self->node);
    for (int level = 0; row >= 0 && level < ROW_LEVELS_MAX && !is_row(&tree->nodes[row]); level++) {
        row = tree->nodes[row].parent;
    }
    if (row < 0 || !is_row(&tree->nodes[row])) {
        return;
    }
    size_t before = self->out->count;
    int32_t end = tree->nodes[row].end;
    for (int32_t i = row; i < end && i < row + PARTS_LOOKED_AT && !is_full(self); i++) {
        char text[QUOTED_SIZE];
        char filter[SUGGESTION_SIZE];
        const struct tree_node *part = &tree->nodes[i];
        bool own = tree_inside(tree, i, self->input->node) && !self_row;
        if (own || part->own[0] == '\0' || strpbrk(part->own, "0123456789") ||
            !quoted(part->own, text)) {
            continue;
        }
        int size = snprintf(filter, sizeof filter, "getByRole('%s').filter({ hasText: '%s' })",
                            tree->nodes[row].role, text);
        if (size > 0 && (size_t)size < sizeof filter) {
            if (row == self->input->node) {
                (void)try(self, "%s", filter);
            } else {
                in_row(self, filter);
            }
        }
        if (self->out->count > before) {
            return;
        }
    }
}

/* ---- by CSS ---- */

static bool is_css_name(const char *text)
{
    return text[0] &&
           strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_"
                        "0123456789") == strlen(text) &&
           !strchr("0123456789-", text[0]);
}

static void by_attribute(struct maker *self)
{
    static const char *const names[] = {"name", "href", "src", "for", "type", "value", "role"};
    char value[QUOTED_SIZE];
    const char *id = attr(self->node, "id");
    if (is_css_name(id) && !identifier_is_generated(id)) {
        (void)try(self, "locator('#%s')", id);
    }
    for (size_t i = 0; i < self->node->attrs_count; i++) {
        const struct tree_attr *at = &self->node->attrs[i];
        bool known = strncmp(at->name, "data-", 5) == 0;
        for (size_t j = 0; j < sizeof names / sizeof names[0]; j++) {
            known |= strcmp(at->name, names[j]) == 0;
        }
        if (known && is_css_name(at->name) && !identifier_is_generated(at->value) &&
            !strpbrk(at->value, "\"\\'") && quoted(at->value, value)) {
            (void)try(self, "locator('%s[%s=\"%s\"]')", self->node->tag, at->name, value);
        }
    }
}

static void by_class(struct maker *self)
{
    const char *at = attr(self->node, "class");
    char class[64];
    while (*at && !is_full(self)) {
        at += strspn(at, " \t\r\n\f");
        size_t size = strcspn(at, " \t\r\n\f");
        if (size > 0 && size < sizeof class) {
            memcpy(class, at, size);
            class[size] = '\0';
            if (is_css_name(class) && !identifier_is_generated(class)) {
                (void)try(self, "locator('%s.%s')", self->node->tag, class);
            }
        }
        at += size;
    }
}

static unsigned rank_of_type(const struct tree *tree, int32_t node)
{
    unsigned rank = 1;
    int32_t parent = tree->nodes[node].parent;
    for (int32_t i = parent < 0 ? node : tree->nodes[parent].first; i >= 0 && i != node;
         i = tree->nodes[i].next) {
        rank += strcmp(tree->nodes[i].tag, tree->nodes[node].tag) == 0 &&
                tree->nodes[i].shadow == tree->nodes[node].shadow;
    }
    return rank;
}

/* Steps from the nearest ancestor with an id, or from <body>; there is always one such. */
static void by_place(struct maker *self)
{
    const struct tree *tree = self->input->tree;
    char path[SUGGESTION_SIZE / 2] = "";
    for (int32_t at = self->input->node; at >= 0; at = tree->nodes[at].parent) {
        const struct tree_node *node = &tree->nodes[at];
        char step[SUGGESTION_SIZE / 4];
        char longer[SUGGESTION_SIZE / 2];
        const char *id = attr(node, "id");
        bool anchor = at != self->input->node && is_css_name(id) && !identifier_is_generated(id);
        bool top = node->parent < 0 || strcmp(node->tag, "body") == 0;
        if (anchor) {
            (void)snprintf(step, sizeof step, "#%.200s", id);
        } else if (top) {
            (void)snprintf(step, sizeof step, "%.100s", node->tag);
        } else {
            (void)snprintf(step, sizeof step, "%.100s:nth-of-type(%u)", node->tag,
                           rank_of_type(tree, at));
        }
        int size = snprintf(longer, sizeof longer, "%s%s%s", step, path[0] ? " > " : "", path);
        if (size < 0 || (size_t)size >= sizeof longer) {
            return;
        }
        memcpy(path, longer, (size_t)size + 1);
        if ((anchor || top) && try(self, "locator('%s')", path)) {
            return;
        }
        if (top) {
            return;
        }
    }
}

/* ---- all ---- */

/* The frame's element in the main page, by which Playwright enters it. */
static void enter_frame(struct maker *self)
{
    static const char *const names[] = {"name", "id", "title", "src"};
    const struct tree *tree = self->input->tree;
    char value[QUOTED_SIZE];
    (void)snprintf(self->frame, sizeof self->frame, "page");
    const char *key = tree->frames[self->node->frame].key;
    if (self->node->frame == 0) {
        return;
    }
    for (int32_t i = 0; i < tree->frames[0].end; i++) {
        for (size_t j = 0; strstr(tree->nodes[i].tag, "frame") && j < 4; j++) {
            const char *given = attr(&tree->nodes[i], names[j]);
            if (given[0] && strstr(key, given) && !strpbrk(given, "\"\\'") &&
                quoted(given, value)) {
                (void)snprintf(self->frame, sizeof self->frame,
                               "page.frameLocator('iframe[%s=\"%.200s\"]')", names[j], value);
                return;
            }
        }
    }
    (void)snprintf(self->frame, sizeof self->frame, "page.frameLocator('iframe')");
}

/* Which of Playwright's methods finds the author's element. */
static const char *kind_of(const char *selector, const char *const *kinds, size_t count)
{
    const char *last = NULL;
    for (size_t i = 0; i < count; i++) {
        const char *at = strstr(selector, kinds[i]);
        last = at && strstr(at, ").") == NULL ? kinds[i] : last;
    }
    return last;
}

enum err suggest(const struct suggest_input *input, struct suggestions *ret)
{
    static const char *const kinds[] = {"getByRole",  "getByLabel",   "getByPlaceholder",
                                        "getByText",  "getByAltText", "getByTitle",
                                        "getByTestId"};
    enum { KINDS = sizeof kinds / sizeof kinds[0] };
    ret->count = 0;
    assert(input->node >= 0 && (size_t)input->node < input->tree->count);
    struct maker self = {.input = input, .out = ret, .node = &input->tree->nodes[input->node]};
    enter_frame(&self);
    const char *kind = kind_of(input->selector, kinds, KINDS);
    if (kind && !input->css) {
        by_kind(&self, kind, true);
    }
    for (size_t i = 0; i < KINDS && !input->css; i++) {
        by_kind(&self, kinds[i], true);
    }
    if (!input->css) {
        by_row(&self);
    }
    by_attribute(&self);
    by_class(&self);
    if (ret->count == 0) {
        by_place(&self);
    }
    for (size_t i = 0; i < KINDS && ret->count == 0 && !input->css; i++) {
        by_kind(&self, kinds[i], false);
    }
    return self.err;
}
