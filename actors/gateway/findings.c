/* findings.c - see findings.h. */
#include "actors/gateway/findings.h"

#include <stdlib.h>

static void drop(struct finding *finding)
{
    free(finding->error);
    free(finding->fix);
    free(finding->heal);
}

void findings_clear_errors(struct findings *self)
{
    for (size_t i = 0; i < self->count; i++) {
        drop(&self->list[i]);
    }
    self->count = 0;
    self->bytes = 0;
    self->left_out = 0;
}

void findings_free(struct findings *self)
{
    findings_clear_errors(self);
    free(self->closed);
    self->closed = NULL;
}

/* Puts a copy into *slot, a pointer to a message of that type. */
static enum err replace(void **slot, const struct msg *msg)
{
    void *copy = malloc(msg_size(msg));
    if (!copy) {
        return ERR_MEMORY;
    }
    (void)msg_copy(copy, msg); /* returns `copy` */
    free(*slot);
    *slot = copy;
    return ERR_OK;
}

static struct finding *find(struct findings *self, uint64_t error)
{
    for (size_t i = 0; i < self->count; i++) {
        if (self->list[i].error->error == error) {
            return &self->list[i];
        }
    }
    return NULL;
}

static bool has_room(struct findings *self, const struct msg *msg)
{
    size_t size = msg_size(msg);
    if (size > FINDINGS_BYTES_MAX - self->bytes) {
        return false;
    }
    self->bytes += size;
    return true;
}

static enum err add_error(struct findings *self, const struct msg *msg)
{
    struct finding *finding = find(self, msg_as_error_row(msg)->error);
    if (!finding && self->count == FINDINGS_ERRORS_MAX) {
        self->left_out++;
        return ERR_OK;
    }
    if (!has_room(self, msg)) {
        self->left_out += !finding;
        return ERR_OK;
    }
    void *error = finding ? finding->error : NULL;
    enum err err = replace(&error, msg);
    if (err == ERR_OK && !finding) {
        self->list[self->count] = (struct finding){.error = NULL};
        finding = &self->list[self->count++];
    }
    if (err == ERR_OK) {
        finding->error = error;
    }
    return err;
}

enum err findings_add(struct findings *self, const struct msg *msg)
{
    struct finding *finding = NULL;
    void *slot = NULL;
    enum err err = ERR_OK;
    switch (msg->type) {
    case MSG_RUN_CLOSED:
        slot = self->closed;
        err = replace(&slot, msg);
        self->closed = slot;
        return err;
    case MSG_ERROR_ROW:
        return add_error(self, msg);
    case MSG_FIX_ROW:
        finding = find(self, msg_as_fix_row(msg)->error);
        if (finding && has_room(self, msg)) {
            slot = finding->fix;
            err = replace(&slot, msg);
            finding->fix = slot;
        }
        return err;
    case MSG_HEAL_ROW:
        finding = find(self, msg_as_heal_row(msg)->error);
        if (finding && has_room(self, msg)) {
            slot = finding->heal;
            err = replace(&slot, msg);
            finding->heal = slot;
        }
        return err;
    default:
        return ERR_UNKNOWN;
    }
}

bool findings_is_again(const struct findings *self, size_t index)
{
    uint64_t cause = self->list[index].error->cause;
    return index > 0 && cause != 0 && self->list[index - 1].error->cause == cause;
}

static int by_importance(const void *a, const void *b)
{
    const struct msg_error_row *one = ((const struct finding *)a)->error;
    const struct msg_error_row *other = ((const struct finding *)b)->error;
    if (one->priority != other->priority) {
        return one->priority > other->priority ? -1 : 1;
    }
    if (one->cause != other->cause) {
        return one->cause < other->cause ? -1 : 1;
    }
    return one->error < other->error ? -1 : one->error > other->error;
}

void findings_sort(struct findings *self)
{
    if (self->count > 1) {
        qsort(self->list, self->count, sizeof self->list[0], by_importance);
    }
}
