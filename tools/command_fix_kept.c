/* command_fix_kept.c - the fixes in the ledger: what they are, what speaks for them, what is
 * decided. */
#include "tools/command_fix_kept.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/history.h"
#include "tools/json_kept.h"
#include "tools/kept.h"
#include "tools/logline.h"
#include "tools/paint.h"
#include "tools/report.h"
#include "tools/table.h"

enum { SHOWN_LINES_MAX = 200, REASON_LINES_MAX = 4 };

/* ---- which ---- */

/* The error that `word` means: its number in the run, or the id of its failure (as --json says). */
static int find_error(struct store_reader *reader, const char *run, const char *word,
                      uint64_t *ret_error)
{
    char *end = NULL;
    *ret_error = strtoull(word, &end, 10);
    if (end != word && *end == '\0' && *ret_error > 0 && strlen(word) < 10) {
        return EXIT_DONE;
    }
    struct ledger_findings *findings = NULL;
    const struct ledger_wanted wanted = {.state = FINDINGS_OF_ALL_STATES,
                                         .count_max = LEDGER_FINDINGS_MAX};
    enum err err = ledger_read_findings(store_reader_txn(reader), msg_str(run), &wanted, &findings);
    *ret_error = 0;
    for (size_t i = 0; err == ERR_OK && i < findings->count && *ret_error == 0; i++) {
        char id[ERROR_ID_SIZE];
        report_error_id(findings->all[i].file.at, findings->all[i].test.at, id);
        *ret_error = strcmp(id, word) == 0 ? findings->all[i].error : 0;
    }
    if (err == ERR_OK) {
        ledger_findings_free(&findings);
    }
    return *ret_error > 0 ? EXIT_DONE
                          : complainf(EXIT_COULD_NOT, "troupe fix list shows them.",
                                      "%.26s has no error %.64s", run, word);
}

/* Words behind the first: [RUN] ERROR; without RUN the newest with fixes is meant. */
static int find_both(struct invocation *invocation, struct store_reader *reader,
                     char ret_run[ULID_SIZE + 1], uint64_t *ret_error)
{
    bool both = invocation->words_count == 3;
    int code = both ? history_find(reader, invocation->words[1], ret_run)
                    : history_find_mended(reader, HISTORY_FIXES, ret_run);
    return code == EXIT_DONE
               ? find_error(reader, ret_run, invocation->words[both ? 2 : 1], ret_error)
               : code;
}

/* ---- list ---- */

static enum err put_row(struct table *table, const struct ledger_kept *kept)
{
    const struct ledger_finding *finding = &kept->finding;
    char votes[48];
    (void)snprintf(votes, sizeof votes, "%" PRIu64 ":%" PRIu64, finding->fix.votes_for,
                   finding->fix.votes_against);
    enum err err = table_number(table, finding->error);
    const char *const texts[] = {kept_status(kept), finding->fix.source.at, votes, finding->file.at,
                                 finding->test.size > 0 ? finding->test.at : REPORT_FILE_ITSELF};
    for (size_t i = 0; err == ERR_OK && i < sizeof texts / sizeof texts[0]; i++) {
        err = table_text(table, texts[i]);
    }
    return err;
}

static void show_list(const struct invocation *invocation, const struct kept_list *list)
{
    struct table table;
    table_init(&table, (const struct table_column[]){{"ERROR", true},
                                                     {"STATUS", false},
                                                     {"SOURCE", false},
                                                     {"VOTES", false},
                                                     {"FILE", false},
                                                     {"TEST", false},
                                                     {NULL, false}});
    enum err err = ERR_OK;
    for (size_t i = 0; i < list->count && err == ERR_OK; i++) {
        err = put_row(&table, list->all[i]);
    }
    if (list->count == 0) {
        (void)printf("No fix was looked for in %s.\n", list->run);
    } else {
        table_print(&table, stdout,
                    &(struct table_style){.width = table_width(stdout),
                                          .head = paint(invocation->color, PAINT_DIM),
                                          .reset = paint(invocation->color, PAINT_RESET)});
    }
    table_fini(&table);
}

/* All that have a fix, whatever became of it. */
static enum err read_list(struct store_reader *reader, struct kept_list *list)
{
    const struct ledger_wanted wanted = {.state = FINDINGS_OF_ALL_STATES,
                                         .count_max = LEDGER_FINDINGS_MAX};
    struct ledger_findings *findings = NULL;
    struct store_txn *txn = store_reader_txn(reader);
    enum err err = ledger_read_findings(txn, msg_str(list->run), &wanted, &findings);
    if (err != ERR_OK) {
        return err;
    }
    list->count = 0;
    list->all = calloc(findings->count + 1, sizeof(struct ledger_kept *));
    err = list->all ? ERR_OK : ERR_MEMORY;
    for (size_t i = 0; i < findings->count && err == ERR_OK; i++) {
        const struct ledger_finding *finding = &findings->all[i];
        if (finding->fix.status != 0) {
            err =
                ledger_read_kept(txn, msg_str(list->run), finding->error, &list->all[list->count]);
            list->count += err == ERR_OK;
        }
    }
    ledger_findings_free(&findings);
    return err;
}

static int list_fixes(struct invocation *invocation, struct store_reader *reader)
{
    struct kept_list list = {.all = NULL};
    int code = invocation->words_count > 1 ? history_find(reader, invocation->words[1], list.run)
                                           : history_find_mended(reader, HISTORY_FIXES, list.run);
    if (code != EXIT_DONE) {
        return code;
    }
    enum err err = read_list(reader, &list);
    if (err == ERR_OK && invocation->json) {
        err = json_kept_list(stdout, &list);
    } else if (err == ERR_OK) {
        show_list(invocation, &list);
    }
    for (size_t i = 0; i < list.count; i++) {
        ledger_kept_free(&list.all[i]);
    }
    free(list.all);
    return err == ERR_OK          ? EXIT_DONE
           : err == ERR_NOT_FOUND ? complainf(EXIT_COULD_NOT, "troupe runs list shows them.",
                                              "there is no run %s", list.run)
                                  : complain(EXIT_COULD_NOT, err_text(err), NULL);
}

/* ---- show, votes ---- */

static void show_votes(const struct ledger_kept *kept)
{
    for (size_t i = 0; i < kept->count; i++) {
        const struct ledger_candidate *candidate = &kept->candidates[i];
        (void)printf("  %zu. ", i + 1);
        report_name(stdout, candidate->source.at);
        (void)printf(": %" PRIu64 " %s, %s", candidate->votes > 0 ? candidate->votes : 1,
                     candidate->votes > 1 ? "votes" : "vote",
                     candidate->proof ? term_word("proof", candidate->proof) : "not tried");
        if (candidate->proofs > 0) {
            (void)printf(" (%" PRIu64 " of %" PRIu64 " proofs passed)", candidate->passes,
                         candidate->proofs);
        }
        (void)putchar('\n');
        report_text(stdout, candidate->reason.at, REASON_LINES_MAX, "     ");
    }
}

static void show_fix(const struct invocation *invocation, const char *run,
                     const struct ledger_kept *kept)
{
    const struct ledger_finding *finding = &kept->finding;
    const struct ledger_candidate *winner = kept_winner(kept);
    (void)printf("%s error %" PRIu64 ", %s%s%s: ", run, finding->error,
                 paint(invocation->color, PAINT_YELLOW), kept_status(kept),
                 paint(invocation->color, PAINT_RESET));
    report_name(stdout, finding->file.at);
    if (finding->test.size > 0) {
        (void)printf(" > ");
        report_name(stdout, finding->test.at);
    }
    (void)putchar('\n');
    report_text(stdout, finding->message.at, REASON_LINES_MAX, "  ");
    if (finding->fix.diff.size > 0) {
        (void)putchar('\n');
        report_text(stdout, finding->fix.diff.at, SHOWN_LINES_MAX, "  ");
        (void)printf("\nmade by ");
        report_name(stdout, finding->fix.source.at);
        (void)putchar('\n');
    }
    (void)printf("failed before: %" PRIu64 " of %" PRIu64 "\n", kept->failures,
                 kept_attempts(kept));
    if (winner) {
        (void)printf("passes after: %" PRIu64 " of %" PRIu64 "\n", winner->passes, winner->proofs);
    }
    if (finding->fix.reason.size > 0) {
        (void)printf("reason:\n");
        report_text(stdout, finding->fix.reason.at, REASON_LINES_MAX, "  ");
    }
    if (kept->decided_ms > 0) {
        char when[LOG_TIME_SIZE];
        log_time(kept->decided_ms, when);
        (void)printf("decided: %.19sZ\n", when);
    }
    (void)printf("candidates:\n");
    show_votes(kept);
}

static int show(struct invocation *invocation, struct store_reader *reader, bool votes)
{
    char run[ULID_SIZE + 1];
    uint64_t error = 0;
    struct ledger_kept *kept = NULL;
    int code = find_both(invocation, reader, run, &error);
    if (code != EXIT_DONE) {
        return code;
    }
    enum err err = ledger_read_kept(store_reader_txn(reader), msg_str(run), error, &kept);
    if (err == ERR_NOT_FOUND) {
        return complainf(EXIT_COULD_NOT, "troupe fix list shows them.",
                         "no fix was looked for in %s for error %" PRIu64, run, error);
    }
    if (err == ERR_OK && invocation->json) {
        err = json_kept(stdout, run, kept);
    } else if (err == ERR_OK && votes) {
        show_votes(kept);
    } else if (err == ERR_OK) {
        show_fix(invocation, run, kept);
    }
    ledger_kept_free(&kept);
    return err == ERR_OK ? EXIT_DONE : complain(EXIT_COULD_NOT, err_text(err), NULL);
}

/* ---- deciding ---- */

static int decide(struct invocation *invocation, enum kept_order order)
{
    static const char *const done[] = {"applied", "reverted", "rejected"};
    char run[ULID_SIZE + 1];
    uint64_t error = 0;
    bool changed = false;
    struct store_reader *reader = NULL;
    int code = history_open(invocation, &reader);
    if (code != EXIT_DONE) {
        return code;
    }
    code = find_both(invocation, reader, run, &error);
    store_reader_close(&reader);
    if (code == EXIT_DONE) {
        code = kept_do(invocation, order, run, error, &changed);
    }
    if (code != EXIT_DONE) {
        return code;
    }
    if (invocation->json) {
        return json_kept_done(stdout, run, error, done[order], changed) == ERR_OK
                   ? EXIT_DONE
                   : complain(EXIT_COULD_NOT, "the result cannot be written", NULL);
    }
    if (!invocation->quiet) {
        (void)printf("%s error %" PRIu64 ": %s%s\n", run, error, changed ? "" : "was ",
                     done[order]);
    }
    return EXIT_DONE;
}

static const struct word {
    const char *word;
    size_t words_min;
    size_t words_max;
    int order; /* enum kept_order; -1: it only looks */
} words[] = {{"list", 1, 2, -1},
             {"show", 2, 3, -1},
             {"votes", 2, 3, -1},
             {"apply", 2, 3, KEPT_APPLY},
             {"reject", 2, 3, KEPT_REJECT},
             {"revert", 2, 3, KEPT_REVERT}};

static const struct word *find_word(const struct invocation *invocation)
{
    for (size_t i = 0; i < sizeof words / sizeof words[0] && invocation->words_count > 0; i++) {
        if (strcmp(invocation->words[0], words[i].word) == 0) {
            return &words[i];
        }
    }
    return NULL;
}

bool is_kept_command(const struct invocation *invocation)
{
    return find_word(invocation) != NULL;
}

int command_fix_kept(struct invocation *invocation)
{
    const struct word *word = find_word(invocation);
    struct store_reader *reader = NULL;
    if (invocation->words_count < word->words_min || invocation->words_count > word->words_max) {
        return complain(
            EXIT_USAGE,
            "say troupe fix list [RUN], or troupe fix show|votes|apply|reject|revert "
            "[RUN] ERROR",
            "Without RUN the newest with fixes is meant; ERROR is its number in troupe fix list.");
    }
    if (word->order >= 0) {
        return decide(invocation, (enum kept_order)word->order);
    }
    int code = history_open(invocation, &reader);
    if (code == EXIT_DONE) {
        bool votes = strcmp(word->word, "votes") == 0;
        code =
            word->words_min == 1 ? list_fixes(invocation, reader) : show(invocation, reader, votes);
        store_reader_close(&reader);
    }
    return code;
}
