/* json_generate.h - what troupe generate asks its process, what that says, and what is printed. */
#ifndef TOOLS_JSON_GENERATE_H
#define TOOLS_JSON_GENERATE_H

#include <stdio.h>

#include "tools/generate.h"

/* The argument of main.mjs, the caller's to free; NULL: no memory.  `sources` are relative to
 * `dir`. */
char *json_generate_request(const char *dir, const char *const *sources, size_t count, bool mutants,
                            uint64_t budget_ms);

/* Takes down a line of its output.  ERR_MALFORMED, ERR_LIMIT: too many files; ERR_MEMORY. */
enum err json_generate_event(const char *line, size_t size, struct generate *generate) MUST_CHECK;

/* {"files":[…],"wall_ms"} */
enum err json_generated(FILE *out, const struct generate *generate, uint64_t wall_ms) MUST_CHECK;

#endif
