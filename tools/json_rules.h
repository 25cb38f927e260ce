/* json_rules.h - what troupe rules writes.  ERR_MEMORY or ERR_IO; each object is one line. */
#ifndef TOOLS_JSON_RULES_H
#define TOOLS_JSON_RULES_H

#include <stdio.h>

#include "actors/classifier/classify.h"

struct json_rules {
    size_t rules, examples, failed, shadowed, runaway, warnings, problems;
};

enum err json_rules(FILE *out, const struct json_rules *sums) MUST_CHECK;

/* `list` are the rules that hold, the winner first. */
enum err json_explained(FILE *out, const struct classification *result,
                        const struct rule *const *list, size_t count) MUST_CHECK;

#endif
