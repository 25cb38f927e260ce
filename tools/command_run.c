/* command_run.c - troupe run and submit: submits a project's tests and tells how they went. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "actors/common/ulid.h"
#include "tools/changed.h"
#include "tools/environment.h"
#include "tools/history.h"
#include "tools/json.h"
#include "tools/live.h"
#include "tools/operate.h"
#include "tools/paint.h"
#include "tools/project.h"
#include "tools/round_judge.h"
#include "tools/run_options.h"
#include "tools/session.h"
#include "tools/targets.h"

enum { SECOND_SIGNAL_EXIT = EXIT_CANCELLED, LABELS_MS = 5000 };

/* A run as the command line wants it, and what came of it. */
struct run {
    struct invocation *invocation;
    struct session session;
    struct report report;
    struct live live;
    struct targets targets;
    char id[ULID_SIZE + 1];
    char dir[PATH_MAX];
    char root[PATH_MAX];
    char snapshot[SNAPSHOT_SIZE + 1];
    char env[MSG_MAX_submit_env + 1];
    char reporting[MSG_MAX_submit_command + 1]; /* "", or the command of the runner "results" */
    char quarantine[MSG_MAX_submit_quarantine + 1];
    uint64_t begin_ms;
    bool resumed;
    bool cancelled;
    bool detached;  /* it is submitted, and that is all */
    bool submitted; /* it is in the ledger */
    bool again;     /* another run of the command has to follow */
    enum term fix;  /* a mode */
};

/* ---- what is asked for ---- */

static int find_dir(struct run *self)
{
    const char *word = self->invocation->words_count > 0 ? self->invocation->words[0] : ".";
    struct stat stat_buffer;
    if (!realpath(word, self->dir)) {
        return complainf(EXIT_USAGE, "Say which directory holds the project.", "%.300s: %s", word,
                         strerrordesc_np(errno));
    }
    if (stat(self->dir, &stat_buffer) != 0 || !S_ISDIR(stat_buffer.st_mode)) {
        return complainf(EXIT_USAGE, "To run one file: --files-from FILE.",
                         "%.300s is not a directory", word);
    }
    return EXIT_DONE;
}

static void collect_env(struct run *self)
{
    char left_out[128];
    environment_lines(self->invocation->config.sandbox.env, self->env, left_out, sizeof left_out);
    if (left_out[0]) {
        (void)complainf(0, NULL, "not handed to tests, because too long: %s", left_out);
    }
}

static int look_at_project(struct run *self)
{
    if (project_root(self->dir, getenv("HOME"), self->root) != ERR_OK) {
        return complain(EXIT_COULD_NOT, "the path of the project is too long", NULL);
    }
    enum err err = project_snapshot(self->root, self->snapshot);
    if (err == ERR_LIMIT) {
        return complainf(EXIT_COULD_NOT, "Put the project into a directory of its own.",
                         "%.300s has more than %d files", self->root, SNAPSHOT_ENTRIES_MAX);
    }
    if (err != ERR_OK) {
        return complainf(EXIT_COULD_NOT, NULL, "%.300s cannot be read: %s", self->root,
                         err_text(err));
    }
    return EXIT_DONE;
}

/* Labels come at once; fixing and healing may take as long as the coordinator lets them. */
static uint64_t patience_ms(const struct run *self)
{
    bool off = self->fix == TERM_mode_OFF && run_mode(self->invocation, "heal") == TERM_mode_OFF;
    return off ? LABELS_MS : self->invocation->config.coordinator.remedy_ms_max;
}

static int make_plan(struct run *self)
{
    const struct cfg_run *cfg = &self->invocation->config.run;
    uint8_t random[ULID_RANDOM_SIZE];
    struct timespec at;
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random ||
        clock_gettime(CLOCK_REALTIME, &at) != 0) {
        return complain(EXIT_COULD_NOT, "no random numbers to be had", NULL);
    }
    ulid_make((uint64_t)at.tv_sec * 1000 + (uint64_t)at.tv_nsec / 1000000, random, self->id);
    self->session.plan.work = CLIENT_RUN;
    self->session.plan.files = (const char *const *)(void *)self->targets.files;
    self->session.plan.whys = (const char *const *)(void *)self->targets.whys;
    self->session.plan.inputs = (const char *const *)(void *)self->targets.inputs;
    self->session.plan.patience_ms = patience_ms(self);
    self->session.plan.treated_at_once = self->invocation->config.coordinator.remedies_max;
    self->session.plan.submit = (struct msg_submit){
        .head = {MSG_SUBMIT},
        .run = msg_str(self->id),
        .dir = msg_str(self->dir),
        .runner = msg_str(self->reporting[0] ? "results" : cfg->runner),
        .command = msg_str(self->reporting[0] ? self->reporting
                                              : invocation_value(self->invocation, "command")),
        .env = msg_str(self->env),
        .workers = self->report.workers,
        .retries = cfg->retries,
        .fail_fast = invocation_flag(self->invocation, "fail-fast"),
        .timeout_ms = cfg->timeout_ms,
        .files = self->targets.count,
        .root = msg_str(self->root),
        .snapshot = msg_str(self->snapshot),
        .fix = self->fix,
        .heal = run_mode(self->invocation, "heal"),
        .affected = self->targets.affected,
        .keyed = self->targets.keyed && self->targets.count > 0,
        .reuse_ms = self->targets.inputs ? cfg->cache_age_ms_max : 0,
        .audit = cfg->audit_percent,
        .trust = invocation_flag(self->invocation, "trust-selection"),
        .flaky_fails = strcmp(cfg->flaky, "fail") == 0,
        .quarantine = msg_str(self->quarantine)};
    return msg_check(&self->session.plan.submit.head) == ERR_OK
               ? EXIT_DONE
               : complain(EXIT_COULD_NOT, "the path of the project is too long", NULL);
}

/* By what was changed, and by what results there are of the same inputs. */
static int select_files(struct run *self)
{
    char inputs[MSG_MAX_submit_env + PATH_MAX + 256];
    const struct cfg_run *cfg = &self->invocation->config.run;
    struct changed_wanted wanted = {.root = self->root,
                                    .dir = self->dir,
                                    .verbose = self->invocation->verbose,
                                    .runner = cfg->runner,
                                    .rev = invocation_value(self->invocation, "changed-since")};
    if (run_reuses(self->invocation, self->root)) {
        (void)snprintf(inputs, sizeof inputs, "%s\n%s\n%s\n%s", TROUPE_VERSION, self->dir,
                       cfg->runner, self->env);
        wanted.inputs = inputs;
    }
    if (!wanted.rev && !wanted.inputs) {
        return EXIT_DONE;
    }
    int code = changed_select(&wanted, &self->targets);
    if (code == EXIT_DONE && wanted.why[0]) {
        (void)complainf(0, NULL, "nothing is taken from the cache: %s", wanted.why);
    }
    return code;
}

static int prepare_new(struct run *self)
{
    int code = find_dir(self);
    if (code == EXIT_DONE) {
        code = targets_read(invocation_value(self->invocation, "files-from"), self->dir,
                            &self->targets);
    }
    if (code == EXIT_DONE) {
        code = run_reporting(self->invocation, self->reporting);
    }
    collect_env(self);
    code = code == EXIT_DONE ? look_at_project(self) : code;
    code = code == EXIT_DONE ? run_quarantine(self->invocation, self->dir, self->quarantine) : code;
    return code == EXIT_DONE ? select_files(self) : code;
}

static int prepare_resume(struct run *self, const char *run)
{
    self->resumed = true;
    int code = history_resolve(self->invocation, run, self->id);
    self->session.plan.work = CLIENT_WATCH;
    self->session.plan.submit = (struct msg_submit){.head = {MSG_SUBMIT}, .run = msg_str(self->id)};
    self->session.plan.patience_ms = patience_ms(self);
    return code;
}

/* ---- while it runs ---- */

static void begin_live(struct run *self)
{
    const struct invocation *invocation = self->invocation;
    bool terminal = isatty(invocation->json ? STDERR_FILENO : STDOUT_FILENO) == 1;
    self->live = (struct live){
        .out = invocation->json ? stderr : stdout,
        .style = {.color = invocation->json ? invocation->color_err : invocation->color,
                  .utf8 = paint_utf8(),
                  .quiet = invocation->quiet,
                  .verbose = invocation->verbose},
        .redraw = terminal,
        .silent = invocation->quiet || (invocation->json && !terminal && !invocation->verbose),
        .state = "starting",
        .begin_ms = self->begin_ms,
        .drawn_ms = self->begin_ms,
        .workers = self->report.workers};
}

static int on_signal(struct run *self, bool *ret_over)
{
    if (self->cancelled) {
        live_clear(&self->live);
        (void)complain(0, "cancelled at once", "Go on with troupe run --resume last.");
        (void)fflush(NULL);
        _exit(SECOND_SIGNAL_EXIT);
    }
    self->cancelled = true;
    if (self->report.totals.verdict != 0) {
        *ret_over = true; /* only what becomes of its failures was waited for */
        return EXIT_DONE;
    }
    live_say(&self->live, "cancelling; once more ends at once");
    session_tell(&self->session, MSG(cancel, .run = msg_str(self->id)));
    return EXIT_DONE;
}

static const char *why_failed(enum err err)
{
    switch (err) {
    case ERR_NOT_FOUND:
        return "there is no such run";
    case ERR_REFUSED:
        return "the cluster takes no new runs: it is being drained";
    case ERR_LIMIT:
        return "too many files in one run (coordinator.jobs_max)";
    default:
        return err_text(err);
    }
}

static void check_tree(struct run *self)
{
    char after[SNAPSHOT_SIZE + 1] = "";
    if (self->resumed) {
        return;
    }
    bool same = project_snapshot(self->root, after) == ERR_OK &&
                memcmp(after, self->snapshot, sizeof after) == 0;
    self->report.tree_changed = !same;
    if (!same) {
        (void)complainf(0, "What was tested may be a mixture of before and after.",
                        "files below %.300s changed while the tests ran", self->root);
    }
}

/* Takes over what the event holds.  True when the run is over. */
static bool on_event(struct run *self, struct client_event *event, int *ret_code)
{
    switch (event->item.kind) {
    case CLIENT_LINKED:
        self->live.state = self->resumed ? "waiting for results" : "submitting";
        return false;
    case CLIENT_UNLINKED:
        if (self->live.style.verbose) {
            live_say(&self->live, "the coordinator is gone; waiting for the next");
        }
        return false;
    case CLIENT_SUBMITTED:
        self->live.state = "listing the tests";
        self->submitted = true;
        return self->detached && !self->cancelled;
    case CLIENT_PROGRESS:
        self->live.planned = event->progress.files;
        return false;
    case CLIENT_FILE:
        event->file->seen_ms = self->resumed ? 0 : session_now_ms() - self->begin_ms;
        live_file(&self->live, event->file, session_now_ms());
        if (results_add(&self->report.results, &event->file) != ERR_OK) {
            *ret_code = complain(EXIT_COULD_NOT, "out of memory", NULL);
            return true;
        }
        return false;
    case CLIENT_CLOSED:
        self->report.totals = *event->closed;
        self->report.totals.files_not_affected += self->targets.left_out;
        self->report.wall_ms =
            self->resumed ? event->closed->wall_ms : session_now_ms() - self->begin_ms;
        check_tree(self); /* before a fix that is applied changes it */
        session_tell(&self->session,
                     MSG(seal, .run = msg_str(self->report.tree_changed ? "" : self->id)));
        self->live.state = "looking into the failures";
        self->live.planned = 0; /* all are done: the state is told instead */
        return false;
    case CLIENT_SETTLED:
        if (event->findings) {
            self->report.findings = *event->findings;
            *event->findings = (struct findings){.all = NULL};
        }
        return true;
    default:
        live_clear(&self->live);
        *ret_code = complain(event->failed == ERR_CRASHED ? EXIT_INTERNAL : EXIT_COULD_NOT,
                             why_failed(event->failed), "troupe runs list shows what there is.");
        return true;
    }
}

static int watch(struct run *self)
{
    int code = EXIT_DONE;
    for (bool over = false; !over;) {
        struct client_event *event = NULL;
        switch (session_wait(&self->session, live_draw(&self->live, session_now_ms()), &event)) {
        case SESSION_EVENT:
            over = on_event(self, event, &code);
            client_event_drop(&event->item);
            break;
        case SESSION_SIGNAL:
            code = on_signal(self, &over);
            break;
        case SESSION_LOST:
            live_clear(&self->live);
            return EXIT_NO_CLUSTER;
        default:
            break;
        }
    }
    live_clear(&self->live);
    return code;
}

/* ---- afterwards ---- */

static int exit_of(const struct run_totals *totals)
{
    switch (totals->verdict) {
    case TERM_verdict_PASSED:
        return EXIT_DONE;
    case TERM_verdict_FAILED:
        return EXIT_NEGATIVE;
    case TERM_verdict_CANCELLED:
        return EXIT_CANCELLED;
    case TERM_verdict_TIMED_OUT:
        return EXIT_TIMED_OUT;
    default:
        return EXIT_COULD_NOT;
    }
}

static void say_why(const struct run *self, int code)
{
    const struct run_totals *totals = &self->report.totals;
    switch (code) {
    case EXIT_DONE:
        return;
    case EXIT_NEGATIVE:
        (void)complainf(0, NULL, "%llu tests failed, %llu tests and %llu files lost",
                        (unsigned long long)totals->tests_failed,
                        (unsigned long long)totals->tests_lost,
                        (unsigned long long)totals->files_lost);
        return;
    case EXIT_CANCELLED:
        (void)complainf(0, "troupe runs show shows what there is of it.", "run %s was cancelled",
                        self->id);
        return;
    case EXIT_TIMED_OUT:
        (void)complain(0, "the run reached its time limit", "Say --timeout DURATION for more.");
        return;
    default:
        (void)complainf(0, "troupe doctor looks for what is missing.",
                        "nothing could be judged: %.500s",
                        totals->reason[0] ? totals->reason : "no test ran");
        return;
    }
}

/* Files for others.  A run is not judged by whether they could be written. */
static void write_reports(const struct run *self)
{
    const char *dir = invocation_value(self->invocation, "report");
    const char *summary = getenv("GITHUB_STEP_SUMMARY");
    if (dir) {
        enum err err = report_dir_write(dir, &self->report);
        if (err != ERR_OK) {
            (void)complainf(0, NULL, "no report in %.300s: %s", dir,
                            err == ERR_IO ? strerrordesc_np(errno) : err_text(err));
        }
    }
    if (summary && summary[0]) {
        enum err err = report_step_summary(summary, &self->report);
        if (err != ERR_OK) {
            (void)complainf(0, NULL, "no summary in %.300s: %s", summary,
                            err == ERR_IO ? strerrordesc_np(errno) : err_text(err));
        }
    }
}

/* ---- round after round ---- */

/* Whoever is at work elsewhere, or was interrupted, decides what comes next. */
static bool has_rounds(const struct run *self)
{
    const char *files = invocation_value(self->invocation, "files-from");
    return !self->resumed && !self->detached && !self->cancelled &&
           run_mode(self->invocation, "fix") == TERM_mode_APPLY &&
           !invocation_value(self->invocation, "cluster") && (!files || strcmp(files, "-") != 0);
}

static int conclude(struct run *self)
{
    results_sort(&self->report.results);
    self->report.run = self->id;
    self->report.dir = self->dir[0] ? self->dir : NULL;
    self->again = has_rounds(self) && round_judge(self->invocation, &self->report);
    int code = exit_of(&self->report.totals);
    if (self->again) {
        report_summary(self->live.out, &self->live.style, &self->report);
        (void)complainf(0, NULL, "files were changed by fixes: running again");
        return code;
    }
    write_reports(self);
    if (self->invocation->json) {
        if (report_json(stdout, &self->report) != ERR_OK) {
            return complain(EXIT_COULD_NOT, "the result cannot be written", NULL);
        }
    } else {
        report_summary(stdout, &self->live.style, &self->report);
    }
    (void)fflush(stdout);
    say_why(self, code);
    return code;
}

static int nothing_named(struct run *self)
{
    struct run_totals *totals = &self->report.totals;
    bool left_out = self->targets.left_out > 0;
    totals->verdict = left_out ? TERM_verdict_PASSED : TERM_verdict_ERROR;
    totals->files_not_affected = self->targets.left_out;
    (void)snprintf(totals->reason, sizeof totals->reason, "%s",
                   left_out ? "no change reaches a test" : "--files-from names no file");
    self->resumed = true; /* nothing ran, so nothing can have changed */
    return conclude(self);
}

/* `workers` 0: the cluster has to be there. */
static int submit_and_watch(struct run *self, uint64_t workers, bool keep)
{
    const char *endpoint = invocation_value(self->invocation, "cluster");
    int code = session_open(&self->session, endpoint, workers, keep);
    if (code == EXIT_DONE && self->resumed) {
        code = prepare_resume(self, invocation_value(self->invocation, "resume"));
    } else if (code == EXIT_DONE) {
        code = make_plan(self);
    }
    if (code == EXIT_DONE) {
        code = session_start(&self->session);
    }
    if (code == EXIT_DONE) {
        code = watch(self);
    }
    if (code == EXIT_DONE && self->report.totals.verdict != 0) {
        code = conclude(self);
    }
    session_close(&self->session);
    return code;
}

static struct run *new_run(struct invocation *invocation)
{
    struct run *self = calloc(1, sizeof *self);
    if (self) {
        self->invocation = invocation;
        self->session.invocation = invocation;
        self->session.signal_fd = -1;
        self->begin_ms = session_now_ms();
        self->fix = run_mode(invocation, "fix");
        self->report.workers = session_workers(&invocation->config);
    }
    return self;
}

static void free_run(struct run *self)
{
    targets_fini(&self->targets);
    results_fini(&self->report.results);
    findings_fini(&self->report.findings);
    free(self);
}

static bool names_nothing(const struct run *self)
{
    return self->targets.named && self->targets.count == 0;
}

/* One run behind `count` others.  *ret_again: another has to follow; it is the last of them. */
static int run_round(struct invocation *invocation, struct round *rounds, size_t count,
                     bool *ret_again)
{
    struct run *self = new_run(invocation);
    *ret_again = false;
    if (!self) {
        return complain(EXIT_COULD_NOT, "out of memory", NULL);
    }
    self->report.rounds = rounds;
    self->report.rounds_count = count;
    if (count > 0 && (rounds[count - 1].reverted || count + 1 >= ROUNDS_MAX)) {
        self->fix = TERM_mode_PROPOSE; /* nobody would look at what else was made */
    }
    self->resumed = invocation_value(invocation, "resume") != NULL;
    begin_live(self);
    int code = self->resumed ? EXIT_DONE : prepare_new(self);
    if (code == EXIT_DONE) {
        code = names_nothing(self) ? nothing_named(self)
                                   : submit_and_watch(self, self->report.workers,
                                                      invocation_flag(invocation, "keep"));
    }
    if (self->again) {
        round_keep(&rounds[count], self->id, &self->report.results, &self->report.findings);
        *ret_again = true;
    }
    free_run(self);
    return code;
}

int command_run(struct invocation *invocation)
{
    struct round rounds[ROUNDS_MAX + 1] = {{.reverted = false}};
    int code = run_settle(invocation);
    size_t count = 0;
    for (bool again = code == EXIT_DONE; again;) {
        code = run_round(invocation, rounds, count, &again);
        count += again;
    }
    for (size_t i = 0; i < count; i++) {
        round_fini(&rounds[i]);
    }
    return code;
}

/* ---- submit ---- */

static int show_submitted(const struct run *self)
{
    if (!self->invocation->json) {
        (void)printf("%s\n", self->id);
        return EXIT_DONE;
    }
    return json_submitted(stdout, self->id, self->dir) == ERR_OK
               ? EXIT_DONE
               : complain(EXIT_COULD_NOT, "the result cannot be written", NULL);
}

static int submit(struct run *self)
{
    int code = submit_and_watch(self, 0, false);
    char result[32] = "done";
    if (!self->submitted) {
        (void)snprintf(result, sizeof result, "failed %d", code);
    }
    /* Without an id there was no cluster to submit to. */
    bool noted =
        !self->id[0] || operate_audit(self->invocation, "submit",
                                      (const char *const[]){self->id, self->dir, NULL}, result);
    if (code == EXIT_DONE && self->detached && self->submitted && !self->cancelled) {
        code = show_submitted(self);
    }
    return code == EXIT_DONE && !noted ? EXIT_COULD_NOT : code;
}

int command_submit(struct invocation *invocation)
{
    int code = run_settle(invocation);
    struct run *self = code == EXIT_DONE ? new_run(invocation) : NULL;
    if (!self) {
        return code == EXIT_DONE ? complain(EXIT_COULD_NOT, "out of memory", NULL) : code;
    }
    self->detached = !invocation_flag(invocation, "wait");
    begin_live(self);
    self->live.silent |= self->detached;
    /* How many executors there are is the cluster's business. */
    self->report.workers = invocation->config.run.workers;
    code = prepare_new(self);
    if (code == EXIT_DONE) {
        code = names_nothing(self) ? nothing_named(self) : submit(self);
    }
    free_run(self);
    return code;
}
