/* findings.h - what became of a run and of its errors, as its report needs it. */
#ifndef ACTORS_GATEWAY_FINDINGS_H
#define ACTORS_GATEWAY_FINDINGS_H

#include "proto/message.h"
#include "proto/terms.h"

enum { FINDINGS_ERRORS_MAX = 200, FINDINGS_BYTES_MAX = 2 * 1024 * 1024 };

struct finding {
    struct msg_error_row *error; /* owned, each; NULL: none has come */
    struct msg_fix_row *fix;
    struct msg_heal_row *heal;
};

/* All zero: nothing yet. */
struct findings {
    struct msg_run_closed *closed; /* owned; NULL: the run is open */
    struct finding list[FINDINGS_ERRORS_MAX];
    size_t count;
    size_t bytes;
    uint64_t left_out; /* errors that had no room */
};

void findings_free(struct findings *findings);

/* Forgets the errors, not the end of the run. */
void findings_clear_errors(struct findings *findings);

/* Takes a copy of a RUN_CLOSED, ERROR_ROW, FIX_ROW or HEAL_ROW; a row that comes again stands for
 * the earlier one.  A fix or a healing of an error that had no room is passed over.  ERR_MEMORY. */
enum err findings_add(struct findings *findings, const struct msg *msg) MUST_CHECK;

/* Once they are sorted: whether the one before it has the same cause. */
bool findings_is_again(const struct findings *findings, size_t index);

/* The most important first: by priority, those with one cause together, then by number. */
void findings_sort(struct findings *findings);

#endif
