/* test_exec.c - commands of an actor, from rt_exec to the last event, with real processes.
 *
 * The net thread is a loop over poll() that the test steps; so everything happens in one thread and
 * the order is the test's.
 */
#include <criterion/criterion.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "runtime/exec.h"
#include "runtime/sandbox_priv.h"

enum { WATCHES_MAX = 64, TEXT_MAX = 1 << 20, WAIT_MS_MAX = 20000 };

/* ---- a net that only watches ---- */

struct net {
    struct net_watch *watches[WATCHES_MAX];
    size_t count;
};

static struct net net;

enum err net_watch(struct net *self, struct net_watch *watch)
{
    cr_assert_lt(self->count, WATCHES_MAX);
    self->watches[self->count++] = watch;
    return ERR_OK;
}

void net_unwatch(struct net *self, struct net_watch *watch)
{
    for (size_t i = 0; i < self->count; i++) {
        if (self->watches[i] == watch) {
            self->watches[i] = self->watches[--self->count];
            return;
        }
    }
}

static void net_step(void)
{
    struct pollfd fds[WATCHES_MAX];
    struct net_watch *watches[WATCHES_MAX];
    size_t count = net.count;
    for (size_t i = 0; i < count; i++) {
        watches[i] = net.watches[i];
        fds[i] = (struct pollfd){.fd = watches[i]->fd, .events = watches[i]->events};
    }
    cr_assert_geq(poll(fds, count, 10), 0);
    for (size_t i = 0; i < count; i++) {
        if (fds[i].revents) {
            watches[i]->ready(watches[i], fds[i].revents);
        }
    }
}

/* ---- an actor that runs one command and notes what it hears ---- */

static struct config config;
static struct spawner *spawner;
static pid_t spawner_process;
static struct exec *service;
static struct rt_system *probe;
static struct rt_address owner;
static bool sandboxed = true;
static bool owner_deaf; /* its turn does not come */
static const struct rt_command *next;
static uint64_t running;
static char project[64];

static struct {
    char text[4][TEXT_MAX]; /* by stream */
    size_t size[4];
    size_t started;
    size_t outputs;
    size_t exits;
    bool after_exit; /* something came after EXEC_EXITED */
    struct msg_exec_exited exited;
    char error[512 + 1];
} got;

static uint64_t world_now(void *world)
{
    (void)world;
    struct timespec at;
    (void)clock_gettime(CLOCK_MONOTONIC, &at);
    return (uint64_t)at.tv_sec * 1000 + (uint64_t)at.tv_nsec / 1000000;
}

static void world_timer(void *world)
{
    (void)world;
}

static void world_log(void *world, enum rt_level level, const char *actor, const char *text)
{
    (void)world;
    (void)level;
    (void)actor;
    (void)text;
}

static void world_exec(void *world, uint64_t id, struct rt_address from,
                       const struct rt_command *command)
{
    (void)world;
    exec_command(service, id, from, command);
}

static enum err world_write(void *world, uint64_t id, const void *bytes, size_t size)
{
    (void)world;
    return exec_write(service, id, bytes, size);
}

static void world_kill(void *world, uint64_t id)
{
    (void)world;
    exec_kill(service, id);
}

static void note_output(const struct msg_exec_output *output)
{
    size_t room = TEXT_MAX - 1 - got.size[output->stream];
    size_t size = output->bytes.size < room ? output->bytes.size : room;
    memcpy(got.text[output->stream] + got.size[output->stream], output->bytes.at, size);
    got.size[output->stream] += size;
    got.outputs++;
}

static enum err owner_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    (void)state;
    got.after_exit |= got.exits > 0;
    switch (msg->type) {
    case MSG_SUBMITTED: /* the test's word for: go */
        running = rt_exec(ctx, next);
        got.after_exit = false;
        return ERR_OK;
    case MSG_EXEC_STARTED:
        cr_expect_eq(got.outputs, 0);
        got.started++;
        return ERR_OK;
    case MSG_EXEC_OUTPUT:
        note_output(msg_as_exec_output(msg));
        return ERR_OK;
    case MSG_EXEC_EXITED:
        got.exits++;
        got.exited = *msg_as_exec_exited(msg);
        (void)snprintf(got.error, sizeof got.error, "%s", got.exited.error.at);
        return ERR_OK;
    default:
        return ERR_UNKNOWN;
    }
}

static const struct rt_behaviour behaviour = {.name = "owner",
                                              .state_size = 1,
                                              .receive = owner_receive,
                                              .mailbox_count_max = 4,
                                              .restart = RT_RESTART_NEVER};

static void setup(void)
{
    cr_assert_eq(spawner_start(&spawner), ERR_OK);
    spawner_process = spawner_pid(spawner);
    config_defaults(&config);
    config.executor.output_max = 65536;
    config.sandbox.enabled = sandboxed;
    cr_assert_eq(exec_new(&spawner, &config, &service), ERR_OK);
    cr_assert_null(spawner);
    const struct system_options options = {.config = &config,
                                           .name = "t",
                                           .node = 7,
                                           .ports = {.exec = world_exec,
                                                     .exec_write = world_write,
                                                     .exec_kill = world_kill,
                                                     .now_ms = world_now,
                                                     .wall_ms = world_now,
                                                     .timer_set = world_timer,
                                                     .log = world_log}};
    cr_assert_eq(system_new(&options, &probe), ERR_OK);
    cr_assert_eq(exec_attach(service, &net, probe), ERR_OK);
    cr_assert_eq(system_spawn(probe, &behaviour, NULL, 0, &owner), ERR_OK);
    (void)system_run_ready(probe);
    (void)snprintf(project, sizeof project, "/tmp/exec-XXXXXX");
    cr_assert(mkdtemp(project));
    cr_assert_eq(chmod(project, 0755), 0);
}

static void teardown(void)
{
    system_destroy(&probe);
    exec_destroy(&service);
    (void)rmdir(project);
}

TestSuite(exec, .init = setup, .fini = teardown, .timeout = 60);

static void step(void)
{
    net_step();
    if (!owner_deaf) {
        (void)system_run_ready(probe);
    }
}

static void begin(const struct rt_command *command)
{
    memset(&got, 0, sizeof got);
    next = command;
    cr_assert_eq(system_tell(probe, owner, MSG(submitted, .run = msg_str("go"))), ERR_OK);
    (void)system_run_ready(probe);
    cr_assert_neq(running, 0);
}

static void finish(void)
{
    uint64_t begin_ms = world_now(NULL);
    while (got.exits == 0 && world_now(NULL) - begin_ms < WAIT_MS_MAX) {
        step();
    }
    for (int i = 0; i < 3; i++) {
        step();
    }
    cr_expect_eq(got.exits, 1);
    cr_expect_not(got.after_exit);
}

static void wait_for(const char *text, uint64_t stream)
{
    uint64_t begin_ms = world_now(NULL);
    while (!strstr(got.text[stream], text) && world_now(NULL) - begin_ms < WAIT_MS_MAX) {
        step();
    }
    cr_expect(strstr(got.text[stream], text));
}

static const char *const env[] = {"PATH=/usr/bin:/bin", NULL};

static void begin_shell(const char *script, bool control)
{
    const char *const argv[] = {"sh", "-c", script, NULL};
    const struct rt_command command = {
        .argv = argv, .env = env, .cwd = project, .project = project, .control = control};
    begin(&command);
}

Test(exec, gives_output_and_then_the_end)
{
    begin_shell("echo out; echo err >&2; exit 3", false);
    finish();
    cr_expect_eq(got.started, 1);
    cr_expect_str_eq(got.text[1], "out\n");
    cr_expect_str_eq(got.text[2], "err\n");
    cr_expect_eq(got.exited.code, 3);
    cr_expect_eq(got.exited.signal, 0);
    cr_expect_str_eq(got.error, "");
}

Test(exec, a_command_has_a_home_and_nothing_inherited)
{
    begin_shell("env | sort", false);
    finish();
    cr_expect(strstr(got.text[1], "HOME=/tmp/home\n"));
    cr_expect(strstr(got.text[1], "TMPDIR=/tmp\n"));
    cr_expect_null(strstr(got.text[1], "USER="));
}

/* Only where there are any: the home of who runs this decides. */
Test(exec, what_go_keeps_is_shown_to_those_it_is_meant_for)
{
    static const char script[] = "test -d \"$GOMODCACHE\" && echo \"[$GOMODCACHE]\"";
    const char *const argv[] = {"sh", "-c", script, NULL};
    const struct passwd *user = getpwuid(geteuid());
    char wanted[PATH_MAX] = "";
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/go/pkg/mod", user->pw_dir);
    if (access(path, F_OK) == 0) {
        (void)snprintf(wanted, sizeof wanted, "[%.4000s]\n", path);
    }
    begin(&(struct rt_command){
        .argv = argv, .env = env, .cwd = project, .project = project, .caches = true});
    finish();
    cr_expect_str_eq(got.text[1], wanted);
}

/* As above. */
Test(exec, what_playwright_downloaded_is_shown_to_those_it_is_meant_for)
{
    static const char script[] =
        "test -d \"$PLAYWRIGHT_BROWSERS_PATH\" && echo \"[$PLAYWRIGHT_BROWSERS_PATH]\"";
    const char *const argv[] = {"sh", "-c", script, NULL};
    const struct passwd *user = getpwuid(geteuid());
    char wanted[PATH_MAX] = "";
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/.cache/ms-playwright", user->pw_dir);
    if (access(path, F_OK) == 0) {
        (void)snprintf(wanted, sizeof wanted, "[%.4000s]\n", path);
    }
    begin(&(struct rt_command){
        .argv = argv, .env = env, .cwd = project, .project = project, .caches = true});
    finish();
    cr_expect_str_eq(got.text[1], wanted);
}

Test(exec, what_go_keeps_is_not_shown_to_others)
{
    begin_shell("echo \"$GOMODCACHE$CARGO_HOME$RUSTUP_HOME$PLAYWRIGHT_BROWSERS_PATH\";"
                "ls -d ~root/go ~root/.rustup ~root/.cache/ms-playwright",
                false);
    finish();
    cr_expect_str_eq(got.text[1], "\n");
}

/* What a container engine does: namespaces are refused to us and to all that we start. */
static void setup_partial(void)
{
    struct sock_fprog filter;
    cr_assert_eq(sandbox_filter_new(&filter), ERR_OK);
    cr_assert_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    cr_assert_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter), 0);
    free(filter.filter);
    setup();
}

TestSuite(exec_partial, .init = setup_partial, .fini = teardown, .timeout = 60);

static void expect_a_home_of_its_own(void)
{
    begin_shell("cd && pwd && test -w . && echo yes", false);
    finish();
    cr_expect_eq(strncmp(got.text[1], "/tmp/troupe-", 12), 0, "%s", got.text[1]);
    cr_expect(strstr(got.text[1], "\nyes\n"));
}

Test(exec_partial, the_home_of_a_command_exists)
{
    expect_a_home_of_its_own();
}

static void setup_off(void)
{
    sandboxed = false;
    setup();
}

TestSuite(exec_off, .init = setup_off, .fini = teardown, .timeout = 60);

Test(exec_off, the_home_of_a_command_exists)
{
    expect_a_home_of_its_own();
}

static void write_in(bool in_place)
{
    const char *const argv[] = {"sh", "-c", "echo new > made && cat made", NULL};
    const struct rt_command command = {
        .argv = argv, .env = env, .cwd = project, .project = project, .in_place = in_place};
    begin(&command);
    finish();
    cr_expect_str_eq(got.text[1], "new\n", "%s", got.text[2]);
}

Test(exec, what_is_written_stays_only_where_that_is_wanted)
{
    char path[128];
    struct stat status;
    (void)snprintf(path, sizeof path, "%s/made", project);
    write_in(false);
    cr_expect_neq(access(path, F_OK), 0);
    write_in(true);
    cr_assert_eq(stat(path, &status), 0);
    cr_expect_eq(status.st_uid, getuid());
    cr_expect_eq(remove(path), 0);
}

static unsigned count_interfaces(bool network)
{
    const char *const argv[] = {"sh", "-c", "grep -c : /proc/net/dev", NULL};
    begin(&(struct rt_command){.argv = argv, .env = env, .cwd = "/", .network = network});
    finish();
    return (unsigned)strtoul(got.text[1], NULL, 10);
}

Test(exec, only_who_is_given_the_network_has_it)
{
    cr_expect_eq(count_interfaces(false), 1, "more than a loopback");
    cr_expect_eq(count_interfaces(true), count_interfaces(true));
    cr_expect_gt(count_interfaces(true), 1);
}

Test(exec, a_program_that_is_not_there_ends_with_an_error)
{
    const char *const argv[] = {"no-such-program", NULL};
    begin(&(struct rt_command){.argv = argv, .env = env, .cwd = "/"});
    finish();
    cr_expect_eq(got.started, 0);
    cr_expect(strstr(got.error, "no-such-program"), "%s", got.error);
}

Test(exec, what_the_spawner_refuses_ends_with_an_error)
{
    const char *const argv[] = {"true", NULL};
    begin(&(struct rt_command){.argv = argv, .env = env, .cwd = "not/absolute"});
    finish();
    cr_expect_neq(got.error[0], '\0');
}

Test(exec, a_command_that_is_too_long_ends_with_an_error)
{
    char *text = malloc(EXEC_COMMAND_BYTES_MAX + 2);
    memset(text, 'x', EXEC_COMMAND_BYTES_MAX + 1);
    text[EXEC_COMMAND_BYTES_MAX + 1] = '\0';
    const char *const argv[] = {"true", text, NULL};
    begin(&(struct rt_command){.argv = argv, .env = env, .cwd = "/"});
    free(text);
    finish();
    cr_expect_str_eq(got.error, err_text(ERR_LIMIT));
}

Test(exec, the_control_socket_goes_both_ways)
{
    begin_shell("read line <&3; echo \"got $line\" >&3", true);
    cr_expect_eq(exec_write(service, running, "hello\n", 6), ERR_OK);
    finish();
    cr_expect_str_eq(got.text[3], "got hello\n");
    cr_expect_eq(exec_write(service, running, "x", 1), ERR_GONE);
}

Test(exec, a_reader_that_is_slow_is_waited_for_up_to_a_limit)
{
    static char bytes[1 << 20];
    begin_shell("head -c 8388608 <&3 | wc -c", true);
    memset(bytes, 'x', sizeof bytes);
    for (int i = 0; i < 8; i++) {
        cr_expect_eq(exec_write(service, running, bytes, sizeof bytes), ERR_OK);
    }
    cr_expect_eq(exec_write(service, running, bytes, 1), ERR_FULL);
    finish();
    cr_expect_str_eq(got.text[1], "8388608\n");
}

Test(exec, a_command_without_control_cannot_be_written_to)
{
    begin_shell("true", false);
    cr_expect_eq(exec_write(service, running, "x", 1), ERR_GONE);
    finish();
}

Test(exec, is_killed_on_request)
{
    begin_shell("echo up; sleep 1000", false);
    wait_for("up", 1);
    exec_kill(service, running);
    finish();
    cr_expect(got.exited.killed);
    cr_expect_eq(got.exited.signal, SIGKILL);
}

Test(exec, is_killed_before_it_was_started)
{
    begin_shell("sleep 1000", false);
    exec_kill(service, running);
    finish();
    cr_expect_eq(got.started, 0);
    cr_expect(got.exited.killed);
}

Test(exec, is_killed_at_its_deadline)
{
    const char *const argv[] = {"sleep", "1000", NULL};
    begin(&(struct rt_command){.argv = argv, .env = env, .cwd = "/", .deadline_ms = 300});
    finish();
    cr_expect(got.exited.timed_out);
}

Test(exec, is_killed_with_its_owner)
{
    begin_shell("echo up; sleep 1000", false);
    wait_for("up", 1);
    cr_assert_eq(system_tell(probe, owner, MSG(exit, .reason = ERR_OK)), ERR_OK);
    uint64_t begin_ms = world_now(NULL);
    /* Its place is free again when its two streams are no longer watched. */
    while (net.count > 3 && world_now(NULL) - begin_ms < WAIT_MS_MAX) {
        step();
    }
    cr_expect_eq(net.count, 3);
}

Test(exec, an_owner_without_room_slows_the_command_down)
{
    /* Small writes, more than the mailbox of four and a pipe hold together. */
    begin_shell("for i in 1 2 3 4 5 6 7 8 9; do head -c 20000 /dev/zero | tr '\\0' $i >&3; done; "
                "echo end >&3",
                true);
    owner_deaf = true;
    uint64_t begin_ms = world_now(NULL);
    while (world_now(NULL) - begin_ms < 1000) {
        step();
    }
    cr_expect_eq(got.exits, 0);
    owner_deaf = false;
    finish();
    cr_expect_eq(got.size[3], 180004);
    for (size_t i = 0; i < 180000; i += 20000) {
        cr_expect_eq(got.text[3][i], (char)('1' + i / 20000));
        cr_expect_eq(got.text[3][i + 19999], (char)('1' + i / 20000));
    }
}

Test(exec, the_middle_of_a_flood_is_cut)
{
    begin_shell("echo begin; head -c 1000000 /dev/zero | tr '\\0' x; echo; echo end", false);
    finish();
    size_t note = strlen("\n[934475 bytes cut]\n");
    cr_expect_eq(got.size[1], 65536 + note, "%zu", got.size[1]);
    cr_expect(strstr(got.text[1], "begin\nxxx"));
    cr_expect(strstr(got.text[1], "x\n[934475 bytes cut]\nx"));
    cr_expect_str_eq(got.text[1] + got.size[1] - 6, "x\nend\n");
}

Test(exec, programs_outside_the_usual_places_are_shown)
{
    char directory[96];
    char path[1024];
    char variable[128];
    (void)snprintf(directory, sizeof directory, "/tmp/exec-tools-%d", (int)getpid());
    (void)snprintf(path, sizeof path,
                   "mkdir -p %s/bin %s/lib && cp /bin/echo %s/bin/shout && "
                   "echo library > %s/lib/text && chmod -R a+rX %s",
                   directory, directory, directory, directory, directory);
    cr_assert_eq(system(path), 0);
    (void)snprintf(variable, sizeof variable, "PATH=/usr/bin:/bin:%s/bin", directory);
    (void)snprintf(path, sizeof path, "shout loud; cat %s/lib/text", directory);
    const char *const own[] = {variable, NULL};
    const char *const argv[] = {"sh", "-c", path, NULL};
    begin(&(struct rt_command){.argv = argv, .env = own, .cwd = project, .project = project});
    finish();
    cr_expect_str_eq(got.text[1], "loud\nlibrary\n", "%s%s", got.text[1], got.text[2]);
    (void)snprintf(path, sizeof path, "rm -r %s", directory);
    cr_expect_eq(system(path), 0);
}

Test(exec, the_death_of_the_spawner_is_told)
{
    begin_shell("echo up; sleep 1000", false);
    wait_for("up", 1);
    cr_expect_not(exec_failed(service));
    cr_assert_eq(kill(spawner_process, SIGKILL), 0);
    finish();
    cr_expect_str_eq(got.error, "spawner died");
    cr_expect(exec_failed(service));
    begin_shell("true", false);
    finish();
    cr_expect_str_eq(got.error, "spawner died");
}

Test(exec, places_are_used_again)
{
    for (int i = 0; i < 20; i++) {
        begin_shell("echo once", true);
        finish();
        cr_expect_str_eq(got.text[1], "once\n");
        cr_expect_eq(net.count, 3);
    }
}
