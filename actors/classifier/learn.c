/* learn.c - AdaGrad on a table of weights. */
#include "actors/classifier/learn.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Pulls the weights of what is seen towards zero, so that rare words cannot decide alone. */
static const float decay = 2e-5F;
static const float gradient_start = 0.02F;

struct learner {
    float bias[RULES_LABELS];
    float weights[FEATURES_BUCKETS][RULES_LABELS];
    float gradients[FEATURES_BUCKETS][RULES_LABELS]; /* sums of their squares */
};

enum err lesson_init(const struct features *features, enum rules_label label, float weight,
                     struct lesson *ret_lesson)
{
    assert(features);
    assert(label < RULES_LABELS);
    size_t total = 0;
    struct lesson lesson = {.label = label, .weight = weight};
    for (size_t kind = 0; kind < FEATURES_KINDS; kind++) {
        lesson.count[kind] = (uint16_t)features->count[kind];
        total += features->count[kind];
    }
    lesson.buckets = malloc((total + 1) * sizeof *lesson.buckets);
    if (!lesson.buckets) {
        return ERR_MEMORY;
    }
    uint16_t *to = lesson.buckets;
    for (size_t kind = 0; kind < FEATURES_KINDS; kind++) {
        for (size_t i = 0; i < features->count[kind]; i++) {
            *to++ = features->list[kind][i].bucket;
        }
    }
    *ret_lesson = lesson;
    return ERR_OK;
}

struct learner *learner_new(const struct model *model_or_null)
{
    struct learner *self = calloc(1, sizeof *self);
    if (!self) {
        return NULL;
    }
    for (size_t i = 0; i < FEATURES_BUCKETS; i++) {
        for (size_t label = 0; label < RULES_LABELS; label++) {
            self->gradients[i][label] = gradient_start;
            if (model_or_null) {
                self->weights[i][label] =
                    model_or_null->step * (float)model_or_null->weights[i][label];
            }
        }
    }
    if (model_or_null) {
        memcpy(self->bias, model_or_null->bias, sizeof self->bias);
    }
    return self;
}

void learner_destroy(struct learner **learner)
{
    assert(learner);
    free(*learner);
    *learner = NULL;
}

void learner_score(const struct learner *learner, const struct lesson *lesson,
                   float ret_score[RULES_LABELS])
{
    memcpy(ret_score, learner->bias, sizeof learner->bias);
    const uint16_t *bucket = lesson->buckets;
    for (enum features_kind kind = 0; kind < FEATURES_KINDS; kind++) {
        float sums[RULES_LABELS] = {0};
        for (size_t i = 0; i < lesson->count[kind]; i++, bucket++) {
            for (size_t label = 0; label < RULES_LABELS; label++) {
                sums[label] += learner->weights[*bucket][label];
            }
        }
        float weight = features_weight(kind, lesson->count[kind]);
        for (size_t label = 0; label < RULES_LABELS; label++) {
            ret_score[label] += weight * sums[label];
        }
    }
}

/* What each label's score should have been less, from its probability. */
static void find_errors(const float score[RULES_LABELS], const struct lesson *lesson,
                        float ret_error[RULES_LABELS])
{
    float most = score[0];
    for (size_t i = 1; i < RULES_LABELS; i++) {
        most = fmaxf(most, score[i]);
    }
    float total = 0;
    for (size_t i = 0; i < RULES_LABELS; i++) {
        ret_error[i] = expf(score[i] - most);
        total += ret_error[i];
    }
    for (size_t i = 0; i < RULES_LABELS; i++) {
        float wanted = i == lesson->label ? 1.0F : 0.0F;
        ret_error[i] = (ret_error[i] / total - wanted) * lesson->weight;
    }
}

void learner_study(struct learner *learner, const struct lesson *lesson, float rate)
{
    float score[RULES_LABELS];
    float error[RULES_LABELS];
    learner_score(learner, lesson, score);
    find_errors(score, lesson, error);
    const uint16_t *bucket = lesson->buckets;
    for (enum features_kind kind = 0; kind < FEATURES_KINDS; kind++) {
        float weight = features_weight(kind, lesson->count[kind]);
        for (size_t i = 0; i < lesson->count[kind]; i++, bucket++) {
            float *weights = learner->weights[*bucket];
            float *gradients = learner->gradients[*bucket];
            for (size_t label = 0; label < RULES_LABELS; label++) {
                float gradient = weight * error[label] + decay * weights[label];
                gradients[label] += gradient * gradient;
                weights[label] -= rate * gradient / sqrtf(gradients[label]);
            }
        }
    }
    for (size_t label = 0; label < RULES_LABELS; label++) {
        learner->bias[label] -= 0.01F * rate * error[label];
    }
}

void learner_finish(const struct learner *learner, struct model *ret_model)
{
    assert(learner);
    assert(ret_model);
    float most = 1e-6F;
    for (size_t i = 0; i < FEATURES_BUCKETS; i++) {
        for (size_t label = 0; label < RULES_LABELS; label++) {
            most = fmaxf(most, fabsf(learner->weights[i][label]));
        }
    }
    memset(ret_model, 0, sizeof *ret_model);
    memcpy(ret_model->bias, learner->bias, sizeof ret_model->bias);
    ret_model->step = most / 127.0F;
    ret_model->temperature = 1;
    for (size_t i = 0; i < FEATURES_BUCKETS; i++) {
        for (size_t label = 0; label < RULES_LABELS; label++) {
            ret_model->weights[i][label] =
                (int8_t)lroundf(learner->weights[i][label] / ret_model->step);
        }
    }
}
