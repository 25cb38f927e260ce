/* split.c - who gives up tests, and how many. */
#include "actors/common/split.h"

#include <assert.h>
#include <math.h>

#include "actors/common/schedule.h"

/* How many tests of evidence history and a guess are worth: an error of 0.3 is 1 / 0.3^2. */
static const double KNOWN_WEIGHT = 11.0, GUESS_WEIGHT = 0.5;

/* How much to fear the longest test of a piece: what is not known has the heavier tail. */
static const double KNOWN_FEAR = 1.0, GUESS_FEAR = 4.0;

/* What is given up while other work waits must be worth so many set-ups; at the end, one. */
static const double SETUPS_WANTED = 4.0;

double split_test_us(double prior_us, bool known, double spent_us, uint64_t reported)
{
    double weight = known ? KNOWN_WEIGHT : GUESS_WEIGHT;
    return (weight * prior_us + spent_us) / (weight + (double)reported);
}

double split_left_us(const struct split_work *work)
{
    return work->working ? (double)(work->waiting + 1) * work->test_us + work->behind_us : 0;
}

/* With `share_us` 0 whoever has something to give; the longest one is chosen among them. */
static bool may_give(const struct split_work *work, double setup_us, double share_us)
{
    if (!work->working) {
        return false;
    }
    bool late = share_us <= 0;
    if (late && work->behind_us > 0) {
        return true;
    }
    double given_us = (double)work->waiting * work->test_us;
    if (work->waiting == 0 || given_us < setup_us * (late ? 1.0 : SETUPS_WANTED)) {
        return false;
    }
    double fear = (work->known ? KNOWN_FEAR : GUESS_FEAR) * schedule_longest(work->waiting + 1);
    return late || split_left_us(work) + fear * work->test_us > share_us;
}

bool split_choose(const struct split_work *works, size_t count, double setup_us, double share_us,
                  struct split_choice *ret_choice)
{
    const struct split_work *giver = NULL;
    for (size_t i = 0; i < count; i++) {
        if (may_give(&works[i], setup_us, share_us) &&
            (!giver || split_left_us(&works[i]) > split_left_us(giver))) {
            giver = &works[i];
        }
    }
    if (!giver) {
        return false;
    }
    *ret_choice = (struct split_choice){.giver = (size_t)(giver - works)};
    if (giver->behind_us > 0) {
        return true;
    }
    assert(giver->waiting > 0);
    double half = ((double)giver->waiting + 1) / 2;
    double even = giver->test_us > 0 ? half - setup_us / (2 * giver->test_us) : half;
    double tests = fmin(fmax(floor(even + 0.5), 1.0), (double)giver->waiting);
    ret_choice->tests = (uint64_t)tests;
    return true;
}

uint64_t split_part_us(uint64_t piece_us, uint64_t left_us, uint64_t workers, uint64_t setup_us)
{
    uint64_t share_us = left_us / workers;
    uint64_t part_us = schedule_batch_us(left_us, workers, setup_us);
    return piece_us <= share_us || piece_us < part_us ? piece_us : part_us;
}
