/* triage.h - what becomes of a run's failures: labels at once, remedies after the verdict.
 *
 *     coordinator ── triage, one per run with failures ── remedy, one per failure under treatment
 *
 * Everything that is still to be done stands in the ledger (ledger_finding.h), so that a triage can
 * begin anew at any time: it asks the classifier about NEW findings, and when the run is closed it
 * has OPEN ones treated, a few at a time.  When nothing is left it settles the run and ends.
 */
#ifndef ACTORS_COORDINATOR_TRIAGE_H
#define ACTORS_COORDINATOR_TRIAGE_H

#include "actors/coordinator/ledger_finding.h"
#include "runtime/actor.h"

/* The argument of a triage's life, and with `error` of a remedy's. */
struct triage_arg {
    char run[LEDGER_RUN_SIZE + 1];
    uint64_t epoch;
    uint64_t error;
    struct rt_address coordinator; /* gets TREATED */
};

extern const struct rt_behaviour triage_behaviour;
extern const struct rt_behaviour remedy_behaviour;

struct triage_entry;

/* The coordinator's triages.  All zero: none; stays at one place in the actor's state. */
struct triages {
    struct triage_entry *first;
    size_t count;
    uint64_t epoch;
    bool backlog; /* the ledger has more runs than were taken up */
};

/* After a start: takes up the runs that are not settled. */
enum err triages_begin(struct rt_context *ctx, struct triages *triages, uint64_t epoch) MUST_CHECK;

/* The ledger has something new of a run. */
enum err triages_committed(struct rt_context *ctx, struct triages *triages,
                           const struct msg_committed *committed) MUST_CHECK;

/* A DOWN, which may be that of a triage. */
enum err triages_down(struct rt_context *ctx, struct triages *triages, uint64_t ref) MUST_CHECK;

void triages_fini(struct triages *triages);

#endif
