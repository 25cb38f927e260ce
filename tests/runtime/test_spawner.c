/* test_spawner.c - processes start, end, and are gone when they should be. */
#include "runtime/spawner_wire.h"
#include "tests/runtime/spawner_help.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

TestSuite(spawner, .init = help_setup, .fini = help_teardown, .timeout = 60);

Test(spawner, reports_start_and_exit_code)
{
    struct outcome got = run_shell("echo out; echo err >&2; exit 7");
    cr_expect(got.started);
    cr_expect_gt(got.start.pid, 0);
    cr_expect_eq(got.last.kind, SPAWN_EXITED);
    cr_expect_eq(got.last.code, 7);
    cr_expect_eq(got.last.signal, 0);
    cr_expect_gt(got.last.cpu_us, 0);
    cr_expect_gt(got.last.rss_bytes_max, 0);
    cr_expect_str_eq(got.out, "out\nerr\n");
    cr_expect_eq(spawner_count(spawner), 0);
}

Test(spawner, reports_a_signal)
{
    struct spawn_spec spec = shell("kill -SEGV $$");
    struct outcome got = run(&spec);
    cr_expect_eq(got.last.signal, SIGSEGV);
    cr_expect_not(got.last.killed);
    spec.limits.enabled = false;
    cr_expect_eq(run(&spec).last.signal, SIGSEGV);
}

Test(spawner, keeps_the_outputs_apart_unless_told)
{
    struct spawn_spec spec = shell("echo out; echo err >&2");
    spec.merge_output = false;
    struct spawn_fds fds = spawn(&spec);
    cr_expect(wait_for_output(fds.err, "err\n"));
    struct outcome got = finish(&fds);
    cr_expect_str_eq(got.out, "out\n");
}

Test(spawner, gives_exactly_the_environment)
{
    static const char *const env[] = {"A=1", "B=two words", NULL};
    static const char *const argv[] = {"/usr/bin/env", NULL};
    struct spawn_spec spec = shell("");
    spec.argv = argv;
    spec.env = env;
    cr_expect_str_eq(run(&spec).out, "A=1\nB=two words\n");
    spec.env = NULL;
    cr_expect_str_eq(run(&spec).out, "");
    spec.limits.enabled = false;
    spec.env = env;
    cr_expect_str_eq(run(&spec).out, "A=1\nB=two words\n");
}

Test(spawner, opens_no_descriptor_but_the_three)
{
    /* 3 is the directory that ls reads. */
    cr_expect_str_eq(run_shell("readlink /proc/self/fd/0; ls /proc/self/fd | tr '\\n' ' '").out,
                     "/dev/null\n0 1 2 3 ");
}

Test(spawner, control_carries_bytes_both_ways)
{
    struct spawn_spec spec = shell("head -c 5 <&3 >&3");
    spec.control = true;
    struct spawn_fds fds = spawn(&spec);
    cr_assert_eq(write(fds.control, "hello", 5), 5);
    cr_expect(wait_for_output(fds.control, "hello"));
    cr_expect_eq(finish(&fds).last.code, 0);
}

Test(spawner, our_ends_neither_block_nor_leak)
{
    struct spawn_spec spec = shell("exec sleep 5");
    spec.control = true;
    spec.merge_output = false;
    struct spawn_fds fds = spawn(&spec);
    const int all[] = {fds.control, fds.out, fds.err};
    for (size_t i = 0; i < 3; i++) {
        cr_expect(fcntl(all[i], F_GETFL) & O_NONBLOCK);
        cr_expect(fcntl(all[i], F_GETFD) & FD_CLOEXEC);
    }
    cr_expect_eq(spawner_kill(spawner, 1), ERR_OK);
    (void)finish(&fds);
}

Test(spawner, tells_why_exec_failed)
{
    static const char *const argv[] = {"/nowhere/program", NULL};
    struct spawn_spec spec = shell("");
    spec.argv = argv;
    for (int i = 0; i < 2; i++) {
        struct outcome got = run(&spec);
        cr_expect_not(got.started);
        cr_expect_eq(got.last.kind, SPAWN_FAILED);
        cr_expect_neq(got.last.err, ERR_OK);
        cr_expect(strstr(got.last.text, "/nowhere/program: No such file"), "%s", got.last.text);
        spec.limits.enabled = false;
    }
}

static void expect_deadline_kills_all(bool enabled)
{
    struct spawn_spec spec = shell(escape_script());
    spec.limits.enabled = enabled;
    spec.limits.deadline_ms = 6000;
    struct spawn_fds fds = spawn(&spec);
    cr_assert(wait_for_output(fds.out, "ready"));
    cr_expect_geq(count_marked(), 100);
    struct outcome got = finish(&fds);
    cr_expect(got.last.timed_out);
    cr_expect_not(got.last.killed);
    cr_expect_eq(got.last.signal, SIGKILL);
    cr_expect_geq(got.last.wall_ms, 6000);
    cr_expect_eq(count_marked(), 0);
}

Test(spawner, deadline_kills_escapees)
{
    expect_deadline_kills_all(true);
}

Test(spawner, deadline_kills_escapees_without_namespaces)
{
    expect_deadline_kills_all(false);
}

/* Each process of it is small enough. */
static void expect_memory_kills_all(bool enabled)
{
    char script[256];
    (void)snprintf(script, sizeof script,
                   "for i in 1 2 3 4; do perl -e '$x = \"x\" x 60000000; sleep %s' & done; wait",
                   marker);
    struct spawn_spec spec = shell(script);
    spec.limits.enabled = enabled;
    spec.limits.memory_bytes_max = UINT64_C(150) << 20;
    struct outcome got = run(&spec);
    cr_expect(got.last.outgrown);
    cr_expect_not(got.last.killed);
    cr_expect_not(got.last.timed_out);
    cr_expect_eq(got.last.signal, SIGKILL);
    cr_expect_eq(count_marked(), 0);
    spec.limits.memory_bytes_max = UINT64_C(2) << 30;
    spec.limits.deadline_ms = 3000;
    got = run(&spec);
    cr_expect_not(got.last.outgrown);
    cr_expect(got.last.timed_out);
    /* The same memory, seen from several processes. */
    (void)snprintf(
        script, sizeof script,
        "perl -e '$x = \"x\" x 60000000; for (1 .. 4) { fork or sleep 1, exit } sleep 2'");
    spec.limits.memory_bytes_max = UINT64_C(150) << 20;
    got = run(&spec);
    cr_expect_not(got.last.outgrown);
    cr_expect_eq(got.last.code, 0);
}

Test(spawner, memory_of_the_whole_tree_is_limited)
{
    expect_memory_kills_all(true);
    expect_memory_kills_all(false);
}

static void expect_end_takes_the_rest_along(bool enabled)
{
    char script[256];
    (void)snprintf(script, sizeof script, "setsid sleep %s & sleep 0.2; exit 3", marker);
    struct spawn_spec spec = shell(script);
    spec.limits.enabled = enabled;
    struct outcome got = run(&spec);
    cr_expect_eq(got.last.code, 3);
    cr_expect_eq(count_marked(), 0);
}

Test(spawner, the_tree_ends_with_its_command)
{
    expect_end_takes_the_rest_along(true);
    expect_end_takes_the_rest_along(false);
}

static void expect_kill_twice_is_one(bool enabled)
{
    struct spawn_spec spec = shell(escape_script());
    spec.limits.enabled = enabled;
    struct spawn_fds fds = spawn(&spec);
    cr_assert(wait_for_output(fds.out, "ready"));
    cr_expect_eq(spawner_kill(spawner, 1), ERR_OK);
    cr_expect_eq(spawner_kill(spawner, 1), ERR_OK);
    struct outcome got = finish(&fds);
    cr_expect(got.last.killed);
    cr_expect_not(got.last.timed_out);
    cr_expect_eq(got.last.signal, SIGKILL);
    cr_expect_eq(count_marked(), 0);
    cr_expect_eq(spawner_kill(spawner, 1), ERR_OK);
    struct spawn_event event;
    cr_expect_eq(spawner_next(spawner, &event), ERR_NOT_FOUND);
}

Test(spawner, kill_twice_is_kill)
{
    expect_kill_twice_is_one(true);
}

Test(spawner, kill_twice_is_kill_without_namespaces)
{
    expect_kill_twice_is_one(false);
}

Test(spawner, kill_during_set_up_still_gives_an_end)
{
    struct spawn_spec spec = shell("exec sleep 20");
    for (uint64_t i = 1; i <= 20; i++) {
        spec.id = i;
        struct spawn_fds fds = spawn(&spec);
        cr_expect_eq(spawner_kill(spawner, i), ERR_OK);
        struct outcome got = finish(&fds);
        cr_expect_eq(got.last.kind, SPAWN_EXITED);
        cr_expect(got.last.killed);
    }
}

static void expect_trees_die_with_the_spawner(bool enabled)
{
    struct spawn_spec spec = shell(escape_script());
    spec.limits.enabled = enabled;
    struct spawn_fds fds = spawn(&spec);
    cr_assert(wait_for_output(fds.out, "ready"));
    cr_assert_geq(count_marked(), 100);
    cr_assert_eq(kill(spawner_pid(spawner), SIGKILL), 0);
    cr_expect_eq(count_marked_at_last(), 0);
    struct spawn_event event;
    enum err err = ERR_OK;
    while (err == ERR_OK) { /* STARTED may lie there still */
        err = spawner_next(spawner, &event);
    }
    cr_expect_eq(err, ERR_GONE);
    spec.id = 2;
    cr_expect_eq(spawner_spawn(spawner, &spec, &fds), ERR_GONE);
    cr_expect_eq(spawner_kill(spawner, 1), ERR_GONE);
}

Test(spawner, trees_die_with_the_spawner)
{
    expect_trees_die_with_the_spawner(true);
}

Test(spawner, trees_die_with_the_spawner_without_namespaces)
{
    expect_trees_die_with_the_spawner(false);
}

/* A daemon with a spawner and a tree, killed when the tree is complete. */
static void expect_trees_die_with_the_daemon(bool enabled)
{
    int ends[2];
    cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
    pid_t daemon = fork();
    if (daemon == 0) {
        struct spawner *own = NULL;
        struct spawn_spec spec = shell(escape_script());
        struct spawn_fds fds;
        spec.limits.enabled = enabled;
        if (spawner_start(&own) == ERR_OK && spawner_spawn(own, &spec, &fds) == ERR_OK &&
            wait_for_output(fds.out, "ready")) {
            (void)!write(ends[1], "ready", 5);
        }
        for (;;) {
            (void)pause();
        }
    }
    cr_assert_gt(daemon, 0);
    (void)close(ends[1]);
    cr_assert(wait_for_output(ends[0], "ready"));
    cr_assert_geq(count_marked(), 100);
    cr_assert_eq(kill(daemon, SIGKILL), 0);
    cr_assert_eq(waitpid(daemon, NULL, 0), daemon);
    cr_expect_eq(count_marked_at_last(), 0);
    (void)close(ends[0]);
}

Test(spawner, trees_die_with_the_daemon)
{
    expect_trees_die_with_the_daemon(true);
}

Test(spawner, trees_die_with_the_daemon_without_namespaces)
{
    expect_trees_die_with_the_daemon(false);
}

Test(spawner, orphans_die_with_their_guard)
{
    struct spawn_spec spec = shell(escape_script());
    spec.limits.enabled = false;
    struct spawn_fds fds = spawn(&spec);
    cr_assert(wait_for_output(fds.out, "ready"));
    struct spawn_event event;
    cr_assert_eq(spawner_next(spawner, &event), ERR_OK);
    cr_assert_eq(event.kind, SPAWN_STARTED);
    cr_assert_eq(kill(event.pid, SIGKILL), 0);
    struct outcome got = finish(&fds);
    cr_expect_eq(got.last.signal, SIGKILL);
    cr_expect_not(got.last.killed);
    cr_expect_eq(count_marked_at_last(), 0);
}

Test(spawner, stop_leaves_nothing)
{
    struct spawn_fds fds[8];
    for (uint64_t i = 0; i < 8; i++) {
        struct spawn_spec spec = shell(escape_script());
        spec.id = i;
        spec.limits.enabled = i % 2 == 0;
        fds[i] = spawn(&spec);
    }
    for (size_t i = 0; i < 8; i++) {
        cr_expect(wait_for_output(fds[i].out, "ready"));
    }
    spawner_stop(&spawner);
    cr_expect_null(spawner);
    cr_expect_eq(count_marked(), 0);
    spawner_stop(&spawner);
}

static size_t memory_of(pid_t pid)
{
    char path[64];
    char line[256];
    size_t kib = 0;
    (void)snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "re");
    cr_assert(file);
    while (fgets(line, sizeof line, file)) {
        if (strncmp(line, "RssAnon:", 8) == 0) {
            kib = strtoul(line + 8, NULL, 10);
        }
    }
    (void)fclose(file);
    return kib * 1024;
}

Test(spawner, much_output_neither_blocks_nor_grows)
{
    struct outcome small = run_shell("true");
    cr_expect_eq(small.last.code, 0);
    size_t before = memory_of(spawner_pid(spawner));
    struct outcome got = run_shell("head -c 268435456 /dev/zero");
    cr_expect_eq(got.last.code, 0);
    cr_expect_eq(got.out_bytes, 268435456);
    cr_expect_leq(memory_of(spawner_pid(spawner)), before + (1u << 20));
}

Test(spawner, a_child_whose_output_nobody_reads_can_be_killed)
{
    struct spawn_spec spec = shell("yes");
    spec.limits.deadline_ms = 300;
    struct spawn_fds fds = spawn(&spec);
    struct pollfd end = {.fd = spawner_fd(spawner), .events = POLLIN};
    struct spawn_event event = {.kind = SPAWN_STARTED};
    while (event.kind == SPAWN_STARTED) {
        cr_assert_gt(poll(&end, 1, WAIT_MS_MAX), 0);
        cr_assert_eq(spawner_next(spawner, &event), ERR_OK);
    }
    cr_expect(event.timed_out);
    (void)close(fds.out);
}

Test(spawner, children_are_limited)
{
    struct spawn_spec spec = shell("exec sleep 100");
    spec.limits.enabled = false;
    struct spawn_fds fds;
    for (uint64_t i = 0; i < SPAWN_CHILDREN_MAX; i++) {
        spec.id = i;
        fds = spawn(&spec);
        (void)close(fds.out);
    }
    spec.id = 7;
    cr_expect_eq(spawner_spawn(spawner, &spec, &fds), ERR_EXISTS);
    spec.id = SPAWN_CHILDREN_MAX;
    cr_expect_eq(spawner_spawn(spawner, &spec, &fds), ERR_FULL);
    /* Nobody reads events here: they wait in the slots and come all the same. */
    for (uint64_t i = 0; i < SPAWN_CHILDREN_MAX; i++) {
        cr_expect_eq(spawner_kill(spawner, i), ERR_OK);
    }
    size_t ends = 0;
    while (ends < SPAWN_CHILDREN_MAX) {
        struct pollfd end = {.fd = spawner_fd(spawner), .events = POLLIN};
        struct spawn_event event;
        cr_assert_gt(poll(&end, 1, WAIT_MS_MAX), 0);
        cr_assert_eq(spawner_next(spawner, &event), ERR_OK);
        ends += event.kind == SPAWN_EXITED ? 1 : 0;
    }
    cr_expect_eq(spawner_count(spawner), 0);
    spec.limits.enabled = true;
    cr_expect_eq(run(&spec).last.kind, SPAWN_EXITED);
}

Test(spawner, refuses_what_is_too_long_or_crooked)
{
    static char text[SPAWN_BYTES_MAX + 1];
    static const char *many[SPAWN_ENV_MAX + 2];
    struct spawn_fds fds;
    memset(text, 'x', sizeof text - 1);
    struct spawn_spec spec = shell(text);
    cr_expect_eq(spawner_spawn(spawner, &spec, &fds), ERR_LIMIT);
    spec = shell("true");
    for (size_t i = 0; i < SPAWN_ENV_MAX + 1; i++) {
        many[i] = "A=1";
    }
    spec.env = many;
    cr_expect_eq(spawner_spawn(spawner, &spec, &fds), ERR_LIMIT);
    static const char *const crooked[] = {"relative", "/",    "/a/",          "//a", "/a/../b",
                                          "/a/..",    "/./a", "/proc/1/root", "/dev"};
    for (size_t i = 0; i < sizeof crooked / sizeof crooked[0]; i++) {
        spec = shell("true");
        spec.project = crooked[i];
        cr_expect_eq(spawner_spawn(spawner, &spec, &fds), ERR_MALFORMED, "%s", crooked[i]);
    }
    spec = shell("true");
    spec.argv = (const char *const[]){NULL};
    cr_expect_eq(spawner_spawn(spawner, &spec, &fds), ERR_MALFORMED);
    cr_expect_eq(run_shell("true").last.code, 0);
}

Test(spawner, takes_the_largest_request)
{
    static char text[SPAWN_BYTES_MAX - 64];
    memset(text, 'x', sizeof text - 1);
    memcpy(text, "exit 4 #", 8);
    struct outcome got = run_shell(text);
    cr_expect_eq(got.last.code, 4, "%s", got.last.text);
}

/* ---- the wire ---- */

TestSuite(spawner_wire, .timeout = 60);

Test(spawner_wire, comes_back_as_it_went)
{
    char *bytes = malloc(SPAWNER_REQUEST_BYTES_MAX);
    struct spawner_order *order = malloc(sizeof *order);
    cr_assert(bytes && order);
    struct spawn_spec spec = shell("line");
    spec.id = 77;
    spec.project = "/p";
    spec.control = true;
    spec.limits.readable = (const char *const[]){"/r1", "/r2", NULL};
    size_t size = 0;
    cr_assert_eq(spawner_encode(&spec, bytes, &size), ERR_OK);
    cr_assert_eq(spawner_decode(bytes, size, order), ERR_OK);
    cr_expect_eq(order->spec.id, 77);
    cr_expect_null(order->spec.cwd);
    cr_expect_str_eq(order->spec.project, "/p");
    cr_expect_str_eq(order->spec.argv[2], "line");
    cr_expect_null(order->spec.argv[3]);
    cr_expect_str_eq(order->spec.limits.readable[1], "/r2");
    cr_expect_null(order->spec.limits.writable[0]);
    cr_expect_eq(spawner_fds_count(&order->spec), 2);
    for (size_t i = 0; i < size; i++) { /* a copy, so that a reader behind the end is seen */
        char *cut = malloc(i + 1);
        cr_assert(cut);
        memcpy(cut, bytes, i);
        cr_expect_eq(spawner_decode(cut, i, order), ERR_MALFORMED);
        free(cut);
    }
    ((struct spawner_request *)(void *)bytes)->counts[1] = UINT32_MAX;
    cr_expect_eq(spawner_decode(bytes, size, order), ERR_LIMIT);
    free(order);
    free(bytes);
}
