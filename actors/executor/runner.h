/* runner.h - one row per test runner: how it is started, told and understood.
 *
 * Pure.  There are two kinds.  A host is one warm process that lists and runs many files and speaks
 * JSON Lines on its control socket; its row can encode and decode.  Any other runner is a command
 * that is started once for each file and tells the result by how it ends.
 */
#ifndef ACTORS_EXECUTOR_RUNNER_H
#define ACTORS_EXECUTOR_RUNNER_H

#include "actors/executor/batch.h"

enum { RUNNER_ARGS_MAX = 8 };

/* A command line; `text` owns what argv does not borrow from the options. */
struct runner_argv {
    const char *argv[RUNNER_ARGS_MAX];
    char *text;
};

struct runner_options {
    const char *reporters; /* directory of the hosts */
    const char *command;   /* GRANT.command */
    const char *file;      /* NULL for a host */
};

struct runner {
    const char *name;

    /* Whether it is meant by this GRANT.runner. */
    bool (*fits)(const char *name);

    /* ERR_MEMORY; ERR_MALFORMED: the options lack what it needs. */
    enum err (*argv)(const struct runner_options *options, struct runner_argv *ret_argv);

    /* NULL for a command that is started once a file.  `run` lists the jobs that wait; texts are
     * the caller's to free; NULL without memory. */
    char *(*list)(uint64_t id);
    char *(*run)(uint64_t id, const struct batch *batch, uint64_t timeout_ms);
    char *(*cancel)(uint64_t id);
    enum err (*decode)(char *line, size_t size, struct event *ret_event);

    const char *advice; /* when it cannot be started */
};

extern const struct runner runner_vitest;
extern const struct runner runner_tsc;
extern const struct runner runner_playwright;
extern const struct runner runner_command;

/* The runner for a GRANT.runner; NULL when there is none. */
const struct runner *runner_find(const char *name);

/* For the rows of hosts, which all speak one protocol: as in struct runner; `name` is the folder of
 * the host below options->reporters. */
enum err runner_host_argv(const struct runner_options *options, const char *name,
                          struct runner_argv *ret_argv) MUST_CHECK;
char *runner_host_list(uint64_t id);
char *runner_host_run(uint64_t id, const struct batch *batch, uint64_t timeout_ms);
char *runner_host_cancel(uint64_t id);

static inline bool runner_is_host(const struct runner *runner)
{
    return runner->run != NULL;
}

#endif
