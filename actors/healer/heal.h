/* heal.h - decides which element a broken locator means now, and by which locator to find it.
 *
 * Pure.  A wrong heal is the worst result, so whatever is not clear is refused:
 *
 *   1. It is no failure of a locator, the locator finds something, or the page is not known whole.
 *   2. What the locator hit when the test passed last is looked for: by its test id, else by its
 *      role and name, else by its label, else by its role and a similar name as in 3, else by all
 *      that is known of all elements (match.h).  What was somebody else's then does not count.
 *   3. Without that, what the locator says is compared with the elements of its role: words in
 *      common, none that exclude each other (save and delete), and clearly the best.
 *   4. The proposal is by test id, else by role and name, else by label, whichever comes first that
 *      matches exactly one element of the page and does not look as if it changed at each build.
 *
 * Confidence: 2. test id 0.95, role and name 0.90, label 0.80; 0.02 more for each of text, tag, id,
 * placeholder, title, alt that agrees, at most 0.99; 0.10 less when such agreement had to decide
 * between several.  3. 0.9 × the words in common, by Dice: 2 × common / (words of both).
 */
#ifndef ACTORS_HEALER_HEAL_H
#define ACTORS_HEALER_HEAL_H

#include "actors/healer/locator.h"
#include "actors/healer/page.h"

enum { HEAL_REASON_SIZE = 512 };

struct healing {
    bool proposed;
    struct locator before; /* valid when proposed, as is all that follows but `reason` */
    struct locator after;
    const struct element *element; /* of the page */
    double confidence;             /* 0 to 1 */
    char reason[HEAL_REASON_SIZE]; /* why, or why not; ends with a NUL */
};

struct heal_input {
    const struct page *page;
    const struct page *known; /* when the test passed last; NULL: unknown */
    const char *message;      /* text of the failure */
    size_t message_size;
};

/* Writes all of *ret_healing.  Its element lives as long as the page. */
void heal(const struct heal_input *input, struct healing *ret_healing);

#endif
