/* kept.c - see kept.h. */
#include "tools/kept.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "actors/validator/policy.h"
#include "tools/history.h"
#include "tools/kept_files.h"
#include "tools/operate.h"
#include "tools/place.h"

#define LOCK_FILE "fixes.lock"

/* What each order does, and what it says when it is too late for it. */
static const struct order {
    const char *word;
    enum decision begun;
    enum decision over;
    bool files; /* it changes them */
} orders[] = {
    [KEPT_APPLY] = {"fix apply", DECISION_APPLYING, DECISION_APPLIED, true},
    [KEPT_REVERT] = {"fix revert", DECISION_REVERTING, DECISION_REVERTED, true},
    [KEPT_REJECT] = {"fix reject", DECISION_REJECTED, DECISION_REJECTED, false},
};

struct keeping {
    struct invocation *invocation;
    const struct order *order;
    const char *run;
    uint64_t error;
    struct place place;
    struct ledger_kept *kept;
    struct patch patch;
    struct kept_files files;
    char note[LEDGER_KEPT_MAX + 1];
};

/* ---- the ledger ---- */

struct decide_op {
    struct rt_store_op op;
    const char *run;
    uint64_t error;
    struct ledger_decision decision;
};

static enum err decide_apply(struct store_txn *txn, struct rt_store_op *op)
{
    struct decide_op *self = (struct decide_op *)op;
    return ledger_decide(txn, msg_str(self->run), self->error, &self->decision);
}

static void decide_done(void *arg, struct rt_store_op **op)
{
    enum err *ret_err = arg;
    *ret_err = (*op)->err;
    free(*op);
    *op = NULL;
}

/* Beside the coordinator, if there is one: a transaction of one row. */
static enum err decide(struct keeping *self, enum decision from, enum decision to)
{
    struct store *store = NULL;
    struct timespec now;
    char path[PATH_MAX];
    (void)clock_gettime(CLOCK_REALTIME, &now);
    struct decide_op *op = calloc(1, sizeof *op);
    if (!op) {
        return ERR_MEMORY;
    }
    *op = (struct decide_op){
        .op = {.apply = decide_apply},
        .run = self->run,
        .error = self->error,
        .decision = {.from = from,
                     .to = to,
                     .now_ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000,
                     .files = msg_str(self->note)}};
    enum err err = place_join(self->place.state, PLACE_LEDGER, path);
    if (err == ERR_OK) {
        err = store_open(path, &self->invocation->config.store, &ledger_schema, NULL, &store);
    }
    if (err != ERR_OK) {
        free(op);
        return err;
    }
    enum err result = ERR_STORE;
    const struct store_events events = {.arg = &result, .done = decide_done};
    store_submit(store, &(struct rt_store_op *){&op->op});
    (void)store_run(store, &events); /* it hands back one operation: ours */
    store_close(&store);
    return result;
}

static int look(struct keeping *self)
{
    struct store_reader *reader = NULL;
    int code = history_open(self->invocation, &reader);
    if (code != EXIT_DONE) {
        return code;
    }
    enum err err =
        ledger_read_kept(store_reader_txn(reader), msg_str(self->run), self->error, &self->kept);
    store_reader_close(&reader);
    return err == ERR_OK ? EXIT_DONE
           : err == ERR_NOT_FOUND
               ? complainf(EXIT_COULD_NOT, "troupe fix list shows them.",
                           "no fix was looked for in %s for error %" PRIu64, self->run, self->error)
               : complain(EXIT_COULD_NOT, err_text(err), NULL);
}

/* ---- whether it may be ---- */

static int refuse(const char *why)
{
    return complain(EXIT_REFUSED, why, NULL);
}

/* EXIT_DONE, and *ret_done: there is nothing left to do. */
static int admit(const struct keeping *self, bool *ret_done)
{
    enum decision is = self->kept->decision;
    enum term status = self->kept->finding.fix.status;
    const struct order *order = self->order;
    *ret_done = is == order->over;
    if (status == TERM_fix_REJECTED || status == TERM_fix_NONE) {
        return refuse("no change was proved to mend that error: troupe fix show says why");
    }
    if (*ret_done || is == order->begun) {
        return EXIT_DONE;
    }
    if (is == DECISION_APPLYING || is == DECISION_REVERTING) {
        return refuse(is == DECISION_APPLYING ? "it was being applied: say apply again first"
                                              : "it was being reverted: say revert again first");
    }
    if (order->over == DECISION_REVERTED && is != DECISION_APPLIED) {
        return refuse("that fix was not applied");
    }
    if (order->over != DECISION_REVERTED && is == DECISION_REJECTED) {
        return refuse("that fix was rejected");
    }
    if (order->over == DECISION_REJECTED && is == DECISION_APPLIED) {
        return refuse("that fix was applied: revert it first");
    }
    return EXIT_DONE;
}

static int check_policy(struct keeping *self)
{
    const struct cfg_validator *cfg = &self->invocation->config.validator;
    const struct policy policy = {.files_max = cfg->files_max, .lines_max = cfg->lines_max};
    char reason[POLICY_REASON_SIZE];
    enum err err = patch_read(self->kept->finding.fix.diff, &self->patch, reason);
    if (err == ERR_MEMORY) {
        return complain(EXIT_COULD_NOT, "out of memory", NULL);
    }
    bool allowed = err == ERR_OK && policy_allows(&policy, &self->patch, reason);
    return allowed ? EXIT_DONE : refuse(reason);
}

/* ---- doing it ---- */

static int told(const struct keeping *self, enum err err)
{
    return err == ERR_OK        ? EXIT_DONE
           : err == ERR_REFUSED ? complain(EXIT_REFUSED, self->files.why, NULL)
           : err == ERR_IO      ? complain(EXIT_COULD_NOT, self->files.why, NULL)
                                : complain(EXIT_COULD_NOT, err_text(err), NULL);
}

static int change_files(struct keeping *self)
{
    struct kept_files *files = &self->files;
    const struct order *order = self->order;
    enum decision is = self->kept->decision;
    files->dir = self->kept->dir.at;
    files->patch = &self->patch;
    files->back = order->over == DECISION_REVERTED;
    files->resumed = is == order->begun;
    files->known = is == DECISION_REVERTED || is == DECISION_NONE ? "" : self->kept->files.at;
    enum err err = kept_files_read(files);
    if (err == ERR_OK) {
        err = kept_files_note(files, self->note, sizeof self->note);
    }
    if (err == ERR_OK) {
        err = kept_files_lay(files);
    }
    if (err == ERR_OK && !files->resumed) {
        /* A run's own decision is none: it is only counted as one. */
        err = decide(self, is, order->begun);
    }
    if (err == ERR_OK) {
        err = kept_files_place(files);
    }
    if (err == ERR_OK) {
        err = decide(self, order->begun, order->over);
    }
    return told(self, err);
}

static int carry_out(struct keeping *self, bool *ret_changed)
{
    bool done = false;
    int code = look(self);
    if (code == EXIT_DONE) {
        code = admit(self, &done);
    }
    if (code != EXIT_DONE || done) {
        return code;
    }
    if (self->order->files) {
        code = check_policy(self);
        code = code == EXIT_DONE ? change_files(self) : code;
    } else {
        code = told(self, decide(self, self->kept->decision, self->order->over));
    }
    *ret_changed = code == EXIT_DONE;
    return code;
}

/* -1, and said: somebody else is at it. */
static int lock(struct keeping *self)
{
    char path[PATH_MAX];
    char why[PLACE_WHY_SIZE] = "";
    enum err err = place_look(invocation_value(self->invocation, "state"), &self->place, why);
    if (err == ERR_OK) {
        err = place_join(self->place.state, LOCK_FILE, path);
    }
    int fd = err == ERR_OK ? open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600) : -1;
    if (fd < 0) {
        (void)complain(0, why[0] ? why : "there is no ledger yet: nothing has run here", NULL);
        return -1;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        (void)complain(0, "another troupe fix is changing files", "Try again when it has ended.");
        (void)close(fd);
        return -1;
    }
    return fd;
}

int kept_do(struct invocation *invocation, enum kept_order order, const char *run, uint64_t error,
            bool *ret_changed)
{
    char number[24];
    *ret_changed = false;
    struct keeping *self = calloc(1, sizeof *self);
    if (!self) {
        return complain(EXIT_COULD_NOT, "out of memory", NULL);
    }
    self->invocation = invocation;
    self->order = &orders[order];
    self->run = run;
    self->error = error;
    int fd = lock(self);
    int code = fd < 0 ? EXIT_COULD_NOT : carry_out(self, ret_changed);
    if (fd >= 0) {
        (void)snprintf(number, sizeof number, "%" PRIu64, error);
        const char *const arguments[] = {run, number, NULL};
        const char *result = code != EXIT_DONE ? "failed" : *ret_changed ? "done" : "was done";
        if (!operate_audit(invocation, self->order->word, arguments, result) && code == EXIT_DONE) {
            code = EXIT_COULD_NOT;
        }
        (void)close(fd); /* and with it the lock */
    }
    kept_files_fini(&self->files);
    patch_free(&self->patch);
    ledger_kept_free(&self->kept);
    free(self);
    return code;
}
