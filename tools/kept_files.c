/* kept_files.c - see kept_files.h. */
#include "tools/kept_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/fix_check.h"

enum { NAME_SIZE = 256, LINE_HEAD = 2 * (BLOB_ID_SIZE + 1) };

static enum err refuse(struct kept_files *self, enum err err, const char *path, const char *what)
{
    (void)snprintf(self->why, sizeof self->why, "%.1024s: %s", path, what);
    return err;
}

/* ---- what was noted ---- */

/* The contents that a file had before and after; false: nothing is known. */
static bool find_known(const struct kept_files *self, const struct patch_file *file,
                       char ids[2][BLOB_ID_SIZE + 1])
{
    for (const char *at = self->known; *at; at += strcspn(at, "\n") + (strchr(at, '\n') != NULL)) {
        size_t size = strcspn(at, "\n");
        if (size > LINE_HEAD && strlen(file->path) == size - LINE_HEAD &&
            memcmp(at + LINE_HEAD, file->path, size - LINE_HEAD) == 0) {
            (void)snprintf(ids[0], BLOB_ID_SIZE + 1, "%.40s", at);
            (void)snprintf(ids[1], BLOB_ID_SIZE + 1, "%.40s", at + BLOB_ID_SIZE + 1);
            return true;
        }
    }
    /* A diff may say itself what it led to; only that is needed to take it back. */
    if (self->back && file->ids[0][0]) {
        memcpy(ids, file->ids, sizeof file->ids);
        return true;
    }
    return false;
}

/* ---- reading ---- */

static enum err read_one(struct kept_files *self, const struct patch_file *file,
                         struct kept_file *to)
{
    char *text = NULL;
    size_t size = 0;
    char is[BLOB_ID_SIZE + 1] = "";
    char ids[2][BLOB_ID_SIZE + 1] = {"", ""};
    bool known = find_known(self, file, ids);
    to->path = file->path;
    (void)snprintf(to->from, sizeof to->from, "%s", ids[self->back]);
    (void)snprintf(to->to, sizeof to->to, "%s", ids[!self->back]);
    enum err err = fix_check_read(self->dir, file->path, &text, &size);
    if (err != ERR_OK) {
        return refuse(self, err == ERR_MEMORY ? err : ERR_REFUSED, file->path,
                      "there is no such plain file");
    }
    err = project_blob_id(text, size, is);
    if (err == ERR_OK && known && self->resumed && strcmp(is, to->to) == 0) {
        to->done = true;
        goto out;
    }
    if (err == ERR_OK && known && strcmp(is, to->from) != 0) {
        err = refuse(self, ERR_REFUSED, file->path, "it was edited since");
        goto out;
    }
    (void)snprintf(to->from, sizeof to->from, "%s", is);
    if (err == ERR_OK) {
        err = patch_make(self->patch, file, (struct msg_str){text, (uint32_t)size}, self->back,
                         &to->made);
        err = err == ERR_OK || err == ERR_MEMORY
                  ? err
                  : refuse(self, ERR_REFUSED, file->path, to->made.why);
    }
    if (err == ERR_OK) {
        err = project_blob_id(to->made.text, to->made.size, is);
    }
    if (err == ERR_OK && known && strcmp(is, to->to) != 0) {
        err = refuse(self, ERR_REFUSED, file->path, "the change leads to something else by now");
    }
    (void)snprintf(to->to, sizeof to->to, "%s", is);
out:
    free(text);
    return err;
}

enum err kept_files_read(struct kept_files *self)
{
    enum err err = ERR_OK;
    for (size_t i = 0; i < self->patch->files_count && err == ERR_OK; i++) {
        err = read_one(self, &self->patch->files[i], &self->files[i]);
    }
    return err;
}

enum err kept_files_note(const struct kept_files *self, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < self->patch->files_count; i++) {
        const struct kept_file *file = &self->files[i];
        int more =
            snprintf(text + used, size - used, "%s %s %s\n", self->back ? file->to : file->from,
                     self->back ? file->from : file->to, file->path);
        if (more < 0 || (size_t)more >= size - used) {
            return ERR_LIMIT;
        }
        used += (size_t)more;
    }
    return ERR_OK;
}

/* ---- writing ---- */

/* The directory of a path, and its names there: of the file, and of what is laid beside it. */
struct spot {
    int fd;
    const char *name;
    char beside[NAME_SIZE];
};

static bool open_spot(const struct kept_files *self, const struct kept_file *file,
                      struct spot *ret_spot)
{
    char folder[PATCH_PATH_MAX + 1];
    const char *slash = strrchr(file->path, '/');
    (void)snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - file->path) : 1,
                   slash ? file->path : ".");
    ret_spot->name = slash ? slash + 1 : file->path;
    int size =
        snprintf(ret_spot->beside, sizeof ret_spot->beside, ".%s.troupe-fix", ret_spot->name);
    ret_spot->fd =
        size < NAME_SIZE ? fix_check_open(self->dir, folder, O_RDONLY | O_DIRECTORY) : -1;
    return ret_spot->fd >= 0;
}

static bool write_all(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(fd, bytes, size);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return false;
        }
        bytes += written;
        size -= (size_t)written;
    }
    return true;
}

static bool lay_one(struct kept_files *self, struct kept_file *file)
{
    struct spot spot;
    struct stat was;
    if (!open_spot(self, file, &spot)) {
        return false;
    }
    bool good = fstatat(spot.fd, spot.name, &was, AT_SYMLINK_NOFOLLOW) == 0 &&
                (unlinkat(spot.fd, spot.beside, 0) == 0 || errno == ENOENT);
    int fd =
        good ? openat(spot.fd, spot.beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600) : -1;
    file->laid = fd >= 0;
    /* Whose file it was it stays; only root can do that, and only root needs to. */
    good = fd >= 0 && write_all(fd, file->made.text, file->made.size) &&
           (fchown(fd, was.st_uid, was.st_gid) == 0 || geteuid() != 0) &&
           fchmod(fd, was.st_mode & 07777) == 0 && fsync(fd) == 0;
    if (fd >= 0 && close(fd) != 0) {
        good = false;
    }
    (void)close(spot.fd);
    return good;
}

enum err kept_files_lay(struct kept_files *self)
{
    for (size_t i = 0; i < self->patch->files_count; i++) {
        struct kept_file *file = &self->files[i];
        if (!file->done && !lay_one(self, file)) {
            return refuse(self, ERR_IO, file->path, strerrordesc_np(errno));
        }
    }
    return ERR_OK;
}

static bool place_one(const struct kept_files *self, struct kept_file *file)
{
    struct spot spot;
    if (!open_spot(self, file, &spot)) {
        return false;
    }
    bool good = renameat(spot.fd, spot.beside, spot.fd, spot.name) == 0;
    file->laid = !good;
    good = good && fsync(spot.fd) == 0;
    (void)close(spot.fd);
    return good;
}

enum err kept_files_place(struct kept_files *self)
{
    for (size_t i = 0; i < self->patch->files_count; i++) {
        struct kept_file *file = &self->files[i];
        if (file->laid && !place_one(self, file)) {
            return refuse(self, ERR_IO, file->path, strerrordesc_np(errno));
        }
    }
    return ERR_OK;
}

void kept_files_fini(struct kept_files *self)
{
    for (size_t i = 0; i < PATCH_FILES_MAX; i++) {
        struct kept_file *file = &self->files[i];
        struct spot spot;
        if (file->laid && open_spot(self, file, &spot)) {
            (void)unlinkat(spot.fd, spot.beside, 0); /* what is left is replaced the next time */
            (void)close(spot.fd);
        }
        free(file->made.text);
        file->made.text = NULL;
    }
}
