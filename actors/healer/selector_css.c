/* selector_css.c - reads CSS selectors. */
#include <stdlib.h>
#include <string.h>

#include "actors/healer/selector_priv.h"

enum { SIMPLES_MAX = 32, PARTS_MAX = 64, ITEMS_MAX = 64, IDENT_SIZE = 512, NTH_DIGITS_MAX = 6 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_ident(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '-' ||
           c == '_' || (unsigned char)c >= 0x80;
}

static char peek(const struct sel_reader *reader)
{
    return (char)(reader->at < reader->end ? *reader->at : '\0');
}

static bool hex_value(char c, unsigned *ret_value)
{
    const char *digits = "0123456789abcdef";
    const char *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c) : NULL;
    *ret_value = at ? (unsigned)(at - digits) : 0;
    return at != NULL;
}

static size_t put_utf8(char *to, unsigned code)
{
    if (code < 0x80) {
        to[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        to[0] = (char)(0xc0 | (code >> 6));
        to[1] = (char)(0x80 | (code & 0x3f));
        return 2;
    }
    if (code < 0x10000) {
        to[0] = (char)(0xe0 | (code >> 12));
        to[1] = (char)(0x80 | ((code >> 6) & 0x3f));
        to[2] = (char)(0x80 | (code & 0x3f));
        return 3;
    }
    to[0] = (char)(0xf0 | ((code >> 18) & 0x07));
    to[1] = (char)(0x80 | ((code >> 12) & 0x3f));
    to[2] = (char)(0x80 | ((code >> 6) & 0x3f));
    to[3] = (char)(0x80 | (code & 0x3f));
    return 4;
}

/* What stands behind a backslash. */
static size_t read_escape(struct sel_reader *reader, char *to)
{
    unsigned code = 0;
    unsigned digit;
    int digits = 0;
    while (digits < 6 && hex_value(peek(reader), &digit)) {
        code = code * 16 + digit;
        digits++;
        reader->at++;
    }
    if (digits == 0) {
        to[0] = *reader->at++;
        return 1;
    }
    if (peek(reader) == ' ') {
        reader->at++;
    }
    return put_utf8(to, code == 0 || code > 0x10ffff ? 0xfffd : code);
}

/* NULL, and perhaps an error, when there is none. */
static const char *read_ident(struct sel_reader *reader)
{
    char ident[IDENT_SIZE];
    size_t size = 0;
    if (is_digit(peek(reader))) {
        return NULL;
    }
    while (is_ident(peek(reader)) || (peek(reader) == '\\' && reader->end - reader->at > 1)) {
        if (size + 4 >= sizeof ident) {
            (void)sel_fail(reader, ERR_LIMIT, "a name is too long");
            return NULL;
        }
        if (*reader->at == '\\') {
            reader->at++;
            size += read_escape(reader, ident + size);
        } else {
            ident[size++] = *reader->at++;
        }
    }
    return size > 0 ? sel_copy(reader, ident, size) : NULL;
}

static const char *small(struct sel_reader *reader, const char *text)
{
    char *copy = text ? sel_alloc(reader, strlen(text) + 1, 1) : NULL;
    for (size_t i = 0; copy && text[i]; i++) {
        copy[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] - 'A' + 'a' : text[i]);
    }
    return copy;
}

/* ---- parts ---- */

static bool read_attr(struct sel_reader *reader, struct sel_simple *simple)
{
    sel_skip_blanks(reader);
    simple->kind = SEL_ATTR;
    simple->name = small(reader, read_ident(reader));
    if (!simple->name) {
        return sel_fail(reader, ERR_MALFORMED, "an attribute without a name");
    }
    sel_skip_blanks(reader);
    if (sel_take(reader, "]")) {
        return true;
    }
    if (peek(reader) && strchr("~|^$*", peek(reader))) {
        simple->op = *reader->at++;
    } else {
        simple->op = '=';
    }
    if (!sel_take(reader, "=")) {
        return sel_fail(reader, ERR_MALFORMED, "an attribute without its value");
    }
    sel_skip_blanks(reader);
    if (!sel_string(reader, &simple->value)) {
        simple->value = read_ident(reader);
    }
    if (!simple->value) {
        return sel_fail(reader, ERR_MALFORMED, "an attribute without its value");
    }
    sel_skip_blanks(reader);
    if (peek(reader) == 'i' || peek(reader) == 'I') {
        simple->folded = true;
        reader->at++;
    } else if (peek(reader) == 's' || peek(reader) == 'S') {
        reader->at++;
    }
    sel_skip_blanks(reader);
    return sel_take(reader, "]") || sel_fail(reader, ERR_MALFORMED, "a [ without its ]");
}

static bool read_number(struct sel_reader *reader, int32_t *ret_number)
{
    char digits[NTH_DIGITS_MAX + 1];
    size_t count = 0;
    while (is_digit(peek(reader)) && count < NTH_DIGITS_MAX) {
        digits[count++] = *reader->at++;
    }
    digits[count] = '\0';
    *ret_number = (int32_t)strtol(digits, NULL, 10);
    return count > 0;
}

/* odd, even, 3, -n + 2, 2n+1 */
static bool read_nth(struct sel_reader *reader, struct sel_simple *simple)
{
    sel_skip_blanks(reader);
    if (sel_take(reader, "odd") || sel_take(reader, "even")) {
        simple->a = 2;
        simple->b = reader->at[-1] == 'd';
        return true;
    }
    int32_t sign = sel_take(reader, "-") ? -1 : 1;
    (void)sel_take(reader, "+"); /* it changes nothing */
    bool some = read_number(reader, &simple->b);
    if (!sel_take(reader, "n") && !sel_take(reader, "N")) {
        simple->b *= sign;
        return some || sel_fail(reader, ERR_MALFORMED, ":nth- without its number");
    }
    simple->a = sign * (some ? simple->b : 1);
    simple->b = 0;
    sel_skip_blanks(reader);
    if (peek(reader) == '+' || peek(reader) == '-') {
        sign = *reader->at++ == '-' ? -1 : 1;
        sel_skip_blanks(reader);
        if (!read_number(reader, &simple->b)) {
            return sel_fail(reader, ERR_MALFORMED, ":nth- without its number");
        }
        simple->b *= sign;
    }
    return true;
}

static bool close_bracket(struct sel_reader *reader)
{
    sel_skip_blanks(reader);
    return sel_take(reader, ")") || sel_fail(reader, ERR_MALFORMED, "a ( without its )");
}

static bool read_text(struct sel_reader *reader, struct sel_simple *simple, bool exact)
{
    const char *text = NULL;
    sel_skip_blanks(reader);
    if (!sel_string(reader, &text)) {
        const char *begin = reader->at;
        while (peek(reader) && peek(reader) != ')') {
            reader->at++;
        }
        text = sel_copy(reader, begin, (size_t)(reader->at - begin));
    }
    return text && sel_text_make(reader, text, exact, &simple->text) && close_bracket(reader);
}

/* Those with something in brackets; the bracket has been read. */
static bool read_function(struct sel_reader *reader, const char *name, struct sel_simple *simple)
{
    static const struct {
        const char *name;
        enum sel_kind kind;
        bool last, of_type;
    } functions[] = {
        {"is", SEL_IS, false, false},
        {"where", SEL_IS, false, false},
        {"matches", SEL_IS, false, false},
        {"not", SEL_NOT, false, false},
        {"has", SEL_HAS, false, false},
        {"nth-child", SEL_NTH, false, false},
        {"nth-last-child", SEL_NTH, true, false},
        {"nth-of-type", SEL_NTH, false, true},
        {"nth-last-of-type", SEL_NTH, true, true},
        {"has-text", SEL_HAS_TEXT, false, false},
        {"text", SEL_TEXT, false, false},
        {"text-is", SEL_TEXT_IS, false, false},
        {"nth-match", SEL_NTH_MATCH, false, false},
    };
    size_t i = 0;
    while (i < sizeof functions / sizeof functions[0] && strcmp(functions[i].name, name) != 0) {
        i++;
    }
    if (i == sizeof functions / sizeof functions[0]) {
        return sel_fail(reader, ERR_UNSUPPORTED, "a pseudo-class that is not known");
    }
    simple->kind = functions[i].kind;
    simple->last = functions[i].last;
    simple->of_type = functions[i].of_type;
    switch (simple->kind) {
    case SEL_NTH:
        if (!read_nth(reader, simple)) {
            return false;
        }
        sel_skip_blanks(reader);
        if (sel_take(reader, "of ")) {
            simple->list = css_read(reader, ')', false);
            return simple->list && close_bracket(reader);
        }
        return close_bracket(reader);
    case SEL_HAS_TEXT:
    case SEL_TEXT:
        return read_text(reader, simple, false);
    case SEL_TEXT_IS:
        return read_text(reader, simple, true);
    default:
        simple->list = css_read(reader, ')', simple->kind == SEL_HAS);
        if (simple->kind == SEL_NTH_MATCH && simple->list && !read_number(reader, &simple->b)) {
            return sel_fail(reader, ERR_MALFORMED, ":nth-match without its number");
        }
        return simple->list && close_bracket(reader);
    }
}

static bool read_pseudo(struct sel_reader *reader, struct sel_simple *simple)
{
    static const char *const states[] = {
        "checked",    "disabled", "enabled",  "required",          "optional",     "read-only",
        "read-write", "link",     "any-link", "placeholder-shown", "selected",     "focus",
        "hover",      "active",   "target",   "visited",           "focus-within", "focus-visible"};
    static const struct {
        const char *name;
        enum sel_kind kind;
        bool last, of_type;
    } plain[] = {
        {"first-child", SEL_NTH, false, false},  {"last-child", SEL_NTH, true, false},
        {"first-of-type", SEL_NTH, false, true}, {"last-of-type", SEL_NTH, true, true},
        {"only-child", SEL_ONLY, false, false},  {"only-of-type", SEL_ONLY, false, true},
        {"empty", SEL_EMPTY, false, false},      {"root", SEL_ROOT, false, false},
        {"scope", SEL_SCOPE, false, false},      {"visible", SEL_VISIBLE, false, false},
    };
    if (peek(reader) == ':') {
        return sel_fail(reader, ERR_UNSUPPORTED, "pseudo-elements are no elements");
    }
    const char *name = small(reader, read_ident(reader));
    if (!name) {
        return sel_fail(reader, ERR_MALFORMED, "a : without a name");
    }
    if (sel_take(reader, "(")) {
        return read_function(reader, name, simple);
    }
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        if (strcmp(plain[i].name, name) == 0) {
            *simple = (struct sel_simple){
                .kind = plain[i].kind, .last = plain[i].last, .of_type = plain[i].of_type, .b = 1};
            return true;
        }
    }
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        if (strcmp(states[i], name) == 0) {
            simple->kind = SEL_STATE;
            simple->name = states[i];
            return true;
        }
    }
    return sel_fail(reader, ERR_UNSUPPORTED, "a pseudo-class that is not known");
}

/* One of a compound; *ret_some false when the compound ends here. */
static bool read_simple(struct sel_reader *reader, struct sel_simple *simple, bool *ret_some)
{
    char c = peek(reader);
    *ret_some = true;
    *simple = (struct sel_simple){.b = 0};
    if (c == '*') {
        reader->at++;
        simple->kind = SEL_TYPE;
        simple->name = NULL;
        return true;
    }
    if (c == '#' || c == '.') {
        reader->at++;
        simple->kind = c == '#' ? SEL_ID : SEL_CLASS;
        simple->value = read_ident(reader);
        return simple->value || sel_fail(reader, ERR_MALFORMED, "a # or . without a name");
    }
    if (c == '[') {
        reader->at++;
        return read_attr(reader, simple);
    }
    if (c == ':') {
        reader->at++;
        return read_pseudo(reader, simple);
    }
    if (is_ident(c) || c == '\\') {
        simple->kind = SEL_TYPE;
        simple->name = small(reader, read_ident(reader));
        return simple->name || sel_fail(reader, ERR_MALFORMED, "not a name of an element");
    }
    *ret_some = false;
    return true;
}

static bool read_compound(struct sel_reader *reader, struct sel_compound *compound)
{
    struct sel_simple simples[SIMPLES_MAX];
    bool some = true;
    while (some) {
        if (compound->count == SIMPLES_MAX) {
            return sel_fail(reader, ERR_LIMIT, "a selector is too long");
        }
        if (!read_simple(reader, &simples[compound->count], &some)) {
            return false;
        }
        compound->count += some;
    }
    if (compound->count == 0) {
        return sel_fail(reader, ERR_MALFORMED, "a part of the selector is empty");
    }
    compound->simples = sel_alloc(reader, compound->count, sizeof simples[0]);
    if (compound->simples) {
        memcpy(compound->simples, simples, compound->count * sizeof simples[0]);
    }
    return compound->simples != NULL;
}

/* The combinator here; '\0' at the end of the complex selector. */
static char read_combinator(struct sel_reader *reader, char until)
{
    const char *begin = reader->at;
    sel_skip_blanks(reader);
    char c = peek(reader);
    if (c == '\0' || c == ',' || c == until) {
        return '\0';
    }
    if (c == '>' || c == '+' || c == '~') {
        reader->at++;
        sel_skip_blanks(reader);
        return c;
    }
    return (char)(reader->at > begin ? ' ' : '\0');
}

static bool read_complex(struct sel_reader *reader, char until, bool relative,
                         struct sel_complex *complex)
{
    struct sel_compound parts[PARTS_MAX];
    sel_skip_blanks(reader);
    char combinator = ' ';
    complex->relative = relative;
    if (relative && peek(reader) && strchr(">+~", peek(reader))) {
        combinator = *reader->at++;
        sel_skip_blanks(reader);
    }
    while (combinator) {
        if (complex->count == PARTS_MAX) {
            return sel_fail(reader, ERR_LIMIT, "a selector is too long");
        }
        parts[complex->count] = (struct sel_compound){.combinator = combinator};
        if (!read_compound(reader, &parts[complex->count])) {
            return false;
        }
        complex->count++;
        combinator = read_combinator(reader, until);
    }
    complex->parts = sel_alloc(reader, complex->count, sizeof parts[0]);
    if (complex->parts) {
        memcpy(complex->parts, parts, complex->count * sizeof parts[0]);
    }
    return complex->parts != NULL;
}

struct sel_list *css_read(struct sel_reader *reader, char until, bool relative)
{
    struct sel_complex items[ITEMS_MAX];
    struct sel_list *list = sel_alloc(reader, 1, sizeof *list);
    if (!list || ++reader->depth > SELECTOR_DEPTH_MAX) {
        (void)sel_fail(reader, ERR_LIMIT, "selectors in selectors are too deep");
        return NULL;
    }
    do {
        if (list->count == ITEMS_MAX) {
            (void)sel_fail(reader, ERR_LIMIT, "a list of selectors is too long");
            return NULL;
        }
        items[list->count] = (struct sel_complex){.count = 0};
        sel_skip_blanks(reader);
        if (until == ')' && list->count > 0 && is_digit(peek(reader))) {
            break; /* :nth-match(selector, 3) */
        }
        if (!read_complex(reader, until, relative, &items[list->count])) {
            return NULL;
        }
        list->count++;
        sel_skip_blanks(reader);
    } while (sel_take(reader, ","));
    reader->depth--;
    if (peek(reader) != until && (peek(reader) != '\0' || until == ')') &&
        !is_digit(peek(reader))) {
        (void)sel_fail(reader, ERR_MALFORMED, "something stands behind the selector");
        return NULL;
    }
    list->items = sel_alloc(reader, list->count, sizeof items[0]);
    if (list->items) {
        memcpy(list->items, items, list->count * sizeof items[0]);
    }
    return list->items ? list : NULL;
}
