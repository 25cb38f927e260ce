/* train.c - trains the model of the classifier, and says how good it is on sources it has not seen.
 *
 *   troupe-train --rules FILE [--out MODEL] [--errors FILE] <corpus.jsonl >card.json
 *
 * A line of the corpus is {"id","message","file_path","label","source"}.  A source is "family" or
 * "family:part"; each part is left out in turn (and then each family), the others are learned, and
 * what is left out is named.  Only these answers choose the temperature.
 */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/classifier/classify.h"
#include "actors/classifier/learn.h"
#include "tools/json.h"

enum { ROWS_MAX = 100000, SOURCES_MAX = 512, EPOCHS = 5, FOLDS = 12, BINS = 10 };

struct row {
    struct lesson lesson;
    enum rules_label rule_label;
    float rule_confidence;
    bool is_certain; /* the model is not asked */
    bool is_noisy;   /* a copy of another, changed: learned, not judged */
    size_t source;
    size_t family;
    size_t fold;
    char *id;
    float score[RULES_LABELS]; /* when its source was left out */
    enum rules_label found;
    float confidence;
};

struct training {
    struct judge judge;
    struct classification result;
    size_t count;
    struct row *rows; /* ROWS_MAX */
    size_t names_count;
    char *names[SOURCES_MAX]; /* of sources and families */
    uint64_t random;
};

static uint64_t next_random(struct training *self)
{
    self->random ^= self->random << 13;
    self->random ^= self->random >> 7;
    self->random ^= self->random << 17;
    return self->random;
}

/* ---- reading ---- */

static size_t number_of(struct training *self, const char *name, size_t size)
{
    for (size_t i = 0; i < self->names_count; i++) {
        if (strlen(self->names[i]) == size && memcmp(self->names[i], name, size) == 0) {
            return i;
        }
    }
    if (self->names_count == SOURCES_MAX) {
        (void)fprintf(stderr, "more than %d sources\n", SOURCES_MAX);
        exit(2); /* NOLINT(concurrency-mt-unsafe): there is one thread */
    }
    self->names[self->names_count] = strndup(name, size);
    return self->names_count++;
}

static enum rules_label label_of(const char *name)
{
    enum rules_label label = 0;
    while (label < RULES_LABELS && strcmp(name, rules_label_name(label)) != 0) {
        label++;
    }
    return label;
}

static enum err take_row(struct training *self, struct json_text *text)
{
    struct row *row = &self->rows[self->count];
    enum rules_label label = text->label ? label_of(text->label) : RULES_LABELS;
    if (label == RULES_LABELS || !text->source || self->count == ROWS_MAX) {
        return ERR_MALFORMED;
    }
    struct classification *result = &self->result;
    classify(&self->judge, text->message, text->size, text->file, result);
    classify_features(result);
    *row = (struct row){.rule_label = result->rule->label,
                        .rule_confidence = (float)result->rule->confidence / 100.0F,
                        .is_certain = result->is_certain,
                        .is_noisy = strstr(text->id, "~") != NULL,
                        .source = number_of(self, text->source, strlen(text->source)),
                        .family = number_of(self, text->source, strcspn(text->source, ":")),
                        .id = text->id};
    text->id = NULL;
    self->count++;
    return lesson_init(&result->features, label, 1.0F, &row->lesson);
}

static enum err read_corpus(struct training *self, FILE *file)
{
    char *line = NULL;
    size_t capacity = 0;
    ssize_t size;
    enum err err = ERR_OK;
    for (size_t number = 1; err == ERR_OK && (size = getline(&line, &capacity, file)) >= 0;
         number++) {
        struct json_text text = {0};
        char why[256] = "label or source is missing, or there are too many lines";
        err = json_read_text(line, (size_t)size, &text, why, sizeof why);
        err = err == ERR_OK ? take_row(self, &text) : err;
        json_text_fini(&text);
        if (err != ERR_OK) {
            (void)fprintf(stderr, "line %zu: %s\n", number, why);
        }
    }
    free(line);
    return err;
}

/* A large source must not drown the small ones: it counts as the square root of its size.  Each
 * label counts the same, and the mean is 1. */
static void set_weights(struct training *self)
{
    size_t sizes[SOURCES_MAX] = {0};
    double sums[RULES_LABELS] = {0};
    for (size_t i = 0; i < self->count; i++) {
        sizes[self->rows[i].source]++;
    }
    for (size_t i = 0; i < self->count; i++) {
        struct row *row = &self->rows[i];
        row->lesson.weight = 1.0F / powf((float)sizes[row->source], 0.35F);
        /* Messages that were only read are worth less than what a tool has printed. */
        row->lesson.weight *= strncmp(self->names[row->source], "messages-", 9) == 0 ? 0.5F : 1;
        sums[row->lesson.label] += (double)row->lesson.weight;
    }
    for (size_t i = 0; i < self->count; i++) {
        struct lesson *lesson = &self->rows[i].lesson;
        lesson->weight *= (float)((double)self->count / RULES_LABELS / sums[lesson->label]);
    }
}

/* ---- learning ---- */

static bool is_judged(const struct row *row)
{
    return !row->is_noisy;
}

/* Learns from all rows but those of fold `without`. */
static struct learner *learn(struct training *self, size_t without)
{
    struct learner *learner = learner_new(NULL);
    size_t *order = calloc(self->count + 1, sizeof *order);
    if (!learner || !order) {
        (void)fprintf(stderr, "out of memory\n");
        exit(70); /* NOLINT(concurrency-mt-unsafe): there is one thread */
    }
    size_t count = 0;
    for (size_t i = 0; i < self->count; i++) {
        const struct row *row = &self->rows[i];
        if (row->fold != without && !row->is_certain) {
            order[count++] = i;
        }
    }
    for (int epoch = 0; epoch < EPOCHS; epoch++) {
        for (size_t i = count; i > 1; i--) {
            size_t j = next_random(self) % i;
            size_t kept = order[i - 1];
            order[i - 1] = order[j];
            order[j] = kept;
        }
        for (size_t i = 0; i < count; i++) {
            learner_study(learner, &self->rows[order[i]].lesson, 0.12F / (float)(1 + epoch));
        }
    }
    free(order);
    return learner;
}

/* Sources as a whole belong to folds; each fold is left out in turn. */
static void cross_validate(struct training *self, bool by_family)
{
    for (size_t i = 0; i < self->count; i++) {
        struct row *row = &self->rows[i];
        row->fold = by_family ? row->family : row->source % FOLDS;
    }
    size_t folds = by_family ? self->names_count : FOLDS;
    for (size_t fold = 0; fold < folds; fold++) {
        struct learner *learner = NULL;
        for (size_t i = 0; i < self->count; i++) {
            struct row *row = &self->rows[i];
            if (row->fold == fold && !row->is_certain && is_judged(row)) {
                learner = learner ? learner : learn(self, fold);
                learner_score(learner, &row->lesson, row->score);
            }
        }
        learner_destroy(&learner);
    }
}

/* ---- judging ---- */

static void probabilities(const float score[RULES_LABELS], float temperature,
                          float ret_probability[RULES_LABELS])
{
    float most = score[0];
    float total = 0;
    for (size_t i = 1; i < RULES_LABELS; i++) {
        most = fmaxf(most, score[i]);
    }
    for (size_t i = 0; i < RULES_LABELS; i++) {
        ret_probability[i] = expf((score[i] - most) / temperature);
        total += ret_probability[i];
    }
    for (size_t i = 0; i < RULES_LABELS; i++) {
        ret_probability[i] /= total;
    }
}

/* The mean surprise at the truth, each source weighted as in training. */
static double surprise(const struct training *self, float temperature)
{
    double sum = 0;
    double weights = 0;
    for (size_t i = 0; i < self->count; i++) {
        const struct row *row = &self->rows[i];
        if (row->is_certain || row->is_noisy) {
            continue;
        }
        float probability[RULES_LABELS];
        probabilities(row->score, temperature, probability);
        sum -= (double)row->lesson.weight * log(fmax(1e-9, (double)probability[row->lesson.label]));
        weights += (double)row->lesson.weight;
    }
    return weights > 0 ? sum / weights : 0;
}

static float find_temperature(const struct training *self)
{
    enum { STEPS = 70 }; /* from 0.2 to 6 */
    float best = 1;
    float temperature = 0.2F;
    for (int i = 0; i < STEPS; i++) {
        best = surprise(self, temperature) < surprise(self, best) ? temperature : best;
        temperature *= 1.05F;
    }
    return best;
}

static void decide_row(struct row *row, float temperature, float sure)
{
    row->found = row->rule_label;
    row->confidence = row->rule_confidence;
    if (row->is_certain) {
        return;
    }
    float probability[RULES_LABELS];
    probabilities(row->score, temperature, probability);
    enum rules_label best = 0;
    for (enum rules_label label = 0; label < RULES_LABELS; label++) {
        best = probability[label] > probability[best] ? label : best;
    }
    row->found = probability[best] >= sure ? best : row->rule_label;
    row->confidence = probability[row->found];
}

/* How many texts are right, by weight, when the rules decide below `sure`. */
static double right_with(struct training *self, float temperature, float sure)
{
    double right = 0;
    for (size_t i = 0; i < self->count; i++) {
        struct row *row = &self->rows[i];
        if (is_judged(row)) {
            decide_row(row, temperature, sure);
            right += row->found == row->lesson.label ? (double)row->lesson.weight : 0;
        }
    }
    return right;
}

static float find_sure(struct training *self, float temperature)
{
    float best = 0.3F;
    for (int i = 6; i <= 16; i++) {
        float sure = (float)i * 0.05F;
        best =
            right_with(self, temperature, sure) > right_with(self, temperature, best) ? sure : best;
    }
    return best;
}

struct tally {
    size_t rows;
    double right; /* sums of weights */
    double all;
    double hits[RULES_LABELS][RULES_LABELS]; /* truth, found */
    double bin_all[BINS];
    double bin_right[BINS];
    double bin_sum[BINS];
};

static void count_row(struct tally *tally, const struct row *row, double weight)
{
    bool right = row->found == row->lesson.label;
    size_t bin = (size_t)fminf(row->confidence * BINS, BINS - 1);
    tally->rows++;
    tally->all += weight;
    tally->right += right ? weight : 0;
    tally->hits[row->lesson.label][row->found] += weight;
    tally->bin_all[bin] += weight;
    tally->bin_right[bin] += right ? weight : 0;
    tally->bin_sum[bin] += weight * (double)row->confidence;
}

static double f1_of(const struct tally *tally, size_t label)
{
    double truth = 0;
    double found = 0;
    for (size_t i = 0; i < RULES_LABELS; i++) {
        truth += tally->hits[label][i];
        found += tally->hits[i][label];
    }
    return truth + found > 0 ? 2 * tally->hits[label][label] / (truth + found) : 0;
}

static void print_tally(const char *name, const struct tally *tally)
{
    double f1 = 0;
    double ece = 0;
    for (size_t i = 0; i < RULES_LABELS; i++) {
        f1 += f1_of(tally, i) / RULES_LABELS;
    }
    for (size_t i = 0; i < BINS; i++) {
        ece += fabs(tally->bin_right[i] - tally->bin_sum[i]) / fmax(tally->all, 1e-9);
    }
    (void)printf("%-26s rows %6zu  accuracy %.4f  macro-F1 %.4f (", name, tally->rows,
                 tally->right / fmax(tally->all, 1e-9), f1);
    for (size_t i = 0; i < RULES_LABELS; i++) {
        (void)printf("%s%s %.3f", i > 0 ? ", " : "", rules_label_name((enum rules_label)i),
                     f1_of(tally, i));
    }
    (void)printf(")  ECE %.4f\n", ece);
}

static int by_confidence(const void *a, const void *b)
{
    const struct row *x = *(const struct row *const *)a;
    const struct row *y = *(const struct row *const *)b;
    return (x->confidence < y->confidence) - (x->confidence > y->confidence);
}

/* Of the rows of a source, or of all (SIZE_MAX), the 95 % that are most sure of themselves: how
 * many are right. */
static double right_of_surest(const struct training *self, size_t source, bool by_family)
{
    const struct row **rows = calloc(self->count + 1, sizeof *rows);
    size_t count = 0;
    size_t right = 0;
    for (size_t i = 0; rows && i < self->count; i++) {
        const struct row *row = &self->rows[i];
        if (is_judged(row) &&
            (source == SIZE_MAX || (by_family ? row->family : row->source) == source)) {
            rows[count++] = row;
        }
    }
    if (count > 0) {
        qsort(rows, count, sizeof *rows, by_confidence);
    }
    size_t kept = (count * 95 + 99) / 100;
    for (size_t i = 0; i < kept; i++) {
        right += rows[i]->found == rows[i]->lesson.label;
    }
    free(rows);
    return kept > 0 ? (double)right / (double)kept : 0;
}

static void print_recall(const struct training *self, const struct tally *tally)
{
    (void)printf("%-26s recall", "");
    for (size_t i = 0; i < RULES_LABELS; i++) {
        double all = 0;
        for (size_t j = 0; j < RULES_LABELS; j++) {
            all += tally->hits[i][j];
        }
        (void)printf(" %s %.3f", rules_label_name((enum rules_label)i),
                     tally->hits[i][i] / fmax(all, 1e-9));
    }
    (void)printf(", of the 95 %% most sure %.4f right\n", right_of_surest(self, SIZE_MAX, false));
}

static void judge_all(struct training *self, const char *name, float temperature, float sure)
{
    struct tally plain = {0};
    struct tally weighted = {0};
    for (size_t i = 0; i < self->count; i++) {
        struct row *row = &self->rows[i];
        if (is_judged(row)) {
            decide_row(row, temperature, sure);
            count_row(&plain, row, 1);
            count_row(&weighted, row, (double)row->lesson.weight);
        }
    }
    char title[64];
    (void)snprintf(title, sizeof title, "%s, balanced", name);
    print_tally(name, &plain);
    print_recall(self, &plain);
    print_tally(title, &weighted);
}

static void judge_sources(struct training *self, bool by_family)
{
    for (size_t name = 0; name < self->names_count; name++) {
        size_t right = 0;
        size_t rules_right = 0;
        size_t all = 0;
        for (size_t i = 0; i < self->count; i++) {
            const struct row *row = &self->rows[i];
            if ((by_family ? row->family : row->source) == name && is_judged(row)) {
                all++;
                right += row->found == row->lesson.label;
                rules_right += row->rule_label == row->lesson.label;
            }
        }
        if (all > 0) {
            (void)printf("  %-24s %5zu rows, %.3f right, 95 %% most sure %.3f (rules alone %.3f)\n",
                         self->names[name], all, (double)right / (double)all,
                         right_of_surest(self, name, by_family), (double)rules_right / (double)all);
        }
    }
}

static enum err write_errors(const struct training *self, const char *path)
{
    FILE *file = fopen(path, "we");
    if (!file) {
        return ERR_IO;
    }
    for (size_t i = 0; i < self->count; i++) {
        const struct row *row = &self->rows[i];
        if (is_judged(row) && row->found != row->lesson.label) {
            (void)fprintf(file, "%s\t%s\t%s\t%s\t%.2f\n", row->id, self->names[row->source],
                          rules_label_name(row->lesson.label), rules_label_name(row->found),
                          (double)row->confidence);
        }
    }
    return fclose(file) == 0 ? ERR_OK : ERR_IO;
}

/* ---- the whole ---- */

static enum err write_model(struct training *self, const char *path, float temperature, float sure)
{
    struct model *model = malloc(sizeof *model);
    unsigned char *bytes = malloc(MODEL_FILE_SIZE);
    FILE *file = fopen(path, "we");
    enum err err = model && bytes && file ? ERR_OK : ERR_IO;
    if (err == ERR_OK) {
        struct learner *learner = learn(self, SIZE_MAX);
        learner_finish(learner, model);
        learner_destroy(&learner);
        model->temperature = temperature;
        model->sure = sure;
        model_write(model, bytes);
        err = fwrite(bytes, MODEL_FILE_SIZE, 1, file) == 1 ? ERR_OK : ERR_IO;
    }
    if (file && fclose(file) != 0) {
        err = ERR_IO;
    }
    free(bytes);
    free(model);
    return err;
}

struct options {
    const char *rules;
    const char *out;
    const char *errors;
    bool by_family;
};

static bool read_options(int argc, char **argv, struct options *ret_options)
{
    struct options options = {0};
    for (int i = 1; i + 1 < argc; i += 2) {
        const char *value = argv[i + 1];
        if (strcmp(argv[i], "--rules") == 0) {
            options.rules = value;
        } else if (strcmp(argv[i], "--out") == 0) {
            options.out = value;
        } else if (strcmp(argv[i], "--errors") == 0) {
            options.errors = value;
        } else if (strcmp(argv[i], "--by") == 0) {
            options.by_family = strcmp(value, "family") == 0;
        } else {
            return false;
        }
    }
    *ret_options = options;
    return options.rules != NULL && argc % 2 == 1;
}

static enum err train(struct training *self, const struct options *options)
{
    enum err err = read_corpus(self, stdin);
    if (err != ERR_OK) {
        return err;
    }
    set_weights(self);
    cross_validate(self, options->by_family);
    float temperature = find_temperature(self);
    float sure = find_sure(self, temperature);
    (void)printf("temperature %.3f, sure from %.2f\n", (double)temperature, (double)sure);
    judge_all(self, "rules alone", temperature, 2);
    judge_all(self, options->by_family ? "family left out" : "source left out", temperature, sure);
    judge_sources(self, options->by_family);
    err = options->errors ? write_errors(self, options->errors) : ERR_OK;
    return err == ERR_OK && options->out ? write_model(self, options->out, temperature, sure) : err;
}

int main(int argc, char **argv)
{
    struct options options;
    struct config_report report;
    struct rules *rules = NULL;
    if (!read_options(argc, argv, &options)) {
        (void)fprintf(stderr, "usage: troupe-train --rules FILE [--out MODEL] [--errors FILE] "
                              "[--by source|family] <corpus.jsonl\n");
        return 2;
    }
    config_report_clear(&report);
    enum err err = rules_load(options.rules, NULL, &rules, &report);
    if (err != ERR_OK) {
        config_report_print(stderr, &report);
        return 3;
    }
    struct training *self = calloc(1, sizeof *self);
    struct row *rows = calloc(ROWS_MAX, sizeof *rows);
    err = self && rows ? ERR_OK : ERR_MEMORY;
    if (err == ERR_OK) {
        self->judge.rules = rules;
        self->rows = rows;
        self->random = UINT64_C(88172645463325252);
        err = train(self, &options);
        for (size_t i = 0; i < self->count; i++) {
            free(rows[i].lesson.buckets);
            free(rows[i].id);
        }
        for (size_t i = 0; i < self->names_count; i++) {
            free(self->names[i]);
        }
    }
    free(rows);
    free(self);
    rules_destroy(&rules);
    return err == ERR_OK ? 0 : 1;
}
