/* runner_vitest.c - vitest, by way of tools/reporters/vitest/host.mjs. */
#include "actors/executor/runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The one runner that is tried when none is named. */
static bool fits(const char *name)
{
    return strcmp(name, "vitest") == 0 || strcmp(name, "auto") == 0;
}

static enum err vitest_argv(const struct runner_options *options, struct runner_argv *ret_argv)
{
    char *text = NULL;
    if (asprintf(&text, "%s/vitest/host.mjs", options->reporters) < 0) {
        return ERR_MEMORY;
    }
    *ret_argv = (struct runner_argv){.argv = {"node", text, NULL}, .text = text};
    return ERR_OK;
}

static char *vitest_list(uint64_t id)
{
    char *text = NULL;
    return asprintf(&text, "{\"cmd\":\"list\",\"id\":%llu}\n", (unsigned long long)id) < 0 ? NULL
                                                                                           : text;
}

static char *vitest_cancel(uint64_t id)
{
    char *text = NULL;
    return asprintf(&text, "{\"cmd\":\"cancel\",\"id\":%llu}\n", (unsigned long long)id) < 0 ? NULL
                                                                                             : text;
}

static void write_string(FILE *out, const char *text)
{
    (void)fputc('"', out);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\') {
            (void)fprintf(out, "\\%c", *text);
        } else if ((unsigned char)*text < 0x20) {
            (void)fprintf(out, "\\u%04x", (unsigned)*text);
        } else {
            (void)fputc(*text, out);
        }
    }
    (void)fputc('"', out);
}

static char *vitest_run(uint64_t id, const struct batch *batch, uint64_t timeout_ms)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out) {
        return NULL;
    }
    (void)fprintf(out, "{\"cmd\":\"run\",\"id\":%llu,\"files\":[", (unsigned long long)id);
    const char *separator = "";
    for (size_t i = 0; i < batch->filled; i++) {
        if (batch->jobs[i].state == JOB_WAITING) {
            (void)fputs(separator, out);
            write_string(out, batch->jobs[i].file);
            separator = ",";
        }
    }
    (void)fprintf(out, "],\"timeout_ms\":%llu}\n", (unsigned long long)timeout_ms);
    bool failed = ferror(out) != 0;
    if (fclose(out) != 0 || failed) {
        free(text);
        return NULL;
    }
    return text;
}

const struct runner runner_vitest = {
    .name = "vitest",
    .fits = fits,
    .argv = vitest_argv,
    .list = vitest_list,
    .run = vitest_run,
    .cancel = vitest_cancel,
    .decode = event_decode,
    .advice = "vitest was looked for among the dependencies of the project (is it installed?); "
              "name another runner with --runner, or a command line with --command",
};

const struct runner *runner_find(const char *name)
{
    static const struct runner *const runners[] = {&runner_vitest, &runner_command};
    for (size_t i = 0; i < sizeof runners / sizeof runners[0]; i++) {
        if (runners[i]->fits(name)) {
            return runners[i];
        }
    }
    return NULL;
}
