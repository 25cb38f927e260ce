/* test_dispatch.c - what waits, who gives up tests, and a run of all of it. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "actors/common/dispatch.h"

enum { SECOND = 1000000 };

/* ---- queue ---- */

Test(queue, gives_pieces_in_the_order_of_the_plan)
{
    struct queue queue;
    cr_assert_eq(queue_init(&queue, 100), ERR_OK);
    for (uint32_t i = 0; i < 100; i++) {
        queue_put(&queue, &(struct queue_piece){
                              .position = (i * 37) % 50, .expected_us = i, .file = i, .count = 1});
    }
    cr_expect_eq(queue.expected_us, 99 * 100 / 2);
    struct queue_piece last = queue_take(&queue);
    while (queue.count > 0) {
        cr_expect_eq(queue_first(&queue)->position, queue.pieces[0].position);
        struct queue_piece piece = queue_take(&queue);
        cr_expect(last.position < piece.position ||
                  (last.position == piece.position && last.file < piece.file));
        last = piece;
    }
    cr_expect_eq(queue.expected_us, 0);
    queue_fini(&queue);
}

/* ---- split ---- */

Test(split, believes_history_longer_than_a_guess)
{
    /* One test took 10 s where 1 s was expected. */
    double known_us = split_test_us(SECOND, true, 10 * SECOND, 1);
    double guess_us = split_test_us(SECOND, false, 10 * SECOND, 1);
    cr_expect_lt(known_us, 2 * SECOND);
    cr_expect_gt(guess_us, 6 * SECOND);
    cr_expect_eq(split_test_us(SECOND, true, 0, 0), SECOND);
}

Test(split, lets_giver_and_taker_end_together)
{
    struct split_work works[] = {{.working = true, .waiting = 3, .test_us = SECOND, .known = true},
                                 {.working = true, .waiting = 9, .test_us = SECOND, .known = true},
                                 {.working = false}};
    struct split_choice choice;
    cr_assert(split_choose(works, 3, 0, 0, &choice));
    cr_expect_eq(choice.giver, 1);
    cr_expect_eq(choice.tests, 5, "5 for each, the one at work included");
    /* The taker's set-up of two tests' time is shared by both. */
    cr_assert(split_choose(works, 3, 2 * SECOND, 0, &choice));
    cr_expect_eq(choice.tests, 4);
}

Test(split, leaves_alone_what_is_not_worth_the_set_up)
{
    struct split_work works[] = {{.working = true, .waiting = 3, .test_us = 1000}};
    struct split_choice choice;
    cr_expect_not(split_choose(works, 1, SECOND, 0, &choice));
    works[0] = (struct split_work){.working = true, .waiting = 0, .test_us = 100 * SECOND};
    cr_expect_not(split_choose(works, 1, SECOND, 0, &choice), "the one at work cannot be cut");
    cr_expect_not(split_choose(NULL, 0, SECOND, 0, &choice));
}

Test(split, relieves_early_only_who_would_end_after_the_others)
{
    struct split_work works[] = {
        {.working = true, .waiting = 99, .test_us = SECOND, .known = true}};
    struct split_choice choice;
    cr_expect_not(split_choose(works, 1, SECOND, 200 * SECOND, &choice));
    cr_expect(split_choose(works, 1, SECOND, 90 * SECOND, &choice));
    /* Nothing is known of it: its tests may be much longer. */
    works[0].known = false;
    cr_expect(split_choose(works, 1, SECOND, 110 * SECOND, &choice));
}

Test(split, gives_up_whole_pieces_first)
{
    struct split_work works[] = {
        {.working = true, .waiting = 5, .test_us = SECOND, .behind_us = 2 * SECOND}};
    struct split_choice choice;
    cr_assert(split_choose(works, 1, SECOND, 0, &choice));
    cr_expect_eq(choice.tests, 0);
}

/* ---- dispatch ---- */

Test(dispatch, gives_the_longest_first_and_unknown_files_before)
{
    const struct dispatch_file files[] = {{SECOND, 1}, {9 * SECOND, 1}, {-1, 1}};
    struct dispatch *dispatch = dispatch_new(&(struct dispatch_terms){
        .files = files, .files_count = 3, .workers = 3, .workers_max = 3, .unknown_us = SECOND});
    cr_assert(dispatch);
    const uint32_t order[] = {2, 1, 0};
    for (size_t i = 0; i < 3; i++) {
        cr_assert(dispatch_ask(dispatch, i, 0));
        cr_expect_eq(dispatch_piece(dispatch, i)->file, order[i]);
    }
    dispatch_free(&dispatch);
}

Test(dispatch, meets_in_the_middle_of_a_file_at_work)
{
    const struct dispatch_file file = {10 * SECOND, 10};
    struct dispatch *dispatch = dispatch_new(
        &(struct dispatch_terms){.files = &file, .files_count = 1, .workers = 2, .workers_max = 2});
    cr_assert(dispatch);
    cr_assert(dispatch_ask(dispatch, 0, 0));
    cr_assert(dispatch_may_give(dispatch));
    cr_assert(dispatch_ask(dispatch, 1, 0));
    cr_expect_eq(dispatch_piece(dispatch, 0)->first, 0);
    cr_expect_eq(dispatch_piece(dispatch, 0)->count, 5);
    cr_expect_eq(dispatch_piece(dispatch, 1)->first, 5);
    cr_expect_eq(dispatch_piece(dispatch, 1)->count, 5);
    for (uint64_t i = 1; i <= 5; i++) {
        cr_expect_eq(dispatch_report(dispatch, 0, i * SECOND),
                     i < 5 ? DISPATCH_TEST : DISPATCH_IDLE);
        cr_expect_eq(dispatch_report(dispatch, 1, i * SECOND),
                     i < 5 ? DISPATCH_TEST : DISPATCH_IDLE);
    }
    cr_expect_not(dispatch_ask(dispatch, 0, 5 * SECOND));
    dispatch_free(&dispatch);
}

Test(dispatch, without_relief_cuts_a_long_file_when_it_gives_it_away)
{
    const struct dispatch_file files[] = {{40 * SECOND, 40}, {SECOND, 1}};
    struct dispatch *dispatch = dispatch_new(&(struct dispatch_terms){.files = files,
                                                                      .files_count = 2,
                                                                      .workers = 4,
                                                                      .workers_max = 4,
                                                                      .setup_us = SECOND,
                                                                      .no_relief = true});
    cr_assert(dispatch);
    uint32_t first = 0;
    for (size_t i = 0; i < 3; i++) {
        cr_assert(dispatch_ask(dispatch, i, 0));
        cr_expect_eq(dispatch_piece(dispatch, i)->file, 0);
        cr_expect_eq(dispatch_piece(dispatch, i)->first, first);
        cr_expect_geq(dispatch_piece(dispatch, i)->count, 10, "ten set-ups");
        first += dispatch_piece(dispatch, i)->count;
    }
    cr_expect_not(dispatch_may_give(dispatch));
    cr_assert(dispatch_ask(dispatch, 3, 0));
    cr_expect_eq(dispatch_piece(dispatch, 3)->first, first);
    dispatch_free(&dispatch);
}

Test(dispatch, hands_on_what_a_lost_worker_had_not_reported)
{
    const struct dispatch_file files[] = {{10 * SECOND, 10}};
    struct dispatch *dispatch = dispatch_new(
        &(struct dispatch_terms){.files = files, .files_count = 1, .workers = 1, .workers_max = 2});
    cr_assert(dispatch);
    cr_assert(dispatch_ask(dispatch, 0, 0));
    cr_expect_eq(dispatch_report(dispatch, 0, SECOND), DISPATCH_TEST);
    cr_expect_eq(dispatch_report(dispatch, 0, 2 * SECOND), DISPATCH_TEST);
    dispatch_lose(dispatch, 0);
    dispatch_lose(dispatch, 0);
    cr_assert(dispatch_ask(dispatch, 1, 3 * SECOND));
    cr_expect_eq(dispatch_piece(dispatch, 1)->first, 2);
    cr_expect_eq(dispatch_piece(dispatch, 1)->count, 8);
    dispatch_free(&dispatch);
}

enum { FILES = 200, WORKERS = 12, TESTS_MAX = 20 };

static uint64_t roll(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* Any worker reports, asks or dies at any time; the first one lives. */
static void play(struct dispatch *dispatch, uint64_t *state, uint8_t (*reports)[TESTS_MAX])
{
    bool dead[WORKERS] = {false};
    bool busy[WORKERS] = {false};
    uint32_t done[WORKERS] = {0};
    uint64_t idle = 0;
    for (uint64_t now_us = 0; idle < 1000; now_us += roll(state) % 1000) {
        size_t worker = roll(state) % WORKERS;
        idle++;
        if (dead[worker]) {
            continue;
        }
        if (!busy[worker]) {
            busy[worker] = dispatch_ask(dispatch, worker, now_us);
            done[worker] = 0;
            idle = busy[worker] ? 0 : idle;
            continue;
        }
        idle = 0;
        if (worker > 0 && roll(state) % 500 == 0) {
            dispatch_lose(dispatch, worker);
            dead[worker] = true;
            continue;
        }
        const struct queue_piece *piece = dispatch_piece(dispatch, worker);
        cr_assert_lt(done[worker], piece->count);
        reports[piece->file][piece->first + done[worker]++]++;
        enum dispatch_next next = dispatch_report(dispatch, worker, now_us);
        busy[worker] = next != DISPATCH_IDLE;
        done[worker] = next == DISPATCH_TEST ? done[worker] : 0;
    }
}

Test(dispatch, has_every_test_reported_once_whoever_is_lost)
{
    for (uint64_t seed = 1; seed <= 50; seed++) {
        uint64_t state = seed * 7919;
        struct dispatch_file files[FILES];
        uint8_t reports[FILES][TESTS_MAX] = {{0}};
        for (size_t i = 0; i < FILES; i++) {
            int64_t expected_us = roll(&state) % 3 == 0 ? -1 : (int64_t)(roll(&state) % 20000);
            files[i] =
                (struct dispatch_file){expected_us, 1 + (uint32_t)(roll(&state) % TESTS_MAX)};
        }
        struct dispatch *dispatch =
            dispatch_new(&(struct dispatch_terms){.files = files,
                                                  .files_count = FILES,
                                                  .workers = WORKERS / 2,
                                                  .workers_max = WORKERS,
                                                  .setup_us = seed % 2 * 100,
                                                  .unknown_us = 1000,
                                                  .no_relief = seed % 4 > 1});
        cr_assert(dispatch);
        play(dispatch, &state, reports);
        for (size_t i = 0; i < FILES; i++) {
            for (uint32_t test = 0; test < files[i].tests; test++) {
                cr_assert_eq(reports[i][test], 1, "seed %lu file %zu test %u: %u times", seed, i,
                             test, reports[i][test]);
            }
        }
        dispatch_free(&dispatch);
        cr_expect_null(dispatch);
    }
}
