/* needles.c - the automaton: built once as a table, then one look-up a byte. */
#include "actors/classifier/needles.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "actors/classifier/line.h"

enum { NONE = UINT16_MAX, BYTES = 256 };

_Static_assert(STATES_MAX < NONE && NEEDLES_MAX < NONE, "numbers fit");

struct needles {
    size_t count;
    size_t states;
    size_t width; /* classes of bytes; class 0 is every byte of no text */
    uint8_t class_of[BYTES];
    uint16_t *next;    /* [state * width + class of the byte] */
    uint16_t *text_at; /* the text that ends in a state, or NONE */
    uint16_t *shorter; /* the longest other text that ends there: its state, or NONE */
    uint8_t *sizes;    /* of texts, in bytes */
};

static void set_classes(struct needles *self, const char *const *texts)
{
    self->width = 1;
    for (size_t i = 0; i < self->count; i++) {
        for (const char *at = texts[i]; *at; at++) {
            assert(*at != '\n');
            uint8_t *known = &self->class_of[(unsigned char)*at];
            if (*known == 0) {
                *known = (uint8_t)self->width++; /* at most 254: NUL and newline are in no text */
            }
        }
    }
}

static enum err set_sizes(struct needles *self, const char *const *texts, size_t *ret_states_max)
{
    size_t states = 1;
    for (size_t i = 0; i < self->count; i++) {
        size_t size = strlen(texts[i]);
        assert(size > 0);
        assert(size <= NEEDLE_SIZE_MAX);
        self->sizes[i] = (uint8_t)size;
        states += size;
    }
    *ret_states_max = states;
    return states > STATES_MAX ? ERR_LIMIT : ERR_OK;
}

/* State 0 is the root and nobody's child, so 0 means "no edge" here. */
static void add_texts(struct needles *self, const char *const *texts)
{
    self->states = 1;
    self->text_at[0] = NONE;
    for (size_t i = 0; i < self->count; i++) {
        size_t state = 0;
        for (const char *at = texts[i]; *at; at++) {
            uint16_t *edge = &self->next[state * self->width + self->class_of[(unsigned char)*at]];
            if (*edge == 0) {
                self->text_at[self->states] = NONE;
                *edge = (uint16_t)self->states++;
            }
            state = *edge;
        }
        assert(self->text_at[state] == NONE);
        self->text_at[state] = (uint16_t)i;
    }
}

/* Gives each state the edges that it lacks, those of its longest proper suffix, nearest states
 * first.  `suffix` and `queue` have room for all states. */
static void close_edges(struct needles *self, uint16_t *suffix, uint16_t *queue)
{
    size_t head = 0;
    size_t tail = 0;
    queue[tail++] = 0;
    suffix[0] = 0;
    self->shorter[0] = NONE;
    while (head < tail) {
        size_t state = queue[head++];
        uint16_t *edges = &self->next[state * self->width];
        const uint16_t *others = &self->next[suffix[state] * self->width];
        for (size_t column = 0; column < self->width; column++) {
            uint16_t child = edges[column];
            if (child == 0) {
                edges[column] = state == 0 ? 0 : others[column];
                continue;
            }
            uint16_t back = state == 0 ? 0 : others[column];
            suffix[child] = back;
            self->shorter[child] = self->text_at[back] != NONE ? back : self->shorter[back];
            queue[tail++] = child;
        }
    }
}

static enum err build(struct needles *self, const char *const *texts)
{
    self->sizes = calloc(self->count + 1, sizeof *self->sizes);
    if (!self->sizes) {
        return ERR_MEMORY;
    }
    size_t states = 0;
    enum err err = set_sizes(self, texts, &states);
    if (err != ERR_OK) {
        return err;
    }
    set_classes(self, texts);
    self->next = calloc(states * self->width, sizeof *self->next);
    self->text_at = calloc(states, sizeof *self->text_at);
    self->shorter = calloc(states, sizeof *self->shorter);
    uint16_t *work = calloc(2 * states, sizeof *work);
    if (self->next && self->text_at && self->shorter && work) {
        add_texts(self, texts);
        close_edges(self, work, work + states);
    } else {
        err = ERR_MEMORY;
    }
    free(work);
    return err;
}

enum err needles_new(const char *const *texts, size_t count, struct needles **ret_needles)
{
    assert(texts || count == 0);
    assert(ret_needles);
    if (count > NEEDLES_MAX) {
        return ERR_LIMIT;
    }
    struct needles *self = calloc(1, sizeof *self);
    if (!self) {
        return ERR_MEMORY;
    }
    self->count = count;
    enum err err = build(self, texts);
    if (err != ERR_OK) {
        needles_destroy(&self);
        return err;
    }
    *ret_needles = self;
    return ERR_OK;
}

void needles_destroy(struct needles **needles)
{
    assert(needles);
    struct needles *self = *needles;
    if (!self) {
        return;
    }
    free(self->next);
    free(self->text_at);
    free(self->shorter);
    free(self->sizes);
    free(self);
    *needles = NULL;
}

static bool is_word(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '$';
}

/* The line under the scan: where it may be said to begin. */
struct line {
    size_t behind_blanks;
    size_t behind_marks;
};

static struct line line_at(const struct needle_text *text, size_t at)
{
    const char *line = text->text + at;
    size_t size = line_size(line, text->size - at);
    return (struct line){at + line_skip_blanks(line, size), at + line_skip_marks(line, size)};
}

static unsigned bits_of(const struct needle_text *text, const struct line *line, size_t from,
                        size_t to)
{
    unsigned bits = NEEDLE_ANYWHERE;
    if (from == line->behind_blanks || from == line->behind_marks) {
        bits |= NEEDLE_FIRST;
    }
    if ((from == 0 || !is_word(text->text[from - 1])) &&
        (to == text->size || !is_word(text->text[to]))) {
        bits |= NEEDLE_WORD;
    }
    if (from >= text->message_from && to <= text->message_to) {
        bits |= bits * NEEDLE_MESSAGE;
    }
    return bits;
}

void needles_scan(const struct needles *self, const struct needle_text *text, uint8_t *hits)
{
    assert(self);
    assert(text);
    assert(hits);
    struct line line = line_at(text, 0);
    size_t state = 0;
    for (size_t i = 0; i < text->size; i++) {
        unsigned char byte = (unsigned char)text->text[i];
        if (byte == '\n') {
            state = 0;
            line = line_at(text, i + 1);
            continue;
        }
        state = self->next[state * self->width + self->class_of[byte]];
        size_t end = self->text_at[state] != NONE ? state : self->shorter[state];
        while (end != NONE) {
            uint16_t found = self->text_at[end];
            unsigned bits = bits_of(text, &line, i + 1 - self->sizes[found], i + 1);
            hits[found] |= (uint8_t)bits;
            end = self->shorter[end];
        }
    }
}
