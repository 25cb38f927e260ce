/* tree.h - a web page as elements: what the matcher and the selector engine look at.
 *
 * It is made from a snapshot of a browser (snapshot.h), from HTML (html.h), or from the page of a
 * failed test (page.h).  Elements are in document order, frame by frame; elements of an open
 * shadow root stand before the other children of their host.
 *
 * Pure; nothing is shared, so any thread may work on its own tree.
 */
#ifndef ACTORS_HEALER_TREE_H
#define ACTORS_HEALER_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "actors/healer/arena.h"
#include "proto/error.h"

enum {
    TREE_NODES_MAX = 50000, /* of one page, all frames together */
    TREE_ATTRS_MAX = 64,    /* of one element; further ones are left out */
    TREE_DEPTH_MAX = 512,
    TREE_FRAMES_MAX = 64,
    TREE_BYTES_MAX = 128 << 20 /* of the texts that a tree makes itself */
};

struct tree_attr {
    const char *name; /* as the parser gave it: small letters in HTML */
    const char *value;
};

/* A run of text among the children of an element. */
struct tree_text {
    const char *text;
    int32_t before; /* the child element that follows; -1: none */
    int32_t next;   /* in tree.texts; -1: the last of its element */
};

/* Texts end with a NUL, are never NULL, and live as long as their tree. */
struct tree_node {
    const char *tag;  /* small letters */
    const char *path; /* /html[1]/…/x-a[1]/#shadow-root/button[1]; "": not made yet */
    const char *own;  /* texts that are its children, blanks collapsed */
    const char *text; /* all texts in it, blanks collapsed */
    const char *role; /* "": none */
    const char *name; /* accessible name; "": none */
    const char *near; /* what stands around it, where only that is known (fingerprint.h) */
    struct tree_attr *attrs;
    int32_t parent; /* -1: the root of its frame */
    int32_t end;    /* one behind its last descendant */
    int32_t first;  /* its first child; -1 */
    int32_t next;   /* its next sibling; -1 */
    int32_t texts;  /* in tree.texts; -1 */
    float x, y, w, h;
    uint16_t attrs_count;
    uint16_t depth;
    uint16_t frame; /* in tree.frames */
    bool placed;    /* x, y, w, h are known */
    bool shadow;    /* it is a child of its parent's shadow root */
    bool hidden;    /* it is not drawn */
    bool foreign;   /* of SVG or MathML */
};

struct tree_frame {
    const char *key; /* "" is the main one */
    int32_t root;
    int32_t end;
};

struct tree {
    struct tree_node *nodes;
    size_t count;
    struct tree_text *texts;
    size_t texts_count;
    struct tree_frame frames[TREE_FRAMES_MAX];
    size_t frames_count;
    float width, height; /* of what is placed, at least 1 */
    /* The tree's own. */
    size_t capacity;
    size_t texts_capacity;
    struct arena arena;
    struct json_t *json; /* owns texts of a snapshot; NULL */
};

/* An empty tree is {0}.  tree_free() leaves one; an empty one is fine. */
void tree_free(struct tree *tree);

/* Adds an element behind all others.  `parent` -1 begins a frame with the key "", or whatever
 * tree_frame() said.  All texts are empty; `tag` is not copied.  ERR_LIMIT, ERR_MEMORY. */
enum err tree_add(struct tree *tree, int32_t parent, const char *tag, int32_t *ret_node) MUST_CHECK;

/* The next root begins a frame with this key, which is not copied.  ERR_LIMIT. */
enum err tree_frame(struct tree *tree, const char *key) MUST_CHECK;

/* Gives the element room for `count` attributes, at most TREE_ATTRS_MAX, all {"", ""}.
 * ERR_MEMORY, ERR_LIMIT. */
enum err tree_attrs(struct tree *tree, int32_t node, size_t count) MUST_CHECK;

/* Appends a run of text to an element, `text` is not copied; no element may be added to it behind
 * any of its later siblings.  ERR_MEMORY. */
enum err tree_add_text(struct tree *tree, int32_t node, const char *text) MUST_CHECK;

/* Links children, counts descendants and measures; fills what is still empty of path, own and text.
 * Call it once, when all elements are there.  ERR_MEMORY, ERR_LIMIT. */
enum err tree_finish(struct tree *tree) MUST_CHECK;

/* Memory of the tree's, zeroed; NULL when there is none or TREE_BYTES_MAX is reached. */
void *tree_alloc(struct tree *tree, size_t size);

/* A copy of `size` bytes with a NUL, the tree's; NULL as above. */
const char *tree_copy(struct tree *tree, const char *text, size_t size);

/* The value of an attribute, or NULL. */
const char *tree_attr(const struct tree_node *node, const char *name);

/* Whether `node` is `of` or inside it. */
static inline bool tree_inside(const struct tree *tree, int32_t node, int32_t of)
{
    return node >= of && node < tree->nodes[of].end;
}

/* Finds an element by path and frame; -1: there is none. */
int32_t tree_by_path(const struct tree *tree, const char *path, const char *frame);

/* Index of the element in its tree. */
static inline int32_t tree_index(const struct tree *tree, const struct tree_node *node)
{
    return (int32_t)(node - tree->nodes);
}

#endif
