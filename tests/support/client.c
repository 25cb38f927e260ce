/* client.c - see client.h.
 *
 * Takes  ROLE_UP, DOWN                             of coordinators
 *        SUBMITTED, TEST_ROW, FILE_ROW, RUN_CLOSED, WATCHED
 * Sends  SUBMIT, RUN_FILE, WATCH, CANCEL           to the coordinator, until it is answered
 */
#include "tests/support/client.h"

#include <string.h>

enum { ASK_MS = 3000, AGAIN_MS = 200, TICK_AGAIN = 1, TICK_CANCEL = 2, TICK_BEGIN = 3 };

struct client {
    struct client_view *view;
    struct rt_address coordinator;
    uint64_t monitor;
    uint64_t ask; /* under way; 0: none */
    bool cancel;
    bool waits; /* its time has not come */
};

static enum err submit(struct rt_context *ctx, struct client *self)
{
    struct client_view *view = self->view;
    struct msg_str run = msg_str(view->run);
    view->submits++;
    enum err err =
        rt_ask(ctx, self->coordinator,
               MSG(submit, .run = run, .dir = msg_str("/project"), .runner = msg_str("command"),
                   .command = msg_str("run {}"), .env = msg_str(""), .workers = view->workers,
                   .retries = view->retries, .fail_fast = view->fail_fast,
                   .timeout_ms = view->timeout_ms, .fix = view->fix, .files = view->count,
                   .root = msg_str("/project"), .snapshot = msg_str("")),
               ASK_MS, &self->ask);
    for (size_t i = 0; i < view->count && err == ERR_OK; i++) {
        err = rt_send(ctx, self->coordinator,
                      MSG(run_file, .run = run, .index = i, .file = msg_str(view->files[i])));
    }
    return err == ERR_MEMORY ? ERR_MEMORY : ERR_OK; /* FAILED comes for the rest */
}

static enum err watch(struct rt_context *ctx, struct client *self)
{
    struct client_view *view = self->view;
    view->watches++;
    memset(view->seen, 0, sizeof view->seen);
    enum err err =
        rt_ask(ctx, self->coordinator, MSG(watch, .run = msg_str(view->run), .after = view->after),
               ASK_MS, &self->ask);
    return err == ERR_MEMORY ? ERR_MEMORY : ERR_OK;
}

/* What is to be done next, if somebody is there to do it. */
static enum err go_on(struct rt_context *ctx, struct client *self)
{
    const struct client_view *view = self->view;
    if (self->coordinator.node == 0 || self->ask != 0 || view->closed || self->waits) {
        return ERR_OK;
    }
    if (self->cancel) {
        rt_tell(ctx, self->coordinator, MSG(cancel, .run = msg_str(view->run)));
    }
    return view->submitted ? watch(ctx, self) : submit(ctx, self);
}

static enum err on_role_up(struct rt_context *ctx, struct client *self,
                           const struct msg_role_up *up)
{
    if (self->coordinator.node != 0) {
        rt_demonitor(ctx, self->monitor);
    }
    self->coordinator = (struct rt_address){up->node, up->actor};
    self->monitor = rt_monitor(ctx, self->coordinator);
    self->ask = 0; /* of the former one; its answer is late */
    return go_on(ctx, self);
}

static enum err on_submitted(struct rt_context *ctx, struct client *self)
{
    struct client_view *view = self->view;
    if (!view->submitted && view->cancel_ms > 0) {
        (void)rt_tick(ctx, view->cancel_ms, TICK_CANCEL);
    }
    view->submitted = true;
    return go_on(ctx, self);
}

static void on_file_row(struct client_view *view, const struct msg_file_row *row)
{
    if (row->seq == 0 || row->job >= CLIENT_FILES_MAX) {
        view->doubled = true;
        return;
    }
    if (view->seen[row->job] != row->tests) {
        return; /* some of its tests were lost on the way */
    }
    struct client_row seen = {row->seq, row->status, row->outcome, row->tests, row->attempts};
    struct client_row *known = &view->rows[row->job];
    if (known->seq != 0) {
        view->doubled |= memcmp(known, &seen, sizeof seen) != 0;
        return;
    }
    *known = seen;
    view->have++;
    view->after = row->seq > view->after ? row->seq : view->after;
}

static void on_closed(struct client_view *view, const struct msg_run_closed *closed)
{
    if (view->have < closed->files_planned) {
        view->after = 0; /* rows were lost on the way: all of it is wanted again */
        return;
    }
    view->doubled |= view->closed && view->verdict != closed->verdict;
    view->closed = true;
    view->verdict = closed->verdict;
    const uint64_t sums[] = {closed->files_planned, closed->files_done,   closed->files_lost,
                             closed->tests_planned, closed->tests_failed, closed->tests_lost};
    memcpy(view->sums, sums, sizeof sums);
}

static enum err on_answer(struct rt_context *ctx, struct client *self, const struct msg *msg)
{
    self->ask = 0;
    switch (msg->type) {
    case MSG_SUBMITTED:
        return on_submitted(ctx, self);
    case MSG_FAILED:
        return rt_tick(ctx, AGAIN_MS, TICK_AGAIN) ? ERR_OK : ERR_MEMORY;
    default: /* WATCHED */
        return go_on(ctx, self);
    }
}

static enum err on_tick(struct rt_context *ctx, struct client *self, uint64_t tag)
{
    self->waits &= tag != TICK_BEGIN;
    if (tag == TICK_CANCEL) {
        self->cancel = true;
        if (self->coordinator.node != 0) {
            rt_tell(ctx, self->coordinator, MSG(cancel, .run = msg_str(self->view->run)));
        }
    }
    return go_on(ctx, self);
}

static enum err client_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    struct client *self = state;
    if (rt_answered(ctx)) {
        return rt_answered(ctx) == self->ask ? on_answer(ctx, self, msg) : ERR_OK;
    }
    switch (msg->type) {
    case MSG_ROLE_UP:
        return on_role_up(ctx, self, msg_as_role_up(msg));
    case MSG_DOWN:
        if (msg_as_down(msg)->ref == self->monitor) {
            self->coordinator = (struct rt_address){0, 0};
        }
        return ERR_OK;
    case MSG_TEST_ROW:
        if (msg_as_test_row(msg)->job < CLIENT_FILES_MAX) {
            self->view->seen[msg_as_test_row(msg)->job]++;
        }
        return ERR_OK;
    case MSG_FILE_ROW:
        on_file_row(self->view, msg_as_file_row(msg));
        return ERR_OK;
    case MSG_RUN_CLOSED:
        on_closed(self->view, msg_as_run_closed(msg));
        return ERR_OK;
    case MSG_TICK:
        return on_tick(ctx, self, msg_as_tick(msg)->tag);
    default:
        return ERR_UNKNOWN;
    }
}

static enum err client_start(struct rt_context *ctx, void *state, const void *arg)
{
    struct client *self = state;
    self->view = *(struct client_view *const *)arg;
    self->waits = self->view->delay_ms > 0 && rt_tick(ctx, self->view->delay_ms, TICK_BEGIN) > 0;
    rt_watch_role(ctx, TERM_role_COORDINATOR);
    return ERR_OK;
}

const struct rt_behaviour client_behaviour = {.name = "client",
                                              .state_size = sizeof(struct client),
                                              .start = client_start,
                                              .receive = client_receive};
