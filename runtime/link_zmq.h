/* link_zmq.h - the ZeroMQ sockets of a process as routes for links.
 *
 * One ROUTER for those who come to us, one DEALER per endpoint that we go to.  What ZeroMQ queues
 * is bounded and never relied on.  Opened by one thread, then used by one thread.
 */
#ifndef RUNTIME_LINK_ZMQ_H
#define RUNTIME_LINK_ZMQ_H

#include <poll.h>

#include "runtime/links.h"

struct wires;

struct wires_options {
    const struct cfg_runtime *config;
    const struct cfg_security *security;
    const char *name;
    uint64_t node;
    const char *bind;           /* endpoint, or NULL */
    const char *const *connect; /* NULL-terminated endpoints, or NULL */
    void *world;
    void (*log)(void *world, enum rt_level level, const char *text);
};

/* Opens all sockets.  Errors and `message` as of net_new.  Options are borrowed. */
enum err wires_open(const struct wires_options *options, char *message, size_t size,
                    struct wires **ret_wires) MUST_CHECK;

/* Closes them; what was sent last may take up to `linger_ms` to leave. */
void wires_close(struct wires **wires, int linger_ms);

/* Accepts no more connections; those that are there stay.  To be done some time before closing:
 * libzmq 4.3.4 aborts when a ROUTER is closed under a stranger who is just being let in. */
void wires_unbind(struct wires *wires);

/* The bound endpoint, "" without one. */
const char *wires_endpoint(const struct wires *wires);

/* The port `transmit` of links. */
enum err wires_transmit(struct wires *wires, uint64_t route, const void *bytes, size_t size);

/* The port `may` of links. */
bool wires_may(const struct wires *wires, uint64_t route, struct msg_str name, uint64_t role);

/* Tries again what has failed, and looks at the keys: links whose keys are no longer allowed end.
 * Returns when it wants to be called again at the latest, UINT64_MAX for never. */
uint64_t wires_run(struct wires *wires, struct links *links, uint64_t now_ms);

/* Hands what has arrived to links, some frames of every socket, and tells them of new
 * connections. */
void wires_receive(struct wires *wires, struct links *links, uint64_t now_ms);

/* Whether something is there to be received.  To be asked before sleeping on the descriptors:
 * they only tell of changes. */
bool wires_ready(struct wires *wires);

/* How many descriptors there are to poll, and their entries. */
size_t wires_fds_count(const struct wires *wires);
void wires_fds(struct wires *wires, struct pollfd *fds);

#endif
