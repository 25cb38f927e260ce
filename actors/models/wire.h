/* wire.h - what is said to a model server, and what it says, in the dialects of Ollama and OpenAI.
 *
 * Pure.  An answer is believed as a whole or not at all: it has to end as its dialect says.
 */
#ifndef ACTORS_MODELS_WIRE_H
#define ACTORS_MODELS_WIRE_H

#include "actors/models/plan.h"
#include "proto/message.h"

enum { WIRE_TEXT_MAX = 65536, WIRE_WHY_SIZE = 200 };

/* One generation; strings are borrowed, UTF-8. */
struct wire_ask {
    const struct plan_model *model;
    const struct plan_backend *backend;
    const char *system;
    const char *prompt;
    double temperature;
    uint64_t seed;
};

/* Where it is posted to, behind the URL of the server; static. */
const char *wire_path(enum plan_dialect dialect);
const char *wire_list_path(enum plan_dialect dialect);

/* The body of the request, the caller's to free; NULL without memory or when a text is no UTF-8. */
char *wire_ask(const struct wire_ask *ask);

struct wire_answer {
    char *text; /* terminated; the caller's to free */
    size_t size;
    bool cut; /* it came to num_predict before its end */
    uint64_t tokens_in;
    uint64_t tokens_out;
};

enum wire_result {
    WIRE_DONE,
    WIRE_BROKEN, /* cut, garbage, too much, an error of the server; `why` says which */
    WIRE_MISSING /* no such model, or no memory for it */
};

/* Reads an answer with its status of HTTP.  `why` (WIRE_WHY_SIZE bytes) is UTF-8 without control
 * characters.  *ret_answer is written on WIRE_DONE only. */
enum wire_result wire_read(enum plan_dialect dialect, uint64_t status, struct msg_str body,
                           struct wire_answer *ret_answer, char *why);

/* Which of the plan's models a server lists, a bit each.  ERR_MALFORMED, ERR_MEMORY. */
enum err wire_list(const struct plan *plan, enum plan_dialect dialect, struct msg_str body,
                   uint32_t *ret_models) MUST_CHECK;

#endif
