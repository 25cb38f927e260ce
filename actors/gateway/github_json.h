/* github_json.h - what GitHub answers, as far as it matters here.  Hostile as any bytes from
 * outside: strangers write comments, and a proxy may answer in GitHub's place.
 */
#ifndef ACTORS_GATEWAY_GITHUB_JSON_H
#define ACTORS_GATEWAY_GITHUB_JSON_H

#include "proto/message.h"

/* One page of a list, looked through. */
struct github_page {
    size_t count;     /* entries on it */
    uint64_t id;      /* of the one that was looked for; 0: it is not on this page */
    bool superseded;  /* a later run has written it already */
    size_t annotated; /* annotations that it has, of a check run */
};

/* Looks for the check run of `run` (its external_id) under `name`.  ERR_MALFORMED. */
enum err github_find_check(struct msg_str body, const char *name, const char *run,
                           struct github_page *ret_page) MUST_CHECK;

/* Looks for the oldest comment that begins with `marker` and is newer than the comment `after`.
 * Its second line may name the run that wrote it last: `run_marker`, then the id.  ERR_MALFORMED.
 */
struct github_comment {
    const char *marker;
    const char *run_marker;
    const char *run;
    uint64_t after;
};
enum err github_find_comment(struct msg_str body, const struct github_comment *wanted,
                             struct github_page *ret_page) MUST_CHECK;

/* True when it says that a user may write to the repository. */
bool github_may_write(struct msg_str body);

/* The id of the one thing that the body is.  ERR_MALFORMED. */
enum err github_id(struct msg_str body, uint64_t *ret_id) MUST_CHECK;

#endif
