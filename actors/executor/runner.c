/* runner.c - what the hosts have in common: their command line and the commands of their protocol.
 */
#include "actors/executor/runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum err runner_host_argv(const struct runner_options *options, const char *name,
                          struct runner_argv *ret_argv)
{
    char *text = NULL;
    if (asprintf(&text, "%s/%s/host.mjs", options->reporters, name) < 0) {
        return ERR_MEMORY;
    }
    *ret_argv = (struct runner_argv){.argv = {"node", text, NULL}, .text = text};
    return ERR_OK;
}

char *runner_host_list(uint64_t id)
{
    char *text = NULL;
    return asprintf(&text, "{\"cmd\":\"list\",\"id\":%llu}\n", (unsigned long long)id) < 0 ? NULL
                                                                                           : text;
}

char *runner_host_cancel(uint64_t id)
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

char *runner_host_run(uint64_t id, const struct batch *batch, uint64_t timeout_ms)
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

const struct runner *runner_find(const char *name)
{
    static const struct runner *const runners[] = {&runner_vitest, &runner_tsc, &runner_playwright,
                                                   &runner_command};
    for (size_t i = 0; i < sizeof runners / sizeof runners[0]; i++) {
        if (runners[i]->fits(name)) {
            return runners[i];
        }
    }
    return NULL;
}
