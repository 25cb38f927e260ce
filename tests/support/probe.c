/* probe.c - see probe.h. */
#include "tests/support/probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/core.h"

enum {
    PEERS_MAX = 16,
    TRACE_SIZE = 1 << 18,
    LINE_SIZE = 4096,
    NODE = 1,
    PEER_NODE = 100,
    START_MS = 1000000,
    QUIET_MS = 30000, /* longer than any back-off: no message waits for a next life */
    PEER_ASK = 1000
};

struct peer_of {
    struct rt_address address;
    char name[32];
    struct rt_address sender; /* of its last message */
    struct rt_caller caller;  /* who asked it last */
    uint64_t deadline_ms;
    uint64_t monitor;
};

struct probe {
    struct config config;
    struct rt_system *system;
    struct store *store;
    struct rt_address actor;
    struct peer_of peers[PEERS_MAX];
    size_t peers_count;
    struct rt_store_op *ops; /* by hand, oldest first */
    struct rt_store_op **ops_last;
    size_t ops_count;
    uint64_t now_ms;
    int64_t wall_ms;
    uint64_t asks;
    uint64_t exec;
    struct rt_address exec_owner;
    uint64_t http;
    struct rt_address http_owner;
    struct rt_address http_server;
    enum err http_serves;
    char http_headers[LINE_SIZE];
    bool runtime;
    bool log;
    size_t used;
    size_t shown; /* up to here probe_trace has told */
    char trace[TRACE_SIZE];
    char told[TRACE_SIZE];
};

/* ---- trace ---- */

__attribute__((format(printf, 2, 0))) static void add_line(struct probe *self, const char *format,
                                                           va_list args)
{
    int head = snprintf(self->trace + self->used, sizeof self->trace - self->used, "[%llu] ",
                        (unsigned long long)(self->now_ms - START_MS));
    cr_assert_gt(head, 0);
    self->used += (size_t)head;
    int body = vsnprintf(self->trace + self->used, sizeof self->trace - self->used, format, args);
    cr_assert_geq(body, 0);
    self->used += (size_t)body;
    cr_assert_lt(self->used + 2, sizeof self->trace, "the trace is full");
    self->trace[self->used++] = '\n';
    self->trace[self->used] = '\0';
}

void probe_note(struct probe *self, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_line(self, format, args);
    va_end(args);
}

const char *probe_trace(struct probe *self)
{
    memcpy(self->told, self->trace + self->shown, self->used - self->shown + 1);
    self->shown = self->used;
    return self->told;
}

/* ---- the world ---- */

static struct peer_of *find_peer(const struct probe *self, struct rt_address address)
{
    for (size_t i = 0; i < self->peers_count; i++) {
        if (rt_address_equal(self->peers[i].address, address)) {
            return (struct peer_of *)(uintptr_t)&self->peers[i];
        }
    }
    return NULL;
}

static void on_net_send(void *world, struct envelope **envelope)
{
    struct probe *self = world;
    const struct msg *msg = envelope_msg(*envelope);
    struct peer_of *peer = find_peer(self, (*envelope)->to);
    if (!peer) {
        system_undeliverable(self->system, envelope, ERR_GONE);
        return;
    }
    char text[LINE_SIZE];
    msg_format(msg, text, sizeof text);
    uint64_t ask = (*envelope)->ask;
    if (msg->type >= 0x0200 || msg->type == MSG_FAILED || self->runtime) {
        probe_note(self, "-> %s %s%s", peer->name,
                   ask & FRAME_ANSWER ? "answer "
                   : ask              ? "ask "
                                      : "",
                   text);
    }
    if (ask && !(ask & FRAME_ANSWER)) {
        peer->caller = (struct rt_caller){(*envelope)->from, ask};
    }
    peer->sender = (*envelope)->from;
    uint64_t due_ms = (*envelope)->deadline_ms;
    peer->deadline_ms = due_ms ? due_ms - self->now_ms : 0;
    if (msg->type == MSG_MONITOR) {
        peer->monitor = msg_as_monitor(msg)->ref;
    }
    envelope_end(envelope, OUTCOME_HANDLED);
}

static void on_announce(void *world, uint64_t role, uint64_t actor)
{
    (void)actor;
    probe_note(world, "role %s", term_word("role", role));
}

static void on_exec(void *world, uint64_t id, struct rt_address owner,
                    const struct rt_command *command)
{
    struct probe *self = world;
    char line[LINE_SIZE] = "";
    for (size_t i = 0; command->argv[i]; i++) {
        size_t used = strlen(line);
        (void)snprintf(line + used, sizeof line - used, " %s", command->argv[i]);
    }
    probe_note(self, "exec%s", line);
    self->exec = id;
    self->exec_owner = owner;
}

static enum err on_exec_write(void *world, uint64_t id, const void *bytes, size_t size)
{
    (void)id;
    probe_note(world, "write %.*s", (int)size, (const char *)bytes);
    return ERR_OK;
}

static void on_exec_kill(void *world, uint64_t id)
{
    struct probe *self = world;
    probe_note(self, "kill%s", id == self->exec ? "" : " of an older command");
}

static void on_http(void *world, uint64_t id, struct rt_address owner,
                    const struct rt_http_request *request)
{
    struct probe *self = world;
    self->http_headers[0] = '\0';
    for (size_t i = 0; request->headers && request->headers[i]; i++) {
        size_t used = strlen(self->http_headers);
        int size = snprintf(self->http_headers + used, sizeof self->http_headers - used, "%s\n",
                            request->headers[i]);
        cr_assert_lt((size_t)size, sizeof self->http_headers - used, "too many headers");
    }
    probe_note(self, "http %s %s body=%.*s", request->method, request->url, (int)request->body.size,
               request->body.at ? request->body.at : "");
    self->http = id;
    self->http_owner = owner;
}

static void on_http_cancel(void *world, uint64_t id)
{
    struct probe *self = world;
    probe_note(self, "http cancel%s", id == self->http ? "" : " of an older request");
}

static enum err on_http_serve(void *world, struct rt_address owner, const char *at)
{
    struct probe *self = world;
    probe_note(self, "http serve %s", at);
    self->http_server = owner;
    return self->http_serves;
}

static void on_http_answer(void *world, uint64_t id, uint64_t status, const char *type,
                           struct msg_str body)
{
    (void)id;
    probe_note(world, "http answer %llu %s body=%.*s", (unsigned long long)status, type,
               (int)body.size, body.at ? body.at : "");
}

static void on_http_close(void *world)
{
    probe_note(world, "http close");
}

static void on_store(void *world, struct rt_store_op **op)
{
    struct probe *self = world;
    if (self->store) {
        store_submit(self->store, op);
        return;
    }
    (*op)->next = NULL;
    *self->ops_last = *op;
    self->ops_last = &(*op)->next;
    self->ops_count++;
    *op = NULL;
}

static uint64_t on_now(void *world)
{
    return ((struct probe *)world)->now_ms;
}

static uint64_t on_wall(void *world)
{
    struct probe *self = world;
    return (uint64_t)((int64_t)self->now_ms + self->wall_ms);
}

static void on_timer_set(void *world)
{
    (void)world;
}

static void on_log(void *world, enum rt_level level, const char *actor, const char *text)
{
    static const char *const levels[] = {"error", "warn", "info", "debug"};
    struct probe *self = world;
    if (self->log) {
        probe_note(self, "%s %s: %s", levels[level], actor, text);
    }
}

static void on_store_done(void *arg, struct rt_store_op **op)
{
    struct probe *self = arg;
    system_store_done(self->system, op);
}

/* ---- beginning and end ---- */

static void open_system(struct probe *self, uint64_t seed)
{
    struct system_options options = {.config = &self->config,
                                     .name = "probe",
                                     .node = NODE,
                                     .seed = seed ? seed : 1,
                                     .ports = {.world = self,
                                               .net_send = on_net_send,
                                               .net_announce = on_announce,
                                               .exec = on_exec,
                                               .exec_write = on_exec_write,
                                               .exec_kill = on_exec_kill,
                                               .http = on_http,
                                               .http_cancel = on_http_cancel,
                                               .http_serve = on_http_serve,
                                               .http_answer = on_http_answer,
                                               .http_close = on_http_close,
                                               .store = on_store,
                                               .now_ms = on_now,
                                               .wall_ms = on_wall,
                                               .timer_set = on_timer_set,
                                               .log = on_log}};
    cr_assert_eq(system_new(&options, &self->system), ERR_OK);
}

struct probe *probe_open(const struct probe_options *options)
{
    struct probe *self = calloc(1, sizeof *self);
    cr_assert(self);
    config_defaults(&self->config);
    if (options->config) {
        self->config = *options->config;
    }
    self->now_ms = START_MS;
    self->wall_ms = INT64_C(1700000000000);
    self->ops_last = &self->ops;
    self->runtime = options->runtime;
    self->log = options->log;
    if (options->schema) {
        struct store_why why;
        cr_assert_eq(
            store_open(":memory:", &self->config.store, options->schema, &why, &self->store),
            ERR_OK, "%s", why.text);
    }
    open_system(self, options->seed);
    if (options->behaviour) {
        self->actor = probe_spawn(self, options->behaviour, options->arg, options->size);
    }
    return self;
}

static void drop_ops(struct probe *self)
{
    while (self->ops) {
        struct rt_store_op *op = self->ops;
        self->ops = op->next;
        if (op->fini) {
            op->fini(op);
        }
        free(op);
    }
}

void probe_close(struct probe **probe)
{
    struct probe *self = *probe;
    if (!self) {
        return;
    }
    probe_advance(self, QUIET_MS);
    cr_expect(probe_balances(self), "some message has no outcome, or two");
    system_destroy(&self->system);
    drop_ops(self);
    store_close(&self->store);
    free(self);
    *probe = NULL;
}

struct rt_system *probe_system(struct probe *self)
{
    return self->system;
}

struct config *probe_config(struct probe *self)
{
    return &self->config;
}

struct rt_address probe_actor(const struct probe *self)
{
    return self->actor;
}

struct rt_address probe_spawn(struct probe *self, const struct rt_behaviour *behaviour,
                              const void *arg, size_t size)
{
    struct rt_address address;
    cr_assert_eq(system_spawn(self->system, behaviour, arg, size, &address), ERR_OK);
    probe_settle(self);
    return address;
}

/* ---- peers ---- */

struct rt_address probe_peer(struct probe *self, const char *name)
{
    cr_assert_lt(self->peers_count, (size_t)PEERS_MAX);
    struct peer_of *peer = &self->peers[self->peers_count];
    peer->address = (struct rt_address){PEER_NODE + self->peers_count, 1 + self->peers_count};
    (void)snprintf(peer->name, sizeof peer->name, "%s", name);
    self->peers_count++;
    return peer->address;
}

static void arrive(struct probe *self, struct envelope *envelope)
{
    envelope->account = system_account(self->system, envelope->from.node);
    atomic_fetch_add(&envelope->account->accepted, 1);
    system_deliver(self->system, &envelope);
    probe_settle(self);
}

void probe_send_to(struct probe *self, struct rt_address from, struct rt_address to,
                   const struct msg *msg)
{
    struct envelope *envelope = envelope_new(msg);
    cr_assert(envelope);
    envelope->from = from;
    envelope->to = to;
    arrive(self, envelope);
}

void probe_send(struct probe *self, struct rt_address from, const struct msg *msg)
{
    probe_send_to(self, from, self->actor, msg);
}

void probe_ask(struct probe *self, struct rt_address from, const struct msg *msg,
               uint64_t timeout_ms)
{
    struct envelope *envelope = envelope_new(msg);
    cr_assert(envelope);
    envelope->from = from;
    envelope->to = self->actor;
    envelope->ask = PEER_ASK + ++self->asks;
    envelope->deadline_ms = timeout_ms ? self->now_ms + timeout_ms : 0;
    arrive(self, envelope);
}

void probe_answer(struct probe *self, struct rt_address from, const struct msg *msg)
{
    struct peer_of *peer = find_peer(self, from);
    cr_assert(peer && peer->caller.ask, "nobody asked it");
    struct envelope *envelope = envelope_new(msg);
    cr_assert(envelope);
    envelope->from = from;
    envelope->to = peer->caller.address;
    envelope->ask = peer->caller.ask | FRAME_ANSWER;
    arrive(self, envelope);
}

uint64_t probe_deadline(const struct probe *self, struct rt_address peer)
{
    return find_peer(self, peer)->deadline_ms;
}

struct rt_address probe_last_sender(const struct probe *self, struct rt_address peer)
{
    return find_peer(self, peer)->sender;
}

uint64_t probe_monitor(const struct probe *self, struct rt_address peer)
{
    return find_peer(self, peer)->monitor;
}

static enum err crash_done(struct rt_context *ctx, void *state, struct rt_store_op *op)
{
    (void)ctx;
    (void)state;
    (void)op;
    return ERR_CRASHED;
}

/* An error of done() is a crash. */
void probe_crash_actor(struct probe *self)
{
    struct rt_store_op *op = calloc(1, sizeof *op);
    cr_assert(op);
    struct actor *actor = actors_find(self->system, self->actor.actor);
    *op = (struct rt_store_op){.done = crash_done, .owner = self->actor, .life = actor->life};
    system_store_done(self->system, &op);
    probe_settle(self);
}

void probe_node_down(struct probe *self, struct rt_address peer)
{
    system_node_down(self->system, peer.node);
    probe_settle(self);
}

void probe_role_up(struct probe *self, uint64_t role, struct rt_address peer)
{
    system_role_up(self->system, role, peer, find_peer(self, peer)->name);
    probe_settle(self);
}

/* ---- commands and disk ---- */

uint64_t probe_exec(const struct probe *self)
{
    return self->exec;
}

void probe_exec_event(struct probe *self, const struct msg *msg)
{
    enum err err = system_tell(self->system, self->exec_owner, msg);
    (void)err; /* its actor may be gone */
    probe_settle(self);
}

uint64_t probe_http(const struct probe *self)
{
    return self->http;
}

const char *probe_http_headers(const struct probe *self)
{
    return self->http_headers;
}

void probe_http_event(struct probe *self, const struct msg *msg)
{
    bool request = msg->type == MSG_HTTP_REQUEST;
    enum err err = system_tell(self->system, request ? self->http_server : self->http_owner, msg);
    (void)err; /* its actor may be gone */
    probe_settle(self);
}

void probe_http_serves(struct probe *self, enum err err)
{
    self->http_serves = err;
}

void probe_store_done(struct probe *self, enum err err)
{
    struct rt_store_op *op = self->ops;
    cr_assert(op, "no operation waits");
    self->ops = op->next;
    if (!self->ops) {
        self->ops_last = &self->ops;
    }
    self->ops_count--;
    op->err = err;
    system_store_done(self->system, &op);
    probe_settle(self);
}

size_t probe_store_waiting(const struct probe *self)
{
    return self->ops_count;
}

/* ---- time ---- */

uint64_t probe_now(const struct probe *self)
{
    return self->now_ms;
}

void probe_wall_jump(struct probe *self, int64_t ms)
{
    self->wall_ms += ms;
}

void probe_settle(struct probe *self)
{
    const struct store_events events = {.arg = self, .done = on_store_done};
    bool any = true;
    while (any) {
        any = system_run_ready(self->system);
        any |= self->store && store_run(self->store, &events) > 0;
    }
}

void probe_advance(struct probe *self, uint64_t ms)
{
    uint64_t end_ms = self->now_ms + ms;
    for (;;) {
        uint64_t next_ms = system_run_timers(self->system);
        probe_settle(self);
        uint64_t again_ms = system_run_timers(self->system);
        next_ms = again_ms < next_ms ? again_ms : next_ms;
        if (next_ms > end_ms) {
            break;
        }
        self->now_ms = next_ms > self->now_ms ? next_ms : self->now_ms;
    }
    self->now_ms = end_ms;
    probe_settle(self);
}

bool probe_balances(struct probe *self)
{
    struct system_stats stats;
    system_stats(self->system, &stats);
    for (size_t i = 0; i <= self->peers_count; i++) {
        uint64_t node = i == 0 ? 0 : self->peers[i - 1].address.node;
        const struct account *account = system_account(self->system, node);
        uint64_t ended = 0;
        for (int j = 0; j < OUTCOMES; j++) {
            ended += atomic_load(&account->outcomes[j]);
        }
        if (ended != atomic_load(&account->accepted)) {
            return false;
        }
    }
    return stats.queued == 0;
}
