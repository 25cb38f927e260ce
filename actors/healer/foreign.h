/* foreign.h - errors of Cypress, Testing Library and Selenium that say a selector found nothing:
 * the selector in the terms of selector.h, and what was suggested in theirs.
 *
 * Pure.  Takes any bytes.
 */
#ifndef ACTORS_HEALER_FOREIGN_H
#define ACTORS_HEALER_FOREIGN_H

#include <stdbool.h>
#include <stddef.h>

enum foreign_tool { FOREIGN_CYPRESS, FOREIGN_TESTING_LIBRARY, FOREIGN_SELENIUM, FOREIGN_TOOLS };

enum { FOREIGN_SIZE = 2048 };

struct foreign {
    enum foreign_tool tool;
    char selector[FOREIGN_SIZE]; /* "#save", "page.getByText('Save', { exact: true })" */
    const char *page; /* the body that Testing Library printed, if it is whole; borrowed */
    size_t page_size;
};

/* False: it is no error of theirs that names a selector, or one that is too long. */
bool foreign_read(const char *message, size_t size, struct foreign *ret_foreign);

/* "cypress", "testing-library", "selenium" */
const char *foreign_word(enum foreign_tool tool);

/* Whether it finds elements by CSS and XPath alone. */
bool foreign_is_css(enum foreign_tool tool);

/* Writes a selector of suggest() as the tool wants it: cy.get('#save'), for Selenium the CSS alone,
 * screen.getByRole(…).  False: it has no such thing, or there is no room. */
bool foreign_print(enum foreign_tool tool, const char *selector, char *to, size_t size);

#endif
