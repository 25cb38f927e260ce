/* test_sqs_bridge.c - what becomes of a message, whoever fails meanwhile.
 *
 * The bridge holds one message at a time here, so that what it asks for has an order.
 */
#include <stdio.h>
#include <string.h>

#include "actors/sqs_bridge/sqs_bridge.h"
#include "tests/support/probe.h"

#define URL  "http://q/1/jobs"
#define DEAD "http://q/1/dead"
#define POST "http POST http://sqs.test/ body="
#define RUN  "01ARZ3NDEKTSV4RRFFQ69G5FAV"
#define RECEIVE(count)                                                                             \
    POST "{\"QueueUrl\":\"" URL "\",\"MaxNumberOfMessages\":" count ",\"WaitTimeSeconds\":20,"     \
         "\"AttributeNames\":[\"ApproximateReceiveCount\",\"SentTimestamp\"],"                     \
         "\"VisibilityTimeout\":60}\n"
#define DELETE(receipt)                                                                            \
    POST "{\"QueueUrl\":\"" URL "\",\"Entries\":[{\"ReceiptHandle\":\"" receipt                    \
         "\",\"Id\":\"0\"}]}\n"
#define SUBMIT                                                                                     \
    "-> coordinator ask SUBMIT run=" RUN " dir=/app runner=auto command= env=PATH=/bin\n"          \
    " workers=0 retries=0 fail_fast=false timeout_ms=0 files=1 root=/app snapshot=" RUN            \
    " fix=1 heal=1 origin= held=false affected=false keyed=false reuse_ms=0 audit=0 trust=false"   \
    " flaky_fails=false quarantine=\n"
#define FILE_A "-> coordinator RUN_FILE run=" RUN " index=0 file=a why= input=\n"
#define JOB    "{\\\"run\\\":\\\"" RUN "\\\",\\\"dir\\\":\\\"/app\\\",\\\"files\\\":[\\\"a\\\"]}"

static struct probe *probe;
static struct rt_address coordinator;
static struct config config;
static struct credentials credentials = {.access_key = "AKID", .secret = "hush", .token = "hist"};
static const struct sqs_bridge_arg arg = {&credentials, "PATH=/bin\n"};

static void open_probe(void)
{
    probe = probe_open(&(struct probe_options){
        .behaviour = &sqs_bridge_behaviour, .config = &config, .arg = &arg, .size = sizeof arg});
    coordinator = probe_peer(probe, "coordinator");
}

static void setup(void)
{
    config_defaults(&config);
    (void)strcpy(config.sqs.endpoint, "http://sqs.test");
    (void)strcpy(config.sqs.region, "eu-central-1");
    (void)strcpy(config.sqs.queue, URL);
    (void)strcpy(config.sqs.dead_letter, DEAD);
    config.sqs.held_max = 1;
    config.sqs.counts_ms = 0;
    config.sqs.attempts_max = 3;
    open_probe();
}

static void teardown(void)
{
    probe_close(&probe);
}

TestSuite(sqs_bridge, .init = setup, .fini = teardown);

/* The trace without its times and spaces that hang on them, since delays are random. */
static const char *trace(void)
{
    static char text[65536];
    const char *at = probe_trace(probe);
    size_t used = 0;
    while (*at) {
        const char *line = at[0] == '[' ? strstr(at, "] ") + 2 : at;
        size_t size = strcspn(line, "\n") + 1;
        cr_assert_lt(used + size, sizeof text);
        memcpy(text + used, line, size);
        used += size;
        at = line + size;
    }
    text[used] = '\0';
    return text;
}

#define expect(text) cr_expect_str_eq(trace(), text)

static void answer_to(uint64_t id, uint64_t status, const char *body)
{
    probe_http_event(probe, MSG(http_done, .id = id, .status = status, .headers = msg_str(""),
                                .body = msg_str(body), .error = msg_str("")));
}

/* The answer of SQS to the newest request. */
static void answer(const char *body)
{
    answer_to(probe_http(probe), 200, body);
}

static void fail(void)
{
    probe_http_event(probe, MSG(http_done, .id = probe_http(probe), .headers = msg_str(""),
                                .body = msg_str(""), .error = msg_str("connection refused")));
}

static void deliver(const char *receipt, const char *body)
{
    char text[2048];
    (void)snprintf(text, sizeof text,
                   "{\"Messages\":[{\"MessageId\":\"m1\",\"ReceiptHandle\":\"%s\",\"Body\":\"%s\","
                   "\"Attributes\":{\"SentTimestamp\":\"1469918176385\"}}]}",
                   receipt, body);
    answer(text);
}

static void done_all(void)
{
    answer("{\"Successful\":[{\"Id\":\"0\"}]}");
}

static void coordinator_up(void)
{
    probe_role_up(probe, TERM_role_COORDINATOR, coordinator);
}

static void submitted(void)
{
    probe_answer(probe, coordinator, MSG(submitted, .run = msg_str(RUN)));
}

static void refuse(enum err reason)
{
    probe_answer(probe, coordinator, MSG(failed, .type = MSG_SUBMIT, .reason = reason));
}

/* Until it asks the coordinator. */
static void begin(void)
{
    coordinator_up();
    deliver("r1", JOB);
    (void)trace();
}

/* ---- the way of a message ---- */

Test(sqs_bridge, receives_nothing_without_a_coordinator)
{
    expect("role sqs_bridge\n");
    probe_advance(probe, 60000);
    expect("");
    coordinator_up();
    expect(RECEIVE("1"));
}

Test(sqs_bridge, signs_what_it_asks)
{
    coordinator_up();
    const char *headers = probe_http_headers(probe);
    cr_expect(strstr(headers, "X-Amz-Target: AmazonSQS.ReceiveMessage\n"), "%s", headers);
    cr_expect(strstr(headers, "Authorization: AWS4-HMAC-SHA256 Credential=AKID/"), "%s", headers);
    cr_expect(strstr(headers, "X-Amz-Security-Token: hist\n"), "%s", headers);
    cr_expect_null(strstr(headers, "hush"));
}

Test(sqs_bridge, deletes_only_after_the_commit)
{
    coordinator_up();
    (void)trace();
    deliver("r1", JOB);
    expect(SUBMIT FILE_A);
    probe_advance(probe, 5000);
    expect("");
    submitted();
    expect(DELETE("r1"));
    done_all();
    expect(RECEIVE("1"));
}

Test(sqs_bridge, makes_the_name_of_the_run_from_the_message)
{
    char first[256];
    coordinator_up();
    deliver("r1", "{\\\"dir\\\":\\\"/app\\\"}");
    (void)snprintf(first, sizeof first, "%.*s", 200, strstr(trace(), "SUBMIT run="));
    probe_close(&probe);
    open_probe();
    coordinator_up();
    deliver("r2", "{\\\"dir\\\":\\\"/app\\\"}");
    char second[256];
    (void)snprintf(second, sizeof second, "%.*s", 200, strstr(trace(), "SUBMIT run="));
    cr_expect_str_eq(first, second);
    cr_expect(strncmp(first, "SUBMIT run=01ARYZ6S41", 21) == 0, "%s", first);
}

Test(sqs_bridge, asks_again_after_an_empty_answer)
{
    coordinator_up();
    (void)trace();
    answer("{}");
    expect("");
    probe_advance(probe, 20);
    expect(RECEIVE("1"));
}

/* ---- the coordinator fails ---- */

Test(sqs_bridge, submits_again_what_a_full_coordinator_refused)
{
    begin();
    for (int i = 0; i < 5; i++) { /* more often than attempts_max: it is a matter of time */
        refuse(ERR_FULL);
        expect("");
        probe_advance(probe, 5000);
        expect(SUBMIT FILE_A);
    }
    submitted();
    expect(DELETE("r1"));
}

Test(sqs_bridge, submits_again_to_the_next_coordinator)
{
    begin();
    probe_node_down(probe, coordinator);
    probe_advance(probe, 5000);
    expect("");
    coordinator = probe_peer(probe, "coordinator");
    coordinator_up();
    expect(SUBMIT FILE_A);
    submitted();
    expect(DELETE("r1"));
}

Test(sqs_bridge, submits_again_what_nobody_answered)
{
    begin();
    probe_advance(probe, 10000);
    probe_advance(probe, 100);
    expect(SUBMIT FILE_A);
    submitted();
    expect(DELETE("r1"));
    submitted(); /* the late answer to the first */
    expect("");
}

Test(sqs_bridge, leaves_to_the_queue_what_the_ledger_cannot_take)
{
    begin();
    for (int i = 0; i < 2; i++) {
        refuse(ERR_STORE);
        probe_advance(probe, 5000);
        expect(SUBMIT FILE_A);
    }
    refuse(ERR_STORE);
    expect(RECEIVE("1"));
}

/* ---- dead letters ---- */

#define LETTER(body, reason)                                                                       \
    POST "{\"QueueUrl\":\"" DEAD "\",\"Entries\":[{\"MessageBody\":\"" body                        \
         "\",\"MessageAttributes\":{\"troupe.reason\":{\"DataType\":\"String\",\"StringValue\":"   \
         "\"" reason "\"},\"troupe.message\":{\"DataType\":\"String\",\"StringValue\":\"m1\"}},"   \
         "\"Id\":\"0\"}]}\n"

Test(sqs_bridge, sends_what_is_no_job_to_the_dead_letters_and_then_deletes_it)
{
    coordinator_up();
    (void)trace();
    deliver("r1", "[]");
    expect(LETTER("[]", "it is not a JSON object"));
    done_all();
    expect(DELETE("r1"));
    done_all();
    expect(RECEIVE("1"));
}

Test(sqs_bridge, sends_what_the_coordinator_refuses_for_good_to_the_dead_letters)
{
    begin();
    refuse(ERR_LIMIT);
    expect(LETTER("{\\\"run\\\":\\\"" RUN
                  "\\\",\\\"dir\\\":\\\"/app\\\",\\\"files\\\":[\\\"a\\\"]}",
                  "the coordinator refuses it: a declared limit would be exceeded"));
}

Test(sqs_bridge, does_not_delete_what_the_dead_letters_did_not_take)
{
    coordinator_up();
    deliver("r1", "[]");
    for (int i = 0; i < 2; i++) {
        (void)trace();
        fail();
        probe_advance(probe, 5000);
        expect(LETTER("[]", "it is not a JSON object"));
    }
    fail();
    expect(RECEIVE("1"));
}

Test(sqs_bridge, leaves_what_is_no_job_to_the_queue_without_dead_letters)
{
    probe_close(&probe);
    config.sqs.dead_letter[0] = '\0';
    open_probe();
    coordinator_up();
    (void)trace();
    deliver("r1", "[]");
    expect(RECEIVE("1"));
}

/* ---- SQS fails ---- */

Test(sqs_bridge, waits_longer_and_longer_for_a_server_that_is_down)
{
    coordinator_up();
    size_t requests = 0;
    for (int i = 0; i < 600; i++) {
        if (strstr(trace(), "http POST")) {
            requests++;
            fail();
        }
        probe_advance(probe, 100);
    }
    cr_expect(requests >= 6 && requests <= 40, "%zu in a minute", requests);
}

Test(sqs_bridge, asks_for_one_message_after_an_answer_that_could_not_be_taken)
{
    probe_close(&probe);
    config.sqs.held_max = 64;
    open_probe();
    coordinator_up();
    cr_expect(strstr(trace(), "\"MaxNumberOfMessages\":10,"));
    fail();
    probe_advance(probe, 100);
    expect(RECEIVE("1"));
    deliver("r1", JOB);
    cr_expect(strstr(trace(), "\"MaxNumberOfMessages\":2,"));
}

Test(sqs_bridge, deletes_again_what_was_not_deleted)
{
    begin();
    submitted();
    expect(DELETE("r1"));
    answer("{\"Failed\":[{\"Id\":\"0\",\"SenderFault\":false,\"Code\":\"InternalError\"}]}");
    expect("");
    probe_advance(probe, 5000);
    expect(DELETE("r1"));
    fail();
    probe_advance(probe, 5000);
    expect(DELETE("r1"));
    fail();
    expect(RECEIVE("1"));
}

Test(sqs_bridge, does_not_delete_again_what_may_not_be_deleted)
{
    begin();
    submitted();
    (void)trace();
    answer(
        "{\"Failed\":[{\"Id\":\"0\",\"SenderFault\":true,\"Code\":\"ReceiptHandleIsInvalid\"}]}");
    expect(RECEIVE("1"));
}

Test(sqs_bridge, is_not_moved_by_answers_to_nothing)
{
    coordinator_up();
    (void)trace();
    answer_to(0, 200, "{}");
    answer_to(99999, 200, "{}");
    probe_send(probe, coordinator, MSG(submitted, .run = msg_str(RUN)));
    probe_send(probe, coordinator, MSG(failed, .type = MSG_SUBMIT, .reason = ERR_LIMIT));
    expect("");
}

/* ---- visibility ---- */

#define EXTEND(receipt)                                                                            \
    POST "{\"QueueUrl\":\"" URL "\",\"Entries\":[{\"ReceiptHandle\":\"" receipt                    \
         "\",\"VisibilityTimeout\":60,\"Id\":\"0\"}]}\n"

Test(sqs_bridge, extends_the_visibility_while_it_waits)
{
    begin();
    probe_node_down(probe, coordinator);
    probe_advance(probe, 29999);
    expect("");
    probe_advance(probe, 1);
    expect(EXTEND("r1"));
    done_all();
    probe_advance(probe, 29999);
    expect("");
    probe_advance(probe, 1);
    expect(EXTEND("r1"));
    fail();
    probe_advance(probe, 7500);
    expect(EXTEND("r1"));
    answer("{\"Failed\":[{\"Id\":\"0\",\"SenderFault\":true}]}");
    probe_advance(probe, 600000);
    expect("");
}

Test(sqs_bridge, knows_a_message_again)
{
    probe_close(&probe);
    config.sqs.held_max = 2;
    open_probe();
    begin(); /* and asks for another */
    deliver("r2", JOB);
    expect(RECEIVE("1"));
    submitted();
    expect(DELETE("r2"));
}

/* ---- queues ---- */

Test(sqs_bridge, asks_for_the_urls_of_queues_that_it_has_by_name)
{
    probe_close(&probe);
    (void)strcpy(config.sqs.queue, "jobs");
    (void)strcpy(config.sqs.dead_letter, "dead");
    open_probe();
    expect("role sqs_bridge\n" POST "{\"QueueName\":\"jobs\"}\n");
    coordinator_up();
    answer_to(probe_http(probe), 400, "{\"__type\":\"com.amazonaws.sqs#QueueDoesNotExist\"}");
    probe_advance(probe, 100);
    expect(POST "{\"QueueName\":\"jobs\"}\n");
    answer("{\"QueueUrl\":\"" URL "\"}");
    expect(POST "{\"QueueName\":\"dead\"}\n" RECEIVE("1"));
}

Test(sqs_bridge, does_not_take_the_queue_itself_for_its_dead_letters)
{
    probe_close(&probe);
    (void)strcpy(config.sqs.dead_letter, "jobs");
    open_probe();
    answer("{\"QueueUrl\":\"" URL "\"}");
    coordinator_up();
    (void)trace();
    deliver("r1", "[]");
    expect(RECEIVE("1"));
}

Test(sqs_bridge, tells_how_many_messages_there_are)
{
    probe_close(&probe);
    config.sqs.counts_ms = 1000;
    probe = probe_open(&(struct probe_options){.behaviour = &sqs_bridge_behaviour,
                                               .config = &config,
                                               .arg = &arg,
                                               .size = sizeof arg,
                                               .log = true});
    cr_expect(strstr(trace(), "ApproximateNumberOfMessages"));
    answer("{\"Attributes\":{\"ApproximateNumberOfMessages\":\"5\","
           "\"ApproximateNumberOfMessagesNotVisible\":\"6\","
           "\"ApproximateNumberOfMessagesDelayed\":\"7\"}}");
    const char *told = trace();
    cr_expect(strstr(told, "visible=5 hidden=6 delayed=7 held=0"), "%s", told);
    probe_advance(probe, 1000);
    cr_expect(strstr(trace(), "ApproximateNumberOfMessages"));
}

/* ---- bodies in S3 ---- */

static void setup_bucket(void)
{
    setup();
    teardown();
    (void)strcpy(config.sqs.bucket, "bodies");
    (void)strcpy(config.sqs.bucket_endpoint, "http://s3.test");
    open_probe();
}

TestSuite(sqs_bucket, .init = setup_bucket, .fini = teardown);

#define POINTER(bucket, key)                                                                       \
    "[\\\"software.amazon.payloadoffloading.PayloadS3Pointer\\\",{\\\"s3BucketName\\\":"           \
    "\\\"" bucket "\\\",\\\"s3Key\\\":\\\"" key "\\\"}]"
#define GET "http GET http://s3.test/bodies/2026/job-1.json body=\n"

static void deliver_pointer(void)
{
    coordinator_up();
    (void)trace();
    deliver("r1", POINTER("bodies", "2026/job-1.json"));
}

Test(sqs_bucket, a_body_is_fetched_signed_and_submitted)
{
    deliver_pointer();
    expect(GET);
    cr_expect(strstr(probe_http_headers(probe), "/eu-central-1/s3/aws4_request"));
    cr_expect(strstr(probe_http_headers(probe), "X-Amz-Content-Sha256: e3b0c442"));
    answer("{\"run\":\"" RUN "\",\"dir\":\"/app\",\"files\":[\"a\"]}");
    expect(SUBMIT FILE_A);
}

Test(sqs_bucket, what_fails_is_fetched_again_and_what_is_not_there_is_a_dead_letter)
{
    deliver_pointer();
    answer_to(probe_http(probe), 503, "<Error/>");
    probe_advance(probe, 1000);
    expect(GET GET);
    answer_to(probe_http(probe), 404, "<Error/>");
    const char *sent = trace();
    cr_expect(strstr(sent, "\"QueueUrl\":\"" DEAD "\""), "%s", sent);
    cr_expect(strstr(sent, "its body in S3 cannot be had: status 404"), "%s", sent);
    cr_expect(strstr(sent, "PayloadS3Pointer"), "it is there as it was: %s", sent);
}

Test(sqs_bucket, nothing_of_another_bucket_or_path_is_fetched)
{
    static const char *const bodies[] = {
        POINTER("other", "a"),
        POINTER("bodies", "../x"),
        POINTER("bodies", "/x"),
        POINTER("bodies", "a b"),
        POINTER("bodies", ""),
        POINTER("bodies", "a//b"),
        POINTER("bodies", "a?b"),
        "[1,2]",
        "[",
        "[\\\"software.amazon.payloadoffloading.PayloadS3Pointer\\\"]"};
    coordinator_up();
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        (void)trace();
        deliver("r1", bodies[i]);
        const char *sent = trace();
        cr_expect(strstr(sent, "\"QueueUrl\":\"" DEAD "\""), "%s: %s", bodies[i], sent);
        cr_expect_null(strstr(sent, "http GET"), "%s", sent);
        done_all(); /* the dead letter */
        done_all(); /* the deletion */
    }
}
