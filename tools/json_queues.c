/* json_queues.c - what troupe queue apply prints. */
#include <jansson.h>

#include "tools/json.h"
#include "tools/queue_apply.h"

enum err json_queues(FILE *out, const struct queues_apply *apply)
{
    json_t *list = json_array();
    int bad = !list;
    for (size_t i = 0; i < apply->queues->count && !bad; i++) {
        const struct queue_state *state = &apply->states[i];
        bad = json_array_append_new(
            list, json_pack("{s:s, s:s, s:o, s:o}", "queue", apply->queues->list[i].name, "state",
                            queue_outcome_word(state->outcome), "url", json_words(state->url),
                            "reason", json_words(state->why)));
    }
    if (bad) {
        json_decref(list);
        return ERR_MEMORY;
    }
    return json_put(out, json_pack("{s:b, s:b, s:o}", "check", apply->check, "good",
                                   queues_apply_good(apply), "queues", list));
}
