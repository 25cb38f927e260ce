/* dashboard_json.h - what processes say of themselves, as objects of JSON. */
#ifndef ACTORS_GATEWAY_DASHBOARD_JSON_H
#define ACTORS_GATEWAY_DASHBOARD_JSON_H

#include "proto/message.h"

/* A NODE_IS, ACTOR_IS or LINK_IS as an object, the caller's to free; "" when it says that there are
 * no more.  NULL: memory ran out, or another message. */
char *dashboard_row_json(const struct msg *msg);

#endif
