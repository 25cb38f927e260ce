/* sandbox_root.c - builds the root directory of a sandbox and moves into it.
 *
 * One tmpfs carries all that is written: the directories of the new root and, beside it and out
 * of reach, the upper layers of the overlays.  It is mounted over /proc of our private mount
 * namespace, the one place from which nothing is taken.  Paths below the new root are resolved by
 * openat2 inside of it, because the project may hold links that point anywhere.
 */
#include "runtime/sandbox_priv.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define STAGE      "/proc"
#define INODES_MAX "1048576"

/* Of one overlay. */
struct layers {
    char lower[32];
    char upper[32];
    char work[32];
};

static enum err make_directory(struct sandbox_root *self, const char *path, mode_t mode, bool ours)
{
    int fd = sandbox_open_place(self->fd, path, true);
    if (fd < 0) {
        return sandbox_fault(self->task, "make", path);
    }
    enum err err = ERR_OK;
    /* By way of "." because the descriptor is only a path. */
    if (fchmodat(fd, ".", mode, 0) != 0 ||
        (ours && fchownat(fd, ".", self->task->uid, self->task->gid, 0) != 0)) {
        err = sandbox_fault(self->task, "set the mode of", path);
    }
    (void)close(fd);
    return err;
}

/* ---- the parts ---- */

static enum err make_stage(struct sandbox_root *self)
{
    const struct sandbox_limits *limits = self->task->job->limits;
    uint64_t size = limits->tmp_bytes_max ? limits->tmp_bytes_max : SANDBOX_TMP_BYTES_DEFAULT;
    char options[96];
    (void)snprintf(options, sizeof options, "mode=755,nr_inodes=" INODES_MAX ",size=%llu",
                   (unsigned long long)size);
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) {
        return sandbox_fault(self->task, "make mounts private", NULL);
    }
    if (mount("sandbox", STAGE, "tmpfs", MS_NOSUID | MS_NODEV, options) != 0) {
        return sandbox_fault(self->task, "mount the tmpfs", NULL);
    }
    if (mkdir(STAGE "/root", 0755) != 0 ||
        mount(STAGE "/root", STAGE "/root", NULL, MS_BIND, NULL) != 0) {
        return sandbox_fault(self->task, "prepare the tmpfs", NULL);
    }
    self->fd = open(STAGE "/root", O_PATH | O_DIRECTORY | O_CLOEXEC);
    return self->fd < 0 ? sandbox_fault(self->task, "open the tmpfs", NULL) : ERR_OK;
}

static enum err make_skeleton(struct sandbox_root *self)
{
    static const struct {
        const char *path;
        mode_t mode;
        bool ours;
    } directories[] = {
        {"/tmp", 01777, false}, {"/var/tmp", 01777, false}, {SANDBOX_HOME, 0700, true},
        {"/run", 0755, true},   {"/dev/shm", 01777, false}, {"/dev/pts", 0755, false},
        {"/proc", 0555, false},
    };
    enum err err = ERR_OK;
    for (size_t i = 0; i < sizeof directories / sizeof directories[0] && err == ERR_OK; i++) {
        err = make_directory(self, directories[i].path, directories[i].mode, directories[i].ours);
    }
    return err;
}

static enum err show_programs(struct sandbox_root *self)
{
    static const char *const paths[] = {"/usr", "/etc",   "/opt",   "/bin",   "/sbin",
                                        "/lib", "/lib32", "/lib64", "/libx32"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        struct stat status;
        enum err err = ERR_OK;
        if (lstat(paths[i], &status) != 0) {
            continue;
        }
        if (S_ISLNK(status.st_mode)) {
            char target[SANDBOX_PATH_SIZE];
            ssize_t size = readlink(paths[i], target, sizeof target - 1);
            target[size < 0 ? 0 : size] = '\0';
            if (size <= 0 || symlinkat(target, self->fd, paths[i] + 1) != 0) {
                err = sandbox_fault(self->task, "link", paths[i]);
            }
        } else {
            err = sandbox_show(self, paths[i], paths[i], SANDBOX_ATTR_READ);
        }
        if (err != ERR_OK) {
            return err;
        }
    }
    return ERR_OK;
}

static enum err make_devices(struct sandbox_root *self)
{
    static const char *const devices[] = {"/dev/null",   "/dev/zero",    "/dev/full",
                                          "/dev/random", "/dev/urandom", "/dev/tty"};
    static const char *const links[][2] = {{"pts/ptmx", "dev/ptmx"},
                                           {"/proc/self/fd", "dev/fd"},
                                           {"/proc/self/fd/0", "dev/stdin"},
                                           {"/proc/self/fd/1", "dev/stdout"},
                                           {"/proc/self/fd/2", "dev/stderr"}};
    enum err err = ERR_OK;
    for (size_t i = 0; i < sizeof devices / sizeof devices[0] && err == ERR_OK; i++) {
        if (access(devices[i], F_OK) == 0) { /* containers may lack some */
            err = sandbox_show(self, devices[i], devices[i], MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
        }
    }
    for (size_t i = 0; i < sizeof links / sizeof links[0] && err == ERR_OK; i++) {
        if (symlinkat(links[i][0], self->fd, links[i][1]) != 0) {
            err = sandbox_fault(self->task, "link", links[i][1]);
        }
    }
    const unsigned long flags = MS_NOSUID | MS_NOEXEC;
    if (err == ERR_OK &&
        mount("devpts", STAGE "/root/dev/pts", "devpts", flags, "ptmxmode=0666,mode=620") != 0) {
        err = sandbox_fault(self->task, "mount /dev/pts", NULL);
    }
    if (err == ERR_OK && mount("proc", STAGE "/root/proc", "proc", flags | MS_NODEV, NULL) != 0) {
        err = sandbox_fault(self->task, "mount /proc", NULL);
    }
    return err;
}

/* ---- overlays: what is lent is the lower layer, what is written goes to the upper one ---- */

static enum err make_layers(struct sandbox_root *self, const char *source,
                            struct layers *ret_layers)
{
    char base[sizeof STAGE "/layers" + 10];
    unsigned number = 0;
    int made;
    do {
        (void)snprintf(base, sizeof base, STAGE "/layers%u", number++);
        made = mkdir(base, 0755);
    } while (made != 0 && errno == EEXIST);
    (void)snprintf(ret_layers->lower, sizeof ret_layers->lower, "%s/lower", base);
    (void)snprintf(ret_layers->upper, sizeof ret_layers->upper, "%s/upper", base);
    (void)snprintf(ret_layers->work, sizeof ret_layers->work, "%s/work", base);
    if (made != 0 || mkdir(ret_layers->lower, 0755) != 0 || mkdir(ret_layers->upper, 0755) != 0 ||
        mkdir(ret_layers->work, 0755) != 0) {
        return sandbox_fault(self->task, "make the layers of", source);
    }
    return ERR_OK;
}

static int open_overlay(struct sandbox_root *self, const char *source, const struct layers *layers)
{
    struct sandbox_task *task = self->task;
    int tree = -1;
    int overlay = fsopen("overlay", FSOPEN_CLOEXEC);
    if (overlay < 0) {
        goto out;
    }
    if (fsconfig(overlay, FSCONFIG_SET_STRING, "source", "project", 0) != 0 ||
        fsconfig(overlay, FSCONFIG_SET_STRING, "lowerdir", layers->lower, 0) != 0 ||
        fsconfig(overlay, FSCONFIG_SET_STRING, "upperdir", layers->upper, 0) != 0 ||
        fsconfig(overlay, FSCONFIG_SET_STRING, "workdir", layers->work, 0) != 0) {
        goto out;
    }
    /* Directories of the lower layer can be renamed only with redirects, which the kernel grants
     * to real privileges alone. */
    int set = task->root ? fsconfig(overlay, FSCONFIG_SET_STRING, "redirect_dir", "on", 0)
                         : fsconfig(overlay, FSCONFIG_SET_FLAG, "userxattr", NULL, 0);
    if (set == 0 && fsconfig(overlay, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0) {
        tree = fsmount(overlay, FSMOUNT_CLOEXEC, SANDBOX_ATTR_WRITE);
    }
out:
    if (tree < 0) {
        (void)sandbox_fault(task, "make the overlay", source);
    }
    if (overlay >= 0) {
        (void)close(overlay);
    }
    return tree;
}

/* A directory of the host at its own path, for writing; the host's stays as it is. */
static enum err show_overlay(struct sandbox_root *self, const char *path, mode_t mode,
                             bool root_owned)
{
    struct sandbox_task *task = self->task;
    struct layers layers;
    enum err err = make_layers(self, path, &layers);
    int lower = err == ERR_OK ? sandbox_open_lent(self, path, root_owned) : -1;
    if (lower < 0) {
        return ERR_IO;
    }
    int moved = move_mount(lower, "", AT_FDCWD, layers.lower, MOVE_MOUNT_F_EMPTY_PATH);
    (void)close(lower);
    /* The root of an overlay has the owner and the mode of its upper layer. */
    if (moved != 0 || chmod(layers.upper, mode | S_IRWXU) != 0 ||
        chown(layers.upper, task->uid, task->gid) != 0) {
        return sandbox_fault(task, "prepare the layers of", path);
    }
    int tree = open_overlay(self, path, &layers);
    return tree < 0 ? ERR_IO : sandbox_place(self, tree, path, true);
}

/* ---- what is shown of the host ---- */

static bool is_below(const char *path, const char *directory)
{
    size_t size = strlen(directory);
    return strncmp(path, directory, size) == 0 && (path[size] == '/' || path[size] == '\0');
}

/* The project may be hostile, and with it its links: only directories with the telling name are
 * shown, so that a link to somebody's keys shows nothing.  Tools keep their caches in there (vite
 * bundles its configuration there too), so it may be written to, like the project itself. */
static enum err show_modules(struct sandbox_root *self, const char *link)
{
    static const char name[] = "/node_modules";
    const char *project = self->task->job->project;
    char target[PATH_MAX];
    struct stat status;
    if (lstat(link, &status) != 0 || !S_ISLNK(status.st_mode) || !realpath(link, target) ||
        is_below(target, project)) {
        return ERR_OK;
    }
    size_t size = strlen(target);
    if (size < sizeof name || strcmp(target + size - (sizeof name - 1), name) != 0) {
        sandbox_note(self->task, "a link out of the project is not followed", link);
        return ERR_OK;
    }
    if (stat(target, &status) == 0 && S_ISDIR(status.st_mode) &&
        show_overlay(self, target, status.st_mode & 07777, status.st_uid == 0) == ERR_OK) {
        return ERR_OK;
    }
    sandbox_note(self->task, "modules can only be read", self->task->fault.text);
    return sandbox_show(self, target, target, SANDBOX_ATTR_READ);
}

static enum err show_readable(struct sandbox_root *self, const char *path)
{
    const char *project = self->task->job->project;
    if (project && is_below(path, project)) {
        return show_modules(self, path);
    }
    enum err err = sandbox_show(self, path, path, SANDBOX_ATTR_READ);
    char target[PATH_MAX];
    if (err == ERR_OK && realpath(path, target) && strcmp(path, target) != 0) {
        err = sandbox_show(self, target, target, SANDBOX_ATTR_READ);
    }
    return err;
}

static enum err show_writable(struct sandbox_root *self, const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0 || !S_ISDIR(status.st_mode)) {
        return sandbox_fault(self->task, "open the writable directory", path);
    }
    int tree = sandbox_open_lent(self, path, status.st_uid == 0);
    return tree < 0 ? ERR_IO : sandbox_place(self, tree, path, true);
}

static enum err hide(struct sandbox_root *self, const char *path)
{
    int fd = sandbox_open_inside(self->fd, path, O_PATH);
    if (fd < 0) {
        return errno == ENOENT ? ERR_OK : sandbox_fault(self->task, "hide", path);
    }
    struct stat status;
    int failed = fstat(fd, &status);
    (void)close(fd);
    if (failed) {
        return sandbox_fault(self->task, "hide", path);
    }
    if (!S_ISDIR(status.st_mode)) {
        return sandbox_show(self, "/dev/null", path, SANDBOX_ATTR_READ);
    }
    if (mkdir(STAGE "/empty", 0) != 0 && errno != EEXIST) {
        return sandbox_fault(self->task, "hide", path);
    }
    return sandbox_show(self, STAGE "/empty", path, SANDBOX_ATTR_READ);
}

static enum err for_each(struct sandbox_root *self, const char *const *paths,
                         enum err (*show_one)(struct sandbox_root *, const char *))
{
    enum err err = ERR_OK;
    for (size_t i = 0; paths && paths[i] && err == ERR_OK; i++) {
        assert(i < SANDBOX_PATHS_MAX);
        err = show_one(self, paths[i]);
    }
    return err;
}

static enum err show_host(struct sandbox_root *self)
{
    const struct sandbox_job *job = self->task->job;
    enum err err = ERR_OK;
    if (job->project) {
        err = show_overlay(self, job->project, self->task->mode, self->task->root_owned);
        char link[SANDBOX_PATH_SIZE];
        int size = snprintf(link, sizeof link, "%s/node_modules", job->project);
        if (err == ERR_OK && (size_t)size < sizeof link) {
            err = show_modules(self, link);
        }
    }
    char resolver[PATH_MAX];
    if (err == ERR_OK && job->limits->network && realpath("/etc/resolv.conf", resolver) &&
        !is_below(resolver, "/etc")) {
        err = sandbox_show(self, resolver, resolver, SANDBOX_ATTR_READ);
    }
    if (err == ERR_OK) {
        err = for_each(self, job->limits->readable, show_readable);
    }
    if (err == ERR_OK) {
        err = for_each(self, job->limits->writable, show_writable);
    }
    return err == ERR_OK ? for_each(self, job->limits->hidden, hide) : err;
}

static enum err enter(struct sandbox_root *self)
{
    /* The old root ends up below the new one and is let go at once; nothing of it stays. */
    if (fchdir(self->fd) != 0 || syscall(SYS_pivot_root, ".", ".") != 0 ||
        umount2(".", MNT_DETACH) != 0 || chdir("/") != 0) {
        return sandbox_fault(self->task, "change the root", NULL);
    }
    return ERR_OK;
}

/* A fresh network namespace has only a loopback, and that is down. */
static enum err raise_loopback(struct sandbox_task *task)
{
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    enum err err = ERR_OK;
    if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) != 0) {
        err = sandbox_fault(task, "raise the loopback", NULL);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return err;
}

enum err sandbox_root_enter(struct sandbox_task *task)
{
    static enum err (*const steps[])(struct sandbox_root *) = {
        make_stage, make_skeleton, show_programs, make_devices, show_host, enter};
    struct sandbox_root self = {.task = task, .fd = -1};
    mode_t mask = umask(0);
    enum err err = task->job->limits->network ? ERR_OK : raise_loopback(task);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && err == ERR_OK; i++) {
        err = steps[i](&self);
    }
    if (self.fd >= 0) {
        (void)close(self.fd);
    }
    (void)umask(mask);
    return err;
}
