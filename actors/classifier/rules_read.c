/* rules_read.c - one rule: when it holds, what follows, and the texts that prove it. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "actors/classifier/rules_priv.h"

static const struct binder_names labels = {"class", 4, {"typescript", "react", "test", "general"}};

static const struct binder_names yes_or_no = {"answer", 2, {"true", "false"}};

/* What a rule says; the first keys of a rule, of "otherwise" and of the older "then". */
enum { SAYS_CLASS, SAYS_ROUTE, SAYS_PRIORITY, SAYS_CONFIDENCE, SAYS };
enum { RULE_NAME = SAYS, RULE_WHEN, RULE_EXAMPLES, RULE_DECIDES, RULE_THEN, RULE_KEYS };

#define SAYS_NAMES       "class", "route", "priority", "confidence"
#define SAYS_OLDER       "label", "category", "target"
#define SAYS_MEANT       SAYS_CLASS, SAYS_CLASS, SAYS_ROUTE
#define CONFIDENCE_USUAL 90

static const struct binder_names rule_names = {
    "key of a rule", 12, {SAYS_NAMES, "name", "when", "examples", "decides", "then", SAYS_OLDER}};
static const struct binder_names says_names = {"key of then", 7, {SAYS_NAMES, SAYS_OLDER}};
static const size_t says_meant[] = {SAYS_MEANT};
static const struct loader_keys rule_keys = {&rule_names, RULE_KEYS, says_meant};
static const struct loader_keys says_keys = {&says_names, SAYS, says_meant};

/* The lists of `enum rules_list`, in its order, and then what is no list of patterns. */
enum { WHEN_TOOL = RULES_LISTS, WHEN_EXIT, WHEN_KEYS };
static const struct binder_names when_names = {
    "key of when",
    14,
    {"message", "text", "word", "not_message", "not_text", "code", "file", "tool", "exit",
     /* older */ "unless", "pattern", "patterns", "exclude", "exit_code"}};
static const size_t when_meant[] = {RULES_LIST_not_text, RULES_LIST_message, RULES_LIST_message,
                                    RULES_LIST_not_message, WHEN_EXIT};
static const struct loader_keys when_keys = {&when_names, WHEN_KEYS, when_meant};

enum { EXAMPLES_MATCH, EXAMPLES_NO_MATCH };
static const struct binder_names examples_names = {"key of examples", 2, {"match", "no_match"}};

enum { EXAMPLE_MESSAGE, EXAMPLE_FILE, EXAMPLE_EXIT };
static const struct binder_names example_names = {
    "key of an example", 3, {"message", "file", "exit"}};

/* ---- keys ---- */

void loader_warn(struct loader *self, const struct reader_item *item, const char *format, ...)
{
    char text[CONFIG_PROBLEM_SIZE / 2];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    struct config_place place = {self->binder.file, item->line, item->column};
    config_report_add(&self->rules->warnings, &place, "%s", text);
}

enum err loader_next_key(struct loader *self, const struct loader_keys *keys, uint32_t *seen,
                         size_t *ret_key)
{
    for (;;) {
        size_t key = 0;
        enum err err = binder_next_key(&self->binder, keys->names, seen, &key);
        if (err != ERR_OK || key == keys->names->count || key < keys->count) {
            *ret_key = key == keys->names->count ? keys->count : key;
            return err;
        }
        const struct reader_item at = {.line = self->binder.key_line,
                                       .column = self->binder.key_column};
        size_t meant = keys->instead[key - keys->count];
        loader_warn(self, &at, "%s is the older name of %s: write %s", keys->names->list[key],
                    keys->names->list[meant], keys->names->list[meant]);
        if ((*seen & 1U << meant) == 0) {
            *seen |= 1U << meant;
            *ret_key = meant;
            return ERR_OK;
        }
        binder_complain(&self->binder, &at, "%s stands here again: remove one of them",
                        keys->names->list[meant]);
        struct reader_item value;
        err = binder_next(&self->binder, &value);
        err = err == ERR_OK ? binder_skip(&self->binder, &value) : err;
        if (err != ERR_OK) {
            return err;
        }
    }
}

/* ---- when ---- */

/* The next item of a list that was opened.  *ret_open is false behind its end. */
static enum err next_of_list(struct loader *self, struct reader_item *ret_item, bool *ret_open)
{
    enum err err = binder_next(&self->binder, ret_item);
    *ret_open = err == ERR_OK && ret_item->kind != READER_CLOSE;
    return err;
}

static enum err read_tools(struct loader *self, struct rule *rule)
{
    struct binder_names names = {.what = "tool", .count = self->rules->tools_count};
    for (size_t i = 0; i < names.count; i++) {
        names.list[i] = self->rules->tools[i].name;
    }
    bool open = false;
    struct reader_item item;
    enum err err = binder_open_next(&self->binder, READER_LIST, "tool", &open);
    while (err == ERR_OK && open) {
        err = next_of_list(self, &item, &open);
        if (err != ERR_OK || !open) {
            break;
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

/* A number from 0 to 255; -1: none, and told. */
static int exit_of(struct loader *self, const struct reader_item *item)
{
    int number = item->kind == READER_TEXT && item->size > 0 && item->size <= 3 ? 0 : -1;
    for (size_t i = 0; number >= 0 && i < item->size; i++) {
        char c = item->text[i];
        number = c >= '0' && c <= '9' ? number * 10 + (c - '0') : -1;
    }
    if (number < 0 || number > UINT8_MAX) {
        binder_complain(&self->binder, item, "exit: expected numbers from 0 to 255");
        return -1;
    }
    return number;
}

static enum err read_exits(struct loader *self, struct rule *rule)
{
    bool open = false;
    struct reader_item item;
    enum err err = binder_open_next(&self->binder, READER_LIST, "exit", &open);
    while (err == ERR_OK && open) {
        err = next_of_list(self, &item, &open);
        if (err != ERR_OK || !open) {
            break;
        }
        int number = exit_of(self, &item);
        if (number >= 0 && rule->exits_count < RULES_EXITS_MAX) {
            rule->exits[rule->exits_count++] = (uint8_t)number;
        } else if (number >= 0) {
            binder_complain(&self->binder, &item, "exit: expected at most %d numbers",
                            RULES_EXITS_MAX);
        }
        err = binder_skip(&self->binder, &item);
    }
    return err;
}

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
        err = loader_next_key(self, &when_keys, &seen, &key);
        if (err != ERR_OK || key == WHEN_KEYS) {
            break;
        }
        if (key == WHEN_TOOL) {
            err = read_tools(self, rule);
        } else if (key == WHEN_EXIT) {
            err = read_exits(self, rule);
        } else {
            err = loader_read_patterns(self, (enum rules_list)key, when_names.list[key],
                                       &rule->lists[key]);
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

/* ---- what it says ---- */

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

static enum err read_said(struct loader *self, size_t key, struct rule *rule)
{
    size_t label = 0;
    enum err err = ERR_OK;
    switch (key) {
    case SAYS_CLASS:
        err = binder_read_choice(&self->binder, &labels, &label);
        rule->label = (enum rules_label)label;
        return err;
    case SAYS_PRIORITY:
        return binder_read_number(&self->binder, "priority", RULES_PRIORITY_MAX, &rule->priority);
    case SAYS_CONFIDENCE:
        return binder_read_number(&self->binder, "confidence", RULES_CONFIDENCE_MAX,
                                  &rule->confidence);
    default:
        return read_route_name(self, rule);
    }
}

/* The map behind "then" or "otherwise"; `seen` has a bit for each key that came. */
static enum err read_says(struct loader *self, const char *what, struct rule *rule, uint32_t *seen)
{
    struct reader_item item;
    enum err err = binder_next(&self->binder, &item);
    if (err != ERR_OK) {
        return err;
    }
    rule->line = item.line;
    rule->column = item.column;
    if (item.kind != READER_MAP) {
        binder_complain(&self->binder, &item, "%s: expected a map: write class: general lines",
                        what);
        return binder_skip(&self->binder, &item);
    }
    uint32_t here = 0;
    for (size_t key = 0; err == ERR_OK;) {
        err = loader_next_key(self, &says_keys, &here, &key);
        if (err != ERR_OK || key == SAYS) {
            break;
        }
        err = read_said(self, key, rule);
    }
    *seen |= here & ((1U << SAYS) - 1);
    return err;
}

/* Only the confidence may be left out. */
static void check_said(struct loader *self, const char *what, const struct reader_item *item,
                       uint32_t seen)
{
    for (size_t i = 0; i < SAYS_CONFIDENCE; i++) {
        if ((seen & 1U << i) == 0) {
            binder_complain(&self->binder, item, "%s without %s", what, says_names.list[i]);
        }
    }
}

enum err loader_read_otherwise(struct loader *self)
{
    struct rule *rule = &self->rules->otherwise;
    uint32_t seen = 0;
    *rule = (struct rule){
        .name = "otherwise", .file = self->binder.file, .confidence = CONFIDENCE_USUAL};
    enum err err = read_says(self, "otherwise", rule, &seen);
    const struct reader_item at = {.line = rule->line, .column = rule->column};
    if (err == ERR_OK) {
        check_said(self, "otherwise", &at, seen);
    }
    return err;
}

/* ---- examples ---- */

static enum err read_example_value(struct loader *self, size_t key, struct rules_example *example)
{
    struct reader_item item;
    enum err err = binder_next(&self->binder, &item);
    if (err != ERR_OK) {
        return err;
    }
    if (key == EXAMPLE_EXIT) {
        example->exit = exit_of(self, &item);
    } else if (item.kind == READER_TEXT && key == EXAMPLE_FILE) {
        example->source = binder_keep(&self->binder, &item, RULES_EXAMPLE_SIZE_MAX);
    } else if (item.kind == READER_TEXT) {
        example->text = binder_keep_lines(&self->binder, &item, RULES_EXAMPLE_SIZE_MAX);
    } else {
        binder_complain(&self->binder, &item, "%s: expected a text", example_names.list[key]);
    }
    return binder_skip(&self->binder, &item);
}

/* One example, which `item` begins: a text, or a map with more. */
static enum err read_example(struct loader *self, const struct reader_item *item,
                             struct rules_example *example)
{
    if (item->kind == READER_TEXT) {
        example->text = binder_keep_lines(&self->binder, item, RULES_EXAMPLE_SIZE_MAX);
        return ERR_OK;
    }
    if (item->kind != READER_MAP) {
        binder_complain(&self->binder, item, "expected a text, or a map with message and file");
        return binder_skip(&self->binder, item);
    }
    uint32_t seen = 0;
    enum err err = ERR_OK;
    for (size_t key = 0; err == ERR_OK;) {
        err = binder_next_key(&self->binder, &example_names, &seen, &key);
        if (err != ERR_OK || key == example_names.count) {
            break;
        }
        err = read_example_value(self, key, example);
    }
    if (err == ERR_OK && (seen & 1U << EXAMPLE_MESSAGE) == 0) {
        binder_complain(&self->binder, item, "an example without message");
    }
    return err;
}

static enum err read_example_list(struct loader *self, bool wanted)
{
    struct rules *rules = self->rules;
    bool open = false;
    struct reader_item item;
    enum err err =
        binder_open_next(&self->binder, READER_LIST, wanted ? "match" : "no_match", &open);
    while (err == ERR_OK && open) {
        err = next_of_list(self, &item, &open);
        if (err != ERR_OK || !open) {
            break;
        }
        struct rules_example example = {.exit = -1,
                                        .wanted = wanted,
                                        .file = self->binder.file,
                                        .line = item.line,
                                        .column = item.column};
        if (rules->examples_count == RULES_EXAMPLES_MAX) {
            binder_complain(&self->binder, &item, "expected at most %d examples",
                            RULES_EXAMPLES_MAX);
            err = binder_skip(&self->binder, &item);
            continue;
        }
        err = read_example(self, &item, &example);
        if (err == ERR_OK && example.text) {
            rules->examples[rules->examples_count++] = example;
        }
    }
    return err;
}

static enum err read_examples(struct loader *self)
{
    bool open = false;
    uint32_t seen = 0;
    enum err err = binder_open_next(&self->binder, READER_MAP, "examples", &open);
    while (err == ERR_OK && open) {
        size_t key = 0;
        err = binder_next_key(&self->binder, &examples_names, &seen, &key);
        if (err != ERR_OK || key == examples_names.count) {
            break;
        }
        err = read_example_list(self, key == EXAMPLES_MATCH);
    }
    return err;
}

/* ---- a rule ---- */

static enum err read_value(struct loader *self, size_t key, struct rule *rule, uint32_t *seen)
{
    const struct reader_item at = {.line = self->binder.key_line,
                                   .column = self->binder.key_column};
    size_t choice = 1;
    enum err err = ERR_OK;
    switch (key) {
    case RULE_NAME:
        return binder_read_text(&self->binder, "name", RULES_NAME_SIZE_MAX, &rule->name);
    case RULE_WHEN:
        return read_when(self, rule);
    case RULE_EXAMPLES:
        return read_examples(self);
    case RULE_DECIDES:
        err = binder_read_choice(&self->binder, &yes_or_no, &choice);
        rule->decides = choice == 0 || rule->is_own;
        return err;
    case RULE_THEN:
        loader_warn(self, &at, "then is older: write its keys beside when");
        return read_says(self, "then", rule, seen);
    default:
        return read_said(self, key, rule);
    }
}

/* Within a file a name stands once; one of the first file is replaced by that of the second. */
static void check_name(struct loader *self, const struct reader_item *item, const char *name)
{
    struct rules *rules = self->rules;
    for (size_t i = 0; name && i < rules->count; i++) {
        struct rule *other = &rules->list[i];
        if (!other->name || strcmp(other->name, name) != 0) {
            continue;
        }
        if (i < self->base_count) {
            other->name = NULL;
        } else {
            binder_complain(&self->binder, item, "the rule \"%s\" stands on line %zu, too", name,
                            other->line);
        }
    }
}

enum err loader_read_rule(struct loader *self, const struct reader_item *item)
{
    struct rules *rules = self->rules;
    struct rule rule = {.file = self->binder.file,
                        .confidence = CONFIDENCE_USUAL,
                        .is_own = self->is_over,
                        .decides = self->is_over};
    size_t examples = rules->examples_count;
    uint32_t seen = 0;
    for (;;) {
        size_t key = 0;
        enum err err = loader_next_key(self, &rule_keys, &seen, &key);
        if (err != ERR_OK) {
            return err;
        }
        if (key == RULE_KEYS) {
            break;
        }
        err = read_value(self, key, &rule, &seen);
        if (err != ERR_OK) {
            return err;
        }
    }
    for (size_t i = RULE_NAME; i <= RULE_WHEN; i++) {
        if ((seen & 1U << i) == 0) {
            binder_complain(&self->binder, item, "a rule without %s", rule_names.list[i]);
        }
    }
    check_said(self, "a rule", item, seen);
    check_name(self, item, rule.name);
    rule.line = item->line;
    rule.column = item->column;
    for (size_t i = examples; i < rules->examples_count; i++) {
        rules->examples[i].rule = rule.name;
    }
    rules->list[rules->count++] = rule;
    return ERR_OK;
}
