/* http_world.c - see http_world.h. */
#include "tests/runtime/http_world.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { WAIT_MS_MAX = 20000 };

uint64_t http_now_ms(void)
{
    struct timespec at;
    (void)clock_gettime(CLOCK_MONOTONIC, &at);
    return (uint64_t)at.tv_sec * 1000 + (uint64_t)at.tv_nsec / 1000000;
}

void http_sleep_ms(unsigned ms)
{
    const struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    (void)nanosleep(&pause, NULL);
}

/* ---- ports ---- */

static uint64_t on_now(void *world)
{
    (void)world;
    return http_now_ms();
}

static void on_nothing(void *world)
{
    (void)world;
}

static void on_log(void *world, enum rt_level level, const char *actor, const char *text)
{
    (void)world;
    (void)level;
    (void)actor;
    (void)text;
}

static void on_http(void *arg, uint64_t id, struct rt_address owner,
                    const struct rt_http_request *request)
{
    struct http_world *world = arg;
    http_client_request(world->client, id, owner, request);
}

static void on_http_cancel(void *arg, uint64_t id)
{
    struct http_world *world = arg;
    if (world->client) {
        http_client_cancel(world->client, id);
    }
}

static enum err on_http_serve(void *arg, struct rt_address owner, const char *at)
{
    struct http_world *world = arg;
    return http_server_open(world->server, owner, at);
}

static void on_http_answer(void *arg, uint64_t id, uint64_t status, const char *type,
                           struct msg_str body)
{
    struct http_world *world = arg;
    http_server_answer(world->server, id, status, type, body);
}

static void on_http_close(void *arg)
{
    struct http_world *world = arg;
    if (world->server) {
        http_server_close(world->server);
    }
}

/* ---- life ---- */

static void *tick(void *arg)
{
    struct http_world *world = arg;
    while (!atomic_load(&world->ending)) {
        (void)system_run_timers(world->system);
        http_sleep_ms(2);
    }
    return NULL;
}

void http_world_config(struct http_world *world)
{
    memset(world, 0, sizeof *world);
    config_defaults(&world->config);
    world->config.runtime.workers = 2;
    world->config.http.receive_ms_max = 1000;
    world->config.http.answer_ms_max = 5000;
}

void http_world_open(struct http_world *world)
{
    const struct system_options options = {.config = &world->config,
                                           .name = "t",
                                           .node = 7,
                                           .seed = 1,
                                           .ports = {.world = world,
                                                     .http = on_http,
                                                     .http_cancel = on_http_cancel,
                                                     .http_serve = on_http_serve,
                                                     .http_answer = on_http_answer,
                                                     .http_close = on_http_close,
                                                     .now_ms = on_now,
                                                     .wall_ms = on_now,
                                                     .timer_set = on_nothing,
                                                     .log = on_log}};
    MUST(system_new(&options, &world->system) == ERR_OK);
    const struct http_host host = {&world->config, world->system, system_tell};
    MUST(http_client_new(&host, &world->client) == ERR_OK);
    MUST(http_server_new(&host, &world->server) == ERR_OK);
    MUST(system_start(world->system) == ERR_OK);
    MUST(pthread_create(&world->ticker, NULL, tick, world) == 0);
}

struct rt_address http_world_spawn(struct http_world *world, const struct rt_behaviour *behaviour,
                                   const void *arg, size_t size)
{
    struct rt_address address;
    MUST(system_spawn(world->system, behaviour, arg, size, &address) == ERR_OK);
    return address;
}

void http_world_close(struct http_world *world)
{
    if (!world->system) {
        return;
    }
    MUST(system_stop(world->system, WAIT_MS_MAX) == ERR_OK);
    MUST(!http_client_failed(world->client));
    atomic_store(&world->ending, true);
    MUST(pthread_join(world->ticker, NULL) == 0);
    http_server_destroy(&world->server);
    http_client_destroy(&world->client);
    system_destroy(&world->system);
}

bool http_wait(bool (*is)(void *arg), void *arg)
{
    uint64_t end_ms = http_now_ms() + WAIT_MS_MAX;
    while (!is(arg)) {
        if (http_now_ms() > end_ms) {
            return false;
        }
        http_sleep_ms(1);
    }
    return true;
}

uint16_t http_world_port(struct http_world *world, uint16_t other)
{
    uint64_t end_ms = http_now_ms() + WAIT_MS_MAX;
    uint16_t port;
    while ((port = http_server_port(world->server)) == 0 || port == other) {
        MUST(http_now_ms() < end_ms);
        http_sleep_ms(1);
    }
    return port;
}

/* ---- raw sockets ---- */

static struct sockaddr_in local(uint16_t port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

int http_connect(uint16_t port)
{
    struct sockaddr_in address = local(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    MUST(fd >= 0);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        (void)close(fd);
        return -1;
    }
    const struct timeval limit = {.tv_sec = WAIT_MS_MAX / 1000};
    MUST(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0);
    return fd;
}

void http_write(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t done = send(fd, bytes, size, MSG_NOSIGNAL);
        if (done < 0) {
            MUST(errno == EPIPE || errno == ECONNRESET); /* the other side had enough */
            return;
        }
        bytes += done;
        size -= (size_t)done;
    }
}

void http_print(int fd, const char *text)
{
    http_write(fd, text, strlen(text));
}

size_t http_read(int fd, char *bytes, size_t room, size_t enough)
{
    size_t size = 0;
    while (size < enough && size < room - 1) {
        ssize_t got = recv(fd, bytes + size, room - 1 - size, 0);
        MUST(got >= 0 || errno == ECONNRESET);
        if (got <= 0) {
            break;
        }
        size += (size_t)got;
    }
    bytes[size] = '\0';
    return size;
}

int http_read_answer(int fd, char *bytes, size_t room)
{
    size_t size = 0;
    bytes[0] = '\0';
    const char *end;
    while (!(end = strstr(bytes, "\r\n\r\n"))) {
        size_t got = http_read(fd, bytes + size, 2, 1);
        if (got == 0) {
            return 0;
        }
        size += got;
    }
    const char *length = strcasestr(bytes, "content-length:");
    size_t body = length ? strtoul(length + strlen("content-length:"), NULL, 10) : 0;
    if (body > 0 &&
        http_read(fd, bytes + size, body + 1 < room - size ? body + 1 : room - size, body) < body) {
        return 0;
    }
    return (int)strtol(bytes + strlen("HTTP/1.1 "), NULL, 10);
}

int http_listen(uint16_t *ret_port)
{
    struct sockaddr_in address = local(0);
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    MUST(fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0);
    MUST(listen(fd, 64) == 0);
    MUST(getsockname(fd, (struct sockaddr *)&address, &size) == 0);
    *ret_port = ntohs(address.sin_port);
    return fd;
}
