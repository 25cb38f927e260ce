/* snapshot.h - pages, cases and fingerprints out of JSON files.
 *
 * snapshot   {"old": FRAMES, "new": FRAMES}, FRAMES = {"": [element…], "key": [element…]}, the main
 *            frame under "".  An element: "p" index of its parent in its frame or -1, "path",
 *            "tag", "a" {attributes}, "own" text, "text" deep text, "role", "name", "x y w h".
 * cases      {"cases": [{"id", "selector", "old_path", "frame"?, "action"?}…]}
 * heal-eval/1 {"cases": [{"id", "old": PROPERTIES}…], "candidates": [PROPERTIES and "i"…]}, where
 *            properties are "tag text neighbor xpath idxpath is_button x y w h" and attributes
 *
 * Pure.  Everything is ERR_MALFORMED when it is not this format, ERR_LIMIT when there is more than
 * tree.h and the bounds below allow, ERR_MEMORY.
 */
#ifndef ACTORS_HEALER_SNAPSHOT_H
#define ACTORS_HEALER_SNAPSHOT_H

#include "actors/healer/tree.h"

enum { SNAPSHOT_BYTES_MAX = 64 << 20, CASES_MAX = 10000 };

/* Reads one side ("old", "new") of `size` bytes.  *ret_tree is the caller's, for tree_free(). */
enum err snapshot_read(const char *text, size_t size, const char *side,
                       struct tree *ret_tree) MUST_CHECK;

struct heal_case {
    const char *id;
    const char *selector; /* "": unknown */
    const char *old_path; /* "" in fingerprints */
    const char *frame;    /* "": the main one */
    const char *action;   /* page.h; "": unknown */
    int32_t old;          /* element of the old page; -1: not there */
};

struct heal_cases {
    struct heal_case *at;
    size_t count;
    struct json_t *json; /* owns the texts */
};

/* Reads cases; their `old` is -1. */
enum err cases_read(const char *text, size_t size, struct heal_cases *ret_cases) MUST_CHECK;

/* Reads fingerprints: of each case an element of *ret_old, and the candidates, in their order, as
 * *ret_new; both are flat but for their paths.  ret_index[i] is the "i" of candidate i; the
 * caller's, for free(). */
enum err fingerprints_read(const char *text, size_t size, struct heal_cases *ret_cases,
                           struct tree trees[2], int64_t **ret_index) MUST_CHECK;

/* Frees what *cases owns; an empty one is fine. */
void cases_free(struct heal_cases *cases);

#endif
