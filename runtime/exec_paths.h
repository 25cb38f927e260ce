/* exec_paths.h - which files a command needs to see besides its project: the programs in its PATH.
 *
 * Private to runtime/.  What is installed in the usual places the sandbox shows anyway.  A program
 * elsewhere (node in somebody's home) is shown by the directory that PATH names and, if that is
 * called bin, by what was installed beside it; never by so much that a home, or the project's own
 * place, would come along.
 */
#ifndef RUNTIME_EXEC_PATHS_H
#define RUNTIME_EXEC_PATHS_H

#include "runtime/spawner.h"

struct exec_program {
    const char *argv0;
    const char *path;            /* PATH of its environment; NULL: none */
    const char *project;         /* NULL: none */
    const char *home;            /* of our own user, resolved; NULL: none worth hiding */
    const char *const *readable; /* what it was given by name; ends with NULL */
    bool caches;                 /* what go, cargo and playwright keep in that home, too */
};

enum { EXEC_CACHES_MAX = 4 };

struct exec_paths {
    const char *list[SANDBOX_PATHS_MAX + 1]; /* ends with NULL; for struct sandbox_limits */
    size_t count;
    char *owned[SANDBOX_PATHS_MAX];
    size_t owned_count;
    char *env[EXEC_CACHES_MAX]; /* NAME=VALUE that says where the caches are */
    size_t env_count;
    const struct exec_program *program;
};

/* Looks at the disk.  What goes beyond SANDBOX_PATHS_MAX is left out.  Borrows from *program until
 * exec_paths_free. */
void exec_paths_collect(struct exec_paths *paths, const struct exec_program *program);
void exec_paths_free(struct exec_paths *paths);

#endif
