/* line.c - takes off what was put around an error text on its way. */
#include "actors/classifier/line.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

enum {
    PREFIXES_MAX = 4,      /* before one line */
    PREFIX_SIZE_MAX = 48,  /* of the name of a service */
    SEQUENCE_SIZE_MAX = 64 /* of one ANSI sequence; a longer one is not one */
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_name(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '-' || c == '.' || c == '/' || c == '@';
}

static bool begins(const char *text, size_t size, const char *word)
{
    size_t length = strlen(word);
    return length <= size && memcmp(text, word, length) == 0;
}

size_t line_size(const char *text, size_t size)
{
    const char *end = memchr(text, '\n', size);
    return end ? (size_t)(end - text) : size;
}

size_t line_skip_blanks(const char *line, size_t size)
{
    size_t at = 0;
    while (at < size && line[at] == ' ') {
        at++;
    }
    return at;
}

/* "[web] ", "[!] "; 0 if there is none. */
static size_t bracket_size(const char *line, size_t size)
{
    enum { BRACKET_MAX = 32 };
    for (size_t i = 1; size > 0 && line[0] == '[' && i + 1 < size && i < BRACKET_MAX; i++) {
        if (line[i] == ']') {
            return line[i + 1] == ' ' ? i + 2 : 0;
        }
    }
    return 0;
}

/* "> ", "* ", or a few characters that are not ASCII and a blank; 0 if there is none. */
static size_t bullet_size(const char *line, size_t size)
{
    enum { BULLET_MAX = 9 };
    size_t at = 0;
    if (size > 1 && strchr(">*-x", line[0]) && line[0] != '\0') {
        at = 1;
    }
    while (at < size && at < BULLET_MAX && ((unsigned char)line[at] & 0x80) != 0) {
        at++;
    }
    return at > 0 && at < size && line[at] == ' ' ? at + 1 : 0;
}

size_t line_skip_marks(const char *line, size_t size)
{
    size_t at = line_skip_blanks(line, size);
    for (int i = 0; i < PREFIXES_MAX; i++) {
        size_t mark = bracket_size(line + at, size - at);
        mark = mark > 0 ? mark : bullet_size(line + at, size - at);
        mark = mark > 0 ? mark : begins(line + at, size - at, "E   ") ? 4 : 0;
        if (mark == 0) {
            break;
        }
        at += mark;
        at += line_skip_blanks(line + at, size - at);
    }
    return at;
}

/* Whether `text` has the shape of `shape`, where 0 stands for any digit. */
static bool has_shape(const char *text, size_t size, const char *shape)
{
    size_t length = strlen(shape);
    if (length > size) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        if (shape[i] == '0' ? !is_digit(text[i]) : text[i] != shape[i]) {
            return false;
        }
    }
    return true;
}

/* "2024-02-10T14:08:45.7355410Z ", "[14:08:45] ", "14:08:45.123 "; 0 if there is none. */
static size_t timestamp_size(const char *line, size_t size)
{
    size_t open = size > 0 && line[0] == '[';
    size_t at = open;
    if (has_shape(line + at, size - at, "0000-00-00T") ||
        has_shape(line + at, size - at, "0000-00-00 ")) {
        at += 11;
    }
    if (!has_shape(line + at, size - at, "00:00:00")) {
        return 0;
    }
    at += 8;
    while (at < size && (is_digit(line[at]) || strchr(".,Z+", line[at])) && line[at] != '\0') {
        at++;
    }
    if (open && (at >= size || line[at++] != ']')) {
        return 0;
    }
    if (at == size) {
        return at;
    }
    return line[at] == ' ' ? at + 1 : 0; /* what follows one blank is the line's own indentation */
}

/* The bytes up to and with the second "::" of "::error file=a.js,line=3::"; 0 if there is none. */
static size_t annotation_size(const char *line, size_t size)
{
    const char *end = memmem(line + 2, size - 2, "::", 2);
    return end ? (size_t)(end - line) + 2 : 0;
}

/* "##[error]", "::error file=a.js,line=3::"; 0 if there is none. */
static size_t command_size(const char *line, size_t size)
{
    static const char *const hashes[] = {"##[error]", "##[warning]", "##[group]", "##[debug]"};
    static const char *const colons[] = {"::error", "::warning", "::notice"};
    for (size_t i = 0; i < sizeof hashes / sizeof hashes[0]; i++) {
        if (begins(line, size, hashes[i])) {
            return strlen(hashes[i]);
        }
    }
    for (size_t i = 0; i < sizeof colons / sizeof colons[0]; i++) {
        if (begins(line, size, colons[i])) {
            return annotation_size(line, size);
        }
    }
    return 0;
}

/* "web-1  | "; 0 if there is none.  Line numbers of code frames begin with a digit. */
static size_t service_size(const char *line, size_t size)
{
    size_t at = 0;
    while (at < size && at < PREFIX_SIZE_MAX && is_name(line[at])) {
        at++;
    }
    if (at < 2 || is_digit(line[0])) {
        return 0;
    }
    at += line_skip_blanks(line + at, size - at);
    if (at >= size || line[at] != '|' || line[at - 1] != ' ') {
        return 0;
    }
    at++;
    return at < size && line[at] == ' ' ? at + 1 : at;
}

/* "web:build: " of turbo, "packages/web test: " of pnpm; 0 if there is none. */
static size_t task_size(const char *line, size_t size)
{
    static const char *const tasks[] = {"build: ",     "test: ",       "lint: ",  "dev: ",
                                        "typecheck: ", "type-check: ", "check: ", "start: "};
    size_t at = 0;
    while (at < size && at < PREFIX_SIZE_MAX && is_name(line[at])) {
        at++;
    }
    if (at == 0 || at >= size || (line[at] != ':' && line[at] != ' ')) {
        return 0;
    }
    at++;
    for (size_t i = 0; i < sizeof tasks / sizeof tasks[0]; i++) {
        if (begins(line + at, size - at, tasks[i])) {
            return at + strlen(tasks[i]);
        }
    }
    return 0;
}

/* All prefixes of one plain line, in bytes. */
static size_t prefix_size(const char *line, size_t size)
{
    static size_t (*const kinds[])(const char *, size_t) = {timestamp_size, command_size,
                                                            service_size, task_size};
    size_t at = 0;
    for (int round = 0; round < PREFIXES_MAX; round++) {
        size_t prefix = 0;
        for (size_t i = 0; i < sizeof kinds / sizeof kinds[0] && prefix == 0; i++) {
            prefix = kinds[i](line + at, size - at);
        }
        if (prefix == 0) {
            break;
        }
        at += prefix;
    }
    return at;
}

/* The bytes of the ANSI sequence that begins with the ESC at `text`; at least 1. */
static size_t sequence_size(const char *text, size_t size)
{
    if (size < 2) {
        return size;
    }
    size_t end = size < SEQUENCE_SIZE_MAX ? size : SEQUENCE_SIZE_MAX;
    if (text[1] == '[') {
        for (size_t i = 2; i < end; i++) {
            if (text[i] >= '@' && text[i] <= '~') {
                return i + 1;
            }
        }
        return 2;
    }
    if (text[1] == ']') { /* long: hyperlinks hold addresses; the next ESC bounds the search */
        for (size_t i = 2; i < size && text[i] != '\n'; i++) {
            if (text[i] == '\a') {
                return i + 1;
            }
            if (text[i] == '\033') {
                return i + 1 < size && text[i + 1] == '\\' ? i + 2 : 2;
            }
        }
    }
    return text[1] == '\n' ? 1 : 2;
}

/* A copy under way: `start` is where the line that is being written begins. */
struct copy {
    char *to;
    size_t used;
    size_t start;
};

static void end_line(struct copy *copy)
{
    char *line = copy->to + copy->start;
    size_t size = copy->used - copy->start;
    size_t prefix = prefix_size(line, size);
    memmove(line, line + prefix, size - prefix);
    copy->used -= prefix;
}

/* Copies plain bytes; never writes more than it reads. */
static void copy_plain(struct copy *copy, const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        char c = text[i];
        if (c == '\033') {
            i += sequence_size(text + i, size - i) - 1;
        } else if (c == '\n' || c == '\r') {
            i += c == '\r' && i + 1 < size && text[i + 1] == '\n';
            end_line(copy);
            copy->to[copy->used++] = '\n';
            copy->start = copy->used;
        } else if (c == '\t') {
            copy->to[copy->used++] = ' ';
        } else if ((unsigned char)c >= ' ' && c != 0x7f) {
            copy->to[copy->used++] = c;
        }
    }
}

size_t line_clean(const char *text, size_t size, char *to, size_t room)
{
    assert(text || size == 0);
    assert(to);
    assert(room >= 64);
    struct copy copy = {0};
    copy.to = to;
    if (size <= room) {
        copy_plain(&copy, text, size);
    } else {
        size_t half = (room - 1) / 2;
        copy_plain(&copy, text, half);
        copy_plain(&copy, "\n", 1);
        copy_plain(&copy, text + size - half, half);
    }
    end_line(&copy);
    return copy.used;
}
