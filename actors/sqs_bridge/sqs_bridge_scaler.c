/* sqs_bridge_scaler.c - has as many executors on AWS as the work is worth.
 *
 * Takes  ROLE_UP            of coordinators: the newest is asked; of admins: that of its process
 *        STATUS_IS, FAILED  the coordinator's answers
 *        NODE_IS, DRAINED   the admin's
 *        HTTP_DONE          the answers of AWS
 *        TICK               from itself, every scaling.decide_ms
 * Sends  STATUS             to the coordinator
 *        NODES, DRAIN       to the admin, about machines of a group that have drained themselves
 *
 * A round: how much work is there, tell CloudWatch, how many instances are there, what does the
 * policy want, start it.  It remembers nothing that AWS or the coordinator knows, so it may be
 * killed at any time; a RunTask without an answer is sent again under its token, which starts
 * nothing twice, and the other requests name what shall be.  Without work and instances AWS is not
 * asked at all.
 *
 * It never stops one that works, since only an executor knows whether it does
 * (executor.idle_stop_ms): tasks    end themselves; service  those that have drained drop their
 * protection, and only then is less desired: ECS stops none that is protected; group    each is
 * terminated by its own name, once it says that it is drained and has nothing.
 */
#include "actors/sqs_bridge/sqs_bridge_scaler.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/common/scaling.h"
#include "actors/sqs_bridge/aws_query.h"
#include "actors/sqs_bridge/ecs_json.h"
#include "actors/sqs_bridge/sqs_request.h"

enum {
    PATIENCE_MS = 3000,
    CALL_MS = 5000,
    SETTLE_MS = 10000,   /* until ECS lists what it has started */
    NO_SPOT_MS = 300000, /* until Spot is tried again */
    ADMINS_MAX = 16      /* of processes that we are linked with; it is one as a rule */
};

/* Requests: which service, and what it calls them. */
enum call {
    CALL_METRICS,
    CALL_TASKS,
    CALL_RUN,
    CALL_SERVICE,
    CALL_SERVICE_COUNT,
    CALL_GROUP,
    CALL_GROUP_COUNT,
    CALL_TERMINATE
};

static const struct {
    const struct aws_service *service;
    const char *name;
    enum ecs_action action; /* of ECS */
} calls[] = {
    [CALL_METRICS] = {&aws_metrics, "PutMetricData", ECS_ACTIONS},
    [CALL_TASKS] = {&aws_ecs, "ListTasks", ECS_LIST},
    [CALL_RUN] = {&aws_ecs, "RunTask", ECS_RUN},
    [CALL_SERVICE] = {&aws_ecs, "DescribeServices", ECS_DESCRIBE},
    [CALL_SERVICE_COUNT] = {&aws_ecs, "UpdateService", ECS_UPDATE},
    [CALL_GROUP] = {&aws_groups, "DescribeAutoScalingGroups", ECS_ACTIONS},
    [CALL_GROUP_COUNT] = {&aws_groups, "SetDesiredCapacity", ECS_ACTIONS},
    [CALL_TERMINATE] = {&aws_groups, "TerminateInstanceInAutoScalingGroup", ECS_ACTIONS},
};

/* Machines are named so by deploy/ecs/executor.sh: what follows "executor/" is what EC2 calls them.
 */
#define MACHINE "executor/i-"

enum by { BY_TASKS, BY_SERVICE, BY_GROUP, BY_METRIC };

struct scaler {
    struct scaler_arg arg;
    enum by by;
    struct scaling_policy policy;
    struct rt_address coordinator; /* the newest; nobody until there is one */
    struct rt_address admins[ADMINS_MAX];
    size_t admins_count;      /* the newest is at (admins_count - 1) % ADMINS_MAX */
    uint64_t ask;             /* under way, to the coordinator or its admin; 0: none */
    uint64_t http;            /* a request to AWS under way; 0: none */
    enum call call;           /* which */
    struct scaling_view view; /* of this round */
    uint64_t busy;            /* slots of them at work */
    bool none;                /* there was no instance the last time, and none was started since */
    uint64_t known;           /* instances after the latest start */
    uint64_t started_ms;      /* when that was */
    uint64_t surplus_ms; /* since when there are more instances than slots belong to; 0: not so */
    uint64_t metrics_ms; /* when the metrics are due */
    uint64_t no_spot_ms; /* until then there is no room; 0: there is */
    char machine[MSG_MAX_node_is_node + 1]; /* looked at last, of a group */
    char token[33];                         /* of a start without an answer; empty: there is none */
    struct scaling_choice choice;           /* that start */
};

static const struct cfg_scaling *cfg_of(const struct rt_context *ctx)
{
    return &rt_config(ctx)->scaling;
}

/* Takes over `body`. */
static enum err post(struct scaler *self, struct rt_context *ctx, enum call call, char *body)
{
    struct sqs_head head;
    struct sqs_endpoint endpoint;
    const struct cfg_scaling *cfg = cfg_of(ctx);
    struct sqs_text text = {body, strlen(body)};
    enum err err = aws_endpoint_read(calls[call].service, cfg->endpoint, cfg->region, &endpoint);
    const struct sqs_signer signer = {&endpoint, self->arg.credentials,
                                      (int64_t)(rt_wall_ms(ctx) / 1000)};
    err = err == ERR_OK
              ? aws_request_sign(&signer, calls[call].service, calls[call].name, text, &head)
              : err;
    if (err == ERR_OK) {
        self->call = call;
        self->http = rt_http(ctx, &(struct rt_http_request){.method = "POST",
                                                            .url = endpoint.url,
                                                            .headers = head.lines,
                                                            .body = {body, (uint32_t)text.size},
                                                            .timeout_ms = CALL_MS});
        err = self->http ? ERR_OK : ERR_MEMORY;
    }
    explicit_bzero(&head, sizeof head);
    free(body);
    return err;
}

/* ---- what there is ---- */

static enum err begin(struct scaler *self, struct rt_context *ctx)
{
    if (self->coordinator.node != 0 && self->ask == 0 && self->http == 0) {
        /* An error comes as FAILED too. */
        (void)!rt_ask(ctx, self->coordinator, MSG(status, .drain = false), PATIENCE_MS, &self->ask);
    }
    return ERR_OK;
}

static enum err publish(struct scaler *self, struct rt_context *ctx)
{
    const struct cfg_scaling *cfg = cfg_of(ctx);
    const struct scaling_view *view = &self->view;
    double ready = (double)scaling_ready(&self->policy, view->slots);
    const struct aws_metric metrics[] = {
        {"BacklogSeconds", "Seconds", view->work_s},
        {"BacklogSecondsPerInstance", "Seconds", view->work_s / (ready > 1 ? ready : 1)},
        {"SlotsBusy", "Count", (double)self->busy},
        {"Slots", "Count", (double)view->slots}};
    char *body = NULL;
    self->metrics_ms = rt_now_ms(ctx) + cfg->metrics_ms;
    enum err err = aws_query_metrics(cfg->metrics, cfg->cluster[0] ? cfg->cluster : "troupe",
                                     metrics, sizeof metrics / sizeof metrics[0], &body);
    return err == ERR_OK ? post(self, ctx, CALL_METRICS, body) : err;
}

static enum err look(struct scaler *self, struct rt_context *ctx)
{
    const struct cfg_scaling *cfg = cfg_of(ctx);
    char *body = NULL;
    enum err err = ERR_OK;
    bool idle = self->view.work_s <= 0 && (self->by == BY_TASKS || self->none);
    if (idle || self->by == BY_METRIC) {
        return ERR_OK;
    }
    switch (self->by) {
    case BY_SERVICE:
        err = ecs_json_describe(cfg->cluster, cfg->target, &body);
        return err == ERR_OK ? post(self, ctx, CALL_SERVICE, body) : err;
    case BY_GROUP:
        err = aws_query_group(cfg->target, &body);
        return err == ERR_OK ? post(self, ctx, CALL_GROUP, body) : err;
    default:
        err = ecs_json_list(cfg->cluster, &body);
        return err == ERR_OK ? post(self, ctx, CALL_TASKS, body) : err;
    }
}

static enum err on_status_is(struct scaler *self, struct rt_context *ctx,
                             const struct msg_status_is *is)
{
    if (rt_answered(ctx) != self->ask || self->ask == 0) {
        return ERR_OK; /* of an earlier coordinator */
    }
    self->ask = 0;
    if (self->http != 0) {
        return ERR_OK;
    }
    self->busy = is->slots_busy;
    self->view = (struct scaling_view){
        .work_s = (double)is->work_ms / 1000,
        .slots = is->slots_idle + is->slots_busy,
        .stage = is->budget < BUDGET_STAGES ? (enum budget_stage)is->budget : BUDGET_QUEUE,
        .no_spot = self->no_spot_ms > rt_now_ms(ctx)};
    bool publishes = cfg_of(ctx)->metrics[0] && rt_now_ms(ctx) >= self->metrics_ms;
    return publishes ? publish(self, ctx) : look(self, ctx);
}

/* ---- more ---- */

static enum err start_tasks(struct scaler *self, struct rt_context *ctx)
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
    return err == ERR_OK ? post(self, ctx, CALL_RUN, body) : err;
}

/* A service or a group is to have so many; whoever lowers it has made sure of whom that ends. */
static enum err want(struct scaler *self, struct rt_context *ctx, uint64_t count)
{
    const struct cfg_scaling *cfg = cfg_of(ctx);
    char *body = NULL;
    self->choice.start = count > self->view.instances ? count - self->view.instances : 0;
    enum err err = self->by == BY_SERVICE ? ecs_json_update(cfg->cluster, cfg->target, count, &body)
                                          : aws_query_capacity(cfg->target, count, &body);
    enum call call = self->by == BY_SERVICE ? CALL_SERVICE_COUNT : CALL_GROUP_COUNT;
    return err == ERR_OK ? post(self, ctx, call, body) : err;
}

static enum err start(struct scaler *self, struct rt_context *ctx)
{
    rt_log(ctx, RT_INFO, "work_s=%.0f slots=%llu instances=%llu budget=%s start=%llu on=%s",
           self->view.work_s, (unsigned long long)self->view.slots,
           (unsigned long long)self->view.instances, budget_word(self->view.stage),
           (unsigned long long)self->choice.start,
           self->by != BY_TASKS     ? cfg_of(ctx)->target
           : self->choice.on_demand ? "demand"
                                    : "spot");
    self->none = false;
    if (self->by != BY_TASKS) {
        return want(self, ctx, self->view.instances + self->choice.start);
    }
    self->choice.start = self->choice.start < ECS_BATCH_MAX ? self->choice.start : ECS_BATCH_MAX;
    (void)snprintf(self->token, sizeof self->token, "%016llx%016llx",
                   (unsigned long long)rt_random(ctx), (unsigned long long)rt_random(ctx));
    return start_tasks(self, ctx);
}

static enum err on_started(struct scaler *self, struct rt_context *ctx,
                           const struct ecs_answer *answer)
{
    if (answer->err == ERR_IO || answer->err == ERR_FULL) {
        return ERR_OK; /* the same again in the next round */
    }
    uint64_t count = self->by == BY_TASKS ? answer->count : self->choice.start;
    count = answer->err == ERR_OK ? count : 0;
    self->token[0] = '\0';
    self->known = self->view.instances + count;
    self->started_ms = count > 0 ? rt_now_ms(ctx) : self->started_ms;
    if (self->by == BY_TASKS && answer->no_room && !self->choice.on_demand) {
        self->no_spot_ms = rt_now_ms(ctx) + NO_SPOT_MS;
        rt_log(ctx, RT_WARN, "no room on Spot: on demand, if the budget allows it: %s",
               answer->why);
    }
    return ERR_OK;
}

/* ---- less ---- */

/* The admin of the coordinator's process is linked with all others. */
static enum err ask_admin(struct scaler *self, struct rt_context *ctx, const struct msg *msg)
{
    for (size_t i = 0; i < self->admins_count && i < ADMINS_MAX; i++) {
        if (self->admins[i].node == self->coordinator.node) {
            /* An error comes as FAILED too. */
            (void)!rt_ask(ctx, self->admins[i], msg, PATIENCE_MS, &self->ask);
            break;
        }
    }
    return ERR_OK;
}

static enum err look_for_machine(struct scaler *self, struct rt_context *ctx)
{
    return ask_admin(self, ctx, MSG(nodes, .after = msg_str(self->machine)));
}

/* Those that were started and are not known to the coordinator yet look like those that have left
 * it: nothing is done until they surely have come. */
static enum err reduce(struct scaler *self, struct rt_context *ctx)
{
    uint64_t now_ms = rt_now_ms(ctx);
    uint64_t ready = scaling_ready(&self->policy, self->view.slots);
    double patience_s = self->policy.start_lag_s + self->policy.setup_s + SETTLE_MS / 1000.0;
    if (self->view.instances <= ready) {
        self->surplus_ms = 0;
        return ERR_OK;
    }
    if (self->by == BY_GROUP) {
        return look_for_machine(self, ctx); /* behind the last one: it may take its time to go */
    }
    if (self->surplus_ms == 0 || self->surplus_ms < self->started_ms) {
        self->surplus_ms = now_ms;
    }
    if ((double)(now_ms - self->surplus_ms) < patience_s * 1000) {
        return ERR_OK;
    }
    rt_log(ctx, RT_INFO, "instances=%llu slots=%llu: %llu are enough",
           (unsigned long long)self->view.instances, (unsigned long long)self->view.slots,
           (unsigned long long)ready);
    self->surplus_ms = 0;
    return want(self, ctx, ready);
}

static enum err on_node_is(struct scaler *self, struct rt_context *ctx,
                           const struct msg_node_is *is)
{
    if (rt_answered(ctx) != self->ask || self->ask == 0) {
        return ERR_OK;
    }
    self->ask = 0;
    if (is->node.size == 0) {
        self->machine[0] = '\0'; /* there are no more: from the first one the next time */
        return ERR_OK;
    }
    (void)snprintf(self->machine, sizeof self->machine, "%s", is->node.at);
    bool drained = is->draining && !is->silent && is->work_open == 0 &&
                   strncmp(self->machine, MACHINE, strlen(MACHINE)) == 0;
    /* It is so already: asked again, it tells of whatever came to it meanwhile. */
    return drained ? ask_admin(self, ctx, MSG(drain, .node = is->node, .on = true))
                   : look_for_machine(self, ctx);
}

static enum err on_drained(struct scaler *self, struct rt_context *ctx,
                           const struct msg_drained *drained)
{
    if (rt_answered(ctx) != self->ask || self->ask == 0) {
        return ERR_OK;
    }
    self->ask = 0;
    if (!drained->on || drained->busy > 0 || !msg_str_is(drained->node, self->machine)) {
        return look_for_machine(self, ctx);
    }
    char *body = NULL;
    const char *instance = strchr(self->machine, '/') + 1;
    rt_log(ctx, RT_INFO, "instance=%s has drained itself: terminating it", instance);
    enum err err = aws_query_terminate(instance, &body);
    return err == ERR_OK ? post(self, ctx, CALL_TERMINATE, body) : err;
}

/* ---- answers of AWS ---- */

static enum err on_listed(struct scaler *self, struct rt_context *ctx, uint64_t count)
{
    bool settling = rt_now_ms(ctx) < self->started_ms + SETTLE_MS && self->started_ms != 0;
    self->view.instances = settling && self->known > count ? self->known : count;
    self->none = self->view.instances == 0;
    rt_work(ctx, self->view.instances, 0);
    if (self->token[0]) {
        return start_tasks(self, ctx); /* first what may have been done or not */
    }
    self->choice = scaling_choose(&self->policy, cfg_of(ctx)->spot, &self->view);
    if (self->choice.start > 0) {
        return start(self, ctx);
    }
    return self->by == BY_TASKS ? ERR_OK : reduce(self, ctx);
}

static void read_answer(const struct scaler *self, const struct msg_http_done *done,
                        struct ecs_answer *ret)
{
    struct msg_str text = done->status > 0 ? done->body : done->error;
    struct sqs_text body = {text.at, text.size};
    if (calls[self->call].service == &aws_ecs) {
        ecs_json_answer(calls[self->call].action, done->status, body, ret);
    } else {
        aws_query_answer(done->status, body, self->call == CALL_GROUP, ret);
    }
}

static enum err on_http_done(struct scaler *self, struct rt_context *ctx,
                             const struct msg_http_done *done)
{
    struct ecs_answer answer;
    if (done->id != self->http || self->http == 0) {
        return ERR_OK;
    }
    self->http = 0;
    read_answer(self, done, &answer);
    if (answer.err != ERR_OK) {
        rt_log(ctx, RT_WARN, "%s failed reason=%s why=\"%s\"", calls[self->call].name,
               err_name(answer.err), answer.why);
    }
    switch (self->call) {
    case CALL_METRICS:
        return look(self, ctx);
    case CALL_TASKS:
    case CALL_SERVICE:
    case CALL_GROUP:
        return answer.err == ERR_OK ? on_listed(self, ctx, answer.count) : ERR_OK;
    case CALL_TERMINATE:
        return ERR_OK; /* if it was not, the next round finds it again */
    default:
        return on_started(self, ctx, &answer);
    }
}

/* ---- the actor ---- */

static enum err scaler_start(struct rt_context *ctx, void *state, const void *arg)
{
    struct scaler *self = state;
    const struct cfg_scaling *cfg = cfg_of(ctx);
    self->arg = *(const struct scaler_arg *)arg;
    static const char *const words[] = {"tasks", "service", "group", "metric"};
    while (strcmp(words[self->by], cfg->by) != 0) {
        self->by++; /* it is one of them: the configuration was checked */
    }
    scaling_policy_of(rt_config(ctx), &self->policy);
    rt_log(ctx, RT_INFO, "scaling by=%s cluster=%s %s rule=%s region=%s", cfg->by, cfg->cluster,
           self->by == BY_TASKS ? cfg->task : cfg->target, cfg->rule, cfg->region);
    rt_take_role(ctx, TERM_role_SCALER);
    rt_watch_role(ctx, TERM_role_COORDINATOR);
    if (self->by == BY_GROUP) {
        rt_watch_role(ctx, TERM_role_ADMIN);
    }
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
    if (up->role == TERM_role_ADMIN) {
        self->admins[self->admins_count++ % ADMINS_MAX] = (struct rt_address){up->node, up->actor};
        return ERR_OK;
    }
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
    case MSG_NODE_IS:
        return on_node_is(self, ctx, msg_as_node_is(msg));
    case MSG_DRAINED:
        return on_drained(self, ctx, msg_as_drained(msg));
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
