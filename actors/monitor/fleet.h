/* fleet.h - the processes of a cluster as a monitor heard of them, by name.  Pure: the time is an
 * argument, milliseconds of one monotonic clock.
 *
 * They are asked in rounds.  Who has not answered when a round ends is down: it is kept without
 * figures until it has been so for a while, then forgotten.
 */
#ifndef ACTORS_MONITOR_FLEET_H
#define ACTORS_MONITOR_FLEET_H

#include "proto/message.h"

enum { FLEET_MAX = 1024 }; /* processes; as many as there may be links */

struct fleet_process {
    char node[MSG_MAX_node_is_node + 1]; /* its name, terminated */
    char version[MSG_MAX_node_is_version + 1];
    bool up;               /* what follows it said itself; else only the roles are known, or were */
    uint64_t round;        /* in which it answered last */
    uint64_t heard_ms;     /* when that was, or when it was first heard of */
    struct msg_node_is is; /* its strings are the two above */
};

struct fleet {
    struct fleet_process **all; /* by name */
    size_t count;
    size_t room;
    uint64_t round;    /* the one under way */
    uint64_t left_out; /* processes for which there was no room, in this round */
};

void fleet_begin_round(struct fleet *fleet);

/* A process has answered, or is said to be silent; `is` is borrowed. */
void fleet_hear(struct fleet *fleet, const struct msg_node_is *is, uint64_t now_ms);

/* Forgets those that were heard of last more than `stale_ms` ago. */
void fleet_end_round(struct fleet *fleet, uint64_t now_ms, uint64_t stale_ms);

/* Frees all; it is empty then. */
void fleet_clear(struct fleet *fleet);

#endif
