/* terms.c - look-ups over terms.def. */
#include "proto/terms.h"

#include <stddef.h>
#include <string.h>

static const struct {
    const char *group;
    const char *word;
    uint64_t number;
} terms[] = {
#define TERM(group, NAME, number, word) {#group, word, number},
#include "proto/terms.def"
#undef TERM
};

#define TERM_COUNT (sizeof terms / sizeof terms[0])

const char *term_word(const char *group, uint64_t number)
{
    for (size_t i = 0; i < TERM_COUNT; i++) {
        if (terms[i].number == number && strcmp(terms[i].group, group) == 0) {
            return terms[i].word;
        }
    }
    return "unknown";
}

uint64_t term_number(const char *group, const char *word)
{
    for (size_t i = 0; i < TERM_COUNT; i++) {
        if (strcmp(terms[i].group, group) == 0 && strcmp(terms[i].word, word) == 0) {
            return terms[i].number;
        }
    }
    return 0;
}
