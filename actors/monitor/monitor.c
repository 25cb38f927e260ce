/* monitor.c - shows Prometheus how the cluster is.
 *
 * Takes  ROLE_UP       of a coordinator: from now on that one is asked
 *        TICK          from itself, every second
 *        STATUS_IS, FAILED  the coordinator's answer, or that there is none
 *        HTTP_REQUEST  at monitor.listen: /metrics, /health/live, /health/ready
 * Sends  STATUS        to the coordinator
 *
 * Whoever asks gets what is known already, so a crowd of scrapers costs the coordinator nothing.  A
 * coordinator that has not answered the last question is down: old figures are not shown.
 */
#include "actors/monitor/monitor.h"

#include <string.h>

#include "actors/monitor/exposition.h"

enum { ASK_MS = 1000, PATIENCE_MS = 3000 };

struct monitor {
    struct rt_address coordinator; /* the newest; nobody until there is one */
    uint64_t ask;                  /* under way; 0: none */
    struct exposition figures;
};

/* ---- the coordinator ---- */

static void ask(struct monitor *self, struct rt_context *ctx)
{
    if (self->ask || self->coordinator.node == 0) {
        return;
    }
    self->figures.asked++;
    /* An error comes as FAILED too. */
    (void)!rt_ask(ctx, self->coordinator, MSG(status, .drain = false), PATIENCE_MS, &self->ask);
}

static enum err on_role_up(struct monitor *self, struct rt_context *ctx,
                           const struct msg_role_up *up)
{
    self->coordinator = (struct rt_address){up->node, up->actor};
    self->ask = 0; /* what the one before says does not matter any more */
    ask(self, ctx);
    return ERR_OK;
}

static enum err on_tick(struct monitor *self, struct rt_context *ctx)
{
    ask(self, ctx);
    return rt_tick(ctx, ASK_MS, 0) ? ERR_OK : ERR_MEMORY;
}

static enum err on_status_is(struct monitor *self, struct rt_context *ctx,
                             const struct msg_status_is *is)
{
    if (rt_answered(ctx) != self->ask || self->ask == 0) {
        return ERR_OK; /* of an earlier coordinator */
    }
    self->ask = 0;
    self->figures.up = true;
    self->figures.epoch = is->epoch;
    self->figures.uptime_ms = is->uptime_ms;
    self->figures.slots_idle = is->slots_idle;
    self->figures.runs_open = is->runs_open;
    self->figures.jobs_queued = is->jobs_queued;
    self->figures.jobs_leased = is->jobs_leased;
    self->figures.stale_refused = is->stale_refused;
    const uint64_t errors[] = {is->errors_typescript, is->errors_react, is->errors_test,
                               is->errors_general};
    const uint64_t fixes[] = {is->fixes_validated, is->fixes_rejected, is->fixes_applied,
                              is->fixes_none};
    const uint64_t heals[] = {is->heals_healed, is->heals_proposed, is->heals_refused};
    memcpy(self->figures.errors, errors, sizeof errors);
    memcpy(self->figures.fixes, fixes, sizeof fixes);
    memcpy(self->figures.heals, heals, sizeof heals);
    return ERR_OK;
}

static enum err on_failed(struct monitor *self, const struct rt_context *ctx)
{
    if (rt_answered(ctx) == self->ask && self->ask != 0) {
        self->ask = 0;
        self->figures.up = false;
        self->figures.unheard++;
    }
    return ERR_OK;
}

/* ---- whoever asks ---- */

static void answer(struct rt_context *ctx, uint64_t id, uint64_t status, const char *text)
{
    rt_http_answer(ctx, id, status, "text/plain; charset=utf-8", msg_str(text));
}

static enum err on_http_request(const struct monitor *self, struct rt_context *ctx,
                                const struct msg_http_request *request)
{
    uint64_t id = request->id;
    if (!msg_str_is(request->method, "GET") && !msg_str_is(request->method, "HEAD")) {
        answer(ctx, id, 405, "only GET and HEAD\n");
    } else if (msg_str_is(request->path, "/metrics")) {
        struct exposition_text text;
        exposition_write(&self->figures, &text);
        rt_http_answer(ctx, id, 200, EXPOSITION_TYPE,
                       (struct msg_str){text.at, (uint32_t)text.size});
    } else if (msg_str_is(request->path, "/health/live")) {
        answer(ctx, id, 200, "live\n");
    } else if (msg_str_is(request->path, "/health/ready")) {
        answer(ctx, id, self->figures.up ? 200 : 503,
               self->figures.up ? "ready\n" : "the coordinator does not answer\n");
    } else {
        answer(ctx, id, 404, "there are /metrics, /health/live and /health/ready\n");
    }
    return ERR_OK;
}

/* ---- the actor ---- */

static enum err monitor_start(struct rt_context *ctx, void *state, const void *arg)
{
    const char *listen = rt_config(ctx)->monitor.listen;
    (void)state;
    (void)arg;
    if (listen[0] == '\0') {
        rt_log(ctx, RT_WARN, "monitor.listen is empty: nobody can ask");
    } else {
        enum err err = rt_http_serve(ctx, listen);
        if (err != ERR_OK) {
            rt_log(ctx, RT_ERROR, "cannot listen at=%s reason=%s", listen, err_name(err));
            return err;
        }
        rt_log(ctx, RT_INFO, "listening at=%s", listen);
    }
    rt_take_role(ctx, TERM_role_MONITOR);
    rt_watch_role(ctx, TERM_role_COORDINATOR);
    return rt_tick(ctx, ASK_MS, 0) ? ERR_OK : ERR_MEMORY;
}

static enum err monitor_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    struct monitor *self = state;
    switch (msg->type) {
    case MSG_ROLE_UP:
        return on_role_up(self, ctx, msg_as_role_up(msg));
    case MSG_TICK:
        return on_tick(self, ctx);
    case MSG_STATUS_IS:
        return on_status_is(self, ctx, msg_as_status_is(msg));
    case MSG_FAILED:
        return on_failed(self, ctx);
    case MSG_HTTP_REQUEST:
        return on_http_request(self, ctx, msg_as_http_request(msg));
    default:
        return ERR_UNKNOWN;
    }
}

const struct rt_behaviour monitor_behaviour = {.name = "monitor",
                                               .state_size = sizeof(struct monitor),
                                               .start = monitor_start,
                                               .receive = monitor_receive};
