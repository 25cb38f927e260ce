/* spawner_settle.c - how a fork of the daemon becomes the spawner process. */
#include "runtime/spawner_wire.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#define STAT_ARG_START 48 /* numbers of fields in /proc/self/stat */
#define STAT_ENV_END   51

/* Our memory still holds the daemon's arguments and environment, and /proc would show them to
 * the sandbox as those of its init. */
static void forget_arguments(void)
{
    char text[2048] = "";
    int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
    if (fd >= 0) {
        (void)close(fd);
    }
    text[size < 0 ? 0 : size] = '\0';
    char *field = strrchr(text, ')'); /* the end of field 2 */
    char *save = NULL;
    uintptr_t bounds[STAT_ENV_END - STAT_ARG_START + 1] = {0};
    int number = 3;
    for (field = field ? strtok_r(field + 1, " ", &save) : NULL; field && number <= STAT_ENV_END;
         field = strtok_r(NULL, " ", &save), number++) {
        if (number >= STAT_ARG_START) {
            bounds[number - STAT_ARG_START] = (uintptr_t)strtoull(field, NULL, 10);
        }
    }
    environ = NULL;
    for (size_t i = 0; i < 4; i += 2) { /* the arguments, then the environment */
        if (bounds[i] != 0 && bounds[i] < bounds[i + 1]) {
            memset((void *)bounds[i], 0, bounds[i + 1] - bounds[i]);
        }
    }
}

/* Three a child, and those that travel. */
static void raise_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

int spawner_settle(int socket)
{
    (void)setsid(); /* a ^C in the daemon's terminal is the daemon's business */
    (void)prctl(PR_SET_NAME, "troupe-spawner");
    for (int i = 1; i < NSIG; i++) {
        (void)signal(i, i == SIGPIPE ? SIG_IGN : SIG_DFL);
    }
    sigset_t none;
    (void)sigemptyset(&none);
    (void)pthread_sigmask(SIG_SETMASK, &none, NULL);
    /* Orphans of a guard that was killed come to us. */
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    /* The socket becomes 3; stderr stays for the last words of an assertion. */
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    int copy = fcntl(socket, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (null < 0 || copy < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0) {
        _exit(1);
    }
    socket = STDERR_FILENO + 1;
    if (copy != socket && dup3(copy, socket, O_CLOEXEC) < 0) {
        _exit(1);
    }
    (void)close_range(STDERR_FILENO + 2, UINT32_MAX, 0);
    raise_descriptors();
    forget_arguments();
    return socket;
}
