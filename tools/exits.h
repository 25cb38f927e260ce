/* exits.h - how our programs end; a contract with scripts. */
#ifndef TOOLS_EXITS_H
#define TOOLS_EXITS_H

enum exit_code {
    EXIT_DONE = 0,
    EXIT_NEGATIVE = 1,   /* it worked, and the verdict is negative */
    EXIT_USAGE = 2,      /* the command line is wrong */
    EXIT_CONFIG = 3,     /* the configuration is */
    EXIT_NO_CLUSTER = 4, /* the cluster was not reached */
    EXIT_BUDGET = 5,     /* stopped by the budget */
    EXIT_TIMED_OUT = 6,  /* a time limit passed */
    EXIT_CANCELLED = 7,  /* by the user */
    EXIT_REFUSED = 8,    /* a policy forbids it */
    EXIT_COULD_NOT = 9,  /* there is no result to judge */
    EXIT_INTERNAL = 70   /* our own bug */
};

#endif
