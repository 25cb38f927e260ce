/* ledger_view.h - pages of the ledger for people, as JSON that SQLite itself writes.
 *
 * A view is a row of the table in ledger_view.c; its first column is an object.  Views only read.
 * Terms stay the numbers of terms.def, 64-bit identities are text.
 */
#ifndef ACTORS_COORDINATOR_LEDGER_VIEW_H
#define ACTORS_COORDINATOR_LEDGER_VIEW_H

#include "actors/coordinator/ledger.h"

enum { LEDGER_VIEW_ROWS_MAX = 500, LEDGER_VIEW_AFTER_MAX = 10000000 };

/* All borrowed. */
struct ledger_look {
    struct msg_str view;
    struct msg_str run;
    uint64_t after;
    struct msg_str word;
    uint64_t wall_ms; /* now */
};

struct ledger_looked {
    char rows[MSG_MAX_looked_rows + 1]; /* objects with commas between them */
    uint32_t size;
    uint64_t reached;
    bool more;
};

/* The rows of a view behind `look->after`, as many as fit.  A row that fits into no page is passed
 * over.  ERR_NOT_FOUND: no such view.  ERR_LIMIT: more than LEDGER_VIEW_AFTER_MAX to pass over. */
enum err ledger_view(struct store_txn *txn, const struct ledger_look *look,
                     struct ledger_looked *ret_looked) MUST_CHECK;

/* An event of the log (schema.h): what has happened, in the order of the commits. */
struct ledger_event {
    uint64_t no;
    uint64_t at_ms; /* wall clock, since 1970 */
    struct msg_str run;
    struct msg_str kind;
    uint64_t number; /* of the job or the error; of run-planned, how many files */
    uint64_t value;  /* a term: verdict, status, label, fix, heal; or a decision */
    struct msg_str who;
    struct msg_str text;
    struct msg_str json; /* all of it as an object */
};

/* Tells the events behind `after`, of a run or (empty) of all; texts are borrowed for the call and
 * end with a NUL. */
enum err ledger_events(struct store_txn *txn, struct msg_str run, uint64_t after,
                       void (*take)(void *arg, const struct ledger_event *event),
                       void *arg) MUST_CHECK;

/* What the newest `count` are behind. */
enum err ledger_events_begin(struct store_txn *txn, uint64_t count, uint64_t *ret_after) MUST_CHECK;

#endif
