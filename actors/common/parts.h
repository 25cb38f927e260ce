/* parts.h - how the tests of one long file are given to several workers.
 *
 * Pure.  What is known of a file are the names and times that its tests had the last time.  Pieces
 * are cut off its front, each "only these names"; the last one is "all but those names", so that
 * every test is in exactly one part, also one that is new, renamed or gone.  Two names that a
 * runner may not be able to tell apart (see parts_compare) are never in different parts.
 */
#ifndef ACTORS_COMMON_PARTS_H
#define ACTORS_COMMON_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/message.h"
#include "proto/terms.h"

struct parts_test {
    struct msg_str name;
    uint64_t duration_us;
};

/* A file of which parts can be given away.  Plain data; all zero is one without tests. */
struct parts {
    struct parts_test
        *tests; /* owned, the names borrowed; in the order in which they are cut off */
    uint32_t count;
    uint32_t nameable; /* the first so many may stand in a list of names */
    uint64_t setup_us; /* what a part costs beside its tests */
    double scale;      /* of the tests' times to their share of the file's */
};

/* The parts of a file that is expected to take so long as a whole.  ERR_LIMIT: nothing can be
 * gained: fewer than two tests, or their names are too long for one message.  ERR_MEMORY.  End it
 * with parts_fini. */
enum err parts_init(struct parts *parts, const struct parts_test *tests, size_t count,
                    uint64_t expected_us) MUST_CHECK;
void parts_fini(struct parts *parts);

/* By the name without the number that tells tests of one name apart (" #2"), where a suite's name
 * and a space before a test's are the same.  0: they belong together. */
int parts_compare(struct msg_str a, struct msg_str b);

/* Expected time of these tests, without a set-up. */
uint64_t parts_us(const struct parts *parts, uint32_t first, uint32_t count);

/* How many tests to cut off the front of a piece so that they take about `target_us`: `count` when
 * too little would be left, or the piece cannot be cut. */
uint32_t parts_cut(const struct parts *parts, uint32_t first, uint32_t count, uint64_t target_us);

/* What a piece is for its runner: its tests alone, or all but those before it when nothing of the
 * file comes behind it.  *ret_names, a line each, is the caller's to free.  ERR_MEMORY. */
enum err parts_select(const struct parts *parts, uint32_t first, uint32_t count,
                      enum term *ret_select, char **ret_names) MUST_CHECK;

/* True when no name is there twice; sorts them. */
bool parts_distinct(struct msg_str *names, size_t count);

#endif
