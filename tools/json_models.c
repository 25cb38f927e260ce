/* json_models.c - see json_models.h. */
#include "tools/json_models.h"

#include <jansson.h>

#include "tools/json.h"

static json_t *instance_of(const struct plan_instance *instance)
{
    return json_pack("{s:s, s:s, s:I}", "url", instance->url, "dialect",
                     instance->backend->dialect == PLAN_OLLAMA ? "ollama" : "openai", "in_flight",
                     (json_int_t)instance->backend->in_flight);
}

enum err json_models_list(FILE *out, const struct plan *plan)
{
    json_t *classes = json_object();
    json_t *instances = json_array();
    int failed = classes && instances ? 0 : -1;
    for (size_t i = 0; i < PLAN_CLASSES && failed == 0; i++) {
        const struct plan_class *class = &plan->classes[i];
        json_t *chain = json_array();
        failed = json_object_set_new(classes, plan_class_word(i), chain);
        for (size_t j = 0; j < class->chain_count && failed == 0; j++) {
            failed = json_array_append_new(chain, json_string(plan->models[class->chain[j]].name));
        }
    }
    for (size_t i = 0; i < plan->instances_count && failed == 0; i++) {
        failed = json_array_append_new(instances, instance_of(&plan->instances[i]));
    }
    if (failed != 0) {
        json_decref(classes);
        json_decref(instances);
        return ERR_MEMORY;
    }
    return json_put(out, json_pack("{s:o, s:o}", "classes", classes, "instances", instances));
}

static json_t *pinged_of(const struct plan *plan, size_t index, const struct models_pinged *pinged)
{
    json_t *models = json_array();
    for (size_t i = 0; models && i < plan->models_count; i++) {
        if ((pinged->models & 1U << i) != 0 &&
            json_array_append_new(models, json_string(plan->models[i].name)) != 0) {
            json_decref(models);
            return NULL;
        }
    }
    return json_pack("{s:s, s:b, s:I, s:o, s:s}", "url", plan->instances[index].url, "reached",
                     pinged->why[0] == '\0', "ms", (json_int_t)pinged->ms, "models", models,
                     "reason", pinged->why);
}

enum err json_models_ping(FILE *out, const struct plan *plan, const struct models_pinged *pinged)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < plan->instances_count; i++) {
        if (json_array_append_new(list, pinged_of(plan, i, &pinged[i])) != 0) {
            json_decref(list);
            return ERR_MEMORY;
        }
    }
    return json_put(out, json_pack("{s:o}", "instances", list));
}
