/* command_doctor.c - troupe doctor: what this machine and a project need. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/sandbox.h"
#include "tools/cluster.h"
#include "tools/command.h"
#include "tools/doctor.h"
#include "tools/json.h"
#include "tools/paint.h"

enum {
    OUTPUT_MS = 5000,
    NODE_MAJOR_MIN = 18,
    FREE_MIB_MIN = 200,
    FREE_MIB_WARN = 1024,
    FILES_MIN = 1024
};

void doctor_add(struct doctor *self, const char *name, enum health health, const char *found,
                const char *advice)
{
    assert(self->count < DOCTOR_CHECKS_MAX);
    struct check *check = &self->checks[self->count++];
    check->name = name;
    check->health = health;
    (void)snprintf(check->found, sizeof check->found, "%.500s", found);
    (void)snprintf(check->advice, sizeof check->advice, "%.500s",
                   health == HEALTH_OK ? "" : advice);
}

/* ---- asking programs ---- */

bool doctor_ask(const char *const *argv, char *text, size_t size)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return false;
    }
    posix_spawn_file_actions_t actions;
    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    (void)posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    union {
        const char *const *in;
        char *const *out;
    } args = {.in = argv};
    pid_t pid;
    bool started = posix_spawnp(&pid, argv[0], &actions, NULL, args.out, environ) == 0;
    (void)posix_spawn_file_actions_destroy(&actions);
    (void)close(ends[1]);
    ssize_t got = 0;
    if (started) {
        struct pollfd fd = {.fd = ends[0], .events = POLLIN};
        got = poll(&fd, 1, OUTPUT_MS) == 1 ? read(ends[0], text, size - 1) : 0;
        if (got <= 0) {
            (void)kill(pid, SIGKILL);
        }
        (void)waitpid(pid, NULL, 0);
    }
    (void)close(ends[0]);
    text[got > 0 ? got : 0] = '\0';
    text[strcspn(text, "\r\n")] = '\0';
    return got > 0;
}

/* ---- the checks ---- */

static void check_kernel(struct doctor *self)
{
    struct utsname name;
    char found[DOCTOR_TEXT_MAX];
    if (uname(&name) != 0) {
        doctor_add(self, "kernel", HEALTH_FAIL, "unknown", "Troupe needs Linux.");
        return;
    }
    long major = strtol(name.release, NULL, 10);
    (void)snprintf(found, sizeof found, "%.60s %.60s %.60s", name.sysname, name.release,
                   name.machine);
    doctor_add(self, "kernel", major >= 5 ? HEALTH_OK : HEALTH_WARN, found,
               "Linux 5.11 or newer has all that the sandbox uses.");
}

static void check_sandbox(struct doctor *self)
{
    char why[SANDBOX_TEXT_MAX + 1] = "";
    char found[DOCTOR_TEXT_MAX];
    enum sandbox_level level = sandbox_probe(why, sizeof why);
    (void)snprintf(found, sizeof found, "%s%s%s", sandbox_level_name(level), why[0] ? ": " : "",
                   why);
    doctor_add(self, "sandbox", level == SANDBOX_FULL ? HEALTH_OK : HEALTH_WARN, found,
               "Tests run with less protection. Full needs user namespaces: sysctl "
               "kernel.unprivileged_userns_clone=1, or a container that allows them.");
}

static void check_node(struct doctor *self)
{
    char found[DOCTOR_TEXT_MAX];
    if (!doctor_ask((const char *[]){"node", "--version", NULL}, found, sizeof found)) {
        doctor_add(self, "node", HEALTH_WARN, "not found", "vitest needs Node.js: nodejs.org.");
        return;
    }
    long major = strtol(found[0] == 'v' ? found + 1 : found, NULL, 10);
    doctor_add(self, "node", major >= NODE_MAJOR_MIN ? HEALTH_OK : HEALTH_WARN, found,
               "vitest needs Node.js 18 or newer.");
}

static void check_program(struct doctor *self, const char *program, const char *advice)
{
    char found[DOCTOR_TEXT_MAX];
    bool there = doctor_ask((const char *[]){program, "--version", NULL}, found, sizeof found);
    doctor_add(self, program, there ? HEALTH_OK : HEALTH_WARN, there ? found : "not found", advice);
}

/* "version" of a package.json; a look, not a parser: the file was written by npm. */
static bool package_version(const char *path, char *version, size_t size)
{
    FILE *file = fopen(path, "re");
    if (!file) {
        return false;
    }
    char text[8192];
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    (void)fclose(file);
    const char *at = strstr(text, "\"version\"");
    at = at ? strchr(at + strlen("\"version\""), '"') : NULL;
    if (!at) {
        return false;
    }
    (void)snprintf(version, size, "%.*s", (int)strcspn(at + 1, "\""), at + 1);
    return true;
}

static void check_vitest(struct doctor *self)
{
    char dir[PATH_MAX];
    char version[64];
    char found[DOCTOR_TEXT_MAX];
    if (!realpath(self->dir, dir)) {
        doctor_add(self, "vitest", HEALTH_FAIL, "no such directory",
                   "Say which directory to look at.");
        return;
    }
    char package[PATH_MAX];
    if (place_join(dir, "package.json", package) == ERR_OK && access(package, F_OK) != 0) {
        doctor_add(self, "vitest", HEALTH_OK, "no package.json here: not asked", "");
        return;
    }
    for (size_t size = strlen(dir); size > 0; size = strlen(dir)) {
        char path[PATH_MAX];
        if (place_join(dir, "node_modules/vitest/package.json", path) == ERR_OK &&
            package_version(path, version, sizeof version)) {
            long major = strtol(version, NULL, 10);
            (void)snprintf(found, sizeof found, "%s in %.300s", version, dir);
            doctor_add(self, "vitest", major >= 2 && major <= 4 ? HEALTH_OK : HEALTH_WARN, found,
                       "Versions 2, 3 and 4 are known.");
            return;
        }
        char *slash = strrchr(dir, '/');
        *(slash ? slash : dir) = '\0';
    }
    doctor_add(self, "vitest", HEALTH_WARN, "not installed",
               "npm ci (or npm install) in the project.");
}

static void check_state(struct doctor *self)
{
    struct place place;
    struct statvfs disk;
    char why[PLACE_WHY_SIZE] = "";
    char found[DOCTOR_TEXT_MAX];
    enum err err = place_find(invocation_value(self->invocation, "state"), &place, why);
    if (err != ERR_OK || statvfs(place.state, &disk) != 0) {
        doctor_add(self, "state", HEALTH_FAIL, why[0] ? why : strerrordesc_np(errno),
                   "Say --state DIR to keep it elsewhere.");
        doctor_add(self, "cluster", HEALTH_WARN, "unknown", "First the state directory.");
        return;
    }
    uint64_t mib = (uint64_t)disk.f_bavail * disk.f_frsize >> 20;
    (void)snprintf(found, sizeof found, "%.300s, %" PRIu64 " MiB free", place.state, mib);
    doctor_add(self, "state",
               mib < FREE_MIB_MIN    ? HEALTH_FAIL
               : mib < FREE_MIB_WARN ? HEALTH_WARN
                                     : HEALTH_OK,
               found, "Make room, or say --state DIR.");
    doctor_add(self, "cluster", HEALTH_OK,
               cluster_lives(&place) ? place.endpoint : "not running; troupe run starts one", "");
}

static void check_limits(struct doctor *self)
{
    struct rlimit limit = {0, 0};
    char found[DOCTOR_TEXT_MAX];
    (void)getrlimit(RLIMIT_NOFILE, &limit);
    (void)snprintf(found, sizeof found, "%llu open files", (unsigned long long)limit.rlim_max);
    doctor_add(self, "limits", limit.rlim_max >= FILES_MIN ? HEALTH_OK : HEALTH_WARN, found,
               "Raise the hard limit: ulimit -Hn 65536.");
}

static void check_parts(struct doctor *self)
{
    char path[PATH_MAX];
    bool node = place_node_program(path) == ERR_OK;
    doctor_add(self, "troupe-node", node ? HEALTH_OK : HEALTH_FAIL, node ? path : "not found",
               "It belongs beside troupe: install again.");
    bool reporters = place_reporters(path) == ERR_OK;
    doctor_add(self, "reporters", reporters ? HEALTH_OK : HEALTH_FAIL,
               reporters ? path : "not found",
               "They belong into share/troupe/reporters: install again.");
}

/* ---- telling ---- */

static const char *health_word(enum health health)
{
    static const char *const words[] = {"ok", "warn", "fail"};
    return words[health];
}

static void show(const struct doctor *self)
{
    static const enum paint paints[] = {PAINT_GREEN, PAINT_YELLOW, PAINT_RED};
    bool color = self->invocation->color;
    for (size_t i = 0; i < self->count; i++) {
        const struct check *check = &self->checks[i];
        (void)printf("%s%-5s%s %-12s %s\n", paint(color, paints[check->health]),
                     health_word(check->health), paint(color, PAINT_RESET), check->name,
                     check->found);
        if (check->advice[0]) {
            (void)printf("      %-12s %s%s%s\n", "", paint(color, PAINT_DIM), check->advice,
                         paint(color, PAINT_RESET));
        }
    }
}

static enum err show_json(const struct doctor *self, bool good)
{
    struct json_check list[DOCTOR_CHECKS_MAX];
    for (size_t i = 0; i < self->count; i++) {
        const struct check *check = &self->checks[i];
        list[i] = (struct json_check){check->name, health_word(check->health), check->found,
                                      check->advice};
    }
    return json_checks(stdout, list, self->count, good);
}

int command_doctor(struct invocation *invocation)
{
    int code = invocation_configure(invocation);
    if (code != EXIT_DONE) {
        return code;
    }
    struct doctor self = {.invocation = invocation,
                          .dir = invocation->words_count > 0 ? invocation->words[0] : "."};
    check_kernel(&self);
    check_sandbox(&self);
    check_parts(&self);
    check_node(&self);
    check_program(&self, "npm", "It installs what a project needs; it comes with Node.js.");
    check_program(&self, "git", "It says what has changed in a project.");
    check_vitest(&self);
    check_state(&self);
    check_limits(&self);
    if (invocation_flag(invocation, "production")) {
        doctor_production(&self);
    }
    size_t failed = 0;
    for (size_t i = 0; i < self.count; i++) {
        failed += self.checks[i].health == HEALTH_FAIL;
    }
    if (invocation->json) {
        if (show_json(&self, failed == 0) != ERR_OK) {
            return complain(EXIT_COULD_NOT, "the result cannot be written", NULL);
        }
    } else {
        show(&self);
    }
    return failed == 0 ? EXIT_DONE
                       : complainf(EXIT_NEGATIVE, "The lines that begin with fail say what to do.",
                                   "%zu checks failed", failed);
}
