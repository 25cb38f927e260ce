/* cluster_priv.h - what the files of the cluster share: nodes, frames, commands.
 *
 * cluster.c owns the nodes and time, cluster_net.c what is between them, cluster_exec.c and
 * cluster_warm.c the commands, cluster_http.c and cluster_outside.c the world outside,
 * cluster_judge.c looks at every message that leaves a node.
 */
#ifndef TESTS_SUPPORT_CLUSTER_PRIV_H
#define TESTS_SUPPORT_CLUSTER_PRIV_H

#include "actors/gateway/gateway.h"
#include "actors/sqs_bridge/sqs_bridge.h"
#include "tests/support/client.h"
#include "tests/support/cluster.h"
#include "tests/support/fake_github.h"
#include "tests/support/fake_sqs.h"
#include "tools/admin.h"

enum {
    NODES_MAX = CLUSTER_EXECUTORS_MAX + CLUSTER_OTHERS,
    ROUTE_UP = 1,        /* every other process's number for its way to the coordinator */
    ROUTE_FACTOR = 1000, /* the coordinator's: node * this + incarnation */
    ACKS_MAX = 8 * CLUSTER_JOBS_MAX,
    OUTSIDE_PUTS_MAX = 8
};

#define WALL_MS        UINT64_C(1700000000000) /* of the outside, when the cluster begins */
#define OUTSIDE_SECRET "s"                     /* of webhooks */

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
    struct warm_work *work; /* of a warm runner; NULL: it is none */
};

/* A request of HTTP that is under way. */
struct exchange {
    struct exchange *next;
    uint64_t id;
    struct rt_address owner;
    uint64_t due_ms;        /* when its answer comes */
    uint64_t poll_until_ms; /* a long poll; 0: it is none */
    bool silent;            /* the answer to the poll is lost */
    uint64_t status;        /* 0: there is none */
    const char *headers;    /* static */
    char *body;             /* owned: the answer's; of a poll that goes on its own */
};

enum visit_kind { VISIT_HOOK, VISIT_FORGED, VISIT_SCRAPE, VISITS };

/* A request of HTTP to a node. */
struct visit {
    uint64_t id;     /* 0: none is under way */
    uint64_t due_ms; /* when it is made, or given up; UINT64_MAX: never */
};

struct outside_put {
    uint64_t at_ms; /* UINT64_MAX: it was put */
    size_t run;     /* SIZE_MAX: it is rubbish */
    char id[FAKE_ID_SIZE];
    char *body; /* owned */
};

struct outside {
    struct fake_sqs sqs;
    struct fake_github github;
    uint64_t bad_permille;
    struct outside_put puts[OUTSIDE_PUTS_MAX];
    size_t puts_count;
    struct visit visits[VISITS];
    uint64_t last_visit;
    size_t hook_run; /* SIZE_MAX: there is no webhook */
    bool hook_again; /* it will be sent once more, though it was accepted */
    bool hook_done;
    uint64_t monitored_ms; /* when the monitor showed all processes last */
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
    struct exchange *exchanges;
    struct rt_address server; /* who serves HTTP; nobody */

    int64_t offset_ms; /* of the monotonic clock; new in each incarnation */
    int64_t drift_ppm;
    int64_t wall_ms;

    uint64_t timers_ms; /* when to look again, in the cluster's time; UINT64_MAX: not */
    uint64_t links_ms;
    uint64_t store_ms;
    uint64_t start_ms;     /* when to start again; UINT64_MAX: not */
    uint64_t connect_ms;   /* when the way to the coordinator opens (again) */
    uint64_t paused_ms;    /* until then; 0: runs */
    uint64_t changed_ms;   /* when it ended, began or went on last */
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
    bool committed[CLUSTER_RUNS]; /* the coordinator said that the run is in the ledger */
    struct outside outside;
    struct credentials credentials;
    struct gateway_arg gateway;
    uint64_t crashed_actors;
    uint64_t restarts; /* of systems that are gone */
    char why[CLUSTER_WHY_SIZE];
};

/* Time of the outside. */
static inline uint64_t cluster_wall(const struct cluster *cluster)
{
    return WALL_MS + cluster->now_ms;
}

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

/* The job of a file's name, which begins; SIZE_MAX for a name that is none of ours. */
size_t exec_note_start(struct cluster *cluster, const char *file);

/* A line on the control socket of the command. */
void exec_line(struct node *node, const struct command_run *run, const char *line);

/* ---- cluster_warm.c ---- */

void warm_start(struct cluster *cluster, struct command_run *run, const char *dir);
void warm_write(struct node *node, struct command_run *run, const char *bytes, size_t size);
void warm_answer(struct node *node, struct command_run *run);
void warm_free(struct command_run *run);

/* ---- cluster_http.c ---- */

void web_start(void *world, uint64_t id, struct rt_address owner,
               const struct rt_http_request *request);
void web_cancel(void *world, uint64_t id);
uint64_t web_next_ms(const struct node *node);
void web_run(struct node *node);
void web_drop(struct node *node);

/* ---- cluster_outside.c ---- */

enum err web_serve(void *world, struct rt_address owner, const char *at);
void web_answer(void *world, uint64_t id, uint64_t status, const char *type, struct msg_str body);
void web_close(void *world);
void outside_init(struct cluster *cluster);
uint64_t outside_next_ms(const struct cluster *cluster);
void outside_run(struct cluster *cluster);
void outside_lose(struct node *node);
void outside_fini(struct cluster *cluster);

/* ---- cluster_admin.c ---- */

/* An admin as each process of the cast has it. */
enum err admin_spawn(struct node *node) MUST_CHECK;

/* ---- cluster_judge.c ---- */

void judge(struct cluster *cluster, const struct node *from, const struct msg *msg);

#endif
