/* fuzz_sqs.c - any bytes as what SQS, ECS or Auto Scaling answers, and as a job in its
 * queue or where one lies.
 *
 * The first byte says which.  What is read lies within its bounds; a job that was accepted can be
 * submitted, and is the same after it was written and read again.
 */
#include <stdlib.h>
#include <string.h>

#include "actors/sqs_bridge/aws_query.h"
#include "actors/sqs_bridge/ecs_json.h"
#include "actors/sqs_bridge/job.h"
#include "actors/sqs_bridge/sqs_json.h"
#include "tests/fuzz/must.h"

static const struct job_defaults defaults = {.runner = "auto", .env = ""};

static void check_submit(const struct job *job)
{
    const struct msg_submit submit = {.head = {MSG_SUBMIT},
                                      .run = msg_str(job->run),
                                      .dir = msg_str(job->dir),
                                      .runner = msg_str(job->runner),
                                      .command = msg_str(job->command),
                                      .env = msg_str(job->env),
                                      .files = job->files_count,
                                      .root = msg_str(job->root),
                                      .snapshot = msg_str(job->snapshot),
                                      .origin = msg_str(job->origin)};
    MUST(msg_check(&submit.head) == ERR_OK);
    MUST(job->files_count <= JOB_FILES_MAX);
    for (size_t i = 0; i < job->files_count; i++) {
        MUST(strlen(job->files[i]) <= MSG_MAX_run_file_file);
        MUST(job->files[i][0] != '\0' && job->files[i][0] != '/');
    }
}

static void check_why(const char *why)
{
    MUST(why[0] && memchr(why, '\0', JOB_WHY_SIZE));
    for (; *why; why++) {
        MUST(*why >= ' ' && *why <= '~');
    }
}

static void try_job(const char *text, size_t size)
{
    struct job job;
    struct job again;
    char why[JOB_WHY_SIZE];
    char *first = NULL;
    char *second = NULL;
    enum err err = job_read(text, size, &defaults, &job, why);
    if (err != ERR_OK) {
        MUST(err == ERR_MALFORMED);
        check_why(why);
        return;
    }
    check_submit(&job);
    MUST(job_write(&job, &first) == ERR_OK);
    if (strlen(first) <= JOB_BYTES_MAX) {
        MUST(job_read(first, strlen(first), &defaults, &again, why) == ERR_OK);
        MUST(job_write(&again, &second) == ERR_OK);
        MUST(strcmp(first, second) == 0);
        job_free(&again);
    }
    free(first);
    free(second);
    job_free(&job);
}

static void check_message(const struct sqs_message *message)
{
    size_t id = strlen(message->id);
    size_t receipt = strlen(message->receipt);
    MUST(id > 0 && id <= SQS_ID_MAX);
    MUST(receipt > 0 && receipt <= SQS_RECEIPT_MAX);
    MUST(message->body.at[message->body.size] == '\0');
}

static void try_answer(enum sqs_action action, uint64_t status, struct sqs_text text)
{
    struct sqs_answer answer;
    struct sqs_document *document = NULL;
    const struct sqs_reply reply = {action, SQS_BATCH_MAX, status, text};
    sqs_json_answer(&reply, &answer, &document);
    MUST(memchr(answer.code, '\0', sizeof answer.code));
    MUST(memchr(answer.why, '\0', sizeof answer.why));
    MUST(answer.err == ERR_OK || answer.message_count == 0);
    MUST(answer.item_count <= SQS_BATCH_MAX && answer.message_count <= SQS_BATCH_MAX);
    for (size_t i = 0; i < answer.message_count; i++) {
        check_message(&answer.messages[i]);
    }
    for (size_t i = 0; i < answer.item_count; i++) {
        MUST(answer.items[i].code && answer.items[i].why);
    }
    MUST(!answer.queue_url || (answer.queue_url[0] && strlen(answer.queue_url) <= SQS_URL_MAX));
    sqs_json_free(&document);
}

static void try_ecs(enum ecs_action action, uint64_t status, struct sqs_text text)
{
    struct ecs_answer answer;
    ecs_json_answer(action, status, text, &answer);
    MUST(memchr(answer.why, '\0', sizeof answer.why));
    MUST(answer.err == ERR_OK || answer.count == 0);
}

static void try_query(bool counted, uint64_t status, struct sqs_text text)
{
    struct ecs_answer answer;
    aws_query_answer(status, text, counted, &answer);
    MUST(memchr(answer.why, '\0', sizeof answer.why));
    MUST(answer.count < 1000000000 && (answer.err == ERR_OK || answer.count == 0));
}

static void try_pointer(struct sqs_text text)
{
    char key[JOB_KEY_MAX + 1];
    char why[JOB_WHY_SIZE];
    enum err err = job_pointer((struct msg_str){text.at, (uint32_t)text.size}, "b", key, why);
    MUST(memchr(key, '\0', sizeof key));
    MUST(key[0] != '/' && !strstr(key, "..") && !strpbrk(key, "?#%\r\n "));
    MUST(err == ERR_OK || (err == ERR_MALFORMED && key[0] == '\0'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    struct sqs_text text = {(const char *)data + 1, size - 1};
    /* A copy with its NUL, as HTTP_DONE and a held message have it. */
    char *copy = malloc(size);
    MUST(copy);
    memcpy(copy, text.at, text.size);
    copy[text.size] = '\0';
    text.at = copy;
    if (data[0] == 'j') {
        try_job(copy, text.size);
    } else if (data[0] == 'e') {
        try_ecs((enum ecs_action)(size % ECS_ACTIONS), size % 3 ? 200 : 400, text);
    } else if (data[0] == 'x') {
        try_query(size % 2, size % 3 ? 200 : 400, text);
    } else if (data[0] == 'p') {
        text = (struct sqs_text){(const char *)data, size};
        try_pointer(text);
    } else {
        try_answer((enum sqs_action)(data[0] % (SQS_ACTION_COUNT + 1)),
                   data[0] < 128 ? 200 : 100 + data[0] * 2u, text);
    }
    free(copy);
    return 0;
}
