/* delivery.c - one webhook, a light actor under the gateway.
 *
 * Takes  ROLE_UP, TICK       from the runtime
 *        SUBMITTED, FAILED   answers of the coordinator
 * Sends  SUBMIT              to the coordinator
 *        REPORT_ROW          to the gateway, when the run is in the ledger
 *
 * GitHub sends nothing again by itself: a 202 means that the run is on disk.  The id of the run
 * comes from the bytes of the body, so the same delivery again, or a second SUBMIT because an
 * answer was lost, is the same run.
 */
#include <stdio.h>
#include <string.h>

#include "actors/gateway/gateway.h"

enum { RETRY_MS = 200 };

enum { TAG_RETRY = 1, TAG_TOO_LATE };

struct delivery {
    struct delivery_arg arg;
    struct rt_address coordinator; /* nobody: none known */
    uint64_t ask;                  /* open SUBMIT; 0: none */
    bool answered;
};

static void answer(struct delivery *self, struct rt_context *ctx, uint64_t status, const char *text)
{
    char body[128];
    (void)snprintf(body, sizeof body, "%s\n", text); /* ours, and short */
    rt_http_answer(ctx, self->arg.http, status, "text/plain; charset=utf-8", msg_str(body));
    self->answered = true;
    rt_stop(ctx);
}

/* ---- the coordinator ---- */

static void submit(struct delivery *self, struct rt_context *ctx)
{
    const struct config *config = rt_config(ctx);
    const struct origin *origin = &self->arg.webhook.event.origin;
    char dir[MSG_MAX_submit_dir + 1];
    char text[ORIGIN_TEXT_SIZE + 1];
    int size =
        snprintf(dir, sizeof dir, "%s/%s/%s", config->gateway.checkouts, origin->repo, origin->sha);
    assert(size > 0 && (size_t)size < sizeof dir); /* keys.def bounds the first part */
    origin_write(origin, text);
    /* The tree of a commit is always the same, so its name is the digest that is asked for. */
    enum err err = rt_ask(ctx, self->coordinator,
                          MSG(submit, .run = msg_str(self->arg.webhook.run), .dir = msg_str(dir),
                              .root = msg_str(dir), .snapshot = msg_str(origin->sha),
                              .runner = msg_str(config->run.runner), .env = msg_str(self->arg.env),
                              .retries = config->run.retries, .timeout_ms = config->run.timeout_ms,
                              .fix = term_number("mode", config->gateway.fix),
                              .heal = term_number("mode", config->gateway.heal),
                              .origin = msg_str(text), .held = config->gateway.mirrors[0] != '\0'),
                          config->gateway.submit_ms_max, &self->ask);
    if (err != ERR_OK) {
        rt_log(ctx, RT_DEBUG, "run=%s not submitted: %s", self->arg.webhook.run, err_text(err));
    }
}

static void go_on(struct delivery *self, struct rt_context *ctx)
{
    if (!self->answered && self->ask == 0 && self->coordinator.node != 0) {
        submit(self, ctx);
    }
}

static enum err on_role_up(struct delivery *self, struct rt_context *ctx,
                           const struct msg_role_up *up)
{
    self->coordinator = (struct rt_address){up->node, up->actor};
    go_on(self, ctx);
    return ERR_OK;
}

static enum err on_submitted(struct delivery *self, struct rt_context *ctx)
{
    char text[ORIGIN_TEXT_SIZE + 1];
    char body[64];
    origin_write(&self->arg.webhook.event.origin, text);
    rt_log(ctx, RT_INFO, "run=%s origin=%s base=%s", self->arg.webhook.run, text,
           self->arg.webhook.event.base);
    rt_tell(ctx, self->arg.parent,
            MSG(report_row, .run = msg_str(self->arg.webhook.run), .origin = msg_str(text),
                .held = rt_config(ctx)->gateway.mirrors[0] != '\0'));
    (void)snprintf(body, sizeof body, "run %s", self->arg.webhook.run); /* 30 bytes */
    answer(self, ctx, 202, body);
    return ERR_OK;
}

static enum err on_failed(struct delivery *self, struct rt_context *ctx, uint64_t reason)
{
    self->ask = 0;
    if (reason == ERR_LIMIT || reason == ERR_MALFORMED) {
        answer(self, ctx, 400, "the coordinator refuses it");
    } else {
        /* Full, draining, gone: there may be another in time. */
        (void)rt_tick(ctx, RETRY_MS, TAG_RETRY);
    }
    return ERR_OK;
}

/* ---- the actor ---- */

static enum err on_tick(struct delivery *self, struct rt_context *ctx, uint64_t tag)
{
    if (tag == TAG_RETRY) {
        go_on(self, ctx);
    } else if (!self->answered) {
        answer(self, ctx, 503, "not now");
    }
    return ERR_OK;
}

static enum err delivery_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    struct delivery *self = state;
    switch (msg->type) {
    case MSG_ROLE_UP:
        return on_role_up(self, ctx, msg_as_role_up(msg));
    case MSG_TICK:
        return on_tick(self, ctx, msg_as_tick(msg)->tag);
    default:
        break;
    }
    if (self->ask == 0 || rt_answered(ctx) != self->ask) {
        return ERR_UNKNOWN;
    }
    switch (msg->type) {
    case MSG_SUBMITTED:
        return on_submitted(self, ctx);
    case MSG_FAILED:
        return on_failed(self, ctx, msg_as_failed(msg)->reason);
    default:
        return ERR_UNKNOWN;
    }
}

static enum err delivery_start(struct rt_context *ctx, void *state, const void *arg)
{
    struct delivery *self = state;
    memcpy(&self->arg, arg, sizeof self->arg);
    rt_work(ctx, 1, 0);
    rt_watch_role(ctx, TERM_role_COORDINATOR);
    bool set = rt_tick(ctx, rt_config(ctx)->gateway.submit_ms_max, TAG_TOO_LATE) != 0;
    return set ? ERR_OK : ERR_MEMORY;
}

const struct rt_behaviour delivery_behaviour = {.name = "delivery",
                                                .state_size = sizeof(struct delivery),
                                                .start = delivery_start,
                                                .receive = delivery_receive,
                                                .mailbox_count_max = 64,
                                                .restart = RT_RESTART_NEVER};
