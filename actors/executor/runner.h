/* runner.h - one row per test runner: how it is started and told what to do.
 *
 * Pure.  There are two kinds.  A host is one warm process that lists and runs many files and speaks
 * JSON Lines on its control socket; actors/common/runners.def has them.  The other is `command`: it
 * is started once for each file and tells the result by how it ends.
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
    const char *name; /* GRANT.runner, and the folder of the host */
    bool is_host;
    bool caches;        /* it is shown the packages of go and cargo */
    const char *advice; /* when it cannot be started */
};

/* The runner for a GRANT.runner; NULL when there is none. */
const struct runner *runner_find(const char *name);

/* ERR_MEMORY; ERR_MALFORMED: the options lack what it needs. */
enum err runner_argv(const struct runner *runner, const struct runner_options *options,
                     struct runner_argv *ret_argv) MUST_CHECK;

/* Commands for a host, with the newline.  `run` lists the jobs that wait.  The caller's to free;
 * NULL without memory. */
char *runner_list(uint64_t id);
char *runner_run(uint64_t id, const struct batch *batch, uint64_t timeout_ms);
char *runner_cancel(uint64_t id);

#endif
