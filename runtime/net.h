/* net.h - the one thread that owns all ZeroMQ sockets of a process, and its timers.
 *
 * Binds one ROUTER and connects one DEALER per endpoint; feeds struct links; fires the system's
 * timers; watches further descriptors (the exec service's) in the same poll.  It sleeps until
 * there is something to do.
 */
#ifndef RUNTIME_NET_H
#define RUNTIME_NET_H

#include "runtime/links.h"
#include "runtime/system.h"

struct net;

/* Strings and arrays are borrowed and outlive the net. */
struct net_options {
    const struct config *config;
    const char *name;           /* of the process, as links_new wants it */
    uint64_t node;              /* its incarnation, > 0 */
    const char *bind;           /* endpoint, or NULL; ipc:// or tcp:// */
    const char *const *connect; /* NULL-terminated endpoints, or NULL for none */
    void *world;
    void (*log)(void *world, enum rt_level level, const char *actor, const char *text);
};

/* Watches a descriptor in the net thread.  Owned by the caller until net_unwatch. */
struct net_watch {
    int fd;
    short events; /* POLLIN, POLLOUT; may be changed from the callback */
    void (*ready)(struct net_watch *watch, short revents);
};

/* Opens the sockets, so that whoever starts a process learns at once that it cannot.  The
 * directory of an ipc endpoint, and who may enter it, is the caller's business.
 * ERR_CONFIG: an endpoint that is none; ERR_EXISTS: another process serves it; ERR_MALFORMED: the
 * name; ERR_REFUSED: a key is missing where one is needed; ERR_IO; ERR_MEMORY.  `message`
 * (terminated, cut to `size` bytes) says which and why. */
enum err net_new(const struct net_options *options, char *message, size_t size,
                 struct net **ret_net) MUST_CHECK;

/* The bound endpoint with its wildcards resolved ("tcp://127.0.0.1:34567"); "" when nothing is
 * bound.  Lives as long as the net. */
const char *net_endpoint(const struct net *net);

/* The system that gets what arrives; outlives the net.  Between net_new and net_start. */
void net_attach(struct net *net, struct rt_system *system);

/* Any thread, without blocking: hand over an outbound message, announce, and wake the thread.
 * Messages of one thread to one node stay in order.  What can no longer leave goes to
 * system_undeliverable. */
void net_send(struct net *net, struct envelope **envelope);
void net_announce(struct net *net, uint64_t role, uint64_t actor);
void net_wake(struct net *net);

/* Only before net_start or on the net thread: from a watch's or the turn's callback.  ERR_MEMORY.
 */
enum err net_watch(struct net *net, struct net_watch *watch) MUST_CHECK;
void net_unwatch(struct net *net, struct net_watch *watch);

/* Called on the net thread at each turn of its loop, before it sleeps; returns the monotonic ms
 * at which it wants the next turn, UINT64_MAX for none.  At most NET_TURNS_MAX, before net_start.
 */
enum { NET_TURNS_MAX = 4 };
void net_on_turn(struct net *net, uint64_t (*turn)(void *arg), void *arg);

/* As links_stats and links_totals; on the net thread only. */
size_t net_links(const struct net *net, struct link_stats *ret_stats, size_t max);
void net_totals(const struct net *net, struct links_totals *ret_totals);

/* Starts the thread, with all signals blocked.  ERR_IO: there is none to be had. */
enum err net_start(struct net *net) MUST_CHECK;

/* Says goodbye, waits at most `ms_max` for the peers' confirmation, ends the thread and closes the
 * sockets.  Not on the net thread. */
void net_stop(struct net *net, uint64_t ms_max);

/* Stops at once if it still runs, and frees.  What could not leave is undeliverable. */
void net_destroy(struct net **net);

#endif
