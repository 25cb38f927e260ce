/* text.c - see text.h. */
#include "actors/gateway/text.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CAPACITY_FIRST = 1024, REPLACEMENT = 0xfffd, FENCE_MIN = 3 };

/* ---- our own ---- */

void text_free(struct text *self)
{
    free(self->at);
    *self = (struct text){.at = NULL};
}

static bool reserve(struct text *self, size_t size)
{
    if (self->full || size > self->size_max - self->size) {
        self->full = true;
        return false;
    }
    size_t wanted = self->size + size + 1;
    if (wanted > self->capacity) {
        size_t capacity = self->capacity ? self->capacity : CAPACITY_FIRST;
        while (capacity < wanted) {
            capacity *= 2;
        }
        char *grown = realloc(self->at, capacity);
        if (!grown) {
            self->full = true;
            return false;
        }
        self->at = grown;
        self->capacity = capacity;
    }
    return true;
}

static void put(struct text *self, const char *bytes, size_t size)
{
    if (size > 0 && reserve(self, size)) {
        memcpy(self->at + self->size, bytes, size);
        self->size += size;
        self->at[self->size] = '\0';
    }
}

void text_add(struct text *self, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int size = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (size < 0 || !reserve(self, (size_t)size)) {
        self->full = true;
        return;
    }
    va_start(args, format);
    (void)vsnprintf(self->at + self->size, (size_t)size + 1, format, args); /* measured above */
    va_end(args);
    self->size += (size_t)size;
}

void text_cut(struct text *self, size_t size)
{
    assert(size <= self->size);
    self->size = size;
    self->full = false;
    if (self->at) {
        self->at[size] = '\0';
    }
}

/* ---- strangers' ---- */

/* Length of the UTF-8 character at `at`; 0 when there is none. */
static size_t character(const char *at, size_t left, uint32_t *ret_code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char first = (unsigned char)at[0];
    size_t size = first < 0x80 ? 1 : first >> 5 == 6 ? 2 : first >> 4 == 14 ? 3 : 4;
    if ((size == 4 && first >> 3 != 30) || size > left) {
        return 0;
    }
    uint32_t code = size == 1 ? first : first & (0x7fU >> size);
    for (size_t i = 1; i < size; i++) {
        unsigned char next = (unsigned char)at[i];
        if (next >> 6 != 2) {
            return 0;
        }
        code = code << 6 | (next & 0x3f);
    }
    bool surrogate = code >= 0xd800 && code <= 0xdfff;
    if (code < least[size] || code > 0x10ffff || surrogate) {
        return 0;
    }
    *ret_code = code;
    return size;
}

/* Controls, and what changes the direction in which text is shown: it can hide what is there. */
static bool is_harmful(uint32_t code)
{
    return (code < 0x20 && code != '\n' && code != '\t') || (code >= 0x7f && code <= 0x9f) ||
           (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) ||
           code == 0x200e || code == 0x200f || code == 0x061c || code == 0x2028 || code == 0x2029 ||
           code == 0xfeff || code == 0xfffe ||
           code == 0xffff; /* the last two are not allowed in XML */
}

/* Bytes of a terminal's control sequence (colours) at `at`; 0 when there is none. */
static size_t control_sequence(const char *at, size_t left)
{
    if (left < 2 || at[0] != 0x1b || at[1] != '[') {
        return 0;
    }
    size_t size = 2;
    while (size < left && at[size] >= 0x20 && at[size] <= 0x3f) {
        size++;
    }
    return size < left && at[size] >= 0x40 && at[size] <= 0x7e ? size + 1 : 0;
}

struct reader {
    const char *at;
    const char *end;
};

/* The next character, harmless; 0 at the end. */
static uint32_t next(struct reader *self)
{
    while (self->at < self->end) {
        size_t left = (size_t)(self->end - self->at);
        size_t skip = control_sequence(self->at, left);
        bool line_end = self->at[0] == '\r' && left > 1 && self->at[1] == '\n';
        if (skip > 0 || line_end) {
            self->at += skip + line_end;
            continue;
        }
        uint32_t code = REPLACEMENT;
        size_t size = character(self->at, left, &code);
        self->at += size ? size : 1;
        return is_harmful(code) ? REPLACEMENT : code;
    }
    return 0;
}

static size_t encode(uint32_t code, char to[4])
{
    if (code < 0x80) {
        to[0] = (char)code;
        return 1;
    }
    size_t size = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = size - 1; i > 0; i--) {
        to[i] = (char)(0x80 | (code & 0x3f));
        code >>= 6;
    }
    to[0] = (char)((0xf00 >> size & 0xff) | code);
    return size;
}

/* The words, harmless, as bytes of their own.  `line`: on one line. */
static struct text clean(struct msg_str words, size_t max, bool line)
{
    struct text text = {.size_max = max};
    struct reader reader = {words.at, words.at + words.size};
    uint32_t code;
    while (!text.full && (code = next(&reader))) {
        char bytes[4];
        bool space = line && (code == '\n' || code == '\t');
        put(&text, bytes, encode(space ? ' ' : code, bytes));
    }
    return text;
}

static size_t longest_run(const struct text *words, char c)
{
    size_t longest = 0;
    size_t run = 0;
    assert(words->at || words->size == 0);
    for (size_t i = 0; i < words->size; i++) {
        run = words->at[i] == c ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    return longest;
}

static void put_times(struct text *self, char c, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        put(self, &c, 1);
    }
}

static void put_cut_mark(struct text *self, const struct text *words)
{
    if (words->full) {
        put(self, "…", sizeof "…" - 1);
    }
}

void text_plain(struct text *self, struct msg_str words, size_t max)
{
    struct text line = clean(words, max, true);
    put(self, line.at, line.size);
    put_cut_mark(self, &line);
    text_free(&line);
}

/* Literal by the rules of Markdown: the mark around is longer than any inside. */
void text_code(struct text *self, struct msg_str words, size_t max)
{
    struct text line = clean(words, max, true);
    size_t mark = longest_run(&line, '`') + 1;
    bool blank = true;
    for (size_t i = 0; i < line.size; i++) {
        blank = blank && line.at[i] == ' ';
    }
    if (!blank) {
        bool pad = line.at[0] == '`' || line.at[line.size - 1] == '`' || line.at[0] == ' ';
        put_times(self, '`', mark);
        put_times(self, ' ', pad);
        put(self, line.at, line.size);
        put_cut_mark(self, &line);
        put_times(self, ' ', pad);
        put_times(self, '`', mark);
    }
    text_free(&line);
}

void text_fence(struct text *self, const char *language, struct msg_str words, size_t max)
{
    struct text block = clean(words, max, false);
    bool cut = block.full;
    const char *last = cut && block.at ? memrchr(block.at, '\n', block.size) : NULL;
    if (last) {
        text_cut(&block, (size_t)(last - block.at) + 1);
    }
    size_t mark = longest_run(&block, '`') + 1;
    mark = mark < FENCE_MIN ? FENCE_MIN : mark;
    put_times(self, '`', mark);
    text_add(self, "%s\n", language);
    put(self, block.at, block.size);
    if (block.size > 0 && block.at[block.size - 1] != '\n') {
        put(self, "\n", 1);
    }
    if (cut) {
        text_add(self, "… cut\n");
    }
    put_times(self, '`', mark);
    put(self, "\n", 1);
    text_free(&block);
}

static void put_html(struct text *self, char c)
{
    static const struct {
        char c;
        const char *entity;
    } entities[] = {{'<', "&lt;"}, {'>', "&gt;"}, {'&', "&amp;"}, {'"', "&quot;"}, {'\'', "&#39;"}};
    for (size_t i = 0; i < sizeof entities / sizeof entities[0]; i++) {
        if (entities[i].c == c) {
            put(self, entities[i].entity, strlen(entities[i].entity));
            return;
        }
    }
    put(self, &c, 1);
}

void text_html(struct text *self, struct msg_str words, size_t max)
{
    struct text line = clean(words, max, true);
    for (size_t i = 0; i < line.size; i++) {
        put_html(self, line.at[i]);
    }
    put_cut_mark(self, &line);
    text_free(&line);
}

void text_lines(struct text *self, struct msg_str words, size_t max)
{
    struct text lines = clean(words, max, false);
    put(self, lines.at, lines.size);
    put_cut_mark(self, &lines);
    text_free(&lines);
}
