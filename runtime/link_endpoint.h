/* link_endpoint.h - what an endpoint's text says: "ipc:///path" or "tcp://host:port". */
#ifndef RUNTIME_LINK_ENDPOINT_H
#define RUNTIME_LINK_ENDPOINT_H

#include <stdbool.h>

/* Room for an endpoint with its NUL. */
enum { ENDPOINT_SIZE = 256 };

/* Whether it is of a kind that we use, and not too long. */
bool endpoint_is_good(const char *endpoint);

bool endpoint_is_tcp(const char *endpoint);

/* Whether a tcp endpoint surely stays on this machine: 127.0.0.0/8, [::1] or localhost.  What is
 * not understood (names, interfaces, "source;destination") does not. */
bool endpoint_is_loopback(const char *endpoint);

/* The file of an ipc endpoint, inside its text; NULL for others. */
const char *endpoint_path(const char *endpoint);

/* Whether a process answers at an ipc endpoint: binding would take it away from it without a
 * word. */
bool endpoint_is_served(const char *endpoint);

#endif
