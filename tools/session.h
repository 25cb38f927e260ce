/* session.h - a command's link with a coordinator: the local cluster or another's, and one actor.
 *
 * The main thread makes it and waits on its descriptors.  SIGINT, SIGTERM and SIGHUP are blocked
 * from session_open on and come through session_wait.
 */
#ifndef TOOLS_SESSION_H
#define TOOLS_SESSION_H

#include <signal.h>

#include "tools/client.h"
#include "tools/cluster.h"
#include "tools/command.h"

enum { SESSION_REACH_MS = 20000, SESSION_PASS_MAX = 2 * GIVEN_MAX + 8 };

struct session {
    struct invocation *invocation;
    struct place place;
    struct cluster *cluster; /* NULL: somebody else's */
    const char *pass[SESSION_PASS_MAX];
    char config_dir[PATH_MAX];
    char writable[4096 + 32];
    const char *connect[2];
    struct client_plan plan; /* set it before session_start; its inbox is ours */
    bool asks;               /* its actor is that of asker.h, without a plan */
    struct inbox *inbox;
    struct world *world;
    struct rt_address client;
    int signal_fd;
    sigset_t old_signals;
    bool linked;
    bool ever_linked;
    uint64_t unlinked_ms; /* since when there is no coordinator */
};

/* What session_wait has to tell. */
enum session_news {
    SESSION_EVENT,  /* *ret_event, now the caller's: client_event_drop */
    SESSION_SIGNAL, /* the user wants to stop */
    SESSION_TIME,   /* the wait is over */
    SESSION_LOST    /* no coordinator was reached for too long, or we are broken; it was said */
};

/* Finds or starts the cluster (endpoint NULL), or goes to `endpoint`.  Says what is wrong and
 * returns an exit code, EXIT_DONE when all is well.  `workers` 0: never starts one, EXIT_NO_CLUSTER
 * if there is none. */
int session_open(struct session *self, const char *endpoint, uint64_t workers, bool keep);

/* Starts the actor: the client with self->plan, or the asker. */
int session_start(struct session *self);

enum session_news session_wait(struct session *self, int timeout_ms,
                               struct client_event **ret_event);

/* Tells the actor. */
void session_tell(struct session *self, const struct msg *msg);

/* Ends all, waits for the local cluster when nobody else uses it. */
void session_close(struct session *self);

/* Executors to ask for: run.workers, or one per core. */
uint64_t session_workers(const struct config *config);

uint64_t session_now_ms(void);

#endif
