/* command_heal_kept.h - troupe heal list, show and health: what the ledger has of broken locators.
 */
#ifndef TOOLS_COMMAND_HEAL_KEPT_H
#define TOOLS_COMMAND_HEAL_KEPT_H

#include "tools/command.h"

/* Whether the first word asks for the ledger, not for pages. */
bool is_heal_kept(const struct invocation *invocation);

/* Returns an exit code. */
int command_heal_kept(struct invocation *invocation);

/* command_heal_health.c: of the project that the second word names, or the working directory. */
int command_heal_health(struct invocation *invocation);

#endif
