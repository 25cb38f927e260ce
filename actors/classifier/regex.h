/* regex.h - regular expressions of the rules, with limits.
 *
 * The only user of PCRE2.  Texts come from strangers and expressions from a project's file, so
 * every match ends after a bounded number of steps and within a bounded memory: one that would need
 * more has not matched, and says so.  A compiled expression is only read: any number of threads may
 * use it at once.
 */
#ifndef ACTORS_CLASSIFIER_REGEX_H
#define ACTORS_CLASSIFIER_REGEX_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/error.h"

#define REGEX_STEPS_MAX    20000 /* of the matcher, for one text: some 0.3 ms */
#define REGEX_DEPTH_MAX    1000  /* nested backtracking points */
#define REGEX_HEAP_KIB_MAX 64

struct regex;

enum regex_found { REGEX_NO, REGEX_YES, REGEX_RUNAWAY /* it met a limit */ };

/* What is wrong with an expression. */
struct regex_problem {
    size_t offset; /* bytes from its beginning */
    char text[120];
};

/* Whether a text is written as an expression: "/…/", or "/…/i" where case is not to count. */
bool regex_is_written(const char *text);

/* Compiles one that is written so.  Bytes are matched, not characters; ^ and $ match at lines, and
 * parentheses capture nothing.  The caller owns *ret_regex.  ERR_MALFORMED: *ret_problem says why.
 * ERR_MEMORY. */
enum err regex_new(const char *text, struct regex **ret_regex,
                   struct regex_problem *ret_problem) MUST_CHECK;

/* NULL is fine; *regex is NULL afterwards. */
void regex_destroy(struct regex **regex);

/* Whether it matches anywhere in `size` bytes.  Allocates nothing; needs 160 KiB of stack. */
enum regex_found regex_find(const struct regex *regex, const char *text, size_t size);

#endif
