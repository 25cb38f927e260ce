/* runner_playwright.c - Playwright Test, by way of tools/reporters/playwright/host.mjs. */
#include "actors/executor/runner.h"

#include <string.h>

static bool fits(const char *name)
{
    return strcmp(name, "playwright") == 0;
}

static enum err playwright_argv(const struct runner_options *options, struct runner_argv *ret_argv)
{
    return runner_host_argv(options, "playwright", ret_argv);
}

const struct runner runner_playwright = {
    .name = "playwright",
    .fits = fits,
    .argv = playwright_argv,
    .list = runner_host_list,
    .run = runner_host_run,
    .cancel = runner_host_cancel,
    .decode = event_decode,
    .advice = "@playwright/test was looked for among the dependencies of the project (is it "
              "installed?)",
};
