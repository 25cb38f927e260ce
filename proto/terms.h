/* terms.h - the vocabularies of terms.def as constants and words. */
#ifndef PROTO_TERMS_H
#define PROTO_TERMS_H

#include <stdint.h>

enum term {
#define TERM(group, NAME, number, word) TERM_##group##_##NAME = (number),
#include "proto/terms.def"
#undef TERM
};

/* The word of `number` in a vocabulary ("status", 1 -> "passed"); "unknown" for a stranger's. */
const char *term_word(const char *group, uint64_t number);

/* The number of `word` in a vocabulary; 0, which no term has, when it is not there. */
uint64_t term_number(const char *group, const char *word);

#endif
