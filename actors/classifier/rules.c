/* rules.c - the sections of the rules' file, and one file laid over another. */
#include "actors/classifier/rules.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "actors/classifier/rules_priv.h"

static const char *const label_names[RULES_LABELS] = {
    [RULES_TYPESCRIPT] = "typescript",
    [RULES_REACT] = "react",
    [RULES_TEST] = "test",
    [RULES_GENERAL] = "general",
};

const char *rules_label_name(enum rules_label label)
{
    assert(label < RULES_LABELS);
    return label_names[label];
}

enum { SECTION_ROUTES, SECTION_TOOLS, SECTION_RULES, SECTION_OTHERWISE };
static const struct binder_names section_names = {
    "section", 4, {"routes", "tools", "rules", "otherwise"}};

enum { ROUTE_QUEUE, ROUTE_MODEL };
static const struct binder_names route_keys = {"key of a route", 2, {"queue", "model"}};

static enum err read_rules(struct loader *self)
{
    bool open = false;
    enum err err = binder_open_next(&self->binder, READER_LIST, "rules", &open);
    while (err == ERR_OK && open) {
        struct reader_item item;
        err = binder_next(&self->binder, &item);
        if (err != ERR_OK || item.kind == READER_CLOSE) {
            return err;
        }
        if (item.kind == READER_MAP && self->rules->count < RULES_MAX) {
            err = loader_read_rule(self, &item);
        } else {
            binder_complain(&self->binder, &item, "expected at most %d rules, each \"- name: ...\"",
                            RULES_MAX);
            err = binder_skip(&self->binder, &item);
        }
    }
    return err;
}

/* ---- the other sections ---- */

static enum err read_route(struct loader *self, struct rules_route *route,
                           const struct reader_item *name)
{
    bool open = false;
    uint32_t seen = 0;
    enum err err = binder_open_next(&self->binder, READER_MAP, "route", &open);
    while (err == ERR_OK && open) {
        size_t key = 0;
        err = binder_next_key(&self->binder, &route_keys, &seen, &key);
        if (err != ERR_OK || key == route_keys.count) {
            break;
        }
        err = binder_read_text(&self->binder, route_keys.list[key], RULES_NAME_SIZE_MAX,
                               key == ROUTE_QUEUE ? &route->queue : &route->model);
    }
    if (err == ERR_OK && open && seen != 3) {
        binder_complain(&self->binder, name, "a route needs a queue and a model");
    }
    return err;
}

/* The place of a name in a section: where it stood in the file below, or a new one. */
static size_t place_of(struct loader *self, bool is_route, const struct reader_item *item,
                       const char *name)
{
    struct rules *rules = self->rules;
    size_t *count = is_route ? &rules->routes_count : &rules->tools_count;
    for (size_t i = 0; i < *count; i++) {
        if (strcmp(is_route ? rules->routes[i].name : rules->tools[i].name, name) == 0) {
            if (i < (is_route ? self->base_routes : self->base_tools)) {
                return i;
            }
            binder_complain(&self->binder, item, "%s stands here again: remove one of them", name);
        }
    }
    return (*count)++;
}

/* One entry of a section whose names are the file's own: keeps the name and reads its value. */
static enum err read_entry(struct loader *self, size_t section, const struct reader_item *name)
{
    struct rules *rules = self->rules;
    bool is_route = section == SECTION_ROUTES;
    size_t count = is_route ? rules->routes_count : rules->tools_count;
    size_t max = is_route ? RULES_ROUTES_MAX : RULES_TOOLS_MAX;
    const char *text = NULL;
    if (name->kind == READER_TEXT && count < max) {
        text = binder_keep(&self->binder, name, RULES_NAME_SIZE_MAX);
    } else {
        binder_complain(&self->binder, name, "expected at most %zu names here", max);
    }
    if (!text) {
        struct reader_item value;
        enum err err = binder_skip(&self->binder, name);
        err = err == ERR_OK ? binder_next(&self->binder, &value) : err;
        return err == ERR_OK ? binder_skip(&self->binder, &value) : err;
    }
    size_t place = place_of(self, is_route, name, text);
    if (is_route) {
        rules->routes[place].name = text;
        return read_route(self, &rules->routes[place], name);
    }
    rules->tools[place].name = text;
    return loader_read_patterns(self, RULES_LIST_text, text, &rules->tools[place].texts);
}

static enum err read_entries(struct loader *self, size_t section)
{
    bool open = false;
    enum err err = binder_open_next(&self->binder, READER_MAP, section_names.list[section], &open);
    while (err == ERR_OK && open) {
        struct reader_item item;
        err = binder_next(&self->binder, &item);
        if (err != ERR_OK || item.kind == READER_CLOSE) {
            break;
        }
        err = read_entry(self, section, &item);
    }
    return err;
}

static enum err read_section(struct loader *self, size_t section)
{
    switch (section) {
    case SECTION_RULES:
        return read_rules(self);
    case SECTION_OTHERWISE:
        return loader_read_otherwise(self);
    default:
        return read_entries(self, section);
    }
}

static enum err read_file(struct loader *self)
{
    static const struct reader_item start = {.line = 1, .column = 1};
    bool open = false;
    uint32_t seen = 0;
    enum err err = binder_open_next(&self->binder, READER_MAP, "the file", &open);
    while (err == ERR_OK && open) {
        size_t section = 0;
        err = binder_next_key(&self->binder, &section_names, &seen, &section);
        if (err != ERR_OK || section == section_names.count) {
            break;
        }
        err = read_section(self, section);
    }
    for (size_t i = 0; err == ERR_OK && open && i < section_names.count; i++) {
        if ((seen & 1U << i) == 0 && i != SECTION_TOOLS && !self->is_over) {
            binder_complain(&self->binder, &start, "the section %s is missing",
                            section_names.list[i]);
        }
    }
    /* What follows is the end, or a second document, which the reader refuses. */
    struct reader_item end;
    return err == ERR_OK && open ? binder_next(&self->binder, &end) : err;
}

/* ---- loading ---- */

static enum err build(struct loader *self)
{
    struct config_place place = {self->binder.file, 1, 1};
    enum err err = needles_new(self->needles, self->rules->needles_count, &self->rules->needles);
    if (err == ERR_LIMIT) {
        config_report_add(self->binder.report, &place,
                          "expected at most %d bytes of texts to look for: remove some",
                          STATES_MAX - 1);
        return ERR_CONFIG;
    }
    return err;
}

static enum err read_source(struct loader *self, const struct rules_source *source)
{
    struct config_report *report = self->binder.report;
    struct config_place place = {source->name, 1, 1};
    if (source->size > RULES_FILE_SIZE_MAX) {
        config_report_add(report, &place, "expected at most %d bytes: shorten the file",
                          RULES_FILE_SIZE_MAX);
        return ERR_CONFIG;
    }
    /* Rules know their file, longer than the caller knows its name. */
    size_t size = strlen(source->name) + 1;
    char *name = self->binder.strings + self->binder.strings_used;
    memcpy(name, source->name, size);
    self->binder.strings_used += size;
    self->binder.file = name;
    enum err err = reader_new(source->text, source->size, &self->binder.reader);
    if (err == ERR_OK) {
        err = read_file(self);
        reader_destroy(&self->binder.reader);
    }
    return err == ERR_MEMORY || report->count == 0 ? err : ERR_CONFIG;
}

static int by_origin(const struct rule *rule)
{
    return rule->name == NULL ? 2 : !rule->is_own;
}

/* The rules of the second file first, those that they replace not at all. */
static void put_over(struct rules *rules, struct rule *room)
{
    size_t count = 0;
    for (int origin = 0; origin < 2; origin++) {
        for (size_t i = 0; i < rules->count; i++) {
            if (by_origin(&rules->list[i]) == origin) {
                room[count++] = rules->list[i];
            }
        }
    }
    memcpy(rules->list, room, count * sizeof *room);
    rules->count = count;
}

/* Examples of a rule that was replaced go with it. */
static void drop_examples(struct rules *rules, const char *file)
{
    size_t count = 0;
    for (size_t i = 0; i < rules->examples_count; i++) {
        const struct rules_example *example = &rules->examples[i];
        bool is_own = strcmp(example->file, file) == 0;
        bool kept = is_own;
        for (size_t j = 0; j < rules->count && !kept; j++) {
            kept = rules->list[j].name == example->rule;
        }
        if (kept) {
            rules->examples[count++] = *example;
        }
    }
    rules->examples_count = count;
}

/* Reads into self->rules, which the caller destroys if it fails. */
static enum err load(struct loader *self, const struct rules_source *own,
                     const struct rules_source *base)
{
    struct rules *rules = self->rules;
    /* Escapes such as "\L" are longer in UTF-8 than in the file, and each text gets an end. */
    size_t room = 2 * own->size + strlen(own->name) + 2;
    room += base ? 2 * base->size + strlen(base->name) + 2 : 0;
    self->binder.strings_size = room;
    rules->strings = malloc(room);
    if (!rules->strings) {
        return ERR_MEMORY;
    }
    self->binder.strings = rules->strings;
    enum err err = base ? read_source(self, base) : ERR_OK;
    self->is_over = base != NULL;
    self->base_count = rules->count;
    self->base_routes = rules->routes_count;
    self->base_tools = rules->tools_count;
    err = err == ERR_OK ? read_source(self, own) : err;
    if (err == ERR_OK && base) {
        struct rule *list = calloc(RULES_MAX, sizeof *list);
        if (!list) {
            return ERR_MEMORY;
        }
        put_over(rules, list);
        rules->is_over = true;
        drop_examples(rules, self->binder.file);
        free(list);
    }
    return err == ERR_OK ? build(self) : err;
}

/* Whether a text has the section "otherwise", and so needs no other below it.  What is no YAML has
 * it, so that it is told as it stands. */
static enum err stands_alone(const struct rules_source *source, bool *ret_alone)
{
    struct reader *reader = NULL;
    struct reader_item item = {.kind = READER_TEXT};
    size_t depth = 0;
    bool is_key = true;
    enum err err = reader_new(source->text, source->size, &reader);
    *ret_alone = false;
    while (err == ERR_OK && !*ret_alone && item.kind != READER_END) {
        err = reader_next(reader, &item);
        if (err != ERR_OK || item.kind == READER_END) {
            break;
        }
        if (depth == 1 && item.kind == READER_TEXT) {
            *ret_alone = is_key && item.size == 9 && memcmp(item.text, "otherwise", 9) == 0;
        }
        depth += item.kind == READER_MAP || item.kind == READER_LIST;
        depth -= item.kind == READER_CLOSE;
        /* Of what stands in the outer map every second thing is a key. */
        is_key = depth == 1 && (item.kind == READER_TEXT ? !is_key : true);
    }
    reader_destroy(&reader);
    *ret_alone |= err == ERR_MALFORMED;
    return err == ERR_MEMORY ? err : ERR_OK;
}

enum err rules_load_over(const struct rules_source *own, const struct rules_source *base_or_null,
                         struct rules **ret_rules, struct config_report *report)
{
    assert(own->name);
    assert(own->text || own->size == 0);
    assert(ret_rules);
    assert(report);
    config_report_clear(report);
    bool alone = !base_or_null;
    enum err err = base_or_null ? stands_alone(own, &alone) : ERR_OK;
    struct loader *self = calloc(1, sizeof *self);
    struct rules *rules = calloc(1, sizeof *rules);
    err = self && rules ? err : ERR_MEMORY;
    if (err == ERR_OK) {
        self->binder.report = report;
        self->rules = rules;
        err = load(self, own, alone ? NULL : base_or_null);
    }
    free(self);
    if (err != ERR_OK) {
        rules_destroy(&rules);
        return err;
    }
    *ret_rules = rules;
    return ERR_OK;
}

enum err rules_load_text(const char *name, const char *text, size_t size, struct rules **ret_rules,
                         struct config_report *report)
{
    return rules_load_over(&(struct rules_source){name, text, size}, NULL, ret_rules, report);
}

void rules_destroy(struct rules **rules)
{
    assert(rules);
    struct rules *self = *rules;
    if (!self) {
        return;
    }
    for (size_t i = 0; i < self->regexes_count; i++) {
        regex_destroy(&self->regexes[i]);
    }
    needles_destroy(&self->needles);
    free(self->strings);
    free(self);
    *rules = NULL;
}
