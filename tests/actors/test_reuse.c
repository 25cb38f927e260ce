/* test_reuse.c - what the ledger leaves out, its audit, quarantine, and which tests it calls flaky.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/coordinator/ledger_flaky.h"
#include "tests/actors/ledger_txn.h"

enum { FILES_MAX = 64, TESTS_MAX = 10, DAY_MS = 86400000 };

static struct store *store;
static uint64_t epoch;
static uint64_t counter;

static enum err in_txn(enum err (*body)(struct store_txn *txn, void *arg), void *arg)
{
    return ledger_txn(store, body, arg);
}

static void setup(void)
{
    store = ledger_txn_open();
    epoch = ledger_txn_begin(store);
    counter = 0;
}

static void teardown(void)
{
    store_close(&store);
}

TestSuite(reuse, .init = setup, .fini = teardown);

/* ---- a run from its submit to its verdict ---- */

struct file {
    const char *name;
    const char *input;    /* "": not known */
    const char *attempts; /* results of its tests, p and f, an attempt after the other by commas */
    bool named;           /* of an affected run */
};

struct story {
    struct ledger_submit submit; /* dir and the like are filled in */
    const struct file *files;
    size_t count;
    bool unsealed;
    const char *version;
    uint64_t new_runs;
    uint64_t repeat_percent;
    /* What came of it. */
    char run[LEDGER_RUN_SIZE + 1];
    uint64_t ran; /* attempts */
    struct ledger_totals totals;
    struct ledger_check check;
    uint64_t cached;
    uint64_t audited;
    uint64_t left_out;
    char note[256];
};

static enum err attempt(struct store_txn *txn, struct story *story, uint64_t job,
                        const char **letters)
{
    struct ledger_key key = {epoch, msg_str(story->run)};
    struct ledger_test tests[TESTS_MAX];
    struct ledger_failed failed[TESTS_MAX];
    static char names[TESTS_MAX][16];
    size_t count = 0;
    size_t failures = 0;
    uint64_t token = epoch << 32 | ++counter;
    struct ledger_grant grant = {.token = token, .worker = msg_str("w1"), .jobs = &job, .count = 1};
    enum err err = ledger_grant(txn, key, &grant);
    story->ran++;
    for (; **letters && **letters != ','; (*letters)++, count++) {
        (void)snprintf(names[count], sizeof names[count], "t%zu", count);
        bool bad = **letters == 'f';
        tests[count] = (struct ledger_test){.name = msg_str(names[count]),
                                            .index = count,
                                            .status = bad ? TERM_status_FAILED : TERM_status_PASSED,
                                            .message = msg_str(bad ? "no" : "")};
        if (bad) {
            failed[failures++] = (struct ledger_failed){tests[count].name, msg_str("no")};
        }
    }
    bool last = **letters == '\0';
    *letters += !last;
    bool passes = story->new_runs > 0 && failures == 0; /* then the ledger says whether again */
    if (err == ERR_OK && !last && !passes) {
        struct ledger_release release = {.job = job,
                                         .token = token,
                                         .counts = {.failures = 1},
                                         .failed = failed,
                                         .failed_count = failures};
        return ledger_release(txn, key, &release);
    }
    struct ledger_finished finished;
    struct ledger_result result = {.job = job,
                                   .token = token,
                                   .outcome = TERM_outcome_COMPLETE,
                                   .collected = count,
                                   .message = msg_str(""),
                                   .tests = tests,
                                   .count = count,
                                   .duration_us = 1000000,
                                   .new_runs = story->new_runs};
    return err == ERR_OK ? ledger_finish_job(txn, key, &result, &finished) : err;
}

static enum err run_jobs(struct store_txn *txn, struct story *story)
{
    struct ledger_open *open = NULL;
    enum err err = ledger_load_run(txn, msg_str(story->run), &open);
    for (size_t i = 0; err == ERR_OK && i < open->runs[0].count; i++) {
        const struct ledger_open_job *job = &open->runs[0].jobs[i];
        const struct file *file = story->files;
        while (!msg_str_is(job->file, file->name)) {
            file++;
        }
        const char *letters = file->attempts;
        while (job->state == JOB_QUEUED && err == ERR_OK && *letters) {
            err = attempt(txn, story, job->job, &letters);
        }
    }
    ledger_open_free(&open);
    return err;
}

static enum err list(struct store_txn *txn, struct story *story, struct ledger_key key)
{
    struct ledger_file files[FILES_MAX];
    uint64_t kept = story->count;
    enum err err = ERR_OK;
    for (size_t i = 0; i < story->count && err == ERR_OK; i++) {
        const struct file *file = &story->files[i];
        files[i] = (struct ledger_file){
            .job = i, .file = msg_str(file->name), .input = msg_str(file->input)};
        bool tell = story->submit.affected ? file->named : story->submit.keyed;
        err = tell ? ledger_add_named(txn, key, &files[i], 1) : ERR_OK;
    }
    err = err == ERR_OK ? ledger_add_affected(txn, key, files, story->count, &kept) : err;
    struct ledger_listing listing = {
        .runner = msg_str("vitest"), .version = msg_str(story->version), .files = kept};
    return err == ERR_OK ? ledger_set_listed(txn, key, &listing) : err;
}

static enum err story_body(struct store_txn *txn, void *arg)
{
    struct story *story = arg;
    struct ledger_key key = {epoch, msg_str(story->run)};
    struct ledger_closing closing = {.reason = msg_str("")};
    struct ledger_page *page = NULL;
    bool fresh = false;
    enum err err = ledger_submit_run(txn, key, &story->submit, &fresh);
    err = err == ERR_OK ? list(txn, story, key) : err;
    err = err == ERR_OK ? ledger_allow_repeats(txn, key, story->repeat_percent) : err;
    err = err == ERR_OK ? run_jobs(txn, story) : err;
    err = err == ERR_OK ? ledger_close_run(txn, key, &closing, &story->totals) : err;
    err = err == ERR_OK && !story->unsealed ? ledger_seal(txn, key) : err;
    err = err == ERR_OK ? ledger_verify(txn, key.run, &story->check) : err;
    err = err == ERR_OK ? ledger_rows_after(txn, key.run, 0,
                                            (struct ledger_limits){FILES_MAX, 1 << 20}, &page)
                        : err;
    if (err == ERR_OK) {
        story->cached = page->run.files_cached;
        story->audited = page->run.files_audited;
        story->left_out = page->run.files_not_affected;
        (void)snprintf(story->note, sizeof story->note, "%.200s", page->run.note.at);
    }
    ledger_page_free(&page);
    return err;
}

/* Plays `with`, and looks whether it balances. */
static struct story play(const struct story *with)
{
    static uint64_t runs;
    struct story story = *with;
    story.submit.dir = msg_str("/project");
    story.submit.runner = msg_str("auto");
    story.submit.files = 1;
    story.submit.wall_ms += 1700000000000 + ++runs;
    story.version = story.version ? story.version : "3.2.4";
    (void)snprintf(story.run, sizeof story.run, "01JD%022llu", (unsigned long long)runs);
    cr_assert_eq(in_txn(story_body, &story), ERR_OK);
    cr_assert(story.check.balanced, "%s", story.check.why);
    return story;
}

static struct story keyed(const struct file *files, size_t count)
{
    return (struct story){
        .submit = {.keyed = true, .reuse_ms = DAY_MS}, .files = files, .count = count};
}

/* ---- new tests ---- */

static struct story repeating(const struct file *files, size_t count)
{
    return (struct story){.submit = {.keyed = true},
                          .files = files,
                          .count = count,
                          .new_runs = 3,
                          .repeat_percent = 10};
}

Test(reuse, runs_files_with_new_tests_three_times_but_not_in_the_first_run)
{
    const struct file first[] = {{"a.test.ts", "", "pp", false}};
    const struct file more[] = {{"a.test.ts", "", "pp", false}, {"b.test.ts", "", "p,p,p", false}};
    const struct file grown[] = {{"a.test.ts", "", "ppp,ppp,ppp", false},
                                 {"b.test.ts", "", "p", false}};
    struct story story = repeating(first, 1);
    cr_expect_eq(play(&story).ran, 1);
    story = repeating(more, 2);
    struct story played = play(&story);
    cr_expect_eq(played.ran, 4);
    cr_expect_eq(played.totals.tests.passed, 3, "each counts once");
    story = repeating(grown, 2);
    cr_expect_eq(play(&story).ran, 4, "a test that is new in a file that is not");
    cr_expect_eq(play(&(struct story){.submit = {.keyed = true},
                                      .files = grown + 1,
                                      .count = 1,
                                      .new_runs = 3,
                                      .repeat_percent = 10})
                     .ran,
                 1, "it is known by now");
}

Test(reuse, calls_a_new_test_flaky_that_disagrees_with_itself)
{
    const struct file first[] = {{"a.test.ts", "", "p", false}};
    const struct file late[] = {{"b.test.ts", "", "pp,pp,pf", false}};
    const struct file retried[] = {{"c.test.ts", "", "pp,pf,pp", false}};
    const struct file broken[] = {{"d.test.ts", "", "pf", false}};
    struct story story = repeating(first, 1);
    (void)play(&story);
    story = repeating(late, 1);
    struct story played = play(&story);
    cr_expect_eq(played.totals.verdict, TERM_verdict_PASSED);
    cr_expect_eq(played.totals.tests.flaky, 1);
    cr_expect_eq(played.totals.tests.passed, 1);
    story.submit.flaky_fails = true;
    story.files = retried;
    played = play(&story);
    cr_expect_eq(played.totals.tests.flaky, 1);
    cr_expect_eq(played.totals.verdict, TERM_verdict_FAILED, "by policy");
    story.files = broken;
    cr_expect_eq(play(&story).totals.tests.failed, 1, "what never passed is red at once");
}

Test(reuse, repeats_new_tests_within_a_share_of_the_time_only)
{
    enum { NEW = 20, FIT = 15 }; /* each takes a second, twice; there are 30 */
    const struct file first[] = {{"a.test.ts", "", "p", false}};
    static char names[NEW][16];
    struct file files[NEW];
    for (size_t i = 0; i < NEW; i++) {
        (void)snprintf(names[i], sizeof names[i], "n%zu.test.ts", i);
        files[i] = (struct file){names[i], "", i < FIT ? "p,p,p" : "p", false};
    }
    struct story story = repeating(first, 1);
    (void)play(&story);
    story = repeating(files, NEW);
    cr_expect_eq(play(&story).ran, 3 * FIT + NEW - FIT);
    const struct file last[] = {{"z.test.ts", "", "p", false}};
    story = repeating(last, 1);
    story.repeat_percent = 0;
    cr_expect_eq(play(&story).ran, 1, "nobody wants it");
}

/* ---- reuse ---- */

Test(reuse, takes_what_has_passed_with_the_same_inputs)
{
    const struct file files[] = {{"a.test.ts", "in", "ppp", false}, {"b.test.ts", "", "pp", false}};
    struct story story = keyed(files, 2);
    cr_expect_eq(play(&story).ran, 2);
    struct story again = play(&story);
    cr_expect_eq(again.ran, 1, "the one whose inputs are not known");
    cr_expect_eq(again.cached, 1);
    cr_expect_eq(again.totals.verdict, TERM_verdict_PASSED);
    cr_expect_eq(again.totals.tests.passed, 5, "cached ones are counted");
    cr_expect_eq(play(&story).cached, 1, "and those of a run that was cached itself");
}

Test(reuse, takes_nothing_of_other_inputs_or_of_another_runner)
{
    const struct file before[] = {{"a.test.ts", "in", "p", false}};
    const struct file after[] = {{"a.test.ts", "other", "p", false}};
    struct story story = keyed(before, 1);
    (void)play(&story);
    struct story changed = keyed(after, 1);
    cr_expect_eq(play(&changed).cached, 0);
    story.version = "3.2.5";
    cr_expect_eq(play(&story).cached, 0);
    story.submit.reuse_ms = 0;
    story.version = NULL;
    cr_expect_eq(play(&story).cached, 0, "nobody wants it");
}

Test(reuse, takes_nothing_that_is_too_old)
{
    const struct file files[] = {{"a.test.ts", "in", "p", false}};
    struct story story = keyed(files, 1);
    (void)play(&story);
    story.submit.wall_ms = DAY_MS / 2;
    cr_expect_eq(play(&story).cached, 1);
    story.submit.wall_ms = DAY_MS + 1000;
    cr_expect_eq(play(&story).cached, 0, "what was cached meanwhile is no younger");
}

Test(reuse, takes_nothing_of_a_run_whose_tree_may_have_changed)
{
    const struct file files[] = {{"a.test.ts", "in", "p", false}};
    struct story story = keyed(files, 1);
    story.unsealed = true;
    (void)play(&story);
    cr_expect_eq(play(&story).cached, 0);
}

Test(reuse, takes_nothing_that_has_ever_failed_with_these_inputs)
{
    const struct file good[] = {{"a.test.ts", "in", "pp", false}};
    const struct file flaky[] = {{"a.test.ts", "in", "pf,pp", false}};
    const struct file bad[] = {{"a.test.ts", "in", "pf", false}};
    struct story story = keyed(bad, 1);
    cr_expect_eq(play(&story).totals.verdict, TERM_verdict_FAILED);
    story.files = good;
    cr_expect_eq(play(&story).cached, 0);
    cr_expect_eq(play(&story).cached, 0, "for good: it depends on something else");
    teardown();
    setup();
    story.files = flaky;
    cr_expect_eq(play(&story).totals.tests.flaky, 1);
    cr_expect_eq(play(&story).cached, 0);
}

/* ---- the audit ---- */

static void name_files(struct file *files, char names[][16], const char *attempts)
{
    for (size_t i = 0; i < FILES_MAX; i++) {
        (void)snprintf(names[i], 16, "f%zu.test.ts", i);
        files[i] = (struct file){names[i], "", attempts, i == 0};
    }
}

Test(reuse, audits_a_sample_of_what_no_change_reaches)
{
    struct file files[FILES_MAX];
    char names[FILES_MAX][16];
    uint64_t audited = 0;
    name_files(files, names, "p");
    struct story story = {
        .submit = {.affected = true, .audit = 5}, .files = files, .count = FILES_MAX};
    for (int i = 0; i < 100; i++) {
        struct story done = play(&story);
        cr_expect_eq(done.ran, 1 + done.audited);
        cr_expect_eq(done.left_out, FILES_MAX - done.ran);
        audited += done.audited;
    }
    double share = (double)audited / (100.0 * (FILES_MAX - 1));
    cr_expect(share > 0.04 && share < 0.06, "%g", share);
}

Test(reuse, leaves_nothing_out_once_an_audited_file_has_failed)
{
    struct file files[FILES_MAX];
    char names[FILES_MAX][16];
    name_files(files, names, "p");
    struct story story = {
        .submit = {.affected = true, .audit = 100}, .files = files, .count = FILES_MAX};
    (void)play(&story);
    files[7].attempts = "f";
    struct story missed = play(&story);
    cr_expect_eq(missed.totals.verdict, TERM_verdict_FAILED);
    cr_expect(strstr(missed.note, "f7.test.ts failed, which could have been left out"), "%s",
              missed.note);
    story.submit.audit = 0;
    struct story whole = play(&story);
    cr_expect_eq(whole.ran, FILES_MAX);
    cr_expect_eq(whole.left_out, 0);
    cr_expect(strstr(whole.note, "everything is run"), "%s", whole.note);
    story.submit.trust = true;
    cr_expect_eq(play(&story).ran, 1);
    story.submit.trust = false;
    story.submit.audit = 100;
    struct story known = play(&story);
    cr_expect_str_empty(known.note, "it was red before, so that is no news: %s", known.note);
}

Test(reuse, audits_what_it_has_in_the_cache)
{
    const struct file good[] = {{"a.test.ts", "in", "p", false}};
    const struct file bad[] = {{"a.test.ts", "in", "f", false}};
    struct story story = keyed(good, 1);
    (void)play(&story);
    story.submit.audit = 100;
    struct story audited = play(&story);
    cr_expect_eq(audited.cached, 0);
    cr_expect_eq(audited.audited, 1);
    story.files = bad;
    cr_expect(strstr(play(&story).note, "could have been left out"));
    story.submit.audit = 0;
    cr_expect(strstr(play(&story).note, "everything is run"));
}

/* ---- policy ---- */

Test(reuse, makes_a_flaky_test_red_when_told_so)
{
    const struct file files[] = {{"a.test.ts", "", "pf,pp", false}};
    struct story story = keyed(files, 1);
    cr_expect_eq(play(&story).totals.verdict, TERM_verdict_PASSED);
    story.submit.flaky_fails = true;
    cr_expect_eq(play(&story).totals.verdict, TERM_verdict_FAILED);
}

Test(reuse, counts_a_failure_in_quarantine_as_flaky_if_it_has_ever_passed)
{
    const struct file good[] = {{"a b.test.ts", "", "pp", false}};
    const struct file bad[] = {{"a b.test.ts", "", "pf", false}};
    struct story story = keyed(bad, 1);
    story.submit.quarantine = msg_str("2030-01-01 x > t1\n2030-01-01 a b.test.ts > t1\n");
    cr_expect_eq(play(&story).totals.verdict, TERM_verdict_FAILED, "it never passed: broken");
    story.files = good;
    (void)play(&story);
    story.files = bad;
    struct story held = play(&story);
    cr_expect_eq(held.totals.verdict, TERM_verdict_PASSED);
    cr_expect_eq(held.totals.tests.flaky, 1, "never hidden");
    story.submit.quarantine = msg_str("2030-01-01 b.test.ts > t1\n2030-01-01 a b.test.ts > t\n");
    cr_expect_eq(play(&story).totals.verdict, TERM_verdict_FAILED, "another test");
}

/* ---- which are flaky ---- */

/* A suite as its runs see it: some tests are flaky, some break for a while, and the machine has bad
 * hours. */
struct suite {
    uint64_t seed;
    double noise;                       /* chance that a stable test fails in a quiet hour */
    double rates[FILES_MAX][TESTS_MAX]; /* of failing; 0: stable */
    uint64_t broken_from[FILES_MAX];    /* the tree in which its first test breaks; 0: none */
    char texts[FILES_MAX][8 * TESTS_MAX];
    struct file files[FILES_MAX];
    char names[FILES_MAX][16];
};

static double draw(struct suite *suite)
{
    /* splitmix64 */
    uint64_t x = suite->seed += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return (double)((x ^ x >> 31) >> 11) / 9007199254740992.0;
}

enum { FLAKY = 12, RUNS = 50, BROKEN_RUNS = 4, RETRIES = 2 };

static struct suite *suite_new(uint64_t seed, double noise)
{
    static const double rates[] = {0.05, 0.07, 0.1, 0.2, 0.35, 0.5};
    struct suite *suite = calloc(1, sizeof *suite);
    cr_assert(suite);
    suite->seed = seed;
    suite->noise = noise;
    name_files(suite->files, suite->names, "");
    for (size_t i = 0; i < FLAKY; i++) {
        size_t file = (size_t)(draw(suite) * FILES_MAX);
        size_t test = 1 + (size_t)(draw(suite) * (TESTS_MAX - 1));
        suite->rates[file][test] = rates[i % 6];
    }
    for (size_t i = 0; i < FILES_MAX; i += 8) {
        suite->broken_from[i] = 1 + (uint64_t)(draw(suite) * RUNS);
    }
    return suite;
}

/* Results of all attempts at a file, until nothing fails or there are no retries left. */
static void play_file(struct suite *suite, size_t file, uint64_t tree, bool busy)
{
    char *to = suite->texts[file];
    for (int i = 0; i <= RETRIES; i++) {
        bool failed = false;
        for (size_t test = 0; test < TESTS_MAX; test++) {
            uint64_t from = suite->broken_from[file];
            bool broken = test == 0 && from > 0 && tree >= from && tree < from + BROKEN_RUNS;
            double noise = busy && i == 0 ? 0.03 : suite->noise;
            bool bad = broken || draw(suite) < suite->rates[file][test] || draw(suite) < noise;
            failed |= bad;
            *to++ = bad ? 'f' : 'p';
        }
        if (!failed || i == RETRIES) {
            break;
        }
        *to++ = ',';
    }
    *to = '\0';
    suite->files[file].attempts = suite->texts[file];
}

struct score {
    const struct suite *suite;
    uint64_t right, wrong, missed, planned, ran;
};

static enum err score(void *arg, const struct ledger_flaky *flaky)
{
    struct score *self = arg;
    unsigned long file = strtoul(flaky->file + 1, NULL, 10);
    unsigned long test = strtoul(flaky->test + 1, NULL, 10);
    bool truth = self->suite->rates[file][test] > 0;
    self->right += flaky->is && truth;
    self->wrong += flaky->is && !truth;
    self->missed += !flaky->is && truth;
    return ERR_OK;
}

static enum err score_body(struct store_txn *txn, void *arg)
{
    struct ledger_flaky_wanted wanted = {.dir = msg_str("/project"), .runs = RUNS};
    return ledger_flaky(txn, &wanted, score, arg);
}

/* Fifty runs of a suite, by all that the ledger does. */
static void add_suite(struct score *sum, uint64_t seed, double noise)
{
    struct suite *suite = suite_new(seed, noise);
    char snapshot[32];
    teardown();
    setup();
    for (uint64_t i = 1; i <= RUNS; i++) {
        uint64_t tree = i - (i % 5 == 0); /* now and then the same one is run again */
        for (size_t file = 0; file < FILES_MAX; file++) {
            play_file(suite, file, tree, i % 17 == 0);
        }
        (void)snprintf(snapshot, sizeof snapshot, "tree%llu", (unsigned long long)tree);
        struct story story = keyed(suite->files, FILES_MAX);
        story.submit.snapshot = msg_str(snapshot);
        sum->ran += play(&story).ran;
        sum->planned += FILES_MAX;
    }
    sum->suite = suite;
    cr_assert_eq(in_txn(score_body, sum), ERR_OK);
    free(suite);
}

Test(reuse, finds_flaky_tests_within_fifty_runs, .timeout = 300)
{
    struct score sum = {.planned = 0};
    for (uint64_t seed = 1; seed <= 8; seed++) {
        add_suite(&sum, seed, 0.000001);
    }
    double precision = (double)sum.right / (double)(sum.right + sum.wrong);
    double recall = (double)sum.right / (double)(sum.right + sum.missed);
    double extra = (double)(sum.ran - sum.planned) / (double)sum.planned;
    (void)fprintf(stderr, "flaky: precision %.3f, recall %.3f, %.1f %% more runs of files\n",
                  precision, recall, 100 * extra);
    cr_expect_geq(precision, 0.95);
    cr_expect_geq(recall, 0.9);
    cr_expect_leq(extra, 0.1);
}

Test(reuse, calls_no_accident_flaky_where_there_are_many, .timeout = 300)
{
    struct score sum = {.planned = 0};
    for (uint64_t seed = 1; seed <= 3; seed++) {
        add_suite(&sum, seed, 0.001);
    }
    double precision = (double)sum.right / (double)(sum.right + sum.wrong);
    (void)fprintf(stderr, "flaky, on a bad machine: precision %.3f, recall %.3f\n", precision,
                  (double)sum.right / (double)(sum.right + sum.missed));
    cr_expect_geq(precision, 0.9);
}
