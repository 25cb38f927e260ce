/* place.h - which files of a project the text of a failure speaks of.
 *
 * Pure.  A path that is taken is relative, stays inside the project and is source code.
 */
#ifndef ACTORS_MODELS_PLACE_H
#define ACTORS_MODELS_PLACE_H

#include <stdbool.h>

#include "proto/message.h"

enum { PLACE_PATH_MAX = 255, PLACES_MAX = 64 };

struct place {
    char path[PLACE_PATH_MAX + 1];
    uint64_t line; /* from 1; 0: not known */
};

struct places {
    struct place list[PLACES_MAX];
    size_t count;
};

bool place_is_source(const char *path);
bool place_is_test(const char *path);

/* Adds a path once; what is no source is left out, and so is what has no room.  An absolute one
 * inside of `dir` becomes relative. */
void places_add(struct places *places, const char *dir, struct msg_str path, uint64_t line);

/* Adds those that a text names as path:line or path(line, at most `max`, in its order. */
void places_find(struct places *places, const char *dir, struct msg_str text, size_t max);

/* Adds what may be meant by the relative imports of a file: every ending that there could be. */
void places_import(struct places *places, const char *path, struct msg_str text);

#endif
