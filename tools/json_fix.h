/* json_fix.h - what troupe fix prints, an object a line. */
#ifndef TOOLS_JSON_FIX_H
#define TOOLS_JSON_FIX_H

#include <stdio.h>

#include "tools/mend.h"

/* ERR_MEMORY, ERR_IO. */
enum err json_fix(FILE *out, const struct mend *mend, uint64_t wall_ms) MUST_CHECK;
enum err json_fix_check(FILE *out, bool accepted, const char *reason) MUST_CHECK;

#endif
