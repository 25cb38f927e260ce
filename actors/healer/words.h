/* words.h - what a name means: its words, and which words exclude each other.
 *
 * Pure, nothing is allocated.  ASCII letters are folded; other letters stay as they are, so such
 * words agree only when they are written alike.
 */
#ifndef ACTORS_HEALER_WORDS_H
#define ACTORS_HEALER_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WORDS_MAX = 24, WORD_SIZE = 32 };

/* A set, in order of appearance. */
struct words {
    size_t count;
    char at[WORDS_MAX][WORD_SIZE];
    bool overflow;    /* more or longer words than these: nothing may be concluded from it */
    const char *role; /* what an identifier says of the kind of its element, or NULL; static */
};

/* Adds the words of a text for people: "Sign in to your account" gives signin, account. */
void words_add_text(struct words *words, const char *text);

/* Adds the parts of an identifier, which are cut at capitals too, without nouns for roles:
 * "btn-saveOrder" gives save, order and the role button. */
void words_add_identifier(struct words *words, const char *text);

/* Whether some word of the set means the same; "saves" is "save". */
bool words_has(const struct words *words, const char *word);

/* The next word of `text`, folded and perhaps cut, and where it ends; NULL when there is none.  Two
 * that are one ("sign in") come as one.  `identifier`: capitals begin words too. */
const char *word_next(const char *text, bool identifier, char word[WORD_SIZE]);

/* What stands for the word: "removes" gives delete. */
void word_stem(const char *word, char stem[WORD_SIZE]);

/* Words that say little: the, your. */
bool word_is_filler(const char *word);

enum { WORD_LINES_MAX = 23 };

/* Bit per set of words that exclude each other, for those that it is in; at most WORD_LINES_MAX. */
uint32_t word_lines(const char *word);

/* Whether it takes back or denies. */
bool word_is_reversing(const char *word);

/* How many words of `a` are in `b`. */
size_t words_common(const struct words *a, const struct words *b);

/* Whether the two cannot mean the same thing: save and delete, first and last, step 1 and step 2,
 * or only one of them takes back or denies. */
bool words_conflict(const struct words *a, const struct words *b);

/* Whether only one of the two takes back or denies; a part of the above. */
bool words_reverse(const struct words *a, const struct words *b);

/* Whether the word says what is done; "save" does, "order" does not. */
bool word_is_action(const char *word);

/* Whether one of them is done and cannot be undone: delete, pay, send. */
bool words_are_grave(const struct words *words);

#endif
