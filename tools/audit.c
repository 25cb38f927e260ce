/* audit.c - what operators have changed. */
#include "tools/audit.h"

#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tools/json.h"
#include "tools/logline.h"
#include "tools/place.h"

enum { NAMES_SIZE = 4096 };

/* A uid without a name has none: containers often have no passwd. */
static void user_name(uid_t uid, char *name, size_t size)
{
    char buffer[NAMES_SIZE];
    struct passwd entry;
    struct passwd *found = NULL;
    bool known = getpwuid_r(uid, &entry, buffer, sizeof buffer, &found) == 0 && found;
    (void)snprintf(name, size, "%s", known ? entry.pw_name : "");
}

static enum err append(const char *state, const char *line, size_t size)
{
    char path[PATH_MAX];
    struct stat stat;
    if (place_join(state, AUDIT_FILE, path) != ERR_OK) {
        return ERR_LIMIT;
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (fd < 0) {
        return ERR_IO;
    }
    bool good =
        fstat(fd, &stat) == 0 && S_ISREG(stat.st_mode) && write(fd, line, size) == (ssize_t)size;
    good = close(fd) == 0 && good;
    return good ? ERR_OK : ERR_IO;
}

enum err audit_write(const char *state, const char *operation, const char *const *arguments,
                     const char *result)
{
    char when[LOG_TIME_SIZE];
    char user[256];
    struct timespec at;
    (void)clock_gettime(CLOCK_REALTIME, &at);
    log_time((uint64_t)at.tv_sec * 1000 + (uint64_t)at.tv_nsec / 1000000, when);
    user_name(getuid(), user, sizeof user);
    const struct json_audit entry = {.ts = when,
                                     .uid = getuid(),
                                     .user = user,
                                     .pid = (uint64_t)getpid(),
                                     .operation = operation,
                                     .arguments = arguments,
                                     .result = result};
    char *line = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&line, &size);
    enum err err = out ? json_audit(out, &entry) : ERR_MEMORY;
    if (out && fclose(out) != 0 && err == ERR_OK) {
        err = ERR_MEMORY;
    }
    if (err == ERR_OK) {
        err = append(state, line, size);
    }
    free(line);
    return err;
}
