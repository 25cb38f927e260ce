/* run_read.c - what became of a run's failures, from the ledger. */
#include "tools/run_read.h"

#include <time.h>

#include "actors/coordinator/ledger_rows.h"

static enum err add_finding(struct findings *findings, struct msg_str run,
                            const struct ledger_finding *from)
{
    const struct msg_error_row error = finding_error_row(run, from);
    enum err err = findings_add(findings, &error);
    if (err == ERR_OK && from->fix.status != 0) {
        const struct msg_fix_row fix = finding_fix_row(run, from);
        err = findings_add_fix(findings, &fix);
    }
    if (err == ERR_OK && from->heal.status != 0) {
        const struct msg_heal_row heal = finding_heal_row(run, from);
        err = findings_add_heal(findings, &heal);
    }
    return err;
}

/* As in a report, a page at a time. */
enum err run_read_findings(struct store_reader *reader, const char *run, struct findings *findings)
{
    enum { PAGE = 256 };
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0) {
        return ERR_IO;
    }
    bool more = true;
    enum err err = ERR_OK;
    while (more && err == ERR_OK) {
        const struct ledger_wanted wanted = {.after = findings_last(findings),
                                             .state = FINDINGS_OF_ALL_STATES,
                                             .count_max = PAGE,
                                             .now_ms = (uint64_t)now.tv_sec * 1000};
        struct ledger_findings *page = NULL;
        err = ledger_read_findings(store_reader_txn(reader), msg_str(run), &wanted, &page);
        more = err == ERR_OK && page->more;
        for (size_t i = 0; err == ERR_OK && i < page->count; i++) {
            err = add_finding(findings, msg_str(run), &page->all[i]);
        }
        ledger_findings_free(&page);
    }
    return err;
}
