/* affected.c - the files of a project, and the way back along their dependencies. */
#include "tools/affected.h"

#include <assert.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/affected_priv.h"

enum { FILES_MAX = 2000000 };

/* ---- lists ---- */

static enum err grow(void **list, size_t count, size_t *room, size_t size)
{
    if (count < *room) {
        return ERR_OK;
    }
    size_t more = *room ? 2 * *room : 256;
    void *grown = realloc(*list, more * size);
    if (!grown) {
        return ERR_MEMORY;
    }
    *list = grown;
    *room = more;
    return ERR_OK;
}

struct affected *affected_new(void)
{
    return calloc(1, sizeof(struct affected));
}

void affected_free(struct affected **affected)
{
    struct affected *self = *affected;
    for (size_t i = 0; self && i < self->nodes_count; i++) {
        free(self->nodes[i].path);
    }
    for (size_t i = 0; self && i < self->dirs_count; i++) {
        free(self->dirs[i].path);
    }
    for (size_t i = 0; self && i < self->packages_count; i++) {
        free(self->packages[i].name);
        free(self->packages[i].dir);
    }
    if (self) {
        free(self->nodes);
        free(self->by_stem);
        free(self->dirs);
        free(self->packages);
        free(self->edges);
        for (size_t i = 0; i < self->installed_count; i++) {
            free(self->installed[i]);
        }
        free(self->installed);
    }
    free(self);
    *affected = NULL;
}

const char *affected_last_part(const char *path)
{
    assert(path);
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

size_t affected_stem(const char *path)
{
    const char *dot = strrchr(affected_last_part(path), '.');
    return dot && dot != affected_last_part(path) ? (size_t)(dot - path) : strlen(path);
}

enum err affected_add(struct affected *self, const char *path)
{
    if (self->nodes_count == FILES_MAX) {
        return ERR_LIMIT;
    }
    void *list = self->nodes;
    enum err err = grow(&list, self->nodes_count, &self->nodes_room, sizeof *self->nodes);
    self->nodes = list;
    char *copy = err == ERR_OK ? strdup(path) : NULL;
    if (!copy) {
        return ERR_MEMORY;
    }
    self->nodes[self->nodes_count++] = (struct node){.path = copy, .stem = affected_stem(copy)};
    return ERR_OK;
}

enum err affected_package(struct affected *self, const char *name, const char *dir)
{
    void *list = self->packages;
    enum err err = grow(&list, self->packages_count, &self->packages_room, sizeof *self->packages);
    self->packages = list;
    if (err != ERR_OK) {
        return err;
    }
    struct package package = {strdup(name), strdup(dir)};
    if (!package.name || !package.dir) {
        free(package.name);
        free(package.dir);
        return ERR_MEMORY;
    }
    self->packages[self->packages_count++] = package;
    return ERR_OK;
}

enum err affected_installed(struct affected *self, const char *name)
{
    void *list = self->installed;
    enum err err =
        grow(&list, self->installed_count, &self->installed_room, sizeof *self->installed);
    self->installed = list;
    char *copy = err == ERR_OK ? strdup(name) : NULL;
    if (!copy) {
        return ERR_MEMORY;
    }
    self->installed[self->installed_count++] = copy;
    return ERR_OK;
}

void affected_types(struct affected *self)
{
    self->types = true;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

bool affected_is_installed(const struct affected *self, const char *name)
{
    char package[AFFECTED_TOKEN_MAX];
    size_t size = strcspn(name, "/");
    if (name[0] == '@' && name[size] == '/') {
        size += 1 + strcspn(name + size + 1, "/");
    }
    (void)snprintf(package, sizeof package, "%.*s", (int)size, name);
    const char *key = package;
    return self->installed_count > 0 &&
           bsearch(&key, self->installed, self->installed_count, sizeof key, by_name);
}

/* ---- order ---- */

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct node *)a)->path, ((const struct node *)b)->path);
}

static int dir_by_path(const void *a, const void *b)
{
    return strcmp(((const struct dir *)a)->path, ((const struct dir *)b)->path);
}

int affected_compare(const char *a, size_t a_size, const char *b, size_t b_size)
{
    int order = memcmp(a, b, a_size < b_size ? a_size : b_size);
    return order ? order : (a_size > b_size) - (a_size < b_size);
}

size_t affected_last_stem(const struct node *node, const char **ret_part)
{
    *ret_part = affected_last_part(node->path);
    return node->stem - (size_t)(*ret_part - node->path);
}

static int by_last_stem(const void *a, const void *b, void *nodes)
{
    const struct node *list = nodes;
    const char *x;
    const char *y;
    size_t x_size = affected_last_stem(&list[*(const uint32_t *)a], &x);
    size_t y_size = affected_last_stem(&list[*(const uint32_t *)b], &y);
    return affected_compare(x, x_size, y, y_size);
}

static enum err add_dirs(struct affected *self)
{
    size_t room = 0;
    for (size_t i = 0; i < self->nodes_count; i++) {
        const char *path = self->nodes[i].path;
        for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
            size_t size = (size_t)(slash - path);
            /* Nodes are in order: a directory that the one before had is there already. */
            if (i > 0 && strncmp(self->nodes[i - 1].path, path, size + 1) == 0) {
                continue;
            }
            void *list = self->dirs;
            enum err err = grow(&list, self->dirs_count, &room, sizeof *self->dirs);
            self->dirs = list;
            char *copy = err == ERR_OK ? strndup(path, size) : NULL;
            if (!copy) {
                return ERR_MEMORY;
            }
            self->dirs[self->dirs_count++] = (struct dir){.path = copy};
        }
    }
    if (self->dirs_count > 0) {
        qsort(self->dirs, self->dirs_count, sizeof *self->dirs, dir_by_path);
    }
    return ERR_OK;
}

enum err affected_seal(struct affected *self)
{
    size_t count = 0;
    if (self->installed_count > 0) {
        qsort(self->installed, self->installed_count, sizeof *self->installed, by_name);
    }
    if (self->nodes_count > 0) {
        qsort(self->nodes, self->nodes_count, sizeof *self->nodes, by_path);
    }
    for (size_t i = 0; i < self->nodes_count; i++) {
        if (count > 0 && strcmp(self->nodes[count - 1].path, self->nodes[i].path) == 0) {
            free(self->nodes[i].path);
        } else {
            self->nodes[count++] = self->nodes[i];
        }
    }
    self->nodes_count = count;
    self->by_stem = calloc(count + 1, sizeof *self->by_stem);
    if (!self->by_stem) {
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        self->by_stem[i] = (uint32_t)i;
    }
    qsort_r(self->by_stem, count, sizeof *self->by_stem, by_last_stem, self->nodes);
    return add_dirs(self);
}

size_t affected_count(const struct affected *self)
{
    return self->nodes_count;
}

const char *affected_path(const struct affected *self, size_t index)
{
    assert(index < self->nodes_count);
    return self->nodes[index].path;
}

size_t affected_find(const struct affected *self, const char *path)
{
    char copy[PATH_MAX];
    (void)snprintf(copy, sizeof copy, "%s", path);
    struct node key = {.path = copy};
    const struct node *found =
        self->nodes_count > 0 ? bsearch(&key, self->nodes, self->nodes_count, sizeof key, by_path)
                              : NULL;
    return found ? (size_t)(found - self->nodes) : SIZE_MAX;
}

size_t affected_find_dir(const struct affected *self, const char *path)
{
    char copy[PATH_MAX];
    (void)snprintf(copy, sizeof copy, "%s", path);
    struct dir key = {.path = copy};
    const struct dir *found =
        self->dirs_count > 0 ? bsearch(&key, self->dirs, self->dirs_count, sizeof key, dir_by_path)
                             : NULL;
    return found ? (size_t)(found - self->dirs) : SIZE_MAX;
}

enum err affected_edge(struct affected *self, size_t target, size_t source)
{
    void *list = self->edges;
    enum err err = grow(&list, self->edges_count, &self->edges_room, sizeof *self->edges);
    self->edges = list;
    if (err == ERR_OK) {
        self->edges[self->edges_count++] =
            (struct edge){.target = (uint32_t)target, .source = (uint32_t)source};
    }
    return err;
}

/* ---- what kinds of files there are ---- */

bool affected_is_one_of(const char *text, size_t size, const char *const *words)
{
    for (; *words; words++) {
        if (strlen(*words) == size && memcmp(*words, text, size) == 0) {
            return true;
        }
    }
    return false;
}

static bool has_extension(const struct node *node, const char *const *extensions)
{
    const char *extension = node->path + node->stem;
    return affected_is_one_of(extension, strlen(extension), extensions);
}

static bool is_code(const struct node *node)
{
    static const char *const extensions[] = {
        ".js",    ".jsx", ".ts",   ".tsx", ".mjs",  ".cjs",  ".mts",  ".cts",     ".vue", ".svelte",
        ".astro", ".mdx", ".html", ".css", ".scss", ".sass", ".less", ".graphql", ".gql", NULL};
    return has_extension(node, extensions);
}

/* Nothing reads it while tests run, unless somebody names it. */
static bool is_prose(const struct node *node)
{
    static const char *const extensions[] = {".md", ".txt", ".rst", ".adoc", NULL};
    static const char *const names[] = {
        "LICENSE", "LICENCE", "CODEOWNERS", ".gitignore", ".gitattributes", ".editorconfig", NULL};
    const char *name = affected_last_part(node->path);
    return has_extension(node, extensions) || affected_is_one_of(name, strlen(name), names) ||
           strncmp(node->path, ".github/", 8) == 0 || strncmp(node->path, ".vscode/", 8) == 0;
}

/* Runners, bundlers and compilers read it by themselves. */
bool affected_is_global(const struct node *node)
{
    static const char *const names[] = {
        "package.json", "package-lock.json", "yarn.lock", "pnpm-lock.yaml",
        "bun.lockb",    "bun.lock",          ".npmrc",    ".nvmrc",
        ".yarnrc.yml",  "troupe.yml",        NULL};
    const char *name = affected_last_part(node->path);
    size_t size = strlen(name);
    return affected_is_one_of(name, size, names) || strncmp(name, "tsconfig", 8) == 0 ||
           strncmp(name, "jsconfig", 8) == 0 || strncmp(name, ".env", 4) == 0 ||
           strncmp(name, ".babelrc", 8) == 0 || strncmp(name, ".swcrc", 6) == 0 ||
           strncmp(name, "vitest.", 7) == 0 || strstr(name, ".config.") ||
           strstr(node->path, "__mocks__/") || (size > 5 && strcmp(name + size - 5, ".d.ts") == 0);
}

bool affected_wants(const struct affected *self, size_t index)
{
    return is_code(&self->nodes[index]);
}

bool affected_is_config(const struct node *node)
{
    const char *name = affected_last_part(node->path);
    return strstr(name, ".config.") || strncmp(name, "vitest.", 7) == 0;
}

/* ---- following the changes ---- */

void affected_change(struct affected *self, const char *path)
{
    size_t index = affected_find(self, path);
    if (index != SIZE_MAX) {
        self->nodes[index].changed = true;
    }
}

static int by_target(const void *a, const void *b)
{
    const struct edge *x = a;
    const struct edge *y = b;
    return (x->target > y->target) - (x->target < y->target);
}

struct spread {
    struct affected *self;
    uint32_t *queue;
    size_t first, count;
};

static void reach(struct spread *spread, size_t index, size_t from)
{
    struct node *node = &spread->self->nodes[index];
    if (!node->reached) {
        node->reached = true;
        node->from = from;
        spread->queue[spread->count++] = (uint32_t)index;
    }
}

/* Whoever depends on the file or directory `target`.  False: nobody. */
static bool reach_sources(struct spread *spread, size_t target, size_t from)
{
    const struct affected *self = spread->self;
    size_t low = 0;
    size_t high = self->edges_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (self->edges[middle].target < target) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    bool any = false;
    for (; low < self->edges_count && self->edges[low].target == target; low++) {
        any |= self->edges[low].source != from;
        if (self->types || !self->edges[low].types) {
            reach(spread, self->edges[low].source, from);
        }
    }
    return any;
}

/* A snapshot belongs to the test file whose name it has. */
static bool reach_owner(struct spread *spread, size_t index)
{
    const char *path = spread->self->nodes[index].path;
    const char *folder = strstr(path, "__snapshots__/");
    size_t size = strlen(path);
    char owner[PATH_MAX];
    if (!folder || size < 5 || strcmp(path + size - 5, ".snap") != 0) {
        return false;
    }
    const char *name = folder + strlen("__snapshots__/");
    (void)snprintf(owner, sizeof owner, "%.*s%.*s", (int)(folder - path), path,
                   (int)(path + size - 5 - name), name);
    size_t found = affected_find(spread->self, owner);
    if (found == SIZE_MAX) {
        return false;
    }
    reach(spread, found, index);
    return true;
}

/* Sources of the file, and of all directories that it is in.  False: nobody. */
static bool reach_from(struct spread *spread, size_t index)
{
    struct affected *self = spread->self;
    bool any = reach_sources(spread, index, index);
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s", self->nodes[index].path);
    for (char *slash = strrchr(path, '/'); slash; slash = strrchr(path, '/')) {
        *slash = '\0';
        size_t dir = affected_find_dir(self, path);
        if (dir != SIZE_MAX) {
            any |= reach_sources(spread, self->nodes_count + dir, index);
        }
    }
    return any;
}

/* Runs before every test, or in the place of what they import: reached, it reaches them all. */
bool affected_is_root(const struct node *node)
{
    return affected_is_config(node) || strstr(node->path, "__mocks__/");
}

/* What builds a site or checks the style of one package is found beside it and read for it alone,
 * so it reaches that package.  Those of runners and of what they transform with may be named from
 * anywhere (`vitest --config ../tooling/vitest.config.ts`).  False: it is none of a package. */
static bool reach_package(struct spread *spread, size_t index)
{
    static const char *const runners[] = {"vitest.",     "vite.", "jest.", "babel.",
                                          "playwright.", "swc.",  NULL};
    const struct affected *self = spread->self;
    const char *path = self->nodes[index].path;
    const char *name = affected_last_part(path);
    size_t size = 0;
    for (const char *const *runner = runners; *runner; runner++) {
        if (strncmp(name, *runner, strlen(*runner)) == 0) {
            return false;
        }
    }
    for (size_t i = 0; i < self->packages_count; i++) {
        size_t length = strlen(self->packages[i].dir);
        bool inside = strncmp(path, self->packages[i].dir, length) == 0 && path[length] == '/';
        size = inside && length > size ? length : size;
    }
    for (size_t i = 0; size > 0 && i < self->nodes_count; i++) {
        if (strncmp(self->nodes[i].path, path, size + 1) == 0) {
            reach(spread, i, index);
        }
    }
    return size > 0;
}

/* Follows one file.  False: it reaches everything. */
static bool follow(struct spread *spread, size_t index)
{
    const struct node *node = &spread->self->nodes[index];
    if (node->changed && affected_is_global(node)) {
        return false;
    }
    if (affected_is_root(node) && !(affected_is_config(node) && reach_package(spread, index))) {
        return false;
    }
    bool any = reach_from(spread, index);
    any |= reach_owner(spread, index);
    /* Data that nobody names by a name that can be read: somebody may still read it. */
    return any || !node->changed || is_code(node) || is_prose(node);
}

static bool counts(const struct spread *spread)
{
    for (size_t i = 0; i < spread->count; i++) {
        if (!is_prose(&spread->self->nodes[spread->queue[i]])) {
            return true;
        }
    }
    return false;
}

static const char *follow_all(struct spread *spread)
{
    while (spread->first < spread->count) {
        size_t index = spread->queue[spread->first++];
        if (!follow(spread, index)) {
            return spread->self->nodes[index].path;
        }
    }
    return NULL;
}

enum err affected_spread(struct affected *self, bool *ret_all, const char **ret_why)
{
    struct spread spread = {.self = self, .queue = calloc(self->nodes_count + 1, sizeof(uint32_t))};
    if (!spread.queue) {
        return ERR_MEMORY;
    }
    if (self->edges_count > 0) {
        qsort(self->edges, self->edges_count, sizeof *self->edges, by_target);
    }
    for (size_t i = 0; i < self->nodes_count; i++) {
        if (self->nodes[i].changed) {
            reach(&spread, i, i);
        }
    }
    const char *why = follow_all(&spread);
    if (!why && counts(&spread)) {
        for (size_t i = 0; i < self->nodes_count; i++) {
            if (self->nodes[i].dynamic) {
                reach(&spread, i, SIZE_MAX);
            }
        }
        why = follow_all(&spread);
    }
    free(spread.queue);
    *ret_all = why != NULL;
    *ret_why = why;
    return ERR_OK;
}

bool affected_is(const struct affected *self, size_t index, size_t *ret_from)
{
    assert(index < self->nodes_count);
    *ret_from = self->nodes[index].from;
    return self->nodes[index].reached;
}
