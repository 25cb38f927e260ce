/* lexicon.h - the words of two pages, numbered and weighed, and bags of them.
 *
 * What means the same (words.h) is one word; parts of identifiers that a program made up, such as
 * the hash in "css-1qm1lh", are none.  A word weighs more the fewer elements have it.
 *
 * Pure.
 */
#ifndef ACTORS_HEALER_LEXICON_H
#define ACTORS_HEALER_LEXICON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "actors/healer/words.h"
#include "proto/error.h"

enum { BAG_MAX = 48, LEXICON_WORDS_MAX = 1 << 18 };

/* A set of words, by number, ascending.  Bags have numbers, too; 0 is the empty one.  All behind
 * `count` is valid after lexicon_weigh(). */
struct bag {
    uint32_t first;                      /* in lexicon.pool */
    uint32_t count : 8;                  /* at most BAG_MAX */
    uint32_t reversing : 1;              /* some word of it is */
    uint32_t excluding : WORD_LINES_MAX; /* of all its words */
    uint32_t bits; /* one for each word: without a common bit, no common word */
    float weight;  /* of all of them */
};

struct lexicon_word {
    uint32_t hash;
    uint32_t count;     /* elements that have it, see lexicon_count() */
    uint32_t excluding; /* word_lines() */
    float weight;
    bool number;
    bool filler;
    bool reversing;
};

struct lexicon {
    struct lexicon_word *words;
    size_t words_count, words_capacity;
    uint32_t *slots; /* hash → number + 1 */
    size_t slots_count;
    uint32_t *pool;
    size_t pool_count, pool_capacity;
    struct bag *bags;
    size_t bags_count, bags_capacity;
    size_t elements;
    struct lexicon_memo *memo; /* of texts that were cut; MEMO_SLOTS, NULL before the first */
    bool failed;               /* memory ran out; what was made since is not complete */
};

/* What a text was cut into.  Pages say most things many times. */
struct lexicon_memo {
    uint64_t key;    /* hash of the text, and how it was cut; 0: none */
    uint32_t number; /* of its bag; or of a single word its own */
    bool made;       /* identifier_is_generated() */
};

/* Words of a bag that is being made; the first BAG_MAX are kept. */
struct gathering {
    uint32_t at[BAG_MAX];
    size_t count;
};

/* An empty lexicon is {0}.  lexicon_free() leaves one. */
void lexicon_free(struct lexicon *lexicon);

/* Adds the words of a text for people. */
void lexicon_text(struct lexicon *lexicon, struct gathering *words, const char *text);

/* The bag of one text; of equal texts it is the same. */
uint32_t lexicon_text_bag(struct lexicon *lexicon, const char *text);

/* Adds the parts of identifiers, which may be several, with blanks between.  Returns what
 * identifier_is_generated() does. */
bool lexicon_identifier(struct lexicon *lexicon, struct gathering *words, const char *text);

/* Whether an identifier looks as if a program made it up, at least in part. */
bool identifier_is_generated(const char *text);

/* Adds one word, by its number. */
void gathering_add(struct gathering *words, uint32_t number);

/* Adds the words of a bag. */
void lexicon_bag(const struct lexicon *lexicon, struct gathering *words, uint32_t bag);

/* Ends a gathering.  It is left sorted. */
uint32_t bag_make(struct lexicon *lexicon, struct gathering *words);

/* What `count` bags hold together; of more than BAG_MAX words those that come first. */
uint32_t bag_union(struct lexicon *lexicon, const uint32_t *bags, size_t count);

/* The bag of that number; after the first bag_make() only, and until the next one. */
static inline const struct bag *bag_at(const struct lexicon *lexicon, uint32_t bag)
{
    return &lexicon->bags[bag];
}

/* Counts one element that has these words. */
void lexicon_count(struct lexicon *lexicon, uint32_t bag);

/* Weighs the words by their counts, and the bags. */
void lexicon_weigh(struct lexicon *lexicon);

/* Weight of the words in both; they are looked at one by one. */
float bag_common_words(const struct lexicon *lexicon, const struct bag *a, const struct bag *b);

/* The same, without looking where that can be told from afar: most bags are equal or strangers. */
static inline float bag_common(const struct lexicon *lexicon, const struct bag *a,
                               const struct bag *b)
{
    if (a == b) {
        return a->weight;
    }
    return (a->bits & b->bits) != 0 ? bag_common_words(lexicon, a, b) : 0;
}

/* Whether the two exclude each other, as words_conflict() would say; numbers do not count. */
bool bag_conflict(const struct lexicon *lexicon, const struct bag *a, const struct bag *b);

#endif
