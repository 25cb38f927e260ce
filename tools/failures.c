/* failures.c - what failed in a run, one at a time. */
#include <stdio.h>

#include "tools/report.h"

static uint64_t hash_text(uint64_t hash, const char *text) /* FNV-1a */
{
    for (; *text; text++) {
        hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
    }
    return hash;
}

void report_error_id(const char *file, const char *test, char id[ERROR_ID_SIZE])
{
    uint64_t hash = hash_text(UINT64_C(14695981039346656037), file);
    hash = hash_text(hash * UINT64_C(1099511628211), test);
    (void)snprintf(id, ERROR_ID_SIZE, "%016llx", (unsigned long long)hash);
}

/* A file that was lost, or that failed though none of its tests did. */
static bool is_failure_itself(const struct file_result *file)
{
    bool any = false;
    for (size_t i = 0; i < file->count; i++) {
        any |= file->tests[i].status == TERM_status_FAILED;
    }
    return file->status == TERM_status_LOST || (file->status == TERM_status_FAILED && !any);
}

bool report_next_failure(const struct file_result *file, const struct findings *findings,
                         size_t *at, struct failure *ret_failure)
{
    for (; *at < file->count; (*at)++) {
        const struct test_result *test = &file->tests[*at];
        if (test->status == TERM_status_FAILED) {
            (*at)++;
            *ret_failure =
                (struct failure){.file = file,
                                 .test = test->name,
                                 .message = test->message[0] ? test->message : file->message,
                                 .line = test->line,
                                 .column = test->column,
                                 .finding = findings_find(findings, file->job, test->name)};
            return true;
        }
    }
    if (*at > file->count || !is_failure_itself(file)) {
        return false;
    }
    (*at)++;
    *ret_failure = (struct failure){
        .file = file,
        .test = "",
        .message = file->message[0] ? file->message : term_word("outcome", file->outcome),
        .finding = findings_find(findings, file->job, "")};
    return true;
}
