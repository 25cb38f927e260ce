/* json_errors.h - what troupe errors writes.  ERR_MEMORY or ERR_IO; each object is one line. */
#ifndef TOOLS_JSON_ERRORS_H
#define TOOLS_JSON_ERRORS_H

#include <stdio.h>

#include "actors/classifier/teach.h"
#include "tools/findings.h"

/* One cause: its most telling failure, and where else it is seen. */
struct json_cause {
    const struct finding *first;
    const struct finding *const *all;
    size_t count;
};

/* {"run","errors":[…]}; each with all its failures. */
enum err json_causes(FILE *out, const char *run, const struct json_cause *causes,
                     size_t count) MUST_CHECK;

/* What became of a correction. */
struct json_lesson {
    const char *id;
    uint64_t cause;
    const char *before; /* label; "" for none */
    const char *label;
    const char *queue;
    bool has_model;
    struct teach_sums sums;
};

enum err json_lesson(FILE *out, const struct json_lesson *lesson) MUST_CHECK;

#endif
