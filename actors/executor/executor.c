/* executor.c - the executor: stands for its slots, which do the work.
 *
 * Takes  DRAIN          from an operator, through the admin of this process
 *        DRAINED        answers of its slots; FAILED of one that has crashed meanwhile
 *        ROLE_UP, TICK  with executor.idle_stop_ms: the admin of this process, time for a look
 * Sends  DRAIN          to its slots, DRAINED to who asked; starts executor.slots slots (slot.c)
 *        DRAIN          to the admin: the process is to end, or to wait for its end
 *        DRAIN          to what it started for the cloud (executor_cloud.c): it has no more work
 *
 * An executor that is paid for ends itself when it has been idle: nobody else could know that it is
 * not just being given work.  Its slots leave first; one look later, when whatever was granted
 * before the coordinator heard of it has arrived, they are asked again, and once more by the admin.
 * One that is busy then goes on as if nothing had been.  Without a coordinator it is idle, too.
 * With executor.idle_end `wait` it stays drained until the scaler has it stopped, since a group or
 * a service would replace what ends by itself; if nobody does, it ends after all.
 */
#include "actors/executor/executor.h"

#include <stdlib.h>
#include <string.h>

#include "actors/executor/executor_cloud.h"
#include "actors/executor/slot.h"

enum { SLOT_MS = 1000, LOOK_MS = 1000, WAIT_MS_MAX = 600000 };

struct executor {
    struct rt_address *slots; /* owned */
    uint64_t count;
    bool drained; /* by an operator */
    /* The DRAIN under way. */
    uint64_t awaited; /* slots that have not answered; 0: there is none */
    uint64_t busy;
    bool on;
    bool own; /* it is a look of ours, nobody is to be answered */
    struct rt_caller caller;
    /* Ending by itself. */
    struct rt_address admin; /* of this process; nobody until it is known */
    uint64_t idle_ms;        /* since when all looks found nothing at work; 0: not so */
    uint64_t looks;          /* so many found nothing since the slots have left */
    bool leaving;
    uint64_t waiting_ms;     /* since when its end is waited for; 0: it is not */
    struct rt_address cloud; /* nobody where there is none */
};

static void ask_slots(struct executor *self, struct rt_context *ctx, bool on)
{
    self->awaited = self->count;
    self->busy = 0;
    self->on = on;
    for (uint64_t i = 0; i < self->count; i++) {
        uint64_t ask;
        /* An error comes as FAILED too. */
        (void)!rt_ask(ctx, self->slots[i], MSG(drain, .node = msg_str(""), .on = on, .stop = false),
                      SLOT_MS, &ask);
    }
}

static enum err on_drain(struct executor *self, struct rt_context *ctx,
                         const struct msg_drain *drain)
{
    if (self->awaited > 0 && !self->own) {
        rt_reply(ctx, MSG(failed, .type = MSG_DRAIN, .reason = ERR_FULL));
        return ERR_OK;
    }
    if (self->awaited > 0) {
        /* A look: its answers must not be taken for those to this.  It is asked again. */
        rt_reply(ctx, MSG(drained, .node = msg_str(""), .on = drain->on, .busy = 1));
        return ERR_OK;
    }
    self->drained = drain->on;
    self->own = false;
    self->caller = rt_caller(ctx);
    ask_slots(self, ctx, drain->on);
    return ERR_OK;
}

/* ---- ending by itself ---- */

static void tell_cloud(const struct executor *self, struct rt_context *ctx, bool idle)
{
    if (self->cloud.node != 0) {
        rt_tell(ctx, self->cloud, MSG(drain, .node = msg_str(""), .on = idle));
    }
}

/* The admin may have drained us in vain: it hears that we go on. */
static void stay(struct executor *self, struct rt_context *ctx)
{
    if (self->looks > 1) {
        rt_tell(ctx, self->admin, MSG(drain, .node = msg_str(rt_node_name(ctx)), .on = false));
        tell_cloud(self, ctx, false);
    }
    self->waiting_ms = 0;
    self->idle_ms = 0;
    self->looks = 0;
    self->leaving = false;
}

/* Its slots have left, and a look later nothing had come to them. */
static void finish(struct executor *self, struct rt_context *ctx)
{
    uint64_t now_ms = rt_now_ms(ctx);
    bool waits = strcmp(rt_config(ctx)->executor.idle_end, "wait") == 0;
    bool stop = !waits || (self->waiting_ms != 0 && now_ms - self->waiting_ms >= WAIT_MS_MAX);
    if (!stop && self->waiting_ms != 0) {
        return;
    }
    self->waiting_ms = now_ms;
    rt_log(ctx, RT_INFO, "idle for %llu s: %s",
           (unsigned long long)((now_ms - self->idle_ms) / 1000),
           stop ? "ending" : "drained, waiting to be stopped");
    tell_cloud(self, ctx, true);
    rt_tell(ctx, self->admin,
            MSG(drain, .node = msg_str(rt_node_name(ctx)), .on = true, .stop = stop));
}

static void looked(struct executor *self, struct rt_context *ctx)
{
    uint64_t now_ms = rt_now_ms(ctx);
    if (self->busy > 0) {
        stay(self, ctx);
    } else if (self->idle_ms == 0) {
        self->idle_ms = now_ms;
    } else if (self->leaving && ++self->looks > 1) {
        finish(self, ctx);
    } else if (now_ms - self->idle_ms >= rt_config(ctx)->executor.idle_stop_ms) {
        self->leaving = true;
    }
}

static enum err on_tick(struct executor *self, struct rt_context *ctx)
{
    if (self->awaited == 0 && self->admin.node != 0) {
        self->own = true;
        ask_slots(self, ctx, self->drained || self->leaving);
    }
    return rt_tick(ctx, LOOK_MS, 0) ? ERR_OK : ERR_MEMORY;
}

static enum err on_role_up(struct executor *self, const struct rt_context *ctx,
                           const struct msg_role_up *up)
{
    if (up->node == rt_self(ctx).node) {
        self->admin = (struct rt_address){up->node, up->actor};
    }
    return ERR_OK;
}

/* A slot that does not answer may be at work: it counts so. */
static enum err on_answer(struct executor *self, struct rt_context *ctx, uint64_t busy)
{
    if (rt_answered(ctx) == 0 || self->awaited == 0) {
        return ERR_OK;
    }
    self->busy += busy;
    self->awaited--;
    if (self->awaited == 0 && self->own) {
        looked(self, ctx);
    } else if (self->awaited == 0) {
        rt_answer(ctx, self->caller,
                  MSG(drained, .node = msg_str(""), .on = self->on, .busy = self->busy));
    }
    return ERR_OK;
}

static enum err start_cloud(struct executor *self, struct rt_context *ctx)
{
    const struct cfg_executor *cfg = &rt_config(ctx)->executor;
    return cfg->agent_url[0] || cfg->notices_url[0]
               ? rt_spawn(ctx, &executor_cloud_behaviour, NULL, 0, &self->cloud)
               : ERR_OK;
}

static enum err executor_start(struct rt_context *ctx, void *state, const void *arg)
{
    struct executor *self = state;
    assert(arg);
    uint64_t count = rt_config(ctx)->executor.slots;
    size_t size = sizeof(struct slot_arg) + strlen(arg) + 1;
    struct slot_arg *slot = malloc(size);
    self->slots = calloc(count, sizeof *self->slots);
    if (!slot || !self->slots) {
        free(slot);
        return ERR_MEMORY;
    }
    memcpy(slot->reporters, arg, strlen(arg) + 1);
    rt_take_role(ctx, TERM_role_EXECUTOR);
    enum err err = start_cloud(self, ctx); /* before the first slot asks for work */
    for (; self->count < count && err == ERR_OK; self->count++) {
        slot->index = self->count;
        err = rt_spawn(ctx, &slot_behaviour, slot, size, &self->slots[self->count]);
    }
    free(slot);
    if (err == ERR_OK && rt_config(ctx)->executor.idle_stop_ms > 0) {
        rt_watch_role(ctx, TERM_role_ADMIN);
        err = rt_tick(ctx, LOOK_MS, 0) ? ERR_OK : ERR_MEMORY;
    }
    return err;
}

static enum err executor_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    struct executor *self = state;
    switch (msg->type) {
    case MSG_DRAIN:
        return on_drain(self, ctx, msg_as_drain(msg));
    case MSG_DRAINED:
        return on_answer(self, ctx, msg_as_drained(msg)->busy);
    case MSG_FAILED:
        return on_answer(self, ctx, 1);
    case MSG_ROLE_UP:
        return on_role_up(self, ctx, msg_as_role_up(msg));
    case MSG_TICK:
        return on_tick(self, ctx);
    default:
        return ERR_UNKNOWN;
    }
}

static void executor_stop(void *state)
{
    free(((struct executor *)state)->slots);
}

const struct rt_behaviour executor_behaviour = {.name = "executor",
                                                .state_size = sizeof(struct executor),
                                                .start = executor_start,
                                                .receive = executor_receive,
                                                .stop = executor_stop};
