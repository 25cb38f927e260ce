/* admin.h - the actor through which an operator sees and drains one process.
 *
 * One in every process of the cast.  It knows nothing of tests: what the process plays it is told,
 * what DRAIN means is the business of the actors in those roles.  Its interface is its messages.
 */
#ifndef TOOLS_ADMIN_H
#define TOOLS_ADMIN_H

#include "tools/world.h"

enum { ADMIN_ROLES_MAX = 16 };

/* Where its figures come from; called on a worker, must not block. */
struct admin_ports {
    void *world;
    void (*process)(void *world, struct world_process *ret_process);
    bool (*actor)(void *world, uint64_t after, struct actor_stats *ret_stats);
    bool (*link)(void *world, uint64_t index, struct link_stats *ret_stats);
    /* Ends the process in order, soon. */
    void (*end)(void *world);
};

/* The argument of its life; the ports' world outlives it. */
struct admin_arg {
    struct admin_ports ports;
    uint64_t roles[ADMIN_ROLES_MAX]; /* that this process plays */
    size_t roles_count;
};

extern const struct rt_behaviour admin_behaviour;

#endif
