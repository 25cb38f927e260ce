/* command_node.c - troupe node, actor, link, queue: an operator's questions and changes. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/operate.h"
#include "tools/place.h"

/* ---- questions ---- */

static const char *word(const struct invocation *invocation, size_t index)
{
    return index < invocation->words_count ? invocation->words[index] : NULL;
}

static bool is_verb(const struct invocation *invocation, const char *verb)
{
    return invocation->words_count > 0 && strcmp(invocation->words[0], verb) == 0;
}

static int wrong_words(const struct invocation *invocation)
{
    const struct command *command = invocation->command;
    return complainf(EXIT_USAGE, NULL, "say troupe %s %s", command->name, command->synopsis);
}

/* One operation, from the opening to the end of the session. */
static int with_operate(struct invocation *invocation,
                        int (*run)(struct operate *operate, const struct invocation *invocation))
{
    struct operate *operate = NULL;
    int code = operate_open(invocation, &operate);
    if (code == EXIT_DONE) {
        code = run(operate, invocation);
    }
    operate_close(&operate);
    return code;
}

static int run_nodes(struct operate *operate, const struct invocation *invocation)
{
    (void)invocation;
    return operate_nodes(operate);
}

static int run_actors(struct operate *operate, const struct invocation *invocation)
{
    return operate_actors(operate, word(invocation, 1));
}

static int run_links(struct operate *operate, const struct invocation *invocation)
{
    return operate_links(operate, word(invocation, 1));
}

static int run_queues(struct operate *operate, const struct invocation *invocation)
{
    (void)invocation;
    return operate_queues(operate);
}

static int run_drain(struct operate *operate, const struct invocation *invocation)
{
    return operate_drain(operate,
                         &(struct drain_order){.node = word(invocation, 1),
                                               .off = invocation_flag(invocation, "off"),
                                               .stop = invocation_flag(invocation, "stop")});
}

static int run_cancel(struct operate *operate, const struct invocation *invocation)
{
    return operate_cancel(operate, word(invocation, 1));
}

int command_actor(struct invocation *invocation)
{
    return is_verb(invocation, "list") ? with_operate(invocation, run_actors)
                                       : wrong_words(invocation);
}

int command_link(struct invocation *invocation)
{
    return is_verb(invocation, "list") ? with_operate(invocation, run_links)
                                       : wrong_words(invocation);
}

int command_queue(struct invocation *invocation)
{
    if (is_verb(invocation, "list") && invocation->words_count == 1) {
        return with_operate(invocation, run_queues);
    }
    if (is_verb(invocation, "cancel") && invocation->words_count == 2) {
        return with_operate(invocation, run_cancel);
    }
    return wrong_words(invocation);
}

/* ---- node start ---- */

enum { START_ARGS_MAX = 2 * GIVEN_MAX + 8 };

/* What troupe-node is to be told; `config` keeps an absolute path. */
static int start_args(const struct invocation *invocation, char config[PATH_MAX],
                      const char *args[START_ARGS_MAX])
{
    static const struct {
        const char *option;
        const char *node_option;
    } same[] = {{"role", "--role"},
                {"join", "--connect"},
                {"name", "--name"},
                {"set", "--set"},
                {"state", "--state"}};
    size_t count = 0;
    args[count++] = "troupe-node";
    for (size_t i = 0; i < invocation->given_count; i++) {
        for (size_t k = 0; k < sizeof same / sizeof same[0]; k++) {
            if (strcmp(invocation->given[i].option->arg.name, same[k].option) == 0) {
                args[count++] = same[k].node_option;
                args[count++] = invocation->given[i].value;
            }
        }
    }
    if (invocation->config_dir) {
        if (!realpath(invocation->config_dir, config)) {
            return complainf(EXIT_CONFIG, NULL, "%.300s: %s", invocation->config_dir,
                             strerrordesc_np(errno));
        }
        args[count++] = "--config";
        args[count++] = config;
    }
    args[count] = NULL;
    return EXIT_DONE;
}

/* Becomes that process: whoever started us supervises it. */
static int start(struct invocation *invocation)
{
    char program[PATH_MAX];
    char config[PATH_MAX];
    const char *args[START_ARGS_MAX];
    if (!invocation_value(invocation, "role") || !invocation_value(invocation, "join")) {
        return complain(EXIT_USAGE, "troupe node start needs --role ROLE and --join ENDPOINT",
                        "The endpoint is where the coordinator is: tcp://HOST:PORT.");
    }
    int code = invocation_configure(invocation);
    if (code == EXIT_DONE) {
        code = start_args(invocation, config, args);
    }
    if (code != EXIT_DONE) {
        return code;
    }
    if (place_node_program(program) != ERR_OK) {
        return complain(EXIT_COULD_NOT, "there is no program troupe-node beside this one", NULL);
    }
    union {
        const char *const *in;
        char *const *out;
    } argv = {.in = args};
    (void)fflush(NULL);
    (void)execv(program, argv.out);
    return complainf(EXIT_COULD_NOT, NULL, "%.300s: %s", program, strerrordesc_np(errno));
}

int command_node(struct invocation *invocation)
{
    if (is_verb(invocation, "list") && invocation->words_count == 1) {
        return with_operate(invocation, run_nodes);
    }
    if (is_verb(invocation, "start") && invocation->words_count == 1) {
        return start(invocation);
    }
    if (!is_verb(invocation, "drain") || invocation->words_count != 2) {
        return wrong_words(invocation);
    }
    if (invocation_flag(invocation, "off") && invocation_flag(invocation, "stop")) {
        return complain(EXIT_USAGE, "--off and --stop exclude each other", NULL);
    }
    return with_operate(invocation, run_drain);
}
