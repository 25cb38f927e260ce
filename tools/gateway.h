/* gateway.h - what the role gateway needs from the world before it begins. */
#ifndef TOOLS_GATEWAY_H
#define TOOLS_GATEWAY_H

#include "actors/gateway/gateway.h"
#include "config/config.h"

enum { GATEWAY_WHY_SIZE = 512 };

/* Reads the secrets: *ret_arg is what the actor is given, and the caller's: gateway_unload.  `why`
 * (GATEWAY_WHY_SIZE bytes) says what is wrong, never what a file holds.  ERR_CONFIG: a key is not
 * set or a file not as it has to be.  ERR_MEMORY. */
enum err gateway_load(const struct config *config, char *why,
                      struct gateway_arg **ret_arg) MUST_CHECK;

/* NULL inside is fine. */
void gateway_unload(struct gateway_arg **arg);

#endif
