/* executor.c - the executor: stands for its slots, which do the work.
 *
 * Takes  DRAIN          from an operator, through the admin of this process
 *        DRAINED        answers of its slots; FAILED of one that has crashed meanwhile
 * Sends  DRAIN          to its slots, DRAINED to who asked; starts executor.slots slots (slot.c)
 */
#include "actors/executor/executor.h"

#include <stdlib.h>
#include <string.h>

#include "actors/executor/slot.h"

enum { SLOT_MS = 1000 };

struct executor {
    struct rt_address *slots; /* owned */
    uint64_t count;
    /* The DRAIN under way. */
    uint64_t awaited; /* slots that have not answered; 0: there is none */
    uint64_t busy;
    bool on;
    struct rt_caller caller;
};

static enum err on_drain(struct executor *self, struct rt_context *ctx,
                         const struct msg_drain *drain)
{
    if (self->awaited > 0) {
        rt_reply(ctx, MSG(failed, .type = MSG_DRAIN, .reason = ERR_FULL));
        return ERR_OK;
    }
    self->awaited = self->count;
    self->busy = 0;
    self->on = drain->on;
    self->caller = rt_caller(ctx);
    for (uint64_t i = 0; i < self->count; i++) {
        uint64_t ask;
        /* An error comes as FAILED too. */
        (void)!rt_ask(ctx, self->slots[i],
                      MSG(drain, .node = msg_str(""), .on = drain->on, .stop = false), SLOT_MS,
                      &ask);
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
    if (self->awaited == 0) {
        rt_answer(ctx, self->caller,
                  MSG(drained, .node = msg_str(""), .on = self->on, .busy = self->busy));
    }
    return ERR_OK;
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
    enum err err = ERR_OK;
    for (; self->count < count && err == ERR_OK; self->count++) {
        slot->index = self->count;
        err = rt_spawn(ctx, &slot_behaviour, slot, size, &self->slots[self->count]);
    }
    free(slot);
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
