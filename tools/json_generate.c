/* json_generate.c - see json_generate.h. */
#include "tools/json_generate.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "tools/json.h"

enum { TESTS_MAX = 100000 }; /* any number beyond is a lie */

char *json_generate_request(const char *dir, const char *const *sources, size_t count, bool mutants,
                            uint64_t budget_ms)
{
    json_t *list = json_array();
    int failed = list ? 0 : -1;
    for (size_t i = 0; i < count && failed == 0; i++) {
        failed = json_array_append_new(list, json_words(sources[i]));
    }
    json_t *root = json_words(dir);
    if (failed != 0 || !root) {
        json_decref(list);
        json_decref(root);
        return NULL;
    }
    json_t *object = json_pack("{s:o, s:o, s:b, s:I}", "root", root, "sources", list, "mutants",
                               mutants, "budget_ms", (json_int_t)budget_ms);
    char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;
    json_decref(object);
    return text;
}

static const char *string_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static uint64_t number_of(const json_t *object, const char *key)
{
    json_int_t number = json_integer_value(json_object_get(object, key));
    return number > 0 && number <= TESTS_MAX ? (uint64_t)number : 0;
}

static enum err take_file(json_t *object, struct generate *generate)
{
    if (generate->count == GENERATE_FILES_MAX) {
        return ERR_LIMIT;
    }
    const json_t *mutants = json_object_get(object, "mutants");
    const char *text = string_of(object, "text");
    struct generated *file = &generate->files[generate->count++];
    *file = (struct generated){.source = strdup(string_of(object, "source")),
                               .test = strdup(string_of(object, "test")),
                               .status = strdup(string_of(object, "status")),
                               .text = text[0] ? strdup(text) : NULL,
                               .tests = number_of(object, "tests"),
                               .killed = number_of(mutants, "killed"),
                               .total = number_of(mutants, "total")};
    bool whole = file->source && file->test && file->status && (file->text || !text[0]);
    (void)json_object_del(object, "text"); /* perhaps it had none */
    (void)json_object_del(object, "ev");
    file->line = json_dumps(object, JSON_COMPACT);
    return whole && file->line ? ERR_OK : ERR_MEMORY;
}

enum err json_generate_event(const char *line, size_t size, struct generate *generate)
{
    json_t *object = json_loadb(line, size, 0, NULL);
    const char *event = string_of(object, "ev");
    enum err err = ERR_OK;
    if (strcmp(event, "file") == 0) {
        err = take_file(object, generate);
    } else if (strcmp(event, "end") == 0) {
        generate->ended = true;
    } else if (strcmp(event, "fatal") == 0) {
        (void)snprintf(generate->reason, sizeof generate->reason, "%s",
                       string_of(object, "message"));
    } else {
        err = ERR_MALFORMED;
    }
    json_decref(object);
    return err;
}

/* What was said, with the status as it is now. */
static json_t *file_of(const struct generated *file)
{
    json_t *object = json_loads(file->line, 0, NULL);
    json_t *mutants = json_pack("{s:I, s:I}", "killed", (json_int_t)file->killed, "total",
                                (json_int_t)file->total);
    if (json_object_set_new(object, "source", json_words(file->source)) != 0 ||
        json_object_set_new(object, "test", json_words(file->test)) != 0 ||
        json_object_set_new(object, "tests", json_integer((json_int_t)file->tests)) != 0 ||
        json_object_set_new(object, "mutants", mutants) != 0 ||
        json_object_set_new(object, "status", json_words(file->status)) != 0) {
        json_decref(object);
        return NULL;
    }
    return object;
}

enum err json_generated(FILE *out, const struct generate *generate, uint64_t wall_ms)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < generate->count; i++) {
        if (json_array_append_new(list, file_of(&generate->files[i])) != 0) {
            json_decref(list);
            return ERR_MEMORY;
        }
    }
    return json_put(out, json_pack("{s:o, s:I}", "files", list, "wall_ms", (json_int_t)wall_ms));
}
