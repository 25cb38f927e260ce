/* sigv4.h - AWS Signature Version 4: who asks and for what, in one header.
 *
 * Pure: the time is an argument, nothing is kept.  Any thread.  A call needs about 56 KiB of stack
 * and no heap but what libcrypto takes for itself.
 *
 * What is signed is what goes over the wire: `path` is given as it stands in the request line,
 * query names and values as they are before encoding.  For all services but "s3" the path is
 * normalised and encoded once more, as AWS asks.
 */
#ifndef ACTORS_SQS_BRIDGE_SIGV4_H
#define ACTORS_SQS_BRIDGE_SIGV4_H

#include <stddef.h>
#include <stdint.h>

#include "actors/sqs_bridge/credentials.h"
#include "proto/error.h"

enum {
    SIGV4_HEADERS_MAX = 32, /* given by the caller */
    SIGV4_QUERY_MAX = 64,   /* pairs */
    SIGV4_TEXT_MAX = 16384, /* bytes of the canonical request, and of all that is encoded in it */
    SIGV4_PATH_DEPTH_MAX = 64, /* segments */
    SIGV4_HASH_SIZE = 65,      /* SHA-256 in hexadecimal, with the NUL */
    SIGV4_DATE_SIZE = 17,      /* "20150830T123600Z", with the NUL */
    SIGV4_AUTHORIZATION_SIZE = 2048
};

/* Ended by NUL and borrowed. */
struct sigv4_pair {
    const char *name;
    const char *value;
};

/* Everything is borrowed for the call. */
struct sigv4_request {
    const char *method; /* "POST" */
    const char *host;   /* as in the header Host, with a port unless it is the scheme's own */
    const char *path;   /* begins with '/'; empty counts as "/"; no query */
    const struct sigv4_pair *query;
    size_t query_count; /* at most SIGV4_QUERY_MAX, in any order */
    /* All that are to be signed, in any order; of one name, the order in which they are sent.  Not
     * Host, X-Amz-Date, X-Amz-Security-Token, Authorization: those are added here. */
    const struct sigv4_pair *headers;
    size_t header_count;   /* at most SIGV4_HEADERS_MAX */
    const void *body;      /* NULL if body_size is 0 */
    size_t body_size;      /* bytes */
    const char *body_hash; /* instead of the body: its SHA-256 in hexadecimal; NULL: not given */
};

struct sigv4_signer {
    const char *region;                    /* "eu-central-1" */
    const char *service;                   /* "sqs" */
    const struct credentials *credentials; /* with a token: X-Amz-Security-Token is signed too */
    int64_t time_s;                        /* since the epoch, UTC */
};

/* Values of headers to be sent.  Not secret: the key cannot be found from them. */
struct sigv4_signature {
    char date[SIGV4_DATE_SIZE];                   /* X-Amz-Date */
    char authorization[SIGV4_AUTHORIZATION_SIZE]; /* Authorization */
};

/* Signs the request.  The caller sends exactly what it gave here, Host, both headers of *ret, and
 * X-Amz-Security-Token if the credentials have one.
 * ERR_MALFORMED: a name, value, path, method, region or service has a character that cannot be
 * there (a line end, say).  ERR_REFUSED: a header that is added here.  ERR_LIMIT: too many, too
 * long, or a time that has no date of four digits.  ERR_MEMORY: libcrypto refused. */
enum err sigv4_sign(const struct sigv4_request *request, const struct sigv4_signer *signer,
                    struct sigv4_signature *ret) MUST_CHECK;

/* The SHA-256 of `size` bytes at `bytes` (may be NULL for none), in lower-case hexadecimal into
 * `ret`, SIGV4_HASH_SIZE bytes.  ERR_MEMORY: libcrypto refused. */
enum err sigv4_hash(const void *bytes, size_t size, char *ret) MUST_CHECK;

#endif
