/* text_file.h - a small regular file, read as a whole; what is wrong goes into a report. */
#ifndef ACTORS_COMMON_TEXT_FILE_H
#define ACTORS_COMMON_TEXT_FILE_H

#include <stddef.h>

#include "config/report.h"
#include "proto/error.h"

/* Reads at most `max` + 1 bytes of the file at `path`: who asked sees that there are too many.
 * *ret_text, which has a NUL behind it, is the caller's to free.
 * ERR_IO: the report says why; ERR_MEMORY. */
enum err text_file_read(const char *path, size_t max, char **ret_text, size_t *ret_size,
                        struct config_report *report) MUST_CHECK;

#endif
