/* test_teach.c - corrections: found again, learned, and nothing lost by them. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "actors/classifier/classify.h"
#include "actors/classifier/teach.h"

static struct rules *rules;
static struct model *model;
static struct model made;
static struct classification result;

static void setup(void)
{
    struct config_report report;
    cr_assert_eq(rules_load(RULES_FILE, NULL, &rules, &report), ERR_OK);
    cr_assert_eq(model_load(MODEL_FILE, &model), ERR_OK);
}

static void teardown(void)
{
    rules_destroy(&rules);
    free(model);
}

TestSuite(teach, .init = setup, .fini = teardown);

static struct lesson lesson_of(const char *text, enum rules_label label)
{
    const struct judge judge = {.rules = rules};
    struct lesson lesson;
    classify(&judge, text, strlen(text), NULL, &result);
    classify_features(&result);
    cr_assert_eq(lesson_init(&result.features, label, 1.0F, &lesson), ERR_OK);
    return lesson;
}

static float probability_of(const struct model *by, const char *text, enum rules_label label)
{
    const struct judge judge = {.rules = rules, .model_or_null = by};
    classify(&judge, text, strlen(text), NULL, &result);
    return result.probability[label];
}

static const char text[] = "Error: the widget of the shop said no";

Test(teach, learns_a_correction_and_what_is_like_it)
{
    struct lesson taught = lesson_of(text, RULES_REACT);
    struct teach_sums sums;
    cr_assert_lt(probability_of(model, text, RULES_REACT), 0.5F);
    cr_assert_eq(teach(model, &(struct teach_texts){&taught, 1}, &(struct teach_texts){NULL, 0},
                       &made, &sums),
                 ERR_OK);
    cr_expect_gt(sums.rounds, 0);
    cr_expect_eq(sums.taught_before.right, 0);
    cr_expect_eq(sums.taught_after.right, 1);
    cr_expect_gt(probability_of(&made, text, RULES_REACT), 0.7F);
    cr_expect_gt(probability_of(&made, "Error: the widget of the shop said maybe", RULES_REACT),
                 probability_of(model, "Error: the widget of the shop said maybe", RULES_REACT));
    cr_expect_eq(made.base, model->sum);
    free(taught.buckets);
}

Test(teach, takes_back_what_costs_an_example)
{
    struct lesson taught = lesson_of(text, RULES_REACT);
    /* The same text with the other label: whatever is learned of the one is lost of the other. */
    struct lesson tried = lesson_of(text, RULES_GENERAL);
    struct teach_sums sums;
    cr_assert_eq(teach(model, &(struct teach_texts){&taught, 1}, &(struct teach_texts){&tried, 1},
                       &made, &sums),
                 ERR_OK);
    cr_expect_eq(sums.tried_after.right, sums.tried_before.right);
    cr_expect_leq(sums.tried_after.surprise, sums.tried_before.surprise + 0.011);
    cr_expect_lt(probability_of(&made, text, RULES_REACT), 0.5F);
    free(taught.buckets);
    free(tried.buckets);
}

Test(teach, nothing_makes_no_difference)
{
    struct teach_sums sums;
    const struct teach_texts none = {NULL, 0};
    cr_assert_eq(teach(model, &none, &none, &made, &sums), ERR_OK);
    cr_expect_eq(sums.rounds, 0);
    cr_expect_arr_eq(made.weights, model->weights, sizeof made.weights);
}

Test(teach, a_model_knows_the_one_below_it_after_it_was_written)
{
    unsigned char *bytes = malloc(MODEL_FILE_SIZE);
    cr_assert(bytes);
    memcpy(&made, model, sizeof made);
    made.base = 12345;
    model_write(&made, bytes);
    cr_assert_eq(model_read(bytes, MODEL_FILE_SIZE, &made), ERR_OK);
    cr_expect_eq(made.base, 12345);
    cr_expect_neq(made.sum, model->sum);
    free(bytes);
}

Test(teach, a_correction_stands_above_rules_and_model)
{
    static struct taught taught;
    const struct judge judge = {rules, model, &taught};
    const char typescript[] = "src/a.ts(1,2): error TS2322: Type 'a' is not assignable.";
    taught.count = 0;
    classify(&judge, typescript, strlen(typescript), NULL, &result);
    cr_assert_eq(result.label, RULES_TYPESCRIPT);
    const struct rules_route *route = &rules->routes[2];
    cr_assert(taught_add(&taught, &(struct taught_label){result.fingerprint, RULES_TEST, route}));
    classify(&judge, typescript, strlen(typescript), NULL, &result);
    cr_expect_eq(result.label, RULES_TEST);
    cr_expect_eq(result.route, route);
    cr_expect(result.is_taught);
    cr_expect(strstr(result.why[0], "corrected by hand"));
}

Test(teach, corrections_are_kept_in_order_and_the_newer_stands)
{
    static struct taught taught;
    taught.count = 0;
    for (uint64_t i = TAUGHT_MAX; i > 0; i--) {
        cr_assert(taught_add(&taught, &(struct taught_label){2 * i, RULES_TEST, NULL}));
    }
    cr_expect_not(taught_add(&taught, &(struct taught_label){3, RULES_TEST, NULL}));
    cr_expect(taught_add(&taught, &(struct taught_label){4, RULES_REACT, NULL}));
    cr_expect_eq(taught_find(&taught, 4)->label, RULES_REACT);
    cr_expect_null(taught_find(&taught, 3));
    cr_expect_null(taught_find(&taught, 2 * (uint64_t)TAUGHT_MAX + 1));
}
