/* targets.h - the files that --files-from names. */
#ifndef TOOLS_TARGETS_H
#define TOOLS_TARGETS_H

#include <stdbool.h>
#include <stddef.h>

/* Paths relative to the project, each once, in the order in which they were named. */
struct targets {
    bool named; /* there was a --files-from */
    char **files;
    char **whys; /* by which file each is affected; NULL: they were named */
    size_t count;
    size_t capacity;
    char **inputs;   /* digests of what each depends on, NULL where not known; or NULL */
    bool keyed;      /* they only have inputs: all that the runner lists is run */
    bool affected;   /* a choice among what the runner lists */
    size_t left_out; /* of those that were named, not affected */
};

/* Reads `from` (a file, "-", or NULL: nothing is named).  A path is taken as relative to `dir`, or,
 * when there is no such file, to the current directory.  Says what is wrong and returns an exit
 * code. */
int targets_read(const char *from, const char *dir, struct targets *ret_targets);

void targets_fini(struct targets *self);

/* `path` without "./", "//" and "a/..", in place; false when it leaves its directory. */
bool targets_normalise(char *path);

#endif
