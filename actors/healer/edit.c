/* edit.c - a locator in a source text, and the unified diff that changes it. */
#include "actors/healer/edit.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "actors/common/awaited.h"

enum {
    FOUND_MAX = 16,
    CONTEXT_LINES = 3,
    LINES_MAX = 2 * EDIT_RANGE_LINES + 1,
    PATH_MAX_SIZE = 1024
};

bool edit_is_path(const char *file)
{
    size_t size = strlen(file);
    if (size == 0 || size > PATH_MAX_SIZE || file[0] == '/' || file[size - 1] == '/') {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        if ((unsigned char)file[i] < ' ' || file[i] == 0x7f || strchr("\\\"", file[i])) {
            return false;
        }
    }
    for (const char *part = file; part; part = strchr(part, '/')) {
        part += part[0] == '/';
        size_t length = strcspn(part, "/");
        if (length == 0 || (length == 1 && part[0] == '.') ||
            (length == 2 && part[0] == '.' && part[1] == '.')) {
            return false;
        }
    }
    return true;
}

void edit_range(uint64_t line, uint64_t *ret_first, uint64_t *ret_last)
{
    assert(line > 0);
    assert(line <= EDIT_LINE_MAX);
    *ret_first = line > EDIT_RANGE_LINES ? line - EDIT_RANGE_LINES : 1;
    *ret_last = line + EDIT_RANGE_LINES;
}

/* ---- lines ---- */

/* The window on the file: line i begins at from[i] and ends, with its newline, at from[i + 1]. */
struct lines {
    const char *text;
    size_t count;
    size_t from[LINES_MAX + 1];
    uint64_t first; /* number of line 0 */
};

static bool cut_lines(const struct edit_input *input, struct lines *lines)
{
    uint64_t last;
    *lines = (struct lines){.text = input->text};
    edit_range(input->line, &lines->first, &last);
    for (size_t at = 0; at < input->size;) {
        const char *end = memchr(input->text + at, '\n', input->size - at);
        if (lines->first + lines->count > last) {
            return false; /* more than was asked for */
        }
        at = end ? (size_t)(end - input->text) + 1 : input->size;
        lines->from[++lines->count] = at;
    }
    return lines->first + lines->count > input->line;
}

/* Which line the byte belongs to. */
static size_t line_of(const struct lines *lines, size_t at)
{
    size_t i = 0;
    while (i + 1 < lines->count && lines->from[i + 1] <= at) {
        i++;
    }
    return i;
}

/* The offset of a column, which counts UTF-16 units from 1. */
static size_t offset_of(const struct lines *lines, size_t line, uint64_t column)
{
    size_t at = lines->from[line];
    uint64_t seen = 1;
    while (at < lines->from[line + 1] && seen < column) {
        unsigned char byte = (unsigned char)lines->text[at++];
        seen += byte >= 0xf0 ? 2 : (byte & 0xc0) != 0x80;
    }
    return at;
}

/* ---- finding ---- */

struct span {
    size_t from;
    size_t to;  /* the byte behind it */
    char quote; /* of a locator */
};

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '$' || ((unsigned char)c & 0x80) != 0;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Whether a variable and a dot stand before: a call's result would be another locator. */
static bool is_of_variable(const char *text, size_t at)
{
    while (at > 0 && is_blank(text[at - 1])) {
        at--;
    }
    if (at == 0 || text[--at] != '.') {
        return false;
    }
    at -= at > 0 && (text[at - 1] == '?' || text[at - 1] == '!');
    while (at > 0 && is_blank(text[at - 1])) {
        at--;
    }
    return at > 0 && is_word(text[at - 1]);
}

/* Whether the byte is neither in a comment nor in a string, judged by its line alone. */
static bool is_code(const struct lines *lines, size_t at)
{
    size_t i = lines->from[line_of(lines, at)];
    char quote = '\0';
    while (i < at && is_blank(lines->text[i])) {
        i++;
    }
    if (lines->text[i] == '*') {
        return false; /* inside of a block comment, as it is usually laid out */
    }
    for (; i < at; i++) {
        char c = lines->text[i];
        if (quote && c == '\\') {
            i++;
        } else if (quote) {
            quote = (char)(c == quote ? '\0' : quote);
        } else if (c == '\'' || c == '"' || c == '`') {
            quote = c;
        } else if (c == '/' && i + 1 < at && lines->text[i + 1] == '/') {
            return false;
        } else if (c == '/' && i + 1 < at && lines->text[i + 1] == '*') {
            const char *end = memmem(lines->text + i, at - i, "*/", 2);
            if (!end) {
                return false;
            }
            i = (size_t)(end - lines->text) + 1;
        }
    }
    return quote == '\0';
}

/* Whether some of its lines is near the call, and all are inside the context. */
static bool is_near(const struct lines *lines, struct span span, uint64_t call)
{
    uint64_t from = lines->first + line_of(lines, span.from);
    uint64_t to = lines->first + line_of(lines, span.to - 1);
    return to - from < EDIT_LONG_LINES && from <= call + EDIT_NEAR_LINES &&
           to + EDIT_NEAR_LINES >= call;
}

/* All places of the locator near the call, in order; *ret_count may be FOUND_MAX for more. */
static void find_all(const struct edit_input *input, const struct lines *lines,
                     struct span found[FOUND_MAX], size_t *ret_count)
{
    size_t count = 0;
    for (size_t at = 1; at < input->size && count < FOUND_MAX; at++) {
        struct locator locator;
        if (!is_word(input->text[at]) || is_word(input->text[at - 1]) ||
            !is_of_variable(input->text, at) ||
            locator_parse(input->text + at, input->size - at, &locator) != ERR_OK ||
            !locator_equal(&locator, input->before)) {
            continue;
        }
        struct span span = {at, at + locator.size, locator.quote};
        if (is_near(lines, span, input->line) && is_code(lines, at)) {
            found[count++] = span;
        }
    }
    *ret_count = count;
}

/* Of several the one whose statement the call ends. */
static bool find_one(const struct edit_input *input, const struct lines *lines,
                     struct span *ret_span, const char **ret_why)
{
    struct span found[FOUND_MAX];
    size_t count;
    find_all(input, lines, found, &count);
    if (count == 0) {
        *ret_why = "the locator is written elsewhere, not where the call is";
        return false;
    }
    *ret_why = "the locator stands there several times";
    *ret_span = found[0];
    if (count == 1) {
        return true;
    }
    if (count == FOUND_MAX || input->column == 0) {
        return false;
    }
    size_t call = offset_of(lines, (size_t)(input->line - lines->first), input->column);
    for (size_t i = count; i-- > 0;) {
        if (found[i].to <= call) {
            *ret_span = found[i];
            return !memchr(input->text + found[i].to, ';', call - found[i].to);
        }
    }
    return false;
}

/* ---- the diff ---- */

struct writer {
    char *to;
    size_t size;
    size_t used;
    bool full;
};

static void put(struct writer *writer, const char *bytes, size_t size)
{
    if (writer->full || writer->size - writer->used <= size) {
        writer->full = true;
        return;
    }
    memcpy(writer->to + writer->used, bytes, size);
    writer->used += size;
    writer->to[writer->used] = '\0';
}

__attribute__((format(printf, 2, 3))) static void put_format(struct writer *writer,
                                                             const char *format, ...)
{
    char line[PATH_MAX_SIZE + 128];
    va_list args;
    va_start(args, format);
    int size = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    assert(size >= 0 && (size_t)size < sizeof line);
    put(writer, line, (size_t)size);
}

static void end_line(struct writer *writer)
{
    static const char none[] = "\n\\ No newline at end of file\n";
    if (writer->used > 0 && writer->to[writer->used - 1] != '\n') {
        put(writer, none, sizeof none - 1);
    }
}

static void put_lines(struct writer *writer, const struct lines *lines, char sign,
                      struct span range)
{
    for (size_t i = range.from; i < range.to; i++) {
        put(writer, &sign, 1);
        put(writer, lines->text + lines->from[i], lines->from[i + 1] - lines->from[i]);
        end_line(writer);
    }
}

static bool write_diff(const struct edit_input *input, const struct lines *lines, struct span span,
                       struct edit *edit)
{
    struct writer writer = {.to = edit->diff, .size = sizeof edit->diff};
    struct span old = {.from = line_of(lines, span.from), .to = line_of(lines, span.to - 1) + 1};
    size_t last = old.to + CONTEXT_LINES < lines->count ? old.to + CONTEXT_LINES : lines->count;
    struct span all = {.from = old.from > CONTEXT_LINES ? old.from - CONTEXT_LINES : 0, .to = last};
    const char *tab = strchr(input->file, ' ') ? "\t" : ""; /* else patch(1) ends it at the blank */
    size_t count = all.to - all.from;
    put_format(&writer, "--- a/%s%s\n+++ b/%s%s\n", input->file, tab, input->file, tab);
    put_format(&writer, "@@ -%" PRIu64 ",%zu +%" PRIu64 ",%zu @@\n", lines->first + all.from, count,
               lines->first + all.from, count - (old.to - old.from) + 1);
    put_lines(&writer, lines, ' ', (struct span){.from = all.from, .to = old.from});
    put_lines(&writer, lines, '-', old);
    put(&writer, "+", 1);
    put(&writer, lines->text + lines->from[old.from], span.from - lines->from[old.from]);
    put(&writer, edit->after, strlen(edit->after));
    put(&writer, lines->text + span.to, lines->from[old.to] - span.to);
    end_line(&writer);
    put_lines(&writer, lines, ' ', (struct span){.from = old.to, .to = all.to});
    return !writer.full;
}

/* The lines of the window; says why not. */
static bool read_lines(const struct edit_input *input, struct lines *lines, const char **ret_why)
{
    assert(edit_is_path(input->file));
    if (input->size > EDIT_TEXT_MAX || memchr(input->text, '\0', input->size)) {
        *ret_why = "the lines around the call are too long, or no text";
        return false;
    }
    *ret_why = "the file does not have the line of the call";
    return cut_lines(input, lines);
}

/* Notes what stands there now. */
static bool take_before(const struct edit_input *input, const struct lines *lines, struct span span,
                        struct edit *edit)
{
    size_t size = span.to - span.from;
    if (size >= sizeof edit->before) {
        return false;
    }
    memcpy(edit->before, input->text + span.from, size);
    edit->before[size] = '\0';
    edit->line = lines->first + line_of(lines, span.from);
    return true;
}

bool edit_awaited(const struct edit_input *input, struct edit *ret_edit, const char **ret_why)
{
    struct lines lines;
    struct awaited changed;
    if (!read_lines(input, &lines, ret_why)) {
        return false;
    }
    size_t at = (size_t)(input->line - lines.first);
    size_t from = lines.from[at];
    size_t end = lines.from[at + 1];
    end -= end > from && input->text[end - 1] == '\n';
    while (from < end && is_blank(input->text[from])) {
        from++;
    }
    *ret_why = "nothing is known that could stand there";
    if (!awaited_rewrite(input->text + from, end - from, &changed)) {
        return false;
    }
    assert(changed.size <= end - from);
    static_assert(sizeof ret_edit->after == sizeof changed.after, "one fits into the other");
    memcpy(ret_edit->after, changed.after, sizeof ret_edit->after);
    struct span span = {.from = from, .to = from + changed.size};
    return take_before(input, &lines, span, ret_edit) && write_diff(input, &lines, span, ret_edit);
}

bool edit_make(const struct edit_input *input, struct edit *ret_edit, const char **ret_why)
{
    struct lines lines;
    struct span span;
    if (!read_lines(input, &lines, ret_why) || !find_one(input, &lines, &span, ret_why)) {
        return false;
    }
    struct locator after = *input->after;
    after.quote = span.quote;
    *ret_why = "the locator or the lines around it are too long";
    return locator_print(&after, ret_edit->after, sizeof ret_edit->after) == ERR_OK &&
           take_before(input, &lines, span, ret_edit) && write_diff(input, &lines, span, ret_edit);
}
