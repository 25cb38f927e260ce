/* taught.c - a sorted list. */
#include "actors/classifier/taught.h"

#include <assert.h>
#include <string.h>

/* The first place whose fingerprint is not less. */
static size_t place_of(const struct taught *taught, uint64_t fingerprint)
{
    size_t from = 0;
    size_t to = taught->count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (taught->list[middle].fingerprint < fingerprint) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    return from;
}

bool taught_add(struct taught *taught, const struct taught_label *label)
{
    assert(label->label < RULES_LABELS);
    size_t place = place_of(taught, label->fingerprint);
    struct taught_label *at = &taught->list[place];
    if (place < taught->count && at->fingerprint == label->fingerprint) {
        *at = *label;
        return true;
    }
    if (taught->count == TAUGHT_MAX) {
        return false;
    }
    memmove(at + 1, at, (taught->count - place) * sizeof *at);
    *at = *label;
    taught->count++;
    return true;
}

const struct taught_label *taught_find(const struct taught *taught, uint64_t fingerprint)
{
    size_t place = place_of(taught, fingerprint);
    const struct taught_label *at = &taught->list[place];
    return place < taught->count && at->fingerprint == fingerprint ? at : NULL;
}
