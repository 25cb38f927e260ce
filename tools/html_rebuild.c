/* html_rebuild.c - a tree out of what the parser's process wrote, which may be anything. */
#include <stdint.h>
#include <string.h>

#include "tools/html_parse.h"

enum { TAG_MAX = 128, ATTRS_READ_MAX = 4096 };

struct wire {
    const char *at;
    const char *end;
};

static bool take_number(struct wire *wire, uint32_t *ret_number)
{
    if ((size_t)(wire->end - wire->at) < sizeof *ret_number) {
        return false;
    }
    memcpy(ret_number, wire->at, sizeof *ret_number);
    wire->at += sizeof *ret_number;
    return true;
}

/* A copy in the tree's memory; a NUL inside ends it. */
static bool take_text(struct wire *wire, struct tree *tree, const char **ret_text)
{
    uint32_t size;
    if (!take_number(wire, &size) || (size_t)(wire->end - wire->at) < size) {
        return false;
    }
    *ret_text = tree_copy(tree, wire->at, size);
    wire->at += size;
    return *ret_text != NULL;
}

static bool is_hidden(const struct tree *tree, const struct tree_node *node)
{
    const char *style = tree_attr(node, "style");
    const char *type = tree_attr(node, "type");
    const char *display = style ? strstr(style, "display") : NULL;
    if (display) {
        display += strlen("display");
        display += strspn(display, " :");
    }
    return tree_attr(node, "hidden") || (display && strncmp(display, "none", 4) == 0) ||
           (style && (strstr(style, "visibility:hidden") || strstr(style, "visibility: hidden"))) ||
           (type && strcmp(node->tag, "input") == 0 && strcmp(type, "hidden") == 0) ||
           (node->parent >= 0 && tree->nodes[node->parent].hidden);
}

static enum err read_attrs(struct wire *wire, struct tree *tree, int32_t index)
{
    uint32_t count;
    const char *name;
    const char *value;
    if (!take_number(wire, &count) || count > ATTRS_READ_MAX) {
        return ERR_MALFORMED;
    }
    size_t kept = count < TREE_ATTRS_MAX ? count : TREE_ATTRS_MAX;
    enum err err = tree_attrs(tree, index, kept);
    for (size_t i = 0; err == ERR_OK && i < count; i++) {
        if (!take_text(wire, tree, &name) || !take_text(wire, tree, &value)) {
            return ERR_MALFORMED;
        }
        if (i < kept) {
            tree->nodes[index].attrs[i] = (struct tree_attr){.name = name, .value = value};
        }
    }
    return err;
}

static enum err read_element(struct wire *wire, struct tree *tree, int32_t parent,
                             int32_t *ret_index)
{
    uint32_t flags;
    const char *tag;
    if (!take_number(wire, &flags) || !take_text(wire, tree, &tag) || tag[0] == '\0' ||
        strlen(tag) > TAG_MAX || (parent < 0 && tree->count > 0)) {
        return ERR_MALFORMED;
    }
    enum err err = tree_add(tree, parent, tag, ret_index);
    if (err == ERR_OK) {
        err = read_attrs(wire, tree, *ret_index);
    }
    if (err == ERR_OK) {
        struct tree_node *node = &tree->nodes[*ret_index];
        node->shadow = (flags & HTML_SHADOW) && parent >= 0;
        node->foreign = flags & HTML_FOREIGN;
        node->hidden = is_hidden(tree, node);
    }
    return err;
}

static enum err rebuild(struct wire *wire, struct tree *tree)
{
    int32_t open = -1;
    enum err err = ERR_OK;
    while (err == ERR_OK && wire->at < wire->end) {
        const char *text;
        switch (*wire->at++) {
        case 'e':
            err = read_element(wire, tree, open, &open);
            break;
        case 't':
            if (open < 0 || !take_text(wire, tree, &text)) {
                return ERR_MALFORMED;
            }
            err = tree_add_text(tree, open, text);
            break;
        case 'x':
            if (open < 0) {
                return ERR_MALFORMED;
            }
            open = tree->nodes[open].parent;
            break;
        case '.':
            return open < 0 && tree->count > 0 && wire->at == wire->end ? tree_finish(tree)
                                                                        : ERR_MALFORMED;
        default:
            return ERR_MALFORMED;
        }
    }
    return err == ERR_OK ? ERR_MALFORMED : err;
}

enum err html_rebuild(const char *bytes, size_t size, struct tree *ret_tree)
{
    struct wire wire = {.at = bytes, .end = bytes + size};
    struct tree tree = {0};
    enum err err = rebuild(&wire, &tree);
    if (err == ERR_OK) {
        *ret_tree = tree;
    } else {
        tree_free(&tree);
    }
    return err;
}
