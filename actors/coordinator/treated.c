/* treated.c - see treated.h. */
#include "actors/coordinator/treated.h"

void treated_count(struct treated *treated, const struct msg_treated *msg)
{
    treated->labels[msg->label <= TERM_label_GENERAL ? msg->label : 0]++;
    treated->fixes[msg->fix <= TERM_fix_NONE ? msg->fix : 0]++;
    treated->heals[msg->heal <= TERM_heal_REFUSED ? msg->heal : 0]++;
}

void treated_status(const struct treated *treated, struct msg_status_is *status)
{
    status->errors_typescript = treated->labels[TERM_label_TYPESCRIPT];
    status->errors_react = treated->labels[TERM_label_REACT];
    status->errors_test = treated->labels[TERM_label_TEST];
    status->errors_general = treated->labels[TERM_label_GENERAL];
    status->fixes_validated = treated->fixes[TERM_fix_VALIDATED];
    status->fixes_rejected = treated->fixes[TERM_fix_REJECTED];
    status->fixes_applied = treated->fixes[TERM_fix_APPLIED];
    status->fixes_none = treated->fixes[TERM_fix_NONE];
    status->heals_healed = treated->heals[TERM_heal_HEALED];
    status->heals_proposed = treated->heals[TERM_heal_PROPOSED];
    status->heals_refused = treated->heals[TERM_heal_REFUSED];
}
