/* classify.h - names the kind of an error text, and says why.
 *
 * Pure and without allocation.  Rules and model are only read, so that any number of threads may
 * classify by the same set, each into a result of its own.
 *
 * The first rule of the file that matches wins.  A linter's output is different: each finding is
 * given to the first rule on its code, and the label with most findings wins (those that are errors
 * count, or all when none is).  A TypeScript code goes before that.
 *
 * What somebody has corrected (taught.h) stands above everything, a project's own rule above the
 * model.  Where there is a model, it decides about all other texts, and the winning rule is one of
 * the things that it looks at.  A model that is not sure leaves the label to the rules and says so.
 */
#ifndef ACTORS_CLASSIFIER_CLASSIFY_H
#define ACTORS_CLASSIFIER_CLASSIFY_H

#include <stdbool.h>
#include <stddef.h>

#include "actors/classifier/features.h"
#include "actors/classifier/model.h"
#include "actors/classifier/primary.h"
#include "actors/classifier/rules.h"
#include "actors/classifier/taught.h"

#define CLASSIFY_WHY_MAX  10
#define CLASSIFY_WHY_SIZE 200 /* bytes of one reason, with its end */

/* Who decides; all outlive what is classified by them. */
struct judge {
    const struct rules *rules;
    const struct model *model_or_null;   /* NULL: the rules alone */
    const struct taught *taught_or_null; /* what was corrected; NULL: nothing */
};

/* What is known of an error besides its text. */
struct classify_input {
    const char *text;
    size_t size;              /* bytes */
    const char *file_or_null; /* it is about: a hint for texts that name none */
    int exit;                 /* code with which the command ended; negative: unknown */
};

struct classification {
    enum rules_label label;
    float confidence;                /* 0 to 1 */
    float probability[RULES_LABELS]; /* of a model that was asked; else 0 */
    unsigned priority;               /* 0 to RULES_PRIORITY_MAX */
    const struct rules_route *route; /* lives as long as the rules */
    /* A TypeScript code, a linter, a project's own rule or a correction: the model is not asked. */
    bool is_certain;
    bool is_taught;          /* corrected: neither rule nor model decides */
    bool by_model;           /* its label; else that of the rule */
    const struct rule *rule; /* the winner; lives as long as the rules, and so does `tool` */
    uint64_t fingerprint;    /* which other errors have the same cause */
    const char *tool;        /* who printed it: the first tool of the file that is seen; or NULL */
    size_t why_count;
    /* Terminated, the winner's name first.  They quote the text, which need not be UTF-8, and are
     * cut where they are full. */
    char why[CLASSIFY_WHY_MAX][CLASSIFY_WHY_SIZE];
    struct primary primary;
    struct features features; /* of a model that was asked */
};

/* Classifies `size` bytes of any text.  `file_or_null`, terminated, is a file that the caller knows
 * it is about: a hint for texts that name none.  All that is needed of *ret_result is written; it
 * is large (some 60 KiB) and may be used again. */
void classify(const struct judge *judge, const char *text, size_t size, const char *file_or_null,
              struct classification *ret_result);

/* The same with all that is known. */
void classify_with(const struct judge *judge, const struct classify_input *input,
                   struct classification *ret_result);

/* Calls `take` for each rule that holds for a text, in their order, the winner first; why() of the
 * winner stands in the result, of the others nothing is kept. */
void classify_each(const struct judge *judge, const struct classify_input *input,
                   struct classification *ret_result,
                   void (*take)(void *context, const struct rule *rule), void *context);

/* The features of a text that classify() has named, whether or not a model was asked. */
void classify_features(struct classification *result);

#endif
