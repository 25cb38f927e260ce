/* test_config.c - defaults, rules, and the config printed. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "config/load.h"

static struct config config;
static struct config_report report;

/* What `print` writes; to be freed. */
static char *printed(enum err (*print)(FILE *out), size_t *ret_size)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, ret_size);
    cr_assert(out);
    cr_expect_eq(print(out), ERR_OK);
    (void)fclose(out);
    return text;
}

static enum err print_commented(FILE *out)
{
    return config_print_yaml(out, &config, true);
}

static enum err print_bare(FILE *out)
{
    return config_print_yaml(out, &config, false);
}

static enum err print_json(FILE *out)
{
    return config_print_json(out, &config);
}

/* The config, printed and read again, is the same bytes. */
static void expect_round_trip(enum err (*print)(FILE *out))
{
    size_t size;
    char *text = printed(print, &size);
    struct config again;
    cr_assert_eq(config_load_text("printed", text, size, &again, &report), ERR_OK, "%s",
                 report.lines[0]);
    cr_expect_eq(memcmp(&again, &config, sizeof config), 0);
    free(text);
}

Test(config, defaults_are_those_of_the_table)
{
    config_defaults(&config);
    cr_expect_eq(config.coordinator.lease_ms, 5000);
    cr_expect_eq(config.runtime.mailbox_bytes_max, 67108864);
    cr_expect_eq(config.runtime.restart_jitter, 0.2);
    cr_expect(config.sandbox.enabled);
    cr_expect_not(config.sandbox.network);
    cr_expect_str_eq(config.run.runner, "auto");
    cr_expect_str_eq(config.sandbox.writable, "");
}

Test(config, defaults_are_the_same_bytes_each_time)
{
    struct config other;
    memset(&other, 0xaa, sizeof other);
    config_defaults(&other);
    config_defaults(&config);
    cr_expect_eq(memcmp(&other, &config, sizeof config), 0);
}

Test(config, defaults_obey_the_rules)
{
    char message[CONFIG_PROBLEM_SIZE];
    config_defaults(&config);
    cr_expect_eq(config_check(&config, message, sizeof message), ERR_OK);
}

Test(config, a_broken_rule_is_explained)
{
    char message[CONFIG_PROBLEM_SIZE];
    config_defaults(&config);
    config.coordinator.lease_ms = 1500;
    cr_expect_eq(config_check(&config, message, sizeof message), ERR_CONFIG);
    cr_expect_str_eq(message, "coordinator.lease_ms: expected at least 2 times "
                              "coordinator.beat_ms (1s), found 1500ms: one lost beat must not cost "
                              "the lease");
    config_defaults(&config);
    config.runtime.frame_bytes_max = 32768;
    cr_expect_eq(config_check(&config, message, sizeof message), ERR_CONFIG);
    cr_expect_str_eq(message, "runtime.frame_bytes_max: expected at least runtime.batch_bytes_max "
                              "(64KiB), found 32KiB: a batch travels in one frame");
}

Test(config, every_key_is_within_its_range_and_has_a_sentence)
{
    config_defaults(&config);
    for (size_t i = 0; i < CONFIG_KEYS; i++) {
        const struct config_key *key = &config_keys[i];
        cr_expect_gt(strlen(key->sentence), 10, "%s", key->path);
        cr_expect_leq(key->min, key->max, "%s", key->path);
        cr_expect_null(strpbrk(key->sentence, "\"\\\n"), "%s", key->path);
        if (key->kind == CONFIG_KIND_f64) {
            cr_expect_geq(config_get_f64(&config, key), (double)key->min, "%s", key->path);
            cr_expect_leq(config_get_f64(&config, key), (double)key->max, "%s", key->path);
        }
    }
}

Test(config, no_two_keys_share_a_path)
{
    for (size_t i = 0; i < CONFIG_KEYS; i++) {
        for (size_t j = 0; j < i; j++) {
            cr_expect_str_neq(config_keys[i].path, config_keys[j].path);
        }
    }
}

Test(config, printed_yaml_is_read_back)
{
    config_defaults(&config);
    expect_round_trip(print_commented);
    expect_round_trip(print_bare);
}

Test(config, strange_texts_survive_printing)
{
    char message[CONFIG_PROBLEM_SIZE];
    config_defaults(&config);
    cr_assert_eq(config_set(&config, "sandbox.writable", "/a\"b\\c: #'{}&*!\xc3\xa9", message,
                            sizeof message),
                 ERR_OK);
    cr_assert_eq(config_set(&config, "run.runner", "~", message, sizeof message), ERR_OK);
    cr_assert_eq(config_set(&config, "runtime.restart_jitter", "0.123457", message, sizeof message),
                 ERR_OK);
    expect_round_trip(print_bare);
    expect_round_trip(print_json); /* JSON is YAML */
}

Test(config, shipped_file_is_fresh)
{
    size_t size;
    config_defaults(&config);
    char *text = printed(print_commented, &size);
    char shipped[65536];
    FILE *file = fopen(SOURCE_ROOT "/config/troupe.yml", "re");
    cr_assert(file);
    size_t shipped_size = fread(shipped, 1, sizeof shipped, file);
    (void)fclose(file);
    cr_expect(shipped_size == size && memcmp(shipped, text, size) == 0,
              "print-config > config/troupe.yml makes it fresh");
    free(text);
}

Test(config, schema_describes_every_key)
{
    size_t size;
    char *text = printed(config_print_schema, &size);
    for (size_t i = 0; i < CONFIG_KEYS; i++) {
        cr_expect(strstr(text, config_keys[i].sentence), "%s", config_keys[i].path);
    }
    cr_expect(strstr(text, "\"slots\": {\"type\": \"integer\", \"minimum\": 1, \"maximum\": 1024, "
                           "\"default\": 1, \"description\": \"test files that one executor runs "
                           "side by side\"}"));
    cr_expect(strstr(text, "\"format\": {\"enum\": [\"logfmt\", \"json\"]"));
    free(text);
}

Test(config, a_full_disk_is_an_error)
{
    config_defaults(&config);
    FILE *full = fopen("/dev/full", "we");
    cr_assert(full);
    cr_expect_eq(config_print_yaml(full, &config, true), ERR_IO);
    cr_expect_eq(config_print_json(full, &config), ERR_IO);
    cr_expect_eq(config_print_schema(full), ERR_IO);
    (void)fclose(full);
}
