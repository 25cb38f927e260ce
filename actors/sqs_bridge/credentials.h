/* credentials.h - whose name requests to AWS are signed with, and where that is found.
 *
 * Pure but for the one file that it reads; any thread, as long as nobody changes the environment
 * at the same time.  Nothing here prints, and no error carries a part of a secret.  Roles of
 * containers (ECS) and machines (IMDS) are not looked for.
 */
#ifndef ACTORS_SQS_BRIDGE_CREDENTIALS_H
#define ACTORS_SQS_BRIDGE_CREDENTIALS_H

#include <stddef.h>

#include "proto/error.h"

enum {
    CREDENTIALS_KEY_SIZE = 129, /* bytes with the NUL; AWS documents at most 128 characters */
    CREDENTIALS_SECRET_SIZE = 129,
    CREDENTIALS_TOKEN_SIZE = 4097,
    CREDENTIALS_FILE_MAX = 65536 /* bytes of a shared file */
};

/* Plain data that holds secrets: whoever copies it wipes the copy. */
struct credentials {
    char access_key[CREDENTIALS_KEY_SIZE];
    char secret[CREDENTIALS_SECRET_SIZE];
    char token[CREDENTIALS_TOKEN_SIZE]; /* of a session; empty: none */
};

/* How a variable of the environment is looked up: getenv, or a test's own.  NULL: not set. */
typedef char *credentials_lookup(const char *name);

/* The first of these that is there:
 *   1. AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, with AWS_SESSION_TOKEN if it is set;
 *   2. the profile AWS_PROFILE (without it "default") of the file AWS_SHARED_CREDENTIALS_FILE
 *      (without it $HOME/.aws/credentials).
 * A variable that is empty counts as not set.  *ret is the caller's, to be wiped by
 * credentials_wipe; it is written on ERR_OK only.
 * ERR_NOT_FOUND: neither is there.  ERR_CONFIG: half of a pair is there, or a value has a character
 * that no credential has.  ERR_LIMIT: a value, path or the file is too long.  ERR_IO: the file is
 * there and cannot be read.  ERR_MEMORY. */
enum err credentials_load(credentials_lookup *lookup, struct credentials *ret) MUST_CHECK;

/* The same from the text of a shared file, `size` bytes, borrowed.  An unknown key is skipped, the
 * last of a key that stands twice counts.
 * ERR_NOT_FOUND: no such profile, or it has neither of the keys.  ERR_CONFIG.  ERR_LIMIT. */
enum err credentials_parse(const char *text, size_t size, const char *profile,
                           struct credentials *ret) MUST_CHECK;

/* Overwrites all of it in a way that the compiler does not leave out. */
void credentials_wipe(struct credentials *credentials);

#endif
