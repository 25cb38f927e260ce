/* test_suggest.c - how far names are apart. */
#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>

#include "config/suggest.h"

static size_t distance(const char *word, const char *name)
{
    return suggest_distance(word, strlen(word), name);
}

Test(suggest, equal_words_are_not_apart)
{
    cr_expect_eq(distance("lease_ms", "lease_ms"), 0);
}

Test(suggest, each_slip_of_a_finger_counts_one)
{
    cr_expect_eq(distance("lese_ms", "lease_ms"), 1);
    cr_expect_eq(distance("leease_ms", "lease_ms"), 1);
    cr_expect_eq(distance("leese_ms", "lease_ms"), 1);
    cr_expect_eq(distance("laese_ms", "lease_ms"), 1);
}

Test(suggest, slips_add_up)
{
    cr_expect_eq(distance("kitten", "sitting"), 3);
    cr_expect_eq(distance("", "abc"), 3);
    cr_expect_eq(distance("abc", ""), 3);
}

Test(suggest, what_is_too_long_is_never_near)
{
    char word[SUGGEST_SIZE_MAX + 1];
    memset(word, 'a', sizeof word);
    cr_expect_eq(suggest_distance(word, SUGGEST_SIZE_MAX, "a"), SUGGEST_SIZE_MAX - 1);
    cr_expect_eq(suggest_distance(word, SUGGEST_SIZE_MAX + 1, "a"), SIZE_MAX);
    cr_expect_not(suggest_is_near(SIZE_MAX, "a"));
}

Test(suggest, near_means_a_third_of_the_name)
{
    cr_expect(suggest_is_near(1, "uid"));
    cr_expect_not(suggest_is_near(2, "uid"));
    cr_expect(suggest_is_near(2, "lease_ms"));
    cr_expect_not(suggest_is_near(3, "lease_ms"));
}
