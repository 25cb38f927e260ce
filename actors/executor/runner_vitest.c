/* runner_vitest.c - vitest, by way of tools/reporters/vitest/host.mjs. */
#include "actors/executor/runner.h"

#include <string.h>

/* The one runner that is tried when none is named. */
static bool fits(const char *name)
{
    return strcmp(name, "vitest") == 0 || strcmp(name, "auto") == 0;
}

static enum err vitest_argv(const struct runner_options *options, struct runner_argv *ret_argv)
{
    return runner_host_argv(options, "vitest", ret_argv);
}

const struct runner runner_vitest = {
    .name = "vitest",
    .fits = fits,
    .argv = vitest_argv,
    .list = runner_host_list,
    .run = runner_host_run,
    .cancel = runner_host_cancel,
    .decode = event_decode,
    .advice = "vitest was looked for among the dependencies of the project (is it installed?); "
              "name another runner with --runner, or a command line with --command",
};
