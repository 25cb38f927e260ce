/* test_fixer.c - one error in, candidates out; the source's process is warm, and never trusted. */
#include <stdio.h>
#include <string.h>

#include "actors/fixer/fixer.h"
#include "tests/support/probe.h"

static struct probe *probe;
static struct rt_address run;

static void setup(void)
{
    struct config config;
    config_defaults(&config);
    config.fixer.source_timeout_ms = 1000;
    config.fixer.source_idle_ms = 5000;
    config.fixer.candidates_max = 3;
    static const char folder[] = "/sources";
    probe = probe_open(&(struct probe_options){
        .behaviour = &fixer_behaviour, .arg = folder, .size = sizeof folder, .config = &config});
    run = probe_peer(probe, "run");
    probe_expect(probe, "[0] role fixer\n");
}

static void teardown(void)
{
    probe_close(&probe);
}

TestSuite(fixer, .init = setup, .fini = teardown);

static void fix_in(uint64_t error, const char *dir, const char *snapshot)
{
    probe_ask(probe, run,
              MSG(fix, .run = msg_str("r"), .error = error, .dir = msg_str(dir),
                  .root = msg_str("/p"), .snapshot = msg_str(snapshot), .file = msg_str("a.ts"),
                  .line = 3, .message = msg_str("say \"no\"\n")),
              0);
}

static void fix(uint64_t error)
{
    fix_in(error, "/p/app", "s1");
}

static void says(const char *line)
{
    char text[1024];
    (void)snprintf(text, sizeof text, "%s\n", line);
    probe_exec_event(
        probe, MSG(exec_output, .id = probe_exec(probe), .stream = 3, .bytes = msg_str(text)));
}

static void is_ready(void)
{
    says("{\"ev\":\"ready\",\"source\":\"tsserver\",\"version\":\"5.9.3\"}");
}

static void candidate(uint64_t id, const char *diff)
{
    char text[256];
    (void)snprintf(text, sizeof text,
                   "{\"ev\":\"candidate\",\"id\":%d,\"name\":\"spelling\",\"diff\":\"%s\"}",
                   (int)id, diff);
    says(text);
}

static void ends(uint64_t id, uint64_t count, const char *reason)
{
    char text[256];
    (void)snprintf(text, sizeof text,
                   "{\"ev\":\"candidates\",\"id\":%d,\"count\":%d,\"reason\":\"%s\"}", (int)id,
                   (int)count, reason);
    says(text);
}

static void exits(uint64_t code)
{
    probe_exec_event(probe, MSG(exec_exited, .id = probe_exec(probe), .code = code));
}

#define STARTED "exec node /sources/typescript/host.mjs\n"
#define NONE(error, reason)                                                                        \
    "-> run answer CANDIDATES run=r error=" error " count=0 reason=" reason "\n"

Test(fixer, asks_a_warm_source_and_passes_on_what_it_says)
{
    fix(1);
    probe_expect(probe, "[0] " STARTED);
    is_ready();
    probe_expect(probe,
                 "[0] write {\"cmd\":\"candidates\",\"id\":1,\"file\":\"a.ts\",\"line\":3,"
                 "\"column\":0,\"message\":\"say \\\"no\\\"\\n\",\"runner\":\"\",\"command\":\"\","
                 "\"budget_ms\":750,\"allow\":\"\"}\n\n");
    candidate(1, "d1");
    candidate(1, "d2");
    probe_expect(probe, "");
    ends(1, 2, "");
    probe_expect(probe, "[0] -> run CANDIDATE run=r error=1 index=0 source=tsserver/spelling "
                        "diff=d1 votes=0 doubt= affected= tests=\n"
                        "[0] -> run CANDIDATE run=r error=1 index=1 source=tsserver/spelling "
                        "diff=d2 votes=0 doubt= affected= tests=\n"
                        "[0] -> run answer CANDIDATES run=r error=1 count=2 reason=\n");
    fix(2);
    cr_expect(strstr(probe_trace(probe), "[0] write {\"cmd\":\"candidates\",\"id\":2,"));
    ends(2, 0, "nothing");
    probe_expect(probe, "[0] " NONE("2", "nothing"));
}

Test(fixer, tells_the_same_change_once_and_no_more_than_wanted)
{
    fix(1);
    is_ready();
    candidate(1, "d1");
    candidate(1, "d1");
    candidate(1, "d2");
    candidate(1, "d3");
    (void)probe_trace(probe);
    ends(1, 4, "");
    const char *trace = probe_trace(probe);
    cr_expect(strstr(trace, "index=1 source=tsserver/spelling diff=d2"), "%s", trace);
    cr_expect_not(strstr(trace, "d3"), "%s", trace);
    cr_expect(strstr(trace, "count=2"), "%s", trace);
}

Test(fixer, asks_one_thing_at_a_time)
{
    fix(1);
    fix(2);
    is_ready();
    cr_expect_not(strstr(probe_trace(probe), "\"id\":2"));
    ends(1, 0, "x");
    const char *trace = probe_trace(probe);
    cr_expect(strstr(trace, NONE("1", "x")), "%s", trace);
    cr_expect(strstr(trace, "\"id\":2"), "%s", trace);
    ends(2, 0, "y");
    probe_expect(probe, "[0] " NONE("2", "y"));
}

Test(fixer, starts_another_source_for_another_snapshot)
{
    fix(1);
    is_ready();
    ends(1, 0, "x");
    (void)probe_trace(probe);
    fix_in(2, "/p/app", "s2");
    probe_expect(probe, "[0] kill\n[0] " STARTED);
}

Test(fixer, has_a_source_of_its_own_for_each_project)
{
    fix(1);
    is_ready();
    (void)probe_trace(probe);
    fix_in(2, "/p/other", "s1");
    probe_expect(probe, "[0] " STARTED);
}

Test(fixer, says_why_a_project_cannot_be_served)
{
    fix(1);
    (void)probe_trace(probe);
    says("{\"ev\":\"fatal\",\"message\":\"no typescript found in /p/app\"}");
    probe_expect(probe, "[0] kill\n[0] " NONE("1", "tsserver: no typescript found in /p/app"));
    fix(2);
    probe_expect(probe, "[0] " STARTED);
}

Test(fixer, tries_once_more_when_a_source_dies)
{
    fix(1);
    is_ready();
    candidate(1, "d1");
    (void)probe_trace(probe);
    exits(1);
    probe_expect(probe, "[0] " STARTED);
    is_ready();
    candidate(2, "d1");
    candidate(2, "d2");
    (void)probe_trace(probe);
    exits(1);
    const char *trace = probe_trace(probe);
    /* What it had said before is as good as it was. */
    cr_expect(strstr(trace, "diff=d2"), "%s", trace);
    cr_expect(strstr(trace, "count=2"), "%s", trace);
    fix(2);
    probe_expect(probe, "[0] " STARTED);
    exits(3);
    probe_expect(probe, "[0] " STARTED);
    exits(3);
    probe_expect(probe, "[0] " NONE("2", "tsserver ended with code 3"));
}

Test(fixer, does_not_try_again_what_cannot_be_started)
{
    fix(1);
    (void)probe_trace(probe);
    probe_exec_event(probe, MSG(exec_exited, .id = probe_exec(probe), .error = msg_str("no node")));
    probe_expect(probe, "[0] " NONE("1", "tsserver could not be started: no node"));
}

Test(fixer, kills_a_source_that_takes_too_long)
{
    fix(1);
    (void)probe_trace(probe);
    probe_advance(probe, 999);
    probe_expect(probe, "");
    probe_advance(probe, 1);
    probe_expect(probe, "[1000] kill\n[1000] " NONE("1", "tsserver: no answer in 1000 ms"));
}

static const char *const lies[] = {
    "not json", "[]", "{\"ev\":\"candidate\",\"id\":1}",
    "{\"ev\":\"candidates\",\"id\":1,\"count\":\"x\",\"reason\":\"\"}", "{\"id\":1}"};

Test(fixer, kills_a_source_that_does_not_keep_to_its_protocol)
{
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        fix(1);
        is_ready();
        (void)probe_trace(probe);
        says(lies[i]);
        probe_expect(probe, "[0] kill\n[0] " NONE(
                                "1", "tsserver: it wrote something that is not its protocol"));
    }
}

Test(fixer, ignores_what_it_did_not_ask)
{
    fix(1);
    is_ready();
    (void)probe_trace(probe);
    candidate(9, "d1");
    ends(9, 1, "");
    says("{\"ev\":\"news\",\"id\":1}");
    probe_expect(probe, "");
    ends(1, 0, "x");
    probe_expect(probe, "[0] " NONE("1", "x"));
}

Test(fixer, lets_an_idle_source_go)
{
    fix(1);
    is_ready();
    ends(1, 0, "x");
    (void)probe_trace(probe);
    probe_advance(probe, 4999);
    probe_expect(probe, "");
    probe_advance(probe, 1);
    probe_expect(probe, "[5000] kill\n");
    fix(2);
    probe_expect(probe, "[5000] " STARTED);
}

Test(fixer, serves_a_bounded_number_of_errors)
{
    for (uint64_t i = 0; i < 256; i++) {
        fix(i);
    }
    (void)probe_trace(probe);
    fix(256);
    probe_expect(probe, "[0] " NONE("256", "the fixer has too many errors at a time"));
}

Test(fixer, lets_the_source_go_that_was_used_longest_ago)
{
    for (uint64_t i = 0; i < 9; i++) {
        char dir[16];
        (void)snprintf(dir, sizeof dir, "/p/%d", (int)i);
        probe_advance(probe, 1);
        fix_in(i, dir, "s1");
    }
    const char *trace = probe_trace(probe);
    cr_expect(strstr(trace, "[9] kill of an older command\n"), "%s", trace);
    cr_expect(strstr(trace, NONE("0", "a source has ended")), "%s", trace);
}
