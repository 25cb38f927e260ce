/* github_json.c - see github_json.h. */
#include "actors/gateway/github_json.h"

#include <jansson.h>
#include <string.h>

#include "actors/common/ulid.h"

static json_t *load(struct msg_str body)
{
    /* Comments may hold a NUL; jansson bounds the depth. */
    return json_loadb(body.at, body.size, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
}

static uint64_t id_of(const json_t *object)
{
    const json_t *id = json_object_get(object, "id");
    return json_is_integer(id) && json_integer_value(id) > 0 ? (uint64_t)json_integer_value(id) : 0;
}

static bool has(const json_t *object, const char *key, const char *text)
{
    const char *value = json_string_value(json_object_get(object, key));
    return value && strcmp(value, text) == 0;
}

enum err github_find_check(struct msg_str body, const char *name, const char *run,
                           struct github_page *ret_page)
{
    json_t *root = load(body);
    const json_t *list = json_object_get(root, "check_runs");
    struct github_page page = {.count = json_array_size(list)};
    enum err err = json_is_array(list) ? ERR_OK : ERR_MALFORMED;
    for (size_t i = 0; i < page.count && page.id == 0; i++) {
        const json_t *check = json_array_get(list, i);
        if (has(check, "name", name) && has(check, "external_id", run)) {
            const json_t *output = json_object_get(check, "output");
            json_int_t count = json_integer_value(json_object_get(output, "annotations_count"));
            page.id = id_of(check);
            page.annotated = count > 0 ? (size_t)count : 0;
        }
    }
    json_decref(root);
    if (err == ERR_OK) {
        *ret_page = page;
    }
    return err;
}

/* The time in an id of a run decides; where an event told none, nobody is later. */
static bool is_later(const char *run, const char *than)
{
    return ulid_wall_ms(run) > ulid_wall_ms(than);
}

static bool is_superseded(const char *text, const struct github_comment *wanted)
{
    char run[ULID_SIZE + 1] = "";
    size_t size = strlen(wanted->run_marker);
    text += strlen(wanted->marker);
    text += strspn(text, "\r\n");
    if (strncmp(text, wanted->run_marker, size) != 0) {
        return false;
    }
    strncat(run, text + size, ULID_SIZE);
    return ulid_is_valid(run) && ulid_is_valid(wanted->run) && is_later(run, wanted->run);
}

enum err github_find_comment(struct msg_str body, const struct github_comment *wanted,
                             struct github_page *ret_page)
{
    json_t *root = load(body);
    struct github_page page = {.count = json_array_size(root)};
    enum err err = json_is_array(root) ? ERR_OK : ERR_MALFORMED;
    for (size_t i = 0; i < page.count; i++) {
        const json_t *comment = json_array_get(root, i);
        const char *text = json_string_value(json_object_get(comment, "body"));
        uint64_t id = id_of(comment);
        bool ours = text && strncmp(text, wanted->marker, strlen(wanted->marker)) == 0;
        if (ours && id > wanted->after && (page.id == 0 || id < page.id)) {
            page.id = id;
            page.superseded = is_superseded(text, wanted);
        }
    }
    json_decref(root);
    if (err == ERR_OK) {
        *ret_page = page;
    }
    return err;
}

bool github_may_write(struct msg_str body)
{
    json_t *root = load(body);
    /* Whoever maintains has "write", too. */
    bool may = has(root, "permission", "write") || has(root, "permission", "admin");
    json_decref(root);
    return may;
}

enum err github_id(struct msg_str body, uint64_t *ret_id)
{
    json_t *root = load(body);
    uint64_t id = id_of(root);
    json_decref(root);
    if (id == 0) {
        return ERR_MALFORMED;
    }
    *ret_id = id;
    return ERR_OK;
}
