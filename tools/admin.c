/* admin.c - tells an operator how a process is, and drains it.
 *
 * Takes  NODES                             from an operator: the next process that it is linked
 * with NODE, ACTORS, LINKS, DRAIN        of this process, or of another one, to be passed on
 *        NODE_IS, ACTOR_IS, LINK_IS, DRAINED, FAILED   answers of others
 *        ROLE_UP, DOWN                     of other admins, and of what this process plays
 * Sends  those questions to other admins, DRAIN to the actors of this process
 *        NODE_IS, ACTOR_IS, LINK_IS, DRAINED or FAILED, one to each question
 *
 * An operator is linked with one process, the coordinator's as a rule, and that one with all
 * others: whoever is asked about another process asks that one and hands the answer back.  Lists
 * are asked for row by row, so that no answer is ever large and a slow asker holds up nobody.
 */
#include "tools/admin.h"

#include <stdlib.h>
#include <string.h>

#include "tools/place.h"

enum {
    OTHERS_MAX = 1024, /* admins known; as many as there may be links */
    RELAYS_MAX = 256,  /* questions passed on and not answered */
    RELAY_MS = 2000,
    DRAIN_MS = 3000
};

/* The admin of another process. */
struct other {
    struct other *next; /* by name */
    struct rt_address address;
    uint64_t monitor;
    char name[MSG_MAX_role_up_name + 1];
};

/* A question that somebody else is to answer. */
struct relay {
    struct relay *next;
    uint64_t ask;
    struct rt_caller caller;
    uint16_t type; /* of the question */
    char name[MSG_MAX_nodes_after + 1];
    uint64_t node;
};

struct drain {
    struct rt_caller caller;
    uint64_t asks[ADMIN_ROLES_MAX];
    size_t awaited; /* 0: none is under way */
    size_t obeyed;
    uint64_t busy;
    bool on;
    bool stop;
};

struct admin {
    const struct admin_arg *arg;
    struct other *others;
    size_t others_count;
    struct relay *relays;
    size_t relays_count;
    struct rt_address own[ADMIN_ROLES_MAX]; /* who plays arg->roles[i]; nobody: not yet */
    struct drain drain;
    bool draining;
};

static void fail(struct rt_context *ctx, struct rt_caller caller, uint16_t type, enum err reason)
{
    rt_answer(ctx, caller, MSG(failed, .type = type, .reason = reason));
}

/* ---- of this process ---- */

static enum err tell_node(const struct admin *self, struct rt_context *ctx)
{
    struct world_process process;
    self->arg->ports.process(self->arg->ports.world, &process);
    uint64_t roles = 0;
    for (size_t i = 0; i < self->arg->roles_count; i++) {
        roles |= UINT64_C(1) << self->arg->roles[i];
    }
    const struct system_stats *system = &process.system;
    const struct links_totals *totals = &process.totals;
    rt_reply(ctx,
             MSG(node_is, .node = msg_str(rt_node_name(ctx)), .incarnation = rt_self(ctx).node,
                 .draining = self->draining, .roles = roles, .pid = process.pid,
                 .uptime_ms = process.uptime_ms, .version = msg_str(TROUPE_VERSION),
                 .actors = system->actors, .queued = system->queued, .handled = system->handled,
                 .restarts = system->restarts, .rss_bytes = process.rss_bytes,
                 .links = process.links, .cpu_us = process.cpu_us, .work_open = system->work_open,
                 .work_waiting = system->work_waiting, .expired = system->outcomes[OUTCOME_EXPIRED],
                 .rejected = system->outcomes[OUTCOME_REJECTED],
                 .dead = system->outcomes[OUTCOME_DEAD],
                 .dropped = system->outcomes[OUTCOME_DROPPED],
                 .lost = system->outcomes[OUTCOME_LOST], .links_began = totals->began,
                 .links_ended = totals->ended, .frames_sent = totals->frames_out,
                 .frames_received = totals->frames_in, .bytes_sent = totals->bytes_out,
                 .bytes_received = totals->bytes_in, .gaps = totals->gaps, .stuck = system->stuck));
    return ERR_OK;
}

static uint64_t since(struct rt_context *ctx, uint64_t ms)
{
    uint64_t now = rt_now_ms(ctx);
    return now > ms ? now - ms : 0;
}

static enum err tell_actor(const struct admin *self, struct rt_context *ctx, uint64_t after)
{
    struct actor_stats stats;
    struct msg_actor_is is = {.head = {MSG_ACTOR_IS}, .name = msg_str("")};
    if (self->arg->ports.actor(self->arg->ports.world, after, &stats)) {
        const char *name = stats.name ? stats.name : "";
        is.id = stats.id;
        is.name = msg_str_cut(name, strlen(name), MSG_MAX_actor_is_name);
        is.state = stats.state;
        is.queued = stats.queued;
        is.queued_bytes = stats.queued_bytes;
        is.handled = stats.handled;
        is.restarts = stats.restarts;
        is.quiet_ms = since(ctx, stats.latest_ms);
        is.samples = stats.samples;
        is.wait_p50_ns = stats.wait_p50_ns;
        is.wait_p99_ns = stats.wait_p99_ns;
        is.handling_p50_ns = stats.handling_p50_ns;
        is.handling_p99_ns = stats.handling_p99_ns;
    }
    rt_reply(ctx, &is.head);
    return ERR_OK;
}

static enum err tell_link(const struct admin *self, struct rt_context *ctx, uint64_t index)
{
    struct link_stats stats;
    struct msg_link_is is = {.head = {MSG_LINK_IS}, .peer = msg_str("")};
    if (self->arg->ports.link(self->arg->ports.world, index, &stats)) {
        is.peer = msg_str(stats.name);
        is.incarnation = stats.node;
        is.sent = stats.sent;
        is.received = stats.received;
        is.queued = stats.queued;
        is.lost = stats.lost;
        is.gaps = stats.gaps;
        is.outstanding_bytes = stats.outstanding_bytes;
        is.credit_bytes = stats.credit_bytes;
        is.silence_ms = since(ctx, stats.heard_ms);
    }
    rt_reply(ctx, &is.head);
    return ERR_OK;
}

/* ---- draining this process ---- */

static enum err begin_drain(struct admin *self, struct rt_context *ctx,
                            const struct msg_drain *drain)
{
    if (self->drain.awaited > 0) {
        fail(ctx, rt_caller(ctx), MSG_DRAIN, ERR_FULL);
        return ERR_OK;
    }
    self->drain = (struct drain){.caller = rt_caller(ctx), .on = drain->on, .stop = drain->stop};
    for (size_t i = 0; i < self->arg->roles_count; i++) {
        if (self->own[i].actor != 0) {
            /* An error comes as FAILED too. */
            (void)!rt_ask(ctx, self->own[i], &drain->head, DRAIN_MS, &self->drain.asks[i]);
            self->drain.awaited++;
        }
    }
    if (self->drain.awaited == 0) {
        fail(ctx, rt_caller(ctx), MSG_DRAIN, ERR_UNSUPPORTED);
    }
    return ERR_OK;
}

static void end_drain(struct admin *self, struct rt_context *ctx)
{
    const struct drain *drain = &self->drain;
    if (drain->obeyed == 0) {
        /* Nothing here has work that could be refused. */
        fail(ctx, drain->caller, MSG_DRAIN, ERR_UNSUPPORTED);
        return;
    }
    bool stop = drain->on && drain->stop && drain->busy == 0;
    if (stop || self->draining != drain->on) {
        rt_log(ctx, RT_INFO, "draining=%s busy=%llu stopping=%s", drain->on ? "on" : "off",
               (unsigned long long)drain->busy, stop ? "yes" : "no");
    }
    self->draining = drain->on;
    rt_answer(ctx, drain->caller,
              MSG(drained, .node = msg_str(rt_node_name(ctx)), .on = drain->on, .busy = drain->busy,
                  .stopping = stop));
    if (stop) {
        self->arg->ports.end(self->arg->ports.world);
    }
}

/* True when the message answers a DRAIN of ours. */
static bool take_drained(struct admin *self, struct rt_context *ctx, const struct msg *msg)
{
    uint64_t ask = rt_answered(ctx);
    struct drain *drain = &self->drain;
    size_t i = 0;
    while (i < ADMIN_ROLES_MAX && drain->asks[i] != ask) {
        i++;
    }
    if (drain->awaited == 0 || i == ADMIN_ROLES_MAX) {
        return false;
    }
    drain->asks[i] = 0;
    drain->awaited--;
    if (msg->type == MSG_DRAINED) {
        drain->obeyed++;
        drain->busy += msg_as_drained(msg)->busy;
    } else if (msg_as_failed(msg)->reason != ERR_UNKNOWN) {
        drain->busy++; /* it did not answer: it may be at work */
    }
    if (drain->awaited == 0) {
        end_drain(self, ctx);
    }
    return true;
}

/* ---- of other processes ---- */

static enum err pass_on(struct admin *self, struct rt_context *ctx, const struct other *other,
                        const struct msg *msg)
{
    struct relay *relay = self->relays_count < RELAYS_MAX ? calloc(1, sizeof *relay) : NULL;
    if (!relay) {
        fail(ctx, rt_caller(ctx), msg->type, ERR_FULL);
        return ERR_OK;
    }
    relay->caller = rt_caller(ctx);
    relay->type = msg->type;
    relay->node = other->address.node;
    memcpy(relay->name, other->name, sizeof relay->name);
    relay->next = self->relays;
    self->relays = relay;
    self->relays_count++;
    /* An error comes as FAILED too. */
    (void)!rt_ask(ctx, other->address, msg, RELAY_MS, &relay->ask);
    return ERR_OK;
}

/* One that is linked and does not answer is a row of the list like the others. */
static void hand_back(struct rt_context *ctx, const struct relay *relay, const struct msg *msg)
{
    bool silent = msg->type == MSG_FAILED && relay->type == MSG_NODE;
    if (silent) {
        rt_answer(ctx, relay->caller,
                  MSG(node_is, .node = msg_str(relay->name), .incarnation = relay->node,
                      .silent = true, .version = msg_str("")));
    } else {
        rt_answer(ctx, relay->caller, msg);
    }
}

static enum err on_answer(struct admin *self, struct rt_context *ctx, const struct msg *msg)
{
    uint64_t ask = rt_answered(ctx);
    if (ask == 0 || take_drained(self, ctx, msg)) {
        return ERR_OK; /* nobody asked; or it is about us */
    }
    for (struct relay **at = &self->relays; *at; at = &(*at)->next) {
        struct relay *relay = *at;
        if (relay->ask == ask) {
            hand_back(ctx, relay, msg);
            *at = relay->next;
            self->relays_count--;
            free(relay);
            return ERR_OK;
        }
    }
    return ERR_OK;
}

static const struct other *find_other(const struct admin *self, struct msg_str name)
{
    const struct other *other = self->others;
    while (other && !msg_str_is(name, other->name)) {
        other = other->next;
    }
    return other;
}

static enum err answer(struct admin *self, struct rt_context *ctx, const struct msg *msg)
{
    switch (msg->type) {
    case MSG_NODE:
        return tell_node(self, ctx);
    case MSG_ACTORS:
        return tell_actor(self, ctx, msg_as_actors(msg)->after);
    case MSG_LINKS:
        return tell_link(self, ctx, msg_as_links(msg)->index);
    default:
        return begin_drain(self, ctx, msg_as_drain(msg));
    }
}

static enum err answer_or_pass_on(struct admin *self, struct rt_context *ctx, struct msg_str name,
                                  const struct msg *msg)
{
    if (msg_str_is(name, rt_node_name(ctx))) {
        return answer(self, ctx, msg);
    }
    const struct other *other = find_other(self, name);
    if (!other) {
        fail(ctx, rt_caller(ctx), msg->type, ERR_NOT_FOUND);
        return ERR_OK;
    }
    return pass_on(self, ctx, other, msg);
}

/* Its own place is among the others', by name. */
static enum err on_nodes(struct admin *self, struct rt_context *ctx, const struct msg_nodes *nodes)
{
    const char *own = rt_node_name(ctx);
    const struct other *next = self->others;
    while (next && strcmp(next->name, nodes->after.at) <= 0) {
        next = next->next;
    }
    if (strcmp(own, nodes->after.at) > 0 && (!next || strcmp(own, next->name) <= 0)) {
        return tell_node(self, ctx);
    }
    if (!next) {
        rt_reply(ctx, MSG(node_is, .node = msg_str(""), .version = msg_str("")));
        return ERR_OK;
    }
    return pass_on(self, ctx, next, MSG(node, .node = msg_str(next->name)));
}

/* ---- who is there ---- */

static void forget(struct rt_context *ctx, struct admin *self, struct other **at)
{
    struct other *other = *at;
    *at = other->next;
    rt_demonitor(ctx, other->monitor);
    self->others_count--;
    free(other);
}

static enum err add_other(struct admin *self, struct rt_context *ctx, const struct msg_role_up *up)
{
    struct rt_address address = {up->node, up->actor};
    struct other **at = &self->others;
    while (*at && strcmp((*at)->name, up->name.at) < 0) {
        at = &(*at)->next;
    }
    if (*at && strcmp((*at)->name, up->name.at) == 0) {
        forget(ctx, self, at); /* an earlier life of that process */
    }
    struct other *other = self->others_count < OTHERS_MAX ? calloc(1, sizeof *other) : NULL;
    if (!other) {
        rt_log(ctx, RT_WARN, "one process too many for the list name=%s", up->name.at);
        return ERR_OK;
    }
    memcpy(other->name, up->name.at, up->name.size);
    other->address = address;
    other->monitor = rt_monitor(ctx, address);
    other->next = *at;
    *at = other;
    self->others_count++;
    return ERR_OK;
}

static enum err on_role_up(struct admin *self, struct rt_context *ctx, const struct msg_role_up *up)
{
    bool here = up->node == rt_self(ctx).node;
    if (up->role == TERM_role_ADMIN) {
        return here ? ERR_OK : add_other(self, ctx, up);
    }
    for (size_t i = 0; here && i < self->arg->roles_count; i++) {
        if (self->arg->roles[i] == up->role) {
            self->own[i] = (struct rt_address){up->node, up->actor};
        }
    }
    return ERR_OK;
}

static enum err on_down(struct admin *self, struct rt_context *ctx, uint64_t ref)
{
    for (struct other **at = &self->others; *at; at = &(*at)->next) {
        if ((*at)->monitor == ref) {
            forget(ctx, self, at);
            break;
        }
    }
    return ERR_OK;
}

/* ---- the actor ---- */

static enum err admin_start(struct rt_context *ctx, void *state, const void *arg)
{
    struct admin *self = state;
    self->arg = arg; /* the runtime keeps it as long as the actor */
    rt_watch_role(ctx, TERM_role_ADMIN);
    for (size_t i = 0; i < self->arg->roles_count; i++) {
        rt_watch_role(ctx, self->arg->roles[i]);
    }
    rt_take_role(ctx, TERM_role_ADMIN);
    return ERR_OK;
}

static enum err admin_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    struct admin *self = state;
    switch (msg->type) {
    case MSG_ROLE_UP:
        return on_role_up(self, ctx, msg_as_role_up(msg));
    case MSG_DOWN:
        return on_down(self, ctx, msg_as_down(msg)->ref);
    case MSG_NODES:
        return on_nodes(self, ctx, msg_as_nodes(msg));
    case MSG_NODE:
        return answer_or_pass_on(self, ctx, msg_as_node(msg)->node, msg);
    case MSG_ACTORS:
        return answer_or_pass_on(self, ctx, msg_as_actors(msg)->node, msg);
    case MSG_LINKS:
        return answer_or_pass_on(self, ctx, msg_as_links(msg)->node, msg);
    case MSG_DRAIN:
        return answer_or_pass_on(self, ctx, msg_as_drain(msg)->node, msg);
    case MSG_NODE_IS:
    case MSG_ACTOR_IS:
    case MSG_LINK_IS:
    case MSG_DRAINED:
    case MSG_FAILED:
        return on_answer(self, ctx, msg);
    default:
        return ERR_UNKNOWN;
    }
}

static void admin_stop(void *state)
{
    struct admin *self = state;
    while (self->others) {
        struct other *other = self->others;
        self->others = other->next;
        free(other);
    }
    while (self->relays) {
        struct relay *relay = self->relays;
        self->relays = relay->next;
        free(relay);
    }
}

const struct rt_behaviour admin_behaviour = {.name = "admin",
                                             .state_size = sizeof(struct admin),
                                             .start = admin_start,
                                             .receive = admin_receive,
                                             .stop = admin_stop};
