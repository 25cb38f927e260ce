/* answer.c - see answer.h. */
#include "actors/models/answer.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/models/diff.h"

/* Lines [from, to) of a file, from 0, become others. */
struct edit {
    size_t file;
    size_t from;
    size_t to;
    struct msg_str *lines;
    size_t count;
};

struct block {
    struct msg_str lines[ANSWER_BLOCK_LINES_MAX];
    size_t count;
    size_t number; /* of its first line; 0: none */
};

enum part { PART_NONE, PART_ORIGINAL, PART_FIXED };

struct answer {
    const struct answer_input *input;
    struct diff_text *texts; /* of the files */
    size_t file;             /* that the next block is about; input->count: none yet */
    enum part part;
    bool fenced;
    struct block original;
    struct block fixed;
    struct edit edits[ANSWER_EDITS_MAX];
    size_t edits_count;
    size_t already; /* edits that change nothing */
    char *why;
};

static enum err refuse(struct answer *self, const char *why)
{
    (void)snprintf(self->why, ANSWER_WHY_SIZE, "%s", why);
    return ERR_REFUSED;
}

/* ---- lines ---- */

static struct msg_str trim(struct msg_str text)
{
    while (text.size > 0 && isspace((unsigned char)text.at[0])) {
        text.at++;
        text.size--;
    }
    while (text.size > 0 && isspace((unsigned char)text.at[text.size - 1])) {
        text.size--;
    }
    return text;
}

static bool begins(struct msg_str text, const char *with)
{
    size_t size = strlen(with);
    return text.size >= size && memcmp(text.at, with, size) == 0;
}

/* "12| text": *ret_text is what is behind it.  0: no number. */
static size_t number_of(struct msg_str line, struct msg_str *ret_text)
{
    size_t at = 0;
    size_t number = 0;
    while (at < line.size && line.at[at] == ' ') {
        at++;
    }
    size_t first = at;
    while (at < line.size && at < first + 6 && isdigit((unsigned char)line.at[at])) {
        number = number * 10 + (size_t)(line.at[at++] - '0');
    }
    if (at == first || at == line.size || line.at[at] != '|') {
        return 0;
    }
    at++;
    at += at < line.size && line.at[at] == ' ';
    *ret_text = (struct msg_str){line.at + at, line.size - (uint32_t)at};
    return number;
}

static enum err add_line(struct answer *self, struct block *block, struct msg_str line)
{
    struct msg_str text = line;
    if (block->count == ANSWER_BLOCK_LINES_MAX) {
        return refuse(self, "a block has too many lines");
    }
    text.size -= text.size > 0 && text.at[text.size - 1] == '\r';
    size_t number = number_of(text, &text);
    block->number = block->count == 0 ? number : block->number;
    block->lines[block->count++] = text;
    return ERR_OK;
}

/* ---- where a block belongs ---- */

static bool stands_at(const struct diff_text *text, const struct block *block, size_t at)
{
    if (block->count == 0 || at + block->count > text->count) {
        return false;
    }
    for (size_t i = 0; i < block->count; i++) {
        if (!msg_str_equal(trim(text->lines[at + i]), trim(block->lines[i]))) {
            return false;
        }
    }
    return true;
}

/* At its number, or else at the only place where it stands.  False: nowhere, or often. */
static bool find(const struct diff_text *text, const struct block *block, size_t *ret_at)
{
    size_t found = 0;
    if (block->number > 0 && stands_at(text, block, block->number - 1)) {
        *ret_at = block->number - 1;
        return true;
    }
    for (size_t at = 0; at + block->count <= text->count; at++) {
        if (stands_at(text, block, at)) {
            *ret_at = at;
            found++;
        }
    }
    return found == 1;
}

static bool is_blank(const struct block *block)
{
    for (size_t i = 0; i < block->count; i++) {
        if (trim(block->lines[i]).size > 0) {
            return false;
        }
    }
    return true;
}

static enum err keep_edit(struct answer *self, size_t from, size_t to)
{
    const struct block *fixed = &self->fixed;
    if (self->edits_count == ANSWER_EDITS_MAX) {
        return refuse(self, "too many changes");
    }
    for (size_t i = 0; i < self->edits_count; i++) {
        const struct edit *other = &self->edits[i];
        if (other->file == self->file && from < other->to && other->from < to) {
            return refuse(self, "two changes of the same lines");
        }
    }
    struct edit *edit = &self->edits[self->edits_count];
    *edit = (struct edit){.file = self->file, .from = from, .to = to, .count = fixed->count};
    edit->lines = calloc(fixed->count + 1, sizeof *edit->lines);
    if (!edit->lines) {
        return ERR_MEMORY;
    }
    memcpy(edit->lines, fixed->lines, fixed->count * sizeof *edit->lines);
    self->edits_count++;
    return ERR_OK;
}

static enum err end_block(struct answer *self)
{
    size_t at = 0;
    self->part = PART_NONE;
    if (self->file == self->input->count) {
        return refuse(self, "a change without the name of its file");
    }
    const struct diff_text *text = &self->texts[self->file];
    if (is_blank(&self->original)) {
        return refuse(self, "a change without the lines that it replaces");
    }
    if (!find(text, &self->original, &at)) {
        if (self->fixed.count > 0 && find(text, &self->fixed, &at)) {
            self->already++;
            return ERR_OK;
        }
        return refuse(self, "the lines that it replaces are not there, or at several places");
    }
    return keep_edit(self, at, at + self->original.count);
}

/* ---- blocks ---- */

/* A line that is a word, perhaps dressed up: "### ORIGINAL:", "**FIXED**". */
static bool is_word(struct msg_str line, const char *word)
{
    line = trim(line);
    while (line.size > 0 && strchr("#* `<", line.at[0])) {
        line.at++;
        line.size--;
    }
    while (line.size > 0 && strchr(":* `>", line.at[line.size - 1])) {
        line.size--;
    }
    return msg_str_is(line, word);
}

static enum err name_file(struct answer *self, struct msg_str line)
{
    line = trim(line);
    struct msg_str name = {line.at + 4, line.size - 4};
    name = trim(name);
    while (name.size > 0 && strchr(":`'\"* ", name.at[0])) {
        name.at++;
        name.size--;
    }
    while (name.size > 0 && strchr(":`'\"* ", name.at[name.size - 1])) {
        name.size--;
    }
    if (begins(name, "./")) {
        name = (struct msg_str){name.at + 2, name.size - 2};
    }
    for (self->file = 0; self->file < self->input->count; self->file++) {
        const struct answer_file *file = &self->input->files[self->file];
        if (msg_str_is(name, file->path)) {
            return file->fixed ? refuse(self, "a change of a test") : ERR_OK;
        }
    }
    return refuse(self, "a change of a file that was not shown");
}

static enum err take_line(struct answer *self, struct msg_str line)
{
    bool fence = begins(trim(line), "```");
    bool original = is_word(line, "ORIGINAL");
    bool file = begins(trim(line), "FILE ") || begins(trim(line), "FILE:");
    if (self->part == PART_FIXED && (original || file || fence || is_word(line, "END"))) {
        if (fence && self->fixed.count == 0 && !self->fenced) {
            self->fenced = true; /* the fence opens around the lines */
            return ERR_OK;
        }
        enum err err = end_block(self);
        if (err != ERR_OK) {
            return err;
        }
    }
    if (file && self->part == PART_NONE) {
        return name_file(self, line);
    }
    if (original) {
        self->part = PART_ORIGINAL;
        self->fenced = false;
        self->original.count = 0;
        return ERR_OK;
    }
    if (is_word(line, "FIXED") && self->part == PART_ORIGINAL) {
        self->part = PART_FIXED;
        self->fenced = false;
        self->fixed.count = 0;
        return ERR_OK;
    }
    if (self->part == PART_NONE || fence) {
        return ERR_OK;
    }
    return add_line(self, self->part == PART_FIXED ? &self->fixed : &self->original, line);
}

static enum err read_blocks(struct answer *self)
{
    struct msg_str text = self->input->text;
    enum err err = ERR_OK;
    self->file = self->input->count;
    for (size_t at = 0; at < text.size && err == ERR_OK;) {
        const char *end = memchr(text.at + at, '\n', text.size - at);
        size_t size = end ? (size_t)(end - text.at) - at : text.size - at;
        err = take_line(self, (struct msg_str){text.at + at, (uint32_t)size});
        at += size + 1;
    }
    if (err == ERR_OK && (self->part != PART_NONE || self->input->cut)) {
        return refuse(self, "it ends within a change");
    }
    return err;
}

/* ---- the whole ---- */

static bool holds(struct msg_str line, const char *word)
{
    return line.at && memmem(line.at, line.size, word, strlen(word));
}

static bool is_elision(struct msg_str line)
{
    line = trim(line);
    return msg_str_is(line, "...") || msg_str_is(line, "…") ||
           ((begins(line, "//") || begins(line, "/*") || begins(line, "{/*")) &&
            (holds(line, "...") || holds(line, "…") || holds(line, "rest of")));
}

static enum err take_whole_line(struct answer *self, struct msg_str line, unsigned *fences)
{
    if (begins(trim(line), "```")) {
        ++*fences;
        return *fences > 2 ? refuse(self, "several texts instead of one") : ERR_OK;
    }
    if (*fences != 1) {
        return ERR_OK;
    }
    return is_elision(line) ? refuse(self, "it leaves out a part of the excerpt")
                            : add_line(self, &self->fixed, line);
}

static enum err read_whole(struct answer *self)
{
    const struct answer_file *file = &self->input->files[0];
    struct msg_str text = self->input->text;
    unsigned fences = 0;
    enum err err = ERR_OK;
    for (size_t at = 0; at < text.size && err == ERR_OK;) {
        const char *end = memchr(text.at + at, '\n', text.size - at);
        size_t size = end ? (size_t)(end - text.at) - at : text.size - at;
        err = take_whole_line(self, (struct msg_str){text.at + at, (uint32_t)size}, &fences);
        at += size + 1;
    }
    if (err != ERR_OK || fences == 0) {
        return err;
    }
    if (fences == 1 || self->input->cut) {
        return refuse(self, "it ends within the text");
    }
    self->file = 0;
    if (file->fixed) {
        return refuse(self, "a change of a test");
    }
    if (2 * self->fixed.count < file->to - file->from + 1) {
        return refuse(self, "it leaves out a part of the excerpt");
    }
    return keep_edit(self, file->from - 1, file->to);
}

/* ---- the change ---- */

/* The lines of a file after all its edits; the strings of new lines are in *ret_ends. */
static enum err apply(const struct answer *self, size_t file, struct diff_text *ret_text,
                      char **ret_ends)
{
    const struct diff_text *before = &self->texts[file];
    size_t spare = 0;
    size_t bytes = 1;
    for (size_t i = 0; i < self->edits_count; i++) {
        for (size_t j = 0; j < self->edits[i].count; j++) {
            bytes += self->edits[i].lines[j].size + 1;
        }
        spare += self->edits[i].count;
    }
    struct diff_text after = {calloc(before->count + spare + 1, sizeof(struct msg_str)), 0,
                              before->open};
    char *ends = malloc(bytes);
    if (!after.lines || !ends) {
        free(after.lines);
        free(ends);
        return ERR_MEMORY;
    }
    /* What a model writes has plain line ends; the file keeps its own. */
    const struct msg_str *first = &before->lines[0];
    bool returns = before->count > 0 && first->size > 0 && first->at[first->size - 1] == '\r';
    char *to = ends;
    for (size_t at = 0; at <= before->count;) {
        const struct edit *edit = NULL;
        for (size_t i = 0; i < self->edits_count && !edit; i++) {
            bool here = self->edits[i].file == file && self->edits[i].from == at;
            edit = here ? &self->edits[i] : NULL;
        }
        for (size_t i = 0; edit && i < edit->count; i++) {
            struct msg_str line = edit->lines[i];
            memcpy(to, line.at, line.size);
            to[line.size] = '\r';
            after.lines[after.count++] = (struct msg_str){to, line.size + returns};
            to += line.size + returns;
        }
        if (!edit && at < before->count) {
            after.lines[after.count++] = before->lines[at];
        }
        at = edit ? edit->to : at + 1;
    }
    *ret_text = after;
    *ret_ends = ends;
    return ERR_OK;
}

static enum err write_all(struct answer *self, struct diff_out *out)
{
    enum err err = ERR_OK;
    for (size_t i = 0; i < self->input->count && err == ERR_OK; i++) {
        struct diff_text after;
        char *ends = NULL;
        err = apply(self, i, &after, &ends);
        if (err != ERR_OK) {
            return err;
        }
        err = diff_write(self->input->files[i].path, &self->texts[i], &after, out);
        free(after.lines);
        free(ends);
    }
    if (err == ERR_LIMIT) {
        return refuse(self, "the change is too large");
    }
    if (err == ERR_OK && out->size == 0) {
        bool any = self->edits_count > 0 || self->already > 0;
        return refuse(self, any ? "it changes nothing: what it wants is there already"
                                : "no change in it");
    }
    return err;
}

static enum err make(struct answer *self, char **ret_diff)
{
    enum err err = ERR_OK;
    for (size_t i = 0; i < self->input->count && err == ERR_OK; i++) {
        err = diff_split(self->input->files[i].text, 0, &self->texts[i]);
    }
    if (err == ERR_LIMIT) {
        return refuse(self, "a file has too many lines");
    }
    if (err == ERR_OK) {
        err = self->input->whole ? read_whole(self) : read_blocks(self);
    }
    struct diff_out out = {malloc(ANSWER_DIFF_MAX + 1), 0, ANSWER_DIFF_MAX + 1};
    if (err == ERR_OK) {
        err = out.at ? write_all(self, &out) : ERR_MEMORY;
    }
    if (err != ERR_OK) {
        free(out.at);
        return err;
    }
    *ret_diff = out.at;
    return ERR_OK;
}

enum err answer_read(const struct answer_input *input, char **ret_diff, char *why)
{
    assert(input->count > 0);
    struct answer *self = calloc(1, sizeof *self);
    struct diff_text *texts = calloc(input->count, sizeof *texts);
    enum err err = ERR_MEMORY;
    if (self && texts) {
        self->input = input;
        self->texts = texts;
        self->why = why;
        err = make(self, ret_diff);
        for (size_t i = 0; i < self->edits_count; i++) {
            free(self->edits[i].lines);
        }
        for (size_t i = 0; i < input->count; i++) {
            free(texts[i].lines);
        }
    }
    free(texts);
    free(self);
    return err;
}
