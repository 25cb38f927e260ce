/* gateway.c - pull requests of GitHub in, check runs and comments out, and a page for people.
 *
 * Takes  HTTP_REQUEST                      from outside
 *        ROLE_UP, DOWN, TICK               from the runtime
 *        REPORT_ROW, REPORTS_END           from the coordinator; REPORT_ROW from deliveries, too
 *        STATUS_IS, LOOKED, FAILED         answers of the coordinator
 *        NODE_IS, ACTOR_IS, LINK_IS        answers of the admin of its process
 *        WATCHED, RUN_CLOSED, REPORTED     from reporters
 * Sends  REPORTS_DUE, STATUS, LOOK, CANCEL to the coordinator
 *
 *     POST /webhook   webhook.c refuses, or one delivery.c each submits and answers; what a comment
 *                     wants, command.c looks into first
 *     GET  /          status_page.c, unless there is a dashboard
 *     the rest        dashboard.c
 *
 * A run that is held has a checkout.c, which brings its code; of one repository one at a time.
 * Every run that has not been reported has a reporter.c; the ledger knows which those are, so that
 * nothing is forgotten with this process.
 */
#include "actors/gateway/gateway.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "actors/gateway/status_page.h"

enum {
    RUNS_MAX = 64,
    DELIVERIES_MAX = 64,
    REPORTERS_MAX = 16,
    PAGES_MAX = 32,
    POLL_MS = 30000,
    DUE_MS = 10000,
    STATUS_MS = 2000
};

/* The page shows these; those with a reporter are never pushed out. */
struct known_run {
    struct status_run view;
    uint64_t since_ms;
    uint64_t monitor;  /* of its reporter; 0: it has none */
    bool held;         /* it needs a checkout, and has none yet */
    uint64_t checkout; /* monitor of it; 0: it has none */
    bool reported;     /* its reporter said so; that may come after its DOWN */
};

struct gateway {
    struct signature_secrets secrets;
    struct command_arg command;      /* for all of them, and their deliveries */
    struct reporter_arg reporter;    /* the same */
    struct checkout_arg checkout;    /* the same */
    struct rt_address coordinator;   /* nobody: none known */
    struct known_run runs[RUNS_MAX]; /* newest first */
    size_t count;
    size_t reporters;
    uint64_t deliveries[DELIVERIES_MAX]; /* monitors; 0: free */
    uint64_t due_ask;                    /* open; 0: none */
    char due_after[ULID_SIZE + 1];
    bool more_due;             /* some found no reporter free */
    uint64_t status_ask;       /* open; 0: none */
    uint64_t pages[PAGES_MAX]; /* requests that wait for it */
    size_t pages_count;
    struct dashboard dashboard;
};

/* ---- runs ---- */

static struct known_run *find(struct gateway *self, struct msg_str run)
{
    for (size_t i = 0; i < self->count; i++) {
        if (msg_str_is(run, self->runs[i].view.run)) {
            return &self->runs[i];
        }
    }
    return NULL;
}

/* At the top, in place of the oldest that has no reporter. */
static struct known_run *make_room(struct gateway *self)
{
    size_t last = self->count;
    if (self->count == RUNS_MAX) {
        do {
            last--;
        } while (last > 0 && (self->runs[last].monitor != 0 || self->runs[last].checkout != 0));
    } else {
        self->count++;
    }
    memmove(&self->runs[1], &self->runs[0], last * sizeof self->runs[0]);
    self->runs[0] = (struct known_run){.monitor = 0};
    return &self->runs[0];
}

static enum err report(struct gateway *self, struct rt_context *ctx, struct known_run *run,
                       bool settled)
{
    struct rt_address child;
    memcpy(self->reporter.run, run->view.run, sizeof self->reporter.run);
    self->reporter.origin = run->view.origin;
    self->reporter.settled = settled;
    enum err err =
        rt_spawn(ctx, &reporter_behaviour, &self->reporter, sizeof self->reporter, &child);
    if (err == ERR_OK) {
        run->monitor = rt_monitor(ctx, child);
        self->reporters++;
    }
    return err;
}

static_assert(REPORTERS_MAX * (ORIGIN_REPO_SIZE + ORIGIN_SHA_SIZE + 2) < GATEWAY_IN_USE_SIZE,
              "no room for all commits in use");

/* Code that somebody may be at work with. */
static void list_in_use(const struct gateway *self, char text[GATEWAY_IN_USE_SIZE])
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < self->count; i++) {
        const struct known_run *run = &self->runs[i];
        if (run->monitor != 0) {
            used += (size_t)snprintf(text + used, GATEWAY_IN_USE_SIZE - used, "%s/%s ",
                                     run->view.origin.repo, run->view.origin.sha);
        }
    }
}

static bool may_check_out(const struct gateway *self, const struct known_run *run, uint64_t at_once)
{
    uint64_t count = 0;
    bool repo_is_free = true;
    for (size_t i = 0; i < self->count; i++) {
        const struct known_run *other = &self->runs[i];
        if (other->checkout != 0) {
            count++;
            repo_is_free &= strcmp(other->view.origin.repo, run->view.origin.repo) != 0;
        }
    }
    return count < at_once && repo_is_free;
}

/* As many as may be at a time, the oldest first. */
static enum err check_out(struct gateway *self, struct rt_context *ctx)
{
    const struct cfg_gateway *cfg = &rt_config(ctx)->gateway;
    for (size_t i = self->count; i > 0; i--) {
        struct known_run *run = &self->runs[i - 1];
        struct rt_address child;
        if (!run->held || !may_check_out(self, run, cfg->checkouts_at_once)) {
            continue;
        }
        memcpy(self->checkout.run, run->view.run, sizeof self->checkout.run);
        self->checkout.origin = run->view.origin;
        list_in_use(self, self->checkout.in_use);
        enum err err =
            rt_spawn(ctx, &checkout_behaviour, &self->checkout, sizeof self->checkout, &child);
        if (err != ERR_OK) {
            return err;
        }
        run->held = false;
        run->checkout = rt_monitor(ctx, child);
    }
    return ERR_OK;
}

/* Nobody waits any more for what an older commit of the same pull request does. */
static void cancel_older(struct gateway *self, struct rt_context *ctx, const struct origin *origin,
                         struct msg_str run)
{
    for (size_t i = 0; i < self->count; i++) {
        const struct known_run *other = &self->runs[i];
        bool same = other->view.origin.number == origin->number &&
                    strcmp(other->view.origin.repo, origin->repo) == 0;
        if (same && other->monitor != 0 && other->view.verdict == 0 &&
            ulid_wall_ms(other->view.run) < ulid_wall_ms(run.at)) {
            rt_log(ctx, RT_INFO, "run=%s cancelled for run=%s", other->view.run, run.at);
            rt_tell(ctx, self->coordinator, MSG(cancel, .run = msg_str(other->view.run)));
        }
    }
}

static enum err on_report_row(struct gateway *self, struct rt_context *ctx,
                              const struct msg_report_row *row)
{
    struct origin origin;
    bool from_coordinator = rt_address_equal(rt_sender(ctx), self->coordinator);
    bool valid = row->run.size == ULID_SIZE && ulid_is_valid(row->run.at) &&
                 origin_read(row->origin, &origin) == ERR_OK;
    if (from_coordinator && row->run.size == ULID_SIZE) {
        memcpy(self->due_after, row->run.at, ULID_SIZE);
    }
    /* One that was given up rests until this process begins anew. */
    if (!valid || find(self, row->run)) {
        return ERR_OK;
    }
    if (self->reporters == REPORTERS_MAX) {
        self->more_due = true;
        return ERR_OK;
    }
    if (!from_coordinator) {
        cancel_older(self, ctx, &origin, row->run);
    }
    struct known_run *run = make_room(self);
    memcpy(run->view.run, row->run.at, ULID_SIZE);
    run->view.origin = origin;
    run->since_ms = rt_now_ms(ctx);
    run->held = row->held;
    enum err err = report(self, ctx, run, row->settled);
    return err == ERR_OK ? check_out(self, ctx) : err;
}

static void ask_due(struct gateway *self, struct rt_context *ctx)
{
    if (self->coordinator.node == 0 || self->due_ask != 0 || self->reporter.token[0] == '\0') {
        return;
    }
    enum err err =
        rt_ask(ctx, self->coordinator, MSG(reports_due, .after = msg_str(self->due_after)), DUE_MS,
               &self->due_ask);
    if (err != ERR_OK) {
        rt_log(ctx, RT_DEBUG, "ask failed: %s", err_text(err)); /* and FAILED comes */
    }
}

static void ask_due_anew(struct gateway *self, struct rt_context *ctx)
{
    memset(self->due_after, 0, sizeof self->due_after);
    self->more_due = false;
    ask_due(self, ctx);
}

static void on_reports_end(struct gateway *self, struct rt_context *ctx, bool more)
{
    self->due_ask = 0;
    if (more && !self->more_due) {
        ask_due(self, ctx);
    }
}

static enum err on_watched(struct gateway *self, const struct msg_watched *watched)
{
    struct known_run *run = find(self, watched->run);
    if (run) {
        run->view.files = watched->files;
        run->view.files_done = watched->files_done;
    }
    return ERR_OK;
}

static enum err on_run_closed(struct gateway *self, const struct msg_run_closed *closed)
{
    struct known_run *run = find(self, closed->run);
    if (run) {
        run->view.verdict = closed->verdict;
        run->view.files = closed->files_planned;
        run->view.files_done = closed->files_done;
        run->view.tests_passed = closed->tests_passed;
        run->view.tests_failed = closed->tests_failed;
        run->view.tests_lost = closed->tests_lost;
        run->view.wall_ms = closed->wall_ms;
    }
    return ERR_OK;
}

static enum err on_reported(struct gateway *self, const struct msg_reported *reported)
{
    struct known_run *run = find(self, reported->run);
    if (run) {
        run->reported = true;
    }
    return ERR_OK;
}

/* ---- HTTP ---- */

static void answer(struct rt_context *ctx, uint64_t id, uint64_t status, const char *text)
{
    rt_http_answer(ctx, id, status, "text/plain; charset=utf-8", msg_str(text));
}

static enum err begin(struct gateway *self, struct rt_context *ctx, struct rt_address *ret_child)
{
    const struct command_arg *arg = &self->command;
    bool asks = arg->delivery.webhook.event.login[0] != '\0';
    return asks ? rt_spawn(ctx, &command_behaviour, arg, sizeof *arg, ret_child)
                : rt_spawn(ctx, &delivery_behaviour, &arg->delivery, sizeof arg->delivery,
                           ret_child);
}

static void deliver(struct gateway *self, struct rt_context *ctx,
                    const struct msg_http_request *request)
{
    uint64_t id = request->id;
    size_t i = 0;
    struct rt_address child;
    self->command.delivery.http = id;
    webhook_read(request, &self->secrets, rt_config(ctx)->gateway.forks,
                 &self->command.delivery.webhook);
    if (self->command.delivery.webhook.status != 0) {
        answer(ctx, id, self->command.delivery.webhook.status, self->command.delivery.webhook.text);
        return;
    }
    while (i < DELIVERIES_MAX && self->deliveries[i] != 0) {
        i++;
    }
    if (i == DELIVERIES_MAX || begin(self, ctx, &child) != ERR_OK) {
        answer(ctx, id, 503, "not now\n");
        return;
    }
    self->deliveries[i] = rt_monitor(ctx, child);
}

static void show(struct gateway *self, struct rt_context *ctx, const struct msg_status_is *status)
{
    struct status_run runs[RUNS_MAX];
    struct text text = {.size_max = STATUS_PAGE_MAX};
    for (size_t i = 0; i < self->count; i++) {
        runs[i] = self->runs[i].view;
        runs[i].gave_up = self->runs[i].monitor == 0 && !self->runs[i].reported;
        runs[i].age_ms = rt_now_ms(ctx) - self->runs[i].since_ms;
    }
    status_page(&(struct status_view){.status = status, .runs = runs, .count = self->count}, &text);
    struct msg_str page = {text.at, (uint32_t)text.size};
    for (size_t i = 0; i < self->pages_count; i++) {
        if (text.full) {
            answer(ctx, self->pages[i], 503, "not now\n");
        } else {
            rt_http_answer(ctx, self->pages[i], 200, "text/html; charset=utf-8", page);
        }
    }
    self->pages_count = 0;
    text_free(&text);
}

static void show_page(struct gateway *self, struct rt_context *ctx, uint64_t id)
{
    if (self->pages_count == PAGES_MAX) {
        answer(ctx, id, 503, "not now\n");
        return;
    }
    self->pages[self->pages_count++] = id;
    if (self->coordinator.node == 0) {
        show(self, ctx, NULL);
    } else if (self->status_ask == 0) {
        enum err err = rt_ask(ctx, self->coordinator, MSG(status, .drain = false), STATUS_MS,
                              &self->status_ask);
        if (err != ERR_OK) {
            rt_log(ctx, RT_DEBUG, "ask failed: %s", err_text(err)); /* and FAILED comes */
        }
    }
}

static enum err on_http_request(struct gateway *self, struct rt_context *ctx,
                                const struct msg_http_request *request)
{
    bool webhook = msg_str_is(request->path, "/webhook");
    bool page = msg_str_is(request->path, "/");
    bool get = msg_str_is(request->method, "GET") || msg_str_is(request->method, "HEAD");
    if (webhook && msg_str_is(request->method, "POST")) {
        deliver(self, ctx, request);
    } else if (dashboard_has(&self->dashboard, request->path)) {
        dashboard_request(&self->dashboard, ctx, request);
    } else if (page && get) {
        show_page(self, ctx, request->id);
    } else {
        answer(ctx, request->id, webhook || page ? 405 : 404,
               webhook || page ? "another method\n" : "nothing here\n");
    }
    return ERR_OK;
}

/* ---- the actor ---- */

static enum err on_down(struct gateway *self, struct rt_context *ctx, uint64_t ref)
{
    for (size_t i = 0; i < DELIVERIES_MAX; i++) {
        if (self->deliveries[i] == ref) {
            self->deliveries[i] = 0;
        }
    }
    for (size_t i = 0; i < self->count; i++) {
        struct known_run *run = &self->runs[i];
        if (run->monitor == ref) {
            run->monitor = 0;
            self->reporters--;
        }
        if (run->checkout == ref) {
            run->checkout = 0;
        }
    }
    if (self->more_due && self->reporters < REPORTERS_MAX) {
        ask_due_anew(self, ctx);
    }
    return check_out(self, ctx);
}

static enum err on_role_up(struct gateway *self, struct rt_context *ctx,
                           const struct msg_role_up *up)
{
    struct rt_address address = {up->node, up->actor};
    if (up->role == TERM_role_ADMIN) {
        if (up->node == self->coordinator.node) {
            self->dashboard.admin = address;
        }
        return ERR_OK;
    }
    self->coordinator = address;
    self->dashboard.coordinator = address;
    rt_watch_role(ctx, TERM_role_ADMIN); /* that of its process may have been told before */
    ask_due_anew(self, ctx);
    return ERR_OK;
}

static enum err on_answer(struct gateway *self, struct rt_context *ctx, const struct msg *msg)
{
    uint64_t answered = rt_answered(ctx);
    if (dashboard_answer(&self->dashboard, ctx, msg)) {
        return ERR_OK;
    }
    if (answered != 0 && answered == self->status_ask) {
        self->status_ask = 0;
        show(self, ctx, msg->type == MSG_STATUS_IS ? msg_as_status_is(msg) : NULL);
    } else if (answered != 0 && answered == self->due_ask) {
        on_reports_end(self, ctx, msg->type == MSG_REPORTS_END && msg_as_reports_end(msg)->more);
    }
    return ERR_OK;
}

static enum err on_tick(struct gateway *self, struct rt_context *ctx, uint64_t tag)
{
    if (tag == DASHBOARD_TICK) {
        return dashboard_tick(&self->dashboard, ctx);
    }
    ask_due_anew(self, ctx);
    return rt_tick(ctx, POLL_MS, 0) ? ERR_OK : ERR_MEMORY;
}

static enum err gateway_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    struct gateway *self = state;
    switch (msg->type) {
    case MSG_HTTP_REQUEST:
        return on_http_request(self, ctx, msg_as_http_request(msg));
    case MSG_ROLE_UP:
        return on_role_up(self, ctx, msg_as_role_up(msg));
    case MSG_DOWN:
        return on_down(self, ctx, msg_as_down(msg)->ref);
    case MSG_TICK:
        return on_tick(self, ctx, msg_as_tick(msg)->tag);
    case MSG_REPORT_ROW:
        return on_report_row(self, ctx, msg_as_report_row(msg));
    case MSG_WATCHED:
        return on_watched(self, msg_as_watched(msg));
    case MSG_RUN_CLOSED:
        return on_run_closed(self, msg_as_run_closed(msg));
    case MSG_REPORTED:
        return on_reported(self, msg_as_reported(msg));
    case MSG_STATUS_IS:
    case MSG_LOOKED:
    case MSG_NODE_IS:
    case MSG_ACTOR_IS:
    case MSG_LINK_IS:
    case MSG_REPORTS_END:
    case MSG_FAILED:
        return on_answer(self, ctx, msg);
    default:
        return ERR_UNKNOWN;
    }
}

static enum err gateway_start(struct rt_context *ctx, void *state, const void *arg)
{
    struct gateway *self = state;
    const struct cfg_gateway *cfg = &rt_config(ctx)->gateway;
    const struct gateway_arg *given = arg;
    self->secrets = given->secrets;
    self->dashboard.arg = given->dashboard;
    memcpy(self->command.delivery.env, given->env, sizeof self->command.delivery.env);
    memcpy(self->command.token, given->token, sizeof self->command.token);
    memcpy(self->reporter.token, given->token, sizeof self->reporter.token);
    memcpy(self->checkout.token, given->token, sizeof self->checkout.token);
    memcpy(self->checkout.env, given->checkout_env, sizeof self->checkout.env);
    self->command.delivery.parent = rt_self(ctx);
    self->reporter.parent = rt_self(ctx);
    if (cfg->listen[0] != '\0') {
        enum err err = rt_http_serve(ctx, cfg->listen);
        if (err != ERR_OK) {
            rt_log(ctx, RT_ERROR, "gateway.listen=%s: %s", cfg->listen, err_text(err));
            return err;
        }
        rt_log(ctx, RT_INFO, "listening at %s", cfg->listen);
    }
    rt_take_role(ctx, TERM_role_GATEWAY);
    rt_watch_role(ctx, TERM_role_COORDINATOR);
    return rt_tick(ctx, POLL_MS, 0) ? ERR_OK : ERR_MEMORY;
}

const struct rt_behaviour gateway_behaviour = {.name = "gateway",
                                               .state_size = sizeof(struct gateway),
                                               .start = gateway_start,
                                               .receive = gateway_receive};
