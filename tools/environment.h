/* environment.h - the part of this process's environment that tests may see. */
#ifndef TOOLS_ENVIRONMENT_H
#define TOOLS_ENVIRONMENT_H

#include <stddef.h>

enum { ENVIRONMENT_NAME_SIZE = 65 };

/* Writes the variables that are set of `names` (separated by commas) as NAME=VALUE lines into
 * `ret`, `size` bytes.  One that does not fit or has a line end is left out, its name is in
 * `ret_left_out` (cut, the last of several); empty: there was none.  Nobody may change the
 * environment meanwhile. */
void environment_collect(const char *names, char *ret, size_t size,
                         char ret_left_out[ENVIRONMENT_NAME_SIZE]);

#endif
