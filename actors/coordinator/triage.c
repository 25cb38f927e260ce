/* triage.c - labels for a run's failures, and remedies once it is closed.
 *
 * Takes  COMMITTED   from the coordinator: there may be something to do
 *        CLASSIFIED  from the classifier
 *        ROLE_UP (classifier), DOWN (of a remedy), TICK from the runtime
 * Sends  CLASSIFY    to the classifier
 *        TREATED     to the coordinator
 */
#include "actors/coordinator/triage.h"

#include <stdlib.h>
#include <string.h>

enum { ASKS_MAX = 16, REMEDIES_MAX = 16, ANSWER_MS = 5000, AGAIN_MS = 1000 };

struct triage_ask {
    uint64_t ask; /* 0: free, unless `writing` */
    uint64_t error;
    bool writing; /* the answer is on its way into the ledger */
};

struct triage_remedy {
    uint64_t monitor; /* 0: free */
    uint64_t error;
};

struct triage {
    char run[LEDGER_RUN_SIZE + 1];
    uint64_t epoch;
    struct rt_address classifier;
    struct rt_address coordinator;
    struct triage_ask asks[ASKS_MAX];
    struct triage_remedy remedies[REMEDIES_MAX];
    bool looking; /* a look into the ledger is under way */
    bool again;   /* and there may be more since */
    bool waiting; /* a tick is set */
};

static enum err look(struct rt_context *ctx, struct triage *self);

static void look_later(struct rt_context *ctx, struct triage *self)
{
    if (!self->waiting) {
        self->waiting = rt_tick(ctx, AGAIN_MS, 0) != 0;
    }
}

/* ---- classifying ---- */

static struct triage_ask *ask_of(struct triage *self, uint64_t error)
{
    struct triage_ask *empty = NULL;
    for (size_t i = 0; i < ASKS_MAX; i++) {
        struct triage_ask *ask = &self->asks[i];
        bool used = ask->ask != 0 || ask->writing;
        if (used && ask->error == error) {
            return ask;
        }
        empty = used ? empty : ask;
    }
    if (empty) {
        *empty = (struct triage_ask){.error = error};
    }
    return empty;
}

static enum err classify_new(struct rt_context *ctx, struct triage *self,
                             const struct ledger_findings *findings)
{
    for (size_t i = 0; self->classifier.node != 0 && i < findings->count; i++) {
        const struct ledger_finding *finding = &findings->all[i];
        struct triage_ask *ask = ask_of(self, finding->error);
        if (!ask || ask->ask != 0 || ask->writing) {
            continue;
        }
        enum err err = rt_ask(ctx, self->classifier,
                              MSG(classify, .run = msg_str(self->run), .error = finding->error,
                                  .file = finding->file, .message = finding->message),
                              ANSWER_MS, &ask->ask);
        if (err == ERR_MEMORY) {
            return err;
        }
    }
    return ERR_OK;
}

struct classify_op {
    struct rt_store_op op;
    char run[LEDGER_RUN_SIZE + 1];
    uint64_t epoch;
    uint64_t error;
    struct ledger_label label;
    char queue[MSG_MAX_classified_queue + 1];
    char model[MSG_MAX_classified_model + 1];
    char why[MSG_MAX_classified_why + 1];
};

static enum err classify_apply(struct store_txn *txn, struct rt_store_op *op)
{
    struct classify_op *self = (struct classify_op *)op;
    self->label.queue = msg_str(self->queue);
    self->label.model = msg_str(self->model);
    self->label.why = msg_str(self->why);
    struct ledger_key key = {self->epoch, msg_str(self->run)};
    return ledger_classify(txn, key, self->error, &self->label);
}

static enum err classify_done(struct rt_context *ctx, void *state, struct rt_store_op *op)
{
    struct triage *self = state;
    const struct classify_op *done = (struct classify_op *)op;
    struct triage_ask *ask = ask_of(self, done->error);
    if (ask) {
        *ask = (struct triage_ask){.ask = 0};
    }
    if (op->err != ERR_OK && op->err != ERR_STALE) {
        return op->err;
    }
    if (op->err == ERR_OK) {
        rt_tell(ctx, self->coordinator, MSG(treated, .label = done->label.label));
    }
    return look(ctx, self);
}

/* Strangers' numbers do not get into the ledger: what is no label is general. */
static enum term sound_label(uint64_t label)
{
    bool known = label >= TERM_label_TYPESCRIPT && label <= TERM_label_GENERAL;
    return known ? (enum term)label : TERM_label_GENERAL;
}

static enum err on_classified(struct rt_context *ctx, struct triage *self,
                              const struct msg_classified *classified)
{
    struct triage_ask *ask = NULL;
    for (size_t i = 0; i < ASKS_MAX && !ask; i++) {
        ask =
            self->asks[i].ask != 0 && self->asks[i].ask == rt_answered(ctx) ? &self->asks[i] : NULL;
    }
    if (!ask) {
        return ERR_OK;
    }
    struct classify_op *op = calloc(1, sizeof *op);
    if (!op) {
        return ERR_MEMORY;
    }
    op->op = (struct rt_store_op){.apply = classify_apply, .done = classify_done};
    memcpy(op->run, self->run, sizeof op->run);
    op->epoch = self->epoch;
    op->error = ask->error;
    bool sound = classified->confidence >= 0 && classified->confidence <= 1;
    op->label = (struct ledger_label){
        .label = sound_label(classified->label),
        .confidence = sound ? classified->confidence : 0,
        .priority = classified->priority <= 100 ? classified->priority : 100,
        .cause = classified->cause,
        .wall_ms = rt_wall_ms(ctx),
    };
    memcpy(op->queue, classified->queue.at, classified->queue.size);
    memcpy(op->model, classified->model.at, classified->model.size);
    memcpy(op->why, classified->why.at, classified->why.size);
    ask->ask = 0;
    ask->writing = true;
    rt_store(ctx, &(struct rt_store_op *){&op->op});
    return ERR_OK;
}

static enum err on_failed(struct rt_context *ctx, struct triage *self)
{
    for (size_t i = 0; i < ASKS_MAX; i++) {
        if (self->asks[i].ask != 0 && self->asks[i].ask == rt_answered(ctx)) {
            self->asks[i].ask = 0;
        }
    }
    look_later(ctx, self);
    return ERR_OK;
}

/* ---- remedies ---- */

static enum err treat(struct rt_context *ctx, struct triage *self,
                      const struct ledger_finding *finding)
{
    size_t limit = rt_config(ctx)->coordinator.remedies_max;
    struct triage_remedy *empty = NULL;
    for (size_t i = 0; i < limit && i < REMEDIES_MAX; i++) {
        struct triage_remedy *remedy = &self->remedies[i];
        if (remedy->monitor != 0 && remedy->error == finding->error) {
            return ERR_OK;
        }
        empty = remedy->monitor == 0 ? remedy : empty;
    }
    if (!empty) {
        return ERR_OK; /* its turn comes when another ends */
    }
    struct triage_arg arg = {
        .epoch = self->epoch, .error = finding->error, .coordinator = self->coordinator};
    memcpy(arg.run, self->run, sizeof arg.run);
    struct rt_address actor;
    enum err err = rt_spawn(ctx, &remedy_behaviour, &arg, sizeof arg, &actor);
    if (err == ERR_OK) {
        *empty = (struct triage_remedy){rt_monitor(ctx, actor), finding->error};
    }
    return err;
}

static enum err on_down(struct rt_context *ctx, struct triage *self, uint64_t ref)
{
    for (size_t i = 0; i < REMEDIES_MAX; i++) {
        if (self->remedies[i].monitor == ref) {
            self->remedies[i].monitor = 0;
            return look(ctx, self);
        }
    }
    return ERR_OK;
}

/* ---- settling ---- */

struct settle_op {
    struct rt_store_op op;
    char run[LEDGER_RUN_SIZE + 1];
    uint64_t epoch;
    bool settled;
};

static enum err settle_apply(struct store_txn *txn, struct rt_store_op *op)
{
    struct settle_op *self = (struct settle_op *)op;
    struct ledger_key key = {self->epoch, msg_str(self->run)};
    return ledger_settle_rest(txn, key, &self->settled);
}

static enum err settle_done(struct rt_context *ctx, void *state, struct rt_store_op *op)
{
    (void)state;
    if (op->err == ERR_OK && ((struct settle_op *)op)->settled) {
        rt_stop(ctx);
    }
    return op->err;
}

/* Nothing is to be done any more about what is open. */
static enum err settle(struct rt_context *ctx, const struct triage *self)
{
    struct settle_op *op = calloc(1, sizeof *op);
    if (!op) {
        return ERR_MEMORY;
    }
    op->op = (struct rt_store_op){.apply = settle_apply, .done = settle_done};
    memcpy(op->run, self->run, sizeof op->run);
    op->epoch = self->epoch;
    rt_store(ctx, &(struct rt_store_op *){&op->op});
    return ERR_OK;
}

/* ---- looking ---- */

struct look_op {
    struct rt_store_op op;
    char run[LEDGER_RUN_SIZE + 1];
    uint64_t now_ms;               /* wall time */
    struct ledger_findings *fresh; /* owned, as the next */
    struct ledger_findings *open;
};

static enum err look_apply(struct store_txn *txn, struct rt_store_op *op)
{
    struct look_op *self = (struct look_op *)op;
    const struct ledger_wanted fresh = {.state = FINDING_NEW, .count_max = ASKS_MAX};
    const struct ledger_wanted open = {.state = FINDING_OPEN,
                                       .count_max = REMEDIES_MAX,
                                       .now_ms = self->now_ms,
                                       .urgent_first = true};
    enum err err = ledger_read_findings(txn, msg_str(self->run), &fresh, &self->fresh);
    return err == ERR_OK ? ledger_read_findings(txn, msg_str(self->run), &open, &self->open) : err;
}

static void look_fini(struct rt_store_op *op)
{
    ledger_findings_free(&((struct look_op *)op)->fresh);
    ledger_findings_free(&((struct look_op *)op)->open);
}

static bool wants_remedies(const struct ledger_run *run)
{
    return run->totals.verdict == TERM_verdict_FAILED &&
           (run->submit.fix > TERM_mode_OFF || run->submit.heal > TERM_mode_OFF);
}

static enum err act(struct rt_context *ctx, struct triage *self, const struct look_op *seen)
{
    enum err err = classify_new(ctx, self, seen->fresh);
    if (err != ERR_OK || seen->open->run.totals.verdict == 0) {
        return err;
    }
    if (wants_remedies(&seen->open->run) && seen->open->count > 0) {
        if (seen->fresh->count > 0 && self->classifier.node != 0) {
            return ERR_OK; /* the most urgent may be among them: each label looks again */
        }
        /* Type errors take seconds, and are why tests fail more often than the reverse. */
        for (size_t pass = 0; pass < 2; pass++) {
            for (size_t i = 0; i < seen->open->count && err == ERR_OK; i++) {
                const struct ledger_finding *finding = &seen->open->all[i];
                bool type = finding->label.label == TERM_label_TYPESCRIPT;
                err = type == (pass == 0) ? treat(ctx, self, finding) : ERR_OK;
            }
        }
        return err;
    }
    return seen->fresh->count == 0 ? settle(ctx, self) : ERR_OK;
}

static enum err look_done(struct rt_context *ctx, void *state, struct rt_store_op *op)
{
    struct triage *self = state;
    if (op->err != ERR_OK) {
        return op->err;
    }
    self->looking = false;
    enum err err = act(ctx, self, (struct look_op *)op);
    return err == ERR_OK && self->again ? look(ctx, self) : err;
}

static enum err look(struct rt_context *ctx, struct triage *self)
{
    self->again = self->looking;
    if (self->looking) {
        return ERR_OK;
    }
    struct look_op *op = calloc(1, sizeof *op);
    if (!op) {
        return ERR_MEMORY;
    }
    op->op = (struct rt_store_op){.apply = look_apply, .done = look_done, .fini = look_fini};
    memcpy(op->run, self->run, sizeof op->run);
    op->now_ms = rt_wall_ms(ctx);
    self->looking = true;
    rt_store(ctx, &(struct rt_store_op *){&op->op});
    return ERR_OK;
}

/* ---- the actor ---- */

static enum err triage_start(struct rt_context *ctx, void *state, const void *arg)
{
    struct triage *self = state;
    const struct triage_arg *from = arg;
    memcpy(self->run, from->run, sizeof self->run);
    self->epoch = from->epoch;
    self->coordinator = from->coordinator;
    rt_watch_role(ctx, TERM_role_CLASSIFIER);
    return look(ctx, self);
}

static enum err triage_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    struct triage *self = state;
    switch (msg->type) {
    case MSG_COMMITTED:
        return look(ctx, self);
    case MSG_CLASSIFIED:
        return on_classified(ctx, self, msg_as_classified(msg));
    case MSG_FAILED:
        return on_failed(ctx, self);
    case MSG_ROLE_UP:
        self->classifier =
            (struct rt_address){msg_as_role_up(msg)->node, msg_as_role_up(msg)->actor};
        return look(ctx, self);
    case MSG_DOWN:
        return on_down(ctx, self, msg_as_down(msg)->ref);
    case MSG_TICK:
        self->waiting = false;
        return look(ctx, self);
    default:
        return ERR_UNKNOWN;
    }
}

const struct rt_behaviour triage_behaviour = {.name = "triage",
                                              .state_size = sizeof(struct triage),
                                              .start = triage_start,
                                              .receive = triage_receive};
