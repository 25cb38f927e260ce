/* split.h - when a worker should give up tests that it has not begun, and how many.
 *
 * Pure.  "Meet in the middle": the taker works from the back of the piece, the giver from the
 * front, and both are expected to end together.  Only for runners that can be told which tests of a
 * file to run; each cut costs the set-up of the file once more.
 */
#ifndef ACTORS_COMMON_SPLIT_H
#define ACTORS_COMMON_SPLIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What one worker still has to do. */
struct split_work {
    uint64_t waiting; /* tests of its piece that have not begun */
    double test_us;   /* expected time of each; of what is left of the one at work, too */
    double behind_us; /* expected time of whole pieces that wait behind this one */
    bool working;
    bool known; /* test_us comes from history */
};

/* Expected time of one test, where `spent_us` went into `reported` ones and the one at work: the
 * mean of a gamma distribution, in which `prior_us` counts as much as history or a guess deserve.
 */
double split_test_us(double prior_us, bool known, double spent_us, uint64_t reported);

struct split_choice {
    size_t giver;
    uint64_t tests;
};

double split_left_us(const struct split_work *work);

/* Whom an idle worker should relieve.  With `share_us` above 0, other work waits, and an even share
 * of all that is left is so much: then only who would not end within it, if its longest test comes
 * last.  True: the giver should give up its last `tests` tests, or its last whole piece when
 * that is 0. */
bool split_choose(const struct split_work *works, size_t count, double setup_us, double share_us,
                  struct split_choice *ret_choice);

/* How much of a piece of `piece_us` to give to one of `workers` when so much is left altogether,
 * the piece and what is under way included; for runners that cannot be relieved later.  All of it
 * when it ends within an even share; else what schedule_batch_us says, a set-up being what a part
 * costs. */
uint64_t split_part_us(uint64_t piece_us, uint64_t left_us, uint64_t workers, uint64_t setup_us);

#endif
