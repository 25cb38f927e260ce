/* http_host.h - all that the HTTP of a process is given of the rest of it.
 *
 * `tell` is handed over rather than called by name, because the client and the server may be in a
 * module (http_module.h) that cannot see the functions of the program.
 */
#ifndef RUNTIME_HTTP_HOST_H
#define RUNTIME_HTTP_HOST_H

#include "runtime/actor.h"

struct rt_system;

struct http_host {
    const struct config *config; /* borrowed; it and the system outlive client and server */
    struct rt_system *system;
    /* system_tell: the message is copied; any thread. */
    enum err (*tell)(struct rt_system *system, struct rt_address to, const struct msg *msg);
};

#endif
