/* mend.c - see mend.h.
 *
 * Takes  ROLE_UP                  of the fixer and the validator
 *        EXEC_…                   of the command
 *        CANDIDATE, CANDIDATES    from the fixer
 *        VALIDATED, FAILED        from the validator
 *        TICK                     when its time is over
 * Sends  FIX, VALIDATE
 *
 *     BEFORE --fails--> FIX --candidates--> PROOF --passed--> AGAIN (may flicker) --> over
 *        \--passes--> over                   | ^ failed         applied: AFTER --fails--> REVERT
 *                                            +-+
 *
 * A type checker's errors can be found without its output: FIX is asked while it still runs.
 *
 * A change is applied only by the validator, in the same step as its proof, and never a doubtful
 * one.  What the command says afterwards, in the project as it is then, has the last word.
 */
#include "tools/mend.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "actors/common/ending.h"

enum {
    ASK_MS = 600000,     /* the whole has its own end */
    RESERVE_MS = 1000,   /* for the end itself */
    OUTPUT_MAX = 262144, /* of the command; the beginning and the end are what counts */
    SOURCES_SHARE = 2,   /* of the time that is left, 1/2 is for looking for candidates */
};

enum step { STEP_BEFORE, STEP_FIX, STEP_PROOF, STEP_AGAIN, STEP_AFTER, STEP_REVERT, STEP_OVER };

struct mender {
    struct mend *mend;
    enum step step;
    struct rt_address fixer, validator;
    uint64_t exec;
    uint64_t ask;
    bool early;  /* FIX was asked without the command's output… */
    bool looked; /* …and is answered */
    uint64_t started_ms;
    uint64_t asked_ms; /* the first FIX */
    uint64_t until_ms;
    size_t proving;
    size_t refused;
    size_t output_size;
    char output[OUTPUT_MAX + 1];
};

/* ---- the end ---- */

static void over(struct rt_context *ctx, struct mender *self, enum mend_status status,
                 const char *reason)
{
    const char byte = 0;
    struct mend *mend = self->mend;
    if (self->step == STEP_OVER) {
        return;
    }
    if (self->exec) {
        rt_exec_kill(ctx, self->exec);
    }
    self->step = STEP_OVER;
    mend->status = status;
    mend->errors_after = status == MEND_FIXED ? 0 : mend->errors_before;
    if (reason != mend->reason) {
        (void)snprintf(mend->reason, sizeof mend->reason, "%s", reason);
    }
    (void)!write(mend->done, &byte, 1); /* an empty pipe takes a byte */
}

/* ---- the command ---- */

static enum err run(struct rt_context *ctx, struct mender *self, enum step step)
{
    const struct mend *mend = self->mend;
    const char *const argv[] = {"sh", "-c", mend->command, NULL};
    const char **env = NULL;
    char *text = NULL;
    enum err err = env_split(mend->env, &env, &text);
    if (err != ERR_OK) {
        return err;
    }
    const struct rt_command command = {.argv = argv,
                                       .env = env,
                                       .cwd = mend->dir,
                                       .project = mend->root,
                                       .deadline_ms = mend->timeout_ms};
    self->step = step;
    self->output_size = 0;
    self->exec = rt_exec(ctx, &command);
    free(env);
    free(text);
    return self->exec ? ERR_OK : ERR_MEMORY;
}

static void on_output(struct mender *self, struct msg_str bytes)
{
    size_t room = OUTPUT_MAX - self->output_size;
    if (bytes.size > room) {
        /* Keep the first half and what came last. */
        size_t keep = OUTPUT_MAX / 2;
        size_t latest = keep / 2;
        if (self->output_size > keep + latest) {
            memmove(self->output + keep, self->output + self->output_size - latest, latest);
            self->output_size = keep + latest;
        }
        room = OUTPUT_MAX - self->output_size;
    }
    size_t size = bytes.size < room ? bytes.size : room;
    memcpy(self->output + self->output_size, bytes.at + bytes.size - size, size);
    self->output_size += size;
}

static bool is_word_end(char c)
{
    return c == '\0' || c == ' ' || c == '\t';
}

/* Behind what starts a program of node_modules. */
static const char *program_of(const char *command)
{
    static const char *const before[] = {"npx ", "pnpm exec ", "yarn ", "node_modules/.bin/",
                                         "./node_modules/.bin/"};
    for (size_t i = 0; i < sizeof before / sizeof before[0]; i++) {
        size_t size = strlen(before[i]);
        command += strncmp(command, before[i], size) == 0 ? size : 0;
    }
    return command;
}

bool mend_is_tsc(const char *command)
{
    command = program_of(command);
    return strncmp(command, "tsc", 3) == 0 && is_word_end(command[3]) &&
           !strpbrk(command, ";&|<>`$\n");
}

bool mend_is_whole_vitest(const char *command)
{
    command = program_of(command);
    size_t size = strncmp(command, "vitest run", 10) == 0 ? 10 : 6;
    return strncmp(command, "vitest", 6) == 0 &&
           command[size + strspn(command + size, " ")] == '\0';
}

bool mend_is_whole_tsc(const char *command)
{
    const char *project = strstr(command, " -p ");
    project = project ? project : strstr(command, " --project ");
    project = project ? strchr(project + 1, ' ') + 1 : NULL;
    return mend_is_tsc(command) && !strstr(command, " -b") &&
           (!project || strcmp(project + strspn(project, " "), ".") == 0 ||
            strncmp(project + strspn(project, " "), ". ", 2) == 0);
}

/* "Tests  2 failed | 3 passed": the number before `word` in the line that begins with `title`. */
static uint64_t number_in(const char *output, const char *title, const char *word)
{
    for (const char *at = output; (at = strstr(at, title)); at += strlen(title)) {
        const char *start = at;
        while (start > output && (start[-1] == ' ' || start[-1] == '\t')) {
            start--;
        }
        if (start > output && start[-1] != '\n') {
            continue;
        }
        const char *digits = at + strlen(title) + strspn(at + strlen(title), " ");
        char *end = NULL;
        unsigned long long count = strtoull(digits, &end, 10);
        if (end > digits && strncmp(end, word, strlen(word)) == 0) {
            return count;
        }
    }
    return 0;
}

uint64_t mend_count(const char *output)
{
    uint64_t types = 0;
    for (const char *at = output; (at = strstr(at, ": error TS")); at++) {
        types++;
    }
    uint64_t tests = number_in(output, "Tests ", " failed");
    uint64_t files = number_in(output, "Test Files ", " failed");
    uint64_t more = types > 0 ? types : tests > 0 ? tests : files;
    return more > 0 ? more : 1;
}

/* ---- asking ---- */

static uint64_t left_ms(struct rt_context *ctx, const struct mender *self)
{
    uint64_t now = rt_now_ms(ctx);
    return now < self->until_ms ? self->until_ms - now : 0;
}

/* The beginning and the end of the output: as much as fits, always UTF-8. */
static void cut_message(const struct mender *self, char message[MEND_OUTPUT_MAX + 1])
{
    size_t size = self->output_size;
    size_t half = MEND_OUTPUT_MAX / 2 - 8;
    if (size <= MEND_OUTPUT_MAX) {
        memcpy(message, self->output, size);
        message[size] = '\0';
    } else {
        (void)snprintf(message, MEND_OUTPUT_MAX + 1, "%.*s\n...\n%.*s", (int)half, self->output,
                       (int)half, self->output + size - half);
    }
    for (char *at = message; *at; at++) {
        /* What a cut left of a character would be no UTF-8; the names that count are plain. */
        if ((unsigned char)*at >= 0x80) {
            *at = '?';
        }
    }
}

static enum err ask_fix(struct rt_context *ctx, struct mender *self)
{
    const struct mend *mend = self->mend;
    char message[MEND_OUTPUT_MAX + 1];
    cut_message(self, message);
    self->asked_ms = self->asked_ms ? self->asked_ms : rt_now_ms(ctx);
    return rt_ask(ctx, self->fixer,
                  MSG(fix, .error = 1, .dir = msg_str(mend->dir), .root = msg_str(mend->root),
                      .snapshot = msg_str(mend->snapshot), .env = msg_str(mend->env),
                      .file = msg_str(mend_is_tsc(mend->command) ? "tsconfig.json" : "."),
                      .message = msg_str(message), .runner = msg_str("command"),
                      .command = msg_str(mend->command),
                      .budget_ms = left_ms(ctx, self) / SOURCES_SHARE,
                      .allow = msg_str(mend->allow)),
                  ASK_MS, &self->ask);
}

static enum err ask_proof(struct rt_context *ctx, struct mender *self, bool apply, bool revert)
{
    const struct mend *mend = self->mend;
    bool wider = apply && !revert && !mend_is_whole_vitest(mend->command);
    return rt_ask(ctx, self->validator,
                  MSG(validate, .error = 1, .index = self->proving, .dir = msg_str(mend->dir),
                      .root = msg_str(mend->root), .env = msg_str(mend->env),
                      .runner = msg_str("command"), .command = msg_str(mend->command),
                      .file = msg_str("."), .diff = msg_str(mend->candidates[self->proving].diff),
                      .apply = apply, .allow = msg_str(mend->allow), .revert = revert,
                      .affected = msg_str(wider ? mend->candidates[self->proving].affected : "")),
                  ASK_MS, &self->ask);
}

static enum err prove_next(struct rt_context *ctx, struct mender *self)
{
    struct mend *mend = self->mend;
    if (self->proving == mend->count) {
        bool refused = mend->count > 0 && self->refused == mend->count;
        over(ctx, self, refused ? MEND_REFUSED : MEND_NOT_FIXED,
             mend->count > 0 ? mend->candidates[mend->count - 1].reason : mend->reason);
        return ERR_OK;
    }
    self->step = STEP_PROOF;
    return ask_proof(ctx, self, mend->apply && !mend->candidates[self->proving].doubt[0], false);
}

/* ---- what came ---- */

static enum err on_ended(struct rt_context *ctx, struct mender *self,
                         const struct msg_exec_exited *exited)
{
    struct mend *mend = self->mend;
    bool passes = exited->code == 0 && exited->signal == 0 && !exited->timed_out;
    self->exec = 0;
    self->output[self->output_size] = '\0';
    if (exited->error.size > 0) {
        over(ctx, self, MEND_COULD_NOT, exited->error.at);
        return ERR_OK;
    }
    if (self->step == STEP_AFTER && passes) {
        over(ctx, self, MEND_FIXED, "");
        return ERR_OK;
    }
    if (self->step == STEP_AFTER) {
        self->step = STEP_REVERT;
        return ask_proof(ctx, self, true, true);
    }
    if (passes) {
        over(ctx, self, MEND_NOTHING_TO_FIX, "the command passes");
        return ERR_OK;
    }
    mend->errors_before = mend_count(self->output);
    mend->before_ms = rt_now_ms(ctx) - self->started_ms;
    self->step = STEP_FIX;
    if (self->looked && mend->count > 0) {
        return prove_next(ctx, self);
    }
    return self->early && !self->looked ? ERR_OK : ask_fix(ctx, self);
}

static enum err on_candidate(struct mender *self, const struct msg_candidate *candidate)
{
    struct mend *mend = self->mend;
    if ((self->step != STEP_FIX && self->step != STEP_BEFORE) ||
        mend->count == MEND_CANDIDATES_MAX) {
        return ERR_OK;
    }
    struct mend_candidate *to = &mend->candidates[mend->count];
    to->source = strdup(candidate->source.at);
    to->diff = strdup(candidate->diff.at);
    to->affected = strdup(candidate->affected.at);
    to->votes = candidate->votes > 0 ? candidate->votes : 1;
    (void)snprintf(to->doubt, sizeof to->doubt, "%s", candidate->doubt.at);
    mend->count++;
    return to->source && to->diff && to->affected ? ERR_OK : ERR_MEMORY;
}

static enum err on_candidates(struct rt_context *ctx, struct mender *self,
                              const struct msg_candidates *end)
{
    bool first = self->early && !self->looked;
    if ((self->step != STEP_FIX && self->step != STEP_BEFORE) || rt_answered(ctx) != self->ask) {
        return ERR_OK;
    }
    (void)snprintf(self->mend->reason, sizeof self->mend->reason, "%s", end->reason.at);
    self->looked = true;
    self->mend->look_ms = rt_now_ms(ctx) - self->asked_ms;
    if (self->step == STEP_BEFORE) {
        return ERR_OK;
    }
    return first && self->mend->count == 0 ? ask_fix(ctx, self) : prove_next(ctx, self);
}

/* The first proof has succeeded. */
static enum err on_proved(struct rt_context *ctx, struct mender *self, enum term proof)
{
    struct mend *mend = self->mend;
    mend->winner = self->proving;
    mend->applied = proof == TERM_proof_APPLIED;
    if (self->step == STEP_AGAIN || (!mend->applied && mend_is_tsc(mend->command))) {
        const char *doubt = mend->candidates[mend->winner].doubt;
        over(ctx, self, mend->apply && doubt[0] ? MEND_NOT_FIXED : MEND_FIXED, doubt);
        return ERR_OK;
    }
    if (mend->applied) {
        return run(ctx, self, STEP_AFTER);
    }
    self->step = STEP_AGAIN;
    return ask_proof(ctx, self, false, false);
}

static enum err on_validated(struct rt_context *ctx, struct mender *self,
                             const struct msg_validated *validated)
{
    struct mend *mend = self->mend;
    bool passed = validated->proof == TERM_proof_PASSED || validated->proof == TERM_proof_APPLIED;
    if (rt_answered(ctx) != self->ask || self->step == STEP_OVER) {
        return ERR_OK;
    }
    struct mend_candidate *candidate = &mend->candidates[self->proving];
    mend->proof_ms += validated->wall_ms;
    if (self->step == STEP_REVERT) {
        mend->applied = !passed;
        candidate->verdict = TERM_proof_FAILED;
        (void)snprintf(candidate->reason, sizeof candidate->reason, "%s",
                       "the command failed again after the change was made");
        over(ctx, self, MEND_NOT_FIXED,
             passed ? "a change did not hold and was taken back"
                    : "a change did not hold and could not be taken back");
        return ERR_OK;
    }
    candidate->verdict = (enum term)validated->proof;
    (void)snprintf(candidate->reason, sizeof candidate->reason, "%s", validated->reason.at);
    mend->attempts += validated->proof != TERM_proof_REFUSED && self->step == STEP_PROOF;
    self->refused += validated->proof == TERM_proof_REFUSED;
    if (passed) {
        return on_proved(ctx, self, candidate->verdict);
    }
    self->proving++;
    return prove_next(ctx, self);
}

static enum err on_role_up(struct rt_context *ctx, struct mender *self,
                           const struct msg_role_up *up)
{
    struct rt_address address = {up->node, up->actor};
    if (up->role == TERM_role_FIXER) {
        self->fixer = address;
    } else {
        self->validator = address;
    }
    bool ready =
        self->fixer.node && self->validator.node && !self->exec && self->step == STEP_BEFORE;
    enum err err = ready ? run(ctx, self, STEP_BEFORE) : ERR_OK;
    if (ready && err == ERR_OK && mend_is_whole_tsc(self->mend->command)) {
        self->early = true;
        err = ask_fix(ctx, self);
    }
    return err;
}

static enum err mend_start(struct rt_context *ctx, void *state, const void *arg)
{
    struct mender *self = state;
    memcpy(&self->mend, arg, sizeof self->mend);
    uint64_t patience_ms = self->mend->timeout_ms;
    patience_ms -= patience_ms > 2 * RESERVE_MS ? RESERVE_MS : 0;
    self->started_ms = rt_now_ms(ctx);
    self->until_ms = self->started_ms + patience_ms;
    rt_watch_role(ctx, TERM_role_FIXER);
    rt_watch_role(ctx, TERM_role_VALIDATOR);
    return rt_tick(ctx, patience_ms, 0) ? ERR_OK : ERR_MEMORY;
}

static enum err mend_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    struct mender *self = state;
    if (self->step == STEP_OVER) {
        return ERR_OK;
    }
    switch (msg->type) {
    case MSG_ROLE_UP:
        return on_role_up(ctx, self, msg_as_role_up(msg));
    case MSG_EXEC_STARTED:
        return ERR_OK;
    case MSG_EXEC_OUTPUT:
        on_output(self, msg_as_exec_output(msg)->bytes);
        return ERR_OK;
    case MSG_EXEC_EXITED:
        return on_ended(ctx, self, msg_as_exec_exited(msg));
    case MSG_CANDIDATE:
        return on_candidate(self, msg_as_candidate(msg));
    case MSG_CANDIDATES:
        return on_candidates(ctx, self, msg_as_candidates(msg));
    case MSG_VALIDATED:
        return on_validated(ctx, self, msg_as_validated(msg));
    case MSG_FAILED:
        over(ctx, self, MEND_COULD_NOT, err_text((enum err)msg_as_failed(msg)->reason));
        return ERR_OK;
    case MSG_TICK:
        over(ctx, self, MEND_TIMED_OUT, "the time was over before a change was proved");
        return ERR_OK;
    default:
        return ERR_UNKNOWN;
    }
}

const struct rt_behaviour mend_behaviour = {.name = "mend",
                                            .state_size = sizeof(struct mender),
                                            .start = mend_start,
                                            .receive = mend_receive,
                                            .restart = RT_RESTART_NEVER};

/* ---- for whoever asked ---- */

const char *mend_word(enum mend_status status)
{
    static const char *const words[] = {[MEND_FIXED] = "fixed",
                                        [MEND_NOT_FIXED] = "not_fixed",
                                        [MEND_NOTHING_TO_FIX] = "nothing_to_fix",
                                        [MEND_REFUSED] = "refused",
                                        [MEND_COULD_NOT] = "not_fixed",
                                        [MEND_TIMED_OUT] = "not_fixed"};
    return words[status];
}

void mend_free(struct mend *mend)
{
    for (size_t i = 0; i < mend->count; i++) {
        free(mend->candidates[i].source);
        free(mend->candidates[i].diff);
        free(mend->candidates[i].affected);
    }
    mend->count = 0;
}
