/* command_fix.c - troupe fix: a command that fails, mended; the policy gate alone. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/fixer/fixer.h"
#include "actors/models/models.h"
#include "actors/validator/validator.h"
#include "tools/command_fix_kept.h"
#include "tools/environment.h"
#include "tools/fix_check.h"
#include "tools/foreground.h"
#include "tools/json_fix.h"
#include "tools/mend.h"
#include "tools/models.h"
#include "tools/place.h"
#include "tools/project.h"
#include "tools/session.h"

enum { FIX_TIMEOUT_MS = 100000, ALLOW_SIZE = MSG_MAX_fix_allow + 1 };

/* One call; large, so on the heap. */
struct fix {
    struct invocation *invocation;
    struct mend mend;
    char dir[PATH_MAX];
    char root[PATH_MAX];
    char snapshot[SNAPSHOT_SIZE + 1];
    char env[MSG_MAX_submit_env + 1];
    char sources[PATH_MAX];
    char allow[ALLOW_SIZE];
    struct plan *plan; /* NULL: no models are wanted */
};

/* ---- what is wanted ---- */

static int read_allow(const struct invocation *invocation, char allow[ALLOW_SIZE])
{
    size_t used = 0;
    allow[0] = '\0';
    for (size_t i = 0; i < invocation->given_count; i++) {
        const struct given *given = &invocation->given[i];
        if (strcmp(given->option->arg.name, "allow") != 0) {
            continue;
        }
        int size = snprintf(allow + used, ALLOW_SIZE - used, "%s\n", given->value);
        if (size < 0 || (size_t)size >= ALLOW_SIZE - used) {
            return complain(EXIT_USAGE, "--allow: too many patterns", NULL);
        }
        used += (size_t)size;
    }
    return EXIT_DONE;
}

/* As npm does for its scripts: the project's own programs come first. */
static int make_env(struct fix *self)
{
    char lines[MSG_MAX_submit_env + 1];
    char left_out[128];
    const char *path = getenv("PATH"); /* NOLINT(concurrency-mt-unsafe): there is one thread yet */
    environment_lines(self->invocation->config.sandbox.env, lines, left_out, sizeof left_out);
    int size = snprintf(self->env, sizeof self->env,
                        "PATH=%s/node_modules/.bin:%s/node_modules/.bin:%s\nCI=1\nNO_COLOR=1\n",
                        self->dir, self->root, path ? path : "/usr/local/bin:/usr/bin:/bin");
    for (const char *at = lines; size > 0 && *at; at += strcspn(at, "\n") + 1) {
        static const char *const ours[] = {"PATH=", "CI=", "NO_COLOR=", "FORCE_COLOR="};
        bool known = false;
        for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++) {
            known = known || strncmp(at, ours[i], strlen(ours[i])) == 0;
        }
        size_t length = strcspn(at, "\n") + 1;
        if (!known && (size_t)size + length < sizeof self->env) {
            memcpy(self->env + size, at, length);
            size += (int)length;
            self->env[size] = '\0';
        }
    }
    return size > 0 && (size_t)size < sizeof self->env
               ? EXIT_DONE
               : complain(EXIT_COULD_NOT, "the PATH is too long", NULL);
}

static int look_at_project(struct fix *self, const char *dir)
{
    if (!realpath(dir, self->dir)) {
        return complainf(EXIT_USAGE, NULL, "%.300s: %s", dir, strerrordesc_np(errno));
    }
    if (project_root(self->dir, getenv("HOME"), self->root) != ERR_OK ||
        project_snapshot(self->root, self->snapshot) != ERR_OK) {
        return complainf(EXIT_COULD_NOT, NULL, "%.300s cannot be read", self->dir);
    }
    if (place_sources(self->sources) != ERR_OK) {
        return complain(EXIT_COULD_NOT, "the sources of candidates were not found",
                        "They lie beside this program: install it whole.");
    }
    return make_env(self);
}

static int read_plan(struct fix *self)
{
    struct config_report report;
    enum err err = models_load(self->invocation->config_dir, &self->plan, &report);
    if (err == ERR_OK) {
        return EXIT_DONE;
    }
    config_report_print(stderr, &report);
    return err == ERR_MEMORY
               ? complain(EXIT_COULD_NOT, "out of memory", NULL)
               : complain(EXIT_CONFIG, "the models are not valid", "Mend the lines named above.");
}

static int read_options(struct fix *self)
{
    struct invocation *invocation = self->invocation;
    const char *command = invocation_value(invocation, "command");
    const char *models = invocation_value(invocation, "models");
    if (!command || !command[0] || strlen(command) > MSG_MAX_fix_command) {
        return complain(EXIT_USAGE, "say what fails: --command CMD",
                        "For example troupe fix --command 'tsc --noEmit -p .'");
    }
    struct mend *mend = &self->mend;
    int code = invocation_timeout(invocation, FIX_TIMEOUT_MS, &mend->timeout_ms);
    if (code == EXIT_DONE) {
        code = read_allow(invocation, self->allow);
    }
    if (code == EXIT_DONE) {
        code = look_at_project(self, invocation->words_count > 0 ? invocation->words[0] : ".");
    }
    if (code == EXIT_DONE && (!models || strcmp(models, "off") != 0)) {
        code = read_plan(self);
    }
    mend->dir = self->dir;
    mend->root = self->root;
    mend->env = self->env;
    mend->snapshot = self->snapshot;
    mend->command = command;
    mend->allow = self->allow;
    mend->apply = invocation_flag(invocation, "apply");
    struct config *config = &invocation->config;
    config->fixer.source_timeout_ms = mend->timeout_ms;
    config->validator.timeout_ms = mend->timeout_ms;
    config->fixer.candidates_max = MEND_CANDIDATES_MAX;
    return code;
}

/* ---- running it ---- */

static enum err spawn_all(void *fix, struct rt_system *system)
{
    const struct fix *self = fix;
    const struct mend *mend = &self->mend;
    struct rt_address address;
    enum err err =
        system_spawn(system, &fixer_behaviour, self->sources, strlen(self->sources) + 1, &address);
    if (err == ERR_OK) {
        err = system_spawn(system, &validator_behaviour, NULL, 0, &address);
    }
    if (err == ERR_OK && self->plan) {
        const struct models_arg models = {.plan = self->plan};
        err = system_spawn(system, &models_behaviour, &models, sizeof models, &address);
    }
    if (err == ERR_OK) {
        err = system_spawn(system, &mend_behaviour, &mend, sizeof mend, &address);
    }
    return err;
}

static int run(struct fix *self)
{
    const struct foreground foreground = {self->invocation, "fix", spawn_all, self};
    return foreground_play(&foreground, &self->mend.done);
}

/* ---- what came of it ---- */

static int exit_of(const struct mend *mend)
{
    switch (mend->status) {
    case MEND_FIXED:
    case MEND_NOTHING_TO_FIX:
        return EXIT_DONE;
    case MEND_REFUSED:
        return complain(EXIT_REFUSED, mend->reason, NULL);
    case MEND_COULD_NOT:
        return complain(EXIT_COULD_NOT, mend->reason, NULL);
    case MEND_TIMED_OUT:
        return complain(EXIT_TIMED_OUT, mend->reason, NULL);
    case MEND_NOT_FIXED:
        break;
    }
    return complain(EXIT_NEGATIVE, mend->reason[0] ? mend->reason : "not fixed", NULL);
}

static void print_plain(const struct mend *mend, uint64_t wall_ms)
{
    if (mend->status == MEND_FIXED) {
        const struct mend_candidate *winner = &mend->candidates[mend->winner];
        (void)printf("%s", winner->diff);
        (void)printf(
            "%s by %s: %llu failed before, 0 after; %llu of %zu candidates tried, %llu ms\n",
            mend->applied ? "applied" : "proposed", winner->source,
            (unsigned long long)mend->errors_before, (unsigned long long)mend->attempts,
            mend->count, (unsigned long long)wall_ms);
        return;
    }
    for (size_t i = 0; i < mend->count; i++) {
        const struct mend_candidate *candidate = &mend->candidates[i];
        (void)printf("%s %s: %.*s\n", candidate->source,
                     candidate->verdict ? term_word("proof", candidate->verdict) : "untried",
                     (int)strcspn(candidate->reason, "\n"), candidate->reason);
    }
    (void)printf("%s\n", mend_word(mend->status));
}

static int mend_project(struct invocation *invocation)
{
    struct fix *self = calloc(1, sizeof *self);
    if (!self) {
        return complain(EXIT_COULD_NOT, "out of memory", NULL);
    }
    uint64_t begin_ms = session_now_ms();
    self->invocation = invocation;
    int code = read_options(self);
    if (code == EXIT_DONE) {
        code = run(self);
    }
    if (code == EXIT_DONE) {
        uint64_t wall_ms = session_now_ms() - begin_ms;
        if (invocation->verbose) {
            (void)fprintf(stderr, "troupe: reproduced %llu ms, looked %llu ms, proved %llu ms\n",
                          (unsigned long long)self->mend.before_ms,
                          (unsigned long long)self->mend.look_ms,
                          (unsigned long long)self->mend.proof_ms);
        }
        if (!invocation->terminal || invocation->json) {
            code = json_fix(stdout, &self->mend, wall_ms) == ERR_OK
                       ? EXIT_DONE
                       : complain(EXIT_COULD_NOT, "the result cannot be written", NULL);
        } else {
            print_plain(&self->mend, wall_ms);
        }
    }
    if (code == EXIT_DONE) {
        code = exit_of(&self->mend);
    }
    mend_free(&self->mend);
    plan_destroy(&self->plan);
    free(self);
    return code;
}

/* ---- the gate alone ---- */

/* At most one byte more than is taken. */
static int read_patch(const char *path, char *text, size_t *ret_size)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    if (!file) {
        return complainf(EXIT_USAGE, NULL, "%.300s: %s", path, strerrordesc_np(errno));
    }
    *ret_size = fread(text, 1, FIX_CHECK_BYTES_MAX + 1, file);
    bool bad = ferror(file);
    if (file != stdin) {
        (void)fclose(file);
    }
    return bad ? complainf(EXIT_USAGE, NULL, "%.300s cannot be read", path) : EXIT_DONE;
}

static int check_patch(struct invocation *invocation)
{
    const char *repo = invocation_value(invocation, "repo");
    const struct cfg_validator *cfg = &invocation->config.validator;
    char reason[POLICY_REASON_SIZE] = "";
    char allow[ALLOW_SIZE];
    size_t size = 0;
    if (invocation->words_count != 2) {
        return complain(EXIT_USAGE, "say which patch: troupe fix check --repo DIR PATCH", NULL);
    }
    char *text = malloc(FIX_CHECK_BYTES_MAX + 1);
    int code =
        text ? read_allow(invocation, allow) : complain(EXIT_COULD_NOT, "out of memory", NULL);
    if (code == EXIT_DONE) {
        code = read_patch(invocation->words[1], text, &size);
    }
    if (code == EXIT_DONE) {
        const struct policy policy = {
            .allow = allow, .files_max = cfg->files_max, .lines_max = cfg->lines_max};
        enum err err =
            fix_check(&policy, repo ? repo : ".", (struct msg_str){text, (uint32_t)size}, reason);
        code = err == ERR_OK        ? EXIT_DONE
               : err == ERR_REFUSED ? complain(EXIT_REFUSED, reason, NULL)
                                    : complain(EXIT_COULD_NOT, err_text(err), NULL);
    }
    free(text);
    if ((code == EXIT_DONE || code == EXIT_REFUSED) && invocation->json &&
        json_fix_check(stdout, code == EXIT_DONE, reason) != ERR_OK) {
        code = complain(EXIT_COULD_NOT, "the result cannot be written", NULL);
    }
    return code;
}

int command_fix(struct invocation *invocation)
{
    int code = invocation_configure(invocation);
    if (code != EXIT_DONE) {
        return code;
    }
    if (is_kept_command(invocation)) {
        return command_fix_kept(invocation);
    }
    const char *word = invocation->words_count > 0 ? invocation->words[0] : "";
    if (strcmp(word, "check") == 0) {
        return check_patch(invocation);
    }
    return invocation->words_count < 2 ? mend_project(invocation)
                                       : complain(EXIT_USAGE, "say one directory", NULL);
}
