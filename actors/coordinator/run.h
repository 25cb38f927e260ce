/* run.h - one run, a light actor under the coordinator; what its files share.
 *
 *     LOADING -> HELD -> LISTING -> PLANNING -> RUNNING -> CLOSING
 *
 * What it decides is true only when the ledger has it: every transition is a store operation first
 * and a message to the world after its commit.
 */
#ifndef ACTORS_COORDINATOR_RUN_H
#define ACTORS_COORDINATOR_RUN_H

#include "actors/common/parts.h"
#include "actors/common/queue.h"
#include "actors/coordinator/lease.h"
#include "actors/coordinator/ledger.h"
#include "runtime/actor.h"

extern const struct rt_behaviour run_behaviour;

/* The argument of a run's life. */
struct run_arg {
    char run[LEDGER_RUN_SIZE + 1];
    uint64_t epoch;
    struct rt_address coordinator;
};

enum run_phase {
    RUN_LOADING,
    RUN_HELD, /* somebody brings its code */
    RUN_LISTING,
    RUN_PLANNING,
    RUN_RUNNING,
    RUN_CLOSING,
    RUN_PHASES
};

/* A test of an attempt that is still going on. */
struct run_test {
    struct ledger_test test; /* its texts are in `texts` */
    char *texts;             /* owned: name, message, page */
};

/* What has arrived of one job's attempt. */
struct run_attempt {
    uint64_t token;
    struct run_test *tests;
    size_t count;
    size_t capacity;
};

/* A part that is lost waits again beside the rest of its file; one that is lost so often is not
 * tried again, and its file runs whole. */
enum { RUN_PART_LOSSES_MAX = 3, RUN_PIECES_MAX = LEDGER_WORKERS_MAX * (RUN_PART_LOSSES_MAX + 1) };

/* A file whose tests are given away in parts. */
struct run_split {
    struct parts parts;
    uint64_t losses;                       /* of parts with their workers */
    char worker[MSG_MAX_offer_worker + 1]; /* who did them, when all are done and joined */
};

struct run_job {
    struct job job;
    char *file;         /* owned; a part's is its file's */
    const char *runner; /* of several; else that of the submit.  In `open` */
    uint64_t position;
    uint64_t expected_us;
    bool audited;  /* it could have been left out: a failure is looked at twice */
    bool repeated; /* it has passed, with new tests */
    struct run_attempt attempt;
    struct run_split *split; /* owned; NULL: it is given away whole */
    bool parts_failed;       /* and that is because its parts had not simply passed */
};

/* A part of a file, under a lease or done: a job of its own for its slot, with a number behind
 * those of the files.  The ledger knows nothing of it: after a restart its file runs whole. */
struct run_part {
    struct run_part *next;
    struct run_job job;
    struct queue_piece piece;
    char worker[MSG_MAX_offer_worker + 1];
    bool done;
    uint64_t seen; /* once done: tests of the whole file */
    uint64_t duration_us;
    uint64_t cpu_us;
};

/* A lease of ours, on the slot that works under it. */
struct run_lease {
    struct run_lease *next;
    struct lease lease;
    struct rt_address slot; /* nobody after a restart, until the slot is heard of */
    uint64_t monitor;
    uint64_t began_ms;
    uint64_t expected_us; /* of all its jobs when it was granted */
    char worker[MSG_MAX_offer_worker + 1];
};

struct run_file {
    char *file; /* owned */
    char runner[MSG_MAX_submit_runner + 1];
};

/* The listing of files, under a lease that is not in the ledger: it is simply done again.  Several
 * runners ("vitest,tsc") list one after the other. */
struct run_listing {
    uint64_t token; /* 0: not given to anybody */
    uint64_t deadline_ms;
    uint64_t since_ms;
    uint64_t attempts;
    uint64_t crashes; /* of them ended so by their own doing */
    struct rt_address slot;
    uint64_t monitor;
    struct run_file *files; /* owned */
    size_t count;
    size_t capacity;
    size_t before; /* files of the runners whose turn is over */
    size_t turn;   /* which of the runners lists */
    /* Of those whose turn is over. */
    char runner[MSG_MAX_listed_runner + 1];
    char version[MSG_MAX_listed_version + 1];
    bool serial;
    bool shared;
    bool selects;
};

struct run {
    char id[LEDGER_RUN_SIZE + 1];
    struct rt_address coordinator;
    struct rt_address partitioner;
    struct lease_limits limits;
    uint64_t new_runs; /* coordinator.new_tests_runs */
    struct lease_source source;
    struct lease_clock clock;
    enum run_phase phase;

    struct ledger_open *open; /* owned: the run as it was loaded; texts of `submit` point here */
    struct ledger_submit submit;
    bool serial;
    bool shared;

    struct run_listing listing;
    struct run_job *jobs;
    size_t count;
    size_t final;       /* jobs whose end is committed */
    struct queue queue; /* of queued jobs, each a piece */
    uint64_t spent_us;  /* what finished jobs took, and were expected to take: how far to trust */
    uint64_t spent_expected_us; /* the expectations of this run on these machines */
    struct run_lease *leases;
    size_t leased_count;
    struct run_part *parts;
    uint32_t parts_made; /* in this life: the number of the next one */
    uint64_t slot_ms;    /* of leases that are over */
    uint64_t budget;     /* enum budget_stage: how far it was held back */

    uint64_t *positions; /* while planning: place of each file; UINT64_MAX: not yet told */
    uint64_t plan_seen;
    uint64_t plan_asked_ms;
    bool plan_writing;

    uint64_t demanded; /* slots asked for last */
    bool stopping;     /* no further grants: fail-fast */
    uint64_t stale;    /* refused results not yet told to the coordinator */
    enum term closing_verdict;
    char reason[MSG_MAX_run_closed_reason + 1];
};

/* A store operation of a run; fini frees what `arg` points to. */
struct run_op {
    struct rt_store_op op;
    char run[LEDGER_RUN_SIZE + 1];
    uint64_t epoch;
};

static inline struct ledger_key run_op_key(const struct run_op *op)
{
    return (struct ledger_key){op->epoch, msg_str(op->run)};
}

/* Makes an operation of `size` bytes (a struct that begins with struct run_op); NULL: no memory. */
void *run_op_new(const struct run *run, size_t size,
                 enum err (*apply)(struct store_txn *, struct rt_store_op *),
                 enum err (*done)(struct rt_context *, void *, struct rt_store_op *));

/* Reads the run anew from the ledger and goes on from there. */
enum err run_reload(struct rt_context *ctx, struct run *run) MUST_CHECK;

/* Begins to close the run; `verdict` 0: by its rows.  Only the first call counts. */
enum err run_close(struct rt_context *ctx, struct run *run, enum term verdict,
                   const char *reason) MUST_CHECK;

/* Tells the coordinator what the run could use now, if that has changed. */
void run_demand(struct rt_context *ctx, struct run *run);

/* Expected time of what waits and of what is left of that under way; run_work.c. */
uint64_t run_work_us(const struct run *run, uint64_t now_ms);

/* Time that slots have worked for it; listing, and leases that are open, count up to now. */
uint64_t run_slot_us(struct rt_context *ctx, const struct run *run);

/* Tells the coordinator that the ledger has something new; with failures, or the verdict. */
void run_committed(struct rt_context *ctx, struct run *run, bool failures, bool closed);

/* ---- run_list.c: what there is to run, and in which order ---- */

enum err run_list_grant(struct rt_context *ctx, struct run *run,
                        const struct msg_offer *offer) MUST_CHECK;
enum err run_on_file_found(struct rt_context *ctx, struct run *run,
                           const struct msg_file_found *found) MUST_CHECK;
enum err run_on_listed(struct rt_context *ctx, struct run *run,
                       const struct msg_listed *listed) MUST_CHECK;
enum err run_plan(struct rt_context *ctx, struct run *run) MUST_CHECK;
enum err run_on_planned_file(struct rt_context *ctx, struct run *run,
                             const struct msg_planned_file *planned) MUST_CHECK;
enum err run_on_planned(struct rt_context *ctx, struct run *run,
                        const struct msg_planned *planned) MUST_CHECK;
enum err run_list_tick(struct rt_context *ctx, struct run *run) MUST_CHECK;
/* Its slot is done with it. */
void run_list_over(struct rt_context *ctx, struct run *run);
void run_list_fini(struct run *run);

/* ---- run_result.c: results ---- */

void run_attempt_clear(struct run_attempt *attempt);

/* Writes what job_finish or job_lose decided.  `done` is borrowed; the slot gets the JOB_ACK. */
enum err run_store_finish(struct rt_context *ctx, struct run *run, struct rt_address slot,
                          const struct msg_job_done *done) MUST_CHECK;

/* ---- run_part.c: files in parts ---- */

/* A file or a part by the number that slots know it by; NULL: there is none, or not any more. */
struct run_job *run_job_at(struct run *run, uint64_t number);
static inline bool run_is_part(const struct run *run, const struct run_job *job)
{
    return job->job.index >= run->count;
}

/* Who takes work, of how much that is left altogether, among how many. */
struct run_taker {
    struct msg_str worker;
    uint64_t left_us;
    uint64_t workers;
};

/* Makes files splittable whose tests are known. */
enum err run_split_known(struct rt_context *ctx, struct run *run, const struct ledger_known *known,
                         size_t count) MUST_CHECK;

/* What to grant of a piece that was just taken off the queue: its file, or a part of it; the
 * remainder waits again. */
enum err run_part_take(struct rt_context *ctx, struct run *run, const struct queue_piece *piece,
                       struct run_taker taker, struct run_job **ret_job) MUST_CHECK;

/* The LEASE of a job; what it borrows holds until *ret_names is freed. */
enum err run_part_lease(const struct run *run, const struct run_job *job,
                        struct msg_lease *ret_lease, char **ret_names) MUST_CHECK;

/* A part's JOB_DONE was taken: its lease has forgotten it already.  `clean`: nothing but passed and
 * skipped tests.  The last part of a file makes the file's result; what is not clean makes it run
 * whole. */
enum err run_part_done(struct rt_context *ctx, struct run *run, struct run_job *job,
                       const struct msg_job_done *done, bool clean) MUST_CHECK;

/* It comes back with its lost lease. */
enum err run_part_lost(struct rt_context *ctx, struct run *run, struct run_job *job) MUST_CHECK;
void run_parts_fini(struct run *run);

/* ---- run_work.c: grants, lost leases ---- */

struct run_lease *run_find_lease(struct run *run, uint64_t token);
void run_drop_lease(struct rt_context *ctx, struct run *run, struct run_lease *lease);

/* A sign of life: also tells, after a restart, who works under the lease. */
void run_hear_from(struct rt_context *ctx, struct run *run, struct run_lease *lease,
                   struct fence fence);

/* Puts a queued job, or a piece of its file, where the next grant looks for it. */
void run_enqueue(struct run *run, uint32_t index);
void run_enqueue_piece(struct run *run, struct queue_piece piece);
enum err run_grant(struct rt_context *ctx, struct run *run,
                   const struct msg_offer *offer) MUST_CHECK;

/* The GRANT of this run that all its leases have in common; count and the like are the caller's. */
struct msg_grant run_grant_msg(const struct run *run, uint64_t token);

/* Puts a job that the ledger has as leased back under its lease. */
enum err run_adopt(struct rt_context *ctx, struct run *run,
                   const struct ledger_open_job *stored) MUST_CHECK;
enum err run_on_beat(struct rt_context *ctx, struct run *run,
                     const struct msg_beat *beat) MUST_CHECK;
enum err run_on_test_done(struct rt_context *ctx, struct run *run,
                          const struct msg_test_done *done) MUST_CHECK;
enum err run_on_job_done(struct rt_context *ctx, struct run *run,
                         const struct msg_job_done *done) MUST_CHECK;
enum err run_on_slot_free(struct rt_context *ctx, struct run *run,
                          const struct msg_slot_free *slot) MUST_CHECK;
enum err run_on_slot_down(struct rt_context *ctx, struct run *run, uint64_t ref) MUST_CHECK;
enum err run_work_tick(struct rt_context *ctx, struct run *run, uint64_t gap_ms) MUST_CHECK;
void run_revoke_all(struct rt_context *ctx, struct run *run);
void run_work_fini(struct run *run);

#endif
