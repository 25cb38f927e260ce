/* fix_check.c - see fix_check.h. */
#include "tools/fix_check.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { FILE_BYTES_MAX = 16 * 1024 * 1024 };

static const char fence[] = "```";

/* The line with the next fence; NULL: none. */
static const char *find_fence(const char *at, const char *end)
{
    while (at < end) {
        if ((size_t)(end - at) >= sizeof fence - 1 && memcmp(at, fence, sizeof fence - 1) == 0) {
            return at;
        }
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        at = newline ? newline + 1 : end;
    }
    return NULL;
}

static enum err malformed(char *reason, const char *what)
{
    (void)snprintf(reason, POLICY_REASON_SIZE, "one-diff-only: %s", what);
    return ERR_MALFORMED;
}

enum err fix_check_diff(struct msg_str text, struct msg_str *ret_diff, char *reason)
{
    const char *end = text.at + text.size;
    const char *open = find_fence(text.at, end);
    if (!open) {
        *ret_diff = text;
        return ERR_OK;
    }
    const char *begin = memchr(open, '\n', (size_t)(end - open));
    const char *close = begin ? find_fence(begin + 1, end) : NULL;
    if (!close) {
        return malformed(reason, "a block of the answer has no end");
    }
    if (find_fence(close + sizeof fence - 1, end)) {
        return malformed(reason, "the answer has several blocks");
    }
    *ret_diff = (struct msg_str){begin + 1, (uint32_t)(close - begin - 1)};
    return ERR_OK;
}

int fix_check_open(const char *repo, const char *path, int flags)
{
    const struct open_how how = {.flags = (unsigned)flags | (unsigned)(O_CLOEXEC | O_NONBLOCK),
                                 .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};
    int root = open(repo, O_DIRECTORY | O_PATH | O_CLOEXEC);
    int fd = root < 0 ? -1 : (int)syscall(SYS_openat2, root, path, &how, sizeof how);
    int error = errno;
    if (root >= 0) {
        (void)close(root);
    }
    errno = error;
    return fd;
}

enum err fix_check_read(const char *repo, const char *path, char **ret_text, size_t *ret_size)
{
    struct stat status;
    int fd = fix_check_open(repo, path, O_RDONLY);
    if (fd < 0) {
        return ERR_NOT_FOUND;
    }
    FILE *file = fdopen(fd, "r");
    if (!file) {
        (void)close(fd);
        return ERR_MEMORY;
    }
    enum err err =
        fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size <= FILE_BYTES_MAX
            ? ERR_OK
            : ERR_IO;
    size_t size = err == ERR_OK ? (size_t)status.st_size : 0;
    char *text = err == ERR_OK ? malloc(size + 1) : NULL;
    if (err == ERR_OK && !text) {
        err = ERR_MEMORY;
    }
    if (err == ERR_OK && fread(text, 1, size, file) != size) {
        err = ERR_IO;
    }
    (void)fclose(file);
    if (err != ERR_OK) {
        free(text);
        return err;
    }
    *ret_text = text;
    *ret_size = size;
    return ERR_OK;
}

static enum err fits(const char *repo, const struct patch *patch, const struct patch_file *file,
                     char *reason)
{
    char *text = NULL;
    size_t size = 0;
    char why[PATCH_WHY_SIZE];
    enum err err = fix_check_read(repo, file->path, &text, &size);
    if (err == ERR_MEMORY) {
        return err;
    }
    if (err != ERR_OK) {
        (void)snprintf(reason, POLICY_REASON_SIZE, "applies: there is no such file: %.300s",
                       file->path);
        return ERR_REFUSED;
    }
    bool good = patch_fits(patch, file, (struct msg_str){text, (uint32_t)size}, why);
    free(text);
    if (!good) {
        (void)snprintf(reason, POLICY_REASON_SIZE, "applies: %s", why);
    }
    return good ? ERR_OK : ERR_REFUSED;
}

enum err fix_check(const struct policy *policy, const char *repo, struct msg_str text, char *reason)
{
    struct msg_str diff;
    struct patch patch;
    if (text.size > FIX_CHECK_BYTES_MAX) {
        (void)snprintf(reason, POLICY_REASON_SIZE, "few-bytes: more than %d bytes",
                       FIX_CHECK_BYTES_MAX);
        return ERR_REFUSED;
    }
    enum err err = fix_check_diff(text, &diff, reason);
    if (err == ERR_OK) {
        err = patch_read(diff, &patch, reason);
    }
    if (err != ERR_OK) {
        return err == ERR_MEMORY ? err : ERR_REFUSED;
    }
    err = policy_allows(policy, &patch, reason) ? ERR_OK : ERR_REFUSED;
    for (size_t i = 0; i < patch.files_count && err == ERR_OK; i++) {
        err = fits(repo, &patch, &patch.files[i], reason);
    }
    patch_free(&patch);
    return err;
}
