/* report.h - a run for people and for scripts. */
#ifndef TOOLS_REPORT_H
#define TOOLS_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "tools/findings.h"
#include "tools/results.h"
#include "tools/rounds.h"

/* Plain data; texts borrowed. */
struct report {
    const char *run;
    const char *dir; /* of the project; NULL: not known */
    struct results results;
    struct findings findings;
    struct run_totals totals;
    uint64_t workers;
    uint64_t wall_ms;
    bool tree_changed;
    struct round *rounds; /* borrowed; of the same command before it, oldest first */
    size_t rounds_count;
};

/* How a report looks. */
struct style {
    bool color;
    bool utf8;
    bool quiet;
    bool verbose;
};

/* Sums of files by status. */
struct file_counts {
    uint64_t passed, failed, skipped, flaky, lost;
};

struct file_counts report_count_files(const struct results *results);

/* A failure of a test, or with an empty name of the file itself, which may also be lost. */
struct failure {
    const struct file_result *file;
    const char *test;
    const char *message;
    uint64_t line;
    uint64_t column;
    const struct finding *finding; /* or NULL */
};

/* The next failure of the file; *at is 0 at first.  False: there is none. */
bool report_next_failure(const struct file_result *file, const struct findings *findings,
                         size_t *at, struct failure *ret_failure);

/* Names the same failure in every run. */
enum { ERROR_ID_SIZE = 17 };
void report_error_id(const char *file, const char *test, char id[ERROR_ID_SIZE]);

/* What a file is said to be when it failed, or was lost, before any of its tests. */
#define REPORT_FILE_ITSELF "(the file itself)"

/* ---- report.c: for people ---- */

/* One line as a file ends; failures with their first words. */
void report_file(FILE *out, const struct style *style, const struct file_result *file);

/* All that one wants to know at the end. */
void report_summary(FILE *out, const struct style *style, const struct report *report);

/* Some of a stranger's text: no escape sequences, at most so many lines, each indented. */
void report_text(FILE *out, const char *text, size_t lines_max, const char *indent);

/* A stranger's name, in one line. */
void report_name(FILE *out, const char *text);

void report_heading(FILE *out, const struct style *style, const char *text);

/* How many files were not run, and how many of those that need not have been; false: none. */
enum { REPORT_LEFT_OUT_SIZE = 160 };
bool report_left_out(const struct run_totals *totals, char text[REPORT_LEFT_OUT_SIZE]);

/* "1.20 s", "340 ms", "2 min 05 s" */
enum { DURATION_SIZE = 32 };
const char *report_duration(uint64_t us, char text[DURATION_SIZE]);

/* ---- report_remedies.c ---- */

/* What is proposed about failures, or was done; nothing when there is none. */
void report_remedies(FILE *out, const struct style *style, const struct findings *findings);

/* ---- report_html.c, report_junit.c, report_markdown.c: into a text, without a limit of their own.
 * What does not fit is missing, and text.full says so. ---- */

struct text;

void report_html(struct text *out, const struct report *report);
void report_html_diff(struct text *out, const char *diff);

/* The part of report_decisions.c: nothing when no fix was looked for. */
void report_decisions(struct text *out, const struct report *report);
void report_junit(struct text *out, const struct report *report);

/* For the page of a step at GitHub. */
void report_markdown(struct text *out, const struct report *report);

/* ---- report_dir.c ---- */

/* Writes index.html, junit.xml, report.json, ctrf.json and sarif.json into a directory, which is
 * made when it is missing; each file is replaced as a whole.  ERR_IO: errno tells why; ERR_MEMORY.
 */
enum err report_dir_write(const char *dir, const struct report *report) MUST_CHECK;

/* Appends the Markdown to a file.  ERR_IO, ERR_MEMORY. */
enum err report_step_summary(const char *path, const struct report *report) MUST_CHECK;

/* ---- json_export.c: formats of others ---- */

enum err report_ctrf(FILE *out, const struct report *report) MUST_CHECK;
enum err report_sarif(FILE *out, const struct report *report) MUST_CHECK;

/* ---- json_report.c ---- */

/* The object of the contract, one line.  ERR_MEMORY, ERR_IO. */
enum err report_json(FILE *out, const struct report *report) MUST_CHECK;

#endif
