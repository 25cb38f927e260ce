/* binder.h - reads maps, lists and values of a YAML file, and tells what is wrong with them.
 *
 * A function returns an error only when reading cannot go on (ERR_MALFORMED, told in the report, or
 * ERR_MEMORY).  Whatever else is wrong goes into the report with its place and is skipped, so that
 * one reading finds all problems.  A binder is used by one thread at a time.
 */
#ifndef ACTORS_COMMON_BINDER_H
#define ACTORS_COMMON_BINDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/reader.h"
#include "config/report.h"
#include "proto/error.h"

#define BINDER_NAMES_MAX 64

/* All of it is the caller's and outlives the binder. */
struct binder {
    const char *file; /* its name in the report */
    struct reader *reader;
    struct config_report *report;
    char *strings; /* where kept texts go */
    size_t strings_size;
    size_t strings_used;
    size_t key_line; /* where the name stands that binder_next_key gave last */
    size_t key_column;
};

/* Names of which one is expected. */
struct binder_names {
    const char *what; /* "label", for the report */
    size_t count;
    const char *list[BINDER_NAMES_MAX];
};

/* Adds a problem at the place of `item`. */
void binder_complain(struct binder *binder, const struct reader_item *item, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The next item; anchors, aliases and tags are told. */
enum err binder_next(struct binder *binder, struct reader_item *ret_item) MUST_CHECK;

/* Reads to the end of what begins with `first`. */
enum err binder_skip(struct binder *binder, const struct reader_item *first) MUST_CHECK;

/* Opens the map or list (READER_MAP, READER_LIST) that should come next.  *ret_open is false, and
 * what comes is skipped, if it is another thing. */
enum err binder_open_next(struct binder *binder, enum reader_kind kind, const char *what,
                          bool *ret_open) MUST_CHECK;

/* Which of the names the text of `item` is; names->count if it is none of them, and then the
 * report says which was meant. */
size_t binder_find_name(struct binder *binder, const struct binder_names *names,
                        const struct reader_item *item);

/* The next name of the open map: one of at most 32 names.  *ret_key is names->count at the end of
 * the map.  *seen, 0 at first, has a bit for each name that came; one that comes again is told and
 * skipped with its value, and so are unknown ones. */
enum err binder_next_key(struct binder *binder, const struct binder_names *names, uint32_t *seen,
                         size_t *ret_key) MUST_CHECK;

/* Keeps the text of `item` among the strings, terminated.  NULL, and told, when it has none or
 * more than `size_max` bytes, or control characters. */
const char *binder_keep(struct binder *binder, const struct reader_item *item, size_t size_max);

/* The same, but newlines, tabs and colours may be in it. */
const char *binder_keep_lines(struct binder *binder, const struct reader_item *item,
                              size_t size_max);

/* Reads and keeps one text of at most `size_max` bytes; *ret_text stays as it is when there is
 * none. */
enum err binder_read_text(struct binder *binder, const char *what, size_t size_max,
                          const char **ret_text) MUST_CHECK;

/* Reads a number from 0 to `max`, which has seven digits at most; *ret_number stays as it is when
 * it is none. */
enum err binder_read_number(struct binder *binder, const char *what, unsigned max,
                            unsigned *ret_number) MUST_CHECK;

/* Reads one of the names; *ret_index is names->count if it was none of them. */
enum err binder_read_choice(struct binder *binder, const struct binder_names *names,
                            size_t *ret_index) MUST_CHECK;

#endif
