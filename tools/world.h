/* world.h - one process of Troupe: its actor system and the services around it.
 *
 * world_new() forks the spawner, so it comes before every thread; whoever calls it has blocked the
 * signals that it wants to wait for, because threads inherit that.  One thread makes, starts, stops
 * and frees a world.
 */
#ifndef TOOLS_WORLD_H
#define TOOLS_WORLD_H

#include "config/config.h"
#include "runtime/links.h"
#include "runtime/system.h"

struct world;

/* Strings and arrays are borrowed and outlive the world. */
struct world_options {
    const struct config *config;
    const char *name;           /* of the process */
    const char *bind;           /* endpoint, or NULL */
    const char *const *connect; /* NULL-terminated, or NULL */
    const char *ledger;         /* path of the ledger to open for writing; NULL: no store */
    bool exec;                  /* actors here start commands */
    const char *http_module;    /* path of it; NULL: the one that came with this program */
    void *log_world;
    void (*log)(void *world, enum rt_level level, const char *actor, const char *text);
};

enum { WORLD_WHY_SIZE = 512 };

/* Opens everything.  `why` (WORLD_WHY_SIZE bytes) says what failed.  ERR_MEMORY, ERR_IO,
 * ERR_EXISTS (another process serves the endpoint), ERR_CONFIG, ERR_STORE, ERR_VERSION. */
enum err world_new(const struct world_options *options, char *why,
                   struct world **ret_world) MUST_CHECK;

/* For system_spawn, between world_new and world_start. */
struct rt_system *world_system(struct world *world);

/* Starts all threads. */
enum err world_start(struct world *world) MUST_CHECK;

/* Readable when the process has to end because something in it has died; world_failure() says
 * what. */
int world_failure_fd(const struct world *world);
const char *world_failure(const struct world *world);

/* What this process is to an operator. */
struct world_process {
    uint64_t pid;
    uint64_t uptime_ms;
    uint64_t rss_bytes; /* 0: not known */
    uint64_t cpu_us;    /* of this process, its children not included */
    uint64_t links;     /* that are up; this and the totals are a second old at most */
    struct links_totals totals;
    struct system_stats system;
};

void world_process(struct world *world, struct world_process *ret_process);

/* The link at a place, oldest first, as it was WORLD_LINKS_AGE_MS ago at most; any thread.  False:
 * there are not so many. */
enum { WORLD_LINKS_AGE_MS = 1000 };
bool world_link(struct world *world, uint64_t index, struct link_stats *ret_stats);

/* Stops the actors, says goodbye to the peers, commits what the store has; at most `ms_max`. */
void world_stop(struct world *world, uint64_t ms_max);

/* NULL inside is fine. */
void world_destroy(struct world **world);

#endif
