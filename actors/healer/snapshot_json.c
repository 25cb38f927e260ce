/* snapshot_json.c - pages, cases and fingerprints out of JSON; see snapshot.h. */
#include "actors/healer/snapshot.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "actors/healer/aria.h"

static enum err load(const char *text, size_t size, json_t **ret_json)
{
    if (size > SNAPSHOT_BYTES_MAX) {
        return ERR_LIMIT;
    }
    *ret_json = json_loadb(text, size, 0, NULL); /* it refuses what is nested too deeply */
    return *ret_json ? ERR_OK : ERR_MALFORMED;
}

/* "" when it is left out or no text. */
static const char *text_at(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static bool number_at(const json_t *object, const char *key, float *ret_number)
{
    const json_t *value = json_object_get(object, key);
    *ret_number = json_is_number(value) ? (float)json_number_value(value) : 0;
    return json_is_number(value);
}

static void read_place(const json_t *object, struct tree_node *node)
{
    bool x = number_at(object, "x", &node->x);
    bool y = number_at(object, "y", &node->y);
    bool w = number_at(object, "w", &node->w);
    bool h = number_at(object, "h", &node->h);
    node->placed = x && y && w && h;
}

/* ---- snapshots ---- */

static enum err read_attrs(struct tree *tree, int32_t index, json_t *attrs)
{
    const char *key;
    json_t *value;
    size_t count = json_object_size(attrs);
    count = count > TREE_ATTRS_MAX ? TREE_ATTRS_MAX : count;
    enum err err = tree_attrs(tree, index, count);
    struct tree_attr *at = tree->nodes[index].attrs;
    json_object_foreach(attrs, key, value)
    {
        if (err != ERR_OK || count == 0) {
            break;
        }
        count--;
        *at++ = (struct tree_attr){.name = key,
                                   .value = json_is_string(value) ? json_string_value(value) : ""};
    }
    return err;
}

/* Parents stand before their children, which must follow in document order. */
static bool is_parent(const struct tree *tree, json_int_t base, json_int_t parent, bool first)
{
    if (parent < 0) {
        return first;
    }
    int32_t last = (int32_t)tree->count - 1;
    int32_t wanted = (int32_t)(base + parent);
    if (first || parent > last - base) {
        return false;
    }
    while (last > wanted) {
        last = tree->nodes[last].parent;
    }
    return last == wanted;
}

static bool is_hidden(const struct tree_node *node)
{
    const char *style = tree_attr(node, "style");
    return tree_attr(node, "hidden") || (style && strstr(style, "display:none")) ||
           (style && strstr(style, "display: none"));
}

static enum err read_element(struct tree *tree, json_int_t base, json_t *object)
{
    int32_t index;
    const json_t *parent = json_object_get(object, "p");
    bool first = (json_int_t)tree->count == base;
    if (!json_is_object(object) || !json_is_integer(parent) ||
        json_integer_value(parent) > TREE_NODES_MAX || text_at(object, "tag")[0] == '\0' ||
        !is_parent(tree, base, json_integer_value(parent), first)) {
        return ERR_MALFORMED;
    }
    enum err err = tree_add(tree, first ? -1 : (int32_t)(base + json_integer_value(parent)),
                            text_at(object, "tag"), &index);
    if (err == ERR_OK) {
        err = read_attrs(tree, index, json_object_get(object, "a"));
    }
    if (err == ERR_OK && text_at(object, "own")[0] != '\0') {
        err = tree_add_text(tree, index, text_at(object, "own"));
    }
    if (err != ERR_OK) {
        return err;
    }
    struct tree_node *node = &tree->nodes[index];
    const char *last = strrchr(text_at(object, "path"), '/');
    static const char shadow[] = "/#shadow-root";
    node->path = text_at(object, "path");
    node->own = text_at(object, "own");
    node->text = text_at(object, "text");
    node->role = text_at(object, "role");
    node->name = text_at(object, "name");
    node->shadow = last && (size_t)(last - node->path) >= sizeof shadow - 1 &&
                   memcmp(last - (sizeof shadow - 1), shadow, sizeof shadow - 1) == 0;
    node->hidden = is_hidden(node) || (!first && tree->nodes[node->parent].hidden);
    node->foreign = strcmp(node->tag, "svg") == 0 || strcmp(node->tag, "math") == 0 ||
                    (!first && tree->nodes[node->parent].foreign);
    read_place(object, node);
    return ERR_OK;
}

/* Roles and names are made where the snapshot has none. */
static bool has_roles(json_t *frames)
{
    json_t *first = json_array_get(json_object_get(frames, ""), 0);
    return !first || json_object_get(first, "role");
}

static enum err read_frames(struct tree *tree, json_t *frames)
{
    const char *key;
    json_t *list;
    enum err err = ERR_OK;
    json_object_foreach(frames, key, list)
    {
        json_int_t base = (json_int_t)tree->count;
        err = json_is_array(list) ? tree_frame(tree, key) : ERR_MALFORMED;
        for (size_t i = 0; err == ERR_OK && i < json_array_size(list); i++) {
            err = read_element(tree, base, json_array_get(list, i));
        }
        if (err != ERR_OK) {
            break;
        }
    }
    return err;
}

enum err snapshot_read(const char *text, size_t size, const char *side, struct tree *ret_tree)
{
    struct tree tree = {0};
    enum err err = load(text, size, &tree.json);
    json_t *frames = err == ERR_OK ? json_object_get(tree.json, side) : NULL;
    if (err == ERR_OK) {
        err = json_is_object(frames) ? read_frames(&tree, frames) : ERR_MALFORMED;
    }
    if (err == ERR_OK) {
        err = tree_finish(&tree);
    }
    if (err == ERR_OK && !has_roles(frames)) {
        err = aria_fill(&tree);
    }
    if (err == ERR_OK) {
        *ret_tree = tree;
    } else {
        tree_free(&tree);
    }
    return err;
}

/* ---- cases ---- */

static enum err begin_cases(const char *text, size_t size, struct heal_cases *cases)
{
    enum err err = load(text, size, &cases->json);
    const json_t *list = json_object_get(cases->json, "cases");
    if (err != ERR_OK || !json_is_array(list) || json_array_size(list) > CASES_MAX) {
        return err != ERR_OK ? err : json_is_array(list) ? ERR_LIMIT : ERR_MALFORMED;
    }
    cases->count = json_array_size(list);
    cases->at = calloc(cases->count + 1, sizeof cases->at[0]);
    for (size_t i = 0; cases->at && i < cases->count; i++) {
        const json_t *object = json_array_get(list, i);
        if (!json_is_object(object)) {
            return ERR_MALFORMED;
        }
        cases->at[i] = (struct heal_case){.id = text_at(object, "id"),
                                          .selector = text_at(object, "selector"),
                                          .old_path = text_at(object, "old_path"),
                                          .frame = text_at(object, "frame"),
                                          .action = text_at(object, "action"),
                                          .old = -1};
    }
    return cases->at ? ERR_OK : ERR_MEMORY;
}

enum err cases_read(const char *text, size_t size, struct heal_cases *ret_cases)
{
    struct heal_cases cases = {0};
    enum err err = begin_cases(text, size, &cases);
    if (err == ERR_OK) {
        *ret_cases = cases;
    } else {
        cases_free(&cases);
    }
    return err;
}

void cases_free(struct heal_cases *cases)
{
    free(cases->at);
    json_decref(cases->json);
    *cases = (struct heal_cases){0};
}

/* ---- fingerprints ---- */

static bool is_measure(const char *key)
{
    return strcmp(key, "i") == 0 || (key[0] != '\0' && key[1] == '\0' && strchr("xywh", key[0]));
}

static bool is_property(const char *key)
{
    static const char *const keys[] = {"tag",       "text",     "neighbor", "xpath",    "idxpath",
                                       "is_button", "nb_below", "nb_left",  "nb_right", "nb_above"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (strcmp(key, keys[i]) == 0) {
            return true;
        }
    }
    return is_measure(key);
}

static const char *const named_by[] = {"aria-label", "alt", "value", "title", "placeholder"};

static const char *first_of(const struct tree_node *node, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *value = tree_attr(node, names[i]);
        if (value && value[0] != '\0') {
            return value;
        }
    }
    return "";
}

/* All that is neither of the format nor empty is an attribute. */
static enum err read_properties(struct tree *tree, json_t *object)
{
    int32_t index;
    const char *key;
    json_t *value;
    size_t count = 0;
    if (!json_is_object(object)) {
        return ERR_MALFORMED;
    }
    enum err err = tree_add(tree, tree->count == 0 ? -1 : 0, text_at(object, "tag"), &index);
    if (err == ERR_OK) {
        err = tree_attrs(tree, index, TREE_ATTRS_MAX);
    }
    if (err != ERR_OK) {
        return err;
    }
    struct tree_node *node = &tree->nodes[index];
    json_object_foreach(object, key, value)
    {
        if (!is_property(key) && json_is_string(value) && count < TREE_ATTRS_MAX) {
            node->attrs[count++] =
                (struct tree_attr){.name = key, .value = json_string_value(value)};
        }
    }
    node->attrs_count = (uint16_t)count;
    node->path = text_at(object, "xpath");
    node->own = text_at(object, "text");
    node->text = node->own;
    node->near = text_at(object, "neighbor");
    node->role =
        strcmp(text_at(object, "is_button"), "yes") == 0 ? "button" : aria_role(tree, node);
    node->name = first_of(node, named_by, sizeof named_by / sizeof named_by[0]);
    node->name = node->name[0] ? node->name : node->own;
    read_place(object, node);
    return ERR_OK;
}

/* Elements hang on a root of their own, since what is between them is not known. */
static enum err read_candidates(json_t *list, struct tree *tree, int64_t *index)
{
    int32_t root;
    enum err err = tree_add(tree, -1, "html", &root);
    for (size_t i = 0; err == ERR_OK && i < json_array_size(list); i++) {
        json_t *object = json_array_get(list, i);
        err = read_properties(tree, object);
        index[i] = (int64_t)json_integer_value(json_object_get(object, "i"));
    }
    return err == ERR_OK ? tree_finish(tree) : err;
}

static enum err read_targets(struct heal_cases *cases, struct tree *tree)
{
    int32_t root;
    enum err err = tree_add(tree, -1, "html", &root);
    json_t *list = json_object_get(cases->json, "cases");
    for (size_t i = 0; err == ERR_OK && i < cases->count; i++) {
        cases->at[i].old = (int32_t)tree->count;
        err = read_properties(tree, json_object_get(json_array_get(list, i), "old"));
    }
    return err == ERR_OK ? tree_finish(tree) : err;
}

enum err fingerprints_read(const char *text, size_t size, struct heal_cases *ret_cases,
                           struct tree trees[2], int64_t **ret_index)
{
    struct heal_cases cases = {0};
    struct tree old = {0};
    struct tree new = {0};
    int64_t *index = NULL;
    enum err err = begin_cases(text, size, &cases);
    json_t *list = err == ERR_OK ? json_object_get(cases.json, "candidates") : NULL;
    if (err == ERR_OK && (!json_is_array(list) || json_array_size(list) >= TREE_NODES_MAX)) {
        err = json_is_array(list) ? ERR_LIMIT : ERR_MALFORMED;
    }
    if (err == ERR_OK) {
        index = calloc(json_array_size(list) + 1, sizeof index[0]);
        err = index ? read_candidates(list, &new, index) : ERR_MEMORY;
    }
    if (err == ERR_OK) {
        err = read_targets(&cases, &old);
    }
    if (err == ERR_OK) {
        *ret_cases = cases;
        trees[0] = old;
        trees[1] = new;
        *ret_index = index;
        return ERR_OK;
    }
    free(index);
    tree_free(&old);
    tree_free(&new);
    cases_free(&cases);
    return err;
}
