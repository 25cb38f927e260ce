/* spawner_help.c - see spawner_help.h. */
#include "tests/runtime/spawner_help.h"

#include <criterion/criterion.h>
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct spawner *spawner;
char project[64];
char marker[64];

static const char *const usual_env[] = {"PATH=/usr/bin:/bin", "HOME=" SANDBOX_HOME, NULL};

void help_setup(void)
{
    (void)snprintf(project, sizeof project, "/tmp/spawner-test-XXXXXX");
    cr_assert(mkdtemp(project));
    (void)snprintf(marker, sizeof marker, "999.%d", (int)getpid());
    cr_assert_eq(spawner_start(&spawner), ERR_OK);
}

void help_teardown(void)
{
    spawner_stop(&spawner);
    cr_expect_eq(count_marked_at_last(), 0);
    char command[128];
    (void)snprintf(command, sizeof command, "rm -rf '%s'", project);
    cr_expect_eq(system(command), 0);
}

struct spawn_spec shell(const char *script)
{
    static const char *argv[] = {"sh", "-c", NULL, NULL};
    argv[2] = script;
    return (struct spawn_spec){.id = 1,
                               .argv = argv,
                               .env = usual_env,
                               .merge_output = true,
                               .limits = {.enabled = true, .deadline_ms = WAIT_MS_MAX / 2}};
}

struct spawn_fds spawn(const struct spawn_spec *spec)
{
    struct spawn_fds fds = {-1, -1, -1};
    cr_assert_eq(spawner_spawn(spawner, spec, &fds), ERR_OK);
    return fds;
}

static void read_output(struct spawn_fds *fds, struct outcome *outcome)
{
    static char bytes[65536];
    ssize_t size;
    while (fds->out >= 0 && (size = read(fds->out, bytes, sizeof bytes)) >= 0) {
        if (size == 0) {
            (void)close(fds->out);
            fds->out = -1;
            return;
        }
        for (size_t i = 0; i < (size_t)size && outcome->out_bytes + i < OUTPUT_MAX; i++) {
            outcome->out[outcome->out_bytes + i] = bytes[i];
        }
        outcome->out_bytes += (size_t)size;
    }
}

static bool read_events(struct outcome *outcome)
{
    struct spawn_event event;
    enum err err;
    while ((err = spawner_next(spawner, &event)) == ERR_OK) {
        if (event.kind == SPAWN_STARTED) {
            cr_expect(!outcome->started);
            outcome->started = true;
            outcome->start = event;
        } else {
            outcome->last = event;
            return true;
        }
    }
    cr_assert_eq(err, ERR_NOT_FOUND);
    return false;
}

struct outcome finish(struct spawn_fds *fds)
{
    struct outcome outcome;
    memset(&outcome, 0, sizeof outcome);
    bool over = false;
    while (!over) {
        struct pollfd ends[] = {{.fd = spawner_fd(spawner), .events = POLLIN},
                                {.fd = fds->out, .events = POLLIN}};
        cr_assert_gt(poll(ends, 2, WAIT_MS_MAX), 0);
        read_output(fds, &outcome);
        over = read_events(&outcome);
    }
    read_output(fds, &outcome);
    int *const all[] = {&fds->out, &fds->err, &fds->control};
    for (size_t i = 0; i < 3; i++) {
        if (*all[i] >= 0) {
            (void)close(*all[i]);
            *all[i] = -1;
        }
    }
    return outcome;
}

struct outcome run(const struct spawn_spec *spec)
{
    struct spawn_fds fds = spawn(spec);
    return finish(&fds);
}

struct outcome run_shell(const char *script)
{
    struct spawn_spec spec = shell(script);
    return run(&spec);
}

bool wait_for_output(int out, const char *text)
{
    char seen[1024] = "";
    size_t size = 0;
    while (size < sizeof seen - 1) {
        struct pollfd end = {.fd = out, .events = POLLIN};
        if (poll(&end, 1, WAIT_MS_MAX) <= 0) {
            return false;
        }
        ssize_t more = read(out, seen + size, sizeof seen - 1 - size);
        if (more <= 0) {
            return false;
        }
        size += (size_t)more;
        seen[size] = '\0';
        if (strstr(seen, text)) {
            return true;
        }
    }
    return false;
}

static bool is_marked(const char *pid)
{
    char path[64];
    char line[4096];
    (void)snprintf(path, sizeof path, "/proc/%.20s/cmdline", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    ssize_t size = read(fd, line, sizeof line);
    (void)close(fd);
    return size > 0 && memmem(line, (size_t)size, marker, strlen(marker));
}

size_t count_marked(void)
{
    size_t count = 0;
    DIR *proc = opendir("/proc");
    cr_assert(proc);
    const struct dirent *entry;
    while ((entry = readdir(proc))) {
        count += isdigit((unsigned char)entry->d_name[0]) && is_marked(entry->d_name) ? 1 : 0;
    }
    (void)closedir(proc);
    return count;
}

size_t count_marked_at_last(void)
{
    size_t count = count_marked();
    for (int i = 0; i < 300 && count > 0; i++) {
        (void)nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
        count = count_marked();
    }
    return count;
}

void need_full(void)
{
    char text[SANDBOX_TEXT_MAX + 1];
    if (sandbox_probe(text, sizeof text) != SANDBOX_FULL) {
        cr_skip_test("%s", text);
    }
}

const char *escape_script(void)
{
    static char script[512];
    (void)snprintf(script, sizeof script,
                   "i=0; while [ $i -lt 100 ]; do"
                   " setsid sh -c '(trap \"\" TERM HUP INT; sleep %s) & exit 0'; i=$((i+1)); done;"
                   " echo ready; sleep %s",
                   marker, marker);
    return script;
}
