/* cast.c - the roles that a process can play: one row each. */
#include "tools/cast.h"

#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/classifier/classifier.h"
#include "actors/common/cost.h"
#include "actors/coordinator/coordinator.h"
#include "actors/executor/executor.h"
#include "actors/fixer/fixer.h"
#include "actors/healer/healer.h"
#include "actors/models/models.h"
#include "actors/monitor/monitor.h"
#include "actors/partitioner/partitioner.h"
#include "actors/sqs_bridge/sqs_bridge.h"
#include "actors/sqs_bridge/sqs_bridge_scaler.h"
#include "actors/sqs_bridge/sqs_request.h"
#include "actors/validator/validator.h"
#include "tools/environment.h"
#include "tools/gateway.h"
#include "tools/judge.h"
#include "tools/models.h"
#include "tools/place.h"

/* The argument of an actor's life. */
struct cast_arg {
    const void *at;
    size_t size;
};

enum { ROWS_MAX = 16 };

struct cast {
    struct cast_options options;
    bool played[ROWS_MAX];
    struct cast_arg args[ROWS_MAX];
    /* Where they point to. */
    char reporters[PATH_MAX];
    char sources[PATH_MAX];
    struct judge_files judge;
    struct classifier_arg classifier;
    struct plan *plan;
    struct models_arg models;
    struct gateway_arg gateway;
    struct dashboard_files dashboard;
    struct credentials credentials;
    char env[MSG_MAX_submit_env + 1];
    struct sqs_bridge_arg sqs_bridge;
    struct scaler_arg scaler;
};

struct cast_row {
    uint64_t role;
    bool exec;
    const struct rt_behaviour *behaviour;
    /* Finds what the actor needs; NULL when that is nothing.  ERR_CONFIG and others: `why`. */
    enum err (*load)(struct cast *self, char *why, struct cast_arg *ret_arg);
};

/* ---- what they need ---- */

/* A folder that was given, or the one beside the program. */
static enum err load_folder(const char *given, enum err (*find)(char ret_path[PATH_MAX]),
                            char path[PATH_MAX], struct cast_arg *ret_arg)
{
    if (given ? strlen(given) >= PATH_MAX : find(path) != ERR_OK) {
        return ERR_NOT_FOUND;
    }
    if (given) {
        memcpy(path, given, strlen(given) + 1);
    }
    *ret_arg = (struct cast_arg){path, strlen(path) + 1};
    return ERR_OK;
}

static enum err load_reporters(struct cast *self, char *why, struct cast_arg *ret_arg)
{
    (void)snprintf(why, CAST_WHY_SIZE, "an executor needs --reporters DIR: %s",
                   "there are none beside this program");
    return load_folder(self->options.reporters, place_reporters, self->reporters, ret_arg);
}

static enum err load_sources(struct cast *self, char *why, struct cast_arg *ret_arg)
{
    (void)snprintf(why, CAST_WHY_SIZE, "a fixer needs --sources DIR: %s",
                   "there are none beside this program");
    return load_folder(self->options.sources, place_sources, self->sources, ret_arg);
}

static enum err load_judge(struct cast *self, char *why, struct cast_arg *ret_arg)
{
    char because[JUDGE_WHY_SIZE] = "";
    const struct judge_wish wish = {
        .config_dir = self->options.config_dir, .state_dir = self->options.state, .model = true};
    enum err err = judge_open(&wish, &self->judge, because);
    if (err != ERR_OK) {
        (void)snprintf(why, CAST_WHY_SIZE, "a classifier cannot start: %.400s", because);
        return err;
    }
    self->classifier.judge = self->judge.judge;
    *ret_arg = (struct cast_arg){&self->classifier, sizeof self->classifier};
    return ERR_OK;
}

static enum err load_models(struct cast *self, char *why, struct cast_arg *ret_arg)
{
    struct config_report report;
    enum err err = models_load(self->options.config_dir, &self->plan, &report);
    if (err != ERR_OK) {
        config_report_print(stderr, &report);
        (void)snprintf(why, CAST_WHY_SIZE, "%s cannot be used", PLAN_FILE_NAME);
        return err;
    }
    self->models.plan = self->plan;
    *ret_arg = (struct cast_arg){&self->models, sizeof self->models};
    return ERR_OK;
}

static enum err load_gateway(struct cast *self, char *why, struct cast_arg *ret_arg)
{
    *ret_arg = (struct cast_arg){&self->gateway, sizeof self->gateway};
    return gateway_prepare(self->options.config, &self->gateway, &self->dashboard, why);
}

/* Whose name requests are signed with; the sentence names no value. */
static enum err load_credentials(struct cast *self, char *why)
{
    enum err err = credentials_load(getenv, &self->credentials);
    if (err == ERR_NOT_FOUND) {
        (void)snprintf(
            why, CAST_WHY_SIZE,
            "an sqs_bridge or a scaler needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a "
            "profile of the shared credentials file");
        return ERR_CONFIG;
    }
    if (err != ERR_OK) {
        (void)snprintf(why, CAST_WHY_SIZE, "AWS credentials cannot be used: %s", err_text(err));
        return ERR_CONFIG;
    }
    return ERR_OK;
}

static enum err load_sqs(struct cast *self, char *why, struct cast_arg *ret_arg)
{
    const struct cfg_sqs *cfg = &self->options.config->sqs;
    struct sqs_endpoint unused;
    char left_out[128];
    if (!cfg->region[0] || !cfg->queue[0]) {
        (void)snprintf(why, CAST_WHY_SIZE, "an sqs_bridge needs sqs.region and sqs.queue");
        return ERR_CONFIG;
    }
    if (!sqs_queue_is_sound(cfg->queue) ||
        (cfg->dead_letter[0] && !sqs_queue_is_sound(cfg->dead_letter))) {
        (void)snprintf(why, CAST_WHY_SIZE,
                       "sqs.queue and sqs.dead_letter are names or URLs of queues");
        return ERR_CONFIG;
    }
    if (strcmp(cfg->queue, cfg->dead_letter) == 0) {
        (void)snprintf(why, CAST_WHY_SIZE, "sqs.dead_letter is sqs.queue itself");
        return ERR_CONFIG;
    }
    if (sqs_endpoint_read(cfg->endpoint, cfg->region, &unused) != ERR_OK ||
        aws_endpoint_read(&aws_s3, cfg->bucket_endpoint, cfg->region, &unused) != ERR_OK) {
        (void)snprintf(
            why, CAST_WHY_SIZE,
            "sqs.endpoint or sqs.bucket_endpoint is not http(s)://HOST[:PORT], or sqs.region "
            "no region");
        return ERR_CONFIG;
    }
    enum err err = load_credentials(self, why);
    if (err != ERR_OK) {
        return err;
    }
    environment_lines(self->options.config->sandbox.env, self->env, left_out, sizeof left_out);
    if (left_out[0]) {
        (void)fprintf(stderr, "troupe-node: not handed to tests, because too long: %s\n", left_out);
    }
    self->sqs_bridge = (struct sqs_bridge_arg){&self->credentials, self->env};
    *ret_arg = (struct cast_arg){&self->sqs_bridge, sizeof self->sqs_bridge};
    return ERR_OK;
}

static enum err load_scaler(struct cast *self, char *why, struct cast_arg *ret_arg)
{
    const struct cfg_scaling *cfg = &self->options.config->scaling;
    struct sqs_endpoint unused;
    bool tasks = strcmp(cfg->by, "tasks") == 0;
    bool service = strcmp(cfg->by, "service") == 0;
    bool metric = strcmp(cfg->by, "metric") == 0;
    if (((tasks || service) && !cfg->cluster[0]) || (tasks && !cfg->subnets[0]) ||
        (!tasks && !metric && !cfg->target[0]) || (metric && !cfg->metrics[0]) ||
        !cost_counts(&self->options.config->cost)) {
        (void)snprintf(why, CAST_WHY_SIZE,
                       "a scaler needs cost.instance and, by scaling.by, scaling.cluster and "
                       "scaling.subnets, scaling.cluster and scaling.target, scaling.target, or "
                       "scaling.metrics");
        return ERR_CONFIG;
    }
    if (aws_endpoint_read(&aws_ecs, cfg->endpoint, cfg->region, &unused) != ERR_OK) {
        (void)snprintf(
            why, CAST_WHY_SIZE,
            "scaling.endpoint is not http(s)://HOST[:PORT], or scaling.region no region");
        return ERR_CONFIG;
    }
    self->scaler = (struct scaler_arg){&self->credentials};
    *ret_arg = (struct cast_arg){&self->scaler, sizeof self->scaler};
    return load_credentials(self, why);
}

/* ---- the table ---- */

static const struct cast_row rows[] = {
    {TERM_role_COORDINATOR, false, &coordinator_behaviour, NULL},
    {TERM_role_PARTITIONER, false, &partitioner_behaviour, NULL},
    {TERM_role_EXECUTOR, true, &executor_behaviour, load_reporters},
    {TERM_role_CLASSIFIER, false, &classifier_behaviour, load_judge},
    {TERM_role_FIXER, true, &fixer_behaviour, load_sources},
    {TERM_role_VALIDATOR, true, &validator_behaviour, NULL},
    {TERM_role_HEALER, true, &healer_behaviour, NULL},
    {TERM_role_MODELS, true, &models_behaviour, load_models},
    {TERM_role_MONITOR, false, &monitor_behaviour, NULL},
    {TERM_role_GATEWAY, true, &gateway_behaviour, load_gateway},
    {TERM_role_SQS_BRIDGE, false, &sqs_bridge_behaviour, load_sqs},
    {TERM_role_SCALER, false, &scaler_behaviour, load_scaler},
};

enum { ROWS = sizeof rows / sizeof rows[0] };
static_assert((size_t)ROWS <= ROWS_MAX, "a row more than there is room for");

static const struct cast_row *row_of(uint64_t role)
{
    for (size_t i = 0; i < ROWS; i++) {
        if (rows[i].role == role) {
            return &rows[i];
        }
    }
    return NULL;
}

const char *cast_words(void)
{
    return "coordinator, partitioner, executor, classifier, fixer, validator, healer, models, "
           "monitor, gateway, sqs_bridge, scaler";
}

bool cast_role(const char *word, uint64_t *ret_role)
{
    uint64_t role = term_number("role", word);
    if (!row_of(role)) {
        return false;
    }
    *ret_role = role;
    return true;
}

bool cast_needs_exec(uint64_t role)
{
    const struct cast_row *row = row_of(role);
    return row && row->exec;
}

/* ---- life ---- */

enum err cast_new(const struct cast_options *options, const uint64_t *roles, size_t count,
                  char *why, struct cast **ret_cast)
{
    struct cast *self = calloc(1, sizeof *self);
    if (!self) {
        return ERR_MEMORY;
    }
    self->options = *options;
    enum err err = ERR_OK;
    for (size_t i = 0; i < count && err == ERR_OK; i++) {
        const struct cast_row *row = row_of(roles[i]);
        self->played[row - rows] = true;
        err = row->load ? row->load(self, why, &self->args[row - rows]) : ERR_OK;
    }
    if (err != ERR_OK) {
        cast_destroy(&self);
        return err;
    }
    *ret_cast = self;
    return ERR_OK;
}

enum err cast_spawn(struct cast *cast, struct rt_system *system)
{
    enum err err = ERR_OK;
    for (size_t i = 0; i < ROWS && err == ERR_OK; i++) {
        struct rt_address address;
        if (cast->played[i]) {
            err = system_spawn(system, rows[i].behaviour, cast->args[i].at, cast->args[i].size,
                               &address);
        }
    }
    return err;
}

void cast_destroy(struct cast **cast)
{
    if (*cast) {
        explicit_bzero(&(*cast)->gateway, sizeof(*cast)->gateway); /* secrets */
        judge_close(&(*cast)->judge);
        plan_destroy(&(*cast)->plan);
        credentials_wipe(&(*cast)->credentials);
        free(*cast);
        *cast = NULL;
    }
}
