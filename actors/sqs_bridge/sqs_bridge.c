/* sqs_bridge.c - takes jobs out of a queue of SQS and submits them.
 *
 * Takes  ROLE_UP, DOWN      of coordinators: the newest gets the jobs
 *        SUBMITTED, FAILED  its answers
 *        HTTP_DONE          the answers of SQS (sqs_bridge_calls.c)
 *        TICK               when something is due
 * Sends  SUBMIT, RUN_FILE…  to the coordinator
 *
 * A message is deleted only after SUBMITTED, so after the ledger's commit.  Whatever dies before
 * that, the message comes again and means the same run (job_run), which the ledger knows: at least
 * once from the queue, exactly once in the ledger.
 *
 * A fault planted on purpose, which the simulator must find:
 *     TROUPE_MUTANT_DELETE_EARLY  a message is deleted as soon as it was submitted
 */
#include "actors/sqs_bridge/sqs_bridge.h"

#include <stdio.h>
#include <string.h>

#include "actors/sqs_bridge/sqs_bridge_priv.h"

enum {
    SUBMIT_MS = 10000, /* for the ledger's commit */
    SUBMITS_MAX = 8    /* at once: the coordinator collects the files of some runs only */
};

/* ---- messages ---- */

/* It will never be a run.  It leaves the queue with the reason, or the queue's own policy. */
void sqs_bridge_refuse(struct sqs_bridge *self, struct rt_context *ctx,
                       struct held_message *message)
{
    job_free(&message->job);
    if (self->queues[QUEUE_DEAD].given[0]) {
        held_enter(message, HELD_DEAD);
        return;
    }
    rt_log(ctx, RT_WARN, "message=%s left to the queue: %s", message->id, message->reason);
    held_drop(&self->held, message);
}

enum err sqs_bridge_read(struct sqs_bridge *self, struct rt_context *ctx,
                         struct held_message *message, struct msg_str text)
{
    const struct cfg_run *cfg = &rt_config(ctx)->run;
    const struct job_defaults defaults = {.runner = cfg->runner,
                                          .env = self->arg.env,
                                          .retries = cfg->retries,
                                          .timeout_ms = cfg->timeout_ms};
    enum err err = job_read(text.at, text.size, &defaults, &message->job, message->reason);
    if (err == ERR_MALFORMED) {
        sqs_bridge_refuse(self, ctx, message);
        return ERR_OK;
    }
    if (err == ERR_OK && message->job.run[0]) {
        /* A ULID: job_read has measured it. */
        memcpy(message->run, message->job.run, strlen(message->job.run) + 1);
    } else if (err == ERR_OK) {
        err = job_run(message->id, message->sent_ms, message->run);
    }
    return err;
}

enum err sqs_bridge_take(struct sqs_bridge *self, struct rt_context *ctx,
                         struct held_message *message)
{
    struct msg_str body = {message->body, (uint32_t)message->body_size};
    const char *bucket = rt_config(ctx)->sqs.bucket;
    if (job_pointer(body, bucket, message->key, message->reason) != ERR_OK) {
        sqs_bridge_refuse(self, ctx, message);
        return ERR_OK;
    }
    if (message->key[0]) {
        held_enter(message, HELD_FETCH);
        return ERR_OK;
    }
    return sqs_bridge_read(self, ctx, message, body);
}

/* ---- the coordinator ---- */

/* What does not fit onto the way now makes the whole be sent again. */
static bool send_files(const struct sqs_bridge *self, struct rt_context *ctx,
                       const struct held_message *message)
{
    enum err err = ERR_OK;
    for (size_t i = 0; i < message->job.files_count && err == ERR_OK; i++) {
        err = rt_send(ctx, self->coordinator,
                      MSG(run_file, .run = msg_str(message->run), .index = i,
                          .file = msg_str(message->job.files[i])));
    }
    return err == ERR_OK;
}

static void submit(struct sqs_bridge *self, struct rt_context *ctx, struct held_message *message)
{
    const struct job *job = &message->job;
    /* Nobody has looked at the project: only the sender may say that it is the same as before. */
    const char *snapshot = job->snapshot[0] ? job->snapshot : message->run;
    uint64_t ask = 0;
    /* An error comes as FAILED too. */
    (void)!rt_ask(ctx, self->coordinator,
                  MSG(submit, .run = msg_str(message->run), .dir = msg_str(job->dir),
                      .runner = msg_str(job->runner), .command = msg_str(job->command),
                      .env = msg_str(job->env), .workers = job->workers, .retries = job->retries,
                      .fail_fast = job->fail_fast, .timeout_ms = job->timeout_ms,
                      .files = job->files_count, .root = msg_str(job->root),
                      .snapshot = msg_str(snapshot), .fix = job->fix, .heal = job->heal,
                      .origin = msg_str(job->origin)),
                  SUBMIT_MS, &ask);
    held_asked(message, ask);
    if (!send_files(self, ctx, message)) {
        held_delay(&self->held, message, rt_now_ms(ctx));
    }
#ifdef TROUPE_MUTANT_DELETE_EARLY
    job_free(&message->job);
    held_enter(message, HELD_DELETE);
#endif
}

static size_t submits_room(const struct sqs_bridge *self)
{
    size_t asked = held_count(&self->held, HELD_ASKED);
    return asked < SUBMITS_MAX && self->coordinator.node != 0 ? SUBMITS_MAX - asked : 0;
}

static void begin_submits(struct sqs_bridge *self, struct rt_context *ctx)
{
    struct held_message *messages[SUBMITS_MAX];
    size_t count =
        held_pick(&self->held, HELD_SUBMIT, rt_now_ms(ctx), messages, submits_room(self));
    for (size_t i = 0; i < count; i++) {
        submit(self, ctx, messages[i]);
    }
}

/* Does all that is due, and sees to it that this is called again when more will be. */
static enum err pump(struct sqs_bridge *self, struct rt_context *ctx)
{
    begin_submits(self, ctx);
    enum err err = sqs_bridge_calls_begin(self, ctx);
    rt_work(ctx, self->held.count, self->visible);
    uint64_t due_ms = sqs_bridge_calls_due_ms(self);
    uint64_t submit_ms = held_due_ms(&self->held, HELD_SUBMIT);
    due_ms = submits_room(self) > 0 && submit_ms < due_ms ? submit_ms : due_ms;
    if (err != ERR_OK || due_ms == UINT64_MAX || (self->tick != 0 && self->tick_ms <= due_ms)) {
        return err;
    }
    if (self->tick != 0) {
        rt_tick_cancel(ctx, self->tick);
    }
    uint64_t now_ms = rt_now_ms(ctx);
    self->tick_ms = due_ms > now_ms ? due_ms : now_ms;
    self->tick = rt_tick(ctx, self->tick_ms - now_ms, 0);
    return self->tick ? ERR_OK : ERR_MEMORY;
}

static enum err on_role_up(struct sqs_bridge *self, struct rt_context *ctx,
                           const struct msg_role_up *up)
{
    if (self->coordinator_ref) {
        rt_demonitor(ctx, self->coordinator_ref);
    }
    self->coordinator = (struct rt_address){up->node, up->actor};
    self->coordinator_ref = rt_monitor(ctx, self->coordinator);
    held_hurry(&self->held, HELD_SUBMIT);
    return pump(self, ctx);
}

static enum err on_down(struct sqs_bridge *self, struct rt_context *ctx,
                        const struct msg_down *down)
{
    if (down->ref == self->coordinator_ref) {
        rt_log(ctx, RT_INFO, "no coordinator: nothing is received");
        self->coordinator = (struct rt_address){.node = 0};
        self->coordinator_ref = 0;
    }
    return pump(self, ctx);
}

static enum err on_submitted(struct sqs_bridge *self, struct rt_context *ctx)
{
    struct held_message *message = held_find_ask(&self->held, rt_answered(ctx));
    if (message) {
        self->accepted++;
        rt_log(ctx, RT_INFO, "message=%s run=%s submitted", message->id, message->run);
        job_free(&message->job);
        held_enter(message, HELD_DELETE);
    }
    return pump(self, ctx);
}

/* Whether it is a matter of time. */
static bool passes(enum err reason)
{
    return reason == ERR_FULL || reason == ERR_REFUSED || reason == ERR_GONE ||
           reason == ERR_TIMEOUT || reason == ERR_EXPIRED;
}

static enum err on_failed(struct sqs_bridge *self, struct rt_context *ctx,
                          const struct msg_failed *failed)
{
    struct held_message *message = held_find_ask(&self->held, rt_answered(ctx));
    enum err reason = (enum err)failed->reason;
    if (!message) {
        return pump(self, ctx); /* to an ask that was given up */
    }
    if (reason == ERR_MALFORMED || reason == ERR_LIMIT) {
        (void)snprintf(message->reason, sizeof message->reason, "the coordinator refuses it: %s",
                       err_text(reason));
        sqs_bridge_refuse(self, ctx, message);
    } else if (!passes(reason) && message->tries + 1 >= rt_config(ctx)->sqs.attempts_max) {
        rt_log(ctx, RT_WARN, "message=%s left to the queue: SUBMIT failed reason=%s", message->id,
               err_name(reason));
        held_drop(&self->held, message);
    } else {
        held_delay(&self->held, message, rt_now_ms(ctx));
    }
    return pump(self, ctx);
}

/* ---- the actor ---- */

static enum err on_tick(struct sqs_bridge *self, struct rt_context *ctx)
{
    self->tick = 0;
    return pump(self, ctx);
}

static enum err on_http_done(struct sqs_bridge *self, struct rt_context *ctx,
                             const struct msg_http_done *done)
{
    enum err err = sqs_bridge_calls_end(self, ctx, done);
    return err == ERR_OK ? pump(self, ctx) : err;
}

static void set_queue(struct queue *queue, const char *given)
{
    queue->given = given;
    if (strstr(given, "://")) {
        memcpy(queue->url, given, strlen(given) + 1); /* the configuration has the same limit */
    }
}
static_assert(sizeof((struct queue *)0)->url >= sizeof((struct cfg_sqs *)0)->queue &&
                  sizeof((struct queue *)0)->url >= sizeof((struct cfg_sqs *)0)->dead_letter,
              "a URL from the configuration fits");

static enum err sqs_bridge_start(struct rt_context *ctx, void *state, const void *arg)
{
    struct sqs_bridge *self = state;
    const struct cfg_sqs *cfg = &rt_config(ctx)->sqs;
    self->arg = *(const struct sqs_bridge_arg *)arg;
    enum err err = sqs_endpoint_read(cfg->endpoint, cfg->region, &self->endpoint);
    if (err == ERR_OK && cfg->bucket[0]) {
        err = aws_endpoint_read(&aws_s3, cfg->bucket_endpoint, cfg->region, &self->bucket);
    }
    if (err == ERR_OK) {
        err = held_init(&self->held, &(struct held_options){.places = cfg->held_max,
                                                            .backoff_ms = cfg->backoff_ms,
                                                            .backoff_ms_max = cfg->backoff_ms_max,
                                                            .random = rt_random(ctx)});
    }
    if (err != ERR_OK) {
        return err;
    }
    set_queue(&self->queues[QUEUE_JOBS], cfg->queue);
    set_queue(&self->queues[QUEUE_DEAD], cfg->dead_letter);
    self->receive_max = SQS_BATCH_MAX;
    self->calls[CALL_COUNT].due_ms = cfg->counts_ms > 0 ? rt_now_ms(ctx) : UINT64_MAX;
    rt_log(ctx, RT_INFO, "taking jobs queue=%s dead_letter=%s at=%s", cfg->queue, cfg->dead_letter,
           self->endpoint.url);
    rt_take_role(ctx, TERM_role_SQS_BRIDGE);
    rt_watch_role(ctx, TERM_role_COORDINATOR);
    return pump(self, ctx);
}

static enum err sqs_bridge_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    struct sqs_bridge *self = state;
    switch (msg->type) {
    case MSG_ROLE_UP:
        return on_role_up(self, ctx, msg_as_role_up(msg));
    case MSG_DOWN:
        return on_down(self, ctx, msg_as_down(msg));
    case MSG_SUBMITTED:
        return on_submitted(self, ctx);
    case MSG_FAILED:
        return on_failed(self, ctx, msg_as_failed(msg));
    case MSG_HTTP_DONE:
        return on_http_done(self, ctx, msg_as_http_done(msg));
    case MSG_TICK:
        return on_tick(self, ctx);
    default:
        return ERR_UNKNOWN;
    }
}

static void sqs_bridge_stop(void *state)
{
    struct sqs_bridge *self = state;
    held_fini(&self->held);
}

const struct rt_behaviour sqs_bridge_behaviour = {.name = "sqs_bridge",
                                                  .state_size = sizeof(struct sqs_bridge),
                                                  .start = sqs_bridge_start,
                                                  .receive = sqs_bridge_receive,
                                                  .stop = sqs_bridge_stop};
