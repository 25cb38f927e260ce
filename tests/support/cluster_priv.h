/* cluster_priv.h - what the files of the cluster share: nodes, frames, commands.
 *
 * cluster.c owns the nodes and time, cluster_net.c what is between them, cluster_exec.c the
 * commands, cluster_judge.c looks at every message that leaves a node.
 */
#ifndef TESTS_SUPPORT_CLUSTER_PRIV_H
#define TESTS_SUPPORT_CLUSTER_PRIV_H

#include "tests/support/client.h"
#include "tests/support/cluster.h"

enum {
    NODES_MAX = CLUSTER_EXECUTORS_MAX + CLUSTER_OTHERS,
    ROUTE_UP = 1,        /* every other process's number for its way to the coordinator */
    ROUTE_FACTOR = 1000, /* the coordinator's: node * this + incarnation */
    ACKS_MAX = 8 * CLUSTER_JOBS_MAX
};

struct command_run {
    struct command_run *next;
    uint64_t id;
    struct rt_address owner;
    uint64_t due_ms;
    size_t job; /* SIZE_MAX: nobody's file */
    bool timed_out;
    bool killed;
    bool started; /* EXEC_STARTED was told */
    bool proof;   /* of a candidate, in a clean workspace */
    bool source;  /* of candidates: warm, asked over its control socket */
    uint64_t asked;
    uint64_t answer_ms; /* when it answers what it was asked; UINT64_MAX: nothing */
    uint64_t began_ms;
};

struct frame_at {
    struct frame_at *next; /* of those that wait for a paused node */
    uint64_t due_ms;
    uint64_t order;
    size_t from;
    uint64_t from_life;
    size_t to;
    uint64_t to_life;
    size_t size;
    uint8_t bytes[];
};

struct node {
    struct cluster *cluster;
    size_t index;
    char name[32];
    bool alive;
    uint64_t life; /* counts incarnations */
    uint64_t incarnation;
    struct rt_system *system;
    struct links *links;
    struct store *store; /* the coordinator's; outlives incarnations */
    struct command_run *commands;

    int64_t offset_ms; /* of the monotonic clock; new in each incarnation */
    int64_t drift_ppm;
    int64_t wall_ms;

    uint64_t timers_ms; /* when to look again, in the cluster's time; UINT64_MAX: not */
    uint64_t links_ms;
    uint64_t store_ms;
    uint64_t start_ms;     /* when to start again; UINT64_MAX: not */
    uint64_t connect_ms;   /* when the way to the coordinator opens (again) */
    uint64_t paused_ms;    /* until then; 0: runs */
    uint64_t cut_to_ms;    /* until then nothing reaches it */
    uint64_t cut_from_ms;  /* until then nothing leaves it */
    struct frame_at *held; /* arrived while it was paused */
    struct frame_at **held_last;
    bool doomed;
    enum crash doom;
    uint64_t back_ms;
};

/* What was acknowledged under which lease. */
struct ack_seen {
    uint64_t job;
    uint64_t token;
};

/* What is known of a job from the messages about it. */
struct job_judged {
    uint64_t granted; /* the greatest token it was given under */
    uint64_t good;    /* a token under which it has passed at an executor; 0: none */
    uint64_t good_acked;
};

struct cluster {
    struct config config;
    uint64_t now_ms;
    uint64_t random;
    uint64_t events;
    uint64_t steps_now; /* events at this very time */
    uint64_t hash;
    bool trace;
    uint64_t wall_spread_ms;
    uint64_t drift_ppm;
    struct node nodes[NODES_MAX];
    size_t nodes_count;
    struct client_view views[CLUSTER_RUNS];
    struct network network;
    struct rules *rules;
    struct frame_at **frames; /* a heap by time, then order */
    size_t frames_count;
    size_t frames_capacity;
    uint64_t frames_order;
    cluster_hand hand;
    void *hand_arg;
    struct job_seen jobs[CLUSTER_JOBS_MAX];
    struct job_judged judged[CLUSTER_JOBS_MAX];
    struct ack_seen acks[ACKS_MAX];
    size_t acks_count;
    uint64_t epoch;
    uint64_t tokens[CLUSTER_RUNS];
    uint64_t crashed_actors;
    uint64_t restarts; /* of systems that are gone */
    char why[CLUSTER_WHY_SIZE];
};

static inline uint64_t sooner(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* ---- cluster.c ---- */

uint64_t node_now(const struct node *node);

/* Notes a fact: into the hash, and into the trace when that is wanted. */
void cluster_note(struct cluster *cluster, const struct node *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void cluster_mix(struct cluster *cluster, const void *bytes, size_t size);
void cluster_blame(struct cluster *cluster, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Lets a node do what there is to do now. */
void node_turn(struct node *node);

/* ---- cluster_net.c ---- */

enum err net_transmit(void *world, uint64_t route, const void *bytes, size_t size);
uint64_t net_next_ms(const struct cluster *cluster);
void net_arrive(struct cluster *cluster); /* the next frame */
void net_release(struct node *node);      /* what was held during a pause */
void net_drop(struct node *node);
void net_free(struct cluster *cluster);

/* ---- cluster_exec.c ---- */

void exec_start(void *world, uint64_t id, struct rt_address owner,
                const struct rt_command *command);
enum err exec_write(void *world, uint64_t id, const void *bytes, size_t size);
void exec_kill(void *world, uint64_t id);
uint64_t exec_next_ms(const struct node *node);
void exec_run(struct node *node);
void exec_drop(struct node *node);

/* There is no HTTP in the cluster: requests end at once, servers are unsupported. */
void no_http(void *world, uint64_t id, struct rt_address owner,
             const struct rt_http_request *request);
void no_http_cancel(void *world, uint64_t id);
enum err no_http_serve(void *world, struct rt_address owner, const char *at);
void no_http_answer(void *world, uint64_t id, uint64_t status, const char *type,
                    struct msg_str body);
void no_http_close(void *world);

/* ---- cluster_judge.c ---- */

void judge(struct cluster *cluster, const struct node *from, const struct msg *msg);

#endif
