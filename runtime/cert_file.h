/* cert_file.h - certificates and allow-lists on disk.
 *
 * A secret file is refused when anybody but its owner may read it.  `why` (`size` bytes, always
 * terminated after an error) says which file and what is wrong; never a secret.
 */
#ifndef RUNTIME_CERT_FILE_H
#define RUNTIME_CERT_FILE_H

#include "runtime/link_zap.h"

#define CERT_PUBLIC ".cert"
#define CERT_SECRET ".cert_secret"

enum { CERT_PATH_MAX = 1024 };

/* Reads one.  `secret`: it must have a secret key.  ERR_IO, ERR_REFUSED (its mode), ERR_MALFORMED,
 * ERR_LIMIT.  Does not wait: anything but a plain file is ERR_IO. */
enum err cert_load(const char *path, bool secret, struct cert *ret_cert, char *why,
                   size_t size) MUST_CHECK;

/* Writes one, durably and whole or not at all; with its secret key (mode 0600) or without (0644).
 * `replace`: over an older one, else ERR_EXISTS.  ERR_IO. */
enum err cert_save(const char *path, const struct cert *cert, bool secret, bool replace) MUST_CHECK;

/* "directory/name" with a suffix.  ERR_LIMIT. */
enum err cert_path(const char *directory, const char *name, const char *suffix,
                   char ret_path[CERT_PATH_MAX]) MUST_CHECK;

/* Reads all *.cert of a folder.  A bad file is left out, and so are all that have the same key: the
 * last of them is told in `why` with ERR_OK ("" when all is well).  ERR_IO: no such folder;
 * ERR_REFUSED: everybody may write to it; ERR_MEMORY; ERR_LIMIT: more than ZAP_ALLOWED_MAX.  After
 * an error *ret_allowed is as before.  End with cert_allowed_fini. */
enum err cert_allowed_load(const char *directory, struct zap_allowed *ret_allowed, char *why,
                           size_t size) MUST_CHECK;
void cert_allowed_fini(struct zap_allowed *allowed);

/* A number that changes when a file of the folder does, or the file itself; 0: there is none. */
uint64_t cert_stamp(const char *path);

#endif
