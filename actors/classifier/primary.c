/* primary.c - one walk over the lines finds the error, a second one its place and code. */
#include "actors/classifier/primary.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "actors/classifier/line.h"
#include "actors/classifier/place.h"

enum {
    MESSAGE_LINES_MAX = 8,
    NEARBY_LINES_MAX = 8, /* behind the message, in which a file may be named */
    NAME_MAX = 64,        /* bytes of an exception's name */
    TS_DIGITS_MIN = 4,
    TS_DIGITS_MAX = 5
};

/* One line: all of it, and what stands behind its marks. */
struct row {
    size_t from; /* in the text */
    const char *line;
    size_t size;
    const char *words;
    size_t words_size;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_name(char c)
{
    return is_digit(c) || is_upper(c) || (c >= 'a' && c <= 'z') || c == '_' || c == '$';
}

static bool begins(const char *text, size_t size, const char *word)
{
    size_t length = strlen(word);
    return length <= size && memcmp(text, word, length) == 0;
}

static bool ends(const char *text, size_t size, const char *word)
{
    size_t length = strlen(word);
    return length <= size && memcmp(text + size - length, word, length) == 0;
}

/* Whether the line begins with one of some words, which NULL ends. */
static bool begins_with_any(const struct row *row, const char *const *words)
{
    for (; *words; words++) {
        if (begins(row->words, row->words_size, *words)) {
            return true;
        }
    }
    return false;
}

/* The line at `from`; false behind the last. */
static bool read_row(const struct primary *self, size_t from, struct row *ret_row)
{
    if (from >= self->size) {
        return false;
    }
    const char *line = self->text + from;
    size_t size = line_size(line, self->size - from);
    size_t skip = line_skip_marks(line, size);
    *ret_row = (struct row){from, line, size, line + skip, size - skip};
    return true;
}

static size_t next_row(const struct row *row)
{
    return row->from + row->size + 1;
}

/* "TypeError: ...", "java.io.IOException", "NameError [CODE]: ...". */
static bool is_exception(const struct row *row)
{
    static const char *const kinds[] = {"Error", "Exception", "Violation", "Interrupt", "Exit"};
    const char *text = row->words;
    size_t at = 0;
    while (at < row->words_size && at < NAME_MAX && (is_name(text[at]) || text[at] == '.')) {
        at++;
    }
    if (at < row->words_size && text[at] != ':' && !begins(text + at, row->words_size - at, " [") &&
        !begins(text + at, row->words_size - at, " (")) {
        return false;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (ends(text, at, kinds[i])) {
            return true;
        }
    }
    return false;
}

/* "Uncaught ", "Unhandled Rejection (TypeError): ..." and others that an error may stand behind. */
static bool is_error(const struct row *row)
{
    static const char *const words[] = {"Uncaught ",
                                        "Unhandled ",
                                        "Error: ",
                                        "error: ",
                                        "error[",
                                        "error TS",
                                        "error  ",
                                        "ERROR: ",
                                        "ERROR(",
                                        "Type error: ",
                                        "fatal: ",
                                        "Fatal error",
                                        "FATAL",
                                        "npm ERR! ",
                                        "npm error ",
                                        "panic: ",
                                        "thrown: ",
                                        "Invariant ",
                                        "The above error occurred",
                                        "Exception in thread ",
                                        "Exception ",
                                        "expect(",
                                        "assert.",
                                        "assert(",
                                        "Expected ",
                                        NULL};
    return begins_with_any(row, words) || is_exception(row) ||
           memmem(row->words, row->words_size, ": error", 7) ||
           memmem(row->words, row->words_size, " - error ", 9) ||
           memmem(row->words, row->words_size, ": ERROR: ", 9);
}

static bool is_warning(const struct row *row)
{
    static const char *const words[] = {"Warning: ", "warning: ", "WARNING",  "WARN ",  "warn ",
                                        "npm WARN ", "npm warn ", "Deprecat", "(node:", NULL};
    return begins_with_any(row, words) || begins(row->line, row->size, "(!)") ||
           begins(row->line, row->size, "[warn]");
}

/* What stands above an error and says no more than that there is one. */
static bool is_heading(const struct row *row)
{
    static const char *const words[] = {"FAIL ",
                                        "--- FAIL",
                                        "FAILED ",
                                        "not ok ",
                                        "ERROR in ",
                                        "Failed to compile",
                                        "error during build",
                                        "Traceback ",
                                        NULL};
    return begins_with_any(row, words) || begins(row->line, row->size, "  ● ") ||
           begins(row->line, row->size, "● ");
}

/* A Python traceback tells its error behind its frames, on the first line without indentation. */
static size_t traceback_end(const struct primary *self, size_t from)
{
    struct row row;
    size_t at = from;
    size_t last = from;
    while (read_row(self, at, &row)) {
        at = next_row(&row);
        if (row.size == 0) {
            continue;
        }
        last = row.from;
        if (row.line[0] != ' ') {
            break;
        }
    }
    return last;
}

/* The first line with words behind a heading. */
static size_t heading_end(const struct primary *self, const struct row *heading)
{
    struct row row;
    size_t at = next_row(heading);
    while (read_row(self, at, &row)) {
        if (row.words_size > 0) {
            return row.from;
        }
        at = next_row(&row);
    }
    return heading->from;
}

/* Where the walk over the lines has come to: offsets of lines, SIZE_MAX while not seen. */
struct walk {
    size_t error;
    size_t logged; /* an error that a program or React only logged */
    size_t warning;
    size_t words; /* the first line with any */
    bool in_log;
};

static void keep_first(size_t *first, size_t from)
{
    *first = *first == SIZE_MAX ? from : *first;
}

static void look_at_heading(const struct primary *self, const struct row *row, struct walk *walk)
{
    size_t end = heading_end(self, row);
    struct row below;
    walk->in_log = begins(row->words, row->words_size, "Console");
    /* A heading below a heading is looked at in its turn. */
    if (!walk->in_log && read_row(self, end, &below) && (end == row->from || !is_heading(&below))) {
        walk->error = end;
    }
}

static void look_at(const struct primary *self, const struct row *row, struct walk *walk)
{
    if (row->words_size == 0) {
        return;
    }
    keep_first(&walk->words, row->from);
    if (begins(row->words, row->words_size, "Traceback ")) {
        walk->error = traceback_end(self, next_row(row));
    } else if (is_heading(row)) {
        look_at_heading(self, row, walk);
    } else if (begins(row->words, row->words_size, "console.") ||
               begins(row->words, row->words_size, "stderr | ")) {
        walk->in_log = true;
    } else if (is_warning(row)) {
        keep_first(&walk->warning, row->from);
    } else if (is_error(row)) {
        keep_first(walk->in_log ? &walk->logged : &walk->error, row->from);
    }
}

/* The line of the primary error.  What a test merely logs stands above its failure, which goes
 * before it. */
static size_t find_line(struct primary *self)
{
    struct walk walk = {SIZE_MAX, SIZE_MAX, SIZE_MAX, SIZE_MAX, false};
    struct row row;
    for (size_t at = 0; walk.error >= self->size && read_row(self, at, &row); at = next_row(&row)) {
        look_at(self, &row, &walk);
    }
    if (walk.error < self->size) {
        return walk.error;
    }
    if (walk.logged != SIZE_MAX) {
        return walk.logged;
    }
    self->is_warning = walk.warning != SIZE_MAX;
    keep_first(&walk.warning, walk.words);
    return walk.warning == SIZE_MAX ? 0 : walk.warning;
}

static void set_message(struct primary *self)
{
    struct row row;
    struct error_place place;
    size_t from = find_line(self);
    size_t at = from;
    size_t to = from;
    for (int lines = 0; lines < MESSAGE_LINES_MAX && read_row(self, at, &row); lines++) {
        if (lines > 0 &&
            (row.words_size == 0 || error_place_is_frame(row.line, row.size, &place))) {
            break;
        }
        to = row.from + row.size;
        at = next_row(&row);
    }
    self->message = (struct primary_span){from, to};
}

/* ---- the place ---- */

static void set_file(struct primary *self, struct error_place place)
{
    size_t skip = place.size > PRIMARY_FILE_MAX ? place.size - PRIMARY_FILE_MAX : 0;
    size_t size = place.size - skip;
    memcpy(self->file, place.path + skip, size);
    self->file[size] = '\0';
}

/* The frame where the error was thrown.  Python tells it last, all others first. */
static struct error_place find_frame(const struct primary *self)
{
    struct error_place top = {NULL, 0};
    struct row row;
    for (size_t at = 0; read_row(self, at, &row); at = next_row(&row)) {
        struct error_place place = {NULL, 0};
        if (!error_place_is_frame(row.line, row.size, &place) || !error_place_is_ours(place)) {
            continue;
        }
        bool python = begins(row.words, row.words_size, "File ");
        if (top.size == 0 || python) {
            top = place;
        }
        if (!python && row.from > self->message.from) {
            break;
        }
    }
    return top;
}

/* A file on a few lines from `from` on. */
static struct error_place find_nearby(const struct primary *self, size_t from)
{
    struct row row;
    for (int i = 0; i < NEARBY_LINES_MAX && read_row(self, from, &row); i++) {
        struct error_place place = error_place_find(row.line, row.size);
        if (error_place_is_ours(place)) {
            return place;
        }
        from = next_row(&row);
    }
    return (struct error_place){NULL, 0};
}

/* The line above the message: "ERROR in ./src/a.ts 1:5". */
static struct error_place find_above(const struct primary *self)
{
    size_t end = self->message.from;
    if (end == 0) {
        return (struct error_place){NULL, 0};
    }
    const char *text = self->text;
    const char *before = memrchr(text, '\n', end - 1);
    size_t from = before ? (size_t)(before - text) + 1 : 0;
    return error_place_find(text + from, end - 1 - from);
}

static void find_file(struct primary *self, const char *file_or_null)
{
    const char *line = self->text + self->message.from;
    struct error_place place =
        error_place_find(line, line_size(line, self->size - self->message.from));
    if (!error_place_is_ours(place)) {
        place = find_frame(self);
    }
    if (!error_place_is_ours(place)) {
        place = find_above(self);
    }
    if (!error_place_is_ours(place)) {
        place = find_nearby(self, self->message.from);
    }
    if (!error_place_is_ours(place) && file_or_null) {
        place = (struct error_place){file_or_null, strlen(file_or_null)};
    }
    if (place.size == 0) {
        place = find_nearby(self, 0);
    }
    if (place.size > 0) {
        set_file(self, place);
    }
}

/* ---- the code ---- */

static void set_code(struct primary *self, const char *text, size_t size)
{
    size = size < PRIMARY_CODE_MAX ? size : PRIMARY_CODE_MAX;
    memcpy(self->code, text, size);
    self->code[size] = '\0';
}

/* "TS" and four or five digits, as a word of its own. */
static bool find_ts_code(struct primary *self)
{
    const char *text = self->text;
    const char *end = text + self->size;
    const char *at = text;
    while ((at = memmem(at, (size_t)(end - at), "TS", 2))) {
        size_t digits = 0;
        while (at + 2 + digits < end && is_digit(at[2 + digits])) {
            digits++;
        }
        const char *behind = at + 2 + digits;
        if (digits >= TS_DIGITS_MIN && digits <= TS_DIGITS_MAX &&
            (at == text || !is_name(at[-1])) && (behind == end || !is_name(*behind))) {
            set_code(self, at, 2 + digits);
            return true;
        }
        at = behind;
    }
    return false;
}

/* Whether a word in capitals is the code of an error, as of Node, libc or rustc. */
static bool is_code(const char *word, size_t size)
{
    if (size == 5 && word[0] == 'E' && is_digit(word[1]) && is_digit(word[4])) {
        return true;
    }
    if (begins(word, size, "ERR_") && size > 4) {
        return true;
    }
    bool upper = size >= 5 && size <= 16 && word[0] == 'E';
    for (size_t i = 0; upper && i < size; i++) {
        upper = is_upper(word[i]);
    }
    return upper && !begins(word, size, "ERROR") && !begins(word, size, "EXPECT") &&
           !begins(word, size, "ENTRY") && !begins(word, size, "EVENT");
}

static void find_message_code(struct primary *self)
{
    const char *at = self->text + self->message.from;
    const char *end = self->text + self->message.to;
    while (at < end) {
        size_t size = 0;
        while (at + size < end && is_name(at[size])) {
            size++;
        }
        if (size > 0 && is_code(at, size)) {
            set_code(self, at, size);
            return;
        }
        at += size > 0 ? size : 1;
    }
}

/* ---- what linters find ---- */

static size_t skip_number(const char *text, size_t size)
{
    size_t at = 0;
    while (at < size && is_digit(text[at])) {
        at++;
    }
    return at;
}

/* The bytes of "  1:10  " or "  Line 1:10:  "; 0 if the line does not begin so. */
static size_t position_size(const char *line, size_t size)
{
    size_t at = line_skip_blanks(line, size);
    at += begins(line + at, size - at, "Line ") ? 5 : 0;
    size_t digits = skip_number(line + at, size - at);
    at += digits;
    if (digits == 0 || at >= size || line[at] != ':') {
        return 0;
    }
    at++;
    digits = skip_number(line + at, size - at);
    at += digits;
    if (digits == 0 || at >= size) {
        return 0;
    }
    at += line[at] == ':';
    size_t blanks = line_skip_blanks(line + at, size - at);
    return blanks > 0 ? at + blanks : 0;
}

/* ESLint's own output and that of Next.js and Create React App: the position, mostly a severity,
 * the sentence, and two blanks before the rule. */
static void look_for_finding(struct primary *self, const struct row *row)
{
    size_t at = position_size(row->line, row->size);
    if (at == 0 || self->findings_count == PRIMARY_FINDINGS_MAX) {
        return;
    }
    const char *words = row->line + at;
    size_t size = row->size - at;
    while (size > 0 && words[size - 1] == ' ') {
        size--;
    }
    size_t rule = size;
    while (rule > 0 && words[rule - 1] != ' ') {
        rule--;
    }
    bool is_parsing = memmem(words, size, "Parsing error", 13) != NULL;
    if (!is_parsing && (rule < 2 || words[rule - 2] != ' ')) {
        return;
    }
    size_t base = row->from + at;
    self->findings[self->findings_count++] = (struct primary_finding){
        .rule = {base + (is_parsing ? size : rule), base + size},
        .is_error = !begins(words, size, "warning") && !begins(words, size, "Warning"),
    };
}

static void find_findings(struct primary *self)
{
    struct row row;
    for (size_t at = 0; read_row(self, at, &row); at = next_row(&row)) {
        look_for_finding(self, &row);
    }
}

void primary_read(const char *text, size_t size, const char *file_or_null,
                  struct primary *ret_primary)
{
    assert(text || size == 0);
    assert(ret_primary);
    struct primary *self = ret_primary;
    self->size = line_clean(text, size, self->text, sizeof self->text);
    self->is_warning = false;
    self->code[0] = '\0';
    self->file[0] = '\0';
    self->findings_count = 0;
    set_message(self);
    find_file(self, file_or_null);
    find_findings(self);
    if (!find_ts_code(self)) {
        find_message_code(self);
    }
}
