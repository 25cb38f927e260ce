/* json_classify.c - the lines that troupe classify reads and writes. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "tools/json.h"

void json_text_fini(struct json_text *text)
{
    free(text->id);
    free(text->message);
    free(text->file);
    free(text->label);
    free(text->source);
    *text = (struct json_text){0};
}

static char *copy_string(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? strdup(text) : NULL; /* NULL for lack of memory is told as missing */
}

static enum err read_text(const json_t *object, struct json_text *ret_text)
{
    const json_t *message = json_object_get(object, "message");
    const json_t *file = json_object_get(object, "file_path");
    ret_text->size = json_string_length(message);
    ret_text->message = malloc(ret_text->size + 1);
    ret_text->file = json_is_string(file) ? strdup(json_string_value(file)) : NULL;
    const json_t *ended = json_object_get(object, "exit");
    ret_text->exit = json_is_integer(ended) ? (int)json_integer_value(ended) : -1;
    ret_text->label = copy_string(object, "label");
    ret_text->source = copy_string(object, "source");
    ret_text->id = json_dumps(json_object_get(object, "id"), JSON_ENCODE_ANY);
    if (!ret_text->message || !ret_text->id || (json_is_string(file) && !ret_text->file)) {
        json_text_fini(ret_text);
        return ERR_MEMORY;
    }
    memcpy(ret_text->message, json_string_value(message), ret_text->size + 1);
    return ERR_OK;
}

enum err json_read_text(const char *line, size_t size, struct json_text *ret_text, char *why,
                        size_t why_size)
{
    json_error_t error;
    json_t *object = json_loadb(line, size, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
    const json_t *file = json_object_get(object, "file_path");
    const json_t *ended = json_object_get(object, "exit");
    const char *bad = NULL;
    if (!object) {
        bad = error.text;
    } else if (!json_is_object(object)) {
        bad = "not an object";
    } else if (!json_object_get(object, "id")) {
        bad = "there is no \"id\"";
    } else if (!json_is_string(json_object_get(object, "message"))) {
        bad = "\"message\" is no text";
    } else if (file && !json_is_string(file) && !json_is_null(file)) {
        bad = "\"file_path\" is neither a text nor null";
    } else if (ended && !json_is_null(ended) &&
               (!json_is_integer(ended) || json_integer_value(ended) < 0 ||
                json_integer_value(ended) > UINT8_MAX)) {
        bad = "\"exit\" is no number from 0 to 255";
    }
    enum err err = ERR_MALFORMED;
    if (bad) {
        (void)snprintf(why, why_size, "%s", bad);
    } else {
        err = read_text(object, ret_text);
    }
    json_decref(object);
    return err;
}

/* A reason may quote a text that was cut within a character. */
static json_t *readable(const char *text)
{
    json_t *string = json_string(text);
    if (string) {
        return string;
    }
    char plain[CLASSIFY_WHY_SIZE];
    (void)snprintf(plain, sizeof plain, "%s", text);
    for (char *at = plain; *at != '\0'; at++) {
        if (*at & 0x80) {
            *at = '?';
        }
    }
    return json_string(plain);
}

enum err json_classified(FILE *out, const char *id, const struct classification *result)
{
    json_t *why = json_array();
    int bad = !why;
    for (size_t i = 0; i < result->why_count && !bad; i++) {
        bad = json_array_append_new(why, readable(result->why[i]));
    }
    if (bad) {
        json_decref(why);
        return ERR_MEMORY;
    }
    char cause[17];
    (void)snprintf(cause, sizeof cause, "%016llx", (unsigned long long)result->fingerprint);
    json_t *id_value = json_loads(id, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    return json_put(out, json_pack("{s:o, s:s, s:f, s:i, s:{s:s, s:s}, s:o, s:s}", "id", id_value,
                                   "label", rules_label_name(result->label), "confidence",
                                   (double)result->confidence, "priority", (int)result->priority,
                                   "route", "queue", result->route->queue, "model",
                                   result->route->model, "why", why, "cause", cause));
}

enum err json_not_classified(FILE *out, size_t line, const char *why)
{
    return json_put(out, json_pack("{s:s, s:I}", "error", why, "line", (json_int_t)line));
}

/* ---- corrections ---- */

void json_taught_fini(struct json_taught *taught)
{
    free(taught->route);
    free(taught->message);
    free(taught->file);
    *taught = (struct json_taught){.route = NULL};
}

static bool label_of(const char *name, enum rules_label *ret_label)
{
    for (enum rules_label label = 0; name && label < RULES_LABELS; label++) {
        if (strcmp(name, rules_label_name(label)) == 0) {
            *ret_label = label;
            return true;
        }
    }
    return false;
}

enum err json_read_taught(const char *line, size_t size, struct json_taught *ret_taught)
{
    json_t *object = json_loadb(line, size, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
    const char *fingerprint = json_string_value(json_object_get(object, "cause"));
    struct json_taught taught = {.route = NULL};
    char *end = NULL;
    taught.fingerprint = fingerprint ? strtoull(fingerprint, &end, 16) : 0;
    enum err err = ERR_MALFORMED;
    if (taught.fingerprint != 0 && *end == '\0' &&
        label_of(json_string_value(json_object_get(object, "label")), &taught.label) &&
        json_is_string(json_object_get(object, "message"))) {
        taught.route = copy_string(object, "route");
        taught.message = copy_string(object, "message");
        taught.file = copy_string(object, "file");
        err = taught.message ? ERR_OK : ERR_MEMORY;
    }
    json_decref(object);
    if (err == ERR_OK) {
        *ret_taught = taught;
    } else {
        json_taught_fini(&taught);
    }
    return err;
}

enum err json_taught(FILE *out, const struct json_taught *taught)
{
    char cause[17];
    (void)snprintf(cause, sizeof cause, "%016llx", (unsigned long long)taught->fingerprint);
    return json_put(out, json_pack("{s:s, s:s, s:s?, s:o, s:o?}", "cause", cause, "label",
                                   rules_label_name(taught->label), "route", taught->route,
                                   "message", json_words(taught->message), "file",
                                   taught->file ? json_words(taught->file) : NULL));
}
