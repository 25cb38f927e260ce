/* watch.c - pages of committed rows to clients. */
#include "actors/coordinator/watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WATCHES_MAX = 256, PAGE_FILES_MAX = 64, PAGE_BYTES_MAX = 512 * 1024 };

struct watch {
    struct watch *next;
    uint64_t id;
    struct rt_caller caller;
    char run[LEDGER_RUN_SIZE + 1];
    uint64_t after;
    bool reading;  /* a query is under way */
    bool again;    /* something was committed meanwhile */
    bool over;     /* its answer was the last */
    bool answered; /* until it asks for what comes after: `again` says whether that is there */
};

struct page_op {
    struct rt_store_op op;
    struct watches *watches; /* in the actor's state: done() runs in the same life or not at all */
    uint64_t id;
    char run[LEDGER_RUN_SIZE + 1];
    uint64_t after;
    struct ledger_page *page;
};

static struct watch **find(struct watches *watches, uint64_t id)
{
    struct watch **at = &watches->first;
    while (*at && (*at)->id != id) {
        at = &(*at)->next;
    }
    return at;
}

static void drop(struct watches *watches, struct watch **at)
{
    struct watch *watch = *at;
    *at = watch->next;
    watches->count--;
    free(watch);
}

static enum err page_apply(struct store_txn *txn, struct rt_store_op *op)
{
    struct page_op *self = (struct page_op *)op;
    struct ledger_limits limits = {.files_max = PAGE_FILES_MAX, .bytes_max = PAGE_BYTES_MAX};
    return ledger_rows_after(txn, msg_str(self->run), self->after, limits, &self->page);
}

static void page_fini(struct rt_store_op *op)
{
    ledger_page_free(&((struct page_op *)op)->page);
}

static enum err send_row(struct rt_context *ctx, const struct watch *watch,
                         const struct ledger_row *row)
{
    struct msg_str run = msg_str(watch->run);
    enum err err = ERR_OK;
    for (size_t i = 0; i < row->count && err == ERR_OK; i++) {
        const struct ledger_test *test = &row->tests[i];
        err = rt_send(ctx, watch->caller.address,
                      MSG(test_row, .run = run, .job = row->job, .index = test->index,
                          .test = test->name, .status = test->status,
                          .duration_us = test->duration_us, .line = test->line,
                          .column = test->column, .message = test->message));
    }
    if (err != ERR_OK) {
        return err;
    }
    return rt_send(ctx, watch->caller.address,
                   MSG(file_row, .run = run, .job = row->job, .seq = row->seq, .file = row->file,
                       .status = row->status, .outcome = row->outcome, .tests = row->count,
                       .planned = row->planned, .duration_us = row->duration_us,
                       .attempts = row->attempts, .worker = row->worker, .message = row->message,
                       .cached = row->cached, .audited = row->audited));
}

static void send_closed(struct rt_context *ctx, const struct watch *watch,
                        const struct ledger_run *run)
{
    const struct ledger_sums *files = &run->totals.files;
    const struct ledger_sums *tests = &run->totals.tests;
    char runner[MSG_MAX_run_closed_runner + 1];
    (void)snprintf(runner, sizeof runner, "%s %s", run->listing.runner.at, run->listing.version.at);
    rt_tell(ctx, watch->caller.address,
            MSG(run_closed, .run = msg_str(watch->run), .verdict = run->totals.verdict,
                .wall_ms = run->wall_ms, .cpu_us = run->totals.cpu_us,
                .files_planned = files->planned, .files_done = files->planned - files->lost,
                .files_lost = files->lost, .tests_planned = tests->planned,
                .tests_passed = tests->passed, .tests_failed = tests->failed,
                .tests_skipped = tests->skipped, .tests_flaky = tests->flaky,
                .tests_lost = tests->lost, .runner = msg_str(runner), .reason = run->reason,
                .files_not_affected = run->files_not_affected, .files_cached = run->files_cached,
                .files_audited = run->files_audited, .note = run->note, .usd = run->usd,
                .slot_us = run->slot_us, .budget = run->budget));
}

/* True when there was something to tell. */
static bool send_page(struct rt_context *ctx, struct watch *watch, const struct ledger_page *page)
{
    bool closed = page->run.totals.verdict != 0 && !page->more;
    if (page->count == 0 && !closed) {
        return false;
    }
    watch->again |= page->more;
    for (size_t i = 0; i < page->count; i++) {
        if (send_row(ctx, watch, &page->rows[i]) != ERR_OK) {
            closed = false; /* no room on the way: the rest when it asks again */
            watch->again = true;
            break;
        }
        watch->after = page->rows[i].seq;
    }
    if (closed) {
        send_closed(ctx, watch, &page->run);
    }
    watch->answered = true;
    watch->over = closed;
    rt_answer(ctx, watch->caller,
              MSG(watched, .run = msg_str(watch->run), .seq = watch->after,
                  .files = page->run.listed ? page->run.listing.files : 0,
                  .files_done = page->run.files_done,
                  .verdict = closed ? page->run.totals.verdict : 0,
                  .settled = closed && page->run.settled));
    return true;
}

static enum err query(struct rt_context *ctx, struct watches *watches, struct watch *watch);

static enum err page_done(struct rt_context *ctx, void *state, struct rt_store_op *op)
{
    (void)state;
    struct page_op *self = (struct page_op *)op;
    struct watch **at = find(self->watches, self->id);
    struct watch *watch = *at;
    if (!watch) {
        return ERR_OK;
    }
    watch->reading = false;
    if (op->err != ERR_OK) {
        rt_answer(ctx, watch->caller, MSG(failed, .type = MSG_WATCH, .reason = op->err));
        drop(self->watches, at);
    } else if (send_page(ctx, watch, self->page)) {
        if (watch->over) {
            drop(self->watches, at);
        }
    } else if (watch->again) {
        return query(ctx, self->watches, watch);
    }
    return ERR_OK;
}

static enum err query(struct rt_context *ctx, struct watches *watches, struct watch *watch)
{
    struct page_op *op = calloc(1, sizeof *op);
    if (!op) {
        return ERR_MEMORY;
    }
    op->op = (struct rt_store_op){.apply = page_apply, .done = page_done, .fini = page_fini};
    op->watches = watches;
    op->id = watch->id;
    memcpy(op->run, watch->run, sizeof op->run);
    op->after = watch->after;
    watch->reading = true;
    watch->again = false;
    rt_store(ctx, &(struct rt_store_op *){&op->op});
    return ERR_OK;
}

enum err watches_add(struct rt_context *ctx, struct watches *watches, const struct msg_watch *msg)
{
    struct rt_caller caller = rt_caller(ctx);
    struct watch **oldest = NULL;
    struct watch **gone = NULL; /* the oldest that has its answer: its client may not come back */
    for (struct watch **at = &watches->first; *at;) {
        bool same = rt_address_equal((*at)->caller.address, caller.address) &&
                    msg_str_is(msg->run, (*at)->run);
        if (same && (*at)->answered && !(*at)->again && (*at)->after == msg->after) {
            (*at)->caller = caller;
            (*at)->answered = false;
            return ERR_OK; /* there is nothing new */
        }
        if (same) {
            drop(watches, at); /* it has asked again */
        } else {
            oldest = at;
            gone = (*at)->answered ? at : gone;
            at = &(*at)->next;
        }
    }
    if (watches->count == WATCHES_MAX) {
        assert(oldest);
        drop(watches, gone ? gone : oldest);
    }
    struct watch *watch = calloc(1, sizeof *watch);
    if (!watch) {
        return ERR_MEMORY;
    }
    *watch = (struct watch){
        .next = watches->first, .id = ++watches->next_id, .caller = caller, .after = msg->after};
    memcpy(watch->run, msg->run.at, msg->run.size);
    watches->first = watch;
    watches->count++;
    return query(ctx, watches, watch);
}

enum err watches_committed(struct rt_context *ctx, struct watches *watches, struct msg_str run)
{
    for (struct watch *watch = watches->first; watch; watch = watch->next) {
        if (!msg_str_is(run, watch->run)) {
            continue;
        }
        watch->again = true;
        bool waits = !watch->reading && !watch->answered;
        enum err err = waits ? query(ctx, watches, watch) : ERR_OK;
        if (err != ERR_OK) {
            return err;
        }
    }
    return ERR_OK;
}

void watches_fini(struct watches *watches)
{
    while (watches->first) {
        drop(watches, &watches->first);
    }
}
