/* rules_check.h - what can be said against rules without any error at hand.
 *
 * Pure.
 */
#ifndef ACTORS_CLASSIFIER_RULES_CHECK_H
#define ACTORS_CLASSIFIER_RULES_CHECK_H

#include "actors/classifier/classify.h"

/* The rule that wins an example, by the rules alone; `room` is overwritten.  The example holds when
 * it is wanted and its own rule wins, or not wanted and another does. */
const struct rule *rules_winner(const struct rules *rules, const struct rules_example *example,
                                struct classification *room);
bool rules_holds(const struct rules_example *example, const struct rule *winner);

/* An earlier rule that matches whatever this one does, so that this one never wins; NULL: none is
 * seen to.  Lists are compared text by text: what a regular expression matches is not known. */
const struct rule *rules_shadow(const struct rules *rules, const struct rule *rule);

/* Whether an expression meets its limits on a text that looks like what it looks for: its own
 * letters, repeated, up to what a text may have.  `room` (RULES_PROBE_SIZE bytes) is overwritten.
 */
#define RULES_PROBE_SIZE PRIMARY_TEXT_MAX
bool rules_runs_away(const struct rules_check *check, char *room);

#endif
