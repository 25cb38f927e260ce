/* command_fix_kept.h - troupe fix list, show, votes, apply, reject and revert. */
#ifndef TOOLS_COMMAND_FIX_KEPT_H
#define TOOLS_COMMAND_FIX_KEPT_H

#include "tools/command.h"

/* Whether the first word is one of them. */
bool is_kept_command(const struct invocation *invocation);

/* Carries it out; an exit code. */
int command_fix_kept(struct invocation *invocation);

#endif
