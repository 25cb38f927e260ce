/* test_sqs_json.c - what SQS is asked and what it answers, and jobs as they lie in a queue. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/sqs_bridge/job.h"
#include "actors/sqs_bridge/sqs_json.h"

#define URL "http://q/1/jobs"

/* ---- requests ---- */

static char *body;

static void free_body(void)
{
    free(body);
    body = NULL;
}

TestSuite(sqs_requests, .fini = free_body);

#define expect_body(err, text)                                                                     \
    do {                                                                                           \
        cr_assert_eq(err, ERR_OK);                                                                 \
        cr_expect_str_eq(body, text);                                                              \
        free_body();                                                                               \
    } while (0)

Test(sqs_requests, have_the_shapes_that_sqs_takes)
{
    const struct sqs_ask ask = {.count = 10, .wait_s = 20, .visibility_s = 60};
    expect_body(sqs_json_receive(URL, &ask, &body),
                "{\"QueueUrl\":\"" URL "\",\"MaxNumberOfMessages\":10,\"WaitTimeSeconds\":20,"
                "\"AttributeNames\":[\"ApproximateReceiveCount\",\"SentTimestamp\"],"
                "\"VisibilityTimeout\":60}");
    const char *const receipts[] = {"r0", "r\"1"};
    expect_body(sqs_json_delete(URL, receipts, 2, &body),
                "{\"QueueUrl\":\"" URL "\",\"Entries\":[{\"ReceiptHandle\":\"r0\",\"Id\":\"0\"},"
                "{\"ReceiptHandle\":\"r\\\"1\",\"Id\":\"1\"}]}");
    const struct sqs_extension extension = {"r0", 30};
    expect_body(sqs_json_extend(URL, &extension, 1, &body),
                "{\"QueueUrl\":\"" URL "\",\"Entries\":[{\"ReceiptHandle\":\"r0\","
                "\"VisibilityTimeout\":30,\"Id\":\"0\"}]}");
    const struct sqs_outgoing outgoing[] = {{.body = {"a\nb", 3}},
                                            {{"c", 1}, .reason = "no", .message_id = "m"}};
    expect_body(sqs_json_send(URL, outgoing, 2, &body),
                "{\"QueueUrl\":\"" URL "\",\"Entries\":[{\"MessageBody\":\"a\\nb\",\"Id\":\"0\"},"
                "{\"MessageBody\":\"c\",\"MessageAttributes\":{\"troupe.reason\":"
                "{\"DataType\":\"String\",\"StringValue\":\"no\"},\"troupe.message\":"
                "{\"DataType\":\"String\",\"StringValue\":\"m\"}},\"Id\":\"1\"}]}");
    expect_body(sqs_json_find_queue("jobs-1_a", &body), "{\"QueueName\":\"jobs-1_a\"}");
    expect_body(sqs_json_count(URL, &body),
                "{\"QueueUrl\":\"" URL "\",\"AttributeNames\":[\"ApproximateNumberOfMessages\","
                "\"ApproximateNumberOfMessagesNotVisible\",\"ApproximateNumberOfMessagesDelayed\"]"
                "}");
    cr_expect_str_eq(sqs_action_name(SQS_ACTION_EXTEND), "ChangeMessageVisibilityBatch");
}

Test(sqs_requests, have_the_limits_of_sqs)
{
    static char longest[SQS_URL_MAX + 2];
    memset(longest, 'a', SQS_URL_MAX + 1);
    struct sqs_ask ask = {.count = 1};
    cr_expect_eq(sqs_json_receive(longest, &ask, &body), ERR_LIMIT);
    cr_expect_eq(sqs_json_receive("", &ask, &body), ERR_MALFORMED);
    ask.count = 0;
    cr_expect_eq(sqs_json_receive(URL, &ask, &body), ERR_MALFORMED);
    ask.count = SQS_BATCH_MAX + 1;
    cr_expect_eq(sqs_json_receive(URL, &ask, &body), ERR_LIMIT);
    ask = (struct sqs_ask){.count = 1, .wait_s = SQS_WAIT_S_MAX + 1};
    cr_expect_eq(sqs_json_receive(URL, &ask, &body), ERR_LIMIT);
    ask = (struct sqs_ask){.count = 1, .visibility_s = SQS_VISIBILITY_S_MAX + 1};
    cr_expect_eq(sqs_json_receive(URL, &ask, &body), ERR_LIMIT);
    const char *const receipts[] = {""};
    cr_expect_eq(sqs_json_delete(URL, receipts, 1, &body), ERR_MALFORMED);
    cr_expect_eq(sqs_json_delete(URL, receipts, 0, &body), ERR_MALFORMED);
    const struct sqs_extension extension = {"r", SQS_VISIBILITY_S_MAX + 1};
    cr_expect_eq(sqs_json_extend(URL, &extension, 1, &body), ERR_LIMIT);
    cr_expect_eq(sqs_json_find_queue("a/b", &body), ERR_MALFORMED);
    cr_expect_eq(sqs_json_count("", &body), ERR_MALFORMED);
    cr_expect_not(sqs_queue_is_sound(""));
    cr_expect_not(sqs_queue_is_sound("a b"));
    cr_expect_not(sqs_queue_is_sound("http://a\x01"));
    cr_expect(sqs_queue_is_sound("jobs-1"));
    cr_expect(sqs_queue_is_sound(URL));
    const struct sqs_outgoing none = {.body = {"", 0}};
    cr_expect_eq(sqs_json_send(URL, &none, 1, &body), ERR_MALFORMED);
    const struct sqs_outgoing large = {.body = {"", SQS_PAYLOAD_MAX + 1}};
    cr_expect_eq(sqs_json_send(URL, &large, 1, &body), ERR_LIMIT);
    const struct sqs_outgoing silent = {.body = {"a", 1}, .reason = ""};
    cr_expect_eq(sqs_json_send(URL, &silent, 1, &body), ERR_MALFORMED);
    cr_expect_null(body);
}

Test(sqs_requests, carry_only_the_characters_that_sqs_takes)
{
    static const char *const bad[] = {
        "\x01", "\x0b",         "\x1f",     "\xef\xbf\xbe",     "\x80", "\xc0\x80",
        "\xc3", "\xed\xa0\x80", "\xe0\x80", "\xf4\x90\x80\x80", "\xff"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        cr_expect_not(sqs_text_allowed((struct sqs_text){bad[i], strlen(bad[i])}), "%zu", i);
    }
    static const char good[] = "\t\r\n a\x7f\xc3\xa4\xe2\x82\xac\xf0\x9d\x84\x9e";
    cr_expect(sqs_text_allowed((struct sqs_text){good, strlen(good)}));
    cr_expect_not(sqs_text_allowed((struct sqs_text){"a\0b", 3}));
}

/* ---- answers ---- */

static struct sqs_answer answer;
static struct sqs_document *document;

static void read_answer(enum sqs_action action, uint64_t status, const char *text)
{
    sqs_json_free(&document);
    const struct sqs_reply reply = {action, 2, status, {text, strlen(text)}};
    sqs_json_answer(&reply, &answer, &document);
}

static void free_document(void)
{
    sqs_json_free(&document);
}

TestSuite(sqs_answers, .fini = free_document);

Test(sqs_answers, bring_messages)
{
    read_answer(SQS_ACTION_RECEIVE, 200,
                "{\"Messages\":[{\"MessageId\":\"m1\",\"ReceiptHandle\":\"r1\",\"Body\":\"a\\nb\","
                "\"Attributes\":{\"ApproximateReceiveCount\":\"3\",\"SentTimestamp\":\"170\"}},"
                "{\"MessageId\":\"m2\",\"ReceiptHandle\":\"r2\",\"Body\":\"\",\"Attributes\":"
                "{\"SentTimestamp\":\"-1\"}}]}");
    cr_assert_eq(answer.err, ERR_OK);
    cr_assert_eq(answer.message_count, 2);
    cr_expect_str_eq(answer.messages[0].id, "m1");
    cr_expect_str_eq(answer.messages[0].receipt, "r1");
    cr_expect_str_eq(answer.messages[0].body.at, "a\nb");
    cr_expect_eq(answer.messages[0].receives, 3);
    cr_expect_eq(answer.messages[0].sent_ms, 170);
    cr_expect_eq(answer.messages[1].body.size, 0);
    cr_expect_eq(answer.messages[1].sent_ms, 0);
    read_answer(SQS_ACTION_RECEIVE, 200, "{}");
    cr_expect_eq(answer.err, ERR_OK);
    cr_expect_eq(answer.message_count, 0);
}

Test(sqs_answers, that_sqs_does_not_give_are_malformed)
{
    static char many[2000] = "{\"Messages\":[";
    for (int i = 0; i < SQS_BATCH_MAX + 1; i++) {
        size_t used = strlen(many);
        (void)snprintf(many + used, sizeof many - used,
                       "%s{\"MessageId\":\"m\",\"ReceiptHandle\":\"r\",\"Body\":\"b\"}",
                       i > 0 ? "," : "");
    }
    (void)strcat(many, "]}");
    static char deep[5000];
    memset(deep, '[', sizeof deep - 1);
    const char *const bad[] = {"",
                               "x",
                               "[]",
                               many,
                               deep,
                               "{\"Messages\":[{\"MessageId\":\"m\",\"Body\":\"b\"}]}",
                               "{\"Messages\":[{\"ReceiptHandle\":\"r\",\"Body\":\"b\"}]}",
                               "{\"Messages\":[{\"MessageId\":\"m\",\"ReceiptHandle\":\"r\"}]}",
                               "{\"Messages\":[7]}"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        read_answer(SQS_ACTION_RECEIVE, 200, bad[i]);
        cr_expect_eq(answer.err, ERR_MALFORMED, "%zu", i);
        cr_expect_eq(answer.message_count, 0, "%zu", i);
    }
    read_answer(SQS_ACTION_RECEIVE, 302, "{}");
    cr_expect_eq(answer.err, ERR_MALFORMED);
    read_answer(SQS_ACTION_FIND_QUEUE, 200, "{\"QueueUrl\":7}");
    cr_expect_eq(answer.err, ERR_MALFORMED);
    read_answer(SQS_ACTION_COUNT, 200, "{\"Attributes\":{\"ApproximateNumberOfMessages\":\"1\"}}");
    cr_expect_eq(answer.err, ERR_MALFORMED);
}

Test(sqs_answers, tell_how_each_entry_fared)
{
    read_answer(SQS_ACTION_DELETE, 200,
                "{\"Successful\":[{\"Id\":\"1\"},{\"Id\":\"7\"},{\"Id\":\"x\"},7],\"Failed\":"
                "[{\"Id\":\"0\",\"SenderFault\":false,\"Code\":\"InternalError\"}]}");
    cr_assert_eq(answer.err, ERR_OK);
    cr_assert_eq(answer.item_count, 2);
    cr_expect_eq(answer.items[0].err, ERR_IO);
    cr_expect_str_eq(answer.items[0].code, "InternalError");
    cr_expect_eq(answer.items[1].err, ERR_OK);
    read_answer(SQS_ACTION_SEND, 200,
                "{\"Failed\":[{\"Id\":\"0\",\"SenderFault\":true,\"Message\":\"w\"}]}");
    cr_expect_eq(answer.items[0].err, ERR_REFUSED);
    cr_expect_str_eq(answer.items[0].why, "w");
    cr_expect_eq(answer.items[1].err, ERR_MALFORMED, "of this one nothing was said");
}

Test(sqs_answers, find_and_count)
{
    read_answer(SQS_ACTION_FIND_QUEUE, 200, "{\"QueueUrl\":\"" URL "\"}");
    cr_expect_eq(answer.err, ERR_OK);
    cr_expect_str_eq(answer.queue_url, URL);
    read_answer(SQS_ACTION_COUNT, 200,
                "{\"Attributes\":{\"ApproximateNumberOfMessages\":\"1\","
                "\"ApproximateNumberOfMessagesNotVisible\":\"2\","
                "\"ApproximateNumberOfMessagesDelayed\":\"3\"}}");
    cr_expect_eq(answer.err, ERR_OK);
    cr_expect_eq(answer.counts.visible, 1);
    cr_expect_eq(answer.counts.hidden, 2);
    cr_expect_eq(answer.counts.delayed, 3);
}

Test(sqs_answers, say_whether_another_attempt_may_help)
{
    static const struct {
        uint64_t status;
        const char *text;
        enum err err;
    } cases[] = {
        {0, "no answer in time", ERR_IO},
        {500, "", ERR_IO},
        {503, "<html>", ERR_IO},
        {429, "", ERR_FULL},
        {400, "{\"__type\":\"com.amazonaws.sqs#ThrottlingException\"}", ERR_FULL},
        {403, "{\"__type\":\"com.amazonaws.sqs#RequestThrottled\"}", ERR_FULL},
        {400, "{\"__type\":\"com.amazonaws.sqs#QueueDoesNotExist\"}", ERR_NOT_FOUND},
        {400, "{\"__type\":\"com.amazonaws.sqs#InvalidAddress\"}", ERR_REFUSED},
        {403, "", ERR_REFUSED},
        {404, "no json", ERR_REFUSED},
        {400, "{\"__type\":7,\"message\":[]}", ERR_REFUSED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        read_answer(SQS_ACTION_RECEIVE, cases[i].status, cases[i].text);
        cr_expect_eq(answer.err, cases[i].err, "%zu: %d", i, answer.err);
    }
    read_answer(SQS_ACTION_RECEIVE, 0, "no answer in time");
    cr_expect_str_eq(answer.why, "no answer in time");
}

Test(sqs_answers, are_told_cut_between_characters)
{
    static char text[2 * SQS_WHY_SIZE + 64] = "{\"message\":\"a";
    for (int i = 0; i < SQS_WHY_SIZE / 2; i++) {
        (void)strcat(text, "\xc3\xa4");
    }
    (void)strcat(text, "\",\"__type\":\"a#b\"}");
    read_answer(SQS_ACTION_SEND, 400, text);
    cr_expect_str_eq(answer.code, "b");
    cr_expect_eq(strlen(answer.why), SQS_WHY_SIZE - 1);
    cr_expect(sqs_text_allowed((struct sqs_text){answer.why, strlen(answer.why)}));
}
