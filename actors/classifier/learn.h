/* learn.h - finds the weights of a model from labelled texts.
 *
 * Multinomial logistic regression by AdaGrad, one text at a time.  Pure; deterministic: the same
 * texts in the same order give the same weights.  A learner is used by one thread at a time.
 */
#ifndef ACTORS_CLASSIFIER_LEARN_H
#define ACTORS_CLASSIFIER_LEARN_H

#include <stddef.h>
#include <stdint.h>

#include "actors/classifier/model.h"

/* A text as it is learned: the buckets of its features, kind by kind. */
struct lesson {
    enum rules_label label;
    float weight; /* how much it counts; 1 is usual */
    uint16_t count[FEATURES_KINDS];
    uint16_t *buckets; /* all kinds, one behind the other */
};

struct learner;

/* Copies the features; the caller ends it with free(buckets).  ERR_MEMORY. */
enum err lesson_init(const struct features *features, enum rules_label label, float weight,
                     struct lesson *ret_lesson) MUST_CHECK;

/* A learner that knows nothing, or with `model_or_null` what the model knows.  The caller owns it;
 * NULL for lack of memory. */
struct learner *learner_new(const struct model *model_or_null);
void learner_destroy(struct learner **learner);

/* Learns from one text.  `rate` is the length of a step. */
void learner_study(struct learner *learner, const struct lesson *lesson, float rate);

/* The scores of the labels, before any temperature. */
void learner_score(const struct learner *learner, const struct lesson *lesson,
                   float ret_score[RULES_LABELS]);

/* Rounds the weights to bytes.  Temperature and threshold are the caller's to set. */
void learner_finish(const struct learner *learner, struct model *ret_model);

#endif
