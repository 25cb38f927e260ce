/* foreground.h - actors in the process of a command, until they are done or a signal comes. */
#ifndef TOOLS_FOREGROUND_H
#define TOOLS_FOREGROUND_H

#include "runtime/system.h"
#include "tools/command.h"

struct foreground {
    const struct invocation *invocation;
    const char *name; /* of the system, in its log */
    enum err (*spawn)(void *self, struct rt_system *system);
    void *self; /* for spawn */
};

/* Starts what `spawn` spawns, which may run commands, and returns when one of them has written a
 * byte to *ret_done, set before, of no use afterwards; or when SIGINT, SIGTERM or SIGHUP comes,
 * which stay blocked.  Returns an exit code: EXIT_DONE, EXIT_CANCELLED, or what it has complained
 * of. */
int foreground_play(const struct foreground *foreground, int *ret_done);

#endif
