/* fixer_request.c - one error: what all the sources say about it, in one answer.
 *
 * Takes  FIX         once, forwarded by the fixer
 *        CANDIDATE   from the hosts, then CANDIDATES or FAILED as their answer
 *        DOWN        of a host that will not answer any more
 * Sends  FIX         to every host
 *        CANDIDATE…  to whoever asked, then CANDIDATES as the answer; and ends
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/fixer/fixer_priv.h"

/* What one host has said so far. */
struct part {
    struct rt_address host;
    uint64_t ask;
    uint64_t monitor;
    bool over;
    struct msg **candidates; /* CANDIDATEs, owned */
    size_t count;
    char reason[MSG_MAX_candidates_reason + 1];
};

struct request {
    struct rt_caller caller; /* once there is one */
    char run[MSG_MAX_fix_run + 1];
    uint64_t error;
    bool begun;
    struct part parts[FIXER_SOURCES_MAX];
    size_t count;
    size_t candidates; /* candidates of all parts */
};

static void set_reason(struct part *part, struct msg_str reason)
{
    (void)snprintf(part->reason, sizeof part->reason, "%.*s", (int)reason.size, reason.at);
}

/* ---- the answer ---- */

static bool is_told(const struct msg_candidate *const *told, size_t count,
                    const struct msg_candidate *candidate)
{
    for (size_t i = 0; i < count; i++) {
        if (msg_str_equal(told[i]->diff, candidate->diff)) {
            return true;
        }
    }
    return false;
}

/* The best of each source first, in the order of the sources; the same change only once. */
static enum err tell_candidates(struct rt_context *ctx, const struct request *self,
                                size_t *ret_count)
{
    size_t max = rt_config(ctx)->fixer.candidates_max;
    const struct msg_candidate **told = calloc(max, sizeof(const struct msg_candidate *));
    size_t count = 0;
    bool more = true;
    if (!told) {
        return ERR_MEMORY;
    }
    for (size_t rank = 0; more && count < max; rank++) {
        more = false;
        for (size_t i = 0; i < self->count && count < max; i++) {
            const struct part *part = &self->parts[i];
            if (rank >= part->count) {
                continue;
            }
            more = true;
            const struct msg_candidate *candidate = msg_as_candidate(part->candidates[rank]);
            if (is_told(told, count, candidate) ||
                (candidate->votes > 0 ? candidate->votes : 1) < rt_config(ctx)->fixer.votes_min) {
                continue;
            }
            rt_tell(ctx, self->caller.address,
                    MSG(candidate, .run = msg_str(self->run), .error = self->error, .index = count,
                        .source = candidate->source, .diff = candidate->diff,
                        .votes = candidate->votes, .doubt = candidate->doubt,
                        .affected = candidate->affected, .tests = candidate->tests));
            told[count++] = candidate;
        }
    }
    free(told);
    *ret_count = count;
    return ERR_OK;
}

static enum err conclude(struct rt_context *ctx, struct request *self)
{
    char reason[MSG_MAX_candidates_reason + 1] = "";
    size_t count = 0;
    for (size_t i = 0; i < self->count; i++) {
        if (!self->parts[i].over) {
            return ERR_OK;
        }
    }
    enum err err = tell_candidates(ctx, self, &count);
    if (err != ERR_OK) {
        return err;
    }
    if (count == 0 && self->candidates > 0) {
        (void)snprintf(reason, sizeof reason, "%zu candidates have fewer than %llu votes",
                       self->candidates, (unsigned long long)rt_config(ctx)->fixer.votes_min);
    } else if (count == 0 && self->count == 0) {
        (void)snprintf(reason, sizeof reason, "no source knows such errors");
    }
    for (size_t i = 0; count == 0 && self->candidates == 0 && i < self->count; i++) {
        size_t used = strlen(reason);
        (void)snprintf(reason + used, sizeof reason - used, "%s%s", used ? "; " : "",
                       self->parts[i].reason);
    }
    struct msg_str cut = msg_str_cut(reason, strlen(reason), MSG_MAX_candidates_reason);
    rt_answer(ctx, self->caller,
              MSG(candidates, .run = msg_str(self->run), .error = self->error, .count = count,
                  .reason = cut));
    rt_stop(ctx);
    return ERR_OK;
}

static enum err part_over(struct rt_context *ctx, struct request *self, struct part *part,
                          struct msg_str reason)
{
    if (part->over) {
        return ERR_OK;
    }
    part->over = true;
    set_reason(part, reason);
    rt_demonitor(ctx, part->monitor);
    return conclude(ctx, self);
}

/* ---- messages ---- */

static enum err on_fix(struct rt_context *ctx, struct request *self, const struct msg_fix *fix)
{
    if (self->begun) {
        return ERR_UNKNOWN;
    }
    /* Each of those before us may need its time twice (fixer_host.c). */
    uint64_t patience_ms = 2 * FIXER_REQUESTS_MAX * rt_config(ctx)->fixer.source_timeout_ms;
    self->begun = true;
    self->caller = rt_caller(ctx);
    self->error = fix->error;
    (void)snprintf(self->run, sizeof self->run, "%s", fix->run.at);
    for (size_t i = 0; i < self->count; i++) {
        struct part *part = &self->parts[i];
        part->monitor = rt_monitor(ctx, part->host);
        /* The host keeps its own time, and its end is watched: it may well have a queue. */
        enum err err = rt_ask(ctx, part->host, &fix->head, patience_ms, &part->ask);
        if (err == ERR_MEMORY) {
            return err;
        }
    }
    return conclude(ctx, self);
}

static struct part *find(struct request *self, uint64_t ask, struct rt_address host)
{
    for (size_t i = 0; i < self->count; i++) {
        struct part *part = &self->parts[i];
        if (ask ? part->ask == ask : rt_address_equal(part->host, host)) {
            return part;
        }
    }
    return NULL;
}

static enum err on_candidate(struct rt_context *ctx, struct request *self,
                             const struct msg_candidate *candidate)
{
    struct part *part = find(self, 0, rt_sender(ctx));
    if (!part && self->count > 0) {
        part =
            &self->parts[self->count - 1]; /* of the models, who come last: a light actor speaks */
    }
    if (!part || part->over || part->count >= rt_config(ctx)->fixer.candidates_max) {
        return ERR_OK;
    }
    struct msg **grown = realloc(part->candidates, (part->count + 1) * sizeof(struct msg *));
    if (!grown) {
        return ERR_MEMORY;
    }
    part->candidates = grown;
    void *bytes = malloc(msg_size(&candidate->head));
    if (!bytes) {
        return ERR_MEMORY;
    }
    grown[part->count++] = msg_copy(bytes, &candidate->head);
    self->candidates++;
    return ERR_OK;
}

static enum err on_answer(struct rt_context *ctx, struct request *self, const struct msg *msg)
{
    struct part *part = find(self, rt_answered(ctx), rt_sender(ctx));
    if (!part) {
        return ERR_OK;
    }
    return part_over(ctx, self, part,
                     msg->type == MSG_CANDIDATES
                         ? msg_as_candidates(msg)->reason
                         : msg_str(err_text((enum err)msg_as_failed(msg)->reason)));
}

static enum err on_down(struct rt_context *ctx, struct request *self, uint64_t ref)
{
    for (size_t i = 0; i < self->count; i++) {
        if (self->parts[i].monitor == ref) {
            return part_over(ctx, self, &self->parts[i], msg_str("a source has ended"));
        }
    }
    return ERR_OK;
}

static enum err request_start(struct rt_context *ctx, void *state, const void *arg)
{
    struct request *self = state;
    const struct fixer_request_arg *wanted = arg;
    assert(wanted);
    assert(wanted->count <= FIXER_SOURCES_MAX);
    self->count = wanted->count;
    for (size_t i = 0; i < self->count; i++) {
        self->parts[i].host = wanted->hosts[i];
    }
    rt_work(ctx, 1, 0);
    return ERR_OK;
}

static enum err request_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    struct request *self = state;
    switch (msg->type) {
    case MSG_FIX:
        return on_fix(ctx, self, msg_as_fix(msg));
    case MSG_CANDIDATE:
        return on_candidate(ctx, self, msg_as_candidate(msg));
    case MSG_CANDIDATES:
    case MSG_FAILED:
        return on_answer(ctx, self, msg);
    case MSG_DOWN:
        return on_down(ctx, self, msg_as_down(msg)->ref);
    default:
        return ERR_UNKNOWN;
    }
}

static void request_stop(void *state)
{
    struct request *self = state;
    for (size_t i = 0; i < self->count; i++) {
        struct part *part = &self->parts[i];
        for (size_t j = 0; j < part->count; j++) {
            free(part->candidates[j]);
        }
        free(part->candidates);
        part->candidates = NULL;
        part->count = 0;
    }
}

const struct rt_behaviour fixer_request_behaviour = {.name = "fixer-request",
                                                     .state_size = sizeof(struct request),
                                                     .start = request_start,
                                                     .receive = request_receive,
                                                     .stop = request_stop,
                                                     .restart = RT_RESTART_NEVER};
