/* foreground.c - actors in the process of a command. */
#include "tools/foreground.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "tools/world.h"

enum { STOP_MS = 500 };

static void on_log(void *log_world, enum rt_level level, const char *actor, const char *text)
{
    const struct foreground *self = log_world;
    bool quiet = self->invocation->quiet;
    if (level <= (self->invocation->verbose ? RT_DEBUG : quiet ? RT_ERROR : RT_WARN)) {
        (void)fprintf(stderr, "troupe: %s: %s\n", actor, text);
    }
}

static int wait_for_end(struct world *world, int done, int signals)
{
    struct pollfd fds[] = {{.fd = done, .events = POLLIN},
                           {.fd = signals, .events = POLLIN},
                           {.fd = world_failure_fd(world), .events = POLLIN}};
    int count;
    do {
        count = poll(fds, 3, -1);
    } while (count < 0 && errno == EINTR);
    if (fds[0].revents) {
        return EXIT_DONE;
    }
    return fds[1].revents ? complain(EXIT_CANCELLED, "cancelled", NULL)
                          : complain(EXIT_INTERNAL, world_failure(world), NULL);
}

static int play(const struct foreground *self, int done, int signals)
{
    char why[WORLD_WHY_SIZE];
    struct world *world = NULL;
    const struct world_options options = {.config = &self->invocation->config,
                                          .name = self->name,
                                          .exec = true,
                                          .log_world = (void *)(uintptr_t)self,
                                          .log = on_log};
    if (world_new(&options, why, &world) != ERR_OK) {
        return complain(EXIT_COULD_NOT, why, NULL);
    }
    int code = EXIT_DONE;
    if (self->spawn(self->self, world_system(world)) != ERR_OK || world_start(world) != ERR_OK) {
        code = complain(EXIT_COULD_NOT, "the actors cannot be started", NULL);
    } else {
        code = wait_for_end(world, done, signals);
    }
    world_stop(world, STOP_MS);
    world_destroy(&world);
    return code;
}

int foreground_play(const struct foreground *foreground, int *ret_done)
{
    sigset_t signals;
    int fds[2];
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGINT);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGHUP);
    (void)pthread_sigmask(SIG_BLOCK, &signals, NULL);
    int signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signal_fd < 0 || pipe2(fds, O_CLOEXEC) != 0) {
        return complain(EXIT_COULD_NOT, "no descriptors left", NULL);
    }
    *ret_done = fds[1];
    int code = play(foreground, fds[0], signal_fd);
    (void)close(fds[0]);
    (void)close(fds[1]);
    (void)close(signal_fd);
    return code;
}
