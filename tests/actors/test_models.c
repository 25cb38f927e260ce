/* test_models.c - the models between whoever wants a text, servers and the sandbox. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/common/cost.h"
#include "actors/models/models.h"
#include "tests/support/probe.h"

static const char plan_text[] =
    "allow_hosts: [h]\n"
    "backends:\n"
    "  b: {dialect: ollama, instances: ['http://h:1'], in_flight: 1, connect_s: 2,\n"
    "      first_byte_s: 30, total_s: 120, keep_alive: 10m}\n"
    "models:\n"
    "  big: {answer: blocks, num_ctx: 4096, num_predict: 300}\n"
    "  small: {answer: whole, num_ctx: 4096, num_predict: 300}\n"
    "classes:\n"
    "  typescript: {chain: [big, small], temperatures: [0.2], seeds: [1]}\n"
    "  react: {chain: [big], temperatures: [0.2], seeds: [1]}\n"
    "  test: {chain: [small], temperatures: [0.2], seeds: [1]}\n"
    "  general: {chain: [small], temperatures: [0.2], seeds: [1]}\n";

static struct plan *plan;
static struct probe *probe;
static struct rt_address someone;

static void setup(void)
{
    static struct config_report report;
    cr_assert_eq(plan_load_text("m", plan_text, strlen(plan_text), &plan, &report), ERR_OK);
    const struct models_arg arg = {.plan = plan};
    probe = probe_open(
        &(struct probe_options){.behaviour = &models_behaviour, .arg = &arg, .size = sizeof arg});
    someone = probe_peer(probe, "someone");
    (void)probe_trace(probe);
}

static void teardown(void)
{
    probe_close(&probe);
    plan_destroy(&plan);
}

TestSuite(models, .init = setup, .fini = teardown);

static void generate(uint64_t label, uint64_t budget_ms)
{
    probe_ask(probe, someone,
              MSG(generate, .label = label, .prompt = msg_str("P"), .blocks = msg_str("B"),
                  .whole = msg_str("W"), .temperature = 0.5, .seed = 9, .budget_ms = budget_ms),
              0);
}

static void http(uint64_t status, const char *body)
{
    probe_http_event(
        probe, MSG(http_done, .id = probe_http(probe), .status = status, .body = msg_str(body)));
}

static void expect_in_trace(const char *text)
{
    const char *trace = probe_trace(probe);
    cr_expect(strstr(trace, text), "%s\nis not in\n%s", text, trace);
}

static const char both[] = "{\"models\":[{\"name\":\"big\"},{\"name\":\"small\"}]}";
static const char written[] = "{\"message\":{\"content\":\"T\"},\"done\":true,\"eval_count\":5}\n";

Test(models, looks_what_there_is_then_asks_then_answers)
{
    generate(TERM_label_TYPESCRIPT, 10000);
    expect_in_trace("http GET http://h:1/api/tags");
    http(200, both);
    const char *trace = probe_trace(probe);
    cr_expect(strstr(trace, "http POST http://h:1/api/chat"), "%s", trace);
    cr_expect(strstr(trace, "\"content\":\"PB\""), "%s", trace);
    cr_expect(strstr(trace, "\"seed\":9"), "%s", trace);
    http(200, written);
    expect_in_trace("-> someone answer GENERATED model=big text=T");
    generate(TERM_label_TYPESCRIPT, 10000);
    expect_in_trace("http POST"); /* what it has is known */
    http(404, "{\"error\":\"model not found\"}");
    expect_in_trace("\"content\":\"PW\""); /* the small one, at once */
    http(200, written);
    expect_in_trace("GENERATED model=small");
    generate(TERM_label_REACT, 10000);
    expect_in_trace("GENERATED model= "); /* nobody has it any more */
}

Test(models, holds_the_limit_of_a_server_and_lets_nobody_wait_for_ever)
{
    generate(TERM_label_TYPESCRIPT, 10000);
    http(200, both);
    (void)probe_trace(probe);
    generate(TERM_label_TEST, 500);
    probe_expect(probe, "");
    probe_advance(probe, 500);
    expect_in_trace("reason=its time was over before a model had answered");
    http(200, written);
    expect_in_trace("GENERATED model=big");
}

Test(models, goes_without_a_server_that_is_not_reached_and_tries_it_again_later)
{
    generate(TERM_label_TYPESCRIPT, 10000);
    probe_http_event(probe, MSG(http_done, .id = probe_http(probe), .error = msg_str("refused")));
    expect_in_trace("reason=no model can be had");
    generate(TERM_label_TYPESCRIPT, 10000);
    const char *trace = probe_trace(probe);
    cr_expect_null(strstr(trace, "http"), "%s", trace);
    probe_advance(probe, 10000);
    generate(TERM_label_TYPESCRIPT, 10000);
    expect_in_trace("http GET http://h:1/api/tags");
    http(200, both);
    http(200, written);
    expect_in_trace("GENERATED model=big");
}

static void fix(const char *message)
{
    probe_ask(probe, someone,
              MSG(fix, .run = msg_str("r"), .error = 1, .label = TERM_label_TYPESCRIPT,
                  .dir = msg_str("/p"), .message = msg_str(message), .file = msg_str("."),
                  .budget_ms = 10000),
              0);
}

static void read_as(const char *bytes, size_t size)
{
    uint64_t exec = probe_exec(probe);
    probe_exec_event(probe,
                     MSG(exec_output, .id = exec, .stream = 1, .bytes = {bytes, (uint32_t)size}));
    probe_exec_event(probe, MSG(exec_exited, .id = exec));
}

Test(models, reads_the_files_in_the_sandbox_and_makes_a_candidate)
{
    static const char file[] = "src/a.ts\0let a = 1\n";
    fix("src/a.ts(1,1): error TS1: no");
    expect_in_trace("65536 src/a.ts");
    read_as(file, sizeof file);
    http(200, both);
    expect_in_trace("1| let a = 1");
    http(200, "{\"message\":{\"content\":\"FILE src/a.ts\\nORIGINAL\\n1| let a = 1\\nFIXED\\n"
              "1| let a = 2\\nEND\\n\"},\"done\":true}\n");
    const char *trace = probe_trace(probe);
    cr_expect(strstr(trace, "CANDIDATE run=r error=1 index=0 source=model:big"), "%s", trace);
    cr_expect(strstr(trace, "answer CANDIDATES run=r error=1 count=1 reason="), "%s", trace);
}

Test(models, follows_a_test_to_its_source)
{
    static const char test_file[] = "src/a.test.ts\0import {a} from './a'\n";
    static const char file[] = "src/a.ts\0let a = 1\n";
    fix("FAIL src/a.test.ts:1:1");
    read_as(test_file, sizeof test_file);
    expect_in_trace("src/a.ts src/a.tsx");
    read_as(file, sizeof file);
    http(200, both);
    expect_in_trace("a test that must not be changed");
    probe_advance(probe, 10000);
    expect_in_trace("answer CANDIDATES run=r error=1 count=0");
}

Test(models, says_so_when_no_file_is_named)
{
    fix("something is wrong");
    expect_in_trace("count=0 reason=models: the failure names no source file of the project");
}

/* ---- servers that are started ---- */

static void open_started(void)
{
    static struct config_report report;
    char text[2048];
    const char *at = strstr(plan_text, "keep_alive");
    (void)snprintf(text, sizeof text, "%.*sstart: [serve, '-p{port}'], start_s: 20, idle_s: 60, %s",
                   (int)(at - plan_text), plan_text, at);
    cr_assert_eq(plan_load_text("m", text, strlen(text), &plan, &report), ERR_OK);
    const struct models_arg arg = {.plan = plan};
    probe = probe_open(
        &(struct probe_options){.behaviour = &models_behaviour, .arg = &arg, .size = sizeof arg});
    someone = probe_peer(probe, "someone");
    (void)probe_trace(probe);
}

TestSuite(started, .init = open_started, .fini = teardown);

static void refuse(void)
{
    probe_http_event(probe, MSG(http_done, .id = probe_http(probe), .error = msg_str("refused")));
}

Test(started, a_server_is_started_used_and_stopped_when_idle)
{
    generate(TERM_label_TYPESCRIPT, 100000);
    refuse();
    expect_in_trace("exec serve -p1");
    uint64_t exec = probe_exec(probe);
    probe_exec_event(probe, MSG(exec_started, .id = exec));
    probe_advance(probe, 500);
    expect_in_trace("http GET http://h:1/api/tags");
    refuse();
    probe_advance(probe, 500);
    http(200, both);
    expect_in_trace("http POST http://h:1/api/chat");
    http(200, written);
    expect_in_trace("GENERATED model=big");
    probe_advance(probe, 59999);
    probe_expect(probe, "");
    probe_advance(probe, 1);
    expect_in_trace("kill");
    probe_exec_event(probe, MSG(exec_exited, .id = exec));
    generate(TERM_label_TYPESCRIPT, 100000);
    expect_in_trace("exec serve -p1");
}

Test(started, the_budget_is_asked_where_somebody_keeps_it)
{
    struct rt_address coordinator = probe_peer(probe, "coordinator");
    probe_role_up(probe, TERM_role_COORDINATOR, coordinator);
    generate(TERM_label_TYPESCRIPT, 100000);
    refuse();
    expect_in_trace("-> coordinator ask STATUS");
    probe_answer(probe, coordinator, MSG(status_is, .budget = BUDGET_SELECTED));
    expect_in_trace("reason=no model can be had");
    probe_advance(probe, 10000);
    generate(TERM_label_TYPESCRIPT, 100000);
    expect_in_trace("-> coordinator ask STATUS");
    probe_answer(probe, coordinator, MSG(status_is, .budget = BUDGET_SPOT));
    expect_in_trace("exec serve -p1");
}
