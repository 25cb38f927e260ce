/* simulate.c - events of imagined workers, in the order of their times. */
#include "tools/simulate.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "actors/common/dispatch.h"

/* An idle worker asks again after half a set-up, but not more often than this. */
enum { ASK_US_MIN = 1000 };

enum event_kind { EVENT_BOOTED, EVENT_TEST_DONE, EVENT_KILL, EVENT_ASK };

struct event {
    uint64_t at_us;
    uint64_t number; /* breaks ties: first come, first served */
    enum event_kind kind;
    size_t worker;
};

struct imagined {
    double speed;
    bool booted;
    bool dead;
    bool working;
    uint32_t done;     /* tests of its piece */
    uint64_t began_us; /* its piece */
};

struct simulation {
    const struct simulate_terms *terms;
    struct dispatch *dispatch;
    struct imagined *workers;
    size_t workers_count;
    struct event *events; /* a heap */
    size_t events_count;
    uint64_t events_made;
    uint64_t now_us;
    bool asking;        /* an EVENT_ASK is on its way */
    uint64_t **reports; /* how often each test of a file was reported */
    struct simulate_result *result;
};

/* ---- chance ---- */

static uint64_t roll(uint64_t *state) /* splitmix64 */
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* Above 0, at most 1. */
static double roll_part(uint64_t *state)
{
    return (double)((roll(state) >> 11) + 1) * 0x1p-53;
}

/* Box and Muller.  A worker that stands still would never end. */
static double roll_speed(uint64_t *state, double sd)
{
    double radius = sqrt(-2 * log(roll_part(state)));
    return fmax(0.1, 1 + sd * radius * cos(2 * M_PI * roll_part(state)));
}

/* ---- events ---- */

static bool before(const struct event *a, const struct event *b)
{
    return a->at_us != b->at_us ? a->at_us < b->at_us : a->number < b->number;
}

static void post(struct simulation *self, uint64_t at_us, enum event_kind kind, size_t worker)
{
    struct event event = {
        .at_us = at_us, .number = self->events_made++, .kind = kind, .worker = worker};
    size_t at = self->events_count++;
    while (at > 0 && before(&event, &self->events[(at - 1) / 2])) {
        self->events[at] = self->events[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    self->events[at] = event;
}

static struct event next(struct simulation *self)
{
    struct event first = self->events[0];
    struct event last = self->events[--self->events_count];
    size_t at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= self->events_count) {
            break;
        }
        if (child + 1 < self->events_count &&
            before(&self->events[child + 1], &self->events[child])) {
            child++;
        }
        if (!before(&self->events[child], &last)) {
            break;
        }
        self->events[at] = self->events[child];
        at = child;
    }
    self->events[at] = last;
    return first;
}

/* ---- workers ---- */

static uint64_t on_worker(const struct simulation *self, size_t worker, uint64_t us)
{
    return (uint64_t)llround((double)us / self->workers[worker].speed);
}

static uint64_t test_us(const struct simulate_file *file, uint32_t test)
{
    return file->tests_us ? file->tests_us[test] : file->actual_us;
}

/* The next test of the worker's piece, the piece's set-up before it when it is the first. */
static void run_test(struct simulation *self, size_t number)
{
    const struct queue_piece *piece = dispatch_piece(self->dispatch, number);
    struct imagined *worker = &self->workers[number];
    uint64_t us = test_us(&self->terms->files[piece->file], piece->first + worker->done);
    if (worker->done == 0) {
        us += self->terms->per_file_us;
        worker->began_us = self->now_us;
        self->result->workers[number].files++;
    }
    post(self, self->now_us + on_worker(self, number, us), EVENT_TEST_DONE, number);
}

static void ask(struct simulation *self, size_t number)
{
    struct imagined *worker = &self->workers[number];
    assert(worker->booted && !worker->dead && !worker->working);
    if (dispatch_ask(self->dispatch, number, self->now_us)) {
        worker->working = true;
        worker->done = 0;
        run_test(self, number);
    }
}

static void ask_all(struct simulation *self)
{
    bool idle = false;
    for (size_t i = 0; i < self->workers_count; i++) {
        struct imagined *worker = &self->workers[i];
        if (worker->booted && !worker->dead && !worker->working) {
            ask(self, i);
            idle |= !worker->working;
        }
    }
    /* A test that takes its time makes what waits behind it worth another set-up. */
    if (idle && !self->asking && dispatch_may_give(self->dispatch)) {
        uint64_t wait_us = self->terms->per_file_us / 2;
        post(self, self->now_us + (wait_us > ASK_US_MIN ? wait_us : ASK_US_MIN), EVENT_ASK, 0);
        self->asking = true;
    }
}

static void rest(struct simulation *self, size_t number)
{
    struct imagined *worker = &self->workers[number];
    self->result->workers[number].busy_us += self->now_us - worker->began_us;
    worker->working = false;
    worker->done = 0;
}

static void on_test_done(struct simulation *self, size_t number)
{
    struct imagined *worker = &self->workers[number];
    if (worker->dead) {
        return;
    }
    const struct queue_piece *piece = dispatch_piece(self->dispatch, number);
    self->reports[piece->file][piece->first + worker->done]++;
    worker->done++;
    self->result->makespan_us = self->now_us;
    enum dispatch_next next_is = dispatch_report(self->dispatch, number, self->now_us);
    if (next_is != DISPATCH_TEST) {
        rest(self, number);
    }
    if (next_is != DISPATCH_IDLE) {
        worker->working = true;
        run_test(self, number);
    }
}

static void on_kill(struct simulation *self, size_t number)
{
    struct imagined *worker = &self->workers[number];
    if (worker->dead) {
        return;
    }
    if (worker->working) {
        rest(self, number);
    }
    worker->dead = true;
    dispatch_lose(self->dispatch, number);
}

static void play(struct simulation *self)
{
    while (self->events_count > 0) {
        struct event event = next(self);
        assert(event.at_us >= self->now_us);
        self->now_us = event.at_us;
        switch (event.kind) {
        case EVENT_BOOTED:
            self->workers[event.worker].booted = true;
            break;
        case EVENT_TEST_DONE:
            on_test_done(self, event.worker);
            break;
        case EVENT_KILL:
            on_kill(self, event.worker);
            break;
        case EVENT_ASK:
            self->asking = false;
            break;
        }
        ask_all(self);
    }
}

/* ---- the whole of it ---- */

static void count_reports(struct simulation *self)
{
    for (size_t i = 0; i < self->terms->files_count; i++) {
        for (uint32_t test = 0; test < self->terms->files[i].tests; test++) {
            self->result->lost += self->reports[i][test] == 0;
            self->result->doubled += self->reports[i][test] > 1;
        }
    }
}

static double lower_bound(const struct simulation *self)
{
    const struct simulate_terms *terms = self->terms;
    double sum_us = (double)terms->files_count * (double)terms->per_file_us;
    double longest_us = 0;
    for (size_t i = 0; i < terms->files_count; i++) {
        const struct simulate_file *file = &terms->files[i];
        sum_us += (double)file->actual_us;
        for (uint32_t test = 0; test < file->tests; test++) {
            longest_us = fmax(longest_us, (double)test_us(file, test));
        }
    }
    double speeds = 0;
    double fastest = 0;
    for (size_t i = 0; i < self->workers_count; i++) {
        speeds += self->workers[i].speed;
        fastest = fmax(fastest, self->workers[i].speed);
    }
    return (double)terms->boot_us + fmax(sum_us / speeds, longest_us / fastest);
}

static bool set_up(struct simulation *self)
{
    const struct simulate_terms *terms = self->terms;
    size_t workers = self->workers_count;
    struct dispatch_file *files = calloc(terms->files_count + 1, sizeof *files);
    self->workers = calloc(workers, sizeof *self->workers);
    self->events = calloc(2 * workers + terms->kills_count + 2, sizeof *self->events);
    self->reports = calloc(terms->files_count + 1, sizeof *self->reports);
    self->result->workers = calloc(workers, sizeof *self->result->workers);
    self->result->workers_count = workers;
    bool good = files && self->workers && self->events && self->reports && self->result->workers;
    for (size_t i = 0; i < terms->files_count && good; i++) {
        const struct simulate_file *file = &terms->files[i];
        files[i] = (struct dispatch_file){.expected_us = file->expected_us, .tests = file->tests};
        self->reports[i] = calloc(file->tests, sizeof **self->reports);
        good = self->reports[i] != NULL;
    }
    if (good) {
        self->dispatch = dispatch_new(&(struct dispatch_terms){.files = files,
                                                               .files_count = terms->files_count,
                                                               .workers = terms->workers,
                                                               .workers_max = workers,
                                                               .setup_us = terms->per_file_us,
                                                               .unknown_us = terms->unknown_us,
                                                               .no_relief = terms->no_relief});
    }
    free(files);
    return self->dispatch != NULL;
}

static void invite(struct simulation *self)
{
    const struct simulate_terms *terms = self->terms;
    uint64_t state = terms->seed;
    for (size_t i = 0; i < self->workers_count; i++) {
        uint64_t start_us = i < terms->workers ? 0 : terms->joins_us[i - terms->workers];
        self->workers[i].speed = roll_speed(&state, terms->speed_sd);
        self->result->workers[i].speed = self->workers[i].speed;
        post(self, start_us + terms->boot_us, EVENT_BOOTED, i);
    }
    for (size_t i = 0; i < terms->kills_count; i++) {
        assert(terms->kills[i].worker < self->workers_count);
        post(self, terms->kills[i].at_us, EVENT_KILL, terms->kills[i].worker);
    }
}

static void tear_down(struct simulation *self)
{
    dispatch_free(&self->dispatch);
    for (size_t i = 0; self->reports && i < self->terms->files_count; i++) {
        free(self->reports[i]);
    }
    free(self->reports);
    free(self->workers);
    free(self->events);
}

enum err simulate(const struct simulate_terms *terms, struct simulate_result *ret_result)
{
    assert(terms->workers > 0);
    struct simulate_result result = {.makespan_us = 0};
    struct simulation self = {
        .terms = terms, .workers_count = terms->workers + terms->joins_count, .result = &result};
    enum err err = ERR_MEMORY;
    if (set_up(&self)) {
        invite(&self);
        play(&self);
        count_reports(&self);
        result.lower_bound_us = lower_bound(&self);
        *ret_result = result;
        err = ERR_OK;
    } else {
        free(result.workers);
    }
    tear_down(&self);
    return err;
}
