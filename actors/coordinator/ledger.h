/* ledger.h - what the coordinator knows durably: runs, jobs, results, history.
 *
 * Every function runs inside apply() of a struct rt_store_op, on the writer's thread, and sees
 * nothing but its arguments; those without `key` also run on a store_reader's transaction.  All
 * text and arrays given are borrowed for the call.  An error must be returned from apply(): then
 * the operation is rolled back whole, however many of these functions it called.
 *
 * Every transition names its writer's epoch.  ERR_STALE: a newer coordinator has begun, or the
 * lease is not the current one any more: stop, count nothing.  ERR_NOT_FOUND: no such run.
 * ERR_REFUSED: the run is closed.  ERR_LIMIT: a text or number beyond its bound.  ERR_MALFORMED:
 * numbers that contradict each other.  ERR_STORE, ERR_MEMORY.
 *
 * How things are counted.  planned = passed + failed + skipped + flaky + lost holds for every
 * file, for files and for tests:
 *
 *   a test   has the status of its row; one that passed after it had failed in an earlier attempt
 *            is flaky; announced tests without a row are lost (no rows are made for them);
 *            planned is what the runner announced, or the rows if these are more
 *   a file   is LOST    when its last attempt gave no complete result (outcome timeout,
 *                       worker-died, fewer-than-announced, not-found, interrupted, not-started),
 *                       when announced tests are missing, or when it never ran
 *               FAILED  when it failed itself (outcomes unhandled-error and no-tests, too) or a
 * test did; when it has no test, one row with test "" is made: 1 planned, 1 failed FLAKY   when a
 * test is flaky, or an earlier attempt had failed SKIPPED when no test ran PASSED  otherwise a run
 * is TIMED_OUT or CANCELLED or ERROR when the caller says so; ERROR   when nothing could be judged:
 * nothing passed, failed or was flaky, and whatever was lost was lost without having been run to an
 * end of its own (outcomes not-found, interrupted, not-started only) FAILED  when anything failed
 * or was lost PASSED  otherwise: something ran, and nothing is red
 */
#ifndef ACTORS_COORDINATOR_LEDGER_H
#define ACTORS_COORDINATOR_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "actors/common/parts.h"
#include "actors/coordinator/lease.h"
#include "proto/error.h"
#include "proto/message.h"
#include "proto/terms.h"
#include "runtime/store.h"

enum { LEDGER_RUN_SIZE = 26, LEDGER_JOBS_MAX = 10000000 };

/* For store_open and store_open_read. */
extern const struct store_schema ledger_schema;

/* Who writes, to which run. */
struct ledger_key {
    uint64_t epoch;
    struct msg_str run;
};

/* ---- the writer ---- */

/* A coordinator begins: the epoch grows by one, durably; earlier writers are refused from now on.
 * Use the epoch only after the commit.  ERR_LIMIT after 2^31 - 2 starts. */
enum err ledger_begin(struct store_txn *txn, uint64_t *ret_epoch) MUST_CHECK;

/* ---- the life of a run ---- */

struct ledger_submit {
    struct msg_str dir;
    struct msg_str runner; /* as asked for: may be "auto" */
    struct msg_str command;
    struct msg_str env;
    struct msg_str root;     /* of the tree that the project needs */
    struct msg_str snapshot; /* its digest */
    uint64_t workers;
    uint64_t retries;
    bool fail_fast;
    uint64_t timeout_ms;
    uint64_t files;   /* how many the client names; 0: list them */
    uint64_t wall_ms; /* wall clock, since 1970 */
    enum term fix;    /* mode, as the next; 0: off */
    enum term heal;
    struct msg_str origin;
    bool held;         /* its code is not there yet */
    bool affected;     /* the files named are a choice among those that will be listed */
    bool keyed;        /* the files named only have inputs; all that will be listed is run */
    uint64_t reuse_ms; /* results of the same inputs count again, when not older; 0: none */
    uint64_t audit;    /* percent of what could be left out that is run all the same */
    bool trust;        /* forget what an audit has found; only written */
    bool flaky_fails;
    struct msg_str quarantine; /* lines of UNTIL FILE > TEST */
};

/* Whether files are named, but not whose they are: each of the runners ("vitest,tsc") has to say.
 */
static inline bool ledger_submit_shares(const struct ledger_submit *submit)
{
    return submit->files > 0 && !submit->affected && !submit->keyed &&
           memchr(submit->runner.at, ',', submit->runner.size);
}

/* Whether the files are found by the runner, in the end. */
static inline bool ledger_submit_lists(const struct ledger_submit *submit)
{
    return submit->files == 0 || submit->affected || submit->keyed || ledger_submit_shares(submit);
}

/* Puts a run into the ledger.  Again with the same id: changes nothing, *ret_new false (whatever
 * the rest says: the first one counts). */
enum err ledger_submit_run(struct store_txn *txn, struct ledger_key key,
                           const struct ledger_submit *submit, bool *ret_new) MUST_CHECK;

/* Its code is there: the run is held no more.  Again: changes nothing.  ERR_REFUSED: it is closed.
 */
enum err ledger_set_prepared(struct store_txn *txn, struct ledger_key key) MUST_CHECK;

struct ledger_file {
    uint64_t job; /* 0 … count - 1: its number in the run */
    struct msg_str file;
    struct msg_str runner; /* whose file it is, when the run has several runners; else empty */
    struct msg_str why;    /* ledger_add_named: by which file it is affected; else nothing */
    struct msg_str input;  /* digest of what its results depend on; empty: not known */
    bool audited;          /* it could be left out */
};

/* Adds files, in any number of portions; a number given again replaces its file.
 * ERR_EXISTS: the list is complete already (ledger_set_listed). */
enum err ledger_add_files(struct store_txn *txn, struct ledger_key key,
                          const struct ledger_file *files, size_t count) MUST_CHECK;

/* Notes what an affected run is to choose from its listing.  A file given again is replaced. */
enum err ledger_add_named(struct store_txn *txn, struct ledger_key key,
                          const struct ledger_file *files, size_t count) MUST_CHECK;

/* Adds those of a whole listing that are to be run, under numbers from 0, and notes how many are
 * left out: of an affected run those that were named, those whose dependencies nobody follows, and
 * a sample of the others; of a keyed one, or when an audit of the project has failed, all.  Of one
 * whose runners share what was named: that, and under the first runner what none of them has
 * listed, so that it comes out red.  *ret_kept: how many were added.  As ledger_add_files
 * otherwise. */
enum err ledger_add_affected(struct store_txn *txn, struct ledger_key key,
                             const struct ledger_file *files, size_t count,
                             uint64_t *ret_kept) MUST_CHECK;

struct ledger_listing {
    struct msg_str runner; /* that was found */
    struct msg_str version;
    bool serial;    /* one lease at a time */
    bool shared;    /* a batch has a cost of its own */
    bool selects;   /* a job can be some tests of a file */
    uint64_t files; /* jobs 0 … files - 1 have been added; left-overs beyond are removed */
};

/* The list of files is complete.  ERR_EXISTS: it was before; nothing changes.  ERR_MALFORMED: not
 * all have been added. */
enum err ledger_set_listed(struct store_txn *txn, struct ledger_key key,
                           const struct ledger_listing *listing) MUST_CHECK;

struct ledger_place {
    uint64_t job;
    uint64_t position; /* from 0: first to run */
    uint64_t expected_us;
};

/* The files of a closed run were at its end as they were when their inputs were digested: only then
 * may its results count again.  Again: changes nothing. */
enum err ledger_seal(struct store_txn *txn, struct ledger_key key) MUST_CHECK;

/* Sets the order.  Again: replaces it.  ERR_MALFORMED: a job is not there, or the count is not
 * that of the files; ERR_REFUSED also before ledger_set_listed. */
enum err ledger_set_plan(struct store_txn *txn, struct ledger_key key,
                         const struct ledger_place *places, size_t count) MUST_CHECK;

/* Lets files with new tests be repeated, for `percent` of the run's expected time or half a minute;
 * in a project of which no run has been judged before, or with 0, none. */
enum err ledger_allow_repeats(struct store_txn *txn, struct ledger_key key,
                              uint64_t percent) MUST_CHECK;

/* ---- the life of a job ---- */

struct ledger_grant {
    uint64_t token;
    struct msg_str worker;
    const uint64_t *jobs;
    size_t count;
    uint64_t wall_ms; /* now, since the epoch */
};

/* A lease: QUEUED -> LEASED, token, owner, attempts + 1 for all of its jobs, or for none.
 * ERR_STALE also when one of them is not queued or has had a token as great. */
enum err ledger_grant(struct store_txn *txn, struct ledger_key key,
                      const struct ledger_grant *grant) MUST_CHECK;

/* A part of a file is given away under this token, which is all that the ledger has of it: no
 * later life of the run may use it again.  The file's job stays QUEUED. */
enum err ledger_note_part(struct store_txn *txn, struct ledger_key key, uint64_t token) MUST_CHECK;

/* Counters of struct job, as they are after the event. */
struct ledger_counts {
    uint64_t crashes;
    uint64_t infra;
    uint64_t poison;
    uint64_t failures;
};

static inline struct ledger_counts ledger_counts(const struct job *job)
{
    return (struct ledger_counts){job->crashes, job->infra, job->poison, job->failures};
}

/* A test that failed in an attempt that does not count: flaky when it passes later.  With an empty
 * name the file itself. */
struct ledger_failed {
    struct msg_str test;
    struct msg_str message;
};

struct ledger_release {
    uint64_t job;
    uint64_t token;
    struct ledger_counts counts;
    const struct ledger_failed *failed;
    size_t failed_count;
};

/* LEASED -> QUEUED: the attempt under `token` is over and its result does not count. */
enum err ledger_release(struct store_txn *txn, struct ledger_key key,
                        const struct ledger_release *release) MUST_CHECK;

struct ledger_test {
    struct msg_str name;
    uint64_t index;   /* each once in a job */
    enum term status; /* PASSED, FAILED, SKIPPED or FLAKY */
    uint64_t duration_us;
    uint64_t line;
    uint64_t column;
    struct msg_str message;
    struct msg_str page; /* only written, never read back with the row */
};

struct ledger_result {
    uint64_t job;
    uint64_t token;
    enum term outcome;
    bool failed;        /* the file itself */
    uint64_t collected; /* tests that the runner announced */
    uint64_t duration_us;
    uint64_t cpu_us;
    uint64_t wall_ms; /* now, since the epoch */
    struct ledger_counts counts;
    struct msg_str message;
    const struct ledger_test *tests;
    size_t count;
    bool parts_failed; /* it ran whole because its parts had not simply passed */
    uint64_t new_runs; /* times that a file with new tests is to pass; 0: as 1 */
};

/* What became of a job. */
struct ledger_finished {
    uint64_t seq;      /* sequence number of the commit within the run, from 1 */
    enum term status;  /* of the file */
    uint64_t planned;  /* of its tests */
    uint64_t findings; /* failures to be understood */
    bool again;        /* nothing of that: it has new tests, and waits for its next attempt */
};

/* The one result of a job: LEASED under `token` -> DONE, FAILED or DEAD, its rows, the next seq,
 * and history if the result is complete.  ERR_STALE: not leased under this token (any more, or
 * final already).  ERR_EXISTS: two tests with one index. */
enum err ledger_finish_job(struct store_txn *txn, struct ledger_key key,
                           const struct ledger_result *result,
                           struct ledger_finished *ret_finished) MUST_CHECK;

/* ---- the end of a run ---- */

struct ledger_sums {
    uint64_t planned;
    uint64_t passed;
    uint64_t failed;
    uint64_t skipped;
    uint64_t flaky;
    uint64_t lost;
};

static inline bool ledger_balanced(const struct ledger_sums *sums)
{
    return sums->planned == sums->passed + sums->failed + sums->skipped + sums->flaky + sums->lost;
}

struct ledger_totals {
    struct ledger_sums files; /* done = planned - lost */
    struct ledger_sums tests;
    uint64_t cpu_us;
    enum term verdict; /* 0 while the run is open */
};

struct ledger_closing {
    enum term verdict;     /* 0: by the rows; else ERROR, CANCELLED or TIMED_OUT */
    uint64_t wall_ms;      /* from acceptance to now */
    struct msg_str reason; /* why there is no verdict by tests */
    uint64_t slot_us;      /* that slots worked for it, as far as it is known; what its jobs took
                              counts if that is more */
    double usd_per_slot_hour;
    uint64_t budget; /* enum budget_stage */
};

/* Closes a run: jobs without a result become DEAD and LOST (outcome `interrupted` when leased,
 * `not-started` when queued) with sequence numbers of their own, totals are counted from the rows.
 * ERR_REFUSED: it is closed already.  ERR_STORE: the rows do not balance (a bug, or tampering). */
enum err ledger_close_run(struct store_txn *txn, struct ledger_key key,
                          const struct ledger_closing *closing,
                          struct ledger_totals *ret_totals) MUST_CHECK;

/* Forgets jobs, tests, command and environment of the oldest closed run beyond the `kept` newest
 * ones; its line with the totals stays.  One run a call, so that the writer is not held up;
 * *ret_more: call again. */
enum err ledger_prune(struct store_txn *txn, uint64_t epoch, uint64_t kept,
                      bool *ret_more) MUST_CHECK;

/* ---- money ---- */

struct ledger_spending {
    uint64_t slot_us; /* to be added */
    double usd;       /* to be added; afterwards: of the month */
};

/* Adds the presence of slots to a month (cost_month), and tells what the month has cost so far.
 * ERR_STALE. */
enum err ledger_spend(struct store_txn *txn, uint64_t epoch, uint64_t month,
                      struct ledger_spending *spending) MUST_CHECK;

/* ---- recovery ---- */

struct ledger_open_job {
    uint64_t job;
    struct msg_str file;
    struct msg_str runner; /* empty: the run's */
    enum job_state state;
    uint64_t token; /* of the last lease; 0: none */
    struct msg_str worker;
    uint64_t attempts;
    struct ledger_counts counts;
    uint64_t position; /* of the plan; the job number without one */
    uint64_t expected_us;
    enum term status; /* of a final job, else 0 */
    bool audited;     /* it could have been left out */
};

/* Makes the job of lease.h out of it. */
static inline void ledger_restore(const struct ledger_open_job *from, struct job *job,
                                  uint64_t now_ms)
{
    job_restore(job,
                &(struct job_record){
                    .index = (uint32_t)from->job,
                    .state = from->state,
                    .token = from->token,
                    .attempts = (uint32_t)from->attempts,
                    .crashes = (uint32_t)from->counts.crashes,
                    .infra = (uint32_t)from->counts.infra,
                    .poison = (uint32_t)from->counts.poison,
                    .failures = (uint32_t)from->counts.failures,
                },
                now_ms);
}

/* A run's line.  A pruned run has its totals but no rows. */
struct ledger_run {
    struct msg_str run;
    struct ledger_submit submit;
    struct ledger_listing listing; /* files 0 until listed */
    bool listed;
    bool planned;
    uint64_t seq;                /* given last */
    uint64_t files_done;         /* jobs with a final state */
    bool settled;                /* closed, and nothing more becomes of its failures */
    struct ledger_totals totals; /* verdict 0: open, the rest is zero */
    uint64_t wall_ms;            /* of a closed run: from acceptance to verdict */
    struct msg_str reason;
    uint64_t files_not_affected; /* of an affected run: listed and left out */
    uint64_t part_token;         /* ledger_note_part's; 0: none */
    uint64_t files_cached;
    uint64_t files_audited;
    struct msg_str note; /* what an audit has found */
    uint64_t slot_us;    /* of a closed run, as the next two */
    double usd;
    uint64_t budget; /* enum budget_stage */
};

struct ledger_open_run {
    struct ledger_run run;
    struct ledger_open_job *jobs; /* by number; those that were added, also before listed */
    size_t count;
};

/* What a restarted coordinator goes on with.  Jobs LEASED under an older epoch are still leased:
 * deadlines are not stored, so put them back under lease_adopt with a fresh one; a result under
 * the old token counts until the lease is lost.  A run that is not listed is to be listed again;
 * one that is not planned, planned again.  Owns its text and arrays. */
struct ledger_open {
    struct ledger_open_run *runs; /* oldest first */
    size_t count;
    struct ledger_pool *pool;
};

enum err ledger_load_open_runs(struct store_txn *txn, struct ledger_open **ret_open) MUST_CHECK;

/* The same of one run.  ERR_REFUSED: it is closed. */
enum err ledger_load_run(struct store_txn *txn, struct msg_str run,
                         struct ledger_open **ret_open) MUST_CHECK;
void ledger_open_free(struct ledger_open **open);

/* ---- reading ---- */

struct ledger_row {
    uint64_t job;
    uint64_t seq;
    struct msg_str file;
    enum term status;
    enum term outcome;
    uint64_t planned; /* tests announced */
    uint64_t duration_us;
    uint64_t attempts;
    bool cached;
    bool audited;
    struct msg_str worker;
    struct msg_str message;
    const struct ledger_test *tests; /* by index */
    size_t count;
};

struct ledger_limits {
    size_t files_max;
    size_t bytes_max; /* of text; the page ends with the file that reaches it */
};

/* Files committed after a sequence number, in its order, each with all of its tests. */
struct ledger_page {
    struct ledger_run run;
    struct ledger_row *rows;
    size_t count;
    uint64_t seq; /* reached: to be given next; the run's own seq when nothing is left */
    bool more;    /* the page ended at a limit */
    struct ledger_pool *pool;
};

enum err ledger_rows_after(struct store_txn *txn, struct msg_str run, uint64_t seq,
                           struct ledger_limits limits, struct ledger_page **ret_page) MUST_CHECK;
void ledger_page_free(struct ledger_page **page);

/* Times to expect of the run's files, by job number; -1 where there is no history.  `count` is the
 * number of places in `expected_us`; jobs beyond are left out.  Runner: the one that was listed. */
enum err ledger_expected(struct store_txn *txn, struct msg_str run, int64_t *expected_us,
                         size_t count) MUST_CHECK;

/* A file whose tests are known by name: it passed the last time. */
struct ledger_known {
    uint64_t job;
    uint64_t past_run; /* where its tests are */
    uint64_t past_job;
    uint64_t expected_us;
    struct parts_test *tests; /* by place */
    size_t count;
};

/* The queued files of a planned run whose parts are worth something on LEDGER_WORKERS_MAX or fewer
 * workers: those longer than an even share, so there are never more than that.  Never tried ones
 * alone.  Everything belongs to `open`, whose first run this is. */
enum { LEDGER_WORKERS_MAX = 64, LEDGER_SPLIT_US_MIN = 1000000 };
enum err ledger_load_known(struct store_txn *txn, struct ledger_open *open,
                           struct ledger_known **ret_known, size_t *ret_count) MUST_CHECK;

struct ledger_past {
    uint64_t expected_us; /* moving average of the median of three: one slow run moves it little */
    uint64_t tests;       /* planned the last time */
    uint64_t runs;        /* complete results so far */
};

/* ERR_NOT_FOUND: none of that file. */
enum err ledger_history(struct store_txn *txn, struct msg_str project, struct msg_str runner,
                        struct msg_str file, struct ledger_past *ret_past) MUST_CHECK;

/* ---- verification ---- */

struct ledger_check {
    struct ledger_totals totals; /* recomputed from the raw rows */
    bool balanced;               /* and nothing contradicts what was committed */
    uint64_t problems;
    char why[512]; /* the first of them; empty when balanced */
};

/* Recomputes a run from its raw rows: every job's counts, status and digest of its tests, the
 * sequence, and the totals of a closed run.  An open run is checked as far as it has come: jobs
 * without a result count as lost.  ERR_NOT_FOUND: no such run, or pruned. */
enum err ledger_verify(struct store_txn *txn, struct msg_str run,
                       struct ledger_check *ret_check) MUST_CHECK;

#endif
