/* solo.c - one actor in a system of this process. */
#include "tools/solo.h"

#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "tools/world.h"

enum { STOP_MS = 500 };

static void on_log(void *log_world, enum rt_level level, const char *actor, const char *text)
{
    (void)log_world;
    if (level == RT_ERROR) {
        (void)fprintf(stderr, "troupe: %s: %s\n", actor, text);
    }
}

static int play(const struct invocation *invocation, const struct solo *solo, void *stage, int done)
{
    const struct world_options options = {
        .config = &invocation->config, .name = solo->name, .log = on_log};
    char why[WORLD_WHY_SIZE];
    struct world *world = NULL;
    struct rt_address address;
    if (world_new(&options, why, &world) != ERR_OK) {
        return complain(EXIT_COULD_NOT, why, NULL);
    }
    int code = EXIT_DONE;
    enum err err =
        system_spawn(world_system(world), solo->behaviour, &stage, sizeof stage, &address);
    if (err != ERR_OK || world_start(world) != ERR_OK) {
        code = complain(EXIT_COULD_NOT, "the actors cannot be started", NULL);
    } else {
        struct pollfd fds[] = {{.fd = done, .events = POLLIN},
                               {.fd = world_failure_fd(world), .events = POLLIN}};
        (void)poll(fds, 2, (int)solo->patience_ms); /* a signal ends the program */
        code = fds[0].revents ? EXIT_DONE : complain(EXIT_COULD_NOT, solo->silent, NULL);
    }
    world_stop(world, STOP_MS);
    world_destroy(&world);
    return code;
}

int solo_play(const struct invocation *invocation, const struct solo *solo, void *stage,
              int *ret_done)
{
    int fds[2];
    if (pipe(fds) != 0) {
        return complain(EXIT_COULD_NOT, "no descriptors left", NULL);
    }
    *ret_done = fds[1];
    int code = play(invocation, solo, stage, fds[0]);
    (void)close(fds[0]);
    (void)close(fds[1]);
    return code;
}

void solo_over(int done)
{
    const char byte = 0;
    (void)!write(done, &byte, 1); /* an empty pipe takes a byte */
}
