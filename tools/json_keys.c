/* json_keys.c - keys of links, as JSON; never their secrets. */
#include <jansson.h>

#include "proto/terms.h"
#include "tools/json.h"

static json_t *roles_of(uint64_t roles)
{
    json_t *list = json_array();
    for (uint64_t role = 1; list && role < 64; role++) {
        if ((roles >> role & 1) != 0 &&
            json_array_append_new(list, json_string(term_word("role", role))) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *object_of(const struct json_key *key)
{
    json_t *object = json_pack("{s:s, s:s, s:s}", "name", key->name, "public_key", key->public_key,
                               "file", key->file);
    if (object && (json_object_set_new(object, "roles", roles_of(key->roles)) != 0 ||
                   (key->secret_file && json_object_set_new(object, "secret_file",
                                                            json_string(key->secret_file)) != 0))) {
        json_decref(object);
        return NULL;
    }
    return object;
}

enum err json_key(FILE *out, const struct json_key *key)
{
    return json_put(out, object_of(key));
}

enum err json_keys(FILE *out, const struct json_key *keys, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < count; i++) {
        if (json_array_append_new(list, object_of(&keys[i])) != 0) {
            json_decref(list);
            list = NULL;
        }
    }
    return json_put(out, list ? json_pack("{s:o}", "keys", list) : NULL);
}
