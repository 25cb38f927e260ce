/* lookup.c - names of sections and keys, as strangers write them. */
#include "config/lookup.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "config/suggest.h"

static bool is_name(const char *name, const char *text, size_t size)
{
    return strlen(name) == size && memcmp(name, text, size) == 0;
}

enum config_section_index lookup_section(const char *text, size_t size)
{
    enum config_section_index index = 0;
    while (index < CONFIG_SECTIONS && !is_name(config_sections[index].name, text, size)) {
        index++;
    }
    return index;
}

enum config_key_index lookup_key(enum config_section_index section, const char *text, size_t size)
{
    enum config_key_index index = 0;
    while (index < CONFIG_KEYS && (config_keys[index].section != section ||
                                   !is_name(config_keys[index].name, text, size))) {
        index++;
    }
    return index;
}

/* The first key of that name in any section. */
static const struct config_key *find_anywhere(const char *text, size_t size)
{
    for (size_t i = 0; i < CONFIG_KEYS; i++) {
        if (is_name(config_keys[i].name, text, size)) {
            return &config_keys[i];
        }
    }
    return NULL;
}

/* The names that one search runs over. */
struct names {
    size_t count;
    const char *list[CONFIG_KEYS];
};

static void collect_sections(struct names *names)
{
    names->count = 0;
    for (size_t i = 0; i < CONFIG_SECTIONS; i++) {
        names->list[names->count++] = config_sections[i].name;
    }
}

static void collect_keys(enum config_section_index section, struct names *names)
{
    names->count = 0;
    for (size_t i = 0; i < CONFIG_KEYS; i++) {
        if (config_keys[i].section == section) {
            names->list[names->count++] = config_keys[i].name;
        }
    }
}

/* NULL if none is near. */
static const char *find_nearest(const struct names *names, const char *text, size_t size)
{
    const char *best = NULL;
    size_t nearest = SIZE_MAX;
    for (size_t i = 0; i < names->count; i++) {
        size_t distance = suggest_distance(text, size, names->list[i]);
        if (distance < nearest && suggest_is_near(distance, names->list[i])) {
            nearest = distance;
            best = names->list[i];
        }
    }
    return best;
}

/* Adds "did you mean" or, if nothing is near, all names. */
static void advise(const struct names *names, const char *text, size_t size, struct config_why *why)
{
    size_t used = strlen(why->text);
    const char *nearest = find_nearest(names, text, size);
    if (nearest) {
        (void)snprintf(why->text + used, sizeof why->text - used, ": did you mean \"%s\"?",
                       nearest);
        return;
    }
    for (size_t i = 0; i < names->count; i++) {
        (void)snprintf(why->text + used, sizeof why->text - used, "%s%s",
                       i == 0 ? ": expected one of " : ", ", names->list[i]);
        used = strlen(why->text);
    }
}

void lookup_explain_section(const char *text, size_t size, struct config_why *ret_why)
{
    struct shown shown = shown_text(text, size);
    const struct config_key *key = find_anywhere(text, size);
    if (key) {
        (void)snprintf(ret_why->text, sizeof ret_why->text,
                       "unknown section %s: it is a key of section %s", shown.text,
                       config_sections[key->section].name);
        return;
    }
    struct names names;
    collect_sections(&names);
    (void)snprintf(ret_why->text, sizeof ret_why->text, "unknown section %s", shown.text);
    advise(&names, text, size, ret_why);
}

void lookup_explain_key(enum config_section_index section, const char *text, size_t size,
                        struct config_why *ret_why)
{
    assert(section < CONFIG_SECTIONS);
    struct shown shown = shown_text(text, size);
    const char *here = config_sections[section].name;
    const struct config_key *key = find_anywhere(text, size);
    if (key) {
        (void)snprintf(ret_why->text, sizeof ret_why->text,
                       "unknown key %s in section %s: it belongs to section %s", shown.text, here,
                       config_sections[key->section].name);
        return;
    }
    struct names names;
    collect_keys(section, &names);
    (void)snprintf(ret_why->text, sizeof ret_why->text, "unknown key %s in section %s", shown.text,
                   here);
    advise(&names, text, size, ret_why);
}
