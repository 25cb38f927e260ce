/* page_file.h - the files that troupe heal and troupe resolve read. */
#ifndef TOOLS_PAGE_FILE_H
#define TOOLS_PAGE_FILE_H

#include <stddef.h>

#include "proto/error.h"

/* Reads a file of at most `size_max` bytes; a NUL stands behind them.  *ret_text is the caller's,
 * for free().  Else says why and returns an exit code. */
int page_file_read(const char *path, size_t size_max, char **ret_text, size_t *ret_size);

/* Says what is wrong with a file that could be read; returns an exit code. */
int page_file_complain(const char *path, enum err err);

#endif
