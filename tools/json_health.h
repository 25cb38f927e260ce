/* json_health.h - broken locators and the health of browser tests, an object a line. */
#ifndef TOOLS_JSON_HEALTH_H
#define TOOLS_JSON_HEALTH_H

#include <stdio.h>

#include "actors/coordinator/ledger_flaky.h"
#include "actors/coordinator/ledger_health.h"
#include "actors/healer/brittle.h"

/* A brittle place of a project. */
struct health_place {
    char *file; /* owned by the list */
    struct brittle_place place;
    char *instead; /* a locator that says what the element is; NULL: nothing is known. Owned. */
};

struct health {
    const char *dir;
    uint64_t runs;              /* looked at, at most */
    struct ledger_flaky *tests; /* owned */
    size_t tests_count;
    struct health_place *places; /* owned, as all in it */
    size_t places_count;
    size_t left_out; /* brittle places beyond HEALTH_PLACES_MAX */
    uint64_t files;
    uint64_t locators; /* that could be judged */
    uint64_t brittle[BRITTLES];
    struct ledger_heals heals;
    uint64_t minutes_repair; /* of a person, for one locator by hand; an assumption */
    uint64_t minutes_review; /* for one proposal */
};

/* Minutes of people that edits saved: all of one that was made, less its review of one proposed. */
double health_minutes(const struct health *health);
#define HEALTH_FORMULA "healed * repair + proposed * (repair - review)"

/* ERR_MEMORY, ERR_IO. */
enum err json_health(FILE *out, const struct health *health) MUST_CHECK;
enum err json_heals(FILE *out, const char *run, const struct ledger_findings *findings) MUST_CHECK;
enum err json_healed(FILE *out, const char *run, const struct ledger_finding *finding) MUST_CHECK;

#endif
