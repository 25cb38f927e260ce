/* link_zap.h - ZAP (ZeroMQ RFC 27): who may connect, as a pure question and answer.
 *
 * libzmq asks about every connection to a CURVE server before it hands its first message over.  The
 * answer's User-Id comes with every message of the connection.
 */
#ifndef RUNTIME_LINK_ZAP_H
#define RUNTIME_LINK_ZAP_H

#include "runtime/cert.h"

enum {
    ZAP_FRAMES = 7,
    ZAP_FRAME_MAX = 255, /* bytes of one frame, by the RFC */
    ZAP_USER_MAX = CERT_NAME_MAX + 1 + CERT_KEY_TEXT,
    ZAP_ALLOWED_MAX = 1024 /* keys of an allow-list */
};

#define ZAP_DOMAIN "troupe"

/* Keys that may connect, sorted by public_key; no key twice. */
struct zap_allowed {
    struct cert *list;
    size_t count;
};

struct zap_frame {
    const void *at;
    size_t size;
};

struct zap_answer {
    char request[ZAP_FRAME_MAX]; /* its id, to be given back */
    size_t request_size;
    const char *status; /* "200", "400", "500"; static */
    const char *text;   /* why; static */
    char user[ZAP_USER_MAX + 1];
    char key[CERT_KEY_TEXT + 1];     /* that asked, for logs; "" when there was none */
    char address[ZAP_FRAME_MAX + 1]; /* where from, for logs: visible ASCII only */
};

/* Answers the request in these frames, which may be anything.  500: not a request that we know;
 * 400: refused; 200: the key is on the list, and `user` is "NAME KEY". */
void zap_judge(const struct zap_allowed *allowed, const struct zap_frame *frames, size_t count,
               struct zap_answer *ret_answer);

/* The certificate of a key; NULL when it is not on the list. */
const struct cert *zap_find(const struct zap_allowed *allowed, const char key[CERT_KEY_TEXT + 1]);

/* The key in a User-Id; NULL when there is none.  Inside `user`. */
const char *zap_user_key(const char *user);

/* For qsort: by public_key. */
int zap_compare(const void *a, const void *b);

#endif
