/* report.h - a run as its authors read it at GitHub. */
#ifndef ACTORS_GATEWAY_REPORT_H
#define ACTORS_GATEWAY_REPORT_H

#include "actors/gateway/findings.h"
#include "actors/gateway/origin.h"
#include "actors/gateway/text.h"

/* GitHub counts characters, we bytes, which are never fewer. */
enum { REPORT_TEXT_MAX = 65535, REPORT_TITLE_MAX = 200, REPORT_ANNOTATIONS_MAX = 50 };

/* Name of the check run, and the first line of the comment by which it is found again. */
#define REPORT_NAME       "troupe"
#define REPORT_MARKER     "<!-- troupe:pr -->"
#define REPORT_RUN_MARKER "<!-- troupe:run "

struct report {
    const struct origin *origin;
    const char *run; /* id */
    const struct findings *findings;
    size_t annotated; /* annotations that GitHub has already: the first findings */
};

/* One line: "2 of 120 tests failed". */
void report_title(const struct report *report, struct text *text);

/* The figures, and a line for each failure. */
void report_summary(const struct report *report, struct text *text);

/* Each failure with its text, its fix or healing, or why there is none, as far as they fit. */
void report_details(const struct report *report, struct text *text);

/* The comment, whole. */
void report_comment(const struct report *report, struct text *text);

/* Bodies for GitHub, without the findings (check_begin) and with them; JSON, malloc'ed; NULL when
 * memory ran out or the findings hold no end of the run. */
char *report_json_check_begin(const struct report *report, size_t *ret_size);
char *report_json_check_end(const struct report *report, size_t *ret_size);
char *report_json_comment(const struct report *report, size_t *ret_size);

/* How many annotations check_end brings: GitHub takes REPORT_ANNOTATIONS_MAX at a time. */
size_t report_annotations(const struct report *report);

#endif
