/* affected_scan.c - what is quoted in a file, as its dependencies. */
#include <assert.h>
#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/affected_priv.h"
#include "tools/targets.h"

/* A configuration also names what a bundler starts from, which would be everything.  What it
 * imports and what it sets up before tests counts. */
static bool is_set_up(const char *text, const char *at)
{
    static const char *const lines[] = {"from", "import", "require"};
    static const char *const keys[] = {"setupFiles",  "globalSetup", "snapshotSerializers",
                                       "environment", "runner",      "extends",
                                       "projects"};
    enum { BACK_MAX = 400 };
    const char *begin = at - text > BACK_MAX ? at - BACK_MAX : text;
    const char *line = memrchr(begin, '\n', (size_t)(at - begin));
    line = line ? line : begin;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        if (memmem(line, (size_t)(at - line), lines[i], strlen(lines[i]))) {
            return true;
        }
    }
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (memmem(begin, (size_t)(at - begin), keys[i], strlen(keys[i]))) {
            return true;
        }
    }
    return false;
}

struct token {
    size_t source;
    char text[AFFECTED_TOKEN_MAX];
    bool prefix; /* a pattern or a template: what begins with it */
    bool exact;  /* of a configuration: only the file that is named, no directory */
};

/* Whether the stem's parts behind the first `skip` of the token end this path. */
static bool ends_with(const struct node *node, const char *tail, size_t tail_size)
{
    size_t sizes[] = {node->stem, strlen(node->path)};
    for (size_t i = 0; i < 2; i++) {
        size_t size = sizes[i];
        if (size < tail_size || memcmp(node->path + size - tail_size, tail, tail_size) != 0) {
            continue;
        }
        if (size == tail_size || node->path[size - tail_size - 1] == '/') {
            return true;
        }
    }
    return false;
}

/* The first place among by_stem whose last stem is not before `part`. */
static size_t lower_bound(const struct affected *self, const char *part, size_t size)
{
    size_t low = 0;
    size_t high = self->nodes_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        const char *other;
        size_t other_size = affected_last_stem(&self->nodes[self->by_stem[middle]], &other);
        if (affected_compare(other, other_size, part, size) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Edges to all files whose last stem is that of `tail`, `size` bytes, and whose paths end with it,
 * with or without extension. */
static enum err link_stem(struct affected *self, size_t source, const char *tail, size_t tail_size)
{
    const char *slash = memrchr(tail, '/', tail_size);
    const char *part = slash ? slash + 1 : tail;
    size_t part_size = tail_size - (size_t)(part - tail);
    enum err err = ERR_OK;
    for (size_t i = lower_bound(self, part, part_size); i < self->nodes_count && err == ERR_OK;
         i++) {
        const char *other;
        size_t other_size = affected_last_stem(&self->nodes[self->by_stem[i]], &other);
        if (affected_compare(other, other_size, part, part_size) != 0) {
            break;
        }
        if (ends_with(&self->nodes[self->by_stem[i]], tail, tail_size)) {
            err = affected_edge(self, self->by_stem[i], source);
        }
    }
    return err;
}

/* Edges to whatever `path` may mean: x, x.ts, x.js for x.ts, x/index.ts; anywhere, when only its
 * last parts are known. */
static enum err link_path(struct affected *self, size_t source, const char *path)
{
    char index[PATH_MAX];
    size_t size = strlen(path);
    enum err err = link_stem(self, source, path, size);
    size_t stem = affected_stem(path);
    if (err == ERR_OK && stem < size) {
        err = link_stem(self, source, path, stem);
    }
    if (err == ERR_OK && (size_t)snprintf(index, sizeof index, "%s/index", path) < sizeof index) {
        err = link_stem(self, source, index, size + 6);
    }
    return err;
}

/* `text` as seen from the directory of the token's file; false: it leaves the root. */
static bool resolve(const struct affected *self, const struct token *token, const char *text,
                    char path[PATH_MAX])
{
    const char *from = self->nodes[token->source].path;
    int size =
        snprintf(path, PATH_MAX, "%.*s%s", (int)(affected_last_part(from) - from), from, text);
    return size > 0 && size < PATH_MAX && targets_normalise(path);
}

static enum err link_dir(struct affected *self, const struct token *token, const char *path)
{
    size_t dir = token->exact ? SIZE_MAX : affected_find_dir(self, path);
    return dir == SIZE_MAX ? ERR_OK : affected_edge(self, self->nodes_count + dir, token->source);
}

static enum err link_package(struct affected *self, const struct token *token)
{
    enum err err = ERR_OK;
    for (size_t i = 0; i < self->packages_count && err == ERR_OK; i++) {
        size_t size = strlen(self->packages[i].name);
        bool meant = strncmp(token->text, self->packages[i].name, size) == 0 &&
                     (token->text[size] == '\0' || token->text[size] == '/');
        err = meant ? link_dir(self, token, self->packages[i].dir) : ERR_OK;
    }
    return err;
}

/* A pattern or a template: all below the directory that its fixed part names. */
static enum err link_prefix(struct affected *self, const struct token *token)
{
    char path[PATH_MAX];
    char fixed[AFFECTED_TOKEN_MAX];
    (void)snprintf(fixed, sizeof fixed, "%s", token->text);
    char *slash = strrchr(fixed, '/');
    if (!slash || token->exact) {
        return ERR_OK; /* a sentence more likely than a path */
    }
    *slash = '\0';
    bool own = strcmp(fixed, ".") == 0;
    const char *from = self->nodes[token->source].path;
    enum err err = ERR_OK;
    if (own && affected_last_part(from) > from) {
        (void)snprintf(path, sizeof path, "%.*s", (int)(affected_last_part(from) - from - 1), from);
        return link_dir(self, token, path);
    }
    if (resolve(self, token, fixed, path)) {
        err = link_dir(self, token, path);
    }
    /* Of an alias only what follows it is a path; any directory that ends so may be meant. */
    const char *tail = strchr(fixed, '/');
    tail = fixed[0] == '.' || !tail ? fixed : tail + 1;
    for (size_t i = 0; i < self->dirs_count && err == ERR_OK && fixed[0] != '.'; i++) {
        struct node node = {.path = self->dirs[i].path, .stem = strlen(self->dirs[i].path)};
        if (ends_with(&node, tail, strlen(tail))) {
            err = affected_edge(self, self->nodes_count + i, token->source);
        }
    }
    return err;
}

/* Whoever imports such a directory imports that file of it. */
static bool has_index(const struct affected *self, const char *dir)
{
    size_t size = strlen(dir);
    for (size_t i = lower_bound(self, "index", 5); i < self->nodes_count; i++) {
        const struct node *node = &self->nodes[self->by_stem[i]];
        const char *part;
        if (affected_last_stem(node, &part) != 5 || memcmp(part, "index", 5) != 0) {
            return false;
        }
        if ((size_t)(part - node->path) == size + 1 && memcmp(node->path, dir, size) == 0) {
            return true;
        }
    }
    return false;
}

static enum err link_token(struct affected *self, const struct token *token)
{
    char path[PATH_MAX];
    const char *text = token->text;
    if (token->prefix) {
        return link_prefix(self, token);
    }
    enum err err = link_package(self, token);
    bool near = resolve(self, token, text, path);
    if (err == ERR_OK && near && !has_index(self, path)) {
        err = link_dir(self, token, path);
    }
    bool relative = text[0] == '.' && (text[1] == '/' || text[1] == '.' || text[1] == '\0');
    if (err == ERR_OK && near && (relative || token->exact)) {
        return link_path(self, token->source, path);
    }
    if (err != ERR_OK || relative || token->exact || !strpbrk(text, "/.")) {
        return err;
    }
    /* An alias in front, or a way from some root: what follows the first part is enough. */
    const char *slash = strchr(text, '/');
    return link_path(self, token->source, slash && slash[1] ? slash + 1 : text);
}

/* Programs that are started, files that are read: their names may be made at run time. */
static bool is_dynamic(const char *text)
{
    static const char *const modules[] = {
        "child_process", "fs",          "fs/promises", "fs-extra",       "graceful-fs",
        "glob",          "fast-glob",   "globby",      "tinyglobby",     "execa",
        "tinyexec",      "cross-spawn", "zx",          "worker_threads", "@playwright/test",
        "playwright",    "puppeteer",   "cypress",     "webdriverio",    NULL};
    const char *name = strncmp(text, "node:", 5) == 0 ? text + 5 : text;
    return affected_is_one_of(name, strlen(name), modules);
}

/* ---- what cannot be followed ---- */

/* Modules of the runtime that read no files of the project. */
static bool is_builtin(const char *text)
{
    static const char *const modules[] = {"assert",
                                          "assert/strict",
                                          "async_hooks",
                                          "buffer",
                                          "console",
                                          "constants",
                                          "crypto",
                                          "dns",
                                          "domain",
                                          "events",
                                          "http",
                                          "http2",
                                          "https",
                                          "net",
                                          "os",
                                          "path",
                                          "process",
                                          "punycode",
                                          "path/posix",
                                          "perf_hooks",
                                          "querystring",
                                          "stream",
                                          "string_decoder",
                                          "timers",
                                          "timers/promises",
                                          "tls",
                                          "tty",
                                          "url",
                                          "util",
                                          "util/types",
                                          "v8",
                                          "stream/promises",
                                          "zlib",
                                          "test",
                                          NULL};
    const char *name = strncmp(text, "node:", 5) == 0 ? text + 5 : text;
    return affected_is_one_of(name, strlen(name), modules);
}

/* From behind the types of a call, f<T>, to behind its name.  Types longer than a few lines are not
 * looked through: who knows. */
static const char *before_types(const char *text, const char *at)
{
    enum { TYPES_MAX = 400 };
    const char *from = at - text > TYPES_MAX ? at - TYPES_MAX : text;
    size_t open = 0;
    for (const char *to = at; to > from; to--) {
        open += to[-1] == '>';
        open -= to[-1] == '<';
        if (open == 0) {
            return to - 1;
        }
    }
    return at;
}

/* Whether the quote at `at` is the name of a module. */
static bool is_import(const char *text, const char *at)
{
    static const char *const words[] = {"from",
                                        "import",
                                        "require",
                                        "mock",
                                        "doMock",
                                        "unmock",
                                        "importActual",
                                        "requireActual",
                                        "importMock",
                                        "requireMock",
                                        "createMockFromModule",
                                        NULL};
    bool called = false;
    bool template = *at == '`'; /* only of a call */
    while (at > text && (at[-1] == '(' || isspace((unsigned char)at[-1]))) {
        called |= *--at == '(';
    }
    if (called && at > text && at[-1] == '>') {
        at = before_types(text, at);
    }
    const char *end = at;
    while (at > text && (isalnum((unsigned char)at[-1]) || at[-1] == '_' || at[-1] == '$')) {
        at--;
    }
    bool quoted = at > text && strchr("'\"`", at[-1]); /* a text of its own, and this is its end */
    return !quoted && (called || !template) && affected_is_one_of(at, (size_t)(end - at), words);
}

/* Of the last of these words between `text` and `end`, what follows it; NULL: there is none. */
static const char *behind_keyword(const char *text, const char *end)
{
    static const char *const keywords[] = {"import", "export"};
    enum { SIZE = 6 };
    for (const char *at = end - SIZE; at >= text; at--) {
        bool begins = at == text || !(isalnum((unsigned char)at[-1]) || strchr("_$.", at[-1]));
        if (begins && (memcmp(at, keywords[0], SIZE) == 0 || memcmp(at, keywords[1], SIZE) == 0)) {
            return at + SIZE;
        }
    }
    return NULL;
}

/* Whether the quote at `at` ends `import type … from` or `export type … from`, of which nothing is
 * left when types have been stripped.  In doubt it is not. */
static bool is_type_import(const char *text, const char *at)
{
    enum { CLAUSE_MAX = 4096 };
    const char *begin = at;
    while (begin > text && at - begin < CLAUSE_MAX &&
           (isalnum((unsigned char)begin[-1]) || isspace((unsigned char)begin[-1]) ||
            strchr("_$,{}*", begin[-1]))) {
        begin--;
    }
    const char *word = behind_keyword(begin, at);
    size_t space = word ? strspn(word, " \t\r\n") : 0;
    if (space == 0 || strncmp(word + space, "type", 4) != 0) {
        return false;
    }
    word += space + 4;
    space = strspn(word, " \t\r\n");
    /* A default import may be called `type`, too; `from` follows it. */
    bool from = strncmp(word + space, "from", 4) == 0;
    return !from && (word[space] == '{' || word[space] == '*' ||
                     (space > 0 && (isalpha((unsigned char)word[space]) || word[space] == '_')));
}

/* What an import means is known: some file, or a package that the lockfile pins. */
static bool is_followed(const struct affected *self, const struct token *token, size_t edges_before)
{
    bool relative = token->text[0] == '.' || token->text[0] == '/';
    for (size_t i = 0; i < self->packages_count; i++) {
        size_t size = strlen(self->packages[i].name);
        if (strncmp(token->text, self->packages[i].name, size) == 0 &&
            (token->text[size] == '\0' || token->text[size] == '/')) {
            return false; /* it may have been built into files that nobody lists */
        }
    }
    return self->edges_count > edges_before ||
           (!relative && !token->prefix &&
            (is_builtin(token->text) || affected_is_installed(self, token->text)));
}

/* A call of import or require whose argument is no text. */
static bool imports_by_value(const char *text, size_t size)
{
    static const char *const calls[] = {"import(", "require("};
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        size_t call = strlen(calls[i]);
        const char *end = text + size;
        for (const char *at = text; (at = memmem(at, (size_t)(end - at), calls[i], call));) {
            bool part = at > text && (isalnum((unsigned char)at[-1]) || at[-1] == '_');
            at += call;
            while (at < end && isspace((unsigned char)*at)) {
                at++;
            }
            if (!part && at < end && *at != '\'' && *at != '"' && *at != '`') {
                return true;
            }
        }
    }
    return false;
}

/* Where no module is named, dots are more often just that than the directory that a file is in, and
 * what begins with a slash and has no extension is an address, `/revenue`, rather than the file
 * revenue.ts.  What reads files by such names uses them anyhow (is_dynamic). */
static bool names_nothing(const struct token *token, const char *text, const char *at)
{
    static const char context[] = "require.context(";
    enum { SIZE = sizeof context - 1 };
    bool address = token->text[0] == '/' && !strchr(affected_last_part(token->text), '.');
    return (address || strspn(token->text, "./") == strlen(token->text)) &&
           !(at - text >= SIZE && memcmp(at - SIZE, context, SIZE) == 0);
}

/* From a quote to the next one of its kind on the line.  Whether it opens or closes a text is not
 * asked, so that a stray apostrophe hides nothing. */
static enum err scan_quote(struct affected *self, size_t index, const char *text, const char *at,
                           const char *end)
{
    bool import = is_import(text, at);
    const char *quoted = at;
    bool types = import && is_type_import(text, at);
    size_t edges = self->edges_count;
    struct token token = {.source = index, .exact = affected_is_config(&self->nodes[index])};
    char quote = *at++;
    size_t size = 0;
    while (at + size < end && at[size] != quote && at[size] != '\n' &&
           size < AFFECTED_TOKEN_MAX - 1) {
        size++;
    }
    bool closed = at + size < end && at[size] == quote;
    if (size == 0 || (!closed && quote != '`')) {
        return ERR_OK;
    }
    memcpy(token.text, at, size);
    size_t fixed = strcspn(token.text, "*{$?#");
    bool query = token.text[fixed] == '?' || (token.text[fixed] == '#' && fixed > 0);
    token.prefix = token.text[fixed] && !query;
    token.text[fixed > 0 || !query ? fixed : size] = '\0';
    if (!token.text[0] || (!import && names_nothing(&token, text, quoted))) {
        return ERR_OK;
    }
    if (!token.exact && is_dynamic(token.text)) {
        self->nodes[index].dynamic = true;
    }
    enum err err = link_token(self, &token);
    for (size_t i = edges; i < self->edges_count; i++) {
        self->edges[i].types = types;
    }
    self->nodes[index].open |=
        is_dynamic(token.text) || (import && !is_followed(self, &token, edges));
    return err;
}

/* Behind the comment that a line begins with: a line of it (not `/// <reference`), or a block of
 * documentation; the beginning of the line when there is none. */
static const char *comment_end(const char *line, const char *end)
{
    const char *at = line;
    while (at < end && (*at == ' ' || *at == '\t')) {
        at++;
    }
    size_t left = (size_t)(end - at);
    const char *close = NULL;
    if (left > 2 && memcmp(at, "//", 2) == 0 && at[2] != '/') {
        close = memchr(at, '\n', left);
    } else if (left > 2 && memcmp(at, "/**", 3) == 0) {
        close = memmem(at + 2, left - 2, "*/", 2);
    }
    return close ? close : line;
}

/* Whether types matter to this file: a runner that checks them, a compiler that reads them for the
 * properties of a component, a test of types. */
static bool looks_at_types(const struct node *node, const char *text, size_t size)
{
    static const char *const extensions[] = {".vue", ".svelte", ".astro", NULL};
    const char *extension = node->path + node->stem;
    return (affected_is_config(node) && memmem(text, size, "typecheck", 9)) ||
           affected_is_one_of(extension, strlen(extension), extensions) ||
           strstr(affected_last_part(node->path), "-d.");
}

enum err affected_scan(struct affected *self, size_t index, const char *text, size_t size)
{
    assert(index < self->nodes_count);
    if (!text) {
        self->nodes[index].dynamic = true;
        self->nodes[index].open = true;
        return ERR_OK;
    }
    self->nodes[index].open = imports_by_value(text, size);
    self->types |= looks_at_types(&self->nodes[index], text, size);
    enum err err = ERR_OK;
    bool config = affected_is_config(&self->nodes[index]);
    const char *comment = text; /* up to here; its imports count, since types may come from them */
    for (const char *at = text; at < text + size && err == ERR_OK; at++) {
        if (at >= comment && (at == text || at[-1] == '\n')) {
            comment = comment_end(at, text + size);
        }
        bool quote = *at == '\'' || *at == '"' || *at == '`';
        if (quote && (!config || is_set_up(text, at)) && (at >= comment || is_import(text, at))) {
            err = scan_quote(self, index, text, at, text + size);
        }
    }
    return err;
}
