/* test_cause.c - failures with one cause in the ledger: counted, scored, ordered, aged. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "actors/coordinator/ledger_finding.h"
#include "tests/actors/ledger_txn.h"

static struct store *store;
static uint64_t epoch;
#define RUN(last) "01JD000000000000000000000" last

static enum err run(enum err (*body)(struct store_txn *txn, void *arg), void *arg)
{
    return ledger_txn(store, body, arg);
}

/* ---- rows ---- */

struct rows {
    uint64_t no;
    const char *id;
    const char *dir;
    uint64_t findings;
};

/* A run with one job and so many failures, all noted at 1,000 s. */
static enum err rows_body(struct store_txn *txn, void *arg)
{
    const struct rows *rows = arg;
    enum err err = store_exec(txn,
                              "INSERT INTO run (no, id, dir, runner, command, env, root, snapshot,"
                              " workers, retries, fail_fast, timeout_ms, files_named, accepted_ms)"
                              " VALUES (?, ?, ?, 'vitest', '', '', '', '', 1, 0, 0, 0, 0, 0)",
                              STORE_WITH(store_u64(rows->no), store_text(msg_str(rows->id)),
                                         store_text(msg_str(rows->dir))));
    if (err == ERR_OK) {
        err = store_exec(txn, "INSERT INTO job (run, job, file, position) VALUES (?, 0, 'f', 0)",
                         STORE_WITH(store_u64(rows->no)));
    }
    for (uint64_t i = 1; i <= rows->findings && err == ERR_OK; i++) {
        err = store_exec(txn,
                         "INSERT INTO finding (run, error, job, place, noted_ms)"
                         " VALUES (?, ?, 0, ?, 1000000)",
                         STORE_WITH(store_u64(rows->no), store_u64(i), store_u64(i)));
    }
    return err;
}

static void make(uint64_t no, const char *id, const char *dir, uint64_t findings)
{
    cr_assert_eq(run(rows_body, &(struct rows){no, id, dir, findings}), ERR_OK);
}

struct labelled {
    const char *id;
    uint64_t error;
    uint64_t cause;
    uint64_t kind;
};

static enum err label_body(struct store_txn *txn, void *arg)
{
    const struct labelled *of = arg;
    const struct ledger_label label = {.label = TERM_label_TEST,
                                       .priority = of->kind,
                                       .queue = msg_str("q"),
                                       .model = msg_str("m"),
                                       .why = msg_str("w"),
                                       .cause = of->cause,
                                       .wall_ms = 1000001};
    return ledger_classify(txn, (struct ledger_key){epoch, msg_str(of->id)}, of->error, &label);
}

static enum err label(const char *id, uint64_t error, uint64_t cause, uint64_t kind)
{
    return run(label_body, &(struct labelled){id, error, cause, kind});
}

struct reading {
    const char *id;
    struct ledger_wanted wanted;
    struct ledger_findings *found;
};

static enum err read_body(struct store_txn *txn, void *arg)
{
    struct reading *reading = arg;
    return ledger_read_findings(txn, msg_str(reading->id), &reading->wanted, &reading->found);
}

static struct ledger_findings *found;

static void look(const char *id, struct ledger_wanted wanted)
{
    struct reading reading = {.id = id, .wanted = wanted};
    ledger_findings_free(&found);
    cr_assert_eq(run(read_body, &reading), ERR_OK);
    found = reading.found;
}

static enum err sql_body(struct store_txn *txn, void *arg)
{
    return store_exec(txn, *(const char **)arg, STORE_WITHOUT);
}

static void sql(const char *text)
{
    cr_assert_eq(run(sql_body, &text), ERR_OK, "%s", text);
}

static void setup(void)
{
    store = ledger_txn_open();
    epoch = ledger_txn_begin(store);
}

static void teardown(void)
{
    ledger_findings_free(&found);
    store_close(&store);
}

TestSuite(cause, .init = setup, .fini = teardown);

static const struct ledger_wanted all = {.state = FINDINGS_OF_ALL_STATES, .count_max = 16};

/* ---- counting ---- */

Test(cause, counts_failures_that_share_it)
{
    make(1, RUN("1"), "/p", 3);
    cr_assert_eq(label(RUN("1"), 1, UINT64_MAX, 80), ERR_OK);
    cr_assert_eq(label(RUN("1"), 2, 7, 50), ERR_OK);
    cr_assert_eq(label(RUN("1"), 3, UINT64_MAX, 50), ERR_OK);
    cr_expect_eq(label(RUN("1"), 3, 7, 50), ERR_STALE); /* the first answer counts, once */
    look(RUN("1"), all);
    cr_assert_eq(found->count, 3);
    cr_expect_eq(found->all[0].label.cause, UINT64_MAX);
    cr_expect_eq(found->all[0].occurrences, 2);
    cr_expect_eq(found->all[2].occurrences, 2);
    cr_expect_eq(found->all[1].occurrences, 1);
    cr_expect_str_eq(found->all[0].terms.at, "kind +45, fan-out +4, new +12");
    cr_expect_str_eq(found->all[2].terms.at, "kind +45, fan-out +4, new +12");
    cr_expect_eq(found->all[0].priority, 61);
    cr_expect_eq(found->all[0].noted_ms, 1000000);
    cr_expect_eq(found->all[0].label.wall_ms, 1000001);
}

Test(cause, nothing_is_said_of_a_failure_without_label)
{
    make(1, RUN("1"), "/p", 1);
    look(RUN("1"), all);
    cr_assert_eq(found->count, 1);
    cr_expect_eq(found->all[0].priority, 0);
    cr_expect_eq(found->all[0].occurrences, 0);
    cr_expect_eq(found->all[0].terms.size, 0);
}

/* ---- what was known before ---- */

Test(cause, is_new_in_a_project_until_it_was_seen_there)
{
    make(1, RUN("1"), "/p", 1);
    make(2, RUN("2"), "/other", 1);
    make(3, RUN("3"), "/p", 1);
    cr_assert_eq(label(RUN("1"), 1, 7, 80), ERR_OK);
    cr_assert_eq(label(RUN("2"), 1, 7, 80), ERR_OK);
    cr_assert_eq(label(RUN("3"), 1, 7, 80), ERR_OK);
    look(RUN("2"), all);
    cr_expect_str_eq(found->all[0].terms.at, "kind +45, new +12");
    look(RUN("3"), all);
    cr_expect_str_eq(found->all[0].terms.at, "kind +45");
}

Test(cause, remembers_fixes_and_flakes_of_the_project)
{
    make(1, RUN("1"), "/p", 2);
    cr_assert_eq(label(RUN("1"), 1, 7, 80), ERR_OK);
    cr_assert_eq(label(RUN("1"), 2, 7, 80), ERR_OK);
    sql("INSERT INTO fix (run, error, status, source, votes_for, votes_against, candidates, diff, "
        "reason)"
        " VALUES (1, 1, 2, 's', 0, 0, 1, '', '')"); /* rejected */
    sql("INSERT INTO fix (run, error, status, source, votes_for, votes_against, candidates, diff, "
        "reason)"
        " VALUES (1, 2, 1, 's', 1, 0, 1, 'd', '')"); /* validated */
    sql("INSERT INTO history (project, runner, file, expected_us, last_us, before_us, tests, runs, "
        "flaky)"
        " VALUES ('/p', 'vitest', 'f', 1, 1, 1, 1, 8, 4)");
    make(2, RUN("2"), "/p", 1);
    cr_assert_eq(label(RUN("2"), 1, 7, 80), ERR_OK);
    look(RUN("2"), all);
    cr_expect_str_eq(found->all[0].terms.at, "kind +45, fix +10, flake -10, attempts -6");
}

/* ---- order ---- */

Test(cause, the_most_urgent_comes_first_and_then_the_older)
{
    make(1, RUN("1"), "/p", 4);
    cr_assert_eq(label(RUN("1"), 1, 1, 30), ERR_OK);
    cr_assert_eq(label(RUN("1"), 2, 2, 50), ERR_OK);
    cr_assert_eq(label(RUN("1"), 3, 3, 80), ERR_OK);
    cr_assert_eq(label(RUN("1"), 4, 2, 50), ERR_OK);
    look(RUN("1"),
         (struct ledger_wanted){
             .state = FINDING_OPEN, .count_max = 3, .now_ms = 1000000, .urgent_first = true});
    cr_assert_eq(found->count, 3);
    cr_expect(found->more);
    cr_expect_eq(found->all[0].error, 3);
    cr_expect_eq(found->all[1].error, 2);
    cr_expect_eq(found->all[2].error, 4);
}

Test(cause, what_waits_is_raised_until_it_comes_first)
{
    make(1, RUN("1"), "/p", 2);
    cr_assert_eq(label(RUN("1"), 1, 1, 20), ERR_OK);
    cr_assert_eq(label(RUN("1"), 2, 2, 80), ERR_OK);
    sql("UPDATE finding SET noted_ms = 30000000 WHERE error = 2");
    const struct ledger_wanted at_once = {
        .state = FINDING_OPEN, .count_max = 2, .now_ms = 1000000, .urgent_first = true};
    look(RUN("1"), at_once);
    cr_expect_eq(found->all[0].error, 2);
    struct ledger_wanted later = at_once;
    later.now_ms = 30000000;
    look(RUN("1"), later);
    cr_expect_eq(found->all[0].error, 1);
    cr_expect_str_eq(found->all[0].terms.at, "kind +11, new +12, age +96");
    cr_expect_eq(found->all[0].priority, 100);
}
