/* test_queues.c - the file of the queues, and a server that is played here. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/sqs_bridge/queues_apply.h"

static struct config_report reports[2];
static struct queues *queues;

static enum err load(const char *text)
{
    queues_destroy(&queues);
    return queues_load_text("q.yml", text, strlen(text), &queues, reports);
}

static void free_queues(void)
{
    queues_destroy(&queues);
}

TestSuite(queues_file, .fini = free_queues);
TestSuite(queues_apply, .fini = free_queues);

#define PAIR                                                                                       \
    "queues:\n  jobs:\n    visibility_s: 60\n    dead_letter: old\n    receives_max: 5\n  old:\n"  \
    "    retention_s: 1209600\n"

Test(queues_file, puts_dead_letters_before_those_that_use_them)
{
    cr_assert_eq(load(PAIR), ERR_OK);
    cr_assert_eq(queues->count, 2);
    cr_expect_str_eq(queues->list[0].name, "old");
    cr_expect_str_eq(queues->list[1].name, "jobs");
    cr_expect_eq(queues->list[1].dead_letter_at, 0);
    cr_expect_eq(queues->list[1].receives_max, 5);
    cr_expect(queues->list[1].has[QUEUE_VISIBILITY_S]);
    cr_expect_not(queues->list[1].has[QUEUE_RETENTION_S], "what is not said stays as it is");
    cr_expect_eq(reports[QUEUES_WARNINGS].count, 0);
}

Test(queues_file, takes_older_names_and_tells_each)
{
    cr_assert_eq(
        load("queues:\n  a:\n    visibility_timeout: 7\n    MessageRetentionPeriod: 60\n"
             "    dead_letter_queue: b\n    maxReceiveCount: 3\n  b: {delay_seconds: 4}\n"),
        ERR_OK);
    cr_expect_eq(queues->list[1].numbers[QUEUE_VISIBILITY_S], 7);
    cr_expect_eq(queues->list[1].numbers[QUEUE_RETENTION_S], 60);
    cr_expect_eq(queues->list[1].receives_max, 3);
    cr_expect_eq(queues->list[0].numbers[QUEUE_DELAY_S], 4);
    cr_expect_eq(reports[QUEUES_WARNINGS].count, 5);
    cr_expect(strstr(reports[QUEUES_WARNINGS].lines[0],
                     "q.yml:3:5: visibility_timeout is an older name: write visibility_s"),
              "%s", reports[QUEUES_WARNINGS].lines[0]);
}

static void expect_refused(const char *text, const char *what)
{
    cr_assert_eq(load(text), ERR_CONFIG, "taken: %s", text);
    cr_expect(strstr(reports[QUEUES_PROBLEMS].lines[0], what), "%s: %s", what,
              reports[QUEUES_PROBLEMS].lines[0]);
}

Test(queues_file, refuses_what_sqs_would)
{
    expect_refused("", "the file");
    expect_refused("# nothing\n", "the file");
    expect_refused("queues: {}\n", "a queue at least");
    expect_refused("queues:\n  a b: {}\n", "letters, digits");
    expect_refused("queues:\n  .fifo: {}\n", "letters, digits");
    expect_refused("queues:\n  a: {wait_s: 21}\n", "wait_s");
    expect_refused("queues:\n  a: {retention_s: 59}\n", "at least 60");
    expect_refused("queues:\n  a: {}\n  a: {}\n", "again");
    expect_refused("queues:\n  a: {wait_s: 1, ReceiveMessageWaitTimeSeconds: 2}\n", "two names");
    expect_refused("queues:\n  a: {dead_letter: b}\n  b: {}\n", "or neither");
    expect_refused("queues:\n  a: {dead_letter: b, receives_max: 2}\n", "should stand here");
    expect_refused("queues:\n  a: {dead_letter: a, receives_max: 2}\n", "should stand here");
    expect_refused("queues:\n  a.fifo: {dead_letter: b, receives_max: 2}\n  b: {}\n", "FIFO");
    expect_refused("queues:\n  a: {deduplicate: true}\n", ".fifo");
    expect_refused("queues:\n  a: {colour: 1}\n", "colour");
}

Test(queues_file, has_at_most_as_many_queues_as_there_is_room_for)
{
    char text[2048] = "queues:\n";
    for (int i = 0; i <= QUEUES_MAX; i++) {
        size_t used = strlen(text);
        (void)snprintf(text + used, sizeof text - used, "  q%d: {}\n", i);
    }
    cr_expect_eq(load(text), ERR_CONFIG);
    *strstr(text, "  q32") = '\0';
    cr_expect_eq(load(text), ERR_OK);
    cr_expect_eq(queues->count, QUEUES_MAX);
}

/* ---- applying ---- */

static struct queues_apply apply;
static char trace[4096];

/* Notes the next request and answers it. */
static bool step(uint64_t status, const char *answer)
{
    char *body = NULL;
    cr_assert_eq(queues_apply_next(&apply, &body), ERR_OK);
    cr_assert(body, "nothing more was asked");
    size_t used = strlen(trace);
    (void)snprintf(trace + used, sizeof trace - used, "%s %s\n", queues_action_name(apply.action),
                   body);
    free(body);
    return queues_apply_take(&apply, status, (struct sqs_text){answer, strlen(answer)});
}

static void begin(const char *text, bool check)
{
    trace[0] = '\0';
    cr_assert_eq(load(text), ERR_OK);
    queues_apply_start(&apply, queues, check);
}

static void expect_end(void)
{
    char *body = NULL;
    cr_assert_eq(queues_apply_next(&apply, &body), ERR_OK);
    cr_expect_null(body);
}

#define MISSING      "{\"__type\":\"com.amazonaws.sqs#QueueDoesNotExist\",\"message\":\"no\"}"
#define URL_IS(name) "{\"QueueUrl\":\"http://s/1/" name "\"}"
#define OLD_IS       "{\"Attributes\":{\"QueueArn\":\"arn:old\",\"MessageRetentionPeriod\":\"1209600\"}}"
#define JOBS_ARE(visibility, count)                                                                \
    "{\"Attributes\":{\"QueueArn\":\"arn:jobs\",\"VisibilityTimeout\":\"" visibility               \
    "\",\"RedrivePolicy\":\"{\\\"deadLetterTargetArn\\\":\\\"arn:old\\\","                         \
    "\\\"maxReceiveCount\\\":" count "}\"}}"

Test(queues_apply, makes_what_is_missing_dead_letters_first)
{
    begin(PAIR, false);
    cr_expect_not(step(400, MISSING));
    cr_expect_not(step(200, URL_IS("old")));
    cr_expect_not(step(200, OLD_IS));
    cr_expect_not(step(400, MISSING));
    cr_expect_not(step(200, URL_IS("jobs")));
    cr_expect_not(step(200, JOBS_ARE("60", "5")));
    expect_end();
    cr_expect_str_eq(
        trace, "GetQueueUrl {\"QueueName\":\"old\"}\n"
               "CreateQueue {\"QueueName\":\"old\",\"Attributes\":{\"MessageRetentionPeriod\":"
               "\"1209600\"}}\n"
               "GetQueueAttributes {\"QueueUrl\":\"http://s/1/old\",\"AttributeNames\":[\"All\"]}\n"
               "GetQueueUrl {\"QueueName\":\"jobs\"}\n"
               "CreateQueue {\"QueueName\":\"jobs\",\"Attributes\":{\"VisibilityTimeout\":\"60\","
               "\"RedrivePolicy\":\"{\\\"deadLetterTargetArn\\\":\\\"arn:old\\\","
               "\\\"maxReceiveCount\\\":5}\"}}\n"
               "GetQueueAttributes {\"QueueUrl\":\"http://s/1/jobs\",\"AttributeNames\":[\"All\"]"
               "}\n");
    cr_expect_eq(apply.states[1].outcome, QUEUE_CREATED);
    cr_expect(queues_apply_good(&apply));
}

Test(queues_apply, sets_what_is_different_and_looks_whether_it_was_kept)
{
    begin(PAIR, false);
    (void)step(200, URL_IS("old"));
    (void)step(200, OLD_IS);
    (void)step(200, URL_IS("jobs"));
    (void)step(200, JOBS_ARE("30", "5"));
    cr_expect_str_eq(apply.states[1].why, "visibility_s 30 is not 60");
    (void)step(200, "{}");
    (void)step(200, JOBS_ARE("60", "\\\"5\\\""));
    expect_end();
    cr_expect_eq(apply.states[0].outcome, QUEUE_SAME);
    cr_expect_eq(apply.states[1].outcome, QUEUE_CHANGED);
    cr_expect(strstr(trace, "SetQueueAttributes {\"QueueUrl\":\"http://s/1/jobs\",\"Attributes\":{"
                            "\"VisibilityTimeout\":\"60\""));
}

Test(queues_apply, fails_when_a_server_keeps_its_own_value)
{
    begin(PAIR, false);
    (void)step(200, URL_IS("old"));
    (void)step(200, OLD_IS);
    (void)step(200, URL_IS("jobs"));
    (void)step(200, JOBS_ARE("30", "5"));
    (void)step(200, "{}");
    (void)step(200, JOBS_ARE("30", "5"));
    expect_end();
    cr_expect_eq(apply.states[1].outcome, QUEUE_FAILED);
    cr_expect_not(queues_apply_good(&apply));
}

Test(queues_apply, changes_nothing_when_it_checks)
{
    begin(PAIR, true);
    (void)step(400, MISSING);
    (void)step(200, URL_IS("jobs"));
    (void)step(200, JOBS_ARE("60", "4"));
    expect_end();
    cr_expect_not(strstr(trace, "Create"));
    cr_expect_not(strstr(trace, "Set"));
    cr_expect_eq(apply.states[0].outcome, QUEUE_MISSING);
    cr_expect_eq(apply.states[1].outcome, QUEUE_DIFFERENT);
    cr_expect_str_eq(apply.states[1].why, "dead_letter arn:old is not old");
}

Test(queues_apply, asks_again_so_often_and_then_nobody_else)
{
    begin(PAIR, false);
    for (int i = 1; i < QUEUES_ATTEMPTS; i++) {
        cr_expect(step(i % 2 ? 503 : 0, "out of order"));
    }
    cr_expect_not(step(500, ""));
    expect_end();
    cr_expect_eq(apply.states[0].outcome, QUEUE_FAILED);
    cr_expect_eq(apply.states[1].outcome, QUEUE_NOT_ASKED);
}

Test(queues_apply, takes_no_answer_that_is_none)
{
    begin(PAIR, false);
    cr_expect_not(step(200, "{\"QueueUrl\":7}"));
    expect_end();
    cr_expect_eq(apply.states[0].outcome, QUEUE_FAILED);
    cr_expect(strstr(apply.states[0].why, "not what SQS answers"));
}

/* ElasticMQ has no retention: what cannot be there is told, and no reason to try for ever. */
Test(queues_apply, tells_what_a_server_does_not_have)
{
    begin("queues:\n  a: {retention_s: 60}\n", false);
    (void)step(200, URL_IS("a"));
    (void)step(200, "{\"Attributes\":{\"QueueArn\":\"arn:a\"}}");
    expect_end();
    cr_expect_eq(apply.states[0].outcome, QUEUE_SAME);
    cr_expect_str_eq(apply.states[0].why, "the server has no retention_s");
}
