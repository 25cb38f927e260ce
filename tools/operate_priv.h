/* operate_priv.h - what operate.c and operate_change.c share. */
#ifndef TOOLS_OPERATE_PRIV_H
#define TOOLS_OPERATE_PRIV_H

#include "tools/operate.h"
#include "tools/session.h"

struct operate {
    struct session session;
    uint64_t timeout_ms; /* for each question */
    bool over;           /* lost or interrupted */
};

/* Asks, and asks again while the answer is that nobody could be reached, until --timeout.  On
 * EXIT_DONE *ret_answer is owned by the caller (free): the answer, or FAILED. */
int operate_ask(struct operate *operate, const struct msg *question, struct msg **ret_answer);

/* Why FAILED came about process `node`; an exit code. */
int operate_failed(const struct msg *failed, const char *node);

/* Waits, but not longer than until the user interrupts: EXIT_CANCELLED. */
int operate_pause(struct operate *operate, int ms);

#endif
