/* sqs_bridge_scaler.c - starts executors on ECS while there is work for them.
 *
 * Takes  ROLE_UP            of coordinators: the newest is asked
 *        STATUS_IS, FAILED  its answers
 *        HTTP_DONE          the answers of ECS
 *        TICK               from itself, every scaling.decide_ms
 * Sends  STATUS             to the coordinator
 *
 * A round: how much work is there, how many tasks of ours, what does the policy want, start it.  It
 * remembers nothing that ECS or the coordinator knows, so it may be killed at any time; a request
 * without an answer is sent again under its token, which starts nothing twice.  Without work ECS is
 * not asked at all.  It never stops a task: an executor ends itself (executor.idle_stop_ms),
 * because nobody else knows that it is not just being given work.
 */
#include "actors/sqs_bridge/sqs_bridge_scaler.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/common/scaling.h"
#include "actors/sqs_bridge/ecs_json.h"
#include "actors/sqs_bridge/sqs_request.h"

enum {
    PATIENCE_MS = 3000,
    CALL_MS = 5000,
    SETTLE_MS = 10000,  /* until ECS lists what it has started */
    NO_SPOT_MS = 300000 /* until Spot is tried again */
};

struct scaler {
    struct scaler_arg arg;
    struct sqs_endpoint endpoint;
    struct scaling_policy policy;
    struct rt_address coordinator; /* the newest; nobody until there is one */
    uint64_t ask;                  /* STATUS under way; 0: none */
    uint64_t http;                 /* a request to ECS under way; 0: none */
    enum ecs_action action;        /* which */
    struct scaling_view view;      /* of this round */
    uint64_t known;                /* instances after the latest start */
    uint64_t started_ms;           /* when that was */
    uint64_t no_spot_ms;           /* until then there is no room; 0: there is */
    char token[33];                /* of a start without an answer; empty: there is none */
    struct scaling_choice choice;  /* that start */
};

static const struct cfg_scaling *cfg_of(const struct rt_context *ctx)
{
    return &rt_config(ctx)->scaling;
}

/* Takes over `body`. */
static enum err post(struct scaler *self, struct rt_context *ctx, enum ecs_action action,
                     char *body)
{
    struct sqs_head head;
    const struct sqs_signer signer = {&self->endpoint, self->arg.credentials,
                                      (int64_t)(rt_wall_ms(ctx) / 1000)};
    struct sqs_text text = {body, strlen(body)};
    enum err err = aws_request_sign(&signer, &aws_ecs, ecs_action_name(action), text, &head);
    if (err == ERR_OK) {
        self->action = action;
        self->http = rt_http(ctx, &(struct rt_http_request){.method = "POST",
                                                            .url = self->endpoint.url,
                                                            .headers = head.lines,
                                                            .body = {body, (uint32_t)text.size},
                                                            .timeout_ms = CALL_MS});
        err = self->http ? ERR_OK : ERR_MEMORY;
    }
    explicit_bzero(&head, sizeof head);
    free(body);
    return err;
}

/* ---- a round ---- */

static enum err begin(struct scaler *self, struct rt_context *ctx)
{
    if (self->coordinator.node != 0 && self->ask == 0 && self->http == 0) {
        /* An error comes as FAILED too. */
        (void)!rt_ask(ctx, self->coordinator, MSG(status, .drain = false), PATIENCE_MS, &self->ask);
    }
    return ERR_OK;
}

static enum err on_status_is(struct scaler *self, struct rt_context *ctx,
                             const struct msg_status_is *is)
{
    if (rt_answered(ctx) != self->ask || self->ask == 0) {
        return ERR_OK; /* of an earlier coordinator */
    }
    self->ask = 0;
    self->view = (struct scaling_view){
        .work_s = (double)is->work_ms / 1000,
        .slots = is->slots_idle + is->slots_busy,
        .stage = is->budget < BUDGET_STAGES ? (enum budget_stage)is->budget : BUDGET_QUEUE,
        .no_spot = self->no_spot_ms > rt_now_ms(ctx)};
    char *body = NULL;
    if (is->work_ms == 0 || self->http != 0) {
        return ERR_OK;
    }
    enum err err = ecs_json_list(cfg_of(ctx)->cluster, &body);
    return err == ERR_OK ? post(self, ctx, ECS_LIST, body) : err;
}

static enum err start(struct scaler *self, struct rt_context *ctx)
{
    const struct cfg_scaling *cfg = cfg_of(ctx);
    char *body = NULL;
    const struct ecs_run run = {.cluster = cfg->cluster,
                                .task = cfg->task,
                                .subnets = cfg->subnets,
                                .security_groups = cfg->security_groups,
                                .token = self->token,
                                .on_demand = self->choice.on_demand,
                                .count = self->choice.start};
    enum err err = ecs_json_run(&run, &body);
    return err == ERR_OK ? post(self, ctx, ECS_RUN, body) : err;
}

static enum err on_listed(struct scaler *self, struct rt_context *ctx, uint64_t count)
{
    bool settling = rt_now_ms(ctx) < self->started_ms + SETTLE_MS && self->started_ms != 0;
    self->view.instances = settling && self->known > count ? self->known : count;
    rt_work(ctx, self->view.instances, 0);
    if (self->token[0]) {
        return start(self, ctx); /* first what may have been done or not */
    }
    self->choice = scaling_choose(&self->policy, cfg_of(ctx)->spot, &self->view);
    if (self->choice.start == 0) {
        return ERR_OK;
    }
    self->choice.start = self->choice.start < ECS_BATCH_MAX ? self->choice.start : ECS_BATCH_MAX;
    (void)snprintf(self->token, sizeof self->token, "%016llx%016llx",
                   (unsigned long long)rt_random(ctx), (unsigned long long)rt_random(ctx));
    rt_log(ctx, RT_INFO, "work_s=%.0f slots=%llu instances=%llu budget=%s start=%llu on=%s",
           self->view.work_s, (unsigned long long)self->view.slots,
           (unsigned long long)self->view.instances, budget_word(self->view.stage),
           (unsigned long long)self->choice.start, self->choice.on_demand ? "demand" : "spot");
    return start(self, ctx);
}

static enum err on_started(struct scaler *self, struct rt_context *ctx,
                           const struct ecs_answer *answer)
{
    if (answer->err == ERR_IO || answer->err == ERR_FULL) {
        return ERR_OK; /* the same again in the next round */
    }
    self->token[0] = '\0';
    self->known = self->view.instances + answer->count;
    self->started_ms = answer->count > 0 ? rt_now_ms(ctx) : self->started_ms;
    if (answer->no_room && !self->choice.on_demand) {
        self->no_spot_ms = rt_now_ms(ctx) + NO_SPOT_MS;
        rt_log(ctx, RT_WARN, "no room on Spot: on demand, if the budget allows it: %s",
               answer->why);
    }
    return ERR_OK;
}

static enum err on_http_done(struct scaler *self, struct rt_context *ctx,
                             const struct msg_http_done *done)
{
    struct ecs_answer answer;
    if (done->id != self->http || self->http == 0) {
        return ERR_OK;
    }
    self->http = 0;
    struct msg_str text = done->status > 0 ? done->body : done->error;
    ecs_json_answer(self->action, done->status, (struct sqs_text){text.at, text.size}, &answer);
    if (answer.err != ERR_OK) {
        rt_log(ctx, RT_WARN, "%s failed reason=%s why=\"%s\"", ecs_action_name(self->action),
               err_name(answer.err), answer.why);
    }
    if (self->action == ECS_RUN) {
        return on_started(self, ctx, &answer);
    }
    return answer.err == ERR_OK ? on_listed(self, ctx, answer.count) : ERR_OK;
}

/* ---- the actor ---- */

static enum err scaler_start(struct rt_context *ctx, void *state, const void *arg)
{
    struct scaler *self = state;
    const struct cfg_scaling *cfg = cfg_of(ctx);
    self->arg = *(const struct scaler_arg *)arg;
    scaling_policy_of(rt_config(ctx), &self->policy);
    enum err err = aws_endpoint_read(&aws_ecs, cfg->endpoint, cfg->region, &self->endpoint);
    if (err != ERR_OK) {
        return err;
    }
    rt_log(ctx, RT_INFO, "scaling cluster=%s task=%s rule=%s at=%s", cfg->cluster, cfg->task,
           cfg->rule, self->endpoint.url);
    rt_take_role(ctx, TERM_role_SCALER);
    rt_watch_role(ctx, TERM_role_COORDINATOR);
    return rt_tick(ctx, cfg->decide_ms, 0) ? ERR_OK : ERR_MEMORY;
}

static enum err on_tick(struct scaler *self, struct rt_context *ctx)
{
    enum err err = begin(self, ctx);
    return err == ERR_OK && !rt_tick(ctx, cfg_of(ctx)->decide_ms, 0) ? ERR_MEMORY : err;
}

static enum err on_role_up(struct scaler *self, struct rt_context *ctx,
                           const struct msg_role_up *up)
{
    self->coordinator = (struct rt_address){up->node, up->actor};
    self->ask = 0; /* what the one before says does not matter any more */
    return begin(self, ctx);
}

static enum err scaler_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    struct scaler *self = state;
    switch (msg->type) {
    case MSG_ROLE_UP:
        return on_role_up(self, ctx, msg_as_role_up(msg));
    case MSG_STATUS_IS:
        return on_status_is(self, ctx, msg_as_status_is(msg));
    case MSG_FAILED:
        self->ask = rt_answered(ctx) == self->ask ? 0 : self->ask;
        return ERR_OK;
    case MSG_HTTP_DONE:
        return on_http_done(self, ctx, msg_as_http_done(msg));
    case MSG_TICK:
        return on_tick(self, ctx);
    default:
        return ERR_UNKNOWN;
    }
}

const struct rt_behaviour scaler_behaviour = {.name = "scaler",
                                              .state_size = sizeof(struct scaler),
                                              .start = scaler_start,
                                              .receive = scaler_receive};
