/* sandbox_scratch.c - where there is no private /tmp: a folder in it that goes with the tree. */
#include "runtime/sandbox_priv.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDERS_OPEN_MAX 16

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    (void)remove(path);
    return 0;
}

void sandbox_scratch_remove(char *path)
{
    if (path[0] != '\0') {
        /* Links are not followed, and nobody who could exchange one is alive. */
        (void)nftw(path, remove_one, FOLDERS_OPEN_MAX, FTW_DEPTH | FTW_PHYS);
        path[0] = '\0';
    }
}

void sandbox_scratch_make(struct sandbox_task *task)
{
    char path[] = "/tmp/troupe-XXXXXX";
    if (!mkdtemp(path)) {
        sandbox_note(task, "no folder of its own", "/tmp");
        return;
    }
    (void)snprintf(task->scratch, sizeof task->scratch, "%s", path);
    if (task->root && chown(path, task->uid, task->gid) != 0) {
        sandbox_note(task, "no folder of its own", path);
        sandbox_scratch_remove(task->scratch);
    }
}

void sandbox_scratch_show(const struct sandbox_task *task)
{
    static const char *const names[] = {"TMPDIR", "HOME"};
    for (size_t i = 0; i < sizeof names / sizeof names[0] && task->scratch[0] != '\0'; i++) {
        const char *value = getenv(names[i]);
        if (value && strcmp(value, "/tmp") == 0) {
            /* Between fork and exec there is one thread. */
            // NOLINTNEXTLINE(concurrency-mt-unsafe)
            (void)setenv(names[i], task->scratch, 1);
        }
    }
}
