/* test_healer.c - from HEAL to HEALED, with the file read in between. */
#include <string.h>

#include "actors/healer/healer.h"
#include "tests/support/probe.h"

static struct probe *probe;
static struct rt_address run;

static void setup(void)
{
    probe = probe_open(&(struct probe_options){.behaviour = &healer_behaviour});
    run = probe_peer(probe, "run");
    cr_assert_str_eq(probe_trace(probe), "[0] role healer\n");
}

static void teardown(void)
{
    probe_close(&probe);
}

TestSuite(healer, .init = setup, .fini = teardown);

#define PAGE(file, locator)                                                                        \
    "{\"url\":\"http://x/\",\"failed\":{\"locator\":\"" locator "\",\"file\":\"" file              \
    "\",\"line\":20,\"column\":40,\"action\":\"click\",\"count\":0},\"elements\":[{\"testid\":"    \
    "\"save-button\",\"role\":\"button\",\"name\":\"Save\"}]}"

static const char *const good = PAGE("e2e/a.spec.ts", "getByTestId('btn-save')");
static const char *const reading = "[0] exec sed -n -e 4,36p -e 36q ./e2e/a.spec.ts\n";

static struct msg_heal request(const char *page)
{
    return (struct msg_heal){.head = {MSG_HEAL},
                             .run = msg_str("r"),
                             .error = 3,
                             .dir = msg_str("/p/app"),
                             .root = msg_str("/p"),
                             .file = msg_str("e2e/a.spec.ts"),
                             .message = msg_str("waiting for getByTestId('btn-save')"),
                             .page = msg_str(page)};
}

static void ask(const char *page)
{
    struct msg_heal heal = request(page);
    probe_ask(probe, run, &heal.head, 0);
}

static void output(const char *text, size_t size)
{
    probe_exec_event(probe, MSG(exec_output, .id = probe_exec(probe), .stream = 1,
                                .bytes = {text, (uint32_t)size}));
}

static void end(uint64_t code)
{
    probe_exec_event(probe, MSG(exec_exited, .id = probe_exec(probe), .code = code));
}

static void lines(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        output("//\n", 3);
    }
}

static void expect_refused(const char *reason)
{
    const char *trace = probe_trace(probe);
    cr_expect(strstr(trace, "-> run answer HEALED run=r error=3 status=3"), "%s", trace);
    cr_expect(strstr(trace, reason), "%s", trace);
}

Test(healer, proposes_an_edit_of_the_line_that_failed)
{
    ask(good);
    probe_expect(probe, reading);
    probe_exec_event(probe, MSG(exec_started, .id = probe_exec(probe)));
    lines(16);
    /* Cut anywhere, and what it says on stderr is not the file. */
    output("await page.getByTest", 20);
    probe_exec_event(
        probe, MSG(exec_output, .id = probe_exec(probe), .stream = 2, .bytes = msg_str("noise")));
    output("Id('btn-save').click();\n", 24);
    probe_expect(probe, "");
    end(0);
    const char *trace = probe_trace(probe);
    static const char *const parts[] = {
        "[0] -> run answer HEALED run=r error=3 status=2 file=e2e/a.spec.ts line=20 ",
        "getByTestId('btn-save')", "getByTestId('save-button')", "confidence=0.9",
        "@@ -17,4 +17,4 @@"};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        cr_expect(strstr(trace, parts[i]), "%s in %s", parts[i], trace);
    }
}

Test(healer, takes_what_it_hit_last_into_account)
{
    struct msg_heal heal =
        request("{\"url\":\"http://x/\",\"failed\":{\"locator\":\"locator('.x')\",\"file\":\"f\","
                "\"line\":1,\"action\":\"click\"},\"elements\":[{\"role\":\"button\",\"name\":"
                "\"Save\"}]}");
    heal.message = msg_str("locator('.x')");
    probe_ask(probe, run, &heal.head, 0);
    expect_refused("does not say");
    heal.known = msg_str("{\"used\":[{\"locator\":\"locator('.x')\",\"element\":{\"role\":"
                         "\"button\",\"name\":\"Save\"}}]}");
    probe_ask(probe, run, &heal.head, 0);
    probe_expect(probe, "[0] exec sed -n -e 1,17p -e 17q ./f\n");
    output("page.locator(\".x\").click()", 26);
    end(0);
    cr_expect(strstr(probe_trace(probe), "getByRole("));
    /* What cannot be read counts as nothing. */
    heal.known = msg_str("{");
    probe_ask(probe, run, &heal.head, 0);
    expect_refused("does not say");
}

Test(healer, refuses_at_once_what_is_no_failure_of_a_locator)
{
    ask("{\"failed\":null}");
    expect_refused("no call failed");
    ask("");
    expect_refused("cannot be read");
    ask("{\"failed\":[]}");
    expect_refused("cannot be read");
}

static void ask_about_timing(void)
{
    struct msg_heal heal = request("{\"url\":\"http://x/\",\"failed\":null}");
    heal.message = msg_str("Error: expected true\n    at check (e2e/cart.ts:2:5)");
    probe_ask(probe, run, &heal.head, 0);
    probe_expect(probe, "[0] exec sed -n -e 1,18p -e 18q ./e2e/cart.ts\n");
}

Test(healer, proposes_an_assertion_that_waits_for_one_that_looks_once)
{
    static const char text[] = "\nexpect(await row.isVisible()).toBe(true)\n";
    ask_about_timing();
    output(text, sizeof text - 1);
    end(0);
    const char *trace = probe_trace(probe);
    static const char *const parts[] = {
        "[0] -> run answer HEALED run=r error=3 status=2 file=e2e/cart.ts line=2 ",
        "after=await expect(row).toBeVisible() confidence=0.5", "@@ -1,2 +1,2 @@",
        "a matter of timing, perhaps"};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        cr_expect(strstr(trace, parts[i]), "%s in %s", parts[i], trace);
    }
    ask_about_timing();
    output("\nexpect(total).toBe(3)\n", 23);
    end(0);
    expect_refused("no call failed");
}

Test(healer, refuses_files_outside_of_the_project)
{
    ask(PAGE("/etc/passwd", "getByTestId('btn-save')"));
    expect_refused("not in the project");
    ask(PAGE("../b.ts", "getByTestId('btn-save')"));
    expect_refused("not in the project");
    ask(PAGE("", "getByTestId('btn-save')"));
    expect_refused("not in the project");
}

Test(healer, refuses_when_the_locator_is_written_elsewhere)
{
    ask(good);
    lines(16);
    output("await save.click();\n", 20);
    end(0);
    expect_refused("written elsewhere");
}

Test(healer, refuses_when_the_file_cannot_be_read)
{
    ask(good);
    end(2);
    expect_refused("cannot be read");
    ask(good);
    probe_exec_event(
        probe, MSG(exec_exited, .id = probe_exec(probe), .error = msg_str("there is no sandbox")));
    expect_refused("cannot be read");
    ask(good);
    probe_exec_event(probe,
                     MSG(exec_exited, .id = probe_exec(probe), .timed_out = true, .signal = 9));
    expect_refused("cannot be read");
    ask(good);
    end(0); /* the file is empty */
    expect_refused("does not have the line");
}

Test(healer, keeps_no_more_of_a_file_than_it_needs)
{
    static char block[40000];
    memset(block, 'a', sizeof block);
    ask(good);
    for (int i = 0; i < 4; i++) {
        output(block, sizeof block);
    }
    end(0);
    expect_refused("too long");
}

Test(healer, believes_no_text_whose_middle_was_cut_out)
{
    static char block[2000];
    memset(block, '\n', sizeof block);
    probe_config(probe)->executor.output_max = 1024;
    ask(good);
    output(block, sizeof block);
    end(0);
    expect_refused("too long");
}

Test(healer, has_room_for_so_many_and_no_more)
{
    for (int i = 0; i < 32; i++) {
        ask(good);
    }
    (void)probe_trace(probe);
    ask(good);
    expect_refused("too many");
    end(1); /* of the last */
    expect_refused("cannot be read");
    ask(good);
    probe_expect(probe, reading);
    end(1);
}

Test(healer, takes_nothing_else)
{
    probe_ask(probe, run, MSG(planned, .run = msg_str("r")), 0);
    cr_expect(strstr(probe_trace(probe), "FAILED"));
}
