/* rules_file.c - reads the rules' file as a whole. */
#include "actors/classifier/rules.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

static enum err load_fd(int fd, const char *path, struct rules **ret_rules,
                        struct config_report *report)
{
    struct stat stat;
    if (fstat(fd, &stat) != 0 || !S_ISREG(stat.st_mode)) {
        return refuse_file(path, "not a regular file", report);
    }
    char *text = malloc(RULES_FILE_SIZE_MAX + 1);
    if (!text) {
        return ERR_MEMORY;
    }
    size_t size = 0;
    enum err err = read_all(fd, text, RULES_FILE_SIZE_MAX + 1, &size);
    if (err == ERR_OK) {
        err = rules_load_text(path, text, size, ret_rules, report);
    } else {
        err = refuse_errno(path, report);
    }
    free(text);
    return err;
}

enum err rules_load(const char *path, struct rules **ret_rules, struct config_report *report)
{
    assert(path);
    assert(ret_rules);
    assert(report);
    config_report_clear(report);
    /* O_NONBLOCK: a FIFO in its place must not hold us. */
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) {
        return refuse_errno(path, report);
    }
    enum err err = load_fd(fd, path, ret_rules, report);
    (void)close(fd);
    return err;
}
