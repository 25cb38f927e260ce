/* http_world.h - actors on real threads with real HTTP, for tests; and sockets to talk to them raw.
 *
 * One world at a time.  Whatever fails ends the process with a line on stderr, so that plain
 * programs can use it as well as Criterion's.
 */
#ifndef TESTS_RUNTIME_HTTP_WORLD_H
#define TESTS_RUNTIME_HTTP_WORLD_H

#include <stdio.h>
#include <stdlib.h>

#include <pthread.h>
#include <stdatomic.h>

#include "runtime/http_client.h"
#include "runtime/http_server.h"
#include "runtime/system.h"

#define MUST(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            (void)fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition);        \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

struct http_world {
    struct config config; /* to be changed before http_world_open */
    struct rt_system *system;
    struct http_client *client;
    struct http_server *server;
    pthread_t ticker;
    atomic_bool ending;
};

/* Defaults for the configuration, with short times. */
void http_world_config(struct http_world *world);

void http_world_open(struct http_world *world);

/* A root actor. */
struct rt_address http_world_spawn(struct http_world *world, const struct rt_behaviour *behaviour,
                                   const void *arg, size_t size);

/* Stops the actors and everything else. */
void http_world_close(struct http_world *world);

uint64_t http_now_ms(void);
void http_sleep_ms(unsigned ms);

/* Waits until something is true, at most 20 s; false when it did not come true. */
bool http_wait(bool (*is)(void *arg), void *arg);

/* The port of the server, as soon as it has one other than `other`. */
uint16_t http_world_port(struct http_world *world, uint16_t other);

/* ---- raw sockets; blocking ---- */

int http_connect(uint16_t port);
void http_write(int fd, const char *bytes, size_t size);
void http_print(int fd, const char *text);

/* Reads until the end of the stream, or until there are `enough` bytes; terminated.  Returns how
 * many; a reset counts as an end. */
size_t http_read(int fd, char *bytes, size_t room, size_t enough);

/* Reads one answer with a Content-Length; its status. */
int http_read_answer(int fd, char *bytes, size_t room);

/* Listens at a free port of 127.0.0.1. */
int http_listen(uint16_t *ret_port);

#endif
