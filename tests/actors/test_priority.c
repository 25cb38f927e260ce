/* test_priority.c - what makes an error urgent, and that nothing waits for ever. */
#include <criterion/criterion.h>
#include <string.h>

#include "actors/common/priority.h"

static int value_of(struct priority_facts facts)
{
    struct priority priority;
    priority_of(&facts, &priority);
    return priority.value;
}

Test(priority, what_blocks_everybody_comes_first)
{
    int build = value_of((struct priority_facts){.kind = 80, .occurrences = 1});
    int test = value_of((struct priority_facts){.kind = 54, .occurrences = 1});
    int warning = value_of((struct priority_facts){.kind = 18, .occurrences = 1});
    cr_expect_gt(build, test);
    cr_expect_gt(test, warning);
}

Test(priority, each_fact_has_its_term)
{
    const struct priority_facts facts = {54, 8, true, true, 0.5F, 2, 600000};
    struct priority priority;
    char text[200];
    priority_of(&facts, &priority);
    priority_explain(&priority, text, sizeof text);
    cr_expect_str_eq(text,
                     "kind +30, fan-out +12, new +12, fix +10, flake -10, attempts -12, age +2");
    cr_expect_eq(priority.value, 44);
    char tiny[8];
    priority_explain(&priority, tiny, sizeof tiny);
    cr_expect_str_eq(tiny, "kind +3");
}

Test(priority, stays_within_its_bounds)
{
    const struct priority_facts most = {80, UINT32_MAX, true, true, 0, 0, UINT64_MAX};
    const struct priority_facts least = {18, 1, false, false, 1, UINT32_MAX, 0};
    cr_expect_eq(value_of(most), PRIORITY_MAX);
    cr_expect_eq(value_of(least), 0);
}

Test(priority, whatever_waits_long_enough_comes_first)
{
    const struct priority_facts old = {18, 1, false, false, 1, UINT32_MAX, UINT64_C(86400000)};
    cr_expect_eq(value_of(old), PRIORITY_MAX);
}
