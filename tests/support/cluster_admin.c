/* cluster_admin.c - the figures that a node's admin tells. */
#include <stdlib.h>

#include "tests/support/cluster_priv.h"

static void on_process(void *world, struct world_process *ret_process)
{
    struct node *node = world;
    *ret_process = (struct world_process){
        .pid = 1, .links = links_stats(node->links, NULL, 0), .uptime_ms = node->cluster->now_ms};
    links_totals(node->links, &ret_process->totals);
    system_stats(node->system, &ret_process->system);
}

static bool on_actor(void *world, uint64_t after, struct actor_stats *ret_stats)
{
    struct node *node = world;
    return system_actor_after(node->system, after, ret_stats);
}

static bool on_link(void *world, uint64_t index, struct link_stats *ret_stats)
{
    struct node *node = world;
    struct link_stats stats[NODES_MAX];
    if (index >= NODES_MAX || index >= links_stats(node->links, stats, NODES_MAX)) {
        return false;
    }
    *ret_stats = stats[index];
    return true;
}

static void on_end(void *world)
{
    (void)world;
    abort(); /* nobody asks for it */
}

enum err admin_spawn(struct node *node)
{
    static const uint64_t roles[] = {[NODE_COORDINATOR] = TERM_role_COORDINATOR,
                                     [NODE_PARTITIONER] = TERM_role_PARTITIONER,
                                     [NODE_EXPERTS] = TERM_role_FIXER,
                                     [NODE_GATEWAY] = TERM_role_GATEWAY,
                                     [NODE_EDGE] = TERM_role_MONITOR,
                                     [NODE_EXECUTORS] = TERM_role_EXECUTOR};
    struct rt_address address;
    size_t place = node->index < NODE_EXECUTORS ? node->index : NODE_EXECUTORS;
    const struct admin_arg arg = {.ports = {.world = node,
                                            .process = on_process,
                                            .actor = on_actor,
                                            .link = on_link,
                                            .end = on_end},
                                  .roles = {roles[place]},
                                  .roles_count = 1};
    return system_spawn(node->system, &admin_behaviour, &arg, sizeof arg, &address);
}
