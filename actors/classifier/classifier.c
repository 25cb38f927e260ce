/* classifier.c - names the kind of errors for whoever asks.
 *
 * Takes  CLASSIFY    from triages
 * Sends  CLASSIFIED  as the answer
 */
#include "actors/classifier/classifier.h"

#include <stdlib.h>
#include <string.h>

#include "actors/classifier/classify.h"
#include "actors/common/ending.h"

struct classifier {
    struct judge judge;
    struct classification *result; /* owned; large, and used again for each text */
};

static enum err classifier_start(struct rt_context *ctx, void *state, const void *arg)
{
    struct classifier *self = state;
    self->judge = ((const struct classifier_arg *)arg)->judge;
    if (!rt_config(ctx)->classifier.model) {
        self->judge.model_or_null = NULL;
    }
    self->result = malloc(sizeof *self->result);
    if (!self->result) {
        return ERR_MEMORY;
    }
    rt_take_role(ctx, TERM_role_CLASSIFIER);
    return ERR_OK;
}

/* The reasons as lines, whole ones only. */
static struct msg_str join_reasons(const struct classification *result,
                                   char text[MSG_MAX_classified_why])
{
    uint32_t size = 0;
    for (size_t i = 0; i < result->why_count; i++) {
        struct msg_str why = msg_str(result->why[i]);
        if (why.size + 1 > MSG_MAX_classified_why - size) {
            break;
        }
        memcpy(text + size, why.at, why.size);
        size += why.size;
        text[size++] = '\n';
    }
    return (struct msg_str){text, size};
}

static enum err on_classify(struct rt_context *ctx, struct classifier *self,
                            const struct msg_classify *msg)
{
    const struct classify_input input = {msg->message.at, msg->message.size,
                                         msg->file.size > 0 ? msg->file.at : NULL,
                                         ending_code(msg->message)};
    classify_with(&self->judge, &input, self->result);
    const struct classification *result = self->result;
    char why[MSG_MAX_classified_why];
    rt_reply(ctx,
             MSG(classified, .run = msg->run, .error = msg->error,
                 .label = term_number("label", rules_label_name(result->label)),
                 .confidence = (double)result->confidence, .priority = result->priority,
                 .queue = msg_str(result->route->queue), .model = msg_str(result->route->model),
                 .why = join_reasons(result, why), .cause = result->fingerprint));
    return ERR_OK;
}

static enum err classifier_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    return msg->type == MSG_CLASSIFY ? on_classify(ctx, state, msg_as_classify(msg)) : ERR_UNKNOWN;
}

static void classifier_stop(void *state)
{
    struct classifier *self = state;
    free(self->result);
}

const struct rt_behaviour classifier_behaviour = {.name = "classifier",
                                                  .state_size = sizeof(struct classifier),
                                                  .start = classifier_start,
                                                  .receive = classifier_receive,
                                                  .stop = classifier_stop};
