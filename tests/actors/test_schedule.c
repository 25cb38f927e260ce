/* test_schedule.c - longest first, guided batches, and plans against their lower bound. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "actors/common/schedule.h"

enum { UNKNOWN_US = 500 };

static void expect_order(const struct schedule_file *files, const uint64_t *order, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        cr_expect_eq(files[i].index, order[i], "place %zu", i);
    }
}

Test(schedule, puts_the_longest_first_and_ties_by_number)
{
    struct schedule_file files[] = {{.index = 0, .expected_us = 10},
                                    {.index = 1, .expected_us = 30},
                                    {.index = 2, .expected_us = 10},
                                    {.index = 3, .expected_us = 20}};
    schedule_order(files, 4, UNKNOWN_US);
    expect_order(files, (const uint64_t[]){1, 3, 0, 2}, 4);
    cr_expect_eq(files[0].estimate_us, 30);
}

Test(schedule, puts_unknown_files_before_all_others_at_the_median)
{
    struct schedule_file files[] = {{.index = 0, .expected_us = 10},
                                    {.index = 1, .expected_us = -1},
                                    {.index = 2, .expected_us = 50},
                                    {.index = 3, .expected_us = 20}};
    schedule_order(files, 4, UNKNOWN_US);
    expect_order(files, (const uint64_t[]){1, 2, 3, 0}, 4);
    cr_expect_eq(files[0].estimate_us, 20);
}

Test(schedule, puts_unknown_files_with_the_longest_tests_first)
{
    struct schedule_file files[] = {{.index = 0, .expected_us = 90},
                                    {.index = 1, .expected_us = -1, .longest_us = 5},
                                    {.index = 2, .expected_us = -1, .longest_us = 7}};
    schedule_order(files, 3, UNKNOWN_US);
    expect_order(files, (const uint64_t[]){2, 1, 0}, 3);
}

Test(schedule, learns_how_the_time_of_a_test_goes_with_their_number)
{
    struct schedule_guess guess = {0};
    cr_expect_eq(schedule_test_us(&guess, 4, 400), 100, "nothing is known: parts of a guess");
    schedule_saw_tests(&guess, 10, 1000);
    cr_expect_eq(schedule_test_us(&guess, 4, 400), 100, "tests are known, no whole file");
    /* All files take the same, however many tests they have. */
    for (uint64_t tests = 1; tests <= 64; tests *= 2) {
        schedule_saw_file(&guess, tests, 6400);
    }
    cr_expect_gt(schedule_test_us(&guess, 1, 0), 4 * schedule_test_us(&guess, 32, 0));
    cr_expect_eq(schedule_longest(1), 1);
    cr_expect_gt(schedule_longest(100), 4);
}

Test(schedule, guesses_when_nothing_is_known)
{
    struct schedule_file files[] = {{.index = 1, .expected_us = -1},
                                    {.index = 0, .expected_us = -1}};
    schedule_order(files, 2, UNKNOWN_US);
    expect_order(files, (const uint64_t[]){0, 1}, 2);
    cr_expect_eq(files[0].estimate_us, UNKNOWN_US);
    schedule_order(files, 0, UNKNOWN_US);
}

Test(schedule, gives_smaller_batches_as_the_work_runs_out)
{
    uint64_t before_us = UINT64_MAX;
    for (uint64_t left_us = 1000000; left_us > 0; left_us /= 2) {
        uint64_t batch_us = schedule_batch_us(left_us, 4, 0);
        cr_expect_leq(batch_us, left_us / 4);
        cr_expect_leq(batch_us, before_us);
        before_us = batch_us;
    }
}

Test(schedule, makes_a_batch_worth_its_start)
{
    /* Much is left: a guided share is worth more than ten starts anyway. */
    cr_expect_eq(schedule_batch_us(12000000, 4, 1000), 1000000);
    /* Ten starts, while nobody gets more than an even share by it. */
    cr_expect_eq(schedule_batch_us(48000, 4, 1000), 10000);
    /* An even share. */
    cr_expect_eq(schedule_batch_us(20000, 4, 1000), 5000);
    /* Two starts to the end. */
    cr_expect_eq(schedule_batch_us(100, 4, 1000), 2000);
}

static uint64_t roll(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

Test(schedule, cuts_plans_within_a_third_of_the_lower_bound)
{
    enum { FILES = 300 };
    static struct schedule_file files[FILES];
    static size_t worker[FILES];
    uint64_t state = 42;
    for (int round = 0; round < 50; round++) {
        size_t workers = 1 + roll(&state) % 32;
        for (size_t i = 0; i < FILES; i++) {
            files[i] = (struct schedule_file){
                .index = i, .expected_us = (int64_t)(1000 + roll(&state) % 100000)};
        }
        schedule_order(files, FILES, UNKNOWN_US);
        struct schedule_plan plan;
        cr_assert_eq(schedule_cut(files, FILES, workers, worker, &plan), ERR_OK);
        uint64_t busy_us[32] = {0};
        uint64_t longest_us = 0;
        for (size_t i = 0; i < FILES; i++) {
            cr_assert_lt(worker[i], workers);
            busy_us[worker[i]] += files[i].estimate_us;
        }
        for (size_t i = 0; i < workers; i++) {
            longest_us = busy_us[i] > longest_us ? busy_us[i] : longest_us;
        }
        cr_expect_eq(plan.makespan_us, longest_us);
        cr_expect_geq(plan.makespan_us, plan.lower_bound_us);
        /* Graham's bound for longest first. */
        cr_expect_leq(3 * plan.makespan_us, 4 * plan.lower_bound_us + 100000);
    }
}
