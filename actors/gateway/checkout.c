/* checkout.c - brings the code of one held run to its place, a light actor under the gateway.
 *
 * Takes  ROLE_UP, TICK           from the runtime
 *        EXEC_...                from the commands that it starts
 *        PREPARED_ACK, FAILED    answers of the coordinator
 * Sends  PREPARED                to the coordinator
 *
 *     LOOK --absent--> FETCH -> FILES -> SETUP (if there is one) -> PLACE -> PREPARED
 *       |                |         |         |                        |         ^
 *       +-- it is there -+-fails --+---------+------------------------+---------+
 *
 * What the steps do is in checkout_steps.c.  A fetch that fails is tried again, the last time
 * without what the mirror has.  Nothing is remembered: until the ledger has PREPARED the run is
 * held, and the gateway begins anew.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/common/ending.h"
#include "actors/gateway/checkout_steps.h"
#include "actors/gateway/gateway.h"

enum { ASK_MS = 5000, RETRY_MS = 500, FETCHES_MAX = 4, LEVEL_FULL = 2 };

struct checkout {
    struct checkout_arg arg;
    enum checkout_step step; /* CHECKOUT_STEPS: all is done */
    uint64_t exec;           /* command under way; 0: none */
    unsigned fetches;        /* that failed */
    bool unsafe;             /* killed by us: there is no sandbox for a stranger's command */
    uint64_t since_ms;
    struct tail out;
    struct tail err;
    char reason[MSG_MAX_prepared_reason + 1];
    struct rt_address coordinator; /* nobody: none known */
    uint64_t ask;                  /* open; 0: none */
};

static void tell_coordinator(struct checkout *self, struct rt_context *ctx)
{
    if (self->step != CHECKOUT_STEPS || self->ask != 0 || self->coordinator.node == 0) {
        return;
    }
    enum err err =
        rt_ask(ctx, self->coordinator,
               MSG(prepared, .run = msg_str(self->arg.run), .reason = msg_str(self->reason)),
               ASK_MS, &self->ask);
    if (err != ERR_OK) {
        rt_log(ctx, RT_DEBUG, "ask failed: %s", err_text(err)); /* and FAILED comes */
    }
}

static enum err end(struct checkout *self, struct rt_context *ctx, const char *outcome)
{
    rt_log(ctx, self->reason[0] ? RT_WARN : RT_INFO, "run=%s code=%s/%s %s in %llu ms",
           self->arg.run, self->arg.origin.repo, self->arg.origin.sha, outcome,
           (unsigned long long)(rt_now_ms(ctx) - self->since_ms));
    self->step = CHECKOUT_STEPS;
    tell_coordinator(self, ctx);
    return ERR_OK;
}

static enum err fail(struct checkout *self, struct rt_context *ctx, const char *why,
                     const struct msg_exec_exited *exited)
{
    (void)snprintf(self->reason, sizeof self->reason, "the code could not be %s: %s",
                   checkout_step_word(self->step), why);
    size_t used = strlen(self->reason);
    if (exited) {
        ending_text(exited, &self->out, &self->err, self->reason + used,
                    sizeof self->reason - used);
    }
    return end(self, ctx, "not made");
}

/* ---- commands ---- */

static enum err run(struct checkout *self, struct rt_context *ctx, enum checkout_step step)
{
    const struct checkout_job job = {.cfg = &rt_config(ctx)->gateway,
                                     .origin = &self->arg.origin,
                                     .env = self->arg.env,
                                     .token = self->arg.token,
                                     .in_use = self->arg.in_use,
                                     .anew = self->fetches == FETCHES_MAX - 1};
    struct checkout_command *command = NULL;
    const char **env = NULL;
    char *text = NULL;
    self->step = step;
    self->out.size = 0;
    self->err.size = 0;
    enum err err = checkout_command_new(step, &job, &command);
    if (err == ERR_LIMIT) {
        return fail(self, ctx, "gateway.mirrors or gateway.checkouts is too long", NULL);
    }
    if (err == ERR_OK) {
        err = env_split(command->env, &env, &text);
    }
    if (err != ERR_OK) {
        checkout_command_free(&command);
        return err;
    }
    const char *const readable[] = {command->readable, NULL};
    self->exec = rt_exec(ctx, &(struct rt_command){
                                  .argv = command->argv,
                                  .env = env,
                                  .cwd = command->dir,
                                  .project = command->dir,
                                  .readable = command->readable[0] ? readable : NULL,
                                  .in_place = true,
                                  .network = command->network,
                                  .deadline_ms = command->deadline_ms,
                                  .control = command->control,
                              });
    free(env);
    free(text);
    checkout_command_free(&command);
    return self->exec ? ERR_OK : ERR_MEMORY;
}

static enum err look_ended(struct checkout *self, struct rt_context *ctx,
                           const struct msg_exec_exited *exited)
{
    if (exited->code != CHECKOUT_ABSENT) {
        return fail(self, ctx, "", exited);
    }
    if (rt_config(ctx)->gateway.mirrors[0] == '\0') {
        return fail(self, ctx, "it is not there, and gateway.mirrors is not set", NULL);
    }
    return run(self, ctx, CHECKOUT_FETCH);
}

static enum err fetch_failed(struct checkout *self, struct rt_context *ctx,
                             const struct msg_exec_exited *exited)
{
    self->fetches++;
    if (self->fetches == FETCHES_MAX || exited->timed_out) {
        return fail(self, ctx, "", exited);
    }
    /* GitHub may tell of a commit before all of its servers have it. */
    uint64_t wait_ms = rt_config(ctx)->gateway.retry_ms << (self->fetches - 1);
    rt_log(ctx, RT_INFO, "run=%s not fetched; again in %llu ms", self->arg.run,
           (unsigned long long)wait_ms);
    return rt_tick(ctx, wait_ms, 0) ? ERR_OK : ERR_MEMORY;
}

static enum err on_exited(struct checkout *self, struct rt_context *ctx,
                          const struct msg_exec_exited *exited)
{
    bool good =
        exited->error.size == 0 && exited->signal == 0 && exited->code == 0 && !exited->timed_out;
    self->exec = 0;
    if (self->step == CHECKOUT_LOOK) {
        return good ? end(self, ctx, "was there") : look_ended(self, ctx, exited);
    }
    if (!good && self->step == CHECKOUT_FETCH) {
        return fetch_failed(self, ctx, exited);
    }
    if (!good) {
        return fail(self, ctx,
                    self->unsafe ? "gateway.setup needs the full sandbox, see troupe doctor" : "",
                    self->unsafe ? NULL : exited);
    }
    if (self->step == CHECKOUT_PLACE) {
        return end(self, ctx, "made");
    }
    bool skips = self->step == CHECKOUT_FILES && rt_config(ctx)->gateway.setup[0] == '\0';
    return run(self, ctx, skips ? CHECKOUT_PLACE : self->step + 1);
}

/* The setup is the project's own code, with network: not where it could reach our files. */
static enum err on_started(struct checkout *self, struct rt_context *ctx, uint64_t level)
{
    static const char go[] = "go\n";
    if (self->step != CHECKOUT_SETUP) {
        return ERR_OK;
    }
    self->unsafe = level < LEVEL_FULL && rt_config(ctx)->sandbox.enabled;
    if (self->unsafe || rt_exec_write(ctx, self->exec, go, sizeof go - 1) != ERR_OK) {
        rt_exec_kill(ctx, self->exec); /* its end decides */
    }
    return ERR_OK;
}

/* ---- the actor ---- */

static enum err on_answer(struct checkout *self, struct rt_context *ctx, const struct msg *msg)
{
    if (self->ask == 0 || rt_answered(ctx) != self->ask) {
        return ERR_OK;
    }
    self->ask = 0;
    if (msg->type == MSG_PREPARED_ACK) {
        rt_stop(ctx);
        return ERR_OK;
    }
    return rt_tick(ctx, RETRY_MS, 0) ? ERR_OK : ERR_MEMORY;
}

static enum err checkout_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    struct checkout *self = state;
    switch (msg->type) {
    case MSG_ROLE_UP:
        self->coordinator =
            (struct rt_address){msg_as_role_up(msg)->node, msg_as_role_up(msg)->actor};
        tell_coordinator(self, ctx);
        return ERR_OK;
    case MSG_TICK:
        tell_coordinator(self, ctx);
        return self->step == CHECKOUT_FETCH && self->exec == 0 ? run(self, ctx, CHECKOUT_FETCH)
                                                               : ERR_OK;
    case MSG_EXEC_STARTED:
        return on_started(self, ctx, msg_as_exec_started(msg)->level);
    case MSG_EXEC_OUTPUT:
        tail_add(msg_as_exec_output(msg)->stream == 1 ? &self->out : &self->err,
                 msg_as_exec_output(msg)->bytes);
        return ERR_OK;
    case MSG_EXEC_EXITED:
        return on_exited(self, ctx, msg_as_exec_exited(msg));
    case MSG_PREPARED_ACK:
    case MSG_FAILED:
        return on_answer(self, ctx, msg);
    default:
        return ERR_UNKNOWN;
    }
}

static enum err checkout_start(struct rt_context *ctx, void *state, const void *arg)
{
    struct checkout *self = state;
    memcpy(&self->arg, arg, sizeof self->arg);
    self->since_ms = rt_now_ms(ctx);
    rt_watch_role(ctx, TERM_role_COORDINATOR);
    return run(self, ctx, CHECKOUT_LOOK);
}

const struct rt_behaviour checkout_behaviour = {.name = "checkout",
                                                .state_size = sizeof(struct checkout),
                                                .start = checkout_start,
                                                .receive = checkout_receive};
