/* test_model.c - the model that is shipped, the bytes of its file, and who decides. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "actors/classifier/classify.h"
#include "actors/classifier/learn.h"

static struct rules *rules;
static struct model *model;
static struct config_report report;
static struct classification result;

static void setup(void)
{
    cr_assert_eq(rules_load(RULES_FILE, NULL, &rules, &report), ERR_OK);
    cr_assert_eq(model_load(MODEL_FILE, &model), ERR_OK);
}

static void teardown(void)
{
    free(model);
    rules_destroy(&rules);
}

TestSuite(model, .init = setup, .fini = teardown);

static const char *label_of(const char *text, const char *file_or_null)
{
    const struct judge judge = {.rules = rules, .model_or_null = model};
    classify(&judge, text, strlen(text), file_or_null, &result);
    return rules_label_name(result.label);
}

static bool says_why(const char *words)
{
    for (size_t i = 0; i < result.why_count; i++) {
        if (strstr(result.why[i], words)) {
            return true;
        }
    }
    return false;
}

Test(model, names_what_the_rules_do_not_know)
{
    static const struct {
        const char *text;
        const char *label;
    } samples[] = {
        {"Cannot find droppable entry with id [list-1]\n    at getDroppable (/app/node_modules/"
         "react-beautiful-dnd/dist/react-beautiful-dnd.cjs.js:1:2)",
         "react"},
        {"Error: A <Transition.Child /> is used outside of <Transition />\n    at renderWithHooks "
         "(/app/node_modules/react-dom/cjs/react-dom.development.js:1:2)",
         "react"},
        {"Error: Cannot read config: unexpected end of YAML stream\n"
         "    at load (/app/node_modules/js-yaml/lib/loader.js:9:3)",
         "general"},
        {"AssertionError: expected 'a' to start with 'b'\n ❯ src/a.test.ts:3:9", "test"},
    };
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        const char *label = label_of(samples[i].text, NULL);
        cr_expect_str_eq(label, samples[i].label, "%s: %s", label, samples[i].text);
        cr_expect_gt(result.confidence, 0.4F);
    }
}

Test(model, is_not_asked_about_a_typescript_code)
{
    cr_expect_str_eq(label_of("expect(received) is react: TS2322: Type 'a'", "a.test.tsx"),
                     "typescript");
    cr_expect(result.is_certain);
    cr_expect_not(result.by_model);
}

Test(model, gives_probabilities_that_sum_to_one_and_the_words_that_count)
{
    (void)label_of("Warning: Each child in a list should have a unique \"key\" prop.", NULL);
    float sum = 0;
    for (size_t i = 0; i < RULES_LABELS; i++) {
        sum += result.probability[i];
    }
    cr_expect_float_eq(sum, 1.0F, 1e-4F);
    cr_expect(result.by_model);
    cr_expect(says_why("model: react"));
    cr_expect(says_why("speaks for react: \""));
    cr_expect_str_eq(result.route->name, "react");
}

Test(model, leaves_to_the_rules_what_it_is_not_sure_of)
{
    model->sure = 1.0F;
    cr_expect_str_eq(label_of("Error: listen EADDRINUSE: address already in use :::3000", NULL),
                     "general");
    cr_expect_not(result.by_model);
    cr_expect(says_why("the model is not sure"));
}

Test(model, without_one_the_rules_decide)
{
    const struct judge judge = {.rules = rules};
    const char text[] = "Error: listen EADDRINUSE: address already in use :::3000";
    classify(&judge, text, sizeof text - 1, NULL, &result);
    cr_expect_eq(result.label, result.rule->label);
    cr_expect_float_eq(result.confidence, (float)result.rule->confidence / 100, 1e-6F);
}

Test(model, survives_its_file_and_refuses_a_damaged_one)
{
    unsigned char *bytes = malloc(MODEL_FILE_SIZE);
    struct model *again = malloc(sizeof *again);
    cr_assert(bytes && again);
    cr_expect_leq(MODEL_FILE_SIZE, 512 * 1024);
    model_write(model, bytes);
    cr_assert_eq(model_read(bytes, MODEL_FILE_SIZE, again), ERR_OK);
    cr_expect_arr_eq(again->weights, model->weights, sizeof model->weights);
    cr_expect_eq(again->temperature, model->temperature);
    cr_expect_eq(model_read(bytes, MODEL_FILE_SIZE - 1, again), ERR_MALFORMED);
    bytes[MODEL_FILE_SIZE / 2] ^= 1;
    cr_expect_eq(model_read(bytes, MODEL_FILE_SIZE, again), ERR_MALFORMED);
    bytes[MODEL_FILE_SIZE / 2] ^= 1;
    bytes[7]++; /* the version */
    cr_expect_eq(model_read(bytes, MODEL_FILE_SIZE, again), ERR_MALFORMED);
    cr_expect_eq(model_read(NULL, 0, again), ERR_MALFORMED);
    struct model *none = NULL;
    cr_expect_eq(model_load("/nowhere/error-model.bin", &none), ERR_NOT_FOUND);
    free(again);
    free(bytes);
}

Test(model, refuses_numbers_that_are_none)
{
    unsigned char *bytes = malloc(MODEL_FILE_SIZE);
    struct model *again = malloc(sizeof *again);
    cr_assert(bytes && again);
    model->temperature = 0;
    model_write(model, bytes);
    cr_expect_eq(model_read(bytes, MODEL_FILE_SIZE, again), ERR_MALFORMED);
    model->temperature = 1;
    model->bias[2] = NAN;
    model_write(model, bytes);
    cr_expect_eq(model_read(bytes, MODEL_FILE_SIZE, again), ERR_MALFORMED);
    free(again);
    free(bytes);
}

static struct lesson lesson_of(const char *text, enum rules_label label)
{
    struct lesson lesson;
    const struct judge judge = {.rules = rules};
    classify(&judge, text, strlen(text), NULL, &result);
    classify_features(&result);
    cr_assert_eq(lesson_init(&result.features, label, 1, &lesson), ERR_OK);
    return lesson;
}

Test(model, learns_two_texts_apart_and_keeps_it_as_bytes)
{
    struct lesson lessons[2] = {lesson_of("zig zag zug", RULES_TEST),
                                lesson_of("blip blop blup", RULES_REACT)};
    struct learner *learner = learner_new(NULL);
    cr_assert(learner);
    for (int i = 0; i < 20; i++) {
        learner_study(learner, &lessons[i % 2], 0.1F);
    }
    learner_finish(learner, model);
    (void)label_of("zig zag zug", NULL);
    cr_expect_gt(result.probability[RULES_TEST], 0.6F);
    (void)label_of("blip blop blup", NULL);
    cr_expect_gt(result.probability[RULES_REACT], 0.6F);
    learner_destroy(&learner);
    cr_expect_null(learner);
    free(lessons[0].buckets);
    free(lessons[1].buckets);
}

static void expect_bounded(const char *text, size_t size)
{
    const struct judge judge = {.rules = rules, .model_or_null = model};
    struct timespec from;
    struct timespec to;
    cr_assert_eq(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from), 0);
    classify(&judge, text, size, "src/a.ts", &result);
    cr_assert_eq(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to), 0);
    double seconds = (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
    cr_expect_lt(seconds, 0.05, "%.4f s of CPU", seconds);
    for (size_t kind = 0; kind < FEATURES_KINDS; kind++) {
        cr_expect_leq(result.features.count[kind], FEATURES_MAX);
    }
}

Test(model, is_bounded_whatever_the_text_is)
{
    enum { SIZE = 10 * 1024 * 1024 };
    char *text = malloc(SIZE);
    cr_assert(text);
    memset(text, 'a', SIZE);
    expect_bounded(text, SIZE);
    for (size_t i = 0; i < SIZE; i++) {
        text[i] = (char)(i * 2654435761U >> 13);
    }
    expect_bounded(text, SIZE);
    memset(text, '\xff', SIZE);
    expect_bounded(text, SIZE);
    expect_bounded("", 0);
    free(text);
}
