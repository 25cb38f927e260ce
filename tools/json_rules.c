/* json_rules.c - what troupe rules writes. */
#include "tools/json_rules.h"

#include <inttypes.h>
#include <jansson.h>

#include "tools/json.h"

static json_int_t as_int(size_t number)
{
    return (json_int_t)number;
}

enum err json_rules(FILE *out, const struct json_rules *sums)
{
    return json_put(out,
                    json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "rules", as_int(sums->rules),
                              "examples", as_int(sums->examples), "failed", as_int(sums->failed),
                              "shadowed", as_int(sums->shadowed), "runaway", as_int(sums->runaway),
                              "warnings", as_int(sums->warnings)));
}

enum err json_explained(FILE *out, const struct classification *result,
                        const struct rule *const *list, size_t count)
{
    char cause[17];
    json_t *why = json_array();
    json_t *holds = json_array();
    int bad = !why || !holds;
    (void)snprintf(cause, sizeof cause, "%016" PRIx64, result->fingerprint);
    for (size_t i = 0; i < result->why_count && !bad; i++) {
        bad = json_array_append_new(why, json_words(result->why[i]));
    }
    for (size_t i = 0; i < count && !bad; i++) {
        bad = json_array_append_new(
            holds, json_pack("{s:o, s:s, s:o, s:I}", "rule", json_words(list[i]->name), "label",
                             rules_label_name(list[i]->label), "file", json_words(list[i]->file),
                             "line", as_int(list[i]->line)));
    }
    if (bad) {
        json_decref(why);
        json_decref(holds);
        return ERR_MEMORY;
    }
    return json_put(out, json_pack("{s:s, s:f, s:i, s:{s:s, s:s}, s:s, s:o, s:s, s:o, s:o}",
                                   "label", rules_label_name(result->label), "confidence",
                                   (double)result->confidence, "priority", (int)result->priority,
                                   "route", "queue", result->route->queue, "model",
                                   result->route->model, "code", result->primary.code, "file",
                                   json_words(result->primary.file), "cause", cause, "why", why,
                                   "rules", holds));
}
