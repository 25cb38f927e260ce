/* again.h - the command line that runs one file once more, by the project's own plain runner.
 *
 * Pure.  Independent of warm runners and reporters: its exit code is the whole verdict.
 */
#ifndef ACTORS_COMMON_AGAIN_H
#define ACTORS_COMMON_AGAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/error.h"

enum { AGAIN_ARGS_MAX = 24, AGAIN_TEXTS_MAX = 8 };

/* argv ends with NULL and is counted without it; texts own what it does not borrow. */
struct again {
    const char *argv[AGAIN_ARGS_MAX];
    size_t count;
    char *texts[AGAIN_TEXTS_MAX];
    size_t texts_count;
    bool caches; /* it may want browsers that playwright keeps in our user's home */
};

/* What to run for a job of `runner` (vitest, jest, tsc, eslint, playwright, command; auto is
 * vitest) about `file`, relative to the project, which is the working directory.  Borrows all
 * three, and the caller calls again_free.  A program's name that begins with node_modules/.bin/ may
 * also lie in a folder above.  ERR_NOT_FOUND: no such runner; ERR_MALFORMED: no file, or no
 * command; ERR_MEMORY.
 */
enum err again_command(const char *runner, const char *command, const char *file,
                       struct again *ret_again) MUST_CHECK;
void again_free(struct again *again);

#endif
