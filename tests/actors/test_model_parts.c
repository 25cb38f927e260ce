/* test_model_parts.c - the pure parts of the models: breaker, pool, plan, wire, prompt, answer,
 * advise. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/models/advise.h"
#include "actors/models/place.h"
#include "actors/models/pool.h"
#include "actors/models/prompt.h"
#include "actors/models/wire.h"

/* ---- breaker ---- */

Test(breaker, opens_after_failures_in_a_row_and_tries_once_later)
{
    struct breaker breaker = {.state = BREAKER_CLOSED};
    for (int i = 0; i < BREAKER_FAILURES_MAX - 1; i++) {
        breaker_failed(&breaker, 100);
    }
    breaker_succeeded(&breaker);
    for (int i = 0; i < BREAKER_FAILURES_MAX; i++) {
        cr_expect(breaker_allows(&breaker, 100));
        breaker_failed(&breaker, 100);
    }
    cr_expect_not(breaker_allows(&breaker, 100 + BREAKER_OPEN_MS_MIN - 1));
    cr_assert(breaker_allows(&breaker, 100 + BREAKER_OPEN_MS_MIN));
    breaker_sent(&breaker, 100 + BREAKER_OPEN_MS_MIN);
    cr_expect_not(breaker_allows(&breaker, 999999), "one trial at a time");
    breaker_failed(&breaker, 20000);
    cr_expect_not(breaker_allows(&breaker, 20000 + 2 * BREAKER_OPEN_MS_MIN - 1), "twice as long");
    cr_assert(breaker_allows(&breaker, 20000 + 2 * BREAKER_OPEN_MS_MIN));
    breaker_sent(&breaker, 20000 + 2 * BREAKER_OPEN_MS_MIN);
    breaker_succeeded(&breaker);
    cr_expect(breaker_allows(&breaker, 0));
}

Test(breaker, is_never_open_for_longer_than_its_limit)
{
    struct breaker breaker = {.state = BREAKER_CLOSED};
    for (int i = 0; i < 20; i++) {
        breaker_trip(&breaker, 0);
    }
    cr_expect_eq(breaker.until_ms, BREAKER_OPEN_MS_MAX);
}

/* ---- plan ---- */

static const char plan_text[] =
    "allow_hosts: [h]\n"
    "backends:\n"
    "  b: {dialect: ollama, instances: ['http://h:1', 'http://h:2'], in_flight: 2, connect_s: 2,\n"
    "      first_byte_s: 30, total_s: 120, keep_alive: 10m}\n"
    "models:\n"
    "  big: {answer: blocks, num_ctx: 6144, num_predict: 800}\n"
    "  small: {answer: whole, num_ctx: 4096, num_predict: 700}\n"
    "classes:\n"
    "  typescript: {chain: [big, small], temperatures: [0.2, 0.5], seeds: [1, 2]}\n"
    "  react: {chain: [big], temperatures: [0.2], seeds: [1]}\n"
    "  test: {chain: [small], temperatures: [0.2], seeds: [1]}\n"
    "  general: {chain: [small], temperatures: [0.2], seeds: [1]}\n";

static struct plan *load(const char *text)
{
    static struct config_report report;
    struct plan *plan = NULL;
    enum err err = plan_load_text("m.yml", text, strlen(text), &plan, &report);
    cr_assert_eq(err, ERR_OK, "%s", report.lines[0]);
    return plan;
}

Test(plan, reads_models_servers_and_classes)
{
    struct plan *plan = load(plan_text);
    cr_expect_eq(plan->instances_count, 2);
    cr_expect_str_eq(plan->instances[1].url, "http://h:2");
    cr_expect_eq(plan->instances[1].backend->first_byte_s, 30);
    cr_expect_eq(plan->models[0].num_ctx, 6144);
    cr_expect_eq(plan->classes[PLAN_TYPESCRIPT].chain[1], 1);
    cr_expect_float_eq(plan->classes[PLAN_TYPESCRIPT].temperatures[1], 0.5, 1e-9);
    plan_destroy(&plan);
}

/* Replaces `from` in the sound text; the first problem must be `problem`. */
static void expect_problem(const char *from, const char *to, const char *problem)
{
    static struct config_report report;
    char text[2048];
    struct plan *plan = NULL;
    const char *at = strstr(plan_text, from);
    cr_assert(at, "%s", from);
    (void)snprintf(text, sizeof text, "%.*s%s%s", (int)(at - plan_text), plan_text, to,
                   at + strlen(from));
    cr_expect_eq(plan_load_text("m.yml", text, strlen(text), &plan, &report), ERR_CONFIG);
    cr_expect(strstr(report.lines[0], problem), "%s", report.lines[0]);
    cr_expect_null(plan);
}

Test(plan, says_what_is_wrong_and_where)
{
    expect_problem("http://h:2", "http://evil:2", "m.yml:3:50: evil is not among allow_hosts");
    expect_problem("http://h:2", "http://h:2/x", "m.yml:3:50: expected http(s)://HOST[:PORT]");
    expect_problem("http://h:2", "http://u@h", "m.yml:3:50: expected http(s)://HOST[:PORT]");
    expect_problem("[big, small]", "[big, smal]", "m.yml:9:29");
    expect_problem("[0.2, 0.5]", "[0.2]", "m.yml:9:3: expected a model");
    expect_problem("0.5", "2.5", "expected at most 4 numbers from 0 to 2");
    expect_problem("num_predict: 800", "num_predict: 8000", "m.yml:6");
    expect_problem("num_ctx: 6144", "num_ctx: 600", "m.yml:6:3: expected num_ctx and a smaller");
    expect_problem("  react", "  reactor", "m.yml:10:3");
    expect_problem("in_flight: 2", "in_flight: 0", "m.yml:3:3: expected in_flight");
    expect_problem("models:", "modles:", "m.yml:5:1");
}

/* ---- pool ---- */

static struct pool pool;
static struct plan *plan;

static void open_pool(void)
{
    plan = load(plan_text);
    pool_init(&pool, plan);
}

static void close_pool(void)
{
    plan_destroy(&plan);
}

TestSuite(pool, .init = open_pool, .fini = close_pool);

enum { BIG = 1, SMALL = 2 };

static void know(uint32_t first, uint32_t second)
{
    pool_checked(&pool, 0, true, first, 0);
    pool_checked(&pool, 1, true, second, 0);
}

static enum pool_next next(int *item)
{
    return pool_next(&pool, 0, item);
}

Test(pool, asks_what_a_server_has_before_it_is_used_and_only_while_somebody_waits)
{
    int item;
    cr_expect_eq(pool_check(&pool, 0), POOL_NONE);
    int wanted = pool_add(&pool, PLAN_REACT, 1000);
    cr_expect_eq(pool_check(&pool, 0), 0);
    cr_expect_eq(pool_check(&pool, 0), 1);
    cr_expect_eq(pool_check(&pool, 0), POOL_NONE);
    cr_expect_eq(next(&item), POOL_NOTHING, "the lists are not there yet");
    pool_checked(&pool, 0, false, 0, 0);
    cr_expect_eq(next(&item), POOL_NOTHING);
    pool_checked(&pool, 1, true, BIG, 0);
    cr_expect_eq(next(&item), POOL_SEND);
    cr_expect_eq(item, wanted);
    cr_expect_eq(pool.items[item].instance, 1);
}

Test(pool, takes_the_least_loaded_and_prefers_the_model_that_is_warm)
{
    int item;
    know(BIG | SMALL, BIG | SMALL);
    (void)pool_add(&pool, PLAN_REACT, 1000);
    cr_assert_eq(next(&item), POOL_SEND);
    cr_expect_eq(pool.items[item].instance, 0);
    (void)pool_add(&pool, PLAN_TEST, 1000);
    cr_assert_eq(next(&item), POOL_SEND);
    cr_expect_eq(pool.items[item].instance, 1, "the other model is warm at the first");
    pool_ended(&pool, item, POOL_DONE, 0);
    (void)pool_add(&pool, PLAN_TEST, 1000);
    cr_assert_eq(next(&item), POOL_SEND);
    cr_expect_eq(pool.items[item].instance, 1, "it is warm there");
}

Test(pool, holds_the_limit_and_goes_round_the_classes)
{
    size_t done[PLAN_CLASSES] = {0};
    int items[4];
    int item;
    know(BIG | SMALL, 0);
    for (int i = 0; i < 60; i++) {
        cr_assert_neq(pool_add(&pool, PLAN_REACT, 1000), POOL_NONE);
    }
    for (int i = 0; i < 20; i++) {
        cr_assert_neq(pool_add(&pool, PLAN_TEST, 1000), POOL_NONE);
        cr_assert_neq(pool_add(&pool, PLAN_GENERAL, 1000), POOL_NONE);
    }
    for (int round = 0; round < 30; round++) {
        size_t count = 0;
        while (next(&item) == POOL_SEND) {
            cr_assert_lt(count, 2, "more than in_flight");
            items[count++] = item;
        }
        cr_assert_eq(count, 2);
        for (size_t i = 0; i < count; i++) {
            done[pool.items[items[i]].class_index]++;
            pool_ended(&pool, items[i], POOL_DONE, 0);
        }
    }
    /* Whose model is loaded comes first, but at most POOL_JUMPS_MAX times on end. */
    cr_expect_leq(done[PLAN_REACT], 2 * (POOL_JUMPS_MAX + 1));
    cr_expect_geq(done[PLAN_TEST], POOL_JUMPS_MAX);
    cr_expect_geq(done[PLAN_GENERAL], POOL_JUMPS_MAX);
}

Test(pool, lets_the_model_that_is_loaded_come_first_but_not_for_ever)
{
    int item;
    int before = POOL_NONE;
    size_t swaps = 0;
    size_t longest = 0;
    size_t waited = 0;
    know(BIG | SMALL, 0);
    for (int i = 0; i < 100; i++) {
        cr_assert_neq(pool_add(&pool, i % 2 ? PLAN_REACT : PLAN_TEST, 1000), POOL_NONE);
    }
    while (next(&item) == POOL_SEND) {
        int model = (int)pool_model(&pool, item);
        waited = model == before ? waited + 1 : 1;
        swaps += before != POOL_NONE && model != before;
        longest = swaps < 5 && waited > longest ? waited : longest;
        before = model;
        pool_ended(&pool, item, POOL_DONE, 0);
    }
    cr_expect_leq(longest, POOL_JUMPS_MAX + 1);
    cr_expect_leq(swaps, 100 / POOL_JUMPS_MAX + 1);
    cr_expect_geq(swaps, 3);
}

Test(pool, goes_on_to_the_other_server_then_to_the_next_model_then_gives_up)
{
    int item;
    know(BIG, BIG | SMALL);
    int wanted = pool_add(&pool, PLAN_TYPESCRIPT, 1000);
    cr_assert_eq(next(&item), POOL_SEND);
    cr_expect_eq(pool.items[item].instance, 0);
    pool_ended(&pool, item, POOL_FAILED, 0);
    cr_assert_eq(next(&item), POOL_SEND);
    cr_expect_eq(pool.items[item].instance, 1);
    cr_expect_eq(pool_model(&pool, item), 0);
    pool_ended(&pool, item, POOL_MISSING, 0);
    cr_assert_eq(next(&item), POOL_SEND);
    cr_expect_eq(pool_model(&pool, item), 1, "the next of the chain");
    pool_ended(&pool, item, POOL_FAILED, 0);
    cr_assert_eq(next(&item), POOL_GIVE_UP);
    cr_expect_eq(item, wanted);
    pool_remove(&pool, item);
    (void)pool_add(&pool, PLAN_REACT, 1000);
    cr_assert_eq(next(&item), POOL_SEND);
    cr_expect_eq(pool.items[item].instance, 0, "the second has that model no more");
}

Test(pool, gives_up_when_its_time_is_over_and_has_room_for_so_many)
{
    int item;
    know(BIG, BIG);
    for (int i = 0; i < POOL_WAITING_MAX; i++) {
        cr_assert_neq(pool_add(&pool, PLAN_REACT, 500), POOL_NONE);
    }
    cr_expect_eq(pool_add(&pool, PLAN_REACT, 500), POOL_NONE);
    for (int i = 0; i < 4; i++) {
        cr_assert_eq(next(&item), POOL_SEND);
    }
    cr_expect_eq(next(&item), POOL_NOTHING);
    cr_expect_eq(pool_due_ms(&pool, 0), 500);
    cr_expect_eq(pool_next(&pool, 500, &item), POOL_GIVE_UP);
}

/* ---- servers that are started ---- */

static const char started_text[] =
    "allow_hosts: [h]\n"
    "backends:\n"
    "  b: {dialect: ollama, instances: ['http://h:1', 'http://h'], in_flight: 2, connect_s: 2,\n"
    "      first_byte_s: 30, total_s: 120, keep_alive: 10m,\n"
    "      start: [serve, '--port={port}'], readable: [/models], start_s: 20, idle_s: 60}\n"
    "models:\n"
    "  big: {answer: blocks, num_ctx: 6144, num_predict: 800}\n"
    "classes:\n"
    "  typescript: {chain: [big], temperatures: [0.2], seeds: [1]}\n"
    "  react: {chain: [big], temperatures: [0.2], seeds: [1]}\n"
    "  test: {chain: [big], temperatures: [0.2], seeds: [1]}\n"
    "  general: {chain: [big], temperatures: [0.2], seeds: [1]}\n";

static void open_hosts(void)
{
    plan = load(started_text);
    pool_init(&pool, plan);
}

TestSuite(hosts, .init = open_hosts, .fini = close_pool);

/* Nobody is there: the first generation wants one server and waits for it. */
static int want_first(void)
{
    int item;
    int waiting = pool_add(&pool, PLAN_REACT, 1000000);
    cr_assert_eq(pool_check(&pool, 0), 0);
    cr_assert_eq(pool_check(&pool, 0), 1);
    pool_checked(&pool, 0, false, 0, 0);
    pool_checked(&pool, 1, false, 0, 0);
    cr_assert_eq(next(&item), POOL_NOTHING);
    cr_assert_eq(pool_to_start(&pool), 0);
    return waiting;
}

Test(hosts, reads_how_to_start_them)
{
    cr_expect_str_eq(plan->backends[0].start[1], "--port={port}");
    cr_expect_null(plan->backends[0].start[2]);
    cr_expect_str_eq(plan->backends[0].readable[0], "/models");
    cr_expect_eq(plan->backends[0].idle_s, 60);
    cr_expect_eq(plan_port(&plan->instances[0]), 1);
    cr_expect_eq(plan_port(&plan->instances[1]), 80);
}

Test(hosts, one_is_started_polled_used_kept_and_stopped_when_idle)
{
    int item;
    int waiting = want_first();
    pool_started(&pool, 0, 0);
    cr_expect_eq(pool_to_start(&pool), POOL_NONE, "one is enough for one");
    cr_expect_eq(pool_due_ms(&pool, 0), POOL_POLL_MS);
    cr_expect_eq(pool_check(&pool, POOL_POLL_MS - 1), POOL_NONE);
    cr_assert_eq(pool_check(&pool, POOL_POLL_MS), 0);
    pool_checked(&pool, 0, false, 0, POOL_POLL_MS);
    cr_expect_eq(pool_next(&pool, POOL_POLL_MS, &item), POOL_NOTHING, "it still comes");
    cr_assert_eq(pool_check(&pool, 1000), 0);
    pool_checked(&pool, 0, true, BIG, 1000);
    cr_assert_eq(pool_next(&pool, 1000, &item), POOL_SEND);
    cr_expect_eq(item, waiting);
    cr_expect_eq(pool_to_stop(&pool, 999999), POOL_NONE, "it works");
    pool_ended(&pool, item, POOL_DONE, 5000);
    cr_expect_eq(pool_due_ms(&pool, 5000), 65000);
    cr_expect_eq(pool_to_stop(&pool, 64999), POOL_NONE);
    cr_assert_eq(pool_to_stop(&pool, 65000), 0);
    cr_expect_eq(pool_to_stop(&pool, 65000), POOL_NONE, "once");
    (void)pool_add(&pool, PLAN_REACT, 1000000);
    cr_expect_eq(pool_next(&pool, 65000, &item), POOL_NOTHING);
    cr_expect_eq(pool_to_start(&pool), POOL_NONE, "not before the old one has gone");
    pool_stopped(&pool, 0, 65001);
    cr_expect_eq(pool_next(&pool, 65001, &item), POOL_NOTHING);
    cr_expect_eq(pool_to_start(&pool), 0, "and again");
}

Test(hosts, another_is_started_when_waiting_takes_longer_than_a_start)
{
    int item;
    (void)want_first();
    pool_started(&pool, 0, 0);
    /* Ten seconds each, two at a time: with four of them the last one waits for 20 s. */
    for (int i = 0; i < 3; i++) {
        (void)pool_add(&pool, PLAN_REACT, 1000000);
    }
    cr_expect_eq(next(&item), POOL_NOTHING);
    cr_expect_eq(pool_to_start(&pool), POOL_NONE);
    (void)pool_add(&pool, PLAN_REACT, 1000000);
    cr_expect_eq(next(&item), POOL_NOTHING);
    cr_expect_eq(pool_to_start(&pool), 1);
}

Test(hosts, one_that_does_not_come_or_falls_is_left_alone_for_a_while)
{
    int item;
    int waiting = want_first();
    pool_started(&pool, 0, 0);
    pool_stopped(&pool, 0, 100);
    cr_expect_eq(pool_next(&pool, 100, &item), POOL_NOTHING);
    cr_assert_eq(pool_to_start(&pool), 1, "the other one");
    pool_started(&pool, 1, 100);
    cr_expect_eq(pool_to_stop(&pool, 20099), POOL_NONE);
    cr_assert_eq(pool_to_stop(&pool, 20100), 1, "it has not answered in 20 s");
    pool_stopped(&pool, 1, 20101);
    cr_assert_eq(pool_next(&pool, 20101, &item), POOL_NOTHING);
    cr_expect_eq(pool_to_start(&pool), 0, "its ten seconds are over");
    pool_stopped(&pool, 0, 20102);
    cr_assert_eq(pool_next(&pool, 20102, &item), POOL_GIVE_UP);
    cr_expect_eq(item, waiting);
}

Test(hosts, a_server_of_others_is_used_and_never_stopped)
{
    int item;
    (void)pool_add(&pool, PLAN_REACT, 1000000);
    (void)pool_check(&pool, 0);
    pool_checked(&pool, 0, true, BIG, 0);
    cr_assert_eq(next(&item), POOL_SEND);
    pool_ended(&pool, item, POOL_DONE, 10);
    cr_expect_eq(pool_to_start(&pool), POOL_NONE);
    cr_expect_eq(pool_to_stop(&pool, 999999), POOL_NONE);
}

/* ---- wire ---- */

static enum wire_result read_as(enum plan_dialect dialect, uint64_t status, const char *body,
                                struct wire_answer *answer)
{
    char why[WIRE_WHY_SIZE];
    enum wire_result result = wire_read(dialect, status, msg_str(body), answer, why);
    cr_expect_eq(result == WIRE_DONE, why[0] == '\0', "%s", why);
    return result;
}

Test(wire, reads_a_stream_of_each_dialect)
{
    struct wire_answer answer;
    cr_assert_eq(
        read_as(PLAN_OLLAMA, 200,
                "{\"message\":{\"content\":\"a\"},\"done\":false}\n"
                "{\"message\":{\"content\":\"b\"},\"done\":true,\"done_reason\":\"length\","
                "\"prompt_eval_count\":3,\"eval_count\":2}\n",
                &answer),
        WIRE_DONE);
    cr_expect_str_eq(answer.text, "ab");
    cr_expect(answer.cut);
    cr_expect_eq(answer.tokens_in, 3);
    cr_expect_eq(answer.tokens_out, 2);
    free(answer.text);
    cr_assert_eq(read_as(PLAN_OPENAI, 200,
                         ": hello\r\n"
                         "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\"}}]}\r\n\r\n"
                         "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\r\n\r\n"
                         "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\r\n\r\n"
                         "data: [DONE]\r\n\r\n",
                         &answer),
                 WIRE_DONE);
    cr_expect_str_eq(answer.text, "a");
    cr_expect_not(answer.cut);
    free(answer.text);
}

Test(wire, refuses_what_has_no_end_or_goes_on_behind_it)
{
    struct wire_answer answer;
    static const char *const ollama[] = {
        "",
        "{\"message\":{\"content\":\"a\"},\"done\":false}\n",
        "<html>",
        "{\"done\":true}",
        "{\"message\":{\"content\":\"a\"},\"done\":true}\n{\"message\":{},\"done\":true}",
        "{\"message\":3,\"done\":true}",
        "{\"error\":\"oops\"}"};
    for (size_t i = 0; i < sizeof ollama / sizeof ollama[0]; i++) {
        cr_expect_eq(read_as(PLAN_OLLAMA, 200, ollama[i], &answer), WIRE_BROKEN, "%zu", i);
    }
    cr_expect_eq(read_as(PLAN_OPENAI, 200,
                         "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\ndata: [DONE]\n",
                         &answer),
                 WIRE_BROKEN, "no reason to end");
    cr_expect_eq(read_as(PLAN_OLLAMA, 429, "{\"error\":\"busy\"}", &answer), WIRE_BROKEN);
}

Test(wire, knows_a_model_that_is_not_there_or_does_not_fit)
{
    struct wire_answer answer;
    cr_expect_eq(read_as(PLAN_OLLAMA, 404, "{\"error\":\"model 'x' not found\"}", &answer),
                 WIRE_MISSING);
    cr_expect_eq(read_as(PLAN_OLLAMA, 500,
                         "{\"error\":\"model requires more system memory (5 GiB)\"}", &answer),
                 WIRE_MISSING);
    cr_expect_eq(read_as(PLAN_OPENAI, 400,
                         "{\"error\":{\"message\":\"The model `x` does not exist.\"}}", &answer),
                 WIRE_MISSING);
}

/* ---- answer ---- */

static const char source[] = "a\nb\nc\nd\ne\nf\ng\nh\n";

static const char *change(const char *text, const char *answer, bool whole)
{
    static char out[4096];
    const struct answer_file file = {
        .path = "src/x.ts", .text = {text, (uint32_t)strlen(text)}, .from = 1, .to = 8};
    const struct answer_input input = {
        .files = &file, .count = 1, .text = msg_str(answer), .whole = whole};
    char why[ANSWER_WHY_SIZE];
    char *diff = NULL;
    enum err err = answer_read(&input, &diff, why);
    (void)snprintf(out, sizeof out, "%s", err == ERR_OK ? diff : why);
    free(diff);
    return out;
}

static const char changed[] =
    "--- a/src/x.ts\n+++ b/src/x.ts\n@@ -1,5 +1,5 @@\n a\n-b\n+B\n c\n d\n e\n";

Test(answer, makes_a_diff_of_a_block_with_prose_and_fences_around)
{
    cr_expect_str_eq(
        change(source, "Sure!\n```\nFILE src/x.ts\nORIGINAL\n2| b\nFIXED\n2| B\nEND\n```\n", false),
        changed);
    cr_expect_str_eq(change(source,
                            "**FILE** no\nFILE: `./src/x.ts`\n### ORIGINAL:\n```ts\nb\n```\n"
                            "### FIXED:\n```ts\nB\n```\nDone.",
                            false),
                     changed);
}

Test(answer, makes_a_diff_of_the_whole)
{
    cr_expect_str_eq(change(source, "Here:\n```ts\na\nB\nc\nd\ne\nf\ng\nh\n```\nbye", true),
                     changed);
}

Test(answer, keeps_line_ends_and_a_missing_last_one)
{
    cr_expect_str_eq(change("a\r\nb", "FILE src/x.ts\nORIGINAL\n2| b\nFIXED\n2| B\nEND\n", false),
                     "--- a/src/x.ts\n+++ b/src/x.ts\n@@ -1,2 +1,2 @@\n a\r\n-b\n"
                     "\\ No newline at end of file\n+B\r\n\\ No newline at end of file\n");
}

Test(answer, makes_a_hunk_for_each_change_that_is_far_from_the_others)
{
    const char *diff = change("1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n14\n",
                              "FILE src/x.ts\nORIGINAL\n1| 1\nFIXED\n1| one\nORIGINAL\n14| 14\n"
                              "FIXED\n14| end\nmore\nEND\n",
                              false);
    cr_expect_str_eq(diff, "--- a/src/x.ts\n+++ b/src/x.ts\n@@ -1,4 +1,4 @@\n-1\n+one\n 2\n 3\n 4\n"
                           "@@ -11,4 +11,5 @@\n 11\n 12\n 13\n-14\n+end\n+more\n");
}

Test(answer, refuses_what_it_does_not_wholly_understand)
{
    static const struct {
        const char *text;
        bool whole;
        const char *why;
    } cases[] = {
        {"I cannot do that.", false, "no change in it"},
        {"I cannot do that.", true, "no change in it"},
        {"FILE src/y.ts\nORIGINAL\n2| b\nFIXED\n2| B\nEND\n", false, "not shown"},
        {"ORIGINAL\n2| b\nFIXED\n2| B\nEND\n", false, "without the name"},
        {"FILE src/x.ts\nORIGINAL\n2| q\nFIXED\n2| B\nEND\n", false, "not there"},
        {"FILE src/x.ts\nORIGINAL\n2| b\nFIXED\n2| B\n", false, "ends within"},
        {"FILE src/x.ts\nORIGINAL\n\nFIXED\n2| B\nEND\n", false, "without the lines"},
        {"FILE src/x.ts\nORIGINAL\n2| b\nFIXED\n2| b\nEND\n", false, "there already"},
        {"FILE src/x.ts\nORIGINAL\n2| q\nFIXED\n2| b\nEND\n", false, "there already"},
        {"FILE src/x.ts\nORIGINAL\n2| b\nFIXED\nx\nORIGINAL\n2| b\nFIXED\ny\nEND\n", false,
         "same lines"},
        {"```\na\nB\n```\n```\nother\n```", true, "several texts"},
        {"```\na\nB\nc\nd\ne\nf\n", true, "ends within"},
        {"```\na\n```", true, "leaves out"},
        {"```\na\nB\nc\nd\n// ... the rest of it\n```", true, "leaves out"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *why = change(source, cases[i].text, cases[i].whole);
        cr_expect(strstr(why, cases[i].why), "%zu: %s", i, why);
    }
}

/* ---- prompt ---- */

Test(prompt, shows_as_much_as_there_is_room_for_around_the_place)
{
    char text[8192];
    size_t used = 0;
    for (int i = 1; i <= 400; i++) {
        used += (size_t)snprintf(text + used, sizeof text - used, "line %d\n", i);
    }
    struct answer_file file = {.path = "a.ts", .text = msg_str(text)};
    const uint64_t line = 200;
    struct prompt_input input = {.message = msg_str("banner\nerror here"),
                                 .env = "",
                                 .files = &file,
                                 .lines = &line,
                                 .count = 1,
                                 .budget = 4000};
    char *prompt = NULL;
    size_t shown = 0;
    cr_assert_eq(prompt_make(&input, &prompt, &shown), ERR_OK);
    cr_expect_eq(file.from, 160);
    cr_expect_eq(file.to, 240);
    cr_expect(strstr(prompt, "\n200| line 200\n"));
    cr_expect_null(strstr(prompt, "banner"));
    cr_expect_lt(strlen(prompt), input.budget);
    free(prompt);
    input.budget = 700;
    cr_assert_eq(prompt_make(&input, &prompt, &shown), ERR_OK);
    cr_expect_gt(file.from, 180);
    cr_expect_lt(strlen(prompt), input.budget);
    free(prompt);
    input.budget = 100;
    cr_expect_eq(prompt_make(&input, &prompt, &shown), ERR_LIMIT);
}

Test(prompt, blots_out_secrets)
{
    char text[] = "x=hunter2hunter2 y=ghp_0123456789abcdef0123456789 z=plain-value mask-012 "
                  "-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----";
    prompt_blot(text, "DB_PASSWORD=hunter2hunter2\nCOLOR=plain-value\nSHORT_KEY=abc\n");
    cr_expect_str_eq(text, "x=[SECRET] y=[SECRET] z=plain-value mask-012 "
                           "[SECRET]-----END RSA PRIVATE KEY-----");
}

/* ---- place ---- */

Test(place, finds_sources_inside_of_the_project_only)
{
    struct places places = {.count = 0};
    places_find(&places, "/p",
                msg_str("/p/src/a.ts:3:4 src/b.tsx(7,1): error ../c.ts:1 /etc/d.ts:1 e.md:1 "
                        "node_modules/f/g.js:1 .env:1 src/a.ts:9"),
                8);
    cr_assert_eq(places.count, 2);
    cr_expect_str_eq(places.list[0].path, "src/a.ts");
    cr_expect_eq(places.list[0].line, 3);
    cr_expect_str_eq(places.list[1].path, "src/b.tsx");
}

Test(place, follows_the_imports_of_a_test)
{
    struct places places = {.count = 0};
    places_import(&places, "src/deep/a.test.ts",
                  msg_str("import x from '../b'\nimport y from \"./c.js\"\nimport z from 'react'\n"
                          "import w from '../../../out'\n"));
    cr_expect_str_eq(places.list[0].path, "src/b.ts");
    bool found = false;
    for (size_t i = 0; i < places.count; i++) {
        found = found || strcmp(places.list[i].path, "src/deep/c.js") == 0;
        cr_expect_null(strstr(places.list[i].path, "out"));
    }
    cr_expect(found);
}

/* ---- advise ---- */

/* A model that mended `fixed` of `cases`, in `ms` each. */
static struct advise_row tried(uint64_t cases, uint64_t fixed, uint64_t ms)
{
    return (struct advise_row){
        .cases = cases,
        .fixed = fixed,
        .count = {.outcomes = {[POOL_DONE] = cases}, .ms = ms * cases},
    };
}

TestSuite(advise, .init = open_pool, .fini = close_pool);

Test(advise, takes_the_fastest_of_those_that_mend_as_many_as_the_best)
{
    struct advise_class class;
    struct advise_row rows[PLAN_MODELS_MAX] = {tried(40, 38, 9000), tried(40, 36, 2000)};
    advise_class(plan, PLAN_REACT, rows, &class);
    cr_assert(class.measured);
    cr_expect_eq(class.chain_count, 2);
    cr_expect_eq(class.chain[0], 1, "36 of 40 are nearly 38");
    cr_expect_eq(class.chain[1], 0);
    cr_expect_eq(class.was_ms, 9000);
    cr_expect_eq(class.is_ms, 2000);
    rows[1] = tried(40, 35, 2000);
    advise_class(plan, PLAN_REACT, rows, &class);
    cr_expect_eq(class.chain[0], 0, "35 of 40 are too few");
    cr_expect_eq(class.chain[1], 1);
    rows[1] = tried(40, 0, 2000);
    advise_class(plan, PLAN_REACT, rows, &class);
    cr_expect_eq(class.chain_count, 1, "who mends nothing is not asked");
}

Test(advise, leaves_what_was_not_measured_as_it_is)
{
    struct advise_class class;
    struct advise_row rows[PLAN_MODELS_MAX] = {tried(2, 2, 9000), tried(2, 2, 2000)};
    const struct plan_class *before = &plan->classes[PLAN_TYPESCRIPT];
    advise_class(plan, PLAN_TYPESCRIPT, rows, &class);
    cr_expect_not(class.measured);
    cr_expect_str_eq(class.why, "too few cases were measured");
    cr_expect_eq(class.chain_count, before->chain_count);
    cr_expect_eq(class.chain[0], before->chain[0]);
    rows[0] = tried(5, 0, 9000);
    advise_class(plan, PLAN_TYPESCRIPT, rows, &class);
    cr_expect_not(class.measured);
    cr_expect_str_eq(class.why, "no model mended anything");
    rows[0].count.outcomes[POOL_DONE] = 0;
    rows[0].fixed = 5;
    advise_class(plan, PLAN_TYPESCRIPT, rows, &class);
    cr_expect_str_eq(class.why, "too few cases were measured", "nobody has written anything");
}
