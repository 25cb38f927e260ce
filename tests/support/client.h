/* client.h - a client as `troupe run` is one: submits a run, and watches it to its verdict. */
#ifndef TESTS_SUPPORT_CLIENT_H
#define TESTS_SUPPORT_CLIENT_H

#include "runtime/actor.h"

enum { CLIENT_FILES_MAX = 2048, CLIENT_FILE_SIZE = 32 };

/* One committed file, as the client was told. */
struct client_row {
    uint64_t seq; /* 0: not told yet */
    uint64_t status;
    uint64_t outcome;
    uint64_t tests;
    uint64_t attempts;
};

/* What it is to do, and what it has seen; shared with the test that owns it. */
struct client_view {
    char run[27];
    char (*files)[CLIENT_FILE_SIZE]; /* owned by the test */
    size_t count;
    const char *dir; /* static; whose listing the files are; NULL: they are named */
    uint64_t workers;
    uint64_t retries;
    bool fail_fast;
    uint64_t fix; /* mode */
    uint64_t timeout_ms;
    uint64_t cancel_ms; /* after it was submitted; 0: not */
    uint64_t delay_ms;  /* before it is submitted */

    bool submitted;                           /* also by others: then it only watches */
    uint64_t have;                            /* rows */
    uint64_t after;                           /* the greatest sequence number among them */
    struct client_row rows[CLIENT_FILES_MAX]; /* by job */
    bool doubled;                             /* a row came that contradicts an earlier one */
    uint64_t seen[CLIENT_FILES_MAX];          /* TEST_ROWs of a job since the last WATCH */
    bool closed;
    uint64_t verdict;
    uint64_t sums[6]; /* files planned, done, lost; tests planned, failed, lost */
    uint64_t submits, watches;
};

/* Its arg is a struct client_view *. */
extern const struct rt_behaviour client_behaviour;

#endif
