/* operate.h - what an operator can ask and do: one function each, for commands and the console.
 *
 * All print their result to standard output, as a table or, with --json, as one object; say on
 * standard error what went wrong; and return an exit code.  What changes something is written to
 * the audit log first and last in one line, with its result.  The main thread only.
 */
#ifndef TOOLS_OPERATE_H
#define TOOLS_OPERATE_H

#include "tools/command.h"

struct operate;

/* A session with the cluster of --cluster, or the local one, which is never started.  NULL in
 * *ret_operate unless EXIT_DONE. */
int operate_open(struct invocation *invocation, struct operate **ret_operate);
void operate_close(struct operate **operate);

/* Readable when the user wants to stop (SIGINT, SIGTERM, SIGHUP). */
int operate_signal_fd(const struct operate *operate);

/* False once the cluster was lost or the user has interrupted: nothing more will be answered. */
bool operate_lives(const struct operate *operate);

int operate_nodes(struct operate *operate);

/* Of one process, or of all with `node` NULL. */
int operate_actors(struct operate *operate, const char *node);
int operate_links(struct operate *operate, const char *node);

/* Open runs. */
int operate_queues(struct operate *operate);

int operate_status(struct operate *operate);

struct drain_order {
    const char *node;
    bool off;  /* takes new work again */
    bool stop; /* and ends, when all is finished; waited for until --timeout */
};

int operate_drain(struct operate *operate, const struct drain_order *order);
int operate_cancel(struct operate *operate, const char *run);

/* The status of a coordinator, printed; of `troupe status` too. */
struct msg_status_is;
void operate_show_status(const struct invocation *invocation, const struct msg_status_is *is);

/* Notes in the audit log of the state directory.  False, and said: it could not be. */
bool operate_audit(const struct invocation *invocation, const char *operation,
                   const char *const *arguments, const char *result);

#endif
