/* fixer_host.c - one source of one project: a warm process, asked one error at a time.
 *
 * Takes  FIX          from requests, in order
 *        EXEC_…       from its process
 * Sends  CANDIDATE…   to whoever asked, then CANDIDATES as the answer, exactly once
 *
 *     NONE --start--> BOOTING --ready--> READY --(asked, answered)--> READY
 *       ^                |                 |
 *       +---- its end, a lie, too late, idle, another snapshot -------+
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/common/ending.h"
#include "actors/fixer/fixer_priv.h"

enum { SOURCE_NAME_MAX = 64, REASON_SIZE = MSG_MAX_candidates_reason + 1 };

enum tag { TAG_LATE, TAG_IDLE };

enum host_state { HOST_NONE, HOST_BOOTING, HOST_READY };

struct job {
    struct job *next;
    struct rt_caller caller;
    bool again;                /* its process has died once */
    const struct msg_fix *fix; /* a copy, in `bytes` */
    max_align_t bytes[];
};

struct host {
    const struct source *source;
    const char *folder;
    struct job *jobs; /* the first is under way */
    size_t jobs_count;
    enum host_state state;
    uint64_t exec;
    char *identity;    /* of what it was started for */
    uint64_t commands; /* given so far, to all processes */
    bool asked;        /* the first job */
    uint64_t told;     /* candidates of it */
    uint64_t late;     /* ticks; 0: not set */
    uint64_t idle;
    struct stream stream;
    struct tail out;
    struct tail err;
};

static enum err go_on(struct rt_context *ctx, struct host *self) MUST_CHECK;

/* ---- the process ---- */

static void set_tick(struct rt_context *ctx, uint64_t *tick, enum tag tag, uint64_t delay_ms)
{
    if (*tick) {
        rt_tick_cancel(ctx, *tick);
    }
    *tick = delay_ms ? rt_tick(ctx, delay_ms, tag) : 0;
}

static void forget(struct rt_context *ctx, struct host *self)
{
    set_tick(ctx, &self->late, TAG_LATE, 0);
    set_tick(ctx, &self->idle, TAG_IDLE, 0);
    stream_free(&self->stream);
    free(self->identity);
    self->identity = NULL;
    self->state = HOST_NONE;
    self->exec = 0;
    self->asked = false;
    self->out.size = 0;
    self->err.size = 0;
}

static void retire(struct rt_context *ctx, struct host *self)
{
    if (self->exec) {
        rt_exec_kill(ctx, self->exec);
    }
    forget(ctx, self);
}

static char *identity_of(const struct msg_fix *fix)
{
    char *text = NULL;
    return asprintf(&text, "%s\n%s\n%s\n%s", fix->dir.at, fix->root.at, fix->snapshot.at,
                    fix->env.at) < 0
               ? NULL
               : text;
}

static enum err start(struct rt_context *ctx, struct host *self, const struct msg_fix *fix)
{
    struct source_argv argv = {.text = NULL};
    const char **env = NULL;
    char *text = NULL;
    self->identity = identity_of(fix);
    enum err err = self->identity ? env_split(fix->env.at, &env, &text) : ERR_MEMORY;
    if (err == ERR_OK) {
        err = self->source->argv(self->folder, &argv);
    }
    if (err == ERR_OK) {
        const char *const readable[] = {self->folder, NULL};
        const struct rt_command command = {.argv = argv.argv,
                                           .env = env,
                                           .cwd = fix->dir.at,
                                           .project = fix->root.size > 0 ? fix->root.at : NULL,
                                           .readable = readable,
                                           .control = true};
        self->exec = rt_exec(ctx, &command);
        self->state = HOST_BOOTING;
        set_tick(ctx, &self->late, TAG_LATE, rt_config(ctx)->fixer.source_timeout_ms);
        err = self->exec ? ERR_OK : ERR_MEMORY;
    }
    free(argv.text);
    free(env);
    free(text);
    return err;
}

/* ---- jobs ---- */

static void drop_first(struct host *self)
{
    struct job *job = self->jobs;
    self->jobs = job->next;
    self->jobs_count--;
    self->told = 0;
    self->asked = false;
    free(job);
}

static enum err conclude(struct rt_context *ctx, struct host *self, const char *reason)
{
    const struct job *job = self->jobs;
    struct msg_str cut = msg_str_cut(reason, strlen(reason), MSG_MAX_candidates_reason);
    rt_answer(ctx, job->caller,
              MSG(candidates, .run = job->fix->run, .error = job->fix->error, .count = self->told,
                  .reason = self->told > 0 ? msg_str("") : cut));
    drop_first(self);
    return go_on(ctx, self);
}

/* It cannot be believed, or is of no use: the first job ends, and the next one has another. */
static enum err give_up(struct rt_context *ctx, struct host *self, const char *reason)
{
    char text[REASON_SIZE];
    (void)snprintf(text, sizeof text, "%s: %s", self->source->name, reason);
    retire(ctx, self);
    return self->jobs ? conclude(ctx, self, text) : ERR_OK;
}

/* What it has found by then counts; who is late loses all, and its warm process. */
static uint64_t budget_ms(struct rt_context *ctx, const struct msg_fix *fix)
{
    uint64_t limit_ms = rt_config(ctx)->fixer.source_timeout_ms * 3 / 4;
    return fix->budget_ms > 0 && fix->budget_ms < limit_ms ? fix->budget_ms : limit_ms;
}

static enum err ask(struct rt_context *ctx, struct host *self)
{
    const struct msg_fix *fix = self->jobs->fix;
    char *text = self->source->ask(++self->commands, fix, budget_ms(ctx, fix));
    if (!text) {
        return give_up(ctx, self, "the error's text cannot be told");
    }
    self->asked = true;
    set_tick(ctx, &self->idle, TAG_IDLE, 0);
    set_tick(ctx, &self->late, TAG_LATE, rt_config(ctx)->fixer.source_timeout_ms);
    enum err err = rt_exec_write(ctx, self->exec, text, strlen(text));
    free(text);
    if (err != ERR_OK) {
        rt_exec_kill(ctx, self->exec); /* it is about to end, or does not read: its end decides */
    }
    return err == ERR_MEMORY ? err : ERR_OK;
}

static void rest(struct rt_context *ctx, struct host *self)
{
    uint64_t idle_ms = rt_config(ctx)->fixer.source_idle_ms;
    set_tick(ctx, &self->late, TAG_LATE, 0);
    if (idle_ms == 0) {
        retire(ctx, self);
    } else if (self->state != HOST_NONE) {
        set_tick(ctx, &self->idle, TAG_IDLE, idle_ms);
    }
}

/* What comes next? */
static enum err go_on(struct rt_context *ctx, struct host *self)
{
    if (!self->jobs) {
        rest(ctx, self);
        return ERR_OK;
    }
    if (self->asked) {
        return ERR_OK;
    }
    char *identity = identity_of(self->jobs->fix);
    if (!identity) {
        return ERR_MEMORY;
    }
    if (self->state != HOST_NONE && strcmp(identity, self->identity) != 0) {
        retire(ctx, self);
    }
    free(identity);
    if (self->state == HOST_NONE) {
        return start(ctx, self, self->jobs->fix);
    }
    return self->state == HOST_READY ? ask(ctx, self) : ERR_OK;
}

/* ---- what it says ---- */

static void tell_candidate(struct rt_context *ctx, struct host *self,
                           const struct source_event *event)
{
    const struct job *job = self->jobs;
    char name[SOURCE_NAME_MAX + 1];
    if (event->diff.size == 0 || event->diff.size > MSG_MAX_candidate_diff ||
        self->told >= rt_config(ctx)->fixer.candidates_max) {
        return;
    }
    if (event->tests.size > MSG_MAX_candidate_tests) {
        return; /* some of them alone would prove something else */
    }
    struct msg_str source = event->source.size > 0 ? event->source : msg_str(self->source->name);
    (void)snprintf(name, sizeof name, "%.*s/%.*s", (int)source.size, source.at,
                   (int)event->name.size, event->name.at);
    rt_tell(ctx, job->caller.address,
            MSG(candidate, .run = job->fix->run, .error = job->fix->error, .index = self->told,
                .source = msg_str_cut(name, strlen(name), MSG_MAX_candidate_source),
                .diff = event->diff, .votes = event->votes,
                .doubt = msg_str_cut(event->doubt.at, event->doubt.size, MSG_MAX_candidate_doubt),
                .affected = event->affected.size <= MSG_MAX_candidate_affected ? event->affected
                                                                               : msg_str(""),
                .tests = event->tests));
    self->told++;
}

static enum err on_event(struct rt_context *ctx, struct host *self,
                         const struct source_event *event)
{
    bool answers = self->asked && event->id == self->commands;
    switch (event->kind) {
    case SOURCE_READY:
        if (self->state == HOST_BOOTING) {
            self->state = HOST_READY;
            return go_on(ctx, self);
        }
        return ERR_OK;
    case SOURCE_FATAL:
        return give_up(ctx, self, event->message.at);
    case SOURCE_CANDIDATE:
        if (answers) {
            tell_candidate(ctx, self, event);
        }
        return ERR_OK;
    case SOURCE_END:
        return answers ? conclude(ctx, self, event->message.at) : ERR_OK;
    case SOURCE_ERROR:
        return give_up(ctx, self, event->message.at);
    case SOURCE_OTHER:
        break;
    }
    return ERR_OK;
}

static enum err on_line(struct rt_context *ctx, struct host *self, char *line, size_t size)
{
    struct source_event event;
    if (size == 0) {
        return ERR_OK;
    }
    if (self->source->decode(line, size, &event) != ERR_OK) {
        return give_up(ctx, self, "it wrote something that is not its protocol");
    }
    enum err err = on_event(ctx, self, &event);
    source_event_free(&event);
    return err;
}

static enum err on_output(struct rt_context *ctx, struct host *self,
                          const struct msg_exec_output *output)
{
    uint64_t exec = output->id;
    if (output->stream != 3) {
        tail_add(output->stream == 1 ? &self->out : &self->err, output->bytes);
        return ERR_OK;
    }
    enum err err = stream_add(&self->stream, output->bytes.at, output->bytes.size);
    size_t at = 0;
    size_t size = 0;
    char *line;
    while (err == ERR_OK && self->exec == exec && (line = stream_line(&self->stream, &at, &size))) {
        err = on_line(ctx, self, line, size);
    }
    if (self->exec != exec) {
        return err; /* given up meanwhile, and its bytes with it */
    }
    stream_cut(&self->stream, at);
    if (err == ERR_OK && self->stream.size > STREAM_LINE_MAX) {
        return give_up(ctx, self, "it wrote a line that is too long");
    }
    return err;
}

static enum err on_exited(struct rt_context *ctx, struct host *self,
                          const struct msg_exec_exited *exited)
{
    char text[REASON_SIZE];
    (void)snprintf(text, sizeof text, "%s ", self->source->name);
    size_t used = strlen(text);
    ending_text(exited, &self->out, &self->err, text + used, sizeof text - used);
    bool started = exited->error.size == 0;
    forget(ctx, self);
    if (!self->jobs) {
        return ERR_OK;
    }
    if (started && !self->jobs->again) {
        self->jobs->again = true;
        self->told = 0; /* the same come again, and are recognised */
        return go_on(ctx, self);
    }
    return conclude(ctx, self, text);
}

/* ---- messages ---- */

static enum err on_fix(struct rt_context *ctx, struct host *self, const struct msg_fix *fix)
{
    if (self->jobs_count == FIXER_REQUESTS_MAX) {
        return ERR_FULL; /* the fixer has no more requests than that */
    }
    struct job *job = calloc(1, sizeof *job + msg_size(&fix->head));
    if (!job) {
        return ERR_MEMORY;
    }
    job->fix = msg_as_fix(msg_copy(job->bytes, &fix->head));
    job->caller = rt_caller(ctx);
    struct job **at = &self->jobs;
    while (*at) {
        at = &(*at)->next;
    }
    *at = job;
    self->jobs_count++;
    return go_on(ctx, self);
}

static enum err on_tick(struct rt_context *ctx, struct host *self, uint64_t tag)
{
    char text[64];
    if (tag == TAG_IDLE) {
        self->idle = 0;
        if (!self->jobs) {
            retire(ctx, self);
        }
        return ERR_OK;
    }
    self->late = 0;
    (void)snprintf(text, sizeof text, "no answer in %llu ms",
                   (unsigned long long)rt_config(ctx)->fixer.source_timeout_ms);
    return give_up(ctx, self, text);
}

static enum err host_start(struct rt_context *ctx, void *state, const void *arg)
{
    struct host *self = state;
    const struct fixer_host_arg *wanted = arg;
    (void)ctx;
    assert(wanted);
    self->source = wanted->source;
    self->folder = wanted->folder;
    return ERR_OK;
}

static enum err host_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    struct host *self = state;
    switch (msg->type) {
    case MSG_FIX:
        return on_fix(ctx, self, msg_as_fix(msg));
    case MSG_TICK:
        return on_tick(ctx, self, msg_as_tick(msg)->tag);
    case MSG_EXEC_STARTED:
        return ERR_OK;
    case MSG_EXEC_OUTPUT:
        return msg_as_exec_output(msg)->id == self->exec
                   ? on_output(ctx, self, msg_as_exec_output(msg))
                   : ERR_OK;
    case MSG_EXEC_EXITED:
        return msg_as_exec_exited(msg)->id == self->exec
                   ? on_exited(ctx, self, msg_as_exec_exited(msg))
                   : ERR_OK;
    default:
        return ERR_UNKNOWN;
    }
}

static void host_stop(void *state)
{
    struct host *self = state;
    while (self->jobs) {
        drop_first(self);
    }
    stream_free(&self->stream);
    free(self->identity);
    self->identity = NULL;
}

const struct rt_behaviour fixer_host_behaviour = {.name = "fixer-host",
                                                  .state_size = sizeof(struct host),
                                                  .start = host_start,
                                                  .receive = host_receive,
                                                  .stop = host_stop,
                                                  .restart = RT_RESTART_NEVER};
