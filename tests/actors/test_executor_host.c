/* test_executor_host.c - a slot and a warm runner that works, dies, hangs or lies. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "tests/actors/executor_probe.h"

static const char *const one[] = {"a", NULL};
static const char *const two[] = {"a", "b", NULL};
static const char *const three[] = {"a", "b", "c", NULL};

TestSuite(executor_host, .init = probe_setup, .fini = probe_teardown);

static void ready(void)
{
    says("{\"ev\":\"ready\",\"runner\":\"vitest\",\"version\":\"3.2.4\",\"serial\":false,"
         "\"boot_ms\":700}");
}

/* A host that is ready and has been told to run the files. */
static void start(const char *const *files)
{
    probe_start();
    coordinator_up(0);
    grant(9, "vitest", files);
    ready();
    (void)heard();
}

/* An event of the command `id` about a file. */
static void event(const char *ev, unsigned id, const char *file, const char *more)
{
    char *text = NULL;
    (void)!asprintf(&text, "{\"ev\":\"%s\",\"id\":%u,\"file\":\"%s\"%s}", ev, id, file, more);
    says(text);
    free(text);
}

static void passes(unsigned id, const char *file)
{
    event("start", id, file, "");
    event("collected", id, file, ",\"tests\":1");
    event("test", id, file, ",\"test\":\"works\",\"status\":\"passed\",\"duration_ms\":1.5");
    event("end", id, file,
          ",\"tests\":1,\"collected\":1,\"complete\":true,\"reason\":\"\",\"message\":\"\","
          "\"duration_ms\":2");
}

static void ran(unsigned id)
{
    char *text = NULL;
    (void)!asprintf(&text, "{\"ev\":\"ran\",\"id\":%u,\"unhandled\":[]}", id);
    says(text);
    free(text);
}

static bool was_heard(const char *part)
{
    return heard_count(part) > 0;
}

Test(executor_host, runs_a_batch_and_stays_warm)
{
    probe_start();
    coordinator_up(0);
    grant(9, "vitest", two);
    cr_expect_str_eq(exec_line(),
                     "/p: node /reporters/vitest/host.mjs [PATH=/bin] [CI=1] [TROUPE_SLOT=0]");
    cr_expect_str_eq(exec_written(), "");
    ready();
    cr_expect_str_eq(exec_written(), "{\"cmd\":\"run\",\"id\":1,\"files\":[\"a\",\"b\"],"
                                     "\"timeout_ms\":300000}\n");
    (void)heard();
    passes(1, "a");
    cr_expect_str_eq(heard(),
                     "TEST_DONE run=R epoch=1 token=9 job=0 index=0 test=works status=1 "
                     "duration_us=1500 line=0 column=0 message= page=\n"
                     "JOB_DONE run=R epoch=1 token=9 job=0 outcome=1 failed=false collected=1 "
                     "reported=1 duration_us=2000 cpu_us=0 message= seen=0\n");
    passes(1, "b");
    ran(1);
    cr_expect(was_heard("JOB_DONE run=R epoch=1 token=9 job=1 outcome=1 failed=false"));
    cr_expect(was_heard("PULL worker=w1/0 dir=/p\n"));
    grant(10, "vitest", one);
    cr_expect_eq(exec_count(), 1);
    cr_expect_str_eq(exec_written(),
                     "{\"cmd\":\"run\",\"id\":2,\"files\":[\"a\"],\"timeout_ms\":300000}\n");
}

Test(executor_host, lists)
{
    probe_start();
    coordinator_up(0);
    grant_list(9, "auto");
    ready();
    cr_expect_str_eq(exec_written(), "{\"cmd\":\"list\",\"id\":1}\n");
    (void)heard();
    event("file", 1, "a", "");
    event("file", 1, "b", "");
    says("{\"ev\":\"listed\",\"id\":1,\"count\":2}");
    cr_expect_str_eq(heard(), "FILE_FOUND run=R token=9 index=0 file=a\n"
                              "FILE_FOUND run=R token=9 index=1 file=b\n"
                              "LISTED run=R epoch=1 token=9 count=2 runner=vitest version=3.2.4 "
                              "serial=false outcome=1 message= shared=false selects=false\n"
                              "PULL worker=w1/0 dir=/p\n");
    ack(9, 0);
    (void)heard();
    advance(4000);
    cr_expect_not(was_heard("LISTED"));
}

/* Every host is started by its name and told what it is to do in the same words. */
Test(executor_host, speaks_with_all_hosts_alike)
{
    static const char *const names[] = {
#define HOST(name, caches, advice) #name,
#include "actors/common/runners.def"
    };
    probe_start();
    coordinator_up(0);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char line[96];
        char written[96];
        unsigned id = (unsigned)i + 1;
        (void)snprintf(line, sizeof line,
                       "/p: node /reporters/%s/host.mjs%s [PATH=/bin] [CI=1] [TROUPE_SLOT=0]",
                       names[i], strcmp(names[i], "results") == 0 ? " --command check {}" : "");
        (void)snprintf(written, sizeof written,
                       "{\"cmd\":\"run\",\"id\":%u,\"files\":[\"a\"],\"timeout_ms\":300000}\n", id);
        grant(9 + i, names[i], one);
        cr_expect_str_eq(exec_line(), line);
        cr_expect_eq(exec_count(), i + 1);
        ready();
        cr_expect_str_eq(exec_written(), written);
        passes(id, "a");
        ran(id);
    }
}

/* A test event with so long a page, behind which the test of the next one shows. */
static void sees(size_t size)
{
    char *more = malloc(size + 128);
    cr_assert(more);
    int used = sprintf(more, ",\"test\":\"of %zu\",\"status\":\"failed\",\"page\":\"", size);
    memset(more + used, 'x', size);
    (void)strcpy(more + used + size, "\"");
    event("test", 1, "a", more);
    free(more);
}

Test(executor_host, a_page_is_passed_on_whole_or_not_at_all)
{
    start(one);
    event("start", 1, "a", "");
    event("test", 1, "a",
          ",\"test\":\"t\",\"status\":\"passed\",\"page\":\"{\\\"url\\\":\\\"/\\\"}\"");
    cr_expect(was_heard("test=t status=1"));
    cr_expect(was_heard("page={\"url\":\"/\"}\n"));
    (void)heard();
    sees(MSG_MAX_test_done_page);
    cr_expect(was_heard("page=xxxxxxxx"));
    (void)heard();
    sees(MSG_MAX_test_done_page + 1);
    cr_expect(was_heard("test=of 65537 status=2"));
    cr_expect(was_heard("page=\n"));
    (void)heard();
    event("test", 1, "a", ",\"test\":\"u\",\"status\":\"passed\",\"page\":{\"url\":\"/\"}");
    event("test", 1, "a", ",\"test\":\"v\",\"status\":\"passed\",\"page\":\"a\\u0000b\"");
    cr_expect_eq(heard_count("page=\n"), 2);
}

Test(executor_host, a_list_that_does_not_count_right_is_not_complete)
{
    probe_start();
    coordinator_up(0);
    grant_list(9, "vitest");
    ready();
    event("file", 1, "a", "");
    says("{\"ev\":\"listed\",\"id\":1,\"count\":2}");
    cr_expect(was_heard("outcome=6"));
}

Test(executor_host, no_vitest_is_said_with_advice)
{
    probe_start();
    coordinator_up(0);
    grant_list(9, "vitest");
    (void)heard();
    says("{\"ev\":\"fatal\",\"message\":\"no vitest found in /p\"}");
    exits(1, 0);
    const char *text = heard();
    cr_expect(strstr(text, "LISTED run=R epoch=1 token=9 count=0 runner=vitest"));
    cr_expect(strstr(text, "outcome=9 message=no vitest found in /p"));
}

Test(executor_host, a_host_that_cannot_be_started_is_said)
{
    probe_start();
    coordinator_up(0);
    grant(9, "vitest", two);
    exits_as(MSG(exec_exited, .error = msg_str("execute node: no such file")));
    cr_expect_eq(heard_count("outcome=9"), 2);
}

Test(executor_host, outcomes_follow_the_reason)
{
    static const struct {
        const char *end;
        const char *outcome;
    } cases[] = {
        {",\"tests\":0,\"collected\":0,\"complete\":true,\"reason\":\"error\",\"message\":\"x\"",
         "outcome=1 failed=true"},
        {",\"tests\":0,\"collected\":0,\"complete\":false,\"reason\":\"unhandled\"",
         "outcome=2 failed=true"},
        {",\"tests\":0,\"collected\":1,\"complete\":false,\"reason\":\"timeout\"", "outcome=3 "},
        {",\"tests\":0,\"collected\":1,\"complete\":false,\"reason\":\"worker-died\"",
         "outcome=4 "},
        {",\"tests\":0,\"collected\":0,\"complete\":false,\"reason\":\"no-tests\"", "outcome=5 "},
        {",\"tests\":0,\"collected\":1,\"complete\":false,\"reason\":\"fewer-than-collected\"",
         "outcome=6 "},
        {",\"tests\":0,\"collected\":0,\"complete\":false,\"reason\":\"not-found\"", "outcome=7 "},
        {",\"tests\":0,\"collected\":0,\"complete\":false,\"reason\":\"interrupted\"",
         "outcome=8 "},
        {",\"tests\":0,\"collected\":0,\"complete\":false,\"reason\":\"tired\"", "outcome=6 "},
        {",\"tests\":0,\"collected\":0,\"complete\":true,\"reason\":\"\"", "outcome=6 "},
        {",\"tests\":1,\"collected\":1,\"complete\":true,\"reason\":\"\"", "outcome=6 "},
        {",\"tests\":0,\"collected\":0,\"complete\":false,\"reason\":\"\"", "outcome=6 "},
    };
    start(one);
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (i > 0) {
            grant(9 + i, "vitest", one);
        }
        event("start", i + 1, "a", "");
        (void)heard();
        event("end", i + 1, "a", cases[i].end);
        ran(i + 1);
        const char *text = heard();
        cr_expect(strstr(text, cases[i].outcome), "case %u: %s", i, text);
    }
}

Test(executor_host, fewer_tests_than_announced_are_not_complete)
{
    start(one);
    event("collected", 1, "a", ",\"tests\":2");
    event("test", 1, "a", ",\"test\":\"works\",\"status\":\"passed\"");
    event("end", 1, "a", ",\"tests\":1,\"collected\":1,\"complete\":true,\"reason\":\"\"");
    ran(1);
    cr_expect(was_heard("job=0 outcome=6 failed=false collected=2 reported=1"));
}

Test(executor_host, errors_of_no_file_make_the_last_one_red)
{
    start(two);
    passes(1, "a");
    passes(1, "b");
    cr_expect_eq(heard_count("JOB_DONE"), 1);
    says("{\"ev\":\"ran\",\"id\":1,\"unhandled\":[\"Error: late\"]}");
    cr_expect(was_heard("job=1 outcome=2 failed=true"));
    cr_expect(was_heard("Error: late"));
}

Test(executor_host, files_that_were_passed_over_are_not_complete)
{
    start(two);
    passes(1, "a");
    ran(1);
    cr_expect(was_heard("job=1 outcome=6"));
}

Test(executor_host, a_test_after_the_end_of_its_file_is_ignored)
{
    start(two);
    passes(1, "a");
    event("test", 1, "a", ",\"test\":\"late\",\"status\":\"failed\"");
    passes(1, "b");
    ran(1);
    cr_expect_not(was_heard("test=late"));
    cr_expect_eq(heard_count("outcome=1 "), 2);
}

Test(executor_host, a_second_end_is_a_lie)
{
    start(two);
    passes(1, "a");
    event("start", 1, "b", "");
    event("end", 1, "a", ",\"tests\":1,\"collected\":1,\"complete\":true,\"reason\":\"\"");
    cr_expect(exec_killed(exec_last()));
    exits(0, 9);
    cr_expect(was_heard("job=1 outcome=6"));
}

Test(executor_host, lies_end_the_host_and_never_a_file_well)
{
    static const char *const lies[] = {
        "what?",
        "{\"ev\":\"test\",\"id\":1,\"file\":\"a\",\"test\":\"t\",\"status\":\"flaky\"}",
        "{\"ev\":\"start\",\"id\":1,\"file\":\"other\"}",
        "{\"ev\":\"end\",\"id\":1,\"file\":\"a\",\"tests\":-1,\"collected\":0,\"reason\":\"\"}",
        "{\"ev\":\"error\",\"id\":1,\"message\":\"what?\"}",
        "[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]",
        "{\"ev\":\"\xff\"}",
    };
    probe_start();
    coordinator_up(0);
    for (unsigned i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        grant(9 + i, "vitest", two);
        ready();
        (void)heard();
        char text[64];
        (void)snprintf(text, sizeof text, "{\"ev\":\"start\",\"id\":%u,\"file\":\"a\"}", i + 1);
        says(text);
        char *lie = strdup(lies[i]);
        char *id = strstr(lie, "\"id\":1");
        if (id) {
            id[5] = (char)('1' + i);
        }
        says(lie);
        free(lie);
        cr_expect(exec_killed(exec_last()), "lie %u", i);
        exits(0, 9);
        cr_expect_eq(heard_count("job=0 outcome=6"), 1, "lie %u", i);
        cr_expect_eq(heard_count("job=1 outcome=9"), 1, "lie %u", i);
    }
}

Test(executor_host, an_endless_line_ends_the_host)
{
    start(one);
    event("start", 1, "a", "");
    char bytes[65536];
    memset(bytes, 'x', sizeof bytes);
    for (size_t i = 0; i < 17; i++) {
        says_bytes(bytes, sizeof bytes);
    }
    cr_expect(exec_killed(exec_last()));
    exits(0, 9);
    cr_expect(was_heard("job=0 outcome=6"));
}

Test(executor_host, lines_come_in_pieces)
{
    start(one);
    const char text[] = "{\"ev\":\"start\",\"id\":1,\"file\":\"a\"}\n\n{\"ev\":\"new\"}\n{\"ev\":";
    for (size_t i = 0; i + 1 < sizeof text; i++) {
        says_bytes(text + i, 1);
    }
    says("\"test\",\"id\":1,\"file\":\"a\",\"test\":\"half \\ud800 pair\",\"status\":\"failed\","
         "\"message\":\"no\",\"line\":3,\"column\":4}");
    cr_expect(was_heard("test=half \xef\xbf\xbd pair status=2 duration_us=0 line=3 column=4 "
                        "message=no"));
}

Test(executor_host, a_death_costs_the_open_file_and_gives_the_rest_back)
{
    start(three);
    passes(1, "a");
    event("start", 1, "b", "");
    writes(2, "heap out of memory\n");
    (void)heard();
    exits(134, 0);
    const char *text = heard();
    cr_expect(strstr(text, "job=1 outcome=4"));
    cr_expect(strstr(text, "message=the runner ended with code 134\nheap out of memory"));
    cr_expect(strstr(text, "job=2 outcome=9"));
    cr_expect(strstr(text, "PULL worker=w1/0 dir=\n"));
    grant(10, "vitest", one);
    cr_expect_eq(exec_count(), 2);
}

Test(executor_host, a_death_after_the_last_end_is_no_success)
{
    start(one);
    passes(1, "a");
    exits(0, 0);
    cr_expect(was_heard("job=0 outcome=4"));
}

Test(executor_host, a_host_that_asks_for_another_gets_one)
{
    start(three);
    event("start", 1, "a", "");
    event("end", 1, "a", ",\"tests\":0,\"collected\":0,\"complete\":false,\"reason\":\"timeout\"");
    exits(86, 0);
    cr_expect_eq(exec_count(), 2);
    (void)exec_written();
    ready();
    cr_expect_str_eq(exec_written(), "{\"cmd\":\"run\",\"id\":2,\"files\":[\"b\",\"c\"],"
                                     "\"timeout_ms\":300000}\n");
    passes(2, "b");
    passes(2, "c");
    ran(2);
    cr_expect_eq(heard_count("outcome=3"), 1);
    cr_expect_eq(heard_count("outcome=1"), 2);
}

Test(executor_host, hosts_in_vain_come_to_an_end)
{
    start(one);
    for (int i = 0; i < 3; i++) {
        exits(86, 0);
        ready();
    }
    cr_expect_eq(exec_count(), 3);
    cr_expect_eq(heard_count("job=0 outcome=9"), 1);
}

Test(executor_host, a_warm_host_that_has_died_meanwhile_costs_nothing)
{
    start(one);
    passes(1, "a");
    ran(1);
    exec_refuse_writes(ERR_GONE);
    grant(10, "vitest", one);
    exec_refuse_writes(ERR_OK);
    exits(1, 0);
    cr_expect_eq(exec_count(), 2);
    ready();
    passes(3, "a");
    ran(3);
    cr_expect_eq(heard_count("token=10 job=0 outcome=1"), 1);
}

Test(executor_host, an_idle_death_is_nothing)
{
    start(one);
    passes(1, "a");
    ran(1);
    exits(1, 0);
    grant(10, "vitest", one);
    cr_expect_eq(exec_count(), 2);
}

Test(executor_host, another_tree_needs_another_host)
{
    start(one);
    passes(1, "a");
    ran(1);
    uint64_t first = exec_last();
    give(MSG(grant, .run = msg_str("S"), .work = TERM_work_LIST, .epoch = 1, .token = 10,
             .lease_ms = 5000, .dir = msg_str("/p"), .root = msg_str("/p"),
             .runner = msg_str("vitest"), .env = msg_str("PATH=/bin\nCI=1"),
             .snapshot = msg_str("changed")));
    cr_expect(exec_killed(first));
    cr_expect_eq(exec_count(), 2);
}

Test(executor_host, silence_is_a_time_out)
{
    start(two);
    event("start", 1, "a", "");
    advance(config.executor.file_timeout_ms);
    event("collected", 1, "a", ",\"tests\":1");
    advance(config.executor.file_timeout_ms + 9000);
    cr_expect_not(exec_killed(exec_last()));
    advance(1000);
    cr_expect(exec_killed(exec_last()));
    exits(0, 9);
    cr_expect(was_heard("job=0 outcome=3"));
    cr_expect(was_heard("job=1 outcome=9"));
}

Test(executor_host, dripping_events_do_not_keep_a_file_alive)
{
    start(one);
    event("start", 1, "a", "");
    for (int i = 0; i < 6 && !exec_killed(exec_last()); i++) {
        advance(config.executor.file_timeout_ms);
        event("collected", 1, "a", ",\"tests\":1");
    }
    cr_expect(exec_killed(exec_last()));
}

Test(executor_host, a_hang_before_the_first_file_is_put_down_to_it)
{
    start(two);
    advance(config.executor.file_timeout_ms + 10000);
    exits(0, 9);
    cr_expect(was_heard("job=0 outcome=3"));
    cr_expect(was_heard("job=1 outcome=9"));
}

Test(executor_host, a_slow_boot_is_given_up)
{
    probe_start();
    coordinator_up(0);
    grant(9, "vitest", one);
    advance(config.executor.boot_timeout_ms);
    cr_expect(exec_killed(exec_last()));
    exits(0, 9);
    cr_expect(was_heard("job=0 outcome=9"));
    cr_expect(was_heard("the runner was not ready after 30000 ms"));
}

Test(executor_host, a_slow_list_is_given_up)
{
    probe_start();
    coordinator_up(0);
    grant_list(9, "vitest");
    ready();
    advance(config.executor.list_timeout_ms);
    exits(0, 9);
    cr_expect(was_heard("LISTED run=R epoch=1 token=9 count=0"));
    cr_expect(was_heard("outcome=3"));
}

Test(executor_host, an_idle_host_is_ended)
{
    start(one);
    passes(1, "a");
    ran(1);
    advance(config.executor.runner_idle_ms - 1);
    cr_expect_not(exec_killed(exec_last()));
    advance(1);
    cr_expect(exec_killed(exec_last()));
}

Test(executor_host, no_host_is_kept_when_none_is_wanted)
{
    config.executor.runner_idle_ms = 0;
    start(one);
    passes(1, "a");
    ran(1);
    cr_expect(exec_killed(exec_last()));
    cr_expect(was_heard("PULL worker=w1/0 dir=\n"));
}

Test(executor_host, a_revoked_batch_is_cancelled_and_the_host_serves_the_next)
{
    start(two);
    passes(1, "a");
    (void)exec_written();
    (void)heard();
    revoke(9);
    cr_expect_str_eq(exec_written(), "{\"cmd\":\"cancel\",\"id\":1}\n");
    cr_expect(was_heard("PULL"));
    grant(10, "vitest", one);
    passes(1, "b");
    cr_expect_str_eq(exec_written(), "");
    ran(1);
    cr_expect_str_eq(exec_written(),
                     "{\"cmd\":\"run\",\"id\":2,\"files\":[\"a\"],\"timeout_ms\":300000}\n");
    passes(2, "a");
    ran(2);
    cr_expect_eq(heard_count("JOB_DONE"), 1);
    cr_expect_eq(exec_count(), 1);
}

Test(executor_host, a_host_that_does_not_let_go_is_replaced)
{
    start(one);
    revoke(9);
    grant(10, "vitest", one);
    uint64_t first = exec_last();
    advance(5000);
    cr_expect(exec_killed(first));
    cr_expect_eq(exec_count(), 2);
    ready();
    cr_expect(strstr(exec_written(), "{\"cmd\":\"run\",\"id\":2,"));
}

Test(executor_host, a_host_worn_out_by_a_cancel_is_replaced)
{
    start(one);
    revoke(9);
    grant(10, "vitest", one);
    ran(1);
    exits(86, 0);
    cr_expect_eq(exec_count(), 2);
}

Test(executor_host, more_results_than_can_be_kept_end_the_file)
{
    config.executor.results_max = 64;
    start(one);
    for (int i = 0; i < 128; i++) {
        event("test", 1, "a", ",\"test\":\"t\",\"status\":\"passed\"");
    }
    cr_expect_not(exec_killed(exec_last()));
    event("test", 1, "a", ",\"test\":\"t\",\"status\":\"passed\"");
    cr_expect(exec_killed(exec_last()));
    exits(0, 9);
    cr_expect(was_heard("job=0 outcome=6 failed=false collected=0 reported=128"));
}
