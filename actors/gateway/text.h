/* text.h - a text that grows up to a limit, and the words of strangers inside it.
 *
 * What comes from test output, models or pull requests is hostile: it may hold ends of code fences,
 * mentions, HTML, colour codes, half characters.  It enters a text only through the functions
 * below, which leave valid UTF-8 without control characters and without what turns the direction of
 * writing, and cannot end where the writer of the text did not end it.
 */
#ifndef ACTORS_GATEWAY_TEXT_H
#define ACTORS_GATEWAY_TEXT_H

#include "proto/message.h"

struct text {
    char *at; /* owned; NUL-terminated once something was added */
    size_t size;
    size_t capacity;
    size_t size_max;
    bool full; /* something did not fit or memory ran out; it and all that followed is missing */
};

void text_free(struct text *text);

/* Text of our own. */
void text_add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Back to an earlier size: an entry that did not fit is taken out whole. */
void text_cut(struct text *text, size_t size);

/* The first `max` bytes of the words on one line. */
void text_plain(struct text *text, struct msg_str words, size_t max);

/* As text_plain, as Markdown code within a line: `words`. */
void text_code(struct text *text, struct msg_str words, size_t max);

/* A fenced block of Markdown of a language; what is above `max` bytes is left out at an end of a
 * line, and the block says so. */
void text_fence(struct text *text, const char *language, struct msg_str words, size_t max);

/* As text_plain, for the inside of an HTML element or of a quoted attribute. */
void text_html(struct text *text, struct msg_str words, size_t max);

/* Several lines for where nothing is a mark-up, an annotation for example. */
void text_lines(struct text *text, struct msg_str words, size_t max);

#endif
