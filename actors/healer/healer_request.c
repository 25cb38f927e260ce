/* healer_request.c - one broken locator, from the page to the edit of the test file.
 *
 * Takes  HEAL                       once, as whoever sent it
 *        EXEC_OUTPUT, EXEC_EXITED   the lines of the test file around the call
 * Sends  HEALED                     to whoever sent the HEAL
 *
 * Whatever goes wrong is a refusal with its reason; then it ends.
 */
#include "actors/healer/healer_request.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/healer/edit.h"
#include "actors/healer/heal.h"
#include "actors/healer/page.h"
#include "actors/healer/wait.h"

enum { READ_MS_MAX = 10000, FILE_SIZE = MSG_MAX_healed_file + 1 };

/* That it waits now does not prove that it failed because it did not; remedy.c lets it pass more
 * often, and leaves it to people. */
static const double looks_once_confidence = 0.5;
static const char looks_once_why[] =
    "a matter of timing, perhaps: the assertion looked once, and this one waits for the same";

struct request {
    struct rt_caller caller;
    char run[MSG_MAX_heal_run + 1];
    uint64_t error;
    char file[FILE_SIZE];
    uint64_t line;
    uint64_t column;
    char locator[LOCATOR_PRINT_SIZE]; /* as Playwright printed it, cut */
    struct healing healing;           /* its element is gone with the page */
    bool looks_once;                  /* no locator is to blame: what fails may not wait */
    uint64_t exec;                    /* 0: the file is not being read */
    char *text;                       /* of the file, EDIT_TEXT_MAX bytes */
    size_t size;                      /* above EDIT_TEXT_MAX: more came */
};

static void refuse(struct rt_context *ctx, struct request *self, const char *reason)
{
    rt_answer(ctx, self->caller,
              MSG(healed, .run = msg_str(self->run), .error = self->error,
                  .status = TERM_heal_REFUSED, .file = msg_str(self->file), .line = self->line,
                  .before = msg_str(self->locator),
                  .reason = msg_str_cut(reason, strlen(reason), MSG_MAX_healed_reason)));
    rt_stop(ctx);
}

/* ---- the page ---- */

/* Copies what fits, cut between characters. */
static void copy_text(char *to, size_t size, const char *text)
{
    struct msg_str cut = msg_str_cut(text, strlen(text), size - 1);
    memcpy(to, cut.at, cut.size);
    to[cut.size] = '\0';
}

static void think(struct request *self, const struct msg_heal *heal_msg, const struct page *page)
{
    struct page known = {.url = ""};
    /* Without the last time it is harder, not wrong. */
    bool has_known = heal_msg->known.size > 0 &&
                     page_read(heal_msg->known.at, heal_msg->known.size, &known) == ERR_OK;
    const struct heal_input input = {.page = page,
                                     .known = has_known ? &known : NULL,
                                     .message = heal_msg->message.at,
                                     .message_size = heal_msg->message.size};
    heal(&input, &self->healing);
    self->healing.element = NULL;
    page_free(&known);
    if (page->has_failed) {
        copy_text(self->file, sizeof self->file, page->failed.file);
        copy_text(self->locator, sizeof self->locator, page->failed.locator);
        self->line = page->failed.line;
        self->column = page->failed.column;
    } else {
        self->looks_once = wait_place(heal_msg->message.at, heal_msg->message.size, self->file,
                                      sizeof self->file, &self->line);
    }
}

/* ---- the test file ---- */

static enum err read_file(struct rt_context *ctx, struct request *self,
                          const struct msg_heal *heal_msg)
{
    uint64_t first;
    uint64_t last;
    char print[64];
    char quit[64];
    char path[FILE_SIZE + 2];
    self->text = malloc(EDIT_TEXT_MAX);
    if (!self->text) {
        return ERR_MEMORY;
    }
    edit_range(self->line, &first, &last);
    (void)snprintf(print, sizeof print, "%" PRIu64 ",%" PRIu64 "p", first, last);
    (void)snprintf(quit, sizeof quit, "%" PRIu64 "q", last);
    (void)snprintf(path, sizeof path, "./%s", self->file); /* never an option or stdin */
    const char *const argv[] = {"sed", "-n", "-e", print, "-e", quit, path, NULL};
    const char *const env[] = {"PATH=/usr/bin:/bin", "LC_ALL=C", NULL};
    const struct rt_command command = {.argv = argv,
                                       .env = env,
                                       .cwd = heal_msg->dir.at,
                                       .project = heal_msg->root.size > 0 ? heal_msg->root.at
                                                                          : heal_msg->dir.at,
                                       .deadline_ms = READ_MS_MAX};
    self->exec = rt_exec(ctx, &command);
    return ERR_OK;
}

static enum err on_heal(struct request *self, struct rt_context *ctx,
                        const struct msg_heal *heal_msg)
{
    if (self->caller.address.node) {
        return ERR_UNKNOWN; /* one only */
    }
    self->caller = rt_caller(ctx);
    self->error = heal_msg->error;
    memcpy(self->run, heal_msg->run.at, heal_msg->run.size);
    struct page page = {.url = ""};
    if (page_read(heal_msg->page.at, heal_msg->page.size, &page) != ERR_OK) {
        refuse(ctx, self, "the page cannot be read");
        return ERR_OK;
    }
    think(self, heal_msg, &page);
    page_free(&page);
    if (!self->healing.proposed && !self->looks_once) {
        refuse(ctx, self, self->healing.reason);
    } else if (!edit_is_path(self->file) || self->line == 0 || self->line > EDIT_LINE_MAX ||
               heal_msg->dir.size == 0) {
        refuse(ctx, self, "the place of the call is not in the project");
    } else if (read_file(ctx, self, heal_msg) != ERR_OK) {
        refuse(ctx, self, "out of memory");
    }
    return ERR_OK;
}

static enum err on_output(struct request *self, const struct msg_exec_output *output)
{
    if (output->stream != 1 || output->id != self->exec) {
        return ERR_OK;
    }
    size_t size = output->bytes.size;
    if (self->size > EDIT_TEXT_MAX || EDIT_TEXT_MAX - self->size < size) {
        self->size = EDIT_TEXT_MAX + 1;
        return ERR_OK;
    }
    memcpy(self->text + self->size, output->bytes.at, size);
    self->size += size;
    return ERR_OK;
}

static void propose(struct rt_context *ctx, struct request *self, const struct edit *edit)
{
    const struct healing *healing = &self->healing;
    rt_answer(ctx, self->caller,
              MSG(healed, .run = msg_str(self->run), .error = self->error,
                  .status = TERM_heal_PROPOSED, .file = msg_str(self->file), .line = edit->line,
                  .before = msg_str(edit->before), .after = msg_str(edit->after),
                  .confidence = self->looks_once ? looks_once_confidence : healing->confidence,
                  .diff = msg_str(edit->diff),
                  .reason = msg_str(self->looks_once ? looks_once_why : healing->reason)));
    rt_stop(ctx);
}

static enum err on_exited(struct request *self, struct rt_context *ctx,
                          const struct msg_exec_exited *exited)
{
    if (exited->id != self->exec) {
        return ERR_OK;
    }
    if (exited->error.size > 0 || exited->code != 0 || exited->signal != 0) {
        refuse(ctx, self, "the file of the call cannot be read");
        return ERR_OK;
    }
    /* Of more output than this, the middle has been cut out. */
    if (self->size > EDIT_TEXT_MAX || self->size >= rt_config(ctx)->executor.output_max) {
        refuse(ctx, self, "the lines around the call are too long");
        return ERR_OK;
    }
    const struct edit_input input = {.file = self->file,
                                     .text = self->text,
                                     .size = self->size,
                                     .line = self->line,
                                     .column = self->column,
                                     .before = &self->healing.before,
                                     .after = &self->healing.after};
    const char *why;
    struct edit *edit = malloc(sizeof *edit);
    if (!edit) {
        refuse(ctx, self, "out of memory");
    } else if (self->looks_once ? edit_awaited(&input, edit, &why)
                                : edit_make(&input, edit, &why)) {
        propose(ctx, self, edit);
    } else if (self->looks_once) {
        refuse(ctx, self, self->healing.reason);
    } else {
        refuse(ctx, self, why);
    }
    free(edit);
    return ERR_OK;
}

static enum err request_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    struct request *self = state;
    switch (msg->type) {
    case MSG_HEAL:
        return on_heal(self, ctx, msg_as_heal(msg));
    case MSG_EXEC_STARTED:
        return ERR_OK;
    case MSG_EXEC_OUTPUT:
        return on_output(self, msg_as_exec_output(msg));
    case MSG_EXEC_EXITED:
        return on_exited(self, ctx, msg_as_exec_exited(msg));
    default:
        return ERR_UNKNOWN;
    }
}

static void request_stop(void *state)
{
    struct request *self = state;
    free(self->text);
}

const struct rt_behaviour healer_request_behaviour = {.name = "heal",
                                                      .state_size = sizeof(struct request),
                                                      .receive = request_receive,
                                                      .stop = request_stop,
                                                      .restart = RT_RESTART_NEVER};
