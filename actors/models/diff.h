/* diff.h - the unified diff between two states of a file.
 *
 * Pure.  Line ends are kept: a \r belongs to its line, a missing last line end is marked.
 */
#ifndef ACTORS_MODELS_DIFF_H
#define ACTORS_MODELS_DIFF_H

#include <stdbool.h>

#include "proto/message.h"

enum { DIFF_LINES_MAX = 20000 };

/* Lines of a text, borrowed from it, without \n. */
struct diff_text {
    struct msg_str *lines;
    size_t count;
    bool open; /* the last line has no end */
};

/* Cuts a text; `spare` further lines have room.  The caller frees ret_text->lines.
 * ERR_LIMIT: too many lines; ERR_MEMORY. */
enum err diff_split(struct msg_str text, size_t spare, struct diff_text *ret_text) MUST_CHECK;

/* Appends the diff of `path` to the `*size` bytes at `out`, which has `max`; nothing when there is
 * no difference.  ERR_LIMIT: no room; ERR_MEMORY. */
struct diff_out {
    char *at;
    size_t size;
    size_t max;
};
enum err diff_write(const char *path, const struct diff_text *before, const struct diff_text *after,
                    struct diff_out *out) MUST_CHECK;

#endif
