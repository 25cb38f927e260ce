/* test_load.c - troupe.yml: what is taken, what is refused, where and with which words. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/load.h"
#include "config/reader.h"

static struct config config;
static struct config before;
static struct config_report report;

static void setup(void)
{
    memset(&config, 0x5a, sizeof config);
    memcpy(&before, &config, sizeof config);
}

TestSuite(load, .init = setup);

static enum err load_bytes(const char *text, size_t size)
{
    return config_load_text("t.yml", text, size, &config, &report);
}

static enum err load(const char *text)
{
    return load_bytes(text, strlen(text));
}

static void expect_defaults(void)
{
    struct config defaults;
    config_defaults(&defaults);
    cr_expect_eq(report.count, 0);
    cr_expect_eq(memcmp(&config, &defaults, sizeof config), 0);
}

/* The report holds exactly these lines, and nothing was written. */
static void expect_lines(const char *const *lines, size_t count)
{
    cr_expect_eq(report.count, count, "%zu problems", report.count);
    for (size_t i = 0; i < count && i < config_report_lines(&report); i++) {
        cr_expect_str_eq(report.lines[i], lines[i]);
    }
    cr_expect_eq(memcmp(&config, &before, sizeof config), 0);
}

static void expect_refused(const char *text, const char *line)
{
    cr_expect_eq(load(text), ERR_CONFIG);
    expect_lines(&line, 1);
}

Test(load, nothing_means_the_defaults)
{
    const char *const texts[] = {
        "",     "\n\n",         "# only a remark\n", "---\n",      "~\n",
        "{}\n", "\xef\xbb\xbf", "executor:\n",       "---\n...\n", "executor: {}\nrun: ~\n"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        setup();
        cr_expect_eq(load(texts[i]), ERR_OK, "text %zu: %s", i, report.lines[0]);
        expect_defaults();
    }
    setup();
    cr_expect_eq(config_load_text("t.yml", NULL, 0, &config, &report), ERR_OK);
    expect_defaults();
}

Test(load, takes_each_kind_of_value)
{
    cr_expect_eq(load("executor:\n  slots: 4\n  file_timeout_ms: 2m\n  output_max: \"1MiB\"\n"
                      "runtime: {restart_jitter: 0.5, credit_bytes: 8MiB}\n"
                      "sandbox:\n  network: true\n  env: PATH,HOME\n  writable: ''\n"
                      "log:\n  format: json\n"),
                 ERR_OK);
    cr_expect_eq(config.executor.slots, 4);
    cr_expect_eq(config.executor.file_timeout_ms, 120000);
    cr_expect_eq(config.executor.output_max, 1048576);
    cr_expect_eq(config.runtime.restart_jitter, 0.5);
    cr_expect_eq(config.runtime.credit_bytes, 8388608);
    cr_expect(config.sandbox.network);
    cr_expect_str_eq(config.sandbox.env, "PATH,HOME");
    cr_expect_str_eq(config.sandbox.writable, "");
    cr_expect_str_eq(config.log.format, "json");
    cr_expect_eq(config.coordinator.lease_ms, 5000);
}

Test(load, tells_where_a_value_is_wrong)
{
    expect_refused("executor:\n  slots: 0\n",
                   "t.yml:2:10: executor.slots: expected a whole number from 1 to 1024, found "
                   "\"0\": raise it to at least 1");
}

Test(load, every_problem_is_reported)
{
    const char *const lines[] = {
        "t.yml:2:3: unknown key \"slot\" in section executor: did you mean \"slots\"?",
        "t.yml:3:17: executor.output_max: expected a size from 1KiB to 64MiB, found \"1\": raise "
        "it to at least 1KiB",
        "t.yml:4:1: unknown section \"exekutor\": did you mean \"executor\"?",
        "t.yml:7:12: sandbox.enabled: expected true or false, found \"on\": write one of these two "
        "words",
    };
    cr_expect_eq(load("executor:\n  slot: 1\n  output_max:   1\nexekutor:\n  a: [b, {c: d}]\n"
                      "sandbox:\n  enabled: on\n"),
                 ERR_CONFIG);
    expect_lines(lines, sizeof lines / sizeof lines[0]);
}

Test(load, more_problems_than_lines_are_counted)
{
    char text[1024] = "executor:\n";
    for (int i = 0; i < CONFIG_PROBLEMS_MAX + 3; i++) {
        size_t used = strlen(text);
        (void)snprintf(text + used, sizeof text - used, "  x%d: 1\n", i);
    }
    cr_expect_eq(load(text), ERR_CONFIG);
    cr_expect_eq(report.count, CONFIG_PROBLEMS_MAX + 3);
    char printed[32768] = "";
    FILE *out = fmemopen(printed, sizeof printed, "w");
    config_report_print(out, &report);
    (void)fclose(out);
    cr_expect(strstr(printed, "t.yml:21:3: unknown key \"x19\""));
    cr_expect_not(strstr(printed, "x20"));
    cr_expect(strstr(printed, "\nand 3 more\n"));
}

Test(load, unknown_names_without_a_neighbour_get_the_list)
{
    expect_refused("store:\n  zzz: 1\n",
                   "t.yml:2:3: unknown key \"zzz\" in section store: expected one of group_max, "
                   "group_ms_max, patience_ms_max, busy_ms_max");
    expect_refused("zzz: 1\n",
                   "t.yml:1:1: unknown section \"zzz\": expected one of coordinator, "
                   "executor, partitioner, schedule, classifier, fixer, validator, runtime, "
                   "store, sandbox, security, run, "
                   "http, monitor, gateway, sqs, cost, scaling, budget, log");
}

Test(load, misplaced_keys_are_sent_home)
{
    expect_refused("store:\n  slots: 1\n", "t.yml:2:3: unknown key \"slots\" in section store: it "
                                           "belongs to section executor");
    expect_refused("slots: 1\n",
                   "t.yml:1:1: unknown section \"slots\": it is a key of section executor");
}

Test(load, duplicate_keys_are_refused)
{
    expect_refused("executor:\n  slots: 1\n  slots: 1\n",
                   "t.yml:3:3: executor.slots stands here again, first on line 2: remove one of "
                   "them");
}

Test(load, duplicate_sections_are_refused)
{
    expect_refused("executor:\n  slots: 1\nrun:\nexecutor:\n  output_max: 1KiB\n",
                   "t.yml:4:1: section executor stands here again, first on line 1: join the two");
}

Test(load, a_value_may_not_be_missing)
{
    const char *const texts[] = {"run:\n  runner:\n", "run:\n  runner: ~\n",
                                 "run:\n  runner: null\n"};
    const size_t columns[] = {10, 11, 11};
    for (size_t i = 0; i < 3; i++) {
        char line[200];
        (void)snprintf(line, sizeof line,
                       "t.yml:2:%zu: run.runner: expected a value, found none: remove the line to "
                       "get the default",
                       columns[i]);
        expect_refused(texts[i], line);
    }
}

Test(load, quoted_nothing_is_a_text)
{
    cr_expect_eq(load("run:\n  runner: \"null\"\n"), ERR_OK);
    cr_expect_str_eq(config.run.runner, "null");
}

Test(load, lists_and_maps_are_no_values)
{
    expect_refused("sandbox:\n  env: [PATH, HOME]\n",
                   "t.yml:2:8: sandbox.env: expected one value, found a list: write one line, "
                   "separated by commas");
    expect_refused("executor:\n  slots: {a: 1}\n",
                   "t.yml:2:10: executor.slots: expected one value, found a map: write it behind "
                   "the colon");
}

Test(load, a_section_is_a_map)
{
    expect_refused("executor: 5\n", "t.yml:1:11: executor: expected keys, found a value: write "
                                    "key: value lines below it");
    expect_refused("executor:\n  - slots\n", "t.yml:2:3: executor: expected keys, found a list: "
                                             "write key: value lines below it");
}

Test(load, the_file_is_a_map)
{
    expect_refused("hello\n", "t.yml:1:1: expected sections, found a value: write lines like "
                              "\"executor:\"");
    expect_refused("- a\n",
                   "t.yml:1:1: expected sections, found a list: write lines like \"executor:\"");
}

Test(load, names_are_texts)
{
    expect_refused("? [a, b]\n: c\n",
                   "t.yml:1:3: expected a name, found a list: write name: value");
    expect_refused("executor:\n  ? {a: b}\n  : c\n",
                   "t.yml:2:5: expected a name, found a map: write name: value");
}

Test(load, rules_between_keys_are_checked)
{
    expect_refused("coordinator:\n  beat_ms: 4s\n",
                   "t.yml:2:12: coordinator.lease_ms: expected at least 2 times "
                   "coordinator.beat_ms (4s), found 5s: one lost beat must not cost the lease");
    expect_refused("coordinator:\n  beat_ms: 4s\n  lease_ms: 7s\n",
                   "t.yml:3:13: coordinator.lease_ms: expected at least 2 times "
                   "coordinator.beat_ms (4s), found 7s: one lost beat must not cost the lease");
    cr_expect_eq(load("coordinator:\n  beat_ms: 4s\n  lease_ms: 8s\n"), ERR_OK);
}

Test(load, rules_are_silent_about_refused_values)
{
    expect_refused("coordinator:\n  beat_ms: 4s\n  lease_ms: x\n",
                   "t.yml:3:13: coordinator.lease_ms: expected a time from 200ms to 1h, found "
                   "\"x\": write it like 1500 (ms) or 2s; units are ms, s, m, h, d");
}

Test(load, anchors_aliases_and_tags_are_refused)
{
    const char *const lines[] = {
        "t.yml:2:10: anchors (&name) are not read: remove it",
        "t.yml:3:16: aliases (*name) are not read: write the value out",
        "t.yml:4:20: tags (!name) are not read: remove it",
    };
    cr_expect_eq(load("executor:\n  slots: &a 1\n  results_max: *a\n  file_timeout_ms: !!int 5s\n"),
                 ERR_CONFIG);
    expect_lines(lines, sizeof lines / sizeof lines[0]);
}

Test(load, an_alias_is_refused_wherever_it_stands)
{
    const char *const texts[] = {
        "*a\n",     "*a : b\n", "executor: *a\n", "executor:\n  *a : b\n", "executor:\n  <<: *a\n",
        "x: [*a]\n"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        cr_expect_eq(load(texts[i]), ERR_CONFIG, "text %zu", i);
    }
}

Test(load, an_alias_bomb_costs_nothing)
{
    char text[2048] = "a0: &a0 [x, x]\n";
    for (int i = 1; i < 40; i++) {
        size_t used = strlen(text);
        (void)snprintf(text + used, sizeof text - used, "a%d: &a%d [*a%d, *a%d]\n", i, i, i - 1,
                       i - 1);
    }
    cr_expect_eq(load(text), ERR_CONFIG);
    cr_expect_eq(report.count, 40 + 40 + 2 * 39); /* sections, anchors, aliases: each told once */
}

Test(load, nesting_is_bounded)
{
    char text[2 * READER_DEPTH_MAX + 16] = "a: ";
    size_t used = strlen(text);
    memset(text + used, '[', READER_DEPTH_MAX - 1);
    memset(text + used + READER_DEPTH_MAX - 1, ']', READER_DEPTH_MAX - 1);
    cr_expect_eq(load(text), ERR_CONFIG);
    cr_expect_eq(report.count, 1); /* only the section is unknown */
    const char *const lines[] = {
        "t.yml:1:1: unknown section \"a\": expected one of coordinator, executor, partitioner, "
        "schedule, classifier, fixer, validator, runtime, store, sandbox, security, run, http, "
        "monitor, "
        "gateway, sqs, cost, scaling, budget, log",
        "t.yml:1:35: nested deeper than 32 levels",
    };
    memset(text + used, '[', READER_DEPTH_MAX);
    cr_expect_eq(load(text), ERR_CONFIG);
    expect_lines(lines, 2);
}

Test(load, a_hundred_thousand_brackets_do_no_harm)
{
    static char text[100000];
    memset(text, '[', sizeof text);
    cr_expect_eq(load_bytes(text, sizeof text), ERR_CONFIG);
    for (size_t i = 0; i + 1 < sizeof text; i += 2) {
        memcpy(text + i, "- ", 2);
    }
    cr_expect_eq(load_bytes(text, sizeof text), ERR_CONFIG);
}

Test(load, the_size_is_bounded)
{
    static char text[CONFIG_FILE_SIZE_MAX + 1];
    memset(text, '\n', sizeof text);
    cr_expect_eq(load_bytes(text, CONFIG_FILE_SIZE_MAX), ERR_OK);
    setup();
    cr_expect_eq(load_bytes(text, CONFIG_FILE_SIZE_MAX + 1), ERR_CONFIG);
    const char *line = "t.yml:1:1: expected at most 262144 bytes, found more: shorten the file";
    expect_lines(&line, 1);
}

Test(load, only_one_document)
{
    expect_refused("executor:\n  slots: 2\n---\nexecutor:\n  slots: 3\n",
                   "t.yml:3:1: a second document begins here: expected one; remove the --- line");
}

Test(load, bad_yaml_is_told_with_its_place)
{
    expect_refused("executor: {slots: \"1\"\nrun: 2\n",
                   "t.yml:2:1: not YAML: did not find expected ',' or '}' (while parsing a flow "
                   "mapping that began at 1:11)");
    expect_refused("executor: @\n",
                   "t.yml:1:11: not YAML: found character that cannot start any token (while "
                   "scanning for the next token that began at 1:11)");
}

Test(load, a_tab_is_called_by_its_name)
{
    expect_refused("executor:\n\tslots: 1\n", "t.yml:2:1: a tab cannot indent: write spaces");
}

Test(load, bytes_that_are_not_utf8_are_told_with_their_place)
{
    expect_refused("# caf\xc3\xa9\nrun: \xff\n",
                   "t.yml:2:6: not plain UTF-8 text: invalid leading UTF-8 octet");
    expect_refused("run: \x01\n",
                   "t.yml:1:6: not plain UTF-8 text: control characters are not allowed");
    cr_expect_eq(load_bytes("\xff\xfer\0u\0n\0:\0", 10), ERR_CONFIG);
    cr_expect_eq(load_bytes("run:\n  runner: a\0b\n", 19), ERR_CONFIG);
}

Test(load, escaped_nul_does_not_hide_the_rest)
{
    expect_refused("run:\n  runner: \"auto\\0x\"\n",
                   "t.yml:2:11: run.runner: expected one line of UTF-8 text, found \"auto?x\": "
                   "remove what is not printable");
    cr_expect_eq(load("\"run\\0\":\n  runner: auto\n"), ERR_CONFIG);
}

/* Below: files. */

static char dir[] = "/tmp/troupe-config-XXXXXX";
static char path[64];

static void setup_dir(void)
{
    setup();
    cr_assert(mkdtemp(dir));
    (void)snprintf(path, sizeof path, "%s/" CONFIG_FILE_NAME, dir);
}

static void teardown_dir(void)
{
    (void)remove(path);
    (void)rmdir(dir);
}

TestSuite(load_file, .init = setup_dir, .fini = teardown_dir);

/* The report holds one line "PATH:1:1: <text>". */
static void expect_file_refused(const char *text)
{
    char line[200];
    (void)snprintf(line, sizeof line, "%s:1:1: %s", path, text);
    const char *lines = line;
    expect_lines(&lines, 1);
}

Test(load_file, no_directory_means_the_defaults)
{
    cr_expect_eq(config_load(NULL, &config, &report), ERR_OK);
    expect_defaults();
}

Test(load_file, a_missing_file_means_the_defaults)
{
    cr_expect_eq(config_load(dir, &config, &report), ERR_OK);
    expect_defaults();
}

Test(load_file, a_file_is_read)
{
    FILE *file = fopen(path, "we");
    cr_assert(file);
    (void)fputs("executor:\n  slots: 3\n", file);
    (void)fclose(file);
    cr_expect_eq(config_load(dir, &config, &report), ERR_OK);
    cr_expect_eq(config.executor.slots, 3);
}

Test(load_file, a_large_file_is_refused)
{
    FILE *file = fopen(path, "we");
    cr_assert(file);
    cr_assert_eq(ftruncate(fileno(file), INT64_C(1) << 40), 0);
    (void)fclose(file);
    cr_expect_eq(config_load(dir, &config, &report), ERR_CONFIG);
    expect_file_refused("expected at most 262144 bytes, found more: shorten the file");
}

Test(load_file, a_missing_directory_is_a_mistake)
{
    (void)rmdir(dir);
    cr_expect_eq(config_load(dir, &config, &report), ERR_IO);
    expect_file_refused("cannot be read: No such file or directory");
}

Test(load_file, a_directory_in_its_place_is_refused)
{
    cr_assert_eq(mkdir(path, 0700), 0);
    cr_expect_eq(config_load(dir, &config, &report), ERR_IO);
    expect_file_refused("cannot be read: not a regular file");
}

Test(load_file, a_fifo_in_its_place_does_not_block, .timeout = 5)
{
    cr_assert_eq(mkfifo(path, 0600), 0);
    cr_expect_eq(config_load(dir, &config, &report), ERR_IO);
    expect_file_refused("cannot be read: not a regular file");
}

Test(load_file, a_link_to_nowhere_is_a_mistake)
{
    cr_assert_eq(symlink("nowhere", path), 0);
    cr_expect_eq(config_load(dir, &config, &report), ERR_IO);
    expect_file_refused("cannot be read: No such file or directory");
}
