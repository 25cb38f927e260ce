/* test_gateway_out.c - what GitHub and people are told, and that strangers' words stay words. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/gateway/report.h"
#include "actors/gateway/status_page.h"
#include "actors/gateway/upsert.h"

#define SHA   "0123456789abcdef0123456789abcdef01234567"
#define RUN   "01HWTXW3ZG00000000000000AB"
#define LATER "01HWTZW3ZG00000000000000AB"

static const struct origin origin = {.repo = "o/r", .number = 7, .sha = SHA};

/* ---- text ---- */

static struct text text;

static const char *made(void)
{
    cr_expect_not(text.full);
    return text.at ? text.at : "";
}

static void setup_text(void)
{
    text = (struct text){.size_max = 100000};
}

static void teardown_text(void)
{
    text_free(&text);
}

TestSuite(text, .init = setup_text, .fini = teardown_text);

Test(text, code_cannot_be_ended_by_what_is_in_it)
{
    text_code(&text, msg_str("plain"), 100);
    text_add(&text, "\n");
    text_code(&text, msg_str("a`b``c @all <img> \n| x"), 100);
    text_add(&text, "\n");
    text_code(&text, msg_str("`"), 100);
    text_code(&text, msg_str(" \n"), 100);
    text_code(&text, msg_str(""), 100);
    cr_expect_str_eq(made(), "`plain`\n```a`b``c @all <img>  | x```\n`` ` ``");
}

Test(text, a_fence_cannot_be_ended_by_what_is_in_it)
{
    text_fence(&text, "diff", msg_str("+a\n```\n# title @all\n`````x\n"), 1000);
    cr_expect_str_eq(made(), "``````diff\n+a\n```\n# title @all\n`````x\n``````\n");
}

Test(text, a_fence_is_cut_at_a_line_and_says_so)
{
    text_fence(&text, "", msg_str("one\ntwo\nthree\n"), 9);
    cr_expect_str_eq(made(), "```\none\ntwo\n… cut\n```\n");
}

Test(text, html_is_only_words)
{
    text_html(&text, msg_str("<a href='x' on=\"y\">&amp;\n"), 100);
    cr_expect_str_eq(made(), "&lt;a href=&#39;x&#39; on=&quot;y&quot;&gt;&amp;amp; ");
}

Test(text, is_valid_whatever_the_bytes_are)
{
    static const char bytes[] = "\xff\xc3\xa9\xc3(\xe2\x80\xae\xed\xa0\x80\xf4\x90\x80\x80\x00x"
                                "\x1b[31mred\x1b[0m\x1b]\r\n\x7f\xc0\x80\xe2\x82";
    text_lines(&text, (struct msg_str){bytes, sizeof bytes - 1}, 1000);
    json_t *string = json_stringn(text.at, text.size);
    cr_expect(string, "jansson takes only valid UTF-8");
    json_decref(string);
    cr_expect_null(memchr(text.at, 0x1b, text.size));
    cr_expect_null(memchr(text.at, '\0', text.size));
    cr_expect_not_null(strstr(made(), "\xef\xbf\xbd\xc3\xa9\xef\xbf\xbd("));
    cr_expect_not_null(strstr(made(), "xred"));
    cr_expect_null(strstr(made(), "\xe2\x80\xae"));
}

Test(text, every_byte_sequence_of_four_stays_valid)
{
    for (unsigned i = 0; i < 1U << 16; i++) {
        char bytes[4] = {(char)(0xc0 | (i & 0x3f)), (char)(i >> 3), (char)(0x80 | (i >> 7 & 0x3f)),
                         (char)(i >> 8)};
        text_plain(&text, (struct msg_str){bytes, 4}, 100);
        json_t *string = json_stringn(text.at, text.size);
        cr_assert(string, "%u", i);
        json_decref(string);
        text_cut(&text, 0);
    }
}

Test(text, that_is_full_stays_as_it_was)
{
    text.size_max = 5;
    text_add(&text, "%s", "abc");
    text_add(&text, "%s", "def");
    text_add(&text, "%s", "g");
    cr_expect(text.full);
    cr_expect_str_eq(text.at, "abc");
    text_cut(&text, 3);
    text_add(&text, "%s", "de");
    cr_expect_str_eq(made(), "abcde");
}

/* ---- report ---- */

static struct findings *findings;
static struct report report;

static void add(const struct msg *msg)
{
    cr_assert_eq(findings_add(findings, msg), ERR_OK);
}

static void setup_report(void)
{
    setup_text();
    findings = calloc(1, sizeof *findings);
    cr_assert(findings);
    report = (struct report){.origin = &origin, .run = RUN, .findings = findings};
}

static void teardown_report(void)
{
    findings_free(findings);
    free(findings);
    teardown_text();
}

TestSuite(report, .init = setup_report, .fini = teardown_report);

static void close_run(uint64_t verdict, uint64_t failed)
{
    add(MSG(run_closed, .run = msg_str(RUN), .verdict = verdict, .wall_ms = 12345,
            .files_planned = 4, .files_done = 4, .tests_planned = 20, .tests_passed = 20 - failed,
            .tests_failed = failed, .runner = msg_str("vitest 3.2.4"), .reason = msg_str("")));
}

static void add_error(uint64_t error, uint64_t priority, const char *message)
{
    add(MSG(error_row, .run = msg_str(RUN), .error = error, .file = msg_str("src/a.test.ts"),
            .test = msg_str("adds"), .line = 12, .label = TERM_label_TYPESCRIPT, .confidence = 0.9,
            .priority = priority, .queue = msg_str("q"), .message = msg_str(message)));
}

typedef char *make(const struct report *report, size_t *ret_size);

static json_t *body_of(make *maker)
{
    size_t size;
    char *bytes = maker(&report, &size);
    cr_assert(bytes);
    cr_expect_lt(size, 512u * 1024);
    json_t *root = json_loadb(bytes, size, JSON_REJECT_DUPLICATES, NULL);
    cr_assert(root);
    free(bytes);
    return root;
}

static const char *string_at(const json_t *root, const char *key)
{
    const char *string = json_string_value(json_object_get(root, key));
    cr_assert(string, "%s", key);
    return string;
}

Test(report, begins_with_a_check_run_in_progress)
{
    json_t *root = body_of(report_json_check_begin);
    cr_expect_str_eq(string_at(root, "name"), "troupe");
    cr_expect_str_eq(string_at(root, "head_sha"), SHA);
    cr_expect_str_eq(string_at(root, "external_id"), RUN);
    cr_expect_str_eq(string_at(root, "status"), "in_progress");
    json_decref(root);
}

Test(report, gives_each_verdict_its_conclusion)
{
    static const struct {
        uint64_t verdict;
        const char *conclusion;
        const char *title;
    } rows[] = {{TERM_verdict_PASSED, "success", "20 of 20 tests passed"},
                {TERM_verdict_FAILED, "failure", "failed outside of its tests"},
                {TERM_verdict_ERROR, "failure", "nothing could be judged"},
                {TERM_verdict_CANCELLED, "cancelled", "cancelled"},
                {TERM_verdict_TIMED_OUT, "timed_out", "no end in time"},
                {99, "failure", "nothing could be judged"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        close_run(rows[i].verdict, 0);
        json_t *root = body_of(report_json_check_end);
        cr_expect_str_eq(string_at(root, "status"), "completed");
        cr_expect_str_eq(string_at(root, "conclusion"), rows[i].conclusion);
        cr_expect_str_eq(string_at(json_object_get(root, "output"), "title"), rows[i].title);
        json_decref(root);
    }
}

Test(report, needs_the_end_of_the_run)
{
    size_t size;
    cr_expect_null(report_json_check_end(&report, &size));
    cr_expect_null(report_json_comment(&report, &size));
}

Test(report, of_a_passed_run_is_short)
{
    close_run(TERM_verdict_PASSED, 0);
    report_comment(&report, &text);
    cr_expect_str_eq(made(), "<!-- troupe:pr -->\n<!-- troupe:run " RUN " -->\n"
                             "### ✅ Troupe: 20 of 20 tests passed\n\n"
                             "| passed | failed | skipped | flaky | lost | files | time |\n"
                             "|---:|---:|---:|---:|---:|---:|---:|\n"
                             "| 20 | 0 | 0 | 0 | 0 | 4 of 4 | 12.3 s |\n\n"
                             "<sub>commit `0123456789` · run `" RUN "` · `vitest 3.2.4`</sub>\n");
}

Test(report, shows_the_worst_failure_first_with_what_became_of_it)
{
    close_run(TERM_verdict_FAILED, 2);
    add_error(1, 10, "boom");
    add_error(2, 90, "crash");
    add(MSG(fix_row, .run = msg_str(RUN), .error = 2, .status = TERM_fix_VALIDATED,
            .source = msg_str("rules"), .votes_for = 2, .votes_against = 1, .candidates = 3,
            .diff = msg_str("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n"), .reason = msg_str("")));
    add(MSG(fix_row, .run = msg_str(RUN), .error = 1, .status = TERM_fix_REJECTED,
            .source = msg_str("m"), .diff = msg_str(""), .reason = msg_str("it skips a test")));
    add(MSG(heal_row, .run = msg_str(RUN), .error = 1, .status = TERM_heal_PROPOSED,
            .file = msg_str("e2e/a.spec.ts"), .line = 3, .before = msg_str("#a"),
            .after = msg_str("#b"), .confidence = 0.93, .diff = msg_str("-a\n+b\n"),
            .reason = msg_str("same role")));
    findings_sort(findings);
    report_comment(&report, &text);
    const char *first = strstr(made(), "#### 1. `src/a.test.ts` line 12: `adds`\n\n"
                                       "Kind: typescript (90 %)\n\n```text\ncrash\n```\n");
    const char *second = strstr(made(), "#### 2. `src/a.test.ts` line 12: `adds`\n");
    cr_assert(first && second);
    cr_expect_lt(first, second);
    cr_expect(strstr(first, "**Fix**, by `rules`; with it the test passes in a clean copy. Of 3 "
                            "candidates 2 agree, 1 do not.\n\n```diff\n--- a/x\n"));
    cr_expect(strstr(second, "Fix **refused**: `it skips a test`\n"));
    cr_expect(strstr(second, "**Locator** in `e2e/a.spec.ts` line 3: `#a` → `#b`, 93 % sure: "
                             "`same role`\n\n```diff\n-a\n+b\n```\n"));
}

/* Every line of Markdown that is ours begins with one of these; a stranger's only inside fences. */
static void expect_contained(const char *markdown)
{
    size_t fence = 0;
    for (const char *line = markdown; *line;) {
        size_t size = strcspn(line, "\n");
        size_t ticks = strspn(line, "`");
        if (fence == 0 && ticks >= 3 && !memchr(line + ticks, '`', size - ticks)) {
            fence = ticks;
        } else if (fence > 0 && ticks >= fence && strspn(line + ticks, " ") == size - ticks) {
            fence = 0;
        } else if (fence == 0) {
            bool ours = size == 0 || line[0] == '|' || strchr("#<*KFLN-", line[0]) ||
                        strncmp(line, "…", 3) == 0;
            cr_expect(ours, "%.*s", (int)size, line);
            cr_expect_neq(strncmp(line, "<script", 7), 0);
        }
        line += size + (line[size] == '\n');
    }
    cr_expect_eq(fence, 0);
}

Test(report, tells_a_cause_once_and_where_else_it_is_seen)
{
    close_run(TERM_verdict_FAILED, 3);
    for (uint64_t i = 1; i <= 3; i++) {
        add(MSG(error_row, .run = msg_str(RUN), .error = i, .file = msg_str("src/a.test.ts"),
                .test = msg_str(i == 2 ? "other" : "same"), .line = i, .priority = 60,
                .queue = msg_str("q"), .message = msg_str(i == 2 ? "crash" : "boom"),
                .cause = i == 2 ? 9 : 5, .occurrences = i == 2 ? 1 : 2));
    }
    findings_sort(findings);
    report_comment(&report, &text);
    const char *first = strstr(made(), "#### 1. `src/a.test.ts` line 1: `same`\n\n"
                                       "Failures with this cause: 2\n\n```text\nboom\n```\n\n"
                                       "- The same cause: `src/a.test.ts` line 3: `same`\n");
    const char *second = strstr(made(), "#### 2. `src/a.test.ts` line 2: `other`\n");
    cr_assert(first && second, "%s", made());
    cr_expect_lt(first, second);
    cr_expect_null(strstr(first + 100, "boom"));
    expect_contained(made());
}

Test(report, keeps_hostile_words_inside)
{
    static const char *const words[] = {"```\n# pwned @everyone\n<script>alert(1)</script>\n",
                                        "`````\n~~~\n```diff\n",
                                        "\n\n## x\n[a](javascript:1)",
                                        "a`b",
                                        "--> <!-- troupe:pr -->",
                                        "\x1b[31m\xff@x"};
    close_run(TERM_verdict_FAILED, 6);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        struct msg_str it = msg_str(words[i]);
        add(MSG(error_row, .run = msg_str(RUN), .error = i + 1, .file = it, .test = it, .queue = it,
                .message = it));
        add(MSG(fix_row, .run = msg_str(RUN), .error = i + 1, .source = it, .diff = it,
                .reason = it, .status = i % 2 ? TERM_fix_VALIDATED : TERM_fix_NONE));
        add(MSG(heal_row, .run = msg_str(RUN), .error = i + 1, .file = it, .before = it,
                .after = it, .diff = it, .reason = it,
                .status = i % 2 ? TERM_heal_REFUSED : TERM_heal_HEALED));
    }
    report_comment(&report, &text);
    expect_contained(made());
    text_cut(&text, 0);
    report_summary(&report, &text);
    expect_contained(made());
}

static void add_many(size_t count)
{
    char message[16001];
    memset(message, '"', sizeof message - 1);
    message[sizeof message - 1] = '\0';
    for (size_t i = 0; i < count; i++) {
        add_error(i + 1, 0, message);
        add(MSG(fix_row, .run = msg_str(RUN), .error = i + 1, .status = TERM_fix_VALIDATED,
                .source = msg_str("s"), .diff = msg_str(message), .reason = msg_str("")));
    }
}

Test(report, stays_within_githubs_limits)
{
    close_run(TERM_verdict_FAILED, 20);
    add_many(FINDINGS_ERRORS_MAX + 7);
    cr_expect_leq(findings->bytes, (size_t)FINDINGS_BYTES_MAX);
    cr_expect_eq(findings->count + findings->left_out, FINDINGS_ERRORS_MAX + 7);
    json_t *root = body_of(report_json_check_end);
    const json_t *output = json_object_get(root, "output");
    const json_t *list = json_object_get(output, "annotations");
    cr_expect_leq(strlen(string_at(output, "summary")), (size_t)REPORT_TEXT_MAX);
    cr_expect_leq(strlen(string_at(output, "text")), (size_t)REPORT_TEXT_MAX);
    cr_expect(strstr(string_at(output, "text"), " more.\n"));
    cr_expect_eq(json_array_size(list), REPORT_ANNOTATIONS_MAX);
    const json_t *one = json_array_get(list, 0);
    cr_expect_str_eq(string_at(one, "path"), "src/a.test.ts");
    cr_expect_eq(json_integer_value(json_object_get(one, "start_line")), 12);
    cr_expect_str_eq(string_at(one, "annotation_level"), "failure");
    json_decref(root);
    root = body_of(report_json_comment);
    cr_expect_leq(strlen(string_at(root, "body")), (size_t)REPORT_TEXT_MAX);
    cr_expect(strstr(string_at(root, "body"), " more.\n"));
    cr_expect(strstr(string_at(root, "body"), "</sub>\n"));
    json_decref(root);
}

Test(report, brings_annotations_in_parts)
{
    close_run(TERM_verdict_FAILED, 20);
    for (size_t i = 0; i < REPORT_ANNOTATIONS_MAX + 7; i++) {
        add_error(i + 1, 0, "boom");
    }
    cr_expect_eq(report_annotations(&report), REPORT_ANNOTATIONS_MAX);
    report.annotated = REPORT_ANNOTATIONS_MAX;
    json_t *root = body_of(report_json_check_end);
    const json_t *list = json_object_get(json_object_get(root, "output"), "annotations");
    cr_expect_eq(json_array_size(list), 7);
    json_decref(root);
    report.annotated = REPORT_ANNOTATIONS_MAX + 8; /* GitHub has more than we know of */
    cr_expect_eq(report_annotations(&report), 0);
    report.annotated = 0;
}

Test(report, of_an_error_without_a_line_points_at_the_first)
{
    close_run(TERM_verdict_FAILED, 1);
    add(MSG(error_row, .run = msg_str(RUN), .error = 1, .file = msg_str("f"), .test = msg_str(""),
            .queue = msg_str(""), .message = msg_str("")));
    json_t *root = body_of(report_json_check_end);
    const json_t *one =
        json_array_get(json_object_get(json_object_get(root, "output"), "annotations"), 0);
    cr_expect_eq(json_integer_value(json_object_get(one, "start_line")), 1);
    cr_expect_str_eq(string_at(one, "title"), "f");
    cr_expect_str_eq(string_at(one, "message"), "failed");
    json_decref(root);
}

/* ---- upsert ---- */

static const struct upsert_target target = {
    .api_url = "http://x", .origin = &origin, .run = RUN, .retry_ms = 100, .attempts_max = 4};

static void expect_request(const struct upsert *upsert, const char *wanted)
{
    struct upsert_request request;
    char line[UPSERT_URL_SIZE + 16];
    cr_assert_eq(upsert_request(upsert, &target, &request), ERR_OK);
    (void)snprintf(line, sizeof line, "%s %s%s", request.method, request.url,
                   request.has_body ? " +" : "");
    cr_expect_str_eq(line, wanted);
}

static uint64_t give(struct upsert *upsert, uint64_t status, const char *headers, const char *body)
{
    return upsert_answer(upsert, &target,
                         &(struct upsert_answer){status, msg_str(headers), msg_str(body)});
}

#define SEARCH_CHECK                                                                               \
    "GET http://x/repos/o/r/commits/" SHA "/check-runs?check_name=troupe&filter=all&per_page="
#define SEARCH_COMMENT "GET http://x/repos/o/r/issues/7/comments?per_page="

Test(upsert, makes_a_check_run_that_is_not_there)
{
    struct upsert upsert;
    upsert_begin(&upsert, UPSERT_CHECK, 0);
    expect_request(&upsert, SEARCH_CHECK "32&page=1");
    cr_expect_eq(give(&upsert, 200, "",
                      "{\"total_count\":1,\"check_runs\":[{\"id\":5,\"name\":\"troupe\","
                      "\"external_id\":\"another\"}]}"),
                 0);
    expect_request(&upsert, "POST http://x/repos/o/r/check-runs +");
    cr_expect_eq(give(&upsert, 201, "", "{\"id\":9}"), 0);
    cr_expect_eq(upsert.phase, UPSERT_DONE);
    cr_expect_eq(upsert.id, 9);
}

Test(upsert, looks_how_many_annotations_a_patch_of_unknown_outcome_has_left)
{
    struct upsert upsert;
    upsert_begin(&upsert, UPSERT_CHECK, 9);
    expect_request(&upsert, "PATCH http://x/repos/o/r/check-runs/9 +");
    cr_expect_eq(give(&upsert, 0, "", ""), 100);
    expect_request(&upsert, SEARCH_CHECK "32&page=1");
    (void)give(&upsert, 200, "",
               "{\"check_runs\":[{\"id\":9,\"name\":\"troupe\",\"external_id\":\"" RUN
               "\",\"output\":{\"annotations_count\":50}}]}");
    expect_request(&upsert, "PATCH http://x/repos/o/r/check-runs/9 +");
    cr_expect_eq(upsert.annotated, 50);
}

Test(upsert, looks_after_a_post_whose_outcome_is_unknown)
{
    struct upsert upsert;
    upsert_begin(&upsert, UPSERT_CHECK, 0);
    (void)give(&upsert, 200, "", "{\"check_runs\":[]}");
    cr_expect_eq(give(&upsert, 0, "", ""), 100);
    expect_request(&upsert, SEARCH_CHECK "32&page=1");
    (void)give(&upsert, 200, "",
               "{\"check_runs\":[{\"id\":9,\"name\":\"troupe\",\"external_id\":\"" RUN "\"}]}");
    expect_request(&upsert, "PATCH http://x/repos/o/r/check-runs/9 +");
    cr_expect_eq(give(&upsert, 200, "", "{}"), 0);
    cr_expect_eq(upsert.phase, UPSERT_DONE);
}

Test(upsert, does_not_write_again_what_need_only_be_there)
{
    struct upsert upsert;
    upsert_begin(&upsert, UPSERT_CHECK, 0);
    upsert.found_is_enough = true;
    (void)give(&upsert, 200, "",
               "{\"check_runs\":[{\"id\":9,\"name\":\"troupe\",\"external_id\":\"" RUN "\"}]}");
    cr_expect_eq(upsert.phase, UPSERT_DONE);
    cr_expect_eq(upsert.id, 9);
}

Test(upsert, edits_the_oldest_comment_of_ours)
{
    struct upsert upsert;
    upsert_begin(&upsert, UPSERT_COMMENT, 0);
    expect_request(&upsert, SEARCH_COMMENT "32&page=1");
    (void)give(&upsert, 200, "",
               "[{\"id\":1,\"body\":\"see <!-- troupe:pr -->\"},{\"id\":2,\"body\":null},7,"
               "{\"id\":5,\"body\":\"<!-- troupe:pr -->\\nb\"},"
               "{\"id\":4,\"body\":\"<!-- troupe:pr -->\\na\"}]");
    expect_request(&upsert, "PATCH http://x/repos/o/r/issues/comments/4 +");
}

Test(upsert, leaves_a_comment_that_a_later_run_has_written)
{
    struct upsert upsert;
    upsert_begin(&upsert, UPSERT_COMMENT, 0);
    (void)give(&upsert, 200, "",
               "[{\"id\":4,\"body\":\"<!-- troupe:pr -->\\r\\n<!-- troupe:run " LATER " -->\"}]");
    cr_expect_eq(upsert.phase, UPSERT_DONE);
    upsert_begin(&upsert, UPSERT_COMMENT, 0);
    (void)give(&upsert, 200, "",
               "[{\"id\":4,\"body\":\"<!-- troupe:pr -->\\n<!-- troupe:run 01HW -->\"}]");
    cr_expect_eq(upsert.phase, UPSERT_UPDATE);
}

Test(upsert, passes_over_a_comment_that_is_not_ours_to_edit)
{
    static const char both[] = "[{\"id\":4,\"body\":\"<!-- troupe:pr -->\"},"
                               "{\"id\":6,\"body\":\"<!-- troupe:pr -->\"}]";
    struct upsert upsert;
    upsert_begin(&upsert, UPSERT_COMMENT, 0);
    (void)give(&upsert, 200, "", both);
    (void)give(&upsert, 403, "", "{}");
    expect_request(&upsert, SEARCH_COMMENT "32&page=1");
    (void)give(&upsert, 200, "", both);
    expect_request(&upsert, "PATCH http://x/repos/o/r/issues/comments/6 +");
    (void)give(&upsert, 404, "", "{}");
    (void)give(&upsert, 200, "", both);
    expect_request(&upsert, "POST http://x/repos/o/r/issues/7/comments +");
}

static const char *page_of(size_t count)
{
    static char page[1024];
    size_t used = (size_t)snprintf(page, sizeof page, "[");
    for (size_t i = 0; i < count; i++) {
        used += (size_t)snprintf(page + used, sizeof page - used, "%s{\"id\":1}", i ? "," : "");
    }
    (void)snprintf(page + used, sizeof page - used, "]");
    return page;
}

Test(upsert, turns_the_pages_and_takes_smaller_ones_when_they_are_too_large)
{
    struct upsert upsert;
    upsert_begin(&upsert, UPSERT_COMMENT, 0);
    (void)give(&upsert, 200, "", page_of(32));
    expect_request(&upsert, SEARCH_COMMENT "32&page=2");
    (void)give(&upsert, 0, "", "");
    expect_request(&upsert, SEARCH_COMMENT "8&page=5");
    (void)give(&upsert, 0, "", "");
    expect_request(&upsert, SEARCH_COMMENT "1&page=33");
    for (int i = 0; i < 8; i++) {
        (void)give(&upsert, 200, "", page_of(1));
    }
    expect_request(&upsert, SEARCH_COMMENT "8&page=6");
    for (int i = 0; i < 3; i++) {
        (void)give(&upsert, 200, "", page_of(8));
    }
    expect_request(&upsert, SEARCH_COMMENT "32&page=3");
    (void)give(&upsert, 200, "", page_of(31));
    cr_expect_eq(upsert.phase, UPSERT_CREATE);
}

Test(upsert, waits_longer_each_time_and_as_long_as_it_is_told)
{
    struct upsert upsert;
    upsert_begin(&upsert, UPSERT_CHECK, 9);
    cr_expect_eq(give(&upsert, 502, "", ""), 100);
    cr_expect_eq(give(&upsert, 500, "", ""), 200);
    cr_expect_eq(give(&upsert, 429, "retry-after: 7\n", ""), 7000);
    cr_expect_eq(give(&upsert, 500, "", ""), 0);
    cr_expect_eq(upsert.phase, UPSERT_FAILED);
    upsert_begin(&upsert, UPSERT_CHECK, 9);
    cr_expect_eq(give(&upsert, 429, "", ""), 60000);
    cr_expect_eq(give(&upsert, 403, "x-ratelimit-remaining: 0\n", ""), 60000);
    cr_expect_eq(give(&upsert, 503, "retry-after: 99999999999999999999999\n", ""), 400);
    upsert_begin(&upsert, UPSERT_CHECK, 9);
    cr_expect_eq(give(&upsert, 503, "retry-after: 86400\n", ""), (uint64_t)UPSERT_WAIT_MS_MAX);
}

Test(upsert, gives_up_at_a_refusal)
{
    static const uint64_t refusals[] = {301, 400, 401, 404, 410, 422};
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        struct upsert upsert;
        upsert_begin(&upsert, UPSERT_CHECK, 0);
        cr_expect_eq(give(&upsert, refusals[i], "", "{}"), 0);
        cr_expect_eq(upsert.phase, UPSERT_FAILED);
        cr_expect_eq(upsert.status, refusals[i]);
    }
}

Test(upsert, takes_nonsense_in_an_answer_for_a_failure)
{
    static const char *const bodies[] = {"", "<html>", "[]", "{}", "{\"check_runs\":{}}", "\xff"};
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct upsert upsert;
        upsert_begin(&upsert, UPSERT_CHECK, 0);
        cr_expect_eq(give(&upsert, 200, "", bodies[i]), 100);
        cr_expect_eq(upsert.phase, UPSERT_SEARCH);
    }
    struct upsert upsert;
    upsert_begin(&upsert, UPSERT_CHECK, 0);
    (void)give(&upsert, 200, "", "{\"check_runs\":[]}");
    (void)give(&upsert, 201, "", "{\"id\":\"x\"}");
    cr_expect_eq(upsert.phase, UPSERT_SEARCH);
}

/* ---- status page ---- */

Test(report, status_page_shows_runs_and_hides_nothing_in_them)
{
    const struct msg_status_is status = {.head = {MSG_STATUS_IS},
                                         .epoch = 3,
                                         .uptime_ms = 3723000,
                                         .slots_idle = 2,
                                         .runs_open = 1,
                                         .jobs_queued = 17};
    struct status_run runs[2] = {{.run = RUN, .origin = origin, .files = 60, .files_done = 12},
                                 {.run = RUN,
                                  .origin = origin,
                                  .verdict = TERM_verdict_FAILED,
                                  .files = 60,
                                  .files_done = 60,
                                  .tests_passed = 118,
                                  .tests_failed = 2,
                                  .wall_ms = 12345,
                                  .age_ms = 86400000,
                                  .gave_up = true}};
    (void)snprintf(runs[1].origin.repo, sizeof runs[1].origin.repo, "<b>&\"");
    status_page(&(struct status_view){.status = &status, .runs = runs, .count = 2}, &text);
    cr_expect(strstr(made(), "coordinator up for 1 h 2 min, epoch 3"));
    cr_expect(strstr(made(), "<dt>files waiting</dt><dd>17</dd>"));
    cr_expect(strstr(made(), "<span class=\"v running\">running</span>"));
    cr_expect(strstr(made(), "<td class=\"n\">12 / 60</td>"));
    cr_expect(strstr(made(), "<span class=\"v failed\">failed</span> <span class=\"warn\">"));
    cr_expect(strstr(made(), "12.3 s"));
    cr_expect(strstr(made(), "1 d 0 h ago"));
    cr_expect(strstr(made(), "&lt;b&gt;&amp;&quot; #7"));
    cr_expect_null(strstr(made(), "<b>"));
    cr_expect(strstr(made(), "</html>\n"));
}

Test(report, status_page_tells_when_the_coordinator_is_silent)
{
    status_page(&(struct status_view){.status = NULL}, &text);
    cr_expect(strstr(made(), "The coordinator does not answer."));
    cr_expect(strstr(made(), "No pull request yet."));
}
