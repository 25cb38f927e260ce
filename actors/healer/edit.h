/* edit.h - puts a healed locator into the test file: finds the old one where the call failed, and
 * writes a unified diff that replaces it and nothing else.
 *
 * Pure.  Only some lines around the call are looked at; see edit_range().
 */
#ifndef ACTORS_HEALER_EDIT_H
#define ACTORS_HEALER_EDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "actors/healer/locator.h"

enum {
    EDIT_NEAR_LINES = 2,   /* that the locator may be away from the call */
    EDIT_LONG_LINES = 10,  /* that the locator may take */
    EDIT_RANGE_LINES = 16, /* looked at before and behind the call: both of them, and a context */
    EDIT_TEXT_MAX = 65536, /* bytes of these lines */
    EDIT_LINE_MAX = 10 * 1000 * 1000,
    EDIT_DIFF_SIZE = 65536
};

struct edit_input {
    const char *file; /* relative to the project, see edit_is_path() */
    const char *text; /* the lines of edit_range(), or fewer when the file ends before */
    size_t size;
    uint64_t line;   /* of the call, from 1 to EDIT_LINE_MAX */
    uint64_t column; /* of the call, from 1, in UTF-16 units; 0: unknown */
    const struct locator *before;
    const struct locator *after;
};

struct edit {
    uint64_t line;                   /* where the locator begins */
    char before[LOCATOR_PRINT_SIZE]; /* as it stands there */
    char after[LOCATOR_PRINT_SIZE];
    char diff[EDIT_DIFF_SIZE];
};

/* Whether it is a path inside the project that a diff can name. */
bool edit_is_path(const char *file);

/* The lines of the file that edit_make() looks at for a call at `line`. */
void edit_range(uint64_t line, uint64_t *ret_first, uint64_t *ret_last);

/* True: *ret_edit is written.  False: it is not of use, and *ret_why (static) says why. */
bool edit_make(const struct edit_input *input, struct edit *ret_edit, const char **ret_why);

/* The same, of the line of the call if it is an assertion that looks once (awaited.h): the one that
 * waits.  Locators are not looked at. */
bool edit_awaited(const struct edit_input *input, struct edit *ret_edit, const char **ret_why);

#endif
