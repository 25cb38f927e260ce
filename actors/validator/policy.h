/* policy.h - which changes may be made at all, whatever they mend.
 *
 * Pure.  A fix may change source files; a heal may change one test file, line by line, and must
 * leave its assertions alone.  So must a fix that may change a test.  Every rule has a name, which
 * the reason quotes.
 */
#ifndef ACTORS_VALIDATOR_POLICY_H
#define ACTORS_VALIDATOR_POLICY_H

#include "actors/validator/patch.h"

enum { POLICY_REASON_SIZE = 512 };

struct policy {
    bool heal;
    const char *allow; /* globs, a line each: test files that a fix may change, too; NULL: none */
    size_t files_max;
    size_t lines_max; /* added and removed together */
};

/* Whether the change may be made; if not, `reason` (POLICY_REASON_SIZE bytes) says by which rule,
 * and where. */
bool policy_allows(const struct policy *policy, const struct patch *patch, char *reason);

#endif
