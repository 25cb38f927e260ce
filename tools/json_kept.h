/* json_kept.h - the fixes of the ledger, an object a line, and words about them. */
#ifndef TOOLS_JSON_KEPT_H
#define TOOLS_JSON_KEPT_H

#include <stdio.h>

#include "actors/common/ulid.h"
#include "actors/coordinator/ledger_fix.h"

/* Fixes of one run, by error. */
struct kept_list {
    char run[ULID_SIZE + 1];
    struct ledger_kept **all;
    size_t count;
};

/* "validated", "applied", "reverted", …: what people decided goes before what was found; static. */
const char *kept_status(const struct ledger_kept *kept);

/* The candidate that the fix is; NULL: none, or from before candidates were kept. */
const struct ledger_candidate *kept_winner(const struct ledger_kept *kept);

/* Attempts at the job: at least those that failed. */
uint64_t kept_attempts(const struct ledger_kept *kept);

/* ERR_MEMORY, ERR_IO. */
enum err json_kept_list(FILE *out, const struct kept_list *list) MUST_CHECK;
enum err json_kept(FILE *out, const char *run, const struct ledger_kept *kept) MUST_CHECK;
enum err json_kept_done(FILE *out, const char *run, uint64_t error, const char *status,
                        bool changed) MUST_CHECK;

#endif
