/* watch.h - clients that wait for what the ledger gets of a run.
 *
 * A WATCH is answered from committed rows only, a page at a time: TEST_ROWs, FILE_ROWs, at the end
 * RUN_CLOSED, then WATCHED as the answer proper.  With nothing to tell it waits for a commit.  A
 * client that misses something asks again from where it is.
 */
#ifndef ACTORS_COORDINATOR_WATCH_H
#define ACTORS_COORDINATOR_WATCH_H

#include "actors/coordinator/ledger.h"
#include "runtime/actor.h"

struct watch;

/* All zero: none.  Must be the first thing that a store operation of these functions finds at the
 * same place for as long as the actor lives. */
struct watches {
    struct watch *first;
    size_t count;
    uint64_t next_id;
};

enum err watches_add(struct rt_context *ctx, struct watches *watches,
                     const struct msg_watch *watch) MUST_CHECK;

/* The ledger has something new of a run. */
enum err watches_committed(struct rt_context *ctx, struct watches *watches,
                           struct msg_str run) MUST_CHECK;

void watches_fini(struct watches *watches);

#endif
