/* place.c - see place.h. */
#include "actors/models/place.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const char *const endings[] = {".ts", ".tsx", ".js", ".jsx", ".mts", ".cts", ".mjs", ".cjs"};

enum { ENDINGS = sizeof endings / sizeof endings[0], IMPORT_ENDINGS = 4 };

static bool ends_with(const char *text, const char *end)
{
    size_t size = strlen(text);
    size_t tail = strlen(end);
    return size > tail && strcmp(text + size - tail, end) == 0;
}

bool place_is_source(const char *path)
{
    bool known = false;
    if (path[0] == '/' || path[0] == '.' || strstr(path, "..") || strstr(path, "//") ||
        strstr(path, "/.") || strncmp(path, "node_modules/", 13) == 0 ||
        strstr(path, "/node_modules/") || ends_with(path, ".d.ts")) {
        return false;
    }
    for (const char *at = path; *at; at++) {
        if (!isalnum((unsigned char)*at) && !strchr("/._-+@[]() ", *at)) {
            return false;
        }
    }
    for (size_t i = 0; i < ENDINGS; i++) {
        known = known || ends_with(path, endings[i]);
    }
    return known;
}

bool place_is_test(const char *path)
{
    return strstr(path, ".test.") || strstr(path, ".spec.") || strstr(path, "__tests__/") ||
           strstr(path, "__mocks__/") || strncmp(path, "test/", 5) == 0 ||
           strncmp(path, "tests/", 6) == 0 || strstr(path, "/test/") || strstr(path, "/tests/");
}

void places_add(struct places *places, const char *dir, struct msg_str path, uint64_t line)
{
    size_t root = strlen(dir);
    struct place place = {.line = line};
    if (root > 0 && path.size > root && memcmp(path.at, dir, root) == 0 && path.at[root] == '/') {
        path = (struct msg_str){path.at + root + 1, path.size - (uint32_t)root - 1};
    }
    if (path.size > 2 && memcmp(path.at, "./", 2) == 0) {
        path = (struct msg_str){path.at + 2, path.size - 2};
    }
    if (path.size == 0 || path.size > PLACE_PATH_MAX || memchr(path.at, '\0', path.size)) {
        return;
    }
    memcpy(place.path, path.at, path.size);
    if (!place_is_source(place.path) || places->count == PLACES_MAX) {
        return;
    }
    for (size_t i = 0; i < places->count; i++) {
        if (strcmp(places->list[i].path, place.path) == 0) {
            places->list[i].line = places->list[i].line ? places->list[i].line : line;
            return;
        }
    }
    places->list[places->count++] = place;
}

static bool is_path_char(char c)
{
    return isalnum((unsigned char)c) || (c != '\0' && strchr("/._-+@[]", c));
}

void places_find(struct places *places, const char *dir, struct msg_str text, size_t max)
{
    for (size_t at = 0; at < text.size && places->count < max;) {
        size_t end = at;
        uint64_t line = 0;
        while (end < text.size && is_path_char(text.at[end])) {
            end++;
        }
        size_t digit = end + 1;
        bool named = end > at && end < text.size && (text.at[end] == ':' || text.at[end] == '(');
        while (named && digit < text.size && digit < end + 7 && text.at[digit] >= '0' &&
               text.at[digit] <= '9') {
            line = line * 10 + (uint64_t)(text.at[digit++] - '0');
        }
        if (line > 0) {
            places_add(places, dir, (struct msg_str){text.at + at, (uint32_t)(end - at)}, line);
        }
        at = end + 1;
    }
}

/* "src/a.test.ts" and "../b" make "b"; false: it leads out. */
static bool join(const char *path, struct msg_str name, char to[PLACE_PATH_MAX + 1])
{
    const char *slash = strrchr(path, '/');
    size_t size = slash ? (size_t)(slash - path) : 0;
    memcpy(to, path, size);
    while (name.size > 0) {
        const char *end = memchr(name.at, '/', name.size);
        size_t part = end ? (size_t)(end - name.at) : name.size;
        if (part == 2 && memcmp(name.at, "..", 2) == 0) {
            if (size == 0) {
                return false;
            }
            while (size > 0 && to[size - 1] != '/') {
                size--;
            }
            size -= size > 0;
        } else if (part > 0 && !(part == 1 && name.at[0] == '.')) {
            if (size + part + 2 > PLACE_PATH_MAX) {
                return false;
            }
            size += (size_t)(size > 0 ? (to[size] = '/', 1) : 0);
            memcpy(to + size, name.at, part);
            size += part;
        }
        size_t passed = part + (end != NULL);
        name = (struct msg_str){name.at + passed, name.size - (uint32_t)passed};
    }
    to[size] = '\0';
    return size > 0;
}

static void add_import(struct places *places, const char *path, struct msg_str name)
{
    char to[PLACE_PATH_MAX + 1];
    char with[PLACE_PATH_MAX + 16];
    if (!join(path, name, to)) {
        return;
    }
    places_add(places, "", msg_str(to), 0);
    for (size_t i = 0; i < 2 * IMPORT_ENDINGS; i++) {
        (void)snprintf(with, sizeof with, "%s%s%s", to, i < IMPORT_ENDINGS ? "" : "/index",
                       endings[i % IMPORT_ENDINGS]);
        places_add(places, "", msg_str(with), 0);
    }
}

void places_import(struct places *places, const char *path, struct msg_str text)
{
    for (size_t at = 0; at + 2 < text.size; at++) {
        char quote = text.at[at];
        if ((quote != '\'' && quote != '"') || text.at[at + 1] != '.') {
            continue;
        }
        size_t max = text.size - at - 1 < PLACE_PATH_MAX ? text.size - at - 1 : PLACE_PATH_MAX;
        const char *end = memchr(text.at + at + 1, quote, max);
        if (end && !memchr(text.at + at, '\n', (size_t)(end - text.at) - at)) {
            size_t size = (size_t)(end - text.at) - at - 1;
            add_import(places, path, (struct msg_str){text.at + at + 1, (uint32_t)size});
            at += size + 1;
        }
    }
}
