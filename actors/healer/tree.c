/* tree.c - building and measuring a page. */
#include "actors/healer/tree.h"

#include <assert.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_BYTES_MAX = 65536, NODES_FIRST = 256 };

void tree_free(struct tree *tree)
{
    arena_free(&tree->arena);
    free(tree->nodes);
    free(tree->texts);
    json_decref(tree->json);
    *tree = (struct tree){0};
}

void *tree_alloc(struct tree *tree, size_t size)
{
    tree->arena.bytes_max = TREE_BYTES_MAX;
    return arena_alloc(&tree->arena, size);
}

const char *tree_copy(struct tree *tree, const char *text, size_t size)
{
    tree->arena.bytes_max = TREE_BYTES_MAX;
    return arena_copy(&tree->arena, text, size);
}

/* ---- building ---- */

enum err tree_frame(struct tree *tree, const char *key)
{
    if (tree->frames_count == TREE_FRAMES_MAX) {
        return ERR_LIMIT;
    }
    tree->frames[tree->frames_count++] = (struct tree_frame){.key = key, .root = -1};
    return ERR_OK;
}

static enum err begin_frame(struct tree *tree)
{
    if (tree->frames_count == 0 || tree->frames[tree->frames_count - 1].root >= 0) {
        enum err err = tree_frame(tree, "");
        if (err != ERR_OK) {
            return err;
        }
    }
    tree->frames[tree->frames_count - 1].root = (int32_t)tree->count;
    return ERR_OK;
}

enum err tree_add(struct tree *tree, int32_t parent, const char *tag, int32_t *ret_node)
{
    assert(parent >= -1 && parent < (int32_t)tree->count);
    if (tree->count == TREE_NODES_MAX ||
        (parent >= 0 && tree->nodes[parent].depth + 1 >= TREE_DEPTH_MAX)) {
        return ERR_LIMIT;
    }
    if (tree->count == tree->capacity) {
        size_t capacity = tree->capacity ? tree->capacity * 2 : NODES_FIRST;
        struct tree_node *grown = reallocarray(tree->nodes, capacity, sizeof *grown);
        if (!grown) {
            return ERR_MEMORY;
        }
        tree->nodes = grown;
        tree->capacity = capacity;
    }
    enum err err = parent < 0 ? begin_frame(tree) : ERR_OK;
    if (err != ERR_OK) {
        return err;
    }
    *ret_node = (int32_t)tree->count;
    tree->nodes[tree->count++] =
        (struct tree_node){.tag = tag,
                           .path = "",
                           .own = "",
                           .text = "",
                           .role = "",
                           .name = "",
                           .near = "",
                           .parent = parent,
                           .end = -1,
                           .first = -1,
                           .next = -1,
                           .texts = -1,
                           .depth = parent < 0 ? 0 : (uint16_t)(tree->nodes[parent].depth + 1),
                           .frame = (uint16_t)(tree->frames_count - 1)};
    return ERR_OK;
}

enum err tree_attrs(struct tree *tree, int32_t node, size_t count)
{
    if (count > TREE_ATTRS_MAX) {
        return ERR_LIMIT;
    }
    struct tree_attr *attrs = count > 0 ? tree_alloc(tree, count * sizeof *attrs) : NULL;
    if (count > 0 && !attrs) {
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        attrs[i] = (struct tree_attr){.name = "", .value = ""};
    }
    tree->nodes[node].attrs = attrs;
    tree->nodes[node].attrs_count = (uint16_t)count;
    return ERR_OK;
}

enum err tree_add_text(struct tree *tree, int32_t node, const char *text)
{
    if (tree->texts_count == tree->texts_capacity) {
        size_t capacity = tree->texts_capacity ? tree->texts_capacity * 2 : NODES_FIRST;
        struct tree_text *grown = reallocarray(tree->texts, capacity, sizeof *grown);
        if (!grown) {
            return ERR_MEMORY;
        }
        tree->texts = grown;
        tree->texts_capacity = capacity;
    }
    int32_t *link = &tree->nodes[node].texts;
    while (*link >= 0) {
        link = &tree->texts[*link].next;
    }
    *link = (int32_t)tree->texts_count;
    /* The element that comes next, whoever's it is; tree_finish() keeps it if it is a child. */
    tree->texts[tree->texts_count++] =
        (struct tree_text){.text = text, .before = (int32_t)tree->count, .next = -1};
    return ERR_OK;
}

/* ---- finishing ---- */

static void link_children(struct tree *tree)
{
    for (size_t i = tree->count; i-- > 0;) {
        struct tree_node *node = &tree->nodes[i];
        if (node->end < 0) {
            node->end = (int32_t)i + 1;
        }
        if (node->parent >= 0) {
            struct tree_node *parent = &tree->nodes[node->parent];
            node->next = parent->first;
            parent->first = (int32_t)i;
            if (parent->end < node->end) {
                parent->end = node->end;
            }
        }
    }
    for (size_t i = 0; i < tree->frames_count; i++) {
        struct tree_frame *frame = &tree->frames[i];
        frame->end = frame->root < 0 ? -1 : tree->nodes[frame->root].end;
    }
    for (size_t i = 0; i < tree->count; i++) {
        for (int32_t t = tree->nodes[i].texts; t >= 0; t = tree->texts[t].next) {
            int32_t before = tree->texts[t].before;
            if (before >= (int32_t)tree->count || tree->nodes[before].parent != (int32_t)i) {
                tree->texts[t].before = -1;
            }
        }
    }
}

static void measure(struct tree *tree)
{
    tree->width = 1;
    tree->height = 1;
    for (size_t i = 0; i < tree->count; i++) {
        const struct tree_node *node = &tree->nodes[i];
        if (node->placed && node->x + node->w > tree->width) {
            tree->width = node->x + node->w;
        }
        if (node->placed && node->y + node->h > tree->height) {
            tree->height = node->y + node->h;
        }
    }
}

static enum err make_path(struct tree *tree, struct tree_node *node)
{
    const struct tree_node *parent = node->parent < 0 ? NULL : &tree->nodes[node->parent];
    const char *base = parent ? parent->path : "";
    unsigned rank = 1;
    for (int32_t i = parent ? parent->first : -1; i >= 0 && &tree->nodes[i] != node;
         i = tree->nodes[i].next) {
        rank += tree->nodes[i].shadow == node->shadow && strcmp(tree->nodes[i].tag, node->tag) == 0;
    }
    size_t size = strlen(base) + strlen(node->tag) + sizeof "/#shadow-root/[4294967295]";
    char *path = tree_alloc(tree, size);
    if (!path) {
        return ERR_MEMORY;
    }
    (void)snprintf(path, size, "%s%s/%s[%u]", base, node->shadow ? "/#shadow-root" : "", node->tag,
                   rank); /* fits: see size */
    node->path = path;
    return ERR_OK;
}

/* ---- texts ---- */

struct gather {
    char *at;
    size_t size;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

/* Appends with blanks collapsed; what is too long is cut. */
static void gather(struct gather *self, const char *text)
{
    for (; *text && self->size < TEXT_BYTES_MAX - 1; text++) {
        if (!is_blank(*text)) {
            self->at[self->size++] = *text;
        } else if (self->size > 0 && self->at[self->size - 1] != ' ') {
            self->at[self->size++] = ' ';
        }
    }
}

static const char *gathered(struct gather *self, struct tree *tree)
{
    while (self->size > 0 && self->at[self->size - 1] == ' ') {
        self->size--;
    }
    const char *copy = self->size > 0 ? tree_copy(tree, self->at, self->size) : "";
    self->size = 0;
    return copy;
}

static bool is_silent(const struct tree_node *node)
{
    return strcmp(node->tag, "script") == 0 || strcmp(node->tag, "style") == 0 ||
           strcmp(node->tag, "noscript") == 0 || strcmp(node->tag, "template") == 0 ||
           strcmp(node->tag, "head") == 0;
}

static bool is_inline(const struct tree_node *node)
{
    static const char tags[] = " a b i u s em strong span small sub sup code abbr mark label font "
                               "kbd cite q time ";
    const char *at = strstr(tags, node->tag);
    return at && at > tags && at[-1] == ' ' && at[strlen(node->tag)] == ' ';
}

/* Texts of a child come where the child stands. */
static enum err make_texts(struct tree *tree, struct tree_node *node, struct gather *self)
{
    if (is_silent(node)) {
        return ERR_OK;
    }
    for (int32_t t = node->texts; t >= 0; t = tree->texts[t].next) {
        gather(self, tree->texts[t].text);
    }
    node->own = gathered(self, tree);
    int32_t t = node->texts;
    for (int32_t child = node->first;; child = tree->nodes[child].next) {
        for (; t >= 0 && (child < 0 || tree->texts[t].before == child); t = tree->texts[t].next) {
            gather(self, tree->texts[t].text);
        }
        if (child < 0) {
            break;
        }
        bool apart = !is_inline(&tree->nodes[child]);
        gather(self, apart ? " " : "");
        gather(self, tree->nodes[child].text);
        gather(self, apart ? " " : "");
    }
    node->text = gathered(self, tree);
    return node->own && node->text ? ERR_OK : ERR_MEMORY;
}

enum err tree_finish(struct tree *tree)
{
    enum err err = ERR_OK;
    link_children(tree);
    measure(tree);
    for (size_t i = 0; err == ERR_OK && i < tree->count; i++) {
        if (tree->nodes[i].path[0] == '\0') {
            err = make_path(tree, &tree->nodes[i]);
        }
    }
    if (tree->texts_count == 0) {
        return err;
    }
    struct gather self = {.at = malloc(TEXT_BYTES_MAX)};
    if (!self.at) {
        return ERR_MEMORY;
    }
    /* Children stand behind their parents, so from the end all of them are ready. */
    for (size_t i = tree->count; err == ERR_OK && i-- > 0;) {
        if (tree->nodes[i].text[0] == '\0') {
            err = make_texts(tree, &tree->nodes[i], &self);
        }
    }
    free(self.at);
    return err;
}

/* ---- looking ---- */

const char *tree_attr(const struct tree_node *node, const char *name)
{
    for (size_t i = 0; i < node->attrs_count; i++) {
        if (strcmp(node->attrs[i].name, name) == 0) {
            return node->attrs[i].value;
        }
    }
    return NULL;
}

int32_t tree_by_path(const struct tree *tree, const char *path, const char *frame)
{
    for (size_t i = 0; i < tree->count; i++) {
        const struct tree_node *node = &tree->nodes[i];
        if (strcmp(node->path, path) == 0 && strcmp(tree->frames[node->frame].key, frame) == 0) {
            return (int32_t)i;
        }
    }
    return -1;
}
