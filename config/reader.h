/* reader.h - a bounded, plain subset of YAML, item by item.
 *
 * The only user of libyaml, and of its event interface only: the document loader recurses and
 * expands aliases.  One document, at most READER_DEPTH_MAX deep.  Aliases, anchors and tags are
 * shown as such, never followed.  A reader is used by one thread at a time.
 */
#ifndef CONFIG_READER_H
#define CONFIG_READER_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/error.h"

#define READER_DEPTH_MAX 32

enum reader_kind {
    READER_TEXT,
    READER_MAP,
    READER_LIST,
    READER_CLOSE, /* of the map or list that was opened last */
    READER_ALIAS,
    READER_END /* of the document; comes at once when there is none */
};

/* What stands next.  `text` lives until the next call with the same reader. */
struct reader_item {
    enum reader_kind kind;
    const char *text; /* of READER_TEXT; UTF-8, may contain NUL */
    size_t size;
    bool quoted;
    bool anchored;
    bool tagged;
    size_t line; /* from 1 */
    size_t column;
};

/* Why reading cannot go on, and where. */
struct reader_problem {
    char text[200];
    size_t line;
    size_t column;
};

struct reader;

/* A reader of `size` bytes of `text`, which must outlive it.  ERR_MEMORY. */
enum err reader_new(const char *text, size_t size, struct reader **ret_reader) MUST_CHECK;

/* NULL is fine; *reader is NULL afterwards. */
void reader_destroy(struct reader **reader);

/* The next item.  ERR_MALFORMED: not YAML, not UTF-8, too deep, or a second document; see
 * reader_problem(); there is no going on.  ERR_MEMORY. */
enum err reader_next(struct reader *reader, struct reader_item *ret_item) MUST_CHECK;

/* Valid after ERR_MALFORMED, as long as the reader. */
const struct reader_problem *reader_problem(const struct reader *reader);

#endif
