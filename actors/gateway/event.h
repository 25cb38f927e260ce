/* event.h - what a webhook wants of us. */
#ifndef ACTORS_GATEWAY_EVENT_H
#define ACTORS_GATEWAY_EVENT_H

#include "actors/common/ulid.h"
#include "actors/gateway/origin.h"

enum { EVENT_BODY_MAX = 512 * 1024, EVENT_REF_SIZE = 255, EVENT_LOGIN_SIZE = 64 };

enum event_kind {
    EVENT_OTHER,
    EVENT_PULL_REQUEST,
    EVENT_CHECK,  /* check_run or check_suite: somebody who may write wants it again */
    EVENT_COMMENT /* issue_comment: anybody may want it again, "/troupe rerun" */
};

struct event {
    bool run; /* a run is wanted; otherwise the rest is empty */
    struct origin origin;
    char base[ORIGIN_SHA_SIZE + 1];   /* commit that it is to be merged into */
    bool fork;                        /* its code comes from another repository */
    uint64_t updated_ms;              /* wall clock of GitHub's at the event; 0: it does not say */
    char login[EVENT_LOGIN_SIZE + 1]; /* who wrote the comment: it is to be asked what they may, and
                                       * which commit is meant; empty: neither */
};

/* `name`: X-GitHub-Event. */
enum event_kind event_kind(struct msg_str name);

/* Reads the body of an event that is not EVENT_OTHER.  ERR_MALFORMED: it is none, too large, or one
 * of its values could do harm in a path or a URL.  ERR_MEMORY. */
enum err event_read(enum event_kind kind, struct msg_str body, struct event *ret_event) MUST_CHECK;

/* Reads what GitHub says of the pull request that a comment was about, into that comment's event.
 * `run` becomes false when it is closed.  ERR_MALFORMED: it is not about that pull request. */
enum err event_read_pull(struct msg_str body, struct event *event) MUST_CHECK;

/* "2024-05-01T12:34:56Z" in milliseconds since 1970; 0 when it is no such text. */
uint64_t event_time_ms(struct msg_str text);

/* The id of the run that a body asks for: the same for the same bytes, and later for later events.
 * ERR_MEMORY. */
enum err event_run_id(struct msg_str body, uint64_t updated_ms,
                      char ret_run[ULID_SIZE + 1]) MUST_CHECK;

/* The name of an event in X-GitHub-Event or the id of a delivery: one word, a-z A-Z 0-9 _ - only.
 */
bool event_word_is_valid(struct msg_str word);

#endif
