/* command_models_bench.h - troupe models bench and suggest. */
#ifndef TOOLS_COMMAND_MODELS_BENCH_H
#define TOOLS_COMMAND_MODELS_BENCH_H

#include "actors/models/plan.h"
#include "tools/command.h"

/* An exit code.  The plan is borrowed. */
int models_bench_all(const struct invocation *invocation, const struct plan *plan);
int models_suggest(const struct invocation *invocation, const struct plan *plan);

#endif
