/* glob.h - names with stars. */
#ifndef ACTORS_COMMON_GLOB_H
#define ACTORS_COMMON_GLOB_H

#include <stdbool.h>

/* Whether all of `text` is what `pattern` describes: * stands for any bytes, slashes too, ? for
 * one.  Both are terminated.  Pure.
 *
 * Only the last star is ever tried again, so the time is at most the product of both lengths,
 * however many stars there are. */
bool glob_matches(const char *pattern, const char *text);

/* The same for a path: a pattern without a slash is about the last name of the path alone. */
bool glob_matches_path(const char *pattern, const char *path);

#endif
