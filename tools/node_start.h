/* node_start.h - troupe node start. */
#ifndef TOOLS_NODE_START_H
#define TOOLS_NODE_START_H

#include "tools/command.h"

/* Becomes troupe-node in the foreground; returns, with an exit code, only when it cannot. */
int node_start(struct invocation *invocation);

#endif
