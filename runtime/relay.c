/* relay.c - topics between two processes: the relay on one side, the root on the other.
 *
 *     who subscribes here        relay                     root of the publishing process
 *       rt_subscribe_at --------> begins --- SUBSCRIBE ----> into the topic, monitors the relay
 *                                 monitors   <- SUBSCRIBED -
 *       <----- rt_forward ------- message <---------------- (rt_publish there)
 *       unsubscribes, ends -----> ends ------- DOWN -------> out of the topic
 *
 * SUBSCRIBE is an ask and repeated until there is an answer, for the network may lose it.
 */
#include "runtime/core.h"
#include "runtime/mutant.h"

#include <stdio.h>

enum { ANSWER_MS_MAX = 2000 };

/* What the relay is for; its argument, too. */
struct relay {
    uint64_t node;
    uint64_t ask; /* the last SUBSCRIBE; 0: it is answered */
    char topic[RT_TOPIC_NAME_MAX + 1];
};

static struct rt_address root_of(uint64_t node)
{
    return (struct rt_address){node, ROOT_ACTOR};
}

static void ask(struct rt_context *ctx, struct relay *self)
{
    enum err err = rt_ask(ctx, root_of(self->node), MSG(subscribe, .topic = msg_str(self->topic)),
                          ANSWER_MS_MAX, &self->ask);
    (void)err; /* FAILED says the same */
}

static enum err relay_start(struct rt_context *ctx, void *state, const void *arg)
{
    struct relay *self = state;
    memcpy(self, arg, sizeof *self);
    ctx->actor->has_topics = true; /* it is to be forgotten with its topic */
    if (rt_monitor(ctx, root_of(self->node)) == 0) {
        return ERR_MEMORY;
    }
    ask(ctx, self);
    return ERR_OK;
}

static void on_failed(struct rt_context *ctx, struct relay *self, enum err reason)
{
    if (MUTANT(SUBSCRIBE_ONCE)) {
        return;
    }
    if (reason == ERR_TIMEOUT || reason == ERR_EXPIRED) {
        ask(ctx, self);
        return;
    }
    rt_log(ctx, RT_WARN, "no subscription topic=%s node=%016llx reason=%s", self->topic,
           (unsigned long long)self->node, err_name(reason));
    rt_stop(ctx);
}

static enum err relay_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    struct relay *self = state;
    if (self->ask != 0 && rt_answered(ctx) == self->ask) {
        if (msg->type == MSG_FAILED) {
            on_failed(ctx, self, (enum err)msg_as_failed(msg)->reason);
        } else {
            self->ask = 0;
        }
    } else if (msg->type == MSG_DOWN) {
        rt_stop(ctx);
    } else if (rt_sender(ctx).node != self->node) {
        return ERR_UNKNOWN; /* only its publisher is heard */
    } else {
        topics_relay(ctx, self->node, self->topic);
    }
    return ERR_OK;
}

static const struct rt_behaviour relay = {.name = "relay",
                                          .state_size = sizeof(struct relay),
                                          .start = relay_start,
                                          .receive = relay_receive,
                                          .restart = RT_RESTART_NEVER};

enum err relay_spawn(struct rt_system *system, uint64_t node, const char *topic,
                     uint64_t *ret_relay)
{
    struct relay arg = {.node = node};
    struct rt_address address = {0, 0};
    (void)snprintf(arg.topic, sizeof arg.topic, "%s", topic);
    enum err err = system_spawn(system, &relay, &arg, sizeof arg, &address);
    *ret_relay = address.actor;
    return err;
}

enum err relay_accept(struct rt_context *ctx, const struct msg *msg)
{
    struct rt_address from = rt_sender(ctx);
    if (msg->type == MSG_DOWN && !MUTANT(STALE_RELAY)) {
        topics_forget(ctx->system,
                      (struct rt_address){msg_as_down(msg)->node, msg_as_down(msg)->actor});
        return ERR_OK;
    }
    if (msg->type != MSG_SUBSCRIBE || from.node == ctx->system->node || from.node == 0) {
        return ERR_UNKNOWN;
    }
    char topic[RT_TOPIC_NAME_MAX + 1] = "";
    memcpy(topic, msg_as_subscribe(msg)->topic.at, msg_as_subscribe(msg)->topic.size);
    enum err err = topics_subscribe(ctx->system, ctx->system->node, topic, from);
    if (err == ERR_OK && rt_monitor(ctx, from) == 0) {
        topics_forget(ctx->system, from);
        err = ERR_MEMORY;
    }
    if (err == ERR_OK || err == ERR_EXISTS) {
        rt_reply(ctx, MSG(subscribed, .topic = msg_str(topic)));
    } else {
        rt_reply(ctx, MSG(failed, .type = MSG_SUBSCRIBE, .reason = err));
    }
    return ERR_OK;
}
