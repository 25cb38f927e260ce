/* words.c - small tables of what people write on buttons and into identifiers. */
#include "actors/healer/words.h"

#include <assert.h>
#include <string.h>

/* What means the same, the word that stands for it first. */
static const char *const same[][2] = {
    {"signin", "login"},     {"signin", "logon"},       {"signout", "logout"},
    {"signout", "logoff"},   {"signup", "register"},    {"delete", "remove"},
    {"cart", "basket"},      {"email", "mail"},         {"phone", "telephone"},
    {"phone", "tel"},        {"previous", "prev"},      {"password", "pwd"},
    {"password", "passwd"},  {"quantity", "qty"},       {"address", "addr"},
    {"message", "msg"},      {"image", "img"},          {"navigation", "nav"},
    {"number", "num"},       {"cancel", "abort"},       {"preferences", "prefs"},
    {"description", "desc"}, {"increase", "increment"}, {"decrease", "decrement"},
};

/* Two words that are one: "sign in". */
static const char *const joined[][3] = {
    {"sign", "in", "signin"},   {"log", "in", "signin"},      {"log", "on", "signin"},
    {"sign", "out", "signout"}, {"log", "out", "signout"},    {"log", "off", "signout"},
    {"sign", "up", "signup"},   {"check", "out", "checkout"}, {"e", "mail", "email"},
};

/* Words of one line exclude each other.  The first line: what is done. */
static const char *const exclusive[] = {
    " save delete cancel discard reset edit create add close copy cut paste share confirm submit "
    "clear archive restore publish print undo redo search open signin signout signup download "
    "upload import export send pay buy purchase approve reject accept decline enable disable show "
    "hide start stop pause play next previous back continue skip subscribe unsubscribe block "
    "unblock lock unlock follow unfollow like dislike select deselect check uncheck expand "
    "collapse apply refresh reload checkout rename move duplicate invite transfer deploy retry ",
    " first last middle next previous ",
    " old new current repeat ",
    " from to ",
    " start end begin finish ",
    " min max minimum maximum ",
    " up down left right top bottom ",
    " in out ",
    " billing shipping delivery ",
    " home work ",
    " increase decrease ",
    " yes no ",
    " on off ",
    " public private ",
    " debit credit ",
    " primary secondary ",
    " today tomorrow yesterday ",
    " day week month year ",
    " hour minute second ",
    " email phone username password address street city zip postcode country company ",
    " male female ",
    " all none one ",
};

/* Only one of two names has one of these: they mean opposite things. */
static const char reversing[] = " cancel delete discard undo stop reject decline clear reset skip "
                                "dismiss not no dont never without unsubscribe un non disable ";

static const char grave[] = " delete pay buy send transfer publish deploy purchase archive "
                            "approve reject accept decline unsubscribe discard reset clear ";

static const char fillers[] = " the a an to your my our of and or please now for with this it is ";

/* What identifiers call the role of their element; `anywhere`: not only as their last part. */
static const struct noun {
    const char *word;
    const char *role;
    bool anywhere;
} nouns[] = {
    {"btn", "button", true},        {"button", "button", true},      {"link", "link", false},
    {"lnk", "link", true},          {"anchor", "link", false},       {"input", "textbox", true},
    {"inp", "textbox", true},       {"txt", "textbox", true},        {"textbox", "textbox", true},
    {"textfield", "textbox", true}, {"textarea", "textbox", true},   {"field", "textbox", false},
    {"checkbox", "checkbox", true}, {"chk", "checkbox", true},       {"radio", "radio", false},
    {"select", "combobox", false},  {"dropdown", "combobox", false}, {"tab", "tab", false},
    {"heading", "heading", false},  {"dialog", "dialog", false},
};

/* `list` has blanks around each word. */
static bool is_in(const char *list, const char *word)
{
    size_t size = strlen(word);
    for (const char *at = size > 0 ? strstr(list, word) : NULL; at; at = strstr(at + 1, word)) {
        if (at > list && at[-1] == ' ' && at[size] == ' ') {
            return true;
        }
    }
    return false;
}

/* ---- reading ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_capital(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_small(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_letter(char c)
{
    return is_small(c) || is_capital(c) || ((unsigned char)c & 0x80) != 0;
}

/* The bytes of an apostrophe at `text`, straight or typographic; 0 if there is none. */
static size_t apostrophe_size(const char *text)
{
    if (text[0] == '\'') {
        return 1;
    }
    return strncmp(text, "\xe2\x80\x99", 3) == 0 ? 3 : 0;
}

/* Whether a word ends before text[i], i > 0, in the middle of letters or digits. */
static bool is_seam(const char *text, size_t i, bool identifier)
{
    if (is_digit(text[i]) != is_digit(text[i - 1])) {
        return true;
    }
    if (!identifier || !is_capital(text[i])) {
        return false;
    }
    return !is_capital(text[i - 1]) || is_small(text[i + 1]); /* fooBar, HTMLView */
}

/* Copies the next word, folded, and returns where it ends; NULL when there is none.  A word that is
 * too long is cut, which *ret_cut says. */
static const char *next_word(const char *text, bool identifier, char *word, bool *ret_cut)
{
    size_t used = 0;
    *ret_cut = false;
    while (*text && !is_letter(*text) && !is_digit(*text)) {
        text++;
    }
    const char *from = text;
    while (is_letter(*text) || is_digit(*text)) {
        size_t skip = apostrophe_size(text);
        if (skip == 0 && text > from && is_seam(from, (size_t)(text - from), identifier)) {
            break;
        }
        if (skip == 0) {
            char c = (char)(is_capital(*text) ? *text - 'A' + 'a' : *text);
            *ret_cut |= used == WORD_SIZE - 1;
            word[used] = c;
            used += used < WORD_SIZE - 1;
        }
        text += skip > 0 ? skip : 1;
        text += apostrophe_size(text);
    }
    word[used] = '\0';
    return text > from ? text : NULL;
}

static const char *standing_for(const char *word)
{
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        if (strcmp(word, same[i][1]) == 0) {
            return same[i][0];
        }
    }
    return word;
}

static void add(struct words *words, const char *word)
{
    word = standing_for(word);
    if (words_has(words, word) || word[0] == '\0') {
        return;
    }
    if (words->count == WORDS_MAX) {
        words->overflow = true;
        return;
    }
    size_t size = strlen(word);
    assert(size < WORD_SIZE);
    memcpy(words->at[words->count++], word, size + 1);
}

static bool begins_joined(const char *word)
{
    if (word[0] != 's' && word[0] != 'l' && word[0] != 'c' && word[0] != 'e') {
        return false; /* it is asked of every word */
    }
    for (size_t i = 0; i < sizeof joined / sizeof joined[0]; i++) {
        if (strcmp(word, joined[i][0]) == 0) {
            return true;
        }
    }
    return false;
}

static const char *join(const char *word, const char *next)
{
    for (size_t i = 0; i < sizeof joined / sizeof joined[0]; i++) {
        if (strcmp(word, joined[i][0]) == 0 && strcmp(next, joined[i][1]) == 0) {
            return joined[i][2];
        }
    }
    return NULL;
}

const char *word_next(const char *text, bool identifier, char word[WORD_SIZE])
{
    char next[WORD_SIZE];
    bool cut;
    text = next_word(text, identifier, word, &cut);
    const char *both = NULL;
    const char *behind = NULL;
    if (text && begins_joined(word) && (behind = next_word(text, identifier, next, &cut))) {
        both = join(word, next);
    }
    if (both) {
        memcpy(word, both, strlen(both) + 1);
    }
    return both ? behind : text;
}

static const char *role_of(const char *word, bool last)
{
    for (size_t i = 0; i < sizeof nouns / sizeof nouns[0]; i++) {
        if (strcmp(word, nouns[i].word) == 0 && (last || nouns[i].anywhere)) {
            return nouns[i].role;
        }
    }
    return NULL;
}

void words_add_text(struct words *words, const char *text)
{
    char word[WORD_SIZE];
    char next[WORD_SIZE];
    bool cut;
    while ((text = next_word(text, false, word, &cut))) {
        bool next_cut;
        words->overflow |= cut;
        const char *behind = next_word(text, false, next, &next_cut);
        const char *both = behind ? join(word, next) : NULL;
        if (both) {
            add(words, both);
            text = behind;
        } else if (!is_in(fillers, word)) {
            add(words, word);
        }
    }
}

void words_add_identifier(struct words *words, const char *text)
{
    char word[WORD_SIZE];
    char next[WORD_SIZE];
    bool cut;
    bool first = true;
    while ((text = next_word(text, true, word, &cut))) {
        bool next_cut;
        words->overflow |= cut;
        const char *behind = next_word(text, true, next, &next_cut);
        const char *both = behind ? join(word, next) : NULL;
        const char *role = role_of(word, !behind && !first);
        if (both) {
            add(words, both);
            text = behind;
        } else if (role) {
            words->role = role;
        } else {
            add(words, word);
        }
        first = false;
    }
}

/* ---- comparing ---- */

/* The size without the s of a plural or of "she saves". */
static size_t stem_size(const char *word)
{
    enum { STEM_MIN = 4 };
    size_t size = strlen(word);
    return size > STEM_MIN && word[size - 1] == 's' ? size - 1 : size;
}

static bool word_equal(const char *a, const char *b)
{
    if (strcmp(a, b) == 0) {
        return true;
    }
    size_t size = stem_size(a);
    return !is_digit(a[0]) && size == stem_size(b) && memcmp(a, b, size) == 0;
}

bool words_has(const struct words *words, const char *word)
{
    for (size_t i = 0; i < words->count; i++) {
        if (word_equal(words->at[i], word)) {
            return true;
        }
    }
    return false;
}

size_t words_common(const struct words *a, const struct words *b)
{
    size_t count = 0;
    for (size_t i = 0; i < a->count; i++) {
        count += words_has(b, a->at[i]);
    }
    return count;
}

void word_stem(const char *word, char stem[WORD_SIZE])
{
    const char *stands = standing_for(word);
    size_t size = is_digit(stands[0]) ? strlen(stands) : stem_size(stands);
    assert(size < WORD_SIZE);
    memcpy(stem, stands, size);
    stem[size] = '\0';
    stands = standing_for(stem); /* "removes" by way of "remove" */
    memmove(stem, stands, strlen(stands) + 1);
}

bool word_is_filler(const char *word)
{
    return is_in(fillers, word);
}

uint32_t word_lines(const char *word)
{
    _Static_assert(sizeof exclusive / sizeof exclusive[0] <= WORD_LINES_MAX, "a bit each");
    uint32_t lines = 0;
    if (is_digit(word[0])) {
        return lines; /* pages hold many numbers, lines none */
    }
    for (size_t i = 0; i < sizeof exclusive / sizeof exclusive[0]; i++) {
        lines |= is_in(exclusive[i], word) ? UINT32_C(1) << i : 0;
    }
    return lines;
}

bool word_is_reversing(const char *word)
{
    return is_in(reversing, word);
}

static bool any_in(const struct words *words, const char *list)
{
    for (size_t i = 0; i < words->count; i++) {
        if (is_in(list, words->at[i])) {
            return true;
        }
    }
    return false;
}

/* Some word of `a` is missing in `b`, which has another one of the same line instead. */
static bool excludes(const struct words *a, const struct words *b, const char *line)
{
    for (size_t i = 0; i < a->count; i++) {
        if (!is_in(line, a->at[i]) || words_has(b, a->at[i])) {
            continue;
        }
        for (size_t j = 0; j < b->count; j++) {
            if (is_in(line, b->at[j]) && !words_has(a, b->at[j])) {
                return true;
            }
        }
    }
    return false;
}

/* The numbers in `a` are in `b`. */
static bool has_numbers(const struct words *a, const struct words *b)
{
    for (size_t i = 0; i < a->count; i++) {
        if (is_digit(a->at[i][0]) && !words_has(b, a->at[i])) {
            return false;
        }
    }
    return true;
}

bool words_reverse(const struct words *a, const struct words *b)
{
    return any_in(a, reversing) != any_in(b, reversing);
}

bool words_conflict(const struct words *a, const struct words *b)
{
    if (!has_numbers(a, b) || !has_numbers(b, a) || words_reverse(a, b)) {
        return true;
    }
    for (size_t i = 0; i < sizeof exclusive / sizeof exclusive[0]; i++) {
        if (excludes(a, b, exclusive[i])) {
            return true;
        }
    }
    return false;
}

bool word_is_action(const char *word)
{
    return is_in(exclusive[0], word);
}

bool words_are_grave(const struct words *words)
{
    return any_in(words, grave);
}
