/* store_priv.h - what the files of the store share.  Private to runtime/store*.c. */
#ifndef RUNTIME_STORE_PRIV_H
#define RUNTIME_STORE_PRIV_H

#include <sqlite3.h>

#include "runtime/store.h"

enum { STORE_KEPT_MAX = 256 }; /* prepared statements; more are prepared each time */

struct store_kept {
    const char *sql; /* the caller's pointer: found without reading the text */
    sqlite3_stmt *statement;
};

struct store_txn {
    sqlite3 *db;
    size_t open;   /* cursors that have not ended */
    bool damaged;  /* an error after which the disk is not trusted */
    int log_pages; /* the writer's: length of the write-ahead log after its latest commit */
    struct store_kept kept[STORE_KEPT_MAX];
};

/* Turns SQLite's answer into ours, and remembers when the disk has lost our trust. */
enum err store_note(struct store_txn *txn, int code);

/* Closes the database.  No cursor may be open. */
void store_txn_fini(struct store_txn *txn);

/* Opens `path` for the one writer, checks whose file it is and brings it to the newest version. */
enum err store_open_writer(struct store_txn *txn, const char *path, const struct cfg_store *cfg,
                           const struct store_schema *schema, struct store_why *why) MUST_CHECK;

/* Says why `path` could not be opened; `why` may be NULL. */
void store_explain(struct store_why *why, const char *path, const char *what);

#endif
