/* slot.h - what the files of a slot share: its state, and who does what.
 *
 * Private to actors/executor/.  slot.c talks with the coordinator, host.c with a warm runner,
 * host_event.c knows what that says, command.c talks with one that is started for each file,
 * result.c writes down how things ended.
 *
 *     IDLE --GRANT--> FILLING --all LEASEs--> WORKING --all jobs ended--> IDLE
 *       ^                |                       |
 *       +--- lease_ms ---+-------- REVOKE -------+
 */
#ifndef ACTORS_EXECUTOR_SLOT_H
#define ACTORS_EXECUTOR_SLOT_H

#include "actors/common/ending.h"
#include "actors/executor/runner.h"
#include "runtime/actor.h"

enum {
    PULL_MS = 5000,           /* an idle slot says so again: cheap insurance */
    SEND_MS = 5,              /* wait for credit, and between bursts */
    SEND_COUNT_MAX = 256,     /* messages in one burst */
    SEND_BYTES_MAX = 1 << 20, /* and their bytes: a link's queue is not endless */
    GRACE_MS = 10000,         /* a host gets so much longer than the limit it keeps itself */
    FILE_TIMES_MAX = 4,       /* a file that shares its worker may be granted its time anew */
    CANCEL_MS = 5000,         /* for a host to give up what it does */
    HOSTS_IN_VAIN_MAX = 2     /* hosts in a row that ask for another before they end any file */
};

enum slot_state { SLOT_IDLE, SLOT_FILLING, SLOT_WORKING };

/* Numbers of ticks.  One alarm each: set anew it forgets the old time. */
enum alarm {
    ALARM_PULL,
    ALARM_FILL,
    ALARM_BEAT,
    ALARM_SEND,
    ALARM_RESEND,
    ALARM_BOOT,
    ALARM_WATCH, /* of whatever the runner is doing */
    ALARM_CANCEL,
    ALARM_IDLE,
    ALARMS
};

struct alarm_at {
    uint64_t tick; /* 0: not set */
    uint64_t due_ms;
};

enum host_state {
    HOST_NONE,
    HOST_BOOTING,
    HOST_READY,
    HOST_DOOMED /* killed by us: its end will be taken for the verdict below */
};

/* A warm runner; it belongs to one tree, project, environment and snapshot. */
struct host {
    enum host_state state;
    uint64_t exec;
    const struct runner *runner;
    char *dir;      /* project it was started for */
    char *identity; /* and everything else that would make it another one */
    char name[MSG_MAX_listed_runner + 1];
    char version[MSG_MAX_listed_version + 1];
    bool serial;
    bool shared;
    bool selects;        /* it can be told which tests of a file to run */
    bool asked;          /* it got its command for the batch */
    bool warm;           /* it was started before that batch */
    bool begun;          /* it has answered that command in some way */
    uint64_t command;    /* number of the command under way; 0: none */
    uint64_t commands;   /* given so far */
    uint64_t cancelling; /* number of a command that it was told to give up; 0: none */
    uint64_t heard_ms;
    uint64_t vain; /* hosts in a row that ended without having ended a file */
    uint64_t doom; /* outcome for what it was doing; DOOMED only */
    char *reason;  /* why; likewise */
    struct stream stream;
    struct tail out;
    struct tail err;
};

/* A runner that lives for one file. */
struct command {
    uint64_t exec; /* 0: none runs */
    struct batch_job *job;
    bool late; /* killed by us because its time was over */
    uint64_t started_ms;
    struct tail out;
    struct tail err;
};

struct slot {
    char name[MSG_MAX_pull_worker + 1];
    const char *reporters;
    enum slot_state state;
    bool draining;                 /* takes no new work */
    struct rt_address coordinator; /* 0, 0: none */
    uint64_t monitor;
    struct alarm_at alarms[ALARMS];
    struct outbox *outbox;
    uint64_t token_max; /* of the GRANTs of token_run so far: a run's tokens only grow */
    char token_run[MSG_MAX_grant_run + 1];
    struct batch *batch;
    const struct runner *runner; /* of the batch */
    struct host host;
    struct command command;
    struct batch_job *last;      /* the batch's last file has ended, the host's last word is due */
    struct verdict last_verdict; /* of it; the message is slot->last_message */
    char *last_message;
};

/* The slot's start() gets one of these, with the path behind it. */
struct slot_arg {
    uint64_t index;
    char reporters[];
};

extern const struct rt_behaviour slot_behaviour;

/* ---- slot.c ---- */

void slot_alarm(struct rt_context *ctx, struct slot *slot, enum alarm alarm, uint64_t delay_ms);
void slot_alarm_off(struct rt_context *ctx, struct slot *slot, enum alarm alarm);

/* Sends results as far as that goes now. */
void slot_send(struct rt_context *ctx, struct slot *slot);

/* Every job of the batch has ended, or the listing has: asks for more. */
void slot_batch_over(struct rt_context *ctx, struct slot *slot);

/* ---- result.c: into the outbox.  Errors: ERR_MEMORY; of result_test also ERR_LIMIT ---- */

enum err result_test(struct slot *slot, struct batch_job *job, const struct event *test) MUST_CHECK;
enum err result_job(struct slot *slot, struct batch_job *job,
                    const struct verdict *verdict) MUST_CHECK;

/* All jobs in a state at once. */
enum err result_jobs(struct slot *slot, enum batch_state state,
                     const struct verdict *verdict) MUST_CHECK;
enum err result_file(struct slot *slot, struct msg_str file) MUST_CHECK;
enum err result_listed(struct slot *slot, const struct verdict *verdict) MUST_CHECK;

/* The whole batch or listing could not be started. */
enum err result_not_started(struct slot *slot, const char *message) MUST_CHECK;

/* ---- host.c ---- */

enum err host_begin(struct rt_context *ctx, struct slot *slot) MUST_CHECK;
enum err host_exited(struct rt_context *ctx, struct slot *slot,
                     const struct msg_exec_exited *exited) MUST_CHECK;
enum err host_alarm(struct rt_context *ctx, struct slot *slot, enum alarm alarm) MUST_CHECK;
void host_cancel(struct rt_context *ctx, struct slot *slot);
void host_free(struct host *host);

/* For host_event.c.  Kills it for a reason; the verdict is given when it has ended. */
void host_doom(struct rt_context *ctx, struct slot *slot, uint64_t outcome, const char *reason);
/* Ready, and done with what went before: what comes next? */
enum err host_go_on(struct rt_context *ctx, struct slot *slot) MUST_CHECK;
/* The command under way has had its last answer. */
void host_batch_over(struct rt_context *ctx, struct slot *slot);

/* ---- host_event.c ---- */

enum err host_output(struct rt_context *ctx, struct slot *slot,
                     const struct msg_exec_output *output) MUST_CHECK;
/* The result of the last file, if it is being held back. */
enum err host_release_last(struct slot *slot) MUST_CHECK;

/* ---- command.c ---- */

enum err command_begin(struct rt_context *ctx, struct slot *slot) MUST_CHECK;
void command_output(struct slot *slot, const struct msg_exec_output *output);
enum err command_exited(struct rt_context *ctx, struct slot *slot,
                        const struct msg_exec_exited *exited) MUST_CHECK;
void command_late(struct rt_context *ctx, struct slot *slot);
void command_cancel(struct rt_context *ctx, struct slot *slot);

#endif
