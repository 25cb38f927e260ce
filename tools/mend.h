/* mend.h - one command that fails, mended: reproduced, given candidates, proved, perhaps applied.
 *
 * An actor between a fixer and a validator of the same process.  It fills the struct that it was
 * given, writes one byte to its pipe and does nothing more; the struct is then the caller's.
 */
#ifndef TOOLS_MEND_H
#define TOOLS_MEND_H

#include "runtime/actor.h"

enum { MEND_CANDIDATES_MAX = 16, MEND_OUTPUT_MAX = 16384 };

enum mend_status {
    MEND_FIXED,
    MEND_NOT_FIXED,
    MEND_NOTHING_TO_FIX,
    MEND_REFUSED,   /* there were candidates, and the policy let none through */
    MEND_COULD_NOT, /* the command could not be run: `reason` */
    MEND_TIMED_OUT
};

struct mend_candidate {
    char *source; /* owned, like the diff */
    char *diff;
    char *affected; /* test files that it may reach, a line each */
    uint64_t votes;
    enum term verdict; /* a proof; 0: not tried */
    char reason[MSG_MAX_validated_reason + 1];
    char doubt[MSG_MAX_candidate_doubt + 1]; /* why it is not applied though it is proved */
};

/* What is wanted (strings borrowed) and, below, what came of it. */
struct mend {
    const char *dir;
    const char *root;
    const char *env;
    const char *snapshot;
    const char *command;
    const char *allow; /* globs, a line each */
    bool apply;
    uint64_t timeout_ms;
    int done; /* gets a byte at the end */

    enum mend_status status;
    uint64_t errors_before;
    uint64_t errors_after;
    uint64_t attempts; /* candidates proved */
    struct mend_candidate candidates[MEND_CANDIDATES_MAX];
    size_t count;
    size_t winner; /* when fixed */
    bool applied;
    uint64_t before_ms; /* until the command had failed… */
    uint64_t look_ms;   /* …from the first FIX to the last candidate, perhaps beside it */
    uint64_t proof_ms;  /* of all proofs together */
    char reason[MSG_MAX_candidates_reason + 1]; /* why not */
};

/* Its arg is a pointer to the struct mend; it needs commands behind rt_exec. */
extern const struct rt_behaviour mend_behaviour;

/* Errors that the output of a compiler or test runner tells of; at least 1.  Pure. */
uint64_t mend_count(const char *output);

/* "fixed", "not_fixed", …: as interfaces know it; static. */
const char *mend_word(enum mend_status status);

/* Whether the command is the type checker alone: it has no moods, once is proof enough.  Pure. */
bool mend_is_tsc(const char *command);

/* Whether the command is all tests of vitest: there are no others to be asked.  Pure. */
bool mend_is_whole_vitest(const char *command);

/* And looks at what the tsconfig.json of the project itself names.  Pure. */
bool mend_is_whole_tsc(const char *command);

void mend_free(struct mend *mend);

#endif
