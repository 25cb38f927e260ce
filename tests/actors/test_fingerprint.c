/* test_fingerprint.c - which errors are one cause. */
#include <criterion/criterion.h>
#include <string.h>

#include "actors/classifier/fingerprint.h"

static uint64_t of(const char *text)
{
    static struct primary primary;
    primary_read(text, strlen(text), NULL, &primary);
    return fingerprint_of(&primary);
}

Test(fingerprint, is_the_same_on_another_machine_line_and_run)
{
    cr_expect_eq(of("TypeError: Cannot read properties of undefined (reading 'id')\n"
                    "    at load (/app/src/cart.js:3:9)\n    at main (/app/src/a.js:1:1)"),
                 of("2024-01-01T10:00:00Z TypeError: Cannot read properties of undefined (reading "
                    "'name')\n    at load (/home/me/src/cart.js:44:1)"));
    cr_expect_eq(of("Error: listen EADDRINUSE: address already in use :::3000"),
                 of("Error: listen EADDRINUSE: address already in use :::4173"));
    cr_expect_eq(of("Error: Cannot find module '/a/b'"), of("Error: Cannot find module '/c/d/e'"));
    cr_expect_eq(of("\033[31mError: no\033[0m"), of("Error: no"));
}

Test(fingerprint, differs_by_code_message_and_own_file)
{
    cr_expect_neq(of("src/a.ts(1,2): error TS2322: Type 'a' is not assignable to type 'b'."),
                  of("src/a.ts(1,2): error TS2345: Type 'a' is not assignable to type 'b'."));
    cr_expect_neq(of("Error: no config"), of("Error: no server"));
    cr_expect_neq(of("Error: no\n    at f (/app/src/a.js:1:1)"),
                  of("Error: no\n    at f (/app/src/b.js:1:1)"));
}

Test(fingerprint, does_not_follow_the_stack_of_libraries)
{
    cr_expect_eq(
        of("Error: no\n    at g (/app/node_modules/x/i.js:1:1)\n    at f (/app/s/a.js:1:1)"),
        of("Error: no\n    at h (/app/node_modules/y/j.js:1:1)\n    at f (/app/s/a.js:9:1)"));
}

Test(fingerprint, follows_the_chain_of_causes)
{
    cr_expect_neq(of("Error: no\n    at f (/app/s/a.js:1:1) {\n  [cause]: Error: disk full\n}"),
                  of("Error: no\n    at f (/app/s/a.js:1:1) {\n  [cause]: Error: no route\n}"));
    cr_expect_eq(
        of("Error: no\n    at f (/app/s/a.js:1:1) {\n  [cause]: Error: port 80 in use\n}"),
        of("Error: no\n    at f (/app/s/a.js:9:1) {\n  [cause]: Error: port 90 in use\n}"));
    cr_expect_neq(of("x.E: no\n\tat a.B(B.java:1)\nCaused by: y.F: closed\n"),
                  of("x.E: no\n\tat a.B(B.java:1)\nCaused by: y.F: refused\n"));
}

Test(fingerprint, keeps_numbers_that_are_codes)
{
    cr_expect_neq(of("Error: Minified React error #31; visit https://react.dev/errors/31"),
                  of("Error: Minified React error #130; visit https://react.dev/errors/130"));
    cr_expect_eq(of("Error: row #31 is wrong"), of("Error: row #32 is wrong"));
}

Test(fingerprint, takes_whatever_comes)
{
    cr_expect_neq(of(""), 0);
    cr_expect_neq(of("'"), 0);
    cr_expect_neq(of("\xff\xfe \"\""), 0);
}
