/* features.c - words, letters and facts of an error text as buckets. */
#include "actors/classifier/features.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "actors/classifier/line.h"
#include "actors/classifier/place.h"

enum {
    MESSAGE_SIZE_MAX = 600, /* bytes that are looked at */
    LETTERS_SIZE_MAX = 160,
    REST_SIZE_MAX = 1000,
    STACK_SIZE_MAX = 700,
    WORLD_SIZE_MAX = 2000,
    WORD_SIZE_MAX = 24, /* of a longer word the beginning counts */
    GRAM_MIN = 3,
    GRAM_MAX = 5
};

static uint32_t mix(uint32_t hash, unsigned char byte)
{
    return (hash ^ byte) * UINT32_C(16777619);
}

/* The lower bits of FNV alone are poor. */
static uint16_t bucket_of(uint32_t hash)
{
    hash ^= hash >> 15;
    hash *= UINT32_C(0x2c1b3c6d);
    hash ^= hash >> 13;
    return (uint16_t)(hash ^ hash >> 16);
}

static uint32_t seed_of(enum features_kind kind)
{
    return UINT32_C(2166136261) ^ ((uint32_t)kind + 1) * UINT32_C(0x9e3779b1);
}

static bool is_letter(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
}

static bool is_digit(unsigned char c)
{
    return c >= '0' && c <= '9';
}

static unsigned char fold(unsigned char c)
{
    if (c >= 'A' && c <= 'Z') {
        return (unsigned char)(c + ('a' - 'A'));
    }
    return is_digit(c) ? '0' : c;
}

static void add(struct features *self, enum features_kind kind, const struct feature *feature)
{
    if (self->count[kind] < FEATURES_MAX) {
        self->list[kind][self->count[kind]++] = *feature;
    }
}

/* ---- words ---- */

/* The last words seen, newest first. */
struct words {
    uint32_t hash[3];
    uint16_t from[3];
    size_t count;
};

static void add_word(struct features *self, enum features_kind kind, struct words *words,
                     const struct feature *word)
{
    size_t longest = kind == FEATURES_WORDS ? 3 : 2;
    uint32_t hash = seed_of(kind);
    for (size_t i = 0; i < words->count && i < longest; i++) {
        hash = (hash ^ words->hash[i]) * UINT32_C(0x85ebca6b) + (uint32_t)i;
        uint16_t from = words->from[i];
        add(self, kind,
            &(struct feature){bucket_of(hash), from, (uint16_t)(word->from + word->size - from)});
    }
}

static void push_word(struct words *words, uint32_t hash, size_t from)
{
    memmove(&words->hash[1], &words->hash[0], 2 * sizeof words->hash[0]);
    memmove(&words->from[1], &words->from[0], 2 * sizeof words->from[0]);
    words->hash[0] = hash;
    words->from[0] = (uint16_t)from;
    words->count += words->count < 3;
}

/* Adds the words of text[from, to). */
static void add_words(struct features *self, enum features_kind kind, const char *text,
                      struct primary_span span)
{
    struct words words = {.count = 0};
    size_t at = span.from;
    while (at < span.to) {
        unsigned char c = (unsigned char)text[at];
        if (!is_letter(c) && !is_digit(c)) {
            at++;
            continue;
        }
        size_t from = at;
        uint32_t hash = UINT32_C(2166136261);
        bool letters = is_letter(c);
        for (; at < span.to; at++) {
            c = (unsigned char)text[at];
            if (letters ? !is_letter(c) && !is_digit(c) : !is_digit(c)) {
                break;
            }
            if (at - from < WORD_SIZE_MAX && (letters || at == from)) {
                hash = mix(hash, fold(c));
            }
        }
        push_word(&words, hash, from);
        add_word(self, kind, &words,
                 &(struct feature){.from = (uint16_t)from, .size = (uint16_t)(at - from)});
    }
}

static void add_letters(struct features *self, const char *text, struct primary_span span)
{
    uint32_t seed = seed_of(FEATURES_LETTERS);
    for (size_t at = span.from; at + GRAM_MIN <= span.to; at++) {
        uint32_t hash = seed;
        for (size_t i = 0; i < GRAM_MAX && at + i < span.to; i++) {
            hash = mix(hash, fold((unsigned char)text[at + i]));
            if (i + 1 >= GRAM_MIN) {
                add(self, FEATURES_LETTERS,
                    &(struct feature){bucket_of(hash), (uint16_t)at, (uint16_t)(i + 1)});
            }
        }
    }
}

static size_t min(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* The lines around the message: frames are one kind, all others the other. */
static void add_lines(struct features *self, const struct primary *primary)
{
    size_t stack = STACK_SIZE_MAX;
    size_t rest = REST_SIZE_MAX;
    for (size_t at = 0; at < primary->size && stack + rest > 0;) {
        const char *line = primary->text + at;
        size_t size = line_size(line, primary->size - at);
        struct error_place place;
        bool inside = at >= primary->message.from && at < primary->message.to;
        bool frame = !inside && error_place_is_frame(line, size, &place);
        size_t *room = frame ? &stack : &rest;
        size_t used = inside ? 0 : min(*room, size);
        if (used > 0) {
            add_words(self, frame ? FEATURES_STACK : FEATURES_REST, primary->text,
                      (struct primary_span){at, at + used});
        }
        *room -= used;
        at += size + 1;
    }
}

/* ---- facts ---- */

static void add_fact(struct features *self, const char *name, const char *value, size_t size)
{
    uint32_t hash = seed_of(FEATURES_FACTS);
    for (; *name; name++) {
        hash = mix(hash, (unsigned char)*name);
    }
    hash = mix(hash, '=');
    for (size_t i = 0; i < size; i++) {
        hash = mix(hash, fold((unsigned char)value[i]));
    }
    add(self, FEATURES_FACTS, &(struct feature){.bucket = bucket_of(hash)});
}

static void add_name(struct features *self, const char *name, const char *value_or_null)
{
    if (value_or_null && value_or_null[0] != '\0') {
        add_fact(self, name, value_or_null, strlen(value_or_null));
    }
}

static bool has(const char *text, size_t size, const char *word)
{
    return memmem(text, size, word, strlen(word)) != NULL;
}

static bool is_test_file(const char *path)
{
    static const char *const marks[] = {".test.",  ".spec.", "__tests__", "_test.", "test_",
                                        "/tests/", "/test/", "e2e",       ".cy.",   "Test."};
    size_t size = strlen(path);
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        if (has(path, size, marks[i])) {
            return true;
        }
    }
    return false;
}

static void add_file_facts(struct features *self, const char *file)
{
    const char *name = strrchr(file, '/');
    name = name ? name + 1 : file;
    const char *dot = strrchr(name, '.');
    add_fact(self, "file", file[0] ? "known" : "none", file[0] ? 5 : 4);
    add_name(self, "suffix", dot);
    if (file[0] && is_test_file(file)) {
        add_name(self, "file", "test");
    }
    add_name(self, "name", name);
    if (dot && name[0] >= 'A' && name[0] <= 'Z') {
        add_name(self, "capital", dot);
    }
}

/* A parser's complaint is about the language of the file: the one says nothing without the other.
 */
static void add_syntax_fact(struct features *self, const struct primary *primary)
{
    static const char *const marks[] = {
        "yntax",        "nexpected",   "parse",     "Parse",
        "nterminated",  "Expected ",   " expected", "Transform failed",
        "not allowed ", "closing tag", "JSX",       "reserved word"};
    const char *message = primary->text + primary->message.from;
    size_t size = min(primary->message.to - primary->message.from, MESSAGE_SIZE_MAX);
    const char *dot = strrchr(primary->file, '.');
    for (size_t i = 0; dot && i < sizeof marks / sizeof marks[0]; i++) {
        if (has(message, size, marks[i])) {
            add_name(self, "syntax", dot);
            add_name(self, marks[i], dot);
        }
    }
}

/* Which of the worlds that share their words the text names. */
static void add_world_facts(struct features *self, const struct primary *primary)
{
    static const char *const marks[] = {"react-dom",
                                        "renderWithHooks",
                                        "react_stack_bottom_frame",
                                        "    at ",
                                        "Traceback ",
                                        "node_modules/",
                                        "node:internal",
                                        ".test.",
                                        ".spec.",
                                        "webpack-internal",
                                        "Consider adding an error boundary",
                                        "site-packages",
                                        "expect(",
                                        "scheduler"};
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        if (has(primary->text, min(primary->size, WORLD_SIZE_MAX), marks[i])) {
            add_name(self, "has", marks[i]);
        }
    }
}

static void add_facts(struct features *self, const struct primary *primary,
                      const struct features_hints *hints)
{
    const char *dot = strrchr(primary->file, '.');
    add_name(self, "rule", hints->rule);
    if (hints->rule && dot) {
        add_name(self, hints->rule, dot);
    }
    add_name(self, "label", hints->label);
    add_name(self, "tool", hints->tool);
    add_name(self, "code", primary->code);
    add_name(self, "severity", primary->is_warning ? "warning" : "error");
    add_file_facts(self, primary->file);
    add_syntax_fact(self, primary);
    add_world_facts(self, primary);
    /* The name before the first colon: "TypeError", "Warning", "npm ERR! code". */
    const char *line = primary->text + primary->message.from;
    size_t size = min(primary->message.to - primary->message.from, 40);
    const char *colon = memchr(line, ':', size);
    if (colon) {
        add_fact(self, "head", line, (size_t)(colon - line));
    }
}

void features_read(const struct primary *primary, const struct features_hints *hints,
                   struct features *ret_features)
{
    assert(primary);
    assert(hints);
    assert(ret_features);
    memset(ret_features->count, 0, sizeof ret_features->count);
    struct primary_span message = primary->message;
    size_t to = message.to;
    message.to = min(to, message.from + MESSAGE_SIZE_MAX);
    add_words(ret_features, FEATURES_WORDS, primary->text, message);
    message.to = min(to, message.from + LETTERS_SIZE_MAX);
    add_letters(ret_features, primary->text, message);
    add_lines(ret_features, primary);
    add_facts(ret_features, primary, hints);
}

float features_weight(enum features_kind kind, size_t count)
{
    /* A kind counts as a whole, however long the text; each fact counts by itself. */
    static const float whole[FEATURES_KINDS] = {[FEATURES_WORDS] = 2.0F,
                                                [FEATURES_LETTERS] = 1.5F,
                                                [FEATURES_REST] = 1.0F,
                                                [FEATURES_STACK] = 1.0F,
                                                [FEATURES_FACTS] = 0.8F};
    return kind == FEATURES_FACTS || count == 0 ? whole[kind] : whole[kind] / sqrtf((float)count);
}
