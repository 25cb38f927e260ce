/* remedy.c - one failure under treatment: healed, or fixed, and proved before it counts.
 *
 * Takes  CANDIDATE, CANDIDATES   from the fixer
 *        HEALED                  from the healer
 *        VALIDATED               from the validator
 *        FAILED                  when one of them cannot answer
 *        ROLE_UP (of the three), TICK from the runtime
 * Sends  FIX, HEAL, VALIDATE; TREATED to the coordinator
 *
 *     load -> HEAL -> VALIDATE ------------------> settle
 *         \-> FIX -> CANDIDATE... -> VALIDATE... -/
 *
 * What runs tests is proved twice, because tests flicker.  A doubtful candidate is proposed only.
 * All files of one job fail for one cause more often than not: its first failure is treated, with
 * the texts of all.  A remedy begins anew after a crash; what was applied before is found applied.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/coordinator/ledger_fix.h"
#include "actors/coordinator/triage.h"

enum {
    CANDIDATES_MAX = LEDGER_CANDIDATES_MAX,
    PROOFS_MAX = 2,
    DOUBTED_PROOFS = 5, /* of a heal that could have passed by chance */
    TRIES_MAX = 3,
    AGAIN_MS = 1000,
    ABSENT_MS = 10000, /* nobody in a role for so long: there will be nobody */
    TICK_AGAIN = 1,
    TICK_DEADLINE = 2,
    TICK_ABSENT = 3, /* and the step that it belongs to */
};

/* A heal that is no surer than this may have passed by chance. */
static const double heal_doubtful = 0.5;

enum remedy_step { STEP_LOADING, STEP_HEAL, STEP_FIX, STEP_PROOF, STEP_SETTLING };

/* A candidate and what came of it. */
struct tried {
    struct msg_candidate *candidate; /* owned */
    char *reason;                    /* owned; NULL: none */
    enum term proof;                 /* 0: not tried */
    uint64_t passes;
    uint64_t proofs;
};

struct remedy {
    struct triage_arg arg;
    enum remedy_step step;
    struct ledger_case *found; /* owned */
    struct rt_address fixer;
    struct rt_address validator;
    struct rt_address healer;
    uint64_t ask; /* the answer that is awaited; 0: none, it is to be asked */
    unsigned tries;
    struct msg_healed *healed; /* owned; NULL when nothing was healed */
    uint64_t heal_passes;      /* proofs that it has passed */
    struct tried tried[CANDIDATES_MAX];
    size_t count;
    size_t proving;
    struct ledger_fix fix;
    struct ledger_heal heal;
    char reason[MSG_MAX_fix_row_reason + 1]; /* of both; they point here */
};

static struct msg *keep(const struct msg *msg)
{
    void *memory = malloc(msg_size(msg));
    return memory ? msg_copy(memory, msg) : NULL;
}

static void drop_tried(struct tried *tried, size_t *count)
{
    while (*count > 0) {
        --*count;
        free(tried[*count].candidate);
        free(tried[*count].reason);
    }
}

/* ---- settling ---- */

struct settle_op {
    struct rt_store_op op;
    struct triage_arg arg;
    struct ledger_fix fix;
    struct ledger_heal heal;
    char *texts; /* owned: where theirs are */
    struct tried tried[CANDIDATES_MAX];
    size_t count;
    struct ledger_candidate rows[CANDIDATES_MAX]; /* their texts are those of `tried` */
};

static enum err settle_apply(struct store_txn *txn, struct rt_store_op *op)
{
    struct settle_op *self = (struct settle_op *)op;
    struct ledger_key key = {self->arg.epoch, msg_str(self->arg.run)};
    return ledger_settle(txn, key, self->arg.error, &self->fix, &self->heal);
}

static enum err settle_done(struct rt_context *ctx, void *state, struct rt_store_op *op)
{
    const struct remedy *self = state;
    if (op->err != ERR_OK && op->err != ERR_STALE) {
        return op->err;
    }
    if (op->err == ERR_OK) {
        rt_tell(ctx, self->arg.coordinator,
                MSG(treated, .fix = self->fix.status, .heal = self->heal.status));
    }
    rt_stop(ctx);
    return ERR_OK;
}

static void settle_fini(struct rt_store_op *op)
{
    struct settle_op *self = (struct settle_op *)op;
    free(self->texts);
    drop_tried(self->tried, &self->count);
}

static void put_text(char **at, struct msg_str *text)
{
    memcpy(*at, text->at, text->size);
    text->at = *at;
    *at += text->size;
}

/* The actor may end before the operation is applied: it takes its texts along. */
static enum err copy_texts(struct settle_op *op)
{
    struct msg_str *const texts[] = {
        &op->fix.source,  &op->fix.diff,   &op->fix.reason, &op->heal.file,
        &op->heal.before, &op->heal.after, &op->heal.diff,  &op->heal.reason,
    };
    enum { TEXTS = sizeof texts / sizeof texts[0] };
    size_t size = 0;
    for (size_t i = 0; i < TEXTS; i++) {
        size += texts[i]->size;
    }
    op->texts = malloc(size + 1);
    if (!op->texts) {
        return ERR_MEMORY;
    }
    char *at = op->texts;
    for (size_t i = 0; i < TEXTS; i++) {
        if (texts[i]->size > 0) {
            put_text(&at, texts[i]);
        }
    }
    return ERR_OK;
}

/* The candidates go with the operation, as evidence. */
static void move_tried(struct remedy *self, struct settle_op *op)
{
    for (size_t i = 0; i < self->count; i++) {
        const struct tried *from = &self->tried[i];
        op->tried[i] = *from;
        op->rows[i] = (struct ledger_candidate){.source = from->candidate->source,
                                                .diff = from->candidate->diff,
                                                .reason = msg_str(from->reason ? from->reason : ""),
                                                .votes = from->candidate->votes,
                                                .proof = from->proof,
                                                .passes = from->passes,
                                                .proofs = from->proofs};
    }
    op->count = self->count;
    self->count = 0;
    op->fix.tried = op->rows;
    op->fix.tried_count = op->fix.status != 0 ? op->count : 0;
}

static enum err settle(struct rt_context *ctx, struct remedy *self)
{
    struct settle_op *op = calloc(1, sizeof *op);
    if (!op) {
        return ERR_MEMORY;
    }
    op->op = (struct rt_store_op){.apply = settle_apply, .done = settle_done, .fini = settle_fini};
    op->arg = self->arg;
    op->fix = self->fix;
    op->heal = self->heal;
    if (copy_texts(op) != ERR_OK) {
        free(op);
        return ERR_MEMORY;
    }
    move_tried(self, op);
    self->step = STEP_SETTLING;
    rt_store(ctx, &(struct rt_store_op *){&op->op});
    return ERR_OK;
}

static struct msg_str because(struct remedy *self, struct msg_str reason)
{
    struct msg_str cut = msg_str_cut(reason.at, reason.size, sizeof self->reason - 1);
    memcpy(self->reason, cut.at, cut.size);
    self->reason[cut.size] = '\0';
    return (struct msg_str){self->reason, cut.size};
}

static enum err settle_fix(struct rt_context *ctx, struct remedy *self, enum term status,
                           struct msg_str reason)
{
    self->fix = (struct ledger_fix){
        .status = status, .candidates = self->count, .reason = because(self, reason)};
    if (status == TERM_fix_VALIDATED || status == TERM_fix_APPLIED) {
        const struct msg_candidate *candidate = self->tried[self->proving].candidate;
        self->fix.source = candidate->source;
        self->fix.diff = candidate->diff;
        self->fix.votes_for = candidate->votes;
        self->fix.votes_for += self->fix.votes_for == 0;
        self->fix.votes_against = self->count - 1;
    }
    return settle(ctx, self);
}

static enum err settle_heal(struct rt_context *ctx, struct remedy *self, enum term status,
                            struct msg_str reason)
{
    const struct msg_healed *healed = self->healed;
    self->heal = (struct ledger_heal){.status = status, .reason = because(self, reason)};
    if (healed) {
        self->heal.file = healed->file;
        self->heal.line = healed->line;
        self->heal.before = healed->before;
        self->heal.after = healed->after;
        self->heal.confidence = healed->confidence;
        self->heal.diff = healed->diff;
    }
    return settle(ctx, self);
}

static enum err give_up(struct rt_context *ctx, struct remedy *self, const char *reason)
{
    bool healing = self->step == STEP_HEAL || self->healed;
    return healing ? settle_heal(ctx, self, TERM_heal_REFUSED, msg_str(reason))
                   : settle_fix(ctx, self, TERM_fix_NONE, msg_str(reason));
}

/* ---- asking ---- */

static enum err ask_heal(struct rt_context *ctx, struct remedy *self, uint64_t patience_ms)
{
    const struct ledger_case *found = self->found;
    const struct ledger_submit *submit = &found->run.submit;
    return rt_ask(ctx, self->healer,
                  MSG(heal, .run = msg_str(self->arg.run), .error = self->arg.error,
                      .dir = submit->dir, .root = submit->root, .env = submit->env,
                      .file = found->finding.file, .message = found->finding.message,
                      .page = found->page, .known = found->known),
                  patience_ms, &self->ask);
}

static enum err ask_fix(struct rt_context *ctx, struct remedy *self, uint64_t patience_ms)
{
    const struct ledger_case *found = self->found;
    const struct ledger_submit *submit = &found->run.submit;
    drop_tried(self->tried, &self->count);
    return rt_ask(ctx, self->fixer,
                  MSG(fix, .run = msg_str(self->arg.run), .error = self->arg.error,
                      .label = found->finding.label.label, .dir = submit->dir, .root = submit->root,
                      .snapshot = submit->snapshot, .env = submit->env, .file = found->finding.file,
                      .line = found->finding.line, .column = found->finding.column,
                      .message = found->messages, .runner = found->runner,
                      .command = submit->command),
                  patience_ms, &self->ask);
}

/* Not to be made unasked. */
static bool is_doubtful(const struct remedy *self)
{
    return self->healed ? self->healed->confidence <= heal_doubtful
                        : self->tried[self->proving].candidate->doubt.size > 0;
}

/* Compilers say the same twice. */
static bool is_last_proof(const struct remedy *self)
{
    struct msg_str runner = self->found->runner;
    if (self->healed) {
        return self->heal_passes + 1 == (is_doubtful(self) ? DOUBTED_PROOFS : PROOFS_MAX);
    }
    return msg_str_is(runner, "tsc") || msg_str_is(runner, "eslint") ||
           self->tried[self->proving].passes + 1 == PROOFS_MAX;
}

static enum err ask_proof(struct rt_context *ctx, struct remedy *self, uint64_t patience_ms)
{
    const struct ledger_case *found = self->found;
    const struct ledger_submit *submit = &found->run.submit;
    enum term mode = self->healed ? submit->heal : submit->fix;
    bool apply = mode == TERM_mode_APPLY && is_last_proof(self) && !is_doubtful(self);
    return rt_ask(
        ctx, self->validator,
        MSG(validate, .run = msg_str(self->arg.run), .error = self->arg.error,
            .index = self->proving, .dir = submit->dir, .root = submit->root, .env = submit->env,
            .runner = found->runner, .command = submit->command, .file = found->finding.file,
            .diff = self->healed ? self->healed->diff : self->tried[self->proving].candidate->diff,
            .heal = self->healed != NULL, .apply = apply,
            .affected = self->healed || !is_last_proof(self)
                            ? msg_str("")
                            : self->tried[self->proving].candidate->affected,
            .tests = self->healed ? msg_str("") : self->tried[self->proving].candidate->tests),
        patience_ms, &self->ask);
}

/* Who is to be asked in this step; nobody: not there (yet). */
static struct rt_address expert(const struct remedy *self)
{
    switch (self->step) {
    case STEP_HEAL:
        return self->healer;
    case STEP_FIX:
        return self->fixer;
    case STEP_PROOF:
        return self->validator;
    default:
        return (struct rt_address){0, 0};
    }
}

/* Asks whoever is next, when it is there; ROLE_UP comes back here. */
static enum err ask(struct rt_context *ctx, struct remedy *self)
{
    uint64_t patience_ms = rt_config(ctx)->coordinator.remedy_ms_max;
    enum err err = ERR_OK;
    if (self->ask != 0 || expert(self).node == 0) {
        return ERR_OK;
    }
    if (self->step == STEP_HEAL) {
        err = ask_heal(ctx, self, patience_ms);
    } else if (self->step == STEP_FIX) {
        err = ask_fix(ctx, self, patience_ms);
    } else {
        err = ask_proof(ctx, self, patience_ms);
    }
    return err == ERR_MEMORY ? err : ERR_OK; /* all others come as FAILED, too */
}

static enum err go_on(struct rt_context *ctx, struct remedy *self, enum remedy_step step)
{
    self->step = step;
    self->ask = 0;
    self->tries = 0;
    if (expert(self).node == 0) {
        (void)rt_tick(ctx, ABSENT_MS, TICK_ABSENT + step);
    }
    return ask(ctx, self);
}

static bool is_answer(struct rt_context *ctx, const struct remedy *self)
{
    return self->ask != 0 && rt_answered(ctx) == self->ask;
}

static enum err on_failed(struct rt_context *ctx, struct remedy *self)
{
    if (!is_answer(ctx, self)) {
        return ERR_OK;
    }
    self->ask = 0;
    if (++self->tries == TRIES_MAX) {
        return give_up(ctx, self, "nobody answered; see the logs of fixer, validator and healer");
    }
    (void)rt_tick(ctx, AGAIN_MS, TICK_AGAIN);
    return ERR_OK;
}

/* ---- answers ---- */

static enum err on_healed(struct rt_context *ctx, struct remedy *self,
                          const struct msg_healed *healed)
{
    if (!is_answer(ctx, self) || self->step != STEP_HEAL) {
        return ERR_OK;
    }
    if (healed->status != TERM_heal_PROPOSED) {
        return settle_heal(ctx, self, TERM_heal_REFUSED, healed->reason);
    }
    self->healed = (struct msg_healed *)keep(&healed->head);
    return self->healed ? go_on(ctx, self, STEP_PROOF) : ERR_MEMORY;
}

/* Those of an earlier try, that was given up, come from the same address and look the same: that
 * does no harm, each is proved. */
static enum err on_candidate(struct remedy *self, const struct msg_candidate *candidate)
{
    if (self->step != STEP_FIX || candidate->error != self->arg.error ||
        self->count == CANDIDATES_MAX) {
        return ERR_OK;
    }
    struct msg *kept = keep(&candidate->head);
    if (!kept) {
        return ERR_MEMORY;
    }
    self->tried[self->count++] = (struct tried){.candidate = (struct msg_candidate *)kept};
    return ERR_OK;
}

static enum err on_candidates(struct rt_context *ctx, struct remedy *self,
                              const struct msg_candidates *end)
{
    if (!is_answer(ctx, self) || self->step != STEP_FIX) {
        return ERR_OK;
    }
    if (self->count == 0) {
        return settle_fix(ctx, self, TERM_fix_NONE,
                          end->reason.size > 0 ? end->reason : msg_str("no candidate"));
    }
    self->proving = 0;
    return go_on(ctx, self, STEP_PROOF);
}

static enum err on_heal_proved(struct rt_context *ctx, struct remedy *self,
                               const struct msg_validated *validated)
{
    char reason[MSG_MAX_validated_reason + 64]; /* cut by because() */
    bool last = is_last_proof(self);
    if (validated->proof != TERM_proof_PASSED && validated->proof != TERM_proof_APPLIED) {
        /* How often is said where it is not the first time that it fails. */
        (void)snprintf(reason, sizeof reason,
                       self->heal_passes > 0 ? "%s (after %" PRIu64 " passes)" : "%s",
                       validated->reason.at, self->heal_passes);
        return settle_heal(ctx, self, TERM_heal_REFUSED, msg_str(reason));
    }
    self->heal_passes++;
    if (!last) {
        return go_on(ctx, self, STEP_PROOF);
    }
    (void)snprintf(reason, sizeof reason, "%s; passed %" PRIu64 " of %" PRIu64 " times with it",
                   self->healed->reason.at, self->heal_passes, self->heal_passes);
    return settle_heal(
        ctx, self, validated->proof == TERM_proof_APPLIED ? TERM_heal_HEALED : TERM_heal_PROPOSED,
        msg_str(reason));
}

static enum err on_validated(struct rt_context *ctx, struct remedy *self,
                             const struct msg_validated *validated)
{
    if (!is_answer(ctx, self) || self->step != STEP_PROOF) {
        return ERR_OK;
    }
    if (self->healed) {
        return on_heal_proved(ctx, self, validated);
    }
    struct tried *tried = &self->tried[self->proving];
    bool last = is_last_proof(self);
    tried->proof = (enum term)validated->proof;
    tried->proofs += validated->proof != TERM_proof_REFUSED;
    free(tried->reason);
    tried->reason = strdup(validated->reason.at);
    if (!tried->reason) {
        return ERR_MEMORY;
    }
    if (validated->proof == TERM_proof_PASSED || validated->proof == TERM_proof_APPLIED) {
        tried->passes++;
        enum term status =
            validated->proof == TERM_proof_APPLIED ? TERM_fix_APPLIED : TERM_fix_VALIDATED;
        struct msg_str doubt = tried->candidate->doubt;
        return last ? settle_fix(ctx, self, status, doubt.size > 0 ? doubt : validated->reason)
                    : go_on(ctx, self, STEP_PROOF);
    }
    if (self->proving + 1 == self->count) {
        return settle_fix(ctx, self, TERM_fix_REJECTED, validated->reason);
    }
    self->proving++;
    return go_on(ctx, self, STEP_PROOF);
}

/* ---- loading ---- */

struct load_op {
    struct rt_store_op op;
    struct triage_arg arg;
    struct ledger_case *found; /* owned */
};

static enum err load_apply(struct store_txn *txn, struct rt_store_op *op)
{
    struct load_op *self = (struct load_op *)op;
    return ledger_read_case(txn, msg_str(self->arg.run), self->arg.error, &self->found);
}

static void load_fini(struct rt_store_op *op)
{
    ledger_case_free(&((struct load_op *)op)->found);
}

static enum err load_done(struct rt_context *ctx, void *state, struct rt_store_op *op)
{
    struct remedy *self = state;
    struct load_op *load = (struct load_op *)op;
    if (op->err != ERR_OK) {
        return op->err;
    }
    self->found = load->found;
    load->found = NULL;
    const struct ledger_submit *submit = &self->found->run.submit;
    if (submit->heal > TERM_mode_OFF && self->found->page.size > 0) {
        return go_on(ctx, self, STEP_HEAL);
    }
    if (submit->fix > TERM_mode_OFF && self->found->first) {
        return go_on(ctx, self, STEP_FIX);
    }
    return settle(ctx, self);
}

/* ---- the actor ---- */

static enum err remedy_start(struct rt_context *ctx, void *state, const void *arg)
{
    struct remedy *self = state;
    self->arg = *(const struct triage_arg *)arg;
    rt_watch_role(ctx, TERM_role_FIXER);
    rt_watch_role(ctx, TERM_role_VALIDATOR);
    rt_watch_role(ctx, TERM_role_HEALER);
    (void)rt_tick(ctx, rt_config(ctx)->coordinator.remedy_ms_max, TICK_DEADLINE);
    struct load_op *op = calloc(1, sizeof *op);
    if (!op) {
        return ERR_MEMORY;
    }
    op->op = (struct rt_store_op){.apply = load_apply, .done = load_done, .fini = load_fini};
    op->arg = self->arg;
    rt_store(ctx, &(struct rt_store_op *){&op->op});
    return ERR_OK;
}

static enum err on_role_up(struct rt_context *ctx, struct remedy *self,
                           const struct msg_role_up *up)
{
    struct rt_address address = {up->node, up->actor};
    if (up->role == TERM_role_FIXER) {
        self->fixer = address;
    } else if (up->role == TERM_role_VALIDATOR) {
        self->validator = address;
    } else {
        self->healer = address;
    }
    return ask(ctx, self);
}

static enum err on_tick(struct rt_context *ctx, struct remedy *self, const struct msg_tick *tick)
{
    if (tick->tag == TICK_DEADLINE) {
        return give_up(ctx, self, "not done within coordinator.remedy_ms_max");
    }
    if (tick->tag >= TICK_ABSENT) {
        return expert(self).node != 0 || tick->tag != TICK_ABSENT + self->step
                   ? ERR_OK
                   : give_up(ctx, self, "nobody in the cluster plays the role that it takes");
    }
    return ask(ctx, self);
}

static enum err remedy_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    struct remedy *self = state;
    if (self->step == STEP_SETTLING) {
        return ERR_OK;
    }
    switch (msg->type) {
    case MSG_HEALED:
        return on_healed(ctx, self, msg_as_healed(msg));
    case MSG_CANDIDATE:
        return on_candidate(self, msg_as_candidate(msg));
    case MSG_CANDIDATES:
        return on_candidates(ctx, self, msg_as_candidates(msg));
    case MSG_VALIDATED:
        return on_validated(ctx, self, msg_as_validated(msg));
    case MSG_FAILED:
        return on_failed(ctx, self);
    case MSG_ROLE_UP:
        return on_role_up(ctx, self, msg_as_role_up(msg));
    case MSG_TICK:
        return on_tick(ctx, self, msg_as_tick(msg));
    default:
        return ERR_UNKNOWN;
    }
}

static void remedy_stop(void *state)
{
    struct remedy *self = state;
    ledger_case_free(&self->found);
    free(self->healed);
    drop_tried(self->tried, &self->count);
}

const struct rt_behaviour remedy_behaviour = {.name = "remedy",
                                              .state_size = sizeof(struct remedy),
                                              .start = remedy_start,
                                              .receive = remedy_receive,
                                              .stop = remedy_stop};
