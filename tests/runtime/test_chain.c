/* test_chain.c - asks nested in each other: a cycle fails at once and is named.
 *
 * Tried: with chain_check saying ERR_OK always, all tests of cycles fail (the ask goes round and
 * ends by its time-out); without chain_write the first and the third; without the copy of the chain
 * in rt_forward the third.
 */
#include <string.h>

#include "runtime/core.h"
#include "tests/support/puppet.h"

enum { PUPPETS_MAX = CHAIN_MAX + 2, ASK_MS = 5000 };

static struct probe *probe;
static struct rt_address peer;
static struct rt_address puppets[PUPPETS_MAX];
static size_t added;
static size_t next[PUPPETS_MAX]; /* whom each of them asks */
static enum err said;            /* by the last rt_ask that failed */
static char detail[MSG_MAX_failed_detail + 1];

static void setup(void)
{
    probe = probe_open(&(struct probe_options){0});
    peer = probe_peer(probe, "peer");
    added = 0;
    said = ERR_OK;
    detail[0] = '\0';
}

static void teardown(void)
{
    probe_close(&probe);
}

TestSuite(chain, .init = setup, .fini = teardown);

static size_t number_of(struct rt_context *ctx)
{
    size_t i = 0;
    while (!rt_address_equal(puppets[i], rt_self(ctx))) {
        i++;
    }
    return i;
}

/* "go" is asked onwards; whatever comes back is the answer to whoever asked us. */
static enum err asks_onwards(struct rt_context *ctx, struct puppet *self, const struct msg *msg)
{
    if (is_order(msg, "go") && rt_answered(ctx) == 0) {
        enum err err = rt_ask(ctx, puppets[next[number_of(ctx)]], msg, ASK_MS, &self->ask);
        said = err != ERR_OK ? err : said;
    } else if (msg && msg->type == MSG_FAILED) {
        struct msg_str text = msg_as_failed(msg)->detail;
        if (text.size > 0) {
            memcpy(detail, text.at, text.size + 1);
        }
    }
    return ERR_OK;
}

static enum err forwards(struct rt_context *ctx, struct puppet *self, const struct msg *msg)
{
    (void)self;
    return msg ? rt_forward(ctx, puppets[next[number_of(ctx)]]) : ERR_OK;
}

static const struct rt_behaviour puppet = PUPPET();

/* So many more puppets, each of which asks the following one. */
static void add(size_t count, puppet_script script)
{
    for (size_t i = 0; i < count; i++, added++) {
        struct puppet_arg arg = {.probe = probe, .script = script};
        puppets[added] = probe_spawn(probe, &puppet, &arg, sizeof arg);
        next[added] = added + 1;
    }
}

static void go(void)
{
    probe_send_to(probe, peer, puppets[0], ORDER("go"));
    probe_settle(probe);
}

Test(chain, a_cycle_fails_at_once_and_names_who_waits_for_whom)
{
    add(3, asks_onwards);
    next[2] = 0;
    go();
    cr_expect_eq(said, ERR_CYCLE);
    cr_expect_str_eq(detail, "puppet 1.1 -> puppet 2.1 -> puppet 3.1 -> puppet 1.1");
    probe_advance(probe, 2 * ASK_MS);
}

Test(chain, an_actor_does_not_ask_itself)
{
    add(1, asks_onwards);
    next[0] = 0;
    go();
    cr_expect_eq(said, ERR_CYCLE);
    cr_expect_str_eq(detail, "puppet 1.1 -> puppet 1.1");
}

Test(chain, who_only_passes_an_ask_on_is_not_waiting)
{
    add(2, asks_onwards); /* 0 asks 1, which asks 2, which forwards to 3, which asks 0 */
    add(1, forwards);
    add(1, asks_onwards);
    next[3] = 0;
    go();
    cr_expect_eq(said, ERR_CYCLE);
    cr_expect_str_eq(detail, "puppet 1.1 -> puppet 2.1 -> puppet 4.1 -> puppet 1.1");
    probe_advance(probe, 2 * ASK_MS);
}

Test(chain, only_the_part_that_is_a_cycle_is_named)
{
    add(4, asks_onwards);
    next[3] = 2;
    go();
    cr_expect_eq(said, ERR_CYCLE);
    cr_expect_str_eq(detail, "puppet 3.1 -> puppet 4.1 -> puppet 3.1");
    probe_advance(probe, 2 * ASK_MS);
}

Test(chain, whoever_asks_from_another_process_is_not_asked_back)
{
    add(1, asks_onwards);
    puppets[1] = peer;
    struct envelope *ask = envelope_new(ORDER("go"));
    ask->from = peer;
    ask->to = puppets[0];
    ask->ask = 7;
    ask->account = system_account(probe_system(probe), peer.node);
    ask->account->accepted++;
    system_deliver(probe_system(probe), &ask);
    probe_settle(probe);
    cr_expect_eq(said, ERR_CYCLE);
    cr_expect(strstr(detail, "node "), "%s", detail);
    cr_expect(strstr(detail, " -> puppet 1.1 -> node "), "%s", detail);
}

/* ---- what is no cycle ---- */

static enum err asks_twice(struct rt_context *ctx, struct puppet *self, const struct msg *msg)
{
    if (msg && rt_answered(ctx) == 0) {
        (void)!rt_ask(ctx, puppets[1], ORDER("echo"), ASK_MS, &self->ask);
        (void)!rt_ask(ctx, puppets[1], ORDER("echo"), ASK_MS, &self->ask);
    } else if (msg) {
        said = msg->type == MSG_FAILED ? ERR_CYCLE : said;
        self->tick += msg->type == MSG_SUBMITTED;
        if (self->tick == 2) {
            said = ERR_EXISTS;
        }
    }
    return ERR_OK;
}

Test(chain, the_same_actor_may_be_asked_again)
{
    struct puppet_arg arg = {.probe = probe, .script = asks_twice};
    puppets[0] = probe_spawn(probe, &puppet, &arg, sizeof arg);
    arg.script = NULL;
    puppets[1] = probe_spawn(probe, &puppet, &arg, sizeof arg);
    go();
    cr_expect_eq(said, ERR_EXISTS);
}

static enum err tells_onwards(struct rt_context *ctx, struct puppet *self, const struct msg *msg)
{
    (void)self;
    if (is_order(msg, "go")) {
        rt_tell(ctx, puppets[0], ORDER("done"));
        said = rt_ask(ctx, puppets[0], ORDER("done"), ASK_MS, &self->ask);
    }
    return ERR_OK;
}

Test(chain, a_message_that_awaits_no_answer_begins_a_new_chain)
{
    add(1, asks_onwards);
    struct puppet_arg arg = {.probe = probe, .script = tells_onwards};
    puppets[1] = probe_spawn(probe, &puppet, &arg, sizeof arg);
    probe_send_to(probe, peer, puppets[1], ORDER("go"));
    cr_expect_eq(said, ERR_OK);
    probe_advance(probe, 2 * ASK_MS);
}

Test(chain, asks_nest_only_so_deep)
{
    add(PUPPETS_MAX, asks_onwards);
    next[PUPPETS_MAX - 1] = 0;
    go();
    cr_expect_eq(said, ERR_LIMIT);
    cr_expect_str_eq(detail, "");
    probe_advance(probe, 2 * ASK_MS);
}
