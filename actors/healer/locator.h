/* locator.h - the text of a Playwright locator, as it is printed and as people write it.
 *
 *     getByTestId('save')    getByRole("button", { name: /save/i, exact: true })
 *     getByLabel(`Name`)     locator('#save')
 *
 * Pure, nothing is allocated.  Any thread may call these on its own data.
 */
#ifndef ACTORS_HEALER_LOCATOR_H
#define ACTORS_HEALER_LOCATOR_H

#include <stdbool.h>
#include <stddef.h>

#include "actors/healer/page.h"
#include "proto/error.h"

enum locator_kind {
    LOCATOR_TESTID,
    LOCATOR_ROLE,
    LOCATOR_LABEL,
    LOCATOR_PLACEHOLDER,
    LOCATOR_TEXT,
    LOCATOR_TITLE,
    LOCATOR_ALT,
    LOCATOR_CSS, /* what locator() takes: CSS, XPath or an engine of Playwright's */
    LOCATOR_KINDS
};

enum { LOCATOR_ROLE_SIZE = 32, LOCATOR_TEXT_SIZE = 512, LOCATOR_PRINT_SIZE = 1024 };

struct locator {
    enum locator_kind kind;
    char role[LOCATOR_ROLE_SIZE]; /* of LOCATOR_ROLE, else "" */
    char text[LOCATOR_TEXT_SIZE]; /* the test id, name, label…, without escapes; "": no name */
    bool regex;                   /* `text` is the source of a regular expression */
    bool exact;
    bool other;   /* further options, such as `checked`; they are not kept */
    bool chained; /* another step follows: .first(), .filter(…), .getByRole(…) */
    char quote;   /* ' " or `, the first one seen; ' when there is none */
    size_t size;  /* bytes of the first step, without what follows it */
};

/* Reads the first step at the beginning of `size` bytes; whatever follows may stay unread.
 * ERR_MALFORMED: there is none that could be understood, as when it holds a variable or a template
 * with one; ERR_LIMIT: a text too long for its field. */
enum err locator_parse(const char *text, size_t size, struct locator *ret_locator) MUST_CHECK;

/* Whether both mean the same, however they are written. */
bool locator_equal(const struct locator *a, const struct locator *b);

/* Writes it in its quote style.  ERR_LIMIT: more than `size` bytes with the NUL. */
enum err locator_print(const struct locator *locator, char *text, size_t size) MUST_CHECK;

/* Whether Playwright would find the element by it.  Only for what can be judged by an element
 * alone: see locator_is_judged(). */
bool locator_matches(const struct locator *locator, const struct element *element);

/* False for CSS, regular expressions, chains and further options. */
bool locator_is_judged(const struct locator *locator);

/* How many elements of the page it matches. */
size_t locator_count(const struct locator *locator, const struct page *page);

#endif
