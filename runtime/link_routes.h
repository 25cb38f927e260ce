/* link_routes.h - numbers for the routing ids of a ROUTER's peers; bounded. */
#ifndef RUNTIME_LINK_ROUTES_H
#define RUNTIME_LINK_ROUTES_H

#include "runtime/links.h"

enum { ROUTE_ID_MAX = 255 };

struct routes;

/* `seed` keeps strangers from choosing ids that collide.  NULL without memory. */
struct routes *routes_new(uint64_t seed);
void routes_destroy(struct routes **routes);

/* The number of an id (at most ROUTE_ID_MAX bytes), a new one when it has none; then, with a full
 * table, one that `links` does not know is forgotten.  0 when all are known. */
uint64_t routes_number(struct routes *routes, const uint8_t *id, size_t size,
                       const struct links *links);

/* The id of a number, until the next change; NULL when it is not there (any more). */
const void *routes_id(const struct routes *routes, uint64_t route, size_t *ret_size);

/* Its peer has gone. */
void routes_remove(struct routes *routes, uint64_t route);

#endif
