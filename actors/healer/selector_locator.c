/* selector_locator.c - reads locators as they are written in a test: page.getByRole(…).nth(1). */
#include <stdlib.h>
#include <string.h>

#include "actors/healer/selector_priv.h"

const char *const sel_flags[SEL_FLAGS] = {"checked", "disabled", "expanded",
                                          "pressed", "selected", "level"};

static char peek(struct sel_reader *reader)
{
    sel_skip_blanks(reader);
    return (char)(reader->at < reader->end ? *reader->at : '\0');
}

static bool expect(struct sel_reader *reader, const char *what)
{
    sel_skip_blanks(reader);
    return sel_take(reader, what) ||
           sel_fail(reader, ERR_MALFORMED, "a locator is not written as expected");
}

static const char *read_word(struct sel_reader *reader)
{
    sel_skip_blanks(reader);
    const char *begin = reader->at;
    while (
        reader->at < reader->end &&
        strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_$", *reader->at)) {
        reader->at++;
    }
    return reader->at > begin ? sel_copy(reader, begin, (size_t)(reader->at - begin)) : NULL;
}

static bool read_flag(struct sel_reader *reader, bool *ret_flag)
{
    const char *word = read_word(reader);
    *ret_flag = word && strcmp(word, "true") == 0;
    return word && (*ret_flag || strcmp(word, "false") == 0)
               ? true
               : sel_fail(reader, ERR_UNSUPPORTED, "an option that is neither true nor false");
}

/* A text or a regular expression. */
static bool read_text(struct sel_reader *reader, struct sel_text *ret)
{
    const char *text = NULL;
    if (peek(reader) == '/') {
        return sel_regex(reader, ret);
    }
    if (sel_string(reader, &text)) {
        return sel_text_make(reader, text, false, ret);
    }
    return sel_fail(reader, ERR_UNSUPPORTED, "a locator with a variable in it");
}

/* A locator as an argument: its own selector. */
static struct selector *read_inner(struct sel_reader *reader)
{
    struct sel_reader inner = *reader;
    inner.selector = calloc(1, sizeof *inner.selector);
    if (!inner.selector || ++inner.depth > SELECTOR_DEPTH_MAX) {
        free(inner.selector);
        (void)sel_fail(reader, ERR_LIMIT, "locators in locators are too deep");
        return NULL;
    }
    inner.selector->arena.bytes_max = reader->selector->arena.bytes_max;
    sel_skip_blanks(&inner);
    if (!locator_read(&inner)) {
        (void)sel_fail(reader, inner.err, inner.why);
        selector_destroy(&inner.selector);
    }
    reader->at = inner.at;
    return inner.selector;
}

/* ---- options ---- */

static bool add_filter(struct sel_reader *reader, enum step_kind kind)
{
    struct sel_step *step = step_add(reader, kind);
    if (!step) {
        return false;
    }
    if (kind == STEP_HAS_TEXT || kind == STEP_HAS_NOT_TEXT) {
        return read_text(reader, &step->text);
    }
    if (kind == STEP_VISIBLE) {
        return read_flag(reader, &step->wanted);
    }
    struct selector *inner = read_inner(reader);
    step->inner = inner;
    return inner != NULL;
}

static bool read_filter(struct sel_reader *reader, const char *key)
{
    static const struct {
        const char *key;
        enum step_kind kind;
    } filters[] = {{"hasText", STEP_HAS_TEXT},
                   {"hasNotText", STEP_HAS_NOT_TEXT},
                   {"has", STEP_HAS},
                   {"hasNot", STEP_HAS_NOT},
                   {"visible", STEP_VISIBLE}};
    for (size_t i = 0; i < sizeof filters / sizeof filters[0]; i++) {
        if (strcmp(filters[i].key, key) == 0) {
            return add_filter(reader, filters[i].kind);
        }
    }
    return sel_fail(reader, ERR_UNSUPPORTED, "an option that is not known");
}

static bool read_option(struct sel_reader *reader, size_t at, const char *key)
{
    struct sel_step *step = &reader->selector->steps[at];
    bool flag;
    if (strcmp(key, "exact") == 0) {
        if (!read_flag(reader, &flag)) {
            return false;
        }
        step->text.exact = flag;
        return true;
    }
    if (step->kind == STEP_ROLE && strcmp(key, "name") == 0) {
        bool exact = step->text.exact;
        step->named = true;
        if (!read_text(reader, &step->text)) {
            return false;
        }
        step->text.exact = exact;
        return true;
    }
    if (step->kind == STEP_ROLE && strcmp(key, "includeHidden") == 0) {
        return read_flag(reader, &step->hidden);
    }
    for (size_t i = 0; step->kind == STEP_ROLE && i < SEL_FLAGS; i++) {
        if (strcmp(sel_flags[i], key) != 0) {
            continue;
        }
        if (strcmp(key, "level") == 0) {
            const char *digits = read_word(reader);
            step->flags[i] = digits ? (int32_t)strtol(digits, NULL, 10) : 0;
            return digits != NULL;
        }
        if (!read_flag(reader, &flag)) {
            return false;
        }
        step->flags[i] = flag;
        return true;
    }
    return read_filter(reader, key);
}

/* { key: value, … } for step `at`; the filters among them become steps behind it. */
static bool read_options(struct sel_reader *reader, size_t at)
{
    if (!expect(reader, "{")) {
        return false;
    }
    while (peek(reader) != '}') {
        const char *key = NULL;
        if (!sel_string(reader, &key)) {
            key = read_word(reader);
        }
        if (!key || !expect(reader, ":") || !read_option(reader, at, key)) {
            return sel_fail(reader, ERR_MALFORMED, "options are not written as expected");
        }
        if (peek(reader) == ',') {
            reader->at++;
        } else if (peek(reader) != '}') {
            return sel_fail(reader, ERR_MALFORMED, "options without their end");
        }
    }
    reader->at++;
    return true;
}

/* , { … } ) or ) */
static bool end_call(struct sel_reader *reader, size_t at)
{
    if (peek(reader) == ',') {
        reader->at++;
        if (peek(reader) != ')' && !read_options(reader, at)) {
            return false;
        }
        if (peek(reader) == ',') {
            reader->at++;
        }
    }
    return expect(reader, ")");
}

/* ---- calls ---- */

/* locator('…') and frameLocator('…'); locator(other) is the other one inside. */
static bool call_locator(struct sel_reader *reader, bool frame)
{
    const char *text = NULL;
    char quote = peek(reader);
    size_t at = reader->selector->count;
    if (quote != '"' && quote != '\'' && quote != '`') {
        return sel_fail(reader, ERR_UNSUPPORTED, "a locator with a variable in it");
    }
    if (!sel_string(reader, &text)) {
        return false;
    }
    struct sel_reader chain = *reader;
    chain.at = text;
    chain.end = text + strlen(text);
    if (!chain_read(&chain)) {
        return sel_fail(reader, chain.err, chain.why);
    }
    if (frame && !step_add(reader, STEP_FRAME)) {
        return false;
    }
    return end_call(reader, at);
}

static bool call_get(struct sel_reader *reader, enum step_kind kind, const char *name)
{
    size_t at = reader->selector->count;
    struct sel_step *step = step_add(reader, kind);
    if (!step) {
        return false;
    }
    step->name = name;
    if (kind == STEP_ROLE) {
        if (peek(reader) != '"' && peek(reader) != '\'' && peek(reader) != '`') {
            return sel_fail(reader, ERR_UNSUPPORTED, "a locator with a variable in it");
        }
        if (!sel_string(reader, &step->name)) {
            return false;
        }
    } else if (!read_text(reader, &step->text)) {
        return false;
    }
    step->text.exact = kind == STEP_TESTID;
    return end_call(reader, at);
}

static bool call_nth(struct sel_reader *reader, const char *method)
{
    struct sel_step *step = step_add(reader, STEP_NTH);
    if (!step) {
        return false;
    }
    step->nth = strcmp(method, "last") == 0 ? -1 : 0;
    if (strcmp(method, "nth") == 0) {
        bool minus = peek(reader) == '-';
        reader->at += minus;
        const char *digits = read_word(reader);
        if (!digits || strlen(digits) > 6 || strspn(digits, "0123456789") != strlen(digits)) {
            return sel_fail(reader, ERR_UNSUPPORTED, "nth() without a number");
        }
        step->nth = (int32_t)strtol(digits, NULL, 10) * (minus ? -1 : 1);
    }
    return expect(reader, ")");
}

static bool call_join(struct sel_reader *reader, enum step_kind kind)
{
    struct selector *inner = read_inner(reader);
    struct sel_step *step = inner ? step_add(reader, kind) : NULL;
    if (!step) {
        selector_destroy(&inner);
        return false;
    }
    step->inner = inner;
    return expect(reader, ")");
}

static bool call(struct sel_reader *reader, const char *method)
{
    static const struct {
        const char *method;
        enum step_kind kind;
        const char *name;
    } gets[] = {{"getByRole", STEP_ROLE, NULL},     {"getByText", STEP_TEXT, NULL},
                {"getByLabel", STEP_LABEL, NULL},   {"getByPlaceholder", STEP_ATTR, "placeholder"},
                {"getByAltText", STEP_ATTR, "alt"}, {"getByTitle", STEP_ATTR, "title"},
                {"getByTestId", STEP_TESTID, NULL}};
    for (size_t i = 0; i < sizeof gets / sizeof gets[0]; i++) {
        if (strcmp(gets[i].method, method) == 0) {
            return call_get(reader, gets[i].kind, gets[i].name);
        }
    }
    if (strcmp(method, "locator") == 0 || strcmp(method, "$") == 0 || strcmp(method, "$$") == 0) {
        return call_locator(reader, false);
    }
    if (strcmp(method, "frameLocator") == 0) {
        return call_locator(reader, true);
    }
    if (strcmp(method, "first") == 0 || strcmp(method, "last") == 0 || strcmp(method, "nth") == 0) {
        return call_nth(reader, method);
    }
    if (strcmp(method, "and") == 0 || strcmp(method, "or") == 0) {
        return call_join(reader, method[0] == 'a' ? STEP_AND : STEP_OR);
    }
    if (strcmp(method, "contentFrame") == 0) {
        return step_add(reader, STEP_FRAME) && expect(reader, ")");
    }
    if (strcmp(method, "filter") == 0) {
        size_t at = reader->selector->count;
        return step_add(reader, STEP_SELF) && (peek(reader) == ')' || read_options(reader, at)) &&
               expect(reader, ")");
    }
    return sel_fail(reader, ERR_UNSUPPORTED, "a method that is not known");
}

bool locator_read(struct sel_reader *reader)
{
    (void)sel_take(reader, "await "); /* or not */
    const char *word = read_word(reader);
    while (word && peek(reader) == '.') { /* page. or this.page. */
        reader->at++;
        word = read_word(reader);
    }
    for (;;) {
        if (!word || !expect(reader, "(") || !call(reader, word)) {
            return sel_fail(reader, ERR_MALFORMED, "a locator is not written as expected");
        }
        if (peek(reader) != '.') {
            break;
        }
        reader->at++;
        word = read_word(reader);
    }
    if (peek(reader) == ';') {
        reader->at++;
    }
    return reader->depth > 0 || peek(reader) == '\0' ||
           sel_fail(reader, ERR_MALFORMED, "something stands behind the locator");
}
