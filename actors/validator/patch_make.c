/* patch_make.c - a change made to a text, or taken back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/validator/patch.h"

/* The text before, how far it is read, and the text after. */
struct maker {
    const char *at;
    const char *end;
    size_t number; /* of the line at `at` */
    struct patch_made made;
};

static void put(struct maker *self, const char *from, size_t size)
{
    memcpy(self->made.text + self->made.size, from, size);
    self->made.size += size;
}

/* The rest of the line at `at`, with its end if it has one. */
static size_t line_size(const struct maker *self)
{
    const char *newline = memchr(self->at, '\n', (size_t)(self->end - self->at));
    return (size_t)((newline ? newline + 1 : self->end) - self->at);
}

static void keep_line(struct maker *self)
{
    size_t size = line_size(self);
    put(self, self->at, size);
    self->at += size;
    self->number++;
}

static bool stands(const struct maker *self, const struct patch_line *line)
{
    size_t size = self->at < self->end ? line_size(self) : 0;
    bool ended = size > 0 && self->at[size - 1] == '\n';
    return size > 0 && ended == !line->open && size - ended == line->text.size &&
           memcmp(self->at, line->text.at, line->text.size) == 0;
}

/* Everything fits: what is there, and all that is added. */
static size_t size_max(const struct patch *patch, const struct patch_file *file, size_t size)
{
    for (size_t i = file->first; i < file->first + file->count; i++) {
        size += patch->lines[i].text.size + 1;
    }
    return size + 1;
}

/* Does what a line of the patch says; false: another one stands there. */
static bool follow_line(struct maker *self, const struct patch_line *line, size_t number, bool adds)
{
    while (self->number < number && self->at < self->end) {
        keep_line(self);
    }
    if (self->number != number || (!adds && !stands(self, line))) {
        return false;
    }
    if (adds) {
        put(self, line->text.at, line->text.size);
        put(self, "\n", !line->open);
    } else if (line->sign == ' ') {
        keep_line(self);
    } else {
        self->at += line_size(self);
        self->number++;
    }
    return true;
}

enum err patch_make(const struct patch *patch, const struct patch_file *file, struct msg_str text,
                    bool back, struct patch_made *ret_made)
{
    struct maker self = {.at = text.at, .end = text.at + text.size, .number = 1};
    size_t grown = 0; /* lines that were added so far, less those removed; may wrap */
    if (file->kind != PATCH_TEXT || file->created || file->deleted) {
        (void)snprintf(ret_made->why, sizeof ret_made->why, "%.80s is made or removed as a whole",
                       file->path);
        return ERR_UNSUPPORTED;
    }
    self.made.text = malloc(size_max(patch, file, text.size));
    if (!self.made.text) {
        return ERR_MEMORY;
    }
    for (size_t i = file->first; i < file->first + file->count; i++) {
        const struct patch_line *line = &patch->lines[i];
        bool adds = line->sign == (back ? '-' : '+');
        size_t number = line->number + (back && line->sign != '+' ? grown : 0) -
                        (!back && line->sign == '+' ? grown : 0);
        grown += (size_t)(line->sign == '+') - (size_t)(line->sign == '-');
        if (!follow_line(&self, line, number, adds)) {
            (void)snprintf(ret_made->why, sizeof ret_made->why, "line %zu of %.80s is another one",
                           number, file->path);
            free(self.made.text);
            return ERR_REFUSED;
        }
    }
    put(&self, self.at, (size_t)(self.end - self.at));
    self.made.text[self.made.size] = '\0';
    *ret_made = self.made;
    return ERR_OK;
}
