/* match_priv.h - inside of the matcher; for match*.c and the program that shows features to
 * tools/train-heal. */
#ifndef ACTORS_HEALER_MATCH_PRIV_H
#define ACTORS_HEALER_MATCH_PRIV_H

#include "actors/healer/match_pair.h"

enum {
    LINKS_MAX = 24,
    LINKS_FEW = 12, /* on large pages: what is not there need not be cleared */
    WAYS = 1 << 14,
    DENSE_PAIRS_MAX = 60000 /* up to this each element is compared with each */
};

/* An element of the new page that an old one may have become. */
struct match_link {
    int32_t node;
    float own[2]; /* weighed sum of own features, without and with structure */
    float score;  /* log odds against its being nobody's; by now */
};

struct match {
    struct match_pages pages;
    enum match_kind kind;
    struct match_link *links; /* links_max for each old element, the best first */
    size_t links_max;
    uint8_t *links_count;
    int32_t *become[2];  /* assigned: of each old one the new one, and back; -1 */
    float *sure[2];      /* probability of the above */
    float *price;        /* of each new one: what it is worth to others */
    float *rows;         /* of each old one: odds of all its links, and of none */
    int32_t *sums[2];    /* sure ones before this element */
    int32_t *up[2];      /* the nearest sure one that holds this element, but the root; -1 */
    int32_t *near[2];    /* of old ones: the nearest sure one before it, and behind it; -1 */
    uint16_t ways[WAYS]; /* how many sure ones changed a name, or classes, to another, by hash */
};

/* Above this probability what one element has become counts for others. */
static const float match_sure_min = 0.5f;

/* The weights that tools/train-heal found; see match_weights.c. */
struct match_weights {
    float bias[2]; /* by stage: own features alone, all */
    float pair[2][FEATURE_COUNT];
    float sure_bias;
    float sure[FEATURE_COUNT];
    float sure_more[16]; /* see enum match_evidence */
};
extern const struct match_weights match_weights[MATCH_KINDS];

/* Whether the pages are so large that not all pairs are compared. */
static inline bool match_is_large(const struct match_pages *pages)
{
    return pages->sides[0].tree->count * pages->sides[1].tree->count > DENSE_PAIRS_MAX;
}

enum match_evidence {
    EVIDENCE_SCORE,    /* of the pair */
    EVIDENCE_OWN,      /* of its own features */
    EVIDENCE_MARGIN,   /* to the next best */
    EVIDENCE_COLUMN,   /* to the next best old element for the same new one */
    EVIDENCE_CHANCE,   /* softmax of its row */
    EVIDENCE_ASSIGNED, /* nobody else got it */
    EVIDENCE_SURVIVAL, /* of the page's elements that are sure */
    EVIDENCE_AROUND,   /* the same of those near by */
    EVIDENCE_MARGIN_LOW,
    EVIDENCE_ROW_LOST,    /* of several alike it stood in one, and does not any more */
    EVIDENCE_ROW_DOUBT,   /* how unsure it is that it is the same one */
    EVIDENCE_ROW_SWAPPED, /* the two have different words */
    EVIDENCE_RIVAL,       /* odds against all others that nothing else explains */
    EVIDENCE_RIVAL_NEAR,  /* they are no better than two to one */
    EVIDENCE_COUNT
};

static inline struct match_link *match_links_of(const struct match *match, int32_t old)
{
    return match->links + (size_t)old * match->links_max;
}

/* match_links.c: finds candidates for all old elements, with their own scores.  ERR_MEMORY. */
enum err links_find(struct match *match) MUST_CHECK;

/* Adds candidates out of what parents have become. */
void links_extend(struct match *match);

/* match_assign.c: one to one, so that the sum of scores is about the largest; fills become, sure,
 * price and sums.  ERR_MEMORY. */
enum err links_assign(struct match *match) MUST_CHECK;

/* match_structure.c: looks at what has been assigned; before structure_features() each time. */
void structure_prepare(struct match *match);

/* Writes the features from FEATURES_OWN on. */
void structure_features(const struct match *match, int32_t old, int32_t new, float *features);

/* All features of a pair, those that mean nothing for the kind are 0. */
void match_features(const struct match *match, int32_t old, int32_t new, float *features);

/* Evidence for old having become new, with its features, for the probability. */
void match_evidence(const struct match *match, int32_t old, int32_t new, float *evidence);

#endif
