/* test_classify.c - which kind an error text is, by the rules that are shipped. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/classifier/classify.h"

static struct rules *rules;
static struct config_report report;
static struct classification result;

static void setup(void)
{
    enum err err = rules_load(RULES_FILE, NULL, &rules, &report);
    config_report_print(stderr, &report);
    cr_assert_eq(err, ERR_OK);
}

static void teardown(void)
{
    rules_destroy(&rules);
}

TestSuite(classify, .init = setup, .fini = teardown);

static const char *label_of(const char *text, const char *file_or_null)
{
    const struct judge judge = {.rules = rules};
    classify(&judge, text, strlen(text), file_or_null, &result);
    return rules_label_name(result.rule->label);
}

struct sample {
    const char *text;
    const char *file;
};

static void expect_label(const char *label, const struct sample *samples, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *found = label_of(samples[i].text, samples[i].file);
        cr_expect_str_eq(found, label, "%s, not %s, because of %s: %s", found, label, result.why[0],
                         samples[i].text);
    }
}

#define EXPECT_LABEL(label, samples)                                                               \
    expect_label(label, samples, sizeof(samples) / sizeof(samples)[0])

Test(classify, knows_what_complains_about_typescript)
{
    static const struct sample samples[] = {
        {"src/a.ts(3,5): error TS2345: Argument of type 'string' is not assignable.", NULL},
        {"FAIL src/a.test.tsx\n  ● Test suite failed to run\n\n"
         "    src/a.test.tsx:3:5 - error TS2304: Cannot find name 'foo'.\n",
         "src/a.test.tsx"},
        {"ERROR in ./src/App.tsx:12:3\nTS2322: Type 'number' is not assignable to type 'string'.",
         NULL},
        {"Failed to compile.\n\n./pages/index.tsx:5:7\nType error: Property 'x' does not exist on "
         "type 'Props'.\n",
         NULL},
        {"✘ [ERROR] Expected \";\" but found \"}\"\n\n    src/main.ts:4:9:\n      4 │ const a = }",
         NULL},
        {"[vite] Internal server error: Transform failed with 1 error:\n"
         "/app/src/view.tsx:9:2: ERROR: Unexpected \"}\"\n",
         NULL},
        {"SyntaxError: /app/src/util.ts: Missing semicolon. (3:9)\n\n  1 | let x\n", NULL},
        {"Error: Failed to parse tsconfig.json: trailing comma", "tsconfig.json"},
        {"/app/src/a.ts\n  3:1  error  Unexpected any  @typescript-eslint/no-explicit-any\n"
         "  4:1  error  'x' is never used  @typescript-eslint/no-unused-vars\n"
         "  5:1  error  Missing return  consistent-return\n\n✖ 3 problems (3 errors)\n",
         NULL},
        {"/app/src/b.ts\n  3:1  error  Parsing error: Identifier expected\n", NULL},
        {"TSError: ⨯ Unable to compile TypeScript:\nsrc/x.ts(1,7): error TS2451: Cannot redeclare",
         NULL},
    };
    EXPECT_LABEL("typescript", samples);
}

Test(classify, knows_what_react_says)
{
    static const struct sample samples[] = {
        {"Warning: Each child in a list should have a unique \"key\" prop.", NULL},
        {"Encountered two children with the same key, `3`.", "src/List.tsx"},
        {"Error: Rendered more hooks than during the previous render.", NULL},
        {"Error: Minified React error #31; visit https://react.dev/errors/31", NULL},
        {"In HTML, <div> cannot be a descendant of <p>.\nThis will cause a hydration error.", NULL},
        {"Uncaught Error: Hydration failed because the server rendered HTML didn't match.", NULL},
        {"Error: useCart must be used within a CartProvider\n    at useCart (src/cart.tsx:9:11)",
         NULL},
        {"Error: useNavigate() may be used only in the context of a <Router> component.", NULL},
        {"Error: No QueryClient set, use QueryClientProvider to set one", NULL},
        {"Error: \"category\" is not a registered scale.", NULL},
        {"FAIL src/App.test.tsx\n  ● App › renders\n\n"
         "    Element type is invalid: expected a string but got: undefined.\n",
         "src/App.test.tsx"},
        {"TypeError: Cannot read properties of undefined (reading 'map')\n"
         "    at List (src/List.tsx:4:11)\n"
         "    at renderWithHooks (node_modules/react-dom/cjs/react-dom.development.js:1:2)\n",
         NULL},
        {"TypeError: Cannot read properties of null (reading 'name')\n"
         "    at Badge (src/badge.test.tsx:4:11)\n"
         "    at react_stack_bottom_frame (http://localhost:5173/node_modules/.vite/deps/x.js:1:2)",
         NULL},
        {"/app/src/A.jsx\n  3:4  error  Missing \"key\"  react/jsx-key\n"
         "  5:6  error  'x' is not defined  no-undef\n",
         NULL},
        {"SyntaxError: /app/src/App.jsx: Adjacent JSX elements must be wrapped (4:3)", NULL},
        {"Error: Functions cannot be passed directly to Client Components", NULL},
        {"A component is changing an uncontrolled input to be controlled.", NULL},
        {"Received `true` for a non-boolean attribute `active`.", NULL},
        {"Warning: An update to Clock inside a test was not wrapped in act(...).", NULL},
    };
    EXPECT_LABEL("react", samples);
}

Test(classify, knows_what_fails_in_a_test)
{
    static const struct sample samples[] = {
        {"AssertionError: expected 3 to be 4 // Object.is equality", NULL},
        {" FAIL  src/sum.test.ts > sum\nAssertionError: expected [ 1 ] to deeply equal [ 2 ]\n"
         " ❯ src/sum.test.ts:5:20",
         NULL},
        {"● adds\n\n    expect(received).toBe(expected)\n\n    Expected: 3\n    Received: 4", NULL},
        {"TestingLibraryElementError: Unable to find an element with the text: Hi", NULL},
        {"console.error\n    Warning: An update to X inside a test was not wrapped in act(...).\n\n"
         "  ● X › shows\n\n    TestingLibraryElementError: Unable to find role=\"button\"\n",
         NULL},
        {"Error: locator.click: Error: strict mode violation: getByText('a') resolved to 2", NULL},
        {"Error: Test timed out in 5000ms.\nIf this is a long-running test, pass a timeout", NULL},
        {"  1) login\n       works:\n     Error: Timeout of 2000ms exceeded. For async tests and "
         "hooks, ensure \"done()\" is called",
         NULL},
        {"CypressError: Timed out retrying after 4000ms: Expected to find element: `#a`", NULL},
        {"E       assert 1 == 2\n\ntests/test_a.py:3: AssertionError\n"
         "=== short test summary info ===\nFAILED tests/test_a.py::test_a",
         NULL},
        {"FAIL: test_a (t.T)\nTraceback (most recent call last):\n"
         "  File \"/app/tests/test_t.py\", line 3, in test_a\nAssertionError: 1 != 2\n",
         NULL},
        {"--- FAIL: TestSum (0.00s)\n    sum_test.go:9: got 3, want 4\nFAIL", NULL},
        {"---- tests::adds stdout ----\nthread 'tests::adds' panicked at src/lib.rs:9:9:\n"
         "assertion `left == right` failed\n  left: 3\n right: 4",
         NULL},
        {"org.opentest4j.AssertionFailedError: expected: <1> but was: <2>\n"
         "\tat app.SumTest.adds(SumTest.java:9)",
         NULL},
        {"Error: No test suite found in file /app/a.test.ts", NULL},
        {"TypeError: Cannot read properties of undefined (reading 'id')\n"
         "    at Object.<anonymous> (src/a.test.ts:9:3)\n"
         "    at node_modules/jest-circus/build/run.js:1:2",
         NULL},
        {"Error: [vitest] No \"default\" export is defined on the \"./a\" mock.", NULL},
        {"Expected spy save to have been called with:\n  [ 1 ]\nbut actual calls were:\n  [ ]",
         NULL},
        {"/app/a.test.js\n  1:1  error  Test has no assertions  jest/expect-expect\n", NULL},
        {"Failure/Error: expect(sum).to eq(4)\n\n  expected: 4\n       got: 3", NULL},
    };
    EXPECT_LABEL("test", samples);
}

Test(classify, calls_everything_else_general)
{
    static const struct sample samples[] = {
        {"Error: Cannot find module 'react-dom/client' from 'src/App.test.tsx'",
         "src/App.test.tsx"},
        {"Error: Failed to resolve import \"./missing\" from \"src/a.test.ts\". Does the file "
         "exist?",
         NULL},
        {"Error: page.goto: net::ERR_CONNECTION_REFUSED at http://localhost:3000/", NULL},
        {"Error: browserType.launch: Executable doesn't exist at /root/.cache/x", NULL},
        {"npm ERR! code ERESOLVE\nnpm ERR! peer react@\"^17\" from react-dom@17.0.2", NULL},
        {"fatal: not a git repository (or any of the parent directories): .git", NULL},
        {"Error: listen EADDRINUSE: address already in use :::3000\n    at node:net:1:2", NULL},
        {"FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory", NULL},
        {"Traceback (most recent call last):\n  File \"/app/app.py\", line 3, in <module>\n"
         "    f()\nKeyError: 'x'",
         NULL},
        {"error[E0382]: borrow of moved value: `v`\n --> src/main.rs:4:5", NULL},
        {"node:assert:126\nAssertionError [ERR_ASSERTION]: 1 == 2\n"
         "    at Object.<anonymous> (/app/index.js:3:8)\n  generatedMessage: true,",
         NULL},
        {"/app/src/a.js\n  3:1  error  'x' is not defined  no-undef\n", NULL},
        {"Error response from daemon: pull access denied for x, repository does not exist", NULL},
        {"[warn] src/App.tsx\n[warn] Code style issues found in the above file.", "src/App.tsx"},
        {"ReferenceError: x is not defined\n    at Object.<anonymous> (/app/server.js:3:1)\n"
         "    at Module._compile (node:internal/modules/cjs/loader:1:2)",
         NULL},
        {"SyntaxError: Unexpected token < in JSON at position 0\n    at JSON.parse (<anonymous>)\n"
         "    at load (src/api.ts:3:9)",
         NULL},
        {"error: relation \"users\" does not exist\n    at Parser (node_modules/pg/x.js:1:2)",
         NULL},
        {"bash: tsc: command not found", NULL},
        {"(node:12) [DEP0040] DeprecationWarning: The `punycode` module is deprecated.", NULL},
        {"main.go:7:2: undefined: fmt.Printn", NULL},
        {"Error: Timed out waiting 60000ms from config.webServer.", NULL},
        {"AxiosError: timeout of 1000ms exceeded\n    at node_modules/axios/lib/x.js:1:2", NULL},
        {"TypeError: text.split(...).map is not a function\n    at run (/app/src/cli.js:3:2)",
         NULL},
        {"", NULL},
    };
    EXPECT_LABEL("general", samples);
}

Test(classify, sees_through_what_a_ci_system_puts_around)
{
    static const char *const texts[] = {
        "2024-02-10T14:08:45.7355410Z src/a.ts(3,5): error TS2345: No.",
        "##[error]src/a.ts(3,5): error TS2345: No.",
        "::error file=src/a.ts,line=3,col=5::src/a.ts(3,5): error TS2345: No.",
        "[web] src/a.ts(3,5): error TS2345: No.",
        "web-1  | src/a.ts(3,5): error TS2345: No.",
        "web:build: src/a.ts(3,5): error TS2345: No.",
        "[14:08:45] \033[96msrc/a.ts\033[0m:\033[93m3\033[0m - \033[91merror\033[0m TS2345: No.",
        "\033]8;;file:///src/a.ts\033\\src/a.ts\033]8;;\033\\(3,5): error TS2345: No.\r\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        cr_expect_str_eq(label_of(texts[i], NULL), "typescript");
        cr_expect_str_eq(result.primary.code, "TS2345");
        cr_expect_str_eq(result.primary.file, "src/a.ts", "%s in %s", result.primary.file,
                         texts[i]);
    }
}

Test(classify, takes_the_top_frame_that_is_not_a_librarys)
{
    (void)label_of(
        "Error: x\n    at node_modules/lib/a.js:1:2\n    at node:internal/b:3:4\n"
        "    at f (webpack-internal:///./src/app/view.tsx?t=1:5:6)\n    at g (src/c.ts:1:1)",
        "hint.ts");
    cr_expect_str_eq(result.primary.file, "./src/app/view.tsx");
    (void)label_of("Traceback (most recent call last):\n  File \"/app/a.py\", line 1, in <module>\n"
                   "  File \"/app/b.py\", line 2, in f\n"
                   "  File \"/usr/lib/python3.11/json.py\", line 3, in g\nValueError: x",
                   NULL);
    cr_expect_str_eq(result.primary.file, "/app/b.py");
    (void)label_of("Error: nothing known", "hint.ts");
    cr_expect_str_eq(result.primary.file, "hint.ts");
}

Test(classify, takes_the_failure_before_what_was_logged)
{
    static const char text[] = "console.error\n    Error: connect refused\n\n"
                               "  ● saves\n\n    expect(received).toBe(expected)\n";
    (void)label_of(text, NULL);
    const struct primary *primary = &result.primary;
    cr_expect_eq(strncmp(primary->text + primary->message.from, "    expect(received)", 20), 0);
    cr_expect_not(primary->is_warning);
}

Test(classify, finds_codes)
{
    (void)label_of("Error: ENOENT: no such file or directory, open 'x'", NULL);
    cr_expect_str_eq(result.primary.code, "ENOENT");
    (void)label_of("error[E0425]: cannot find function `f`", NULL);
    cr_expect_str_eq(result.primary.code, "E0425");
    (void)label_of("Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'x'", NULL);
    cr_expect_str_eq(result.primary.code, "ERR_MODULE_NOT_FOUND");
    (void)label_of("error: ATS23456 TS1 TS123456 is none", NULL);
    cr_expect_str_eq(result.primary.code, "");
}

Test(classify, counts_errors_of_a_linter_before_warnings)
{
    (void)label_of("/app/a.js\n  1:1  warning  No  @typescript-eslint/no-explicit-any\n"
                   "  2:1  warning  No  @typescript-eslint/no-explicit-any\n"
                   "  3:1  error  No  react/jsx-key\n",
                   NULL);
    cr_expect_eq(result.rule->label, RULES_REACT);
    cr_expect_str_eq(result.primary.code, "react/jsx-key");
    /* A tie goes by the order of the labels. */
    (void)label_of("/app/a.js\n  1:1  error  No  jest/no-focused-tests\n"
                   "  2:1  error  No  react/jsx-key\n",
                   NULL);
    cr_expect_eq(result.rule->label, RULES_REACT);
}

Test(classify, says_why)
{
    (void)label_of("src/a.ts(3,5): error TS2345: No.", NULL);
    cr_assert_geq(result.why_count, 2);
    cr_expect(strstr(result.why[0], "typescript-code"));
    cr_expect_str_eq(result.why[1], "code TS2345");
    cr_expect_str_eq(result.tool, "tsc");
    (void)label_of("Error: Rendered more hooks than before.", NULL);
    cr_expect_str_eq(result.why[1], "the error says \"Rendered more hooks\"");
}

Test(classify, reads_the_beginning_and_the_end_of_long_texts)
{
    enum { LONG = 3 * PRIMARY_TEXT_MAX };
    static char text[LONG + 1];
    memset(text, 'x', LONG);
    static const char end[] = "\nsrc/a.ts(3,5): error TS2345: No.";
    memcpy(text + LONG - strlen(end), end, strlen(end));
    cr_expect_str_eq(label_of(text, NULL), "typescript");
    cr_expect_leq(result.primary.size, PRIMARY_TEXT_MAX);
    memset(text + LONG - strlen(end), 'x', strlen(end));
    memcpy(text, end, strlen(end));
    cr_expect_str_eq(label_of(text, NULL), "typescript");
}

Test(classify, keeps_the_end_of_long_paths_and_no_more_findings_than_there_is_room)
{
    static char text[PRIMARY_TEXT_MAX];
    size_t used = 0;
    for (int i = 0; i < PRIMARY_FINDINGS_MAX + 9; i++) {
        used +=
            (size_t)snprintf(text + used, sizeof text - used, " 1:%d  error  No  no-undef\n", i);
    }
    (void)label_of(text, NULL);
    cr_expect_eq(result.primary.findings_count, PRIMARY_FINDINGS_MAX);
    memset(text, 'd', 400);
    (void)snprintf(text + 400, sizeof text - 400, "/a.ts(1,1): error TS1005: ';' expected.");
    (void)label_of(text, NULL);
    cr_expect_eq(strlen(result.primary.file), PRIMARY_FILE_MAX);
    cr_expect_str_eq(result.primary.file + PRIMARY_FILE_MAX - 5, "/a.ts");
}
