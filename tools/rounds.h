/* rounds.h - a command's runs one after the other: each begins with the fixes that those before it
 * have made.
 *
 * Pure.
 */
#ifndef TOOLS_ROUNDS_H
#define TOOLS_ROUNDS_H

#include "actors/common/ulid.h"
#include "tools/findings.h"
#include "tools/results.h"

enum { ROUNDS_MAX = 4 }; /* and one more when the last is taken back */

/* What is kept of a run that was not the last. */
struct round {
    char run[ULID_SIZE + 1];
    struct results results;   /* owned */
    struct findings findings; /* owned */
    bool reverted;            /* what it had made was taken back, because… */
    char why[512];            /* …of this */
};

/* How many fixes were made. */
size_t rounds_made(const struct findings *findings);

/* Whether something failed or was lost in `after` that had passed in `before`; *ret_file and
 * *ret_test (borrowed of `after`; "" for the file itself) say what first.  Both are sorted. */
bool rounds_worse(const struct results *before, const struct results *after, const char **ret_file,
                  const char **ret_test);

/* Takes over what is in results and findings, and leaves them empty. */
void round_keep(struct round *round, const char *run, struct results *results,
                struct findings *findings);
void round_fini(struct round *round);

#endif
