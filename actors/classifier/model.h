/* model.h - how probable each label is for the features of a text.
 *
 * Multinomial logistic regression with a weight of one byte for each bucket and label.  Pure but
 * for loading; a loaded model is never changed, any number of threads may ask it at once.
 */
#ifndef ACTORS_CLASSIFIER_MODEL_H
#define ACTORS_CLASSIFIER_MODEL_H

#include <stddef.h>
#include <stdint.h>

#include "actors/classifier/features.h"
#include "actors/classifier/rules.h"
#include "proto/error.h"

#define MODEL_FILE_NAME "error-model.bin"

/* The bytes of a model's file: the head, then the weights. */
#define MODEL_HEAD_SIZE    48
#define MODEL_WEIGHTS_SIZE ((size_t)FEATURES_BUCKETS * RULES_LABELS)
#define MODEL_FILE_SIZE    (MODEL_HEAD_SIZE + MODEL_WEIGHTS_SIZE)

struct model {
    float bias[RULES_LABELS];
    float step;        /* what a weight of 1 is worth */
    float temperature; /* scores are divided by it; it makes the probabilities honest */
    float sure;        /* the least probability with which the model is believed */
    uint32_t sum;      /* of its file, to tell models apart; 0 while it has none */
    uint32_t base;     /* `sum` of the model that it was made from; 0: of none */
    int8_t weights[FEATURES_BUCKETS][RULES_LABELS];
};

/* Reads `size` bytes of a model's file into *ret_model.  ERR_MALFORMED: they are none, or of
 * another version, or damaged. */
enum err model_read(const unsigned char *bytes, size_t size, struct model *ret_model) MUST_CHECK;

/* Writes the MODEL_FILE_SIZE bytes of a file. */
void model_write(const struct model *model, unsigned char *bytes);

/* Reads the file at `path`; the caller frees *ret_model.  ERR_NOT_FOUND, ERR_IO, ERR_MALFORMED,
 * ERR_MEMORY. */
enum err model_load(const char *path, struct model **ret_model) MUST_CHECK;

/* The probabilities of the labels; their sum is 1. */
void model_ask(const struct model *model, const struct features *features,
               float ret_probability[RULES_LABELS]);

/* Up to `count` features, of words only, that speak most for `label`, the strongest first.  Returns
 * how many there are. */
size_t model_explain(const struct model *model, const struct features *features,
                     enum rules_label label, struct feature *ret_list, size_t count);

#endif
