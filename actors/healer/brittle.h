/* brittle.h - what in the source of a browser test will break without a fault in the product: its
 * brittle locators, fixed waits, and questions that do not wait for their answer.
 *
 * Pure.  Reads JavaScript and TypeScript as far as calls, strings, comments and regular expressions
 * go; a locator that is computed is not judged.
 */
#ifndef ACTORS_HEALER_BRITTLE_H
#define ACTORS_HEALER_BRITTLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "actors/healer/locator.h"

enum brittle {
    BRITTLE_NONE,
#define BRITTLE(NAME, word, sentence) BRITTLE_##NAME,
#include "actors/healer/brittle.def"
    BRITTLES
};

/* Static texts of brittle.def; "" for BRITTLE_NONE. */
const char *brittle_word(enum brittle kind);
const char *brittle_sentence(enum brittle kind);

enum { BRITTLE_TEXT_SIZE = 200 };

struct brittle_place {
    enum brittle kind; /* BRITTLE_NONE: a locator that is none */
    uint64_t line;
    uint64_t column;              /* in bytes, from 1, of the call */
    char text[BRITTLE_TEXT_SIZE]; /* the selector or name, else the call; cut at a character */
};

/* Tells each locator with a literal, and each other brittle place, in the order of the file. */
void brittle_scan(const char *text, size_t size,
                  void (*each)(void *arg, const struct brittle_place *place), void *arg);

/* A CSS selector or XPath; and a text by which a locator finds an element. */
enum brittle brittle_selector(const char *selector);
enum brittle brittle_name(const char *name);

/* A locator that says what the element is: by test id, role and name, label or placeholder.  False:
 * nothing of that is known of it.  Whether it is unique is for the page to say. */
bool brittle_instead(const struct element *element, char ret_text[LOCATOR_PRINT_SIZE]);

#endif
