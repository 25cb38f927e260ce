/* config.c - keys.def as tables, defaults and rules. */
#include "config/config.h"

#include <assert.h>
#include <string.h>

#include "config/value.h"

/* A default outside its range does not compile. */
#define CHECK_NUMBER(path, fallback, min, max)                                                     \
    _Static_assert((min) <= (fallback) && (fallback) <= (max), path ": default out of range");
#define CHECK_TEXT(path, fallback, min, max)                                                       \
    CHECK_NUMBER(path, (int64_t)sizeof(fallback) - 1, min, max)
#define CHECK_u64                           CHECK_NUMBER
#define CHECK_f64(path, fallback, min, max) /* not a constant expression; a test looks */
#define CHECK_bool(path, fallback, min, max)                                                       \
    _Static_assert((min) == 0 && (max) == 1, path ": a bool ranges from 0 to 1");
#define CHECK_str    CHECK_TEXT
#define CHECK_choice CHECK_TEXT
#define KEY(section, kind, name, fallback, min, max, unit, sentence)                               \
    CHECK_##kind(#section "." #name, fallback, min, max)
#include "config/keys.def"

const struct config_section config_sections[CONFIG_SECTIONS] = {
#define SECTION(section, sentence) {#section, sentence},
#include "config/keys.def"
};

const struct config_key config_keys[CONFIG_KEYS] = {
#define KEY(section, kind, name, fallback, min, max, unit, sentence)                               \
    {CONFIG_SECTION_##section,                                                                     \
     CONFIG_KIND_##kind,                                                                           \
     #name,                                                                                        \
     #section "." #name,                                                                           \
     (min),                                                                                        \
     (max),                                                                                        \
     unit,                                                                                         \
     sentence,                                                                                     \
     offsetof(struct config, section.name)},
#include "config/keys.def"
};

const struct config_rule config_rules[] = {
#define RULE(section, name, times, other_section, other, reason)                                   \
    {CONFIG_KEY_##section##_##name, CONFIG_KEY_##other_section##_##other, times, reason},
#include "config/keys.def"
};

const size_t config_rules_count = sizeof config_rules / sizeof config_rules[0];

#define DEFAULT_u64(member, fallback)    member = (fallback);
#define DEFAULT_f64(member, fallback)    member = (fallback);
#define DEFAULT_bool(member, fallback)   member = (fallback);
#define DEFAULT_str(member, fallback)    memcpy(member, fallback, sizeof(fallback));
#define DEFAULT_choice(member, fallback) memcpy(member, fallback, sizeof(fallback));

void config_defaults(struct config *ret_config)
{
    assert(ret_config);
    memset(ret_config, 0, sizeof *ret_config); /* padding too: configs are compared as bytes */
#define KEY(section, kind, name, fallback, min, max, unit, sentence)                               \
    DEFAULT_##kind(ret_config->section.name, fallback)
#include "config/keys.def"
}

uint64_t config_get_u64(const struct config *config, const struct config_key *key)
{
    assert(key->kind == CONFIG_KIND_u64);
    uint64_t number;
    memcpy(&number, (const char *)config + key->offset, sizeof number);
    return number;
}

double config_get_f64(const struct config *config, const struct config_key *key)
{
    assert(key->kind == CONFIG_KIND_f64);
    double number;
    memcpy(&number, (const char *)config + key->offset, sizeof number);
    return number;
}

bool config_get_bool(const struct config *config, const struct config_key *key)
{
    assert(key->kind == CONFIG_KIND_bool);
    bool yes;
    memcpy(&yes, (const char *)config + key->offset, sizeof yes);
    return yes;
}

const char *config_get_str(const struct config *config, const struct config_key *key)
{
    assert(key->kind == CONFIG_KIND_str || key->kind == CONFIG_KIND_choice);
    return (const char *)config + key->offset;
}

bool config_rule_holds(const struct config_rule *rule, const struct config *config)
{
    uint64_t other = config_get_u64(config, &config_keys[rule->other]);
    if (other > UINT64_MAX / rule->times) {
        return false;
    }
    return config_get_u64(config, &config_keys[rule->key]) >= rule->times * other;
}

void config_rule_explain(const struct config_rule *rule, const struct config *config, char *message,
                         size_t size)
{
    const struct config_key *key = &config_keys[rule->key];
    const struct config_key *other = &config_keys[rule->other];
    struct amount mine = amount_text(key->unit, config_get_u64(config, key));
    struct amount theirs = amount_text(other->unit, config_get_u64(config, other));
    if (rule->times == 1) {
        (void)snprintf(message, size, "%s: expected at least %s (%s), found %s: %s", key->path,
                       other->path, theirs.text, mine.text, rule->reason);
        return;
    }
    (void)snprintf(message, size, "%s: expected at least %u times %s (%s), found %s: %s", key->path,
                   (unsigned)rule->times, other->path, theirs.text, mine.text, rule->reason);
}

enum err config_check(const struct config *config, char *message, size_t size)
{
    assert(config);
    for (size_t i = 0; i < config_rules_count; i++) {
        if (!config_rule_holds(&config_rules[i], config)) {
            config_rule_explain(&config_rules[i], config, message, size);
            return ERR_CONFIG;
        }
    }
    return ERR_OK;
}
