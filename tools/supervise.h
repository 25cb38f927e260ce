/* supervise.h - keeps the processes of a local cluster alive for as long as somebody uses it.
 *
 * One process, one thread, one loop.  Clients hold the write end of the FIFO `clients` open and may
 * write lines into it: `workers N` (at least so many executors), `keep` (stay without clients),
 * `down` (end now).  When the last of them is gone, however it went, the cluster ends, unless it is
 * kept.  What stands in the runtime directory goes with it.
 */
#ifndef TOOLS_SUPERVISE_H
#define TOOLS_SUPERVISE_H

#include "config/config.h"
#include "tools/exits.h"

/* All borrowed. */
struct supervise_options {
    const struct config *config;
    const char *state;   /* directory of the ledger and the logs, exists */
    const char *runtime; /* directory of sockets, exists */
    uint64_t workers;
    bool keep;
    const char *const *pass; /* NULL-terminated arguments for every node: --config, --set, … */
};

/* Returns when the cluster has ended.  EXIT_DONE also when another supervisor serves the state
 * already; EXIT_COULD_NOT with a line on stderr. */
enum exit_code supervise(const struct supervise_options *options);

#endif
