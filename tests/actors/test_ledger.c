/* test_ledger.c - the ledger: each result once, whatever restarts; sums that balance; tampering. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/actors/ledger_txn.h"

static struct store *store;
static uint64_t epoch;
static uint64_t counter;
#define RUN "01JD0000000000000000000000"

static enum err run(enum err (*body)(struct store_txn *txn, void *arg), void *arg)
{
    return ledger_txn(store, body, arg);
}

static struct ledger_key key(void)
{
    return (struct ledger_key){epoch, msg_str(RUN)};
}

static void restart(void)
{
    epoch = ledger_txn_begin(store);
    counter = 0;
}

static enum err sql_body(struct store_txn *txn, void *arg)
{
    return store_exec(txn, arg, STORE_WITHOUT);
}

static void tamper(const char *sql)
{
    union {
        const char *in;
        void *out;
    } text = {.in = sql};
    cr_assert_eq(run(sql_body, text.out), ERR_OK, "%s", sql);
}

/* ---- runs ---- */

struct submit_call {
    struct ledger_submit submit;
    bool fresh;
};

static enum err submit_body(struct store_txn *txn, void *arg)
{
    struct submit_call *call = arg;
    return ledger_submit_run(txn, key(), &call->submit, &call->fresh);
}

static enum err submit(bool *ret_new)
{
    struct submit_call call = {.submit = {.dir = msg_str("/project"),
                                          .runner = msg_str("auto"),
                                          .command = msg_str(""),
                                          .env = msg_str("A=1\n"),
                                          .retries = 2,
                                          .wall_ms = 1700000000000}};
    enum err err = run(submit_body, &call);
    *ret_new = call.fresh;
    return err;
}

struct files_call {
    struct ledger_file *files;
    size_t count;
};

static enum err files_body(struct store_txn *txn, void *arg)
{
    struct files_call *call = arg;
    return ledger_add_files(txn, key(), call->files, call->count);
}

static enum err listed_body(struct store_txn *txn, void *arg)
{
    struct ledger_listing listing = {.runner = msg_str("vitest"),
                                     .version = msg_str("3.2.4"),
                                     .serial = true,
                                     .files = *(size_t *)arg};
    return ledger_set_listed(txn, key(), &listing);
}

static enum err add(uint64_t job, const char *name)
{
    struct ledger_file file = {.job = job, .file = msg_str(name)};
    struct files_call call = {&file, 1};
    return run(files_body, &call);
}

/* A run with files f0 … that is listed. */
static void make_run(size_t count)
{
    bool fresh = false;
    char name[32];
    cr_assert_eq(submit(&fresh), ERR_OK);
    cr_assert(fresh);
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(name, sizeof name, "f%zu.test.ts", i);
        cr_assert_eq(add(i, name), ERR_OK);
    }
    cr_assert_eq(run(listed_body, &count), ERR_OK);
}

/* ---- jobs ---- */

static enum err grant_body(struct store_txn *txn, void *arg)
{
    return ledger_grant(txn, key(), arg);
}

static enum err try_grant(uint64_t job, uint64_t token)
{
    struct ledger_grant grant = {.token = token, .worker = msg_str("w1"), .jobs = &job, .count = 1};
    return run(grant_body, &grant);
}

static uint64_t grant(uint64_t job)
{
    uint64_t token = epoch << 32 | ++counter;
    cr_assert_eq(try_grant(job, token), ERR_OK);
    return token;
}

struct finish_call {
    struct ledger_result result;
    struct ledger_finished finished;
};

static enum err finish_body(struct store_txn *txn, void *arg)
{
    struct finish_call *call = arg;
    return ledger_finish_job(txn, key(), &call->result, &call->finished);
}

/* Statuses as letters: p f s y(flaky). */
static size_t tests_of(const char *letters, struct ledger_test *tests)
{
    static char names[16][16];
    size_t count = strlen(letters);
    cr_assert_leq(count, 16);
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(names[i], sizeof names[i], "suite > t%zu", i);
        enum term status = letters[i] == 'p'   ? TERM_status_PASSED
                           : letters[i] == 'f' ? TERM_status_FAILED
                           : letters[i] == 's' ? TERM_status_SKIPPED
                                               : TERM_status_FLAKY;
        tests[i] = (struct ledger_test){.name = msg_str(names[i]),
                                        .index = i,
                                        .status = status,
                                        .duration_us = 1000,
                                        .line = 3,
                                        .column = 4,
                                        .message = msg_str(letters[i] == 'f' ? "no" : "")};
    }
    return count;
}

static struct ledger_result result_of(uint64_t job, uint64_t token, const char *letters)
{
    static struct ledger_test tests[16];
    size_t count = tests_of(letters, tests);
    return (struct ledger_result){.job = job,
                                  .token = token,
                                  .outcome = TERM_outcome_COMPLETE,
                                  .collected = count,
                                  .duration_us = 5000,
                                  .cpu_us = 10,
                                  .message = msg_str(""),
                                  .tests = tests,
                                  .count = count};
}

static enum err finish(struct ledger_result result, struct ledger_finished *ret_finished)
{
    struct finish_call call = {.result = result};
    enum err err = run(finish_body, &call);
    if (ret_finished) {
        *ret_finished = call.finished;
    }
    return err;
}

static enum term status_of(struct ledger_result result)
{
    struct ledger_finished finished = {.seq = 0};
    cr_assert_eq(finish(result, &finished), ERR_OK);
    return finished.status;
}

static enum err release_body(struct store_txn *txn, void *arg)
{
    return ledger_release(txn, key(), arg);
}

static enum err release(uint64_t job, uint64_t token, struct ledger_counts counts)
{
    struct ledger_release release = {.job = job, .token = token, .counts = counts};
    return run(release_body, &release);
}

/* ---- the end ---- */

struct close_call {
    struct ledger_closing closing;
    struct ledger_totals totals;
};

static enum err close_body(struct store_txn *txn, void *arg)
{
    struct close_call *call = arg;
    return ledger_close_run(txn, key(), &call->closing, &call->totals);
}

static enum err close_as(enum term verdict, struct ledger_totals *ret_totals)
{
    struct close_call call = {
        .closing = {.verdict = verdict, .wall_ms = 77, .reason = msg_str("why")}};
    enum err err = run(close_body, &call);
    *ret_totals = call.totals;
    return err;
}

static enum err verify_body(struct store_txn *txn, void *arg)
{
    return ledger_verify(txn, msg_str(RUN), arg);
}

static struct ledger_check verify(void)
{
    struct ledger_check check = {.problems = 0};
    cr_assert_eq(run(verify_body, &check), ERR_OK);
    return check;
}

static void expect_sums(const struct ledger_sums *sums, const char *text)
{
    char found[128];
    (void)snprintf(found, sizeof found, "%llu=%llu+%llu+%llu+%llu+%llu",
                   (unsigned long long)sums->planned, (unsigned long long)sums->passed,
                   (unsigned long long)sums->failed, (unsigned long long)sums->skipped,
                   (unsigned long long)sums->flaky, (unsigned long long)sums->lost);
    cr_expect_str_eq(found, text);
    cr_expect(ledger_balanced(sums));
}

static void setup(void)
{
    store = ledger_txn_open();
    restart();
}

static void teardown(void)
{
    store_close(&store);
}

TestSuite(ledger, .init = setup, .fini = teardown);

/* ---- epochs and runs ---- */

Test(ledger, begins_a_greater_epoch_each_time_and_refuses_the_old_one)
{
    bool fresh = false;
    struct ledger_totals totals;
    cr_expect_eq(epoch, 1);
    make_run(1);
    uint64_t token = grant(0);
    restart();
    cr_expect_eq(epoch, 2);
    epoch = 1;
    cr_expect_eq(submit(&fresh), ERR_STALE);
    cr_expect_eq(add(1, "x"), ERR_STALE);
    cr_expect_eq(try_grant(0, token + 1), ERR_STALE);
    cr_expect_eq(release(0, token, (struct ledger_counts){0}), ERR_STALE);
    cr_expect_eq(finish(result_of(0, token, "p"), NULL), ERR_STALE);
    cr_expect_eq(close_as(0, &totals), ERR_STALE);
    epoch = 3;
    cr_expect_eq(submit(&fresh), ERR_STALE, "nor one that was never begun");
}

Test(ledger, takes_a_run_once)
{
    bool fresh = false;
    cr_expect_eq(submit(&fresh), ERR_OK);
    cr_expect(fresh);
    cr_expect_eq(submit(&fresh), ERR_OK);
    cr_expect_not(fresh);
}

Test(ledger, refuses_what_is_too_long)
{
    char text[8300];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    make_run(1);
    uint64_t token = grant(0);
    struct ledger_test test = {.name = msg_str(text), .status = TERM_status_PASSED};
    struct ledger_result result = result_of(0, token, "");
    result.tests = &test;
    result.count = 1;
    cr_expect_eq(finish(result, NULL), ERR_LIMIT);
    test = (struct ledger_test){.name = msg_str("a"), .status = TERM_status_LOST};
    cr_expect_eq(finish(result, NULL), ERR_MALFORMED);
    struct submit_call call = {.submit = {.dir = msg_str(text)}};
    cr_expect_eq(run(submit_body, &call), ERR_LIMIT);
}

Test(ledger, lists_once_and_forgets_an_interrupted_listing)
{
    bool fresh = false;
    size_t count = 2;
    cr_assert_eq(submit(&fresh), ERR_OK);
    cr_expect_eq(run(listed_body, &count), ERR_MALFORMED, "not all were added");
    cr_expect_eq(try_grant(0, epoch << 32 | 1), ERR_REFUSED);
    cr_expect_eq(add(0, "old0"), ERR_OK);
    cr_expect_eq(add(1, "old1"), ERR_OK);
    cr_expect_eq(add(2, "old2"), ERR_OK);
    restart();
    cr_expect_eq(add(0, "new0"), ERR_OK);
    cr_expect_eq(add(1, "new1"), ERR_OK);
    cr_expect_eq(run(listed_body, &count), ERR_OK);
    cr_expect_eq(run(listed_body, &count), ERR_EXISTS);
    cr_expect_eq(add(2, "x"), ERR_EXISTS);
    cr_expect(verify().balanced);
}

static enum err plan_body(struct store_txn *txn, void *arg)
{
    return ledger_set_plan(txn, key(), arg, 3);
}

static enum err affected_body(struct store_txn *txn, void *arg)
{
    struct ledger_file named[] = {{.file = msg_str("b"), .why = msg_str("by a")},
                                  {.file = msg_str("no.test"), .why = msg_str("by a")}};
    struct ledger_file listed[] = {{.job = 0, .file = msg_str("a")},
                                   {.job = 1, .file = msg_str("b")},
                                   {.job = 2, .file = msg_str("c")}};
    uint64_t *kept = arg;
    enum err err = *kept ? ledger_add_named(txn, key(), named, 2) : ERR_OK;
    err = err == ERR_OK ? ledger_add_affected(txn, key(), listed, 3, kept) : err;
    return err == ERR_OK ? listed_body(txn, kept) : err;
}

static enum term choose(uint64_t named)
{
    bool fresh = false;
    uint64_t kept = named;
    struct ledger_totals totals;
    cr_assert_eq(submit(&fresh), ERR_OK);
    cr_assert_eq(run(affected_body, &kept), ERR_OK);
    cr_assert_eq(close_as(0, &totals), ERR_OK);
    cr_expect_eq(kept, named);
    cr_expect_eq(totals.files.planned, named);
    return totals.verdict;
}

Test(ledger, runs_of_a_listing_only_what_was_named_as_affected)
{
    cr_expect_eq(choose(1), TERM_verdict_ERROR, "it has no result");
}

Test(ledger, calls_a_run_passed_of_which_nothing_is_affected)
{
    cr_expect_eq(choose(0), TERM_verdict_PASSED);
}

Test(ledger, takes_only_a_whole_plan)
{
    struct ledger_place places[3] = {{0, 2, 10}, {1, 0, 20}, {2, 1, 30}};
    make_run(3);
    cr_expect_eq(run(plan_body, places), ERR_OK);
    cr_expect_eq(run(plan_body, places), ERR_OK);
    places[2].job = 1;
    cr_expect_eq(run(plan_body, places), ERR_MALFORMED);
    places[2].job = 3;
    cr_expect_eq(run(plan_body, places), ERR_MALFORMED);
    places[2] = (struct ledger_place){2, 0, 30};
    cr_expect_eq(run(plan_body, places), ERR_MALFORMED);
}

/* ---- leases and results ---- */

Test(ledger, grants_a_batch_whole_or_not_at_all)
{
    make_run(3);
    (void)grant(1);
    uint64_t jobs[] = {0, 1, 2};
    struct ledger_grant batch = {
        .token = epoch << 32 | 9, .worker = msg_str("w"), .jobs = jobs, .count = 3};
    cr_expect_eq(run(grant_body, &batch), ERR_STALE);
    cr_expect_eq(try_grant(0, epoch << 32 | 10), ERR_OK, "0 was not leased by it");
    cr_expect_eq(try_grant(2, 0), ERR_STALE, "no token of this epoch");
    cr_expect_eq(try_grant(99, epoch << 32 | 11), ERR_STALE);
}

Test(ledger, counts_a_result_exactly_once)
{
    struct ledger_finished finished;
    make_run(2);
    uint64_t token = grant(0);
    cr_expect_eq(finish(result_of(0, token + 1, "pp"), NULL), ERR_STALE);
    cr_expect_eq(finish(result_of(1, token, "pp"), NULL), ERR_STALE, "not leased");
    cr_expect_eq(finish(result_of(9, token, "pp"), NULL), ERR_STALE, "no such job");
    cr_expect_eq(finish(result_of(0, token, "pp"), &finished), ERR_OK);
    cr_expect_eq(finished.seq, 1);
    cr_expect_eq(finished.status, TERM_status_PASSED);
    cr_expect_eq(finished.planned, 2);
    cr_expect_eq(finish(result_of(0, token, "pp"), NULL), ERR_STALE, "twice");
    cr_expect_eq(release(0, token, (struct ledger_counts){0}), ERR_STALE, "final is final");
    cr_expect_eq(try_grant(0, epoch << 32 | 50), ERR_STALE);
    cr_expect_eq(finish(result_of(1, grant(1), "p"), &finished), ERR_OK);
    cr_expect_eq(finished.seq, 2);
}

Test(ledger, refuses_the_result_of_a_lease_that_was_lost)
{
    make_run(1);
    uint64_t late = grant(0);
    cr_expect_eq(release(0, late, (struct ledger_counts){.infra = 1}), ERR_OK);
    cr_expect_eq(release(0, late, (struct ledger_counts){.infra = 2}), ERR_STALE);
    cr_expect_eq(finish(result_of(0, late, "p"), NULL), ERR_STALE);
    uint64_t token = grant(0);
    cr_expect_eq(finish(result_of(0, late, "p"), NULL), ERR_STALE);
    cr_expect_eq(finish(result_of(0, token, "f"), NULL), ERR_OK);
}

Test(ledger, leaves_nothing_of_a_refused_result)
{
    make_run(1);
    uint64_t token = grant(0);
    struct ledger_result result = result_of(0, token, "ppp");
    struct ledger_test tests[3];
    memcpy(tests, result.tests, sizeof tests);
    tests[2].index = 1;
    result.tests = tests;
    cr_expect_eq(finish(result, NULL), ERR_EXISTS);
    cr_expect_eq(verify().totals.tests.planned, 0);
    cr_expect_eq(finish(result_of(0, token, "ppp"), NULL), ERR_OK);
    cr_expect(verify().balanced);
}

/* ---- counting ---- */

Test(ledger, gives_every_file_its_status)
{
    make_run(12);
    cr_expect_eq(status_of(result_of(0, grant(0), "pps")), TERM_status_PASSED);
    cr_expect_eq(status_of(result_of(1, grant(1), "pfs")), TERM_status_FAILED);
    cr_expect_eq(status_of(result_of(2, grant(2), "ss")), TERM_status_SKIPPED);
    cr_expect_eq(status_of(result_of(3, grant(3), "py")), TERM_status_FLAKY);
    cr_expect_eq(status_of(result_of(4, grant(4), "")), TERM_status_SKIPPED);
    struct ledger_result result = result_of(5, grant(5), "pf");
    result.collected = 5;
    result.outcome = TERM_outcome_TIMEOUT;
    cr_expect_eq(status_of(result), TERM_status_LOST);
    result = result_of(6, grant(6), "p");
    result.collected = 2;
    cr_expect_eq(status_of(result), TERM_status_LOST, "complete, it says, but it is not");
    result = result_of(7, grant(7), "p");
    result.failed = true;
    cr_expect_eq(status_of(result), TERM_status_FAILED);
    result = result_of(8, grant(8), "p");
    result.outcome = TERM_outcome_UNHANDLED;
    cr_expect_eq(status_of(result), TERM_status_FAILED);
    result = result_of(9, grant(9), "");
    result.failed = true;
    result.message = msg_str("SyntaxError");
    cr_expect_eq(status_of(result), TERM_status_FAILED);
    result = result_of(10, grant(10), "");
    result.outcome = TERM_outcome_CRASHED;
    cr_expect_eq(status_of(result), TERM_status_LOST, "never collected");
    struct ledger_totals totals;
    cr_assert_eq(close_as(0, &totals), ERR_OK); /* 11 never ran */
    expect_sums(&totals.files, "12=1+4+2+1+4");
    expect_sums(&totals.tests, "20=8+3+4+1+4");
    cr_expect_eq(totals.cpu_us, 110);
    cr_expect_eq(totals.verdict, TERM_verdict_FAILED);
    struct ledger_check check = verify();
    cr_expect(check.balanced, "%s", check.why);
    expect_sums(&check.totals.tests, "20=8+3+4+1+4");
}

Test(ledger, calls_a_test_flaky_that_failed_in_an_earlier_attempt)
{
    make_run(1);
    struct ledger_failed failed[] = {{msg_str("suite > t1"), msg_str("")}};
    struct ledger_release again = {.job = 0,
                                   .token = grant(0),
                                   .counts = {.failures = 1},
                                   .failed = failed,
                                   .failed_count = 1};
    cr_expect_eq(run(release_body, &again), ERR_OK);
    restart(); /* and the coordinator has forgotten */
    struct ledger_result result = result_of(0, grant(0), "ppp");
    result.counts.failures = 1;
    cr_expect_eq(status_of(result), TERM_status_FLAKY);
    struct ledger_totals totals;
    cr_assert_eq(close_as(0, &totals), ERR_OK);
    expect_sums(&totals.tests, "3=2+0+0+1+0");
    expect_sums(&totals.files, "1=0+0+0+1+0");
    cr_expect_eq(totals.verdict, TERM_verdict_PASSED);
    cr_expect(verify().balanced);
}

Test(ledger, closes_a_run_once)
{
    struct ledger_totals totals;
    make_run(2);
    uint64_t token = grant(0);
    cr_expect_eq(finish(result_of(0, token, "pp"), NULL), ERR_OK);
    token = grant(1);
    cr_expect_eq(close_as(TERM_verdict_PASSED, &totals), ERR_LIMIT, "only the rows say so");
    cr_expect_eq(close_as(TERM_verdict_CANCELLED, &totals), ERR_OK);
    cr_expect_eq(totals.verdict, TERM_verdict_CANCELLED);
    expect_sums(&totals.files, "2=1+0+0+0+1");
    cr_expect_eq(close_as(0, &totals), ERR_REFUSED);
    cr_expect_eq(finish(result_of(1, token, "p"), NULL), ERR_REFUSED);
    cr_expect_eq(try_grant(1, token + 1), ERR_REFUSED);
    cr_expect_eq(add(5, "x"), ERR_REFUSED);
    struct ledger_check check = verify();
    cr_expect(check.balanced, "%s", check.why);
}

Test(ledger, passes_only_when_something_ran_and_nothing_is_red)
{
    struct ledger_totals totals;
    make_run(1);
    cr_expect_eq(finish(result_of(0, grant(0), "ps"), NULL), ERR_OK);
    cr_assert_eq(close_as(0, &totals), ERR_OK);
    cr_expect_eq(totals.verdict, TERM_verdict_PASSED);
}

Test(ledger, has_no_verdict_when_nothing_ran)
{
    struct ledger_totals totals;
    make_run(2);
    struct ledger_result result = result_of(0, grant(0), "");
    result.outcome = TERM_outcome_NOT_FOUND;
    cr_expect_eq(status_of(result), TERM_status_LOST);
    cr_assert_eq(close_as(0, &totals), ERR_OK);
    cr_expect_eq(totals.verdict, TERM_verdict_ERROR);
    expect_sums(&totals.files, "2=0+0+0+0+2");
    cr_expect(verify().balanced);
}

Test(ledger, blames_a_file_that_brings_its_runner_down)
{
    struct ledger_totals totals;
    make_run(1);
    struct ledger_result result = result_of(0, grant(0), "");
    result.outcome = TERM_outcome_CRASHED;
    cr_expect_eq(status_of(result), TERM_status_LOST);
    cr_assert_eq(close_as(0, &totals), ERR_OK);
    cr_expect_eq(totals.verdict, TERM_verdict_FAILED);
}

Test(ledger, closes_a_run_that_was_never_listed)
{
    bool fresh = false;
    struct ledger_totals totals;
    cr_assert_eq(submit(&fresh), ERR_OK);
    cr_assert_eq(add(3, "left over"), ERR_OK);
    cr_assert_eq(close_as(TERM_verdict_TIMED_OUT, &totals), ERR_OK);
    expect_sums(&totals.files, "1=0+0+0+0+1");
}

/* ---- recovery ---- */

struct open_call {
    struct ledger_open *open;
};

static enum err open_body(struct store_txn *txn, void *arg)
{
    struct open_call *call = arg;
    return ledger_load_open_runs(txn, &call->open);
}

static struct ledger_open *load(void)
{
    struct open_call call = {NULL};
    cr_assert_eq(run(open_body, &call), ERR_OK);
    return call.open;
}

Test(ledger, recovers_runs_jobs_and_leases_after_a_restart)
{
    struct ledger_place places[3] = {{0, 2, 10}, {1, 0, 20}, {2, 1, 30}};
    struct ledger_totals totals;
    make_run(3);
    cr_expect_eq(run(plan_body, places), ERR_OK);
    cr_expect_eq(finish(result_of(0, grant(0), "p"), NULL), ERR_OK);
    cr_expect_eq(release(1, grant(1), (struct ledger_counts){.crashes = 2, .infra = 1}), ERR_OK);
    uint64_t token = grant(2);
    restart();
    struct ledger_open *open = load();
    cr_assert_eq(open->count, 1);
    const struct ledger_open_run *found = &open->runs[0];
    cr_expect(msg_str_is(found->run.run, RUN));
    cr_expect(msg_str_is(found->run.submit.dir, "/project"));
    cr_expect(msg_str_is(found->run.submit.env, "A=1\n"));
    cr_expect_eq(found->run.submit.retries, 2);
    cr_expect(msg_str_is(found->run.listing.runner, "vitest"));
    cr_expect(msg_str_is(found->run.listing.version, "3.2.4"));
    cr_expect(found->run.listing.serial && found->run.listed && found->run.planned);
    cr_expect_eq(found->run.listing.files, 3);
    cr_expect_eq(found->run.seq, 1);
    cr_assert_eq(found->count, 3);
    cr_expect_eq(found->jobs[0].state, JOB_DONE);
    cr_expect_eq(found->jobs[0].status, TERM_status_PASSED);
    cr_expect_eq(found->jobs[1].state, JOB_QUEUED);
    cr_expect_eq(found->jobs[1].counts.crashes, 2);
    cr_expect_eq(found->jobs[1].counts.infra, 1);
    cr_expect_eq(found->jobs[1].position, 0);
    cr_expect_eq(found->jobs[1].expected_us, 20);
    cr_expect_eq(found->jobs[2].state, JOB_LEASED);
    cr_expect_eq(found->jobs[2].token, token);
    cr_expect(msg_str_is(found->jobs[2].worker, "w1"));
    cr_expect(msg_str_is(found->jobs[2].file, "f2.test.ts"));
    struct job job;
    struct lease lease;
    struct lease_limits limits = {.lease_ms = 5, .attempts_max = 3};
    ledger_restore(&found->jobs[1], &job, 0);
    job_check(&job);
    ledger_restore(&found->jobs[2], &job, 0);
    lease_init(&lease, job.token, &limits, 0);
    lease_adopt(&lease, &job);
    ledger_open_free(&open);
    cr_expect_null(open);
    ledger_open_free(&open);

    cr_expect_eq(finish(result_of(2, token, "p"), NULL), ERR_OK, "its old lease still counts");
    cr_assert_eq(close_as(0, &totals), ERR_OK);
    open = load();
    cr_expect_eq(open->count, 0);
    ledger_open_free(&open);
}

/* ---- paging ---- */

struct page_call {
    uint64_t seq;
    struct ledger_limits limits;
    struct ledger_page *page;
};

static enum err page_body(struct store_txn *txn, void *arg)
{
    struct page_call *call = arg;
    return ledger_rows_after(txn, msg_str(RUN), call->seq, call->limits, &call->page);
}

static struct ledger_page *page_after(uint64_t seq, size_t files_max, size_t bytes_max)
{
    struct page_call call = {.seq = seq, .limits = {files_max, bytes_max}};
    cr_assert_eq(run(page_body, &call), ERR_OK);
    return call.page;
}

Test(ledger, pages_through_results_in_the_order_of_their_commits)
{
    static const size_t order[] = {3, 0, 4, 1, 2};
    make_run(6);
    for (size_t i = 0; i < 5; i++) {
        cr_expect_eq(finish(result_of(order[i], grant(order[i]), "pf"), NULL), ERR_OK);
    }
    uint64_t seq = 0;
    size_t seen = 0;
    for (bool more = true; more;) {
        struct ledger_page *page = page_after(seq, 2, 1000);
        for (size_t i = 0; i < page->count; i++, seen++) {
            const struct ledger_row *row = &page->rows[i];
            cr_expect_eq(row->job, order[seen]);
            cr_expect_eq(row->seq, seen + 1);
            cr_expect_eq(row->status, TERM_status_FAILED);
            cr_expect_eq(row->attempts, 1);
            cr_expect_eq(row->duration_us, 5000);
            cr_assert_eq(row->count, 2);
            cr_expect(msg_str_is(row->tests[0].name, "suite > t0"));
            cr_expect_eq(row->tests[1].status, TERM_status_FAILED);
            cr_expect(msg_str_is(row->tests[1].message, "no"));
            cr_expect_eq(row->tests[1].line, 3);
            cr_expect(msg_str_is(row->worker, "w1"));
        }
        cr_expect_eq(page->run.listing.files, 6);
        cr_expect_eq(page->run.files_done, 5);
        seq = page->seq;
        more = page->more;
        ledger_page_free(&page);
    }
    cr_expect_eq(seen, 5);
    cr_expect_eq(seq, 5);
    struct ledger_page *page = page_after(0, 100, 1);
    cr_expect_eq(page->count, 1, "a page always moves on");
    cr_expect(page->more);
    ledger_page_free(&page);
    page = page_after(UINT64_MAX, 100, 1000);
    cr_expect_eq(page->count, 0);
    ledger_page_free(&page);

    struct ledger_totals totals;
    cr_assert_eq(close_as(0, &totals), ERR_OK);
    page = page_after(5, 100, 1000);
    cr_assert_eq(page->count, 1, "what was lost at the end is shown, too");
    cr_expect_eq(page->rows[0].job, 5);
    cr_expect_eq(page->rows[0].status, TERM_status_LOST);
    cr_expect_eq(page->rows[0].outcome, TERM_outcome_NOT_STARTED);
    cr_expect_eq(page->run.totals.verdict, TERM_verdict_FAILED);
    cr_expect_eq(page->run.totals.tests.failed, 5);
    cr_expect_eq(page->run.wall_ms, 77);
    cr_expect(msg_str_is(page->run.reason, "why"));
    ledger_page_free(&page);
}

Test(ledger, knows_no_run_that_it_was_not_given)
{
    struct page_call call = {.limits = {1, 1}};
    struct ledger_check check;
    struct ledger_totals totals;
    cr_expect_eq(run(page_body, &call), ERR_NOT_FOUND);
    cr_expect_eq(run(verify_body, &check), ERR_NOT_FOUND);
    cr_expect_eq(close_as(0, &totals), ERR_NOT_FOUND);
}

/* ---- history ---- */

static enum err expected_body(struct store_txn *txn, void *arg)
{
    return ledger_expected(txn, msg_str(RUN), arg, 3);
}

static enum err history_body(struct store_txn *txn, void *arg)
{
    return ledger_history(txn, msg_str("/project"), msg_str("vitest"), msg_str("f0.test.ts"), arg);
}

static void learn(uint64_t duration_us)
{
    struct ledger_totals totals;
    make_run(1);
    struct ledger_result result = result_of(0, grant(0), "pp");
    result.duration_us = duration_us;
    cr_assert_eq(finish(result, NULL), ERR_OK);
    cr_assert_eq(close_as(0, &totals), ERR_OK);
    tamper("DELETE FROM test");
    tamper("DELETE FROM job");
    tamper("DELETE FROM run");
}

Test(ledger, learns_times_that_one_slow_run_hardly_moves)
{
    struct ledger_past past = {.runs = 0};
    cr_expect_eq(run(history_body, &past), ERR_NOT_FOUND);
    learn(1000);
    cr_expect_eq(run(history_body, &past), ERR_OK);
    cr_expect_eq(past.expected_us, 1000);
    cr_expect_eq(past.tests, 2);
    learn(1200);
    learn(1100);
    learn(90000);
    learn(1000);
    cr_expect_eq(run(history_body, &past), ERR_OK);
    cr_expect_eq(past.runs, 5);
    cr_expect(past.expected_us > 1000 && past.expected_us < 1200, "%llu",
              (unsigned long long)past.expected_us);
    make_run(2);
    int64_t expected[3] = {7, 7, 7};
    cr_expect_eq(run(expected_body, expected), ERR_OK);
    cr_expect_eq(expected[0], (int64_t)past.expected_us);
    cr_expect_eq(expected[1], -1);
    cr_expect_eq(expected[2], -1);
}

/* ---- verification ---- */

static void make_closed_run(void)
{
    struct ledger_totals totals;
    make_run(3);
    cr_assert_eq(finish(result_of(0, grant(0), "pfs"), NULL), ERR_OK);
    cr_assert_eq(finish(result_of(1, grant(1), "ppf"), NULL), ERR_OK);
    cr_assert_eq(close_as(0, &totals), ERR_OK);
    struct ledger_check check = verify();
    cr_assert(check.balanced, "%s", check.why);
    cr_assert_str_empty(check.why);
}

Test(ledger, verify_finds_every_tampered_row)
{
    static const char *const forgeries[] = {
        "UPDATE test SET status = 1 WHERE job = 0 AND place = 1",
        "UPDATE test SET status = CASE status WHEN 1 THEN 2 WHEN 2 THEN 1 ELSE 3 END WHERE job = 0",
        "UPDATE test SET message = 'yes' WHERE job = 0 AND place = 1",
        "UPDATE test SET name = 'other' WHERE job = 1 AND place = 2",
        "UPDATE test SET duration_us = 1 WHERE job = 1 AND place = 2",
        "DELETE FROM test WHERE job = 1 AND place = 2",
        "DELETE FROM test",
        ("INSERT INTO test SELECT run, 2, place, name, status, duration_us, line, col, message, 0"
         " FROM test WHERE job = 0 AND place = 0"),
        "UPDATE job SET status = 1, state = 3 WHERE job = 0",
        "UPDATE job SET file = 'x' WHERE job = 0",
        "UPDATE job SET passed = 2, failed = 0 WHERE job = 0",
        "UPDATE job SET seq = 9 WHERE job = 0",
        "UPDATE job SET status = 1, state = 3 WHERE job = 2",
        "DELETE FROM job WHERE job = 2",
        "UPDATE run SET verdict = 1",
        "UPDATE run SET tests_passed = 9",
        "UPDATE run SET files_done = 2",
    };
    make_closed_run();
    for (size_t i = 0; i < sizeof forgeries / sizeof forgeries[0]; i++) {
        tamper("CREATE TABLE t AS SELECT * FROM test");
        tamper("CREATE TABLE j AS SELECT * FROM job");
        tamper("CREATE TABLE r AS SELECT * FROM run");
        tamper(forgeries[i]);
        struct ledger_check check = verify();
        cr_expect_not(check.balanced, "%s", forgeries[i]);
        cr_expect(check.problems > 0);
        cr_expect(strlen(check.why) > 0);
        tamper("DELETE FROM run");
        tamper("INSERT INTO run SELECT * FROM r");
        tamper("INSERT INTO job SELECT * FROM j");
        tamper("INSERT INTO test SELECT * FROM t");
        tamper("DROP TABLE t");
        tamper("DROP TABLE j");
        tamper("DROP TABLE r");
        cr_assert(verify().balanced);
    }
}

Test(ledger, verifies_an_open_run_as_far_as_it_has_come)
{
    make_run(3);
    cr_assert_eq(finish(result_of(0, grant(0), "pp"), NULL), ERR_OK);
    (void)grant(1);
    struct ledger_check check = verify();
    cr_expect(check.balanced, "%s", check.why);
    expect_sums(&check.totals.files, "3=1+0+0+0+2");
    expect_sums(&check.totals.tests, "2=2+0+0+0+0");
    cr_expect_eq(check.totals.verdict, 0);
}

static enum err prune_body(struct store_txn *txn, void *arg)
{
    return ledger_prune(txn, epoch, 0, arg);
}

Test(ledger, forgets_the_details_of_old_runs_but_not_their_totals)
{
    bool more = true;
    struct ledger_check check;
    make_closed_run();
    cr_expect_eq(run(prune_body, &more), ERR_OK);
    cr_expect_not(more);
    cr_expect_eq(run(verify_body, &check), ERR_NOT_FOUND);
    struct ledger_page *page = page_after(0, 10, 1000);
    cr_expect_eq(page->count, 0);
    cr_expect_eq(page->run.totals.tests.planned, 6);
    ledger_page_free(&page);
    cr_expect_eq(run(prune_body, &more), ERR_OK);
}

/* ---- size ---- */

#ifdef __has_feature /* clang's word for what gcc says with a macro */
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
enum { MANY = 20000 }; /* a sanitizer is here for the paths, not for the size */
#else
enum { MANY = 200000 };
#endif

static struct ledger_file *many_files(char (*names)[24])
{
    struct ledger_file *files = calloc(MANY, sizeof *files);
    cr_assert(files);
    for (size_t i = 0; i < MANY; i++) {
        int size = snprintf(names[i], sizeof names[i], "dir/f%zu.test.ts", i);
        files[i] = (struct ledger_file){.job = i, .file = {names[i], (uint32_t)size}};
    }
    return files;
}

static double seconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static enum err many_results_body(struct store_txn *txn, void *arg)
{
    size_t first = *(size_t *)arg;
    uint64_t jobs[1000];
    for (size_t i = 0; i < 1000; i++) {
        jobs[i] = first + i;
    }
    struct ledger_grant batch = {
        .token = epoch << 32 | ++counter, .worker = msg_str("w"), .jobs = jobs, .count = 1000};
    enum err err = ledger_grant(txn, key(), &batch);
    for (size_t i = 0; i < 1000 && err == ERR_OK; i++) {
        struct ledger_result result = result_of(first + i, batch.token, "ppp");
        struct ledger_finished finished;
        err = ledger_finish_job(txn, key(), &result, &finished);
    }
    return err;
}

/* 200,000 jobs take as long each at the end as at the beginning; times are printed, not judged
 * (but for a factor that only a missing index explains). */
Test(ledger, stays_linear_with_many_jobs, .timeout = 240)
{
    bool fresh = false;
    size_t count = MANY;
    char(*names)[24] = calloc(MANY, sizeof *names);
    cr_assert(names);
    struct ledger_file *files = many_files(names);
    struct files_call call = {files, MANY};
    cr_assert_eq(submit(&fresh), ERR_OK);
    double start = seconds();
    cr_assert_eq(run(files_body, &call), ERR_OK);
    cr_assert_eq(run(listed_body, &count), ERR_OK);
    double added = seconds();
    double first = 0;
    double last = 0;
    for (size_t i = 0; i < MANY; i += 1000) {
        double since = seconds();
        cr_assert_eq(run(many_results_body, &i), ERR_OK);
        last = seconds() - since;
        first = i == 10000 ? last : first;
    }
    double finished = seconds();
    struct ledger_open *open = load();
    cr_expect_eq(open->runs[0].count, MANY);
    ledger_open_free(&open);
    double loaded = seconds();
    struct ledger_totals totals;
    cr_assert_eq(close_as(0, &totals), ERR_OK);
    double closed = seconds();
    cr_expect(verify().balanced);
    double verified = seconds();
    (void)fprintf(stderr,
                  "ledger: %d jobs: add %.2f s, results %.2f s (1000: first %.4f last %.4f), "
                  "load %.2f s, close %.2f s, verify %.2f s\n",
                  MANY, added - start, finished - added, first, last, loaded - finished,
                  closed - loaded, verified - closed);
    cr_expect_eq(totals.tests.passed, 3 * MANY);
    cr_expect_lt(last, first * 20 + 0.05);
    free(files);
    free(names);
}
