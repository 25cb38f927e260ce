/* selector.c - reading the parts of selectors that all kinds share. */
#include "actors/healer/selector.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/healer/selector_priv.h"

enum { MEMORY_MAX = 4 << 20, STEPS_FIRST = 8, STEPS_MAX = 256, REGEX_SIZE_MAX = 256 };

bool sel_fail(struct sel_reader *reader, enum err err, const char *why)
{
    if (reader->err == ERR_OK) {
        reader->err = err;
        reader->why = why;
    }
    return false;
}

void *sel_alloc(struct sel_reader *reader, size_t count, size_t size)
{
    void *memory = arena_alloc(&reader->selector->arena, (count > 0 ? count : 1) * size);
    if (!memory) {
        (void)sel_fail(reader, ERR_MEMORY, "out of memory");
    }
    return memory;
}

const char *sel_copy(struct sel_reader *reader, const char *text, size_t size)
{
    char *copy = sel_alloc(reader, size + 1, 1);
    if (copy) {
        memcpy(copy, text, size);
    }
    return copy;
}

void sel_skip_blanks(struct sel_reader *reader)
{
    while (reader->at < reader->end && strchr(" \t\r\n\f", *reader->at)) {
        reader->at++;
    }
}

bool sel_take(struct sel_reader *reader, const char *what)
{
    size_t size = strlen(what);
    if ((size_t)(reader->end - reader->at) < size || strncmp(reader->at, what, size) != 0) {
        return false;
    }
    reader->at += size;
    return true;
}

bool sel_string(struct sel_reader *reader, const char **ret_text)
{
    char quote = (char)(reader->at < reader->end ? *reader->at : '\0');
    if (quote != '"' && quote != '\'' && quote != '`') {
        return false;
    }
    char *text = sel_alloc(reader, (size_t)(reader->end - reader->at), 1);
    size_t size = 0;
    for (reader->at++; text && reader->at < reader->end && *reader->at != quote; reader->at++) {
        if (*reader->at == '\\' && reader->end - reader->at > 1) {
            reader->at++;
            text[size++] = (char)(*reader->at == 'n'   ? '\n'
                                  : *reader->at == 't' ? '\t'
                                                       : *reader->at);
        } else if (quote == '`' && strncmp(reader->at, "${", 2) == 0) {
            return sel_fail(reader, ERR_UNSUPPORTED, "a text with a variable in it");
        } else {
            text[size++] = *reader->at;
        }
    }
    if (reader->at == reader->end) {
        return sel_fail(reader, ERR_MALFORMED, "a text without its end");
    }
    reader->at++;
    *ret_text = text;
    return text != NULL;
}

bool sel_text_make(struct sel_reader *reader, const char *text, bool exact, struct sel_text *ret)
{
    char *collapsed = sel_alloc(reader, strlen(text) + 1, 1);
    size_t size = 0;
    for (; collapsed && *text; text++) {
        bool blank = strchr(" \t\r\n\f", *text) != NULL;
        if (!blank) {
            collapsed[size++] = *text;
        } else if (size > 0 && collapsed[size - 1] != ' ') {
            collapsed[size++] = ' ';
        }
    }
    while (size > 0 && collapsed[size - 1] == ' ') {
        collapsed[--size] = '\0';
    }
    *ret = (struct sel_text){.text = collapsed, .exact = exact};
    return collapsed != NULL;
}

/* ---- regular expressions ---- */

/* \d and (?: are not POSIX; what it has not at all is refused. */
static bool translate(struct sel_reader *reader, const char *from, size_t size, char *to)
{
    bool set = false; /* inside [] */
    size_t used = 0;
    for (size_t i = 0; i < size; i++) {
        const char *next = from + i + 1;
        if (used + 16 > REGEX_SIZE_MAX * 2) {
            return sel_fail(reader, ERR_LIMIT, "a regular expression is too long");
        }
        if (from[i] == '\\' && i + 1 < size) {
            if (strchr("123456789kpPux", *next)) {
                return sel_fail(reader, ERR_UNSUPPORTED, "a regular expression of this kind");
            }
            i++;
            if (*next == 'd') {
                used += (size_t)sprintf(to + used, set ? "0-9" : "[0-9]");
            } else if (*next == '/' || (set && strchr("-.]", *next) == NULL)) {
                to[used++] = *next;
            } else {
                to[used++] = '\\';
                to[used++] = *next;
            }
            continue;
        }
        if (strncmp(from + i, "(?", 2) == 0) {
            if (strncmp(from + i, "(?:", 3) != 0) {
                return sel_fail(reader, ERR_UNSUPPORTED, "a regular expression of this kind");
            }
            to[used++] = '(';
            i += 2;
            continue;
        }
        if (from[i] == '{') { /* large counts take glibc's regcomp() down */
            return sel_fail(reader, ERR_UNSUPPORTED, "a regular expression with counts");
        }
        set = from[i] == '[' ? true : from[i] == ']' ? false : set;
        to[used++] = from[i];
    }
    to[used] = '\0';
    return true;
}

bool sel_regex(struct sel_reader *reader, struct sel_text *ret)
{
    char pattern[REGEX_SIZE_MAX * 2];
    bool set = false;
    if (!sel_take(reader, "/")) {
        return false;
    }
    const char *begin = reader->at;
    while (reader->at < reader->end && (*reader->at != '/' || set)) {
        set = *reader->at == '[' ? true : *reader->at == ']' ? false : set;
        reader->at += *reader->at == '\\' && reader->end - reader->at > 1 ? 2 : 1;
    }
    if (reader->at >= reader->end || reader->at - begin > REGEX_SIZE_MAX) {
        return sel_fail(reader, ERR_MALFORMED, "a regular expression without its end");
    }
    if (!translate(reader, begin, (size_t)(reader->at - begin), pattern)) {
        return false;
    }
    reader->at++;
    int flags = REG_EXTENDED | REG_NOSUB;
    for (; reader->at < reader->end && strchr("gimsuyd", *reader->at); reader->at++) {
        flags |= *reader->at == 'i' ? REG_ICASE : 0;
    }
    regex_t *regex = sel_alloc(reader, 1, sizeof *regex);
    if (!regex || regcomp(regex, pattern, flags) != 0) {
        return sel_fail(reader, ERR_MALFORMED, "not a regular expression");
    }
    *ret = (struct sel_text){.text = "", .regex = regex};
    return true;
}

/* ---- life ---- */

struct sel_step *step_add(struct sel_reader *reader, enum step_kind kind)
{
    struct selector *self = reader->selector;
    if (self->count == STEPS_MAX) {
        (void)sel_fail(reader, ERR_LIMIT, "a selector of too many steps");
        return NULL;
    }
    if (self->count == self->capacity) {
        size_t capacity = self->capacity ? self->capacity * 2 : STEPS_FIRST;
        struct sel_step *grown = reallocarray(self->steps, capacity, sizeof *grown);
        if (!grown) {
            (void)sel_fail(reader, ERR_MEMORY, "out of memory");
            return NULL;
        }
        self->steps = grown;
        self->capacity = capacity;
    }
    struct sel_step *step = &self->steps[self->count++];
    *step = (struct sel_step){.kind = kind, .text = {.text = ""}};
    for (size_t i = 0; i < SEL_FLAGS; i++) {
        step->flags[i] = -1;
    }
    return step;
}

/* Of the regular expressions only the steps know; those in CSS do not exist. */
void selector_destroy(struct selector **selector)
{
    struct selector *self = *selector;
    if (!self) {
        return;
    }
    for (size_t i = 0; i < self->count; i++) {
        selector_destroy(&self->steps[i].inner);
        if (self->steps[i].text.regex) {
            regfree(self->steps[i].text.regex);
        }
    }
    free(self->steps);
    arena_free(&self->arena);
    free(self);
    *selector = NULL;
}

static bool is_locator(const char *text)
{
    static const char *const begins[] = {"page.",  "this.",         "getBy",       "locator(",
                                         "frame.", "frameLocator(", "await page.", "self.page."};
    for (size_t i = 0; i < sizeof begins / sizeof begins[0]; i++) {
        if (strncmp(text, begins[i], strlen(begins[i])) == 0) {
            return true;
        }
    }
    return false;
}

enum err selector_parse(const char *text, struct selector **ret_selector, const char **ret_why)
{
    struct sel_reader reader = {.at = text, .end = text + strlen(text)};
    *ret_why = "out of memory";
    if (reader.end - reader.at > SELECTOR_BYTES_MAX) {
        *ret_why = "the selector is too long";
        return ERR_LIMIT;
    }
    reader.selector = calloc(1, sizeof *reader.selector);
    if (!reader.selector) {
        return ERR_MEMORY;
    }
    reader.selector->arena.bytes_max = MEMORY_MAX;
    sel_skip_blanks(&reader);
    bool good = is_locator(reader.at) ? locator_read(&reader) : chain_read(&reader);
    if (!good) {
        (void)sel_fail(&reader, ERR_MALFORMED, "not a selector");
        *ret_why = reader.why;
        selector_destroy(&reader.selector);
    }
    *ret_selector = reader.selector;
    return good ? ERR_OK : reader.err;
}
