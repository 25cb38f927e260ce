/* upsert.h - brings one thing at GitHub, a check run or a comment, to a wanted state, so that it
 * exists once whatever is lost on the way.
 *
 *     SEARCH -> UPDATE -> DONE
 *        |  -> CREATE -> DONE
 *
 * GitHub knows no idempotency keys.  A POST whose outcome is unknown may have worked, so the next
 * step is always to look; so may the PATCH of a check run, whose annotations would be there twice.
 * That of a comment is simply sent again.  Pure: who holds it makes the requests.
 */
#ifndef ACTORS_GATEWAY_UPSERT_H
#define ACTORS_GATEWAY_UPSERT_H

#include "actors/gateway/origin.h"

enum upsert_kind { UPSERT_CHECK, UPSERT_COMMENT };

enum upsert_phase { UPSERT_SEARCH, UPSERT_CREATE, UPSERT_UPDATE, UPSERT_DONE, UPSERT_FAILED };

enum { UPSERT_URL_SIZE = 1024, UPSERT_WAIT_MS_MAX = 15 * 60 * 1000 };

struct upsert {
    enum upsert_kind kind;
    enum upsert_phase phase;
    bool found_is_enough; /* one that is there already is not written again */
    uint64_t id;          /* of the thing; 0: not known */
    uint64_t seen;        /* entries of the list that were looked through */
    uint64_t page_size;
    size_t annotated;  /* annotations that a check run has; they are added to, never replaced */
    uint64_t refused;  /* a comment that is not ours to edit: look behind it */
    uint64_t failures; /* in a row */
    uint64_t steps;    /* requests in all */
    uint64_t status;   /* of the last answer, for the log */
};

/* What does not change while the thing is brought about. */
struct upsert_target {
    const char *api_url;
    const struct origin *origin;
    const char *run;
    uint64_t retry_ms;     /* wait after the first failure; it doubles up to a minute */
    uint64_t attempts_max; /* failures in a row after which it is given up */
};

struct upsert_request {
    const char *method;
    char url[UPSERT_URL_SIZE];
    bool has_body;
};

/* `id`: of the thing when it is known, else 0. */
void upsert_begin(struct upsert *upsert, enum upsert_kind kind, uint64_t id);

/* The request to make next; not in the phases DONE and FAILED.  ERR_LIMIT: the URL is too long. */
enum err upsert_request(const struct upsert *upsert, const struct upsert_target *target,
                        struct upsert_request *ret_request) MUST_CHECK;

/* Takes the answer to that request; status 0: none came, and the request may have worked.  Returns
 * how long to wait before the next, in milliseconds. */
struct upsert_answer {
    uint64_t status;
    struct msg_str headers; /* names in lower case */
    struct msg_str body;
};
uint64_t upsert_answer(struct upsert *upsert, const struct upsert_target *target,
                       const struct upsert_answer *answer);

#endif
