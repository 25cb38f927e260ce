/* test_validator.c - a candidate is judged by the rules, proved in a copy, and only then applied.
 */
#include <stdio.h>
#include <string.h>

#include "actors/validator/validator.h"
#include "tests/support/probe.h"

#define DIFF "--- a/src/a.ts\n+++ b/src/a.ts\n@@ -1 +1 @@\n-a\n+b\n"

enum { FULL = 2, PARTIAL = 1 };

static struct probe *probe;
static struct rt_address run;

static void setup(void)
{
    struct config config;
    config_defaults(&config);
    config.validator.at_once = 1;
    probe =
        probe_open(&(struct probe_options){.behaviour = &validator_behaviour, .config = &config});
    run = probe_peer(probe, "run");
    probe_expect(probe, "[0] role validator\n");
}

static void teardown(void)
{
    probe_close(&probe);
}

TestSuite(validator, .init = setup, .fini = teardown);

static void validate(uint64_t index, const char *diff, const char *runner, bool apply)
{
    probe_ask(probe, run,
              MSG(validate, .run = msg_str("r"), .error = 7, .index = index,
                  .dir = msg_str("/p/app"), .root = msg_str("/p"), .env = msg_str("PATH=/bin"),
                  .runner = msg_str(runner), .file = msg_str("tsconfig.json"),
                  .diff = msg_str(diff), .apply = apply),
              0);
}

/* The last event of the trace: scripts have many lines. */
static const char *last_line(void)
{
    const char *text = probe_trace(probe);
    const char *last = text;
    for (const char *at = text; (at = strstr(at, "\n[")); at++) {
        last = at + 1;
    }
    return last;
}

static void starts(uint64_t level)
{
    probe_exec_event(probe, MSG(exec_started, .id = probe_exec(probe), .level = level));
}

static void says(uint64_t stream, const char *text)
{
    probe_exec_event(
        probe, MSG(exec_output, .id = probe_exec(probe), .stream = stream, .bytes = msg_str(text)));
}

static void exits(uint64_t code)
{
    probe_exec_event(probe, MSG(exec_exited, .id = probe_exec(probe), .code = code));
}

#define ANSWER "[0] -> run answer VALIDATED run=r error=7 index=1 proof="

Test(validator, proves_in_a_copy_after_a_word)
{
    validate(1, DIFF, "tsc", false);
    const char *command = last_line();
    cr_expect(strstr(command, "node_modules/.bin/tsc --noEmit --pretty false -p ./tsconfig.json\n"),
              "%s", command);
    starts(FULL);
    probe_expect(probe, "[0] write go\n\n");
    says(3, "chan");
    says(3, "ged\n");
    exits(0);
    probe_expect(probe, ANSWER "1 reason= wall_ms=0\n");
}

Test(validator, applies_only_what_has_passed)
{
    validate(1, DIFF, "tsc", true);
    starts(FULL);
    says(3, "changed\n");
    (void)probe_trace(probe);
    exits(0);
    const char *command = probe_trace(probe);
    cr_expect(strstr(command, "exec sh -c"), "%s", command);
    cr_expect_not(strstr(command, "tsc --noEmit"), "%s", command);
    starts(PARTIAL); /* in place is what is wanted */
    probe_expect(probe, "[0] write go\n\n");
    says(3, "changed\n");
    exits(0);
    probe_expect(probe, ANSWER "5 reason= wall_ms=0\n");
}

Test(validator, applies_nothing_that_has_failed)
{
    validate(1, DIFF, "tsc", true);
    starts(FULL);
    says(3, "changed\n");
    says(1, "a.ts(1,1): error\n");
    (void)probe_trace(probe);
    exits(2);
    probe_expect(probe, ANSWER "2 reason=the job ended with code 2\na.ts(1,1): error\n"
                               " wall_ms=0\n");
}

static void validate_widely(void)
{
    probe_ask(probe, run,
              MSG(validate, .run = msg_str("r"), .error = 7, .index = 1, .dir = msg_str("/p/app"),
                  .root = msg_str("/p"), .env = msg_str("PATH=/bin"), .runner = msg_str("tsc"),
                  .file = msg_str("tsconfig.json"), .diff = msg_str(DIFF), .apply = true,
                  .affected = msg_str("a.test.ts\nb.test.ts")),
              0);
    starts(FULL);
    says(3, "changed\n");
    (void)probe_trace(probe);
    exits(0);
    const char *command = probe_trace(probe);
    cr_expect(strstr(command, "vitest\" run --reporter=tap-flat"), "%s", command);
    cr_expect(strstr(command, "a.test.ts\nb.test.ts"), "%s", command);
    starts(FULL);
    says(3, "changed\n");
    (void)probe_trace(probe);
}

Test(validator, applies_nothing_with_which_another_test_fails)
{
    validate_widely();
    says(1, "a.test.ts > adds\n");
    exits(1);
    probe_expect(probe, ANSWER "2 reason=other tests fail with it: vitest ended "
                               "with code 1\na.test.ts > adds\n wall_ms=0\n");
}

Test(validator, tells_what_else_was_looked_at)
{
    validate_widely();
    exits(0);
    starts(PARTIAL);
    says(3, "changed\n");
    (void)probe_trace(probe);
    exits(0);
    probe_expect(probe, ANSWER "5 reason=nothing else fails because of it in 2 affected test files "
                               "wall_ms=0\n");
}

static void validate_some(const char *runner)
{
    probe_ask(probe, run,
              MSG(validate, .run = msg_str("r"), .error = 7, .index = 1, .dir = msg_str("/p/app"),
                  .root = msg_str("/p"), .env = msg_str("PATH=/bin"), .runner = msg_str(runner),
                  .command = msg_str("true"), .file = msg_str("a.test.ts"), .diff = msg_str(DIFF),
                  .tests = msg_str("a.test.ts > adds\na.test.ts > is > kept")),
              0);
}

Test(validator, proves_some_tests_by_their_names)
{
    validate_some("vitest");
    const char *command = probe_trace(probe);
    cr_expect(strstr(command, "a.test.ts > adds\na.test.ts > is > kept"), "%s", command);
    cr_expect(strstr(command, "pass without it"), "%s", command);
    starts(FULL);
    says(3, "changed\n");
    (void)probe_trace(probe);
    exits(0);
    probe_expect(probe, ANSWER "1 reason=mends 2 of the failing tests, others have another cause"
                               " wall_ms=0\n");
}

Test(validator, knows_names_of_vitest_alone)
{
    (void)probe_trace(probe);
    validate_some("command");
    cr_expect(strstr(probe_trace(probe), "there is no way to run"));
}

Test(validator, says_when_the_project_has_changed_meanwhile)
{
    validate(1, DIFF, "tsc", true);
    starts(FULL);
    says(3, "changed\n");
    exits(0);
    starts(FULL);
    says(3, "conflict\n");
    (void)probe_trace(probe);
    exits(1);
    cr_expect(strstr(last_line(), ANSWER "3 reason=applies: it does not apply"));
}

Test(validator, touches_no_project_without_a_copy)
{
    validate(1, DIFF, "tsc", false);
    (void)probe_trace(probe);
    starts(PARTIAL);
    probe_expect(probe, "[0] kill\n");
    probe_exec_event(probe, MSG(exec_exited, .id = probe_exec(probe), .signal = 9, .killed = true));
    cr_expect(strstr(last_line(), ANSWER "4 reason=this machine has no sandbox"));
}

static const struct {
    const char *said;
    uint64_t code;
    uint64_t signal;
    bool timed_out;
    const char *error;
    const char *answer;
} endings[] = {
    {"", 0, 0, false, "no such user", "4 reason=the proof could not be started: no such user"},
    {"", 0, 0, false, "", "4 reason=the proof ended with code 0"},
    {"git\n", 1, 0, false, "", "4 reason=git was not found"},
    {"program\n", 1, 0, false, "", "4 reason=the runner's program was not found"},
    {"conflict\n", 1, 0, false, "", "3 reason=applies: it does not apply"},
    {"changed\n", 0, 9, false, "", "4 reason=the proof was ended by signal 9"},
    {"changed\n", 0, 11, false, "", "2 reason=the job was ended by signal 11"},
    {"changed\n", 0, 9, true, "", "2 reason=the job was killed at its time limit"},
};

Test(validator, knows_every_way_to_end)
{
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        validate(1, DIFF, "tsc", false);
        starts(FULL);
        says(3, endings[i].said);
        probe_exec_event(probe, MSG(exec_exited, .id = probe_exec(probe), .code = endings[i].code,
                                    .signal = endings[i].signal, .timed_out = endings[i].timed_out,
                                    .error = msg_str(endings[i].error)));
        const char *answer = last_line();
        cr_expect(strstr(answer, endings[i].answer), "%zu: %s", i, answer);
    }
}

Test(validator, refuses_by_the_rules_without_running_anything)
{
    validate(1, "--- a/package.json\n+++ b/package.json\n@@ -1 +1 @@\n-a\n+b\n", "tsc", false);
    probe_expect(probe, ANSWER "3 reason=no-configuration: such a file may not change: "
                               "package.json wall_ms=0\n");
    validate(1, "rm -rf /\n", "tsc", false);
    probe_expect(probe, ANSWER "3 reason=line 1 of the diff: the name of a file is missing"
                               " wall_ms=0\n");
    validate(1, DIFF, "mocha", false);
    cr_expect(strstr(last_line(), ANSWER "4 reason=there is no way"));
}

Test(validator, has_so_many_under_way_and_no_more)
{
    validate(0, DIFF, "tsc", false);
    validate(1, DIFF, "tsc", false);
    uint64_t first = probe_exec(probe);
    starts(FULL);
    says(3, "changed\n");
    (void)probe_trace(probe);
    exits(0);
    const char *then = probe_trace(probe);
    cr_expect(strstr(then, "index=0 proof=1"), "%s", then);
    cr_expect(strstr(then, "exec sh"), "%s", then);
    cr_expect_neq(probe_exec(probe), first);
    starts(FULL);
    says(3, "changed\n");
    exits(0);
    cr_expect(strstr(last_line(), "index=1 proof=1"));
}

Test(validator, keeps_a_bounded_queue)
{
    for (uint64_t i = 0; i < 256; i++) {
        validate(i, DIFF, "tsc", false);
    }
    (void)probe_trace(probe);
    validate(256, DIFF, "tsc", false);
    cr_expect(strstr(last_line(), "index=256 proof=4 reason=too many candidates wait"));
}
