/* test_gateway.c - the gateway, its deliveries and its reporters, with a peer for the coordinator
 * and nobody behind HTTP.
 */
#include <stdlib.h>
#include <string.h>

#include "actors/gateway/gateway.h"
#include "tests/support/probe.h"

#define SHA    "0123456789abcdef0123456789abcdef01234567"
#define ORIGIN "github:o/r#7@" SHA
#define RUN    "01HWTXW3ZG00000000000000AB"
#define API    "https://api.github.com/repos/o/r"
#define SEARCH_CHECK                                                                               \
    "http GET " API "/commits/" SHA "/check-runs?check_name=troupe&filter=all&per_page=32&page=1 " \
    "body=\n"

/* The body and its HMAC-SHA256 under the secret "s", by openssl dgst. */
#define BODY                                                                                       \
    "{\"action\":\"opened\",\"pull_request\":{\"number\":7,"                                       \
    "\"updated_at\":\"2024-05-01T12:34:56Z\",\"head\":{\"sha\":\"" SHA                             \
    "\",\"ref\":\"t\",\"repo\":{\"full_name\":\"o/r\"}},\"base\":{\"sha\":\"" SHA                  \
    "\"}},\"repository\":{\"full_name\":\"o/r\"}}"

static struct probe *probe;
static struct rt_address coordinator;
static struct gateway_arg *arg;
#define SIGNATURE "sha256=4d695846a0ea2b508f7bb06db3095bdec170cd0d3a5496691337668b03098b1d"
#define BODY_RUN                                                                                   \
    "01HWT2D6C0W9TPE9BNMVXT8HGT" /* by Python, from the time and the SHA-256 of BODY               \
                                  */

static void open_gateway(bool linked)
{
    struct config config;
    config_defaults(&config);
    (void)snprintf(config.gateway.listen, sizeof config.gateway.listen, "127.0.0.1:80");
    (void)snprintf(config.gateway.checkouts, sizeof config.gateway.checkouts, "/co");
    arg = calloc(1, sizeof *arg);
    cr_assert(arg);
    cr_assert_eq(signature_secrets_read("s", &arg->secrets), ERR_OK);
    (void)snprintf(arg->token, sizeof arg->token, "TOKEN");
    (void)snprintf(arg->env, sizeof arg->env, "PATH=/bin\n");
    probe = probe_open(&(struct probe_options){
        .config = &config, .behaviour = &gateway_behaviour, .arg = arg, .size = sizeof *arg});
    probe_expect(probe, "[0] http serve 127.0.0.1:80\n[0] role gateway\n");
    coordinator = probe_peer(probe, "coordinator");
    if (linked) {
        probe_role_up(probe, TERM_role_COORDINATOR, coordinator);
        probe_expect(probe, "[0] -> coordinator ask REPORTS_DUE after=\n");
        probe_answer(probe, coordinator, MSG(reports_end, .more = false));
    }
}

static void setup(void)
{
    open_gateway(true);
}

static void teardown(void)
{
    (void)probe_trace(probe);
    probe_close(&probe);
    free(arg);
}

TestSuite(gateway, .init = setup, .fini = teardown);

/* The trace without the times; what was told may have lines of its own. */
static void expect(const char *wanted)
{
    static char lines[1 << 18];
    const char *trace = probe_trace(probe);
    size_t used = 0;
    while (*trace) {
        size_t time = trace[0] == '[' ? strspn(trace + 1, "0123456789") : 0;
        const char *line = time > 0 && trace[time + 1] == ']' ? trace + time + 3 : trace;
        size_t size = strcspn(line, "\n") + 1;
        memcpy(lines + used, line, size);
        used += size;
        trace = line + size;
    }
    lines[used] = '\0';
    cr_expect_str_eq(lines, wanted);
}

/* ---- deliveries ---- */

static void webhook_with(const char *event, const char *type, const char *mac)
{
    char headers[1024];
    (void)snprintf(headers, sizeof headers,
                   "host: x\nx-github-event: %s\nx-github-delivery: 1-2\ncontent-type: %s\n"
                   "x-hub-signature-256: %s\n",
                   event, type, mac);
    probe_http_event(probe, MSG(http_request, .id = 5, .method = msg_str("POST"),
                                .path = msg_str("/webhook"), .headers = msg_str(headers),
                                .body = msg_str(BODY)));
}

static void webhook(void)
{
    webhook_with("pull_request", "application/json", SIGNATURE);
}

#define SUBMIT_OF(id)                                                                              \
    "-> coordinator ask SUBMIT run=" id " dir=/co/o/r/" SHA                                        \
    " runner=auto command= env=PATH=/bin\n workers=0 retries=0 fail_fast=false timeout_ms=0 "      \
    "files=0 root=/co/o/r/" SHA " snapshot=" SHA " fix=2 heal=2 origin=" ORIGIN                    \
    " held=false affected=false keyed=false reuse_ms=0 audit=0 trust=false"                        \
    " flaky_fails=false quarantine=\n"

static void expect_accepted(void)
{
    expect("http answer 202 text/plain; charset=utf-8 body=run " BODY_RUN "\n\n" SEARCH_CHECK);
}

Test(gateway, answers_202_when_the_run_is_in_the_ledger)
{
    webhook();
    expect(SUBMIT_OF(BODY_RUN));
    probe_answer(probe, coordinator, MSG(submitted, .run = msg_str(BODY_RUN)));
    expect_accepted();
}

Test(gateway, submits_the_same_run_for_the_same_body)
{
    webhook();
    expect(SUBMIT_OF(BODY_RUN));
    probe_answer(probe, coordinator, MSG(submitted, .run = msg_str(BODY_RUN)));
    expect_accepted();
    webhook();
    expect(SUBMIT_OF(BODY_RUN));
    probe_answer(probe, coordinator, MSG(submitted, .run = msg_str(BODY_RUN)));
    /* It has its reporter. */
    expect("http answer 202 text/plain; charset=utf-8 body=run " BODY_RUN "\n\n");
}

Test(gateway, asks_again_while_the_coordinator_is_full)
{
    webhook();
    expect(SUBMIT_OF(BODY_RUN));
    probe_answer(probe, coordinator, MSG(failed, .type = MSG_SUBMIT, .reason = ERR_FULL));
    expect("");
    probe_advance(probe, 250);
    expect(SUBMIT_OF(BODY_RUN));
    probe_answer(probe, coordinator, MSG(submitted, .run = msg_str(BODY_RUN)));
    expect_accepted();
}

Test(gateway, says_503_when_the_ledger_is_not_there_in_time)
{
    webhook();
    expect(SUBMIT_OF(BODY_RUN));
    probe_advance(probe, 8000);
    expect("http answer 503 text/plain; charset=utf-8 body=not now\n\n");
    /* Too late is too late: what comes now is the answer to nothing. */
    probe_answer(probe, coordinator, MSG(submitted, .run = msg_str(BODY_RUN)));
    expect("");
}

Test(gateway, refuses_what_the_coordinator_refuses)
{
    webhook();
    expect(SUBMIT_OF(BODY_RUN));
    probe_answer(probe, coordinator, MSG(failed, .type = MSG_SUBMIT, .reason = ERR_MALFORMED));
    expect("http answer 400 text/plain; charset=utf-8 body=the coordinator refuses it\n\n");
}

Test(gateway, submits_nothing_that_is_not_signed_or_not_github_s)
{
    webhook_with("pull_request", "application/json", "sha256=00");
    expect("http answer 401 text/plain; charset=utf-8 body=wrong signature\n\n");
    webhook_with("pull_request", "application/json", SIGNATURE "\nx-hub-signature-256: " SIGNATURE);
    expect("http answer 401 text/plain; charset=utf-8 body=wrong signature\n\n");
    webhook_with("pull request", "application/json", SIGNATURE);
    expect("http answer 400 text/plain; charset=utf-8 body=not a webhook of GitHub's\n\n");
    webhook_with("pull_request", "text/plain", SIGNATURE);
    expect("http answer 400 text/plain; charset=utf-8 body=not a webhook of GitHub's\n\n");
    webhook_with("ping", "application/json", SIGNATURE);
    expect("http answer 200 text/plain; charset=utf-8 body=nothing to do\n\n");
}

Test(gateway, takes_only_so_many_deliveries_at_once)
{
    for (int i = 0; i < 64; i++) {
        webhook();
    }
    (void)probe_trace(probe);
    webhook();
    expect("http answer 503 text/plain; charset=utf-8 body=not now\n\n");
    probe_advance(probe, 8000);
    (void)probe_trace(probe);
    webhook();
    expect(SUBMIT_OF(BODY_RUN));
}

/* ---- the page ---- */

static void get(const char *method, const char *path)
{
    probe_http_event(probe,
                     MSG(http_request, .id = 6, .method = msg_str(method), .path = msg_str(path)));
}

Test(gateway, shows_the_page_with_the_status_of_the_coordinator)
{
    get("GET", "/");
    expect("-> coordinator ask STATUS drain=false\n");
    get("HEAD", "/"); /* one question serves both */
    expect("");
    probe_answer(probe, coordinator, MSG(status_is, .epoch = 42, .uptime_ms = 1000));
    const char *trace = probe_trace(probe);
    const char *first = strstr(trace, "http answer 200 text/html; charset=utf-8 body=<!doctype");
    cr_assert(first);
    cr_expect(strstr(first + 1, "http answer 200 text/html; charset=utf-8 body=<!doctype"));
    cr_expect(strstr(first, "epoch 42"));
}

Test(gateway, shows_the_page_without_a_coordinator)
{
    get("GET", "/");
    probe_advance(probe, 2000);
    cr_expect(strstr(probe_trace(probe), "The coordinator does not answer."));
}

Test(gateway, has_nothing_else)
{
    get("POST", "/");
    expect("http answer 405 text/plain; charset=utf-8 body=another method\n\n");
    get("GET", "/webhook");
    expect("http answer 405 text/plain; charset=utf-8 body=another method\n\n");
    get("GET", "/../etc/passwd");
    expect("http answer 404 text/plain; charset=utf-8 body=nothing here\n\n");
}

/* ---- reports ---- */

static void http(uint64_t status, const char *headers, const char *body)
{
    probe_http_event(probe, MSG(http_done, .id = probe_http(probe), .status = status,
                                .headers = msg_str(headers), .body = msg_str(body)));
}

static void due(bool settled)
{
    probe_send(probe, coordinator,
               MSG(report_row, .run = msg_str(RUN), .origin = msg_str(ORIGIN), .settled = settled));
}

#define WATCH_FROM(seq)      "-> coordinator ask WATCH run=" RUN " after=" seq "\n"
#define FINDINGS_FROM(error) "-> coordinator ask FINDINGS run=" RUN " after=" error "\n"

static void to_reporter(const struct msg *msg)
{
    probe_send_to(probe, coordinator, probe_last_sender(probe, coordinator), msg);
}

static void close_run(void)
{
    to_reporter(MSG(run_closed, .run = msg_str(RUN), .verdict = TERM_verdict_PASSED,
                    .files_planned = 1, .files_done = 1, .tests_planned = 3, .tests_passed = 3));
    probe_answer(probe, coordinator,
                 MSG(watched, .run = msg_str(RUN), .seq = 1, .files = 1, .files_done = 1,
                     .verdict = TERM_verdict_PASSED));
}

static void expect_begins(const char *wanted)
{
    const char *trace = strchr(probe_trace(probe), ' ') + 1;
    cr_expect_eq(strncmp(trace, wanted, strlen(wanted)), 0, "%s", trace);
}

Test(gateway, brings_a_run_to_github_from_its_begin_to_its_end)
{
    due(false);
    expect(SEARCH_CHECK);
    cr_expect_str_eq(probe_http_headers(probe),
                     "Authorization: Bearer TOKEN\nAccept: application/vnd.github+json\n"
                     "X-GitHub-Api-Version: 2022-11-28\nUser-Agent: troupe\n"
                     "Content-Type: application/json\n");
    http(200, "", "{\"check_runs\":[]}");
    expect_begins("http POST " API "/check-runs body={\"name\":\"troupe\"");
    http(201, "", "{\"id\":9}");
    expect(WATCH_FROM("0"));
    probe_answer(probe, coordinator,
                 MSG(watched, .run = msg_str(RUN), .seq = 4, .files = 3, .files_done = 1));
    expect(WATCH_FROM("4"));
    close_run();
    expect(FINDINGS_FROM("0"));
    probe_answer(probe, coordinator, MSG(found, .run = msg_str(RUN), .settled = false));
    expect("");
    probe_advance(probe, 2000);
    expect(FINDINGS_FROM("0"));
    probe_answer(probe, coordinator,
                 MSG(found, .run = msg_str(RUN), .error = 32, .more = true, .settled = true));
    expect(FINDINGS_FROM("32"));
    probe_answer(probe, coordinator, MSG(found, .run = msg_str(RUN), .error = 32, .settled = true));
    expect_begins("http PATCH " API "/check-runs/9 body={\"name\":\"troupe\"");
    http(200, "", "{}");
    expect("http GET " API "/issues/7/comments?per_page=32&page=1 body=\n");
    http(200, "", "[]");
    expect_begins("http POST " API "/issues/7/comments body={\"body\":\"<!-- troupe:pr -->");
    http(201, "", "{\"id\":1}");
    expect("-> coordinator ask REPORTED run=" RUN "\n");
    probe_answer(probe, coordinator, MSG(reported_ack, .run = msg_str(RUN)));
    expect("");
    get("GET", "/");
    (void)probe_trace(probe);
    probe_answer(probe, coordinator, MSG(status_is, .epoch = 1));
    const char *page = probe_trace(probe);
    cr_expect(strstr(page, "<span class=\"v passed\">passed</span></td><td>o/r #7</td>"));
    cr_expect(strstr(page, "<td class=\"n\">1 / 1</td><td class=\"n\">3</td>"));
}

Test(gateway, finds_after_a_restart_what_it_has_left_at_github)
{
    due(true);
    expect(WATCH_FROM("0"));
    close_run();
    expect(FINDINGS_FROM("0"));
    probe_answer(probe, coordinator, MSG(found, .run = msg_str(RUN), .settled = true));
    expect(SEARCH_CHECK);
    http(200, "", "{\"check_runs\":[{\"id\":9,\"name\":\"troupe\",\"external_id\":\"" RUN "\"}]}");
    expect_begins("http PATCH " API "/check-runs/9 ");
    http(200, "", "{}");
    expect("http GET " API "/issues/7/comments?per_page=32&page=1 body=\n");
    http(200, "", "[{\"id\":3,\"body\":\"<!-- troupe:pr -->\"}]");
    expect_begins("http PATCH " API "/issues/comments/3 ");
    http(200, "", "{}");
    expect("-> coordinator ask REPORTED run=" RUN "\n");
}

Test(gateway, waits_and_looks_again_when_github_fails)
{
    due(false);
    expect(SEARCH_CHECK);
    http(503, "retry-after: 5\n", "");
    probe_advance(probe, 4999);
    expect("");
    probe_advance(probe, 1300); /* a part of the wait is random */
    expect(SEARCH_CHECK);
    http(200, "", "{\"check_runs\":[]}");
    expect_begins("http POST ");
    http(0, "", ""); /* it may have worked */
    probe_advance(probe, 1300);
    expect(SEARCH_CHECK);
}

Test(gateway, gives_a_report_up_when_github_refuses_and_says_so_on_its_page)
{
    due(true);
    (void)probe_trace(probe);
    close_run();
    probe_answer(probe, coordinator, MSG(found, .run = msg_str(RUN), .settled = true));
    (void)probe_trace(probe);
    http(401, "", "{}");
    expect("http GET " API "/issues/7/comments?per_page=32&page=1 body=\n");
    http(401, "", "{}");
    expect("");
    due(true); /* it rests */
    expect("");
    get("GET", "/");
    (void)probe_trace(probe);
    probe_answer(probe, coordinator, MSG(status_is, .epoch = 1));
    cr_expect(strstr(probe_trace(probe), "not reported"));
}

Test(gateway, reports_what_there_is_when_the_errors_never_settle)
{
    probe_config(probe)->gateway.settle_ms_max = 3000;
    due(true);
    (void)probe_trace(probe);
    close_run();
    expect(FINDINGS_FROM("0"));
    probe_answer(probe, coordinator, MSG(found, .run = msg_str(RUN), .settled = false));
    probe_advance(probe, 2000);
    expect(FINDINGS_FROM("0"));
    probe_answer(probe, coordinator, MSG(found, .run = msg_str(RUN), .settled = false));
    probe_advance(probe, 2000);
    expect(FINDINGS_FROM("0"));
    probe_answer(probe, coordinator, MSG(found, .run = msg_str(RUN), .settled = false));
    expect(SEARCH_CHECK);
}

/* ---- code ---- */

#define PREPARED_OF(why) "ask PREPARED run=" RUN " reason=" why "\n"

static void fetches_code(void)
{
    struct config *config = probe_config(probe);
    (void)snprintf(config->gateway.mirrors, sizeof config->gateway.mirrors, "/mi");
    config->gateway.retry_ms = 100;
}

/* A run whose code is to be brought; `word` is in the command that has begun. */
static void expect_step(const char *word)
{
    const char *trace = probe_trace(probe);
    const char *exec = strstr(trace, "] exec sh -c ");
    cr_assert(exec, "%s", trace);
    cr_expect(strstr(exec, word), "%s", trace);
    cr_expect_null(strstr(exec + 1, "] exec sh -c "), "one at a time: %s", trace);
    cr_expect_null(strstr(trace, " TOKEN"), "%s", trace);
}

static void exits(uint64_t code)
{
    probe_exec_event(probe, MSG(exec_exited, .id = probe_exec(probe), .code = code));
}

static void held(const char *run, const char *origin)
{
    probe_send(probe, coordinator,
               MSG(report_row, .run = msg_str(run), .origin = msg_str(origin), .held = true));
}

Test(gateway, submits_a_run_as_held_when_it_fetches_the_code)
{
    fetches_code();
    webhook();
    cr_expect(strstr(probe_trace(probe), " held=true "));
    probe_answer(probe, coordinator, MSG(submitted, .run = msg_str(BODY_RUN)));
    expect_step("[ -d ");
}

Test(gateway, brings_the_code_step_by_step_and_says_so_until_it_is_heard)
{
    fetches_code();
    held(RUN, ORIGIN);
    expect_step("[ -d \"$1/$2\" ]");
    exits(3);
    expect_step(" sh o/r " SHA " https://github.com/o/r.git https://github.com 4194304 old\n");
    exits(0);
    expect_step(" sh o/r " SHA " /mi/o/r.git 4294967296 1000000\n");
    exits(0);
    expect_step(" sh o/r " SHA " 20 1209600 o/r/" SHA " \n");
    exits(0);
    cr_expect(strstr(probe_trace(probe), PREPARED_OF("")));
    probe_answer(probe, coordinator, MSG(failed, .type = MSG_PREPARED, .reason = ERR_GONE));
    probe_advance(probe, 500);
    cr_expect(strstr(probe_trace(probe), PREPARED_OF("")));
    probe_advance(probe, 5500); /* no answer */
    cr_expect(strstr(probe_trace(probe), PREPARED_OF("")));
    probe_answer(probe, coordinator, MSG(prepared_ack, .run = msg_str(RUN)));
    probe_advance(probe, 20000);
    cr_expect_null(strstr(probe_trace(probe), "PREPARED"));
}

Test(gateway, fetches_nothing_that_is_there)
{
    fetches_code();
    held(RUN, ORIGIN);
    (void)probe_trace(probe);
    exits(0);
    cr_expect(strstr(probe_trace(probe), PREPARED_OF("")));
}

Test(gateway, fetches_again_and_at_last_without_the_mirror)
{
    fetches_code();
    held(RUN, ORIGIN);
    (void)probe_trace(probe);
    exits(3);
    for (uint64_t i = 0; i < 4; i++) {
        expect_step(i < 3 ? " 4194304 old\n" : " 4194304 new\n");
        probe_exec_event(probe, MSG(exec_output, .id = probe_exec(probe), .stream = 2,
                                    .bytes = msg_str("fatal: no such commit\n")));
        exits(128);
        if (i < 3) {
            cr_expect_null(strstr(probe_trace(probe), "exec sh"));
            probe_advance(probe, UINT64_C(100) << i);
        }
    }
    cr_expect(strstr(probe_trace(probe),
                     PREPARED_OF("the code could not be fetched: ended with code 128\n"
                                 "fatal: no such commit")));
}

Test(gateway, runs_the_set_up_in_the_full_sandbox_only)
{
    fetches_code();
    struct config *config = probe_config(probe);
    (void)snprintf(config->gateway.setup, sizeof config->gateway.setup, "npm ci");
    for (uint64_t level = 1; level <= 2; level++) {
        held(level == 1 ? RUN : BODY_RUN, ORIGIN);
        (void)probe_trace(probe);
        exits(3);
        exits(0);
        (void)probe_trace(probe);
        exits(0);
        expect_step(" sh npm ci\n");
        probe_exec_event(probe, MSG(exec_started, .id = probe_exec(probe), .level = level));
        cr_expect_not_null(strstr(probe_trace(probe), level == 1 ? "kill\n" : "go\n"));
        probe_exec_event(probe, MSG(exec_exited, .id = probe_exec(probe), .killed = level == 1,
                                    .signal = level == 1 ? 9 : 0));
        if (level == 1) {
            cr_expect(strstr(probe_trace(probe),
                             "reason=the code could not be set up: gateway.setup needs the full"));
            probe_answer(probe, coordinator, MSG(prepared_ack, .run = msg_str(RUN)));
        }
    }
    expect_step(" 20 1209600 ");
}

Test(gateway, brings_code_of_one_repository_one_at_a_time)
{
    static const char *const runs[] = {"01HWTXW3ZG00000000000000A1", "01HWTXW3ZG00000000000000A2",
                                       "01HWTXW3ZG00000000000000A3", "01HWTXW3ZG00000000000000A4"};
    static const char *const origins[] = {ORIGIN, ORIGIN, "github:o/other#1@" SHA,
                                          "github:o/third#1@" SHA};
    fetches_code();
    for (size_t i = 0; i < 4; i++) {
        held(runs[i], origins[i]);
    }
    const char *trace = probe_trace(probe);
    const char *first = strstr(trace, " sh o/r " SHA);
    const char *second = strstr(trace, " sh o/other " SHA);
    cr_assert(first && second, "%s", trace);
    cr_expect_null(strstr(first + 1, " sh o/r "));
    cr_expect_null(strstr(trace, " sh o/third "), "no more than checkouts_at_once");
    exits(0); /* the second's */
    probe_answer(probe, coordinator, MSG(prepared_ack, .run = msg_str(runs[2])));
    expect_step(" sh o/third " SHA);
}

Test(gateway, says_that_a_held_run_has_no_code_when_it_does_not_fetch_it_any_more)
{
    held(RUN, ORIGIN);
    (void)probe_trace(probe);
    exits(3);
    cr_expect(strstr(probe_trace(probe),
                     "reason=the code could not be looked for: it is not there, and"));
}

Test(gateway, asks_the_next_coordinator_what_is_due)
{
    struct rt_address next = probe_peer(probe, "next");
    probe_role_up(probe, TERM_role_COORDINATOR, next);
    expect("-> next ask REPORTS_DUE after=\n");
    probe_send(probe, next,
               MSG(report_row, .run = msg_str(RUN), .origin = msg_str("cli:somewhere")));
    probe_answer(probe, next, MSG(reports_end, .more = true));
    expect("-> next ask REPORTS_DUE after=" RUN "\n");
    probe_answer(probe, next, MSG(reports_end, .more = false));
    probe_advance(probe, 30000);
    expect("-> next ask REPORTS_DUE after=\n");
}

Test(gateway, has_only_so_many_reporters_and_comes_back_for_the_rest)
{
    for (int i = 0; i < 17; i++) {
        char run[ULID_SIZE + 1];
        (void)snprintf(run, sizeof run, "01HWTXW3ZG00000000000000%02d", i);
        probe_send(probe, coordinator,
                   MSG(report_row, .run = msg_str(run), .origin = msg_str(ORIGIN)));
    }
    const char *at = probe_trace(probe);
    size_t begun = 0;
    while ((at = strstr(at, "http GET "))) {
        at++;
        begun++;
    }
    cr_expect_eq(begun, 16);
    http(401, "", "{}");
    expect("-> coordinator ask WATCH run=01HWTXW3ZG0000000000000015 after=0\n");
    probe_answer(probe, coordinator, MSG(failed, .type = MSG_WATCH, .reason = ERR_NOT_FOUND));
    expect("-> coordinator ask REPORTS_DUE after=\n");
}
