/* simulate_scaling.c - the next thing that happens, and then the next. */
#include "tools/simulate_scaling.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

enum { INSTANCES_MAX = 1000000 };

/* Two things at the same time differ by rounding. */
static const double EPSILON = 1e-9;

struct instance {
    size_t number; /* among all there were */
    double started_s;
    double ready_s;
    double idle_s; /* since when */
};

struct scaling {
    const struct scaling_policy *policy;
    const struct scaling_arrival *arrivals;
    size_t count;
    size_t arrived;
    size_t done;
    double left_s;    /* of arrivals[done], when that has arrived */
    double waiting_s; /* of the runs behind it */
    double *latencies;
    struct instance *live;
    size_t live_count;
    double now_s;
    double decide_s; /* the next time */
    struct scaling_result *result;
    size_t instances_room;
};

static bool has_work(const struct scaling *self)
{
    return self->done < self->arrived;
}

static size_t ready(const struct scaling *self)
{
    size_t count = 0;
    for (size_t i = 0; i < self->live_count; i++) {
        count += self->live[i].ready_s <= self->now_s + EPSILON;
    }
    return count;
}

/* When something happens next; INFINITY: nothing ever. */
static double next_s(const struct scaling *self)
{
    const struct scaling_policy *policy = self->policy;
    double at_s = self->arrived < self->count ? self->arrivals[self->arrived].at_s : INFINITY;
    for (size_t i = 0; i < self->live_count; i++) {
        const struct instance *instance = &self->live[i];
        if (instance->ready_s > self->now_s + EPSILON) {
            at_s = fmin(at_s, instance->ready_s);
        } else if (!has_work(self)) {
            at_s = fmin(at_s, fmax(instance->idle_s, instance->ready_s) + policy->idle_stop_s);
        }
    }
    if (has_work(self)) {
        double slots = (double)ready(self) * policy->slots_per_instance;
        at_s = slots > 0 ? fmin(at_s, self->now_s + self->left_s / slots) : at_s;
        at_s = policy->decide_every_s > 0 ? fmin(at_s, self->decide_s) : at_s;
    }
    return fmax(at_s, self->now_s);
}

static void work_until(struct scaling *self, double at_s)
{
    double time_s = at_s - self->now_s;
    for (size_t i = 0; i < self->live_count && has_work(self); i++) {
        struct instance *instance = &self->live[i];
        if (instance->ready_s <= self->now_s + EPSILON) {
            self->left_s -= time_s * self->policy->slots_per_instance;
            self->result->instances[instance->number].busy_s += time_s;
            instance->idle_s = at_s;
        }
    }
    self->now_s = at_s;
}

static void finish_and_arrive(struct scaling *self)
{
    while (has_work(self) && self->left_s <= EPSILON * (1 + self->now_s)) {
        self->latencies[self->done] = self->now_s - self->arrivals[self->done].at_s;
        self->result->makespan_s = self->now_s;
        self->done++;
        self->left_s = has_work(self) ? self->arrivals[self->done].cpu_s : 0;
        self->waiting_s -= self->left_s;
    }
    while (self->arrived < self->count && self->arrivals[self->arrived].at_s <= self->now_s) {
        double cpu_s = self->arrivals[self->arrived].cpu_s;
        if (has_work(self)) {
            self->waiting_s += cpu_s;
        } else {
            self->left_s = cpu_s;
            self->decide_s = self->now_s + self->policy->decide_every_s;
        }
        self->arrived++;
    }
}

static void stop_idle(struct scaling *self)
{
    for (size_t i = self->live_count; i > 0; i--) {
        struct instance *instance = &self->live[i - 1];
        bool busy = has_work(self) && instance->ready_s <= self->now_s + EPSILON;
        double idle_s = self->now_s - fmax(instance->idle_s, instance->ready_s) + EPSILON;
        if (!scaling_may_stop(self->policy, busy ? -1 : idle_s)) {
            continue;
        }
        self->result->stopped_busy += busy;
        self->result->usd +=
            (self->now_s - instance->started_s) / 3600 * self->policy->price_per_hour;
        *instance = self->live[--self->live_count];
    }
}

static enum err start(struct scaling *self)
{
    struct scaling_result *result = self->result;
    if (result->instances_count == INSTANCES_MAX) {
        return ERR_LIMIT;
    }
    if (result->instances_count == self->instances_room) {
        size_t room = self->instances_room ? 2 * self->instances_room : 64;
        struct scaling_instance *more = realloc(result->instances, room * sizeof *more);
        if (!more) {
            return ERR_MEMORY;
        }
        result->instances = more;
        self->instances_room = room;
    }
    const struct scaling_policy *policy = self->policy;
    result->instances[result->instances_count] = (struct scaling_instance){.busy_s = 0};
    double ready_s = self->now_s + policy->start_lag_s + policy->setup_s;
    self->live[self->live_count++] = (struct instance){.number = result->instances_count++,
                                                       .started_s = self->now_s,
                                                       .ready_s = ready_s,
                                                       .idle_s = ready_s};
    if (self->live_count > result->instances_max) {
        result->instances_max = self->live_count;
    }
    return ERR_OK;
}

static enum err decide(struct scaling *self)
{
    if (self->now_s >= self->decide_s) {
        self->decide_s = self->now_s + self->policy->decide_every_s;
    }
    size_t ready_count = ready(self);
    uint64_t more = scaling_start(
        self->policy, &(struct scaling_state){.work_s = self->left_s + self->waiting_s,
                                              .ready = ready_count,
                                              .coming = self->live_count - ready_count});
    enum err err = ERR_OK;
    while (more-- > 0 && err == ERR_OK) {
        err = start(self);
    }
    return err;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static int by_time(const void *a, const void *b)
{
    const struct scaling_arrival *x = a;
    const struct scaling_arrival *y = b;
    return (x->at_s > y->at_s) - (x->at_s < y->at_s);
}

/* The nearest rank. */
static double percentile(const double *sorted, size_t count, double part)
{
    return count > 0 ? sorted[(size_t)fmax(0, ceil(part * (double)count) - 1)] : 0;
}

static enum err play(struct scaling *self)
{
    enum err err = ERR_OK;
    double at_s;
    while (err == ERR_OK && !isinf(at_s = next_s(self))) {
        work_until(self, at_s);
        finish_and_arrive(self);
        stop_idle(self);
        err = has_work(self) ? decide(self) : ERR_OK;
    }
    return err;
}

static void conclude(struct scaling *self)
{
    const struct scaling_policy *policy = self->policy;
    struct scaling_result *result = self->result;
    double slots = policy->instances_max * policy->slots_per_instance;
    for (size_t i = 0; i < self->count; i++) {
        /* Only the first one certainly finds no instance that was started for others. */
        double lag_s = i == 0 ? policy->start_lag_s + policy->setup_s : 0;
        double alone_s = lag_s + self->arrivals[i].cpu_s / slots;
        result->lower_bound_s = fmax(result->lower_bound_s, self->arrivals[i].at_s + alone_s);
    }
    qsort(self->latencies, self->done, sizeof *self->latencies, by_size);
    result->p50_s = percentile(self->latencies, self->done, 0.5);
    result->p95_s = percentile(self->latencies, self->done, 0.95);
    result->lost = self->count - self->done;
}

enum err simulate_scaling(const struct scaling_policy *policy, struct scaling_arrival *arrivals,
                          size_t count, struct scaling_result *ret_result)
{
    assert(policy->instances_max >= 1 && policy->slots_per_instance > 0);
    struct scaling_result result = {.usd = 0};
    struct scaling self = {
        .policy = policy, .arrivals = arrivals, .count = count, .result = &result};
    qsort(arrivals, count, sizeof *arrivals, by_time);
    self.latencies = calloc(count + 1, sizeof *self.latencies);
    self.live = calloc((size_t)policy->instances_max + 1, sizeof *self.live);
    enum err err = self.latencies && self.live ? play(&self) : ERR_MEMORY;
    if (err == ERR_OK) {
        conclude(&self);
        *ret_result = result;
    } else {
        free(result.instances);
    }
    free(self.latencies);
    free(self.live);
    return err;
}
