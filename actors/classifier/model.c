/* model.c - a table of weights and the sums over it. */
#include "actors/classifier/model.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char magic[8] = {'T', 'R', 'O', 'U', 'P', 'E', 'M', FEATURES_VERSION};

enum { AT_CHECKSUM = 8, AT_FLOATS = 16, FLOATS = RULES_LABELS + 3, AT_BASE = 44 };

_Static_assert(AT_FLOATS + FLOATS * 4 <= AT_BASE && AT_BASE + 4 <= MODEL_HEAD_SIZE,
               "the head has room for all");

/* ---- the file ---- */

/* Of what follows the checksum: a file that was cut or damaged is refused. */
static uint64_t checksum(const unsigned char *bytes)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (size_t i = AT_FLOATS; i < MODEL_FILE_SIZE; i++) {
        hash = (hash ^ bytes[i]) * UINT64_C(1099511628211);
    }
    return hash;
}

static void put(unsigned char *to, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        to[i] = (unsigned char)(value >> (8 * i));
    }
}

static uint64_t get(const unsigned char *from, size_t size)
{
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++) {
        value |= (uint64_t)from[i] << (8 * i);
    }
    return value;
}

static void put_float(unsigned char *to, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    put(to, bits, sizeof bits);
}

static float get_float(const unsigned char *from)
{
    uint32_t bits = (uint32_t)get(from, sizeof bits);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* The floats of the head, in their order in the file. */
static void list_floats(struct model *model, float *ret_list[FLOATS])
{
    for (size_t i = 0; i < RULES_LABELS; i++) {
        ret_list[i] = &model->bias[i];
    }
    ret_list[RULES_LABELS] = &model->step;
    ret_list[RULES_LABELS + 1] = &model->temperature;
    ret_list[RULES_LABELS + 2] = &model->sure;
}

static bool is_sound(const struct model *model)
{
    for (size_t i = 0; i < RULES_LABELS; i++) {
        if (!isfinite(model->bias[i])) {
            return false;
        }
    }
    return isfinite(model->step) && isfinite(model->temperature) && model->temperature > 0.01F &&
           model->sure >= 0 && model->sure <= 1;
}

enum err model_read(const unsigned char *bytes, size_t size, struct model *ret_model)
{
    assert(bytes || size == 0);
    assert(ret_model);
    if (size != MODEL_FILE_SIZE || memcmp(bytes, magic, sizeof magic) != 0 ||
        get(bytes + AT_CHECKSUM, 8) != checksum(bytes)) {
        return ERR_MALFORMED;
    }
    float *floats[FLOATS];
    list_floats(ret_model, floats);
    for (size_t i = 0; i < FLOATS; i++) {
        *floats[i] = get_float(bytes + AT_FLOATS + 4 * i);
    }
    ret_model->sum = (uint32_t)get(bytes + AT_CHECKSUM, 4);
    ret_model->base = (uint32_t)get(bytes + AT_BASE, 4);
    memcpy(ret_model->weights, bytes + MODEL_HEAD_SIZE, MODEL_WEIGHTS_SIZE);
    return is_sound(ret_model) ? ERR_OK : ERR_MALFORMED;
}

void model_write(const struct model *model, unsigned char *bytes)
{
    assert(model);
    assert(bytes);
    memset(bytes, 0, MODEL_HEAD_SIZE);
    memcpy(bytes, magic, sizeof magic);
    struct model head = {
        .step = model->step, .temperature = model->temperature, .sure = model->sure};
    memcpy(head.bias, model->bias, sizeof head.bias);
    float *floats[FLOATS];
    list_floats(&head, floats);
    for (size_t i = 0; i < FLOATS; i++) {
        put_float(bytes + AT_FLOATS + 4 * i, *floats[i]);
    }
    put(bytes + AT_BASE, model->base, 4);
    memcpy(bytes + MODEL_HEAD_SIZE, model->weights, MODEL_WEIGHTS_SIZE);
    put(bytes + AT_CHECKSUM, checksum(bytes), 8);
}

/* Reads until the end or until `size` bytes are there. */
static enum err read_all(int fd, unsigned char *bytes, size_t size, size_t *ret_used)
{
    size_t used = 0;
    while (used < size) {
        ssize_t got = read(fd, bytes + used, size - used);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return ERR_IO;
        }
        if (got == 0) {
            break;
        }
        used += (size_t)got;
    }
    *ret_used = used;
    return ERR_OK;
}

enum err model_load(const char *path, struct model **ret_model)
{
    assert(path);
    assert(ret_model);
    /* O_NONBLOCK: a FIFO in its place must not hold us. */
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) {
        return errno == ENOENT ? ERR_NOT_FOUND : ERR_IO;
    }
    unsigned char *bytes = malloc(MODEL_FILE_SIZE + 1);
    struct model *model = malloc(sizeof *model);
    size_t size = 0;
    enum err err = bytes && model ? read_all(fd, bytes, MODEL_FILE_SIZE + 1, &size) : ERR_MEMORY;
    if (err == ERR_OK) {
        err = model_read(bytes, size, model);
    }
    (void)close(fd); /* read only: nothing can be lost */
    free(bytes);
    if (err != ERR_OK) {
        free(model);
        return err;
    }
    *ret_model = model;
    return ERR_OK;
}

/* ---- sums ---- */

static void add_kind(const struct model *model, const struct features *features,
                     enum features_kind kind, float sums[RULES_LABELS])
{
    int32_t whole[RULES_LABELS] = {0}; /* at most FEATURES_MAX times 127 */
    for (size_t i = 0; i < features->count[kind]; i++) {
        const int8_t *weights = model->weights[features->list[kind][i].bucket];
        for (size_t label = 0; label < RULES_LABELS; label++) {
            whole[label] += weights[label];
        }
    }
    float weight = model->step * features_weight(kind, features->count[kind]);
    for (size_t label = 0; label < RULES_LABELS; label++) {
        sums[label] += weight * (float)whole[label];
    }
}

void model_ask(const struct model *model, const struct features *features,
               float ret_probability[RULES_LABELS])
{
    assert(model);
    assert(features);
    float sums[RULES_LABELS];
    memcpy(sums, model->bias, sizeof sums);
    for (enum features_kind kind = 0; kind < FEATURES_KINDS; kind++) {
        add_kind(model, features, kind, sums);
    }
    float most = sums[0];
    for (size_t i = 1; i < RULES_LABELS; i++) {
        most = sums[i] > most ? sums[i] : most;
    }
    float total = 0;
    for (size_t i = 0; i < RULES_LABELS; i++) {
        ret_probability[i] = expf((sums[i] - most) / model->temperature);
        total += ret_probability[i];
    }
    for (size_t i = 0; i < RULES_LABELS; i++) {
        ret_probability[i] /= total;
    }
}

/* How much more a bucket speaks for the label than for the others together. */
static int32_t strength(const struct model *model, uint16_t bucket, enum rules_label label)
{
    int32_t sum = 0;
    for (size_t i = 0; i < RULES_LABELS; i++) {
        sum += model->weights[bucket][i];
    }
    return RULES_LABELS * model->weights[bucket][label] - sum;
}

size_t model_explain(const struct model *model, const struct features *features,
                     enum rules_label label, struct feature *ret_list, size_t count)
{
    static const enum features_kind kinds[] = {FEATURES_WORDS, FEATURES_REST, FEATURES_STACK};
    size_t used = 0;
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        for (size_t i = 0; i < features->count[kinds[k]]; i++) {
            struct feature feature = features->list[kinds[k]][i];
            int32_t force = strength(model, feature.bucket, label);
            size_t at = used;
            bool again = false;
            for (size_t j = 0; j < used; j++) {
                again |= ret_list[j].bucket == feature.bucket;
            }
            while (at > 0 && force > strength(model, ret_list[at - 1].bucket, label)) {
                at--;
            }
            if (force <= 0 || again || at == count) {
                continue;
            }
            used += used < count;
            memmove(&ret_list[at + 1], &ret_list[at], (used - 1 - at) * sizeof *ret_list);
            ret_list[at] = feature;
        }
    }
    return used;
}
