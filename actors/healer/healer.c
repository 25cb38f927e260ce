/* healer.c - for a failed locator proposes a new one, or refuses.
 *
 * Takes  HEAL    from a coordinator; passes it on to a light actor of its own
 *        DOWN    when that has ended
 * Sends  HEALED  to the sender, itself only when too much is under way
 */
#include "actors/healer/healer.h"

#include "actors/healer/healer_request.h"

enum { REQUESTS_MAX = 32 }; /* at once; each may hold a page and run a command */

struct healer {
    size_t requests;
};

static enum err on_heal(struct healer *self, struct rt_context *ctx, const struct msg_heal *heal)
{
    if (self->requests == REQUESTS_MAX) {
        rt_reply(ctx,
                 MSG(healed, .run = heal->run, .error = heal->error, .status = TERM_heal_REFUSED,
                     .reason = msg_str("too many locators are being healed")));
        return ERR_OK;
    }
    struct rt_address child;
    enum err err = rt_spawn(ctx, &healer_request_behaviour, NULL, 0, &child);
    if (err != ERR_OK) {
        return err;
    }
    self->requests++;
    rt_work(ctx, self->requests, 0);
    (void)rt_monitor(ctx, child); /* DOWN says only that there is room again */
    return rt_forward(ctx, child);
}

static enum err healer_start(struct rt_context *ctx, void *state, const void *arg)
{
    (void)state;
    (void)arg;
    rt_take_role(ctx, TERM_role_HEALER);
    return ERR_OK;
}

static enum err healer_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    struct healer *self = state;
    switch (msg->type) {
    case MSG_HEAL:
        return on_heal(self, ctx, msg_as_heal(msg));
    case MSG_DOWN:
        assert(self->requests > 0);
        self->requests--;
        rt_work(ctx, self->requests, 0);
        return ERR_OK;
    default:
        return ERR_UNKNOWN;
    }
}

const struct rt_behaviour healer_behaviour = {.name = "healer",
                                              .state_size = sizeof(struct healer),
                                              .start = healer_start,
                                              .receive = healer_receive};
