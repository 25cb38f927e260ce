/* print.c - keys.def and a config as YAML, JSON and JSON schema. */
#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "config/config.h"
#include "config/value.h"

/* JSON's way, which is also YAML's between double quotes: a value has no control characters. */
static void print_quoted(FILE *out, const char *text)
{
    (void)fputc('"', out);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\') {
            (void)fputc('\\', out);
        }
        (void)fputc(*text, out);
    }
    (void)fputc('"', out);
}

static void print_value(FILE *out, const struct config *config, const struct config_key *key)
{
    switch (key->kind) {
    case CONFIG_KIND_u64:
        (void)fprintf(out, "%" PRIu64, config_get_u64(config, key));
        return;
    case CONFIG_KIND_f64:
        (void)fputs(decimal_text(config_get_f64(config, key)).text, out);
        return;
    case CONFIG_KIND_bool:
        (void)fputs(config_get_bool(config, key) ? "true" : "false", out);
        return;
    case CONFIG_KIND_str:
    case CONFIG_KIND_choice:
        print_quoted(out, config_get_str(config, key));
        return;
    }
}

static enum err end_of_print(FILE *out)
{
    return fflush(out) == 0 && !ferror(out) ? ERR_OK : ERR_IO;
}

/* "100ms to 1h", "0 to 4096 bytes", "1 to 64 threads", "a|b|c", "true or false" */
static void print_range(FILE *out, const struct config_key *key)
{
    bool suffixed = strcmp(key->unit, "ms") == 0 || strcmp(key->unit, "bytes") == 0;
    switch (key->kind) {
    case CONFIG_KIND_u64:
    case CONFIG_KIND_f64:
        (void)fprintf(out, "%s to %s%s%s", amount_text(key->unit, key->min).text,
                      amount_text(key->unit, key->max).text, suffixed || !*key->unit ? "" : " ",
                      suffixed ? "" : key->unit);
        return;
    case CONFIG_KIND_bool:
        (void)fputs("true or false", out);
        return;
    case CONFIG_KIND_str:
        (void)fprintf(out, "%s, %" PRIu64 " to %" PRIu64 " bytes", key->unit, key->min, key->max);
        return;
    case CONFIG_KIND_choice:
        (void)fputs(key->unit, out);
        return;
    }
}

static void print_yaml_key(FILE *out, const struct config *config, const struct config_key *key,
                           bool with_comments)
{
    if (with_comments) {
        (void)fprintf(out, "\n  # %s (", key->sentence);
        print_range(out, key);
        (void)fputs(")\n", out);
    }
    (void)fprintf(out, "  %s: ", key->name);
    if (key->kind == CONFIG_KIND_u64 && strcmp(key->unit, "bytes") == 0) {
        (void)fputs(amount_text(key->unit, config_get_u64(config, key)).text, out);
    } else {
        print_value(out, config, key);
    }
    (void)fputc('\n', out);
}

static void print_yaml_section(FILE *out, const struct config *config, size_t section,
                               bool with_comments)
{
    if (with_comments) {
        (void)fprintf(out, "\n# %s\n", config_sections[section].sentence);
    }
    (void)fprintf(out, "%s:\n", config_sections[section].name);
    for (size_t i = 0; i < CONFIG_KEYS; i++) {
        if (config_keys[i].section == section) {
            print_yaml_key(out, config, &config_keys[i], with_comments);
        }
    }
}

enum err config_print_yaml(FILE *out, const struct config *config, bool with_comments)
{
    assert(out);
    assert(config);
    if (with_comments) {
        (void)fputs(
            "# troupe.yml - settings of Troupe.\n"
            "#\n"
            "# A line that is left out keeps its default.  Times are in ms or take a suffix\n"
            "# (ms, s, m, h, d); sizes are in bytes or take one (B, KiB, MiB, GiB, TiB).\n",
            out);
    }
    for (size_t i = 0; i < CONFIG_SECTIONS; i++) {
        print_yaml_section(out, config, i, with_comments);
    }
    return end_of_print(out);
}

/* Calls `print` for each key, between the braces of its section. */
typedef void print_key(FILE *out, const struct config *config, const struct config_key *key);

static void print_members(FILE *out, const struct config *config, size_t section, print_key *print)
{
    const char *comma = "";
    for (size_t i = 0; i < CONFIG_KEYS; i++) {
        if (config_keys[i].section == section) {
            (void)fprintf(out, "%s\n      \"%s\": ", comma, config_keys[i].name);
            print(out, config, &config_keys[i]);
            comma = ",";
        }
    }
}

enum err config_print_json(FILE *out, const struct config *config)
{
    assert(out);
    assert(config);
    const char *comma = "";
    (void)fputc('{', out);
    for (size_t i = 0; i < CONFIG_SECTIONS; i++) {
        (void)fprintf(out, "%s\n    \"%s\": {", comma, config_sections[i].name);
        print_members(out, config, i, print_value);
        (void)fputs("\n    }", out);
        comma = ",";
    }
    (void)fputs("\n}\n", out);
    return end_of_print(out);
}

static void print_schema_number(FILE *out, const struct config_key *key)
{
    const char *suffixes = strcmp(key->unit, "ms") == 0      ? "(ms|s|m|h|d)"
                           : strcmp(key->unit, "bytes") == 0 ? "(B|KiB|MiB|GiB|TiB)"
                                                             : NULL;
    const char *number = key->kind == CONFIG_KIND_f64 ? "\"number\"" : "\"integer\"";
    if (suffixes) {
        (void)fprintf(out, "\"type\": [%s, \"string\"], \"pattern\": \"^(0|[1-9][0-9]*)%s$\"",
                      number, suffixes);
    } else {
        (void)fprintf(out, "\"type\": %s", number);
    }
    (void)fprintf(out, ", \"minimum\": %" PRIu64 ", \"maximum\": %" PRIu64, key->min, key->max);
}

static void print_schema_choice(FILE *out, const char *choices)
{
    (void)fputs("\"enum\": [\"", out);
    for (; *choices; choices++) {
        if (*choices == '|') {
            (void)fputs("\", \"", out);
        } else {
            (void)fputc(*choices, out);
        }
    }
    (void)fputs("\"]", out);
}

static void print_schema_kind(FILE *out, const struct config_key *key)
{
    switch (key->kind) {
    case CONFIG_KIND_u64:
    case CONFIG_KIND_f64:
        print_schema_number(out, key);
        return;
    case CONFIG_KIND_bool:
        (void)fputs("\"type\": \"boolean\"", out);
        return;
    case CONFIG_KIND_str:
        (void)fprintf(out,
                      "\"type\": \"string\", \"minLength\": %" PRIu64 ", \"maxLength\": %" PRIu64,
                      key->min, key->max);
        return;
    case CONFIG_KIND_choice:
        print_schema_choice(out, key->unit);
        return;
    }
}

static void print_schema_key(FILE *out, const struct config *config, const struct config_key *key)
{
    (void)fputs("{", out);
    print_schema_kind(out, key);
    (void)fputs(", \"default\": ", out);
    print_value(out, config, key);
    (void)fputs(", \"description\": ", out);
    print_quoted(out, key->sentence);
    (void)fputs("}", out);
}

enum err config_print_schema(FILE *out)
{
    assert(out);
    struct config defaults;
    config_defaults(&defaults);
    const char *comma = "";
    (void)fputs("{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"
                "  \"title\": \"troupe.yml\",\n  \"type\": \"object\",\n"
                "  \"additionalProperties\": false,\n  \"properties\": {",
                out);
    for (size_t i = 0; i < CONFIG_SECTIONS; i++) {
        (void)fprintf(out,
                      "%s\n    \"%s\": {\"type\": [\"object\", \"null\"], \"description\": ", comma,
                      config_sections[i].name);
        print_quoted(out, config_sections[i].sentence);
        (void)fputs(", \"additionalProperties\": false, \"properties\": {", out);
        print_members(out, &defaults, i, print_schema_key);
        (void)fputs("\n    }}", out);
        comma = ",";
    }
    (void)fputs("\n  }\n}\n", out);
    return end_of_print(out);
}
