/* context.c - actor.h over the system: what a handler may do. */
#include "runtime/core.h"
#include "runtime/mutant.h"

#include <stdio.h>
#include <stdlib.h>

enum { LOG_LINE_MAX = 1024 };

struct rt_address rt_self(const struct rt_context *ctx)
{
    return actor_address(ctx->system, ctx->actor);
}

struct rt_address rt_sender(const struct rt_context *ctx)
{
    return ctx->envelope ? ctx->envelope->from : (struct rt_address){0, 0};
}

uint64_t rt_now_ms(const struct rt_context *ctx)
{
    return system_now(ctx->system);
}

uint64_t rt_wall_ms(const struct rt_context *ctx)
{
    return ctx->system->ports.wall_ms(ctx->system->ports.world);
}

/* xorshift64* (Vigna, "An experimental exploration of Marsaglia's xorshift generators", 2016). */
uint64_t rt_random(struct rt_context *ctx)
{
    uint64_t x = ctx->worker->random;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    ctx->worker->random = x;
    return x * UINT64_C(0x2545F4914F6CDD1D);
}

const struct config *rt_config(const struct rt_context *ctx)
{
    return ctx->system->config;
}

const char *rt_node_name(const struct rt_context *ctx)
{
    return ctx->system->name;
}

void rt_work(struct rt_context *ctx, uint64_t open, uint64_t waiting)
{
    struct relations *relations = actor_relations(ctx->actor);
    if (relations) { /* without memory people see what was said before */
        actor_work(ctx->system, relations, open, waiting);
    }
}

void rt_log(struct rt_context *ctx, enum rt_level level, const char *format, ...)
{
    char line[LOG_LINE_MAX];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(line, sizeof line, format, args);
    va_end(args);
    const struct rt_behaviour *behaviour = ctx->actor->behaviour;
    ctx->system->ports.log(ctx->system->ports.world, level, behaviour ? behaviour->name : "-",
                           line);
}

/* ---- messages ---- */

/* What one cause led to has one number. */
static inline uint64_t trace_of(struct rt_context *ctx)
{
    return ctx->envelope && ctx->envelope->trace ? ctx->envelope->trace : rt_random(ctx);
}

static inline enum err envelope_for(struct rt_context *ctx, struct rt_address to,
                                    const struct msg *msg, size_t chain,
                                    struct envelope **ret_envelope)
{
    struct rt_system *system = ctx->system;
    struct envelope *envelope;
    enum err err =
        chain == 0 ? envelope_make(msg, &envelope) : envelope_make_nested(msg, chain, &envelope);
    if (err != ERR_OK) {
        return err;
    }
    envelope->account = system->own;
    envelope->from = actor_address(system, ctx->actor);
    envelope->to = to;
    envelope->span = worker_number(ctx->worker);
    envelope->trace = trace_of(ctx);
    worker_may_sample(ctx->worker, envelope);
    ctx->worker->tally.accepted++;
    *ret_envelope = envelope;
    return ERR_OK;
}

static bool drops(struct rt_system *system, struct rt_address to)
{
    struct actor *actor = actors_find(system, to.actor);
    return actor && atomic_load_explicit(&actor->drop_newest, memory_order_relaxed);
}

/* Counts a message for another node as on its way there.  ERR_FULL: there is no room before it is
 * handed over, so that nothing that was accepted is dropped for want of credit. */
static enum err take_room(struct rt_context *ctx, struct envelope *envelope)
{
    const struct cfg_runtime *cfg = &ctx->system->config->runtime;
    struct worker *worker = ctx->worker;
    if (!worker->sent_to || worker->sent_to->node != envelope->to.node) {
        worker->sent_to = system_node_account(ctx->system, envelope->to.node);
    }
    if (!worker->sent_to) {
        return ERR_MEMORY;
    }
    struct outbound *outbound = &worker->sent_to->outbound;
    if (atomic_load_explicit(&outbound->count, memory_order_relaxed) >=
            cfg->mailbox_count_max / 2 ||
        atomic_load_explicit(&outbound->bytes, memory_order_relaxed) >=
            cfg->mailbox_bytes_max / 2) {
        return ERR_FULL;
    }
    atomic_fetch_add_explicit(&outbound->count, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&outbound->bytes, envelope->size, memory_order_relaxed);
    envelope->outbound = outbound;
    return ERR_OK;
}

static enum err send_envelope(struct rt_context *ctx, struct envelope *envelope)
{
    struct rt_address to = envelope->to;
    bool remote = to.node != ctx->system->node && to.node != 0;
    if (remote) {
        parcel_close(ctx->worker);
    }
    enum err err = remote && envelope->lane == LANE_USER ? take_room(ctx, envelope) : ERR_OK;
    if (err == ERR_OK) {
        err = deliver(ctx->system, &envelope);
    }
    if (err == ERR_OK) {
        return ERR_OK;
    }
    if (err == ERR_FULL && !remote && drops(ctx->system, to)) {
        envelope_end(&envelope, OUTCOME_DROPPED);
        return ERR_OK;
    }
    envelope_end(&envelope, err == ERR_FULL ? OUTCOME_REJECTED : OUTCOME_DEAD);
    return err;
}

enum err rt_send(struct rt_context *ctx, struct rt_address to, const struct msg *msg)
{
    if (parcel_may(ctx->system, to, msg)) {
        struct frame_envelope head = {.from = ctx->actor->id,
                                      .to = to.actor,
                                      .trace = trace_of(ctx),
                                      .span = worker_number(ctx->worker)};
        enum err err = parcel_add(ctx->worker, to, &head, msg);
        if (err != ERR_UNSUPPORTED) {
            return err;
        }
    }
    struct envelope *envelope;
    enum err err = envelope_for(ctx, to, msg, 0, &envelope);
    return err == ERR_OK ? send_envelope(ctx, envelope) : err;
}

void rt_tell(struct rt_context *ctx, struct rt_address to, const struct msg *msg)
{
    enum err err = rt_send(ctx, to, msg);
    if (err == ERR_LIMIT || err == ERR_UNKNOWN) {
        rt_log(ctx, RT_ERROR, "cannot send message=%s reason=%s", msg_name(msg->type),
               err_name(err));
    }
}

enum err rt_forward(struct rt_context *ctx, struct rt_address to)
{
    const struct envelope *from = ctx->envelope;
    assert(from);
    struct envelope *envelope;
    enum err err = envelope_for(ctx, to, envelope_msg(from), from->chain, &envelope);
    if (err != ERR_OK) {
        return err;
    }
    memcpy(envelope_chain(envelope), envelope_chain(from), from->chain * sizeof(struct rt_address));
    envelope->from = from->from;
    envelope->ask = from->ask;
    envelope->deadline_ms = from->deadline_ms;
    return send_envelope(ctx, envelope);
}

enum err rt_stash(struct rt_context *ctx)
{
    const struct envelope *envelope = ctx->envelope;
    if (!envelope || envelope->lane != LANE_USER || (envelope->ask & FRAME_ANSWER)) {
        return ERR_UNSUPPORTED;
    }
    ctx->stash = actor_relations(ctx->actor) != NULL;
    return ctx->stash ? ERR_OK : ERR_MEMORY;
}

void rt_unstash(struct rt_context *ctx)
{
    mailbox_unstash(ctx->actor);
}

static uint64_t set_timer(struct rt_context *ctx, uint64_t delay_ms, enum timer_kind kind,
                          uint64_t value)
{
    struct rt_system *system = ctx->system;
    struct timer timer = {.due_ms = system_now(system) + delay_ms,
                          .actor = ctx->actor->id,
                          .life = ctx->actor->life,
                          .value = value,
                          .kind = kind};
    bool first;
    uint64_t number = timers_set(system->timers, &timer, &first);
    if (first) {
        system->ports.timer_set(system->ports.world);
    }
    return number;
}

static uint64_t now_or_deadline(const struct rt_context *ctx, uint64_t timeout_ms)
{
    uint64_t deadline_ms = rt_now_ms(ctx) + timeout_ms;
    uint64_t outer_ms = ctx->envelope ? ctx->envelope->deadline_ms : 0;
    return outer_ms && outer_ms < deadline_ms && !MUTANT(OWN_PATIENCE) ? outer_ms : deadline_ms;
}

static void note_remote(struct rt_context *ctx, struct rt_address other)
{
    if (other.node != ctx->system->node) {
        atomic_store_explicit(&ctx->actor->remote, true, memory_order_relaxed);
    }
}

/* An ask that could not be sent fails like any other: by a message, soon. */
static bool fail_ask(struct rt_context *ctx, const struct ask *ask, enum err reason,
                     const char *detail)
{
    struct envelope *failed =
        envelope_new(MSG(failed, .type = ask->type, .reason = reason, .detail = msg_str(detail)));
    if (!failed) {
        return false;
    }
    failed->from = ask->to;
    failed->to = rt_self(ctx);
    failed->ask = ask->number | FRAME_ANSWER;
    system_deliver(ctx->system, &failed);
    return true;
}

/* Sends what is asked; *ret_wait_ms: for how long the answer is awaited. */
static enum err send_ask(struct rt_context *ctx, const struct ask *ask, const struct msg *msg,
                         uint64_t *wait_ms)
{
    struct envelope *envelope;
    enum err err = envelope_for(ctx, ask->to, msg, chain_count(ctx), &envelope);
    if (err != ERR_OK) {
        return err;
    }
    envelope->ask = ask->number;
    /* Work for somebody who stops waiting earlier is not worth more than his patience. */
    envelope->deadline_ms = now_or_deadline(ctx, *wait_ms);
    *wait_ms = envelope->deadline_ms - rt_now_ms(ctx);
    chain_write(ctx, envelope);
    return send_envelope(ctx, envelope);
}

enum err rt_ask(struct rt_context *ctx, struct rt_address to, const struct msg *msg,
                uint64_t timeout_ms, uint64_t *ret_ask)
{
    *ret_ask = worker_number(ctx->worker);
    struct relations *relations = actor_relations(ctx->actor);
    struct ask *ask = malloc(sizeof *ask);
    if (!relations || !ask) {
        free(ask);
        return ERR_MEMORY;
    }
    note_remote(ctx, to);
    *ask = (struct ask){.next = relations->asks, .number = *ret_ask, .to = to, .type = msg->type};
    relations->asks = ask;
    char cycle[MSG_MAX_failed_detail + 1];
    enum err err = chain_check(ctx, to, cycle, sizeof cycle);
    if (err == ERR_OK) {
        err = send_ask(ctx, ask, msg, &timeout_ms);
    } else {
        rt_log(ctx, RT_WARN, "cannot ask message=%s reason=%s cycle=\"%s\"", msg_name(msg->type),
               err_name(err), cycle);
    }
    if (err == ERR_OK || !fail_ask(ctx, ask, err, cycle)) {
        ask->timer = set_timer(ctx, err == ERR_OK ? timeout_ms : 0, TIMER_ASK, *ret_ask);
    }
    return err;
}

void rt_cancel(struct rt_context *ctx, uint64_t ask)
{
    struct relations *relations = ctx->actor->relations;
    struct ask **at = relations ? &relations->asks : NULL;
    while (at && *at && (*at)->number != ask) {
        at = &(*at)->next;
    }
    struct ask *found = at ? *at : NULL;
    if (found) {
        *at = found->next;
        timers_cancel(ctx->system->timers, found->timer);
        deliver_signal(ctx->system, rt_self(ctx), found->to, MSG(cancel_ask, .ask = ask));
        free(found);
    }
}

uint64_t rt_answered(const struct rt_context *ctx)
{
    return ctx->answered;
}

struct rt_caller rt_caller(const struct rt_context *ctx)
{
    return (struct rt_caller){rt_sender(ctx), ctx->envelope ? ctx->envelope->ask : 0};
}

void rt_answer(struct rt_context *ctx, struct rt_caller caller, const struct msg *msg)
{
    struct envelope *envelope;
    enum err err = envelope_for(ctx, caller.address, msg, 0, &envelope);
    assert(err == ERR_OK || err == ERR_MEMORY);
    if (err != ERR_OK) {
        return; /* the asker's own time-out tells it */
    }
    if (caller.ask && !(caller.ask & FRAME_ANSWER)) {
        envelope->ask = caller.ask | FRAME_ANSWER;
    }
    (void)send_envelope(ctx, envelope);
}

void rt_reply(struct rt_context *ctx, const struct msg *msg)
{
    rt_answer(ctx, rt_caller(ctx), msg);
}

uint64_t rt_tick(struct rt_context *ctx, uint64_t delay_ms, uint64_t tag)
{
    return set_timer(ctx, delay_ms, TIMER_TICK, tag);
}

void rt_tick_cancel(struct rt_context *ctx, uint64_t tick)
{
    timers_cancel(ctx->system->timers, tick);
}

/* ---- other actors ---- */

enum err rt_spawn(struct rt_context *ctx, const struct rt_behaviour *behaviour, const void *arg,
                  size_t size, struct rt_address *ret_child)
{
    if (!actor_relations(ctx->actor)) {
        return ERR_MEMORY;
    }
    struct birth birth = {behaviour, arg, size, rt_self(ctx), .adopt = false};
    enum err err = life_spawn(ctx->system, &birth, ret_child);
    if (err == ERR_OK) {
        life_add_child(ctx, *ret_child);
    }
    return err;
}

void rt_stop(struct rt_context *ctx)
{
    ctx->stop = true;
}

void rt_exit(struct rt_context *ctx, struct rt_address other)
{
    deliver_signal(ctx->system, rt_self(ctx), other, MSG(exit, .reason = ERR_CANCELLED));
}

uint64_t rt_monitor(struct rt_context *ctx, struct rt_address other)
{
    uint64_t ref = worker_number(ctx->worker);
    struct relations *relations = actor_relations(ctx->actor);
    struct peer *peer = malloc(sizeof *peer);
    if (!relations || !peer) {
        free(peer);
        return 0;
    }
    *peer = (struct peer){.next = relations->watched, .address = other, .ref = ref};
    relations->watched = peer;
    note_remote(ctx, other);
    deliver_signal(ctx->system, rt_self(ctx), other, MSG(monitor, .ref = ref));
    return ref;
}

void rt_demonitor(struct rt_context *ctx, uint64_t ref)
{
    struct relations *relations = ctx->actor->relations;
    for (struct peer **at = relations ? &relations->watched : NULL; at && *at; at = &(*at)->next) {
        struct peer *peer = *at;
        if (peer->ref == ref) {
            deliver_signal(ctx->system, rt_self(ctx), peer->address, MSG(demonitor, .ref = ref));
            *at = peer->next;
            free(peer);
            return;
        }
    }
}

void rt_link(struct rt_context *ctx, struct rt_address other)
{
    struct relations *relations = actor_relations(ctx->actor);
    struct peer *peer = malloc(sizeof *peer);
    if (!relations || !peer) {
        free(peer);
        return;
    }
    *peer = (struct peer){.next = relations->links, .address = other};
    relations->links = peer;
    note_remote(ctx, other);
    deliver_signal(ctx->system, rt_self(ctx), other, MSG(link, .ref = 0));
}

void rt_unlink(struct rt_context *ctx, struct rt_address other)
{
    struct relations *relations = ctx->actor->relations;
    for (struct peer **at = relations ? &relations->links : NULL; at && *at; at = &(*at)->next) {
        struct peer *peer = *at;
        if (rt_address_equal(peer->address, other)) {
            deliver_signal(ctx->system, rt_self(ctx), other, MSG(unlink, .ref = 0));
            *at = peer->next;
            free(peer);
            return;
        }
    }
}

/* ---- commands ---- */

uint64_t rt_exec(struct rt_context *ctx, const struct rt_command *command)
{
    struct rt_system *system = ctx->system;
    struct relations *relations = actor_relations(ctx->actor);
    struct number *entry = malloc(sizeof *entry);
    uint64_t id = worker_number(ctx->worker);
    if (!relations || !entry) {
        free(entry);
        return 0;
    }
    *entry = (struct number){.next = relations->commands, .number = id};
    relations->commands = entry;
    system->ports.exec(system->ports.world, id, rt_self(ctx), command);
    return id;
}

enum err rt_exec_write(struct rt_context *ctx, uint64_t id, const void *bytes, size_t size)
{
    return ctx->system->ports.exec_write(ctx->system->ports.world, id, bytes, size);
}

void rt_exec_kill(struct rt_context *ctx, uint64_t id)
{
    ctx->system->ports.exec_kill(ctx->system->ports.world, id);
}

/* ---- HTTP ---- */

uint64_t rt_http(struct rt_context *ctx, const struct rt_http_request *request)
{
    struct rt_system *system = ctx->system;
    struct relations *relations = actor_relations(ctx->actor);
    struct number *entry = malloc(sizeof *entry);
    uint64_t id = worker_number(ctx->worker);
    if (!relations || !entry) {
        free(entry);
        return 0;
    }
    *entry = (struct number){.next = relations->requests, .number = id};
    relations->requests = entry;
    system->ports.http(system->ports.world, id, rt_self(ctx), request);
    return id;
}

enum err rt_http_serve(struct rt_context *ctx, const char *at)
{
    struct rt_system *system = ctx->system;
    struct relations *relations = actor_relations(ctx->actor);
    if (!relations) {
        return ERR_MEMORY;
    }
    enum err err = system->ports.http_serve(system->ports.world, rt_self(ctx), at);
    relations->serves |= err == ERR_OK;
    return err;
}

void rt_http_answer(struct rt_context *ctx, uint64_t id, uint64_t status, const char *type,
                    struct msg_str body)
{
    ctx->system->ports.http_answer(ctx->system->ports.world, id, status, type, body);
}

/* ---- disk ---- */

void rt_store(struct rt_context *ctx, struct rt_store_op **op)
{
    (*op)->owner = rt_self(ctx);
    (*op)->life = ctx->actor->life;
    (*op)->err = ERR_OK;
    (*op)->next = NULL;
    ctx->system->ports.store(ctx->system->ports.world, op);
}
