/* test_actor.c - what a handler may do: send, ask, forward, wait, take a role, start a command. */
#include <stdlib.h>
#include <string.h>

#include "runtime/core.h"
#include "tests/support/puppet.h"

static struct probe *probe;
static struct rt_address other; /* whom the scripts talk to */

static void teardown(void)
{
    probe_close(&probe);
}

TestSuite(actor, .fini = teardown);

static const struct rt_behaviour puppet = PUPPET();
static const struct rt_behaviour narrow = PUPPET(.mailbox_count_max = 2);

/* A probe with one puppet called "a". */
static void give(puppet_script script)
{
    struct puppet_arg arg = {.name = "a", .script = script};
    probe = probe_open(&(struct probe_options){0});
    arg.probe = probe;
    other = probe_peer(probe, "peer");
    struct rt_address a = probe_spawn(probe, &puppet, &arg, sizeof arg);
    (void)a;
    (void)probe_trace(probe);
}

static struct rt_address actor_a(void)
{
    return (struct rt_address){1, (UINT64_C(1) << 32) + 1};
}

static struct rt_address add(const struct rt_behaviour *behaviour, const char *name,
                             puppet_script script)
{
    struct puppet_arg arg = {.probe = probe, .name = name, .script = script};
    struct rt_address address = probe_spawn(probe, behaviour, &arg, sizeof arg);
    (void)probe_trace(probe);
    return address;
}

static void order(const char *word)
{
    probe_send_to(probe, other, actor_a(), ORDER(word));
}

static uint64_t outcomes(uint64_t node, enum outcome outcome)
{
    return system_account(probe_system(probe), node)->outcomes[outcome];
}

/* ---- asks ---- */

static enum err asks(struct rt_context *ctx, struct puppet *self, const struct msg *msg)
{
    if (is_order(msg, "ask")) {
        return rt_ask(ctx, other, ORDER("question"), 1000, &self->ask) == ERR_MEMORY ? ERR_MEMORY
                                                                                     : ERR_OK;
    }
    cr_expect(!msg || rt_answered(ctx) == self->ask);
    return ERR_OK;
}

Test(actor, hears_the_answer_to_an_ask)
{
    give(asks);
    order("ask");
    probe_answer(probe, other, ORDER("fine"));
    probe_advance(probe, 5000);
    probe_expect(probe, "[0] a got SUBMITTED run=ask\n"
                        "[0] -> peer ask SUBMITTED run=question\n"
                        "[0] a got answer SUBMITTED run=fine\n");
}

Test(actor, hears_failed_when_nobody_answers_in_time)
{
    give(asks);
    order("ask");
    probe_advance(probe, 999);
    (void)probe_trace(probe);
    probe_advance(probe, 1);
    probe_expect(probe, "[1000] a got answer FAILED type=4099 reason=6 detail=\n");
}

Test(actor, does_not_hear_an_answer_that_comes_late_or_twice)
{
    give(asks);
    order("ask");
    probe_advance(probe, 1000);
    (void)probe_trace(probe);
    probe_answer(probe, other, ORDER("late"));
    probe_expect(probe, "");
    order("ask");
    probe_answer(probe, other, ORDER("first"));
    probe_answer(probe, other, ORDER("second"));
    probe_expect(probe, "[1000] a got SUBMITTED run=ask\n"
                        "[1000] -> peer ask SUBMITTED run=question\n"
                        "[1000] a got answer SUBMITTED run=first\n");
    struct system_stats stats;
    system_stats(probe_system(probe), &stats);
    cr_expect_eq(stats.late_answers, 2);
}

/* Asks another puppet, and takes the ask back at the next order, or at once. */
static enum err takes_back(struct rt_context *ctx, struct puppet *self, const struct msg *msg)
{
    if (is_order(msg, "ask") || is_order(msg, "both")) {
        enum err err = rt_ask(ctx, other, ORDER("question"), 1000, &self->ask);
        if (is_order(msg, "both")) {
            rt_cancel(ctx, self->ask);
        }
        return err;
    }
    if (is_order(msg, "cancel")) {
        rt_cancel(ctx, self->ask);
        rt_cancel(ctx, self->ask); /* of what is none nothing is changed */
    }
    return ERR_OK;
}

Test(actor, hears_nothing_of_an_ask_that_it_took_back)
{
    give(takes_back);
    order("ask");
    order("cancel");
    (void)probe_trace(probe);
    probe_answer(probe, other, ORDER("late"));
    probe_advance(probe, 5000);
    probe_expect(probe, "");
}

Test(actor, does_not_begin_what_was_taken_back)
{
    give(takes_back);
    struct puppet_arg arg = {.probe = probe, .name = "b"};
    other = probe_spawn(probe, &puppet, &arg, sizeof arg);
    (void)probe_trace(probe);
    order("both");
    order("ask");
    probe_expect(probe, "[0] a got SUBMITTED run=both\n"
                        "[0] a got SUBMITTED run=ask\n"
                        "[0] b got SUBMITTED run=question\n");
    cr_expect(probe_balances(probe));
}

Test(actor, hears_failed_at_once_from_an_ended_receiver)
{
    give(asks);
    other = add(&puppet, "b", NULL);
    probe_send_to(probe, other, other, ORDER("stop"));
    (void)probe_trace(probe);
    order("ask");
    probe_advance(probe, 5000);
    probe_expect(probe, "[0] a got SUBMITTED run=ask\n"
                        "[0] a got answer FAILED type=4099 reason=8 detail=\n");
}

Test(actor, hears_failed_from_a_receiver_that_ends_before_it_answers)
{
    give(asks);
    struct rt_address peer = other;
    other = add(&puppet, "b", NULL);
    /* Both are in b's mailbox before it runs. */
    struct envelope *stop = envelope_new(ORDER("stop"));
    stop->from = peer;
    stop->to = other;
    stop->account = system_account(probe_system(probe), 0);
    stop->account->accepted++;
    system_deliver(probe_system(probe), &stop);
    probe_send_to(probe, peer, actor_a(), ORDER("ask"));
    probe_advance(probe, 5000);
    probe_expect(probe, "[0] b got SUBMITTED run=stop\n"
                        "[0] b stop\n"
                        "[0] a got SUBMITTED run=ask\n"
                        "[0] a got answer FAILED type=4099 reason=8 detail=\n");
}

static enum err asks_shrug(struct rt_context *ctx, struct puppet *self, const struct msg *msg)
{
    if (is_order(msg, "ask")) {
        return rt_ask(ctx, other, ORDER("shrug"), 1000, &self->ask);
    }
    cr_expect(!msg || rt_answered(ctx) == self->ask);
    return ERR_OK;
}

Test(actor, hears_failed_once_when_the_receiver_does_not_know_the_message)
{
    give(asks_shrug);
    other = add(&puppet, "b", NULL);
    order("ask");
    probe_advance(probe, 5000);
    probe_expect(probe, "[0] a got SUBMITTED run=ask\n"
                        "[0] b got SUBMITTED run=shrug\n"
                        "[0] a got answer FAILED type=4099 reason=1 detail=\n");
    cr_expect_eq(outcomes(0, OUTCOME_REJECTED), 1);
}

/* Fills the narrow mailbox of `other`, then asks it. */
static enum err asks_full(struct rt_context *ctx, struct puppet *self, const struct msg *msg)
{
    if (is_order(msg, "ask")) {
        cr_expect_eq(rt_send(ctx, other, ORDER("1")), ERR_OK);
        cr_expect_eq(rt_send(ctx, other, ORDER("2")), ERR_OK);
        cr_expect_eq(rt_ask(ctx, other, ORDER("3"), 1000, &self->ask), ERR_FULL);
    }
    return ERR_OK;
}

Test(actor, hears_failed_once_from_a_full_receiver)
{
    give(asks_full);
    other = add(&narrow, "b", NULL);
    order("ask");
    probe_advance(probe, 5000);
    probe_expect(probe, "[0] a got SUBMITTED run=ask\n"
                        "[0] b got SUBMITTED run=1\n"
                        "[0] b got SUBMITTED run=2\n"
                        "[0] a got answer FAILED type=4099 reason=7 detail=\n");
}

Test(actor, hears_failed_when_the_node_of_the_receiver_is_lost)
{
    give(asks);
    order("ask");
    probe_node_down(probe, other);
    probe_advance(probe, 5000);
    probe_expect(probe, "[0] a got SUBMITTED run=ask\n"
                        "[0] -> peer ask SUBMITTED run=question\n"
                        "[0] a got answer FAILED type=4099 reason=8 detail=\n");
}

/* ---- deadlines ---- */

static enum err passes_on(struct rt_context *ctx, struct puppet *self, const struct msg *msg)
{
    if (is_order(msg, "work")) {
        return rt_ask(ctx, other, ORDER("part"), 60000, &self->ask);
    }
    return ERR_OK;
}

Test(actor, has_no_more_patience_than_who_asked_it)
{
    struct puppet_arg arg = {.name = "a", .script = passes_on};
    probe = probe_open(&(struct probe_options){0});
    arg.probe = probe;
    other = probe_peer(probe, "peer");
    struct rt_address boss = probe_peer(probe, "boss");
    struct rt_address a = probe_spawn(probe, &puppet, &arg, sizeof arg);
    struct envelope *work = envelope_new(ORDER("work"));
    work->from = boss;
    work->to = a;
    work->ask = 7;
    work->deadline_ms = probe_now(probe) + 300;
    work->account = system_account(probe_system(probe), boss.node);
    work->account->accepted++;
    system_deliver(probe_system(probe), &work);
    probe_settle(probe);
    cr_expect_eq(probe_deadline(probe, other), 300);
    (void)probe_trace(probe);
    probe_advance(probe, 300);
    probe_expect(probe, "[300] a got answer FAILED type=4099 reason=6 detail=\n");
}

Test(actor, does_not_begin_work_whose_deadline_has_passed)
{
    give(NULL);
    struct envelope *late = envelope_new(ORDER("late"));
    late->from = other;
    late->to = actor_a();
    late->ask = 7;
    late->deadline_ms = probe_now(probe) - 1;
    late->account = system_account(probe_system(probe), other.node);
    late->account->accepted++;
    system_deliver(probe_system(probe), &late);
    probe_settle(probe);
    probe_expect(probe, "[0] -> peer answer FAILED type=4099 reason=9 detail=\n");
    cr_expect_eq(outcomes(other.node, OUTCOME_EXPIRED), 1);
}

/* ---- forwarding, and answering later ---- */

static enum err forwards(struct rt_context *ctx, struct puppet *self, const struct msg *msg)
{
    (void)self;
    return msg ? rt_forward(ctx, other) : ERR_OK;
}

Test(actor, forwards_an_ask_that_is_then_answered_in_its_place)
{
    struct puppet_arg arg = {.name = "a", .script = forwards};
    probe = probe_open(&(struct probe_options){0});
    arg.probe = probe;
    struct rt_address boss = probe_peer(probe, "boss");
    struct puppet_arg worker = {.probe = probe, .name = "b"};
    struct rt_address a = probe_spawn(probe, &puppet, &arg, sizeof arg);
    other = probe_spawn(probe, &puppet, &worker, sizeof worker);
    (void)probe_trace(probe);
    struct envelope *ask = envelope_new(MSG(run_file, .run = msg_str("r"), .index = 3));
    ask->from = boss;
    ask->to = a;
    ask->ask = 7;
    ask->account = system_account(probe_system(probe), boss.node);
    ask->account->accepted++;
    system_deliver(probe_system(probe), &ask);
    probe_settle(probe);
    probe_expect(probe, "[0] a got RUN_FILE run=r index=3 file= why= input=\n"
                        "[0] b got RUN_FILE run=r index=3 file= why= input=\n");
    /* An order is answered by b itself, to who asked a. */
    ask = envelope_new(ORDER("echo"));
    ask->from = boss;
    ask->to = other;
    ask->ask = 8;
    ask->account = system_account(probe_system(probe), boss.node);
    ask->account->accepted++;
    system_deliver(probe_system(probe), &ask);
    probe_settle(probe);
    probe_expect(probe, "[0] b got SUBMITTED run=echo\n[0] -> boss answer SUBMITTED run=echo\n");
}

static struct rt_caller kept;

static enum err answers_later(struct rt_context *ctx, struct puppet *self, const struct msg *msg)
{
    (void)self;
    if (msg && msg->type == MSG_RUN_FILE) {
        kept = rt_caller(ctx);
        return rt_tick(ctx, 500, 1) ? ERR_OK : ERR_MEMORY;
    }
    if (msg && msg->type == MSG_TICK) {
        rt_answer(ctx, kept, ORDER("done"));
    }
    return ERR_OK;
}

Test(actor, may_answer_in_a_later_handler)
{
    give(answers_later);
    struct envelope *ask = envelope_new(MSG(run_file, .run = msg_str("r")));
    ask->from = other;
    ask->to = actor_a();
    ask->ask = 7;
    ask->account = system_account(probe_system(probe), other.node);
    ask->account->accepted++;
    system_deliver(probe_system(probe), &ask);
    probe_settle(probe);
    (void)probe_trace(probe);
    probe_advance(probe, 500);
    probe_expect(probe, "[500] a got TICK tag=1\n[500] -> peer answer SUBMITTED run=done\n");
}

/* ---- ticks ---- */

static enum err ticks(struct rt_context *ctx, struct puppet *self, const struct msg *msg)
{
    if (is_order(msg, "set")) {
        self->tick = rt_tick(ctx, 100, 1);
        (void)rt_tick(ctx, 50, 2);
        (void)rt_tick(ctx, 100, 3);
    } else if (is_order(msg, "cancel")) {
        rt_tick_cancel(ctx, self->tick);
        rt_tick_cancel(ctx, self->tick);
        rt_tick_cancel(ctx, 0);
    }
    return ERR_OK;
}

Test(actor, gets_ticks_in_the_order_of_their_time)
{
    give(ticks);
    order("set");
    (void)probe_trace(probe);
    probe_advance(probe, 1000);
    probe_expect(probe, "[50] a got TICK tag=2\n[100] a got TICK tag=1\n[100] a got TICK tag=3\n");
}

Test(actor, does_not_get_a_cancelled_tick)
{
    give(ticks);
    order("set");
    order("cancel");
    (void)probe_trace(probe);
    probe_advance(probe, 1000);
    probe_expect(probe, "[50] a got TICK tag=2\n[100] a got TICK tag=3\n");
}

Test(actor, does_not_get_ticks_of_an_earlier_life)
{
    give(ticks);
    order("set");
    order("crash");
    order("crash");
    (void)probe_trace(probe);
    probe_advance(probe, 40);
    (void)probe_trace(probe);
    probe_advance(probe, 1000);
    cr_expect_null(strstr(probe_trace(probe), "TICK"));
}

/* ---- roles ---- */

static enum err watches_role(struct rt_context *ctx, struct puppet *self, const struct msg *msg)
{
    (void)self;
    if (!msg) {
        rt_watch_role(ctx, TERM_role_EXECUTOR);
        rt_watch_role(ctx, TERM_role_EXECUTOR);
    }
    return ERR_OK;
}

static enum err takes_role(struct rt_context *ctx, struct puppet *self, const struct msg *msg)
{
    (void)self;
    if (!msg) {
        rt_take_role(ctx, TERM_role_EXECUTOR);
    }
    return ERR_OK;
}

static size_t count_of(const char *text, const char *word)
{
    size_t count = 0;
    for (; (text = strstr(text, word)); text++) {
        count++;
    }
    return count;
}

Test(actor, hears_of_everybody_who_takes_a_role)
{
    give(NULL);
    (void)add(&puppet, "before", takes_role);
    struct puppet_arg arg = {.probe = probe, .name = "w", .script = watches_role};
    (void)probe_spawn(probe, &puppet, &arg, sizeof arg);
    const char *trace = probe_trace(probe);
    cr_expect(strstr(trace, "w got ROLE_UP role=3 node=1"), "%s", trace);
    probe_role_up(probe, TERM_role_EXECUTOR, other);
    probe_role_up(probe, TERM_role_CLIENT, other);
    trace = probe_trace(probe);
    cr_expect_eq(count_of(trace, "ROLE_UP"), 1, "%s", trace);
    cr_expect(strstr(trace, "name=peer"), "%s", trace);
    /* After a loss it is news again. */
    probe_node_down(probe, other);
    probe_role_up(probe, TERM_role_EXECUTOR, other);
    cr_expect_eq(count_of(probe_trace(probe), "ROLE_UP"), 1);
}

Test(actor, announces_its_role_to_other_nodes)
{
    give(NULL);
    struct puppet_arg arg = {.probe = probe, .name = "e", .script = takes_role};
    (void)probe_spawn(probe, &puppet, &arg, sizeof arg);
    probe_expect(probe, "[0] e start\n[0] role executor\n");
}

/* ---- commands ---- */

static enum err runs(struct rt_context *ctx, struct puppet *self, const struct msg *msg)
{
    static const char *const argv[] = {"sh", "-c", "true", NULL};
    static const char *const env[] = {NULL};
    if (is_order(msg, "run")) {
        self->ask = rt_exec(ctx, &(struct rt_command){.argv = argv, .env = env, .cwd = "/"});
        cr_expect_neq(self->ask, 0);
        cr_expect_eq(rt_exec_write(ctx, self->ask, "hello", 5), ERR_OK);
    } else if (is_order(msg, "kill")) {
        rt_exec_kill(ctx, self->ask);
    }
    return ERR_OK;
}

Test(actor, hears_of_its_commands_until_they_have_exited)
{
    give(runs);
    order("run");
    (void)probe_trace(probe);
    uint64_t id = probe_exec(probe);
    probe_exec_event(probe, MSG(exec_output, .id = id, .stream = 1, .bytes = msg_str("x")));
    probe_exec_event(probe, MSG(exec_exited, .id = id, .code = 0));
    probe_exec_event(probe, MSG(exec_exited, .id = id, .code = 0));
    const char *trace = probe_trace(probe);
    cr_expect_eq(count_of(trace, "EXEC_OUTPUT"), 1, "%s", trace);
    cr_expect_eq(count_of(trace, "EXEC_EXITED"), 1, "%s", trace);
}

Test(actor, takes_its_commands_with_it_when_its_life_ends)
{
    give(runs);
    order("run");
    order("crash");
    const char *trace = probe_trace(probe);
    cr_expect(strstr(trace, "a stop\n[0] kill\n"), "%s", trace);
    /* What still comes of it is nobody's. */
    probe_advance(probe, 20);
    (void)probe_trace(probe);
    probe_exec_event(probe, MSG(exec_exited, .id = probe_exec(probe), .killed = true));
    cr_expect_eq(count_of(probe_trace(probe), "EXEC_EXITED"), 0);
    order("stop");
}

/* ---- HTTP ---- */

static enum err speaks_http(struct rt_context *ctx, struct puppet *self, const struct msg *msg)
{
    static const char *const headers[] = {"A: b", NULL};
    if (is_order(msg, "ask")) {
        self->ask = rt_http(ctx, &(struct rt_http_request){.method = "PUT",
                                                           .url = "http://h/",
                                                           .headers = headers,
                                                           .body = msg_str("x"),
                                                           .timeout_ms = 1});
        cr_expect_neq(self->ask, 0);
    } else if (is_order(msg, "serve")) {
        probe_note(probe, "%s", err_name(rt_http_serve(ctx, "127.0.0.1:80")));
    } else if (msg && msg->type == MSG_HTTP_REQUEST) {
        rt_http_answer(ctx, msg_as_http_request(msg)->id, 200, "text/plain", msg_str("y"));
    }
    return ERR_OK;
}

Test(actor, hears_of_an_http_request_once)
{
    give(speaks_http);
    order("ask");
    cr_expect_str_eq(probe_http_headers(probe), "A: b\n");
    cr_expect(strstr(probe_trace(probe), "http PUT http://h/ body=x\n"));
    for (int i = 0; i < 2; i++) {
        probe_http_event(probe, MSG(http_done, .id = probe_http(probe), .status = 200));
    }
    cr_expect_eq(count_of(probe_trace(probe), "HTTP_DONE"), 1);
}

Test(actor, gives_up_its_http_requests_when_its_life_ends)
{
    give(speaks_http);
    order("ask");
    order("crash");
    cr_expect(strstr(probe_trace(probe), "a stop\n[0] http cancel\n"));
    probe_advance(probe, 1000);
    (void)probe_trace(probe);
    probe_http_event(probe, MSG(http_done, .id = probe_http(probe), .status = 200));
    probe_expect(probe, "");
    order("stop");
}

Test(actor, serves_http_for_one_life)
{
    give(speaks_http);
    order("serve");
    probe_http_event(probe, MSG(http_request, .id = 1, .method = msg_str("GET")));
    const char *trace = probe_trace(probe);
    cr_expect(strstr(trace, "http serve 127.0.0.1:80\n[0] OK\n"), "%s", trace);
    cr_expect(strstr(trace, "http answer 200 text/plain body=y\n"), "%s", trace);
    order("crash");
    cr_expect(strstr(probe_trace(probe), "a stop\n[0] http close\n"));
    probe_advance(probe, 1000); /* the order crashes it thrice */
    (void)probe_trace(probe);
    probe_http_event(probe, MSG(http_request, .id = 2, .method = msg_str("GET")));
    probe_expect(probe, "");
    probe_http_serves(probe, ERR_IO);
    order("serve");
    cr_expect(strstr(probe_trace(probe), "[1000] IO\n"));
    order("stop");
    probe_expect(probe, "[1000] a got SUBMITTED run=stop\n[1000] a stop\n");
}

/* ---- disk ---- */

struct counted_op {
    struct rt_store_op op;
    char *owned;
};

static size_t ops_freed;

static enum err op_apply(struct store_txn *txn, struct rt_store_op *op)
{
    (void)txn;
    (void)op;
    return ERR_OK;
}

static enum err op_done(struct rt_context *ctx, void *state, struct rt_store_op *op)
{
    (void)ctx;
    struct puppet *self = state;
    probe_note(self->arg.probe, "done %s", err_name(op->err));
    return op->err == ERR_STORE ? ERR_STORE : ERR_OK;
}

static void op_fini(struct rt_store_op *op)
{
    free(((struct counted_op *)op)->owned);
    ops_freed++;
}

static enum err stores(struct rt_context *ctx, struct puppet *self, const struct msg *msg)
{
    (void)self;
    if (is_order(msg, "store")) {
        struct counted_op *op = calloc(1, sizeof *op);
        op->op = (struct rt_store_op){.apply = op_apply, .done = op_done, .fini = op_fini};
        op->owned = malloc(100);
        rt_store(ctx, &(struct rt_store_op *){&op->op});
    }
    return ERR_OK;
}

Test(actor, is_told_when_its_operations_are_done_in_order)
{
    give(stores);
    ops_freed = 0;
    order("store");
    order("store");
    (void)probe_trace(probe);
    probe_store_done(probe, ERR_OK);
    probe_store_done(probe, ERR_REFUSED);
    probe_expect(probe, "[0] done OK\n[0] done REFUSED\n");
    cr_expect_eq(ops_freed, 2);
}

Test(actor, does_not_hear_of_operations_of_an_earlier_life)
{
    give(stores);
    ops_freed = 0;
    order("store");
    order("store");
    order("store");
    order("crash");
    (void)probe_trace(probe);
    probe_store_done(probe, ERR_OK); /* while it waits for its next life */
    probe_advance(probe, 20);
    probe_store_done(probe, ERR_OK); /* in its next life */
    order("stop");
    probe_store_done(probe, ERR_OK); /* when it is gone */
    cr_expect_null(strstr(probe_trace(probe), "done"));
    cr_expect_eq(ops_freed, 3);
}

Test(actor, crashes_when_done_says_so)
{
    give(stores);
    order("store");
    (void)probe_trace(probe);
    probe_store_done(probe, ERR_STORE);
    probe_advance(probe, 20);
    cr_expect_eq(count_of(probe_trace(probe), "a start"), 1);
}

/* ---- determinism ---- */

static enum err rolls(struct rt_context *ctx, struct puppet *self, const struct msg *msg)
{
    if (msg) {
        probe_note(self->arg.probe, "rolled %llu", (unsigned long long)rt_random(ctx));
        return rt_tick(ctx, 10 + rt_random(ctx) % 50, rt_random(ctx) % 100) ? ERR_OK : ERR_MEMORY;
    }
    return ERR_OK;
}

static char *story(uint64_t seed)
{
    probe = probe_open(&(struct probe_options){.seed = seed});
    other = probe_peer(probe, "peer");
    for (int i = 0; i < 3; i++) {
        static const char *const names[] = {"a", "b", "c"};
        struct puppet_arg arg = {.probe = probe, .name = names[i], .script = rolls};
        struct rt_address it = probe_spawn(probe, &puppet, &arg, sizeof arg);
        probe_send_to(probe, other, it, ORDER("go"));
        if (i == 0) {
            probe_send_to(probe, other, it, ORDER("crash"));
        }
    }
    probe_advance(probe, 5000);
    char *text = strdup(probe_trace(probe));
    probe_close(&probe);
    return text;
}

Test(actor, does_the_same_again_from_the_same_seed)
{
    char *first = story(7);
    char *second = story(7);
    char *third = story(8);
    cr_expect_str_eq(first, second);
    cr_expect_str_neq(first, third);
    cr_expect_gt(strlen(first), 1000u);
    free(first);
    free(second);
    free(third);
}
