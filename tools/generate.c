/* generate.c - see generate.h.
 *
 * Takes  EXEC_…  of its process, which writes an event a line to its standard output
 */
#include "tools/generate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "actors/common/ending.h"
#include "actors/common/stream.h"
#include "tools/json_generate.h"

struct generator {
    struct generate *generate;
    uint64_t exec;
    bool over;
    struct stream stream;
    struct tail err;
};

static void finish(struct rt_context *ctx, struct generator *self, const char *reason)
{
    const char byte = 0;
    struct generate *generate = self->generate;
    if (self->over) {
        return;
    }
    if (self->exec) {
        rt_exec_kill(ctx, self->exec);
    }
    self->over = true;
    if (!generate->ended && !generate->reason[0]) {
        (void)snprintf(generate->reason, sizeof generate->reason, "%s", reason);
    }
    (void)!write(generate->done, &byte, 1); /* an empty pipe takes a byte */
}

static void on_line(struct rt_context *ctx, struct generator *self, char *line, size_t size)
{
    if (size > 0 && json_generate_event(line, size, self->generate) != ERR_OK) {
        finish(ctx, self, "it wrote something that is not its protocol");
    }
}

static void on_output(struct rt_context *ctx, struct generator *self,
                      const struct msg_exec_output *output)
{
    if (output->stream != 1) {
        tail_add(&self->err, output->bytes);
        return;
    }
    size_t at = 0;
    size_t size = 0;
    char *line;
    enum err err = stream_add(&self->stream, output->bytes.at, output->bytes.size);
    if (err != ERR_OK) {
        finish(ctx, self, err_text(err));
        return;
    }
    while (!self->over && (line = stream_line(&self->stream, &at, &size))) {
        on_line(ctx, self, line, size);
    }
    stream_cut(&self->stream, at);
    if (self->stream.size > STREAM_LINE_MAX) {
        finish(ctx, self, "it wrote a line that is too long");
    }
}

static void on_exited(struct rt_context *ctx, struct generator *self,
                      const struct msg_exec_exited *exited)
{
    char text[GENERATE_REASON_SIZE];
    self->exec = 0;
    self->generate->timed_out = exited->timed_out;
    ending_text(exited, NULL, &self->err, text, sizeof text);
    finish(ctx, self, exited->error.size > 0 ? exited->error.at : text);
}

static enum err generate_start(struct rt_context *ctx, void *state, const void *arg)
{
    struct generator *self = state;
    char program[PATH_MAX];
    const char **env = NULL;
    char *text = NULL;
    memcpy(&self->generate, arg, sizeof self->generate);
    const struct generate *generate = self->generate;
    int size = snprintf(program, sizeof program, "%s/main.mjs", generate->folder);
    if (size < 0 || (size_t)size >= sizeof program) {
        return ERR_LIMIT;
    }
    enum err err = env_split(generate->env, &env, &text);
    if (err != ERR_OK) {
        return err;
    }
    const char *const argv[] = {"node", program, generate->request, NULL};
    const char *const readable[] = {generate->folder, generate->readable, NULL};
    const struct rt_command command = {.argv = argv,
                                       .env = env,
                                       .cwd = generate->dir,
                                       .project = generate->root,
                                       .readable = readable,
                                       .deadline_ms = generate->timeout_ms};
    self->exec = rt_exec(ctx, &command);
    free(env);
    free(text);
    return self->exec ? ERR_OK : ERR_MEMORY;
}

static enum err generate_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    struct generator *self = state;
    if (self->over) {
        return ERR_OK;
    }
    switch (msg->type) {
    case MSG_EXEC_STARTED:
        return ERR_OK;
    case MSG_EXEC_OUTPUT:
        on_output(ctx, self, msg_as_exec_output(msg));
        return ERR_OK;
    case MSG_EXEC_EXITED:
        on_exited(ctx, self, msg_as_exec_exited(msg));
        return ERR_OK;
    default:
        return ERR_UNKNOWN;
    }
}

static void generate_stop(void *state)
{
    struct generator *self = state;
    stream_free(&self->stream);
}

const struct rt_behaviour generate_behaviour = {.name = "generate",
                                                .state_size = sizeof(struct generator),
                                                .start = generate_start,
                                                .receive = generate_receive,
                                                .stop = generate_stop,
                                                .restart = RT_RESTART_NEVER};

/* ---- for whoever asked ---- */

void generate_free(struct generate *self)
{
    for (size_t i = 0; i < self->count; i++) {
        struct generated *file = &self->files[i];
        free(file->source);
        free(file->test);
        free(file->status);
        free(file->text);
        free(file->line);
    }
    self->count = 0;
}
