/* cluster.h - a client's hold on the local cluster.
 *
 * As long as a client holds it, the cluster lives; the kernel lets go when the client ends, however
 * that happens.  One thread uses a struct cluster.
 */
#ifndef TOOLS_CLUSTER_H
#define TOOLS_CLUSTER_H

#include <stdint.h>

#include "tools/place.h"

struct cluster;

/* Borrowed; outlives the cluster. */
struct cluster_options {
    const struct place *place;
    uint64_t workers;        /* at least so many executors */
    bool keep;               /* it stays when the last client leaves */
    const char *const *pass; /* NULL-terminated arguments for its processes, should it be started */
};

/* Takes hold of the cluster, and starts it if there is none; waits at most `ms_max`.
 * `why` (PLACE_WHY_SIZE bytes) explains ERR_TIMEOUT, ERR_NOT_FOUND (no program troupe-node),
 * ERR_IO, ERR_REFUSED, ERR_MEMORY. */
enum err cluster_attach(const struct cluster_options *options, uint64_t ms_max, char *why,
                        struct cluster **ret_cluster) MUST_CHECK;

/* Whether cluster_attach started it. */
bool cluster_started(const struct cluster *cluster);

/* Readable (POLLERR) when its supervisor has died. */
int cluster_fd(const struct cluster *cluster);

/* After that: starts a new supervisor, which takes the work up where the ledger has it. */
enum err cluster_repair(struct cluster *cluster, uint64_t ms_max, char *why) MUST_CHECK;

/* Lets go; when nobody else holds the cluster and it is not kept, waits for its end, at most
 * `ms_max`. */
void cluster_leave(struct cluster **cluster, uint64_t ms_max);

/* Whether a supervisor holds the state. */
bool cluster_lives(const struct place *place);

/* Ends the cluster whoever uses it, and waits.  ERR_NOT_FOUND: there is none; ERR_TIMEOUT. */
enum err cluster_down(const struct place *place, uint64_t ms_max) MUST_CHECK;

#endif
