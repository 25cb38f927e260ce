/* gateway.h - what the role gateway needs from the world before it begins. */
#ifndef TOOLS_GATEWAY_H
#define TOOLS_GATEWAY_H

#include "actors/gateway/gateway.h"

/* Reads the secrets, the environment for tests and, into `files` (borrowed by *arg), the dashboard;
 * one thread.  Without any key of GitHub's, but with a dashboard, there is only that.  `why`
 * (CAST_WHY_SIZE bytes) says what is wrong, never what a file holds.  ERR_CONFIG: a key is not set
 * or a file not as it has to be. */
enum err gateway_prepare(const struct config *config, struct gateway_arg *arg,
                         struct dashboard_files *files, char *why) MUST_CHECK;

#endif
