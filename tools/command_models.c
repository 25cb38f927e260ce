/* command_models.c - troupe models: which models are configured, and which servers have them;
 * what they are worth is command_models_bench.c's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/models/wire.h"
#include "tools/command_models_bench.h"
#include "tools/json.h"
#include "tools/json_models.h"
#include "tools/models.h"
#include "tools/solo.h"

enum { PING_MS = 5000 };

/* One call of ping: filled by its actor, which then says that it is over. */
struct ping {
    const struct plan *plan;
    int done;
    struct models_pinged pinged[PLAN_INSTANCES_MAX];
};

/* ---- the actor ---- */

struct pinger {
    struct ping *ping;
    uint64_t requests[PLAN_INSTANCES_MAX];
    uint64_t begun_ms;
    size_t open;
};

static enum err ping_start(struct rt_context *ctx, void *state, const void *arg)
{
    struct pinger *self = state;
    memcpy(&self->ping, arg, sizeof self->ping);
    const struct plan *plan = self->ping->plan;
    self->begun_ms = rt_now_ms(ctx);
    self->open = plan->instances_count;
    for (size_t i = 0; i < plan->instances_count; i++) {
        const struct plan_instance *instance = &plan->instances[i];
        char url[PLAN_URL_MAX + 32];
        (void)snprintf(url, sizeof url, "%s%s", instance->url,
                       wire_list_path(instance->backend->dialect));
        const struct rt_http_request request = {.method = "GET",
                                                .url = url,
                                                .timeout_ms = PING_MS,
                                                .connect_ms =
                                                    UINT64_C(1000) * instance->backend->connect_s};
        self->requests[i] = rt_http(ctx, &request);
    }
    return ERR_OK;
}

static void on_done(struct rt_context *ctx, struct pinger *self, const struct msg_http_done *done)
{
    const struct plan *plan = self->ping->plan;
    for (size_t i = 0; i < plan->instances_count; i++) {
        struct models_pinged *pinged = &self->ping->pinged[i];
        if (self->requests[i] != done->id) {
            continue;
        }
        pinged->ms = rt_now_ms(ctx) - self->begun_ms;
        if (done->error.size > 0) {
            (void)snprintf(pinged->why, sizeof pinged->why, "%.150s", done->error.at);
        } else if (done->status != 200 || wire_list(plan, plan->instances[i].backend->dialect,
                                                    done->body, &pinged->models) != ERR_OK) {
            (void)snprintf(pinged->why, sizeof pinged->why, "status %llu, and no list of models",
                           (unsigned long long)done->status);
        }
        self->open--;
    }
    if (self->open == 0) {
        solo_over(self->ping->done);
    }
}

static enum err ping_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    if (msg->type != MSG_HTTP_DONE) {
        return ERR_UNKNOWN;
    }
    on_done(ctx, state, msg_as_http_done(msg));
    return ERR_OK;
}

static const struct rt_behaviour ping_behaviour = {.name = "ping",
                                                   .state_size = sizeof(struct pinger),
                                                   .start = ping_start,
                                                   .receive = ping_receive,
                                                   .restart = RT_RESTART_NEVER};

/* ---- what came of it ---- */

static void print_list(const struct plan *plan)
{
    for (size_t i = 0; i < PLAN_CLASSES; i++) {
        const struct plan_class *class = &plan->classes[i];
        (void)printf("%-11s", plan_class_word(i));
        for (size_t j = 0; j < class->chain_count; j++) {
            (void)printf("%s%s", j > 0 ? " → " : "", plan->models[class->chain[j]].name);
        }
        (void)printf("\n");
    }
    for (size_t i = 0; i < plan->instances_count; i++) {
        (void)printf("%s (%s)\n", plan->instances[i].url,
                     plan->instances[i].backend->dialect == PLAN_OLLAMA ? "ollama" : "openai");
    }
}

static void print_ping(const struct ping *ping)
{
    const struct plan *plan = ping->plan;
    for (size_t i = 0; i < plan->instances_count; i++) {
        const struct models_pinged *pinged = &ping->pinged[i];
        (void)printf("%s ", plan->instances[i].url);
        if (pinged->why[0]) {
            (void)printf("not reached: %s\n", pinged->why);
            continue;
        }
        (void)printf("%llu ms:", (unsigned long long)pinged->ms);
        for (size_t j = 0; j < plan->models_count; j++) {
            bool has = (pinged->models & 1U << j) != 0;
            (void)printf(" %s%s", has ? "" : "no ", plan->models[j].name);
        }
        (void)printf("\n");
    }
}

static int do_ping(const struct invocation *invocation, const struct plan *plan)
{
    const struct solo solo = {"models", &ping_behaviour, 2 * PING_MS, "the servers were not asked"};
    struct ping ping = {.plan = plan};
    uint32_t models = 0;
    if (plan->instances_count == 0) {
        return complain(EXIT_NEGATIVE, "no server is configured", NULL);
    }
    int code = solo_play(invocation, &solo, &ping, &ping.done);
    if (code != EXIT_DONE) {
        return code;
    }
    for (size_t i = 0; i < plan->instances_count; i++) {
        models |= ping.pinged[i].models;
    }
    if (!invocation->json) {
        print_ping(&ping);
    } else if (json_models_ping(stdout, plan, ping.pinged) != ERR_OK) {
        return complain(EXIT_COULD_NOT, "the result cannot be written", NULL);
    }
    return models ? EXIT_DONE : complain(EXIT_NEGATIVE, "no server has any of the models", NULL);
}

int command_models(struct invocation *invocation)
{
    const char *word = invocation->words_count > 0 ? invocation->words[0] : "list";
    bool ping = strcmp(word, "ping") == 0;
    bool bench = strcmp(word, "bench") == 0;
    bool suggest = strcmp(word, "suggest") == 0;
    struct config_report report;
    struct plan *plan = NULL;
    if (!ping && !bench && !suggest && strcmp(word, "list") != 0) {
        return complain(EXIT_USAGE, "say what to do: list, ping, bench or suggest",
                        "See troupe models --help.");
    }
    int code = invocation_configure(invocation);
    if (code != EXIT_DONE) {
        return code;
    }
    enum err err = models_load(invocation->config_dir, &plan, &report);
    if (err != ERR_OK) {
        config_report_print(stderr, &report);
        return complain(err == ERR_MEMORY ? EXIT_COULD_NOT : EXIT_CONFIG,
                        "the models are not valid", NULL);
    }
    if (ping) {
        code = do_ping(invocation, plan);
    } else if (bench) {
        code = models_bench_all(invocation, plan);
    } else if (suggest) {
        code = models_suggest(invocation, plan);
    } else if (!invocation->json) {
        print_list(plan);
    } else if (json_models_list(stdout, plan) != ERR_OK) {
        code = complain(EXIT_COULD_NOT, "the result cannot be written", NULL);
    }
    plan_destroy(&plan);
    return code;
}
