/* runner.c - the table of runners, and what hosts are told. */
#include "actors/executor/runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/common/shell.h"

static const struct runner runners[] = {
#define HOST(name, caches, advice) {#name, true, caches, advice},
#include "actors/common/runners.def"
    {"command", false, false,
     "give the command line to run with --command; {} stands for the file"},
};

const struct runner *runner_find(const char *name)
{
    for (size_t i = 0; i < sizeof runners / sizeof runners[0]; i++) {
        if (strcmp(runners[i].name, name) == 0) {
            return &runners[i];
        }
    }
    return NULL;
}

/* ---- command lines ---- */

static enum err host_argv(const struct runner *runner, const struct runner_options *options,
                          struct runner_argv *ret_argv)
{
    char *text = NULL;
    if (asprintf(&text, "%s/%s/host.mjs", options->reporters, runner->name) < 0) {
        return ERR_MEMORY;
    }
    *ret_argv = (struct runner_argv){.argv = {"node", text}, .text = text};
    if (strcmp(runner->name, "results") == 0) {
        ret_argv->argv[2] = "--command";
        ret_argv->argv[3] = options->command;
    }
    return ERR_OK;
}

enum err runner_argv(const struct runner *runner, const struct runner_options *options,
                     struct runner_argv *ret_argv)
{
    if (runner->is_host) {
        return host_argv(runner, options, ret_argv);
    }
    if (options->command[0] == '\0') {
        return ERR_MALFORMED;
    }
    char *text = shell_with_argument(options->command);
    if (!text) {
        return ERR_MEMORY;
    }
    *ret_argv =
        (struct runner_argv){.argv = {"sh", "-c", text, "sh", options->file, NULL}, .text = text};
    return ERR_OK;
}

/* ---- commands of the protocol ---- */

char *runner_list(uint64_t id)
{
    char *text = NULL;
    return asprintf(&text, "{\"cmd\":\"list\",\"id\":%llu}\n", (unsigned long long)id) < 0 ? NULL
                                                                                           : text;
}

char *runner_cancel(uint64_t id)
{
    char *text = NULL;
    return asprintf(&text, "{\"cmd\":\"cancel\",\"id\":%llu}\n", (unsigned long long)id) < 0 ? NULL
                                                                                             : text;
}

static void write_string(FILE *out, struct msg_str text)
{
    (void)fputc('"', out);
    for (uint32_t i = 0; i < text.size; i++) {
        char c = text.at[i];
        if (c == '"' || c == '\\') {
            (void)fprintf(out, "\\%c", c);
        } else if ((unsigned char)c < 0x20) {
            (void)fprintf(out, "\\u%04x", (unsigned)c);
        } else {
            (void)fputc(c, out);
        }
    }
    (void)fputc('"', out);
}

/* A part of a file is alone in its batch. */
static void write_selection(FILE *out, const struct batch_job *job)
{
    const char *separator = "";
    (void)fprintf(out, "],\"%s\":[", job->select == TERM_select_ONLY ? "only" : "but");
    for (const char *at = job->names; *at;) {
        size_t size = strcspn(at, "\n");
        (void)fputs(separator, out);
        write_string(out, (struct msg_str){at, (uint32_t)size});
        separator = ",";
        at += size + (at[size] == '\n');
    }
}

char *runner_run(uint64_t id, const struct batch *batch, uint64_t timeout_ms)
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
            write_string(out, msg_str(batch->jobs[i].file));
            separator = ",";
        }
    }
    if (batch->count == 1 && batch->jobs[0].select != 0) {
        write_selection(out, &batch->jobs[0]);
    }
    (void)fprintf(out, "],\"timeout_ms\":%llu}\n", (unsigned long long)timeout_ms);
    bool failed = ferror(out) != 0;
    if (fclose(out) != 0 || failed) {
        free(text);
        return NULL;
    }
    return text;
}
