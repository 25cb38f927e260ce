/* json_models.h - what troupe models prints. */
#ifndef TOOLS_JSON_MODELS_H
#define TOOLS_JSON_MODELS_H

#include <stdio.h>

#include "actors/models/plan.h"
#include "actors/models/wire.h"

/* What came of asking an instance. */
struct models_pinged {
    uint64_t ms;
    uint32_t models;         /* a bit for each of the plan's that it has */
    char why[WIRE_WHY_SIZE]; /* it was not reached; empty: it was */
};

enum err json_models_list(FILE *out, const struct plan *plan) MUST_CHECK;

/* `pinged`: one for each instance of the plan. */
enum err json_models_ping(FILE *out, const struct plan *plan,
                          const struct models_pinged *pinged) MUST_CHECK;

#endif
