/* sandbox_mount.c - places and mounts below the root of a sandbox that is being built. */
#include "runtime/sandbox_priv.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- paths inside the new root ---- */

int sandbox_open_inside(int root, const char *path, uint64_t flags)
{
    struct open_how how = {.flags = flags | O_CLOEXEC,
                           .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
    while (*path == '/') {
        path++;
    }
    return (int)syscall(SYS_openat2, root, *path ? path : ".", &how, sizeof how);
}

/* Makes the last part of `path` in its parent, which exists. */
static bool make_inside(int root, const char *path, bool directory)
{
    char parent[SANDBOX_PATH_SIZE];
    (void)snprintf(parent, sizeof parent, "%s", path);
    char *slash = strrchr(parent, '/');
    assert(slash);
    const char *name = path + (slash - parent) + 1;
    *slash = '\0';
    int fd = sandbox_open_inside(root, parent, O_PATH | O_DIRECTORY);
    if (fd < 0) {
        return false;
    }
    int made = -1;
    if (directory) {
        /* Through the superuser's home one gets to programs that lie there, and sees no names. */
        made = mkdirat(fd, name, strcmp(path, "/root") == 0 ? 0711 : 0755);
    } else {
        int file = openat(fd, name, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0644);
        made = file;
        if (file >= 0) {
            (void)close(file);
        }
    }
    bool ok = made >= 0 || errno == EEXIST;
    (void)close(fd);
    return ok;
}

/* Opens the place for a mount and makes it, and the directories above it, where missing. */
int sandbox_open_place(int root, const char *path, bool directory)
{
    assert(path[0] == '/');
    int fd = sandbox_open_inside(root, path, O_PATH);
    if (fd >= 0 || errno != ENOENT) {
        return fd;
    }
    char part[SANDBOX_PATH_SIZE];
    size_t size = strlen(path);
    for (size_t i = 1; i <= size; i++) {
        if (path[i] == '/' || path[i] == '\0') {
            (void)snprintf(part, sizeof part, "%.*s", (int)i, path);
            if (!make_inside(root, part, directory || path[i] == '/')) {
                return -1;
            }
        }
    }
    return sandbox_open_inside(root, path, O_PATH);
}

/* ---- mounts ---- */

/* Puts the detached mount `tree` at `path`; takes over the descriptor. */
enum err sandbox_place(struct sandbox_root *self, int tree, const char *path, bool directory)
{
    enum err err = ERR_OK;
    int fd = sandbox_open_place(self->fd, path, directory);
    if (fd < 0 || move_mount(tree, "", fd, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH)) {
        err = sandbox_fault(self->task, "mount at", path);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    (void)close(tree);
    return err;
}

enum err sandbox_show(struct sandbox_root *self, const char *source, const char *path,
                      uint64_t attributes)
{
    int tree = open_tree(AT_FDCWD, source, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
    if (tree < 0) {
        return sandbox_fault(self->task, "open", source);
    }
    struct mount_attr attr = {.attr_set = attributes};
    struct stat status;
    if (mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof attr) != 0 ||
        fstat(tree, &status) != 0) {
        enum err err = sandbox_fault(self->task, "restrict", source);
        (void)close(tree);
        return err;
    }
    return sandbox_place(self, tree, path, S_ISDIR(status.st_mode));
}

/* A directory of the host that is written to or copied from.  What belongs to root there belongs
 * to our user in here, if the file system can do that. */
int sandbox_open_lent(struct sandbox_root *self, const char *source, bool root_owned)
{
    struct sandbox_task *task = self->task;
    bool map = task->root && root_owned;
    unsigned recursive = map ? 0 : AT_RECURSIVE;
    int tree = open_tree(AT_FDCWD, source, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | recursive);
    if (tree < 0) {
        (void)sandbox_fault(task, "open", source);
        return -1;
    }
    struct mount_attr attr = {.attr_set = SANDBOX_ATTR_WRITE};
    if (map) {
        attr.attr_set |= MOUNT_ATTR_IDMAP;
        attr.userns_fd = (__u64)(task->idmap < 0 ? 0 : task->idmap);
        if (task->idmap >= 0 && mount_setattr(tree, "", AT_EMPTY_PATH, &attr, sizeof attr) == 0) {
            return tree;
        }
        sandbox_note(task, "owners of files could not be mapped", source);
        attr = (struct mount_attr){.attr_set = SANDBOX_ATTR_WRITE};
    }
    if (mount_setattr(tree, "", AT_EMPTY_PATH | recursive, &attr, sizeof attr) != 0) {
        (void)sandbox_fault(task, "restrict", source);
        (void)close(tree);
        return -1;
    }
    return tree;
}
