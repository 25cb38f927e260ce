/* gateway.h - what the role gateway needs from the world before it begins. */
#ifndef TOOLS_GATEWAY_H
#define TOOLS_GATEWAY_H

#include "config/config.h"
#include "runtime/system.h"

enum { GATEWAY_WHY_SIZE = 512 };

/* Reads the secrets and starts the gateway.  `why` (GATEWAY_WHY_SIZE bytes) says what is wrong,
 * never what a file holds.  ERR_CONFIG: a key is not set or a file not as it has to be. */
enum err gateway_spawn(struct rt_system *system, const struct config *config, char *why) MUST_CHECK;

#endif
