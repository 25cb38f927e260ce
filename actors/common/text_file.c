/* text_file.c - see text_file.h. */
#include "actors/common/text_file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct text {
    char *at;
    size_t size;
};

static enum err refuse_file(const char *path, const char *reason, struct config_report *report)
{
    struct config_place start = {path, 1, 1};
    config_report_add(report, &start, "cannot be read: %s", reason);
    return ERR_IO;
}

static enum err refuse_errno(const char *path, struct config_report *report)
{
    char buffer[128];
    return refuse_file(path, strerror_r(errno, buffer, sizeof buffer), report);
}

/* Reads until the end or until `size` bytes are there.  ERR_IO: errno tells why. */
static enum err read_all(int fd, char *text, size_t size, size_t *ret_used)
{
    size_t used = 0;
    while (used < size) {
        ssize_t got = read(fd, text + used, size - used);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return ERR_IO;
        }
        if (got == 0) {
            break;
        }
        used += (size_t)got;
    }
    *ret_used = used;
    return ERR_OK;
}

static enum err read_fd(int fd, const char *path, size_t max, struct text *ret_text,
                        struct config_report *report)
{
    struct stat stat;
    if (fstat(fd, &stat) != 0 || !S_ISREG(stat.st_mode)) {
        return refuse_file(path, "not a regular file", report);
    }
    char *text = malloc(max + 2);
    if (!text) {
        return ERR_MEMORY;
    }
    if (read_all(fd, text, max + 1, &ret_text->size) != ERR_OK) {
        free(text);
        return refuse_errno(path, report);
    }
    text[ret_text->size] = '\0';
    ret_text->at = text;
    return ERR_OK;
}

enum err text_file_read(const char *path, size_t max, char **ret_text, size_t *ret_size,
                        struct config_report *report)
{
    assert(path);
    assert(ret_text);
    assert(report);
    /* O_NONBLOCK: a FIFO in its place must not hold us. */
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) {
        return refuse_errno(path, report);
    }
    struct text text = {NULL, 0};
    enum err err = read_fd(fd, path, max, &text, report);
    (void)close(fd);
    if (err == ERR_OK) {
        *ret_text = text.at;
        *ret_size = text.size;
    }
    return err;
}
