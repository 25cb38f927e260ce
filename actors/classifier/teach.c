/* teach.c - small steps from a known model, each of them tried. */
#include "actors/classifier/teach.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const float RATE = 0.01F;          /* of a step; training begins with 0.12 */
static const double ENOUGH = 0.3;         /* surprise at the corrections: three in four certain */
static const double SURPRISE_MORE = 0.01; /* at what is tried, that is borne */

static double surprise_at(const struct learner *learner, float temperature,
                          const struct lesson *lesson, bool *ret_right)
{
    float score[RULES_LABELS];
    learner_score(learner, lesson, score);
    enum rules_label best = 0;
    for (enum rules_label label = 0; label < RULES_LABELS; label++) {
        best = score[label] > score[best] ? label : best;
    }
    double total = 0;
    for (size_t i = 0; i < RULES_LABELS; i++) {
        total += exp((double)((score[i] - score[best]) / temperature));
    }
    *ret_right = best == lesson->label;
    return log(total) - (double)((score[lesson->label] - score[best]) / temperature);
}

static struct teach_score try(const struct learner *learner, float temperature,
                              const struct teach_texts *texts)
{
    struct teach_score score = {.right = 0};
    for (size_t i = 0; i < texts->count; i++) {
        bool right = false;
        score.surprise += surprise_at(learner, temperature, &texts->list[i], &right);
        score.right += right;
    }
    score.surprise /= texts->count > 0 ? (double)texts->count : 1;
    return score;
}

static bool is_worse(const struct teach_score *after, const struct teach_score *before)
{
    return after->right < before->right || after->surprise > before->surprise + SURPRISE_MORE;
}

/* The model after another round, as it would be kept: rounded. */
static enum err make(const struct learner *learner, const struct model *base,
                     struct model *ret_model, struct learner **ret_rounded)
{
    learner_finish(learner, ret_model);
    ret_model->temperature = base->temperature;
    ret_model->sure = base->sure;
    ret_model->base = base->sum;
    learner_destroy(ret_rounded);
    *ret_rounded = learner_new(ret_model);
    return *ret_rounded ? ERR_OK : ERR_MEMORY;
}

enum err teach(const struct model *base, const struct teach_texts *taught,
               const struct teach_texts *tried, struct model *ret_model,
               struct teach_sums *ret_sums)
{
    assert(base->sum != 0);
    struct learner *learner = learner_new(base);
    struct learner *rounded = learner_new(base);
    struct model *next = malloc(sizeof *next);
    enum err err = learner && rounded && next ? ERR_OK : ERR_MEMORY;
    struct teach_sums sums = {.rounds = 0};
    if (err == ERR_OK) {
        sums.taught_before = sums.taught_after = try(rounded, base->temperature, taught);
        sums.tried_before = sums.tried_after = try(rounded, base->temperature, tried);
        memcpy(ret_model, base, sizeof *base);
        ret_model->base = base->sum;
    }
    while (err == ERR_OK && taught->count > 0 && sums.rounds < TEACH_ROUNDS_MAX &&
           sums.taught_after.surprise > ENOUGH) {
        for (size_t i = 0; i < taught->count; i++) {
            learner_study(learner, &taught->list[i], RATE);
        }
        err = make(learner, base, next, &rounded);
        struct teach_score score =
            err == ERR_OK ? try(rounded, base->temperature, tried) : sums.tried_after;
        if (err != ERR_OK || is_worse(&score, &sums.tried_before)) {
            break;
        }
        sums.rounds++;
        sums.tried_after = score;
        sums.taught_after = try(rounded, base->temperature, taught);
        memcpy(ret_model, next, sizeof *next);
    }
    learner_destroy(&learner);
    learner_destroy(&rounded);
    free(next);
    *ret_sums = sums;
    return err;
}
