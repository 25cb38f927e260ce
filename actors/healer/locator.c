/* locator.c - reads, prints and applies one step of a locator. */
#include "actors/healer/locator.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

static const char *const methods[LOCATOR_KINDS] = {
    [LOCATOR_TESTID] = "getByTestId", [LOCATOR_ROLE] = "getByRole",
    [LOCATOR_LABEL] = "getByLabel",   [LOCATOR_PLACEHOLDER] = "getByPlaceholder",
    [LOCATOR_TEXT] = "getByText",     [LOCATOR_TITLE] = "getByTitle",
    [LOCATOR_ALT] = "getByAltText",   [LOCATOR_CSS] = "locator",
};

/* What may follow a locator and makes another one of it. */
static const char *const steps[] = {"first", "last",    "nth",      "filter",       "and",
                                    "or",    "locator", "describe", "frameLocator", "contentFrame"};

/* A place in a text that ends at `end`. */
struct cursor {
    const char *at;
    const char *end;
};

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '$';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip_blanks(struct cursor *cursor)
{
    while (cursor->at < cursor->end && is_blank(*cursor->at)) {
        cursor->at++;
    }
}

/* The byte at the cursor, behind blanks; NUL at the end. */
static char peek(struct cursor *cursor)
{
    skip_blanks(cursor);
    return (char)(cursor->at < cursor->end ? *cursor->at : '\0');
}

static bool take(struct cursor *cursor, char c)
{
    if (c == '\0' || peek(cursor) != c) {
        return false;
    }
    cursor->at++;
    return true;
}

/* The identifier at the cursor; its size is 0 when there is none. */
static size_t take_word(struct cursor *cursor, const char **ret_word)
{
    skip_blanks(cursor);
    *ret_word = cursor->at;
    while (cursor->at < cursor->end && is_word(*cursor->at)) {
        cursor->at++;
    }
    return (size_t)(cursor->at - *ret_word);
}

static bool word_is(const char *word, size_t size, const char *other)
{
    return strlen(other) == size && memcmp(word, other, size) == 0;
}

/* ---- strings ---- */

/* A text being filled; `full` once something did not fit. */
struct sink {
    char *to;
    size_t size;
    size_t used;
    bool full;
};

static void put(struct sink *sink, char c)
{
    if (sink->used + 1 < sink->size) {
        sink->to[sink->used++] = c;
        sink->to[sink->used] = '\0';
    } else {
        sink->full = true;
    }
}

static void put_text(struct sink *sink, const char *text)
{
    for (; *text; text++) {
        put(sink, *text);
    }
}

static void put_utf8(struct sink *sink, uint32_t code)
{
    if (code < 0x80) {
        put(sink, (char)code);
    } else if (code < 0x800) {
        put(sink, (char)(0xc0 | (code >> 6)));
        put(sink, (char)(0x80 | (code & 0x3f)));
    } else {
        put(sink, (char)(0xe0 | (code >> 12)));
        put(sink, (char)(0x80 | ((code >> 6) & 0x3f)));
        put(sink, (char)(0x80 | (code & 0x3f)));
    }
}

/* `digits` hexadecimal ones, of a character that is neither NUL nor half a pair. */
static bool take_code(struct cursor *cursor, size_t digits, struct sink *sink)
{
    uint32_t code = 0;
    for (size_t i = 0; i < digits; i++) {
        if (cursor->at == cursor->end) {
            return false;
        }
        char c = *cursor->at++;
        uint32_t digit = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
                         : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a') + 10
                         : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A') + 10
                                                : 16;
        if (digit == 16) {
            return false;
        }
        code = code * 16 + digit;
    }
    if (code == 0 || (code >= 0xd800 && code <= 0xdfff)) {
        return false;
    }
    put_utf8(sink, code);
    return true;
}

/* What follows a backslash. */
static bool take_escape(struct cursor *cursor, struct sink *sink)
{
    if (cursor->at == cursor->end) {
        return false;
    }
    char c = *cursor->at++;
    switch (c) {
    case 'n':
        put(sink, '\n');
        return true;
    case 't':
        put(sink, '\t');
        return true;
    case 'r':
        put(sink, '\r');
        return true;
    case 'x':
        return take_code(cursor, 2, sink);
    case 'u':
        return take_code(cursor, 4, sink);
    case 'b':
    case 'f':
    case 'v':
    case '\n':
    case '\r':
        return false; /* nobody writes these into a locator */
    default:
        if (c >= '0' && c <= '9') {
            return false;
        }
        put(sink, c);
        return true;
    }
}

/* A string literal into `to`.  A template with a substitution is none. */
static enum err take_string(struct cursor *cursor, char *to, size_t size, char *quote)
{
    struct sink sink = {.to = to, .size = size};
    char end = peek(cursor);
    if (end != '\'' && end != '"' && end != '`') {
        return ERR_MALFORMED;
    }
    if (!*quote) {
        *quote = end;
    }
    cursor->at++;
    to[0] = '\0';
    while (cursor->at < cursor->end && *cursor->at != end) {
        char c = *cursor->at++;
        if (c == '\0' || (c == '\n' && end != '`') ||
            (c == '$' && end == '`' && cursor->at < cursor->end && *cursor->at == '{') ||
            (c == '\\' && !take_escape(cursor, &sink))) {
            return ERR_MALFORMED;
        }
        if (sink.full) {
            return ERR_LIMIT; /* at once: nobody looks at the rest */
        }
        if (c != '\\') {
            put(&sink, c);
        }
    }
    if (!take(cursor, end)) {
        return ERR_MALFORMED;
    }
    return sink.full ? ERR_LIMIT : ERR_OK;
}

/* /save/i: the source with its flags behind a slash. */
static enum err take_regex(struct cursor *cursor, struct locator *locator)
{
    struct sink sink = {.to = locator->text, .size = sizeof locator->text};
    bool set = false; /* inside [ ], where a slash ends nothing */
    const char *word;
    locator->regex = true;
    cursor->at++;
    for (;; cursor->at++) {
        if (cursor->at == cursor->end || *cursor->at == '\n' || *cursor->at == '\0') {
            return ERR_MALFORMED;
        }
        if (*cursor->at == '/' && !set) {
            break;
        }
        set = *cursor->at == '[' || (set && *cursor->at != ']');
        if (*cursor->at == '\\') {
            put(&sink, *cursor->at++);
            if (cursor->at == cursor->end || *cursor->at == '\n' || *cursor->at == '\0') {
                return ERR_MALFORMED;
            }
        }
        put(&sink, *cursor->at);
        if (sink.full) {
            return ERR_LIMIT;
        }
    }
    put(&sink, *cursor->at++);
    size_t size = take_word(cursor, &word);
    for (size_t i = 0; i < size; i++) {
        put(&sink, word[i]);
    }
    return sink.full ? ERR_LIMIT : ERR_OK;
}

static enum err take_text(struct cursor *cursor, struct locator *locator)
{
    if (peek(cursor) == '/') {
        return take_regex(cursor, locator);
    }
    return take_string(cursor, locator->text, sizeof locator->text, &locator->quote);
}

/* ---- options ---- */

/* A value that is not kept: a string, a regular expression, a word or a number. */
static enum err take_other(struct cursor *cursor, struct locator *locator)
{
    struct locator unused = {.quote = locator->quote};
    const char *word;
    char c = peek(cursor);
    locator->other = true;
    if (c == '\'' || c == '"' || c == '`' || c == '/') {
        return take_text(cursor, &unused);
    }
    return take_word(cursor, &word) > 0 ? ERR_OK : ERR_MALFORMED;
}

static enum err take_flag(struct cursor *cursor, bool *ret_flag)
{
    const char *word;
    size_t size = take_word(cursor, &word);
    *ret_flag = word_is(word, size, "true");
    return *ret_flag || word_is(word, size, "false") ? ERR_OK : ERR_MALFORMED;
}

static enum err take_option(struct cursor *cursor, struct locator *locator)
{
    const char *word;
    size_t size = take_word(cursor, &word);
    if (size == 0 || !take(cursor, ':')) {
        return ERR_MALFORMED;
    }
    if (word_is(word, size, "exact")) {
        return take_flag(cursor, &locator->exact);
    }
    if (word_is(word, size, "name") && locator->kind == LOCATOR_ROLE && locator->text[0] == '\0') {
        return take_text(cursor, locator);
    }
    return take_other(cursor, locator);
}

static enum err take_options(struct cursor *cursor, struct locator *locator)
{
    if (!take(cursor, '{')) {
        return ERR_MALFORMED;
    }
    while (!take(cursor, '}')) {
        enum err err = take_option(cursor, locator);
        if (err != ERR_OK) {
            return err;
        }
        if (!take(cursor, ',') && peek(cursor) != '}') {
            return ERR_MALFORMED;
        }
    }
    return ERR_OK;
}

/* ---- a step ---- */

static bool is_step(const char *word, size_t size)
{
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        if (word_is(word, size, steps[i])) {
            return true;
        }
    }
    return size > 5 && memcmp(word, "getBy", 5) == 0;
}

static bool is_chained(struct cursor cursor)
{
    const char *word;
    if (!take(&cursor, '.')) {
        return false;
    }
    size_t size = take_word(&cursor, &word);
    return is_step(word, size);
}

static enum err take_kind(struct cursor *cursor, enum locator_kind *ret_kind)
{
    const char *word;
    size_t size = take_word(cursor, &word);
    for (size_t i = 0; i < LOCATOR_KINDS; i++) {
        if (word_is(word, size, methods[i])) {
            *ret_kind = (enum locator_kind)i;
            return ERR_OK;
        }
    }
    return ERR_MALFORMED;
}

static enum err take_arguments(struct cursor *cursor, struct locator *locator)
{
    if (!take(cursor, '(')) {
        return ERR_MALFORMED;
    }
    enum err err = locator->kind == LOCATOR_ROLE
                       ? take_string(cursor, locator->role, sizeof locator->role, &locator->quote)
                       : take_text(cursor, locator);
    if (err == ERR_OK && take(cursor, ',') && peek(cursor) == '{') {
        err = take_options(cursor, locator);
        (void)take(cursor, ','); /* the last comma may be there or not */
    }
    if (err != ERR_OK) {
        return err;
    }
    return take(cursor, ')') ? ERR_OK : ERR_MALFORMED;
}

enum err locator_parse(const char *text, size_t size, struct locator *ret_locator)
{
    assert(text || size == 0);
    assert(ret_locator);
    struct locator locator = {.kind = LOCATOR_TESTID};
    struct cursor cursor = {text, text + size};
    enum err err = take_kind(&cursor, &locator.kind);
    if (err == ERR_OK) {
        err = take_arguments(&cursor, &locator);
    }
    if (err != ERR_OK) {
        return err;
    }
    if (locator.kind == LOCATOR_ROLE ? locator.role[0] == '\0' : locator.text[0] == '\0') {
        return ERR_MALFORMED;
    }
    if (!locator.quote) {
        locator.quote = '\'';
    }
    locator.size = (size_t)(cursor.at - text);
    locator.chained = is_chained(cursor);
    *ret_locator = locator;
    return ERR_OK;
}

bool locator_equal(const struct locator *a, const struct locator *b)
{
    return a->kind == b->kind && a->regex == b->regex && a->exact == b->exact &&
           a->other == b->other && a->chained == b->chained && strcmp(a->role, b->role) == 0 &&
           strcmp(a->text, b->text) == 0;
}

/* ---- printing ---- */

static void put_string(struct sink *sink, const char *text, char quote)
{
    put(sink, quote);
    for (const char *at = text; *at; at++) {
        if (*at == quote || *at == '\\' || (quote == '`' && *at == '$')) {
            put(sink, '\\');
            put(sink, *at);
        } else if (*at == '\n' || *at == '\r' || *at == '\t') {
            put(sink, '\\');
            put(sink, (char)(*at == '\n' ? 'n' : *at == '\r' ? 'r' : 't'));
        } else {
            put(sink, *at);
        }
    }
    put(sink, quote);
}

static void put_value(struct sink *sink, const struct locator *locator)
{
    if (locator->regex) {
        put(sink, '/');
        put_text(sink, locator->text);
    } else {
        put_string(sink, locator->text, locator->quote);
    }
}

enum err locator_print(const struct locator *locator, char *text, size_t size)
{
    assert(locator->kind < LOCATOR_KINDS);
    assert(size > 0);
    struct sink sink = {.to = text, .size = size};
    text[0] = '\0';
    bool named = locator->kind == LOCATOR_ROLE && locator->text[0] != '\0';
    put_text(&sink, methods[locator->kind]);
    put(&sink, '(');
    if (locator->kind == LOCATOR_ROLE) {
        put_string(&sink, locator->role, locator->quote);
    } else {
        put_value(&sink, locator);
    }
    if (named) {
        put_text(&sink, ", { name: ");
        put_value(&sink, locator);
        put_text(&sink, locator->exact ? ", exact: true }" : " }");
    } else if (locator->exact) {
        put_text(&sink, ", { exact: true }");
    }
    put(&sink, ')');
    return sink.full ? ERR_LIMIT : ERR_OK;
}

/* ---- matching ---- */

static const enum element_field fields[LOCATOR_KINDS] = {
    [LOCATOR_TESTID] = ELEMENT_TESTID, [LOCATOR_ROLE] = ELEMENT_NAME,
    [LOCATOR_LABEL] = ELEMENT_LABEL,   [LOCATOR_PLACEHOLDER] = ELEMENT_PLACEHOLDER,
    [LOCATOR_TEXT] = ELEMENT_TEXT,     [LOCATOR_TITLE] = ELEMENT_TITLE,
    [LOCATOR_ALT] = ELEMENT_ALT,       [LOCATOR_CSS] = ELEMENT_FIELDS,
};

/* The next byte with runs of blanks as one, none at the ends, and small letters if wanted. */
static char next_folded(const char **at, bool fold)
{
    const char *text = *at;
    if (is_blank(*text)) {
        while (is_blank(*text)) {
            text++;
        }
        *at = text;
        return (char)(*text ? ' ' : '\0');
    }
    *at = *text ? text + 1 : text;
    bool capital = *text >= 'A' && *text <= 'Z';
    return (char)(fold && capital ? *text - 'A' + 'a' : *text);
}

/* Whether `text`, from here on, begins with `part`; `whole`: and ends with it. */
static bool begins(const char *text, const char *part, bool whole)
{
    for (;;) {
        char wanted = next_folded(&part, !whole);
        if (wanted == '\0') {
            return !whole || next_folded(&text, false) == '\0';
        }
        if (next_folded(&text, !whole) != wanted) {
            return false;
        }
    }
}

static bool holds(const char *text, const char *part, bool exact)
{
    while (is_blank(*part)) {
        part++;
    }
    while (is_blank(*text)) {
        text++;
    }
    if (exact) {
        return begins(text, part, true);
    }
    for (; *text; text++) {
        if (begins(text, part, false)) {
            return true;
        }
    }
    return false;
}

bool locator_is_judged(const struct locator *locator)
{
    return locator->kind != LOCATOR_CSS && !locator->regex && !locator->chained && !locator->other;
}

bool locator_matches(const struct locator *locator, const struct element *element)
{
    assert(locator_is_judged(locator));
    const char *value = element->of[fields[locator->kind]];
    if (locator->kind == LOCATOR_TESTID) {
        return strcmp(value, locator->text) == 0;
    }
    if (locator->kind == LOCATOR_ROLE) {
        return strcmp(element->of[ELEMENT_ROLE], locator->role) == 0 &&
               (locator->text[0] == '\0' || holds(value, locator->text, locator->exact));
    }
    return holds(value, locator->text, locator->exact);
}

size_t locator_count(const struct locator *locator, const struct page *page)
{
    size_t count = 0;
    for (size_t i = 0; i < page->elements_count; i++) {
        count += locator_matches(locator, &page->elements[i]);
    }
    return count;
}
