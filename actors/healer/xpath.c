/* xpath.c - reads XPath 1.0. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "actors/healer/xpath_priv.h"

enum { DEPTH_MAX = 40 };

static struct xpath *read_expr(struct sel_reader *reader, int level);

static char peek(struct sel_reader *reader)
{
    sel_skip_blanks(reader);
    return (char)(reader->at < reader->end ? *reader->at : '\0');
}

static bool is_name_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}

static bool is_name(char c)
{
    return is_name_start(c) || (c >= '0' && c <= '9') || c == '-' || c == '.';
}

static const char *read_name(struct sel_reader *reader)
{
    sel_skip_blanks(reader);
    const char *begin = reader->at;
    if (begin < reader->end && is_name_start(*begin)) {
        while (reader->at < reader->end && is_name(*reader->at)) {
            reader->at++;
        }
    }
    return reader->at > begin ? sel_copy(reader, begin, (size_t)(reader->at - begin)) : NULL;
}

static bool take(struct sel_reader *reader, const char *what)
{
    sel_skip_blanks(reader);
    return sel_take(reader, what);
}

static struct xpath *make(struct sel_reader *reader, enum xpath_kind kind)
{
    struct xpath *self = sel_alloc(reader, 1, sizeof *self);
    if (self) {
        self->kind = kind;
    }
    return self;
}

static void *fail(struct sel_reader *reader)
{
    (void)sel_fail(reader, ERR_MALFORMED, "not XPath");
    return NULL;
}

/* ---- steps ---- */

static bool read_predicates(struct sel_reader *reader, struct xpath **predicates, size_t *count)
{
    while (take(reader, "[")) {
        if (*count == XPATH_PREDICATES_MAX) {
            return sel_fail(reader, ERR_LIMIT, "too many predicates");
        }
        predicates[*count] = read_expr(reader, 0);
        if (!predicates[*count] || !take(reader, "]")) {
            return fail(reader) != NULL;
        }
        ++*count;
    }
    return true;
}

static bool read_axis(struct sel_reader *reader, struct xpath_step *step)
{
    static const char *const axes[AXIS_COUNT] = {
        [AXIS_CHILD] = "child",
        [AXIS_DESCENDANT] = "descendant",
        [AXIS_DESCENDANT_OR_SELF] = "descendant-or-self",
        [AXIS_SELF] = "self",
        [AXIS_PARENT] = "parent",
        [AXIS_ANCESTOR] = "ancestor",
        [AXIS_ANCESTOR_OR_SELF] = "ancestor-or-self",
        [AXIS_FOLLOWING_SIBLING] = "following-sibling",
        [AXIS_PRECEDING_SIBLING] = "preceding-sibling",
        [AXIS_FOLLOWING] = "following",
        [AXIS_PRECEDING] = "preceding",
        [AXIS_ATTRIBUTE] = "attribute",
    };
    if (take(reader, "@")) {
        step->axis = AXIS_ATTRIBUTE;
        return true;
    }
    struct sel_reader before = *reader;
    const char *name = read_name(reader);
    if (!name || !take(reader, "::")) {
        reader->at = before.at;
        return true;
    }
    for (size_t i = 0; i < AXIS_COUNT; i++) {
        if (strcmp(axes[i], name) == 0) {
            step->axis = (enum xpath_axis)i;
            return true;
        }
    }
    return sel_fail(reader, ERR_UNSUPPORTED, "an axis that is not known");
}

static bool read_test(struct sel_reader *reader, struct xpath_step *step)
{
    if (take(reader, "*")) {
        step->test = TEST_ANY;
        return true;
    }
    step->test = TEST_NAME;
    step->name = read_name(reader);
    if (!step->name) {
        return sel_fail(reader, ERR_MALFORMED, "not XPath");
    }
    if (reader->at < reader->end && *reader->at == ':') {
        return sel_fail(reader, ERR_UNSUPPORTED, "XPath with namespaces");
    }
    if (take(reader, "(")) {
        step->test = strcmp(step->name, "node") == 0   ? TEST_NODE
                     : strcmp(step->name, "text") == 0 ? TEST_TEXT
                                                       : TEST_OTHER;
        return take(reader, ")") || sel_fail(reader, ERR_MALFORMED, "not XPath");
    }
    return true;
}

static struct xpath_step *add_step(struct sel_reader *reader, struct xpath *path)
{
    if (!path->steps) {
        path->steps = sel_alloc(reader, XPATH_STEPS_MAX, sizeof path->steps[0]);
    }
    if (!path->steps || path->steps_count == XPATH_STEPS_MAX) {
        (void)sel_fail(reader, ERR_LIMIT, "a path is too long");
        return NULL;
    }
    return &path->steps[path->steps_count++];
}

static bool read_step(struct sel_reader *reader, struct xpath *path)
{
    struct xpath_step *step = add_step(reader, path);
    if (!step) {
        return false;
    }
    if (take(reader, "..")) {
        *step = (struct xpath_step){.axis = AXIS_PARENT, .test = TEST_NODE};
        return true;
    }
    if (take(reader, ".")) {
        *step = (struct xpath_step){.axis = AXIS_SELF, .test = TEST_NODE};
        return true;
    }
    return read_axis(reader, step) && read_test(reader, step) &&
           read_predicates(reader, step->predicates, &step->predicates_count);
}

static bool all_descendants(struct sel_reader *reader, struct xpath *path)
{
    struct xpath_step *step = add_step(reader, path);
    if (step) {
        *step = (struct xpath_step){.axis = AXIS_DESCENDANT_OR_SELF, .test = TEST_NODE};
    }
    return step != NULL;
}

static bool read_steps(struct sel_reader *reader, struct xpath *path)
{
    for (;;) {
        if (!read_step(reader, path)) {
            return false;
        }
        if (take(reader, "//")) {
            if (!all_descendants(reader, path)) {
                return false;
            }
        } else if (!take(reader, "/")) {
            return true;
        }
    }
}

static struct xpath *read_location(struct sel_reader *reader)
{
    struct xpath *path = make(reader, XPATH_PATH);
    if (!path) {
        return NULL;
    }
    if (take(reader, "//")) {
        path->absolute = true;
        return all_descendants(reader, path) && read_steps(reader, path) ? path : NULL;
    }
    path->absolute = take(reader, "/");
    char c = peek(reader);
    if (path->absolute && !is_name_start(c) && c != '*' && c != '@' && c != '.') {
        return path; /* the root */
    }
    return read_steps(reader, path) ? path : NULL;
}

/* ---- what is no path ---- */

static struct xpath *read_call(struct sel_reader *reader, const char *name)
{
    struct xpath *call = make(reader, XPATH_CALL);
    if (!call) {
        return NULL;
    }
    call->text = name;
    while (peek(reader) != ')') {
        if (call->args_count == XPATH_ARGS_MAX ||
            !(call->args[call->args_count++] = read_expr(reader, 0))) {
            return fail(reader);
        }
        if (!take(reader, ",") && peek(reader) != ')') {
            return fail(reader);
        }
    }
    reader->at++;
    return call;
}

static struct xpath *read_literal(struct sel_reader *reader)
{
    struct xpath *literal = make(reader, XPATH_LITERAL);
    char quote = *reader->at++;
    const char *begin = reader->at;
    while (reader->at < reader->end && *reader->at != quote) {
        reader->at++;
    }
    if (!literal || reader->at == reader->end) {
        return fail(reader);
    }
    literal->text = sel_copy(reader, begin, (size_t)(reader->at++ - begin));
    return literal->text ? literal : NULL;
}

static struct xpath *read_number(struct sel_reader *reader)
{
    struct xpath *number = make(reader, XPATH_NUMBER);
    const char *begin = reader->at;
    while (reader->at < reader->end && strchr("0123456789.", *reader->at)) {
        reader->at++;
    }
    const char *text = sel_copy(reader, begin, (size_t)(reader->at - begin));
    if (!number || !text) {
        return NULL;
    }
    number->number = strtod(text, NULL);
    return number;
}

/* Something in brackets, a literal, a number or a call; NULL without an error: it is a path. */
static struct xpath *read_primary(struct sel_reader *reader)
{
    char c = peek(reader);
    if (c == '(') {
        reader->at++;
        struct xpath *inner = read_expr(reader, 0);
        return inner && take(reader, ")") ? inner : fail(reader);
    }
    if (c == '"' || c == '\'') {
        return read_literal(reader);
    }
    if ((c >= '0' && c <= '9') || (c == '.' && reader->end - reader->at > 1 &&
                                   reader->at[1] >= '0' && reader->at[1] <= '9')) {
        return read_number(reader);
    }
    struct sel_reader before = *reader;
    const char *name = read_name(reader);
    if (name && take(reader, "(") && strcmp(name, "text") != 0 && strcmp(name, "node") != 0 &&
        strcmp(name, "comment") != 0 && strcmp(name, "processing-instruction") != 0) {
        return read_call(reader, name);
    }
    reader->at = before.at;
    return NULL;
}

static struct xpath *read_path(struct sel_reader *reader)
{
    struct xpath *primary = read_primary(reader);
    if (!primary) {
        return reader->err == ERR_OK ? read_location(reader) : NULL;
    }
    if (peek(reader) != '[' && peek(reader) != '/') {
        return primary;
    }
    struct xpath *path = make(reader, XPATH_PATH);
    if (!path) {
        return NULL;
    }
    path->left = primary;
    if (!read_predicates(reader, path->filters, &path->filters_count)) {
        return NULL;
    }
    if (take(reader, "//")) {
        return all_descendants(reader, path) && read_steps(reader, path) ? path : NULL;
    }
    return !take(reader, "/") || read_steps(reader, path) ? path : NULL;
}

/* ---- operators, the weakest first ---- */

static const struct operator
{
    const char *text;
    int level;
    enum xpath_kind kind;
}
operators[] = {
    {"or", 0, XPATH_OR},   {"and", 1, XPATH_AND},       {"!=", 2, XPATH_UNEQUAL},
    {"=", 2, XPATH_EQUAL}, {"<=", 3, XPATH_LESS_EQUAL}, {">=", 3, XPATH_GREATER_EQUAL},
    {"<", 3, XPATH_LESS},  {">", 3, XPATH_GREATER},     {"+", 4, XPATH_PLUS},
    {"-", 4, XPATH_MINUS}, {"*", 5, XPATH_TIMES},       {"div", 5, XPATH_DIV},
    {"mod", 5, XPATH_MOD}, {"|", 7, XPATH_UNION},
};
enum { LEVEL_NEGATIVE = 6, LEVEL_UNION = 7, LEVEL_PATH = 8 };

static const struct operator* take_operator(struct sel_reader *reader, int level)
{
    sel_skip_blanks(reader);
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++) {
        size_t size = strlen(operators[i].text);
        const char *behind = reader->at + size;
        bool word = is_name_start(operators[i].text[0]);
        if (operators[i].level == level && behind <= reader->end &&
            strncmp(reader->at, operators[i].text, size) == 0 &&
            (!word || behind == reader->end || !is_name(*behind))) {
            reader->at = behind;
            return &operators[i];
        }
    }
    return NULL;
}

static struct xpath *read_expr(struct sel_reader *reader, int level)
{
    if (level == 0 && ++reader->depth > DEPTH_MAX) {
        (void)sel_fail(reader, ERR_LIMIT, "XPath that is nested too deeply");
        return NULL;
    }
    if (level == LEVEL_PATH) {
        return read_path(reader);
    }
    if (level == LEVEL_NEGATIVE) {
        bool negative = false;
        while (take(reader, "-")) {
            negative = !negative;
        }
        struct xpath *inner = read_expr(reader, LEVEL_UNION);
        struct xpath *self = inner && negative ? make(reader, XPATH_NEGATIVE) : inner;
        if (self && negative) {
            self->left = inner;
        }
        return self;
    }
    struct xpath *left = read_expr(reader, level + 1);
    const struct operator* operator;
    while (left && (operator= take_operator(reader, level))) {
        struct xpath *both = make(reader, operator->kind);
        struct xpath *right = read_expr(reader, level + 1);
        if (!both || !right) {
            return NULL;
        }
        both->left = left;
        both->right = right;
        left = both;
    }
    reader->depth -= level == 0;
    return left;
}

struct xpath *xpath_read(struct sel_reader *reader)
{
    struct xpath *self = read_expr(reader, 0);
    return self && peek(reader) == '\0' ? self : fail(reader);
}
