/* line.h - what stands around the words of a line: colours, prefixes of CI systems, marks.
 *
 * Pure; nothing is allocated and nothing kept.  Any thread may call these on its own data.
 */
#ifndef ACTORS_CLASSIFIER_LINE_H
#define ACTORS_CLASSIFIER_LINE_H

#include <stddef.h>

/* Copies `size` bytes of any text to `to` as plain lines, and returns how many bytes it wrote.
 *
 * Left out: ANSI sequences, control characters, and before each line what a CI system or a process
 * manager put there (timestamps, "##[error]", "web-1  | ", "web:build: ").  A tab becomes a blank;
 * CR and CRLF become a newline.  Of a text that does not fit, the beginning and the end are kept:
 * what failed is told first or last.  `room` is in bytes and at least 64; `to` is not terminated
 * and never overlaps `text`. */
size_t line_clean(const char *text, size_t size, char *to, size_t room);

/* The offset in bytes of the first character that is not a blank; `size` when all are. */
size_t line_skip_blanks(const char *line, size_t size);

/* The same behind marks, too: bullets ("* ", "\u2716 "), short words in brackets ("[web] "), the
 * arrow of a code frame ("> "), "E   " of pytest. */
size_t line_skip_marks(const char *line, size_t size);

/* The size of the first line of `size` bytes, without its newline. */
size_t line_size(const char *text, size_t size);

#endif
