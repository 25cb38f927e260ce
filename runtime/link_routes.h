/* link_routes.h - numbers for the routing ids of a ROUTER's peers; bounded. */
#ifndef RUNTIME_LINK_ROUTES_H
#define RUNTIME_LINK_ROUTES_H

#include "runtime/cert.h"
#include "runtime/links.h"

enum { ROUTE_ID_MAX = 255 };

struct routes;

/* `seed` keeps strangers from choosing ids that collide.  NULL without memory. */
struct routes *routes_new(uint64_t seed);
void routes_destroy(struct routes **routes);

/* An id as it came, and the key of whom it came from: "" where none is asked for. */
struct route_id {
    const uint8_t *at;
    size_t size; /* at most ROUTE_ID_MAX */
    const char *key;
};

/* The number of an id, a new one when it has none or came from another key before; then, with a
 * full table, one that `links` does not know is forgotten.  0 when all are known. */
uint64_t routes_number(struct routes *routes, const struct route_id *id, const struct links *links);

/* The key behind a number; NULL when it is not there (any more). */
const char *routes_key(const struct routes *routes, uint64_t route);

/* The id of a number, until the next change; NULL when it is not there (any more). */
const void *routes_id(const struct routes *routes, uint64_t route, size_t *ret_size);

/* Its peer has gone. */
void routes_remove(struct routes *routes, uint64_t route);

#endif
