/* changed.h - which files of a project have to be run after a change. */
#ifndef TOOLS_CHANGED_H
#define TOOLS_CHANGED_H

#include "tools/targets.h"

/* What is to be found out, and where.  Texts are borrowed. */
struct changed_wanted {
    const char *root;
    const char *dir;    /* root or below */
    const char *rev;    /* NULL: select nothing */
    const char *runner; /* as asked for: which of them look at types */
    const char *inputs; /* what results depend on besides files; NULL: no inputs are wanted */
    bool verbose;       /* say which files have no inputs, and why */
    char why[256];      /* why files have no inputs; empty: they have */
};

/* Selection: leaves in `targets` what the changes since `rev` may reach, by git and affected.h: of
 * the files that are named there, or when none are, of all below `dir`, to be chosen from what the
 * runner lists (targets->affected).  Changes in all of `root` count, those not yet committed too.
 * Where they may reach everything, it says so on stderr and leaves targets as they are.
 *
 * Inputs: gives each target the digest of all that its results depend on, where that can be told.
 * Without targets it makes some that only have inputs (targets->keyed).
 *
 * Says what is wrong and returns an exit code. */
int changed_select(struct changed_wanted *wanted, struct targets *targets);

#endif
