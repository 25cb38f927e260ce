/* fixer_priv.h - the light actors under the fixer.
 *
 * Private to actors/fixer/.  fixer.c knows them all, fixer_request.c is one error, fixer_host.c one
 * source of one project.  A host has the interface of the fixer itself: it takes FIX and answers
 * with CANDIDATE… and CANDIDATES.
 */
#ifndef ACTORS_FIXER_FIXER_PRIV_H
#define ACTORS_FIXER_FIXER_PRIV_H

#include "actors/fixer/source.h"
#include "runtime/actor.h"

enum {
    FIXER_SOURCES_MAX = 8,   /* rows that one error is asked of */
    FIXER_REQUESTS_MAX = 256 /* errors at a time */
};

/* A request's start() gets one of these; then a FIX is forwarded to it. */
struct fixer_request_arg {
    struct rt_address hosts[FIXER_SOURCES_MAX]; /* in the order of their worth */
    size_t count;
};

/* A host's start() gets one of these, with the path of the sources behind it. */
struct fixer_host_arg {
    const struct source *source;
    char folder[];
};

extern const struct rt_behaviour fixer_request_behaviour;
extern const struct rt_behaviour fixer_host_behaviour;

#endif
