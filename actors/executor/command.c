/* command.c - jobs of a runner that is started once for each file. */
#include "actors/executor/slot.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

static enum err start(struct rt_context *ctx, struct slot *slot, const struct runner_argv *argv)
{
    const struct batch *batch = slot->batch;
    const struct cfg_executor *cfg = &rt_config(ctx)->executor;
    const char **env;
    char *text;
    enum err err = env_split(batch->env, &env, &text);
    if (err != ERR_OK) {
        return err;
    }
    const struct rt_command command = {.argv = argv->argv,
                                       .env = env,
                                       .cwd = batch->dir,
                                       .project = batch->root[0] ? batch->root : NULL,
                                       .deadline_ms = cfg->file_timeout_ms};
    slot->command.exec = rt_exec(ctx, &command);
    free(env);
    free(text);
    slot->command.started_ms = rt_now_ms(ctx);
    slot_alarm(ctx, slot, ALARM_WATCH, cfg->file_timeout_ms + GRACE_MS);
    return slot->command.exec ? ERR_OK : ERR_MEMORY;
}

/* The next file, or the end of the batch. */
static enum err next(struct rt_context *ctx, struct slot *slot)
{
    struct batch_job *job = batch_first(slot->batch, JOB_WAITING);
    slot->command = (struct command){.job = job};
    if (!job) {
        slot_batch_over(ctx, slot);
        return ERR_OK;
    }
    const struct runner_options options = {
        .reporters = slot->reporters, .command = slot->batch->command, .file = job->file};
    struct runner_argv argv;
    enum err err = runner_argv(slot->runner, &options, &argv);
    if (err == ERR_MALFORMED) {
        err = result_not_started(slot, slot->runner->advice);
        if (err == ERR_OK) {
            slot_batch_over(ctx, slot);
        }
        return err;
    }
    if (err != ERR_OK) {
        return err;
    }
    job->state = JOB_OPEN;
    job->since_ms = rt_now_ms(ctx);
    err = start(ctx, slot, &argv);
    free(argv.text);
    return err;
}

enum err command_begin(struct rt_context *ctx, struct slot *slot)
{
    if (slot->batch->work != TERM_work_LIST) {
        return next(ctx, slot);
    }
    /* The command knows its tests itself: it is one file, the project. */
    enum err err = result_file(slot, msg_str("."));
    if (err == ERR_OK) {
        err = result_listed(slot, &(struct verdict){.outcome = TERM_outcome_COMPLETE});
    }
    if (err == ERR_OK) {
        slot_batch_over(ctx, slot);
    }
    return err;
}

void command_output(struct slot *slot, const struct msg_exec_output *output)
{
    tail_add(output->stream == 1 ? &slot->command.out : &slot->command.err, output->bytes);
}

static uint64_t outcome_of(const struct command *command, const struct msg_exec_exited *exited)
{
    if (exited->error.size > 0) {
        return TERM_outcome_NOT_STARTED;
    }
    if (exited->timed_out || command->late) {
        return TERM_outcome_TIMEOUT;
    }
    /* Tests do not send SIGKILL to themselves: somebody short of memory, or of patience, did. */
    return exited->signal == SIGKILL ? TERM_outcome_CRASHED : TERM_outcome_COMPLETE;
}

enum err command_exited(struct rt_context *ctx, struct slot *slot,
                        const struct msg_exec_exited *exited)
{
    struct command *self = &slot->command;
    char text[MSG_MAX_job_done_message];
    ending_text(exited, &self->out, &self->err, text, sizeof text);
    struct verdict verdict = {.outcome = outcome_of(self, exited),
                              .duration_us = (rt_now_ms(ctx) - self->started_ms) * 1000,
                              .cpu_us = exited->cpu_us,
                              .message = msg_str(text)};
    enum err err = ERR_OK;
    slot_alarm_off(ctx, slot, ALARM_WATCH);
    if (verdict.outcome == TERM_outcome_COMPLETE) {
        bool passed = exited->code == 0 && exited->signal == 0;
        const struct event test = {.test = msg_str(""),
                                   .status = passed ? TERM_status_PASSED : TERM_status_FAILED,
                                   .duration_us = verdict.duration_us,
                                   .message = msg_str(passed ? "" : text)};
        self->job->collected = 1;
        verdict.message = msg_str("");
        err = result_test(slot, self->job, &test);
        if (err == ERR_LIMIT) {
            verdict.outcome = TERM_outcome_INTERRUPTED;
            verdict.message = msg_str("too many results are not acknowledged yet");
            err = ERR_OK;
        }
    }
    if (err == ERR_OK) {
        err = result_job(slot, self->job, &verdict);
    }
    if (err != ERR_OK) {
        return err;
    }
    slot_send(ctx, slot);
    return next(ctx, slot);
}

void command_late(struct rt_context *ctx, struct slot *slot)
{
    slot->command.late = true;
    rt_exec_kill(ctx, slot->command.exec);
}

void command_cancel(struct rt_context *ctx, struct slot *slot)
{
    if (slot->command.exec) {
        rt_exec_kill(ctx, slot->command.exec);
    }
    slot_alarm_off(ctx, slot, ALARM_WATCH);
    slot->command = (struct command){.exec = 0};
}
