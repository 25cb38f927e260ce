/* findings.c - what became of a run's failures, as plain data. */
#include "tools/findings.h"

#include <stdlib.h>
#include <string.h>

static enum err keep(const struct msg *msg, void *ret_copy)
{
    void *memory = malloc(msg_size(msg));
    if (!memory) {
        return ERR_MEMORY;
    }
    const void *copy = msg_copy(memory, msg);
    memcpy(ret_copy, &copy, sizeof copy);
    return ERR_OK;
}

enum err findings_add(struct findings *self, const struct msg_error_row *row)
{
    if (row->error <= findings_last(self)) {
        return ERR_OK;
    }
    if (self->count == self->capacity) {
        size_t capacity = self->capacity ? 2 * self->capacity : 16;
        struct finding *all = realloc(self->all, capacity * sizeof *all);
        if (!all) {
            return ERR_MEMORY;
        }
        self->all = all;
        self->capacity = capacity;
    }
    struct finding *finding = &self->all[self->count];
    *finding = (struct finding){.row = NULL};
    enum err err = keep(&row->head, &finding->row);
    self->count += err == ERR_OK;
    return err;
}

/* Rows about a finding come right behind it. */
static struct finding *last(struct findings *self, uint64_t error)
{
    struct finding *finding = self->count > 0 ? &self->all[self->count - 1] : NULL;
    return finding && finding->row->error == error ? finding : NULL;
}

enum err findings_add_fix(struct findings *self, const struct msg_fix_row *row)
{
    struct finding *finding = last(self, row->error);
    return finding && !finding->fix ? keep(&row->head, &finding->fix) : ERR_OK;
}

enum err findings_add_heal(struct findings *self, const struct msg_heal_row *row)
{
    struct finding *finding = last(self, row->error);
    return finding && !finding->heal ? keep(&row->head, &finding->heal) : ERR_OK;
}

const struct finding *findings_find(const struct findings *self, uint64_t job, const char *test)
{
    for (size_t i = 0; i < self->count; i++) {
        const struct msg_error_row *row = self->all[i].row;
        if (row->job == job && msg_str_is(row->test, test)) {
            return &self->all[i];
        }
    }
    return NULL;
}

uint64_t finding_cause(const struct finding *finding_or_null)
{
    return finding_or_null ? finding_or_null->row->cause : 0;
}

uint64_t findings_last(const struct findings *self)
{
    return self->count > 0 ? self->all[self->count - 1].row->error : 0;
}

void findings_fini(struct findings *self)
{
    for (size_t i = 0; i < self->count; i++) {
        free(self->all[i].row);
        free(self->all[i].fix);
        free(self->all[i].heal);
    }
    free(self->all);
    *self = (struct findings){.all = NULL};
}
