/* page_json.c - pages out of JSON; the one file of the healer that knows jansson. */
#include "actors/healer/page.h"

#include <assert.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[ELEMENT_FIELDS] = {
    [ELEMENT_TESTID] = "testid", [ELEMENT_ROLE] = "role",
    [ELEMENT_NAME] = "name",     [ELEMENT_LABEL] = "label",
    [ELEMENT_TEXT] = "text",     [ELEMENT_TAG] = "tag",
    [ELEMENT_ID] = "id",         [ELEMENT_PLACEHOLDER] = "placeholder",
    [ELEMENT_TITLE] = "title",   [ELEMENT_ALT] = "alt",
    [ELEMENT_PATH] = "path",
};

/* jansson recurses, so it does not get to see what is nested too deeply. */
static bool is_flat(const char *text, size_t size)
{
    size_t depth = 0;
    bool inside = false; /* a string */
    for (size_t i = 0; i < size; i++) {
        if (inside && text[i] == '\\') {
            i++;
        } else if (text[i] == '"') {
            inside = !inside;
        } else if (!inside && (text[i] == '{' || text[i] == '[') && ++depth > PAGE_DEPTH_MAX) {
            return false;
        } else if (!inside && (text[i] == '}' || text[i] == ']') && depth > 0) {
            depth--;
        }
    }
    return true;
}

/* "" when it is left out; false when it is there and no text. */
static bool text_at(const json_t *object, const char *key, const char **ret_text)
{
    const json_t *value = json_object_get(object, key);
    *ret_text = value ? json_string_value(value) : "";
    return *ret_text != NULL;
}

/* 0 when it is left out; false when it is there and no whole number from 0. */
static bool number_at(const json_t *object, const char *key, uint64_t *ret_number)
{
    const json_t *value = json_object_get(object, key);
    *ret_number = 0;
    if (!value) {
        return true;
    }
    if (!json_is_integer(value) || json_integer_value(value) < 0) {
        return false;
    }
    *ret_number = (uint64_t)json_integer_value(value);
    return true;
}

/* NULL stands for an element without any field. */
static bool read_element(const json_t *object, struct element *ret_element)
{
    if (object && !json_is_object(object)) {
        return false;
    }
    for (size_t i = 0; i < ELEMENT_FIELDS; i++) {
        if (!text_at(object, names[i], &ret_element->of[i])) {
            return false;
        }
    }
    return true;
}

static bool read_call(const json_t *object, struct page_call *ret_call)
{
    return json_is_object(object) && text_at(object, "locator", &ret_call->locator) &&
           text_at(object, "file", &ret_call->file) &&
           text_at(object, "action", &ret_call->action) &&
           number_at(object, "line", &ret_call->line) &&
           number_at(object, "column", &ret_call->column) &&
           number_at(object, "count", &ret_call->count) &&
           read_element(json_object_get(object, "element"), &ret_call->element);
}

/* A list of at most `max` entries; one that is left out is empty. */
static enum err list_at(const json_t *object, const char *key, size_t max, const json_t **ret_list)
{
    const json_t *list = json_object_get(object, key);
    *ret_list = list;
    if (list && !json_is_array(list)) {
        return ERR_MALFORMED;
    }
    return json_array_size(list) > max ? ERR_LIMIT : ERR_OK;
}

static enum err read_used(struct page *page)
{
    const json_t *list;
    enum err err = list_at(page->json, "used", PAGE_USED_MAX, &list);
    if (err != ERR_OK || json_array_size(list) == 0) {
        return err;
    }
    page->used = calloc(json_array_size(list), sizeof page->used[0]);
    if (!page->used) {
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (!read_call(json_array_get(list, i), &page->used[i])) {
            return ERR_MALFORMED;
        }
        page->used_count++;
    }
    return ERR_OK;
}

static enum err read_elements(struct page *page)
{
    const json_t *list;
    enum err err = list_at(page->json, "elements", PAGE_ELEMENTS_MAX, &list);
    if (err != ERR_OK || json_array_size(list) == 0) {
        return err;
    }
    page->elements = calloc(json_array_size(list), sizeof page->elements[0]);
    if (!page->elements) {
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *object = json_array_get(list, i);
        if (!json_is_object(object) || !read_element(object, &page->elements[i])) {
            return ERR_MALFORMED;
        }
        page->elements_count++;
    }
    return ERR_OK;
}

static enum err read_page(struct page *page)
{
    const json_t *failed = json_object_get(page->json, "failed");
    const json_t *truncated = json_object_get(page->json, "truncated");
    page->has_failed = failed && !json_is_null(failed);
    page->truncated = json_is_true(truncated);
    if (!json_is_object(page->json) || !text_at(page->json, "url", &page->url) ||
        (truncated && !json_is_boolean(truncated)) ||
        (page->has_failed && !read_call(failed, &page->failed))) {
        return ERR_MALFORMED;
    }
    enum err err = read_used(page);
    return err == ERR_OK ? read_elements(page) : err;
}

enum err page_read(const char *text, size_t size, struct page *ret_page)
{
    assert(text || size == 0);
    assert(ret_page);
    if (size > PAGE_BYTES_MAX || !is_flat(text, size)) {
        return ERR_LIMIT;
    }
    struct page page = {.json = json_loadb(text, size, 0, NULL)};
    if (!page.json) {
        return ERR_MALFORMED;
    }
    enum err err = read_page(&page);
    if (err == ERR_OK) {
        *ret_page = page;
    } else {
        page_free(&page);
    }
    return err;
}

void page_free(struct page *page)
{
    free(page->used);
    free(page->elements);
    json_decref(page->json);
    *page = (struct page){.url = ""};
}
