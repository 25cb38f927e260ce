/* http_server.c - opening, the thread's loop, answers, deadlines, closing. */
#include "runtime/http_server.h"

#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "runtime/http_server_priv.h"

enum {
    BACKLOG = 128,
    /* Of one connection: its head, which may be as large as HTTP_REQUEST allows and a little more
     * so that it is us who say so, a piece of a body, and the head of an answer. */
    POOL_BYTES = 64 * 1024,
    AT_SIZE_MAX = 255
};

uint64_t http_server_now(void)
{
    struct timespec at;
    (void)clock_gettime(CLOCK_MONOTONIC, &at);
    return (uint64_t)at.tv_sec * 1000 + (uint64_t)at.tv_nsec / 1000000;
}

void http_visit_enter(struct visit *visit, enum phase phase, uint64_t ms_max)
{
    visit->phase = phase;
    visit->due_ms = http_server_now() + ms_max;
}

/* ---- the thread ---- */

/* Wakes the connections whose requests were answered, or will not be; true when there were any. */
static bool resume_answered(struct http_server *self, bool all)
{
    bool any = false;
    uint64_t now_ms = http_server_now();
    (void)pthread_mutex_lock(&self->lock);
    for (struct visit *visit = self->visits; visit; visit = visit->next) {
        if (visit->phase == WAITING && (visit->response || all || now_ms >= visit->due_ms)) {
            visit->id = 0; /* from now on an answer comes too late */
            http_visit_enter(visit, SENDING, self->host.config->http.receive_ms_max);
            MHD_resume_connection(visit->connection);
            any = true;
        }
    }
    (void)pthread_mutex_unlock(&self->lock);
    return any;
}

/* Ends connections that take too long; the library's own limit is for silence only, and so one
 * byte at a time would never be too slow for it.  Returns when the next is due. */
static uint64_t cut_slow(struct http_server *self)
{
    uint64_t now_ms = http_server_now();
    uint64_t next_ms = UINT64_MAX;
    for (struct visit *visit = self->visits; visit; visit = visit->next) {
        if (visit->phase != WAITING && !visit->cut && now_ms >= visit->due_ms) {
            visit->cut = true;
            (void)shutdown(visit->fd, SHUT_RDWR); /* it may have gone by itself */
        }
        if (!visit->cut && visit->due_ms < next_ms) {
            next_ms = visit->due_ms;
        }
    }
    return next_ms;
}

static int wait_ms(struct http_server *self, uint64_t next_ms)
{
    enum { WAIT_MS_MAX = 60000 };
    uint64_t now_ms = http_server_now();
    uint64_t ms = next_ms == UINT64_MAX ? WAIT_MS_MAX : next_ms > now_ms ? next_ms - now_ms : 0;
    MHD_UNSIGNED_LONG_LONG own_ms = 0;
    if (MHD_get_timeout(self->daemon, &own_ms) == MHD_YES && own_ms < ms) {
        ms = own_ms;
    }
    return ms < WAIT_MS_MAX ? (int)ms : WAIT_MS_MAX;
}

static bool is_stopping(struct http_server *self)
{
    (void)pthread_mutex_lock(&self->lock);
    bool stopping = self->stopping;
    (void)pthread_mutex_unlock(&self->lock);
    return stopping;
}

static void *run(void *arg)
{
    struct http_server *self = arg;
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(self->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    struct pollfd fds[] = {{.fd = info->epoll_fd, .events = POLLIN},
                           {.fd = self->wake_fd, .events = POLLIN}};
    while (!is_stopping(self)) {
        uint64_t count;
        self->again = false;
        (void)MHD_run(self->daemon); /* fails only without epoll */
        self->again |= resume_answered(self, false);
        uint64_t next_ms = cut_slow(self);
        (void)poll(fds, 2, self->again ? 0 : wait_ms(self, next_ms));
        (void)!read(self->wake_fd, &count, sizeof count); /* empty unless somebody woke us */
    }
    /* The library does not allow to end while connections rest. */
    (void)resume_answered(self, true);
    (void)MHD_run(self->daemon);
    MHD_stop_daemon(self->daemon);
    self->daemon = NULL;
    return NULL;
}

/* ---- opening ---- */

/* "HOST:PORT" and "[HOST]:PORT"; ERR_CONFIG. */
static enum err resolve(const char *at, struct addrinfo **ret_list)
{
    char host[AT_SIZE_MAX + 1];
    const char *colon = strrchr(at, ':');
    size_t size = colon ? (size_t)(colon - at) : 0;
    char *end = NULL;
    if (size == 0 || size > AT_SIZE_MAX || strspn(colon + 1, "0123456789") == 0 ||
        strtoul(colon + 1, &end, 10) > UINT16_MAX || *end != '\0') {
        return ERR_CONFIG;
    }
    if (at[0] == '[' && at[size - 1] == ']') {
        at++;
        size -= 2;
    }
    memcpy(host, at, size);
    host[size] = '\0';
    const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
                                   .ai_socktype = SOCK_STREAM};
    const char *number = strcasecmp(host, "localhost") == 0 ? "127.0.0.1" : host;
    return getaddrinfo(number, colon + 1, &hints, ret_list) == 0 ? ERR_OK : ERR_CONFIG;
}

static uint16_t port_of(int fd)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    char port[8] = "0";
    if (getsockname(fd, (struct sockaddr *)&address, &size) == 0) {
        (void)getnameinfo((struct sockaddr *)&address, size, NULL, 0, port, sizeof port,
                          NI_NUMERICSERV);
    }
    return (uint16_t)strtoul(port, NULL, 10);
}

/* ERR_CONFIG, ERR_IO.  The descriptor is the caller's. */
static enum err listen_at(const char *at, int *ret_fd)
{
    struct addrinfo *list = NULL;
    enum err err = resolve(at, &list);
    if (err != ERR_OK) {
        return err;
    }
    const int on = 1;
    int fd = socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(fd, list->ai_addr, list->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0) {
        err = ERR_IO;
        if (fd >= 0) {
            (void)close(fd);
        }
    }
    freeaddrinfo(list);
    if (err == ERR_OK) {
        *ret_fd = fd;
    }
    return err;
}

static struct MHD_Daemon *start_daemon(struct http_server *self)
{
    return MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, http_on_request, self,
        MHD_OPTION_LISTEN_SOCKET, self->listen_fd, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)self->host.config->http.connections_max, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)POOL_BYTES, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_URI_LOG_CALLBACK,
        http_on_target, self, MHD_OPTION_NOTIFY_COMPLETED, http_on_completed, self,
        MHD_OPTION_NOTIFY_CONNECTION, http_on_connection, self, MHD_OPTION_END);
}

static enum err start_thread(struct http_server *self)
{
    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&self->thread, NULL, run, self);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error == 0 ? ERR_OK : ERR_IO;
}

static void close_parts(struct http_server *self)
{
    if (self->daemon) {
        MHD_stop_daemon(self->daemon);
        self->daemon = NULL;
    } else if (self->listen_fd >= 0) {
        (void)close(self->listen_fd); /* else it is the library's */
    }
    if (self->wake_fd >= 0) {
        (void)close(self->wake_fd);
    }
    self->listen_fd = -1;
    self->wake_fd = -1;
}

static enum err open_parts(struct http_server *self, const char *at)
{
    enum err err = listen_at(at, &self->listen_fd);
    if (err != ERR_OK) {
        return err;
    }
    self->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    self->daemon = self->wake_fd >= 0 ? start_daemon(self) : NULL;
    return self->daemon ? start_thread(self) : ERR_IO;
}

static void set_open(struct http_server *self, bool open)
{
    (void)pthread_mutex_lock(&self->lock);
    self->open = open;
    self->running = open;
    self->stopping = false;
    self->port = open ? port_of(self->listen_fd) : 0;
    (void)pthread_mutex_unlock(&self->lock);
}

enum err http_server_open(struct http_server *self, struct rt_address owner, const char *at)
{
    (void)pthread_mutex_lock(&self->lock);
    bool was = self->open;
    self->open = true;
    (void)pthread_mutex_unlock(&self->lock);
    if (was) {
        return ERR_EXISTS;
    }
    self->owner = owner;
    enum err err = open_parts(self, at);
    if (err != ERR_OK) {
        close_parts(self);
    }
    set_open(self, err == ERR_OK);
    return err;
}

/* ---- answers ---- */

/* A content type, and "\nName: value" for each further field. */
static bool add_fields(struct MHD_Response *response, const char *type)
{
    char line[HTTP_ANSWER_FIELD_MAX + 1];
    const char *name = "Content-Type";
    char *value = line;
    for (bool first = true; *type || first; first = false) {
        size_t size = strcspn(type, "\n");
        if (size >= sizeof line) {
            return false;
        }
        memcpy(line, type, size);
        line[size] = '\0';
        type += size + (type[size] == '\n');
        if (!first) {
            char *colon = strstr(line, ": ");
            if (!colon) {
                return false;
            }
            *colon = '\0';
            name = line;
            value = colon + 2;
        }
        if (*value && MHD_add_response_header(response, name, value) != MHD_YES) {
            return false;
        }
    }
    return true;
}

static struct MHD_Response *make_response(const char *type, struct msg_str body)
{
    char *copy = malloc((size_t)body.size + 1);
    if (!copy) {
        return NULL;
    }
    if (body.size > 0) {
        memcpy(copy, body.at, body.size);
    }
    struct MHD_Response *response =
        MHD_create_response_from_buffer(body.size, copy, MHD_RESPMEM_MUST_FREE);
    if (!response) {
        free(copy);
        return NULL;
    }
    if (!add_fields(response, type)) {
        MHD_destroy_response(response);
        return NULL;
    }
    return response;
}

void http_server_answer(struct http_server *self, uint64_t id, uint64_t status, const char *type,
                        struct msg_str body)
{
    bool sound = body.size <= HTTP_ANSWER_BYTES_MAX && status >= 200 && status <= 599;
    /* Without memory the client gets 503, in time. */
    struct MHD_Response *response =
        sound ? make_response(type, body)
              : make_response("text/plain", msg_str("an answer that cannot be sent\n"));
    const uint64_t one = 1;
    (void)pthread_mutex_lock(&self->lock);
    struct visit *visit = self->visits;
    while (visit && visit->id != id) {
        visit = visit->next;
    }
    if (id != 0 && visit && !visit->response) {
        visit->response = response;
        visit->status = sound ? (unsigned)status : MHD_HTTP_INTERNAL_SERVER_ERROR;
        response = NULL;
        (void)!write(self->wake_fd, &one, sizeof one); /* full: it is awake */
    }
    (void)pthread_mutex_unlock(&self->lock);
    if (response) {
        MHD_destroy_response(response);
    }
}

uint16_t http_server_port(struct http_server *self)
{
    (void)pthread_mutex_lock(&self->lock);
    uint16_t port = self->port;
    (void)pthread_mutex_unlock(&self->lock);
    return port;
}

/* ---- beginning and end ---- */

enum err http_server_new(const struct http_host *host, struct http_server **ret_server)
{
    struct http_server *self = calloc(1, sizeof *self);
    if (!self) {
        return ERR_MEMORY;
    }
    self->host = *host;
    self->listen_fd = -1;
    self->wake_fd = -1;
    (void)pthread_mutex_init(&self->lock, NULL);
    *ret_server = self;
    return ERR_OK;
}

void http_server_close(struct http_server *self)
{
    const uint64_t one = 1;
    (void)pthread_mutex_lock(&self->lock);
    bool running = self->running && !self->stopping;
    self->stopping |= running;
    if (running) {
        (void)!write(self->wake_fd, &one, sizeof one);
    }
    (void)pthread_mutex_unlock(&self->lock);
    if (running) {
        (void)pthread_join(self->thread, NULL);
        self->listen_fd = -1; /* the library has closed it */
        close_parts(self);
        set_open(self, false);
    }
}

void http_server_destroy(struct http_server **server)
{
    struct http_server *self = *server;
    if (!self) {
        return;
    }
    http_server_close(self);
    (void)pthread_mutex_destroy(&self->lock);
    free(self);
    *server = NULL;
}
