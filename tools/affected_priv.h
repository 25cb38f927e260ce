/* affected_priv.h - what affected.c and affected_scan.c share. */
#ifndef TOOLS_AFFECTED_PRIV_H
#define TOOLS_AFFECTED_PRIV_H

#include <stdint.h>

#include "tools/affected.h"

enum { AFFECTED_TOKEN_MAX = 512 };

/* By its path without the extension, and by the last part of that. */
struct node {
    char *path;  /* owned */
    size_t stem; /* bytes of the path without its extension */
    bool changed;
    bool dynamic; /* reached by everything */
    bool open;    /* it depends on more than its edges say: no inputs can be told */
    bool reached;
    size_t from;
};

/* A directory or a package; each file below it is one of it. */
struct dir {
    char *path; /* owned */
};

struct package {
    char *name; /* owned, as the next */
    char *dir;
};

/* `source` depends on a file, or behind the files on a directory. */
struct edge {
    uint32_t target;
    uint32_t source;
    bool types; /* only types are imported: nothing of it is there while tests run */
};

struct affected {
    struct node *nodes; /* by path */
    size_t nodes_count, nodes_room;
    uint32_t *by_stem; /* the same by the last part of their stems */
    struct dir *dirs;  /* by path */
    size_t dirs_count;
    struct package *packages;
    size_t packages_count, packages_room;
    struct edge *edges;
    size_t edges_count, edges_room;
    char **installed; /* owned, sorted: names of packages */
    size_t installed_count, installed_room;
    bool types; /* who imports only types depends on them, too */
};

const char *affected_last_part(const char *path);

/* Bytes of a path without its extension. */
size_t affected_stem(const char *path);

/* The last part of the stem, and its size. */
size_t affected_last_stem(const struct node *node, const char **ret_part);

/* Order of texts with sizes. */
int affected_compare(const char *a, size_t a_size, const char *b, size_t b_size);

/* Number of a directory by its path; SIZE_MAX: there is none. */
size_t affected_find_dir(const struct affected *self, const char *path);

enum err affected_edge(struct affected *self, size_t target, size_t source) MUST_CHECK;

bool affected_is_one_of(const char *text, size_t size, const char *const *words);

/* Whether a package of that name, or of the first parts of it, is installed. */
bool affected_is_installed(const struct affected *self, const char *name);

/* Runners, bundlers and compilers read it by themselves. */
bool affected_is_global(const struct node *node);

/* Runs before every test, or in the place of what they import. */
bool affected_is_root(const struct node *node);

/* Of a runner or a bundler. */
bool affected_is_config(const struct node *node);

#endif
