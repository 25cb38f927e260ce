/* logline.h - one line of log, in one write. */
#ifndef TOOLS_LOGLINE_H
#define TOOLS_LOGLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/actor.h"

enum { LOG_LINE_MAX = 4096 };

struct log_entry {
    uint64_t wall_ms;
    enum rt_level level;
    const char *role; /* name of the process */
    const char *actor;
    const char *text; /* words and key=value; run=, job= and trace= become fields of their own */
};

/* Writes the line with its newline and a NUL to `line`; returns its size without the NUL.  What
 * does not fit is cut; control characters never come through. */
size_t log_line(const struct log_entry *entry, bool json, char line[LOG_LINE_MAX]);

/* The level called `word`; RT_INFO for a stranger. */
enum rt_level log_level(const char *word);

/* "2026-01-31T12:00:00.123Z" */
enum { LOG_TIME_SIZE = 32 };
void log_time(uint64_t wall_ms, char text[LOG_TIME_SIZE]);

#endif
