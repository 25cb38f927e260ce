/* report.c - lines for people. */
#include "config/report.h"

#include <assert.h>
#include <stdarg.h>

void config_report_clear(struct config_report *report)
{
    assert(report);
    report->count = 0;
}

size_t config_report_lines(const struct config_report *report)
{
    return report->count < CONFIG_PROBLEMS_MAX ? report->count : CONFIG_PROBLEMS_MAX;
}

void config_report_add(struct config_report *report, const struct config_place *place,
                       const char *format, ...)
{
    assert(report);
    assert(place);
    size_t index = report->count++;
    if (index >= CONFIG_PROBLEMS_MAX) {
        return;
    }
    char *line = report->lines[index];
    /* A long path must leave room for what is said about it. */
    int used = snprintf(line, CONFIG_PROBLEM_SIZE, "%.200s:%zu:%zu: ", place->file, place->line,
                        place->column);
    assert(used > 0 && used < CONFIG_PROBLEM_SIZE);
    va_list args;
    va_start(args, format);
    (void)vsnprintf(line + used, CONFIG_PROBLEM_SIZE - (size_t)used, format, args);
    va_end(args);
}

void config_report_print(FILE *out, const struct config_report *report)
{
    size_t lines = config_report_lines(report);
    for (size_t i = 0; i < lines; i++) {
        (void)fprintf(out, "%s\n", report->lines[i]);
    }
    if (report->count > lines) {
        (void)fprintf(out, "and %zu more\n", report->count - lines);
    }
}
