/* fix_check.h - the policy gate alone, over a patch file or a model's answer. */
#ifndef TOOLS_FIX_CHECK_H
#define TOOLS_FIX_CHECK_H

#include "actors/validator/policy.h"

enum { FIX_CHECK_BYTES_MAX = MSG_MAX_validate_diff };

/* The diff inside of a text: the text itself, or the one block between ``` that it has.  Borrowed.
 * ERR_MALFORMED: several blocks, or one without an end; `reason` (POLICY_REASON_SIZE bytes). */
enum err fix_check_diff(struct msg_str text, struct msg_str *ret_diff, char *reason) MUST_CHECK;

/* A descriptor of a path below `repo`; -1, and errno.  No link is followed, and nothing above
 * `repo` is reached: the path is somebody else's word. */
int fix_check_open(const char *repo, const char *path, int flags);

/* The content of such a path, the caller's to free, without a NUL behind it.  ERR_NOT_FOUND;
 * ERR_IO: it is no plain file of 16 MiB at most, or cannot be read; ERR_MEMORY. */
enum err fix_check_read(const char *repo, const char *path, char **ret_text,
                        size_t *ret_size) MUST_CHECK;

/* Whether the change may be made to the project at `repo`.  ERR_REFUSED: `reason` says why not;
 * ERR_IO, ERR_MEMORY. */
enum err fix_check(const struct policy *policy, const char *repo, struct msg_str text,
                   char *reason) MUST_CHECK;

#endif
