/* test_timers.c - the heap of timers against a plain list that is searched. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "runtime/timers.h"

static struct timers *timers;

static void setup(void)
{
    cr_assert_eq(timers_new(&timers), ERR_OK);
}

static void teardown(void)
{
    timers_destroy(&timers);
    timers_destroy(&timers);
}

TestSuite(timers, .init = setup, .fini = teardown);

static uint64_t set(uint64_t due_ms, uint64_t value, bool *ret_first)
{
    return timers_set(timers, &(struct timer){.due_ms = due_ms, .value = value}, ret_first);
}

static uint64_t pop(uint64_t now_ms)
{
    struct timer timer;
    uint64_t number;
    return timers_pop(timers, now_ms, &timer, &number) ? timer.value : 0;
}

Test(timers, fire_at_their_time_and_not_before)
{
    bool first;
    cr_expect_neq(set(100, 1, &first), 0);
    cr_expect_eq(pop(99), 0);
    cr_expect_eq(timers_next(timers), 100);
    cr_expect_eq(pop(100), 1);
    cr_expect_eq(pop(100), 0);
    cr_expect_eq(timers_next(timers), UINT64_MAX);
}

Test(timers, of_one_time_fire_in_the_order_in_which_they_were_set)
{
    bool first;
    for (uint64_t i = 1; i <= 1000; i++) {
        (void)set(5, i, &first);
    }
    for (uint64_t i = 1; i <= 1000; i++) {
        cr_assert_eq(pop(5), i);
    }
}

Test(timers, say_when_they_are_the_earliest)
{
    bool first;
    (void)set(100, 1, &first);
    cr_expect(first);
    (void)set(100, 2, &first);
    cr_expect(!first);
    (void)set(99, 3, &first);
    cr_expect(first);
}

Test(timers, ignore_the_number_of_one_that_has_fired)
{
    bool first;
    uint64_t old = set(10, 1, &first);
    cr_expect_eq(pop(10), 1);
    uint64_t new = set(20, 2, &first);
    cr_expect_neq(old, new, "the slot is used again under another number");
    timers_cancel(timers, old);
    timers_cancel(timers, 0);
    timers_cancel(timers, UINT64_MAX);
    cr_expect_eq(pop(20), 2);
}

/* ---- the property ---- */

enum { MODEL_MAX = 512, STEPS = 200000 };

struct entry {
    uint64_t due_ms;
    uint64_t value;
    uint64_t number;
};

static struct entry model[MODEL_MAX];
static size_t model_count;
static uint64_t values;
static uint64_t random_state = 88172645463325252u;

static uint64_t roll(uint64_t below)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state % below;
}

static void model_remove(size_t at)
{
    model[at] = model[--model_count];
}

/* Earliest first, then in the order of setting. */
static size_t model_first(void)
{
    size_t first = 0;
    for (size_t i = 1; i < model_count; i++) {
        if (model[i].due_ms < model[first].due_ms ||
            (model[i].due_ms == model[first].due_ms && model[i].value < model[first].value)) {
            first = i;
        }
    }
    return first;
}

static void step_set(uint64_t now_ms)
{
    struct entry entry = {.due_ms = now_ms + roll(50), .value = ++values};
    uint64_t before_ms = timers_next(timers);
    bool first;
    entry.number = set(entry.due_ms, entry.value, &first);
    cr_assert_neq(entry.number, 0);
    cr_assert_eq(first, entry.due_ms < before_ms);
    model[model_count++] = entry;
}

static void step_pop(uint64_t now_ms)
{
    size_t first = model_first();
    bool due = model_count > 0 && model[first].due_ms <= now_ms;
    struct timer timer;
    uint64_t number;
    cr_assert_eq(timers_pop(timers, now_ms, &timer, &number), due);
    if (due) {
        cr_assert_eq(timer.value, model[first].value);
        cr_assert_eq(number, model[first].number);
        model_remove(first);
    }
}

Test(timers, do_what_a_sorted_list_does)
{
    uint64_t now_ms = 0;
    for (size_t i = 0; i < STEPS; i++) {
        uint64_t what = roll(10);
        if (what < 4 && model_count < MODEL_MAX) {
            step_set(now_ms);
        } else if (what < 6 && model_count > 0) {
            size_t at = roll(model_count);
            timers_cancel(timers, model[at].number);
            model_remove(at);
        } else if (what < 9) {
            step_pop(now_ms);
        } else {
            now_ms += roll(10);
        }
        uint64_t next_ms = model_count > 0 ? model[model_first()].due_ms : UINT64_MAX;
        cr_assert_eq(timers_next(timers), next_ms);
    }
}
