/* test_rules.c - the rules' file: what is taken, what is refused, where and with which words. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "actors/classifier/classify.h"
#include "actors/classifier/rules.h"
#include "actors/common/glob.h"

static struct rules *rules;
static struct config_report report;
static struct classification result;

static void teardown(void)
{
    rules_destroy(&rules);
}

TestSuite(rules, .fini = teardown);

#define HEAD                                                                                       \
    "routes:\n  fast: {queue: q, model: m}\n"                                                      \
    "tools:\n  tsc: [\"error TS\"]\n"                                                              \
    "otherwise: {class: general, priority: 1, confidence: 50, route: fast}\n"                      \
    "rules:\n"
#define THEN "    class: react\n    priority: 7\n    confidence: 90\n    route: fast\n"

static enum err load(const char *text)
{
    rules_destroy(&rules);
    return rules_load_text("r.yml", text, strlen(text), &rules, &report);
}

static void expect_refused(const char *text, const char *line)
{
    cr_expect_eq(load(text), ERR_CONFIG);
    cr_expect_null(rules);
    cr_assert_gt(report.count, 0);
    cr_expect_str_eq(report.lines[0], line, "%s", report.lines[0]);
}

static const char *rule_of(const char *text, const char *file)
{
    const struct judge judge = {.rules = rules};
    classify(&judge, text, strlen(text), file, &result);
    return result.rule->name;
}

Test(rules, are_read_with_what_follows_from_them)
{
    cr_assert_eq(load(HEAD "  - name: a\n    when: {message: [\"x\"]}\n" THEN), ERR_OK);
    cr_assert_eq(rules->count, 1);
    const struct rule *rule = &rules->list[0];
    cr_expect_str_eq(rule->name, "a");
    cr_expect_eq(rule->line, 7);
    cr_expect_eq(rule->label, RULES_REACT);
    cr_expect_eq(rule->priority, 7);
    cr_expect_eq(rule->confidence, 90);
    cr_expect_str_eq(rule->route->queue, "q");
    cr_expect_str_eq(rule->route->model, "m");
    cr_expect_str_eq(rules->otherwise.name, "otherwise");
}

Test(rules, are_refused_with_the_place_and_what_was_meant)
{
    expect_refused("rule: []\n", "r.yml:1:1: unknown section \"rule\": did you mean \"rules\"?");
    expect_refused(HEAD "  - nam: a\n    when: {message: [\"x\"]}\n" THEN,
                   "r.yml:7:5: unknown key of a rule \"nam\": did you mean \"name\"?");
    expect_refused(HEAD "  - name: a\n    when: {mesage: [\"x\"]}\n" THEN,
                   "r.yml:8:12: unknown key of when \"mesage\": did you mean \"message\"?");
    expect_refused(HEAD "  - name: a\n    when: {tool: [tcs]}\n" THEN,
                   "r.yml:8:19: unknown tool \"tcs\": did you mean \"tsc\"?");
    expect_refused(HEAD "  - name: a\n    when: {code: [x]}\n    class: raect\n    priority: 1\n"
                        "    route: fast\n",
                   "r.yml:9:12: unknown class \"raect\": did you mean \"react\"?");
    expect_refused(HEAD "  - name: a\n    when: {code: [x]}\n    class: test\n    priority: 1\n"
                        "    route: slow\n",
                   "r.yml:11:12: unknown route \"slow\": expected one of fast");
}

Test(rules, are_refused_when_something_is_missing_or_stands_twice)
{
    expect_refused(HEAD "  - when: {code: [x]}\n" THEN, "r.yml:7:5: a rule without name");
    expect_refused(HEAD "  - name: a\n" THEN, "r.yml:7:5: a rule without when");
    expect_refused(HEAD "  - name: a\n    when: {code: []}\n" THEN,
                   "r.yml:8:19: code: expected a text at least: an empty list never matches");
    expect_refused(HEAD "  - name: a\n    when: {}\n" THEN,
                   "r.yml:8:11: when: expected a key at least");
    expect_refused(HEAD "  - name: a\n    when: {code: [x], code: [y]}\n" THEN,
                   "r.yml:8:23: code stands here again: remove one of them");
    expect_refused(HEAD "  - name: a\n    when: {code: [x]}\n" THEN
                        "  - name: a\n    when: {code: [y]}\n" THEN,
                   "r.yml:13:5: the rule \"a\" stands on line 7, too");
    expect_refused("tools: {}\n", "r.yml:1:1: the section routes is missing");
    expect_refused(HEAD "  - name: a\n    when: {code: [x]}\n    class: test\n    route: fast\n",
                   "r.yml:7:5: a rule without priority");
    expect_refused("", "r.yml:1:1: the file: expected a map: write name: value lines");
    expect_refused("[]", "r.yml:1:1: the file: expected a map: write name: value lines");
    expect_refused(HEAD "  []\n---\nx", "r.yml:8:1: a second document begins here: expected one; "
                                        "remove the --- line");
}

Test(rules, are_refused_when_a_value_is_not_one)
{
    expect_refused(HEAD "  - name: a\n    when: {code: x}\n" THEN,
                   "r.yml:8:18: code: expected a list: write [one, two]");
    expect_refused(HEAD "  - name: a\n    when: {code: [\"\"]}\n" THEN,
                   "r.yml:8:19: expected a text of 1 to 120 bytes, found 0");
    expect_refused(HEAD "  - name: a\n    when: {text: [\"a\\nb\"]}\n" THEN,
                   "r.yml:8:19: control characters and newlines are never found: remove them");
    expect_refused(HEAD "  - name: a\n    when: {code: [&a x]}\n" THEN,
                   "r.yml:8:19: aliases (*name), anchors (&name) and tags (!name) are not read");
    expect_refused(HEAD "  - name: a\n    when: {code: [x]}\n    class: test\n    priority: 101\n"
                        "    route: fast\n",
                   "r.yml:10:15: priority: expected a number from 0 to 100");
    expect_refused(HEAD "  - name: a\n    when: {code: [x]}\n    class: test\n    priority: -1\n"
                        "    route: fast\n",
                   "r.yml:10:15: priority: expected a number from 0 to 100");
    expect_refused("a: [",
                   "r.yml:1:1: unknown section \"a\": expected one of routes, tools, rules, "
                   "otherwise");
}

Test(rules, tell_every_problem_at_once)
{
    cr_expect_eq(load(HEAD "  - nam: a\n    whn: {}\n    clss: {}\n"), ERR_CONFIG);
    cr_expect_eq(report.count, 8); /* three unknown, five missing */
}

/* A file of `rule_count` rules, each with `pattern_count` texts of its own. */
static enum err load_many(size_t rule_count, size_t pattern_count, size_t text_size)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    cr_assert(out);
    (void)fputs(HEAD, out);
    for (size_t i = 0; i < rule_count; i++) {
        (void)fprintf(out, "  - name: r%zu\n    when: {text: [", i);
        for (size_t j = 0; j < pattern_count; j++) {
            (void)fprintf(out, "%s%zux%zu%0*d", j == 0 ? "" : ", ", i, j, (int)text_size, 0);
        }
        (void)fputs("]}\n" THEN, out);
    }
    (void)fclose(out);
    rules_destroy(&rules);
    enum err err = rules_load_text("r.yml", text, size, &rules, &report);
    free(text);
    return err;
}

Test(rules, have_limits)
{
    cr_expect_eq(load_many(RULES_MAX, 1, 1), ERR_OK);
    cr_expect_eq(load_many(RULES_MAX + 1, 1, 1), ERR_CONFIG);
    cr_expect(strstr(report.lines[0], "at most 256 rules"));
    cr_expect_eq(load_many(1, RULES_LIST_MAX, 1), ERR_OK);
    cr_expect_eq(load_many(1, RULES_LIST_MAX + 1, 1), ERR_CONFIG);
    cr_expect(strstr(report.lines[0], "at most 128"));
    cr_expect_eq(load_many(16, RULES_LIST_MAX - 1, 1), ERR_OK);
    cr_expect_eq(load_many(17, RULES_LIST_MAX, 1), ERR_CONFIG);
    cr_expect(strstr(report.lines[0], "different texts"));
    cr_expect_eq(load_many(8, RULES_LIST_MAX, 60), ERR_CONFIG);
    cr_expect(strstr(report.lines[0], "bytes of texts"));
    static char text[RULES_FILE_SIZE_MAX + 1];
    memset(text, ' ', sizeof text);
    cr_expect_eq(rules_load_text("r.yml", text, sizeof text, &rules, &report), ERR_CONFIG);
    cr_expect(strstr(report.lines[0], "at most 262144 bytes"));
}

Test(rules, are_read_from_a_file)
{
    char path[] = "/tmp/test_rules.XXXXXX";
    int fd = mkstemp(path);
    cr_assert_geq(fd, 0);
    static const char text[] = HEAD "  - name: a\n    when: {code: [x]}\n" THEN;
    cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    (void)close(fd);
    cr_expect_eq(rules_load(path, NULL, &rules, &report), ERR_OK);
    (void)unlink(path);
    rules_destroy(&rules);
    cr_expect_eq(rules_load(path, NULL, &rules, &report), ERR_IO);
    cr_expect(strstr(report.lines[0], "No such file"));
    cr_expect_eq(rules_load("/tmp", NULL, &rules, &report), ERR_IO);
    cr_expect(strstr(report.lines[0], "not a regular file"));
}

Test(rules, are_asked_in_order_and_all_their_keys_must_agree)
{
    cr_assert_eq(load(HEAD
                      "  - name: both\n    when: {message: [\"boom\"], file: [\"*.test.*\"]}\n" THEN
                      "  - name: one\n    when: {message: [\"bang\", \"boom\"]}\n" THEN
                      "  - name: not\n    when: {text: [\"x1\"], not_text: [\"never\"]}\n" THEN
                      "  - name: first\n    when: {text: [\"^go\"]}\n" THEN
                      "  - name: word\n    when: {word: [\"vi\"]}\n" THEN
                      "  - name: tool\n    when: {tool: [tsc]}\n" THEN),
                 ERR_OK);
    cr_expect_str_eq(rule_of("Error: boom", "a.test.js"), "both");
    cr_expect_str_eq(rule_of("Error: boom", "a.js"), "one");
    cr_expect_str_eq(rule_of("Error: bang", NULL), "one");
    cr_expect_str_eq(rule_of("Error: x\n\nboom", NULL), "otherwise"); /* not in the message */
    cr_expect_str_eq(rule_of("Error: x\n\nx1", NULL), "not");
    cr_expect_str_eq(rule_of("Error: x\n\nx1 never", NULL), "otherwise");
    cr_expect_str_eq(rule_of("Error: x\n\n  [web] go", NULL), "first");
    cr_expect_str_eq(rule_of("Error: x\n\nlet go", NULL), "otherwise");
    cr_expect_str_eq(rule_of("Error: vi.mock", NULL), "word");
    cr_expect_str_eq(rule_of("Error: navi.mock", NULL), "otherwise");
    cr_expect_str_eq(rule_of("error TS, cut off", NULL), "tool");
}

Test(rules, find_texts_inside_and_behind_other_texts)
{
    cr_assert_eq(load(HEAD "  - name: she\n    when: {text: [\"she\"]}\n" THEN
                           "  - name: hers\n    when: {text: [\"hers\", \"he\"]}\n" THEN
                           "  - name: is\n    when: {text: [\"his\", \"is\"]}\n" THEN),
                 ERR_OK);
    cr_expect_str_eq(rule_of("usher", NULL), "she");
    cr_expect_str_eq(rule_of("the", NULL), "hers");
    cr_expect_str_eq(rule_of("shis", NULL), "is");
    cr_expect_str_eq(rule_of("s\nhe", NULL), "hers"); /* no text crosses a line */
    cr_expect_str_eq(rule_of("s h e", NULL), "otherwise");
}

Test(rules, have_globs)
{
    cr_expect(glob_matches("*", ""));
    cr_expect(glob_matches("a*c?", "abbcd"));
    cr_expect(glob_matches("*ab*ab", "abxabab"));
    cr_expect_not(glob_matches("a?", "a"));
    cr_expect_not(glob_matches("", "a"));
    cr_expect(glob_matches_path("*.test.*", "src/a.test.ts"));
    cr_expect_not(glob_matches_path("src*", "src/a.ts"));
    cr_expect(glob_matches_path("*/__tests__/*", "x/__tests__/y/a.ts"));
    cr_expect_not(glob_matches_path("*/__tests__/*", "__tests__x/a.ts"));
}

/* ---- older names ---- */

Test(rules, take_older_names_and_say_what_to_write)
{
    cr_assert_eq(load(HEAD "  - name: a\n"
                           "    when: {patterns: [\"boom\"], unless: [\"never\"]}\n"
                           "    then: {label: test, priority: 7, confidence: 90, route: fast}\n"),
                 ERR_OK);
    cr_expect_str_eq(rule_of("Error: boom", NULL), "a");
    cr_expect_str_eq(rule_of("Error: boom\n\n\nnever", NULL), "otherwise");
    cr_expect_eq(result.label, RULES_GENERAL);
    cr_expect_eq(rules->list[0].label, RULES_TEST);
    cr_assert_eq(rules->warnings.count, 4);
    cr_expect_str_eq(rules->warnings.lines[0],
                     "r.yml:8:12: patterns is the older name of message: write message");
    cr_expect_str_eq(rules->warnings.lines[1],
                     "r.yml:8:32: unless is the older name of not_text: write not_text");
    cr_expect_str_eq(rules->warnings.lines[2],
                     "r.yml:9:5: then is older: write its keys beside when");
}

Test(rules, refuse_an_older_name_beside_the_newer)
{
    expect_refused(HEAD "  - name: a\n    when: {message: [x], pattern: [y]}\n" THEN,
                   "r.yml:8:26: message stands here again: remove one of them");
}

/* ---- regular expressions ---- */

Test(rules, match_regular_expressions_where_their_list_looks)
{
    cr_assert_eq(
        load(HEAD
             "  - name: a\n    when: {message: [\"/^Error: b.{2}m \\\\d+$/\"]}\n" THEN
             "  - name: b\n    when: {text: [\"/SEEN HERE/i\"]}\n" THEN
             "  - name: c\n    when: {file: [\"/(ab)+\\\\.py$/\"], not_message: [\"/x/\"]}\n" THEN),
        ERR_OK);
    cr_expect_eq(rules->regexes_count, 4);
    cr_expect_str_eq(rule_of("Error: boom 12", NULL), "a");
    cr_expect_str_eq(rule_of("Error: boom twelve", NULL), "otherwise");
    cr_expect_str_eq(rule_of("Error: other\n\n\nseen here", NULL), "b");
    cr_expect_str_eq(rule_of("Error: other", "abab.py"), "c");
    cr_expect_str_eq(rule_of("Error: x", "abab.py"), "otherwise");
}

Test(rules, name_the_place_inside_of_a_wrong_expression)
{
    expect_refused(HEAD "  - name: a\n    when: {message: [\"/ab(c/\"]}\n" THEN,
                   "r.yml:8:28: no regular expression: missing closing parenthesis");
    expect_refused(HEAD "  - name: a\n    when: {message: [/a\\Cb/]}\n" THEN,
                   "r.yml:8:26: no regular expression: using \\C is disabled by the application");
}

Test(rules, end_an_expression_that_runs_away)
{
    static char text[8000];
    memset(text, 'a', sizeof text - 1);
    cr_assert_eq(load(HEAD "  - name: a\n    when: {message: [\"/(a+)+$|(a*)*b/\"]}\n" THEN),
                 ERR_OK);
    text[sizeof text - 2] = '!';
    struct timespec from;
    struct timespec to;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
    cr_expect_str_eq(rule_of(text, NULL), "otherwise");
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
    cr_expect_lt((double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9,
                 0.1);
    cr_expect_eq(regex_find(rules->regexes[0], text, sizeof text - 1), REGEX_RUNAWAY);
    cr_expect_eq(regex_find(rules->regexes[0], "b", 1), REGEX_YES);
    cr_expect_eq(regex_find(rules->regexes[0], "xyz", 3), REGEX_NO);
}

/* ---- rules that decide ---- */

Test(rules, may_decide_without_a_model)
{
    static struct model model = {.step = 1, .temperature = 1, .bias = {0, 0, 0, 9}};
    const char text[] = "Error: boom";
    cr_assert_eq(load(HEAD "  - name: a\n    when: {message: [\"boom\"]}\n" THEN), ERR_OK);
    const struct judge asked = {.rules = rules, .model_or_null = &model};
    classify(&asked, text, strlen(text), NULL, &result);
    cr_expect_eq(result.label, RULES_GENERAL);
    cr_assert_eq(
        load(HEAD "  - name: a\n    decides: true\n    when: {message: [\"boom\"]}\n" THEN),
        ERR_OK);
    const struct judge unasked = {.rules = rules, .model_or_null = &model};
    classify(&unasked, text, strlen(text), NULL, &result);
    cr_expect_eq(result.label, RULES_REACT);
    cr_expect(result.is_certain);
}

/* ---- ends of commands ---- */

Test(rules, ask_how_a_command_ended)
{
    cr_assert_eq(load(HEAD "  - name: a\n    when: {exit: [137, 9]}\n" THEN), ERR_OK);
    const struct judge judge = {.rules = rules};
    const struct classify_input killed = {"Killed", 6, NULL, 137};
    classify_with(&judge, &killed, &result);
    cr_expect_str_eq(result.rule->name, "a");
    const struct classify_input failed = {"Killed", 6, NULL, 1};
    classify_with(&judge, &failed, &result);
    cr_expect_str_eq(result.rule->name, "otherwise");
    cr_expect_str_eq(rule_of("Killed", NULL), "otherwise");
    expect_refused(HEAD "  - name: a\n    when: {exit: [256]}\n" THEN,
                   "r.yml:8:19: exit: expected numbers from 0 to 255");
}

/* ---- one file over another ---- */

static enum err load_over(const char *own, const char *base)
{
    const struct rules_source over = {"own.yml", own, strlen(own)};
    const struct rules_source below = {"base.yml", base, strlen(base)};
    rules_destroy(&rules);
    return rules_load_over(&over, &below, &rules, &report);
}

Test(rules, of_a_project_are_asked_before_the_shipped_ones)
{
    static const char base[] = HEAD "  - name: a\n    when: {message: [\"boom\"]}\n" THEN
                                    "    examples: {match: [\"Error: boom\"]}\n"
                                    "  - name: b\n    when: {message: [\"bang\"]}\n" THEN;
    static const char own[] =
        "routes:\n  fast: {queue: q2, model: m2}\n  mine: {queue: q3, model: m3}\n"
        "rules:\n"
        "  - name: new\n    when: {message: [\"bang\"]}\n    class: test\n"
        "    route: mine\n    priority: 3\n"
        "  - name: a\n    when: {message: [\"puff\"]}\n    class: test\n"
        "    route: fast\n    priority: 3\n";
    cr_assert_eq(load_over(own, base), ERR_OK, "%s", report.lines[0]);
    cr_expect(rules->is_over);
    cr_assert_eq(rules->count, 3);
    cr_expect_str_eq(rules->list[0].name, "new");
    cr_expect_str_eq(rules->list[0].file, "own.yml");
    cr_expect_str_eq(rules->list[2].name, "b");
    cr_expect_str_eq(rules->list[2].file, "base.yml");
    cr_expect_str_eq(rules->list[2].route->queue, "q2");
    cr_expect_eq(rules->examples_count, 0); /* that of the shipped "a" is gone with it */
    cr_expect_str_eq(rule_of("Error: bang", NULL), "new");
    cr_expect(result.is_certain);
    cr_expect_str_eq(result.route->model, "m3");
    cr_expect_str_eq(rule_of("Error: boom", NULL), "otherwise");
    cr_expect_str_eq(rule_of("Error: puff", NULL), "a");
}

Test(rules, of_a_project_stand_alone_with_an_otherwise)
{
    cr_assert_eq(
        load_over(HEAD "  - name: a\n    when: {message: [\"x\"]}\n" THEN, "rules: broken"),
        ERR_OK);
    cr_expect_not(rules->is_over);
    cr_expect_eq(load_over("rules: [", HEAD "  []\n"), ERR_CONFIG);
    cr_expect(strstr(report.lines[0], "own.yml:"));
    /* A value of that name is no section. */
    cr_expect_eq(load_over("rules:\n  - name: otherwise\n", HEAD "  []\n"), ERR_CONFIG);
    cr_expect_str_eq(report.lines[0], "own.yml:2:5: a rule without when");
}
