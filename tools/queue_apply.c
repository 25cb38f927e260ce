/* queue_apply.c - see queue_apply.h. */
#include "tools/queue_apply.h"

#include <stdlib.h>
#include <string.h>

#include "tools/aws.h"
#include "tools/place.h"

struct talk_state {
    struct queues_apply *apply;
    const char *endpoint;
};

static enum err next(void *self, struct aws_call *ret_call)
{
    const struct talk_state *state = self;
    enum err err = queues_apply_next(state->apply, &ret_call->body);
    if (err == ERR_OK && ret_call->body) {
        ret_call->service = &aws_sqs;
        ret_call->endpoint = state->endpoint;
        ret_call->action = queues_action_name(state->apply->action);
    }
    return err;
}

static bool take(void *self, uint64_t status, struct sqs_text text)
{
    const struct talk_state *state = self;
    return queues_apply_take(state->apply, status, text);
}

static void show(const struct queues_apply *apply)
{
    for (size_t i = 0; i < apply->queues->count; i++) {
        const struct queue_state *state = &apply->states[i];
        (void)printf("%-9s  %s%s%s\n", queue_outcome_word(state->outcome),
                     apply->queues->list[i].name, state->why[0] ? ": " : "", state->why);
    }
}

static int tell(const struct invocation *invocation, const struct queues_apply *apply)
{
    if (!invocation->json) {
        show(apply);
    } else if (json_queues(stdout, apply) != ERR_OK) {
        return complain(EXIT_COULD_NOT, "the result cannot be written", NULL);
    }
    if (queues_apply_good(apply)) {
        return EXIT_DONE;
    }
    return complain(EXIT_NEGATIVE,
                    apply->check ? "not all queues are as distributed-queues.yml wants them"
                                 : "not all queues could be made so",
                    apply->check ? "troupe queue apply makes them so." : NULL);
}

static int load(const struct invocation *invocation, struct queues **ret_queues)
{
    struct config_report reports[2];
    char path[PATH_MAX];
    if (place_config(invocation->config_dir, QUEUES_FILE_NAME, path) != ERR_OK) {
        return complain(EXIT_CONFIG, QUEUES_FILE_NAME " is not there",
                        "Install this program whole.");
    }
    enum err err = queues_load(path, ret_queues, reports);
    if (!invocation->quiet) {
        config_report_print(stderr, &reports[QUEUES_WARNINGS]);
    }
    if (err != ERR_OK) {
        config_report_print(stderr, &reports[QUEUES_PROBLEMS]);
        return complain(err == ERR_MEMORY ? EXIT_COULD_NOT : EXIT_CONFIG,
                        "the queues are not valid", NULL);
    }
    return EXIT_DONE;
}

/* Asks until nothing more is to be asked.  An exit code; what is not 0 has been told. */
static int talk(const struct invocation *invocation, const struct credentials *credentials,
                struct queues_apply *apply)
{
    const struct cfg_sqs *cfg = &invocation->config.sqs;
    struct talk_state state = {apply, cfg->endpoint};
    return aws_talk(invocation, &(struct aws_talk){.self = &state,
                                                   .region = cfg->region,
                                                   .credentials = credentials,
                                                   .next = next,
                                                   .take = take});
}

bool queue_check(const struct invocation *invocation, const struct credentials *credentials,
                 char *text, size_t size)
{
    struct queues *queues = NULL;
    struct queues_apply *apply = calloc(1, sizeof *apply);
    (void)snprintf(text, size, "not asked");
    if (!apply || load(invocation, &queues) != EXIT_DONE || !queues) {
        free(apply);
        return false;
    }
    queues_apply_start(apply, queues, true);
    bool good = talk(invocation, credentials, apply) == EXIT_DONE && queues_apply_good(apply);
    (void)snprintf(text, size, "%zu queues are as they are wanted", queues->count);
    for (size_t i = 0; !good && i < queues->count; i++) {
        if (apply->states[i].outcome != QUEUE_SAME) {
            (void)snprintf(text, size, "%s is %s: %s", queues->list[i].name,
                           queue_outcome_word(apply->states[i].outcome), apply->states[i].why);
            break;
        }
    }
    free(apply);
    queues_destroy(&queues);
    return good;
}

int queue_apply(struct invocation *invocation)
{
    struct queues *queues = NULL;
    struct credentials credentials;
    int code = invocation_configure(invocation);
    code = code == EXIT_DONE ? load(invocation, &queues) : code;
    if (code != EXIT_DONE) {
        return code;
    }
    struct queues_apply *apply = calloc(1, sizeof *apply);
    if (!apply) {
        queues_destroy(&queues);
        return complain(EXIT_COULD_NOT, "out of memory", NULL);
    }
    code = aws_credentials(&credentials);
    if (code == EXIT_DONE) {
        queues_apply_start(apply, queues, invocation_flag(invocation, "check"));
        code = talk(invocation, &credentials, apply);
        credentials_wipe(&credentials);
        code = code == EXIT_DONE ? tell(invocation, apply) : code;
    }
    free(apply);
    queues_destroy(&queues);
    return code;
}
