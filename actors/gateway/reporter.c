/* reporter.c - brings one run to GitHub, a light actor under the gateway.
 *
 * Takes  ROLE_UP, TICK                                    from the runtime
 *        HTTP_DONE                                        GitHub's answers
 *        RUN_CLOSED, WATCHED                              of the run, from the coordinator
 *        ERROR_ROW, FIX_ROW, HEAL_ROW, FOUND, REPORTED_ACK  the same
 * Sends  WATCH, FINDINGS, REPORTED                        to the coordinator
 *        WATCHED, RUN_CLOSED, REPORTED                    to the gateway, as they come
 *
 *     BEGIN -> WATCH -> FINDINGS -> CHECK -> COMMENT -> CONFIRM
 *
 * It remembers nothing across its lives: until the ledger has REPORTED, the next one begins anew,
 * and finds at GitHub what this one has left there.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/gateway/gateway.h"
#include "actors/gateway/github.h"
#include "actors/gateway/report.h"
#include "actors/gateway/upsert.h"

enum stage {
    STAGE_BEGIN, /* a check run that says: running */
    STAGE_WATCH, /* until the run has its verdict */
    STAGE_FINDINGS,
    STAGE_CHECK,
    STAGE_COMMENT,
    STAGE_CONFIRM,
    STAGE_OVER
};

enum { ASK_MS = 10000, RETRY_MS = 500, FINDINGS_MS = 2000 };

struct reporter {
    struct reporter_arg arg;
    enum stage stage;
    struct rt_address coordinator; /* nobody: none known */
    uint64_t ask;                  /* open; 0: none */
    uint64_t tick;                 /* set: the next step; 0: none */
    uint64_t after;                /* of WATCH or FINDINGS */
    uint64_t since_ms;             /* the verdict was known */
    struct findings findings;
    struct upsert upsert;
    uint64_t http;    /* request under way; 0: none */
    uint64_t check;   /* id of the check run; 0: not known */
    size_t annotated; /* annotations that the check run has */
    char *body;       /* owned; of the upsert */
    size_t body_size;
    bool failed; /* GitHub did not take some of it */
};

static void step(struct reporter *self, struct rt_context *ctx);

static void step_later(struct reporter *self, struct rt_context *ctx, uint64_t ms)
{
    if (self->tick == 0) {
        self->tick = rt_tick(ctx, ms, 0);
    }
}

static struct report report_of(const struct reporter *self)
{
    return (struct report){.origin = &self->arg.origin,
                           .run = self->arg.run,
                           .findings = &self->findings,
                           .annotated = self->upsert.annotated};
}

/* ---- GitHub ---- */

static struct upsert_target target_of(const struct reporter *self, const struct rt_context *ctx)
{
    const struct cfg_gateway *cfg = &rt_config(ctx)->gateway;
    return (struct upsert_target){.api_url = cfg->api_url,
                                  .origin = &self->arg.origin,
                                  .run = self->arg.run,
                                  .retry_ms = cfg->retry_ms,
                                  .attempts_max = cfg->attempts_max};
}

static bool is_github_stage(enum stage stage)
{
    return stage == STAGE_BEGIN || stage == STAGE_CHECK || stage == STAGE_COMMENT;
}

static void enter(struct reporter *self, struct rt_context *ctx, enum stage stage)
{
    self->stage = stage;
    self->after = 0;
    if (is_github_stage(stage)) {
        upsert_begin(&self->upsert, stage == STAGE_COMMENT ? UPSERT_COMMENT : UPSERT_CHECK,
                     stage == STAGE_CHECK ? self->check : 0);
        self->upsert.found_is_enough = stage == STAGE_BEGIN;
        self->upsert.annotated = self->annotated;
    }
    step(self, ctx);
}

/* Anew for each request: it depends on how many annotations GitHub has already. */
static enum err make_body(struct reporter *self)
{
    struct report report = report_of(self);
    free(self->body);
    self->body = self->stage == STAGE_BEGIN   ? report_json_check_begin(&report, &self->body_size)
                 : self->stage == STAGE_CHECK ? report_json_check_end(&report, &self->body_size)
                                              : report_json_comment(&report, &self->body_size);
    return self->body ? ERR_OK : ERR_MEMORY;
}

static void request(struct reporter *self, struct rt_context *ctx)
{
    struct upsert_target target = target_of(self, ctx);
    struct upsert_request request;
    if (upsert_request(&self->upsert, &target, &request) != ERR_OK) {
        /* A URL that long is no URL of GitHub's; api_url is bounded by keys.def. */
        self->upsert.phase = UPSERT_FAILED;
        step_later(self, ctx, RETRY_MS);
        return;
    }
    if (request.has_body && make_body(self) != ERR_OK) {
        step_later(self, ctx, RETRY_MS);
        return;
    }
    struct msg_str body = {self->body, (uint32_t)self->body_size};
    self->http = github_send(ctx, self->arg.token, request.method, request.url,
                             request.has_body ? body : msg_str(""));
    if (self->http == 0) {
        step_later(self, ctx, RETRY_MS);
    }
}

static enum err give_up(struct reporter *self, struct rt_context *ctx, const char *why)
{
    rt_log(ctx, RT_WARN, "run=%s not reported: %s", self->arg.run, why);
    self->stage = STAGE_OVER;
    rt_stop(ctx);
    return ERR_OK;
}

static enum err github_stage_done(struct reporter *self, struct rt_context *ctx)
{
    if (self->upsert.phase == UPSERT_FAILED) {
        rt_log(ctx, RT_WARN, "run=%s GitHub did not take the %s: status=%llu", self->arg.run,
               self->upsert.kind == UPSERT_CHECK ? "check run" : "comment",
               (unsigned long long)self->upsert.status);
        /* That a run has begun may stay unsaid. */
        self->failed |= self->stage != STAGE_BEGIN;
    } else if (self->upsert.kind == UPSERT_CHECK) {
        self->check = self->upsert.id;
    }
    if (self->stage == STAGE_BEGIN) {
        self->annotated = self->upsert.annotated;
        enter(self, ctx, STAGE_WATCH);
    } else if (self->stage == STAGE_CHECK) {
        struct report report = report_of(self);
        self->annotated = self->upsert.annotated + report_annotations(&report);
        bool more = self->annotated < self->findings.count && !self->failed;
        /* The comment of a run that a newer one has ended is that one's. */
        bool comments = self->findings.closed->verdict != TERM_verdict_CANCELLED;
        enter(self, ctx, more ? STAGE_CHECK : comments ? STAGE_COMMENT : STAGE_CONFIRM);
    } else if (self->failed) {
        return give_up(self, ctx, "GitHub refuses");
    } else {
        enter(self, ctx, STAGE_CONFIRM);
    }
    return ERR_OK;
}

static enum err on_http_done(struct reporter *self, struct rt_context *ctx,
                             const struct msg_http_done *done)
{
    if (self->http == 0 || done->id != self->http) {
        return ERR_OK;
    }
    self->http = 0;
    struct upsert_target target = target_of(self, ctx);
    struct upsert_answer answer = {done->status, done->headers, done->body};
    uint64_t wait_ms = upsert_answer(&self->upsert, &target, &answer);
    if (self->upsert.phase >= UPSERT_DONE) {
        return github_stage_done(self, ctx);
    }
    if (wait_ms == 0) {
        request(self, ctx);
    } else {
        rt_log(ctx, RT_INFO, "run=%s status=%llu %s; again in %llu ms", self->arg.run,
               (unsigned long long)done->status, done->error.at, (unsigned long long)wait_ms);
        /* Not all at the same time. */
        step_later(self, ctx, wait_ms + rt_random(ctx) % (wait_ms / 4 + 1));
    }
    return ERR_OK;
}

/* ---- the coordinator ---- */

/* A failure comes as FAILED. */
static void ask(struct reporter *self, struct rt_context *ctx)
{
    struct msg_str run = msg_str(self->arg.run);
    if (self->coordinator.node == 0) {
        return; /* it will be heard of */
    }
    enum err err =
        rt_ask(ctx, self->coordinator,
               self->stage == STAGE_WATCH      ? MSG(watch, .run = run, .after = self->after)
               : self->stage == STAGE_FINDINGS ? MSG(findings, .run = run, .after = self->after)
                                               : MSG(reported, .run = run),
               ASK_MS, &self->ask);
    if (err != ERR_OK) {
        rt_log(ctx, RT_DEBUG, "ask failed: %s", err_text(err));
    }
}

static void step(struct reporter *self, struct rt_context *ctx)
{
    if (self->stage == STAGE_OVER || self->ask != 0 || self->http != 0) {
        return;
    }
    if (is_github_stage(self->stage)) {
        request(self, ctx);
    } else {
        ask(self, ctx);
    }
}

static enum err on_role_up(struct reporter *self, struct rt_context *ctx,
                           const struct msg_role_up *up)
{
    self->coordinator = (struct rt_address){up->node, up->actor};
    if (!is_github_stage(self->stage)) {
        step(self, ctx);
    }
    return ERR_OK;
}

static enum err on_failed(struct reporter *self, struct rt_context *ctx, uint64_t reason)
{
    switch (reason) {
    case ERR_NOT_FOUND:
    case ERR_UNKNOWN:
    case ERR_MALFORMED:
        return give_up(self, ctx, "the coordinator does not know it");
    case ERR_TIMEOUT:
        step(self, ctx); /* nothing new in that time */
        return ERR_OK;
    default:
        step_later(self, ctx, RETRY_MS);
        return ERR_OK;
    }
}

static enum err on_watched(struct reporter *self, struct rt_context *ctx,
                           const struct msg_watched *watched)
{
    rt_tell(ctx, self->arg.parent, &watched->head);
    self->after = watched->seq;
    if (watched->verdict == 0) {
        step(self, ctx);
        return ERR_OK;
    }
    if (!self->findings.closed) {
        step_later(self, ctx, RETRY_MS); /* lost on the way: it comes again */
        return ERR_OK;
    }
    rt_tell(ctx, self->arg.parent, &self->findings.closed->head);
    self->since_ms = rt_now_ms(ctx);
    enter(self, ctx, STAGE_FINDINGS);
    return ERR_OK;
}

static enum err on_found(struct reporter *self, struct rt_context *ctx,
                         const struct msg_found *found)
{
    if (found->more && found->error > self->after) {
        self->after = found->error;
        step(self, ctx);
        return ERR_OK;
    }
    bool waited = rt_now_ms(ctx) - self->since_ms >= rt_config(ctx)->gateway.settle_ms_max;
    if (found->settled || waited) {
        findings_sort(&self->findings);
        enter(self, ctx, STAGE_CHECK);
        return ERR_OK;
    }
    /* Rows change while they are worked on: all of them again. */
    findings_clear_errors(&self->findings);
    self->after = 0;
    step_later(self, ctx, FINDINGS_MS);
    return ERR_OK;
}

static enum err on_reported_ack(struct reporter *self, struct rt_context *ctx)
{
    self->stage = STAGE_OVER;
    rt_log(ctx, RT_INFO, "run=%s reported", self->arg.run);
    rt_tell(ctx, self->arg.parent, MSG(reported, .run = msg_str(self->arg.run)));
    rt_stop(ctx);
    return ERR_OK;
}

/* ---- the actor ---- */

static bool is_ours(const struct reporter *self, const struct msg *msg)
{
    switch (msg->type) {
    case MSG_RUN_CLOSED:
        return self->stage == STAGE_WATCH && msg_str_is(msg_as_run_closed(msg)->run, self->arg.run);
    case MSG_ERROR_ROW:
        return self->stage == STAGE_FINDINGS &&
               msg_str_is(msg_as_error_row(msg)->run, self->arg.run);
    case MSG_FIX_ROW:
        return self->stage == STAGE_FINDINGS && msg_str_is(msg_as_fix_row(msg)->run, self->arg.run);
    default:
        return self->stage == STAGE_FINDINGS &&
               msg_str_is(msg_as_heal_row(msg)->run, self->arg.run);
    }
}

static enum err on_answer(struct reporter *self, struct rt_context *ctx, const struct msg *msg)
{
    if (self->ask == 0 || rt_answered(ctx) != self->ask) {
        return ERR_OK; /* to an ask that was given up */
    }
    self->ask = 0;
    switch (msg->type) {
    case MSG_FAILED:
        return on_failed(self, ctx, msg_as_failed(msg)->reason);
    case MSG_WATCHED:
        return on_watched(self, ctx, msg_as_watched(msg));
    case MSG_FOUND:
        return on_found(self, ctx, msg_as_found(msg));
    default:
        return on_reported_ack(self, ctx);
    }
}

static enum err reporter_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    struct reporter *self = state;
    switch (msg->type) {
    case MSG_ROLE_UP:
        return on_role_up(self, ctx, msg_as_role_up(msg));
    case MSG_TICK:
        self->tick = 0;
        step(self, ctx);
        return ERR_OK;
    case MSG_HTTP_DONE:
        return on_http_done(self, ctx, msg_as_http_done(msg));
    case MSG_RUN_CLOSED:
    case MSG_ERROR_ROW:
    case MSG_FIX_ROW:
    case MSG_HEAL_ROW:
        return is_ours(self, msg) ? findings_add(&self->findings, msg) : ERR_OK;
    case MSG_TEST_ROW:
    case MSG_FILE_ROW:
        return ERR_OK; /* WATCHED counts them, FINDINGS has what matters of them */
    case MSG_FAILED:
    case MSG_WATCHED:
    case MSG_FOUND:
    case MSG_REPORTED_ACK:
        return on_answer(self, ctx, msg);
    default:
        return ERR_UNKNOWN;
    }
}

static enum err reporter_start(struct rt_context *ctx, void *state, const void *arg)
{
    struct reporter *self = state;
    memcpy(&self->arg, arg, sizeof self->arg);
    rt_work(ctx, 1, 0);
    rt_watch_role(ctx, TERM_role_COORDINATOR);
    enter(self, ctx, self->arg.settled ? STAGE_WATCH : STAGE_BEGIN);
    return ERR_OK;
}

static void reporter_stop(void *state)
{
    struct reporter *self = state;
    findings_free(&self->findings);
    free(self->body);
}

const struct rt_behaviour reporter_behaviour = {.name = "reporter",
                                                .state_size = sizeof(struct reporter),
                                                .start = reporter_start,
                                                .receive = reporter_receive,
                                                .stop = reporter_stop,
                                                .restart = RT_RESTART_NEVER};
