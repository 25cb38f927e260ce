/* cluster.h - a whole cluster in one thread: production actors, links and ledger over a seeded
 * network, with virtual time, crashes, pauses and clocks that differ.
 *
 * Every process of the star (a coordinator in its middle, a partitioner, executors, a client, a
 * gateway, classifier, fixer, validator and healer in one, sqs_bridge and monitor in one) is a
 * node: a stepped rt_system, its struct links, and ports into this world, in which there are an SQS
 * and a GitHub, too.  Nothing happens but in cluster_step, and whatever is random comes from the
 * seed: the same options and calls give the same trace, bit for bit.
 *
 * What survives a crash of the coordinator is its store; operations that were not committed are
 * gone.  Time is in milliseconds since the cluster began.
 */
#ifndef TESTS_SUPPORT_CLUSTER_H
#define TESTS_SUPPORT_CLUSTER_H

#include "runtime/links.h"
#include "runtime/store.h"
#include "runtime/system.h"

enum {
    CLUSTER_EXECUTORS_MAX = 16,
    CLUSTER_OTHERS = 6,      /* nodes that are no executors */
    CLUSTER_RUNS = 4,        /* clients of the one client node, a run each */
    CLUSTER_RUN_JOBS = 2048, /* job J of run R is number R * this + J outside of the cluster */
    CLUSTER_JOBS_MAX = CLUSTER_RUNS * CLUSTER_RUN_JOBS,
    CLUSTER_WHY_SIZE = 512
};

struct cluster;

/* Node numbers; executors follow one another, the client is last. */
enum {
    NODE_COORDINATOR,
    NODE_PARTITIONER,
    NODE_EXPERTS,
    NODE_GATEWAY,
    NODE_EDGE, /* sqs_bridge and monitor */
    NODE_EXECUTORS
};

struct cluster_options {
    uint64_t seed;
    size_t executors;
    const struct config *config; /* copied; NULL: that of a small cluster in a hurry */
    bool trace;                  /* print what happens to stdout */
    uint64_t wall_spread_ms;     /* wall clocks of incarnations differ by up to so much */
    uint64_t drift_ppm;          /* monotonic clocks run at rates that differ by up to so much */
};

struct cluster *cluster_new(const struct cluster_options *options);
void cluster_destroy(struct cluster **cluster);

/* Starts what is not there: a new incarnation of the node's name, on its disk. */
void cluster_start(struct cluster *cluster, size_t node);
void cluster_start_all(struct cluster *cluster);

/* ---- time ---- */

uint64_t cluster_now(const struct cluster *cluster);

/* Goes to the next event. */
void cluster_step(struct cluster *cluster);
void cluster_run(struct cluster *cluster, uint64_t ms);

/* ---- faults ---- */

/* Where a process stops existing. */
enum crash {
    CRASH_NOW,
    CRASH_BEFORE_COMMIT, /* with operations queued: they are lost */
    CRASH_AFTER_COMMIT,  /* with operations committed of which nobody has heard yet */
    CRASH_BEFORE_SEND    /* with messages that the actors have sent and the links have not */
};

/* Crashes the node when it is there next; it is started again after `back_ms` (0: never). */
void cluster_crash(struct cluster *cluster, size_t node, enum crash crash, uint64_t back_ms);

/* SIGSTOP for so long: frames and exits wait. */
void cluster_pause(struct cluster *cluster, size_t node, uint64_t ms);

/* What the network does to frames, in parts of a thousand and ms. */
struct network {
    uint64_t loss;
    uint64_t twice;
    uint64_t full; /* the transport refuses for the moment */
    uint64_t delay_ms;
    uint64_t jitter_ms; /* more than between two frames: they overtake each other */
};

void cluster_network(struct cluster *cluster, const struct network *network);

/* Cuts the way to and from a node for so long. */
void cluster_cut(struct cluster *cluster, size_t node, bool to, bool from, uint64_t ms);

/* So many requests of a thousand to SQS and GitHub, or their answers, get lost, are refused, take
 * their time or are done twice. */
void cluster_http(struct cluster *cluster, uint64_t permille);

/* A hand on single messages, between the actors and the links of their node. */
enum fate { FATE_PASS, FATE_LOSE, FATE_TWICE };
typedef enum fate (*cluster_hand)(void *arg, size_t from, const struct msg *msg);
void cluster_watch(struct cluster *cluster, cluster_hand hand, void *arg);

/* ---- runs that come from outside; their client only watches ---- */

/* As a message that is put into the queue; `named`: it says the run's id, which is the message's
 * otherwise.  Before that the files and the like are in the client's view. */
void cluster_queue(struct cluster *cluster, size_t run, uint64_t at_ms, bool named);
void cluster_queue_rubbish(struct cluster *cluster, uint64_t at_ms);

/* As a signed webhook, which is sent until it was accepted; a forged one comes, too.  One run. */
void cluster_webhook(struct cluster *cluster, size_t run, uint64_t at_ms);

/* The queue is empty, the webhook accepted, its run reported. */
bool cluster_outside_done(struct cluster *cluster);

/* Since then the monitor has once shown the coordinator and every process as they are: there. */
bool cluster_monitored(const struct cluster *cluster, uint64_t since_ms);

/* Each message is a run, each webhook one with one check run and one comment, and there are no
 * others.  False: `why` (of CLUSTER_WHY_SIZE) says what is wrong. */
bool cluster_outside_check(struct cluster *cluster, char *why);

/* ---- the outside ledger ---- */

/* A test file is called NNN-kind-ms: what it does when it is run. */
enum job_kind {
    KIND_PASS = 'p',
    KIND_FAIL = 'f',
    KIND_ONCE = 'k',    /* fails the first time it is run, passes then */
    KIND_DIES = 'd',    /* is killed by somebody, each time */
    KIND_STUMBLE = 'o', /* is killed the first time */
    KIND_HANGS = 't'
};

struct job_seen {
    enum job_kind kind;
    uint64_t ms;
    uint64_t started; /* commands that were started for it */
    uint64_t exited;  /* of them came to their own end */
};

void cluster_job_name(size_t index, enum job_kind kind, uint64_t ms, char *text, size_t size);
const struct job_seen *cluster_job(const struct cluster *cluster, size_t index);

/* ---- looking in ---- */

/* A client of the cluster: what it wants and has seen (tests/support/client.h).  One without files
 * stays away. */
struct client_view;
struct client_view *cluster_client(struct cluster *cluster, size_t run);

/* The system of a node; NULL while it is not there. */
struct rt_system *cluster_system(struct cluster *cluster, size_t node);
size_t cluster_client_node(const struct cluster *cluster);
uint64_t cluster_events(const struct cluster *cluster);
uint64_t cluster_hash(const struct cluster *cluster);

/* How often an actor has crashed, on all nodes: none ever should. */
uint64_t cluster_crashed_actors(const struct cluster *cluster);

/* Runs body in a transaction of the coordinator's store, beside its actors. */
enum err cluster_query(struct cluster *cluster, enum err (*body)(struct store_txn *txn, void *arg),
                       void *arg);

/* True when nothing more becomes of a closed run's failures. */
bool cluster_settled(struct cluster *cluster, size_t run);

/* The first thing that was seen to be wrong on the way; empty: nothing. */
const char *cluster_why(const struct cluster *cluster);

/* Messages of living nodes without an outcome that are nowhere to be found. */
uint64_t cluster_unaccounted(struct cluster *cluster);

uint64_t cluster_random(struct cluster *cluster);

/* ---- the verdict on a cluster whose client has its own ---- */

struct cluster_expected {
    uint64_t verdict; /* 0: any */
    bool all;         /* every file has the status that its name says */
    bool once;        /* every file was run exactly once */
    bool settled;     /* every failure has its label and, where that was wanted, one fix */
};

/* Holds the rows of a run's client, the ledger and the outside ledger against each other.  False:
 * `why` (of CLUSTER_WHY_SIZE) says what is wrong; whatever was seen on the way counts too. */
bool cluster_check(struct cluster *cluster, size_t run, const struct cluster_expected *expected,
                   char *why);

#endif
