/* kept.h - a fix of the ledger, made in the project or taken back.
 *
 * The main thread only; one process at a time, by a lock in the state directory.  A change of
 * several files is noted first, then each file is replaced as a whole: killed at any instant, the
 * same again ends it, and nothing is changed twice.
 */
#ifndef TOOLS_KEPT_H
#define TOOLS_KEPT_H

#include "actors/coordinator/ledger_fix.h"
#include "tools/command.h"

enum kept_order { KEPT_APPLY, KEPT_REVERT, KEPT_REJECT };

/* Carries out an order about the fix of an error; says what is wrong and returns an exit code.
 * *ret_changed: something was done, not only found done.  EXIT_REFUSED: by the policy, because the
 * lines are not those of the diff, because a file was edited since, or by an earlier decision. */
int kept_do(struct invocation *invocation, enum kept_order order, const char *run, uint64_t error,
            bool *ret_changed);

#endif
