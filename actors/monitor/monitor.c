/* monitor.c - shows Prometheus how the cluster is.
 *
 * Takes  ROLE_UP       of a coordinator: from now on that one is asked; of the admins here and
 * there TICK          from itself: every second, and every monitor.processes_ms STATUS_IS, FAILED
 * the coordinator's answer, or that there is none NODE_IS, FAILED    an admin's answer HTTP_REQUEST
 * at monitor.listen: /metrics, /health/live, /health/ready Sends  STATUS        to the coordinator
 *        NODES         to the admin of its process, which is linked with all others
 *
 * Whoever asks gets what is known already, so a crowd of scrapers costs the cluster nothing.  Who
 * has not answered the last question is down: old figures are not shown.
 *
 * A fault planted on purpose, which the simulator must find:
 *     TROUPE_MUTANT_OLD_FIGURES  what the coordinator said last is shown for ever
 */
#include "actors/monitor/monitor.h"

#include <stdlib.h>
#include <string.h>

#include "actors/monitor/exposition.h"

/* An admin waits two seconds for another. */
enum { ASK_MS = 1000, PATIENCE_MS = 3000, NODES_MS = 4000 };

enum { TAG_STATUS, TAG_ROUND };

struct monitor {
    struct rt_address coordinator;       /* the newest; nobody until there is one */
    uint64_t ask;                        /* under way; 0: none */
    struct rt_address admin;             /* of the coordinator's process; nobody: not known */
    struct rt_address own_admin;         /* of this process */
    uint64_t nodes_ask;                  /* the round under way is here; 0: there is none */
    char after[MSG_MAX_nodes_after + 1]; /* name of the process that the round has come to */
    struct fleet fleet;
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

static enum err on_coordinator_up(struct monitor *self, struct rt_context *ctx,
                                  const struct msg_role_up *up)
{
    self->coordinator = (struct rt_address){up->node, up->actor};
    rt_watch_role(ctx, TERM_role_ADMIN); /* that of its process may have been told before */
    self->ask = 0;                       /* what the one before says does not matter any more */
    ask(self, ctx);
    return ERR_OK;
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
    self->figures.slots_busy = is->slots_busy;
    self->figures.work_ms = is->work_ms;
    self->figures.paid = is->paid;
    self->figures.spent_usd = is->spent_usd;
    self->figures.forecast_usd = is->forecast_usd;
    self->figures.budget_used = is->budget_used;
    self->figures.budget = is->budget;
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

static void on_status_failed(struct monitor *self)
{
    self->ask = 0;
#ifndef TROUPE_MUTANT_OLD_FIGURES
    self->figures.up = false;
#endif
    self->figures.unheard++;
}

/* ---- the processes, one after the other ---- */

/* Without a coordinator our own admin knows at least ourselves. */
static void ask_next(struct monitor *self, struct rt_context *ctx)
{
    struct rt_address admin = self->admin.node != 0 ? self->admin : self->own_admin;
    /* An error comes as FAILED too. */
    (void)!rt_ask(ctx, admin, MSG(nodes, .after = msg_str(self->after)), NODES_MS,
                  &self->nodes_ask);
}

static void begin_round(struct monitor *self, struct rt_context *ctx)
{
    if (self->nodes_ask != 0 || (self->admin.node == 0 && self->own_admin.node == 0)) {
        return;
    }
    self->figures.rounds++;
    fleet_begin_round(&self->fleet);
    self->after[0] = '\0';
    ask_next(self, ctx);
}

static void end_round(struct monitor *self, struct rt_context *ctx)
{
    self->nodes_ask = 0;
    fleet_end_round(&self->fleet, rt_now_ms(ctx), rt_config(ctx)->monitor.stale_ms);
}

static enum err on_admin_up(struct monitor *self, struct rt_context *ctx,
                            const struct msg_role_up *up)
{
    struct rt_address address = {up->node, up->actor};
    bool first = self->admin.node == 0;
    if (up->node == rt_self(ctx).node) {
        self->own_admin = address;
    }
    if (up->node == self->coordinator.node) {
        self->admin = address;
        if (first) {
            begin_round(self, ctx);
        }
    }
    return ERR_OK;
}

static enum err on_node_is(struct monitor *self, struct rt_context *ctx,
                           const struct msg_node_is *is)
{
    if (rt_answered(ctx) != self->nodes_ask || self->nodes_ask == 0) {
        return ERR_OK;
    }
    /* Names only grow, so that a round has an end, whatever is answered. */
    if (strcmp(is->node.at, self->after) <= 0 || self->fleet.left_out == FLEET_MAX) {
        end_round(self, ctx);
        return ERR_OK;
    }
    memcpy(self->after, is->node.at, is->node.size);
    self->after[is->node.size] = '\0';
    fleet_hear(&self->fleet, is, rt_now_ms(ctx));
    ask_next(self, ctx);
    return ERR_OK;
}

static enum err on_failed(struct monitor *self, struct rt_context *ctx,
                          const struct msg_failed *failed)
{
    uint64_t answered = rt_answered(ctx);
    if (answered != 0 && answered == self->ask) {
        on_status_failed(self);
    } else if (answered != 0 && answered == self->nodes_ask) {
        self->figures.broken++;
        if (failed->reason == ERR_GONE) {
            self->admin = (struct rt_address){.node = 0}; /* until it comes again */
        }
        end_round(self, ctx);
    }
    return ERR_OK;
}

static enum err on_tick(struct monitor *self, struct rt_context *ctx, uint64_t tag)
{
    bool status = tag == TAG_STATUS;
    if (status) {
        ask(self, ctx);
    } else {
        begin_round(self, ctx);
    }
    uint64_t ms = status ? ASK_MS : rt_config(ctx)->monitor.processes_ms;
    return rt_tick(ctx, ms, tag) ? ERR_OK : ERR_MEMORY;
}

/* ---- whoever asks ---- */

static void answer(struct rt_context *ctx, uint64_t id, uint64_t status, const char *text)
{
    rt_http_answer(ctx, id, status, "text/plain; charset=utf-8", msg_str(text));
}

static void show(const struct monitor *self, struct rt_context *ctx, uint64_t id)
{
    struct exposition figures = self->figures;
    struct exposition_text text;
    figures.fleet = &self->fleet;
    enum err err = exposition_write(&figures, rt_config(ctx)->http.body_bytes_max, &text);
    if (err != ERR_OK) {
        answer(ctx, id, 503, "http.body_bytes_max is too small for the figures\n");
        return;
    }
    rt_http_answer(ctx, id, 200, EXPOSITION_TYPE, (struct msg_str){text.at, (uint32_t)text.size});
    free(text.at);
}

static enum err on_http_request(const struct monitor *self, struct rt_context *ctx,
                                const struct msg_http_request *request)
{
    uint64_t id = request->id;
    if (!msg_str_is(request->method, "GET") && !msg_str_is(request->method, "HEAD")) {
        answer(ctx, id, 405, "only GET and HEAD\n");
    } else if (msg_str_is(request->path, "/metrics")) {
        show(self, ctx, id);
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
    rt_watch_role(ctx, TERM_role_ADMIN);
    uint64_t round_ms = rt_config(ctx)->monitor.processes_ms;
    bool ticks = rt_tick(ctx, ASK_MS, TAG_STATUS) && rt_tick(ctx, round_ms, TAG_ROUND);
    return ticks ? ERR_OK : ERR_MEMORY;
}

static enum err monitor_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    struct monitor *self = state;
    switch (msg->type) {
    case MSG_ROLE_UP:
        return msg_as_role_up(msg)->role == TERM_role_ADMIN
                   ? on_admin_up(self, ctx, msg_as_role_up(msg))
                   : on_coordinator_up(self, ctx, msg_as_role_up(msg));
    case MSG_TICK:
        return on_tick(self, ctx, msg_as_tick(msg)->tag);
    case MSG_STATUS_IS:
        return on_status_is(self, ctx, msg_as_status_is(msg));
    case MSG_NODE_IS:
        return on_node_is(self, ctx, msg_as_node_is(msg));
    case MSG_FAILED:
        return on_failed(self, ctx, msg_as_failed(msg));
    case MSG_HTTP_REQUEST:
        return on_http_request(self, ctx, msg_as_http_request(msg));
    default:
        return ERR_UNKNOWN;
    }
}

static void monitor_stop(void *state)
{
    fleet_clear(&((struct monitor *)state)->fleet);
}

const struct rt_behaviour monitor_behaviour = {.name = "monitor",
                                               .state_size = sizeof(struct monitor),
                                               .start = monitor_start,
                                               .receive = monitor_receive,
                                               .stop = monitor_stop};
