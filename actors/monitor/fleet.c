/* fleet.c - see fleet.h. */
#include "actors/monitor/fleet.h"

#include <stdlib.h>
#include <string.h>

void fleet_begin_round(struct fleet *self)
{
    self->round++;
    self->left_out = 0;
}

/* The place of a name, or where it would be. */
static size_t place_of(const struct fleet *self, const char *name)
{
    size_t low = 0;
    size_t high = self->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(self->all[middle]->node, name) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool make_room(struct fleet *self)
{
    if (self->count < self->room) {
        return true;
    }
    size_t room = self->room ? 2 * self->room : 16;
    struct fleet_process **all =
        self->count < FLEET_MAX ? realloc(self->all, room * sizeof(struct fleet_process *)) : NULL;
    if (all) {
        self->all = all;
        self->room = room;
    }
    return all != NULL;
}

/* NULL: there is no room for another. */
static struct fleet_process *find_or_add(struct fleet *self, struct msg_str name, uint64_t now_ms)
{
    size_t at = place_of(self, name.at);
    if (at < self->count && strcmp(self->all[at]->node, name.at) == 0) {
        return self->all[at];
    }
    struct fleet_process *process = make_room(self) ? calloc(1, sizeof *process) : NULL;
    if (!process) {
        return NULL;
    }
    memcpy(process->node, name.at, name.size); /* the field has the same limit */
    process->heard_ms = now_ms;
    memmove(&self->all[at + 1], &self->all[at],
            (self->count - at) * sizeof(struct fleet_process *));
    self->all[at] = process;
    self->count++;
    return process;
}

void fleet_hear(struct fleet *self, const struct msg_node_is *is, uint64_t now_ms)
{
    struct fleet_process *process = find_or_add(self, is->node, now_ms);
    if (!process) {
        self->left_out++;
        return;
    }
    process->up = !is->silent;
    if (process->up) {
        process->round = self->round;
        process->heard_ms = now_ms;
        memcpy(process->version, is->version.at, is->version.size);
        process->version[is->version.size] = '\0';
        process->is = *is;
        process->is.node = msg_str(process->node);
        process->is.version = msg_str(process->version);
    }
}

void fleet_end_round(struct fleet *self, uint64_t now_ms, uint64_t stale_ms)
{
    size_t kept = 0;
    for (size_t i = 0; i < self->count; i++) {
        struct fleet_process *process = self->all[i];
        process->up &= process->round == self->round;
        if (process->up || now_ms - process->heard_ms <= stale_ms) {
            self->all[kept++] = process;
        } else {
            free(process);
        }
    }
    self->count = kept;
}

void fleet_clear(struct fleet *self)
{
    for (size_t i = 0; i < self->count; i++) {
        free(self->all[i]);
    }
    free(self->all);
    *self = (struct fleet){.round = self->round};
}
