/* test_mailbox.c - bounds, overflow, two lanes, fair turns, and what an idle actor costs. */
#include <malloc.h>
#include <stdio.h>
#include <string.h>

#include "runtime/core.h"
#include "tests/support/puppet.h"

static struct probe *probe;
static struct config config;
static struct rt_address peer;
static struct rt_address target;

static void setup(void)
{
    config_defaults(&config);
}

static void teardown(void)
{
    probe_close(&probe);
}

TestSuite(mailbox, .init = setup, .fini = teardown);

static const struct rt_behaviour puppet = PUPPET();
static const struct rt_behaviour rejecting = PUPPET(.mailbox_count_max = 3);
static const struct rt_behaviour dropping =
    PUPPET(.mailbox_count_max = 3, .overflow = RT_DROP_NEWEST);

static struct rt_address add(const struct rt_behaviour *behaviour, const char *name,
                             puppet_script script)
{
    struct puppet_arg arg = {.probe = probe, .name = name, .script = script};
    struct rt_address address = probe_spawn(probe, behaviour, &arg, sizeof arg);
    (void)probe_trace(probe);
    return address;
}

static void open_probe(void)
{
    probe = probe_open(&(struct probe_options){.config = &config});
    peer = probe_peer(probe, "peer");
}

static void order(struct rt_address to, const char *word)
{
    probe_send_to(probe, peer, to, ORDER(word));
}

static uint64_t outcomes(uint64_t node, enum outcome outcome)
{
    return system_account(probe_system(probe), node)->outcomes[outcome];
}

static enum err sends_five(struct rt_context *ctx, struct puppet *self, const struct msg *msg)
{
    for (int i = 1; is_order(msg, "go") && i <= 5; i++) {
        char word[2] = {(char)('0' + i), '\0'};
        enum err err = rt_send(ctx, target, ORDER(word));
        if (err != ERR_OK) {
            probe_note(self->arg.probe, "refused %s %s", word, err_name(err));
        }
    }
    return ERR_OK;
}

Test(mailbox, tells_the_sender_when_it_is_full)
{
    open_probe();
    target = add(&rejecting, "b", NULL);
    order(add(&puppet, "a", sends_five), "go");
    probe_expect(probe, "[0] a got SUBMITTED run=go\n"
                        "[0] refused 4 FULL\n[0] refused 5 FULL\n"
                        "[0] b got SUBMITTED run=1\n"
                        "[0] b got SUBMITTED run=2\n"
                        "[0] b got SUBMITTED run=3\n");
    cr_expect_eq(outcomes(0, OUTCOME_REJECTED), 2);
}

Test(mailbox, drops_the_newest_when_told_so_and_counts_it)
{
    open_probe();
    target = add(&dropping, "b", NULL);
    order(add(&puppet, "a", sends_five), "go");
    probe_expect(probe, "[0] a got SUBMITTED run=go\n"
                        "[0] b got SUBMITTED run=1\n"
                        "[0] b got SUBMITTED run=2\n"
                        "[0] b got SUBMITTED run=3\n");
    cr_expect_eq(outcomes(0, OUTCOME_DROPPED), 2);
}

Test(mailbox, has_room_again_once_it_was_read)
{
    open_probe();
    target = add(&rejecting, "b", NULL);
    struct rt_address a = add(&puppet, "a", sends_five);
    order(a, "go");
    (void)probe_trace(probe);
    order(a, "go");
    cr_expect(strstr(probe_trace(probe), "b got SUBMITTED run=3"));
    cr_expect_eq(outcomes(0, OUTCOME_REJECTED), 4);
}

static enum err sends_large(struct rt_context *ctx, struct puppet *self, const struct msg *msg)
{
    static char text[16000];
    memset(text, 'x', sizeof text - 1);
    for (int i = 0; is_order(msg, "go") && i < 100; i++) {
        enum err err = rt_send(ctx, target, MSG(job_done, .message = msg_str(text)));
        if (err != ERR_OK) {
            probe_note(self->arg.probe, "refused %d", i);
            break;
        }
    }
    return ERR_OK;
}

Test(mailbox, is_bounded_in_bytes_too)
{
    config.runtime.mailbox_bytes_max = 1 << 20;
    open_probe();
    struct puppet_arg arg = {.probe = probe};
    target = probe_spawn(probe, &puppet, &arg, sizeof arg);
    order(add(&puppet, "a", sends_large), "go");
    /* 2^20 / 16 KiB: the head of an envelope counts too. */
    probe_expect(probe, "[0] a got SUBMITTED run=go\n[0] refused 64\n");
}

/* ---- lanes ---- */

static enum err sends_user_then_system(struct rt_context *ctx, struct puppet *self,
                                       const struct msg *msg)
{
    (void)self;
    if (is_order(msg, "go")) {
        cr_expect_eq(rt_send(ctx, target, ORDER("1")), ERR_OK);
        cr_expect_eq(rt_send(ctx, target, ORDER("2")), ERR_OK);
        cr_expect_eq(rt_send(ctx, target, MSG(role_up, .role = 1, .name = msg_str("n"))), ERR_OK);
    }
    return ERR_OK;
}

Test(mailbox, lets_system_messages_pass_users)
{
    open_probe();
    target = add(&rejecting, "b", NULL);
    order(add(&puppet, "a", sends_user_then_system), "go");
    probe_expect(probe, "[0] a got SUBMITTED run=go\n"
                        "[0] b got ROLE_UP role=1 node=0 actor=0 name=n\n"
                        "[0] b got SUBMITTED run=1\n"
                        "[0] b got SUBMITTED run=2\n");
}

static enum err exits_behind_five(struct rt_context *ctx, struct puppet *self,
                                  const struct msg *msg)
{
    enum err err = sends_five(ctx, self, msg);
    if (is_order(msg, "go")) {
        rt_exit(ctx, target);
    }
    return err;
}

Test(mailbox, takes_the_wish_to_end_although_it_is_full)
{
    open_probe();
    target = add(&dropping, "b", NULL);
    order(add(&puppet, "a", exits_behind_five), "go");
    probe_expect(probe, "[0] a got SUBMITTED run=go\n[0] b stop\n");
    cr_expect_eq(outcomes(0, OUTCOME_DEAD), 3, "what it had not read is dead");
}

/* ---- turns ---- */

static enum err sends_many(struct rt_context *ctx, struct puppet *self, const struct msg *msg)
{
    for (int i = 0; is_order(msg, "many") && i < 1000; i++) {
        cr_expect_eq(rt_send(ctx, rt_self(ctx), ORDER("x")), ERR_OK);
    }
    if (is_order(msg, "many")) {
        cr_expect_eq(rt_send(ctx, target, ORDER("me too")), ERR_OK);
    }
    self->ask += is_order(msg, "x");
    if (self->ask == 1000) {
        probe_note(self->arg.probe, "all");
        self->ask = 0;
    }
    return ERR_OK;
}

Test(mailbox, does_not_let_a_busy_actor_starve_the_others)
{
    open_probe();
    target = add(&puppet, "b", NULL);
    struct puppet_arg arg = {.probe = probe, .script = sends_many};
    order(probe_spawn(probe, &puppet, &arg, sizeof arg), "many");
    probe_expect(probe, "[0] b got SUBMITTED run=me too\n[0] all\n");
}

/* ---- outcomes ---- */

Test(mailbox, gives_every_message_one_outcome_whatever_happens)
{
    open_probe();
    target = add(&dropping, "b", NULL);
    struct rt_address a = add(&puppet, "a", exits_behind_five);
    order(a, "go");
    order(a, "crash");
    order(a, "go");
    order(a, "shrug");
    probe_advance(probe, 1000);
    order(a, "stop");
    order(a, "late");
    probe_send_to(probe, peer, (struct rt_address){1, 12345}, ORDER("nobody"));
    cr_expect(probe_balances(probe));
    const struct account *account = system_account(probe_system(probe), peer.node);
    cr_expect_eq(account->accepted, 7);
    cr_expect_eq(account->outcomes[OUTCOME_HANDLED], 3);
    cr_expect_eq(account->outcomes[OUTCOME_REJECTED], 1);
    cr_expect_eq(account->outcomes[OUTCOME_DEAD], 3);
}

/* ---- memory ---- */

static enum err idle_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    (void)ctx;
    (void)state;
    (void)msg;
    return ERR_UNKNOWN;
}

static const struct rt_behaviour idle = {
    .name = "idle", .state_size = sizeof(uint64_t), .receive = idle_receive};

Test(mailbox, belongs_to_an_actor_that_costs_little)
{
    enum { COUNT = 100000 };
    open_probe();
    size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
    for (int i = 0; i < COUNT; i++) {
        struct rt_address address;
        cr_assert_eq(system_spawn(probe_system(probe), &idle, NULL, 0, &address), ERR_OK);
    }
    probe_settle(probe);
    size_t after = mallinfo2().uordblks + mallinfo2().hblkhd;
    struct system_stats stats;
    system_stats(probe_system(probe), &stats);
    cr_expect_eq(stats.actors, COUNT + 1);
    size_t bytes = (after - before) / COUNT;
    printf("# %zu bytes per idle actor, its place in the supervisor included\n", bytes);
#if !defined __SANITIZE_ADDRESS__
    cr_expect_leq(bytes, 512u);
#endif
}

/* ---- what is put aside ---- */

/* Puts orders aside until it is told to open. */
static enum err opens(struct rt_context *ctx, struct puppet *self, const struct msg *msg)
{
    if (!msg) {
        return rt_stash(ctx) == ERR_UNSUPPORTED ? ERR_OK : ERR_CRASHED; /* there is none yet */
    }
    if (is_order(msg, "open")) {
        self->ask = 1;
        rt_unstash(ctx);
    }
    return self->ask == 0 ? rt_stash(ctx) : ERR_OK;
}

static enum err opens_later(struct rt_context *ctx, struct puppet *self, const struct msg *msg)
{
    if (!msg) {
        return rt_tick(ctx, 1000, 0) ? ERR_OK : ERR_MEMORY;
    }
    return opens(ctx, self, msg->type == MSG_TICK ? ORDER("open") : msg);
}

static uint64_t queued_of(struct rt_address address)
{
    struct actor_stats stats = {.id = 0};
    while (system_actor_after(probe_system(probe), stats.id, &stats)) {
        if (stats.id == address.actor) {
            return stats.queued;
        }
    }
    return UINT64_MAX;
}

Test(mailbox, gives_back_what_was_put_aside_in_order_and_first)
{
    open_probe();
    target = add(&puppet, "a", opens);
    order(target, "1");
    order(target, "2");
    (void)probe_trace(probe);
    cr_expect_eq(queued_of(target), 2);
    order(target, "open");
    order(target, "3");
    probe_expect(probe, "[0] a got SUBMITTED run=open\n"
                        "[0] a got SUBMITTED run=1\n"
                        "[0] a got SUBMITTED run=2\n"
                        "[0] a got SUBMITTED run=3\n");
    cr_expect_eq(queued_of(target), 0);
}

Test(mailbox, is_bounded_with_what_was_put_aside)
{
    open_probe();
    target = add(&rejecting, "b", opens_later);
    struct rt_address a = add(&puppet, "a", sends_five);
    order(a, "go");
    (void)probe_trace(probe);
    order(a, "go");
    probe_expect(probe, "[0] a got SUBMITTED run=go\n"
                        "[0] refused 1 FULL\n[0] refused 2 FULL\n[0] refused 3 FULL\n"
                        "[0] refused 4 FULL\n[0] refused 5 FULL\n");
    probe_advance(probe, 1000);
    probe_expect(probe, "[1000] b got TICK tag=0\n"
                        "[1000] b got SUBMITTED run=1\n"
                        "[1000] b got SUBMITTED run=2\n"
                        "[1000] b got SUBMITTED run=3\n");
}

Test(mailbox, what_was_put_aside_outlives_a_crash)
{
    open_probe();
    target = add(&puppet, "a", opens);
    order(target, "1");
    order(target, "crash");
    probe_advance(probe, 60000); /* it crashes thrice, each life sees both again */
    (void)probe_trace(probe);
    order(target, "open");
    const char *trace = probe_trace(probe);
    cr_expect(strstr(trace, "a got SUBMITTED run=open\n"), "%s", trace);
    cr_expect(strstr(trace, "a got SUBMITTED run=1\n"), "%s", trace);
    cr_expect_eq(queued_of(target), 0);
}

Test(mailbox, what_was_put_aside_ends_with_its_actor)
{
    open_probe();
    target = add(&puppet, "a", opens);
    order(target, "1");
    uint64_t dead = outcomes(peer.node, OUTCOME_DEAD);
    order(target, "stop");
    (void)probe_trace(probe);
    cr_expect_eq(outcomes(peer.node, OUTCOME_DEAD), dead + 1);
}
