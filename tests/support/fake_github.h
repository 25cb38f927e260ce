/* fake_github.h - check runs of one commit and comments of one pull request, as GitHub's API has
 * them.  No chance of its own: who calls it decides what gets lost.
 */
#ifndef TESTS_SUPPORT_FAKE_GITHUB_H
#define TESTS_SUPPORT_FAKE_GITHUB_H

#include <stddef.h>
#include <stdint.h>

enum { FAKE_THINGS_MAX = 128, FAKE_WORD_SIZE = 32 };

struct fake_check {
    uint64_t id;
    char name[FAKE_WORD_SIZE];
    char external_id[FAKE_WORD_SIZE]; /* the run */
    char status[FAKE_WORD_SIZE];
    char conclusion[FAKE_WORD_SIZE]; /* empty until it is completed */
};

struct fake_comment {
    uint64_t id;
    char *body; /* owned */
};

struct fake_github {
    struct fake_check checks[FAKE_THINGS_MAX];
    size_t checks_count;
    struct fake_comment comments[FAKE_THINGS_MAX];
    size_t comments_count;
    uint64_t last_id;
};

/* Somebody else's. */
void fake_github_comment(struct fake_github *github, const char *body);

/* Status of HTTP; *ret_body is the caller's to free. */
uint64_t fake_github_answer(struct fake_github *github, const char *method, const char *url,
                            const char *body, char **ret_body);

/* How many check runs the run has, and comments there are that begin with the text; *ret_last is
 * the last of them, as long as nothing is asked. */
size_t fake_github_checks(const struct fake_github *github, const char *run,
                          const struct fake_check **ret_last);
size_t fake_github_comments(const struct fake_github *github, const char *begin,
                            const char **ret_last);

void fake_github_fini(struct fake_github *github);

#endif
