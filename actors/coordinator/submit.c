/* submit.c - SUBMITs and their files into the ledger. */
#include "actors/coordinator/submit.h"

#include <stdlib.h>
#include <string.h>

struct submit_op {
    struct rt_store_op op;
    uint64_t epoch;
    struct rt_caller caller;
    bool is_new;
    char run[LEDGER_RUN_SIZE + 1];
    struct ledger_submit submit;
    char *texts; /* owned; the submit's */
    struct ledger_file *files;
    char **names; /* owned; the files' */
    char **whys;  /* the same */
    char **inputs;
    enum err (*accepted)(struct rt_context *ctx, void *state, struct msg_str run);
};

/* A SUBMIT whose RUN_FILEs are still coming. */
struct pending {
    struct pending *next;
    struct submit_op *op; /* owned */
    size_t seen;
};

enum { PENDING_MAX = 16 };

static void submit_fini(struct rt_store_op *op)
{
    struct submit_op *self = (struct submit_op *)op;
    for (size_t i = 0; self->names && i < self->submit.files; i++) {
        free(self->names[i]);
    }
    for (size_t i = 0; self->whys && i < self->submit.files; i++) {
        free(self->whys[i]);
    }
    for (size_t i = 0; self->inputs && i < self->submit.files; i++) {
        free(self->inputs[i]);
    }
    free(self->names);
    free(self->whys);
    free(self->inputs);
    free(self->files);
    free(self->texts);
}

static enum err submit_apply(struct store_txn *txn, struct rt_store_op *op)
{
    struct submit_op *self = (struct submit_op *)op;
    struct ledger_key key = {self->epoch, msg_str(self->run)};
    enum err err = ledger_submit_run(txn, key, &self->submit, &self->is_new);
    if (err != ERR_OK || !self->is_new || self->submit.files == 0) {
        return err;
    }
    if (ledger_submit_lists(&self->submit)) {
        return ledger_add_named(txn, key, self->files, self->submit.files);
    }
    err = ledger_add_files(txn, key, self->files, self->submit.files);
    bool listed = msg_str_is(self->submit.runner, "command");
    if (err == ERR_OK && listed) {
        struct ledger_listing listing = {
            .runner = self->submit.runner, .version = msg_str(""), .files = self->submit.files};
        err = ledger_set_listed(txn, key, &listing);
    }
    return err;
}

static enum err submit_done(struct rt_context *ctx, void *state, struct rt_store_op *op)
{
    struct submit_op *submit = (struct submit_op *)op;
    if (op->err != ERR_OK) {
        rt_answer(ctx, submit->caller, MSG(failed, .type = MSG_SUBMIT, .reason = op->err));
        return op->err == ERR_STALE ? ERR_STALE : ERR_OK;
    }
    enum err err = ERR_OK;
    if (submit->is_new) {
        rt_log(ctx, RT_INFO, "run=%s accepted dir=%s", submit->run, submit->submit.dir.at);
        err = submit->accepted(ctx, state, msg_str(submit->run));
    }
    rt_answer(ctx, submit->caller, MSG(submitted, .run = msg_str(submit->run)));
    return err;
}

static struct msg_str put_text(char **at, struct msg_str text)
{
    struct msg_str copy = {*at, text.size};
    memcpy(*at, text.at, text.size);
    (*at)[text.size] = '\0';
    *at += text.size + 1;
    return copy;
}

/* What is no mode changes nothing in anybody's files. */
static enum term sound_mode(uint64_t mode)
{
    bool known = mode == TERM_mode_PROPOSE || mode == TERM_mode_APPLY;
    return known ? (enum term)mode : TERM_mode_OFF;
}

static struct submit_op *submit_op_new(struct rt_context *ctx, const struct submits *submits,
                                       const struct msg_submit *msg)
{
    struct submit_op *op = calloc(1, sizeof *op);
    char *texts = malloc(msg_size(&msg->head));
    if (!op || !texts) {
        free(op);
        free(texts);
        return NULL;
    }
    op->op = (struct rt_store_op){.apply = submit_apply, .done = submit_done, .fini = submit_fini};
    op->epoch = submits->epoch;
    op->accepted = submits->accepted;
    op->caller = rt_caller(ctx);
    op->texts = texts;
    memcpy(op->run, msg->run.at, msg->run.size);
    op->submit = (struct ledger_submit){.dir = put_text(&texts, msg->dir),
                                        .root = put_text(&texts, msg->root),
                                        .snapshot = put_text(&texts, msg->snapshot),
                                        .runner = put_text(&texts, msg->runner),
                                        .command = put_text(&texts, msg->command),
                                        .env = put_text(&texts, msg->env),
                                        .workers = msg->workers,
                                        .retries = msg->retries,
                                        .fail_fast = msg->fail_fast,
                                        .timeout_ms = msg->timeout_ms,
                                        .files = msg->files,
                                        .fix = sound_mode(msg->fix),
                                        .heal = sound_mode(msg->heal),
                                        .origin = put_text(&texts, msg->origin),
                                        .held = msg->held,
                                        .affected = msg->affected,
                                        .keyed = msg->keyed,
                                        .reuse_ms = msg->reuse_ms,
                                        .audit = msg->audit,
                                        .trust = msg->trust,
                                        .flaky_fails = msg->flaky_fails,
                                        .quarantine = put_text(&texts, msg->quarantine),
                                        .wall_ms = rt_wall_ms(ctx)};
    op->files = calloc(msg->files + 1, sizeof *op->files);
    op->names = calloc(msg->files + 1, sizeof *op->names);
    op->whys = calloc(msg->files + 1, sizeof *op->whys);
    op->inputs = calloc(msg->files + 1, sizeof *op->inputs);
    if (!op->files || !op->names || !op->whys || !op->inputs) {
        submit_fini(&op->op);
        free(op);
        return NULL;
    }
    return op;
}

static struct pending **find_pending(struct submits *submits, struct msg_str run)
{
    struct pending **at = &submits->pending;
    while (*at && !msg_str_is(run, (*at)->op->run)) {
        at = &(*at)->next;
    }
    return at;
}

static void drop_pending(struct submits *submits, struct pending **at)
{
    struct pending *pending = *at;
    *at = pending->next;
    submits->pending_count--;
    if (pending->op) {
        submit_fini(&pending->op->op);
        free(pending->op);
    }
    free(pending);
}

void submits_refuse(struct rt_context *ctx, enum err reason)
{
    rt_reply(ctx, MSG(failed, .type = MSG_SUBMIT, .reason = reason));
}

/* Who submits and falls silent must not keep others out. */
static void refuse_oldest(struct rt_context *ctx, struct submits *submits)
{
    struct pending **at = &submits->pending;
    while ((*at)->next) {
        at = &(*at)->next;
    }
    rt_answer(ctx, (*at)->op->caller, MSG(failed, .type = MSG_SUBMIT, .reason = ERR_FULL));
    drop_pending(submits, at);
}

enum err submits_add(struct rt_context *ctx, struct submits *submits,
                     const struct msg_submit *submit)
{
    struct pending **earlier = find_pending(submits, submit->run);
    if (*earlier) {
        drop_pending(submits, earlier);
    }
    struct submit_op *op = submit_op_new(ctx, submits, submit);
    if (!op) {
        return ERR_MEMORY;
    }
    if (submit->files == 0) {
        rt_store(ctx, &(struct rt_store_op *){&op->op});
        return ERR_OK;
    }
    struct pending *pending = calloc(1, sizeof *pending);
    if (!pending) {
        submit_fini(&op->op);
        free(op);
        return ERR_MEMORY;
    }
    if (submits->pending_count == PENDING_MAX) {
        refuse_oldest(ctx, submits);
    }
    *pending = (struct pending){.next = submits->pending, .op = op};
    submits->pending = pending;
    submits->pending_count++;
    return ERR_OK;
}

enum err submits_file(struct rt_context *ctx, struct submits *submits,
                      const struct msg_run_file *file)
{
    struct pending **at = find_pending(submits, file->run);
    struct pending *pending = *at;
    /* Out of order means that some were lost: the client submits again. */
    if (!pending || file->index != pending->seen) {
        return ERR_OK;
    }
    struct submit_op *op = pending->op;
    char *name = strdup(file->file.at);
    char *why = strdup(file->why.at);
    char *input = strdup(file->input.at);
    if (!name || !why || !input) {
        free(name);
        free(why);
        free(input);
        return ERR_MEMORY;
    }
    op->names[pending->seen] = name;
    op->whys[pending->seen] = why;
    op->inputs[pending->seen] = input;
    op->files[pending->seen] = (struct ledger_file){
        .job = pending->seen, .file = msg_str(name), .why = msg_str(why), .input = msg_str(input)};
    if (++pending->seen == op->submit.files) {
        pending->op = NULL;
        drop_pending(submits, at);
        rt_store(ctx, &(struct rt_store_op *){&op->op});
    }
    return ERR_OK;
}

/* ---- sealing ---- */

struct seal_op {
    struct rt_store_op op;
    uint64_t epoch;
    struct rt_caller caller;
    char run[LEDGER_RUN_SIZE + 1];
};

static enum err seal_apply(struct store_txn *txn, struct rt_store_op *op)
{
    struct seal_op *self = (struct seal_op *)op;
    return ledger_seal(txn, (struct ledger_key){self->epoch, msg_str(self->run)});
}

static enum err seal_done(struct rt_context *ctx, void *state, struct rt_store_op *op)
{
    (void)state;
    const struct seal_op *self = (struct seal_op *)op;
    if (op->err == ERR_OK) {
        rt_answer(ctx, self->caller, MSG(sealed, .run = msg_str(self->run)));
        return ERR_OK;
    }
    rt_answer(ctx, self->caller, MSG(failed, .type = MSG_SEAL, .reason = op->err));
    return op->err == ERR_STALE ? ERR_STALE : ERR_OK;
}

enum err submits_seal(struct rt_context *ctx, const struct submits *submits,
                      const struct msg_seal *seal)
{
    struct seal_op *op = calloc(1, sizeof *op);
    if (!op) {
        return ERR_MEMORY;
    }
    op->op = (struct rt_store_op){.apply = seal_apply, .done = seal_done};
    op->caller = rt_caller(ctx);
    op->epoch = submits->epoch;
    memcpy(op->run, seal->run.at, seal->run.size);
    rt_store(ctx, &(struct rt_store_op *){&op->op});
    return ERR_OK;
}

void submits_fini(struct submits *submits)
{
    while (submits->pending) {
        drop_pending(submits, &submits->pending);
    }
}
