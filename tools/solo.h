/* solo.h - one actor in a system of this process, for commands that ask somebody over HTTP. */
#ifndef TOOLS_SOLO_H
#define TOOLS_SOLO_H

#include "runtime/actor.h"
#include "tools/command.h"

struct solo {
    const char *name; /* of the system, in its log */
    const struct rt_behaviour *behaviour;
    uint64_t patience_ms; /* until it must be done */
    const char *silent;   /* complaint when it is not: "the servers were not asked" */
};

/* Starts the actor, whose argument is `stage` (the pointer), and returns when it has called
 * solo_over(*ret_done), or did not in time.  *ret_done belongs to the stage, is set before the
 * actor starts, and of no use afterwards.  Returns an exit code, EXIT_DONE when it was done; has
 * complained otherwise. */
int solo_play(const struct invocation *invocation, const struct solo *solo, void *stage,
              int *ret_done);

/* For the actor, once: it is done, and touches its stage no more. */
void solo_over(int done);

#endif
