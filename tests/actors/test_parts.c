/* test_parts.c - long files cut into parts: every test in one of them, whatever its name. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/common/parts.h"
#include "actors/common/queue.h"
#include "actors/common/split.h"

enum { MS = 1000, S = 1000000 };

static struct parts make(const char *const *names, size_t count, uint64_t each_us,
                         uint64_t expected_us)
{
    struct parts_test *tests = calloc(count, sizeof *tests);
    cr_assert(tests);
    for (size_t i = 0; i < count; i++) {
        tests[i] = (struct parts_test){msg_str(names[i]), each_us};
    }
    struct parts parts;
    cr_assert_eq(parts_init(&parts, tests, count, expected_us), ERR_OK);
    free(tests);
    return parts;
}

/* "SELECT:a|b|" of a piece. */
static char *selection(const struct parts *parts, uint32_t first, uint32_t count)
{
    static char text[256];
    enum term select;
    char *names;
    cr_assert_eq(parts_select(parts, first, count, &select, &names), ERR_OK);
    for (char *at = names; (at = strchr(at, '\n'));) {
        *at = '|';
    }
    (void)snprintf(text, sizeof text, "%s:%s", select == TERM_select_ONLY ? "only" : "but", names);
    free(names);
    return text;
}

static const char *const letters[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"};

/* ---- names ---- */

Test(parts, keeps_together_what_a_runner_may_not_tell_apart)
{
    static const char *const same[][2] = {
        {"a", "a #2"},    {"a #2", "a #3"},         {"a > b", "a b"},           {"a > b #2", "a b"},
        {"a #2 #2", "a"}, {"a > b > c", "a b > c"}, {"a > > b", "a > b #7 #12"}};
    for (size_t i = 0; i + 1 < sizeof same / sizeof same[0]; i++) {
        cr_expect_eq(parts_compare(msg_str(same[i][0]), msg_str(same[i][1])), 0, "%s, %s",
                     same[i][0], same[i][1]);
    }
    static const char *const other[][2] = {{"a", "b"},   {"a", "a b"},  {"a#2", "a"},
                                           {"a #", "a"}, {"a #x", "a"}, {"a 2", "a"}};
    for (size_t i = 0; i < sizeof other / sizeof other[0]; i++) {
        cr_expect_neq(parts_compare(msg_str(other[i][0]), msg_str(other[i][1])), 0, "%s, %s",
                      other[i][0], other[i][1]);
    }
}

Test(parts, never_cuts_between_names_that_belong_together)
{
    static const char *const names[] = {"b", "a", "a #2", "a #3", "c"};
    struct parts parts = make(names, 5, S, 5 * S);
    cr_expect_eq(parts_cut(&parts, 0, 5, 1 * S), 3, "all of a");
    cr_expect_str_eq(selection(&parts, 0, 3), "only:a|a #2|a #3|");
    cr_expect_str_eq(selection(&parts, 3, 2), "but:a|a #2|a #3|");
    parts_fini(&parts);
}

Test(parts, leaves_names_that_fit_no_line_to_the_part_without_names)
{
    static const char *const names[] = {"two\nlines", "a", "", "b", " #2"};
    struct parts parts = make(names, 5, S, 5 * S);
    cr_expect_eq(parts.nameable, 2);
    cr_expect_eq(parts_cut(&parts, 0, 5, 4 * S), 2);
    cr_expect_str_eq(selection(&parts, 2, 3), "but:a|b|");
    cr_expect_eq(parts_cut(&parts, 2, 3, 1 * S), 3, "there is nothing left to name");
    parts_fini(&parts);
}

Test(parts, tells_when_a_name_is_there_twice)
{
    struct msg_str names[] = {msg_str("b"), msg_str("a"), msg_str("ab"), msg_str("a #2")};
    cr_expect(parts_distinct(names, 4));
    names[2] = msg_str("a #2");
    cr_expect(!parts_distinct(names, 4));
    cr_expect(parts_distinct(NULL, 0));
}

/* ---- sizes ---- */

Test(parts, are_of_about_the_size_wanted)
{
    struct parts parts = make(letters, 10, S, 11 * S);
    cr_expect_eq(parts.setup_us, S, "what is not in the tests");
    cr_expect_eq(parts_us(&parts, 2, 3), 3 * S);
    cr_expect_eq(parts_cut(&parts, 0, 10, 3 * S), 3);
    cr_expect_eq(parts_cut(&parts, 3, 7, 2500 * MS), 3);
    cr_expect_eq(parts_cut(&parts, 0, 10, 7 * S), 10, "three set-ups are not worth a part");
    cr_expect_eq(parts_cut(&parts, 0, 10, 20 * S), 10);
    parts_fini(&parts);
}

Test(parts, count_tests_that_run_beside_each_other_by_their_share_of_the_file)
{
    struct parts parts = make(letters, 10, S, 2 * S);
    cr_expect_eq(parts_us(&parts, 0, 5), S);
    cr_expect_eq(parts.setup_us, 0);
    parts_fini(&parts);
}

Test(parts, are_not_for_files_where_nothing_is_to_be_gained)
{
    struct parts parts;
    struct parts_test tests[2] = {{msg_str("a"), S}, {msg_str("b"), S}};
    cr_expect_eq(parts_init(&parts, tests, 0, S), ERR_LIMIT);
    cr_expect_eq(parts_init(&parts, tests, 1, S), ERR_LIMIT);
    tests[0].duration_us = tests[1].duration_us = 0;
    cr_expect_eq(parts_init(&parts, tests, 2, S), ERR_LIMIT, "nothing is known of their times");
    tests[0] = (struct parts_test){{"", MSG_MAX_lease_tests}, S};
    cr_expect_eq(parts_init(&parts, tests, 2, S), ERR_LIMIT, "no message could name them");
    cr_expect_null(parts.tests);
}

/* However a file is cut: each test is named once, or in the part that names all others. */
Test(parts, hold_every_test_once)
{
    for (uint64_t target_us = 1; target_us < 12 * S; target_us += 700 * MS) {
        struct parts parts = make(letters, 10, S, 10 * S);
        uint32_t first = 0;
        char named[64] = "";
        while (first < parts.count) {
            uint32_t count = parts_cut(&parts, first, parts.count - first, target_us);
            cr_assert_gt(count, 0u);
            char *text = selection(&parts, first, count);
            if (first + count == parts.count) {
                cr_expect_str_eq(text + 4, named, "all but all others");
            } else {
                (void)strcat(named, text + 5);
            }
            first += count;
        }
        parts_fini(&parts);
    }
}

/* ---- how much of a piece to give away ---- */

Test(parts, of_a_file_that_ends_within_an_even_share_are_not_made)
{
    cr_expect_eq(split_part_us(10 * S, 40 * S, 4, S), 10 * S);
    cr_expect_eq(split_part_us(20 * S, 20 * S, 1, S), 20 * S, "nobody else is there");
}

Test(parts, are_worth_ten_set_ups_while_that_is_no_more_than_an_even_share)
{
    cr_expect_eq(split_part_us(400 * S, 400 * S, 4, S), 400 * S / 12, "a third of a share");
    cr_expect_eq(split_part_us(60 * S, 60 * S, 4, S), 10 * S);
    cr_expect_eq(split_part_us(20 * S, 20 * S, 4, S), 5 * S, "an even share");
    cr_expect_eq(split_part_us(4 * S, 4 * S, 4, S), 2 * S, "and twice its set-up to the end");
}

/* ---- the queue ---- */

Test(queue, forgets_all_pieces_of_a_file_and_keeps_its_order)
{
    struct queue queue;
    cr_assert_eq(queue_init(&queue, 20), ERR_OK);
    for (uint32_t i = 0; i < 20; i++) {
        queue_put(&queue,
                  &(struct queue_piece){.position = (i * 7) % 20, .expected_us = 1, .file = i % 4});
    }
    queue_drop(&queue, 2);
    cr_expect_eq(queue.count, 15);
    cr_expect_eq(queue.expected_us, 15);
    uint64_t last = 0;
    while (queue.count > 0) {
        struct queue_piece piece = queue_take(&queue);
        cr_expect_neq(piece.file, 2u);
        cr_expect_geq(piece.position, last);
        last = piece.position;
    }
    queue_fini(&queue);
}
