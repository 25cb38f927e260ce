/* exposition.h - figures of the cluster as Prometheus reads them: text format 0.0.4.  Pure. */
#ifndef ACTORS_MONITOR_EXPOSITION_H
#define ACTORS_MONITOR_EXPOSITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "actors/monitor/fleet.h"

#define EXPOSITION_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* What the coordinator said last. */
struct exposition {
    bool up; /* it answers; else the figures are nobody's and are left out */
    uint64_t epoch;
    uint64_t uptime_ms;
    uint64_t slots_idle;
    uint64_t runs_open;
    uint64_t jobs_queued;
    uint64_t jobs_leased;
    uint64_t stale_refused;
    uint64_t errors[4]; /* in the order of the terms, as the next */
    uint64_t fixes[4];
    uint64_t heals[3];
    uint64_t slots_busy;
    uint64_t work_ms;
    bool paid; /* instances are: else the next are nobody's */
    double spent_usd;
    double forecast_usd;
    double budget_used;
    uint64_t budget;
    uint64_t asked;   /* STATUS sent by this monitor so far */
    uint64_t unheard; /* of them without an answer */
    uint64_t rounds;  /* in which it asked all processes */
    uint64_t broken;  /* of them ended before their end */
    const struct fleet *fleet;
};

struct exposition_text {
    size_t size;
    char *at; /* owned by who gets it */
};

/* Writes the text, at most `size_max` bytes: processes for which there is no room are left out,
 * the last by name first, and the text says how many.  ERR_LIMIT: not even without any;
 * ERR_MEMORY. */
enum err exposition_write(const struct exposition *figures, size_t size_max,
                          struct exposition_text *ret_text) MUST_CHECK;

#endif
