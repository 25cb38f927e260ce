/* audit.h - what operators have changed, a line of JSON for each, in the state directory.
 *
 * {"ts":"2026-01-31T12:00:00.123Z","uid":1000,"user":"ann","pid":4711,"operation":"drain",
 *  "arguments":["executor-0"],"result":"done"}
 */
#ifndef TOOLS_AUDIT_H
#define TOOLS_AUDIT_H

#include "proto/error.h"

#define AUDIT_FILE "audit.log"

/* Appends a line to AUDIT_FILE in directory `state`, mode 0600, with one write, so that lines of
 * several processes never mix.  `arguments` ends with NULL.  ERR_IO, ERR_LIMIT, ERR_MEMORY. */
enum err audit_write(const char *state, const char *operation, const char *const *arguments,
                     const char *result) MUST_CHECK;

#endif
