/* config.h - every setting of troupe.yml as plain data.
 *
 * One struct per section, one member per key of keys.def: `config.runtime.silence_ms_max`.  A part
 * of the system is handed its section, `const struct cfg_runtime *`.  Strings are bounded arrays,
 * zero-filled, so a config may be copied and compared as bytes.  No function here keeps anything;
 * any thread may call them on its own data.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "proto/error.h"

/* clang-format off */
#define CFG_MEMBER_u64(name, max)    uint64_t name;
#define CFG_MEMBER_f64(name, max)    double name;
#define CFG_MEMBER_bool(name, max)   bool name;
#define CFG_MEMBER_str(name, max)    char name[(max) + 1];
#define CFG_MEMBER_choice(name, max) char name[(max) + 1];

#define SECTION(section, sentence)  struct cfg_##section {
#define KEY(section, kind, name, fallback, min, max, unit, sentence) CFG_MEMBER_##kind(name, max)
#define END(section)                };
#include "config/keys.def"
/* clang-format on */

struct config {
#define SECTION(section, sentence) struct cfg_##section section;
#include "config/keys.def"
};

enum config_section_index {
#define SECTION(section, sentence) CONFIG_SECTION_##section,
#include "config/keys.def"
    CONFIG_SECTIONS
};

enum config_key_index {
#define KEY(section, kind, name, fallback, min, max, unit, sentence) CONFIG_KEY_##section##_##name,
#include "config/keys.def"
    CONFIG_KEYS
};

enum config_kind {
    CONFIG_KIND_u64,
    CONFIG_KIND_f64,
    CONFIG_KIND_bool,
    CONFIG_KIND_str,
    CONFIG_KIND_choice
};

/* A line of keys.def.  min and max bound the number, or the length of the text in bytes. */
struct config_key {
    enum config_section_index section;
    enum config_kind kind;
    const char *name;
    const char *path; /* "section.name" */
    uint64_t min;
    uint64_t max;
    const char *unit;
    const char *sentence;
    size_t offset; /* of the member in struct config */
};

struct config_section {
    const char *name;
    const char *sentence;
};

/* A RULE of keys.def: the key must be at least `times` the other. */
struct config_rule {
    enum config_key_index key;
    enum config_key_index other;
    uint64_t times;
    const char *reason;
};

extern const struct config_section config_sections[CONFIG_SECTIONS];
extern const struct config_key config_keys[CONFIG_KEYS];
extern const struct config_rule config_rules[];
extern const size_t config_rules_count;

/* Fills *ret_config with the defaults of keys.def, which obey every range and rule. */
void config_defaults(struct config *ret_config);

/* Whether `config` obeys `rule`. */
bool config_rule_holds(const struct config_rule *rule, const struct config *config);

/* Writes to `message` (always terminated, cut to `size` bytes) which rule is broken and why. */
void config_rule_explain(const struct config_rule *rule, const struct config *config, char *message,
                         size_t size);

/* Checks all rules between keys.  To be called after the last config_set(); config_load() does it
 * for files.  ERR_CONFIG: the first broken rule is explained in `message`. */
enum err config_check(const struct config *config, char *message, size_t size) MUST_CHECK;

/* The number or text of `key` in `config`; the kind must fit (str also reads choices).  The text
 * lives as long as the config. */
uint64_t config_get_u64(const struct config *config, const struct config_key *key);
double config_get_f64(const struct config *config, const struct config_key *key);
bool config_get_bool(const struct config *config, const struct config_key *key);
const char *config_get_str(const struct config *config, const struct config_key *key);

/* A troupe.yml that says what `config` says: every key, and with comments also its sentence, unit
 * and range.  config_load_text() reads it back to the same bytes.  ERR_IO: `out` refused. */
enum err config_print_yaml(FILE *out, const struct config *config, bool with_comments) MUST_CHECK;

/* The same as one JSON object of sections; times in ms, sizes in bytes.  ERR_IO as above. */
enum err config_print_json(FILE *out, const struct config *config) MUST_CHECK;

/* The JSON schema (draft 2020-12) of troupe.yml, for editors.  ERR_IO as above. */
enum err config_print_schema(FILE *out) MUST_CHECK;

#endif
