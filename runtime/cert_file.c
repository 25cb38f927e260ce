/* cert_file.c - reads, writes and watches certificates. */
#include "runtime/cert_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/message.h"

static enum err refuse(enum err err, const char *path, const char *what, char *why, size_t size)
{
    (void)snprintf(why, size, "%.300s: %s", path, what);
    return err;
}

enum err cert_path(const char *directory, const char *name, const char *suffix,
                   char ret_path[CERT_PATH_MAX])
{
    int used = snprintf(ret_path, CERT_PATH_MAX, "%s/%s%s", directory, name, suffix);
    return used > 0 && used < CERT_PATH_MAX ? ERR_OK : ERR_LIMIT;
}

/* ---- one file ---- */

/* The text of a plain file into text[CERT_TEXT_MAX + 1]; negative: errno says why. */
static ssize_t read_text(int fd, char *text)
{
    size_t used = 0;
    while (used <= CERT_TEXT_MAX) {
        ssize_t got = read(fd, text + used, CERT_TEXT_MAX + 1 - used);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return -1;
        }
        if (got == 0) {
            break;
        }
        used += (size_t)got;
    }
    return (ssize_t)used;
}

static enum err read_cert(int fd, const char *path, struct cert *ret_cert, char *why, size_t size)
{
    char text[CERT_TEXT_MAX + 1];
    const char *what = NULL;
    ssize_t got = read_text(fd, text);
    if (got < 0) {
        return refuse(ERR_IO, path, strerrordesc_np(errno), why, size);
    }
    enum err err = cert_read(text, (size_t)got, ret_cert, &what);
    explicit_bzero(text, sizeof text);
    return err == ERR_OK ? ERR_OK : refuse(err, path, what, why, size);
}

enum err cert_load(const char *path, bool secret, struct cert *ret_cert, char *why, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat at;
    if (fd < 0) {
        return refuse(ERR_IO, path, strerrordesc_np(errno), why, size);
    }
    struct cert cert = {0};
    enum err err = ERR_OK;
    if (fstat(fd, &at) != 0 || !S_ISREG(at.st_mode)) {
        err = refuse(ERR_IO, path, "not a plain file", why, size);
    } else if (secret && (at.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        err = refuse(ERR_REFUSED, path, "others may use this secret: chmod 600 it", why, size);
    } else {
        err = read_cert(fd, path, &cert, why, size);
    }
    (void)close(fd);
    if (err == ERR_OK && secret && cert.secret_key[0] == '\0') {
        err = refuse(ERR_MALFORMED, path, "there is no secret key in it", why, size);
    }
    if (err == ERR_OK) {
        *ret_cert = cert;
        if (!secret) {
            explicit_bzero(ret_cert->secret_key, sizeof ret_cert->secret_key);
        }
    }
    explicit_bzero(&cert, sizeof cert);
    return err;
}

static bool write_all(int fd, const char *text, size_t size)
{
    while (size > 0) {
        ssize_t put = write(fd, text, size);
        if (put < 0 && errno != EINTR) {
            return false;
        }
        text += put > 0 ? put : 0;
        size -= put > 0 ? (size_t)put : 0;
    }
    return true;
}

enum err cert_save(const char *path, const struct cert *cert, bool secret, bool replace)
{
    char draft[CERT_PATH_MAX + 16];
    char text[CERT_TEXT_MAX];
    int used = snprintf(draft, sizeof draft, "%s.XXXXXX", path);
    if (used < 0 || (size_t)used >= sizeof draft ||
        cert_write(cert, secret, text, sizeof text) != ERR_OK) {
        return ERR_LIMIT;
    }
    int fd = mkostemp(draft, O_CLOEXEC); /* mode 0600 */
    if (fd < 0) {
        return ERR_IO;
    }
    bool good =
        (secret || fchmod(fd, 0644) == 0) && write_all(fd, text, strlen(text)) && fsync(fd) == 0;
    explicit_bzero(text, sizeof text);
    good = close(fd) == 0 && good;
    enum err err = ERR_IO;
    /* link() and rename() are the two ways that cannot leave half a file under the name. */
    if (good && replace) {
        err = rename(draft, path) == 0 ? ERR_OK : ERR_IO;
    } else if (good) {
        err = link(draft, path) == 0 ? ERR_OK : errno == EEXIST ? ERR_EXISTS : ERR_IO;
    }
    if (err != ERR_OK || !replace) {
        (void)unlink(draft);
    }
    return err;
}

/* ---- a folder ---- */

static bool ends_in_cert(const char *name)
{
    size_t size = strlen(name);
    size_t suffix = sizeof CERT_PUBLIC - 1;
    return name[0] != '.' && size > suffix && strcmp(name + size - suffix, CERT_PUBLIC) == 0;
}

static enum err add_file(const char *path, struct zap_allowed *allowed, char *why, size_t size)
{
    struct cert cert;
    if (cert_load(path, false, &cert, why, size) != ERR_OK) {
        return ERR_OK; /* the others still count */
    }
    if (allowed->count == ZAP_ALLOWED_MAX) {
        return refuse(ERR_LIMIT, path, "too many keys are allowed", why, size);
    }
    struct cert *list = reallocarray(allowed->list, allowed->count + 1, sizeof *list);
    if (!list) {
        return refuse(ERR_MEMORY, path, err_text(ERR_MEMORY), why, size);
    }
    allowed->list = list;
    allowed->list[allowed->count++] = cert;
    return ERR_OK;
}

/* Two names for one key: nobody could say which of them comes. */
static void drop_doubles(struct zap_allowed *allowed, char *why, size_t size)
{
    size_t kept = 0;
    for (size_t i = 0; i < allowed->count;) {
        size_t next = i + 1;
        while (next < allowed->count && zap_compare(&allowed->list[i], &allowed->list[next]) == 0) {
            next++;
        }
        if (next == i + 1) {
            allowed->list[kept++] = allowed->list[i];
        } else {
            (void)snprintf(why, size, "the key of %s stands in several files: none of them counts",
                           allowed->list[i].name);
        }
        i = next;
    }
    allowed->count = kept;
}

enum err cert_allowed_load(const char *directory, struct zap_allowed *ret_allowed, char *why,
                           size_t size)
{
    why[0] = '\0';
    DIR *folder = opendir(directory);
    if (!folder) {
        return refuse(ERR_IO, directory, strerrordesc_np(errno), why, size);
    }
    struct zap_allowed allowed = {0};
    struct stat at;
    enum err err = ERR_OK;
    if (fstat(dirfd(folder), &at) != 0 || (at.st_mode & S_IWOTH) != 0) {
        err = refuse(ERR_REFUSED, directory, "everybody may add keys: chmod o-w it", why, size);
    }
    const struct dirent *entry;
    while (err == ERR_OK && (entry = readdir(folder))) {
        char path[CERT_PATH_MAX];
        if (ends_in_cert(entry->d_name)) {
            err = cert_path(directory, entry->d_name, "", path);
            err = err == ERR_OK ? add_file(path, &allowed, why, size)
                                : refuse(err, directory, "too long a path", why, size);
        }
    }
    (void)closedir(folder);
    if (err != ERR_OK) {
        cert_allowed_fini(&allowed);
        return err;
    }
    if (allowed.count > 0) {
        qsort(allowed.list, allowed.count, sizeof *allowed.list, zap_compare);
        drop_doubles(&allowed, why, size);
    }
    *ret_allowed = allowed;
    return ERR_OK;
}

void cert_allowed_fini(struct zap_allowed *allowed)
{
    free(allowed->list);
    *allowed = (struct zap_allowed){0};
}

/* ---- changes ---- */

/* FNV-1a over what changes with a file: its place, size and times. */
static uint64_t mix(uint64_t hash, const struct stat *at)
{
    const uint64_t parts[] = {(uint64_t)at->st_dev,          (uint64_t)at->st_ino,
                              (uint64_t)at->st_size,         (uint64_t)at->st_mtim.tv_sec,
                              (uint64_t)at->st_mtim.tv_nsec, (uint64_t)at->st_ctim.tv_sec,
                              (uint64_t)at->st_ctim.tv_nsec};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        hash = (hash ^ parts[i]) * UINT64_C(0x100000001b3);
    }
    return hash;
}

uint64_t cert_stamp(const char *path)
{
    struct stat at;
    if (stat(path, &at) != 0) {
        return 0;
    }
    uint64_t stamp = mix(UINT64_C(0xcbf29ce484222325), &at) | 1;
    DIR *folder = S_ISDIR(at.st_mode) ? opendir(path) : NULL;
    if (!folder) {
        return stamp;
    }
    const struct dirent *entry;
    while ((entry = readdir(folder))) {
        if (ends_in_cert(entry->d_name) && fstatat(dirfd(folder), entry->d_name, &at, 0) == 0) {
            /* In whatever order they come. */
            stamp += mix(0, &at);
        }
    }
    (void)closedir(folder);
    return stamp | 1;
}
