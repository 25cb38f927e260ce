/* ledger_priv.h - what the ledger's files share; for ledger*.c only. */
#ifndef ACTORS_COORDINATOR_LEDGER_PRIV_H
#define ACTORS_COORDINATOR_LEDGER_PRIV_H

#include "actors/coordinator/ledger_finding.h"

/* Measurements are cut to this (six days), so that their sums stay far from overflowing. */
#define LEDGER_US_MAX (UINT64_C(1) << 39)
/* More tests in one file than this are refused. */
#define LEDGER_TESTS_MAX (UINT64_C(1000000000))

/* ---- the run that a transition is about (ledger.c) ---- */

struct ledger_line {
    uint64_t no;
    uint64_t verdict;
    bool listed;
    uint64_t files;
    uint64_t seq;
};

/* Checks the writer's epoch and finds the run, open or not: ERR_STALE, ERR_NOT_FOUND. */
enum err ledger_find(struct store_txn *txn, struct ledger_key key,
                     struct ledger_line *ret_line) MUST_CHECK;

/* As ledger_find; a closed run is ERR_REFUSED. */
enum err ledger_find_open(struct store_txn *txn, struct ledger_key key,
                          struct ledger_line *ret_line) MUST_CHECK;

static inline bool ledger_fits(struct msg_str text, size_t max)
{
    return text.size <= max;
}

/* First column of the first row; *ret_number stays as it is when there is none. */
enum err ledger_number(struct store_txn *txn, const char *sql, uint64_t no,
                       uint64_t *ret_number) MUST_CHECK;

/* ---- counting (ledger_count.c) ---- */

/* Counts one row of a status; strangers' numbers are not counted. */
void ledger_add(struct ledger_sums *sums, enum term status, uint64_t count);

/* All that decides about a file's status. */
struct ledger_facts {
    enum term outcome;
    bool failed;              /* the file itself */
    bool failed_before;       /* in an earlier, complete attempt */
    struct ledger_sums tests; /* with planned and lost */
};

/* The status of a file; the rules are in ledger.h. */
enum term ledger_judge_file(const struct ledger_facts *facts);

/* The state of a job with a file of that status. */
enum job_state ledger_state(enum term status);

/* True when an attempt that ended like this was cut short by others than the file. */
bool ledger_is_infra(enum term outcome);

/* Digest of a file's result without its tests: what one row per file holds of it. */
struct ledger_digest {
    struct msg_str file;
    struct msg_str message;
    enum term status;
    enum term outcome;
    uint64_t planned;
    uint64_t duration_us;
    uint64_t token;
};

/* Against accidents, not against forgers.  Digests of a file and of its tests are summed up. */
uint64_t ledger_digest_file(const struct ledger_digest *digest);
uint64_t ledger_digest_test(const struct ledger_test *test);

/* Counts a run's rows as they are now: sums and cpu_us, and whether anything of it was judged.
 * The verdict is the one by the rows. */
enum err ledger_count(struct store_txn *txn, uint64_t no,
                      struct ledger_totals *ret_totals) MUST_CHECK;

/* Whose experience a run shares: commits of one repository lie in different directories. */
#define LEDGER_PROJECT(run)                                                                        \
    "CASE WHEN instr(" run ".origin, '#') > 0"                                                     \
    " THEN substr(" run ".origin, 1, instr(" run ".origin, '#') - 1) ELSE " run ".dir END"

/* ---- new tests (ledger_repeat.c) ---- */

/* Whether the result, the one behind `repeats` others that passed, is to be repeated as well; then
 * its job waits again.  ERR_STALE: its lease is not the last one. */
enum err ledger_repeat(struct store_txn *txn, uint64_t no, const struct ledger_result *result,
                       uint64_t repeats, bool *ret_again) MUST_CHECK;

/* ---- what is left out (ledger_reuse.c) ---- */

/* Of a job that did not run: before every token of a lease. */
#define LEDGER_TOKEN_CACHED (UINT64_C(1))

/* A number of a file that is another in each run. */
uint64_t ledger_draw(struct msg_str run, struct msg_str file);

/* Takes the results of earlier runs for all jobs of a listed run that can have them. */
enum err ledger_reuse(struct store_txn *txn, struct ledger_key key) MUST_CHECK;

/* An audited file of the run `no` has failed. */
enum err ledger_missed(struct store_txn *txn, uint64_t no, struct msg_str file) MUST_CHECK;

enum err ledger_forget_miss(struct store_txn *txn, struct msg_str run) MUST_CHECK;

/* ---- flaky tests (ledger_flaky.c) ---- */

enum { LEDGER_UNTIL_SIZE = 11 };

/* The last day of a test's quarantine in the run `no`; empty: it is not in there, or has never
 * passed. */
enum err ledger_quarantined(struct store_txn *txn, uint64_t no, struct msg_str file,
                            struct msg_str test, char ret_until[LEDGER_UNTIL_SIZE]) MUST_CHECK;

/* ---- history (ledger_history.c) ---- */

/* Of a job: its own, or the only one of its run. */
#define LEDGER_RUNNER(job)                                                                         \
    "CASE WHEN " job " <> '' THEN " job " WHEN run.runner_found <> '' THEN run.runner_found"       \
    " ELSE run.runner END"

struct ledger_sample {
    uint64_t run; /* its number */
    struct msg_str file;
    struct msg_str runner; /* of the job; empty: the run's */
    uint64_t duration_us;
    uint64_t tests;
    uint64_t job;
    bool passed;
    bool parts_failed;
    bool is_flaky;
};

enum err ledger_learn(struct store_txn *txn, const struct ledger_sample *sample) MUST_CHECK;

/* The line of a run, with text in the pool. */
enum err ledger_read_run(struct store_txn *txn, struct msg_str run, struct ledger_pool *pool,
                         struct ledger_run *ret_run, uint64_t *ret_no) MUST_CHECK;

/* ---- failures (ledger_finding.c) ---- */

/* A place of the file itself, where no test is to blame. */
#define LEDGER_PLACE_FILE ((int64_t)-1)

/* Notes a failure, seen at `wall_ms`; the first LEDGER_FINDINGS_MAX of a run count. */
struct ledger_noted {
    uint64_t job;
    int64_t place;
    uint64_t wall_ms;
};
enum err ledger_note(struct store_txn *txn, uint64_t no,
                     const struct ledger_noted *noted) MUST_CHECK;

/* Counts a finding, which has its label, with its cause, and scores that anew (ledger_cause.c). */
enum err ledger_count_cause(struct store_txn *txn, uint64_t no, uint64_t error,
                            const struct ledger_label *label) MUST_CHECK;

/* Keeps what a browser test saw: of a failed one for healing, of a passed one to compare with. */
enum err ledger_keep_page(struct store_txn *txn, uint64_t no, uint64_t job,
                          const struct ledger_test *test) MUST_CHECK;

/* ---- memory of one answer (ledger_pool.c) ---- */

/* NULL: out of memory. */
struct ledger_pool *ledger_pool_new(void);
void ledger_pool_free(struct ledger_pool *pool);
/* Zeroed; lives as long as the pool. */
void *ledger_pool_take(struct ledger_pool *pool, size_t count, size_t size);
/* A copy with a NUL behind it; ERR_MEMORY. */
enum err ledger_pool_text(struct ledger_pool *pool, struct msg_str text,
                          struct msg_str *ret_text) MUST_CHECK;

#endif
