/* test_value.c - config_set: values of each kind, and what is said about wrong ones. */
#include <criterion/criterion.h>
#include <locale.h>
#include <string.h>

#include "config/load.h"
#include "config/value.h"

static struct config config;
static char message[CONFIG_PROBLEM_SIZE];

static void setup(void)
{
    config_defaults(&config);
    message[0] = '\0';
}

TestSuite(value, .init = setup);

static enum err set(const char *path, const char *value)
{
    return config_set(&config, path, value, message, sizeof message);
}

/* The value is refused with this message and changes nothing. */
static void expect_refused(const char *path, const char *value, const char *expected)
{
    struct config before;
    memcpy(&before, &config, sizeof before);
    cr_expect_eq(set(path, value), ERR_CONFIG);
    cr_expect_str_eq(message, expected);
    cr_expect_eq(memcmp(&before, &config, sizeof before), 0);
}

Test(value, numbers_are_taken_at_both_ends_of_their_range)
{
    cr_expect_eq(set("executor.slots", "1"), ERR_OK);
    cr_expect_eq(config.executor.slots, 1);
    cr_expect_eq(set("executor.slots", "1024"), ERR_OK);
    cr_expect_eq(config.executor.slots, 1024);
}

Test(value, numbers_out_of_range_are_told_the_way_back)
{
    expect_refused("executor.slots", "0",
                   "executor.slots: expected a whole number from 1 to 1024, found \"0\": "
                   "raise it to at least 1");
    expect_refused("executor.slots", "1025",
                   "executor.slots: expected a whole number from 1 to 1024, found \"1025\": "
                   "lower it to at most 1024");
    expect_refused("executor.slots", "18446744073709551616",
                   "executor.slots: expected a whole number from 1 to 1024, found "
                   "\"18446744073709551616\": lower it to at most 1024");
}

Test(value, what_is_not_a_number_is_refused)
{
    const char *const words[] = {"",     "x",   "-1", "+1", "1.0", "1e3",
                                 "0x10", "010", " 1", "1 ", "1s"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        char expected[200];
        (void)snprintf(expected, sizeof expected,
                       "executor.slots: expected a whole number from 1 to 1024, found \"%s\": "
                       "write it in digits only, like 12",
                       words[i]);
        expect_refused("executor.slots", words[i], expected);
    }
}

Test(value, times_take_suffixes)
{
    const struct {
        const char *text;
        uint64_t ms;
    } times[] = {{"1500", 1500}, {"1500ms", 1500}, {"5s", 5000},
                 {"2m", 120000}, {"3h", 10800000}, {"1d", 86400000}};
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        cr_expect_eq(set("executor.file_timeout_ms", times[i].text), ERR_OK);
        cr_expect_eq(config.executor.file_timeout_ms, times[i].ms);
    }
}

Test(value, sizes_take_suffixes)
{
    const struct {
        const char *text;
        uint64_t bytes;
    } sizes[] = {{"1048576", 1048576},           {"2097152B", 2097152},
                 {"2048KiB", 2097152},           {"3MiB", 3145728},
                 {"4GiB", UINT64_C(4294967296)}, {"1TiB", UINT64_C(1099511627776)}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        cr_expect_eq(set("sandbox.tmp_bytes_max", sizes[i].text), ERR_OK);
        cr_expect_eq(config.sandbox.tmp_bytes_max, sizes[i].bytes);
    }
}

Test(value, suffixes_that_people_read_differently_are_refused)
{
    expect_refused("executor.output_max", "4MB",
                   "executor.output_max: expected a size from 1KiB to 64MiB, found \"4MB\": write "
                   "it like 4096 (bytes) or 4KiB; units are B, KiB, MiB, GiB, TiB");
    expect_refused(
        "coordinator.lease_ms", "5 s",
        "coordinator.lease_ms: expected a time from 200ms to 1h, found \"5 s\": write it "
        "like 1500 (ms) or 2s; units are ms, s, m, h, d");
}

Test(value, a_suffix_cannot_overflow)
{
    expect_refused("coordinator.lease_ms", "18446744073709551615d",
                   "coordinator.lease_ms: expected a time from 200ms to 1h, found "
                   "\"18446744073709551615d\": lower it to at most 1h");
}

Test(value, fractions_keep_six_digits)
{
    cr_expect_eq(set("runtime.restart_jitter", "0.25"), ERR_OK);
    cr_expect_eq(config.runtime.restart_jitter, 0.25);
    cr_expect_eq(set("runtime.restart_jitter", "0.000001"), ERR_OK);
    cr_expect_str_eq(decimal_text(config.runtime.restart_jitter).text, "0.000001");
    cr_expect_eq(set("runtime.restart_jitter", "1"), ERR_OK);
    cr_expect_str_eq(decimal_text(config.runtime.restart_jitter).text, "1.0");
}

Test(value, what_is_not_a_fraction_is_refused)
{
    const char *const words[] = {"", ".5", "1.", "0,5", "nan", "inf", "0x1p3", "-0.5", "0.1234567"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        char expected[200];
        (void)snprintf(expected, sizeof expected,
                       "runtime.restart_jitter: expected a number from 0 to 1, found \"%s\": write "
                       "it like 0.25, at most six digits after the point",
                       words[i]);
        expect_refused("runtime.restart_jitter", words[i], expected);
    }
    expect_refused("runtime.restart_jitter", "1.000001",
                   "runtime.restart_jitter: expected a number from 0 to 1, found \"1.000001\": "
                   "lower it to at most 1");
    expect_refused("runtime.restart_jitter", "99999999999999999999",
                   "runtime.restart_jitter: expected a number from 0 to 1, found "
                   "\"99999999999999999999\": lower it to at most 1");
}

Test(value, switches_are_true_or_false)
{
    cr_expect_eq(set("sandbox.network", "true"), ERR_OK);
    cr_expect(config.sandbox.network);
    cr_expect_eq(set("sandbox.network", "false"), ERR_OK);
    cr_expect_not(config.sandbox.network);
    expect_refused("sandbox.network", "yes",
                   "sandbox.network: expected true or false, found \"yes\": write one of these two "
                   "words");
}

Test(value, texts_replace_all_of_the_old_one)
{
    cr_expect_eq(set("sandbox.env", "A"), ERR_OK);
    cr_expect_str_eq(config.sandbox.env, "A");
    for (size_t i = 1; i < sizeof config.sandbox.env; i++) {
        cr_assert_eq(config.sandbox.env[i], '\0');
    }
}

Test(value, texts_have_lengths)
{
    char long_text[34];
    memset(long_text, 'r', sizeof long_text);
    long_text[33] = '\0';
    expect_refused("run.runner", "",
                   "run.runner: expected text from 1 to 32 bytes, found 0: lengthen it");
    expect_refused("run.runner", long_text,
                   "run.runner: expected text from 1 to 32 bytes, found 33: shorten it");
    long_text[32] = '\0';
    cr_expect_eq(set("run.runner", long_text), ERR_OK);
    cr_expect_str_eq(config.run.runner, long_text);
}

Test(value, texts_may_be_foreign)
{
    cr_expect_eq(set("sandbox.writable", "/tmp/caf\xc3\xa9,/\xf0\x9f\x98\x80"), ERR_OK);
    cr_expect_str_eq(config.sandbox.writable, "/tmp/caf\xc3\xa9,/\xf0\x9f\x98\x80");
}

Test(value, texts_have_no_control_characters_and_are_utf8)
{
    const char *const texts[] = {
        "a\nb",         "a\x1b[0m",         "\x7f", "\x80",         "\xc0\xaf", "\xc2\x9b", "\xc3",
        "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xff", "\xe2\x80\xa8", "\xc3x"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        cr_expect_eq(set("sandbox.writable", texts[i]), ERR_CONFIG, "text %zu", i);
    }
    expect_refused(
        "sandbox.writable", "a\x1b[2J",
        "sandbox.writable: expected one line of UTF-8 text, found \"a?[2J\": remove what "
        "is not printable");
}

Test(value, choices_are_taken_by_their_word)
{
    cr_expect_eq(set("log.format", "json"), ERR_OK);
    cr_expect_str_eq(config.log.format, "json");
    expect_refused("log.level", "inof",
                   "log.level: expected one of error|warn|info|debug, found \"inof\": did you mean "
                   "\"info\"?");
    expect_refused("log.level", "loud",
                   "log.level: expected one of error|warn|info|debug, found \"loud\": write one of "
                   "these words");
    cr_expect_eq(set("log.level", ""), ERR_CONFIG);
    cr_expect_eq(set("log.level", "error|warn"), ERR_CONFIG);
}

Test(value, a_long_value_is_shown_by_its_beginning)
{
    expect_refused("executor.slots",
                   "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
                   "executor.slots: expected a whole number from 1 to 1024, found "
                   "\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"...: "
                   "write it in digits only, like 12");
}

Test(value, unknown_names_are_explained)
{
    cr_expect_eq(set("executr.slots", "1"), ERR_UNKNOWN);
    cr_expect_str_eq(message, "unknown section \"executr\": did you mean \"executor\"?");
    cr_expect_eq(set("executor.slot", "1"), ERR_UNKNOWN);
    cr_expect_str_eq(message, "unknown key \"slot\" in section executor: did you mean \"slots\"?");
    cr_expect_eq(set("slots", "1"), ERR_UNKNOWN);
    cr_expect_str_eq(message, "unknown section \"slots\": it is a key of section executor");
    cr_expect_eq(set("store", "1"), ERR_UNKNOWN);
    cr_expect_str_eq(message, "unknown key \"\" in section store: expected one of group_max, "
                              "group_ms_max, patience_ms_max, busy_ms_max");
    cr_expect_eq(set("", ""), ERR_UNKNOWN);
    cr_expect_eq(set(".", ""), ERR_UNKNOWN);
    cr_expect_eq(set("executor.slots.x", ""), ERR_UNKNOWN);
}

Test(value, a_small_message_is_cut_and_terminated)
{
    char small[8];
    cr_expect_eq(config_set(&config, "executor.slots", "x", small, sizeof small), ERR_CONFIG);
    cr_expect_str_eq(small, "executo");
}

Test(value, amounts_are_told_in_the_largest_unit_that_is_exact)
{
    cr_expect_str_eq(amount_text("ms", 0).text, "0");
    cr_expect_str_eq(amount_text("ms", 1500).text, "1500ms");
    cr_expect_str_eq(amount_text("ms", 90000).text, "90s");
    cr_expect_str_eq(amount_text("ms", 86400000).text, "1d");
    cr_expect_str_eq(amount_text("bytes", 1).text, "1B");
    cr_expect_str_eq(amount_text("bytes", 65536).text, "64KiB");
    cr_expect_str_eq(amount_text("files", 1000).text, "1000");
}
