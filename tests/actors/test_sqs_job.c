/* test_sqs_job.c - jobs as they lie in a queue, and messages that are held. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/sqs_bridge/held.h"

static struct job job;
static char why[JOB_WHY_SIZE];
static const struct job_defaults defaults = {
    .runner = "auto", .env = "PATH=/bin\nLANG=C\n", .retries = 2, .timeout_ms = 9000};

static enum err read_job(const char *text)
{
    job_free(&job);
    return job_read(text, strlen(text), &defaults, &job, why);
}

static void free_job(void)
{
    job_free(&job);
}

TestSuite(sqs_job, .fini = free_job);

Test(sqs_job, needs_a_directory_only)
{
    cr_assert_eq(read_job("{\"dir\":\"/srv/app\"}"), ERR_OK, "%s", why);
    cr_expect_str_eq(job.dir, "/srv/app");
    cr_expect_str_eq(job.root, "/srv/app");
    cr_expect_str_eq(job.runner, "auto");
    cr_expect_str_eq(job.env, "PATH=/bin\nLANG=C\n");
    cr_expect_str_eq(job.run, "");
    cr_expect_eq(job.retries, 2);
    cr_expect_eq(job.timeout_ms, 9000);
    cr_expect_eq(job.fix, TERM_mode_OFF);
    cr_expect_eq(job.heal, TERM_mode_OFF);
    cr_expect_eq(job.files_count, 0);
}

Test(sqs_job, takes_an_empty_text_as_one_not_given)
{
    cr_assert_eq(read_job("{\"dir\":\"/srv/app\",\"runner\":\"\",\"root\":\"\"}"), ERR_OK, "%s",
                 why);
    cr_expect_str_eq(job.runner, "auto");
    cr_expect_str_eq(job.root, "/srv/app");
}

Test(sqs_job, says_everything_that_a_submission_can)
{
    cr_assert_eq(
        read_job("{\"run\":\"01ARZ3NDEKTSV4RRFFQ69G5FAV\",\"dir\":\"/srv/app/web\","
                 "\"root\":\"/srv/app\",\"snapshot\":\"abc\",\"runner\":\"command\","
                 "\"command\":\"sh {}\",\"files\":[\"a b\",\"c/d\"],\"env\":{\"CI\":\"1\","
                 "\"LANG\":\"de\"},\"workers\":3,\"retries\":0,\"timeout_ms\":5,"
                 "\"fail_fast\":true,\"fix\":\"propose\",\"heal\":\"apply\",\"origin\":\"o\"}"),
        ERR_OK, "%s", why);
    cr_expect_str_eq(job.run, "01ARZ3NDEKTSV4RRFFQ69G5FAV");
    cr_expect_str_eq(job.root, "/srv/app");
    cr_expect_str_eq(job.snapshot, "abc");
    cr_expect_str_eq(job.command, "sh {}");
    cr_expect_str_eq(job.origin, "o");
    cr_expect_str_eq(job.env, "CI=1\nLANG=de\nPATH=/bin\n", "a variable stands there once");
    cr_expect_eq(job.workers, 3);
    cr_expect_eq(job.retries, 0);
    cr_expect_eq(job.timeout_ms, 5);
    cr_expect(job.fail_fast);
    cr_expect_eq(job.fix, TERM_mode_PROPOSE);
    cr_expect_eq(job.heal, TERM_mode_APPLY);
    cr_assert_eq(job.files_count, 2);
    cr_expect_str_eq(job.files[1], "c/d");
}

Test(sqs_job, is_refused_with_a_sentence)
{
    static const char *const cases[][2] = {
        {"", "it is not JSON"},
        {"{\"dir\":\"/a\"} x", "it is not JSON"},
        {"{\"dir\":\"/a\",\"dir\":\"/b\"}", "it is not JSON"},
        {"{\"dir\":\"/a\\u0000b\"}", "it is not JSON"},
        {"[]", "not a JSON object"},
        {"{}", "\"dir\" is not an absolute path"},
        {"{\"dir\":\"a\"}", "\"dir\" is not an absolute path"},
        {"{\"dir\":\"/a/../b\"}", "\"dir\" is not an absolute path"},
        {"{\"dir\":7}", "\"dir\" is not a text"},
        {"{\"dir\":\"/a\",\"repository\":\"x\"}", "no key \"repository\""},
        {"{\"dir\":\"/a\",\"\\u00e4\":1}", "no key \"??\""},
        {"{\"dir\":\"/a\",\"root\":\"/b\"}", "\"root\" is not"},
        {"{\"dir\":\"/ab\",\"root\":\"/a\"}", "\"root\" is not"},
        {"{\"dir\":\"/a\",\"run\":\"x\"}", "\"run\" is not a ULID"},
        {"{\"dir\":\"/a\",\"run\":\"81ARZ3NDEKTSV4RRFFQ69G5FAV\"}", "\"run\" is not a ULID"},
        {"{\"dir\":\"/a\",\"run\":\"01ARZ3NDEKTSV4RRFFQ69G5FAVX\"}", "\"run\" is longer"},
        {"{\"dir\":\"/a\",\"workers\":-1}", "\"workers\" is not a whole number"},
        {"{\"dir\":\"/a\",\"retries\":101}", "\"retries\" is not a whole number"},
        {"{\"dir\":\"/a\",\"retries\":1.5}", "\"retries\" is not a whole number"},
        {"{\"dir\":\"/a\",\"fail_fast\":1}", "\"fail_fast\" is neither"},
        {"{\"dir\":\"/a\",\"fix\":\"yes\"}", "\"fix\" is none of"},
        {"{\"dir\":\"/a\",\"heal\":null}", "\"heal\" is none of"},
        {"{\"dir\":\"/a\",\"files\":\"a\"}", "\"files\" is not a list"},
        {"{\"dir\":\"/a\",\"files\":[7]}", "no path"},
        {"{\"dir\":\"/a\",\"files\":[\"\"]}", "no path"},
        {"{\"dir\":\"/a\",\"files\":[\"/a\"]}", "not a path inside"},
        {"{\"dir\":\"/a\",\"files\":[\"b/..\"]}", "not a path inside"},
        {"{\"dir\":\"/a\",\"files\":[\"b\\nc\"]}", "not a path inside"},
        {"{\"dir\":\"/a\",\"files\":[\"b\",\"c\",\"b\"]}", "\"files\" has b twice"},
        {"{\"dir\":\"/a\",\"env\":[]}", "\"env\" is not an object"},
        {"{\"dir\":\"/a\",\"env\":{\"A B\":\"\"}}", "no name of a variable"},
        {"{\"dir\":\"/a\",\"env\":{\"\":\"\"}}", "no name of a variable"},
        {"{\"dir\":\"/a\",\"env\":{\"A\":7}}", "not a text of one line"},
        {"{\"dir\":\"/a\",\"env\":{\"A\":\"\\n\"}}", "not a text of one line"},
        {"{\"dir\":\"/a\",\"runner\":\"command\",\"files\":[\"a\"]}", "needs \"command\""},
        {"{\"dir\":\"/a\",\"runner\":\"command\",\"command\":\"a\"}", "needs \"command\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cr_expect_eq(read_job(cases[i][0]), ERR_MALFORMED, "%s", cases[i][0]);
        cr_expect(strstr(why, cases[i][1]), "%s: %s", cases[i][0], why);
    }
}

/* A text of `size` bytes between two others. */
static char *with_long(const char *before, size_t size, const char *after)
{
    char *text = malloc(strlen(before) + size + strlen(after) + 1);
    cr_assert_not_null(text);
    (void)strcpy(text, before);
    memset(text + strlen(before), 'a', size);
    (void)strcpy(text + strlen(before) + size, after);
    return text;
}

static enum err read_long(const char *before, size_t size, const char *after)
{
    char *text = with_long(before, size, after);
    enum err err = read_job(text);
    free(text);
    return err;
}

Test(sqs_job, has_limits)
{
    cr_expect_eq(read_long("{\"dir\":\"/", MSG_MAX_submit_dir - 1, "\"}"), ERR_OK);
    cr_expect_eq(read_long("{\"dir\":\"/", MSG_MAX_submit_dir, "\"}"), ERR_MALFORMED);
    cr_expect_str_eq(why, "\"dir\" is longer than 4096 bytes");
    size_t inherited = strlen(defaults.env);
    size_t room = MSG_MAX_submit_env - inherited - strlen("A=\n");
    cr_expect_eq(read_long("{\"dir\":\"/a\",\"env\":{\"A\":\"", room, "\"}}"), ERR_OK);
    cr_expect_eq(strlen(job.env), MSG_MAX_submit_env);
    cr_expect_eq(read_long("{\"dir\":\"/a\",\"env\":{\"A\":\"", room + 1, "\"}}"), ERR_MALFORMED);
    cr_expect_eq(read_long("{\"dir\":\"/a\",\"env\":{\"A\":\"", MSG_MAX_submit_env, "\"}}"),
                 ERR_MALFORMED);
    cr_expect_eq(read_long("{\"dir\":\"/a\",\"files\":[\"", MSG_MAX_run_file_file, "\"]}"), ERR_OK);
    cr_expect_eq(read_long("{\"dir\":\"/a\",\"files\":[\"", MSG_MAX_run_file_file + 1, "\"]}"),
                 ERR_MALFORMED);
    cr_expect_eq(read_long("", JOB_BYTES_MAX + 1, ""), ERR_MALFORMED);
    cr_expect_str_eq(why, "it is longer than 524288 bytes");
}

Test(sqs_job, names_not_too_many_files)
{
    for (size_t count = JOB_FILES_MAX; count <= JOB_FILES_MAX + 1; count++) {
        char *text = malloc(32 + count * 16);
        cr_assert_not_null(text);
        char *at = text + sprintf(text, "{\"dir\":\"/a\",\"files\":[");
        for (size_t i = 0; i < count; i++) {
            at += sprintf(at, "%s\"f%zu\"", i > 0 ? "," : "", i);
        }
        (void)strcpy(at, "]}");
        cr_expect_eq(read_job(text), count > JOB_FILES_MAX ? ERR_MALFORMED : ERR_OK, "%s", why);
        free(text);
    }
}

Test(sqs_job, is_written_as_it_is_read)
{
    static const char *files[] = {"a", "\xc3\xa4 \"b\""};
    const struct job given = {.run = "01ARZ3NDEKTSV4RRFFQ69G5FAV",
                              .dir = "/a/b",
                              .root = "/a",
                              .snapshot = "s",
                              .runner = "command",
                              .command = "sh {}",
                              .origin = "o",
                              .env = "A=1\nB==\nC=\n",
                              .workers = 1,
                              .retries = 3,
                              .timeout_ms = 4,
                              .fail_fast = true,
                              .fix = TERM_mode_APPLY,
                              .heal = TERM_mode_PROPOSE,
                              .files = files,
                              .files_count = 2};
    char *text = NULL;
    cr_assert_eq(job_write(&given, &text), ERR_OK);
    cr_assert_eq(read_job(text), ERR_OK, "%s: %s", text, why);
    cr_expect_str_eq(job.run, given.run);
    cr_expect_str_eq(job.root, "/a");
    cr_expect_str_eq(job.env, "A=1\nB==\nC=\nPATH=/bin\nLANG=C\n");
    cr_expect_str_eq(job.files[1], files[1]);
    cr_expect_eq(job.retries, 3);
    cr_expect(job.fail_fast);
    cr_expect_eq(job.fix, TERM_mode_APPLY);
    char *again = NULL;
    job.env = given.env;
    cr_assert_eq(job_write(&job, &again), ERR_OK);
    cr_expect_str_eq(again, text);
    free(again);
    free(text);
    cr_expect_eq(job_write(&(struct job){.dir = "/a"}, &text), ERR_OK);
    cr_expect_str_eq(text, "{\"dir\":\"/a\",\"workers\":0,\"retries\":0,\"timeout_ms\":0}");
    free(text);
    cr_expect_eq(job_write(&(struct job){.env = "no equals"}, &text), ERR_MALFORMED);
    cr_expect_eq(job_write(&(struct job){.dir = "\xff"}, &text), ERR_MALFORMED);
}

Test(sqs_job, has_one_run_however_often_it_is_delivered)
{
    char first[JOB_RUN_SIZE + 1];
    char second[JOB_RUN_SIZE + 1];
    cr_assert_eq(job_run("a-message", 1469918176385, first), ERR_OK);
    cr_assert_eq(job_run("a-message", 1469918176385, second), ERR_OK);
    cr_expect_str_eq(first, second);
    cr_expect_eq(strncmp(first, "01ARYZ6S41", 10), 0, "%s: the time of the ULID's own example",
                 first);
    cr_assert_eq(job_run("b-message", 1469918176385, second), ERR_OK);
    cr_expect_str_neq(first, second);
    char text[64];
    (void)snprintf(text, sizeof text, "{\"dir\":\"/a\",\"run\":\"%s\"}", first);
    cr_expect_eq(read_job(text), ERR_OK);
    cr_assert_eq(job_run("", UINT64_MAX, first), ERR_OK);
    (void)snprintf(text, sizeof text, "{\"dir\":\"/a\",\"run\":\"%s\"}", first);
    cr_expect_eq(read_job(text), ERR_OK, "%s", why);
}

/* ---- messages ---- */

static struct held held;

static void held_setup(void)
{
    cr_assert_eq(held_init(&held,
                           &(struct held_options){
                               .places = 3, .backoff_ms = 100, .backoff_ms_max = 400, .random = 1}),
                 ERR_OK);
}

static void held_teardown(void)
{
    held_fini(&held);
}

TestSuite(held, .init = held_setup, .fini = held_teardown);

static struct held_message *take(const char *id, const char *receipt, enum err expected)
{
    struct held_message *message = NULL;
    const struct sqs_message received = {
        .id = id, .receipt = receipt, .body = {"body", 4}, .sent_ms = 7};
    cr_expect_eq(held_take(&held, &received, 1000, &message), expected, "%s", id);
    return message;
}

Test(held, keeps_as_many_as_it_has_places_for)
{
    (void)take("a", "r", ERR_OK);
    (void)take("b", "r", ERR_OK);
    struct held_message *c = take("c", "r", ERR_OK);
    cr_expect_eq(held_room(&held), 0);
    (void)take("d", "r", ERR_FULL);
    uint64_t serial = c->serial;
    held_drop(&held, c);
    cr_expect_null(held_find(&held, serial));
    struct held_message *d = take("d", "r", ERR_OK);
    cr_expect_neq(d->serial, serial, "whoever asks for c must not find d");
    cr_expect_str_eq(d->body, "body");
}

Test(held, takes_the_newest_receipt)
{
    struct held_message *a = take("a", "old", ERR_OK);
    struct held_message *picked;
    held_enter(a, HELD_DELETE);
    cr_assert_eq(held_pick(&held, HELD_DELETE, 0, &picked, 1), 1);
    (void)take("a", "new", ERR_EXISTS);
    cr_expect_str_eq(a->receipt, "new");
    cr_expect(a->renewed);
    held_enter(a, HELD_DELETE);
    cr_assert_eq(held_pick(&held, HELD_DELETE, 0, &picked, 1), 1);
    cr_expect_not(a->renewed);
    cr_expect_eq(held.count, 1);
}

Test(held, hands_out_what_is_due_once)
{
    struct held_message *picked[3];
    struct held_message *a = take("a", "r", ERR_OK);
    (void)take("b", "r", ERR_OK);
    cr_expect_eq(held_pick(&held, HELD_SUBMIT, 0, picked, 1), 1);
    cr_expect_eq(held_pick(&held, HELD_SUBMIT, 0, picked + 1, 2), 1);
    cr_expect_eq(held_due_ms(&held, HELD_SUBMIT), UINT64_MAX);
    held_delay(&held, a, 50);
    uint64_t due = held_due_ms(&held, HELD_SUBMIT);
    cr_expect(due >= 50 && due <= 150, "%llu", (unsigned long long)due);
    cr_expect_eq(held_pick(&held, HELD_SUBMIT, due - 1, picked, 3), 0);
    cr_expect_eq(held_pick(&held, HELD_SUBMIT, due, picked, 3), 1);
    held_delay(&held, a, 1000000);
    held_hurry(&held, HELD_SUBMIT);
    cr_expect_eq(held_pick(&held, HELD_SUBMIT, 0, picked, 3), 1);
}

Test(held, knows_who_was_asked_for)
{
    struct held_message *a = take("a", "r", ERR_OK);
    held_asked(a, 9);
    cr_expect_eq(held_find_ask(&held, 9), a);
    cr_expect_null(held_find_ask(&held, 0));
    cr_expect_eq(held_count(&held, HELD_ASKED), 1);
    held_delay(&held, a, 0);
    cr_expect_null(held_find_ask(&held, 9));
    cr_expect_eq(held_count(&held, HELD_SUBMIT), 1);
    cr_expect_eq(a->tries, 1);
    held_asked(a, 10);
    cr_expect_eq(a->tries, 1, "what failed still counts");
}

Test(held, extends_in_time)
{
    struct held_message *picked[3];
    struct held_message *a = take("a", "r", ERR_OK);
    (void)take("b", "r", ERR_OK);
    cr_expect_eq(held_extend_ms(&held), 1000);
    cr_expect_eq(held_pick_extend(&held, 999, picked, 3), 0);
    cr_expect_eq(held_pick_extend(&held, 1000, picked, 3), 2);
    cr_expect_eq(held_extend_ms(&held), UINT64_MAX);
    a->extending = false;
    a->extend_ms = UINT64_MAX;
    cr_expect_eq(held_pick_extend(&held, UINT64_MAX, picked, 3), 0, "never again");
}
