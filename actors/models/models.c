/* models.c - lets models write, on whatever servers there are.
 *
 * Takes  GENERATE   from anybody
 *        FIX        from the fixer
 *        HTTP_DONE  of its requests
 *        DOWN       of its light actors
 *        EXEC_EXITED of servers that it has started
 *        ROLE_UP    of coordinators
 *        STATUS_IS, FAILED  their answers
 *        TICK       when the time of somebody who waits is over, or of an idle server
 * Sends  GENERATED  the answer to GENERATE, exactly once
 *        FIX        on to a light actor per error (models_fix.c), which answers in its place
 *        STATUS     to the coordinator, before a server is started: whether the budget allows it
 *
 * Who is asked what, and when, is the pool's business (pool.h).  Servers are asked for what they
 * have before they are used, and only while somebody waits.
 */
#include "actors/models/models.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/common/cost.h"
#include "actors/models/models_priv.h"
#include "actors/models/wire.h"

enum { CHECK_MS = 5000, PATIENCE_MS = 3000, URL_SIZE = PLAN_URL_MAX + 32 };

/* What belongs to an item of the pool. */
struct wanted {
    struct rt_caller caller;
    const struct msg_generate *generate; /* an owned copy */
    uint64_t http;
    uint64_t since_ms;
    char why[WIRE_WHY_SIZE]; /* what the last server said */
};

struct models {
    const struct plan *plan;
    struct pool_count *total; /* or NULL */
    struct pool pool;
    struct wanted wanted[POOL_WAITING_MAX];
    uint64_t checks[PLAN_INSTANCES_MAX]; /* their requests */
    uint64_t hosts[PLAN_INSTANCES_MAX];  /* commands of servers that were started; 0: none */
    uint64_t fixes[MODELS_FIXES_MAX];    /* their monitors; 0: a free place */
    struct rt_address coordinator;       /* the newest; nobody where there is none */
    uint64_t ask;                        /* STATUS under way; 0: none */
    uint64_t tick;
    bool warned; /* that there is none; once, until there is one again */
};

/* ---- answers ---- */

static void forget(struct wanted *wanted)
{
    free((void *)(uintptr_t)wanted->generate);
    *wanted = (struct wanted){.generate = NULL};
}

static void give_up(struct rt_context *ctx, struct models *self, int item)
{
    struct wanted *wanted = &self->wanted[item];
    bool late = rt_now_ms(ctx) >= self->pool.items[item].until_ms;
    char reason[MSG_MAX_generated_reason + 1];
    (void)snprintf(reason, sizeof reason, "%s%s%s",
                   late ? "its time was over before a model had answered" : "no model can be had",
                   wanted->why[0] ? "; the last one: " : "", wanted->why);
    if (!self->warned && !late) {
        self->warned = true;
        rt_log(ctx, RT_WARN, "no model is used: none of the servers can serve one%s%s",
               wanted->why[0] ? ": " : "", wanted->why);
    }
    rt_answer(ctx, wanted->caller, MSG(generated, .reason = msg_str(reason)));
    forget(wanted);
    pool_remove(&self->pool, item);
}

/* ---- requests ---- */

static uint64_t post(struct rt_context *ctx, const struct plan_instance *instance, const char *path,
                     const char *body, uint64_t timeout_ms)
{
    static const char *const headers[] = {"Content-Type: application/json", NULL};
    char url[URL_SIZE];
    (void)snprintf(url, sizeof url, "%s%s", instance->url, path);
    const struct rt_http_request request = {.method = body ? "POST" : "GET",
                                            .url = url,
                                            .headers = body ? headers : NULL,
                                            .body = msg_str(body),
                                            .timeout_ms = timeout_ms,
                                            .connect_ms =
                                                UINT64_C(1000) * instance->backend->connect_s,
                                            .silence_s = instance->backend->first_byte_s};
    return rt_http(ctx, &request);
}

static void check(struct rt_context *ctx, struct models *self, int index)
{
    const struct plan_instance *instance = &self->plan->instances[index];
    self->checks[index] =
        post(ctx, instance, wire_list_path(instance->backend->dialect), NULL, CHECK_MS);
}

static void ended(struct rt_context *ctx, struct models *self, int item, enum pool_outcome outcome)
{
    struct pool *pool = &self->pool;
    struct wanted *wanted = &self->wanted[item];
    size_t model = pool_model(pool, item);
    size_t class_index = pool->items[item].class_index;
    static const char *const words[POOL_OUTCOMES] = {"done", "failed", "missing"};
    uint64_t ms = rt_now_ms(ctx) - wanted->since_ms;
    struct pool_count *count = &pool->counts[model][class_index];
    count->ms += outcome == POOL_DONE ? ms : 0;
    pool_ended(pool, item, outcome, rt_now_ms(ctx));
    rt_log(ctx, RT_INFO,
           "model=%s class=%s outcome=%s ms=%" PRIu64 " done=%" PRIu64 " failed=%" PRIu64
           " missing=%" PRIu64 " tokens_in=%" PRIu64 " tokens_out=%" PRIu64 " done_ms=%" PRIu64
           "%s%s",
           self->plan->models[model].name, plan_class_word(class_index), words[outcome], ms,
           count->outcomes[POOL_DONE], count->outcomes[POOL_FAILED], count->outcomes[POOL_MISSING],
           count->tokens_in, count->tokens_out, count->ms, wanted->why[0] ? " reason=" : "",
           wanted->why);
    wanted->http = 0;
}

static void start(struct rt_context *ctx, struct models *self, int item)
{
    const struct pool_item *at = &self->pool.items[item];
    struct wanted *wanted = &self->wanted[item];
    const struct plan_instance *instance = &self->plan->instances[at->instance];
    const struct plan_model *model = &self->plan->models[pool_model(&self->pool, item)];
    const struct msg_generate *generate = wanted->generate;
    const char *system = self->plan->classes[at->class_index].prompt;
    uint64_t left_ms = at->until_ms - rt_now_ms(ctx);
    uint64_t total_ms = UINT64_C(1000) * instance->backend->total_s;
    char *prompt = NULL;
    char *body = NULL;
    if (asprintf(&prompt, "%s%s", generate->prompt.at,
                 model->answer == PLAN_WHOLE ? generate->whole.at : generate->blocks.at) < 0) {
        prompt = NULL;
    }
    const struct wire_ask ask = {.model = model,
                                 .backend = instance->backend,
                                 .system = system ? system : "",
                                 .prompt = prompt,
                                 .temperature = generate->temperature,
                                 .seed = generate->seed};
    body = prompt ? wire_ask(&ask) : NULL;
    wanted->since_ms = rt_now_ms(ctx);
    if (body) {
        wanted->http = post(ctx, instance, wire_path(instance->backend->dialect), body,
                            left_ms < total_ms ? left_ms : total_ms);
    } else {
        (void)snprintf(wanted->why, sizeof wanted->why, "the prompt is no UTF-8");
        ended(ctx, self, item, POOL_MISSING);
    }
    free(prompt);
    free(body);
}

/* ---- servers ---- */

static void start_wanted(struct rt_context *ctx, struct models *self, bool allowed)
{
    int index;
    while ((index = pool_to_start(&self->pool)) != POOL_NONE) {
        const struct plan_instance *instance = &self->plan->instances[index];
        self->hosts[index] = allowed ? models_host_start(ctx, instance) : 0;
        rt_log(ctx, allowed ? RT_INFO : RT_WARN, "server=%s start=%s", instance->url,
               self->hosts[index] ? "yes"
               : allowed          ? "failed"
                                  : "no reason=budget");
        if (self->hosts[index]) {
            pool_started(&self->pool, index, rt_now_ms(ctx));
        } else {
            pool_stopped(&self->pool, index, rt_now_ms(ctx));
        }
    }
}

/* Where somebody keeps the month's budget, he is asked before. */
static void ask_or_start(struct rt_context *ctx, struct models *self)
{
    if (self->coordinator.node == 0) {
        start_wanted(ctx, self, true);
    } else if (self->ask == 0 && pool_to_start(&self->pool) != POOL_NONE) {
        /* An error comes as FAILED too. */
        (void)!rt_ask(ctx, self->coordinator, MSG(status, .drain = false), PATIENCE_MS, &self->ask);
    }
}

static void stop_idle(struct rt_context *ctx, struct models *self)
{
    int index;
    while ((index = pool_to_stop(&self->pool, rt_now_ms(ctx))) != POOL_NONE) {
        rt_log(ctx, RT_INFO, "server=%s stop=yes", self->plan->instances[index].url);
        rt_exec_kill(ctx, self->hosts[index]);
    }
}

/* Everything that can be done now. */
static enum err go_on(struct rt_context *ctx, struct models *self)
{
    struct pool *pool = &self->pool;
    int index;
    int item = 0;
    stop_idle(ctx, self);
    while ((index = pool_check(pool, rt_now_ms(ctx))) != POOL_NONE) {
        check(ctx, self, index);
    }
    enum pool_next next;
    while ((next = pool_next(pool, rt_now_ms(ctx), &item)) != POOL_NOTHING) {
        if (next == POOL_SEND) {
            start(ctx, self, item);
        } else {
            give_up(ctx, self, item);
        }
    }
    ask_or_start(ctx, self);
    size_t sent;
    size_t waiting;
    pool_load(pool, &sent, &waiting);
    rt_work(ctx, sent, waiting);
    if (self->tick) {
        rt_tick_cancel(ctx, self->tick);
        self->tick = 0;
    }
    uint64_t now_ms = rt_now_ms(ctx);
    uint64_t due_ms = pool_due_ms(pool, now_ms);
    self->tick = due_ms ? rt_tick(ctx, due_ms - now_ms, 0) : 0;
    return due_ms && !self->tick ? ERR_MEMORY : ERR_OK;
}

/* ---- messages ---- */

static enum err on_generate(struct rt_context *ctx, struct models *self,
                            const struct msg_generate *generate)
{
    bool known = generate->label >= 1 && generate->label <= PLAN_CLASSES;
    uint64_t budget_ms = generate->budget_ms > 0 && generate->budget_ms < MODELS_BUDGET_MS
                             ? generate->budget_ms
                             : MODELS_BUDGET_MS;
    void *copy = malloc(msg_size(&generate->head));
    if (!copy) {
        return ERR_MEMORY;
    }
    int item = pool_add(&self->pool, known ? generate->label - 1 : PLAN_GENERAL,
                        rt_now_ms(ctx) + budget_ms);
    if (item == POOL_NONE) {
        free(copy);
        rt_reply(ctx, MSG(generated, .reason = msg_str("too many wait for models")));
        return ERR_OK;
    }
    self->wanted[item] = (struct wanted){
        .caller = rt_caller(ctx), .generate = msg_as_generate(msg_copy(copy, &generate->head))};
    return go_on(ctx, self);
}

static void on_checked(struct rt_context *ctx, struct models *self, int index,
                       const struct msg_http_done *done)
{
    const struct plan_instance *instance = &self->plan->instances[index];
    uint32_t models = 0;
    bool ok = done->error.size == 0 && done->status == 200 &&
              wire_list(self->plan, instance->backend->dialect, done->body, &models) == ERR_OK;
    self->checks[index] = 0;
    pool_checked(&self->pool, index, ok, models, rt_now_ms(ctx));
    rt_log(ctx, RT_DEBUG, "server=%s reached=%d status=%" PRIu64 " models=%x%s%s", instance->url,
           ok, done->status, models, done->error.size ? " error=" : "", done->error.at);
    self->warned = self->warned && models == 0;
}

static void on_written(struct rt_context *ctx, struct models *self, int item,
                       const struct msg_http_done *done)
{
    const struct pool_item *at = &self->pool.items[item];
    struct wanted *wanted = &self->wanted[item];
    const struct plan_model *model = &self->plan->models[pool_model(&self->pool, item)];
    struct pool_count *count = &self->pool.counts[model - self->plan->models][at->class_index];
    struct wire_answer answer = {.text = NULL};
    enum wire_result result = WIRE_BROKEN;
    if (done->error.size > 0) {
        (void)snprintf(wanted->why, sizeof wanted->why, "%.150s", done->error.at);
    } else {
        result = wire_read(self->plan->instances[at->instance].backend->dialect, done->status,
                           done->body, &answer, wanted->why);
    }
    if (result != WIRE_DONE) {
        ended(ctx, self, item, result == WIRE_MISSING ? POOL_MISSING : POOL_FAILED);
        return;
    }
    count->tokens_in += answer.tokens_in;
    count->tokens_out += answer.tokens_out;
    uint64_t ms = rt_now_ms(ctx) - wanted->since_ms;
    rt_answer(ctx, wanted->caller,
              MSG(generated, .model = msg_str(model->name),
                  .text = {answer.text, (uint32_t)answer.size},
                  .whole = model->answer == PLAN_WHOLE, .cut = answer.cut,
                  .tokens_in = answer.tokens_in, .tokens_out = answer.tokens_out, .ms = ms));
    ended(ctx, self, item, POOL_DONE);
    free(answer.text);
    forget(wanted);
}

static enum err on_http_done(struct rt_context *ctx, struct models *self,
                             const struct msg_http_done *done)
{
    for (int i = 0; i < PLAN_INSTANCES_MAX; i++) {
        if (self->checks[i] == done->id) {
            on_checked(ctx, self, i, done);
            return go_on(ctx, self);
        }
    }
    for (int i = 0; i < POOL_WAITING_MAX; i++) {
        if (self->wanted[i].http == done->id) {
            on_written(ctx, self, i, done);
            return go_on(ctx, self);
        }
    }
    return ERR_OK;
}

static enum err on_budget(struct rt_context *ctx, struct models *self, bool allowed)
{
    if (rt_answered(ctx) != self->ask || self->ask == 0) {
        return ERR_OK; /* of an earlier coordinator */
    }
    self->ask = 0;
    start_wanted(ctx, self, allowed);
    return go_on(ctx, self);
}

static enum err on_role_up(struct rt_context *ctx, struct models *self,
                           const struct msg_role_up *up)
{
    self->coordinator = (struct rt_address){up->node, up->actor};
    self->ask = 0; /* what the one before says does not matter any more */
    return go_on(ctx, self);
}

static enum err on_exec_exited(struct rt_context *ctx, struct models *self, uint64_t exec)
{
    for (int i = 0; i < PLAN_INSTANCES_MAX; i++) {
        if (self->hosts[i] == exec) {
            self->hosts[i] = 0;
            rt_log(ctx, self->pool.instances[i].host == POOL_STOPPING ? RT_INFO : RT_WARN,
                   "server=%s stopped", self->plan->instances[i].url);
            pool_stopped(&self->pool, i, rt_now_ms(ctx));
        }
    }
    return go_on(ctx, self);
}

static enum err on_fix(struct rt_context *ctx, struct models *self, const struct msg_fix *fix)
{
    const struct models_fix_arg arg = {self->plan, rt_self(ctx)};
    struct rt_address child;
    for (size_t i = 0; i < MODELS_FIXES_MAX; i++) {
        if (self->fixes[i] == 0) {
            enum err err = rt_spawn(ctx, &models_fix_behaviour, &arg, sizeof arg, &child);
            if (err != ERR_OK) {
                return err;
            }
            self->fixes[i] = rt_monitor(ctx, child);
            return rt_forward(ctx, child);
        }
    }
    rt_reply(ctx, MSG(candidates, .run = fix->run, .error = fix->error,
                      .reason = msg_str("too many errors wait for models")));
    return ERR_OK;
}

static enum err models_start(struct rt_context *ctx, void *state, const void *arg)
{
    struct models *self = state;
    const struct models_arg *wanted = arg;
    assert(wanted);
    self->plan = wanted->plan;
    self->total = wanted->total;
    pool_init(&self->pool, wanted->plan);
    rt_take_role(ctx, TERM_role_MODELS);
    rt_watch_role(ctx, TERM_role_COORDINATOR);
    return ERR_OK;
}

static enum err models_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    struct models *self = state;
    switch (msg->type) {
    case MSG_GENERATE:
        return on_generate(ctx, self, msg_as_generate(msg));
    case MSG_FIX:
        return on_fix(ctx, self, msg_as_fix(msg));
    case MSG_HTTP_DONE:
        return on_http_done(ctx, self, msg_as_http_done(msg));
    case MSG_DOWN:
        for (size_t i = 0; i < MODELS_FIXES_MAX; i++) {
            self->fixes[i] = self->fixes[i] == msg_as_down(msg)->ref ? 0 : self->fixes[i];
        }
        return ERR_OK;
    case MSG_ROLE_UP:
        return on_role_up(ctx, self, msg_as_role_up(msg));
    case MSG_STATUS_IS:
        return on_budget(ctx, self, msg_as_status_is(msg)->budget < BUDGET_SELECTED);
    case MSG_FAILED:
        return on_budget(ctx, self, false);
    case MSG_EXEC_STARTED:
    case MSG_EXEC_OUTPUT:
        return ERR_OK; /* what a server says of itself is nothing to us */
    case MSG_EXEC_EXITED:
        return on_exec_exited(ctx, self, msg_as_exec_exited(msg)->id);
    case MSG_TICK:
        self->tick = 0;
        return go_on(ctx, self);
    default:
        return ERR_UNKNOWN;
    }
}

static void models_stop(void *state)
{
    struct models *self = state;
    for (size_t i = 0; i < POOL_WAITING_MAX; i++) {
        forget(&self->wanted[i]);
    }
    if (self->total) {
        pool_total(&self->pool, self->total);
    }
}

const struct rt_behaviour models_behaviour = {.name = "models",
                                              .state_size = sizeof(struct models),
                                              .start = models_start,
                                              .receive = models_receive,
                                              .stop = models_stop};
