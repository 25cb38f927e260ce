/* command_verify.c - troupe verify: recounts a run from the ledger's rows. */
#include <inttypes.h>
#include <stdio.h>

#include "actors/coordinator/ledger.h"
#include "tools/history.h"
#include "tools/json.h"
#include "tools/paint.h"

static void show_sums(const char *what, const struct ledger_sums *sums)
{
    (void)printf("  %-7s %" PRIu64 " planned = %" PRIu64 " passed + %" PRIu64 " failed + %" PRIu64
                 " skipped + %" PRIu64 " flaky + %" PRIu64 " lost\n",
                 what, sums->planned, sums->passed, sums->failed, sums->skipped, sums->flaky,
                 sums->lost);
}

static void show_text(const struct invocation *invocation, const char *run,
                      const struct ledger_check *check)
{
    const char *begin =
        paint(invocation->color, check->balanced ? PAINT_GREEN_BLOCK : PAINT_RED_BLOCK);
    (void)printf("%s%s%s  run %s, %s\n\n", begin, check->balanced ? " BALANCED " : " NOT BALANCED ",
                 paint(invocation->color, PAINT_RESET), run,
                 check->totals.verdict ? term_word("verdict", check->totals.verdict)
                                       : "still open");
    show_sums("Files", &check->totals.files);
    show_sums("Tests", &check->totals.tests);
}

static int verify(struct invocation *invocation, struct store_reader *reader)
{
    char run[ULID_SIZE + 1];
    int code = history_find(reader, invocation->words[0], run);
    if (code != EXIT_DONE) {
        return code;
    }
    struct ledger_check check;
    enum err err = ledger_verify(store_reader_txn(reader), msg_str(run), &check);
    if (err == ERR_NOT_FOUND) {
        return complainf(EXIT_COULD_NOT, "troupe runs list shows them.",
                         "no run %s in the ledger, or its rows were removed by now", run);
    }
    if (err != ERR_OK) {
        return complainf(EXIT_COULD_NOT, NULL, "the ledger cannot be read: %s",
                         store_message(store_reader_txn(reader)));
    }
    if (invocation->json) {
        if (json_verify(stdout, run, &check) != ERR_OK) {
            return complain(EXIT_COULD_NOT, "the result cannot be written", NULL);
        }
    } else if (!invocation->quiet) {
        show_text(invocation, run, &check);
    }
    return check.balanced ? EXIT_DONE
                          : complainf(EXIT_NEGATIVE, NULL, "%" PRIu64 " contradictions: %s",
                                      check.problems, check.why);
}

int command_verify(struct invocation *invocation)
{
    if (invocation->words_count != 1) {
        return complain(EXIT_USAGE, "say which run: troupe verify RUN",
                        "`last` is the newest; troupe runs list shows them.");
    }
    struct store_reader *reader = NULL;
    int code = history_check(invocation->words[0]);
    if (code == EXIT_DONE) {
        code = history_open(invocation, &reader);
    }
    if (code == EXIT_DONE) {
        code = verify(invocation, reader);
        store_reader_close(&reader);
    }
    return code;
}
