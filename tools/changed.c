/* changed.c - git, and the texts of the project's files. */
#include "tools/changed.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proto/message.h"
#include "tools/changed_priv.h"
#include "tools/command.h"
#include "tools/json.h"

enum { GIT_ARGS_MAX = 16, GIT_OUTPUT_MAX = 256 * 1024 * 1024, TEXT_SIZE_MAX = 4 * 1024 * 1024 };

static int out_of_memory(void)
{
    return complain(EXIT_COULD_NOT, "out of memory", NULL);
}

/* ---- git ---- */

/* All that can be read, to be freed; NULL: too much, or no memory. */
static char *read_all(int fd, size_t *ret_size)
{
    size_t room = 65536;
    size_t size = 0;
    char *text = malloc(room);
    while (text && size < GIT_OUTPUT_MAX) {
        ssize_t got = read(fd, text + size, room - size - 1);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            text[size] = '\0';
            *ret_size = size;
            return text;
        }
        size += (size_t)got;
        if (size + 1 == room) {
            room *= 2;
            char *grown = realloc(text, room);
            if (!grown) {
                break;
            }
            text = grown;
        }
    }
    free(text);
    return NULL;
}

/* What git writes, to be freed.  Its own errors go to stderr.  NULL: it failed. */
static char *git(const char *root, const char *const *words, size_t *ret_size)
{
    /* No program that the project's own configuration names is to run for a question. */
    const char *argv[GIT_ARGS_MAX] = {
        "git", "-C", root, "-c", "core.fsmonitor=false", "-c", "core.quotePath=false"};
    int ends[2];
    size_t count = 7;
    while (*words && count < GIT_ARGS_MAX - 1) {
        argv[count++] = *words++;
    }
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return NULL;
    }
    posix_spawn_file_actions_t actions;
    union {
        const char *const *in;
        char *const *out;
    } args = {.in = argv};
    pid_t pid;
    bool started = posix_spawn_file_actions_init(&actions) == 0;
    if (started) {
        started = posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO) == 0 &&
                  posix_spawnp(&pid, "git", &actions, NULL, args.out, environ) == 0;
        (void)posix_spawn_file_actions_destroy(&actions); /* cannot fail */
    }
    (void)close(ends[1]);
    char *text = started ? read_all(ends[0], ret_size) : NULL;
    (void)close(ends[0]);
    int status = 0;
    bool good =
        started && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (!good) {
        free(text);
        return NULL;
    }
    return text;
}

static int ask_git(struct changed *self, const char *rev)
{
    size_t size = 0;
    char commit[PATH_MAX];
    if (strlen(rev) >= sizeof commit - sizeof "^{commit}") {
        return complain(EXIT_USAGE, "--changed-since: the revision is too long", NULL);
    }
    (void)snprintf(commit, sizeof commit, "%s^{commit}", rev);
    char *hash = git(
        self->root,
        (const char *const[]){"rev-parse", "--verify", "--end-of-options", commit, NULL}, &size);
    if (!hash) {
        return complainf(EXIT_USAGE, "git log shows revisions; in a shallow clone fetch more.",
                         "--changed-since %.200s: no revision of git in %.300s", rev, self->root);
    }
    hash[strcspn(hash, "\n")] = '\0';
    self->diff = git(self->root,
                     (const char *const[]){"diff", "--name-only", "-z", "--no-renames",
                                           "--no-ext-diff", "--relative", hash, "--", NULL},
                     &self->diff_size);
    free(hash);
    return self->diff ? EXIT_DONE
                      : complain(EXIT_COULD_NOT, "--changed-since: git did not answer", NULL);
}

static int list_files(struct changed *self)
{
    self->listed = git(
        self->root,
        (const char *const[]){"ls-files", "-z", "--cached", "--others", "--exclude-standard", NULL},
        &self->listed_size);
    return self->listed ? EXIT_DONE : complain(EXIT_COULD_NOT, "git does not list files", NULL);
}

/* ---- the project's files ---- */

/* The file's text in self->text; NULL: it is too long.  One that is not there is empty. */
static const char *read_text(struct changed *self, const char *path, size_t *ret_size)
{
    char full[PATH_MAX];
    struct stat stat_buffer;
    *ret_size = 0;
    int fd = -1;
    if ((size_t)snprintf(full, sizeof full, "%s/%s", self->root, path) < sizeof full) {
        fd = open(full, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    }
    if (fd < 0) {
        return "";
    }
    const char *text = "";
    if (fstat(fd, &stat_buffer) == 0 && S_ISREG(stat_buffer.st_mode)) {
        ssize_t got = 1;
        while (*ret_size <= TEXT_SIZE_MAX && got > 0) {
            got = read(fd, self->text + *ret_size, TEXT_SIZE_MAX + 1 - *ret_size);
            *ret_size += got > 0 ? (size_t)got : 0;
        }
        text = *ret_size <= TEXT_SIZE_MAX ? self->text : NULL;
    }
    (void)close(fd);
    return text;
}

/* Compilers that check types when tests are run, or make code of them. */
static bool names_compiler(const char *text, size_t size)
{
    static const char *const names[] = {"ts-jest", "ts-node", "ts-patch", "ttypescript", "typia"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (memmem(text, size, names[i], strlen(names[i]))) {
            return true;
        }
    }
    return false;
}

/* These strip types; tsc is not left out by what files import (actors/coordinator/ledger_reuse.c).
 */
static bool strips_types(const char *runner)
{
    static const char *const names[] = {"auto", "vitest", "jest", "playwright", "tsc"};
    for (const char *at = runner;; at++) {
        size_t size = strcspn(at, ",");
        bool known = false;
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
            known |= strlen(names[i]) == size && memcmp(at, names[i], size) == 0;
        }
        at += size;
        if (!known || *at == '\0') {
            return known;
        }
    }
}

static enum err add_package(struct changed *self, const char *path)
{
    const char *slash = strrchr(path, '/');
    if (strcmp(slash ? slash + 1 : path, "package.json") != 0) {
        return ERR_OK;
    }
    char dir[PATH_MAX];
    size_t size = 0;
    const char *text = read_text(self, path, &size);
    if (!text || names_compiler(text, size)) {
        affected_types(self->affected);
    }
    if (!slash) {
        return ERR_OK; /* the root's own name means everything */
    }
    char *name = text ? json_package_name(text, size) : NULL;
    (void)snprintf(dir, sizeof dir, "%.*s", (int)(slash - path), path);
    enum err err = name ? affected_package(self->affected, name, dir) : ERR_OK;
    free(name);
    return err;
}

/* Somebody else's code, as the lockfile has it, also where nobody tells git to ignore it. */
static bool is_installed(const char *path)
{
    return strncmp(path, "node_modules/", 13) == 0 || strstr(path, "/node_modules/");
}

static enum err add_paths(struct changed *self)
{
    enum err err = ERR_OK;
    const char *end = self->listed + self->listed_size;
    for (const char *at = self->listed; at < end && err == ERR_OK; at += strlen(at) + 1) {
        if (!is_installed(at)) {
            err = affected_add(self->affected, at);
            err = err == ERR_OK ? add_package(self, at) : err;
        }
    }
    end = self->diff ? self->diff + self->diff_size : NULL; /* with what was deleted */
    for (const char *at = self->diff; at && at < end && err == ERR_OK; at += strlen(at) + 1) {
        err = affected_add(self->affected, at);
    }
    return err;
}

static void mark_changes(struct changed *self, const char *list, size_t size)
{
    for (const char *at = list; at < list + size; at += strlen(at) + 1) {
        affected_change(self->affected, at);
    }
}

/* Files that git does not know yet are changes as well. */
static enum err mark_new(struct changed *self)
{
    size_t size = 0;
    char *others =
        git(self->root,
            (const char *const[]){"ls-files", "-z", "--others", "--exclude-standard", NULL}, &size);
    if (!others) {
        return ERR_IO;
    }
    mark_changes(self, others, size);
    free(others);
    return ERR_OK;
}

static enum err follow(struct changed *self, bool *ret_all, const char **ret_why)
{
    self->text = malloc(TEXT_SIZE_MAX + 1);
    self->affected = self->text ? affected_new() : NULL;
    if (self->affected && !strips_types(self->wanted->runner)) {
        affected_types(self->affected);
    }
    enum err err = self->affected ? add_paths(self) : ERR_MEMORY;
    err = err == ERR_OK && self->wanted->inputs ? changed_add_installed(self) : err;
    err = err == ERR_OK ? affected_seal(self->affected) : err;
    for (size_t i = 0; err == ERR_OK && i < affected_count(self->affected); i++) {
        size_t size = 0;
        if (affected_wants(self->affected, i)) {
            const char *text = read_text(self, affected_path(self->affected, i), &size);
            err = affected_scan(self->affected, i, text, size);
        }
    }
    if (err == ERR_OK && self->diff) {
        mark_changes(self, self->diff, self->diff_size);
        err = mark_new(self);
    }
    return err == ERR_OK ? affected_spread(self->affected, ret_all, ret_why) : err;
}

/* ---- the choice ---- */

static bool is_below_dir(const struct changed *self, const char *path)
{
    return strncmp(path, self->dir, self->prefix) == 0;
}

static char *why_of(const struct changed *self, size_t index, size_t from)
{
    if (from == SIZE_MAX) {
        return strdup("it may use any file: it starts programs or reads files");
    }
    if (from == index) {
        return strdup("it was changed");
    }
    char why[MSG_MAX_run_file_why + 1];
    (void)snprintf(why, sizeof why, "by %.4000s", affected_path(self->affected, from));
    return strdup(why);
}

static int choose_all(const struct changed *self, struct targets *targets)
{
    size_t count = affected_count(self->affected);
    targets->files = calloc(count + 1, sizeof *targets->files);
    targets->whys = calloc(count + 1, sizeof *targets->whys);
    if (!targets->files || !targets->whys) {
        return out_of_memory();
    }
    targets->affected = true;
    for (size_t i = 0; i < count; i++) {
        size_t from = 0;
        const char *path = affected_path(self->affected, i);
        if (!affected_is(self->affected, i, &from) || !affected_wants(self->affected, i) ||
            !is_below_dir(self, path) || strlen(path) >= MSG_MAX_run_file_file) {
            continue;
        }
        targets->files[targets->count] = strdup(path + self->prefix);
        targets->whys[targets->count] = why_of(self, i, from);
        targets->count++;
        if (!targets->files[targets->count - 1] || !targets->whys[targets->count - 1]) {
            return out_of_memory();
        }
    }
    return EXIT_DONE;
}

/* Whether a change reaches any code; prose alone does not. */
static bool reaches_code(const struct changed *self)
{
    size_t from = 0;
    for (size_t i = 0; i < affected_count(self->affected); i++) {
        if (affected_wants(self->affected, i) && affected_is(self->affected, i, &from)) {
            return true;
        }
    }
    return false;
}

/* A named file that git does not know stays; `unfollowed`: so does one whose dependencies nobody
 * follows, such as a tsconfig.json of the runner tsc. */
static bool keeps(const struct changed *self, const char *file, bool unfollowed)
{
    char path[PATH_MAX];
    size_t from = 0;
    (void)snprintf(path, sizeof path, "%.*s%s", (int)self->prefix, self->dir, file);
    size_t index = affected_find(self->affected, path);
    return index == SIZE_MAX || affected_is(self->affected, index, &from) ||
           (unfollowed && !affected_wants(self->affected, index));
}

static void choose_named(const struct changed *self, struct targets *targets)
{
    size_t kept = 0;
    bool unfollowed = reaches_code(self);
    for (size_t i = 0; i < targets->count; i++) {
        if (keeps(self, targets->files[i], unfollowed)) {
            targets->files[kept++] = targets->files[i];
        } else {
            free(targets->files[i]);
        }
    }
    targets->left_out = targets->count - kept;
    targets->count = kept;
}

static int choose(struct changed *self, struct targets *targets)
{
    bool all = false;
    const char *why = NULL;
    const char *rev = self->wanted->rev;
    int code = rev ? ask_git(self, rev) : EXIT_DONE;
    code = code == EXIT_DONE ? list_files(self) : code;
    if (code != EXIT_DONE) {
        return code;
    }
    enum err err = follow(self, &all, &why);
    if (err != ERR_OK) {
        return complainf(EXIT_COULD_NOT, NULL, "what depends on what: %s", err_text(err));
    }
    if (rev && all) {
        (void)complainf(0, NULL, "everything is run: %.300s reaches every test", why);
    } else if (rev && targets->named) {
        choose_named(self, targets);
    } else if (rev) {
        code = choose_all(self, targets);
    }
    if (code == EXIT_DONE && self->wanted->inputs) {
        err = changed_add_inputs(self, targets);
        code = err == ERR_OK ? EXIT_DONE : complain(EXIT_COULD_NOT, err_text(err), NULL);
    }
    return code;
}

int changed_select(struct changed_wanted *wanted, struct targets *targets)
{
    char below[PATH_MAX] = "";
    size_t size = strlen(wanted->root);
    if (strlen(wanted->dir) > size) {
        (void)snprintf(below, sizeof below, "%s/", wanted->dir + size + 1);
    }
    struct changed self = {
        .wanted = wanted, .root = wanted->root, .dir = below, .prefix = strlen(below)};
    int code = choose(&self, targets);
    affected_free(&self.affected);
    free(self.listed);
    free(self.diff);
    free(self.text);
    return code;
}
