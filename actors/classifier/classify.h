/* classify.h - names the kind of an error text, and says why.
 *
 * Pure and without allocation.  The rules are only read, so that any number of threads may classify
 * by the same set, each into a result of its own.
 *
 * The first rule of the file that matches wins.  A linter's output is different: each finding is
 * given to the first rule on its code, and the label with most findings wins (those that are errors
 * count, or all when none is).  A TypeScript code goes before that.
 */
#ifndef ACTORS_CLASSIFIER_CLASSIFY_H
#define ACTORS_CLASSIFIER_CLASSIFY_H

#include <stddef.h>

#include "actors/classifier/primary.h"
#include "actors/classifier/rules.h"

#define CLASSIFY_WHY_MAX  6
#define CLASSIFY_WHY_SIZE 200 /* bytes of one reason, with its end */

struct classification {
    const struct rule *rule; /* the winner; lives as long as the rules, and so does `tool` */
    const char *tool;        /* who printed it: the first tool of the file that is seen; or NULL */
    size_t why_count;
    /* Terminated, the winner's name first.  They quote the text, which need not be UTF-8, and are
     * cut where they are full. */
    char why[CLASSIFY_WHY_MAX][CLASSIFY_WHY_SIZE];
    struct primary primary;
};

/* Classifies `size` bytes of any text.  `file_or_null`, terminated, is a file that the caller knows
 * it is about: a hint for texts that name none.  All that is needed of *ret_result is written; it
 * is large (some 20 KiB) and may be used again. */
void classify(const struct rules *rules, const char *text, size_t size, const char *file_or_null,
              struct classification *ret_result);

#endif
