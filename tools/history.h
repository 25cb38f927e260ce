/* history.h - reading the ledger beside its writer. */
#ifndef TOOLS_HISTORY_H
#define TOOLS_HISTORY_H

#include "actors/common/ulid.h"
#include "runtime/store.h"
#include "tools/command.h"

/* Opens the ledger of the invocation's state for reading; says what is wrong and returns an exit
 * code. */
int history_open(const struct invocation *invocation, struct store_reader **ret_reader);

/* The id that `word` means: a run's, or `last` for the newest.  Says what is wrong. */
int history_resolve(const struct invocation *invocation, const char *word,
                    char ret_run[ULID_SIZE + 1]);

/* Whether `word` can be a run: an id, or `last`.  Says what is wrong. */
int history_check(const char *word);

/* history_resolve in an open ledger. */
int history_find(struct store_reader *reader, const char *word, char ret_run[ULID_SIZE + 1]);

/* The newest run for which such changes were looked for: runs behind them have none.  Without one,
 * the newest of all.  Says what is wrong. */
enum history_mended { HISTORY_FIXES, HISTORY_HEALS };
int history_find_mended(struct store_reader *reader, enum history_mended which,
                        char ret_run[ULID_SIZE + 1]);

#endif
