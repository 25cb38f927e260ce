/* match_pair.h - what the matcher knows of an element, and features of two of them; for match*.c.
 *
 * Pure.
 */
#ifndef ACTORS_HEALER_MATCH_PAIR_H
#define ACTORS_HEALER_MATCH_PAIR_H

#include "actors/healer/lexicon.h"
#include "actors/healer/match.h"

enum match_bag {
    BAG_NAME,  /* accessible name */
    BAG_OWN,   /* own text */
    BAG_TEXT,  /* deep text */
    BAG_LABEL, /* all that people read: name, label, placeholder, title, alt, value of a button */
    BAG_IDENT, /* id, name, class, data-*, href, src, … */
    BAG_ALL,   /* own, label and ident */
    BAG_NEAR,  /* of the nearest ancestor that says more than the element, without its own */
    BAG_HEAD,  /* the heading before it */
    BAG_KEY,   /* what tells the row that it stands in from others */
    BAG_LEAD,  /* the name of that row: its first text that tells */
    BAG_COUNT
};

enum match_feature {
#define OWN(name) FEATURE_##name,
#include "actors/healer/match_features.def"
    FEATURE_COUNT
};
/* From here on by what others have become. */
enum { FEATURES_OWN = FEATURE_INSIDE };

enum { MATCH_STEPS = 20 };

/* What can be done with an element. */
enum match_can { CAN_FILL = 1, CAN_CHECK = 1 << 1, CAN_SELECT = 1 << 2 };

struct match_attr {
    uint32_t name;
    uint32_t value;
};

struct match_node {
    uint32_t bags[BAG_COUNT]; /* numbers of the lexicon */
    uint64_t letters[2];      /* of the name, in threes */
    uint8_t letters_count;
    uint32_t name, own, text, classes; /* hashes; 0: none */
    uint32_t id, testid, href, type;
    uint32_t tag, role;
    uint8_t kin;         /* group of roles that stand for each other; 0: none */
    uint8_t can;         /* enum match_can */
    bool is_row, in_row; /* by roles: it is one; some ancestor is */
    uint32_t path;
    uint32_t attrs; /* in match_side.attrs */
    uint16_t attrs_count;
    uint16_t rank;
    bool id_counted;             /* its id ends with a digit */
    bool husk;                   /* says what its parent says, and has no role */
    uint32_t steps[MATCH_STEPS]; /* of its path, tag and rank, its own first */
    uint16_t steps_count;
    uint32_t sign; /* of all that it is */
    int32_t row;   /* of several alike, the nearest one that holds it or is it; -1: none */
};

struct match_side {
    const struct tree *tree;
    struct match_node *nodes;
    struct match_attr *attrs; /* of each node sorted */
    size_t attrs_count, attrs_capacity;
};

struct match_pages {
    struct lexicon lexicon;
    struct match_side sides[2]; /* old, new */
    uint16_t *attrs_seen[2];    /* by hash of name and value: on how many elements */
    uint16_t *texts_seen[2];    /* the same by name and role, and by text and tag */
};
enum { ATTRS_SEEN = 1 << 14 };

/* Describes all elements.  On any error what was made is still for pages_free().  ERR_MEMORY. */
enum err pages_describe(struct match_pages *pages, const struct tree *old,
                        const struct tree *new) MUST_CHECK;
void pages_free(struct match_pages *pages);

/* match_rows.c: finds rows; after all other bags.  ERR_MEMORY. */
enum err rows_describe(struct lexicon *lexicon, struct match_side *side) MUST_CHECK;

/* As a feature: 1 or 0. */
static inline float truth(bool is)
{
    return is ? 1.0F : 0.0F;
}

/* What fminf() says of numbers, without the call. */
static inline float smaller(float a, float b)
{
    return a < b ? a : b;
}

/* Writes the FEATURES_OWN first features of the pair, which are 0 before. */
void pair_features(const struct match_pages *pages, int32_t old, int32_t new, float *features);

#endif
