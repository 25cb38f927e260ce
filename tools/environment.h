/* environment.h - the variables of this process that tests may see. */
#ifndef TOOLS_ENVIRONMENT_H
#define TOOLS_ENVIRONMENT_H

#include "proto/message.h"

/* Writes those of `names` (separated by commas) that are set into `lines`, NAME=VALUE lines.
 * `left_out`, of `size` bytes, names those that have no room or more than one line; cut when there
 * are many.  Reads the environment: not beside a thread that changes it. */
void environment_lines(const char *names, char lines[MSG_MAX_submit_env + 1], char *left_out,
                       size_t size);

#endif
