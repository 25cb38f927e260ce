/* taught.h - labels that somebody has corrected, by the cause of the error.
 *
 * Pure.  A correction stands above model and rules for every error with the same fingerprint.  Not
 * changed while others read it.
 */
#ifndef ACTORS_CLASSIFIER_TAUGHT_H
#define ACTORS_CLASSIFIER_TAUGHT_H

#include <stddef.h>
#include <stdint.h>

#include "actors/classifier/rules.h"

enum { TAUGHT_MAX = 10000 /* corrections; of more the oldest are forgotten */ };

struct taught_label {
    uint64_t fingerprint;
    enum rules_label label;
    const struct rules_route *route; /* lives as long as the rules; NULL: that of the label */
};

struct taught {
    size_t count;
    struct taught_label list[TAUGHT_MAX]; /* by fingerprint, each once */
};

/* The newer correction of the same cause stands for the older.  False: there is no room. */
bool taught_add(struct taught *taught, const struct taught_label *label);

/* NULL: nobody has corrected it. */
const struct taught_label *taught_find(const struct taught *taught, uint64_t fingerprint);

#endif
