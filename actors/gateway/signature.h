/* signature.h - is a webhook's body from somebody who knows a secret of ours? */
#ifndef ACTORS_GATEWAY_SIGNATURE_H
#define ACTORS_GATEWAY_SIGNATURE_H

#include "proto/message.h"

enum { SIGNATURE_SECRETS_MAX = 4, SIGNATURE_SECRET_SIZE = 256, DIGEST_SIZE = 32 };

enum { SIGNATURE_TEXT_SIZE = sizeof "sha256=" + (size_t)2 * DIGEST_SIZE }; /* with the NUL */

/* Any of them is right, so that one can be replaced while the other is still in use. */
struct signature_secrets {
    char secrets[SIGNATURE_SECRETS_MAX][SIGNATURE_SECRET_SIZE + 1];
    size_t count;
};

/* Reads secrets, one a line, out of the text of a file.  ERR_MALFORMED: none, too many, or one that
 * is too long; the lines around are trimmed of a carriage return. */
enum err signature_secrets_read(const char *text, struct signature_secrets *ret_secrets) MUST_CHECK;

/* True when `header`, the value of X-Hub-Signature-256, is the HMAC-SHA256 of the body as it came.
 * Takes the same time wherever a wrong one differs. */
bool signature_is_valid(const struct signature_secrets *secrets, struct msg_str header,
                        struct msg_str body);

/* What signature_is_valid takes for `body` under this secret.  ERR_MEMORY. */
enum err signature_make(const char *secret, struct msg_str body,
                        char ret_text[SIGNATURE_TEXT_SIZE]) MUST_CHECK;

/* Takes the same time wherever they differ. */
bool signature_same(const uint8_t a[DIGEST_SIZE], const uint8_t b[DIGEST_SIZE]);

/* SHA-256 of the bytes.  ERR_MEMORY. */
enum err signature_digest(struct msg_str bytes, uint8_t ret_digest[DIGEST_SIZE]) MUST_CHECK;

#endif
