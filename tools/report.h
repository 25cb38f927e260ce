/* report.h - a run for people and for scripts. */
#ifndef TOOLS_REPORT_H
#define TOOLS_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "tools/findings.h"
#include "tools/results.h"

/* Plain data; texts borrowed. */
struct report {
    const char *run;
    struct results results;
    struct findings findings;
    struct run_totals totals;
    uint64_t workers;
    uint64_t wall_ms;
    bool tree_changed;
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

/* "1.20 s", "340 ms", "2 min 05 s" */
enum { DURATION_SIZE = 32 };
const char *report_duration(uint64_t us, char text[DURATION_SIZE]);

/* ---- report_remedies.c ---- */

/* What is proposed about failures, or was done; nothing when there is none. */
void report_remedies(FILE *out, const struct style *style, const struct findings *findings);

/* ---- json_report.c ---- */

/* The object of the contract, one line.  ERR_MEMORY, ERR_IO. */
enum err report_json(FILE *out, const struct report *report) MUST_CHECK;

#endif
