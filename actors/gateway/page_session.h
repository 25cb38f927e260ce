/* page_session.h - who may see the dashboard: whoever knows the token, or has a session by it.
 *
 * A session is the time of its end with a MAC under the token, so that nothing has to be kept, and
 * a new token ends them all.  Pure: the time is an argument.
 */
#ifndef ACTORS_GATEWAY_PAGE_SESSION_H
#define ACTORS_GATEWAY_PAGE_SESSION_H

#include "actors/gateway/signature.h"

enum { PAGE_SESSION_MS = 12 * 60 * 60 * 1000, PAGE_SESSION_SIZE = 128 };

/* Is `given` the token?  Takes the same time wherever a wrong one differs. */
bool page_token_is(const char *token, struct msg_str given);

/* A session that ends PAGE_SESSION_MS after `now_ms` of the wall clock: the value of the cookie
 * "troupe".  ERR_MEMORY. */
enum err page_session_make(const char *token, uint64_t now_ms,
                           char ret_cookie[PAGE_SESSION_SIZE]) MUST_CHECK;

/* Do these headers have the token ("authorization: Bearer …") or a session that goes on? */
bool page_session_is_valid(const char *token, struct msg_str headers, uint64_t now_ms);

#endif
