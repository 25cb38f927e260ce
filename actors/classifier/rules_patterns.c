/* rules_patterns.c - lists of patterns: plain texts, globs, regular expressions. */
#include <assert.h>
#include <string.h>

#include "actors/classifier/rules_priv.h"

/* The number of a text among all needles; it is added if it is new.  NEEDLES_MAX: no room. */
static size_t number_needle(struct loader *self, const char *text)
{
    uint32_t hash = 2166136261U; /* FNV-1a */
    for (const char *at = text; *at; at++) {
        hash = (hash ^ (unsigned char)*at) * 16777619U;
    }
    struct rules *rules = self->rules;
    size_t slot = hash % RULES_SLOTS;
    while (self->slots[slot] != 0) {
        size_t number = self->slots[slot] - 1U;
        if (strcmp(self->needles[number], text) == 0) {
            return number;
        }
        slot = (slot + 1) % RULES_SLOTS;
    }
    if (rules->needles_count == NEEDLES_MAX) {
        return NEEDLES_MAX;
    }
    self->needles[rules->needles_count] = text;
    self->slots[slot] = (uint16_t)(rules->needles_count + 1);
    return rules->needles_count++;
}

/* What must be true of a needle for a list to have found it. */
static uint8_t bits_of(enum rules_list list, bool first)
{
    switch (list) {
    case RULES_LIST_message:
    case RULES_LIST_not_message:
        return first ? NEEDLE_MESSAGE_FIRST : NEEDLE_MESSAGE;
    case RULES_LIST_word:
        return NEEDLE_MESSAGE_WORD;
    default:
        return first ? NEEDLE_FIRST : NEEDLE_ANYWHERE;
    }
}

/* In *ret_regex what a text means that is written as an expression.  False: it is told. */
static bool compile(struct loader *self, const struct reader_item *item, const char *text,
                    const struct regex **ret_regex)
{
    struct rules *rules = self->rules;
    struct regex_problem problem;
    if (rules->regexes_count == RULES_REGEX_MAX) {
        binder_complain(&self->binder, item, "expected at most %d regular expressions",
                        RULES_REGEX_MAX);
        return false;
    }
    struct regex **place = &rules->regexes[rules->regexes_count];
    enum err err = regex_new(text, place, &problem);
    if (err != ERR_OK) {
        struct reader_item at = *item;
        at.column += err == ERR_MALFORMED ? problem.offset + item->quoted : 0;
        binder_complain(&self->binder, &at, "no regular expression: %s",
                        err == ERR_MALFORMED ? problem.text : err_text(err));
        return false;
    }
    rules->regexes_count++;
    *ret_regex = *place;
    return true;
}

/* How long a text may be: expressions say more in one than plain texts. */
static size_t size_max_of(const struct reader_item *item)
{
    return item->size > 0 && item->text[0] == '/' ? RULES_REGEX_SIZE_MAX : NEEDLE_SIZE_MAX;
}

static void add_pattern(struct loader *self, enum rules_list list, const struct reader_item *item)
{
    struct rules *rules = self->rules;
    const char *text = binder_keep(&self->binder, item, size_max_of(item));
    if (!text) {
        return;
    }
    struct rules_check check = {.text = text};
    if (regex_is_written(text) && list != RULES_LIST_word) {
        if (!compile(self, item, text, &check.regex)) {
            return;
        }
    } else if (strlen(text) > NEEDLE_SIZE_MAX) {
        binder_complain(&self->binder, item,
                        "expected at most %d bytes, or a regular expression: /.../",
                        NEEDLE_SIZE_MAX);
        return;
    } else if (list < RULES_LIST_code) {
        bool first = text[0] == '^' && text[1] != '\0' && list != RULES_LIST_word;
        size_t needle = number_needle(self, text + first);
        check.needle = (uint16_t)needle;
        check.bits = bits_of(list, first);
        self->is_full |= needle == NEEDLES_MAX;
    }
    if (rules->checks_count == RULES_CHECKS_MAX || self->is_full) {
        binder_complain(&self->binder, item,
                        "expected at most %d different texts and %d patterns: remove some",
                        NEEDLES_MAX, RULES_CHECKS_MAX);
        return;
    }
    rules->checks[rules->checks_count++] = check;
}

enum err loader_read_patterns(struct loader *self, enum rules_list list, const char *what,
                              struct rules_span *ret_span)
{
    bool open = false;
    enum err err = binder_open_next(&self->binder, READER_LIST, what, &open);
    size_t from = self->rules->checks_count;
    for (size_t count = 0; err == ERR_OK && open; count++) {
        struct reader_item item;
        err = binder_next(&self->binder, &item);
        if (err != ERR_OK) {
            break;
        }
        open = item.kind != READER_CLOSE;
        if (open && item.kind == READER_TEXT && count < RULES_LIST_MAX) {
            add_pattern(self, list, &item);
        } else if (open) {
            binder_complain(&self->binder, &item, "%s: expected at most %d plain texts", what,
                            RULES_LIST_MAX);
            err = binder_skip(&self->binder, &item);
        } else if (count == 0) {
            binder_complain(&self->binder, &item,
                            "%s: expected a text at least: an empty list never matches", what);
        }
    }
    *ret_span = (struct rules_span){(uint16_t)from, (uint16_t)(self->rules->checks_count - from)};
    return err;
}
