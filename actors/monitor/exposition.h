/* exposition.h - figures of the cluster as Prometheus reads them: text format 0.0.4.  Pure. */
#ifndef ACTORS_MONITOR_EXPOSITION_H
#define ACTORS_MONITOR_EXPOSITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { EXPOSITION_SIZE_MAX = 4096 };

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
    uint64_t asked;   /* STATUS sent by this monitor so far */
    uint64_t unheard; /* of them without an answer */
};

struct exposition_text {
    size_t size;
    char at[EXPOSITION_SIZE_MAX]; /* terminated */
};

/* Writes the text; it always fits. */
void exposition_write(const struct exposition *figures, struct exposition_text *ret_text);

#endif
