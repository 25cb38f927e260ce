/* aria_name.c - the accessible name of an element (accname-1.2), as far as a page without styles
 * and scripts allows. */
#include <stdlib.h>
#include <string.h>

#include "actors/healer/aria.h"

enum { NAME_BYTES_MAX = 4096, NAME_DEPTH_MAX = 64, NAME_NODES_MAX = 2000 };

/* A name that is being made. */
struct naming {
    const struct tree *tree;
    char at[NAME_BYTES_MAX];
    size_t size;
    size_t nodes;  /* visited so far */
    bool by_label; /* inside what aria-labelledby names: no further such */
};

static bool is_one_of(const char *list, const char *word)
{
    size_t size = strlen(word);
    for (const char *at = size > 0 ? strstr(list, word) : NULL; at; at = strstr(at + 1, word)) {
        if (at > list && at[-1] == ' ' && at[size] == ' ') {
            return true;
        }
    }
    return false;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static void append(struct naming *self, const char *text)
{
    for (; *text && self->size < NAME_BYTES_MAX - 1; text++) {
        char c = *text;
        if (is_blank(c)) {
            c = ' ';
        }
        if (c != ' ' || (self->size > 0 && self->at[self->size - 1] != ' ')) {
            self->at[self->size++] = c;
        }
    }
}

/* Appends a text of its own, with blanks around it. */
static bool append_apart(struct naming *self, const char *text)
{
    size_t before = self->size;
    append(self, " ");
    append(self, text);
    append(self, " ");
    return self->size > before && text && text[strspn(text, " \t\r\n\f")] != '\0';
}

static const char *attr(const struct tree_node *node, const char *name)
{
    const char *value = tree_attr(node, name);
    return value ? value : "";
}

static bool has_text(const char *text)
{
    return text[strspn(text, " \t\r\n\f")] != '\0';
}

bool aria_is_hidden(const struct tree *tree, const struct tree_node *node)
{
    for (;;) {
        if (node->hidden || strcmp(attr(node, "aria-hidden"), "true") == 0 ||
            is_one_of(" script style noscript template head title ", node->tag)) {
            return true;
        }
        if (node->parent < 0) {
            return false;
        }
        node = &tree->nodes[node->parent];
    }
}

static bool is_block(const struct tree_node *node)
{
    return !is_one_of(" a abbr b bdi bdo big cite code data dfn em font i ins del kbd label mark q "
                      "s samp small span strong sub sup time tt u var wbr ",
                      node->tag);
}

static void add_node(struct naming *self, int32_t index, int depth, bool nested);

static void add_children(struct naming *self, const struct tree_node *node, int depth)
{
    const struct tree *tree = self->tree;
    int32_t t = node->texts;
    for (int32_t child = node->first;; child = tree->nodes[child].next) {
        for (; t >= 0 && (child < 0 || tree->texts[t].before == child); t = tree->texts[t].next) {
            append(self, tree->texts[t].text);
        }
        if (child < 0) {
            break;
        }
        add_node(self, child, depth + 1, true);
    }
}

static int32_t by_id(const struct tree *tree, const struct tree_node *from, const char *id,
                     size_t size)
{
    int32_t begin = tree->frames[from->frame].root;
    for (int32_t i = begin; i >= 0 && i < tree->nodes[begin].end; i++) {
        const char *given = tree_attr(&tree->nodes[i], "id");
        if (given && strncmp(given, id, size) == 0 && given[size] == '\0') {
            return i;
        }
    }
    return -1;
}

static bool add_labelledby(struct naming *self, const struct tree_node *node, int depth)
{
    const char *ids = attr(node, "aria-labelledby");
    size_t before = self->size;
    while (!self->by_label && *ids) {
        ids += strspn(ids, " \t\r\n\f");
        size_t size = strcspn(ids, " \t\r\n\f");
        int32_t label = size > 0 ? by_id(self->tree, node, ids, size) : -1;
        if (label >= 0) {
            self->by_label = true;
            append(self, " ");
            add_node(self, label, depth + 1, false);
            append(self, " ");
            self->by_label = false;
        }
        ids += size;
    }
    return self->size > before && has_text(self->at + before);
}

/* ---- what HTML gives ---- */

static bool is_labelable(const struct tree_node *node)
{
    return is_one_of(" input textarea select button meter output progress ", node->tag) &&
           strcmp(attr(node, "type"), "hidden") != 0;
}

static bool add_labels(struct naming *self, const struct tree_node *node, int depth)
{
    const struct tree *tree = self->tree;
    size_t before = self->size;
    const char *id = attr(node, "id");
    int32_t begin = tree->frames[node->frame].root;
    int32_t self_index = tree_index(tree, node);
    for (int32_t i = begin; is_labelable(node) && i >= 0 && i < tree->nodes[begin].end; i++) {
        const struct tree_node *label = &tree->nodes[i];
        if (strcmp(label->tag, "label") != 0) {
            continue;
        }
        const char *target = tree_attr(label, "for");
        if (target ? id[0] && strcmp(target, id) == 0 : tree_inside(tree, self_index, i)) {
            append(self, " ");
            add_node(self, i, depth + 1, false);
            append(self, " ");
        }
    }
    return self->size > before && has_text(self->at + before);
}

static bool add_child_tag(struct naming *self, const struct tree_node *node, const char *tag,
                          int depth)
{
    for (int32_t i = node->first; i >= 0; i = self->tree->nodes[i].next) {
        if (strcmp(self->tree->nodes[i].tag, tag) == 0) {
            size_t before = self->size;
            add_children(self, &self->tree->nodes[i], depth + 1);
            return self->size > before;
        }
    }
    return false;
}

static bool add_native(struct naming *self, const struct tree_node *node, int depth)
{
    const char *type = attr(node, "type");
    if (strcmp(node->tag, "input") == 0 && is_one_of(" button submit reset image ", type)) {
        if (strcmp(type, "image") == 0 && append_apart(self, attr(node, "alt"))) {
            return true;
        }
        const char *value = tree_attr(node, "value");
        const char *usual = strcmp(type, "submit") == 0  ? "Submit"
                            : strcmp(type, "reset") == 0 ? "Reset"
                                                         : "";
        return append_apart(self, value ? value : usual) || add_labels(self, node, depth);
    }
    if (add_labels(self, node, depth)) {
        return true;
    }
    if (is_one_of(" img area ", node->tag)) {
        return append_apart(self, attr(node, "alt"));
    }
    static const char *const captions[][2] = {
        {"fieldset", "legend"}, {"table", "caption"}, {"figure", "figcaption"}, {"svg", "title"}};
    for (size_t i = 0; i < sizeof captions / sizeof captions[0]; i++) {
        if (strcmp(node->tag, captions[i][0]) == 0) {
            return add_child_tag(self, node, captions[i][1], depth);
        }
    }
    return false;
}

/* ---- the steps ---- */

static bool is_named_by_content(const char *role)
{
    return is_one_of(" button cell checkbox columnheader gridcell heading link menuitem "
                     "menuitemcheckbox menuitemradio option radio row rowheader switch tab tooltip "
                     "treeitem ",
                     role);
}

/* Prohibited by ARIA, unless it stands in another's name. */
static bool is_never_named(const char *role)
{
    return is_one_of(" caption code definition deletion emphasis generic insertion mark none "
                     "paragraph presentation strong subscript suggestion superscript term time ",
                     role);
}

/* The value of a field inside a label. */
static bool add_value(struct naming *self, const struct tree_node *node, const char *role)
{
    if (is_one_of(" textbox searchbox spinbutton slider ", role)) {
        const char *value = tree_attr(node, "value");
        (void)append_apart(self, value                                ? value
                                 : strcmp(node->tag, "textarea") == 0 ? node->text
                                                                      : "");
        return true;
    }
    if (is_one_of(" combobox listbox ", role)) {
        for (int32_t i = tree_index(self->tree, node) + 1; i < node->end; i++) {
            if (tree_attr(&self->tree->nodes[i], "selected")) {
                (void)append_apart(self, self->tree->nodes[i].text);
                return true;
            }
        }
        return strcmp(node->tag, "select") == 0;
    }
    return false;
}

static void add_node(struct naming *self, int32_t index, int depth, bool nested)
{
    const struct tree_node *node = &self->tree->nodes[index];
    const char *role = aria_role(self->tree, node);
    size_t before = self->size;
    if (depth > NAME_DEPTH_MAX || ++self->nodes > NAME_NODES_MAX ||
        (nested && aria_is_hidden(self->tree, node))) {
        return;
    }
    if (!is_never_named(role) || nested || self->by_label) {
        if (add_labelledby(self, node, depth)) {
            return;
        }
        if (nested && add_value(self, node, role)) {
            return;
        }
        if (append_apart(self, attr(node, "aria-label")) || add_native(self, node, depth)) {
            return;
        }
        self->size = before;
    }
    bool content = nested || depth > 0 || is_named_by_content(role);
    if (content) {
        bool apart = nested && is_block(node);
        append(self, apart ? " " : "");
        add_children(self, node, depth);
        append(self, apart ? " " : "");
        if (has_text(self->at + before)) {
            return;
        }
    }
    if ((!is_never_named(role) || nested) && !append_apart(self, attr(node, "title"))) {
        const char *placeholder = attr(node, "placeholder");
        if (!nested && is_one_of(" textbox searchbox spinbutton combobox ", role)) {
            (void)append_apart(self, placeholder);
        }
    }
}

/* ---- all of them ---- */

static const char *make_name(struct naming *self, struct tree *tree, int32_t index)
{
    const struct tree_node *node = &tree->nodes[index];
    self->size = 0;
    self->nodes = 0;
    self->by_label = false;
    memset(self->at, 0, sizeof self->at);
    if (node->role[0] == '\0' && !tree_attr(node, "aria-label") &&
        !tree_attr(node, "aria-labelledby") && !tree_attr(node, "title")) {
        return "";
    }
    add_node(self, index, 0, false);
    while (self->size > 0 && self->at[self->size - 1] == ' ') {
        self->size--;
    }
    return self->size > 0 ? tree_copy(tree, self->at, self->size) : "";
}

enum err aria_fill(struct tree *tree)
{
    struct naming *self = calloc(1, sizeof *self);
    if (!self) {
        return ERR_MEMORY;
    }
    self->tree = tree;
    for (size_t i = 0; i < tree->count; i++) {
        tree->nodes[i].role = aria_role(tree, &tree->nodes[i]);
    }
    enum err err = ERR_OK;
    for (size_t i = 0; err == ERR_OK && i < tree->count; i++) {
        const char *name = make_name(self, tree, (int32_t)i);
        err = name ? ERR_OK : ERR_MEMORY;
        tree->nodes[i].name = name ? name : "";
    }
    free(self);
    return err;
}
