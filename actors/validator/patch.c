/* patch.c - files, hunks and lines of a unified diff.
 *
 *     patch = file, { file }
 *     file  = [ "diff --git a/P b/P", { what git says about it } ], "--- a/P", "+++ b/P", { hunk }
 *     hunk  = "@@ -at,count +at,count @@ …", { " kept" | "-removed" | "+added" | "\ no newline" }
 */
#include "actors/validator/patch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reader {
    const char *at;
    const char *end;
    size_t number; /* of the line that comes next, from 1 */
    struct patch *patch;
    size_t capacity; /* of patch->lines */
    size_t hunks;
    char *why;
};

/* What the head of a hunk says. */
struct hunk {
    size_t old_at;
    size_t old_left;
    size_t new_at;
    size_t new_left;
};

static enum err complain(struct reader *self, enum err err, const char *what)
{
    (void)snprintf(self->why, PATCH_WHY_SIZE, "line %zu of the diff: %s", self->number, what);
    return err;
}

/* ---- lines of the diff ---- */

static bool at_end(const struct reader *self)
{
    return self->at == self->end;
}

/* The next line without its end; it is not passed. */
static struct msg_str peek(const struct reader *self)
{
    const char *end = memchr(self->at, '\n', (size_t)(self->end - self->at));
    return (struct msg_str){self->at, (uint32_t)((end ? end : self->end) - self->at)};
}

static void pass(struct reader *self)
{
    self->at += peek(self).size;
    self->at += self->at < self->end;
    self->number++;
}

static bool starts(struct msg_str line, const char *word)
{
    size_t size = strlen(word);
    return line.size >= size && memcmp(line.at, word, size) == 0;
}

static bool next_starts(const struct reader *self, const char *word)
{
    return !at_end(self) && starts(peek(self), word);
}

/* ---- names ---- */

/* A name that git and we might read differently is none: it quotes some, takes others for a name
 * with a time, and joins slashes. */
static bool is_plain(struct msg_str name)
{
    for (size_t i = 0; i < name.size; i++) {
        unsigned char c = (unsigned char)name.at[i];
        if (c < 0x20 || c == 0x7f || c == '"' || c == '\\' || c == ':') {
            return false;
        }
    }
    return name.size > 0 && name.size <= PATCH_PATH_MAX;
}

/* Of "--- a/NAME" or "+++ b/NAME"; *ret_none for /dev/null. */
static enum err read_name(struct reader *self, const char *word, char side,
                          struct msg_str *ret_name, bool *ret_none)
{
    if (!next_starts(self, word)) {
        return complain(self, ERR_MALFORMED, "the name of a file is missing");
    }
    struct msg_str line = peek(self);
    struct msg_str name = {line.at + strlen(word), line.size - (uint32_t)strlen(word)};
    if (name.size > 0 && name.at[name.size - 1] == '\t') {
        name.size--; /* what git puts behind a name with blanks */
    }
    *ret_none = msg_str_is(name, "/dev/null");
    if (*ret_none) {
        pass(self);
        return ERR_OK;
    }
    if (name.size < 3 || name.at[0] != side || name.at[1] != '/') {
        return complain(self, ERR_MALFORMED, "a name that does not begin with a/ or b/");
    }
    name = (struct msg_str){name.at + 2, name.size - 2};
    if (!is_plain(name)) {
        return complain(self, ERR_MALFORMED, "a name with characters that are not taken");
    }
    *ret_name = name;
    pass(self);
    return ERR_OK;
}

static void set_path(struct patch_file *file, struct msg_str name)
{
    memcpy(file->path, name.at, name.size);
    file->path[name.size] = '\0';
}

/* ---- what git says before the names ---- */

/* "diff --git a/P b/P", both the same: the only form whose two names can be told apart. */
static enum err read_git_head(struct reader *self, struct patch_file *file)
{
    struct msg_str line = peek(self);
    struct msg_str both = {line.at + strlen("diff --git "),
                           line.size - (uint32_t)strlen("diff --git ")};
    uint32_t half = both.size / 2;
    if (both.size % 2 == 0 || half < 3 || both.at[half] != ' ' || !starts(both, "a/") ||
        memcmp(both.at + half + 1, "b/", 2) != 0 ||
        memcmp(both.at + 2, both.at + half + 3, half - 2) != 0) {
        file->kind = PATCH_RENAME;
        pass(self);
        return ERR_OK;
    }
    struct msg_str name = {both.at + 2, half - 2};
    if (!is_plain(name)) {
        return complain(self, ERR_MALFORMED, "a name with characters that are not taken");
    }
    set_path(file, name);
    pass(self);
    return ERR_OK;
}

/* "index A..B 100644", when A and B are whole. */
static void take_ids(struct msg_str line, struct patch_file *file)
{
    const char *at = line.at + sizeof "index " - 1;
    if (line.size < sizeof "index " - 1 + 2 * PATCH_ID_SIZE + 2 ||
        strspn(at, "0123456789abcdef") != PATCH_ID_SIZE ||
        memcmp(at + PATCH_ID_SIZE, "..", 2) != 0 ||
        strspn(at + PATCH_ID_SIZE + 2, "0123456789abcdef") != PATCH_ID_SIZE) {
        return;
    }
    memcpy(file->ids[0], at, PATCH_ID_SIZE);
    memcpy(file->ids[1], at + PATCH_ID_SIZE + 2, PATCH_ID_SIZE);
}

static bool take_extended(struct msg_str line, struct patch_file *file)
{
    static const struct {
        const char *word;
        enum patch_kind kind;
        bool created;
        bool deleted;
    } heads[] = {{"index ", PATCH_TEXT, false, false},
                 {"old mode ", PATCH_MODE, false, false},
                 {"new mode ", PATCH_MODE, false, false},
                 {"new file mode ", PATCH_TEXT, true, false},
                 {"deleted file mode ", PATCH_TEXT, false, true},
                 {"similarity index ", PATCH_RENAME, false, false},
                 {"dissimilarity index ", PATCH_RENAME, false, false},
                 {"rename ", PATCH_RENAME, false, false},
                 {"copy ", PATCH_RENAME, false, false},
                 {"GIT binary patch", PATCH_BINARY, false, false},
                 {"Binary files ", PATCH_BINARY, false, false}};
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        if (starts(line, heads[i].word)) {
            if (i == 0) {
                take_ids(line, file);
            }
            file->kind = heads[i].kind == PATCH_TEXT ? file->kind : heads[i].kind;
            file->created |= heads[i].created;
            file->deleted |= heads[i].deleted;
            return true;
        }
    }
    return false;
}

/* What is no text is not read any further: no rule lets it through. */
static void pass_file(struct reader *self)
{
    while (!at_end(self) && !starts(peek(self), "diff --git ")) {
        pass(self);
    }
}

/* ---- hunks ---- */

static bool read_number(const char **at, const char *end, size_t *ret_number)
{
    size_t number = 0;
    const char *begin = *at;
    for (; *at < end && **at >= '0' && **at <= '9'; (*at)++) {
        number = number * 10 + (size_t)(**at - '0');
        if (number > PATCH_NUMBER_MAX) {
            return false;
        }
    }
    *ret_number = number;
    return *at > begin;
}

/* "12,3" or "12", which means one line. */
static bool read_range(const char **at, const char *end, size_t *ret_at, size_t *ret_count)
{
    *ret_count = 1;
    if (!read_number(at, end, ret_at)) {
        return false;
    }
    if (*at < end && **at == ',') {
        (*at)++;
        return read_number(at, end, ret_count);
    }
    return true;
}

static bool read_literal(const char **at, const char *end, const char *text)
{
    size_t size = strlen(text);
    if ((size_t)(end - *at) < size || memcmp(*at, text, size) != 0) {
        return false;
    }
    *at += size;
    return true;
}

static bool read_hunk_head(struct msg_str line, struct hunk *ret_hunk)
{
    const char *at = line.at;
    const char *end = line.at + line.size;
    return read_literal(&at, end, "@@ -") &&
           read_range(&at, end, &ret_hunk->old_at, &ret_hunk->old_left) &&
           read_literal(&at, end, " +") &&
           read_range(&at, end, &ret_hunk->new_at, &ret_hunk->new_left) &&
           read_literal(&at, end, " @@") && (at == end || *at == ' ');
}

static enum err add_line(struct reader *self, struct patch_line line)
{
    struct patch *patch = self->patch;
    if (patch->lines_count == PATCH_LINES_MAX) {
        return complain(self, ERR_LIMIT, "too many lines");
    }
    if (patch->lines_count == self->capacity) {
        size_t capacity = self->capacity ? self->capacity * 2 : 64;
        struct patch_line *grown = realloc(patch->lines, capacity * sizeof *grown);
        if (!grown) {
            return ERR_MEMORY;
        }
        patch->lines = grown;
        self->capacity = capacity;
    }
    patch->lines[patch->lines_count++] = line;
    return ERR_OK;
}

/* One line of a hunk's body; an empty one is an empty line that is kept, as git has it. */
static enum err read_body_line(struct reader *self, struct patch_file *file, struct hunk *hunk)
{
    struct msg_str line = at_end(self) ? msg_str("") : peek(self);
    char sign = ' ';
    if (line.size > 0) {
        sign = line.at[0];
    }
    if (at_end(self) || (sign != ' ' && sign != '-' && sign != '+')) {
        return complain(self, ERR_MALFORMED, "a line of a hunk is missing");
    }
    if ((sign != '+' && hunk->old_left == 0) || (sign != '-' && hunk->new_left == 0)) {
        return complain(self, ERR_MALFORMED, "a hunk has other lines than its head counts");
    }
    if (memchr(line.at, '\0', line.size)) {
        return complain(self, ERR_MALFORMED, "a NUL");
    }
    struct patch_line added = {.sign = sign,
                               .hunk = self->hunks,
                               .number = sign == '+' ? hunk->new_at : hunk->old_at,
                               .text = {line.at + (line.size > 0), line.size - (line.size > 0)}};
    hunk->old_at += sign != '+';
    hunk->old_left -= sign != '+';
    hunk->new_at += sign != '-';
    hunk->new_left -= sign != '-';
    file->added += sign == '+';
    file->removed += sign == '-';
    file->count++;
    enum err err = add_line(self, added);
    pass(self);
    return err;
}

static enum err read_hunk(struct reader *self, struct patch_file *file, struct hunk *hunk)
{
    size_t changes = file->added + file->removed;
    enum err err = ERR_OK;
    pass(self);
    while (err == ERR_OK && hunk->old_left + hunk->new_left > 0) {
        err = read_body_line(self, file, hunk);
        if (err == ERR_OK && next_starts(self, "\\ ")) {
            self->patch->lines[self->patch->lines_count - 1].open = true;
            pass(self);
        }
    }
    self->hunks++;
    if (err == ERR_OK && file->added + file->removed == changes) {
        return complain(self, ERR_MALFORMED, "a hunk that changes nothing");
    }
    return err;
}

/* git takes a file without old lines for a new one, whatever its name says. */
static void note_emptiness(struct patch_file *file)
{
    file->created |= file->count == file->added;
    file->deleted |= file->count == file->removed;
}

static enum err read_hunks(struct reader *self, struct patch_file *file)
{
    size_t old_end = 0;
    struct hunk hunk;
    enum err err = ERR_OK;
    while (err == ERR_OK && next_starts(self, "@@")) {
        if (!read_hunk_head(peek(self), &hunk)) {
            return complain(self, ERR_MALFORMED, "a head of a hunk that is none");
        }
        if (hunk.old_at < old_end) {
            return complain(self, ERR_MALFORMED, "hunks that are not in order");
        }
        err = read_hunk(self, file, &hunk);
        old_end = hunk.old_at;
    }
    if (err == ERR_OK && file->count == 0) {
        return complain(self, ERR_MALFORMED, "a file without a hunk");
    }
    note_emptiness(file);
    return err;
}

/* ---- files ---- */

static enum err read_names(struct reader *self, struct patch_file *file)
{
    struct msg_str old_name = msg_str("");
    struct msg_str new_name = msg_str("");
    bool created = false;
    bool deleted = false;
    enum err err = read_name(self, "--- ", 'a', &old_name, &created);
    if (err == ERR_OK) {
        err = read_name(self, "+++ ", 'b', &new_name, &deleted);
    }
    if (err != ERR_OK) {
        return err;
    }
    if (created && deleted) {
        return complain(self, ERR_MALFORMED, "a file without a name");
    }
    struct msg_str name = created ? new_name : old_name;
    if (file->path[0] != '\0' && !msg_str_is(name, file->path)) {
        return complain(self, ERR_MALFORMED, "names that contradict each other");
    }
    if (!created && !deleted && !msg_str_equal(old_name, new_name)) {
        file->kind = PATCH_RENAME;
    }
    set_path(file, name);
    file->created |= created;
    file->deleted |= deleted;
    return ERR_OK;
}

static bool is_told(const struct patch *patch, const char *path)
{
    for (size_t i = 0; i + 1 < patch->files_count; i++) {
        if (strcmp(patch->files[i].path, path) == 0) {
            return true;
        }
    }
    return false;
}

static enum err read_file(struct reader *self)
{
    struct patch *patch = self->patch;
    if (patch->files_count == PATCH_FILES_MAX) {
        return complain(self, ERR_LIMIT, "too many files");
    }
    struct patch_file *file = &patch->files[patch->files_count++];
    enum err err = ERR_OK;
    *file = (struct patch_file){.first = patch->lines_count};
    if (next_starts(self, "diff --git ")) {
        err = read_git_head(self, file);
        while (err == ERR_OK && !at_end(self) && take_extended(peek(self), file)) {
            pass(self);
        }
    }
    if (err == ERR_OK && file->kind != PATCH_TEXT) {
        pass_file(self);
        return ERR_OK;
    }
    if (err == ERR_OK) {
        err = read_names(self, file);
    }
    if (err == ERR_OK) {
        err = read_hunks(self, file);
    }
    if (err == ERR_OK && is_told(patch, file->path)) {
        return complain(self, ERR_MALFORMED, "a file that was there before");
    }
    return err;
}

enum err patch_read(struct msg_str diff, struct patch *ret_patch, char *why)
{
    struct reader reader = {
        .at = diff.at, .end = diff.at + diff.size, .number = 1, .patch = ret_patch, .why = why};
    enum err err = ERR_OK;
    ret_patch->files_count = 0;
    ret_patch->lines = NULL;
    ret_patch->lines_count = 0;
    why[0] = '\0';
    if (diff.size == 0 || diff.at[diff.size - 1] != '\n') {
        err = complain(&reader, ERR_MALFORMED, "it is empty, or its last line has no end");
    }
    while (err == ERR_OK && !at_end(&reader)) {
        err = read_file(&reader);
    }
    if (err != ERR_OK) {
        patch_free(ret_patch);
    }
    return err;
}

void patch_free(struct patch *self)
{
    free(self->lines);
    self->lines = NULL;
    self->lines_count = 0;
}

bool patch_fits(const struct patch *patch, const struct patch_file *file, struct msg_str text,
                char *why)
{
    const char *at = text.at;
    const char *end = text.at + text.size;
    size_t number = 1; /* of the line at `at` */
    for (size_t i = file->first; i < file->first + file->count; i++) {
        const struct patch_line *line = &patch->lines[i];
        if (line->sign == '+') {
            continue;
        }
        for (; number < line->number && at < end; number++) {
            const char *newline = memchr(at, '\n', (size_t)(end - at));
            at = newline ? newline + 1 : end;
        }
        const char *newline = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;
        struct msg_str is = {at, (uint32_t)((newline ? newline : end) - at)};
        if (number != line->number || at == end || !msg_str_equal(is, line->text)) {
            (void)snprintf(why, PATCH_WHY_SIZE, "line %zu of %.80s is another one", line->number,
                           file->path);
            return false;
        }
    }
    return true;
}
