/* json_line.h - a line of a process that is not trusted, as a JSON object.
 *
 * Pure.
 */
#ifndef ACTORS_COMMON_JSON_LINE_H
#define ACTORS_COMMON_JSON_LINE_H

#include <jansson.h>

#include "actors/common/stream.h"

enum { JSON_LINE_DEPTH_MAX = 8 };

/* The object that a line of at most STREAM_LINE_MAX bytes is, nested no deeper than
 * JSON_LINE_DEPTH_MAX; the line may be changed.  The caller's to json_decref(); NULL when it is
 * none such. */
json_t *json_line_load(char *line, size_t size);

#endif
