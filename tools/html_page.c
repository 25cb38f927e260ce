/* html_page.c - the process that parses HTML, and what it sends. */
#include "tools/html_page.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "actors/healer/aria.h"
#include "tools/html_parse.h"

#define PARSER_BYTES ((size_t)1 << 30) /* of addresses; pages are taken when they are used */

enum { STREAM_BYTES_MAX = 256 << 20, STREAM_FIRST = 1 << 16 };

/* Reading, writing, ending and returning from signals is all that is left to it. */
static bool lock_in(void)
{
    const struct rlimit cpu = {.rlim_cur = HTML_SECONDS_MAX, .rlim_max = HTML_SECONDS_MAX};
    const struct rlimit none = {.rlim_cur = 0, .rlim_max = 0};
    return setrlimit(RLIMIT_CPU, &cpu) == 0 && setrlimit(RLIMIT_CORE, &none) == 0 &&
           prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) == 0;
}

static _Noreturn void parse(const char *html, size_t size, int fd)
{
    void *memory = mmap(NULL, PARSER_BYTES, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    bool good =
        memory != MAP_FAILED && lock_in() && html_parse(html, size, fd, memory, PARSER_BYTES);
    for (;;) {
        (void)syscall(SYS_exit, good ? 0 : 1); /* exit() would do more than is allowed */
    }
}

static long left_ms(const struct timespec *begin)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* this clock always is */
    return HTML_SECONDS_MAX * 1000L - (now.tv_sec - begin->tv_sec) * 1000 -
           (now.tv_nsec - begin->tv_nsec) / 1000000;
}

struct stream {
    char *at;
    size_t size, capacity;
};

/* Takes what comes until it ends, or there is too much, or it takes too long. */
static enum err receive(int fd, struct stream *stream)
{
    struct timespec begin;
    (void)clock_gettime(CLOCK_MONOTONIC, &begin);
    for (;;) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        long left = left_ms(&begin);
        int some = left > 0 ? poll(&ready, 1, (int)left) : 0;
        if (some == 0) {
            return ERR_MALFORMED;
        }
        if (stream->size == stream->capacity) {
            size_t capacity = stream->capacity ? stream->capacity * 2 : STREAM_FIRST;
            char *grown = capacity <= STREAM_BYTES_MAX ? realloc(stream->at, capacity) : NULL;
            if (!grown) {
                return ERR_LIMIT;
            }
            stream->at = grown;
            stream->capacity = capacity;
        }
        ssize_t size = read(fd, stream->at + stream->size, stream->capacity - stream->size);
        if (size == 0) {
            return ERR_OK;
        }
        if (size < 0 && errno != EINTR) {
            return ERR_IO;
        }
        stream->size += size > 0 ? (size_t)size : 0;
    }
}

static bool ended_well(pid_t child)
{
    int status;
    pid_t waited;
    do {
        waited = waitpid(child, &status, 0);
    } while (waited < 0 && errno == EINTR);
    return waited == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

enum err html_page(const char *html, size_t size, struct tree *ret_tree)
{
    int ends[2];
    struct stream stream = {.at = NULL};
    if (size > HTML_BYTES_MAX) {
        return ERR_LIMIT;
    }
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return ERR_IO;
    }
    pid_t child = fork();
    if (child == 0) {
        parse(html, size, ends[1]);
    }
    (void)close(ends[1]);
    enum err err = child > 0 ? receive(ends[0], &stream) : ERR_IO;
    (void)close(ends[0]);
    if (child > 0) {
        if (err != ERR_OK) {
            (void)kill(child, SIGKILL); /* it is ours and has not been waited for */
        }
        if (!ended_well(child) && err == ERR_OK) {
            err = ERR_MALFORMED;
        }
    }
    if (err == ERR_OK) {
        err = html_rebuild(stream.at, stream.size, ret_tree);
    }
    free(stream.at);
    if (err == ERR_OK) {
        err = aria_fill(ret_tree);
        if (err != ERR_OK) {
            tree_free(ret_tree);
        }
    }
    return err;
}
