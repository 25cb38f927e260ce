/* executor_cloud.c - says to ECS that this executor works, and hears from EC2 that it is to go.
 *
 * Takes  DRAIN      of its executor: it has no more work (on), or may get some again
 *        DRAINED, FAILED, ROLE_UP   of the admin of this process
 *        HTTP_DONE  of the agent of ECS, of the instance's metadata
 *        TICK       from itself, every five seconds
 * Sends  DRAIN      to the admin: after a notice no more work is taken, and the process ends when
 *                   what there is has ended
 *
 * Protected is who may have work: from the start until it has drained, not only while it works,
 * so that none is stopped between being given work and having said so.  A protection ends by itself
 * when nobody renews it.  A notice comes two minutes before the end.
 */
#include "actors/executor/executor_cloud.h"

#include <stdio.h>
#include <string.h>

enum {
    LOOK_MS = 5000,
    PATIENCE_MS = 3000,
    PROTECTED_MINUTES = 60,
    RENEW_MS = 20 * 60 * 1000,
    TOKEN_SECONDS = 21600,
    TOKEN_MAX = 256,
    URL_SIZE = 320,
    LOUD_FAILURES = 3 /* a single failure is no news */
};

#define TOKEN_HEADER "X-aws-ec2-metadata-token: "

struct cloud {
    /* Protection. */
    uint64_t protect; /* request under way; 0: none */
    bool idle;        /* what the executor said last */
    bool asked_idle;  /* what that request says */
    uint64_t due_ms;  /* when to ask again */
    uint64_t failures;
    /* Notices. */
    uint64_t notice;                             /* request under way; 0: none */
    char token[sizeof TOKEN_HEADER + TOKEN_MAX]; /* a header line; empty: there is none */
    bool noticed;
    struct rt_address admin; /* of this process */
};

/* ---- protection ---- */

static enum err protect(struct cloud *self, struct rt_context *ctx)
{
    const char *agent = rt_config(ctx)->executor.agent_url;
    if (!agent[0] || self->protect != 0 || rt_now_ms(ctx) < self->due_ms) {
        return ERR_OK;
    }
    char url[URL_SIZE];
    char body[80] = "{\"ProtectionEnabled\":false}";
    static const char *const headers[] = {"Content-Type: application/json", NULL};
    (void)snprintf(url, sizeof url, "%s/task-protection/v1/state", agent);
    if (!self->idle) {
        (void)snprintf(body, sizeof body, "{\"ProtectionEnabled\":true,\"ExpiresInMinutes\":%d}",
                       PROTECTED_MINUTES);
    }
    self->asked_idle = self->idle;
    self->protect = rt_http(ctx, &(struct rt_http_request){.method = "PUT",
                                                           .url = url,
                                                           .headers = headers,
                                                           .body = msg_str(body),
                                                           .timeout_ms = PATIENCE_MS});
    return self->protect ? ERR_OK : ERR_MEMORY;
}

/* The agent says 200 with a failure in it, too. */
static enum err on_protected(struct cloud *self, struct rt_context *ctx,
                             const struct msg_http_done *done)
{
    self->protect = 0;
    if (done->status == 200 && done->body.size > 0 && strstr(done->body.at, "\"protection\"")) {
        self->failures = 0;
        self->due_ms = self->asked_idle ? UINT64_MAX : rt_now_ms(ctx) + RENEW_MS;
    } else if (++self->failures == LOUD_FAILURES) {
        rt_log(ctx, RT_WARN, "the task cannot be protected: status=%llu %.200s",
               (unsigned long long)done->status, done->status > 0 ? done->body.at : done->error.at);
    }
    if (self->asked_idle != self->idle) {
        self->due_ms = 0;
        return protect(self, ctx);
    }
    return ERR_OK;
}

static enum err on_drain(struct cloud *self, struct rt_context *ctx, const struct msg_drain *drain)
{
    if (drain->on != self->idle) {
        self->idle = drain->on;
        self->due_ms = 0;
    }
    return protect(self, ctx);
}

/* ---- notices ---- */

static enum err ask_metadata(struct cloud *self, struct rt_context *ctx)
{
    const char *metadata = rt_config(ctx)->executor.notices_url;
    if (!metadata[0] || self->notice != 0 || self->noticed) {
        return ERR_OK;
    }
    char url[URL_SIZE];
    char lifetime[80];
    bool known = self->token[0] != '\0';
    const char *const headers[] = {known ? self->token : lifetime, NULL};
    (void)snprintf(lifetime, sizeof lifetime, "X-aws-ec2-metadata-token-ttl-seconds: %d",
                   TOKEN_SECONDS);
    (void)snprintf(url, sizeof url, "%s/latest/%s", metadata,
                   known ? "meta-data/spot/instance-action" : "api/token");
    self->notice = rt_http(ctx, &(struct rt_http_request){.method = known ? "GET" : "PUT",
                                                          .url = url,
                                                          .headers = headers,
                                                          .body = msg_str(""),
                                                          .timeout_ms = PATIENCE_MS});
    return self->notice ? ERR_OK : ERR_MEMORY;
}

/* A token is one line of what may stand in a header. */
static bool take_token(struct cloud *self, struct msg_str text)
{
    if (text.size == 0 || text.size > TOKEN_MAX) {
        return false;
    }
    for (uint32_t i = 0; i < text.size; i++) {
        if (text.at[i] <= ' ' || text.at[i] > '~') {
            return false;
        }
    }
    (void)snprintf(self->token, sizeof self->token, TOKEN_HEADER "%.*s", (int)text.size, text.at);
    return true;
}

static void leave(struct cloud *self, struct rt_context *ctx)
{
    rt_tell(ctx, self->admin,
            MSG(drain, .node = msg_str(rt_node_name(ctx)), .on = true, .stop = true));
}

static enum err on_metadata(struct cloud *self, struct rt_context *ctx,
                            const struct msg_http_done *done)
{
    self->notice = 0;
    if (!self->token[0]) {
        return done->status == 200 && take_token(self, done->body) ? ask_metadata(self, ctx)
                                                                   : ERR_OK;
    }
    if (done->status == 401) {
        self->token[0] = '\0'; /* it has ended: the next look asks for another one */
    } else if (done->status == 200) {
        rt_log(ctx, RT_WARN, "this instance is to be taken away: %.200s", done->body.at);
        self->noticed = true;
        leave(self, ctx);
    }
    return ERR_OK;
}

/* ---- the actor ---- */

static enum err on_tick(struct cloud *self, struct rt_context *ctx)
{
    if (self->noticed) {
        leave(self, ctx); /* again, until nothing is left and the process ends */
    }
    enum err err = protect(self, ctx);
    err = err == ERR_OK ? ask_metadata(self, ctx) : err;
    return err == ERR_OK && !rt_tick(ctx, LOOK_MS, 0) ? ERR_MEMORY : err;
}

static enum err on_http_done(struct cloud *self, struct rt_context *ctx,
                             const struct msg_http_done *done)
{
    if (self->protect != 0 && done->id == self->protect) {
        return on_protected(self, ctx, done);
    }
    return self->notice != 0 && done->id == self->notice ? on_metadata(self, ctx, done) : ERR_OK;
}

static enum err cloud_start(struct rt_context *ctx, void *state, const void *arg)
{
    (void)arg;
    rt_watch_role(ctx, TERM_role_ADMIN);
    return on_tick(state, ctx);
}

static enum err cloud_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    struct cloud *self = state;
    switch (msg->type) {
    case MSG_DRAIN:
        return on_drain(self, ctx, msg_as_drain(msg));
    case MSG_HTTP_DONE:
        return on_http_done(self, ctx, msg_as_http_done(msg));
    case MSG_ROLE_UP:
        if (msg_as_role_up(msg)->node == rt_self(ctx).node) {
            self->admin =
                (struct rt_address){msg_as_role_up(msg)->node, msg_as_role_up(msg)->actor};
        }
        return ERR_OK;
    case MSG_DRAINED:
    case MSG_FAILED:
        return ERR_OK; /* it is told again at the next look */
    case MSG_TICK:
        return on_tick(self, ctx);
    default:
        return ERR_UNKNOWN;
    }
}

const struct rt_behaviour executor_cloud_behaviour = {.name = "executor-cloud",
                                                      .state_size = sizeof(struct cloud),
                                                      .start = cloud_start,
                                                      .receive = cloud_receive};
