/* models_driver.c - many who want a text at once, of the models as they are configured.
 *
 *     models_driver CONFIG_DIR HTTP_MODULE CLASS…
 *
 * Asks for one generation for each CLASS, all at once, and tells on stdout what came, in the order
 * in which it came, a line each:
 *
 *     CLASS MODEL MS REASON     MS: of the generation itself; MODEL: - when there is none
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "actors/models/models.h"
#include "tools/models.h"
#include "tools/world.h"

enum { ASKS_MAX = 500, BUDGET_MS = 240000, ASK_MS = 300000, STOP_MS = 500 };

static struct {
    size_t classes[ASKS_MAX];
    uint64_t asks[ASKS_MAX];
    size_t count;
    size_t open;
    int done; /* a pipe */
} driver;

static enum err ask_all(struct rt_context *ctx, struct rt_address models)
{
    for (size_t i = 0; i < driver.count; i++) {
        enum err err =
            rt_ask(ctx, models,
                   MSG(generate, .label = driver.classes[i] + 1,
                       .prompt = msg_str(plan_class_word(driver.classes[i])), .blocks = msg_str(""),
                       .whole = msg_str(""), .temperature = 0.2, .seed = i, .budget_ms = BUDGET_MS),
                   ASK_MS, &driver.asks[i]);
        if (err != ERR_OK) {
            return err;
        }
    }
    return ERR_OK;
}

static void on_generated(struct rt_context *ctx, const struct msg_generated *generated)
{
    const char byte = 0;
    for (size_t i = 0; i < driver.count; i++) {
        if (driver.asks[i] == rt_answered(ctx)) {
            (void)printf("%s %s %" PRIu64 " %s\n", plan_class_word(driver.classes[i]),
                         generated->model.size > 0 ? generated->model.at : "-", generated->ms,
                         generated->reason.at);
            driver.open--;
        }
    }
    if (driver.open == 0) {
        (void)fflush(stdout);
        (void)!write(driver.done, &byte, 1);
    }
}

static enum err driver_start(struct rt_context *ctx, void *state, const void *arg)
{
    (void)state;
    (void)arg;
    rt_watch_role(ctx, TERM_role_MODELS);
    return ERR_OK;
}

static enum err driver_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    (void)state;
    if (msg->type == MSG_ROLE_UP) {
        const struct msg_role_up *up = msg_as_role_up(msg);
        return ask_all(ctx, (struct rt_address){up->node, up->actor});
    }
    if (msg->type == MSG_GENERATED) {
        on_generated(ctx, msg_as_generated(msg));
        return ERR_OK;
    }
    return ERR_UNKNOWN;
}

static const struct rt_behaviour driver_behaviour = {
    .name = "driver", .state_size = 1, .start = driver_start, .receive = driver_receive};

static void on_log(void *log_world, enum rt_level level, const char *actor, const char *text)
{
    (void)log_world;
    if (level <= RT_WARN) {
        (void)fprintf(stderr, "%s: %s\n", actor, text);
    }
}

static int play(const struct plan *plan, const char *http_module, int done)
{
    static struct config config;
    char why[WORLD_WHY_SIZE];
    struct world *world = NULL;
    struct rt_address address;
    char byte;
    config_defaults(&config);
    const struct models_arg models = {.plan = plan};
    const struct world_options options = {
        .config = &config, .name = "driver", .http_module = http_module, .log = on_log};
    if (world_new(&options, why, &world) != ERR_OK) {
        (void)fprintf(stderr, "%s\n", why);
        return 1;
    }
    struct rt_system *system = world_system(world);
    if (system_spawn(system, &driver_behaviour, NULL, 0, &address) != ERR_OK ||
        system_spawn(system, &models_behaviour, &models, sizeof models, &address) != ERR_OK ||
        world_start(world) != ERR_OK) {
        return 1;
    }
    bool good = read(done, &byte, 1) == 1;
    world_stop(world, STOP_MS);
    world_destroy(&world);
    return good ? 0 : 1;
}

int main(int argc, char **argv)
{
    struct config_report report;
    struct plan *plan = NULL;
    int fds[2];
    if (argc < 4 || argc - 3 > ASKS_MAX || pipe(fds) != 0) {
        return 2;
    }
    for (int i = 3; i < argc; i++) {
        size_t index = 0;
        while (index < PLAN_CLASSES - 1 && strcmp(argv[i], plan_class_word(index)) != 0) {
            index++;
        }
        driver.classes[driver.count++] = index;
    }
    driver.open = driver.count;
    driver.done = fds[1];
    if (models_load(argv[1], &plan, &report) != ERR_OK) {
        config_report_print(stderr, &report);
        return 3;
    }
    int code = play(plan, argv[2], fds[0]);
    plan_destroy(&plan);
    return code;
}
