/* changed_inputs.c - digests of all that the results of a test file depend on.
 *
 * Of files that git lists and whose dependencies affected.h follows, of the configurations and
 * lockfiles, of what the package managers note about what they have installed, and of the texts
 * that the caller gives.  A file gets none when any of that cannot be told.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/changed_priv.h"
#include "tools/command.h"

enum { DIGEST_SIZE = 32, READ_SIZE = 65536, TEXT_SIZE = 2 * DIGEST_SIZE + 1 };

struct digest {
    unsigned char bytes[DIGEST_SIZE];
    enum { UNKNOWN, KNOWN, UNREADABLE } state;
};

struct hash {
    const struct changed *changed;
    EVP_MD_CTX *context;
    struct digest *files; /* by number */
    struct digest globals;
    struct inputs *inputs;
    char room[READ_SIZE];
};

/* ---- packages ---- */

static enum err add_scope(struct changed *self, int parent, const char *scope)
{
    int fd = openat(parent, scope, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    enum err err = ERR_OK;
    struct dirent *entry;
    if (!dir) {
        if (fd >= 0) {
            (void)close(fd);
        }
        return ERR_OK;
    }
    while (err == ERR_OK && (entry = readdir(dir))) {
        char name[2 * NAME_MAX + 2];
        (void)snprintf(name, sizeof name, "%s/%s", scope, entry->d_name);
        err = entry->d_name[0] == '.' ? ERR_OK : affected_installed(self->affected, name);
    }
    (void)closedir(dir);
    return err;
}

static enum err add_modules(struct changed *self, const char *base)
{
    char path[PATH_MAX];
    int size = snprintf(path, sizeof path, "%s/node_modules", base);
    DIR *dir = size > 0 && (size_t)size < sizeof path ? opendir(path) : NULL;
    enum err err = ERR_OK;
    struct dirent *entry;
    while (dir && err == ERR_OK && (entry = readdir(dir))) {
        const char *name = entry->d_name;
        if (name[0] == '@') {
            err = add_scope(self, dirfd(dir), name);
        } else if (name[0] != '.') {
            err = affected_installed(self->affected, name);
        }
    }
    if (dir) {
        (void)closedir(dir);
    }
    return err;
}

enum err changed_add_installed(struct changed *self)
{
    enum err err = add_modules(self, self->root);
    return err == ERR_OK && self->prefix > 0 ? add_modules(self, self->wanted->dir) : err;
}

/* ---- digests ---- */

static void add(struct hash *self, const void *bytes, size_t size)
{
    /* Cannot fail for a digest that was begun. */
    (void)EVP_DigestUpdate(self->context, bytes, size);
}

static void add_text(struct hash *self, const char *text)
{
    add(self, text, strlen(text) + 1);
}

static bool begin(struct hash *self)
{
    return EVP_DigestInit_ex(self->context, EVP_sha256(), NULL) == 1;
}

static void end(struct hash *self, struct digest *ret_digest)
{
    (void)EVP_DigestFinal_ex(self->context, ret_digest->bytes, NULL);
    ret_digest->state = KNOWN;
}

/* Of a regular file; anything else is UNREADABLE. */
static void digest_path(struct hash *self, const char *base, const char *path,
                        struct digest *ret_digest)
{
    char full[PATH_MAX];
    struct stat status;
    int size = snprintf(full, sizeof full, "%s/%s", base, path);
    int fd = -1;
    ret_digest->state = UNREADABLE;
    if (size > 0 && (size_t)size < sizeof full) {
        fd = open(full, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    }
    if (fd < 0) {
        return;
    }
    if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && begin(self)) {
        ssize_t got;
        while ((got = read(fd, self->room, sizeof self->room)) > 0 || (got < 0 && errno == EINTR)) {
            add(self, self->room, got > 0 ? (size_t)got : 0);
        }
        if (got == 0) {
            end(self, ret_digest);
        }
    }
    (void)close(fd);
}

static const struct digest *digest_of(struct hash *self, size_t index)
{
    struct digest *digest = &self->files[index];
    if (digest->state == UNKNOWN) {
        digest_path(self, self->changed->root, affected_path(self->changed->affected, index),
                    digest);
    }
    return digest;
}

/* False: one of them cannot be read, and *ret_why is its number. */
static bool read_all(struct hash *self, const uint32_t *list, size_t count, size_t *ret_why)
{
    for (size_t i = 0; i < count; i++) {
        if (digest_of(self, list[i])->state != KNOWN) {
            *ret_why = list[i];
            return false;
        }
    }
    return true;
}

static void add_files(struct hash *self, const uint32_t *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        add_text(self, affected_path(self->changed->affected, list[i]));
        add(self, self->files[list[i]].bytes, DIGEST_SIZE);
    }
}

/* ---- what every test depends on ---- */

static bool has_lockfile(const struct hash *self, const uint32_t *list, size_t count)
{
    static const char *const names[] = {"package-lock.json", "yarn.lock", "pnpm-lock.yaml",
                                        "bun.lock", "bun.lockb"};
    for (size_t i = 0; i < count; i++) {
        const char *path = affected_path(self->changed->affected, list[i]);
        const char *slash = strrchr(path, '/');
        for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
            if (strcmp(slash ? slash + 1 : path, names[k]) == 0) {
                return true;
            }
        }
    }
    return false;
}

/* Files that git is told to ignore and that are read all the same: what the package manager has
 * installed, and variables.  Returns whether the former is known. */
static bool digest_ignored(struct hash *self, const char *base, struct digest *digests)
{
    static const char *const names[] = {"node_modules/.package-lock.json",
                                        "node_modules/.yarn-integrity",
                                        "node_modules/.yarn-state.yml",
                                        "node_modules/.modules.yaml",
                                        ".env",
                                        ".env.local",
                                        ".env.test",
                                        ".env.test.local"};
    bool installed = false;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        digest_path(self, base, names[i], &digests[i]);
        installed |= i < 4 && digests[i].state == KNOWN;
    }
    return installed;
}

enum { IGNORED = 8 };

/* Which node runs: by the file that it is. */
static void add_node(struct hash *self)
{
    const char *at = getenv("PATH");
    while (at && *at) {
        char path[PATH_MAX];
        char real[PATH_MAX];
        struct stat status;
        size_t size = strcspn(at, ":");
        (void)snprintf(path, sizeof path, "%.*s/node", (int)size, at);
        if (size > 0 && access(path, X_OK) == 0 && realpath(path, real) &&
            stat(real, &status) == 0) {
            add_text(self, real);
            add(self, &status.st_size, sizeof status.st_size);
            add(self, &status.st_mtim.tv_sec, sizeof status.st_mtim.tv_sec);
            return;
        }
        at += size + (at[size] == ':');
    }
    add_text(self, "no node");
}

static bool refuse(struct hash *self, const char *what, size_t index)
{
    const struct changed *changed = self->changed;
    (void)snprintf(changed->wanted->why, sizeof changed->wanted->why, "%s%.150s", what,
                   index == SIZE_MAX ? "" : affected_path(changed->affected, index));
    return false;
}

/* False: it cannot be told, and wanted->why says so. */
static bool digest_globals(struct hash *self)
{
    const struct changed *changed = self->changed;
    const uint32_t *list;
    size_t count = 0;
    size_t why = SIZE_MAX;
    struct digest ignored[2][IGNORED] = {{{{0}, UNKNOWN}}};
    if (!inputs_of(self->inputs, SIZE_MAX, &list, &count, &why)) {
        return refuse(self, "what it uses cannot be told of ", why);
    }
    if (!has_lockfile(self, list, count)) {
        return refuse(self, "there is no lockfile", SIZE_MAX);
    }
    if (!read_all(self, list, count, &why)) {
        return refuse(self, "it cannot be read: ", why);
    }
    bool installed = digest_ignored(self, changed->root, ignored[0]);
    installed |= changed->prefix > 0 && digest_ignored(self, changed->wanted->dir, ignored[1]);
    if (!installed) {
        return refuse(self, "no package manager says what it has installed", SIZE_MAX);
    }
    if (!begin(self)) {
        return refuse(self, "no digests to be had", SIZE_MAX);
    }
    add_text(self, changed->wanted->inputs);
    add_node(self);
    for (size_t i = 0; i < 2 * IGNORED; i++) {
        const struct digest *digest = &ignored[i / IGNORED][i % IGNORED];
        add(self, &digest->state, sizeof digest->state);
        add(self, digest->bytes, digest->state == KNOWN ? DIGEST_SIZE : 0);
    }
    add_files(self, list, count);
    end(self, &self->globals);
    return true;
}

/* ---- a test file ---- */

/* Its input, to be freed; NULL: it has none. */
static enum err input_of(struct hash *self, size_t index, char **ret_input)
{
    const uint32_t *list;
    size_t count = 0;
    size_t why = SIZE_MAX;
    struct digest digest;
    *ret_input = NULL;
    if (!inputs_of(self->inputs, index, &list, &count, &why) ||
        !read_all(self, list, count, &why) || !begin(self)) {
        if (self->changed->wanted->verbose) {
            (void)complainf(0, NULL, "not in the cache: %.300s, because of %.300s",
                            affected_path(self->changed->affected, index),
                            why == SIZE_MAX ? "it" : affected_path(self->changed->affected, why));
        }
        return ERR_OK;
    }
    add(self, self->globals.bytes, DIGEST_SIZE);
    add_text(self, affected_path(self->changed->affected, index));
    add_files(self, list, count);
    end(self, &digest);
    *ret_input = malloc(TEXT_SIZE);
    if (!*ret_input) {
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < DIGEST_SIZE; i++) {
        (void)snprintf(*ret_input + 2 * i, 3, "%02x", digest.bytes[i]);
    }
    return ERR_OK;
}

/* Others are no tests, or are run without looking for earlier results. */
static bool may_be_test(const char *path)
{
    return strstr(path, "test") || strstr(path, "spec");
}

static enum err add_keyed(struct hash *self, struct targets *targets)
{
    const struct changed *changed = self->changed;
    size_t count = affected_count(changed->affected);
    targets->files = calloc(count + 1, sizeof *targets->files);
    targets->inputs = calloc(count + 1, sizeof *targets->inputs);
    if (!targets->files || !targets->inputs) {
        return ERR_MEMORY;
    }
    targets->keyed = true;
    for (size_t i = 0; i < count; i++) {
        const char *path = affected_path(changed->affected, i);
        char *input = NULL;
        if (strncmp(path, changed->dir, changed->prefix) != 0 ||
            !affected_wants(changed->affected, i) || !may_be_test(path + changed->prefix)) {
            continue;
        }
        enum err err = input_of(self, i, &input);
        if (err != ERR_OK || !input) {
            if (err != ERR_OK) {
                return err;
            }
            continue;
        }
        targets->inputs[targets->count] = input;
        targets->files[targets->count] = strdup(path + changed->prefix);
        targets->count++;
        if (!targets->files[targets->count - 1]) {
            return ERR_MEMORY;
        }
    }
    return ERR_OK;
}

static enum err add_to_targets(struct hash *self, struct targets *targets)
{
    const struct changed *changed = self->changed;
    enum err err = ERR_OK;
    targets->inputs = calloc(targets->count + 1, sizeof *targets->inputs);
    if (!targets->inputs) {
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < targets->count && err == ERR_OK; i++) {
        char path[PATH_MAX];
        (void)snprintf(path, sizeof path, "%s%s", changed->dir, targets->files[i]);
        size_t index = affected_find(changed->affected, path);
        bool follows = index != SIZE_MAX && affected_wants(changed->affected, index);
        err = follows && may_be_test(targets->files[i]) ? input_of(self, index, &targets->inputs[i])
                                                        : ERR_OK;
    }
    return err;
}

enum err changed_add_inputs(struct changed *changed, struct targets *targets)
{
    struct hash *self = calloc(1, sizeof *self);
    if (!self) {
        return ERR_MEMORY;
    }
    self->changed = changed;
    self->context = EVP_MD_CTX_new();
    self->files = calloc(affected_count(changed->affected) + 1, sizeof *self->files);
    self->inputs = inputs_new(changed->affected);
    enum err err = self->context && self->files && self->inputs ? ERR_OK : ERR_MEMORY;
    if (err == ERR_OK && digest_globals(self)) {
        err = targets->named || targets->affected ? add_to_targets(self, targets)
                                                  : add_keyed(self, targets);
    }
    EVP_MD_CTX_free(self->context);
    inputs_free(&self->inputs);
    free(self->files);
    free(self);
    return err;
}
