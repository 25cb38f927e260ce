/* findings.h - what became of a run's failures, as plain data.
 *
 * Pure.  Rows may come in any number of pages, each finding before its fix and its heal.
 */
#ifndef TOOLS_FINDINGS_H
#define TOOLS_FINDINGS_H

#include <stddef.h>
#include <stdint.h>

#include "proto/error.h"
#include "proto/message.h"
#include "proto/terms.h"

/* Copies of the rows, owned; fix and heal NULL when there is none. */
struct finding {
    struct msg_error_row *row;
    struct msg_fix_row *fix;
    struct msg_heal_row *heal;
};

struct findings {
    struct finding *all; /* by number: so they are sent */
    size_t count;
    size_t capacity;
};

/* ERR_MEMORY.  A row that was there before, or a fix without its finding, changes nothing. */
enum err findings_add(struct findings *self, const struct msg_error_row *row) MUST_CHECK;
enum err findings_add_fix(struct findings *self, const struct msg_fix_row *row) MUST_CHECK;
enum err findings_add_heal(struct findings *self, const struct msg_heal_row *row) MUST_CHECK;

/* That of a test of a job; test "" for the file itself.  NULL: there is none. */
const struct finding *findings_find(const struct findings *self, uint64_t job, const char *test);

/* What failures with one cause share; 0 when it is not known, and for NULL. */
uint64_t finding_cause(const struct finding *finding_or_null);

/* Number of the last one; 0 for none. */
uint64_t findings_last(const struct findings *self);

void findings_fini(struct findings *self);

#endif
