/* features.h - what a model sees of an error text: numbers of hashed words and letters.
 *
 * Pure and without allocation.  Each kind of feature hashes with a seed of its own, so that a word
 * of the message is another feature than the same word in the stack.  Digits are all the same.
 */
#ifndef ACTORS_CLASSIFIER_FEATURES_H
#define ACTORS_CLASSIFIER_FEATURES_H

#include <stddef.h>
#include <stdint.h>

#include "actors/classifier/primary.h"

#define FEATURES_BUCKETS 65536
#define FEATURES_VERSION 1 /* of the way they are made; a model belongs to one */

enum features_kind {
    FEATURES_WORDS,   /* one to three words of the primary error */
    FEATURES_LETTERS, /* three to five bytes of it */
    FEATURES_REST,    /* one or two words of the other lines */
    FEATURES_STACK,   /* the same of frames */
    FEATURES_FACTS,   /* codes, file, tool, rule */
    FEATURES_KINDS
};

enum { FEATURES_MAX = 1200 }; /* of one kind; what is more is not looked at */

struct feature {
    uint16_t bucket;
    uint16_t from; /* in primary.text, of words; the fact's number otherwise */
    uint16_t size; /* bytes */
};

struct features {
    size_t count[FEATURES_KINDS];
    struct feature list[FEATURES_KINDS][FEATURES_MAX];
};

/* What others have found out; NULL where there is nothing.  Terminated. */
struct features_hints {
    const char *rule;  /* that would win */
    const char *label; /* that it gives */
    const char *tool;
};

/* Reads a text that primary_read() has read; all that counts of *ret_features is written. */
void features_read(const struct primary *primary, const struct features_hints *hints,
                   struct features *ret_features);

/* What each feature of a kind weighs in a text that has `count` of them. */
float features_weight(enum features_kind kind, size_t count);

#endif
