/* dispatch.c - who runs which tests next. */
#include "actors/common/dispatch.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

enum { BATCH_PIECES_MAX = 64 };

/* What waits is put in order anew when the files learned from have grown by half. */
enum { LEARNED_FIRST = 2 };

struct file {
    int64_t expected_us;
    uint32_t tests;
    uint32_t reported;
    double spent_us; /* on them */
    bool unknown;    /* no history, and never given away */
    bool learned;
};

struct worker {
    struct queue_piece pieces[BATCH_PIECES_MAX];
    size_t count; /* of pieces; 0: idle */
    size_t at;
    uint32_t reported;      /* tests of pieces[at] */
    uint64_t test_began_us; /* or will, when its set-up is done */
    bool sharing;
};

struct dispatch {
    struct file *files;
    size_t files_count;
    struct worker *workers;
    size_t workers_count;
    size_t sharing; /* workers expected, or that asked, and not lost */
    struct queue queue;
    struct schedule_guess guess;
    size_t learned;
    size_t learned_next;         /* when to put in order again */
    size_t unknown;              /* files without history that were never given away */
    struct schedule_file *order; /* room for the queue */
    struct queue_piece *pieces;  /* the same */
    struct split_work *works;    /* room for the workers */
    uint64_t setup_us;
    uint64_t unknown_us;
    bool no_relief;
};

/* ---- expectations ---- */

static double prior_us(const struct dispatch *self, const struct file *file)
{
    return file->expected_us >= 0 ? (double)file->expected_us / file->tests
                                  : schedule_test_us(&self->guess, file->tests, self->unknown_us);
}

/* Of one test; `running_us` is how long one at work has taken so far. */
static double test_us(const struct dispatch *self, const struct file *file, double running_us)
{
    return split_test_us(prior_us(self, file), file->expected_us >= 0, file->spent_us + running_us,
                         file->reported);
}

static void put(struct dispatch *self, struct queue_piece piece)
{
    const struct file *file = &self->files[piece.file];
    piece.expected_us = (uint64_t)llround(test_us(self, file, 0) * piece.count);
    queue_put(&self->queue, &piece);
}

/* Puts what waits in order, by all that is known now. */
static void put_in_order(struct dispatch *self)
{
    size_t count = self->queue.count;
    for (size_t i = 0; i < count; i++) {
        struct queue_piece piece = queue_take(&self->queue);
        const struct file *file = &self->files[piece.file];
        double each_us = test_us(self, file, 0);
        self->pieces[i] = piece;
        self->order[i] = (struct schedule_file){
            .index = i,
            .expected_us = file->unknown ? -1 : llround(each_us * piece.count),
            .longest_us = (uint64_t)llround(each_us * schedule_longest(piece.count))};
    }
    schedule_order(self->order, count, self->unknown_us);
    for (size_t i = 0; i < count; i++) {
        struct queue_piece piece = self->pieces[self->order[i].index];
        piece.position = i;
        put(self, piece);
    }
}

/* ---- life ---- */

static bool fill(struct dispatch *self, const struct dispatch_terms *terms)
{
    /* Pieces that wait: each file, and of each worker lost the one that it was at. */
    size_t room = terms->files_count + terms->workers_max;
    self->files = calloc(terms->files_count + 1, sizeof *self->files);
    self->workers = calloc(terms->workers_max + 1, sizeof *self->workers);
    self->works = calloc(terms->workers_max + 1, sizeof *self->works);
    self->order = calloc(room + 1, sizeof *self->order);
    self->pieces = calloc(room + 1, sizeof *self->pieces);
    return queue_init(&self->queue, room) == ERR_OK && self->files && self->workers &&
           self->works && self->order && self->pieces;
}

struct dispatch *dispatch_new(const struct dispatch_terms *terms)
{
    struct dispatch *self = calloc(1, sizeof *self);
    if (!self || !fill(self, terms)) {
        dispatch_free(&self);
        return NULL;
    }
    self->files_count = terms->files_count;
    self->workers_count = terms->workers_max;
    self->setup_us = terms->setup_us;
    self->unknown_us = terms->unknown_us;
    self->no_relief = terms->no_relief;
    self->learned_next = LEARNED_FIRST;
    for (self->sharing = 0; self->sharing < terms->workers; self->sharing++) {
        self->workers[self->sharing].sharing = true;
    }
    for (size_t i = 0; i < terms->files_count; i++) {
        const struct dispatch_file *from = &terms->files[i];
        assert(from->tests > 0);
        self->files[i] = (struct file){.expected_us = from->expected_us,
                                       .tests = from->tests,
                                       .unknown = from->expected_us < 0};
        self->unknown += self->files[i].unknown;
        if (!self->files[i].unknown) {
            schedule_saw_tests(&self->guess, from->tests, (uint64_t)from->expected_us);
            schedule_saw_file(&self->guess, from->tests, (uint64_t)from->expected_us);
        }
    }
    for (size_t i = 0; i < terms->files_count; i++) {
        put(self, (struct queue_piece){
                      .position = i, .file = (uint32_t)i, .count = self->files[i].tests});
    }
    put_in_order(self);
    return self;
}

void dispatch_free(struct dispatch **dispatch)
{
    struct dispatch *self = *dispatch;
    if (self) {
        queue_fini(&self->queue);
        free(self->files);
        free(self->workers);
        free(self->works);
        free(self->order);
        free(self->pieces);
        free(self);
    }
    *dispatch = NULL;
}

/* ---- asking ---- */

static struct split_work work_of(const struct dispatch *self, const struct worker *worker,
                                 uint64_t now_us)
{
    if (worker->count == 0) {
        return (struct split_work){.working = false};
    }
    const struct queue_piece *piece = &worker->pieces[worker->at];
    const struct file *file = &self->files[piece->file];
    double running_us =
        now_us > worker->test_began_us ? (double)(now_us - worker->test_began_us) : 0;
    struct split_work work = {.waiting = piece->count - worker->reported - 1,
                              .test_us = test_us(self, file, running_us),
                              .working = true,
                              .known = file->expected_us >= 0};
    for (size_t i = worker->at + 1; i < worker->count; i++) {
        work.behind_us += (double)worker->pieces[i].expected_us + (double)self->setup_us;
    }
    return work;
}

/* Begins the first piece of the worker's batch that it has not done. */
static void begin(const struct dispatch *self, struct worker *worker, uint64_t now_us)
{
    worker->reported = 0;
    worker->test_began_us = now_us + self->setup_us;
}

static bool take_from(struct dispatch *self, struct worker *worker, double share_us,
                      uint64_t now_us)
{
    struct split_choice choice;
    if (!split_choose(self->works, self->workers_count, (double)self->setup_us, share_us,
                      &choice)) {
        return false;
    }
    struct worker *giver = &self->workers[choice.giver];
    if (choice.tests == 0) {
        assert(giver->count > giver->at + 1);
        worker->pieces[0] = giver->pieces[--giver->count];
    } else {
        struct queue_piece *piece = &giver->pieces[giver->at];
        assert(choice.tests < piece->count - giver->reported);
        piece->count -= (uint32_t)choice.tests;
        worker->pieces[0] = *piece;
        worker->pieces[0].first = piece->first + piece->count;
        worker->pieces[0].count = (uint32_t)choice.tests;
    }
    worker->count = 1;
    worker->at = 0;
    begin(self, worker, now_us);
    return true;
}

/* Gives less than a piece to a worker that nobody could relieve of it; true: that is all. */
static bool take_part(struct dispatch *self, struct worker *worker, double left_us)
{
    const struct queue_piece *first = queue_first(&self->queue);
    if (!self->no_relief || self->files[first->file].expected_us < 0) {
        return false;
    }
    uint64_t part_us = split_part_us(first->expected_us + self->setup_us, (uint64_t)left_us,
                                     self->sharing, self->setup_us);
    double each_us = test_us(self, &self->files[first->file], 0);
    double tests = each_us > 0 ? ceil((double)part_us / each_us) : (double)first->count;
    if (tests >= (double)first->count) {
        return false;
    }
    struct queue_piece rest = queue_take(&self->queue);
    worker->pieces[0] = rest;
    worker->pieces[0].count = (uint32_t)tests;
    rest.first += (uint32_t)tests;
    rest.count -= (uint32_t)tests;
    put(self, rest);
    worker->count = 1;
    worker->at = 0;
    return true;
}

/* A guided batch; what nothing is known of is given alone. */
static void take_batch(struct dispatch *self, struct worker *worker, uint64_t now_us)
{
    uint64_t target_us = schedule_batch_us(self->queue.expected_us, self->sharing, 0);
    uint64_t taken_us = 0;
    worker->count = 0;
    worker->at = 0;
    do {
        struct queue_piece piece = queue_take(&self->queue);
        taken_us += piece.expected_us;
        worker->pieces[worker->count++] = piece;
        if (self->files[piece.file].unknown) {
            self->files[piece.file].unknown = false;
            self->unknown--;
            break;
        }
    } while (worker->count < BATCH_PIECES_MAX && self->queue.count > 0 &&
             taken_us + queue_first(&self->queue)->expected_us <= target_us);
    begin(self, worker, now_us);
}

bool dispatch_ask(struct dispatch *self, size_t number, uint64_t now_us)
{
    assert(number < self->workers_count);
    struct worker *worker = &self->workers[number];
    assert(worker->count == 0);
    self->sharing += !worker->sharing;
    worker->sharing = true;
    double left_us = (double)self->queue.expected_us;
    for (size_t i = 0; i < self->workers_count; i++) {
        self->works[i] = work_of(self, &self->workers[i], now_us);
        left_us += split_left_us(&self->works[i]);
    }
    if (self->queue.count == 0) {
        return !self->no_relief && take_from(self, worker, 0, now_us);
    }
    double share_us = fmax(left_us / (double)self->sharing, 1.0);
    if (take_part(self, worker, left_us)) {
        begin(self, worker, now_us);
    } else if (self->no_relief || !take_from(self, worker, share_us, now_us)) {
        take_batch(self, worker, now_us);
    }
    return true;
}

const struct queue_piece *dispatch_piece(const struct dispatch *self, size_t worker)
{
    assert(worker < self->workers_count && self->workers[worker].count > 0);
    return &self->workers[worker].pieces[self->workers[worker].at];
}

bool dispatch_may_give(const struct dispatch *self)
{
    for (size_t i = 0; i < self->workers_count && !self->no_relief; i++) {
        const struct worker *worker = &self->workers[i];
        if (worker->count > 0 && worker->pieces[worker->at].count > worker->reported + 1) {
            return true;
        }
    }
    return false;
}

/* ---- reports ---- */

/* A piece of an unknown file is done. */
static void learn(struct dispatch *self, struct file *file)
{
    if (file->learned || file->expected_us >= 0) {
        return;
    }
    file->learned = true;
    double whole_us = file->spent_us / file->reported * file->tests;
    schedule_saw_file(&self->guess, file->tests, (uint64_t)llround(whole_us));
    self->learned++;
    if (self->learned >= self->learned_next && self->unknown > 0) {
        self->learned_next = self->learned + self->learned / 2 + 1;
        put_in_order(self);
    }
}

enum dispatch_next dispatch_report(struct dispatch *self, size_t number, uint64_t now_us)
{
    assert(number < self->workers_count && self->workers[number].count > 0);
    struct worker *worker = &self->workers[number];
    const struct queue_piece *piece = &worker->pieces[worker->at];
    struct file *file = &self->files[piece->file];
    uint64_t spent_us = now_us > worker->test_began_us ? now_us - worker->test_began_us : 0;
    file->reported++;
    file->spent_us += (double)spent_us;
    schedule_saw_tests(&self->guess, 1, spent_us);
    worker->test_began_us = now_us;
    worker->reported++;
    if (worker->reported < piece->count) {
        return DISPATCH_TEST;
    }
    learn(self, file);
    worker->at++;
    if (worker->at < worker->count) {
        begin(self, worker, now_us);
        return DISPATCH_PIECE;
    }
    worker->count = 0;
    return DISPATCH_IDLE;
}

void dispatch_lose(struct dispatch *self, size_t number)
{
    assert(number < self->workers_count);
    struct worker *worker = &self->workers[number];
    if (worker->sharing) {
        worker->sharing = false;
        self->sharing--;
    }
    for (size_t i = worker->at; i < worker->count; i++) {
        struct queue_piece piece = worker->pieces[i];
        if (i == worker->at) {
            piece.first += worker->reported;
            piece.count -= worker->reported;
        }
        put(self, piece);
    }
    worker->count = 0;
}
