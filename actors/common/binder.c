/* binder.c - values out of YAML, with a complaint for each that is not as it should be. */
#include "actors/common/binder.h"

#include <assert.h>
#include <stdarg.h>
#include <string.h>

#include "config/suggest.h"
#include "config/value.h"

void binder_complain(struct binder *self, const struct reader_item *item, const char *format, ...)
{
    char text[CONFIG_WHY_SIZE];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    struct config_place place = {self->file, item->line, item->column};
    config_report_add(self->report, &place, "%s", text);
}

/* Aliases could make a small file large. */
static void refuse_references(struct binder *self, const struct reader_item *item)
{
    if (item->kind == READER_ALIAS || item->anchored || item->tagged) {
        binder_complain(self, item,
                        "aliases (*name), anchors (&name) and tags (!name) are not read");
    }
}

enum err binder_next(struct binder *self, struct reader_item *ret_item)
{
    enum err err = reader_next(self->reader, ret_item);
    if (err == ERR_OK) {
        refuse_references(self, ret_item);
    } else if (err == ERR_MALFORMED) {
        const struct reader_problem *problem = reader_problem(self->reader);
        struct config_place place = {self->file, problem->line, problem->column};
        config_report_add(self->report, &place, "%s", problem->text);
    }
    return err;
}

enum err binder_skip(struct binder *self, const struct reader_item *first)
{
    struct reader_item item = *first;
    enum err err = ERR_OK;
    size_t depth = 0;
    for (;;) {
        depth += item.kind == READER_MAP || item.kind == READER_LIST;
        depth -= item.kind == READER_CLOSE;
        if (depth == 0 || err != ERR_OK) {
            return err;
        }
        err = binder_next(self, &item);
    }
}

static enum err skip_next(struct binder *self)
{
    struct reader_item item;
    enum err err = binder_next(self, &item);
    return err == ERR_OK ? binder_skip(self, &item) : err;
}

enum err binder_open_next(struct binder *self, enum reader_kind kind, const char *what,
                          bool *ret_open)
{
    struct reader_item item;
    enum err err = binder_next(self, &item);
    *ret_open = err == ERR_OK && item.kind == kind;
    if (err != ERR_OK || *ret_open) {
        return err;
    }
    binder_complain(self, &item, "%s: expected a %s", what,
                    kind == READER_MAP ? "map: write name: value lines" : "list: write [one, two]");
    return binder_skip(self, &item);
}

size_t binder_find_name(struct binder *self, const struct binder_names *names,
                        const struct reader_item *item)
{
    const char *nearest = NULL;
    size_t least = SIZE_MAX;
    for (size_t i = 0; i < names->count; i++) {
        size_t distance = suggest_distance(item->text, item->size, names->list[i]);
        if (distance == 0) {
            return i;
        }
        if (distance < least && suggest_is_near(distance, names->list[i])) {
            least = distance;
            nearest = names->list[i];
        }
    }
    struct shown shown = shown_text(item->text, item->size);
    char all[CONFIG_WHY_SIZE / 2] = "";
    for (size_t i = 0, used = 0; i < names->count && used < sizeof all; i++, used = strlen(all)) {
        (void)snprintf(all + used, sizeof all - used, "%s%s", i == 0 ? "" : ", ", names->list[i]);
    }
    if (nearest) {
        binder_complain(self, item, "unknown %s %s: did you mean \"%s\"?", names->what, shown.text,
                        nearest);
    } else {
        binder_complain(self, item, "unknown %s %s: expected one of %s", names->what, shown.text,
                        all);
    }
    return names->count;
}

enum err binder_next_key(struct binder *self, const struct binder_names *names, uint32_t *seen,
                         size_t *ret_key)
{
    for (;;) {
        struct reader_item item;
        enum err err = binder_next(self, &item);
        if (err != ERR_OK || item.kind == READER_CLOSE) {
            *ret_key = names->count;
            return err;
        }
        if (item.kind != READER_TEXT) {
            binder_complain(self, &item, "expected the name of a %s", names->what);
            err = binder_skip(self, &item);
        } else {
            size_t key = binder_find_name(self, names, &item);
            if (key < names->count && (*seen & 1U << key) == 0) {
                *seen |= 1U << key;
                *ret_key = key;
                self->key_line = item.line;
                self->key_column = item.column;
                return ERR_OK;
            }
            if (key < names->count) {
                binder_complain(self, &item, "%s stands here again: remove one of them",
                                names->list[key]);
            }
        }
        err = err == ERR_OK ? skip_next(self) : err;
        if (err != ERR_OK) {
            return err;
        }
    }
}

const char *binder_keep_lines(struct binder *self, const struct reader_item *item, size_t size_max)
{
    if (item->size == 0 || item->size > size_max ||
        item->size >= self->strings_size - self->strings_used) {
        binder_complain(self, item, "expected a text of 1 to %zu bytes, found %zu", size_max,
                        item->size);
        return NULL;
    }
    char *kept = self->strings + self->strings_used;
    memcpy(kept, item->text, item->size);
    kept[item->size] = '\0';
    self->strings_used += item->size + 1;
    return kept;
}

const char *binder_keep(struct binder *self, const struct reader_item *item, size_t size_max)
{
    for (size_t i = 0; i < item->size && item->size <= size_max; i++) {
        if ((unsigned char)item->text[i] < ' ') {
            binder_complain(self, item,
                            "control characters and newlines are never found: remove them");
            return NULL;
        }
    }
    return binder_keep_lines(self, item, size_max);
}

enum err binder_read_text(struct binder *self, const char *what, size_t size_max,
                          const char **ret_text)
{
    struct reader_item item;
    enum err err = binder_next(self, &item);
    if (err != ERR_OK) {
        return err;
    }
    if (item.kind != READER_TEXT) {
        binder_complain(self, &item, "%s: expected one text behind the colon", what);
        return binder_skip(self, &item);
    }
    const char *text = binder_keep(self, &item, size_max);
    *ret_text = text ? text : *ret_text;
    return ERR_OK;
}

enum err binder_read_number(struct binder *self, const char *what, unsigned max,
                            unsigned *ret_number)
{
    struct reader_item item;
    enum err err = binder_next(self, &item);
    if (err != ERR_OK) {
        return err;
    }
    unsigned number = 0;
    bool is_number = item.kind == READER_TEXT && item.size > 0 && item.size <= 7;
    for (size_t i = 0; is_number && i < item.size; i++) {
        is_number = item.text[i] >= '0' && item.text[i] <= '9';
        number = number * 10 + (unsigned)(item.text[i] - '0');
    }
    if (!is_number || number > max) {
        binder_complain(self, &item, "%s: expected a number from 0 to %u", what, max);
        return binder_skip(self, &item);
    }
    *ret_number = number;
    return ERR_OK;
}

enum err binder_read_choice(struct binder *self, const struct binder_names *names,
                            size_t *ret_index)
{
    struct reader_item item;
    enum err err = binder_next(self, &item);
    *ret_index = names->count;
    if (err != ERR_OK) {
        return err;
    }
    if (item.kind != READER_TEXT) {
        binder_complain(self, &item, "expected a %s", names->what);
        return binder_skip(self, &item);
    }
    *ret_index = binder_find_name(self, names, &item);
    return ERR_OK;
}
