/* cost_optimize.h - troupe cost optimize. */
#ifndef TOOLS_COST_OPTIMIZE_H
#define TOOLS_COST_OPTIMIZE_H

#include "runtime/store.h"
#include "tools/command.h"

/* Of the ledger's runs, or of those in the file that --arrivals names; `reader` is NULL then.
 * Returns an exit code, having said what is wrong. */
int cost_optimize(struct invocation *invocation, struct store_reader *reader);

#endif
