/* stress_net.c - two processes' worth of actors in one, over real sockets: all arrives, in order,
 * asks are answered, a restarted node is noticed, strangers do no harm, and the sums balance; with
 * keys and without.
 *
 *     stress_net              passes or fails
 *     stress_net --measure    tcp with and without keys, by the size of messages
 *
 * A plain program, so that it also runs under ThreadSanitizer.  Exit 0 when all holds.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "runtime/cert_file.h"
#include "runtime/link_security.h"
#include "runtime/net.h"

enum { BURST = 1000, BURSTS = 200, ROUND_TRIPS = 2000, WAIT_MS_MAX = 120000, FILLER_MAX = 16384 };

/* libzmq is not built with ThreadSanitizer, which therefore does not see how it hands over; nor is
 * libsodium, which decrypts in libzmq's thread what ours then reads. */
const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void)
{
    return "called_from_lib:libzmq.so\nrace:libzmq.so\n"
           "called_from_lib:libsodium.so\nrace:libsodium.so\n";
}

static struct config config;
static uint32_t filler_size; /* bytes that each message of a burst has beside its number */
static char filler[FILLER_MAX];
static int failures;

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            (void)fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition);        \
            failures++;                                                                            \
        }                                                                                          \
    } while (0)

/* What both sides have seen; any thread. */
static struct {
    atomic_uint_fast64_t received;
    atomic_uint_fast64_t disorder;
    atomic_uint_fast64_t bursts;
    atomic_uint_fast64_t trips;
    atomic_uint_fast64_t failed;
    atomic_uint_fast64_t downs;
    atomic_uint_fast64_t sent_us;
    atomic_uint_fast64_t trips_us;
} seen;

static uint64_t now_us(void)
{
    struct timespec at;
    (void)clock_gettime(CLOCK_MONOTONIC, &at);
    return (uint64_t)at.tv_sec * 1000000 + (uint64_t)at.tv_nsec / 1000;
}

/* ---- actors ---- */

/* The sink answers asks, checks the order, and watches who writes to it. */
struct sink {
    uint64_t next;
    struct rt_address writer;
};

static enum err sink_start(struct rt_context *ctx, void *state, const void *arg)
{
    (void)state;
    (void)arg;
    rt_take_role(ctx, TERM_role_EXECUTOR);
    return ERR_OK;
}

static enum err sink_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    struct sink *self = state;
    if (msg->type == MSG_DOWN) {
        atomic_fetch_add(&seen.downs, 1);
        return ERR_OK;
    }
    if (msg->type == MSG_SUBMITTED) {
        rt_reply(ctx, msg);
        return ERR_OK;
    }
    if (msg->type != MSG_SUBMIT) {
        return ERR_UNKNOWN;
    }
    if (!rt_address_equal(self->writer, rt_sender(ctx))) {
        self->writer = rt_sender(ctx);
        self->next = 0;
        (void)rt_monitor(ctx, self->writer);
    }
    if (msg_as_submit(msg)->files != self->next++) {
        atomic_fetch_add(&seen.disorder, 1);
    }
    atomic_fetch_add(&seen.received, 1);
    return ERR_OK;
}

static const struct rt_behaviour sink = {.name = "sink",
                                         .state_size = sizeof(struct sink),
                                         .start = sink_start,
                                         .receive = sink_receive};

/* The source writes bursts, each ended by an ask, then asks one by one. */
struct source {
    struct rt_address sink;
    uint64_t next;
    uint64_t bursts; /* to do */
    uint64_t trips;  /* to do */
    uint64_t began_us;
    uint64_t ask;
};

static enum err ask(struct rt_context *ctx, struct source *self)
{
    return rt_ask(ctx, self->sink, MSG(submitted, .run = msg_str("01JD")), 60000, &self->ask);
}

static enum err burst(struct rt_context *ctx, struct source *self)
{
    for (int i = 0; i < BURST; i++) {
        enum err err =
            rt_send(ctx, self->sink,
                    MSG(submit, .run = msg_str("01JDXXXXXXXXXXXXXXXXXXXXXX"), .dir = msg_str(""),
                        .runner = msg_str(""), .command = msg_str(""), .env = {filler, filler_size},
                        .files = self->next));
        if (err != ERR_OK) {
            return err;
        }
        self->next++;
    }
    return ask(ctx, self);
}

static enum err source_start(struct rt_context *ctx, void *state, const void *arg)
{
    struct source *self = state;
    self->bursts = *(const uint64_t *)arg;
    self->trips = ROUND_TRIPS;
    rt_watch_role(ctx, TERM_role_EXECUTOR);
    return ERR_OK;
}

static enum err on_answer(struct rt_context *ctx, struct source *self)
{
    if (self->bursts > 0) {
        atomic_fetch_add(&seen.bursts, 1);
        if (--self->bursts > 0) {
            return burst(ctx, self);
        }
        atomic_store(&seen.sent_us, now_us() - self->began_us);
        self->began_us = now_us();
        return ask(ctx, self);
    }
    atomic_fetch_add(&seen.trips, 1);
    if (--self->trips > 0) {
        return ask(ctx, self);
    }
    atomic_store(&seen.trips_us, now_us() - self->began_us);
    return ERR_OK;
}

static enum err source_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    struct source *self = state;
    switch (msg->type) {
    case MSG_ROLE_UP:
        self->sink = (struct rt_address){msg_as_role_up(msg)->node, msg_as_role_up(msg)->actor};
        self->began_us = now_us();
        return burst(ctx, self);
    case MSG_SUBMITTED:
        return on_answer(ctx, self);
    case MSG_FAILED:
        atomic_fetch_add(&seen.failed, 1);
        return ERR_OK;
    default:
        return ERR_UNKNOWN;
    }
}

static const struct rt_behaviour source = {.name = "source",
                                           .state_size = sizeof(struct source),
                                           .start = source_start,
                                           .receive = source_receive};

/* ---- the tail, more of it than there is credit, a slow receiver, topics ---- */

enum { TAIL = 12000, SLOW = 60000, SLOW_US = 40, SLOW_SIZE = 200, LISTENERS = 3, NEWS_MIN = 200 };

/* Sends as many as it was told, as fast as it may; who sees ERR_FULL tries again later. */
struct writer {
    struct rt_address to;
    uint64_t next, count;
};

static enum err writer_start(struct rt_context *ctx, void *state, const void *arg)
{
    struct writer *self = state;
    self->count = *(const uint64_t *)arg;
    rt_watch_role(ctx, TERM_role_EXECUTOR);
    return ERR_OK;
}

static enum err write_some(struct rt_context *ctx, struct writer *self)
{
    enum err err = ERR_OK;
    while (err == ERR_OK && self->next < self->count) {
        err = rt_send(ctx, self->to, MSG(data, .number = self->next, .bytes = {filler, SLOW_SIZE}));
        self->next += err == ERR_OK;
    }
    atomic_store(&seen.bursts, self->next); /* accepted */
    if (err == ERR_FULL) {
        atomic_fetch_add(&seen.failed, 1);
        (void)rt_tick(ctx, 5, 0);
        return ERR_OK;
    }
    return err;
}

static enum err writer_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    struct writer *self = state;
    if (msg->type == MSG_ROLE_UP && self->to.node == 0) {
        self->to = (struct rt_address){msg_as_role_up(msg)->node, msg_as_role_up(msg)->actor};
    }
    return self->to.node != 0 ? write_some(ctx, self) : ERR_OK;
}

static const struct rt_behaviour writer = {.name = "writer",
                                           .state_size = sizeof(struct writer),
                                           .start = writer_start,
                                           .receive = writer_receive};

/* Takes its time for each message. */
static enum err reader_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    struct sink *self = state;
    (void)ctx;
    if (msg->type != MSG_DATA) {
        return ERR_UNKNOWN;
    }
    atomic_fetch_add(&seen.disorder, msg_as_data(msg)->number != self->next++);
    atomic_fetch_add(&seen.received, 1);
    for (uint64_t until_us = now_us() + SLOW_US; now_us() < until_us;) {
    }
    return ERR_OK;
}

static const struct rt_behaviour reader = {.name = "reader",
                                           .state_size = sizeof(struct sink),
                                           .start = sink_start,
                                           .receive = reader_receive};

/* Publishes a number every two milliseconds; seen.bursts: how many took the last one. */
static enum err speaker_start(struct rt_context *ctx, void *state, const void *arg)
{
    (void)state;
    (void)arg;
    rt_take_role(ctx, TERM_role_EXECUTOR);
    return rt_tick(ctx, 2, 0) != 0 ? ERR_OK : ERR_MEMORY;
}

static enum err speaker_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    uint64_t *next = state;
    if (msg->type != MSG_TICK) {
        return ERR_UNKNOWN;
    }
    atomic_store(&seen.bursts, rt_publish(ctx, "news", MSG(data, .number = ++*next)));
    return rt_tick(ctx, 2, 0) != 0 ? ERR_OK : ERR_MEMORY;
}

static const struct rt_behaviour speaker = {.name = "speaker",
                                            .state_size = sizeof(uint64_t),
                                            .start = speaker_start,
                                            .receive = speaker_receive};

static enum err listener_start(struct rt_context *ctx, void *state, const void *arg)
{
    (void)state;
    (void)arg;
    rt_watch_role(ctx, TERM_role_EXECUTOR);
    return ERR_OK;
}

static enum err listener_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    uint64_t *last = state;
    if (msg->type == MSG_ROLE_UP) {
        return rt_subscribe_at(ctx, msg_as_role_up(msg)->node, "news");
    }
    if (msg->type != MSG_DATA) {
        return ERR_UNKNOWN;
    }
    uint64_t number = msg_as_data(msg)->number;
    atomic_fetch_add(&seen.disorder, *last != 0 && number != *last + 1);
    *last = number;
    atomic_fetch_add(&seen.received, 1);
    return ERR_OK;
}

static const struct rt_behaviour listener = {.name = "listener",
                                             .state_size = sizeof(uint64_t),
                                             .start = listener_start,
                                             .receive = listener_receive};

/* ---- a process ---- */

struct node {
    struct rt_system *system;
    struct net *net;
};

static void on_net_send(void *world, struct envelope **envelope)
{
    struct node *self = world;
    net_send(self->net, envelope);
}

static void on_net_announce(void *world, uint64_t role, uint64_t actor)
{
    struct node *self = world;
    net_announce(self->net, role, actor);
}

static uint64_t on_now_ms(void *world)
{
    (void)world;
    return now_us() / 1000;
}

static void on_timer_set(void *world)
{
    struct node *self = world;
    net_wake(self->net);
}

static void on_log(void *world, enum rt_level level, const char *actor, const char *text)
{
    (void)world;
    if (level <= RT_WARN && getenv("STRESS_LOG")) {
        (void)fprintf(stderr, "%s: %s\n", actor, text);
    }
}

static void node_open(struct node *self, uint64_t incarnation, const char *name, const char *bind,
                      const char *connect)
{
    static const char *endpoints[2];
    endpoints[0] = connect;
    char message[256] = "";
    struct net_options net = {.config = &config,
                              .name = name,
                              .node = incarnation,
                              .bind = bind,
                              .connect = connect ? endpoints : NULL,
                              .world = self,
                              .log = on_log};
    struct system_options system = {.config = &config,
                                    .name = name,
                                    .node = incarnation,
                                    .seed = incarnation,
                                    .ports = {.world = self,
                                              .net_send = on_net_send,
                                              .net_parcels = true,
                                              .net_announce = on_net_announce,
                                              .now_ms = on_now_ms,
                                              .wall_ms = on_now_ms,
                                              .timer_set = on_timer_set,
                                              .log = on_log}};
    enum err err = net_new(&net, message, sizeof message, &self->net);
    if (err != ERR_OK) {
        (void)fprintf(stderr, "%s: %s\n", err_name(err), message);
        exit(1);
    }
    if (system_new(&system, &self->system) != ERR_OK) {
        exit(1);
    }
    net_attach(self->net, self->system);
}

static void node_start(struct node *self, const struct rt_behaviour *behaviour, uint64_t bursts)
{
    struct rt_address address;
    CHECK(system_start(self->system) == ERR_OK);
    CHECK(net_start(self->net) == ERR_OK);
    CHECK(system_spawn(self->system, behaviour, &bursts, sizeof bursts, &address) == ERR_OK);
}

static void expect_balance(struct rt_system *system, uint64_t node)
{
    struct account *account = system_account(system, node);
    uint64_t ended = 0;
    for (int i = 0; i < OUTCOMES; i++) {
        ended += atomic_load(&account->outcomes[i]);
    }
    uint64_t accepted = atomic_load(&account->accepted);
    if (accepted != ended) {
        (void)fprintf(stderr, "account of %llu: accepted %llu, ended %llu\n",
                      (unsigned long long)node, (unsigned long long)accepted,
                      (unsigned long long)ended);
    }
    CHECK(accepted == ended);
}

/* Ends as by a command to stop; `ms_max` 0: without a goodbye. */
static void node_close(struct node *self, uint64_t ms_max, uint64_t other)
{
    CHECK(system_stop(self->system, 5000) == ERR_OK);
    net_stop(self->net, ms_max);
    net_destroy(&self->net);
    expect_balance(self->system, 0);
    expect_balance(self->system, other);
    system_destroy(&self->system);
}

static bool wait_for(atomic_uint_fast64_t *counter, uint64_t value)
{
    for (int i = 0; i < WAIT_MS_MAX / 5; i++) {
        if (atomic_load(counter) >= value) {
            return true;
        }
        (void)usleep(5000);
    }
    (void)fprintf(stderr, "waited in vain for %llu, got %llu\n", (unsigned long long)value,
                  (unsigned long long)atomic_load(counter));
    return false;
}

/* ---- stories ---- */

static double cpu_seconds(void)
{
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void report(const char *endpoint, uint64_t messages, double cpu_before)
{
    uint64_t sent_us = atomic_load(&seen.sent_us);
    uint64_t trips_us = atomic_load(&seen.trips_us);
    double rate = (double)messages / (double)(sent_us + 1);
    double cpu = cpu_seconds();
    double cpu_us = (cpu - cpu_before) * 1e6 / (double)messages;
    (void)sleep(1);
    (void)printf("%s%s: %.2f M messages/s of %u bytes and more, %.0f MB/s, %.2f us of CPU a "
                 "message, round trip %.1f us, idle %.3f %% of a core\n",
                 endpoint, strcmp(config.security.curve, "on") == 0 ? " with keys" : "", rate,
                 filler_size, rate * (filler_size + 40), cpu_us,
                 (double)trips_us / (double)ROUND_TRIPS, 100.0 * (cpu_seconds() - cpu));
}

/* All messages, all asks; then the source is restarted twice, once without a word. */
static void exchange(const char *bind)
{
    memset(&seen, 0, sizeof seen);
    struct node a;
    struct node b;
    node_open(&a, 0xa1, "stress/sink", bind, NULL);
    const char *endpoint = net_endpoint(a.net);
    double cpu = cpu_seconds();
    node_open(&b, 0xb1, "stress/source", NULL, endpoint);
    node_start(&a, &sink, 0);
    node_start(&b, &source, BURSTS);
    CHECK(wait_for(&seen.trips, ROUND_TRIPS));
    CHECK(atomic_load(&seen.received) == (uint64_t)BURST * BURSTS);
    report(endpoint, (uint64_t)BURST * BURSTS, cpu);
    node_close(&b, 5000, 0xa1);
    CHECK(wait_for(&seen.downs, 1));
    for (uint64_t life = 2; life <= 3; life++) {
        node_open(&b, 0xb0 + life, "stress/source", NULL, endpoint);
        node_start(&b, &source, 3);
        CHECK(wait_for(&seen.trips, ROUND_TRIPS * life));
        node_close(&b, 0, 0xa1);
    }
    CHECK(wait_for(&seen.downs, 3));
    CHECK(atomic_load(&seen.received) == (uint64_t)BURST * (BURSTS + 3 + 3));
    CHECK(atomic_load(&seen.disorder) == 0);
    CHECK(atomic_load(&seen.failed) == 0);
    node_close(&a, 1000, 0xb1);
}

/* The listener is restarted under its endpoint: the dialer finds the new one by itself. */
static void restart_listener(const char *bind)
{
    memset(&seen, 0, sizeof seen);
    struct node a;
    struct node b;
    node_open(&a, 0xa1, "stress/sink", bind, NULL);
    node_start(&a, &sink, 0);
    node_open(&b, 0xb1, "stress/source", NULL, bind);
    node_start(&b, &source, 3);
    CHECK(wait_for(&seen.trips, ROUND_TRIPS));
    node_close(&a, 0, 0xb1);
    node_open(&a, 0xa2, "stress/sink", bind, NULL);
    node_start(&a, &sink, 0);
    /* The source hears of the new sink by its role and writes another burst. */
    CHECK(wait_for(&seen.received, (uint64_t)BURST * 4));
    node_close(&b, 5000, 0xa2);
    node_close(&a, 0, 0xb1);
}

/* Whoever ends with much on the way says goodbye behind it: all of it arrives, although libzmq
 * would lose the tail over ipc when a socket is closed. */
static void drain(const char *bind)
{
    memset(&seen, 0, sizeof seen);
    struct node a;
    struct node b;
    node_open(&a, 0xa1, "stress/reader", bind, NULL);
    node_open(&b, 0xb1, "stress/writer", NULL, net_endpoint(a.net));
    node_start(&a, &reader, 0);
    node_start(&b, &writer, TAIL);
    CHECK(wait_for(&seen.bursts, TAIL));
    CHECK(atomic_load(&seen.received) < (uint64_t)TAIL); /* or this shows nothing */
    node_close(&b, 30000, 0xa1);
    CHECK(wait_for(&seen.received, TAIL));
    CHECK(atomic_load(&seen.disorder) == 0);
    node_close(&a, 1000, 0xb1);
}

/* The sender is told, what waits at the receiver is bounded by the credit, and nothing is lost. */
static void slow_receiver(const char *bind)
{
    memset(&seen, 0, sizeof seen);
    struct node a;
    struct node b;
    struct system_stats stats;
    uint64_t queued_max = 0;
    node_open(&a, 0xa1, "stress/reader", bind, NULL);
    node_open(&b, 0xb1, "stress/writer", NULL, net_endpoint(a.net));
    node_start(&a, &reader, 0);
    node_start(&b, &writer, SLOW);
    for (int i = 0; i < WAIT_MS_MAX / 5 && atomic_load(&seen.received) < (uint64_t)SLOW; i++) {
        system_stats(a.system, &stats);
        queued_max = stats.queued > queued_max ? stats.queued : queued_max;
        (void)usleep(5000);
    }
    CHECK(atomic_load(&seen.received) == (uint64_t)SLOW);
    CHECK(atomic_load(&seen.disorder) == 0);
    CHECK(atomic_load(&seen.failed) > 0);
    CHECK(queued_max > 0 && queued_max <= config.runtime.credit_bytes / SLOW_SIZE);
    node_close(&b, 5000, 0xa1);
    node_close(&a, 1000, 0xb1);
}

static void start_listeners(struct node *node, uint64_t life, const char *endpoint)
{
    struct rt_address address;
    node_open(node, 0xb0 + life, "stress/listeners", NULL, endpoint);
    node_start(node, &listener, 0);
    for (int i = 1; i < LISTENERS; i++) {
        CHECK(system_spawn(node->system, &listener, NULL, 0, &address) == ERR_OK);
    }
}

/* Once over the link for all who listen there; forgotten with the link, also without a goodbye. */
static void topics(const char *bind)
{
    memset(&seen, 0, sizeof seen);
    struct node a;
    struct node b;
    node_open(&a, 0xa1, "stress/speaker", bind, NULL);
    node_start(&a, &speaker, 0);
    for (uint64_t life = 1; life <= 3; life++) {
        start_listeners(&b, life, net_endpoint(a.net));
        CHECK(wait_for(&seen.received, life * LISTENERS * NEWS_MIN));
        CHECK(atomic_load(&seen.bursts) == 1);
        node_close(&b, life == 2 ? 0 : 5000, 0xa1);
    }
    for (int i = 0; i < WAIT_MS_MAX / 5 && atomic_load(&seen.bursts) != 0; i++) {
        (void)usleep(5000);
    }
    CHECK(atomic_load(&seen.bursts) == 0);
    CHECK(atomic_load(&seen.disorder) == 0);
    node_close(&a, 1000, 0xb3);
}

static void send_garbage(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, path, strlen(path));
    for (int i = 0; i < 200; i++) {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        unsigned char bytes[512];
        for (size_t k = 0; k < sizeof bytes; k++) {
            bytes[k] = (unsigned char)rand();
        }
        if (connect(fd, (const struct sockaddr *)(const void *)&address, sizeof address) == 0) {
            ssize_t written = send(fd, bytes, sizeof bytes, MSG_NOSIGNAL);
            (void)written;
        }
        (void)close(fd);
    }
}

static void bind_errors(const char *endpoint)
{
    const char *path = endpoint + strlen("ipc://");
    struct node a;
    struct net *second = NULL;
    char message[256];
    struct net_options options = {
        .config = &config, .name = "second", .node = 7, .bind = endpoint, .log = on_log};
    node_open(&a, 0xa1, "stress/sink", endpoint, NULL);
    node_start(&a, &sink, 0);
    CHECK(net_new(&options, message, sizeof message, &second) == ERR_EXISTS);
    CHECK(strstr(message, endpoint) && strstr(message, strerror(EADDRINUSE)));
    send_garbage(path);
    (void)usleep(300000);
    options.bind = "ipc:///nowhere/at/all/x.sock";
    CHECK(net_new(&options, message, sizeof message, &second) == ERR_IO);
    CHECK(strstr(message, "/nowhere/at/all"));
    options.bind = "http://example";
    CHECK(net_new(&options, message, sizeof message, &second) == ERR_CONFIG);
    node_close(&a, 1000, 0);
    struct stat at;
    CHECK(stat(path, &at) != 0);
    /* A socket file that a killed process has left. */
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(bind(fd, (const struct sockaddr *)(const void *)&address, sizeof address) == 0);
    (void)close(fd);
    options.bind = endpoint;
    CHECK(net_new(&options, message, sizeof message, &second) == ERR_OK);
    net_destroy(&second);
    CHECK(stat(path, &at) != 0);
}

/* ---- keys ---- */

/* Both sides are several of one name, and have its key. */
static void use_keys(const char *dir)
{
    struct cert cert = {.name = "stress", .roles = UINT64_C(1) << TERM_role_EXECUTOR};
    char path[CERT_PATH_MAX];
    CHECK(security_make_keys(&cert) == ERR_OK);
    CHECK(cert_path(dir, "stress", CERT_SECRET, path) == ERR_OK);
    CHECK(cert_save(path, &cert, true, true) == ERR_OK);
    (void)snprintf(config.security.key_file, sizeof config.security.key_file, "%.1000s", path);
    CHECK(cert_path(dir, "stress", CERT_PUBLIC, path) == ERR_OK);
    CHECK(cert_save(path, &cert, false, true) == ERR_OK);
    (void)snprintf(config.security.server_key_file, sizeof config.security.server_key_file,
                   "%.1000s", path);
    (void)snprintf(config.security.allow_dir, sizeof config.security.allow_dir, "%s", dir);
    memcpy(config.security.curve, "on", sizeof "on");
}

static void forget_keys(void)
{
    (void)unlink(config.security.key_file);
    (void)unlink(config.security.server_key_file);
    memcpy(config.security.curve, "auto", sizeof "auto");
}

/* A key that leaves the list while messages are under way takes its links with it. */
static void lose_key(const char *bind)
{
    memset(&seen, 0, sizeof seen);
    struct node a;
    struct node b;
    node_open(&a, 0xa1, "stress/sink", bind, NULL);
    node_open(&b, 0xb1, "stress/source", NULL, net_endpoint(a.net));
    node_start(&a, &sink, 0);
    node_start(&b, &source, 1000000);
    CHECK(wait_for(&seen.received, BURST));
    CHECK(unlink(config.security.server_key_file) == 0);
    CHECK(wait_for(&seen.downs, 1));
    /* What was asked last is answered, too. */
    CHECK(wait_for(&seen.failed, 1));
    CHECK(atomic_load(&seen.disorder) == 0);
    node_close(&b, 0, 0xa1);
    node_close(&a, 0, 0xb1);
}

static void measure(const char *dir)
{
    static const uint32_t sizes[] = {0, 1000, FILLER_MAX};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        filler_size = sizes[i];
        exchange("tcp://127.0.0.1:*");
        use_keys(dir);
        exchange("tcp://127.0.0.1:*");
        forget_keys();
    }
}

int main(int argc, char **argv)
{
    char dir[] = "/tmp/stress-net-XXXXXX";
    char endpoint[64];
    config_defaults(&config);
    config.runtime.heartbeat_ms = 200;
    config.runtime.silence_ms_max = 3000;
    if (!mkdtemp(dir)) {
        return 1;
    }
    memset(filler, 'x', sizeof filler);
    (void)snprintf(endpoint, sizeof endpoint, "ipc://%s/a.sock", dir);
    if (argc > 1 && strcmp(argv[1], "--measure") == 0) {
        measure(dir);
    } else {
        exchange(endpoint);
        exchange("tcp://127.0.0.1:*");
        drain(endpoint);
        drain("tcp://127.0.0.1:*");
        slow_receiver("tcp://127.0.0.1:*");
        topics(endpoint);
        restart_listener(endpoint);
        bind_errors(endpoint);
        use_keys(dir);
        exchange("tcp://127.0.0.1:*");
        lose_key("tcp://127.0.0.1:*");
        forget_keys();
    }
    (void)rmdir(dir);
    return failures == 0 ? 0 : 1;
}
