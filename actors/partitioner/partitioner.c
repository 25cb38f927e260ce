/* partitioner.c - puts the files of a run in the order in which to run them.
 *
 * Takes  PLAN, then PLAN_FILE…   from a coordinator
 * Sends  PLANNED_FILE…, PLANNED  to the sender
 *
 * It keeps nothing: a coordinator that hears nothing asks again, and gets the same answer.
 */
#include "actors/partitioner/partitioner.h"

#include <stdlib.h>
#include <string.h>

#include "actors/common/schedule.h"

/* A request being received; each from one run of one coordinator. */
struct request {
    struct request *next;
    struct rt_address from;
    char run[MSG_MAX_plan_run + 1];
    size_t count;
    size_t seen;
    struct schedule_file files[];
};

struct partitioner {
    struct request *requests; /* newest first */
    size_t requests_count;
};

enum { REQUESTS_MAX = 64 };

static struct request **find(struct partitioner *self, struct rt_address from, struct msg_str run)
{
    struct request **at = &self->requests;
    while (*at && !(rt_address_equal((*at)->from, from) && msg_str_is(run, (*at)->run))) {
        at = &(*at)->next;
    }
    return at;
}

static void forget(struct partitioner *self, struct request **at)
{
    struct request *request = *at;
    if (request) {
        *at = request->next;
        self->requests_count--;
        free(request);
    }
}

static void answer(struct rt_context *ctx, struct request *request)
{
    const struct cfg_partitioner *cfg = &rt_config(ctx)->partitioner;
    struct msg_str run = msg_str(request->run);
    schedule_order(request->files, request->count, cfg->unknown_ms * 1000);
    for (size_t i = 0; i < request->count; i++) {
        rt_tell(ctx, request->from,
                MSG(planned_file, .run = run, .position = i, .index = request->files[i].index,
                    .expected_us = request->files[i].estimate_us));
    }
    rt_tell(ctx, request->from, MSG(planned, .run = run, .count = request->count));
}

static enum err on_plan(struct partitioner *self, struct rt_context *ctx,
                        const struct msg_plan *plan)
{
    forget(self, find(self, rt_sender(ctx), plan->run));
    if (plan->count > rt_config(ctx)->coordinator.jobs_max) {
        return ERR_UNKNOWN;
    }
    if (self->requests_count == REQUESTS_MAX) {
        struct request **oldest = &self->requests;
        assert(*oldest);
        while ((*oldest)->next) {
            oldest = &(*oldest)->next;
        }
        forget(self, oldest);
    }
    struct request *request = calloc(1, sizeof *request + plan->count * sizeof request->files[0]);
    if (!request) {
        return ERR_MEMORY;
    }
    request->from = rt_sender(ctx);
    memcpy(request->run, plan->run.at, plan->run.size);
    request->count = plan->count;
    request->next = self->requests;
    self->requests = request;
    self->requests_count++;
    return ERR_OK;
}

static enum err on_plan_file(struct partitioner *self, struct rt_context *ctx,
                             const struct msg_plan_file *file)
{
    struct request **at = find(self, rt_sender(ctx), file->run);
    struct request *request = *at;
    /* Out of order means that some were lost: the coordinator will ask again. */
    if (!request || file->index != request->seen) {
        return ERR_UNKNOWN;
    }
    request->files[request->seen++] =
        (struct schedule_file){.index = file->index, .expected_us = file->expected_us};
    if (request->seen == request->count) {
        answer(ctx, request);
        forget(self, at);
    }
    return ERR_OK;
}

static enum err partitioner_start(struct rt_context *ctx, void *state, const void *arg)
{
    (void)state;
    (void)arg;
    rt_take_role(ctx, TERM_role_PARTITIONER);
    return ERR_OK;
}

static enum err partitioner_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    struct partitioner *self = state;
    switch (msg->type) {
    case MSG_PLAN:
        return on_plan(self, ctx, msg_as_plan(msg));
    case MSG_PLAN_FILE:
        return on_plan_file(self, ctx, msg_as_plan_file(msg));
    default:
        return ERR_UNKNOWN;
    }
}

static void partitioner_stop(void *state)
{
    struct partitioner *self = state;
    while (self->requests) {
        forget(self, &self->requests);
    }
}

const struct rt_behaviour partitioner_behaviour = {.name = "partitioner",
                                                   .state_size = sizeof(struct partitioner),
                                                   .start = partitioner_start,
                                                   .receive = partitioner_receive,
                                                   .stop = partitioner_stop};
