/* test_sandbox.c - what a hostile command sees, reaches and leaves behind. */
#include "runtime/sandbox_priv.h"
#include "tests/runtime/spawner_help.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LANDLOCK_ABI_SCOPE 6 /* the first that can forbid signals to others */

static void setup(void)
{
    need_full();
    help_setup();
}

static void teardown(void)
{
    if (project[0]) { /* else the test was skipped */
        help_teardown();
    }
}

TestSuite(sandbox, .init = setup, .fini = teardown, .timeout = 60);

static void put_file(const char *name, const char *text)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", project, name);
    int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600);
    cr_assert_geq(fd, 0);
    cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    (void)close(fd);
}

static const char *file_text(const char *name)
{
    static char text[256];
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", project, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0) {
        (void)close(fd);
    }
    text[size < 0 ? 0 : size] = '\0';
    return size < 0 ? NULL : text;
}

static struct outcome run_in_project(const char *script)
{
    struct spawn_spec spec = shell(script);
    spec.project = project;
    return run(&spec);
}

Test(sandbox, is_full_here)
{
    struct outcome got = run_in_project("exit 0");
    cr_expect_eq(got.start.level, SANDBOX_FULL);
    cr_expect_str_eq(got.start.text, "");
    cr_expect_str_eq(sandbox_level_name(got.start.level), "full");
}

Test(sandbox, project_writes_are_seen_inside_only)
{
    put_file("kept", "old");
    put_file("removed", "old");
    struct outcome got = run_in_project(
        "pwd; echo new > kept && rm removed && echo made > added && mkdir -p a/b && cat kept added;"
        "ls");
    char expected[256];
    (void)snprintf(expected, sizeof expected, "%s\nnew\nmade\na\nadded\nkept\n", project);
    cr_expect_str_eq(got.out, expected);
    cr_expect_str_eq(file_text("kept"), "old");
    cr_expect_str_eq(file_text("removed"), "old");
    cr_expect_null(file_text("added"));
    /* Nor does the next sandbox see them. */
    cr_expect_str_eq(run_in_project("cat kept; ls").out, "oldkept\nremoved\n");
}

Test(sandbox, our_private_files_of_the_project_can_be_read_and_written)
{
    put_file("private", "mine");
    cr_expect_eq(chmod(project, 0700), 0);
    struct outcome got = run_in_project("cat private && echo x >> private && mkdir d && echo ok");
    cr_expect_str_eq(got.out, "mineok\n", "%s", got.out);
    cr_expect_str_eq(file_text("private"), "mine");
}

Test(sandbox, belongs_to_the_owner_of_the_project)
{
    if (geteuid() != 0) {
        return; /* only root can be somebody else */
    }
    put_file("private", "theirs");
    char path[256];
    (void)snprintf(path, sizeof path, "%s/private", project);
    cr_assert_eq(chown(path, 4321, 4322), 0);
    cr_assert_eq(chown(project, 4321, 4322), 0);
    cr_expect_str_eq(run_in_project("id -u; id -g; cat private && echo x > private && id -G").out,
                     "4321\n4322\ntheirs4322\n");
}

Test(sandbox, is_never_root)
{
    cr_expect_str_neq(run_shell("id -u").out, "0\n");
    cr_expect_str_eq(run_shell("grep -c 'Cap.*:.0000000000000000$' /proc/self/status").out, "5\n");
    cr_expect_str_eq(run_shell("grep NoNewPrivs /proc/self/status").out, "NoNewPrivs:\t1\n");
    cr_expect_str_eq(run_shell("grep Seccomp: /proc/self/status").out, "Seccomp:\t2\n");
}

Test(sandbox, refuses_numbers_that_would_leave_us_root)
{
    if (geteuid() != 0) {
        return; /* only root can be somebody else */
    }
    struct spawn_spec spec = shell("id -u");
    spec.limits.uid = UINT32_MAX;
    struct outcome got = run(&spec);
    cr_expect_eq(got.last.kind, SPAWN_FAILED);
    cr_expect_eq(got.last.err, ERR_REFUSED);
    spec.limits.uid = 12345;
    spec.limits.gid = 12346;
    cr_expect_str_eq(run(&spec).out, "12345\n");
}

Test(sandbox, host_files_cannot_be_written)
{
    static const char *const paths[] = {"/usr/x", "/etc/x",  "/opt/x", "/bin/x",
                                        "/x",     "/proc/x", "/dev/x", "/etc/passwd"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        char script[128];
        (void)snprintf(script, sizeof script, "echo x >> %s && echo written", paths[i]);
        bool own_root = geteuid() != 0 && strcmp(paths[i], "/x") == 0; /* its own tmpfs */
        bool own_dev = geteuid() != 0 && strcmp(paths[i], "/dev/x") == 0;
        bool written = strstr(run_shell(script).out, "written\n") != NULL;
        cr_expect(!written || own_root || own_dev, "%s", paths[i]);
    }
    cr_expect_eq(access("/x", F_OK), -1);
    cr_expect_eq(access("/dev/x", F_OK), -1);
}

Test(sandbox, homes_and_other_projects_are_not_there)
{
    char script[256];
    cr_expect_str_eq(run_shell("ls -d /root /home /work /srv /mnt /sys /boot 2>/dev/null").out, "");
    put_file("secret", "x");
    (void)snprintf(script, sizeof script, "ls %s /tmp 2>/dev/null | grep -v home", project);
    cr_expect_null(strstr(run_shell(script).out, "secret"));
    cr_expect_str_eq(run_shell("cd && pwd && echo x > f && cat f").out, "/tmp/home\nx\n");
    cr_expect_str_neq(run_shell("cat /etc/shadow").last.code ? "refused" : "read", "read");
}

Test(sandbox, output_can_be_opened_by_name)
{
    cr_expect_str_eq(
        run_shell("echo out > /dev/stdout && cat /dev/null > /dev/stderr && echo both").out,
        "out\nboth\n");
}

Test(sandbox, init_tells_nothing)
{
    cr_expect_str_eq(run_shell("cat /proc/1/environ 2>/dev/null | tr -d '\\0'").out, "");
    cr_expect_str_eq(run_shell("cat /proc/1/cmdline 2>/dev/null | tr -d '\\0'").out, "");
    cr_expect_str_eq(run_shell("ls /proc/1/fd /proc/1/root/ 2>/dev/null").out, "");
    cr_expect_str_eq(run_shell("kill -9 1; echo alive").out, "alive\n");
}

Test(sandbox, sees_only_its_own_processes)
{
    cr_expect_str_eq(run_shell("set -- /proc/[0-9]*; echo $#").out, "2\n"); /* init, sh */
}

static const char *const forbidden[] = {
    "echo x > /proc/sys/kernel/core_pattern",
    "echo x > /proc/sys/kernel/hostname",
    "echo 1 > /proc/sys/user/max_user_namespaces",
    "echo b > /proc/sysrq-trigger",
    "unshare -U true",
    "unshare -n true",
    "mount -t tmpfs none /tmp",
    "umount /proc",
    "mknod /tmp/null c 1 3",
    "chroot / true",
    "hostname x",
    "dmesg",
    "chown 0 /tmp/home",
    "su -c true",
    "python3 -c 'import ctypes, os; c = ctypes.CDLL(None); exit(c.ptrace(16, os.getppid(), 0, 0))'",
};

Test(sandbox, forbids_what_no_test_needs)
{
    for (size_t i = 0; i < sizeof forbidden / sizeof forbidden[0]; i++) {
        char script[160];
        (void)snprintf(script, sizeof script, "(%s) >/dev/null 2>&1 && echo did", forbidden[i]);
        cr_expect_str_eq(run_shell(script).out, "", "%s", forbidden[i]);
    }
}

static int listen_on_loopback(uint16_t *ret_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_geq(fd, 0);
    cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(listen(fd, 8), 0);
    cr_assert_eq(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    *ret_port = ntohs(address.sin_port);
    return fd;
}

Test(sandbox, reaches_no_network_unless_granted)
{
    uint16_t port = 0;
    int fd = listen_on_loopback(&port);
    char script[128];
    static const char *argv[] = {"/bin/bash", "-c", NULL, NULL};
    (void)snprintf(script, sizeof script, "exec 3<>/dev/tcp/127.0.0.1/%u && echo connected", port);
    argv[2] = script;
    struct spawn_spec spec = shell("");
    spec.argv = argv;
    cr_expect_null(strstr(run(&spec).out, "connected\n"));
    cr_expect_str_eq(run_shell("tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' '").out, "lo\n");
    spec.limits.network = true;
    cr_expect_str_eq(run(&spec).out, "connected\n");
    (void)close(fd);
}

Test(sandbox, has_a_loopback_of_its_own)
{
    cr_expect_str_eq(
        run_shell("perl -MIO::Socket::INET -e '"
                  "$s = IO::Socket::INET->new(Listen => 1, LocalAddr => \"127.0.0.1\") or die;"
                  "$c = IO::Socket::INET->new(PeerAddr => \"127.0.0.1\", PeerPort => $s->sockport)"
                  " or die; print \"connected\\n\"'")
            .out,
        "connected\n");
}

Test(sandbox, what_is_written_is_limited)
{
    struct spawn_spec spec = shell("head -c 64M /dev/zero > /tmp/a; head -c 64M /dev/zero > b;"
                                   "head -c 64M /dev/zero > /dev/shm/c; "
                                   "du -cm /tmp/a b /dev/shm/c | tail -1 | cut -f1");
    spec.project = project;
    spec.limits.tmp_bytes_max = 16u << 20;
    struct outcome got = run(&spec);
    const char *total = strrchr(got.out, '\n');
    cr_assert(total);
    while (total > got.out && total[-1] != '\n') {
        total--;
    }
    cr_expect_leq(atoi(total), 17);
}

Test(sandbox, processes_are_limited)
{
    struct spawn_spec spec =
        shell("i=0; while [ $i -lt 60 ]; do sleep 5 & i=$((i+1)); done; echo all");
    spec.limits.processes_max = 30;
    cr_expect_null(strstr(run(&spec).out, "all\n"));
    spec.limits.processes_max = 100;
    cr_expect(strstr(run(&spec).out, "all\n"));
}

Test(sandbox, extra_paths_are_shown_as_granted)
{
    char read_only[] = "/tmp/spawner-read-XXXXXX";
    char writable[] = "/tmp/spawner-write-XXXXXX";
    char script[512];
    cr_assert(mkdtemp(read_only));
    cr_assert(mkdtemp(writable));
    (void)snprintf(script, sizeof script,
                   "cd %s && echo x > f; cd %s && echo x > f && cat f; chmod 644 f", read_only,
                   writable);
    struct spawn_spec spec = shell(script);
    cr_assert_eq(chmod(read_only, 0755), 0);
    spec.limits.readable = (const char *const[]){read_only, NULL};
    spec.limits.writable = (const char *const[]){writable, NULL};
    struct outcome got = run(&spec);
    cr_expect(strstr(got.out, "x\n"), "%s", got.out);
    char path[128];
    (void)snprintf(path, sizeof path, "%s/f", read_only);
    cr_expect_eq(access(path, F_OK), -1);
    (void)snprintf(path, sizeof path, "%s/f", writable);
    struct stat status;
    cr_assert_eq(stat(path, &status), 0);
    cr_expect_eq(status.st_uid, geteuid()); /* as root: mapped back */
    (void)unlink(path);
    (void)rmdir(read_only);
    (void)rmdir(writable);
}

Test(sandbox, homes_are_passed_through_without_a_list)
{
    if (geteuid() != 0) {
        cr_skip("only root has tools below /root");
    }
    char tools[] = "/root/troupe-test-XXXXXX";
    cr_assert_not_null(mkdtemp(tools));
    cr_assert_eq(chmod(tools, 0755), 0);
    const char *shown[] = {tools, NULL};
    struct spawn_spec spec = shell("ls /root 2>/dev/null; test -d \"$0\" && echo there");
    const char *argv[] = {spec.argv[0], spec.argv[1], spec.argv[2], tools, NULL};
    spec.argv = argv;
    spec.limits.readable = shown;
    cr_expect_str_eq(run(&spec).out, "there\n");
    (void)rmdir(tools);
}

Test(sandbox, hidden_paths_are_empty)
{
    struct spawn_spec spec = shell("cat /etc/passwd; ls /etc/ssl/; test -e /etc/group && echo on");
    spec.limits.hidden = (const char *const[]){"/etc/passwd", "/etc/ssl", "/etc/absent", NULL};
    struct outcome got = run(&spec);
    cr_expect_null(strstr(got.out, "root:"));
    cr_expect_null(strstr(got.out, "certs"));
    cr_expect(strstr(got.out, "on\n"));
}

Test(sandbox, follows_links_to_modules_only)
{
    char outside[] = "/tmp/spawner-out-XXXXXX";
    char path[128];
    char link[128];
    cr_assert(mkdtemp(outside));
    cr_assert_eq(chmod(outside, 0755), 0);
    (void)snprintf(path, sizeof path, "%s/node_modules", outside);
    (void)snprintf(link, sizeof link, "%s/node_modules", project);
    cr_assert_eq(mkdir(path, 0755), 0);
    cr_assert_eq(symlink(path, link), 0);
    struct outcome got = run_in_project("ls -d node_modules/.");
    cr_expect(strstr(got.out, "node_modules/.\n"), "%s", got.out);
    cr_assert_eq(unlink(link), 0);
    cr_assert_eq(symlink(outside, link), 0);
    got = run_in_project("ls node_modules/ 2>/dev/null");
    cr_expect_str_eq(got.out, "");
    cr_expect(strstr(got.start.text, "not followed"));
    (void)rmdir(path);
    (void)rmdir(outside);
}

Test(sandbox, linked_modules_are_written_to_inside_only)
{
    char outside[] = "/tmp/spawner-out-XXXXXX";
    char link[128];
    char script[512];
    cr_assert(mkdtemp(outside));
    (void)snprintf(script, sizeof script,
                   "chmod 755 %s; mkdir -p %s/node_modules/p && echo old > %s/node_modules/p/f",
                   outside, outside, outside);
    cr_assert_eq(system(script), 0);
    (void)snprintf(link, sizeof link, "%s/node_modules", project);
    (void)snprintf(script, sizeof script, "%s/node_modules", outside);
    cr_assert_eq(symlink(script, link), 0);
    struct outcome got =
        run_in_project("cd node_modules && mkdir .vite-temp && echo made > .vite-temp/c && "
                       "echo new > p/f && cat .vite-temp/c p/f && rm -r p && ls -A");
    cr_expect_str_eq(got.out, "made\nnew\n.vite-temp\n", "%s", got.out);
    cr_expect_str_eq(got.start.text, "");
    cr_expect_str_eq(file_text("node_modules/p/f"), "old\n");
    cr_expect_null(file_text("node_modules/.vite-temp/c"));
    /* Beside them there is nothing, and the next sandbox sees them as they were. */
    cr_expect_str_eq(run_in_project("ls -A node_modules/..; cat node_modules/p/f").out,
                     "node_modules\nold\n");
    (void)snprintf(script, sizeof script, "rm -r %s", outside);
    cr_expect_eq(system(script), 0);
}

Test(sandbox, links_of_the_project_lead_to_nothing_outside)
{
    char link[128];
    char outside[] = "/tmp/spawner-out-XXXXXX";
    char path[128];
    cr_assert(mkdtemp(outside));
    (void)snprintf(link, sizeof link, "%s/link", project);
    cr_assert_eq(symlink(outside, link), 0);
    /* The place for a mount is looked for behind a link of the project: it must be made in the
     * sandbox, or the sandbox fails, but nothing may be made on the host. */
    (void)snprintf(path, sizeof path, "%s/link/deep", project);
    struct spawn_spec spec = shell("true");
    spec.project = project;
    spec.limits.hidden = (const char *const[]){path, NULL};
    (void)run(&spec);
    (void)snprintf(path, sizeof path, "%s/deep", outside);
    cr_expect_eq(access(path, F_OK), -1);
    cr_expect_eq(rmdir(outside), 0);
}

static size_t count_mounts(void)
{
    size_t count = 0;
    FILE *file = fopen("/proc/self/mounts", "re");
    cr_assert(file);
    for (int c; (c = fgetc(file)) != EOF;) {
        count += c == '\n' ? 1 : 0;
    }
    (void)fclose(file);
    return count;
}

Test(sandbox, leaves_no_mount)
{
    size_t before = count_mounts();
    for (int i = 0; i < 10; i++) {
        (void)run_in_project("touch x");
    }
    cr_expect_eq(count_mounts(), before);
}

Test(sandbox, refuses_a_level_that_is_not_reached)
{
    struct spawn_spec spec = shell("true");
    spec.limits.enabled = false;
    spec.limits.level_min = SANDBOX_PARTIAL;
    struct outcome got = run(&spec);
    cr_expect_eq(got.last.kind, SPAWN_FAILED);
    cr_expect_eq(got.last.err, ERR_UNSUPPORTED);
}

Test(sandbox, runs_node)
{
    struct spawn_spec spec = shell(
        "command -v node >/dev/null || { echo 4; exit; }; node -e '"
        "const { Worker } = require(\"worker_threads\"); let n = 0;"
        "for (let i = 0; i < 4; i++)"
        " new Worker(\"require(\\\"worker_threads\\\").parentPort.postMessage(1)\", {eval: true})"
        ".on(\"message\", () => { if (++n == 4) console.log(n); });'");
    spec.project = project;
    struct outcome got = run(&spec);
    cr_expect_str_eq(got.out, "4\n");
    cr_expect_eq(got.last.code, 0);
}

/* ---- without namespaces ---- */

/* What a container engine does: namespaces are refused to us and to all that we start. */
static void setup_partial(void)
{
    struct sock_fprog filter;
    cr_assert_eq(sandbox_filter_new(&filter), ERR_OK);
    cr_assert_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    cr_assert_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter), 0);
    free(filter.filter);
    help_setup();
}

TestSuite(sandbox_partial, .init = setup_partial, .fini = help_teardown, .timeout = 60);

Test(sandbox_partial, says_why_and_still_confines)
{
    char text[SANDBOX_TEXT_MAX + 1];
    cr_expect_eq(sandbox_probe(text, sizeof text), SANDBOX_PARTIAL);
    cr_expect(strstr(text, "clone: Operation not permitted"), "%s", text);
    struct outcome got = run_shell("grep Seccomp_f /proc/self/status; id -u");
    cr_expect_eq(got.start.level, SANDBOX_PARTIAL);
    cr_expect(strstr(got.start.text, "no namespaces"), "%s", got.start.text);
    cr_expect(strstr(got.out, "Seccomp_filters:\t2\n"), "%s", got.out);
    cr_expect_null(strstr(got.out, "\n0\n"));
}

Test(sandbox_partial, its_tree_dies_at_the_deadline)
{
    struct spawn_spec spec = shell(escape_script());
    spec.limits.deadline_ms = 5000;
    struct spawn_fds fds = spawn(&spec);
    cr_assert(wait_for_output(fds.out, "ready"));
    cr_expect(finish(&fds).last.timed_out);
    cr_expect_eq(count_marked(), 0);
}

Test(sandbox_partial, is_refused_where_more_is_demanded)
{
    struct spawn_spec spec = shell("true");
    spec.limits.level_min = SANDBOX_FULL;
    struct outcome got = run(&spec);
    cr_expect_eq(got.last.kind, SPAWN_FAILED);
    cr_expect_eq(got.last.err, ERR_UNSUPPORTED);
    cr_expect(strstr(got.last.text, "only level partial"), "%s", got.last.text);
}

Test(sandbox_partial, cannot_kill_its_guard)
{
    struct outcome got = run_shell("kill -9 $PPID 2>/dev/null && echo killed; echo alive");
    bool scoped = syscall(SYS_landlock_create_ruleset, NULL, 0, 1) >= LANDLOCK_ABI_SCOPE;
    if (scoped || geteuid() == 0) {
        cr_expect_str_eq(got.out, "alive\n");
    }
    cr_expect_eq(got.last.kind, SPAWN_EXITED);
}

TestSuite(sandbox_off, .init = help_setup, .fini = help_teardown, .timeout = 60);

Test(sandbox_off, has_a_temporary_folder_that_goes_with_it)
{
    struct spawn_spec spec = shell("cd $TMPDIR && mkdir -p a/b && ln -s / a/root && touch a/b/c && "
                                   "chmod 0 a/b && [ $HOME = $TMPDIR ] && printf %s $TMPDIR");
    const char *const env[] = {"PATH=/usr/bin:/bin", "TMPDIR=/tmp", "HOME=/tmp", NULL};
    spec.env = env;
    spec.limits.enabled = false;
    struct outcome got = run(&spec);
    cr_assert_eq(strncmp(got.out, "/tmp/troupe-", 12), 0, "%s", got.out);
    cr_expect_neq(access(got.out, F_OK), 0);
    cr_expect_eq(access("/usr/bin/env", F_OK), 0);
}

Test(sandbox_off, writes_to_the_project_as_its_owner_without_capabilities)
{
    struct spawn_spec spec =
        shell("echo new >made; grep -c 'Cap.*:.0000000000000000$' /proc/self/status");
    spec.project = project;
    spec.limits.enabled = false;
    /* Without privileges the bounding set stays, and gives nothing back. */
    cr_expect_str_eq(run(&spec).out, geteuid() == 0 ? "5\n" : "4\n");
    cr_expect_str_eq(file_text("made"), "new\n");
}

Test(sandbox_off, says_so_and_uses_the_project_in_place)
{
    struct spawn_spec spec = shell("pwd; id -u; grep NoNewPrivs /proc/self/status; ulimit -c");
    spec.project = project;
    spec.limits.enabled = false;
    struct outcome got = run(&spec);
    char expected[256];
    (void)snprintf(expected, sizeof expected, "%s\n%u\nNoNewPrivs:\t1\n0\n", project, geteuid());
    cr_expect_str_eq(got.out, expected);
    cr_expect_eq(got.start.level, SANDBOX_NONE);
}
