/* rounds.c - see rounds.h. */
#include "tools/rounds.h"

#include <stdio.h>
#include <string.h>

size_t rounds_made(const struct findings *findings)
{
    size_t count = 0;
    for (size_t i = 0; i < findings->count; i++) {
        const struct msg_fix_row *fix = findings->all[i].fix;
        count += fix && fix->status == TERM_fix_APPLIED;
    }
    return count;
}

static bool is_red(enum term status)
{
    return status == TERM_status_FAILED || status == TERM_status_LOST;
}

/* Tests keep their order from run to run, so the search begins where the last one ended. */
static const struct test_result *find_test(const struct file_result *file, const char *name,
                                           size_t *at)
{
    for (size_t i = 0; i < file->count; i++) {
        const struct test_result *test = &file->tests[(*at + i) % file->count];
        if (strcmp(test->name, name) == 0) {
            *at = (*at + i + 1) % file->count;
            return test;
        }
    }
    return NULL;
}

/* The name of a test of `after` that is worse than it was; NULL: none is. */
static const char *worse_test(const struct file_result *before, const struct file_result *after)
{
    size_t at = 0;
    for (size_t i = 0; i < after->count; i++) {
        const struct test_result *test = &after->tests[i];
        const struct test_result *was =
            is_red(test->status) ? find_test(before, test->name, &at) : NULL;
        if (was && was->status == TERM_status_PASSED) {
            return test->name;
        }
    }
    return before->status == TERM_status_PASSED && is_red(after->status) ? "" : NULL;
}

bool rounds_worse(const struct results *before, const struct results *after, const char **ret_file,
                  const char **ret_test)
{
    size_t at = 0;
    for (size_t i = 0; i < after->count; i++) {
        const struct file_result *file = after->files[i];
        while (at < before->count && strcmp(before->files[at]->file, file->file) < 0) {
            at++;
        }
        if (at == before->count || strcmp(before->files[at]->file, file->file) != 0 ||
            !is_red(file->status)) {
            continue;
        }
        const char *test = worse_test(before->files[at], file);
        if (test) {
            *ret_file = file->file;
            *ret_test = test;
            return true;
        }
    }
    return false;
}

void round_keep(struct round *round, const char *run, struct results *results,
                struct findings *findings)
{
    (void)snprintf(round->run, sizeof round->run, "%s", run);
    round->results = *results;
    round->findings = *findings;
    *results = (struct results){.files = NULL};
    *findings = (struct findings){.all = NULL};
}

void round_fini(struct round *round)
{
    results_fini(&round->results);
    findings_fini(&round->findings);
}
