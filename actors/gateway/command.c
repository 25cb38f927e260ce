/* command.c - a comment that wants a run, a light actor under the gateway.
 *
 * Takes  HTTP_DONE     GitHub's answers
 *        DOWN, TICK    from the runtime
 *
 *     may its author write? -> which commit is it about? -> delivery.c
 *
 * What the webhook itself says of its author counts for nothing.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "actors/gateway/gateway.h"
#include "actors/gateway/github.h"
#include "actors/gateway/github_json.h"

enum { URL_SIZE = 1024 };

enum step { STEP_MAY, STEP_PULL, STEP_DELIVERED };

struct command {
    struct command_arg arg;
    enum step step;
    uint64_t http;     /* request under way */
    uint64_t delivery; /* monitor of it */
};

static void answer(struct command *self, struct rt_context *ctx, uint64_t status, const char *text)
{
    rt_http_answer(ctx, self->arg.delivery.http, status, "text/plain; charset=utf-8",
                   msg_str(text));
    rt_stop(ctx);
}

static void request(struct command *self, struct rt_context *ctx, enum step step)
{
    const struct event *event = &self->arg.delivery.webhook.event;
    const char *api = rt_config(ctx)->gateway.api_url;
    char url[URL_SIZE];
    int size = step == STEP_MAY
                   ? snprintf(url, sizeof url, "%s/repos/%s/collaborators/%s/permission", api,
                              event->origin.repo, event->login)
                   : snprintf(url, sizeof url, "%s/repos/%s/pulls/%llu", api, event->origin.repo,
                              (unsigned long long)event->origin.number);
    assert(size > 0 && (size_t)size < sizeof url); /* keys.def and event.h bound the parts */
    self->step = step;
    self->http = github_send(ctx, self->arg.token, "GET", url, msg_str(""));
    if (self->http == 0) {
        answer(self, ctx, 503, "not now\n");
    }
}

static enum err deliver(struct command *self, struct rt_context *ctx)
{
    struct rt_address child;
    enum err err =
        rt_spawn(ctx, &delivery_behaviour, &self->arg.delivery, sizeof self->arg.delivery, &child);
    if (err == ERR_OK) {
        self->step = STEP_DELIVERED;
        self->delivery = rt_monitor(ctx, child);
    }
    return err;
}

static enum err on_pull(struct command *self, struct rt_context *ctx, struct msg_str body)
{
    struct webhook *webhook = &self->arg.delivery.webhook;
    if (event_read_pull(body, &webhook->event) != ERR_OK) {
        answer(self, ctx, 503, "GitHub says nothing of the pull request\n");
        return ERR_OK;
    }
    webhook_judge(webhook, rt_config(ctx)->gateway.forks);
    if (webhook->status != 0) {
        answer(self, ctx, webhook->status, webhook->text);
        return ERR_OK;
    }
    return deliver(self, ctx);
}

static enum err on_http_done(struct command *self, struct rt_context *ctx,
                             const struct msg_http_done *done)
{
    if (done->id != self->http || self->step == STEP_DELIVERED) {
        return ERR_OK;
    }
    bool good = done->status == 200;
    if (self->step == STEP_MAY &&
        (done->status == 404 || (good && !github_may_write(done->body)))) {
        rt_log(ctx, RT_INFO, "run=%s refused: login=%s may not write to repo=%s",
               self->arg.delivery.webhook.run, self->arg.delivery.webhook.event.login,
               self->arg.delivery.webhook.event.origin.repo);
        answer(self, ctx, 200, "not run: its author may not write to the repository\n");
    } else if (!good) {
        rt_log(ctx, RT_WARN, "run=%s not known to GitHub: status=%llu %s",
               self->arg.delivery.webhook.run, (unsigned long long)done->status, done->error.at);
        answer(self, ctx, 503, "GitHub does not answer\n");
    } else if (self->step == STEP_MAY) {
        request(self, ctx, STEP_PULL);
    } else {
        return on_pull(self, ctx, done->body);
    }
    return ERR_OK;
}

/* ---- the actor ---- */

static enum err command_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    struct command *self = state;
    switch (msg->type) {
    case MSG_HTTP_DONE:
        return on_http_done(self, ctx, msg_as_http_done(msg));
    case MSG_TICK:
        if (self->step != STEP_DELIVERED) {
            answer(self, ctx, 503, "not now\n");
        }
        return ERR_OK;
    case MSG_DOWN:
        rt_stop(ctx); /* it has answered */
        return ERR_OK;
    default:
        return ERR_UNKNOWN;
    }
}

static enum err command_start(struct rt_context *ctx, void *state, const void *arg)
{
    struct command *self = state;
    memcpy(&self->arg, arg, sizeof self->arg);
    rt_work(ctx, 1, 0);
    request(self, ctx, STEP_MAY);
    return rt_tick(ctx, rt_config(ctx)->gateway.submit_ms_max, 0) ? ERR_OK : ERR_MEMORY;
}

const struct rt_behaviour command_behaviour = {.name = "command",
                                               .state_size = sizeof(struct command),
                                               .start = command_start,
                                               .receive = command_receive,
                                               .mailbox_count_max = 64,
                                               .restart = RT_RESTART_NEVER};
