/* exec_paths.c - see exec_paths.h. */
#include "runtime/exec_paths.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_below(const char *path, const char *directory)
{
    size_t size = strlen(directory);
    return strncmp(path, directory, size) == 0 && (path[size] == '/' || path[size] == '\0');
}

/* The sandbox shows these anyway. */
static bool is_standard(const char *path)
{
    static const char *const standard[] = {"/usr", "/etc", "/opt", "/bin", "/sbin", "/lib"};
    for (size_t i = 0; i < sizeof standard / sizeof standard[0]; i++) {
        if (is_below(path, standard[i])) {
            return true;
        }
    }
    return false;
}

/* Takes over `path`, which realpath made.  What holds the project would cover it, and what holds
 * somebody's home would show his keys. */
static void show_owned(struct exec_paths *self, char *path)
{
    bool wanted = path && path[1] != '\0' && !is_standard(path) && self->count < SANDBOX_PATHS_MAX;
    for (size_t i = 0; wanted && i < self->count; i++) {
        wanted = strcmp(path, self->list[i]) != 0;
    }
    if (wanted && self->program->project) {
        wanted = !is_below(self->program->project, path) && !is_below(path, self->program->project);
    }
    if (!wanted || (self->program->home && is_below(self->program->home, path))) {
        free(path);
        return;
    }
    self->owned[self->owned_count++] = path;
    self->list[self->count++] = path;
}

/* Below a home, ~/.local and its like hold more than programs: only their libraries are shown. */
static void show_libraries(struct exec_paths *self, const char *prefix)
{
    static const char *const names[] = {"lib", "lib64", "libexec"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[SPAWN_PATH_MAX + 1];
        int size = snprintf(path, sizeof path, "%s/%s", prefix, names[i]);
        if (size > 0 && (size_t)size < sizeof path) {
            show_owned(self, realpath(path, NULL));
        }
    }
}

/* A directory of programs, and what was installed with them. */
static void show_programs(struct exec_paths *self, const char *directory)
{
    char *path = realpath(directory, NULL);
    if (!path || is_standard(path)) {
        free(path);
        return;
    }
    char *slash = strrchr(path, '/');
    char *prefix = strcmp(slash, "/bin") == 0 ? strndup(path, (size_t)(slash - path)) : NULL;
    show_owned(self, path);
    if (!prefix || prefix[0] == '\0') {
        free(prefix);
        return;
    }
    size_t home = self->program->home ? strlen(self->program->home) : 0;
    bool in_home = home > 0 && is_below(prefix, self->program->home) && strlen(prefix) > home;
    if (in_home && !strchr(prefix + home + 1, '/')) {
        show_libraries(self, prefix);
        free(prefix);
    } else {
        show_owned(self, prefix);
    }
}

/* The program itself may be a link to somewhere else. */
static void show_target(struct exec_paths *self, const char *directory, const char *program)
{
    char path[SPAWN_PATH_MAX + 1];
    int size = snprintf(path, sizeof path, "%s/%s", directory, program);
    char *target = size > 0 && (size_t)size < sizeof path ? realpath(path, NULL) : NULL;
    char *slash = target ? strrchr(target, '/') : NULL;
    if (slash && slash != target) {
        *slash = '\0';
        show_programs(self, target);
    }
    free(target);
}

/* Without network there are no other packages; and nothing else lies there, no key least of all. */
static void show_caches(struct exec_paths *self)
{
    static const struct {
        const char *shown;
        const char *name;
        const char *value;
    } caches[EXEC_CACHES_MAX] = {
        {"go/pkg/mod", "GOMODCACHE", "go/pkg/mod"},
        {".cargo/registry", "CARGO_HOME", ".cargo"},
        {".rustup", "RUSTUP_HOME", ".rustup"},
        {".cache/ms-playwright", "PLAYWRIGHT_BROWSERS_PATH", ".cache/ms-playwright"}};
    const char *home = self->program->home;
    for (size_t i = 0; self->program->caches && home && i < EXEC_CACHES_MAX; i++) {
        char path[SPAWN_PATH_MAX + 1];
        int size = snprintf(path, sizeof path, "%s/%s", home, caches[i].shown);
        size_t before = self->count;
        if (size > 0 && (size_t)size < sizeof path) {
            show_owned(self, realpath(path, NULL));
        }
        if (self->count > before && asprintf(&self->env[self->env_count], "%s=%s/%s",
                                             caches[i].name, home, caches[i].value) > 0) {
            self->env_count++;
        }
    }
}

void exec_paths_collect(struct exec_paths *self, const struct exec_program *program)
{
    self->program = program;
    self->count = 0;
    self->owned_count = 0;
    self->env_count = 0;
    for (; program->readable[self->count] && self->count < SANDBOX_PATHS_MAX; self->count++) {
        self->list[self->count] = program->readable[self->count];
    }
    const char *path = program->path;
    while (path && *path) {
        char directory[SPAWN_PATH_MAX + 1];
        size_t size = strcspn(path, ":");
        if (size > 0 && size < sizeof directory && path[0] == '/') {
            memcpy(directory, path, size);
            directory[size] = '\0';
            show_programs(self, directory);
            if (!strchr(program->argv0, '/')) {
                show_target(self, directory, program->argv0);
            }
        }
        path += size + (path[size] == ':');
    }
    show_caches(self);
    self->list[self->count] = NULL;
}

void exec_paths_free(struct exec_paths *self)
{
    for (size_t i = 0; i < self->owned_count; i++) {
        free(self->owned[i]);
    }
    self->owned_count = 0;
    for (size_t i = 0; i < self->env_count; i++) {
        free(self->env[i]);
    }
    self->env_count = 0;
}
