/* validator.c - proves candidates, and makes the change of those that are to be made.
 *
 * Takes  VALIDATE       from a coordinator
 *        EXEC_…         from the commands that it starts
 * Sends  VALIDATED      as the answer, exactly once
 *
 *     VALIDATE --policy--> waiting --at_once--> COPY, AFFECTED --exit 0--> IN_PLACE (if it is to be
 *                 |                                  |                 |               applied)
 *              REFUSED                      PASSED, FAILED, …     APPLIED, REFUSED
 *
 * Nothing is remembered: who hears nothing asks again, and a change that is there already is
 * recognised (script).
 */
#include "actors/validator/validator.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/common/again.h"
#include "actors/common/ending.h"
#include "actors/validator/policy.h"

enum {
    WAITING_MAX = 256,
    SAID_BYTES = 64,
    LEVEL_FULL = 2,   /* of EXEC_STARTED: the workspace is a copy */
    TOLD_BYTES = 800, /* of the latest output, in a reason */
    ARGS_MAX = 6 + AGAIN_ARGS_MAX
};

enum stage { STAGE_WAITING, STAGE_COPY, STAGE_AFFECTED, STAGE_IN_PLACE };

struct proof {
    struct proof *next;
    enum stage stage;
    uint64_t exec;
    struct rt_caller caller;
    uint64_t started_ms;
    bool in_project; /* killed by us: there is no workspace of its own */
    char said[SAID_BYTES];
    struct tail out;
    struct tail err;
    const struct msg_validate *wanted; /* a copy, in `bytes` */
    max_align_t bytes[];
};

struct validator {
    struct proof *proofs; /* oldest first: those under way, and those that wait */
    size_t count;
    size_t running;
};

/* $1 is the diff, $2 says whether it is made or taken back (revert), the command to run afterwards
 * follows; none: only that is done.  It waits
 * for a word, so that nothing happens before we know where it would happen, and tells on
 * descriptor 3, which the command does not get, how far it came.  Of the project's repository and
 * of anybody's configuration git is to know nothing.  A change that is there already, at its place,
 * is as good as made. */
static const char script[] =
    "read -r word <&3 || exit 1\n"
    "say() { echo \"$1\" >&3; exit 1; }\n"
    "command -v git >/dev/null || say git\n"
    "diff=$1 way=$2; shift 2\n"
    "change() {\n"
    "  printf '%s' \"$diff\" | LC_ALL=C GIT_DIR=/dev/null GIT_CONFIG_NOSYSTEM=1 \\\n"
    "    GIT_CONFIG_GLOBAL=/dev/null git apply --whitespace=nowarn \"$@\" -\n"
    "}\n"
    "case $way in revert) on=--reverse off=;; *) on= off=--reverse;; esac\n"
    "if seen=$(change $off --check --verbose 2>&1) &&\n"
    "  case $seen in *' (offset '*) false;; esac; then :; else change $on || say conflict; fi\n"
    "case ${1-} in node_modules/.bin/*)\n"
    "  name=$1; shift; at=$PWD\n"
    "  until [ -x \"$at/$name\" ]; do [ -n \"$at\" ] || say program; at=${at%/*}; done\n"
    "  set -- \"$at/$name\" \"$@\";;\n"
    "esac\n"
    "echo changed >&3\n"
    "exec 3>&-\n"
    "unset FORCE_COLOR\n"
    "[ $# = 0 ] || NO_COLOR=1 exec \"$@\"\n";

/* $1 is the diff, which is made, $2 the test files.  Exit code 0: none of their tests fails, or
 * only such as fail without the diff, too; otherwise it writes which.  What vitest prints besides
 * is not believed: who ends without a word about a test has failed. */
static const char compare[] =
    "diff=$1 files=$2 at=$PWD\n"
    "until [ -x \"$at/node_modules/.bin/vitest\" ]; do [ -n \"$at\" ] || exit 0; at=${at%/*}; "
    "done\n"
    "set -f; IFS='\n'\n"
    "red() {\n"
    "  \"$at/node_modules/.bin/vitest\" run --reporter=tap-flat --coverage.enabled=false \\\n"
    "    --passWithNoTests=false $files 2>/dev/null >\"$out\" && return 0\n"
    "  sed -n 's/^not ok [0-9]* - //p' \"$out\" | sed 's/ # time=.*//'\n"
    "  return 1\n"
    "}\n"
    "out=$(mktemp) || exit 1\n"
    "with=$(red) && exit 0\n"
    "printf '%s' \"$diff\" | GIT_DIR=/dev/null GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null "
    "\\\n"
    "  git apply --whitespace=nowarn --reverse - || exit 1\n"
    "without=$(red)\n"
    "[ -n \"$with\" ] || { echo 'none of them ended'; exit 1; }\n"
    "printf '%s\\n' \"$with\" | grep -Fxv -e \"$without\" && exit 1\n"
    "exit 0\n";

/* $1 is the diff, which is made, $2 are tests, a line each, $3 is their file.  Exit code 0: all of
 * them pass, and without the diff none, whatever becomes of the others.  Names are not selected by
 * a pattern, which could select none. */
static const char named[] =
    "diff=$1 tests=$2 file=$3 at=$PWD\n"
    "until [ -x \"$at/node_modules/.bin/vitest\" ]; do [ -n \"$at\" ] || exit 1; at=${at%/*}; "
    "done\n"
    "green() {\n"
    "  \"$at/node_modules/.bin/vitest\" run --reporter=tap-flat --coverage.enabled=false \\\n"
    "    --passWithNoTests=false \"$file\" 2>/dev/null |\n"
    "    sed -n 's/^ok [0-9]* - //p' | sed 's/ # time=.*//'\n"
    "}\n"
    "printf '%s\\n' \"$tests\" | grep -Fxv -e \"$(green)\" && { echo 'did not pass'; exit 1; }\n"
    "printf '%s' \"$diff\" | GIT_DIR=/dev/null GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null "
    "\\\n"
    "  git apply --whitespace=nowarn --reverse - || exit 1\n"
    "printf '%s\\n' \"$tests\" | grep -Fx -e \"$(green)\" && { echo 'pass without it'; exit 1; }\n"
    "exit 0\n";

/* ---- answers ---- */

static void answer(struct rt_context *ctx, struct rt_caller caller,
                   const struct msg_validate *wanted, const struct msg_validated *result)
{
    rt_answer(ctx, caller,
              MSG(validated, .run = wanted->run, .error = wanted->error, .index = wanted->index,
                  .proof = result->proof, .wall_ms = result->wall_ms,
                  .reason = msg_str_cut(result->reason.at, result->reason.size,
                                        MSG_MAX_validated_reason)));
}

static void answer_at_once(struct rt_context *ctx, const struct msg_validate *wanted,
                           uint64_t proof, const char *reason)
{
    const struct msg_validated result = {.proof = proof, .reason = msg_str(reason)};
    answer(ctx, rt_caller(ctx), wanted, &result);
}

static void forget(struct validator *self, struct proof *proof)
{
    struct proof **at = &self->proofs;
    while (*at != proof) {
        at = &(*at)->next;
    }
    *at = proof->next;
    self->count--;
    self->running -= proof->stage != STAGE_WAITING;
    free(proof);
}

/* ---- commands ---- */

static enum err run(struct rt_context *ctx, struct proof *proof, const struct again *again)
{
    const struct msg_validate *wanted = proof->wanted;
    const char *argv[ARGS_MAX] = {
        "sh", "-c", script, "sh", wanted->diff.at, wanted->revert ? "revert" : "make"};
    const char **env = NULL;
    char *text = NULL;
    for (size_t i = 0; i < again->count; i++) {
        argv[6 + i] = again->argv[i];
    }
    enum err err = env_split(wanted->env.at, &env, &text);
    if (err != ERR_OK) {
        return err;
    }
    const struct rt_command command = {.argv = argv,
                                       .env = env,
                                       .cwd = wanted->dir.at,
                                       .project =
                                           wanted->root.size > 0 ? wanted->root.at : wanted->dir.at,
                                       .in_place = proof->stage == STAGE_IN_PLACE,
                                       .deadline_ms = rt_config(ctx)->validator.timeout_ms,
                                       .control = true,
                                       .caches = again->count > 0 && again->caches};
    proof->exec = rt_exec(ctx, &command);
    proof->said[0] = '\0';
    proof->out.size = 0;
    proof->err.size = 0;
    free(env);
    free(text);
    return proof->exec ? ERR_OK : ERR_MEMORY;
}

/* What runs what failed once more; again_free. */
static enum err job_command(const struct msg_validate *wanted, struct again *ret_again)
{
    enum err err = again_command(wanted->runner.at, wanted->command.at, wanted->file.at, ret_again);
    if (err != ERR_OK || wanted->tests.size == 0) {
        return err;
    }
    again_free(ret_again);
    if (!msg_str_is(wanted->runner, "vitest") && !msg_str_is(wanted->runner, "auto")) {
        return ERR_NOT_FOUND;
    }
    *ret_again = (struct again){
        .argv = {"sh", "-c", named, "sh", wanted->diff.at, wanted->tests.at, wanted->file.at},
        .count = 7};
    return ERR_OK;
}

static enum err begin(struct rt_context *ctx, struct validator *self, struct proof *proof)
{
    const struct msg_validate *wanted = proof->wanted;
    struct again again;
    enum err err = job_command(wanted, &again);
    if (err != ERR_OK) {
        return err; /* on_validate has tried it: there is no memory */
    }
    proof->stage = wanted->revert ? STAGE_IN_PLACE : STAGE_COPY;
    again.count = wanted->revert ? 0 : again.count;
    proof->started_ms = rt_now_ms(ctx);
    self->running++;
    err = run(ctx, proof, &again);
    again_free(&again);
    return err;
}

static enum err begin_waiting(struct rt_context *ctx, struct validator *self)
{
    enum err err = ERR_OK;
    for (struct proof *proof = self->proofs; proof && err == ERR_OK; proof = proof->next) {
        if (self->running >= rt_config(ctx)->validator.at_once) {
            break;
        }
        if (proof->stage == STAGE_WAITING) {
            err = begin(ctx, self, proof);
        }
    }
    rt_work(ctx, self->running, self->count - self->running);
    return err;
}

static enum err compare_affected(struct rt_context *ctx, struct proof *proof)
{
    const struct msg_validate *wanted = proof->wanted;
    const struct again again = {
        .argv = {"sh", "-c", compare, "sh", wanted->diff.at, wanted->affected.at}, .count = 6};
    proof->stage = STAGE_AFFECTED;
    return run(ctx, proof, &again);
}

static enum err conclude(struct rt_context *ctx, struct validator *self, struct proof *proof,
                         uint64_t verdict, const char *reason)
{
    const struct msg_validated result = {
        .proof = verdict, .reason = msg_str(reason), .wall_ms = rt_now_ms(ctx) - proof->started_ms};
    answer(ctx, proof->caller, proof->wanted, &result);
    forget(self, proof);
    return begin_waiting(ctx, self);
}

/* ---- how a command ended ---- */

static bool has_said(const struct proof *proof, const char *word)
{
    return strstr(proof->said, word) != NULL;
}

/* Why the job did not run; NULL when it did. */
static const char *obstacle(const struct proof *proof, const struct msg_exec_exited *exited)
{
    if (proof->in_project) {
        return "this machine has no sandbox with a copy of the project, see troupe doctor";
    }
    if (has_said(proof, "git\n")) {
        return "git was not found: changes are made with git apply";
    }
    if (has_said(proof, "program\n")) {
        return "the runner's program was not found in node_modules/.bin (is it installed?)";
    }
    bool ended = has_said(proof, "changed\n") || exited->timed_out;
    return exited->error.size > 0 || !ended || exited->signal == SIGKILL ? "the proof" : NULL;
}

/* Only what came last is told. */
static void shorten(struct tail *tail)
{
    if (tail->size > TOLD_BYTES) {
        memmove(tail->bytes, tail->bytes + tail->size - TOLD_BYTES, TOLD_BYTES);
        tail->size = TOLD_BYTES;
    }
}

static void explain(struct proof *proof, const char *begins, const struct msg_exec_exited *exited,
                    char *text, size_t size)
{
    (void)snprintf(text, size, "%s%s", begins, exited ? " " : "");
    size_t used = strlen(text);
    shorten(&proof->out);
    shorten(&proof->err);
    ending_text(exited, &proof->out, &proof->err, text + used, size - used);
}

static size_t count_lines(struct msg_str text)
{
    size_t count = text.size > 0;
    for (uint32_t i = 0; i < text.size; i++) {
        count += text.at[i] == '\n';
    }
    return count;
}

/* What has been looked at besides the job, and what of it was left out. */
static void outcome_text(const struct msg_validate *wanted, char *text, size_t size)
{
    size_t tests = count_lines(wanted->tests);
    size_t files = count_lines(wanted->affected);
    text[0] = '\0';
    if (tests > 0) {
        (void)snprintf(text, size, "mends %zu of the failing tests, others have another cause%s",
                       tests, files > 0 ? "; " : "");
    }
    if (files > 0) {
        size_t used = strlen(text);
        (void)snprintf(text + used, size - used,
                       "nothing else fails because of it in %zu affected test %s", files,
                       files == 1 ? "file" : "files");
    }
}

static enum err on_ended(struct rt_context *ctx, struct validator *self, struct proof *proof,
                         const struct msg_exec_exited *exited)
{
    char text[MSG_MAX_validated_reason + 1];
    bool timed_out = exited->timed_out;
    if (has_said(proof, "conflict\n")) {
        explain(proof, "applies: it does not apply to the project", NULL, text, sizeof text);
        return conclude(ctx, self, proof, TERM_proof_REFUSED, text);
    }
    bool in_copy = proof->stage != STAGE_IN_PLACE;
    const char *why = timed_out && in_copy ? NULL : obstacle(proof, exited);
    if (why) {
        explain(proof, why, exited, text, sizeof text);
        return conclude(ctx, self, proof, TERM_proof_BROKEN, text);
    }
    if (timed_out || exited->code != 0 || exited->signal != 0) {
        explain(proof,
                proof->stage == STAGE_AFFECTED ? "other tests fail with it: vitest" : "the job",
                exited, text, sizeof text);
        return conclude(ctx, self, proof, in_copy ? TERM_proof_FAILED : TERM_proof_BROKEN, text);
    }
    if (proof->stage == STAGE_COPY && proof->wanted->affected.size > 0) {
        return compare_affected(ctx, proof);
    }
    if (in_copy && proof->wanted->apply) {
        const struct again nothing = {.count = 0};
        proof->stage = STAGE_IN_PLACE;
        return run(ctx, proof, &nothing);
    }
    outcome_text(proof->wanted, text, sizeof text);
    return conclude(ctx, self, proof, in_copy ? TERM_proof_PASSED : TERM_proof_APPLIED, text);
}

/* ---- messages ---- */

/* Whether the rules let it through; otherwise it has been answered. */
static enum err judge(struct rt_context *ctx, const struct msg_validate *wanted, bool *ret_allowed)
{
    const struct cfg_validator *cfg = &rt_config(ctx)->validator;
    const struct policy policy = {.heal = wanted->heal,
                                  .allow = wanted->allow.at,
                                  .files_max = cfg->files_max,
                                  .lines_max = cfg->lines_max};
    char reason[POLICY_REASON_SIZE];
    struct patch patch;
    enum err err = patch_read(wanted->diff, &patch, reason);
    *ret_allowed = err == ERR_OK && policy_allows(&policy, &patch, reason);
    if (err == ERR_OK) {
        patch_free(&patch);
    }
    if (err == ERR_MEMORY) {
        return err;
    }
    if (!*ret_allowed) {
        answer_at_once(ctx, wanted, TERM_proof_REFUSED, reason);
    }
    return ERR_OK;
}

static enum err enqueue(struct rt_context *ctx, struct validator *self,
                        const struct msg_validate *wanted)
{
    struct proof *proof = calloc(1, sizeof *proof + msg_size(&wanted->head));
    if (!proof) {
        return ERR_MEMORY;
    }
    proof->wanted = msg_as_validate(msg_copy(proof->bytes, &wanted->head));
    proof->caller = rt_caller(ctx);
    struct proof **at = &self->proofs;
    while (*at) {
        at = &(*at)->next;
    }
    *at = proof;
    self->count++;
    return begin_waiting(ctx, self);
}

static enum err on_validate(struct rt_context *ctx, struct validator *self,
                            const struct msg_validate *wanted)
{
    bool allowed = false;
    enum err err = judge(ctx, wanted, &allowed);
    if (err != ERR_OK || !allowed) {
        return err;
    }
    struct again again;
    err = job_command(wanted, &again);
    if (err == ERR_NOT_FOUND || err == ERR_MALFORMED) {
        answer_at_once(ctx, wanted, TERM_proof_BROKEN,
                       "there is no way to run one file with this runner again");
        return ERR_OK;
    }
    if (err != ERR_OK) {
        return err;
    }
    again_free(&again);
    if (self->count == WAITING_MAX) {
        answer_at_once(ctx, wanted, TERM_proof_BROKEN, "too many candidates wait for their proof");
        return ERR_OK;
    }
    return enqueue(ctx, self, wanted);
}

static struct proof *find(const struct validator *self, uint64_t exec)
{
    struct proof *proof = self->proofs;
    while (proof && (proof->stage == STAGE_WAITING || proof->exec != exec)) {
        proof = proof->next;
    }
    return proof;
}

static enum err on_started(struct rt_context *ctx, struct proof *proof,
                           const struct msg_exec_started *started)
{
    static const char go[] = "go\n";
    if (proof->stage != STAGE_IN_PLACE && started->level < LEVEL_FULL) {
        proof->in_project = true;
        rt_exec_kill(ctx, proof->exec);
        return ERR_OK;
    }
    enum err err = rt_exec_write(ctx, proof->exec, go, sizeof go - 1);
    if (err != ERR_OK) {
        rt_exec_kill(ctx, proof->exec); /* its end decides */
    }
    return err == ERR_MEMORY ? err : ERR_OK;
}

static void on_output(struct proof *proof, const struct msg_exec_output *output)
{
    if (output->stream != 3) {
        tail_add(output->stream == 1 ? &proof->out : &proof->err, output->bytes);
        return;
    }
    size_t used = strlen(proof->said);
    (void)snprintf(proof->said + used, sizeof proof->said - used, "%.*s", (int)output->bytes.size,
                   output->bytes.at);
}

static enum err validator_start(struct rt_context *ctx, void *state, const void *arg)
{
    (void)state;
    (void)arg;
    rt_take_role(ctx, TERM_role_VALIDATOR);
    return ERR_OK;
}

static enum err validator_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    struct validator *self = state;
    struct proof *proof;
    switch (msg->type) {
    case MSG_VALIDATE:
        return on_validate(ctx, self, msg_as_validate(msg));
    case MSG_EXEC_STARTED:
        proof = find(self, msg_as_exec_started(msg)->id);
        return proof ? on_started(ctx, proof, msg_as_exec_started(msg)) : ERR_OK;
    case MSG_EXEC_OUTPUT:
        proof = find(self, msg_as_exec_output(msg)->id);
        if (proof) {
            on_output(proof, msg_as_exec_output(msg));
        }
        return ERR_OK;
    case MSG_EXEC_EXITED:
        proof = find(self, msg_as_exec_exited(msg)->id);
        return proof ? on_ended(ctx, self, proof, msg_as_exec_exited(msg)) : ERR_OK;
    default:
        return ERR_UNKNOWN;
    }
}

static void validator_stop(void *state)
{
    struct validator *self = state;
    while (self->proofs) {
        struct proof *proof = self->proofs;
        self->proofs = proof->next;
        free(proof);
    }
}

const struct rt_behaviour validator_behaviour = {.name = "validator",
                                                 .state_size = sizeof(struct validator),
                                                 .start = validator_start,
                                                 .receive = validator_receive,
                                                 .stop = validator_stop};
