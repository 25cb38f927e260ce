/* command_events.c - troupe events: what has happened, read from the ledger beside its writer. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "actors/coordinator/ledger_view.h"
#include "tools/history.h"
#include "tools/logline.h"
#include "tools/paint.h"
#include "tools/report.h"

enum { LIMIT_DEFAULT = 100, LIMIT_MAX = 100000, FOLLOW_MS = 200 };

struct telling {
    struct invocation *invocation;
    uint64_t after; /* number told last */
    bool one;       /* run: what follows ends with it */
    bool over;      /* nothing more comes of it */
    uint64_t count;
};

/* Of an event's value; NULL: it has none. */
static const char *value_word(const struct ledger_event *event)
{
    static const struct {
        const char *kind;
        const char *term;
    } rows[] = {{"run-closed", "verdict"},
                {"file-done", "status"},
                {"error-labelled", "label"},
                {"fix", "fix"},
                {"heal", "heal"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (msg_str_is(event->kind, rows[i].kind)) {
            return term_word(rows[i].term, event->value);
        }
    }
    return NULL;
}

static void tell(struct telling *self, const struct ledger_event *event)
{
    const struct invocation *invocation = self->invocation;
    const char *word = value_word(event);
    char at[LOG_TIME_SIZE];
    log_time(event->at_ms, at);
    (void)printf("%.23sZ  %s  %-14s", at, event->run.at, event->kind.at);
    if (event->number > 0 && strncmp(event->kind.at, "file-", 5) != 0) {
        (void)printf("  %" PRIu64, event->number);
    }
    if (word) {
        bool good = strcmp(word, "passed") == 0 || strcmp(word, "validated") == 0 ||
                    strcmp(word, "applied") == 0 || strcmp(word, "healed") == 0;
        (void)printf("  %s%s%s", paint(invocation->color, good ? PAINT_GREEN : PAINT_YELLOW), word,
                     paint(invocation->color, PAINT_RESET));
    }
    const struct msg_str texts[] = {event->text, event->who};
    for (size_t i = 0; i < 2; i++) {
        if (texts[i].size > 0) {
            (void)printf("  ");
            report_name(stdout, texts[i].at);
        }
    }
    (void)putchar('\n');
}

static void take(void *arg, const struct ledger_event *event)
{
    struct telling *self = arg;
    if (self->invocation->json) {
        (void)printf("%s\n", event->json.at);
    } else {
        tell(self, event);
    }
    self->after = event->no;
    self->over |= self->one && msg_str_is(event->kind, "run-settled");
    self->count++;
}

static int read_limit(const struct invocation *invocation, uint64_t *ret_limit)
{
    const char *text = invocation_value(invocation, "limit");
    char *end = NULL;
    unsigned long limit = text ? strtoul(text, &end, 10) : LIMIT_DEFAULT;
    if (text &&
        (*end != '\0' || text[0] < '0' || text[0] > '9' || limit == 0 || limit > LIMIT_MAX)) {
        return complainf(EXIT_USAGE, NULL, "--limit %.32s: a number from 1 to %d", text, LIMIT_MAX);
    }
    *ret_limit = limit;
    return EXIT_DONE;
}

/* All that came since; the ledger is opened anew, because a reader sees one moment of it. */
static int tell_new(struct telling *self, const char *run, uint64_t newest)
{
    struct store_reader *reader = NULL;
    int code = history_open(self->invocation, &reader);
    if (code != EXIT_DONE) {
        return code;
    }
    enum err err = ERR_OK;
    struct store_txn *txn = store_reader_txn(reader);
    if (newest > 0) {
        err = ledger_events_begin(txn, newest, &self->after);
    }
    if (err == ERR_OK) {
        err = ledger_events(txn, msg_str(run), self->after, take, self);
    }
    store_reader_close(&reader);
    return err == ERR_OK ? EXIT_DONE : complain(EXIT_COULD_NOT, err_text(err), NULL);
}

int command_events(struct invocation *invocation)
{
    struct telling telling = {.invocation = invocation, .one = invocation->words_count > 0};
    const struct timespec pause = {.tv_nsec = FOLLOW_MS * 1000000L};
    char run[ULID_SIZE + 1] = "";
    uint64_t limit = 0;
    int code = read_limit(invocation, &limit);
    if (code == EXIT_DONE && telling.one) {
        code = history_resolve(invocation, invocation->words[0], run);
    }
    /* Of a run all that is kept, otherwise the newest. */
    bool all = telling.one && !invocation_value(invocation, "limit");
    if (code == EXIT_DONE) {
        code = tell_new(&telling, run, all ? 0 : limit);
    }
    while (code == EXIT_DONE && invocation_flag(invocation, "follow") && !telling.over) {
        if (fflush(stdout) != 0) {
            return EXIT_COULD_NOT; /* nobody reads any more */
        }
        (void)nanosleep(&pause, NULL); /* a signal ends us, as it should */
        code = tell_new(&telling, run, 0);
    }
    if (code == EXIT_DONE && telling.count == 0 && !invocation->json) {
        (void)printf("No event%s.\n", telling.one ? " of that run is kept" : " yet");
    }
    return code;
}
