/* priority.h - how soon an error should be looked at, as a sum whose terms can be shown.
 *
 * Pure.  The time is an argument.
 */
#ifndef ACTORS_COMMON_PRIORITY_H
#define ACTORS_COMMON_PRIORITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PRIORITY_MAX 100

#define PRIORITY_KIND_MAX     100    /* of the kinds in the rules' file */
#define PRIORITY_AGE_POINT_MS 300000 /* a point for five minutes: far slower than the terms */

/* What is known of an error and all its occurrences. */
struct priority_facts {
    unsigned kind;        /* 0 to PRIORITY_KIND_MAX: what the rules say of its kind, where 80 and
                             more stop everybody, and warnings have little */
    uint32_t occurrences; /* 1 at least */
    bool is_new;          /* not seen before this commit */
    bool has_fix;         /* a deterministic source has a candidate */
    float flake;          /* 0 to 1: how probable it is that the next try passes */
    uint32_t attempts;    /* to mend it, in vain */
    uint64_t waited_ms;
};

enum priority_term {
    PRIORITY_TERM_kind,
    PRIORITY_TERM_fan_out,
    PRIORITY_TERM_new,
    PRIORITY_TERM_fix,
    PRIORITY_TERM_flake,
    PRIORITY_TERM_attempts,
    PRIORITY_TERM_age,
    PRIORITY_TERMS
};

struct priority {
    int value; /* 0 to PRIORITY_MAX: the sum of the terms, within these bounds */
    int terms[PRIORITY_TERMS];
};

/* "kind", "fan-out", ...; static. */
const char *priority_term_name(enum priority_term term);

/* All of *ret_priority is written.  Whatever waits long enough reaches PRIORITY_MAX, so that with
 * the older first among equals nothing starves. */
void priority_of(const struct priority_facts *facts, struct priority *ret_priority);

/* The terms that are not zero, as "kind +45, fan-out +8, age +2"; `size` in bytes, at least 1, and
 * terminated. */
void priority_explain(const struct priority *priority, char *text, size_t size);

#endif
