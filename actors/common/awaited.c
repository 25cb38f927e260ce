/* awaited.c - see awaited.h. */
#include "actors/common/awaited.h"

#include <stdio.h>
#include <string.h>

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
            quote = (char)(*at == quote ? '\0' : quote);
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

bool awaited_rewrite(const char *line, size_t size, struct awaited *ret)
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
        int written =
            !waits ? -1
                   : snprintf(ret->after, sizeof ret->after, "await expect(%.*s)%s.%s(%.*s)",
                              (int)statement.subject.size, statement.subject.at, not ? ".not" : "",
                              waits, truth ? 0 : (int)statement.value.size, statement.value.at);
        ret->size = statement.size;
        return written > 0 && (size_t)written < sizeof ret->after;
    }
    return false;
}

static size_t indent_of(struct msg_str line)
{
    size_t at = 0;
    while (at < line.size && (line.at[at] == ' ' || line.at[at] == '\t')) {
        at++;
    }
    return at;
}

/* Moves behind `size` bytes that are next; false: other ones are. */
static bool pass(struct msg_str *line, const char *bytes, size_t size)
{
    if (line->size < size || memcmp(line->at, bytes, size) != 0) {
        return false;
    }
    line->at += size;
    line->size -= (uint32_t)size;
    return true;
}

bool awaited_is_edit(struct msg_str removed, struct msg_str added)
{
    struct awaited changed;
    size_t indent = indent_of(removed);
    const char *begin = removed.at + indent;
    size_t size = removed.size - indent;
    size -= size > 0 && begin[size - 1] == '\n';
    return pass(&added, removed.at, indent) && awaited_rewrite(begin, size, &changed) &&
           pass(&added, changed.after, strlen(changed.after)) &&
           added.size == removed.size - indent - changed.size &&
           memcmp(added.at, begin + changed.size, added.size) == 0;
}
