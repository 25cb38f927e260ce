/* runner_tsc.c - TypeScript's type checker, by way of tools/reporters/tsc/host.mjs. */
#include "actors/executor/runner.h"

#include <string.h>

static bool fits(const char *name)
{
    return strcmp(name, "tsc") == 0;
}

static enum err tsc_argv(const struct runner_options *options, struct runner_argv *ret_argv)
{
    return runner_host_argv(options, "tsc", ret_argv);
}

const struct runner runner_tsc = {
    .name = "tsc",
    .fits = fits,
    .argv = tsc_argv,
    .list = runner_host_list,
    .run = runner_host_run,
    .cancel = runner_host_cancel,
    .decode = event_decode,
    .advice = "typescript was looked for among the dependencies of the project (is it installed?)",
};
