/* place.h - files that a line of an error text names.  Its names begin with error_place, since the
 * tools have a place of their own.
 *
 * Pure; the results point into the line that was given.
 */
#ifndef ACTORS_CLASSIFIER_PLACE_H
#define ACTORS_CLASSIFIER_PLACE_H

#include <stdbool.h>
#include <stddef.h>

/* A path inside a line: without scheme, host, query, line and column.  size 0: none. */
struct error_place {
    const char *path;
    size_t size; /* bytes */
};

/* The first word of `size` bytes of a line that ends like a source file. */
struct error_place error_place_find(const char *line, size_t size);

/* Whether the line is a frame of a stack ("at f (a.js:1:2)", "File "a.py", line 1", "❯ a.ts:1:2",
 * " --> a.rs:1:2", "╭─[a.ts:1:2]"), and of which file; the file is empty when the frame has none.
 */
bool error_place_is_frame(const char *line, size_t size, struct error_place *ret_place);

/* Whether a path belongs to the project rather than to a library, a runner or the platform. */
bool error_place_is_ours(struct error_place place);

#endif
