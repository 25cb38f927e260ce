/* treated.h - how many failures got which label, fix and heal since this coordinator started. */
#ifndef ACTORS_COORDINATOR_TREATED_H
#define ACTORS_COORDINATOR_TREATED_H

#include "proto/message.h"
#include "proto/terms.h"

/* Counts by term; all zero at first.  A term that is not known counts as the first. */
struct treated {
    uint64_t labels[TERM_label_GENERAL + 1];
    uint64_t fixes[TERM_fix_NONE + 1];
    uint64_t heals[TERM_heal_REFUSED + 1];
};

void treated_count(struct treated *treated, const struct msg_treated *msg);

/* Fills in the fields of a status that are about them. */
void treated_status(const struct treated *treated, struct msg_status_is *status);

#endif
