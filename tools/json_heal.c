/* json_heal.c - what troupe heal and troupe resolve say. */
#include <jansson.h>

#include "tools/json.h"

static json_t *ranking(const struct json_heal *heal)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < heal->ranking_count; i++) {
        if (json_array_append_new(list, json_integer((json_int_t)heal->ranking[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *texts(const char *const *at, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < count; i++) {
        if (json_array_append_new(list, json_string(at[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static int put_element(json_t *object, const struct json_heal *heal)
{
    bool found = heal->match && heal->match[0] != '\0';
    return json_object_set_new(object, "match", found ? json_string(heal->match) : json_null()) |
           json_object_set_new(object, "frame", json_string(found ? heal->frame : "")) |
           json_object_set_new(object, "selector",
                               heal->selector ? json_string(heal->selector) : json_null()) |
           json_object_set_new(object, "alternatives",
                               texts(heal->alternatives, heal->alternatives_count)) |
           json_object_set_new(object, "reason", json_string(heal->reason));
}

static int put_index(json_t *object, const struct json_heal *heal)
{
    return json_object_set_new(object, "i",
                               heal->index < 0 ? json_null() : json_integer(heal->index)) |
           json_object_set_new(object, "ranking", ranking(heal));
}

enum err json_heal(FILE *out, const struct json_heal *heal)
{
    json_t *object = json_object();
    int bad =
        !object || (heal->id && json_object_set_new(object, "id", json_string(heal->id)) != 0) ||
        json_object_set_new(object, "status", json_string(heal->status)) != 0 ||
        json_object_set_new(object, "confidence", json_real(heal->confidence)) != 0 ||
        (heal->tool && (json_object_set_new(object, "tool", json_string(heal->tool)) |
                        json_object_set_new(object, "asked", json_words(heal->asked))) != 0) ||
        (heal->by_index ? put_index(object, heal) : put_element(object, heal)) != 0;
    if (bad) {
        json_decref(object);
        return ERR_MEMORY;
    }
    return json_put(out, object);
}

enum err json_resolved(FILE *out, const struct json_place *places, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < count; i++) {
        json_t *place = json_pack("{s:s, s:s}", "path", places[i].path, "frame", places[i].frame);
        if (json_array_append_new(list, place) != 0) {
            json_decref(list);
            list = NULL;
        }
    }
    return json_put(out, list ? json_pack("{s:I, s:o}", "count", (json_int_t)count, "matches", list)
                              : NULL);
}
