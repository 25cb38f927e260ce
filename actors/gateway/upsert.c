/* upsert.c - see upsert.h.
 *
 * A fault planted on purpose, which the simulator must find:
 *     TROUPE_MUTANT_SECOND_COMMENT  one whose answer was lost is created again, without a look
 */
#include "actors/gateway/upsert.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "actors/gateway/github_json.h"
#include "actors/gateway/headers.h"
#include "actors/gateway/report.h"

#ifdef TROUPE_MUTANT_SECOND_COMMENT
#define LOOKS_AGAIN(kind) ((kind) != UPSERT_COMMENT)
#else
#define LOOKS_AGAIN(kind) true
#endif

enum {
    PAGE_SIZE = 32,
    PAGE_SIZE_LESS = 8, /* each divides the one before: pages of all sizes begin at its multiples */
    STEPS_MAX = 500,
    BACKOFF_MS_MAX = 60000,
    BACKOFF_DOUBLINGS_MAX = 16,
    LIMITED_MS = 60000 /* GitHub's advice when it does not say how long */
};

void upsert_begin(struct upsert *self, enum upsert_kind kind, uint64_t id)
{
    *self = (struct upsert){.kind = kind,
                            .id = id,
                            .phase = id ? UPSERT_UPDATE : UPSERT_SEARCH,
                            .page_size = PAGE_SIZE};
}

/* ---- requests ---- */

static int print_check(const struct upsert *self, const struct upsert_target *target,
                       char to[UPSERT_URL_SIZE])
{
    const char *repo = target->origin->repo;
    switch (self->phase) {
    case UPSERT_SEARCH:
        return snprintf(to, UPSERT_URL_SIZE,
                        "%s/repos/%s/commits/%s/check-runs?check_name=" REPORT_NAME
                        "&filter=all&per_page=%" PRIu64 "&page=%" PRIu64,
                        target->api_url, repo, target->origin->sha, self->page_size,
                        self->seen / self->page_size + 1);
    case UPSERT_CREATE:
        return snprintf(to, UPSERT_URL_SIZE, "%s/repos/%s/check-runs", target->api_url, repo);
    default:
        return snprintf(to, UPSERT_URL_SIZE, "%s/repos/%s/check-runs/%" PRIu64, target->api_url,
                        repo, self->id);
    }
}

static int print_comment(const struct upsert *self, const struct upsert_target *target,
                         char to[UPSERT_URL_SIZE])
{
    const struct origin *origin = target->origin;
    switch (self->phase) {
    case UPSERT_SEARCH:
        return snprintf(to, UPSERT_URL_SIZE,
                        "%s/repos/%s/issues/%" PRIu64 "/comments?per_page=%" PRIu64
                        "&page=%" PRIu64,
                        target->api_url, origin->repo, origin->number, self->page_size,
                        self->seen / self->page_size + 1);
    case UPSERT_CREATE:
        return snprintf(to, UPSERT_URL_SIZE, "%s/repos/%s/issues/%" PRIu64 "/comments",
                        target->api_url, origin->repo, origin->number);
    default:
        return snprintf(to, UPSERT_URL_SIZE, "%s/repos/%s/issues/comments/%" PRIu64,
                        target->api_url, origin->repo, self->id);
    }
}

enum err upsert_request(const struct upsert *self, const struct upsert_target *target,
                        struct upsert_request *ret_request)
{
    assert(self->phase < UPSERT_DONE);
    ret_request->method = self->phase == UPSERT_SEARCH   ? "GET"
                          : self->phase == UPSERT_CREATE ? "POST"
                                                         : "PATCH";
    ret_request->has_body = self->phase != UPSERT_SEARCH;
    int size = self->kind == UPSERT_CHECK ? print_check(self, target, ret_request->url)
                                          : print_comment(self, target, ret_request->url);
    return size > 0 && size < UPSERT_URL_SIZE ? ERR_OK : ERR_LIMIT;
}

/* ---- answers ---- */

static uint64_t seconds_of(struct msg_str text)
{
    uint64_t seconds = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (text.at[i] < '0' || text.at[i] > '9' || seconds > UPSERT_WAIT_MS_MAX) {
            return 0; /* a date, for example: as if it did not say */
        }
        seconds = seconds * 10 + (uint64_t)(text.at[i] - '0');
    }
    return seconds;
}

static uint64_t back_off(const struct upsert *self, const struct upsert_target *target,
                         const struct upsert_answer *answer)
{
    struct msg_str value;
    uint64_t doublings = self->failures - 1;
    doublings = doublings < BACKOFF_DOUBLINGS_MAX ? doublings : BACKOFF_DOUBLINGS_MAX;
    uint64_t wait_ms = target->retry_ms << doublings;
    wait_ms = wait_ms < BACKOFF_MS_MAX ? wait_ms : BACKOFF_MS_MAX;
    bool says = headers_only(answer->headers, "retry-after", &value) && seconds_of(value) > 0;
    if (says) {
        uint64_t said_ms = seconds_of(value) * 1000;
        said_ms = said_ms < UPSERT_WAIT_MS_MAX ? said_ms : UPSERT_WAIT_MS_MAX;
        wait_ms = said_ms > wait_ms ? said_ms : wait_ms;
    } else if (answer->status == 429 || answer->status == 403) {
        wait_ms = LIMITED_MS;
    }
    return wait_ms;
}

/* A 403 is a refusal, unless it says that we were too fast. */
static bool is_limited(const struct upsert_answer *answer)
{
    struct msg_str value;
    return answer->status == 403 &&
           (headers_find(answer->headers, "retry-after", &value) > 0 ||
            (headers_find(answer->headers, "x-ratelimit-remaining", &value) > 0 &&
             msg_str_is(value, "0")));
}

static bool is_passing(const struct upsert_answer *answer)
{
    return answer->status == 0 || answer->status == 408 || answer->status == 429 ||
           answer->status >= 500 || is_limited(answer);
}

static void search_again(struct upsert *self)
{
    self->phase = UPSERT_SEARCH;
    self->seen = 0;
    self->page_size = PAGE_SIZE;
}

static uint64_t fail(struct upsert *self, const struct upsert_target *target,
                     const struct upsert_answer *answer)
{
    if (++self->failures >= target->attempts_max) {
        self->phase = UPSERT_FAILED;
        return 0;
    }
    bool added = self->phase == UPSERT_UPDATE && self->kind == UPSERT_CHECK;
    if (added || (self->phase == UPSERT_CREATE && LOOKS_AGAIN(self->kind))) {
        search_again(self); /* it may have worked */
    } else if (self->phase == UPSERT_SEARCH && answer->status == 0 && self->page_size > 1) {
        /* The page may have been too large for us: a comment alone always fits. */
        self->page_size = self->page_size == PAGE_SIZE ? PAGE_SIZE_LESS : 1;
    }
    return back_off(self, target, answer);
}

static enum err read_page(const struct upsert *self, const struct upsert_target *target,
                          struct msg_str body, struct github_page *ret_page)
{
    if (self->kind == UPSERT_CHECK) {
        return github_find_check(body, REPORT_NAME, target->run, ret_page);
    }
    struct github_comment wanted = {.marker = REPORT_MARKER,
                                    .run_marker = REPORT_RUN_MARKER,
                                    .run = target->run,
                                    .after = self->refused};
    return github_find_comment(body, &wanted, ret_page);
}

static void next_page(struct upsert *self)
{
    self->seen += self->page_size;
    if (self->seen % PAGE_SIZE == 0) {
        self->page_size = PAGE_SIZE;
    } else if (self->seen % PAGE_SIZE_LESS == 0) {
        self->page_size = PAGE_SIZE_LESS;
    }
}

static uint64_t take_page(struct upsert *self, const struct upsert_target *target,
                          const struct upsert_answer *answer)
{
    struct github_page page;
    if (read_page(self, target, answer->body, &page) != ERR_OK) {
        return fail(self, target, answer);
    }
    self->failures = 0;
    if (page.id != 0) {
        self->id = page.id;
        self->annotated = page.annotated;
        self->phase = self->found_is_enough || page.superseded ? UPSERT_DONE : UPSERT_UPDATE;
    } else if (page.count < self->page_size) {
        self->phase = UPSERT_CREATE;
    } else {
        next_page(self);
    }
    return 0;
}

static uint64_t take_created(struct upsert *self, const struct upsert_target *target,
                             const struct upsert_answer *answer)
{
    if (github_id(answer->body, &self->id) != ERR_OK) {
        return fail(self, target, answer); /* and look what it is called */
    }
    self->phase = UPSERT_DONE;
    return 0;
}

static uint64_t take_refusal(struct upsert *self)
{
    bool other = self->phase == UPSERT_UPDATE && (self->status == 404 || self->status == 403);
    if (!other) {
        self->phase = UPSERT_FAILED;
        return 0;
    }
    /* It was deleted, or the comment is a stranger's who has copied our first line. */
    self->refused = self->kind == UPSERT_COMMENT ? self->id : 0;
    self->id = 0;
    search_again(self);
    return 0;
}

uint64_t upsert_answer(struct upsert *self, const struct upsert_target *target,
                       const struct upsert_answer *answer)
{
    self->status = answer->status;
    if (++self->steps >= STEPS_MAX) {
        self->phase = UPSERT_FAILED;
        return 0;
    }
    if (is_passing(answer)) {
        return fail(self, target, answer);
    }
    if (answer->status < 200 || answer->status > 299) {
        return take_refusal(self);
    }
    switch (self->phase) {
    case UPSERT_SEARCH:
        return take_page(self, target, answer);
    case UPSERT_CREATE:
        return take_created(self, target, answer);
    default:
        self->phase = UPSERT_DONE;
        return 0;
    }
}
