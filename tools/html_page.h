/* html_page.h - pages out of HTML, which may be hostile. */
#ifndef TOOLS_HTML_PAGE_H
#define TOOLS_HTML_PAGE_H

#include "actors/healer/tree.h"

enum { HTML_BYTES_MAX = 32 << 20, HTML_SECONDS_MAX = 10 };

/* Reads `size` bytes of HTML as a browser would that runs no scripts; roles and names are made. The
 * parser works in a child process that may do nothing but think, and is ended after
 * HTML_SECONDS_MAX.  *ret_tree is the caller's, for tree_free().  ERR_MALFORMED: the parser did not
 * come back; ERR_LIMIT, ERR_MEMORY, ERR_IO. */
enum err html_page(const char *html, size_t size, struct tree *ret_tree) MUST_CHECK;

#endif
