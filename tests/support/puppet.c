/* puppet.c - see puppet.h. */
#include "tests/support/puppet.h"

enum { TEXT_SIZE = 512 };

enum err puppet_start(struct rt_context *ctx, void *state, const void *arg)
{
    struct puppet *self = state;
    self->arg = *(const struct puppet_arg *)arg;
    if (self->arg.name) {
        probe_note(self->arg.probe, "%s start", self->arg.name);
    }
    return self->arg.script ? self->arg.script(ctx, self, NULL) : ERR_OK;
}

static void note(const struct rt_context *ctx, const struct puppet *self, const struct msg *msg)
{
    char text[TEXT_SIZE];
    msg_format(msg, text, sizeof text);
    probe_note(self->arg.probe, "%s got %s%s", self->arg.name, rt_answered(ctx) ? "answer " : "",
               text);
}

enum err puppet_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    struct puppet *self = state;
    if (self->arg.name) {
        note(ctx, self, msg);
    }
    if (is_order(msg, "crash")) {
        return ERR_MALFORMED;
    }
    if (is_order(msg, "shrug")) {
        return ERR_UNKNOWN;
    }
    if (is_order(msg, "stop")) {
        rt_stop(ctx);
        return ERR_OK;
    }
    if (is_order(msg, "echo") && !rt_answered(ctx)) {
        rt_reply(ctx, msg);
        return ERR_OK;
    }
    return self->arg.script ? self->arg.script(ctx, self, msg) : ERR_OK;
}

void puppet_stop(void *state)
{
    const struct puppet *self = state;
    if (self->arg.name) {
        probe_note(self->arg.probe, "%s stop", self->arg.name);
    }
}
