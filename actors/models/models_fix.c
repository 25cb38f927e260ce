/* models_fix.c - one error: what models would change.
 *
 * Takes  FIX         once, forwarded by the models
 *        EXEC_…      of the command that reads the files, in the sandbox
 *        GENERATED   from the models
 *        TICK        when its time is over
 * Sends  GENERATE    to the models, one for each temperature of the class
 *        CANDIDATE…  to whoever asked, then CANDIDATES as the answer; and ends
 *
 *     FIX --files named--> READING --a source there--> ASKING --all answered, or late--> over
 *                           |    ^
 *                           +----+ only tests: what they import, once
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/models/models_priv.h"
#include "actors/models/place.h"
#include "actors/models/prompt.h"

enum {
    READ_MS_MAX = 10000,
    FILE_BYTES_MAX = 65536,
    READ_BYTES_MAX = 512 * 1024,
    NAMED_MAX = 6,      /* files that the text of a failure names */
    SYSTEM_ROOM = 1024, /* bytes of a prompt that are not ours */
    PREFER_MS = 200     /* kept back of the time: an answer that comes too late is of no use */
};

/* Reads what there is of its arguments: NAME NUL CONTENT NUL…  A longer file is left out. */
static const char read_script[] = "max=$1; shift; for f; do if [ -f \"$f\" ] && "
                                  "[ $(wc -c <\"$f\") -le $max ]; then "
                                  "printf '%s\\0' \"$f\"; cat -- \"$f\"; printf '\\0'; fi; done";

struct fix_state {
    const struct plan *plan;
    struct rt_address models;
    struct rt_caller caller;
    const struct msg_fix *fix; /* an owned copy */
    size_t class_index;
    uint64_t until_ms;
    struct places places;
    bool imports; /* those are read now */
    uint64_t exec;
    char *output[2]; /* of the two readings; the files point into them */
    size_t output_size;
    struct answer_file files[PROMPT_FILES_MAX];
    uint64_t lines[PROMPT_FILES_MAX];
    size_t count;
    uint64_t asks[PLAN_SAMPLES_MAX]; /* 0: answered */
    char *diffs[PLAN_SAMPLES_MAX];   /* that were told */
    size_t told;
    char reason[MSG_MAX_candidates_reason + 1];
};

static void conclude(struct rt_context *ctx, struct fix_state *self, const char *reason)
{
    rt_answer(ctx, self->caller,
              MSG(candidates, .run = self->fix->run, .error = self->fix->error, .count = self->told,
                  .reason = self->told > 0
                                ? msg_str("")
                                : msg_str_cut(reason, strlen(reason), MSG_MAX_candidates_reason)));
    rt_stop(ctx);
}

/* ---- asking ---- */

/* Bytes that every model of the chain has room for. */
static size_t budget_of(const struct plan *plan, size_t class_index)
{
    const struct plan_class *class = &plan->classes[class_index];
    size_t budget = MSG_MAX_generate_prompt;
    size_t fixed = SYSTEM_ROOM + (class->prompt ? strlen(class->prompt) : 0);
    for (size_t i = 0; i < class->chain_count; i++) {
        const struct plan_model *model = &plan->models[class->chain[i]];
        size_t room = (size_t)(model->num_ctx - model->num_predict) * PROMPT_BYTES_PER_TOKEN;
        budget = room < budget ? room : budget;
    }
    return budget > fixed ? budget - fixed : 0;
}

static enum err ask_all(struct rt_context *ctx, struct fix_state *self)
{
    const struct plan_class *class = &self->plan->classes[self->class_index];
    const struct prompt_input input = {.message = self->fix->message,
                                       .env = self->fix->env.at,
                                       .files = self->files,
                                       .lines = self->lines,
                                       .count = self->count,
                                       .budget = budget_of(self->plan, self->class_index)};
    char whole[MSG_MAX_generate_whole + 1];
    char *prompt = NULL;
    size_t shown = 0;
    enum err err = prompt_make(&input, &prompt, &shown);
    if (err == ERR_LIMIT) {
        conclude(ctx, self, "models: the prompt has no room for the file");
        return ERR_OK;
    }
    if (err != ERR_OK) {
        return err;
    }
    self->count = shown;
    prompt_ask_whole(&self->files[0], whole, sizeof whole);
    uint64_t left_ms = self->until_ms - rt_now_ms(ctx);
    for (size_t i = 0; i < class->samples && err == ERR_OK; i++) {
        err = rt_ask(ctx, self->models,
                     MSG(generate, .label = self->class_index + 1, .prompt = msg_str(prompt),
                         .blocks = msg_str(prompt_ask_blocks()), .whole = msg_str(whole),
                         .temperature = class->temperatures[i], .seed = class->seeds[i],
                         .budget_ms = left_ms),
                     2 * MODELS_BUDGET_MS, &self->asks[i]);
        err = err == ERR_MEMORY ? err : ERR_OK; /* FAILED comes for the others */
    }
    free(prompt);
    return err;
}

/* ---- reading ---- */

static enum err read_files(struct rt_context *ctx, struct fix_state *self, size_t from)
{
    const struct msg_fix *fix = self->fix;
    const char *argv[PLACES_MAX + 8] = {"sh", "-c", read_script, "sh"};
    const char *const env[] = {"PATH=/usr/bin:/bin", "LC_ALL=C", NULL};
    char max[16];
    size_t count = 4;
    (void)snprintf(max, sizeof max, "%d", FILE_BYTES_MAX);
    argv[count++] = max;
    for (size_t i = from; i < self->places.count; i++) {
        argv[count++] = self->places.list[i].path;
    }
    const struct rt_command command = {.argv = argv,
                                       .env = env,
                                       .cwd = fix->dir.at,
                                       .project = fix->root.size > 0 ? fix->root.at : fix->dir.at,
                                       .deadline_ms = READ_MS_MAX};
    self->output_size = 0;
    self->output[self->imports] = malloc(READ_BYTES_MAX + 1);
    if (!self->output[self->imports]) {
        return ERR_MEMORY;
    }
    self->exec = rt_exec(ctx, &command);
    return self->exec ? ERR_OK : ERR_MEMORY;
}

static const struct place *find_place(const struct fix_state *self, const char *path)
{
    for (size_t i = 0; i < self->places.count; i++) {
        if (strcmp(self->places.list[i].path, path) == 0) {
            return &self->places.list[i];
        }
    }
    return NULL;
}

/* Sources come before tests; of those one is shown. */
static void keep_file(struct fix_state *self, const struct place *place, struct msg_str text)
{
    bool test = place_is_test(place->path);
    bool has_test = self->count > 0 && self->files[self->count - 1].fixed;
    struct answer_file file = {.path = place->path, .text = text, .fixed = test};
    if (text.size == 0 || (test && has_test) || self->count == PROMPT_FILES_MAX) {
        return;
    }
    size_t at = has_test ? self->count - 1 : self->count;
    self->files[self->count] = self->files[at];
    self->lines[self->count++] = self->lines[at];
    self->files[at] = file;
    self->lines[at] = place->line;
}

static void take_output(struct fix_state *self)
{
    char *at = self->output[self->imports];
    char *end = at + self->output_size;
    *end = '\0';
    while (at < end) {
        char *text = at + strlen(at) + 1;
        char *after = text < end ? memchr(text, '\0', (size_t)(end - text)) : NULL;
        const struct place *place = find_place(self, at);
        if (!after || !place) {
            return; /* cut, or a file with zeros in it */
        }
        keep_file(self, place, (struct msg_str){text, (uint32_t)(after - text)});
        at = after + 1;
    }
}

static enum err on_exited(struct rt_context *ctx, struct fix_state *self)
{
    self->exec = 0;
    take_output(self);
    if (self->count > 0 && !self->files[0].fixed) {
        return ask_all(ctx, self);
    }
    if (self->count > 0 && !self->imports) {
        size_t from = self->places.count;
        places_import(&self->places, self->files[0].path, self->files[0].text);
        self->imports = true;
        if (self->places.count > from) {
            return read_files(ctx, self, from);
        }
    }
    conclude(ctx, self, "models: the failure names no source file of the project");
    return ERR_OK;
}

static void on_output(struct fix_state *self, const struct msg_exec_output *output)
{
    size_t room = READ_BYTES_MAX - self->output_size;
    if (output->id == self->exec && output->stream == 1) {
        size_t size = output->bytes.size < room ? output->bytes.size : room;
        memcpy(self->output[self->imports] + self->output_size, output->bytes.at, size);
        self->output_size += size;
    }
}

/* ---- messages ---- */

/* Whoever has no label is known by the text: a compiler, a test runner, or neither. */
static size_t class_of(const struct msg_fix *fix)
{
    if (fix->label >= 1 && fix->label <= PLAN_CLASSES) {
        return fix->label - 1;
    }
    return strstr(fix->message.at, "error TS") ? PLAN_TYPESCRIPT
           : strstr(fix->message.at, "FAIL")   ? PLAN_TEST
                                               : PLAN_GENERAL;
}

static enum err on_fix(struct rt_context *ctx, struct fix_state *self, const struct msg_fix *fix)
{
    if (self->fix) {
        return ERR_UNKNOWN; /* one only */
    }
    void *copy = malloc(msg_size(&fix->head));
    if (!copy) {
        return ERR_MEMORY;
    }
    self->fix = msg_as_fix(msg_copy(copy, &fix->head));
    self->caller = rt_caller(ctx);
    self->class_index = class_of(fix);
    /* Of the coordinator's patience half is left for the proofs. */
    uint64_t most_ms = rt_config(ctx)->coordinator.remedy_ms_max / 2;
    most_ms = most_ms < MODELS_BUDGET_MS ? most_ms : MODELS_BUDGET_MS;
    uint64_t budget_ms = fix->budget_ms > PREFER_MS ? fix->budget_ms - PREFER_MS : fix->budget_ms;
    budget_ms = budget_ms > 0 && budget_ms < most_ms ? budget_ms : most_ms;
    self->until_ms = rt_now_ms(ctx) + budget_ms;
    places_find(&self->places, self->fix->dir.at, self->fix->message, NAMED_MAX);
    places_add(&self->places, self->fix->dir.at, self->fix->file, fix->line);
    if (self->places.count == 0) {
        conclude(ctx, self, "models: the failure names no source file of the project");
        return ERR_OK;
    }
    if (!rt_tick(ctx, budget_ms, 0)) {
        return ERR_MEMORY;
    }
    return read_files(ctx, self, 0);
}

static bool is_told(const struct fix_state *self, const char *diff)
{
    for (size_t i = 0; i < self->told; i++) {
        if (strcmp(self->diffs[i], diff) == 0) {
            return true;
        }
    }
    return false;
}

static enum err propose(struct rt_context *ctx, struct fix_state *self,
                        const struct msg_generated *generated)
{
    const struct answer_input input = {.files = self->files,
                                       .count = self->count,
                                       .text = generated->text,
                                       .whole = generated->whole,
                                       .cut = generated->cut};
    char why[ANSWER_WHY_SIZE] = "";
    char source[MSG_MAX_candidate_source + 1];
    char *diff = NULL;
    enum err err = answer_read(&input, &diff, why);
    if (err == ERR_MEMORY) {
        return err;
    }
    if (err == ERR_OK && strstr(diff, PROMPT_SECRET)) {
        (void)snprintf(why, sizeof why, "it touches a secret");
    }
    if (why[0]) {
        (void)snprintf(self->reason, sizeof self->reason, "model:%s: %s", generated->model.at, why);
    }
    if (why[0] || is_told(self, diff)) {
        free(diff);
        return ERR_OK;
    }
    (void)snprintf(source, sizeof source, "model:%s", generated->model.at);
    rt_tell(ctx, self->caller.address,
            MSG(candidate, .run = self->fix->run, .error = self->fix->error, .index = self->told,
                .source = msg_str(source), .diff = msg_str(diff), .votes = 1));
    self->diffs[self->told++] = diff;
    return ERR_OK;
}

/* GENERATED, or FAILED when the models are gone. */
static enum err on_answer(struct rt_context *ctx, struct fix_state *self, const struct msg *msg)
{
    enum err err = ERR_OK;
    bool open = false;
    for (size_t i = 0; i < PLAN_SAMPLES_MAX; i++) {
        if (self->asks[i] != 0 && self->asks[i] == rt_answered(ctx)) {
            self->asks[i] = 0;
            if (msg->type == MSG_GENERATED && msg_as_generated(msg)->model.size > 0) {
                err = propose(ctx, self, msg_as_generated(msg));
            } else if (msg->type == MSG_GENERATED) {
                (void)snprintf(self->reason, sizeof self->reason, "models: %s",
                               msg_as_generated(msg)->reason.at);
            }
        }
        open = open || self->asks[i] != 0;
    }
    if (err == ERR_OK && !open) {
        conclude(ctx, self, self->reason);
    }
    return err;
}

static enum err fix_start(struct rt_context *ctx, void *state, const void *arg)
{
    struct fix_state *self = state;
    const struct models_fix_arg *wanted = arg;
    (void)ctx;
    assert(wanted);
    self->plan = wanted->plan;
    self->models = wanted->models;
    return ERR_OK;
}

static enum err fix_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    struct fix_state *self = state;
    switch (msg->type) {
    case MSG_FIX:
        return on_fix(ctx, self, msg_as_fix(msg));
    case MSG_EXEC_STARTED:
        return ERR_OK;
    case MSG_EXEC_OUTPUT:
        on_output(self, msg_as_exec_output(msg));
        return ERR_OK;
    case MSG_EXEC_EXITED:
        return msg_as_exec_exited(msg)->id == self->exec ? on_exited(ctx, self) : ERR_OK;
    case MSG_GENERATED:
    case MSG_FAILED:
        return on_answer(ctx, self, msg);
    case MSG_TICK:
        conclude(ctx, self, "models: the time was over before a model had answered");
        return ERR_OK;
    default:
        return ERR_UNKNOWN;
    }
}

static void fix_stop(void *state)
{
    struct fix_state *self = state;
    for (size_t i = 0; i < self->told; i++) {
        free(self->diffs[i]);
    }
    free(self->output[0]);
    free(self->output[1]);
    free((void *)(uintptr_t)self->fix);
    self->fix = NULL;
}

const struct rt_behaviour models_fix_behaviour = {.name = "models-fix",
                                                  .state_size = sizeof(struct fix_state),
                                                  .start = fix_start,
                                                  .receive = fix_receive,
                                                  .stop = fix_stop,
                                                  .restart = RT_RESTART_NEVER};
