/* place.c - words that look like paths. */
#include "actors/classifier/place.h"

#include <string.h>

#include "actors/classifier/line.h"

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool begins(const char *text, size_t size, const char *word)
{
    size_t length = strlen(word);
    return length <= size && memcmp(text, word, length) == 0;
}

/* What may stand inside a path; blanks do not, or each sentence would be one. */
static bool is_path(char c)
{
    return is_letter(c) || is_digit(c) || ((unsigned char)c & 0x80) != 0 ||
           (c != '\0' && strchr("_-./\\@+~$[]:%#", c));
}

/* The end of a source file's name behind the dot at `text`: its size without the dot, or 0. */
static size_t suffix_size(const char *text, size_t size)
{
    static const char *const suffixes[] = {
        "ts",     "tsx",  "mts",  "cts",  "js",     "jsx",  "mjs",  "cjs", "vue",
        "svelte", "json", "py",   "go",   "rs",     "java", "kt",   "rb",  "php",
        "cs",     "c",    "cc",   "cpp",  "h",      "hpp",  "css",  "sh",  "yml",
        "sql",    "mdx",  "scss", "html", "prisma", "toml", "yaml",
    };
    size_t length = 0;
    while (length < size && is_letter(text[length])) {
        length++;
    }
    if (length == 0 || (length < size && (is_digit(text[length]) || text[length] == '_'))) {
        return 0;
    }
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        if (length == strlen(suffixes[i]) && memcmp(text, suffixes[i], length) == 0) {
            return length;
        }
    }
    return 0;
}

/* Takes off what a browser or a bundler put before a path. */
static struct error_place strip_scheme(const char *path, size_t size)
{
    static const char *const schemes[] = {"file://", "webpack-internal:///", "webpack://",
                                          "http://localhost", "http://127.0.0.1"};
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        if (begins(path, size, schemes[i])) {
            size_t at = strlen(schemes[i]);
            while (at < size && (path[at] == ':' || is_digit(path[at]))) {
                at++;
            }
            return (struct error_place){path + at, size - at};
        }
    }
    size_t open = 0;
    while (begins(path + open, size - open, "\xe2")) { /* the corner of a code frame */
        open += size - open > 3 ? 3 : size - open;
    }
    open += open > 0 && open < size && path[open] == '[';
    return (struct error_place){path + open, size - open};
}

/* Products with a dot in their name. */
static bool is_product(struct error_place place)
{
    static const char *const products[] = {"Node.js", "Next.js", "Vue.js", "Chart.js", "Nuxt.js"};
    for (size_t i = 0; i < sizeof products / sizeof products[0]; i++) {
        if (place.size == strlen(products[i]) && begins(place.path, place.size, products[i])) {
            return true;
        }
    }
    return false;
}

struct error_place error_place_find(const char *line, size_t size)
{
    size_t word = 0; /* where the word under `i` begins */
    for (size_t i = 0; i < size; i++) {
        if (!is_path(line[i])) {
            word = i + 1;
            continue;
        }
        size_t suffix = line[i] == '.' && i > word ? suffix_size(line + i + 1, size - i - 1) : 0;
        size_t end = i + 1 + suffix;
        /* "a.test.ts": another suffix follows. */
        if (suffix == 0 || (end + 1 < size && line[end] == '.' && is_letter(line[end + 1]))) {
            continue;
        }
        if (end < size && (line[end] == '/' || line[end] == '-')) {
            continue; /* a folder such as node_modules/chart.js/dist */
        }
        struct error_place place = strip_scheme(line + word, end - word);
        if (!is_product(place)) {
            return place;
        }
    }
    return (struct error_place){line, 0};
}

/* A frame of V8 or Java; "at" alone begins many sentences. */
static bool is_at_frame(const char *line, size_t size)
{
    if (!begins(line, size, "at ") || size < 4) {
        return false;
    }
    char last = line[size - 1];
    return last == ')' || last == '>' || is_digit(last) || !memchr(line + 3, ' ', size - 3);
}

bool error_place_is_frame(const char *line, size_t size, struct error_place *ret_place)
{
    static const char *const marks[] = {"File \"", "❯ ", "--> ", "╭─[", "┌─[", "╭─ ", ",-["};
    size_t at = line_skip_blanks(line, size);
    const char *start = line + at;
    size_t left = size - at;
    bool found = is_at_frame(start, left);
    for (size_t i = 0; !found && i < sizeof marks / sizeof marks[0]; i++) {
        found = begins(start, left, marks[i]);
    }
    if (found) {
        *ret_place = error_place_find(start, left);
    }
    return found;
}

static bool contains(struct error_place place, const char *word)
{
    return memmem(place.path, place.size, word, strlen(word)) != NULL;
}

bool error_place_is_ours(struct error_place place)
{
    static const char *const foreign[] = {
        "node_modules/",  "node:",         "internal/",    "/usr/lib/", "/usr/local/",
        "site-packages/", "dist-packages", "webpack/boot", ".yarn/",    "@vite/",
        "@fs/",           "/rustc/",       "java.base/"};
    if (place.size == 0) {
        return false;
    }
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
        if (contains(place, foreign[i])) {
            return false;
        }
    }
    return true;
}
