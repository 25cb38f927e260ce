/* run_part.c - long files in parts: who gets which tests of a file, and one result of all of them.
 *
 * Parts are only a faster way to the one result that a file has.  They stand in no ledger: what is
 * not simply passed (a failure, a crash, tests that two parts or none of them have run) makes the
 * file run whole, as if it had never been given away in parts; so does a restart.  A result of
 * parts is taken only when every part saw the same number of tests in the file, they ran so many
 * together, and no name is there twice.
 */
#include "actors/coordinator/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/common/split.h"

struct run_job *run_job_at(struct run *run, uint64_t number)
{
    if (number < run->count) {
        return &run->jobs[number];
    }
    for (struct run_part *part = run->parts; part; part = part->next) {
        if (part->job.job.index == number) {
            return &part->job;
        }
    }
    return NULL;
}

static struct run_part *part_of(const struct run *run, const struct run_job *job)
{
    struct run_part *part = run->parts;
    while (&part->job != job) {
        part = part->next;
        assert(part);
    }
    return part;
}

static void part_free(struct run_part *part)
{
    run_attempt_clear(&part->job.attempt);
    free(part);
}

static void split_free(struct run_job *file)
{
    if (file->split) {
        parts_fini(&file->split->parts);
        free(file->split);
        file->split = NULL;
    }
}

/* Forgets a part that is under no lease any more. */
static void drop(struct run *run, struct run_part *part)
{
    assert(!part->job.job.lease);
    struct run_part **at = &run->parts;
    while (*at != part) {
        at = &(*at)->next;
    }
    *at = part->next;
    part_free(part);
}

enum err run_split_known(struct rt_context *ctx, struct run *run, const struct ledger_known *known,
                         size_t count)
{
    /* What history knows of begins when a file does; a part also has a process to start. */
    uint64_t boot_us = rt_config(ctx)->coordinator.batch_boot_ms * 1000;
    for (size_t i = 0; i < count; i++) {
        struct parts parts;
        enum err err = parts_init(&parts, known[i].tests, known[i].count, known[i].expected_us);
        if (err == ERR_LIMIT || known[i].job >= run->count) {
            continue;
        }
        struct run_split *split = err == ERR_OK ? calloc(1, sizeof *split) : NULL;
        if (!split) {
            parts_fini(&parts);
            return ERR_MEMORY;
        }
        parts.setup_us = parts.setup_us > boot_us ? parts.setup_us : boot_us;
        split->parts = parts;
        run->jobs[known[i].job].split = split;
    }
    return ERR_OK;
}

/* ---- giving away ---- */

enum err run_part_take(struct rt_context *ctx, struct run *run, const struct queue_piece *piece,
                       struct run_taker taker, struct run_job **ret_job)
{
    struct run_job *file = &run->jobs[piece->file];
    *ret_job = file;
    if (!file->split) {
        return ERR_OK;
    }
    const struct parts *parts = &file->split->parts;
    uint64_t target_us =
        split_part_us(piece->expected_us, taker.left_us, taker.workers, parts->setup_us);
    uint32_t count = target_us < piece->expected_us
                         ? parts_cut(parts, piece->first, piece->count, target_us)
                         : piece->count;
    if (count == parts->count) {
        split_free(file);
        return ERR_OK;
    }
    struct run_part *part = calloc(1, sizeof *part);
    if (!part) {
        return ERR_MEMORY;
    }
    part->piece = *piece;
    part->piece.count = count;
    memcpy(part->worker, taker.worker.at, taker.worker.size);
    part->job.file = file->file;
    part->job.runner = file->runner;
    part->job.expected_us = parts_us(parts, piece->first, count) + parts->setup_us;
    job_init(&part->job.job, (uint32_t)run->count + run->parts_made++, rt_now_ms(ctx));
    struct run_part **last = &run->parts; /* their tests are joined in this order */
    while (*last) {
        last = &(*last)->next;
    }
    *last = part;
    if (count < piece->count) {
        run_enqueue_piece(run, (struct queue_piece){.file = piece->file,
                                                    .first = piece->first + count,
                                                    .count = piece->count - count});
    }
    rt_log(ctx, RT_INFO, "run=%s file=%s part=%u tests=%u..%u of %u", run->id, file->file,
           part->job.job.index, piece->first, piece->first + count - 1, parts->count);
    *ret_job = &part->job;
    return ERR_OK;
}

enum err run_part_lease(const struct run *run, const struct run_job *job,
                        struct msg_lease *ret_lease, char **ret_names)
{
    enum term select = 0;
    *ret_names = NULL;
    if (run_is_part(run, job)) {
        const struct queue_piece *piece = &part_of(run, job)->piece;
        enum err err = parts_select(&run->jobs[piece->file].split->parts, piece->first,
                                    piece->count, &select, ret_names);
        if (err != ERR_OK) {
            return err;
        }
    }
    *ret_lease = (struct msg_lease){.head = {MSG_LEASE},
                                    .run = msg_str(run->id),
                                    .token = job->job.token,
                                    .job = job->job.index,
                                    .attempt = job->job.attempts,
                                    .file = msg_str(job->file),
                                    .select = (uint64_t)select,
                                    .tests = msg_str(*ret_names ? *ret_names : "")};
    return ERR_OK;
}

/* ---- coming back ---- */

/* Takes a part off its lease, and the lease from its slot when that was all of it. */
static void take_back(struct rt_context *ctx, struct run *run, struct run_part *part)
{
    struct run_lease *lease = run_find_lease(run, part->job.job.token);
    assert(lease && part->job.job.lease == &lease->lease);
    (void)job_lose(&part->job.job, LOSS_RETURNED, &run->limits, rt_now_ms(ctx));
    run->leased_count--;
    if (lease->slot.node != 0) {
        rt_tell(ctx, lease->slot,
                MSG(revoke, .run = msg_str(run->id), .token = lease->lease.token));
    }
    run_drop_lease(ctx, run, lease); /* a part is alone under its lease */
}

/* Whatever its parts have said: it runs as any other file. */
static void run_whole(struct rt_context *ctx, struct run *run, uint32_t file, const char *why)
{
    struct run_part *next;
    for (struct run_part *part = run->parts; part; part = next) {
        next = part->next;
        if (part->piece.file != file) {
            continue;
        }
        if (part->job.job.lease) {
            take_back(ctx, run, part);
        }
        drop(run, part);
    }
    queue_drop(&run->queue, file);
    struct run_job *job = &run->jobs[file];
    rt_log(ctx, RT_INFO, "run=%s file=%s runs whole: %s", run->id, job->file, why);
    split_free(job);
    run_enqueue(run, file);
    run_demand(ctx, run);
}

enum err run_part_lost(struct rt_context *ctx, struct run *run, struct run_job *job)
{
    struct run_part *part = part_of(run, job);
    struct queue_piece piece = part->piece;
    if (job->job.lease) {
        (void)job_lose(&job->job, LOSS_WORKER, &run->limits, rt_now_ms(ctx));
        run->leased_count--;
    }
    drop(run, part);
    if (++run->jobs[piece.file].split->losses > RUN_PART_LOSSES_MAX) {
        run_whole(ctx, run, piece.file, "its parts were lost too often");
        return ERR_OK;
    }
    run_enqueue_piece(run, piece);
    run_demand(ctx, run);
    return ERR_OK;
}

/* ---- joining ---- */

/* What all parts of one file have to say together. */
struct sum {
    uint32_t known; /* tests of the pieces that are done */
    uint32_t parts;
    size_t tests;
    uint64_t seen;
    bool agree; /* on how many tests there are */
    uint64_t tests_us;
    uint64_t setup_us; /* the largest */
    uint64_t cpu_us;
};

static struct sum sum_up(const struct run *run, uint32_t file)
{
    struct sum sum = {.agree = true};
    for (const struct run_part *part = run->parts; part; part = part->next) {
        if (part->piece.file != file || !part->done) {
            continue;
        }
        uint64_t tests_us = 0;
        for (size_t i = 0; i < part->job.attempt.count; i++) {
            tests_us += part->job.attempt.tests[i].test.duration_us;
        }
        uint64_t setup_us = part->duration_us > tests_us ? part->duration_us - tests_us : 0;
        sum.agree = sum.agree && (sum.parts == 0 || sum.seen == part->seen);
        sum.seen = part->seen;
        sum.parts++;
        sum.known += part->piece.count;
        sum.tests += part->job.attempt.count;
        sum.tests_us += tests_us < part->duration_us ? tests_us : part->duration_us;
        sum.setup_us = setup_us > sum.setup_us ? setup_us : sum.setup_us;
        sum.cpu_us += part->cpu_us;
    }
    return sum;
}

/* Moves the tests of all parts into one attempt; false: a name is there twice. */
static enum err merge(struct run *run, uint32_t file, size_t count, bool *ret_distinct)
{
    struct run_attempt *all = &run->jobs[file].attempt;
    struct msg_str *names = calloc(count + 1, sizeof *names);
    run_attempt_clear(all);
    all->tests = calloc(count + 1, sizeof *all->tests);
    if (!names || !all->tests) {
        free(names);
        return ERR_MEMORY;
    }
    all->capacity = count + 1;
    for (struct run_part *part = run->parts; part; part = part->next) {
        struct run_attempt *from = &part->job.attempt;
        for (size_t i = 0; part->piece.file == file && i < from->count; i++) {
            struct run_test test = from->tests[i];
            test.test.index = all->count;
            names[all->count] = test.test.name;
            all->tests[all->count++] = test;
            from->tests[i].texts = NULL;
        }
    }
    *ret_distinct = parts_distinct(names, count);
    free(names);
    return ERR_OK;
}

/* Whoever did the first part, and how many others. */
static void name_workers(const struct run_part *part, uint32_t parts, struct run_split *split)
{
    char more[24] = "";
    if (split->worker[0]) {
        return;
    }
    if (parts > 1) {
        (void)snprintf(more, sizeof more, " +%u", parts - 1);
    }
    (void)snprintf(split->worker, sizeof split->worker, "%.*s%s",
                   (int)(MSG_MAX_offer_worker - strlen(more)), part->worker, more);
}

/* The file gets its one lease, whose end is there already. */
static enum err finish(struct rt_context *ctx, struct run *run, uint32_t file,
                       const struct sum *sum)
{
    struct run_job *job = &run->jobs[file];
    uint64_t now_ms = rt_now_ms(ctx);
    uint64_t token = 0;
    enum err err = lease_token_next(&run->source, &token);
    if (err != ERR_OK) {
        return err;
    }
    struct lease lease;
    struct fence fence = {.epoch = run->source.epoch, .token = token};
    struct job_end end = {.outcome = TERM_outcome_COMPLETE};
    lease_init(&lease, token, &run->limits, now_ms);
    lease_grant(&lease, &job->job, now_ms);
    enum finish finish = job_finish(&job->job, fence, &end, &run->limits, now_ms);
    assert(finish == FINISH_ACCEPT);
    (void)finish;
    struct msg_job_done done = {.job = file,
                                .token = token,
                                .outcome = TERM_outcome_COMPLETE,
                                .collected = sum->tests,
                                .duration_us = sum->tests_us + sum->setup_us,
                                .cpu_us = sum->cpu_us,
                                .message = msg_str("")};
    return run_store_finish(ctx, run, (struct rt_address){0, 0}, &done);
}

static enum err join(struct rt_context *ctx, struct run *run, uint32_t file, const struct sum *sum)
{
    bool distinct = false;
    run->jobs[file].parts_failed = true; /* unless it is shown below that they have not */
    if (!sum->agree || sum->seen != sum->tests || sum->tests == 0) {
        run_whole(ctx, run, file, "its parts do not make up the tests that they saw in it");
        return ERR_OK;
    }
    enum err err = merge(run, file, sum->tests, &distinct);
    if (err != ERR_OK) {
        return err;
    }
    if (!distinct) {
        run_attempt_clear(&run->jobs[file].attempt);
        run_whole(ctx, run, file, "two of its parts ran the same test");
        return ERR_OK;
    }
    run->jobs[file].parts_failed = false;
    struct run_part *next;
    for (struct run_part *part = run->parts; part; part = next) {
        next = part->next;
        if (part->piece.file == file) {
            name_workers(part, sum->parts, run->jobs[file].split);
            drop(run, part);
        }
    }
    rt_log(ctx, RT_INFO, "run=%s file=%s joined parts=%u tests=%zu", run->id, run->jobs[file].file,
           sum->parts, sum->tests);
    err = finish(ctx, run, file, sum);
    split_free(&run->jobs[file]);
    return err;
}

enum err run_part_done(struct rt_context *ctx, struct run *run, struct run_job *job,
                       const struct msg_job_done *done, bool clean)
{
    struct run_part *part = part_of(run, job);
    uint32_t file = part->piece.file;
    if (done->outcome == TERM_outcome_INTERRUPTED || done->outcome == TERM_outcome_NOT_STARTED) {
        return run_part_lost(ctx, run, job);
    }
    job_committed(&job->job, done->token);
    if (!clean) {
        run->jobs[file].parts_failed = true;
        run_whole(ctx, run, file, "a part of it did not simply pass");
        return ERR_OK;
    }
    part->done = true;
    part->seen = done->seen;
    part->duration_us = done->duration_us;
    part->cpu_us = done->cpu_us;
    struct sum sum = sum_up(run, file);
    if (sum.known < run->jobs[file].split->parts.count) {
        return ERR_OK;
    }
    return join(ctx, run, file, &sum);
}

void run_parts_fini(struct run *run)
{
    while (run->parts) {
        struct run_part *part = run->parts;
        run->parts = part->next;
        part_free(part);
    }
    for (size_t i = 0; run->jobs && i < run->count; i++) {
        split_free(&run->jobs[i]);
    }
}
