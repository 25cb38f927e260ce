/* client.h - the actor that talks with the coordinator for a command, and what it tells the
 * command.
 *
 * The command's main thread waits on an inbox; the actor puts a struct client_event into it for
 * everything that happens.  It survives the coordinator: whatever was not confirmed is asked again.
 */
#ifndef TOOLS_CLIENT_H
#define TOOLS_CLIENT_H

#include "runtime/actor.h"
#include "tools/findings.h"
#include "tools/inbox.h"
#include "tools/results.h"

enum client_work {
    CLIENT_RUN,   /* submit a run and watch it */
    CLIENT_WATCH, /* watch a run that was submitted earlier */
    CLIENT_ASK    /* ask for the status, once */
};

/* What the actor is to do.  Borrowed, outlives it, nobody changes it. */
struct client_plan {
    enum client_work work;
    struct msg_submit submit;  /* CLIENT_RUN; CLIENT_WATCH: only its `run` */
    const char *const *files;  /* submit.files of them */
    const char *const *whys;   /* of an affected run: why each was chosen; else NULL */
    const char *const *inputs; /* digests of what each depends on, NULL where not known; or NULL */
    uint64_t patience_ms;      /* for what becomes of a failed file after the verdict… */
    uint64_t treated_at_once;  /* …when so many are treated at a time; 0: of all together */
    struct inbox *inbox;
};

enum client_event_kind {
    CLIENT_LINKED,    /* a coordinator is there */
    CLIENT_UNLINKED,  /* it is gone; another will come */
    CLIENT_SUBMITTED, /* the run is in the ledger */
    CLIENT_FILE,
    CLIENT_PROGRESS,
    CLIENT_CLOSED,
    CLIENT_SETTLED, /* nothing more becomes of its failures, or nobody knows in time; the end */
    CLIENT_STATUS,
    CLIENT_FAILED, /* it cannot go on */
    CLIENT_ANSWER, /* of asker.h */
};

struct client_event {
    struct inbox_item item; /* kind: enum client_event_kind */
    union {
        struct file_result *file; /* owned */
        struct {
            uint64_t files; /* planned; 0 while unknown */
            uint64_t done;
        } progress;
        struct run_totals *closed; /* owned */
        struct findings *findings; /* owned; those that are known */
        struct msg_status_is status;
        enum err failed;
        struct msg *answer; /* owned */
    };
};

void client_event_drop(struct inbox_item *item);

/* Its arg is a struct client_plan *, given with the size of the pointer. */
extern const struct rt_behaviour client_behaviour;

#endif
