/* rules.c - from YAML into rules; each step says what is wrong and goes on if it can. */
#include "actors/classifier/rules.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "actors/common/binder.h"
#include "config/reader.h"

/* A set of texts to find the number of one that is known already; open addressing. */
enum { SLOTS = 2 * NEEDLES_MAX };

/* One reading of one file.  A step returns an error only when reading cannot go on; what else is
 * wrong goes into the report. */
struct loader {
    struct binder binder;
    struct rules *rules;
    bool is_full; /* it was said that there is no room for more patterns */
    const char *needles[NEEDLES_MAX];
    uint16_t slots[SLOTS]; /* number of a needle + 1, or 0 */
};

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

static const struct binder_names labels = {"label", 4, {"typescript", "react", "test", "general"}};

enum { SECTION_ROUTES, SECTION_TOOLS, SECTION_RULES, SECTION_OTHERWISE };
static const struct binder_names section_names = {
    "section", 4, {"routes", "tools", "rules", "otherwise"}};

enum { ROUTE_QUEUE, ROUTE_MODEL };
static const struct binder_names route_keys = {"key of a route", 2, {"queue", "model"}};

enum { RULE_NAME, RULE_WHEN, RULE_THEN };
static const struct binder_names rule_keys = {"key of a rule", 3, {"name", "when", "then"}};

/* The lists of `enum rules_list`, in its order, and then the tools. */
enum { WHEN_TOOL = RULES_LISTS };
static const struct binder_names when_keys = {
    "key of when", 7, {"message", "text", "word", "unless", "code", "file", "tool"}};

enum { THEN_LABEL, THEN_PRIORITY, THEN_CONFIDENCE, THEN_ROUTE };
static const struct binder_names then_keys = {
    "key of then", 4, {"label", "priority", "confidence", "route"}};

/* ---- patterns ---- */

/* The number of a text among all needles; it is added if it is new.  NEEDLES_MAX: no room. */
static size_t number_needle(struct loader *self, const char *text)
{
    uint32_t hash = 2166136261U; /* FNV-1a */
    for (const char *at = text; *at; at++) {
        hash = (hash ^ (unsigned char)*at) * 16777619U;
    }
    struct rules *rules = self->rules;
    size_t slot = hash % SLOTS;
    while (self->slots[slot] != 0) {
        size_t number = self->slots[slot] - 1U;
        if (strcmp(self->needles[number], text) == 0) {
            return number;
        }
        slot = (slot + 1) % SLOTS;
    }
    if (rules->needles_count == NEEDLES_MAX) {
        return NEEDLES_MAX;
    }
    self->needles[rules->needles_count] = text;
    self->slots[slot] = (uint16_t)(rules->needles_count + 1);
    return rules->needles_count++;
}

/* What must be true of a needle for a list to have found it. */
static uint8_t bits_of(enum rules_list list, bool first)
{
    switch (list) {
    case RULES_LIST_message:
        return first ? NEEDLE_MESSAGE_FIRST : NEEDLE_MESSAGE;
    case RULES_LIST_word:
        return NEEDLE_MESSAGE_WORD;
    default:
        return first ? NEEDLE_FIRST : NEEDLE_ANYWHERE;
    }
}

static void add_pattern(struct loader *self, enum rules_list list, const struct reader_item *item)
{
    struct rules *rules = self->rules;
    const char *text = binder_keep(&self->binder, item, NEEDLE_SIZE_MAX);
    if (!text) {
        return;
    }
    struct rules_check check = {.text = text};
    if (list < RULES_LIST_code) {
        bool first = text[0] == '^' && text[1] != '\0' && list != RULES_LIST_word;
        size_t needle = number_needle(self, text + first);
        check.needle = (uint16_t)needle;
        check.bits = bits_of(list, first);
        self->is_full |= needle == NEEDLES_MAX;
    }
    if (rules->checks_count == RULES_CHECKS_MAX || self->is_full) {
        binder_complain(&self->binder, item,
                        "expected at most %d different texts and %d patterns: remove some",
                        NEEDLES_MAX, RULES_CHECKS_MAX);
        return;
    }
    rules->checks[rules->checks_count++] = check;
}

static enum err read_patterns(struct loader *self, enum rules_list list, const char *what,
                              struct rules_span *ret_span)
{
    bool open = false;
    enum err err = binder_open_next(&self->binder, READER_LIST, what, &open);
    size_t from = self->rules->checks_count;
    for (size_t count = 0; err == ERR_OK && open; count++) {
        struct reader_item item;
        err = binder_next(&self->binder, &item);
        if (err != ERR_OK) {
            break;
        }
        open = item.kind != READER_CLOSE;
        if (open && item.kind == READER_TEXT && count < RULES_LIST_MAX) {
            add_pattern(self, list, &item);
        } else if (open) {
            binder_complain(&self->binder, &item, "%s: expected at most %d plain texts", what,
                            RULES_LIST_MAX);
            err = binder_skip(&self->binder, &item);
        } else if (count == 0) {
            binder_complain(&self->binder, &item,
                            "%s: expected a text at least: an empty list never matches", what);
        }
    }
    *ret_span = (struct rules_span){(uint16_t)from, (uint16_t)(self->rules->checks_count - from)};
    return err;
}

static enum err read_tools(struct loader *self, struct rule *rule)
{
    struct binder_names names = {.what = "tool", .count = self->rules->tools_count};
    for (size_t i = 0; i < names.count; i++) {
        names.list[i] = self->rules->tools[i].name;
    }
    bool open = false;
    enum err err = binder_open_next(&self->binder, READER_LIST, "tool", &open);
    while (err == ERR_OK && open) {
        struct reader_item item;
        err = binder_next(&self->binder, &item);
        if (err != ERR_OK || item.kind == READER_CLOSE) {
            return err;
        }
        if (item.kind != READER_TEXT) {
            binder_complain(&self->binder, &item, "tool: expected names of tools");
            err = binder_skip(&self->binder, &item);
            continue;
        }
        size_t index = binder_find_name(&self->binder, &names, &item);
        rule->tools |= index < names.count ? UINT64_C(1) << index : 0;
    }
    return err;
}

/* ---- rules ---- */

static enum err read_when(struct loader *self, struct rule *rule)
{
    struct reader_item item;
    enum err err = binder_next(&self->binder, &item);
    if (err != ERR_OK) {
        return err;
    }
    if (item.kind != READER_MAP) {
        binder_complain(&self->binder, &item, "when: expected a map: write code: [TS2345]");
        return binder_skip(&self->binder, &item);
    }
    uint32_t seen = 0;
    for (;;) {
        size_t key = 0;
        err = binder_next_key(&self->binder, &when_keys, &seen, &key);
        if (err != ERR_OK || key == when_keys.count) {
            break;
        }
        if (key == WHEN_TOOL) {
            err = read_tools(self, rule);
        } else {
            err = read_patterns(self, (enum rules_list)key, when_keys.list[key], &rule->lists[key]);
        }
        if (err != ERR_OK) {
            break;
        }
    }
    if (err == ERR_OK && seen == 0) {
        binder_complain(&self->binder, &item, "when: expected a key at least");
    }
    return err;
}

static enum err read_route_name(struct loader *self, struct rule *rule)
{
    struct binder_names names = {.what = "route", .count = self->rules->routes_count};
    for (size_t i = 0; i < names.count; i++) {
        names.list[i] = self->rules->routes[i].name;
    }
    size_t index = 0;
    enum err err = binder_read_choice(&self->binder, &names, &index);
    rule->route = index < names.count ? &self->rules->routes[index] : NULL;
    return err;
}

static enum err read_then_value(struct loader *self, size_t key, struct rule *rule)
{
    size_t label = 0;
    enum err err = ERR_OK;
    switch (key) {
    case THEN_LABEL:
        err = binder_read_choice(&self->binder, &labels, &label);
        rule->label = (enum rules_label)label;
        return err;
    case THEN_PRIORITY:
        return binder_read_number(&self->binder, "priority", RULES_PRIORITY_MAX, &rule->priority);
    case THEN_CONFIDENCE:
        return binder_read_number(&self->binder, "confidence", RULES_CONFIDENCE_MAX,
                                  &rule->confidence);
    default:
        return read_route_name(self, rule);
    }
}

/* The map behind "then" or "otherwise"; all of its keys must be there. */
static enum err read_then(struct loader *self, const char *what, struct rule *rule)
{
    struct reader_item item;
    enum err err = binder_next(&self->binder, &item);
    if (err != ERR_OK) {
        return err;
    }
    rule->line = item.line;
    if (item.kind != READER_MAP) {
        binder_complain(&self->binder, &item, "%s: expected a map: write label: general lines",
                        what);
        return binder_skip(&self->binder, &item);
    }
    uint32_t seen = 0;
    for (;;) {
        size_t key = 0;
        err = binder_next_key(&self->binder, &then_keys, &seen, &key);
        if (err != ERR_OK || key == then_keys.count) {
            break;
        }
        err = read_then_value(self, key, rule);
        if (err != ERR_OK) {
            break;
        }
    }
    for (size_t i = 0; err == ERR_OK && i < then_keys.count; i++) {
        if ((seen & 1U << i) == 0) {
            binder_complain(&self->binder, &item, "%s: %s is missing", what, then_keys.list[i]);
        }
    }
    return err;
}

static enum err read_rule_value(struct loader *self, size_t key, struct rule *rule)
{
    switch (key) {
    case RULE_NAME:
        return binder_read_text(&self->binder, "name", RULES_NAME_SIZE_MAX, &rule->name);
    case RULE_WHEN:
        return read_when(self, rule);
    default:
        return read_then(self, "then", rule);
    }
}

static void check_name(struct loader *self, const struct reader_item *item, const char *name)
{
    const struct rules *rules = self->rules;
    for (size_t i = 0; name && i < rules->count; i++) {
        if (rules->list[i].name && strcmp(rules->list[i].name, name) == 0) {
            binder_complain(&self->binder, item, "the rule \"%s\" stands on line %zu, too", name,
                            rules->list[i].line);
        }
    }
}

/* One rule; `item` opened its map. */
static enum err read_rule(struct loader *self, const struct reader_item *item)
{
    struct rules *rules = self->rules;
    struct rule rule = {0};
    uint32_t seen = 0;
    for (;;) {
        size_t key = 0;
        enum err err = binder_next_key(&self->binder, &rule_keys, &seen, &key);
        if (err != ERR_OK) {
            return err;
        }
        if (key == rule_keys.count) {
            break;
        }
        err = read_rule_value(self, key, &rule);
        if (err != ERR_OK) {
            return err;
        }
    }
    for (size_t i = 0; i < rule_keys.count; i++) {
        if ((seen & 1U << i) == 0) {
            binder_complain(&self->binder, item, "a rule without %s", rule_keys.list[i]);
        }
    }
    check_name(self, item, rule.name);
    rule.line = item->line;
    rules->list[rules->count++] = rule;
    return ERR_OK;
}

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
            err = read_rule(self, &item);
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
    for (size_t i = 0; i < count; i++) {
        if (strcmp(is_route ? rules->routes[i].name : rules->tools[i].name, text) == 0) {
            binder_complain(&self->binder, name, "%s stands here again: remove one of them", text);
        }
    }
    if (is_route) {
        struct rules_route *route = &rules->routes[rules->routes_count++];
        route->name = text;
        return read_route(self, route, name);
    }
    struct rules_tool *tool = &rules->tools[rules->tools_count++];
    tool->name = text;
    return read_patterns(self, RULES_LIST_text, text, &tool->texts);
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
        self->rules->otherwise.name = "otherwise";
        return read_then(self, "otherwise", &self->rules->otherwise);
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
        if ((seen & 1U << i) == 0 && i != SECTION_TOOLS) {
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

/* Reads into self->rules, which the caller destroys if it fails. */
static enum err load(struct loader *self, const char *text, size_t size)
{
    struct rules *rules = self->rules;
    /* Escapes such as "\L" are longer in UTF-8 than in the file, and each text gets an end. */
    self->binder.strings_size = 2 * size + 1;
    rules->strings = malloc(self->binder.strings_size);
    if (!rules->strings) {
        return ERR_MEMORY;
    }
    self->binder.strings = rules->strings;
    enum err err = reader_new(text, size, &self->binder.reader);
    if (err != ERR_OK) {
        return err;
    }
    err = read_file(self);
    reader_destroy(&self->binder.reader);
    if (err == ERR_MEMORY) {
        return err;
    }
    return self->binder.report->count > 0 ? ERR_CONFIG : build(self);
}

enum err rules_load_text(const char *name, const char *text, size_t size, struct rules **ret_rules,
                         struct config_report *report)
{
    assert(name);
    assert(text || size == 0);
    assert(ret_rules);
    assert(report);
    config_report_clear(report);
    if (size > RULES_FILE_SIZE_MAX) {
        struct config_place place = {name, 1, 1};
        config_report_add(report, &place, "expected at most %d bytes: shorten the file",
                          RULES_FILE_SIZE_MAX);
        return ERR_CONFIG;
    }
    struct loader *self = calloc(1, sizeof *self);
    struct rules *rules = calloc(1, sizeof *rules);
    enum err err = ERR_MEMORY;
    if (self && rules) {
        self->binder.file = name;
        self->binder.report = report;
        self->rules = rules;
        err = load(self, text, size);
    }
    free(self);
    if (err != ERR_OK) {
        rules_destroy(&rules);
        return err;
    }
    *ret_rules = rules;
    return ERR_OK;
}

void rules_destroy(struct rules **rules)
{
    assert(rules);
    struct rules *self = *rules;
    if (!self) {
        return;
    }
    needles_destroy(&self->needles);
    free(self->strings);
    free(self);
    *rules = NULL;
}
