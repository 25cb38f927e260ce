/* diff.c - see diff.h.  What is the same at both ends is left out first; of the rest the longest
 * common subsequence stays, if that is affordable, or all of it is replaced. */
#include "actors/models/diff.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CONTEXT = 3, CELLS_MAX = 1000000 };

enum err diff_split(struct msg_str text, size_t spare, struct diff_text *ret_text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.size; i++) {
        count += text.at[i] == '\n';
    }
    bool open = text.size > 0 && text.at[text.size - 1] != '\n';
    count += open;
    if (count + spare > DIFF_LINES_MAX) {
        return ERR_LIMIT;
    }
    struct msg_str *lines = calloc(count + spare + 1, sizeof *lines);
    if (!lines) {
        return ERR_MEMORY;
    }
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        const char *end = memchr(text.at + at, '\n', text.size - at);
        size_t size = end ? (size_t)(end - text.at) - at : text.size - at;
        lines[i] = (struct msg_str){text.at + at, (uint32_t)size};
        at += size + 1;
    }
    *ret_text = (struct diff_text){lines, count, open};
    return ERR_OK;
}

/* ---- which lines stay ---- */

struct work {
    const struct diff_text *before;
    const struct diff_text *after;
    bool *gone;  /* of `before` */
    bool *fresh; /* of `after` */
};

static bool same(const struct work *self, size_t i, size_t j)
{
    const struct diff_text *a = self->before;
    const struct diff_text *b = self->after;
    bool a_open = a->open && i + 1 == a->count;
    bool b_open = b->open && j + 1 == b->count;
    return a_open == b_open && msg_str_equal(a->lines[i], b->lines[j]);
}

/* Marks what is not common to before[from, from + n) and after[from, from + m). */
static enum err compare(struct work *self, size_t from, size_t n, size_t m)
{
    bool affordable = n < CELLS_MAX && (n + 1) * (m + 1) <= CELLS_MAX;
    uint16_t *table = affordable ? calloc((n + 1) * (m + 1), sizeof *table) : NULL;
    if (affordable && !table) {
        return ERR_MEMORY;
    }
    for (size_t i = n; affordable && i-- > 0;) {
        for (size_t j = m; j-- > 0;) {
            uint16_t down = table[(i + 1) * (m + 1) + j];
            uint16_t right = table[i * (m + 1) + j + 1];
            table[i * (m + 1) + j] = same(self, from + i, from + j)
                                         ? (uint16_t)(table[(i + 1) * (m + 1) + j + 1] + 1)
                                     : down > right ? down
                                                    : right;
        }
    }
    size_t i = 0;
    size_t j = 0;
    while (i < n || j < m) {
        if (affordable && i < n && j < m && same(self, from + i, from + j)) {
            i++;
            j++;
        } else if (i < n && (j == m || !affordable ||
                             table[(i + 1) * (m + 1) + j] >= table[i * (m + 1) + j + 1])) {
            self->gone[from + i++] = true;
        } else {
            self->fresh[from + j++] = true;
        }
    }
    free(table);
    return ERR_OK;
}

static enum err mark(struct work *self)
{
    size_t n = self->before->count;
    size_t m = self->after->count;
    size_t from = 0;
    while (from < n && from < m && same(self, from, from)) {
        from++;
    }
    while (n > from && m > from && same(self, n - 1, m - 1)) {
        n--;
        m--;
    }
    return compare(self, from, n - from, m - from);
}

/* ---- writing ---- */

static enum err put(struct diff_out *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static enum err put(struct diff_out *out, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int size = vsnprintf(out->at + out->size, out->max - out->size, format, args);
    va_end(args);
    if (size < 0 || (size_t)size >= out->max - out->size) {
        return ERR_LIMIT;
    }
    out->size += (size_t)size;
    return ERR_OK;
}

static enum err put_line(struct diff_out *out, char sign, const struct diff_text *text, size_t at)
{
    bool open = text->open && at + 1 == text->count;
    return put(out, "%c%.*s\n%s", sign, (int)text->lines[at].size, text->lines[at].at,
               open ? "\\ No newline at end of file\n" : "");
}

/* A place in both states at once. */
struct place {
    size_t i;
    size_t j;
};

static bool changes(const struct work *self, struct place at)
{
    return (at.i < self->before->count && self->gone[at.i]) ||
           (at.j < self->after->count && self->fresh[at.j]);
}

static struct place step(const struct work *self, struct place at)
{
    if (at.i < self->before->count && self->gone[at.i]) {
        return (struct place){at.i + 1, at.j};
    }
    if (at.j < self->after->count && self->fresh[at.j]) {
        return (struct place){at.i, at.j + 1};
    }
    return (struct place){at.i + 1, at.j + 1};
}

static bool is_end(const struct work *self, struct place at)
{
    return at.i >= self->before->count && at.j >= self->after->count;
}

/* Where a hunk that begins at a change ends: behind it come more than twice CONTEXT that stay. */
static struct place hunk_end(const struct work *self, struct place at)
{
    struct place end = at;
    for (size_t kept = 0; !is_end(self, at) && kept <= 2 * CONTEXT;) {
        bool changed = changes(self, at);
        at = step(self, at);
        kept = changed ? 0 : kept + 1;
        end = changed ? at : end;
    }
    for (size_t i = 0; i < CONTEXT && !is_end(self, end); i++) {
        end = step(self, end);
    }
    return end;
}

static enum err put_hunk(const struct work *self, struct place from, struct place to,
                         struct diff_out *out)
{
    size_t olds = to.i - from.i;
    size_t news = to.j - from.j;
    enum err err =
        put(out, "@@ -%zu,%zu +%zu,%zu @@\n", from.i + (olds > 0), olds, from.j + (news > 0), news);
    for (struct place at = from; err == ERR_OK && (at.i < to.i || at.j < to.j);) {
        struct place next = step(self, at);
        err = next.j == at.j   ? put_line(out, '-', self->before, at.i)
              : next.i == at.i ? put_line(out, '+', self->after, at.j)
                               : put_line(out, ' ', self->before, at.i);
        at = next;
    }
    return err;
}

static enum err put_all(const struct work *self, const char *path, struct diff_out *out)
{
    enum err err = ERR_OK;
    bool headed = false;
    for (struct place at = {0, 0}; err == ERR_OK && !is_end(self, at);) {
        if (!changes(self, at)) {
            at = step(self, at);
            continue;
        }
        size_t back = at.i < at.j ? at.i : at.j;
        back = back < CONTEXT ? back : CONTEXT;
        struct place from = {at.i - back, at.j - back};
        struct place to = hunk_end(self, at);
        err = headed ? ERR_OK : put(out, "--- a/%s\n+++ b/%s\n", path, path);
        err = err == ERR_OK ? put_hunk(self, from, to, out) : err;
        headed = true;
        at = to;
    }
    return err;
}

enum err diff_write(const char *path, const struct diff_text *before, const struct diff_text *after,
                    struct diff_out *out)
{
    struct work self = {before, after, calloc(before->count + 1, sizeof(bool)),
                        calloc(after->count + 1, sizeof(bool))};
    enum err err = self.gone && self.fresh ? mark(&self) : ERR_MEMORY;
    if (err == ERR_OK) {
        err = put_all(&self, path, out);
    }
    free(self.gone);
    free(self.fresh);
    return err;
}
