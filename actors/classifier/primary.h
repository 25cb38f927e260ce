/* primary.h - what an error text is about: the line that made the command fail, and its place.
 *
 * Pure and without allocation: all results lie in the struct, which may be used again and again by
 * one thread at a time.  Nothing is recognised by regular expressions: each line is looked at from
 * its left, a bounded number of times, so the time grows with the text and not faster.
 */
#ifndef ACTORS_CLASSIFIER_PRIMARY_H
#define ACTORS_CLASSIFIER_PRIMARY_H

#include <stdbool.h>
#include <stddef.h>

#define PRIMARY_TEXT_MAX     16384 /* bytes kept of a text: its beginning and its end */
#define PRIMARY_CODE_MAX     79    /* bytes, as of "@typescript-eslint/no-explicit-any" */
#define PRIMARY_FILE_MAX     255   /* bytes; of a longer path the end is kept */
#define PRIMARY_FINDINGS_MAX 64    /* of a linter; more are not counted */

/* Some bytes of primary.text. */
struct primary_span {
    size_t from;
    size_t to; /* the byte behind it */
};

/* The rule that a linter names at the end of a line. */
struct primary_finding {
    struct primary_span rule;
    bool is_error; /* not a warning */
};

struct primary {
    size_t size;
    char text[PRIMARY_TEXT_MAX]; /* cleaned by line_clean(), not terminated */

    /* The primary error: its line and what follows it up to the stack or an empty line.  Empty
     * only if the text is. */
    struct primary_span message;
    bool is_warning; /* there was no error */

    /* "TS2345" wherever it stands; else the code of the message, such as "E0425", "ENOENT",
     * "ERR_MODULE_NOT_FOUND"; else "". */
    char code[PRIMARY_CODE_MAX + 1];

    /* The place that the message names; else the top frame that is neither a library's nor the
     * platform's; else a file named nearby; else the caller's hint; else "". */
    char file[PRIMARY_FILE_MAX + 1];

    size_t findings_count;
    struct primary_finding findings[PRIMARY_FINDINGS_MAX];
};

/* Reads `size` bytes of any text; all of *ret_primary is written.  `file_or_null` is the caller's
 * hint, terminated. */
void primary_read(const char *text, size_t size, const char *file_or_null,
                  struct primary *ret_primary);

#endif
