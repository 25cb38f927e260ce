/* affected_inputs.c - from a test file forward along the dependencies. */
#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/affected_priv.h"

struct inputs {
    const struct affected *affected;
    size_t *first;     /* of each file: where its targets begin; one more for the end */
    uint32_t *targets; /* in the order of their sources */
    uint32_t *seen;    /* of each file: the walk that has come by */
    uint32_t walk;
    uint32_t *list;
    size_t count;
    size_t open; /* the first file on the way that cannot be followed; SIZE_MAX: none */
};

struct inputs *inputs_new(const struct affected *affected)
{
    size_t nodes = affected->nodes_count;
    size_t edges = affected->edges_count;
    struct inputs *self = calloc(1, sizeof *self);
    if (!self) {
        return NULL;
    }
    self->affected = affected;
    self->first = calloc(nodes + 2, sizeof *self->first);
    self->targets = calloc(edges + 1, sizeof *self->targets);
    self->seen = calloc(nodes + 1, sizeof *self->seen);
    self->list = calloc(nodes + 1, sizeof *self->list);
    if (!self->first || !self->targets || !self->seen || !self->list) {
        inputs_free(&self);
        return NULL;
    }
    /* Counted, summed up, then put where the sum says. */
    for (size_t i = 0; i < edges; i++) {
        self->first[affected->edges[i].source + 2]++;
    }
    for (size_t i = 2; i < nodes + 2; i++) {
        self->first[i] += self->first[i - 1];
    }
    for (size_t i = 0; i < edges; i++) {
        self->targets[self->first[affected->edges[i].source + 1]++] = affected->edges[i].target;
    }
    return self;
}

void inputs_free(struct inputs **inputs)
{
    struct inputs *self = *inputs;
    if (self) {
        free(self->first);
        free(self->targets);
        free(self->seen);
        free(self->list);
    }
    free(self);
    *inputs = NULL;
}

static void reach(struct inputs *self, size_t index)
{
    if (self->seen[index] != self->walk) {
        self->seen[index] = self->walk;
        self->list[self->count++] = (uint32_t)index;
    }
}

/* All files below a directory: they are neighbours in the order of paths. */
static void reach_dir(struct inputs *self, const char *dir)
{
    const struct affected *affected = self->affected;
    size_t size = strlen(dir);
    size_t low = 0;
    size_t high = affected->nodes_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        const char *path = affected->nodes[middle].path;
        int order = strncmp(path, dir, size);
        if (order < 0 || (order == 0 && (unsigned char)path[size] < '/')) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    for (; low < affected->nodes_count; low++) {
        const char *path = affected->nodes[low].path;
        if (strncmp(path, dir, size) != 0 || path[size] != '/') {
            return;
        }
        reach(self, low);
    }
}

/* What the runner has stored for it. */
static void reach_snapshot(struct inputs *self, size_t index)
{
    const char *path = self->affected->nodes[index].path;
    const char *name = affected_last_part(path);
    char snapshot[PATH_MAX];
    int size = snprintf(snapshot, sizeof snapshot, "%.*s__snapshots__/%s.snap", (int)(name - path),
                        path, name);
    size_t found = size > 0 && (size_t)size < sizeof snapshot
                       ? affected_find(self->affected, snapshot)
                       : SIZE_MAX;
    if (found != SIZE_MAX) {
        reach(self, found);
    }
}

static void follow(struct inputs *self)
{
    const struct affected *affected = self->affected;
    for (size_t at = 0; at < self->count; at++) {
        size_t index = self->list[at];
        if (affected->nodes[index].open && self->open == SIZE_MAX) {
            self->open = index;
        }
        for (size_t i = self->first[index]; i < self->first[index + 1]; i++) {
            size_t target = self->targets[i];
            if (target < affected->nodes_count) {
                reach(self, target);
            } else {
                reach_dir(self, affected->dirs[target - affected->nodes_count].path);
            }
        }
    }
}

static int by_number(const void *a, const void *b)
{
    const uint32_t *x = a;
    const uint32_t *y = b;
    return (*x > *y) - (*x < *y);
}

/* Configurations of tools that take no part in a test. */
static bool is_of_others(const struct node *node)
{
    static const char *const tools[] = {"playwright.", "cypress.",   "eslint.",
                                        "prettier.",   "stylelint.", "commitlint."};
    const char *name = affected_last_part(node->path);
    for (size_t i = 0; i < sizeof tools / sizeof tools[0]; i++) {
        if (strncmp(name, tools[i], strlen(tools[i])) == 0) {
            return true;
        }
    }
    return false;
}

bool inputs_of(struct inputs *self, size_t index, const uint32_t **ret_list, size_t *ret_count,
               size_t *ret_why)
{
    const struct affected *affected = self->affected;
    assert(index == SIZE_MAX || index < affected->nodes_count);
    self->walk++;
    self->count = 0;
    self->open = SIZE_MAX;
    if (index != SIZE_MAX) {
        reach(self, index);
        reach_snapshot(self, index);
    }
    for (size_t i = 0; index == SIZE_MAX && i < affected->nodes_count; i++) {
        if (affected_is_root(&affected->nodes[i]) && !is_of_others(&affected->nodes[i])) {
            reach(self, i);
        }
    }
    follow(self);
    /* Only themselves: what a declaration names is not loaded. */
    for (size_t i = 0; index == SIZE_MAX && i < affected->nodes_count; i++) {
        if (affected_is_global(&affected->nodes[i])) {
            reach(self, i);
        }
    }
    if (self->count > 1) {
        qsort(self->list, self->count, sizeof *self->list, by_number);
    }
    *ret_list = self->list;
    *ret_count = self->count;
    *ret_why = self->open;
    return self->open == SIZE_MAX;
}
