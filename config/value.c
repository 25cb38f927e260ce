/* value.c - one value: from text into its place in a config, and back. */
#include "config/value.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "config/suggest.h"

#define DECIMALS       6 /* digits kept after the point */
#define DECIMALS_SCALE 1000000

struct suffix {
    const char *unit;
    const char *text;
    uint64_t factor;
};

/* Per unit, smallest first. */
static const struct suffix suffixes[] = {
    {"ms", "ms", 1},
    {"ms", "s", 1000},
    {"ms", "m", 60 * 1000},
    {"ms", "h", 60 * 60 * 1000},
    {"ms", "d", 24 * 60 * 60 * 1000},
    {"bytes", "B", 1},
    {"bytes", "KiB", UINT64_C(1) << 10},
    {"bytes", "MiB", UINT64_C(1) << 20},
    {"bytes", "GiB", UINT64_C(1) << 30},
    {"bytes", "TiB", UINT64_C(1) << 40},
};
#define SUFFIXES (sizeof suffixes / sizeof suffixes[0])

/* A piece of text without a terminator. */
struct slice {
    const char *text;
    size_t size;
};

static bool slice_is(struct slice slice, const char *word)
{
    return slice.size == strlen(word) && memcmp(slice.text, word, slice.size) == 0;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

struct shown shown_text(const char *text, size_t size)
{
    struct shown shown;
    size_t used = 0;
    size_t i = 0;
    shown.text[used++] = '"';
    for (; i < size && used < sizeof shown.text - 5; i++) {
        unsigned char byte = (unsigned char)text[i];
        if ((byte & 0xc0) == 0x80 && i > 0) {
            continue; /* one ? for each foreign character */
        }
        shown.text[used++] = (char)(byte >= 0x20 && byte < 0x7f ? byte : (unsigned char)'?');
    }
    (void)snprintf(shown.text + used, sizeof shown.text - used, "%s", i < size ? "\"..." : "\"");
    return shown;
}

struct amount amount_text(const char *unit, uint64_t number)
{
    struct amount amount;
    const struct suffix *best = NULL;
    for (size_t i = 0; i < SUFFIXES; i++) {
        if (strcmp(suffixes[i].unit, unit) == 0 && number % suffixes[i].factor == 0) {
            best = &suffixes[i];
        }
    }
    if (!best || number == 0) {
        (void)snprintf(amount.text, sizeof amount.text, "%" PRIu64, number);
        return amount;
    }
    (void)snprintf(amount.text, sizeof amount.text, "%" PRIu64 "%s", number / best->factor,
                   best->text);
    return amount;
}

struct amount decimal_text(double number)
{
    struct amount amount;
    assert(number >= 0 && number < 1e9);
    uint64_t scaled = (uint64_t)(number * DECIMALS_SCALE + 0.5);
    int used = snprintf(amount.text, sizeof amount.text, "%" PRIu64 ".%0*" PRIu64,
                        scaled / DECIMALS_SCALE, DECIMALS, scaled % DECIMALS_SCALE);
    while (amount.text[used - 1] == '0' && amount.text[used - 2] != '.') {
        amount.text[--used] = '\0';
    }
    return amount;
}

void range_text(const struct config_key *key, char *ret_text, size_t size)
{
    struct amount min = amount_text(key->unit, key->min);
    struct amount max = amount_text(key->unit, key->max);
    (void)snprintf(ret_text, size, "from %s to %s", min.text, max.text);
}

/* What a value of `key` looks like, and how to write one. */
struct shape {
    const char *noun;
    const char *advice;
};

static struct shape shape_of(const struct config_key *key)
{
    if (key->kind == CONFIG_KIND_f64) {
        return (struct shape){"a number", "write it like 0.25, at most six digits after the point"};
    }
    if (strcmp(key->unit, "ms") == 0) {
        return (struct shape){"a time", "write it like 1500 (ms) or 2s; units are ms, s, m, h, d"};
    }
    if (strcmp(key->unit, "bytes") == 0) {
        return (struct shape){
            "a size", "write it like 4096 (bytes) or 4KiB; units are B, KiB, MiB, GiB, TiB"};
    }
    return (struct shape){"a whole number", "write it in digits only, like 12"};
}

static enum err refuse_number(const struct config_key *key, struct slice value, const char *advice,
                              struct config_why *why)
{
    char range[80];
    range_text(key, range, sizeof range);
    (void)snprintf(why->text, sizeof why->text, "%s: expected %s %s, found %s: %s", key->path,
                   shape_of(key).noun, range, shown_text(value.text, value.size).text, advice);
    return ERR_CONFIG;
}

static enum err refuse_range(const struct config_key *key, struct slice value, bool small,
                             struct config_why *why)
{
    char advice[64];
    (void)snprintf(advice, sizeof advice,
                   small ? "raise it to at least %s" : "lower it to at most %s",
                   amount_text(key->unit, small ? key->min : key->max).text);
    return refuse_number(key, value, advice, why);
}

/* Digits at the start of *slice; too large a number becomes UINT64_MAX, which no range includes.
 * False without digits, and for 010, which YAML 1.1 reads as eight. */
static bool take_digits(struct slice *slice, uint64_t *ret_number)
{
    uint64_t number = 0;
    size_t count = 0;
    for (; count < slice->size && is_digit(slice->text[count]); count++) {
        uint64_t digit = (uint64_t)(slice->text[count] - '0');
        bool fits = number <= (UINT64_MAX - digit) / 10;
        number = fits ? number * 10 + digit : UINT64_MAX;
    }
    if (count == 0 || (count > 1 && slice->text[0] == '0')) {
        return false;
    }
    slice->text += count;
    slice->size -= count;
    *ret_number = number;
    return true;
}

static bool find_factor(const char *unit, struct slice suffix, uint64_t *ret_factor)
{
    if (suffix.size == 0) {
        *ret_factor = 1;
        return true;
    }
    for (size_t i = 0; i < SUFFIXES; i++) {
        if (strcmp(suffixes[i].unit, unit) == 0 && slice_is(suffix, suffixes[i].text)) {
            *ret_factor = suffixes[i].factor;
            return true;
        }
    }
    return false;
}

static enum err parse_u64(const struct config_key *key, struct slice value, char *place,
                          struct config_why *why)
{
    struct slice rest = value;
    uint64_t number;
    uint64_t factor;
    if (!take_digits(&rest, &number) || !find_factor(key->unit, rest, &factor)) {
        return refuse_number(key, value, shape_of(key).advice, why);
    }
    if (number > key->max / factor) {
        return refuse_range(key, value, false, why);
    }
    number *= factor;
    if (number < key->min) {
        return refuse_range(key, value, true, why);
    }
    memcpy(place, &number, sizeof number);
    return ERR_OK;
}

/* "12" or "0.25" in millionths.  strtod() would follow the locale and take "nan" and "0x1p3". */
static bool read_decimal(struct slice value, uint64_t *ret_scaled)
{
    uint64_t whole;
    uint64_t part = 0;
    size_t digits = 0;
    if (!take_digits(&value, &whole) || (value.size > 0 && value.text[0] != '.')) {
        return false;
    }
    for (size_t i = 1; i < value.size; i++, digits++) {
        if (!is_digit(value.text[i]) || digits == DECIMALS) {
            return false;
        }
        part = part * 10 + (uint64_t)(value.text[i] - '0');
    }
    if (value.size == 1) {
        return false; /* "1." */
    }
    for (; digits < DECIMALS; digits++) {
        part *= 10;
    }
    bool fits = whole <= UINT64_MAX / DECIMALS_SCALE - 1;
    *ret_scaled = fits ? whole * DECIMALS_SCALE + part : UINT64_MAX;
    return true;
}

static enum err parse_f64(const struct config_key *key, struct slice value, char *place,
                          struct config_why *why)
{
    uint64_t scaled;
    if (!read_decimal(value, &scaled)) {
        return refuse_number(key, value, shape_of(key).advice, why);
    }
    if (scaled > key->max * DECIMALS_SCALE) {
        return refuse_range(key, value, false, why);
    }
    if (scaled < key->min * DECIMALS_SCALE) {
        return refuse_range(key, value, true, why);
    }
    double number = (double)scaled / DECIMALS_SCALE;
    memcpy(place, &number, sizeof number);
    return ERR_OK;
}

static enum err parse_bool(const struct config_key *key, struct slice value, char *place,
                           struct config_why *why)
{
    bool yes = slice_is(value, "true");
    if (!yes && !slice_is(value, "false")) {
        (void)snprintf(why->text, sizeof why->text,
                       "%s: expected true or false, found %s: write one of these two words",
                       key->path, shown_text(value.text, value.size).text);
        return ERR_CONFIG;
    }
    memcpy(place, &yes, sizeof yes);
    return ERR_OK;
}

/* The size of the UTF-8 character at `text`, of which `left` bytes remain; 0 if it is none or a
 * control character.  --set takes any bytes, and what is printed must be read back. */
static size_t character_size(const unsigned char *text, size_t left)
{
    static const uint32_t smallest[] = {0, 0x20, 0xa0, 0x800, 0x10000};
    size_t size = text[0] < 0x80 ? 1 : text[0] < 0xe0 ? 2 : text[0] < 0xf0 ? 3 : 4;
    if (size > left || (text[0] & 0xc0) == 0x80 || text[0] > 0xf4) {
        return 0;
    }
    uint32_t code = size == 1 ? text[0] : text[0] & (0xffu >> (size + 1));
    for (size_t i = 1; i < size; i++) {
        if ((text[i] & 0xc0) != 0x80) {
            return 0;
        }
        code = code << 6 | (text[i] & 0x3fu);
    }
    bool surrogate = code >= 0xd800 && code <= 0xdfff;
    bool unprintable = code == 0x7f || code == 0x2028 || code == 0x2029 || code == 0xfeff ||
                       code == 0xfffe || code == 0xffff || code > 0x10ffff;
    return code < smallest[size] || surrogate || unprintable ? 0 : size;
}

static bool is_line_of_text(struct slice value)
{
    size_t at = 0;
    while (at < value.size) {
        size_t size = character_size((const unsigned char *)value.text + at, value.size - at);
        if (size == 0) {
            return false;
        }
        at += size;
    }
    return true;
}

/* Zero-fills the rest, so that equal configs are equal bytes. */
static void put_text(const struct config_key *key, struct slice value, char *place)
{
    assert(value.size <= key->max);
    memset(place, 0, key->max + 1);
    memcpy(place, value.text, value.size);
}

static enum err parse_str(const struct config_key *key, struct slice value, char *place,
                          struct config_why *why)
{
    if (value.size < key->min || value.size > key->max) {
        (void)snprintf(why->text, sizeof why->text,
                       "%s: expected text from %" PRIu64 " to %" PRIu64 " bytes, found %zu: %s",
                       key->path, key->min, key->max, value.size,
                       value.size > key->max ? "shorten it" : "lengthen it");
        return ERR_CONFIG;
    }
    if (!is_line_of_text(value)) {
        (void)snprintf(
            why->text, sizeof why->text,
            "%s: expected one line of UTF-8 text, found %s: remove what is not printable",
            key->path, shown_text(value.text, value.size).text);
        return ERR_CONFIG;
    }
    put_text(key, value, place);
    return ERR_OK;
}

/* Cuts the first word off a list "a|b|c"; empty at its end. */
static struct slice take_choice(const char **choices)
{
    struct slice choice = {*choices, strcspn(*choices, "|")};
    *choices += choice.size;
    *choices += **choices == '|';
    return choice;
}

static enum err refuse_choice(const struct config_key *key, struct slice value,
                              struct config_why *why)
{
    char advice[64] = "write one of these words";
    size_t nearest = SIZE_MAX;
    const char *choices = key->unit;
    while (*choices) {
        struct slice choice = take_choice(&choices);
        char name[32];
        (void)snprintf(name, sizeof name, "%.*s", (int)choice.size, choice.text);
        size_t distance = suggest_distance(value.text, value.size, name);
        if (distance < nearest && suggest_is_near(distance, name)) {
            nearest = distance;
            (void)snprintf(advice, sizeof advice, "did you mean \"%s\"?", name);
        }
    }
    (void)snprintf(why->text, sizeof why->text, "%s: expected one of %s, found %s: %s", key->path,
                   key->unit, shown_text(value.text, value.size).text, advice);
    return ERR_CONFIG;
}

static enum err parse_choice(const struct config_key *key, struct slice value, char *place,
                             struct config_why *why)
{
    const char *choices = key->unit;
    while (*choices) {
        struct slice choice = take_choice(&choices);
        if (choice.size == value.size && memcmp(choice.text, value.text, value.size) == 0) {
            put_text(key, value, place);
            return ERR_OK;
        }
    }
    return refuse_choice(key, value, why);
}

enum err value_parse(const struct config_key *key, const char *text, size_t size,
                     struct config *config, struct config_why *ret_why)
{
    assert(text);
    struct slice value = {text, size};
    char *place = (char *)config + key->offset;
    switch (key->kind) {
    case CONFIG_KIND_u64:
        return parse_u64(key, value, place, ret_why);
    case CONFIG_KIND_f64:
        return parse_f64(key, value, place, ret_why);
    case CONFIG_KIND_bool:
        return parse_bool(key, value, place, ret_why);
    case CONFIG_KIND_str:
        return parse_str(key, value, place, ret_why);
    case CONFIG_KIND_choice:
        return parse_choice(key, value, place, ret_why);
    }
    return ERR_UNKNOWN;
}
