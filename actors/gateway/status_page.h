/* status_page.h - the cluster and its latest runs, as one HTML page that needs nothing else. */
#ifndef ACTORS_GATEWAY_STATUS_PAGE_H
#define ACTORS_GATEWAY_STATUS_PAGE_H

#include "actors/common/ulid.h"
#include "actors/gateway/origin.h"
#include "actors/gateway/text.h"

enum { STATUS_PAGE_MAX = 256 * 1024 };

struct status_run {
    char run[ULID_SIZE + 1];
    struct origin origin;
    uint64_t verdict; /* 0: open */
    uint64_t files;   /* planned; 0: not known yet */
    uint64_t files_done;
    uint64_t tests_passed; /* these only with a verdict */
    uint64_t tests_failed;
    uint64_t tests_lost;
    uint64_t wall_ms;
    uint64_t age_ms; /* since the gateway has known it */
    bool gave_up;    /* GitHub did not take its report */
};

struct status_view {
    const struct msg_status_is *status; /* NULL: the coordinator did not answer */
    const struct status_run *runs;      /* newest first */
    size_t count;
};

void status_page(const struct status_view *view, struct text *text);

#endif
