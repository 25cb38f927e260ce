/* answer.h - a change of the project out of what a model wrote.
 *
 * Pure.  Only what was shown may be changed; what is not wholly understood is refused.  A model
 * that answers in blocks writes
 *
 *     FILE src/a.ts
 *     ORIGINAL
 *     12| const a = 1
 *     FIXED
 *     12| const a = '1'
 *     END
 *
 * any number of times, with prose and fences around; one that answers with the whole writes the
 * first excerpt again, in one fence.
 */
#ifndef ACTORS_MODELS_ANSWER_H
#define ACTORS_MODELS_ANSWER_H

#include <stdbool.h>

#include "proto/message.h"

enum {
    ANSWER_EDITS_MAX = 16,
    ANSWER_BLOCK_LINES_MAX = 512,
    ANSWER_DIFF_MAX = MSG_MAX_candidate_diff,
    ANSWER_WHY_SIZE = 200
};

/* A file that was shown.  The text is all of it. */
struct answer_file {
    const char *path;
    struct msg_str text;
    bool fixed;      /* not to be changed: a test */
    size_t from, to; /* lines that were shown, from 1, `to` included */
};

struct answer_input {
    const struct answer_file *files; /* the first is the one that is written as a whole */
    size_t count;
    struct msg_str text; /* what the model wrote */
    bool whole;
    bool cut; /* it came to its limit */
};

/* The diff, the caller's to free, *ret_diff.  ERR_REFUSED: `why` (ANSWER_WHY_SIZE bytes) says what
 * was wrong with the answer; ERR_MEMORY. */
enum err answer_read(const struct answer_input *input, char **ret_diff, char *why) MUST_CHECK;

#endif
