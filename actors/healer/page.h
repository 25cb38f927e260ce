/* page.h - what a browser test saw: the page, and the locators that it used.
 *
 * The text is made by a capture inside the test runner and travels in TEST_DONE.page, HEAL.page and
 * HEAL.known.  It is JSON, at most PAGE_BYTES_MAX bytes of UTF-8:
 *
 *     {"url": "http://localhost:3000/cart",
 *      "failed": null or {"locator": "getByTestId('save')", "file": "tests/cart.spec.ts",
 *                         "line": 12, "column": 38, "action": "click", "count": 0},
 *      "used": [{"locator": "getByLabel('Name')", "file": "tests/cart.spec.ts",
 *                "line": 10, "column": 30, "element": {"role": "textbox", "label": "Name"}}],
 *      "elements": [{"testid": "save-order", "role": "button", "name": "Save", "tag": "button"}],
 *      "truncated": false}
 *
 * failed     the call that failed because of its locator; null when there is none.  `locator` as
 *            Playwright prints it, `file` relative to the project, with slashes, `line` and
 * `column` from 1 as in the stack (the column of the action, behind the locator), `action` the
 *            method ("click", "fill") or the matcher of expect ("toBeVisible", "not.toBeVisible"),
 *            `count` how many elements the locator found at the end.
 * used       calls that went well before, in their order, each with the element it hit
 * elements   all elements of the page at the end that a locator could mean
 * truncated  some elements are missing from `elements`
 *
 * All fields of an element are texts, those that are empty are left out: "testid" (the attribute
 * that getByTestId looks at), "role" and "name" (as in the accessibility tree, explicit or not),
 * "label" (text of <label> or aria-label), "text" (visible, blanks collapsed), "tag", "id",
 * "placeholder", "title", "alt", "path" (where it is, for people).  A text that was cut must not
 * end in half a surrogate pair (String.prototype.toWellFormed): such a page is refused.
 */
#ifndef ACTORS_HEALER_PAGE_H
#define ACTORS_HEALER_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/error.h"

enum {
    PAGE_BYTES_MAX = 65536,
    PAGE_ELEMENTS_MAX = 4096,
    PAGE_USED_MAX = 1024,
    PAGE_DEPTH_MAX = 6 /* of the JSON; the format needs 4 */
};

enum element_field {
    ELEMENT_TESTID,
    ELEMENT_ROLE,
    ELEMENT_NAME,
    ELEMENT_LABEL,
    ELEMENT_TEXT,
    ELEMENT_TAG,
    ELEMENT_ID,
    ELEMENT_PLACEHOLDER,
    ELEMENT_TITLE,
    ELEMENT_ALT,
    ELEMENT_PATH,
    ELEMENT_FIELDS
};

/* Texts end with a NUL, are never NULL, and live as long as their page. */
struct element {
    const char *of[ELEMENT_FIELDS];
};

struct page_call {
    const char *locator;
    const char *file;
    const char *action; /* of the failed one, else "" */
    uint64_t line;      /* 0: unknown */
    uint64_t column;    /* 0: unknown */
    uint64_t count;     /* of the failed one */
    struct element element;
};

struct page {
    const char *url;
    bool has_failed;
    struct page_call failed;
    struct page_call *used;
    size_t used_count;
    struct element *elements;
    size_t elements_count;
    bool truncated;
    struct json_t *json; /* owns the texts */
};

/* Reads `size` bytes.  On success *ret_page is the caller's, for page_free().  ERR_MALFORMED: not
 * this format; ERR_LIMIT: more of anything than the bounds above; ERR_MEMORY. */
enum err page_read(const char *text, size_t size, struct page *ret_page) MUST_CHECK;

/* Frees what *page owns; an empty or freed one is fine. */
void page_free(struct page *page);

#endif
