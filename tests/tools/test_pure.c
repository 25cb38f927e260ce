/* test_pure.c - the parts of the command line that need no process: names, paths, rows, lines. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "actors/common/ulid.h"
#include "tools/args.h"
#include "tools/logline.h"
#include "tools/project.h"
#include "tools/results.h"
#include "tools/rounds.h"
#include "tools/table.h"
#include "tools/targets.h"

/* ---- ulid ---- */

Test(ulid, is_the_published_encoding)
{
    char text[ULID_SIZE + 1];
    const uint8_t none[ULID_RANDOM_SIZE] = {0};
    ulid_make(UINT64_C(1469918176385), none, text);
    cr_expect_str_eq(text, "01ARYZ6S410000000000000000");
    uint8_t all[ULID_RANDOM_SIZE];
    memset(all, 0xff, sizeof all);
    ulid_make((UINT64_C(1) << 48) - 1, all, text);
    cr_expect_str_eq(text, "7ZZZZZZZZZZZZZZZZZZZZZZZZZ");
}

Test(ulid, tells_its_time_and_its_kind)
{
    cr_expect(ulid_is_valid("01ARYZ6S410000000000000000"));
    cr_expect(ulid_is_valid("01aryz6s410000000000000000"));
    cr_expect_not(ulid_is_valid("81ARYZ6S410000000000000000"));
    cr_expect_not(ulid_is_valid("01ARYZ6S41000000000000000"));
    cr_expect_not(ulid_is_valid("01ARYZ6S4100000000000000000"));
    cr_expect_not(ulid_is_valid("01ARYZ6S41000000000000000U"));
    cr_expect_eq(ulid_wall_ms("01ARYZ6S410000000000000000"), UINT64_C(1469918176385));
}

/* ---- options ---- */

static const struct arg_option workers = {"workers", "N", "", 0};
static const struct arg_option quiet = {"quiet", "", "", 'q'};
static const struct arg_option *const table[] = {&workers, &quiet};

Test(args, takes_values_flags_letters_and_words)
{
    const char *const argv[] = {"--workers", "3", "--workers=4", "-q", "a", "--", "-q", NULL};
    struct args args = {.argv = argv, .options = table, .count = 2};
    const char *value;
    cr_expect_eq(args_next(&args, &value), 0);
    cr_expect_str_eq(value, "3");
    cr_expect_eq(args_next(&args, &value), 0);
    cr_expect_str_eq(value, "4");
    cr_expect_eq(args_next(&args, &value), 1);
    cr_expect_eq(args_next(&args, &value), ARGS_WORD);
    cr_expect_str_eq(value, "a");
    cr_expect_eq(args_next(&args, &value), ARGS_WORD);
    cr_expect_str_eq(value, "-q");
    cr_expect_eq(args_next(&args, &value), ARGS_END);
}

Test(args, says_what_is_wrong)
{
    static const char *const bad[][3] = {{"--wokers", "3", NULL},
                                         {"--workers", NULL, NULL},
                                         {"--quiet=1", NULL, NULL},
                                         {"-x", NULL, NULL}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct args args = {.argv = bad[i], .options = table, .count = 2};
        const char *value;
        cr_expect_eq(args_next(&args, &value), ARGS_BAD);
        cr_expect_neq(args.why[0], '\0');
    }
}

/* ---- paths ---- */

static void expect_path(const char *from, const char *to)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s", from);
    bool inside = targets_normalise(path);
    cr_expect_eq(inside, to != NULL, "%s", from);
    if (inside && to) {
        cr_expect_str_eq(path, to);
    }
}

Test(targets, normalises_paths_and_refuses_the_outside)
{
    expect_path("a.test.ts", "a.test.ts");
    expect_path("./a//b/./c", "a/b/c");
    expect_path("a/../b", "b");
    expect_path("a/b/../../c", "c");
    expect_path("..a/b..", "..a/b..");
    expect_path("..", NULL);
    expect_path("a/../../b", NULL);
    expect_path("a/..", NULL);
    expect_path("./", NULL);
}

/* ---- rows ---- */

static struct collect *collect;

static void setup(void)
{
    cr_assert_eq(collect_new(&collect), ERR_OK);
}

static void teardown(void)
{
    collect_destroy(&collect);
}

static void row(uint64_t job, uint64_t index)
{
    const struct msg_test_row test = {.head = {MSG_TEST_ROW},
                                      .job = job,
                                      .index = index,
                                      .test = msg_str("name"),
                                      .status = TERM_status_PASSED,
                                      .message = msg_str("")};
    cr_assert_eq(collect_test(collect, &test), ERR_OK);
}

/* How many tests the file came with; -1: it did not count. */
static int file(uint64_t job, uint64_t seq, uint64_t tests)
{
    const struct msg_file_row file_row = {.head = {MSG_FILE_ROW},
                                          .job = job,
                                          .seq = seq,
                                          .file = msg_str("a"),
                                          .worker = msg_str("w"),
                                          .message = msg_str(""),
                                          .tests = tests};
    struct file_result *result = NULL;
    cr_assert_eq(collect_file(collect, &file_row, &result), ERR_OK);
    int count = result ? (int)result->count : -1;
    file_result_free(&result);
    return count;
}

TestSuite(collect, .init = setup, .fini = teardown);

Test(collect, a_file_counts_once_however_often_it_comes)
{
    row(0, 0);
    row(0, 1);
    row(0, 1);
    cr_expect_eq(file(0, 1, 2), 2);
    row(0, 0);
    row(0, 1);
    cr_expect_eq(file(0, 1, 2), -1);
    cr_expect(collect_page(collect, 1));
    cr_expect_eq(collect_count(collect), 1);
    cr_expect_eq(collect_after(collect), 1);
}

Test(collect, a_hole_is_asked_for_again)
{
    cr_expect_eq(file(0, 1, 0), 0);
    row(1, 1); /* its first row was lost */
    cr_expect_eq(file(1, 5, 2), -1);
    cr_expect_eq(file(2, 6, 0), 0);
    cr_expect_not(collect_page(collect, 6));
    cr_expect_eq(collect_after(collect), 4);
    row(1, 0);
    row(1, 1);
    cr_expect_eq(file(1, 5, 2), 2);
    cr_expect_eq(file(2, 6, 0), -1);
    cr_expect(collect_page(collect, 6));
    cr_expect_eq(collect_after(collect), 6);
    cr_expect_eq(collect_count(collect), 3);
}

/* ---- lines ---- */

static void expect_line(const char *text, bool json, const char *expected)
{
    char line[LOG_LINE_MAX];
    const struct log_entry entry = {
        .wall_ms = 1, .level = RT_WARN, .role = "executor-0", .actor = "slot", .text = text};
    cr_expect_eq(log_line(&entry, json, line), strlen(line));
    cr_expect_str_eq(line, expected);
}

Test(logline, has_the_fields_of_the_contract)
{
    expect_line("lost run=01J worker=x", false,
                "ts=1970-01-01T00:00:00.001Z level=warn role=executor-0 actor=slot run=01J "
                "msg=\"lost worker=x\"\n");
    expect_line("a \"b\"\nc\x1b[31m", true,
                "{\"ts\":\"1970-01-01T00:00:00.001Z\",\"level\":\"warn\",\"role\":\"executor-0\","
                "\"actor\":\"slot\",\"msg\":\"a \\\"b\\\" c [31m\"}\n");
}

Test(logline, cuts_what_is_too_long)
{
    char text[3 * LOG_LINE_MAX];
    char line[LOG_LINE_MAX];
    memset(text, '"', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    const struct log_entry entry = {.role = "r", .actor = "a", .text = text};
    for (int json = 0; json < 2; json++) {
        size_t size = log_line(&entry, json == 1, line);
        cr_expect_lt(size, LOG_LINE_MAX);
        cr_expect_eq(line[size - 1], '\n');
        cr_expect_eq(line[size], '\0');
    }
}

/* ---- project ---- */

static char tree[64];

static void put(const char *name, const char *text)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", tree, name);
    FILE *out = fopen(path, "we");
    cr_assert(out && fputs(text, out) >= 0 && fclose(out) == 0);
}

static void make(const char *name)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", tree, name);
    cr_assert_eq(mkdir(path, 0700), 0);
}

static void make_tree(void)
{
    (void)snprintf(tree, sizeof tree, "/tmp/troupe-pure-XXXXXX");
    cr_assert(mkdtemp(tree));
}

static void remove_tree(void)
{
    char command[128];
    (void)snprintf(command, sizeof command, "rm -rf %s", tree);
    cr_assert_eq(system(command), 0);
}

static void expect_root(const char *dir, const char *home, const char *expected)
{
    char path[128];
    char root[PATH_MAX];
    char want[128];
    (void)snprintf(path, sizeof path, "%s%s", tree, dir);
    (void)snprintf(want, sizeof want, "%s%s", tree, expected);
    cr_assert_eq(project_root(path, home, root), ERR_OK);
    cr_expect_str_eq(root, want);
}

TestSuite(project, .init = make_tree, .fini = remove_tree);

Test(project, root_is_the_tree_that_the_project_needs)
{
    make("mono");
    make("mono/app");
    expect_root("/mono/app", NULL, "/mono/app");
    put("mono/package.json", "{\"workspaces\": [\"app\"]}");
    expect_root("/mono/app", NULL, "/mono");
    make("mono/app/.git");
    expect_root("/mono/app", NULL, "/mono/app");
}

Test(project, root_is_never_the_home)
{
    make("home");
    make("home/app");
    make("home/.git");
    char home[128];
    (void)snprintf(home, sizeof home, "%s/home", tree);
    expect_root("/home/app", home, "/home/app");
    expect_root("/home/app", NULL, "/home");
}

static void snapshot(char digest[SNAPSHOT_SIZE + 1])
{
    cr_assert_eq(project_snapshot(tree, digest), ERR_OK);
    cr_assert_eq(strlen(digest), SNAPSHOT_SIZE);
}

Test(project, snapshot_sees_changes_and_only_those)
{
    char first[SNAPSHOT_SIZE + 1];
    char again[SNAPSHOT_SIZE + 1];
    make("src");
    make("node_modules");
    make(".git");
    put("src/a.ts", "1");
    snapshot(first);
    snapshot(again);
    cr_expect_str_eq(first, again);
    put("node_modules/huge.js", "x");
    put(".git/index", "x");
    snapshot(again);
    cr_expect_str_eq(first, again);
    put("node_modules/.package-lock.json", "{}");
    snapshot(again);
    cr_expect_str_neq(first, again);
    snapshot(first);
    put("src/a.ts", "22");
    snapshot(again);
    cr_expect_str_neq(first, again);
    snapshot(first);
    char path[128];
    (void)snprintf(path, sizeof path, "%s/src/a.ts", tree);
    cr_assert_eq(chmod(path, 0700), 0);
    snapshot(again);
    cr_expect_str_neq(first, again);
}

/* ---- tables ---- */

static const struct table_column three[] = {
    {"NAME", false}, {"COUNT", true}, {"PATH", false}, {NULL, false}};

/* Fills a table with rows of texts and shows it in so many columns. */
static char *shown(const char *const *cells, size_t count, size_t width)
{
    struct table rows;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    cr_assert_not_null(out);
    table_init(&rows, three);
    for (size_t i = 0; i < count; i++) {
        cr_assert_eq(table_text(&rows, cells[i]), ERR_OK);
    }
    table_print(&rows, out, &(struct table_style){.width = width, .head = "", .reset = ""});
    table_fini(&rows);
    cr_assert_eq(fclose(out), 0);
    return text;
}

Test(table, is_as_wide_as_what_is_in_it)
{
    char *text = shown((const char *const[]){"a", "7", "/x", "longer", "123456", "/y"}, 6, 0);
    cr_expect_str_eq(text, "NAME     COUNT  PATH\n"
                           "a            7  /x\n"
                           "longer  123456  /y\n");
    free(text);
}

Test(table, keeps_the_end_of_what_is_too_long_for_the_terminal)
{
    const char *const cells[] = {"a", "7", "/home/ann/projects/web"};
    char *text = shown(cells, 3, 25);
    cr_expect_str_eq(text, "NAME  COUNT  PATH\n"
                           "a         7  ...jects/web\n");
    free(text);
    text = shown(cells, 3, 10);
    cr_expect_str_eq(text, "NAME  COUNT  PATH\n"
                           "a         7  ...b\n");
    free(text);
}

Test(table, shows_nothing_that_steers_a_terminal)
{
    char *text = shown((const char *const[]){"\x1b[2Ja\n", "", "caf\xc3\xa9"}, 3, 0);
    cr_expect_str_eq(text, "NAME    COUNT  PATH\n"
                           "?[2Ja?      -  caf\xc3\xa9\n");
    free(text);
}

Test(table, writes_numbers_so_that_they_stay_short)
{
    struct table rows;
    table_init(&rows, three);
    const uint64_t bytes[] = {0, 999, 1000, 9420, 10 << 20, UINT64_MAX};
    const uint64_t ms[] = {999, 59999, 125000, 11520000, 367200000};
    for (size_t i = 0; i < sizeof bytes / sizeof bytes[0]; i++) {
        cr_assert_eq(table_bytes(&rows, bytes[i]), ERR_OK);
    }
    for (size_t i = 0; i < sizeof ms / sizeof ms[0]; i++) {
        cr_assert_eq(table_duration(&rows, ms[i]), ERR_OK);
    }
    cr_assert_eq(table_number(&rows, 999999), ERR_OK);
    cr_assert_eq(table_number(&rows, 1234567), ERR_OK);
    cr_assert_eq(table_number(&rows, UINT64_MAX), ERR_OK);
    static const char *const want[] = {"0",     "999",    "1.0K",  "9.2K",           "10.0M",
                                       "16.0E", "999ms",  "59s",   "2m05s",          "3h12m",
                                       "4d06h", "999999", "1.23M", "18446744073.71G"};
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        cr_expect_str_eq(rows.cells[i], want[i]);
    }
    table_fini(&rows);
}

Test(args, a_letter_may_have_a_value)
{
    const struct arg_option option = {"execute", "COMMAND", "", 'e'};
    const struct arg_option *list[] = {&option};
    const char *const argv[] = {"-e", "nodes", "word", "-e", NULL};
    struct args args = {.argv = argv, .options = list, .count = 1};
    const char *value;
    cr_expect_eq(args_next(&args, &value), 0);
    cr_expect_str_eq(value, "nodes");
    cr_expect_eq(args_next(&args, &value), ARGS_WORD);
    cr_expect_eq(args_next(&args, &value), ARGS_BAD);
    cr_expect(strstr(args.why, "-e needs a value"));
}

/* ---- rounds ---- */

static struct file_result *result_of(const char *name, enum term status, size_t count,
                                     struct test_result *tests)
{
    static struct file_result files[8];
    static size_t used;
    struct file_result *made = &files[used++ % 8];
    *made = (struct file_result){
        .file = strdup(name), .status = status, .tests = tests, .count = count};
    return made;
}

/* Whether a file that had `before` is said to be worse with `after`. */
static const char *worse(struct file_result *before, struct file_result *after)
{
    struct file_result *one[] = {before};
    struct file_result *two[] = {after};
    const struct results was = {.files = one, .count = 1};
    const struct results is = {.files = two, .count = 1};
    const char *file = NULL;
    const char *test = NULL;
    bool found = rounds_worse(&was, &is, &file, &test);
    cr_expect(!found || strcmp(file, after->file) == 0);
    free(before->file);
    free(after->file);
    return found ? test : NULL;
}

Test(rounds, only_what_passed_before_can_be_worse)
{
    enum term good = TERM_status_PASSED, bad = TERM_status_FAILED;
    char a[] = "a", b[] = "b", fresh[] = "new";
    struct test_result was[] = {{.name = a, .status = good}, {.name = b, .status = bad}};
    struct test_result is[] = {
        {.name = b, .status = bad}, {.name = fresh, .status = bad}, {.name = a, .status = good}};
    cr_expect_null(worse(result_of("f", bad, 2, was), result_of("f", bad, 3, is)));
    is[2].status = bad;
    cr_expect_str_eq(worse(result_of("f", bad, 2, was), result_of("f", bad, 3, is)), "a");
    is[2].status = TERM_status_LOST;
    cr_expect_str_eq(worse(result_of("f", bad, 2, was), result_of("f", bad, 3, is)), "a");
    is[2].status = TERM_status_FLAKY;
    cr_expect_null(worse(result_of("f", bad, 2, was), result_of("f", TERM_status_FLAKY, 3, is)));
    cr_expect_str_eq(worse(result_of("f", good, 0, NULL), result_of("f", bad, 0, NULL)), "");
    cr_expect_null(worse(result_of("f", bad, 0, NULL), result_of("f", bad, 0, NULL)));
    cr_expect_null(worse(result_of("e", good, 0, NULL), result_of("f", bad, 0, NULL)));
}
