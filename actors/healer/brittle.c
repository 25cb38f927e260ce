/* brittle.c - see brittle.h. */
#include "actors/healer/brittle.h"

#include <ctype.h>
#include <string.h>

#include "actors/healer/lexicon.h"

enum { DEEP_STEPS = 4, DIGITS_MIN = 3, NAME_SIZE = 32, TOKEN_SIZE = 128 };

const char *brittle_word(enum brittle kind)
{
    static const char *const words[] = {
        "",
#define BRITTLE(NAME, word, sentence) word,
#include "actors/healer/brittle.def"
    };
    return words[kind];
}

const char *brittle_sentence(enum brittle kind)
{
    static const char *const sentences[] = {
        "",
#define BRITTLE(NAME, word, sentence) sentence,
#include "actors/healer/brittle.def"
    };
    return sentences[kind];
}

static bool is_name(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

/* ---- selectors ---- */

enum brittle brittle_name(const char *name)
{
    size_t run = 0;
    for (; *name; name++) {
        run = isdigit((unsigned char)*name) ? run + 1 : 0;
        if (run >= DIGITS_MIN) {
            return BRITTLE_VOLATILE;
        }
    }
    return BRITTLE_NONE;
}

/* Inside which quotes one is behind `c`; NUL: none. */
static char quote_after(char quote, char c)
{
    if (quote) {
        return (char)(c == quote ? '\0' : quote);
    }
    return (char)(c == '\'' || c == '"' ? c : '\0');
}

static enum brittle judge_xpath(const char *path)
{
    size_t steps = 0;
    bool position = strstr(path, "position()") || strstr(path, "last()");
    char quote = '\0';
    path += path[0] == '(';
    bool absolute = path[0] == '/' && path[1] != '/';
    for (const char *at = path; *at; at++) {
        quote = quote_after(quote, *at);
        steps += !quote && *at == '/' && at[1] != '/';
        position |= !quote && *at == '[' && isdigit((unsigned char)at[1]);
    }
    return absolute              ? BRITTLE_ABSOLUTE
           : position            ? BRITTLE_POSITION
           : steps >= DEEP_STEPS ? BRITTLE_DEEP
                                 : BRITTLE_NONE;
}

/* The class or id that begins at `at`, its escapes resolved, was made up. */
static bool is_made(const char *at)
{
    char token[TOKEN_SIZE];
    size_t used = 0;
    for (; *at && used + 1 < sizeof token && (is_name(*at) || *at == '-' || *at == '\\'); at++) {
        at += *at == '\\' && at[1];
        token[used++] = *at;
    }
    token[used] = '\0';
    return used > 0 && identifier_is_generated(token);
}

/* Where the bracket or string that opens at `at` ends; the end of the text if nowhere. */
static const char *skip_bracket(const char *at)
{
    char quote = '\0';
    for (; *at && (quote || *at != ']'); at++) {
        quote = quote_after(quote, *at);
    }
    return at;
}

static bool is_made_attribute(const char *at)
{
    static const char *const names[] = {
        "[id=", "[class=", "[class~=", "[class*=", "[id^=", "[id*="};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        size_t size = strlen(names[i]);
        if (strncmp(at, names[i], size) == 0) {
            return is_made(at + size + (at[size] == '\'' || at[size] == '"'));
        }
    }
    return false;
}

static enum brittle judge_css(const char *css)
{
    static const char *const positions[] = {":nth-", ":nth(", "nth=", ":first-child",
                                            ":last-child"};
    bool made = false;
    size_t steps = 1;
    for (size_t i = 0; i < sizeof positions / sizeof positions[0]; i++) {
        if (strstr(css, positions[i])) {
            return BRITTLE_POSITION;
        }
    }
    for (const char *at = css; *at; at++) {
        if (*at == '[') {
            made |= is_made_attribute(at);
            at = skip_bracket(at);
            if (*at == '\0') {
                break;
            }
        } else if (*at == '.' || *at == '#') {
            made |= is_made(at + 1);
        } else if (*at == ' ' || *at == '>') {
            steps += at[1] != ' ' && at[1] != '>' && at[1] != '\0';
        }
    }
    return made ? BRITTLE_GENERATED : steps >= DEEP_STEPS ? BRITTLE_DEEP : BRITTLE_NONE;
}

enum brittle brittle_selector(const char *selector)
{
    static const char *const prefixes[] = {"xpath=", "css="};
    bool xpath = strncmp(selector, prefixes[0], strlen(prefixes[0])) == 0;
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        size_t size = strlen(prefixes[i]);
        selector += strncmp(selector, prefixes[i], size) == 0 ? size : 0;
    }
    if (strncmp(selector, "text=", 5) == 0) {
        return brittle_name(selector);
    }
    return xpath || selector[0] == '/' || strncmp(selector, "(/", 2) == 0 ||
                   strncmp(selector, "./", 2) == 0
               ? judge_xpath(selector)
               : judge_css(selector);
}

/* ---- sources ---- */

enum argument { TAKES_SELECTOR = 1, TAKES_NAME, TAKES_TIME, TAKES_INDEX, TAKES_NOTHING, ASKS };

/* What is called, by which name; `on` is what it has to be called on, or "". */
static const struct call {
    const char *name;
    const char *on;
    enum argument takes;
} calls[] = {
    {"locator", "", TAKES_SELECTOR},
    {"frameLocator", "", TAKES_SELECTOR},
    {"waitForSelector", "", TAKES_SELECTOR},
    {"$", "", TAKES_SELECTOR},
    {"$$", "", TAKES_SELECTOR},
    {"click", "page", TAKES_SELECTOR},
    {"dblclick", "page", TAKES_SELECTOR},
    {"fill", "page", TAKES_SELECTOR},
    {"type", "page", TAKES_SELECTOR},
    {"press", "page", TAKES_SELECTOR},
    {"check", "page", TAKES_SELECTOR},
    {"uncheck", "page", TAKES_SELECTOR},
    {"hover", "page", TAKES_SELECTOR},
    {"selectOption", "page", TAKES_SELECTOR},
    {"getByText", "", TAKES_NAME},
    {"getByLabel", "", TAKES_NAME},
    {"getByTitle", "", TAKES_NAME},
    {"getByAltText", "", TAKES_NAME},
    {"getByPlaceholder", "", TAKES_NAME},
    {"getByRole", "", TAKES_NAME},
    {"getByTestId", "", TAKES_NAME},
    {"waitForTimeout", "", TAKES_TIME},
    {"nth", "", TAKES_INDEX},
    {"first", "", TAKES_NOTHING},
    {"last", "", TAKES_NOTHING},
    {"isVisible", "", ASKS},
    {"isHidden", "", ASKS},
    {"isEnabled", "", ASKS},
    {"isDisabled", "", ASKS},
    {"isChecked", "", ASKS},
    {"textContent", "", ASKS},
    {"innerText", "", ASKS},
    {"inputValue", "", ASKS},
    {"count", "", ASKS},
};

struct scan {
    const char *text;
    size_t size;
    size_t at;
    uint64_t line;
    size_t line_at; /* where it begins */
    char last;      /* the last character that is no blank */
    void (*each)(void *arg, const struct brittle_place *place);
    void *arg;
};

static char peek(const struct scan *self, size_t ahead)
{
    return (char)(self->at + ahead < self->size ? self->text[self->at + ahead] : '\0');
}

static void step(struct scan *self)
{
    if (self->text[self->at] == '\n') {
        self->line++;
        self->line_at = self->at + 1;
    }
    self->at++;
}

/* Skips a string, to its end or that of the line; `text` (may be NULL) is filled with its
 * beginning, escapes resolved to what stands behind the backslash.  False: it is a template with a
 * value. */
static bool take_string(struct scan *self, char *text, size_t size)
{
    char quote = peek(self, 0);
    size_t used = 0;
    bool plain = true;
    step(self);
    while (self->at < self->size && peek(self, 0) != quote &&
           (quote == '`' || peek(self, 0) != '\n')) {
        plain &= quote != '`' || peek(self, 0) != '$' || peek(self, 1) != '{';
        if (peek(self, 0) == '\\' && self->at + 1 < self->size) {
            step(self);
        }
        if (text && used + 1 < size) {
            text[used++] = peek(self, 0);
        }
        step(self);
    }
    if (self->at < self->size) {
        step(self);
    }
    while (used > 0 && used + 1 == size && ((unsigned char)text[used - 1] & 0x80)) {
        used--; /* a character may have been cut */
    }
    if (text) {
        text[used] = '\0';
    }
    self->last = quote;
    return plain;
}

/* A slash that begins a regular expression: it cannot divide what stands before. */
static bool begins_regex(const struct scan *self)
{
    return self->last == '\0' || strchr("(,=:[!&|?{};+-*%~^<>", self->last);
}

static void skip_regex(struct scan *self)
{
    bool in_class = false;
    for (step(self); self->at < self->size && peek(self, 0) != '\n'; step(self)) {
        char c = peek(self, 0);
        if (c == '\\') {
            step(self);
            if (self->at == self->size) {
                return;
            }
        } else if (c == '/' && !in_class) {
            step(self);
            self->last = '/';
            return;
        }
        in_class = c == '[' || (in_class && c != ']');
    }
}

static void skip_comment(struct scan *self)
{
    bool line = peek(self, 1) == '/';
    step(self);
    step(self);
    while (self->at < self->size &&
           (line ? peek(self, 0) != '\n' : peek(self, 0) != '*' || peek(self, 1) != '/')) {
        step(self);
    }
    for (int i = 0; i < 2 && !line && self->at < self->size; i++) {
        step(self);
    }
}

static void skip_blanks(struct scan *self)
{
    while (self->at < self->size && isspace((unsigned char)peek(self, 0))) {
        step(self);
    }
}

/* Whether what stands before [begin] is `on` and a point; without `on`, a point if it wants one. */
static bool is_called_on(const struct scan *self, size_t begin, const struct call *call)
{
    bool point = begin > 0 && self->text[begin - 1] == '.';
    size_t size = strlen(call->on);
    if (size == 0) {
        return point || call->takes == TAKES_NAME || call->takes == TAKES_SELECTOR;
    }
    return point && begin > size && memcmp(self->text + begin - 1 - size, call->on, size) == 0;
}

/* expect(await … stands before it in the line. */
static bool is_expected(const struct scan *self, size_t begin)
{
    static const char before[] = "expect(await ";
    return memmem(self->text + self->line_at, begin - self->line_at, before, sizeof before - 1);
}

static void tell(const struct scan *self, struct brittle_place *place, enum brittle kind)
{
    place->kind = kind;
    self->each(self->arg, place);
}

static void copy_name(struct brittle_place *place, const char *name)
{
    size_t size = strlen(name);
    size = size < sizeof place->text ? size : sizeof place->text - 1;
    memcpy(place->text, name, size);
    place->text[size] = '\0';
}

/* The name in the options of getByRole, in this call: name: '…'. */
static bool take_role_name(struct scan *self, struct brittle_place *place)
{
    static const char option[] = "name:";
    while (self->at < self->size && peek(self, 0) != ')' && peek(self, 0) != '\n') {
        if (self->size - self->at >= sizeof option - 1 &&
            memcmp(self->text + self->at, option, sizeof option - 1) == 0) {
            self->at += sizeof option - 1;
            skip_blanks(self);
            return (peek(self, 0) == '\'' || peek(self, 0) == '"') &&
                   take_string(self, place->text, sizeof place->text);
        }
        step(self);
    }
    return false;
}

static void judge_literal(struct scan *self, struct brittle_place *place, const struct call *call)
{
    char quote = peek(self, 0);
    if ((quote != '\'' && quote != '"' && quote != '`') ||
        !take_string(self, place->text, sizeof place->text)) {
        return;
    }
    if (call->takes == TAKES_SELECTOR) {
        tell(self, place, brittle_selector(place->text));
    } else if (strcmp(call->name, "getByRole") != 0) {
        tell(self, place, brittle_name(place->text));
    } else {
        bool named = take_role_name(self, place);
        tell(self, place, named ? brittle_name(place->text) : BRITTLE_NONE);
    }
}

/* Behind the opening parenthesis of a call that begins at `begin`. */
static void judge_call(struct scan *self, size_t begin, const struct call *call)
{
    struct brittle_place place = {.line = self->line, .column = begin - self->line_at + 1};
    skip_blanks(self);
    char first = peek(self, 0);
    if (call->takes == TAKES_SELECTOR || call->takes == TAKES_NAME) {
        judge_literal(self, &place, call);
        return;
    }
    copy_name(&place, call->name);
    if (call->takes == TAKES_TIME) {
        tell(self, &place, BRITTLE_SLEEP);
    } else if ((call->takes == TAKES_INDEX && isdigit((unsigned char)first)) ||
               (call->takes == TAKES_NOTHING && first == ')')) {
        tell(self, &place, BRITTLE_POSITION);
    } else if (call->takes == ASKS && is_expected(self, begin)) {
        tell(self, &place, BRITTLE_ONCE);
    }
}

static void take_name(struct scan *self)
{
    char name[NAME_SIZE];
    size_t begin = self->at;
    size_t used = 0;
    while (self->at < self->size && is_name(peek(self, 0))) {
        used += used + 1 < sizeof name;
        name[used - 1] = peek(self, 0);
        step(self);
    }
    name[used] = '\0';
    self->last = 'a';
    if (peek(self, 0) != '(') {
        return;
    }
    step(self);
    self->last = '(';
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        if (strcmp(calls[i].name, name) == 0 && is_called_on(self, begin, &calls[i])) {
            judge_call(self, begin, &calls[i]);
            return;
        }
    }
}

void brittle_scan(const char *text, size_t size,
                  void (*each)(void *arg, const struct brittle_place *place), void *arg)
{
    struct scan self = {.text = text, .size = size, .line = 1, .each = each, .arg = arg};
    while (self.at < size) {
        char c = peek(&self, 0);
        if (c == '/' && (peek(&self, 1) == '/' || peek(&self, 1) == '*')) {
            skip_comment(&self);
        } else if (c == '/' && begins_regex(&self)) {
            skip_regex(&self);
        } else if (c == '\'' || c == '"' || c == '`') {
            (void)take_string(&self, NULL, 0); /* what it holds does not matter */
        } else if (is_name(c)) {
            take_name(&self);
        } else {
            self.last = isspace((unsigned char)c) ? self.last : c;
            step(&self);
        }
    }
}

/* ---- something better ---- */

static bool put(struct locator *locator, enum locator_kind kind, const char *text)
{
    size_t size = strlen(text);
    *locator = (struct locator){.kind = kind, .quote = '\''};
    if (size == 0 || size >= sizeof locator->text || brittle_name(text) != BRITTLE_NONE) {
        return false;
    }
    memcpy(locator->text, text, size + 1);
    return true;
}

bool brittle_instead(const struct element *element, char ret_text[LOCATOR_PRINT_SIZE])
{
    struct locator locator;
    const char *role = element->of[ELEMENT_ROLE];
    bool found = put(&locator, LOCATOR_TESTID, element->of[ELEMENT_TESTID]) &&
                 !identifier_is_generated(locator.text);
    if (!found && role[0] && strlen(role) < sizeof locator.role) {
        found = put(&locator, LOCATOR_ROLE, element->of[ELEMENT_NAME]);
        memcpy(locator.role, role, strlen(role) + 1);
    }
    found = found || put(&locator, LOCATOR_LABEL, element->of[ELEMENT_LABEL]) ||
            put(&locator, LOCATOR_PLACEHOLDER, element->of[ELEMENT_PLACEHOLDER]);
    return found && locator_print(&locator, ret_text, LOCATOR_PRINT_SIZE) == ERR_OK;
}
