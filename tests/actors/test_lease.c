/* test_lease.c - what counts under which lease, whatever comes late, twice or never. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>

#include "actors/coordinator/lease.h"

static const struct lease_limits limits = {
    .lease_ms = 5000, .attempts_max = 3, .infra_attempts_max = 4, .poison_crashes_max = 2};
static const struct job_end passed = {.outcome = TERM_outcome_COMPLETE};
static const struct job_end red = {.outcome = TERM_outcome_COMPLETE, .failed = true};
static const struct job_end died = {.outcome = TERM_outcome_CRASHED};

static struct lease_source source = {.epoch = 1};
static struct job job;
static struct lease lease;

static struct fence fence_of(uint64_t token)
{
    return (struct fence){.epoch = token >> 32, .token = token};
}

static uint64_t next_token(void)
{
    uint64_t token = 0;
    cr_assert_eq(lease_token_next(&source, &token), ERR_OK);
    return token;
}

static void setup(void)
{
    job_init(&job, 7, 0);
}

/* Puts the job under a new lease; returns its fence. */
static struct fence grant(uint64_t now_ms)
{
    lease_init(&lease, next_token(), &limits, now_ms);
    lease_grant(&lease, &job, now_ms);
    return fence_of(lease.token);
}

TestSuite(lease, .init = setup);

/* ---- tokens ---- */

Test(lease, tokens_only_grow_over_restarts)
{
    struct lease_source first = {.epoch = 3};
    struct lease_source second = {.epoch = 4};
    uint64_t a = 0;
    uint64_t b = 0;
    uint64_t c = 0;
    cr_assert_eq(lease_token_next(&first, &a), ERR_OK);
    cr_assert_eq(lease_token_next(&first, &b), ERR_OK);
    cr_assert_eq(lease_token_next(&second, &c), ERR_OK);
    cr_expect_eq(a, UINT64_C(3) << 32 | 1);
    cr_expect_lt(a, b);
    cr_expect_lt(b, c);
    first.counter = UINT32_MAX;
    cr_expect_eq(lease_token_next(&first, &a), ERR_LIMIT);
    struct lease_source last = {.epoch = INT32_MAX, .counter = UINT32_MAX - 1};
    cr_assert_eq(lease_token_next(&last, &a), ERR_OK);
    cr_expect_leq(a, INT64_MAX);
}

/* ---- a straight life ---- */

Test(lease, goes_from_queued_to_done)
{
    cr_expect_eq(job.state, JOB_QUEUED);
    struct fence fence = grant(10);
    cr_expect_eq(job.state, JOB_LEASED);
    cr_expect_eq(job.attempts, 1);
    cr_expect_eq(lease.count, 1);
    cr_expect_eq(job_begin(&job, fence, 20), ERR_OK);
    cr_expect_eq(job_begin(&job, fence, 25), ERR_OK);
    cr_expect_eq(job.state, JOB_RUNNING);
    cr_expect_eq(job.since_ms, 20);
    cr_expect_eq(job_finish(&job, fence, &passed, &limits, 30), FINISH_ACCEPT);
    cr_expect_eq(job.state, JOB_DONE);
    cr_expect(job_is_final(&job));
    cr_expect_eq(lease.count, 0);
    cr_expect_null(lease.jobs);
}

Test(lease, takes_a_result_without_an_earlier_sign_of_life)
{
    struct fence fence = grant(10);
    cr_expect_eq(job_finish(&job, fence, &red, &limits, 30), FINISH_ACCEPT);
    cr_expect_eq(job.state, JOB_FAILED);
}

Test(lease, counts_a_repeated_result_once)
{
    struct fence fence = grant(10);
    cr_expect_eq(job_finish(&job, fence, &passed, &limits, 30), FINISH_ACCEPT);
    cr_expect_eq(job_finish(&job, fence, &passed, &limits, 31), FINISH_PENDING,
                 "not acknowledged before the commit");
    job_committed(&job, fence.token - 1);
    cr_expect_eq(job_finish(&job, fence, &passed, &limits, 32), FINISH_PENDING);
    job_committed(&job, fence.token);
    cr_expect_eq(job_finish(&job, fence, &passed, &limits, 33), FINISH_DUPLICATE);
    cr_expect_eq(job_finish(&job, fence, &red, &limits, 34), FINISH_DUPLICATE);
    cr_expect_eq(job.state, JOB_DONE);
}

/* ---- refusals ---- */

Test(lease, refuses_the_result_of_an_expired_lease)
{
    struct fence late = grant(0);
    cr_expect_not(lease_expired(&lease, 4999));
    cr_expect(lease_expired(&lease, 5000));
    cr_expect_eq(job_lose(lease.jobs, LOSS_EXPIRED, &limits, 5000), JOB_QUEUED);
    cr_expect_eq(job_finish(&job, late, &passed, &limits, 5001), FINISH_STALE, "while queued");
    cr_expect_eq(job_begin(&job, late, 5001), ERR_STALE);
    struct fence fence = grant(6000);
    cr_expect_eq(job_finish(&job, late, &passed, &limits, 6001), FINISH_STALE, "while leased");
    cr_expect_eq(job_finish(&job, fence, &red, &limits, 6002), FINISH_ACCEPT);
    cr_expect_eq(job_finish(&job, late, &passed, &limits, 6003), FINISH_STALE, "when final");
    cr_expect_eq(job.state, JOB_FAILED);
}

Test(lease, refuses_fences_that_contradict_themselves)
{
    struct fence fence = grant(0);
    struct fence liar = {.epoch = fence.epoch + 1, .token = fence.token};
    struct fence none = {.epoch = 0, .token = 0};
    cr_expect_eq(job_finish(&job, liar, &passed, &limits, 1), FINISH_STALE);
    cr_expect_eq(job_finish(&job, none, &passed, &limits, 1), FINISH_STALE);
    cr_expect_eq(job_begin(&job, liar, 1), ERR_STALE);
    cr_expect_eq(lease_renew(&lease, liar, &limits, 1), ERR_STALE);
    cr_expect_eq(lease_renew(&lease, none, &limits, 1), ERR_STALE);
    struct job fresh;
    job_init(&fresh, 1, 0);
    cr_expect_eq(job_finish(&fresh, none, &passed, &limits, 1), FINISH_STALE);
}

/* Every pair of states that the table does not have. */
Test(lease, has_no_way_out_of_a_final_state, .signal = SIGABRT)
{
    struct fence fence = grant(0);
    (void)job_finish(&job, fence, &passed, &limits, 1);
    job_enter(&job, JOB_QUEUED, 2);
}

Test(lease, does_not_finish_what_is_not_leased, .signal = SIGABRT)
{
    job_enter(&job, JOB_DONE, 1);
}

Test(lease, does_not_grant_with_an_old_token, .signal = SIGABRT)
{
    (void)grant(0);
    struct lease old = lease;
    (void)job_lose(&job, LOSS_RETURNED, &limits, 1);
    old.jobs = NULL;
    old.last = NULL;
    old.count = 0;
    lease_grant(&old, &job, 2);
}

Test(lease, does_not_go_back_in_time, .signal = SIGABRT)
{
    job_init(&job, 1, 100);
    (void)grant(99);
}

/* ---- abnormal ends, and who is to blame ---- */

Test(lease, tries_a_crashing_job_again_until_it_is_dead)
{
    for (uint32_t attempt = 1; attempt < limits.attempts_max; attempt++) {
        struct fence fence = grant(attempt);
        cr_expect_eq(job_finish(&job, fence, &died, &limits, attempt), FINISH_AGAIN);
        cr_expect_eq(job_finish(&job, fence, &died, &limits, attempt), FINISH_PENDING);
        job_committed(&job, fence.token);
        cr_expect_eq(job_finish(&job, fence, &died, &limits, attempt), FINISH_DUPLICATE);
        cr_expect_eq(job.crashes, attempt);
    }
    cr_expect_eq(job_finish(&job, grant(9), &died, &limits, 9), FINISH_ACCEPT);
    cr_expect_eq(job.state, JOB_DEAD);
    cr_expect_eq(job.infra, 0);
    cr_expect_eq(job.poison, 0);
}

Test(lease, calls_fewer_tests_than_announced_a_crash)
{
    struct job_end short_of = {.outcome = TERM_outcome_COMPLETE, .missing = true};
    cr_expect_eq(job_finish(&job, grant(0), &short_of, &limits, 1), FINISH_AGAIN);
    cr_expect_eq(job.crashes, 1);
    struct job_end unknown = {.outcome = (enum term)4711};
    cr_expect_eq(job_finish(&job, grant(2), &unknown, &limits, 3), FINISH_AGAIN);
    cr_expect_eq(job.crashes, 2);
}

Test(lease, never_blames_a_job_for_a_lost_worker)
{
    uint32_t lost = 0;
    while (job.state == JOB_QUEUED) {
        (void)grant(lost);
        (void)job_lose(&job, lost % 2 ? LOSS_WORKER : LOSS_EXPIRED, &limits, lost);
        lost++;
    }
    cr_expect_eq(lost, limits.infra_attempts_max);
    cr_expect_eq(job.state, JOB_DEAD);
    cr_expect_eq(job.infra, lost);
    cr_expect_eq(job.poison, 0);
    cr_expect_eq(job.crashes, 0);
}

Test(lease, counts_interruptions_as_infrastructure)
{
    struct job_end cut = {.outcome = TERM_outcome_INTERRUPTED, .missing = true};
    struct job_end unborn = {.outcome = TERM_outcome_NOT_STARTED};
    cr_expect_eq(job_finish(&job, grant(0), &cut, &limits, 1), FINISH_AGAIN);
    cr_expect_eq(job_finish(&job, grant(1), &unborn, &limits, 2), FINISH_AGAIN);
    cr_expect_eq(job.infra, 2);
    cr_expect_eq(job.crashes, 0);
}

Test(lease, sets_a_poisonous_job_aside)
{
    (void)grant(0);
    cr_expect_eq(job_lose(&job, LOSS_POISON, &limits, 1), JOB_QUEUED);
    (void)grant(2);
    cr_expect_eq(job_lose(&job, LOSS_POISON, &limits, 3), JOB_DEAD);
    cr_expect_eq(job.poison, 2);
    cr_expect_eq(job.infra, 0);
}

Test(lease, counts_nothing_when_work_is_handed_back)
{
    for (uint64_t i = 0; i < 100; i++) {
        (void)grant(i);
        cr_expect_eq(job_lose(&job, LOSS_RETURNED, &limits, i), JOB_QUEUED);
    }
    cr_expect_eq(job.infra + job.crashes + job.poison + job.failures, 0);
    cr_expect_eq(job.attempts, 100);
    cr_expect_eq(job_lose(&job, LOSS_CANCELLED, &limits, 100), JOB_DEAD, "queued, too");
}

Test(lease, gives_up_at_once_on_a_file_that_is_not_there)
{
    struct job_end nowhere = {.outcome = TERM_outcome_NOT_FOUND, .failed = true, .retries = 5};
    cr_expect_eq(job_finish(&job, grant(0), &nowhere, &limits, 1), FINISH_ACCEPT);
    cr_expect_eq(job.state, JOB_DEAD);
}

Test(lease, retries_a_failed_file_as_often_as_the_run_says)
{
    struct job_end twice = {.outcome = TERM_outcome_COMPLETE, .failed = true, .retries = 2};
    cr_expect_eq(job_finish(&job, grant(0), &twice, &limits, 1), FINISH_AGAIN);
    cr_expect_eq(job_finish(&job, grant(1), &twice, &limits, 2), FINISH_AGAIN);
    struct job copy = job;
    cr_expect_eq(job_finish(&job, grant(2), &twice, &limits, 3), FINISH_ACCEPT);
    cr_expect_eq(job.state, JOB_FAILED);
    job = copy;
    cr_expect_eq(job_finish(&job, grant(2), &passed, &limits, 3), FINISH_ACCEPT);
    cr_expect_eq(job.state, JOB_DONE);
    cr_expect_eq(job.failures, 2, "so it is flaky");
    struct job other;
    job_init(&other, 8, 0);
    job = other;
    struct job_end unhandled = {.outcome = TERM_outcome_UNHANDLED};
    cr_expect_eq(job_finish(&job, grant(3), &unhandled, &limits, 4), FINISH_ACCEPT);
    cr_expect_eq(job.state, JOB_FAILED);
}

/* ---- leases ---- */

Test(lease, covers_a_batch_under_one_token)
{
    struct job jobs[5];
    lease_init(&lease, next_token(), &limits, 0);
    struct fence fence = fence_of(lease.token);
    for (uint32_t i = 0; i < 5; i++) {
        job_init(&jobs[i], i, 0);
        lease_grant(&lease, &jobs[i], 0);
    }
    cr_expect_eq(lease.count, 5);
    cr_expect_eq(job_finish(&jobs[2], fence, &passed, &limits, 1), FINISH_ACCEPT);
    cr_expect_eq(job_finish(&jobs[0], fence, &passed, &limits, 2), FINISH_ACCEPT);
    cr_expect_eq(job_finish(&jobs[4], fence, &passed, &limits, 3), FINISH_ACCEPT);
    cr_expect_eq(lease.jobs, &jobs[1]);
    cr_expect_eq(lease.jobs->next, &jobs[3]);
    cr_expect_eq(lease.last, &jobs[3]);
    while (lease.jobs) {
        cr_expect_eq(job_lose(lease.jobs, LOSS_WORKER, &limits, 4), JOB_QUEUED);
    }
    cr_expect_eq(lease.count, 0);
    cr_expect_eq(jobs[1].infra, 1);
    cr_expect_eq(jobs[3].infra, 1);
    cr_expect_eq(jobs[0].infra, 0);
}

Test(lease, lives_as_long_as_it_is_renewed)
{
    struct fence fence = grant(0);
    cr_expect_eq(lease_renew(&lease, fence, &limits, 4000), ERR_OK);
    cr_expect_not(lease_expired(&lease, 8999));
    cr_expect_eq(lease_renew(&lease, fence, &limits, 3000), ERR_OK);
    cr_expect_not(lease_expired(&lease, 8999), "a beat that was overtaken shortens nothing");
    cr_expect(lease_expired(&lease, 9000));
    cr_expect_eq(lease_renew(&lease, fence_of(next_token()), &limits, 5000), ERR_STALE);
}

Test(lease, survives_a_pause_of_the_coordinator_itself)
{
    struct lease_clock clock = {.tick_ms = 500, .seen_ms = 0};
    (void)grant(0);
    cr_expect_eq(lease_clock_gap(&clock, 500), 0);
    cr_expect_eq(lease_clock_gap(&clock, 1500), 0, "one tick late is the machine's business");
    uint64_t gap_ms = lease_clock_gap(&clock, 11500);
    cr_expect_eq(gap_ms, 9500);
    cr_expect(lease_expired(&lease, 11500));
    lease_shift(&lease, gap_ms);
    cr_expect_not(lease_expired(&lease, 11500));
    cr_expect(lease_expired(&lease, 14500), "its worker has the time that it had left");
    cr_expect_eq(lease_clock_gap(&clock, 11500), 0);
}

Test(lease, takes_jobs_back_after_a_restart)
{
    uint64_t token = next_token();
    struct job_record record = {
        .index = 3, .state = JOB_LEASED, .token = token, .attempts = 2, .crashes = 1};
    job_restore(&job, &record, 100);
    lease_init(&lease, token, &limits, 100);
    lease_adopt(&lease, &job);
    cr_assert_eq(lease_renew(&lease, fence_of(token), &limits, 100 + limits.lease_ms / 2), ERR_OK);
    cr_expect_not(lease_expired(&lease, 7599));
    cr_expect_eq(job.attempts, 2);
    cr_expect_eq(job_finish(&job, fence_of(token), &passed, &limits, 200), FINISH_ACCEPT);

    struct job_record final = {.index = 4, .state = JOB_DONE, .token = token, .attempts = 1};
    job_restore(&job, &final, 100);
    job_check(&job);
    cr_expect_eq(job_finish(&job, fence_of(token), &passed, &limits, 200), FINISH_DUPLICATE);
    struct job_record queued = {.index = 5, .state = JOB_QUEUED, .token = token, .attempts = 1};
    job_restore(&job, &queued, 100);
    job_check(&job);
    cr_expect_eq(job_finish(&job, fence_of(token), &passed, &limits, 200), FINISH_STALE);
}

/* ---- any order of events ---- */

enum { JOBS = 6, LEASES = 3, TOKENS = 64 };

/* A world of workers that answer late, twice, or with any token they ever had. */
struct world {
    uint64_t seed;
    uint64_t now_ms;
    struct lease_source source;
    struct job jobs[JOBS];
    struct lease leases[LEASES];
    uint64_t tokens[TOKENS]; /* given so far */
    size_t count;
    uint32_t accepted[JOBS]; /* results of which FINISH_ACCEPT was said */
    uint64_t pending[JOBS];  /* token of an uncommitted end */
};

static uint64_t draw(struct world *world, uint64_t below)
{
    world->seed ^= world->seed << 13;
    world->seed ^= world->seed >> 7;
    world->seed ^= world->seed << 17;
    return world->seed % below;
}

static void do_grant(struct world *world)
{
    struct lease *one = &world->leases[draw(world, LEASES)];
    if (one->jobs || world->count == TOKENS) {
        return;
    }
    uint64_t token = 0;
    cr_assert_eq(lease_token_next(&world->source, &token), ERR_OK);
    cr_assert(world->count == 0 || token > world->tokens[world->count - 1]);
    world->tokens[world->count++] = token;
    lease_init(one, token, &limits, world->now_ms);
    for (size_t i = 0; i < JOBS; i++) {
        if (world->jobs[i].state == JOB_QUEUED && draw(world, 2)) {
            lease_grant(one, &world->jobs[i], world->now_ms);
        }
    }
}

static void do_finish(struct world *world)
{
    if (world->count == 0) {
        return;
    }
    static const enum term outcomes[] = {TERM_outcome_COMPLETE, TERM_outcome_COMPLETE,
                                         TERM_outcome_CRASHED, TERM_outcome_INTERRUPTED,
                                         TERM_outcome_UNHANDLED};
    size_t index = draw(world, JOBS);
    struct job *one = &world->jobs[index];
    struct job before = *one;
    uint64_t token = world->tokens[draw(world, world->count)];
    struct job_end end = {.outcome = outcomes[draw(world, 5)],
                          .failed = draw(world, 2),
                          .missing = draw(world, 8) == 0,
                          .retries = draw(world, 2)};
    enum finish answer = job_finish(one, fence_of(token), &end, &limits, world->now_ms);
    switch (answer) {
    case FINISH_ACCEPT:
        world->accepted[index]++;
        cr_assert_eq(token, before.token);
        cr_assert(job_is_final(one));
        world->pending[index] = token;
        break;
    case FINISH_AGAIN:
        cr_assert_eq(token, before.token);
        cr_assert_eq(one->state, JOB_QUEUED);
        world->pending[index] = token;
        break;
    case FINISH_PENDING:
        cr_assert_eq(world->pending[index], token);
        break;
    case FINISH_DUPLICATE:
        cr_assert_neq(world->pending[index], token, "acknowledged before its commit");
        break;
    case FINISH_STALE:
        break;
    }
    if (answer != FINISH_ACCEPT && answer != FINISH_AGAIN) {
        cr_assert_eq(one->state, before.state);
        cr_assert_eq(one->attempts, before.attempts);
        cr_assert_eq(one->crashes, before.crashes);
    }
}

static void do_time(struct world *world)
{
    world->now_ms += draw(world, 3000);
    for (size_t i = 0; i < LEASES; i++) {
        struct lease *one = &world->leases[i];
        if (one->jobs && lease_expired(one, world->now_ms)) {
            while (one->jobs) {
                (void)job_lose(one->jobs, LOSS_EXPIRED, &limits, world->now_ms);
            }
        }
    }
}

static void do_beat(struct world *world)
{
    struct lease *one = &world->leases[draw(world, LEASES)];
    if (world->count > 0) {
        uint64_t token = world->tokens[draw(world, world->count)];
        enum err err = lease_renew(one, fence_of(token), &limits, world->now_ms);
        cr_assert_eq(err == ERR_OK, token == one->token);
    }
}

static void do_commit(struct world *world)
{
    size_t index = draw(world, JOBS);
    job_committed(&world->jobs[index], world->pending[index]);
    world->pending[index] = 0;
}

static void step(struct world *world)
{
    struct job before[JOBS];
    for (size_t i = 0; i < JOBS; i++) {
        before[i] = world->jobs[i];
    }
    static void (*const events[])(struct world *) = {do_grant, do_finish, do_finish,
                                                     do_time,  do_beat,   do_commit};
    events[draw(world, 6)](world);
    for (size_t i = 0; i < JOBS; i++) {
        const struct job *after = &world->jobs[i];
        job_check(after);
        cr_assert_leq(world->accepted[i], 1, "two results of one job");
        cr_assert_geq(after->token, before[i].token);
        cr_assert_geq(after->attempts, before[i].attempts);
        cr_assert(!job_is_final(&before[i]) || after->state == before[i].state, "final is final");
        cr_assert_leq(after->crashes, limits.attempts_max);
        cr_assert_leq(after->infra, limits.infra_attempts_max);
    }
}

Test(lease, holds_in_any_order_of_events, .timeout = 60)
{
    for (uint64_t seed = 1; seed <= 3000; seed++) {
        struct world world = {.seed = seed * 0x9e3779b97f4a7c15u, .source = {.epoch = seed}};
        for (uint32_t i = 0; i < JOBS; i++) {
            job_init(&world.jobs[i], i, 0);
        }
        for (size_t i = 0; i < 400; i++) {
            step(&world);
        }
    }
}

/* Whatever is lost on the way, time brings every job back: none stays under a dead lease. */
Test(lease, never_loses_a_job_to_a_silent_worker)
{
    (void)grant(0);
    cr_expect(lease_expired(&lease, limits.lease_ms));
    while (lease.jobs) {
        (void)job_lose(lease.jobs, LOSS_EXPIRED, &limits, limits.lease_ms);
    }
    cr_expect_eq(job.state, JOB_QUEUED);
}
