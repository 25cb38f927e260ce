/* changed.h - which files of a project have to be run after a change. */
#ifndef TOOLS_CHANGED_H
#define TOOLS_CHANGED_H

#include "tools/targets.h"

/* Leaves in `targets` what the changes since `rev` may reach, by git and affected.h: of the files
 * that are named there, or when none are, of all below `dir`, to be chosen from what the runner
 * lists (targets->affected).  Changes in all of `root`, where dir lies in it, count, those not yet
 * committed too.  Where they may reach everything, it says so on stderr and leaves targets as they
 * are.  Says what is wrong and returns an exit code. */
int changed_select(const char *root, const char *dir, const char *rev, struct targets *targets);

#endif
