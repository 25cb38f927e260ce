/* command_heal_kept.c - troupe heal list and show: the broken locators of a run, and what became of
 * them. */
#include "tools/command_heal_kept.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/history.h"
#include "tools/json_health.h"
#include "tools/paint.h"
#include "tools/report.h"
#include "tools/table.h"

enum { DIFF_LINES_MAX = 200, REASON_LINES_MAX = 4 };

static enum err put_row(struct table *table, const struct ledger_finding *finding)
{
    const struct ledger_heal *heal = &finding->heal;
    const char *const texts[] = {term_word("heal", heal->status), finding->file.at,
                                 finding->test.at,
                                 heal->after.size > 0 ? heal->after.at : heal->reason.at};
    enum err err = table_number(table, finding->error);
    for (size_t i = 0; err == ERR_OK && i < sizeof texts / sizeof texts[0]; i++) {
        err = table_text(table, texts[i]);
    }
    return err;
}

static void show_list(const struct invocation *invocation, const struct ledger_findings *findings,
                      const char *run)
{
    struct table table;
    size_t count = 0;
    enum err err = ERR_OK;
    table_init(&table, (const struct table_column[]){{"ERROR", true},
                                                     {"STATUS", false},
                                                     {"FILE", false},
                                                     {"TEST", false},
                                                     {"NOW, OR WHY NOT", false},
                                                     {NULL, false}});
    for (size_t i = 0; i < findings->count && err == ERR_OK; i++) {
        if (findings->all[i].heal.status != 0) {
            err = put_row(&table, &findings->all[i]);
            count++;
        }
    }
    if (count == 0) {
        (void)printf("No locator was looked for in %s.\n", run);
    } else {
        table_print(&table, stdout,
                    &(struct table_style){.width = table_width(stdout),
                                          .head = paint(invocation->color, PAINT_DIM),
                                          .reset = paint(invocation->color, PAINT_RESET)});
    }
    table_fini(&table);
}

static void show_one(const struct invocation *invocation, const struct ledger_finding *finding,
                     const char *run)
{
    const struct ledger_heal *heal = &finding->heal;
    (void)printf("%s error %" PRIu64 ", %s%s%s: ", run, finding->error,
                 paint(invocation->color, PAINT_YELLOW), term_word("heal", heal->status),
                 paint(invocation->color, PAINT_RESET));
    report_name(stdout, finding->file.at);
    (void)printf(" > ");
    report_name(stdout, finding->test.at);
    (void)putchar('\n');
    report_text(stdout, finding->message.at, REASON_LINES_MAX, "  ");
    if (heal->diff.size > 0) {
        (void)putchar('\n');
        report_text(stdout, heal->diff.at, DIFF_LINES_MAX, "  ");
        (void)printf("\nconfidence: %.0f %%\n", 100 * heal->confidence);
    }
    (void)printf("reason:\n");
    report_text(stdout, heal->reason.at, REASON_LINES_MAX, "  ");
}

/* The finding with that number that was about a locator; NULL: there is none. */
static const struct ledger_finding *find(const struct ledger_findings *findings, const char *word)
{
    char *end = NULL;
    unsigned long long error = strtoull(word, &end, 10);
    for (size_t i = 0; i < findings->count && end != word && *end == '\0'; i++) {
        if (findings->all[i].error == error && findings->all[i].heal.status != 0) {
            return &findings->all[i];
        }
    }
    return NULL;
}

static int tell(const struct invocation *invocation, const struct ledger_findings *findings,
                const char *run, const char *word)
{
    enum err err = ERR_OK;
    const struct ledger_finding *finding = word ? find(findings, word) : NULL;
    if (word && !finding) {
        return complainf(EXIT_COULD_NOT, "troupe heal list shows them.",
                         "no locator was looked for in %s for error %.20s", run, word);
    }
    if (invocation->json) {
        err = word ? json_healed(stdout, run, finding) : json_heals(stdout, run, findings);
    } else if (word) {
        show_one(invocation, finding, run);
    } else {
        show_list(invocation, findings, run);
    }
    return err == ERR_OK ? EXIT_DONE : complain(EXIT_COULD_NOT, err_text(err), NULL);
}

/* list [RUN], show [RUN] ERROR; without RUN the newest with heals is meant. */
static int look(const struct invocation *invocation, bool list)
{
    const struct ledger_wanted wanted = {.state = FINDINGS_OF_ALL_STATES,
                                         .count_max = LEDGER_FINDINGS_MAX};
    const char *error = list ? NULL : invocation->words[invocation->words_count - 1];
    bool named = invocation->words_count == (list ? 2 : 3);
    struct ledger_findings *findings = NULL;
    struct store_reader *reader = NULL;
    char run[ULID_SIZE + 1];
    int code = history_open(invocation, &reader);
    if (code != EXIT_DONE) {
        return code;
    }
    code = named ? history_find(reader, invocation->words[1], run)
                 : history_find_mended(reader, HISTORY_HEALS, run);
    if (code == EXIT_DONE) {
        enum err err =
            ledger_read_findings(store_reader_txn(reader), msg_str(run), &wanted, &findings);
        code = err == ERR_OK          ? tell(invocation, findings, run, error)
               : err == ERR_NOT_FOUND ? complainf(EXIT_COULD_NOT, "troupe runs list shows them.",
                                                  "there is no run %s", run)
                                      : complain(EXIT_COULD_NOT, err_text(err), NULL);
    }
    ledger_findings_free(&findings);
    store_reader_close(&reader);
    return code;
}

static const char *const words[] = {"list", "show", "health"};

bool is_heal_kept(const struct invocation *invocation)
{
    for (size_t i = 0; i < sizeof words / sizeof words[0] && invocation->words_count > 0; i++) {
        if (strcmp(invocation->words[0], words[i]) == 0) {
            return true;
        }
    }
    return false;
}

int command_heal_kept(struct invocation *invocation)
{
    bool show = strcmp(invocation->words[0], "show") == 0;
    size_t least = show ? 2 : 1;
    if (invocation->words_count < least || invocation->words_count > least + 1) {
        return complain(
            EXIT_USAGE, "say troupe heal list [RUN], heal show [RUN] ERROR or heal health [DIR]",
            "Without RUN the newest with heals is meant; ERROR is its number in troupe heal list.");
    }
    return strcmp(invocation->words[0], "health") == 0 ? command_heal_health(invocation)
                                                       : look(invocation, !show);
}
