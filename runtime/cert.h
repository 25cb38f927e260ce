/* cert.h - key certificates as text: what CZMQ's zcert writes and reads (ZPL).
 *
 *   metadata
 *       name = "executor-1"
 *       role = "executor,partitioner"
 *   curve
 *       public-key = "…40 characters of Z85…"
 *       secret-key = "…"                          only in a secret file
 *
 * Pure: no files, no clock.  Any thread, on its own data.
 */
#ifndef RUNTIME_CERT_H
#define RUNTIME_CERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/error.h"

enum {
    CERT_NAME_MAX = 40, /* leaves room for "/suffix" in the name of a process */
    CERT_KEY_BYTES = 32,
    CERT_KEY_TEXT = 40,  /* of Z85 */
    CERT_ROLES_MAX = 64, /* role numbers, 0 is none */
    CERT_TEXT_MAX = 4096 /* bytes of a file */
};

struct cert {
    char name[CERT_NAME_MAX + 1];
    uint64_t roles; /* bit per role number that its owner may play */
    char public_key[CERT_KEY_TEXT + 1];
    char secret_key[CERT_KEY_TEXT + 1]; /* "" in a public one */
};

/* Reads a certificate.  Sections and properties that are not known are passed over.  ERR_LIMIT:
 * larger than CERT_TEXT_MAX; ERR_MALFORMED: *ret_why, static text, says what is wrong. */
enum err cert_read(const char *text, size_t size, struct cert *ret_cert,
                   const char **ret_why) MUST_CHECK;

/* Writes one, with its secret key only if `secret`.  ERR_LIMIT: `size` bytes are not enough,
 * CERT_TEXT_MAX always are. */
enum err cert_write(const struct cert *cert, bool secret, char *text, size_t size) MUST_CHECK;

bool cert_equal(const struct cert *a, const struct cert *b);

/* Letters, digits, '.', '-' and '_', not beginning with '.', at most CERT_NAME_MAX: it is the name
 * of a file, too. */
bool cert_is_name(const char *name);

/* Adds the roles of a list "executor,partitioner" to *roles; "" adds none.  ERR_UNKNOWN. */
enum err cert_add_roles(const char *list, uint64_t *roles) MUST_CHECK;

/* The list of roles as text, cut to `size` bytes. */
void cert_roles_text(uint64_t roles, char *text, size_t size);

/* Whether the owner of the key may call a process so: by the key's name, or "NAME/anything" for one
 * of several.  `name` has `size` bytes, not terminated. */
bool cert_covers(const struct cert *cert, const char *name, size_t size);

/* The same, and whether it may play the role; 0 is none. */
bool cert_allows(const struct cert *cert, const char *name, size_t size, uint64_t role);

/* Z85 (ZeroMQ RFC 32) of a key. */
void cert_key_text(const uint8_t key[CERT_KEY_BYTES], char ret_text[CERT_KEY_TEXT + 1]);

/* Whether `text` is the Z85 of some 32 bytes; `size` bytes, not terminated. */
bool cert_is_key(const char *text, size_t size);

#endif
