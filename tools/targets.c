/* targets.c - the files that --files-from names. */
#include "tools/targets.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/message.h"
#include "tools/command.h"

enum { TARGETS_MAX = 10000000 };

bool targets_normalise(char *path)
{
    char *to = path;
    const char *from = path;
    while (*from) {
        size_t size = strcspn(from, "/");
        const char *part = from;
        /* Read on before anything is written: both are in the same text. */
        from += size;
        from += *from == '/';
        bool up = size == 2 && part[0] == '.' && part[1] == '.';
        if (up && to == path) {
            return false;
        }
        if (up) {
            to--; /* the slash */
            while (to > path && to[-1] != '/') {
                to--;
            }
        } else if (size > 0 && !(size == 1 && part[0] == '.')) {
            bool last = *from == '\0';
            memmove(to, part, size);
            to += size;
            if (last) {
                break;
            }
            *to++ = '/';
        }
    }
    if (to > path && to[-1] == '/') {
        to--;
    }
    *to = '\0';
    return to > path;
}

static bool is_below(const char *path, const char *dir)
{
    size_t size = strlen(dir);
    return strncmp(path, dir, size) == 0 && path[size] == '/';
}

/* `from` fits: it is part of a path that did. */
static void copy(char path[PATH_MAX], const char *from)
{
    assert(strlen(from) < PATH_MAX);
    memcpy(path, from, strlen(from) + 1);
}

/* `line` as a path relative to `dir`; false: it is outside. */
static bool resolve(const char *line, const char *dir, char path[PATH_MAX])
{
    char full[PATH_MAX];
    int size = snprintf(full, sizeof full, "%s%s%s", line[0] == '/' ? "" : dir,
                        line[0] == '/' ? "" : "/", line);
    if (size < 0 || (size_t)size >= sizeof full) {
        return false;
    }
    char real[PATH_MAX];
    if (line[0] != '/' && access(full, F_OK) != 0 && realpath(line, real) && is_below(real, dir)) {
        copy(path, real + strlen(dir) + 1);
        return true;
    }
    if (line[0] == '/') {
        const char *from = realpath(full, real) ? real : full;
        if (!is_below(from, dir)) {
            return false;
        }
        copy(path, from + strlen(dir) + 1);
    } else {
        copy(path, line);
    }
    return targets_normalise(path);
}

static bool add(struct targets *self, const char *path)
{
    if (self->count == self->capacity) {
        size_t capacity = self->capacity ? self->capacity * 2 : 256;
        char **files = realloc(self->files, capacity * sizeof *files);
        if (!files) {
            return false;
        }
        self->files = files;
        self->capacity = capacity;
    }
    self->files[self->count] = strdup(path);
    return self->files[self->count] && ++self->count;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void keep_text(void *text)
{
    (void)text; /* belongs to the targets */
}

static int out_of_memory(void)
{
    return complain(EXIT_COULD_NOT, "out of memory", NULL);
}

/* Adds a path unless it is there already; `seen` is a tree of texts. */
static int add_once(struct targets *self, const char *path, void **seen)
{
    if (tfind(path, seen, by_text)) {
        return EXIT_DONE;
    }
    if (!add(self, path) || !tsearch(self->files[self->count - 1], seen, by_text)) {
        return out_of_memory();
    }
    return EXIT_DONE;
}

static int read_lines(FILE *file, const char *dir, struct targets *self, void **seen)
{
    char *line = NULL;
    size_t capacity = 0;
    int code = EXIT_DONE;
    for (size_t number = 1; code == EXIT_DONE && getline(&line, &capacity, file) >= 0; number++) {
        line[strcspn(line, "\r\n")] = '\0';
        char path[PATH_MAX];
        if (line[0] == '\0') {
            continue;
        }
        if (self->count == TARGETS_MAX) {
            code = complainf(EXIT_USAGE, NULL, "more than %d files are named", TARGETS_MAX);
        } else if (strlen(line) > MSG_MAX_run_file_file - 1 || !resolve(line, dir, path)) {
            code =
                complainf(EXIT_USAGE, "Name paths inside of the project.",
                          "--files-from, line %zu: %.200s is outside of %.200s", number, line, dir);
        } else {
            code = add_once(self, path, seen);
        }
    }
    free(line);
    return code;
}

int targets_read(const char *from, const char *dir, struct targets *ret_targets)
{
    *ret_targets = (struct targets){.named = from != NULL};
    if (!from) {
        return EXIT_DONE;
    }
    bool standard = strcmp(from, "-") == 0;
    FILE *file = standard ? stdin : fopen(from, "re");
    if (!file) {
        return complainf(EXIT_USAGE, NULL, "--files-from %.300s: %s", from, strerrordesc_np(errno));
    }
    void *seen = NULL;
    int code = read_lines(file, dir, ret_targets, &seen);
    if (code == EXIT_DONE && ferror(file)) {
        code = complainf(EXIT_COULD_NOT, NULL, "--files-from %.300s cannot be read", from);
    }
    tdestroy(seen, keep_text);
    if (!standard) {
        (void)fclose(file);
    }
    return code;
}

void targets_fini(struct targets *self)
{
    for (size_t i = 0; i < self->count; i++) {
        free(self->files[i]);
        free(self->whys ? self->whys[i] : NULL);
        free(self->inputs ? self->inputs[i] : NULL);
    }
    free(self->inputs);
    free(self->files);
    free(self->whys);
    *self = (struct targets){0};
}
