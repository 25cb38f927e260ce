/* project.c - root and snapshot of a project. */
#include "tools/project.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    PACKAGE_BYTES_MAX = 1 << 20,
    DEPTH_MAX = 200,
    DIGEST_BYTES = SNAPSHOT_SIZE / 2,
    PENDING_BYTES = 65536
};

/* ---- root ---- */

static bool has(const char *directory, const char *name)
{
    char path[PATH_MAX];
    int size = snprintf(path, sizeof path, "%s/%s", directory, name);
    return size > 0 && (size_t)size < sizeof path && access(path, F_OK) == 0;
}

/* A look for the key, not a parser: a mistake only makes the tree larger than it needs to be. */
static bool has_workspaces(const char *directory)
{
    char path[PATH_MAX];
    int size = snprintf(path, sizeof path, "%s/package.json", directory);
    FILE *file = size > 0 && (size_t)size < sizeof path ? fopen(path, "re") : NULL;
    if (!file) {
        return false;
    }
    char *text = malloc(PACKAGE_BYTES_MAX + 1);
    bool found = false;
    if (text) {
        text[fread(text, 1, PACKAGE_BYTES_MAX, file)] = '\0';
        found = strstr(text, "\"workspaces\"") != NULL;
    }
    free(text);
    (void)fclose(file);
    return found;
}

static bool is_root(const char *directory, bool above)
{
    return has(directory, ".git") || has_workspaces(directory) ||
           (above && has(directory, "pnpm-workspace.yaml"));
}

enum err project_root(const char *dir, const char *home, char ret_root[PATH_MAX])
{
    char path[PATH_MAX];
    size_t size = strlen(dir) + 1;
    if (size > sizeof path) {
        return ERR_LIMIT;
    }
    memcpy(path, dir, size);
    for (bool above = false;; above = true) {
        bool too_much = strcmp(path, "/") == 0 || (above && home && strcmp(path, home) == 0);
        if (too_much) {
            break;
        }
        if (is_root(path, above)) {
            memcpy(ret_root, path, strlen(path) + 1);
            return ERR_OK;
        }
        char *slash = strrchr(path, '/');
        if (!slash || slash == path) {
            break;
        }
        *slash = '\0';
    }
    memcpy(ret_root, dir, size);
    return ERR_OK;
}

/* ---- snapshot ---- */

struct walk {
    EVP_MD_CTX *digest;
    size_t entries;
    size_t
        pending; /* bytes that wait to be digested: few large pieces are faster than many small */
    unsigned char bytes[PENDING_BYTES];
    char path[PATH_MAX]; /* of the directory being read, relative to the root */
};

struct listing {
    char **names;
    size_t count;
    size_t capacity;
};

/* What is digested of an entry; no padding, so that it may be digested as bytes. */
struct facts {
    uint64_t size;
    uint64_t mtime_ns;
    uint64_t mode; /* with the type */
};

static int by_name(const void *a, const void *b)
{
    const char *const *one = a;
    const char *const *other = b;
    return strcmp(*one, *other);
}

static void free_listing(struct listing *self)
{
    for (size_t i = 0; i < self->count; i++) {
        free(self->names[i]);
    }
    free(self->names);
}

static enum err add_name(struct listing *self, const char *from)
{
    if (self->count == self->capacity) {
        size_t capacity = self->capacity ? self->capacity * 2 : 64;
        char **names = realloc(self->names, capacity * sizeof *names);
        if (!names) {
            return ERR_MEMORY;
        }
        self->names = names;
        self->capacity = capacity;
    }
    char *name = strdup(from);
    if (!name) {
        return ERR_MEMORY;
    }
    self->names[self->count++] = name;
    return ERR_OK;
}

static enum err list(DIR *directory, struct listing *self)
{
    struct dirent *entry;
    enum err err = ERR_OK;
    while (err == ERR_OK && (entry = readdir(directory))) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            err = add_name(self, entry->d_name);
        }
    }
    if (err == ERR_OK && self->count > 1) {
        qsort(self->names, self->count, sizeof *self->names, by_name);
    }
    return err;
}

static bool flush(struct walk *self)
{
    bool good = EVP_DigestUpdate(self->digest, self->bytes, self->pending) == 1;
    self->pending = 0;
    return good;
}

static bool digest(struct walk *self, const void *bytes, size_t size)
{
    assert(size <= sizeof self->bytes);
    if (size > sizeof self->bytes - self->pending && !flush(self)) {
        return false;
    }
    memcpy(self->bytes + self->pending, bytes, size);
    self->pending += size;
    return true;
}

static enum err digest_entry(struct walk *self, int parent, const char *name, struct stat *ret_stat)
{
    if (++self->entries > SNAPSHOT_ENTRIES_MAX) {
        return ERR_LIMIT;
    }
    struct facts facts = {0, 0, 0};
    if (fstatat(parent, name, ret_stat, AT_SYMLINK_NOFOLLOW) == 0) {
        bool is_dir = S_ISDIR(ret_stat->st_mode);
        /* Of a directory only the names in it count, and they come. */
        facts.size = is_dir ? 0 : (uint64_t)ret_stat->st_size;
        facts.mtime_ns = is_dir ? 0
                                : (uint64_t)ret_stat->st_mtim.tv_sec * 1000000000 +
                                      (uint64_t)ret_stat->st_mtim.tv_nsec;
        facts.mode = ret_stat->st_mode;
    } else {
        ret_stat->st_mode = 0; /* it has just gone: that is a change, too */
    }
    bool good = digest(self, self->path, strlen(self->path) + 1) &&
                digest(self, name, strlen(name) + 1) && digest(self, &facts, sizeof facts);
    return good ? ERR_OK : ERR_MEMORY;
}

/* All of node_modules that counts: npm, yarn and pnpm each write a file when it changes. */
static enum err digest_modules(struct walk *self, int parent)
{
    static const char *const names[] = {"node_modules/.package-lock.json",
                                        "node_modules/.yarn-integrity",
                                        "node_modules/.modules.yaml"};
    enum err err = ERR_OK;
    for (size_t i = 0; i < sizeof names / sizeof names[0] && err == ERR_OK; i++) {
        struct stat stat;
        err = digest_entry(self, parent, names[i], &stat);
    }
    return err;
}

static enum err walk_directory(struct walk *self, int fd, int depth);

static enum err enter(struct walk *self, int parent, const char *name, int depth)
{
    size_t before = strlen(self->path);
    int size = snprintf(self->path + before, sizeof self->path - before, "%s/", name);
    if (depth >= DEPTH_MAX || size < 0 || (size_t)size >= sizeof self->path - before) {
        return ERR_LIMIT;
    }
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    /* What we may not read the tests may not read either. */
    enum err err = fd >= 0 ? walk_directory(self, fd, depth + 1) : ERR_OK;
    self->path[before] = '\0';
    return err;
}

static enum err walk_entry(struct walk *self, int parent, const char *name, int depth)
{
    struct stat stat;
    enum err err = digest_entry(self, parent, name, &stat);
    if (err != ERR_OK || !S_ISDIR(stat.st_mode) || strcmp(name, ".git") == 0) {
        return err;
    }
    return strcmp(name, "node_modules") == 0 ? digest_modules(self, parent)
                                             : enter(self, parent, name, depth);
}

/* Takes over `fd`. */
static enum err walk_directory(struct walk *self, int fd, int depth)
{
    DIR *directory = fdopendir(fd);
    if (!directory) {
        (void)close(fd);
        return ERR_MEMORY;
    }
    struct listing listing = {0};
    enum err err = list(directory, &listing);
    for (size_t i = 0; i < listing.count && err == ERR_OK; i++) {
        err = walk_entry(self, dirfd(directory), listing.names[i], depth);
    }
    free_listing(&listing);
    (void)closedir(directory);
    return err;
}

enum err project_snapshot(const char *root, char ret_digest[SNAPSHOT_SIZE + 1])
{
    struct walk *self = calloc(1, sizeof *self);
    if (!self) {
        return ERR_MEMORY;
    }
    enum err err = ERR_IO;
    self->digest = EVP_MD_CTX_new();
    int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0 && self->digest && EVP_DigestInit_ex(self->digest, EVP_sha256(), NULL) == 1) {
        err = walk_directory(self, fd, 0);
        fd = -1;
    }
    unsigned char bytes[EVP_MAX_MD_SIZE];
    if (err == ERR_OK && (!flush(self) || EVP_DigestFinal_ex(self->digest, bytes, NULL) != 1)) {
        err = ERR_MEMORY;
    }
    for (size_t i = 0; i < DIGEST_BYTES && err == ERR_OK; i++) {
        (void)snprintf(ret_digest + 2 * i, 3, "%02x", bytes[i]);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    EVP_MD_CTX_free(self->digest);
    free(self);
    return err;
}

enum err project_blob_id(const char *text, size_t size, char ret_id[BLOB_ID_SIZE + 1])
{
    char head[32];
    unsigned char bytes[EVP_MAX_MD_SIZE];
    int head_size = snprintf(head, sizeof head, "blob %zu", size) + 1; /* with its NUL */
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    bool good = digest && EVP_DigestInit_ex(digest, EVP_sha1(), NULL) == 1 &&
                EVP_DigestUpdate(digest, head, (size_t)head_size) == 1 &&
                EVP_DigestUpdate(digest, text, size) == 1 &&
                EVP_DigestFinal_ex(digest, bytes, NULL) == 1;
    EVP_MD_CTX_free(digest);
    for (size_t i = 0; good && i < BLOB_ID_SIZE / 2; i++) {
        (void)snprintf(ret_id + 2 * i, 3, "%02x", bytes[i]);
    }
    return good ? ERR_OK : ERR_MEMORY;
}
