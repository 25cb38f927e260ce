/* needles.h - many plain texts looked for in one pass.
 *
 * An automaton after Aho and Corasick, "Efficient string matching" (1975), as a table.  Texts and
 * no regular expressions, because what is searched comes from strangers: a backtracking expression
 * can take exponential time on it, and even one without backtracking costs time times the number
 * of expressions.  Here each byte is looked at once, whatever it is and however many texts there
 * are; only the hits that end on it add to that, at most NEEDLE_SIZE_MAX.
 *
 * Needles are not changed once built: any number of threads may scan with them at once.
 */
#ifndef ACTORS_CLASSIFIER_NEEDLES_H
#define ACTORS_CLASSIFIER_NEEDLES_H

#include <stddef.h>
#include <stdint.h>

#include "proto/error.h"

#define NEEDLES_MAX     2048
#define NEEDLE_SIZE_MAX 120   /* bytes of one text */
#define STATES_MAX      40000 /* about the bytes of all texts together; 16 MiB of table at most */

/* Where a needle stands.  A bit is set when one occurrence has all of it. */
enum needle_hit {
    NEEDLE_ANYWHERE = 1,
    NEEDLE_FIRST = 2, /* first on a line, behind blanks or behind marks */
    NEEDLE_WORD = 4,  /* no letter, digit, _ or $ on either side */
    /* the same inside the message */
    NEEDLE_MESSAGE = 8,
    NEEDLE_MESSAGE_FIRST = 16,
    NEEDLE_MESSAGE_WORD = 32
};

/* What is searched: plain lines, and inside them the message, in bytes. */
struct needle_text {
    const char *text;
    size_t size;
    size_t message_from;
    size_t message_to; /* the byte behind it */
};

struct needles;

/* Builds the automaton of `count` texts, which are terminated, one to NEEDLE_SIZE_MAX bytes long,
 * without newline and all different; they are not kept.  The caller owns *ret_needles.
 * ERR_LIMIT: more than NEEDLES_MAX texts or STATES_MAX states.  ERR_MEMORY. */
enum err needles_new(const char *const *texts, size_t count,
                     struct needles **ret_needles) MUST_CHECK;

/* NULL is fine; *needles is NULL afterwards. */
void needles_destroy(struct needles **needles);

/* Adds to hits[i] the bits of `enum needle_hit` of text i, for all i.  `hits` has room for as many
 * bytes as there are texts; the caller has cleared it. */
void needles_scan(const struct needles *needles, const struct needle_text *text, uint8_t *hits);

#endif
