/* origin.h - a commit of a pull request, and the text that travels for it in SUBMIT.origin:
 * "github:owner/repo#7@0123…".
 */
#ifndef ACTORS_GATEWAY_ORIGIN_H
#define ACTORS_GATEWAY_ORIGIN_H

#include "proto/message.h"

enum {
    ORIGIN_OWNER_SIZE = 100, /* GitHub: 39, and more for managed users */
    ORIGIN_NAME_SIZE = 100,
    ORIGIN_REPO_SIZE = ORIGIN_OWNER_SIZE + 1 + ORIGIN_NAME_SIZE,
    ORIGIN_SHA_SIZE = 64,
    ORIGIN_TEXT_SIZE = MSG_MAX_submit_origin
};

struct origin {
    char repo[ORIGIN_REPO_SIZE + 1]; /* owner/name */
    uint64_t number;                 /* of the pull request, 1 at least */
    char sha[ORIGIN_SHA_SIZE + 1];   /* of its head: 40 or 64 hexadecimal digits, lower case */
};

/* True for a full name that GitHub gives: it is safe in a path and in a URL. */
bool origin_repo_is_valid(struct msg_str repo);

bool origin_sha_is_valid(struct msg_str sha);

void origin_write(const struct origin *origin, char ret_text[ORIGIN_TEXT_SIZE + 1]);

/* ERR_MALFORMED: it is no text of origin_write's, a run from elsewhere for example. */
enum err origin_read(struct msg_str text, struct origin *ret_origin) MUST_CHECK;

#endif
