/* changed_priv.h - what changed.c and changed_inputs.c share. */
#ifndef TOOLS_CHANGED_PRIV_H
#define TOOLS_CHANGED_PRIV_H

#include "tools/affected.h"
#include "tools/changed.h"

struct changed {
    struct changed_wanted *wanted;
    const char *root;
    size_t prefix; /* bytes of the path that leads from root to dir, with its slash */
    const char *dir;
    struct affected *affected;
    char *listed; /* owned: what git says, paths that end with NUL */
    size_t listed_size;
    char *diff; /* the same; NULL: nothing is selected */
    size_t diff_size;
    char *text; /* room for a file */
};

/* Names the packages that are installed.  Before affected_seal. */
enum err changed_add_installed(struct changed *self) MUST_CHECK;

/* Gives the targets their inputs. */
enum err changed_add_inputs(struct changed *self, struct targets *targets) MUST_CHECK;

#endif
