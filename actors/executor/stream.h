/* stream.h - what a runner's host says: JSON Lines, never trusted.
 *
 * Pure.  A host runs somebody's code and may be that code: every line is bounded, must be UTF-8, a
 * flat JSON object, and is read into an event that says nothing but what was really there.
 */
#ifndef ACTORS_EXECUTOR_STREAM_H
#define ACTORS_EXECUTOR_STREAM_H

#include "actors/common/stream.h"
#include "proto/message.h"
#include "proto/terms.h"

enum event_kind {
    EVENT_OTHER, /* of a newer host; to be ignored */
    EVENT_READY,
    EVENT_FATAL,
    EVENT_FILE,
    EVENT_LISTED,
    EVENT_START,
    EVENT_COLLECTED,
    EVENT_TEST,
    EVENT_END,
    EVENT_RAN,
    EVENT_ERROR
};

/* Fields that an event does not have are zero or empty.  Strings live as long as the event. */
struct event {
    enum event_kind kind;
    uint64_t id;
    struct msg_str runner;
    struct msg_str version;
    struct msg_str message;
    struct msg_str file;
    struct msg_str test;
    struct msg_str reason;
    struct msg_str page;      /* TEST: empty when it would not fit into TEST_DONE */
    struct msg_str unhandled; /* RAN: the first of them */
    uint64_t unhandled_count;
    uint64_t count; /* LISTED: files; COLLECTED, END: tests */
    uint64_t collected;
    uint64_t seen;   /* END: tests of the whole file, when some of them were asked for */
    uint64_t status; /* TEST: passed, failed or skipped */
    uint64_t duration_us;
    uint64_t line;
    uint64_t column;
    bool serial;
    bool shared;
    bool selects;
    bool complete;
    void *json; /* what the strings belong to */
};

/* Reads a line of at most STREAM_LINE_MAX bytes and may change them.  ERR_MALFORMED: not such an
 * object, or an event without what it must have. */
enum err event_decode(char *line, size_t size, struct event *ret_event) MUST_CHECK;
void event_free(struct event *event);

#endif
