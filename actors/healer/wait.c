/* wait.c - see wait.h. */
#include "actors/healer/wait.h"

#include <stdio.h>
#include <string.h>

/* ---- where it failed ---- */

/* Reads FILE:LINE:COLUMN at the end of [from, end). */
static bool read_place(const char *from, const char *end, char *file, size_t file_size,
                       uint64_t *ret_line)
{
    uint64_t numbers[2] = {0, 0};
    for (int i = 1; i >= 0; i--) {
        uint64_t unit = 1;
        const char *at = end;
        while (at > from && at[-1] >= '0' && at[-1] <= '9' && unit < EDIT_LINE_MAX) {
            numbers[i] += unit * (uint64_t)(*--at - '0');
            unit *= 10;
        }
        if (at == end || at == from || at[-1] != ':') {
            return false;
        }
        end = at - 1;
    }
    size_t size = (size_t)(end - from);
    if (size == 0 || size >= file_size || memmem(from, size, "node_modules/", 13)) {
        return false;
    }
    memcpy(file, from, size);
    file[size] = '\0';
    *ret_line = numbers[0];
    return numbers[0] > 0 && edit_is_path(file);
}

bool wait_place(const char *message, size_t size, char *file, size_t file_size, uint64_t *ret_line)
{
    static const char at[] = "    at ";
    const char *end = message + size;
    for (const char *line = message; line < end;) {
        const char *next = memchr(line, '\n', (size_t)(end - line));
        const char *stop = next ? next : end;
        if ((size_t)(stop - line) > sizeof at && memcmp(line, at, sizeof at - 1) == 0) {
            const char *from = line + sizeof at - 1;
            const char *bracket = memrchr(from, '(', (size_t)(stop - from));
            bool named = bracket && stop[-1] == ')';
            if (read_place(named ? bracket + 1 : from, named ? stop - 1 : stop, file, file_size,
                           ret_line)) {
                return true;
            }
        }
        line = next ? next + 1 : end;
    }
    return false;
}

/* ---- the statement ---- */

enum answer { IS_TRUE, IS_TEXT, IS_VALUE, IS_COUNT };

static const struct question {
    const char *method;
    enum answer answer;
    const char *waits; /* the assertion that asks the same */
} questions[] = {
    {"isVisible", IS_TRUE, "toBeVisible"},   {"isHidden", IS_TRUE, "toBeHidden"},
    {"isEnabled", IS_TRUE, "toBeEnabled"},   {"isDisabled", IS_TRUE, "toBeDisabled"},
    {"isChecked", IS_TRUE, "toBeChecked"},   {"isEditable", IS_TRUE, "toBeEditable"},
    {"textContent", IS_TEXT, "toHaveText"},  {"innerText", IS_TEXT, "toHaveText"},
    {"inputValue", IS_VALUE, "toHaveValue"}, {"count", IS_COUNT, "toHaveCount"},
};

/* Part of a line. */
struct part {
    const char *at;
    size_t size;
};

struct statement {
    struct part subject; /* row */
    struct part method;  /* isVisible */
    bool negated;
    struct part matcher; /* toBe */
    struct part value;   /* true */
    size_t size;         /* of it all, to the closing bracket */
};

static bool is(struct part part, const char *text)
{
    return part.size == strlen(text) && memcmp(part.at, text, part.size) == 0;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The closing bracket for the one that opens at `at`; NULL: not in this line. */
static const char *closing(const char *at, const char *end)
{
    int depth = 0;
    char quote = '\0';
    for (; at < end; at++) {
        if (quote) {
            quote = *at == quote ? '\0' : quote;
            at += *at == '\\';
        } else if (*at == '\'' || *at == '"' || *at == '`') {
            quote = *at;
        } else if (*at == '/') {
            return NULL; /* a pattern, a comment or a quotient: not known where it ends */
        } else if (strchr("([{", *at) && *at) {
            depth++;
        } else if (strchr(")]}", *at) && *at && --depth == 0) {
            return *at == ')' ? at : NULL;
        }
    }
    return NULL;
}

/* Names, points and calls, one after the other. */
static bool is_chain(struct part part)
{
    const char *end = part.at + part.size;
    for (const char *at = part.at; at < end; at++) {
        if (*at == '(') {
            at = closing(at, end);
        } else if (!is_letter(*at) && !(*at >= '0' && *at <= '9') && !strchr("._$", *at)) {
            return false;
        }
        if (!at) {
            return false;
        }
    }
    return part.size > 0;
}

/* await SUBJECT.METHOD() */
static bool read_question(struct part inside, struct statement *statement)
{
    static const char await[] = "await ";
    const char *end = inside.at + inside.size;
    if (inside.size < sizeof await + 4 || memcmp(inside.at, await, sizeof await - 1) != 0 ||
        memcmp(end - 2, "()", 2) != 0) {
        return false;
    }
    const char *from = inside.at + sizeof await - 1;
    const char *name = end - 2;
    while (name > from && is_letter(name[-1])) {
        name--;
    }
    if (name <= from + 1 || name[-1] != '.') {
        return false;
    }
    statement->subject = (struct part){from, (size_t)(name - 1 - from)};
    statement->method = (struct part){name, (size_t)(end - 2 - name)};
    return is_chain(statement->subject) && !is(statement->subject, "page"); /* that is no locator */
}

/* .not.MATCHER(VALUE) */
static bool read_matcher(const char *at, const char *end, struct statement *statement)
{
    static const char not [] = ".not";
    size_t size = (size_t)(end - at);
    statement->negated = size >= sizeof not &&memcmp(at, not, sizeof not -1) == 0;
    at += statement->negated ? sizeof not -1 : 0;
    if (at == end || *at != '.') {
        return false;
    }
    const char *name = ++at;
    while (at < end && is_letter(*at)) {
        at++;
    }
    const char *close = at < end && *at == '(' ? closing(at, end) : NULL;
    if (!close) {
        return false;
    }
    statement->matcher = (struct part){name, (size_t)(at - name)};
    statement->value = (struct part){at + 1, (size_t)(close - at - 1)};
    const char *rest = close + 1 + (close + 1 < end && close[1] == ';');
    while (rest < end && (*rest == ' ' || *rest == '\r')) {
        rest++;
    }
    statement->size = (size_t)(close + 1 - statement->subject.at);
    return rest == end;
}

/* The line is this statement and nothing else. */
static bool read_statement(struct part line, struct statement *statement)
{
    static const char expect[] = "expect(";
    const char *end = line.at + line.size;
    if (line.size < sizeof expect || memcmp(line.at, expect, sizeof expect - 1) != 0) {
        return false;
    }
    const char *open = line.at + sizeof expect - 2;
    const char *close = closing(open, end);
    if (!close || !read_question((struct part){open + 1, (size_t)(close - open - 1)}, statement) ||
        !read_matcher(close + 1, end, statement)) {
        return false;
    }
    statement->size += (size_t)(statement->subject.at - line.at);
    return true;
}

static bool is_equality(struct part matcher)
{
    return is(matcher, "toBe") || is(matcher, "toEqual") || is(matcher, "toStrictEqual");
}

/* 1 and 0 for a claim that it is, or is not; -1: it is neither. */
static int truth_of(const struct statement *statement)
{
    bool equality = is_equality(statement->matcher);
    if ((equality && is(statement->value, "true")) || is(statement->matcher, "toBeTruthy")) {
        return !statement->negated;
    }
    if ((equality && is(statement->value, "false")) || is(statement->matcher, "toBeFalsy")) {
        return statement->negated;
    }
    return -1;
}

static bool is_literal(struct part value)
{
    return value.size >= 2 && strchr("'\"`", value.at[0]) &&
           value.at[value.size - 1] == value.at[0];
}

static bool is_number(struct part value)
{
    for (size_t i = 0; i < value.size; i++) {
        if (value.at[i] < '0' || value.at[i] > '9') {
            return false;
        }
    }
    return value.size > 0;
}

/* What waits for the same; NULL: nothing that is known. */
static const char *assertion_for(const struct question *question, const struct statement *statement)
{
    bool equality = is_equality(statement->matcher);
    switch (question->answer) {
    case IS_TRUE:
        return truth_of(statement) >= 0 ? question->waits : NULL;
    case IS_TEXT:
        return !is_literal(statement->value)         ? NULL
               : equality                            ? question->waits
               : is(statement->matcher, "toContain") ? "toContainText"
                                                     : NULL;
    case IS_VALUE:
        return equality && is_literal(statement->value) ? question->waits : NULL;
    default:
        return equality && is_number(statement->value) ? question->waits : NULL;
    }
}

static bool change(const char *line, size_t size, struct edit_change *ret_change)
{
    struct statement statement;
    if (!read_statement((struct part){line, size}, &statement)) {
        return false;
    }
    for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++) {
        if (!is(statement.method, questions[i].method)) {
            continue;
        }
        const char *waits = assertion_for(&questions[i], &statement);
        bool truth = questions[i].answer == IS_TRUE;
        bool not = truth ? truth_of(&statement) == 0 : statement.negated;
        int written = !waits
                          ? -1
                          : snprintf(ret_change->after, sizeof ret_change->after,
                                     "await expect(%.*s)%s.%s(%.*s)", (int)statement.subject.size,
                                     statement.subject.at, not ? ".not" : "", waits,
                                     truth ? 0 : (int)statement.value.size, statement.value.at);
        ret_change->size = statement.size;
        return written > 0 && (size_t)written < sizeof ret_change->after;
    }
    return false;
}

bool wait_edit(const struct edit_input *input, struct edit *ret_edit, const char **ret_why)
{
    return edit_statement(input, change, ret_edit, ret_why);
}
