/* doctor_production.c - troupe doctor --production. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/sqs_bridge/ecs_json.h"
#include "tools/aws.h"
#include "tools/doctor.h"
#include "tools/history.h"
#include "tools/queue_apply.h"

enum { GREEN_PERCENT_MIN = 85, ATTEMPTS = 3 };

static const char credentials_advice[] =
    "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE.";

static void check_docker(struct doctor *self)
{
    char found[DOCTOR_TEXT_MAX];
    const char *const argv[] = {"docker", "version", "--format", "{{.Server.Version}}", NULL};
    /* Without an engine the line is there, and empty. */
    bool there = doctor_ask(argv, found, sizeof found) && found[0];
    doctor_add(self, "docker", there ? HEALTH_OK : HEALTH_FAIL, there ? found : "no engine answers",
               "Images are made and the compose cluster runs with it: docs.docker.com/engine.");
}

/* ---- one request and its answer ---- */

struct question {
    struct aws_call call; /* what is asked; its body is the question's */
    unsigned asked;
    bool answered;
    uint64_t status;
    char why[SQS_WHY_SIZE];
};

static enum err next(void *self, struct aws_call *ret_call)
{
    struct question *question = self;
    if (question->answered) {
        return ERR_OK;
    }
    *ret_call = question->call;
    if (question->call.body) {
        ret_call->body = strdup(question->call.body);
    }
    return question->call.body && !ret_call->body ? ERR_MEMORY : ERR_OK;
}

static bool take(void *self, uint64_t status, struct sqs_text text)
{
    struct question *question = self;
    question->status = status;
    (void)snprintf(question->why, sizeof question->why, "%.*s",
                   (int)(text.size < 200 ? text.size : 200), text.at ? text.at : "");
    bool again = (status == 0 || status >= 500) && ++question->asked < ATTEMPTS;
    question->answered = !again;
    return again;
}

/* Notes what came of it; `subject` is what is asked about. */
static void ask(struct doctor *self, const char *name, struct question *question,
                const struct credentials *credentials, const char *subject)
{
    char found[DOCTOR_TEXT_MAX];
    char advice[DOCTOR_TEXT_MAX];
    const bool s3 = question->call.service == &aws_s3;
    const struct config *config = &self->invocation->config;
    const struct aws_talk talk = {.self = question,
                                  .region = config->scaling.region[0] ? config->scaling.region
                                                                      : config->sqs.region,
                                  .credentials = credentials,
                                  .next = next,
                                  .take = take};
    int code = aws_talk(self->invocation, &talk);
    bool good = code == EXIT_DONE && question->status == 200;
    (void)snprintf(found, sizeof found, "%.100s%s%.280s", subject, good ? " answers" : ": ",
                   good               ? ""
                   : question->why[0] ? question->why
                                      : "no answer");
    (void)snprintf(advice, sizeof advice,
                   "The credentials need %s there, and it has to exist: "
                   "deploy/production-deploy makes it.",
                   s3 ? "s3:ListBucket" : "ecs:ListTasks and ecs:RunTask");
    doctor_add(self, name, good ? HEALTH_OK : HEALTH_FAIL, found, advice);
}

static void check_ecs(struct doctor *self, const struct credentials *credentials)
{
    const struct cfg_scaling *cfg = &self->invocation->config.scaling;
    struct question question = {
        .call = {.service = &aws_ecs, .endpoint = cfg->endpoint, .action = "ListTasks"}};
    if (!cfg->cluster[0]) {
        doctor_add(self, "ecs", HEALTH_WARN, "scaling.cluster is not set",
                   "Executors that come and go need it: deploy/README.md.");
    } else if (ecs_json_list(cfg->cluster, &question.call.body) == ERR_OK) {
        ask(self, "ecs", &question, credentials, cfg->cluster);
        free(question.call.body);
    } else {
        doctor_add(self, "ecs", HEALTH_FAIL, "scaling.cluster is no name", "Write another.");
    }
}

static void check_s3(struct doctor *self, const struct credentials *credentials)
{
    const char *bucket = invocation_value(self->invocation, "bucket");
    const char *endpoint = getenv("AWS_ENDPOINT_URL_S3");
    char path[SQS_PATH_MAX];
    struct question question = {.call = {.service = &aws_s3, .endpoint = endpoint ? endpoint : ""}};
    if (!bucket) {
        doctor_add(self, "s3", HEALTH_WARN, "not asked",
                   "Say --bucket NAME: the output ArtifactsBucket of the stack.");
    } else if (strlen(bucket) > 63 ||
               bucket[strspn(bucket, "abcdefghijklmnopqrstuvwxyz0123456789.-")]) {
        doctor_add(self, "s3", HEALTH_FAIL, "--bucket is no name of a bucket", "Write another.");
    } else {
        (void)snprintf(path, sizeof path, "/%s", bucket);
        question.call.path = path;
        ask(self, "s3", &question, credentials, bucket);
    }
}

static void check_aws(struct doctor *self)
{
    struct credentials credentials;
    char found[DOCTOR_TEXT_MAX];
    if (credentials_load(getenv, &credentials) != ERR_OK) {
        doctor_add(self, "aws", HEALTH_FAIL, "no credentials", credentials_advice);
        return;
    }
    bool good = queue_check(self->invocation, &credentials, found, sizeof found);
    doctor_add(self, "sqs", good ? HEALTH_OK : HEALTH_FAIL, found,
               "troupe queue apply makes the queues; the credentials need sqs:GetQueueUrl and "
               "sqs:GetQueueAttributes for the check.");
    check_ecs(self, &credentials);
    check_s3(self, &credentials);
    credentials_wipe(&credentials);
}

/* ---- the rest ---- */

static bool is_readable(const char *path)
{
    FILE *file = path[0] ? fopen(path, "re") : NULL;
    bool good = file && fgetc(file) != EOF;
    if (file) {
        (void)fclose(file);
    }
    return good;
}

static void check_github(struct doctor *self)
{
    const struct cfg_gateway *cfg = &self->invocation->config.gateway;
    const char *missing = !is_readable(cfg->secret_file)  ? "gateway.secret_file"
                          : !is_readable(cfg->token_file) ? "gateway.token_file"
                                                          : NULL;
    char found[DOCTOR_TEXT_MAX];
    (void)snprintf(found, sizeof found, missing ? "%s is not set, not readable, or empty" : "%s",
                   missing ? missing : "secret and token are there");
    doctor_add(self, "github", missing ? HEALTH_FAIL : HEALTH_OK, found,
               "Write the webhook's secret and a token into files: deploy/README.md.");
}

static void check_models(struct doctor *self)
{
    char found[DOCTOR_TEXT_MAX];
    const char *dir = self->invocation->config_dir;
    const char *const argv[] = {"/proc/self/exe",        "models", "ping",
                                dir ? "--config" : NULL, dir,      NULL};
    bool good = doctor_ask(argv, found, sizeof found) && !strstr(found, "not reached");
    doctor_add(self, "models", good ? HEALTH_OK : HEALTH_WARN,
               found[0] ? found : "no server is configured",
               "Fixes come from rules and compilers alone; config/model-specialization.yml names "
               "servers.");
}

static void check_suite(struct doctor *self)
{
    static const char sql[] = "SELECT tests_planned, tests_passed + tests_skipped + tests_flaky"
                              " FROM run WHERE verdict IN (1, 2) AND dir = ? AND tests_planned > 0"
                              " ORDER BY no DESC LIMIT 1";
    static const char advice[] = "Run it with troupe run, and mend it first: with a suite that is "
                                 "less than 85 % green nobody sees what a change has broken.";
    struct store_reader *reader = NULL;
    struct store_rows rows;
    char dir[PATH_MAX];
    char found[DOCTOR_TEXT_MAX];
    if (!realpath(self->dir, dir) || history_open(self->invocation, &reader) != EXIT_DONE) {
        doctor_add(self, "suite", HEALTH_FAIL, "never run here", advice);
        return;
    }
    store_query(store_reader_txn(reader), sql, STORE_WITH(store_text(msg_str(dir))), &rows);
    bool there = store_next(&rows);
    uint64_t planned = there ? store_column_u64(&rows, 0) : 0;
    uint64_t green = there ? store_column_u64(&rows, 1) : 0;
    enum err err = store_rows_end(&rows);
    store_reader_close(&reader);
    (void)snprintf(found, sizeof found, "%" PRIu64 " of %" PRIu64 " tests of the newest run green",
                   green, planned);
    bool good = err == ERR_OK && planned > 0 && green * 100 >= planned * GREEN_PERCENT_MIN;
    doctor_add(self, "suite", good ? HEALTH_OK : HEALTH_FAIL,
               planned > 0 ? found : "never run here", advice);
}

void doctor_production(struct doctor *self)
{
    check_docker(self);
    check_aws(self);
    check_github(self);
    check_models(self);
    check_suite(self);
}
