/* assertion.h - whether a line of a test still asserts what it did.
 *
 * Pure.
 */
#ifndef ACTORS_VALIDATOR_ASSERTION_H
#define ACTORS_VALIDATOR_ASSERTION_H

#include "proto/message.h"

/* Whether `added`, in place of `removed`, asserts the same of what may be another element: of an
 * expect( only what is between its parentheses may change; the words of matchers (.toBe, .not)
 * stay, and so does their number. */
bool assertion_kept(struct msg_str removed, struct msg_str added);

#endif
