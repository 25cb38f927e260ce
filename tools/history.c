/* history.c - reading the ledger beside its writer. */
#include "tools/history.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "actors/coordinator/ledger.h"
#include "tools/place.h"

int history_open(const struct invocation *invocation, struct store_reader **ret_reader)
{
    struct place place;
    char why[PLACE_WHY_SIZE] = "";
    char path[PATH_MAX];
    struct store_why store_why = {""};
    enum err err = place_look(invocation_value(invocation, "state"), &place, why);
    if (err == ERR_OK) {
        err = place_join(place.state, PLACE_LEDGER, path);
    }
    if (err == ERR_OK) {
        err = store_open_read(path, &ledger_schema, &store_why, ret_reader);
    }
    if (err == ERR_NOT_FOUND) {
        return complain(EXIT_COULD_NOT, "there is no ledger yet: nothing has run here",
                        "--state DIR looks elsewhere.");
    }
    if (err != ERR_OK) {
        return complainf(EXIT_COULD_NOT, NULL, "the ledger cannot be read: %s",
                         store_why.text[0] ? store_why.text
                         : why[0]          ? why
                                           : err_text(err));
    }
    return EXIT_DONE;
}

static enum err find_first(struct store_reader *reader, const char *sql,
                           char ret_run[ULID_SIZE + 1])
{
    struct store_rows rows;
    store_query(store_reader_txn(reader), sql, STORE_WITHOUT, &rows);
    bool found = store_next(&rows);
    if (found) {
        struct msg_str id = store_column_text(&rows, 0);
        found = id.size == ULID_SIZE;
        (void)snprintf(ret_run, ULID_SIZE + 1, "%s", id.at);
    }
    enum err err = store_rows_end(&rows);
    return err == ERR_OK && !found ? ERR_NOT_FOUND : err;
}

int history_check(const char *word)
{
    return strcmp(word, "last") == 0 || ulid_is_valid(word)
               ? EXIT_DONE
               : complainf(EXIT_USAGE, "troupe runs list shows them; `last` is the newest.",
                           "%.64s is not the id of a run", word);
}

static char upper(char letter)
{
    return (char)toupper((unsigned char)letter);
}

int history_find(struct store_reader *reader, const char *word, char ret_run[ULID_SIZE + 1])
{
    if (strcmp(word, "last") == 0) {
        return find_first(reader, "SELECT id FROM run ORDER BY no DESC LIMIT 1", ret_run) == ERR_OK
                   ? EXIT_DONE
                   : complain(EXIT_COULD_NOT, "there is no run yet", "troupe run makes one.");
    }
    int code = history_check(word);
    if (code != EXIT_DONE) {
        return code;
    }
    for (size_t i = 0; i <= ULID_SIZE; i++) {
        ret_run[i] = upper(word[i]);
    }
    return EXIT_DONE;
}

int history_find_mended(struct store_reader *reader, enum history_mended which,
                        char ret_run[ULID_SIZE + 1])
{
    static const char *const sql[] = {
        [HISTORY_FIXES] = "SELECT id FROM run WHERE no = (SELECT max(run) FROM fix)",
        [HISTORY_HEALS] = "SELECT id FROM run WHERE no = (SELECT max(run) FROM heal)"};
    return find_first(reader, sql[which], ret_run) == ERR_OK
               ? EXIT_DONE
               : history_find(reader, "last", ret_run);
}

int history_resolve(const struct invocation *invocation, const char *word,
                    char ret_run[ULID_SIZE + 1])
{
    if (strcmp(word, "last") != 0) {
        return history_find(NULL, word, ret_run);
    }
    struct store_reader *reader = NULL;
    int code = history_open(invocation, &reader);
    if (code == EXIT_DONE) {
        code = history_find(reader, word, ret_run);
        store_reader_close(&reader);
    }
    return code;
}
