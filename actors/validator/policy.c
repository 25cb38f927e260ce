/* policy.c - the rules, as tables. */
#include "actors/validator/policy.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "actors/common/awaited.h"
#include "actors/common/glob.h"
#include "actors/validator/assertion.h"

enum { PATTERNS_MAX = 48 };

enum mode { FIX = 1, HEAL = 2, BOTH = FIX | HEAL };

/* ---- places ---- */

/* A pattern that ends in / is a folder at any depth, any other the name of a file. */
static const struct place_rule {
    const char *name;
    enum mode mode;
    const char *patterns[PATTERNS_MAX];
} place_rules[] = {
    {"no-dependencies",
     BOTH,
     {"node_modules/", "bower_components/", ".yarn/", ".pnpm-store/", ".pnp.*", NULL}},
    {"no-lockfiles",
     BOTH,
     {"package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock*",
      "deno.lock", NULL}},
    {"no-ci", BOTH, {".github/",        ".gitlab/",      ".circleci/",
                     ".buildkite/",     ".husky/",       ".ci/",
                     ".gitlab-ci*",     "Jenkinsfile*",  "azure-pipelines*",
                     ".travis.yml",     ".drone.yml",    "bitbucket-pipelines*",
                     ".woodpecker*",    "Dockerfile*",   "*.dockerfile",
                     "docker-compose*", "compose.y*ml",  ".pre-commit-config.yaml",
                     "codecov.y*ml",    ".codecov.y*ml", NULL}},
    {"no-configuration",
     BOTH,
     {"package.json",
      "tsconfig*.json",
      "jsconfig*.json",
      "vite.config.*",
      "vitest.config.*",
      "vitest.workspace.*",
      "vitest.setup.*",
      "vitest.shims.*",
      "jest.config.*",
      "jest.setup.*",
      "playwright*.config.*",
      "cypress.config.*",
      "karma.conf*",
      ".mocharc*",
      "setupTests.*",
      "babel.config.*",
      ".babelrc*",
      ".swcrc",
      "webpack.*.*",
      "rollup.config.*",
      "rspack.config.*",
      "rsbuild.config.*",
      "tsup.config.*",
      "next.config.*",
      "nuxt.config.*",
      "svelte.config.*",
      "astro.config.*",
      "eslint.config.*",
      ".eslintrc*",
      ".eslintignore",
      ".prettierrc*",
      "biome.json*",
      ".oxlintrc*",
      ".npmrc",
      ".yarnrc*",
      ".nvmrc",
      ".env*",
      "turbo.json",
      "nx.json",
      "lerna.json",
      "pnpm-workspace.yaml",
      "Makefile",
      "troupe.yml",
      "error-routing-rules.yml",
      NULL}},
    {"no-repository", BOTH, {".git/", ".gitignore", ".gitattributes", ".gitmodules", NULL}},
    {"no-snapshots", BOTH, {"__snapshots__/", "*-snapshots/", "*.snap", NULL}},
    {"no-tests",
     FIX,
     {"test/", "tests/", "__tests__/", "__mocks__/", "__fixtures__/", "e2e/", "spec/", "specs/",
      "cypress/", "*.test.*", "*.spec.*", "*.test-d.*", "*.cy.*", "*_test.*", "*_spec.*", NULL}},
};

static const struct place_rule *rule_named(const char *name)
{
    for (size_t i = 0; i < sizeof place_rules / sizeof place_rules[0]; i++) {
        if (strcmp(place_rules[i].name, name) == 0) {
            return &place_rules[i];
        }
    }
    return NULL;
}

/* Names mean the same in upper case to some file systems. */
static bool fits(const char *pattern, const char *path)
{
    char part[PATCH_PATH_MAX + 1];
    size_t size = strlen(pattern);
    bool folder = pattern[size - 1] == '/';
    char wanted[64];
    (void)snprintf(wanted, sizeof wanted, "%.*s", (int)(folder ? size - 1 : size), pattern);
    for (const char *at = path; *at;) {
        size_t length = strcspn(at, "/");
        bool last = at[length] == '\0';
        (void)snprintf(part, sizeof part, "%.*s", (int)length, at);
        if (folder != last && fnmatch(wanted, part, FNM_CASEFOLD) == 0) {
            return true;
        }
        at += length + !last;
    }
    return false;
}

static bool is_place_of(const struct place_rule *rule, const char *path)
{
    for (size_t i = 0; rule->patterns[i]; i++) {
        if (fits(rule->patterns[i], path)) {
            return true;
        }
    }
    return false;
}

/* ---- what may not be added ---- */

/* How often each stands in the added lines of a file is compared with the removed ones: who only
 * touches a line that had it may go on. */
static const struct text_rule {
    const char *name;
    enum mode mode;
    const char *texts[16]; /* NULL-terminated; found as whole words */
} text_rules[] = {
    {"no-suppression",
     BOTH,
     {"@ts-ignore", "@ts-nocheck", "@ts-expect-error", "eslint-disable", "eslint-disable-line",
      "eslint-disable-next-line", "biome-ignore", "oxlint-disable", "tslint:disable",
      "@flow-ignore", NULL}},
    {"no-any", BOTH, {"as any", "<any>", "as unknown as", "as never", ": any", NULL}},
    {"no-skipping",
     BOTH,
     {".skip", ".only", ".todo", ".fixme", ".fails", ".skipIf", ".runIf", "xit", "xtest",
      "xdescribe", "fdescribe", NULL}},
    {"no-way-around",
     HEAL,
     {"return", "if", "try", "catch", "process", "throw", "//", "/*", "*/", "expect.soft", NULL}},
};

static bool is_word(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
           c == '$';
}

static bool is_whole(struct msg_str line, size_t at, const char *text, size_t size)
{
    bool begins = !is_word(text[0]) || at == 0 || !is_word(line.at[at - 1]);
    bool ends = !is_word(text[size - 1]) || at + size == line.size || !is_word(line.at[at + size]);
    /* A protocol in a string is no remark. */
    bool address = strcmp(text, "//") == 0 && at > 0 && line.at[at - 1] == ':';
    return begins && ends && !address;
}

static size_t count_in(struct msg_str line, const char *text)
{
    size_t size = strlen(text);
    size_t count = 0;
    for (size_t at = 0; at + size <= line.size; at++) {
        count += strncasecmp(line.at + at, text, size) == 0 && is_whole(line, at, text, size);
    }
    return count;
}

static const char *text_added(const struct text_rule *rule, const struct patch *patch,
                              const struct patch_file *file)
{
    for (size_t i = 0; rule->texts[i]; i++) {
        size_t added = 0;
        size_t removed = 0;
        for (size_t j = file->first; j < file->first + file->count; j++) {
            const struct patch_line *line = &patch->lines[j];
            added += line->sign == '+' ? count_in(line->text, rule->texts[i]) : 0;
            removed += line->sign == '-' ? count_in(line->text, rule->texts[i]) : 0;
        }
        if (added > removed) {
            return rule->texts[i];
        }
    }
    return NULL;
}

/* ---- characters ---- */

/* Bytes of the sequence that begins at `at`: 0 when it is no UTF-8; *ret_code is its character. */
static size_t decode(struct msg_str line, size_t at, uint32_t *ret_code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char first = (unsigned char)line.at[at];
    size_t size = first < 0x80                     ? 1
                  : first >= 0xc2 && first < 0xe0  ? 2
                  : first >= 0xe0 && first < 0xf0  ? 3
                  : first >= 0xf0 && first <= 0xf4 ? 4
                                                   : 0;
    if (size == 0 || at + size > line.size) {
        return 0;
    }
    uint32_t code = size == 1 ? first : first & (0x7fU >> size);
    for (size_t i = 1; i < size; i++) {
        unsigned char next = (unsigned char)line.at[at + i];
        if ((next & 0xc0) != 0x80) {
            return 0;
        }
        code = code << 6 | (next & 0x3f);
    }
    *ret_code = code;
    bool whole = code >= least[size] && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
    return whole ? size : 0;
}

/* Characters that show a reader another text than the compiler reads. */
static bool is_deceptive(uint32_t code)
{
    return (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) ||
           (code >= 0x200b && code <= 0x200f) || code == 0x061c || code == 0x2060 ||
           code == 0xfeff || (code < 0x20 && code != '\t' && code != '\r') || code == 0x7f;
}

/* The name of the rule that an added line breaks, or NULL. */
static const char *bad_character(struct msg_str line)
{
    uint32_t code = 0;
    for (size_t at = 0; at < line.size;) {
        size_t size = decode(line, at, &code);
        if (size == 0) {
            return "utf-8-only";
        }
        /* A byte order mark may stay where it belongs. */
        if (is_deceptive(code) && !(code == 0xfeff && at == 0)) {
            return "no-hidden-characters";
        }
        at += size;
    }
    return NULL;
}

/* ---- reasons ---- */

static bool refuse(char *reason, const char *rule, const char *what, const char *detail)
{
    (void)snprintf(reason, POLICY_REASON_SIZE, "%s: %s%s%.300s", rule, what, detail[0] ? ": " : "",
                   detail);
    return false;
}

/* ---- a file ---- */

static bool is_inside(const char *path)
{
    for (const char *at = path;;) {
        size_t size = strcspn(at, "/");
        if (size == 0 || strncmp(at, "..", size) == 0) {
            return false; /* "", "." or "..": "." is a beginning of ".." */
        }
        if (at[size] == '\0') {
            return true;
        }
        at += size + 1;
    }
}

static bool file_is_text(const struct patch_file *file, char *reason)
{
    static const char *const kinds[] = {[PATCH_TEXT] = "",
                                        [PATCH_MODE] = "no-mode",
                                        [PATCH_RENAME] = "no-rename",
                                        [PATCH_BINARY] = "no-binary"};
    if (file->kind != PATCH_TEXT) {
        return refuse(reason, kinds[file->kind], "only the text of files may change", file->path);
    }
    if (!is_inside(file->path)) {
        return refuse(reason, "inside-only", "the path leads out of the project", file->path);
    }
    if (file->created) {
        return refuse(reason, "no-new-files", "no file may be added", file->path);
    }
    if (file->deleted) {
        return refuse(reason, "no-deleted-files", "no file may go", file->path);
    }
    return true;
}

/* ---- a test that changes ---- */

/* Removed lines and, at once behind them, as many added ones: each pair is one line that changed.
 * *at is the first removed line; afterwards it is behind the last added one. */
static bool pairs_allow(const struct patch *patch, size_t end, size_t *at, char *reason)
{
    size_t removed = *at;
    size_t added = removed;
    size_t hunk = patch->lines[removed].hunk;
    while (added < end && patch->lines[added].sign == '-' && patch->lines[added].hunk == hunk) {
        added++;
    }
    size_t count = added - removed;
    for (size_t i = 0; i < count; i++) {
        if (added + i >= end || patch->lines[added + i].sign != '+' ||
            patch->lines[added + i].hunk != hunk) {
            return refuse(reason, "line-for-line", "each line must be replaced by one", "");
        }
        struct msg_str was = patch->lines[removed + i].text;
        struct msg_str is = patch->lines[added + i].text;
        if (!assertion_kept(was, is) && !awaited_is_edit(was, is)) {
            return refuse(reason, "keep-assertions", "an assertion must stay as it is", "");
        }
    }
    *at = added + count;
    return true;
}

/* A test that may change keeps its lines, and what they assert. */
static bool lines_allow(const struct patch *patch, const struct patch_file *file, char *reason)
{
    size_t end = file->first + file->count;
    for (size_t at = file->first; at < end;) {
        if (patch->lines[at].sign == ' ') {
            at++;
        } else if (patch->lines[at].sign == '+') {
            return refuse(reason, "line-for-line", "no line may be added", "");
        } else if (!pairs_allow(patch, end, &at, reason)) {
            return false;
        }
    }
    return true;
}

/* ---- a file that changes ---- */

/* Whether one of the globs of the policy names it. */
static bool is_allowed(const struct policy *policy, const char *path)
{
    char glob[PATCH_PATH_MAX + 1];
    for (const char *at = policy->allow ? policy->allow : ""; *at; at += *at == '\n') {
        size_t size = strcspn(at, "\n");
        (void)snprintf(glob, sizeof glob, "%.*s", (int)size, at);
        /* To git, the folders of a leading star pair may also be none. */
        const char *bare = strncmp(glob, "**/", 3) == 0 ? glob + 3 : glob;
        if (glob[0] && (glob_matches_path(glob, path) || glob_matches_path(bare, path))) {
            return true;
        }
        at += size;
    }
    return false;
}

static bool place_allows(const struct policy *policy, const struct patch *patch,
                         const struct patch_file *file, char *reason)
{
    enum mode mode = policy->heal ? HEAL : FIX;
    const struct place_rule *tests = rule_named("no-tests");
    for (size_t i = 0; i < sizeof place_rules / sizeof place_rules[0]; i++) {
        const struct place_rule *rule = &place_rules[i];
        if (!(rule->mode & mode) || !is_place_of(rule, file->path)) {
            continue;
        }
        if (rule == tests && is_allowed(policy, file->path)) {
            return lines_allow(patch, file, reason);
        }
        return refuse(reason, rule->name, "such a file may not change", file->path);
    }
    return true;
}

static bool file_allows(const struct policy *policy, const struct patch *patch,
                        const struct patch_file *file, char *reason)
{
    bool test = is_place_of(rule_named("no-tests"), file->path);
    enum mode mode = policy->heal ? HEAL : test ? BOTH : FIX;
    if (!file_is_text(file, reason) || !place_allows(policy, patch, file, reason)) {
        return false;
    }
    for (size_t i = file->first; i < file->first + file->count; i++) {
        const struct patch_line *line = &patch->lines[i];
        const char *rule = line->sign == '+' ? bad_character(line->text) : NULL;
        if (rule) {
            return refuse(reason, rule, "such a character may not be added", file->path);
        }
    }
    for (size_t i = 0; i < sizeof text_rules / sizeof text_rules[0]; i++) {
        const char *text =
            (text_rules[i].mode & mode) ? text_added(&text_rules[i], patch, file) : NULL;
        if (text) {
            return refuse(reason, text_rules[i].name, "this may not be added", text);
        }
    }
    return true;
}

/* ---- a heal ---- */

static bool heal_allows(const struct patch *patch, char *reason)
{
    const struct patch_file *file = &patch->files[0];
    if (patch->files_count != 1 || !is_place_of(rule_named("no-tests"), file->path)) {
        return refuse(reason, "one-test-file", "a heal changes exactly one test file", file->path);
    }
    return lines_allow(patch, file, reason);
}

/* ---- all of it ---- */

bool policy_allows(const struct policy *policy, const struct patch *patch, char *reason)
{
    size_t lines = 0;
    reason[0] = '\0';
    if (patch->files_count > policy->files_max) {
        return refuse(reason, "few-files", "it changes too many files", "");
    }
    for (size_t i = 0; i < patch->files_count; i++) {
        lines += patch->files[i].added + patch->files[i].removed;
        if (!file_allows(policy, patch, &patch->files[i], reason)) {
            return false;
        }
    }
    if (lines > policy->lines_max) {
        return refuse(reason, "few-lines", "it changes too many lines", "");
    }
    return !policy->heal || heal_allows(patch, reason);
}
