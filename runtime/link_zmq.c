/* link_zmq.c - ROUTER and DEALERs: options, connections, frames.
 *
 * Route numbers: a DEALER's is its index plus one, those of the ROUTER's peers are larger and come
 * from link_routes.c.
 */
#include "runtime/link_zmq.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>
#include <zmq.h>

#include "runtime/link_endpoint.h"
#include "runtime/link_routes.h"
#include "runtime/link_security.h"

enum {
    DEALERS_MAX = 256, /* as many as links takes dials */
    FRAMES_PER_TURN = 64,
    TURN_BYTES_MAX = 128 << 10, /* more would be out of the cache before an actor sees it */
    HWM = 4096,
    BACKLOG = 256,
    RECONNECT_MS = 50,
    RECONNECT_MS_MAX = 1000,
    HANDSHAKE_AGAIN_MS = 1000
};

enum {
    HANDSHAKE_FAILED = ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                       ZMQ_EVENT_HANDSHAKE_FAILED_AUTH,
    DEALER_EVENTS = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED | HANDSHAKE_FAILED
};

struct dealer {
    void *socket;
    void *monitor; /* PAIR that tells of its connections */
    const char *endpoint;
    uint64_t lives; /* sockets made for it */
    bool curve;
    bool connected;
    uint64_t heard_ms; /* when it was connected, or the last frame came */
    uint64_t again_ms; /* its handshake failed: to be made anew then; 0 when it did not */
};

struct wires {
    struct wires_options options;
    void *context;
    void *router; /* NULL when nothing is bound */
    char endpoint[ENDPOINT_SIZE];
    struct routes *routes;     /* of the ROUTER */
    bool curve;                /* of the ROUTER */
    struct security *security; /* NULL when no endpoint uses keys */
    struct dealer dealers[DEALERS_MAX];
    size_t dealers_count;
};

/* ---- sockets ---- */

static bool set_int(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof value) == 0;
}

static int as_int(uint64_t number)
{
    return number < INT_MAX ? (int)number : INT_MAX;
}

/* What all sockets have in common. */
static bool prepare(const struct wires *self, void *socket, const char *endpoint)
{
    const struct cfg_runtime *config = self->options.config;
    int64_t frame_max = (int64_t)config->frame_bytes_max;
    bool good = set_int(socket, ZMQ_LINGER, 0) && set_int(socket, ZMQ_SNDHWM, HWM) &&
                set_int(socket, ZMQ_RCVHWM, HWM) &&
                set_int(socket, ZMQ_HANDSHAKE_IVL, as_int(config->silence_ms_max)) &&
                zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &frame_max, sizeof frame_max) == 0;
    /* The kernel tells of a dead process behind a unix socket, but not of a dead machine. */
    return good && (!endpoint_is_tcp(endpoint) ||
                    (set_int(socket, ZMQ_HEARTBEAT_IVL, as_int(config->heartbeat_ms)) &&
                     set_int(socket, ZMQ_HEARTBEAT_TIMEOUT, as_int(config->silence_ms_max))));
}

static void close_socket(void **socket)
{
    if (*socket) {
        (void)zmq_close(*socket);
        *socket = NULL;
    }
}

static void dealer_close(struct dealer *dealer)
{
    if (dealer->socket) {
        (void)zmq_socket_monitor(dealer->socket, NULL, 0);
    }
    close_socket(&dealer->monitor);
    close_socket(&dealer->socket);
    dealer->connected = false;
}

/* A socket with its monitor, not connected yet. */
static bool dealer_make(struct wires *self, struct dealer *dealer)
{
    const struct cfg_runtime *config = self->options.config;
    size_t index = (size_t)(dealer - self->dealers);
    uint64_t secret = 0;
    char id[128], monitor[64];
    dealer->lives++;
    dealer->again_ms = 0;
    /* Fresh each time: a ROUTER ignores an id as long as it believes in its old connection.  And
     * not to be guessed: whoever comes with it when we have gone gets what was meant for us. */
    if (getrandom(&secret, sizeof secret, GRND_NONBLOCK) != (ssize_t)sizeof secret) {
        return false;
    }
    int id_size = snprintf(id, sizeof id, "%s/%016" PRIx64 "/%zu.%" PRIu64 ".%016" PRIx64,
                           self->options.name, self->options.node, index, dealer->lives, secret);
    (void)snprintf(monitor, sizeof monitor, "inproc://monitor-%zu.%" PRIu64, index, dealer->lives);
    dealer->socket = zmq_socket(self->context, ZMQ_DEALER);
    dealer->monitor = zmq_socket(self->context, ZMQ_PAIR);
    /* Without a connection nothing is to be queued: it could reach a later incarnation only. */
    return dealer->socket && dealer->monitor && prepare(self, dealer->socket, dealer->endpoint) &&
           (!dealer->curve || security_dial(self->security, dealer->socket)) &&
           set_int(dealer->socket, ZMQ_IMMEDIATE, 1) &&
           /* A machine that has gone does not refuse; the kernel would wait for it for minutes. */
           set_int(dealer->socket, ZMQ_CONNECT_TIMEOUT, as_int(config->silence_ms_max / 2)) &&
           set_int(dealer->socket, ZMQ_RECONNECT_IVL, RECONNECT_MS) &&
           set_int(dealer->socket, ZMQ_RECONNECT_IVL_MAX, RECONNECT_MS_MAX) &&
           zmq_setsockopt(dealer->socket, ZMQ_ROUTING_ID, id, (size_t)id_size) == 0 &&
           set_int(dealer->monitor, ZMQ_LINGER, 0) &&
           zmq_socket_monitor(dealer->socket, monitor, DEALER_EVENTS) == 0 &&
           zmq_connect(dealer->monitor, monitor) == 0;
}

static enum err dealer_open(struct wires *self, struct dealer *dealer)
{
    if (!dealer_make(self, dealer)) {
        return ERR_IO;
    }
    return zmq_connect(dealer->socket, dealer->endpoint) == 0 ? ERR_OK : ERR_CONFIG;
}

/* ---- opening ---- */

static enum err tell(char *message, size_t size, enum err err, const char *what,
                     const char *endpoint)
{
    (void)snprintf(message, size, "%s %s: %s", what, endpoint, zmq_strerror(errno));
    return err;
}

static enum err open_router(struct wires *self, char *message, size_t size)
{
    const char *endpoint = self->options.bind;
    if (endpoint_is_served(endpoint)) {
        errno = EADDRINUSE;
        return tell(message, size, ERR_EXISTS, "cannot bind", endpoint);
    }
    self->routes = routes_new(self->options.node);
    if (!self->routes) {
        errno = ENOMEM;
        return tell(message, size, ERR_MEMORY, "cannot bind", endpoint);
    }
    self->router = zmq_socket(self->context, ZMQ_ROUTER);
    /* Without handover a stranger cannot take a route by claiming its id. */
    if (!self->router || !prepare(self, self->router, endpoint) ||
        (self->curve && !security_serve(self->security, self->router)) ||
        !set_int(self->router, ZMQ_ROUTER_MANDATORY, 1) ||
        !set_int(self->router, ZMQ_ROUTER_HANDOVER, 0) ||
        !set_int(self->router, ZMQ_BACKLOG, BACKLOG)) {
        return tell(message, size, ERR_IO, "no socket for", endpoint);
    }
    /* A socket file that nobody serves any more is replaced by libzmq. */
    if (zmq_bind(self->router, endpoint) != 0) {
        enum err err = errno == EADDRINUSE                        ? ERR_EXISTS
                       : errno == EINVAL || errno == ENAMETOOLONG ? ERR_CONFIG
                                                                  : ERR_IO;
        return tell(message, size, err, "cannot bind", endpoint);
    }
    size_t length = sizeof self->endpoint;
    (void)zmq_getsockopt(self->router, ZMQ_LAST_ENDPOINT, self->endpoint, &length);
    return ERR_OK;
}

static enum err open_dealers(struct wires *self, char *message, size_t size)
{
    for (size_t i = 0; i < self->dealers_count; i++) {
        enum err err = dealer_open(self, &self->dealers[i]);
        if (err != ERR_OK) {
            return tell(message, size, err, "cannot connect", self->dealers[i].endpoint);
        }
    }
    return ERR_OK;
}

/* Finds out which sockets need keys, and reads these when one does. */
static enum err open_security(struct wires *self, char *message, size_t size)
{
    const struct wires_options *options = &self->options;
    struct security_options security = {.config = options->security,
                                        .name = options->name,
                                        .context = self->context,
                                        .world = options->world,
                                        .log = options->log};
    enum err err = ERR_OK;
    if (options->bind) {
        err = security_rule(options->security, options->bind, &self->curve, message, size);
        security.serves = self->curve;
    }
    const char *const *endpoint = options->connect;
    for (; err == ERR_OK && endpoint && *endpoint; endpoint++) {
        if (self->dealers_count == DEALERS_MAX) {
            errno = E2BIG;
            return tell(message, size, ERR_LIMIT, "cannot connect", *endpoint);
        }
        struct dealer *dealer = &self->dealers[self->dealers_count++];
        dealer->endpoint = *endpoint;
        err = security_rule(options->security, *endpoint, &dealer->curve, message, size);
        security.dials |= dealer->curve;
    }
    return err == ERR_OK && (security.serves || security.dials)
               ? security_new(&security, message, size, &self->security)
               : err;
}

static enum err check_endpoints(const struct wires_options *options, char *message, size_t size)
{
    const char *bad = options->bind && !endpoint_is_good(options->bind) ? options->bind : NULL;
    for (size_t i = 0; !bad && options->connect && options->connect[i]; i++) {
        bad = endpoint_is_good(options->connect[i]) ? NULL : options->connect[i];
    }
    if (!bad) {
        return ERR_OK;
    }
    errno = EPROTONOSUPPORT;
    return tell(message, size, ERR_CONFIG, "not an endpoint:", bad);
}

enum err wires_open(const struct wires_options *options, char *message, size_t size,
                    struct wires **ret_wires)
{
    enum err err = check_endpoints(options, message, size);
    if (err != ERR_OK) {
        return err;
    }
    struct wires *self = calloc(1, sizeof *self);
    if (!self) {
        return ERR_MEMORY;
    }
    self->options = *options;
    self->context = zmq_ctx_new();
    if (!self->context) {
        err = tell(message, size, ERR_IO, "no context for", options->name);
    }
    if (err == ERR_OK) {
        err = open_security(self, message, size);
    }
    if (err == ERR_OK && options->bind) {
        err = open_router(self, message, size);
    }
    if (err == ERR_OK) {
        err = open_dealers(self, message, size);
    }
    if (err != ERR_OK) {
        wires_close(&self, 0);
        return err;
    }
    *ret_wires = self;
    return ERR_OK;
}

void wires_close(struct wires **wires, int linger_ms)
{
    assert(wires);
    struct wires *self = *wires;
    if (!self) {
        return;
    }
    for (size_t i = 0; i < self->dealers_count; i++) {
        if (self->dealers[i].socket) {
            (void)set_int(self->dealers[i].socket, ZMQ_LINGER, linger_ms);
        }
        dealer_close(&self->dealers[i]);
    }
    if (self->router) {
        (void)set_int(self->router, ZMQ_LINGER, linger_ms);
    }
    /* libzmq leaves the file; while the socket is open it is surely ours. */
    if (endpoint_path(self->endpoint)) {
        (void)unlink(endpoint_path(self->endpoint));
    }
    close_socket(&self->router);
    security_destroy(&self->security);
    if (self->context) {
        while (zmq_ctx_term(self->context) != 0 && errno == EINTR) {
        }
    }
    routes_destroy(&self->routes);
    free(self);
    *wires = NULL;
}

void wires_unbind(struct wires *wires)
{
    if (wires->router) {
        (void)zmq_unbind(wires->router, wires->endpoint);
    }
}

const char *wires_endpoint(const struct wires *wires)
{
    return wires->endpoint;
}

/* ---- sending ---- */

static enum err send_error(void)
{
    return errno == EAGAIN || errno == EINTR ? ERR_FULL : ERR_GONE;
}

static enum err send_by_router(struct wires *self, uint64_t route, const void *bytes, size_t size)
{
    size_t id_size;
    const void *id = self->routes ? routes_id(self->routes, route, &id_size) : NULL;
    if (!id) {
        return ERR_GONE;
    }
    if (zmq_send(self->router, id, id_size, ZMQ_SNDMORE | ZMQ_DONTWAIT) >= 0) {
        return zmq_send(self->router, bytes, size, ZMQ_DONTWAIT) >= 0 ? ERR_OK : send_error();
    }
    enum err err = send_error();
    if (err == ERR_GONE) {
        routes_remove(self->routes, route);
    }
    return err;
}

enum err wires_transmit(struct wires *self, uint64_t route, const void *bytes, size_t size)
{
    if (route > DEALERS_MAX) {
        return send_by_router(self, route, bytes, size);
    }
    assert(route > 0);
    assert(route <= self->dealers_count);
    void *socket = self->dealers[route - 1].socket;
    if (!socket) {
        return ERR_FULL;
    }
    return zmq_send(socket, bytes, size, ZMQ_DONTWAIT) >= 0 ? ERR_OK : ERR_FULL;
}

/* ---- receiving ---- */

static bool has_more(void *socket)
{
    int more = 0;
    size_t size = sizeof more;
    return zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &size) == 0 && more;
}

/* Takes the rest of a message, part by part, and forgets it. */
static void skip_parts(void *socket)
{
    while (has_more(socket)) {
        if (zmq_recv(socket, NULL, 0, ZMQ_DONTWAIT) < 0) {
            return;
        }
    }
}

/* The next part of a socket into *frame.  1: it ends its message; 0: it did not, and the rest is
 * gone; -1: there is none. */
static int next_frame(void *socket, zmq_msg_t *frame)
{
    if (zmq_msg_recv(frame, socket, ZMQ_DONTWAIT) < 0) {
        return -1;
    }
    if (!has_more(socket)) {
        return 1;
    }
    skip_parts(socket);
    return 0;
}

/* The route of a frame from the peer with this id; 0: it is not to be listened to. */
static uint64_t route_of(struct wires *self, struct route_id *id, zmq_msg_t *frame,
                         const struct links *links)
{
    id->key = "";
    if (self->curve) {
        /* A key that is revoked keeps its connection, but is no longer heard. */
        const struct cert *cert = security_user(self->security, zmq_msg_gets(frame, "User-Id"));
        if (!cert) {
            return 0;
        }
        id->key = cert->public_key;
    }
    return routes_number(self->routes, id, links);
}

static void receive_router(struct wires *self, struct links *links, uint64_t now_ms)
{
    size_t taken = 0;
    for (int i = 0; self->router && i < FRAMES_PER_TURN && taken < TURN_BYTES_MAX; i++) {
        uint8_t bytes[ROUTE_ID_MAX];
        int size = zmq_recv(self->router, bytes, sizeof bytes, ZMQ_DONTWAIT);
        if (size < 0) {
            return;
        }
        struct route_id id = {.at = bytes, .size = (size_t)size};
        if (id.size > sizeof bytes || !has_more(self->router)) {
            skip_parts(self->router);
            continue;
        }
        zmq_msg_t frame;
        (void)zmq_msg_init(&frame);
        if (next_frame(self->router, &frame) > 0) {
            taken += zmq_msg_size(&frame);
            uint64_t route = route_of(self, &id, &frame, links);
            if (route != 0) {
                links_receive(links, route, zmq_msg_data(&frame), zmq_msg_size(&frame), now_ms);
            }
        }
        (void)zmq_msg_close(&frame);
    }
}

static void receive_dealer(struct dealer *dealer, uint64_t route, struct links *links,
                           uint64_t now_ms)
{
    zmq_msg_t frame;
    (void)zmq_msg_init(&frame);
    size_t taken = 0;
    for (int i = 0; i < FRAMES_PER_TURN && taken < TURN_BYTES_MAX; i++) {
        int got = next_frame(dealer->socket, &frame);
        if (got < 0) {
            break;
        }
        dealer->heard_ms = now_ms;
        if (got > 0) {
            taken += zmq_msg_size(&frame);
            links_receive(links, route, zmq_msg_data(&frame), zmq_msg_size(&frame), now_ms);
        }
    }
    (void)zmq_msg_close(&frame);
}

static bool is_readable(void *socket)
{
    int events = 0;
    size_t size = sizeof events;
    return zmq_getsockopt(socket, ZMQ_EVENTS, &events, &size) == 0 && (events & ZMQ_POLLIN) != 0;
}

static void on_handshake_failed(struct wires *self, struct dealer *dealer, bool auth,
                                uint64_t now_ms)
{
    dealer->again_ms = now_ms + HANDSHAKE_AGAIN_MS;
    if (dealer->curve) {
        security_note(self->security, now_ms, "handshake failed endpoint=%.200s why=\"%s\"",
                      dealer->endpoint,
                      auth ? "our key is not allowed there" : "keys are used on one side only");
    }
}

static void read_monitor(struct wires *self, struct dealer *dealer, struct links *links,
                         uint64_t now_ms)
{
    uint8_t event[6]; /* its number in 16 bits, a value in 32 */
    while (zmq_recv(dealer->monitor, event, sizeof event, ZMQ_DONTWAIT) >= 0) {
        skip_parts(dealer->monitor);
        uint16_t number;
        memcpy(&number, event, sizeof number);
        dealer->connected = number == ZMQ_EVENT_HANDSHAKE_SUCCEEDED;
        if ((number & HANDSHAKE_FAILED) != 0) {
            on_handshake_failed(self, dealer, number == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH, now_ms);
        }
        if (dealer->connected) {
            dealer->again_ms = 0;
            dealer->heard_ms = now_ms;
            /* Asking makes the socket notice its new connection before it is written to. */
            (void)is_readable(dealer->socket);
            links_connect(links, (uint64_t)(dealer - self->dealers) + 1, now_ms);
        }
    }
}

static void renew(struct wires *self, struct dealer *dealer)
{
    dealer_close(dealer);
    if (dealer_open(self, dealer) != ERR_OK) {
        dealer_close(dealer); /* tried again at the next turn */
    }
}

/* A connection by which nobody has answered for long may be one that only we believe in. */
static void renew_when_silent(struct wires *self, struct dealer *dealer, uint64_t now_ms)
{
    if (dealer->socket && (!dealer->connected ||
                           now_ms - dealer->heard_ms <= 2 * self->options.config->silence_ms_max)) {
        return;
    }
    renew(self, dealer);
}

void wires_receive(struct wires *self, struct links *links, uint64_t now_ms)
{
    security_answer(self->security, now_ms);
    receive_router(self, links, now_ms);
    for (size_t i = 0; i < self->dealers_count; i++) {
        struct dealer *dealer = &self->dealers[i];
        if (dealer->socket) {
            read_monitor(self, dealer, links, now_ms);
            receive_dealer(dealer, i + 1, links, now_ms);
        }
        /* After reading: we ourselves may have been stopped. */
        renew_when_silent(self, dealer, now_ms);
    }
}

/* ---- keys ---- */

bool wires_may(const struct wires *self, uint64_t route, struct msg_str name, uint64_t role)
{
    bool dialed = route <= DEALERS_MAX;
    if (!(dialed ? self->dealers[route - 1].curve : self->curve)) {
        return true;
    }
    const char *key = dialed ? NULL : routes_key(self->routes, route);
    const struct cert *cert = key      ? security_key(self->security, key)
                              : dialed ? security_server(self->security)
                                       : NULL;
    /* Whoever may be here at all may say how it is: no key needs that role. */
    return cert && cert_allows(cert, name.at, name.size, role == TERM_role_ADMIN ? 0 : role);
}

uint64_t wires_run(struct wires *self, struct links *links, uint64_t now_ms)
{
    uint64_t next_ms;
    unsigned news = security_look(self->security, now_ms, &next_ms);
    for (size_t i = 0; i < self->dealers_count; i++) {
        struct dealer *dealer = &self->dealers[i];
        bool due = dealer->again_ms != 0 && dealer->again_ms <= now_ms;
        if (due || (dealer->curve && (news & SECURITY_KEYS) != 0)) {
            /* libzmq does not come back by itself after an ERROR of the other side. */
            renew(self, dealer);
        }
        if (dealer->again_ms != 0 && dealer->again_ms < next_ms) {
            next_ms = dealer->again_ms;
        }
    }
    if ((news & SECURITY_ALLOWED) != 0) {
        links_review(links, now_ms);
    }
    return next_ms;
}

/* ---- polling ---- */

bool wires_ready(struct wires *self)
{
    void *zap = security_socket(self->security);
    bool ready = (self->router && is_readable(self->router)) || (zap && is_readable(zap));
    for (size_t i = 0; i < self->dealers_count; i++) {
        struct dealer *dealer = &self->dealers[i];
        if (dealer->socket && (is_readable(dealer->socket) || is_readable(dealer->monitor))) {
            ready = true;
        }
    }
    return ready;
}

size_t wires_fds_count(const struct wires *self)
{
    return 2 + 2 * self->dealers_count;
}

static struct pollfd poll_entry(void *socket)
{
    struct pollfd entry = {.fd = -1, .events = POLLIN}; /* poll passes over -1 */
    size_t size = sizeof entry.fd;
    if (socket) {
        (void)zmq_getsockopt(socket, ZMQ_FD, &entry.fd, &size);
    }
    return entry;
}

void wires_fds(struct wires *self, struct pollfd *fds)
{
    *fds++ = poll_entry(self->router);
    *fds++ = poll_entry(security_socket(self->security));
    for (size_t i = 0; i < self->dealers_count; i++) {
        *fds++ = poll_entry(self->dealers[i].socket);
        *fds++ = poll_entry(self->dealers[i].monitor);
    }
}
