/* aws.c - an actor that asks what it is told to ask. */
#include "tools/aws.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/solo.h"

enum { CALL_MS = 10000, TALK_MS = 300000, AGAIN_MS = 200, AGAIN_MS_MAX = 3200 };

/* One talk: its actor notes how it ended, and then says that it is over. */
struct stage {
    const struct aws_talk *talk;
    int done;
    enum err err;
};

struct talker {
    struct stage *stage;
    uint64_t http; /* under way */
    uint64_t again_ms;
};

static enum err over(struct talker *self, enum err err)
{
    self->stage->err = err;
    solo_over(self->stage->done);
    return ERR_OK;
}

static enum err sign(const struct aws_talk *talk, struct rt_context *ctx,
                     const struct aws_call *call, const struct sqs_endpoint *endpoint,
                     struct sqs_head *ret_head)
{
    const struct sqs_signer signer = {endpoint, talk->credentials,
                                      (int64_t)(rt_wall_ms(ctx) / 1000)};
    if (!call->body) {
        return aws_get_sign(&signer, call->service, call->path, ret_head);
    }
    const struct sqs_text body = {call->body, strlen(call->body)};
    return aws_request_sign(&signer, call->service, call->action, body, ret_head);
}

static enum err post(struct talker *self, struct rt_context *ctx, const struct aws_call *call)
{
    const struct aws_talk *talk = self->stage->talk;
    char url[sizeof(struct sqs_endpoint) + SQS_PATH_MAX];
    struct sqs_endpoint endpoint;
    struct sqs_head head;
    enum err err = aws_endpoint_read(call->service, call->endpoint, talk->region, &endpoint);
    err = err == ERR_OK ? sign(talk, ctx, call, &endpoint, &head) : err;
    if (err != ERR_OK) {
        return err;
    }
    (void)snprintf(url, sizeof url, "%s%s", endpoint.url, call->body ? "" : call->path + 1);
    const struct rt_http_request request = {.method = call->body ? "POST" : "GET",
                                            .url = url,
                                            .headers = head.lines,
                                            .body = msg_str(call->body),
                                            .timeout_ms = CALL_MS};
    self->http = rt_http(ctx, &request);
    explicit_bzero(&head, sizeof head);
    return self->http ? ERR_OK : ERR_MEMORY;
}

static enum err go_on(struct talker *self, struct rt_context *ctx)
{
    const struct aws_talk *talk = self->stage->talk;
    struct aws_call call = {.body = NULL};
    enum err err = talk->next(talk->self, &call);
    if (err != ERR_OK || !call.service) {
        return over(self, err);
    }
    err = post(self, ctx, &call);
    free(call.body);
    return err == ERR_OK ? ERR_OK : over(self, err);
}

static enum err talker_start(struct rt_context *ctx, void *state, const void *arg)
{
    struct talker *self = state;
    memcpy(&self->stage, arg, sizeof self->stage);
    self->again_ms = AGAIN_MS;
    return go_on(self, ctx);
}

static enum err on_done(struct talker *self, struct rt_context *ctx,
                        const struct msg_http_done *done)
{
    const struct aws_talk *talk = self->stage->talk;
    if (done->id != self->http) {
        return ERR_OK;
    }
    const struct msg_str text = done->status > 0 ? done->body : done->error;
    if (!talk->take(talk->self, done->status, (struct sqs_text){text.at, text.size})) {
        self->again_ms = AGAIN_MS;
        return go_on(self, ctx);
    }
    uint64_t wait_ms = self->again_ms;
    self->again_ms = wait_ms < AGAIN_MS_MAX ? 2 * wait_ms : wait_ms;
    return rt_tick(ctx, wait_ms, 0) ? ERR_OK : over(self, ERR_MEMORY);
}

static enum err talker_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    switch (msg->type) {
    case MSG_HTTP_DONE:
        return on_done(state, ctx, msg_as_http_done(msg));
    case MSG_TICK:
        return go_on(state, ctx);
    default:
        return ERR_UNKNOWN;
    }
}

static const struct rt_behaviour talker_behaviour = {.name = "talker",
                                                     .state_size = sizeof(struct talker),
                                                     .start = talker_start,
                                                     .receive = talker_receive,
                                                     .restart = RT_RESTART_NEVER};

/* ---- around it ---- */

int aws_talk(const struct invocation *invocation, const struct aws_talk *talk)
{
    const struct solo solo = {"aws", &talker_behaviour, TALK_MS, "AWS was not asked"};
    struct stage stage = {.talk = talk};
    int code = solo_play(invocation, &solo, &stage, &stage.done);
    if (code == EXIT_DONE && stage.err != ERR_OK) {
        code = complainf(stage.err == ERR_CONFIG ? EXIT_CONFIG : EXIT_COULD_NOT,
                         "A region is eu-central-1, an endpoint http(s)://HOST[:PORT] or nothing.",
                         "a request to AWS cannot be made: %s", err_text(stage.err));
    }
    return code;
}

int aws_credentials(struct credentials *ret_credentials)
{
    enum err err = credentials_load(getenv, ret_credentials);
    if (err == ERR_OK) {
        return EXIT_DONE;
    }
    return complainf(EXIT_CONFIG,
                     "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE for one of "
                     "the shared credentials file.",
                     "no credentials of AWS: %s", err_text(err));
}
