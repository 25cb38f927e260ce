/* report.h - the problems of a configuration file, as lines for people.
 *
 * Plain data of a fixed size: the first CONFIG_PROBLEMS_MAX problems as "file:line:column: text",
 * the others only counted.
 */
#ifndef CONFIG_REPORT_H
#define CONFIG_REPORT_H

#include <stddef.h>
#include <stdio.h>

#define CONFIG_PROBLEMS_MAX 20
#define CONFIG_PROBLEM_SIZE 768

struct config_report {
    size_t count; /* problems found, those without room included */
    char lines[CONFIG_PROBLEMS_MAX][CONFIG_PROBLEM_SIZE];
};

/* Where something stands in a file; lines and columns count from 1, columns in characters. */
struct config_place {
    const char *file;
    size_t line;
    size_t column;
};

/* Makes `report` empty. */
void config_report_clear(struct config_report *report);

/* How many lines are filled. */
size_t config_report_lines(const struct config_report *report);

/* Adds a problem; what does not fit into a line is cut. */
void config_report_add(struct config_report *report, const struct config_place *place,
                       const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Writes the lines to `out`, and how many more there were. */
void config_report_print(FILE *out, const struct config_report *report);

#endif
