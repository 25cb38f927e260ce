/* command_node.c - troupe node, actor, link, queue: an operator's questions and changes. */
#include <string.h>

#include "tools/node_start.h"
#include "tools/operate.h"
#include "tools/queue_apply.h"

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
    if (is_verb(invocation, "apply") && invocation->words_count == 1) {
        return queue_apply(invocation);
    }
    return wrong_words(invocation);
}

int command_node(struct invocation *invocation)
{
    if (is_verb(invocation, "list") && invocation->words_count == 1) {
        return with_operate(invocation, run_nodes);
    }
    if (is_verb(invocation, "start") && invocation->words_count == 1) {
        return node_start(invocation);
    }
    if (!is_verb(invocation, "drain") || invocation->words_count != 2) {
        return wrong_words(invocation);
    }
    if (invocation_flag(invocation, "off") && invocation_flag(invocation, "stop")) {
        return complain(EXIT_USAGE, "--off and --stop exclude each other", NULL);
    }
    return with_operate(invocation, run_drain);
}
