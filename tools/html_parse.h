/* html_parse.h - the two ends of the pipe between the HTML parser and whoever wants the page.
 *
 * In the pipe: 'e' an element (flags, tag, number of attributes, name and value of each), 't' a
 * text, 'x' the end of the element, '.' the end of all.  Numbers are of 4 bytes, this machine's;
 * texts are a number and so many bytes.
 */
#ifndef TOOLS_HTML_PARSE_H
#define TOOLS_HTML_PARSE_H

#include "actors/healer/tree.h"

enum { HTML_SHADOW = 1, HTML_FOREIGN = 2 };

/* For the child: parses and writes to `fd`, with no system call but write() and memory that must
 * have been given before.  False when there was not enough of it or nobody reads. */
bool html_parse(const char *html, size_t size, int fd, void *memory, size_t memory_size);

/* For the parent, which believes nothing: makes a tree of what came, without roles and names.
 * ERR_MALFORMED, ERR_LIMIT, ERR_MEMORY. */
enum err html_rebuild(const char *bytes, size_t size, struct tree *ret_tree) MUST_CHECK;

#endif
