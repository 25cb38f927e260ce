/* test_patch.c - a unified diff is read whole, or refused with the line that is wrong. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/validator/patch.h"

#define HEAD "--- a/src/a.ts\n+++ b/src/a.ts\n"
#define GOOD HEAD "@@ -1,3 +1,3 @@\n one\n-two\n+zwei\n three\n"

static struct patch patch;
static char why[PATCH_WHY_SIZE];

static enum err read_text(const char *text)
{
    return patch_read(msg_str(text), &patch, why);
}

static void teardown(void)
{
    patch_free(&patch);
}

TestSuite(patch, .fini = teardown);

Test(patch, has_files_and_lines)
{
    cr_assert_eq(read_text(GOOD
                           "--- a/b c.ts\t\n+++ b/b c.ts\t\n@@ -4 +4,2 @@ function x\n-x\n+y\n+z\n"
                           "@@ -9,2 +10,2 @@\n\n-x\n\\ No newline at end of file\n+y\n"
                           "\\ No newline at end of file\n"),
                 ERR_OK, "%s", why);
    cr_assert_eq(patch.files_count, 2);
    cr_expect_str_eq(patch.files[0].path, "src/a.ts");
    cr_expect_eq(patch.files[0].added, 1);
    cr_expect_eq(patch.files[0].removed, 1);
    cr_expect_eq(patch.files[0].count, 4);
    cr_expect_str_eq(patch.files[1].path, "b c.ts");
    cr_expect_eq(patch.files[1].first, 4);
    cr_expect_eq(patch.files[1].added, 3);
    const struct patch_line *added = &patch.lines[2];
    cr_expect_eq(added->sign, '+');
    cr_expect_eq(added->number, 2);
    cr_expect(msg_str_is(added->text, "zwei"));
    cr_expect_eq(patch.lines[patch.lines_count - 1].number, 11);
    cr_expect_neq(patch.lines[4].hunk, patch.lines[patch.lines_count - 1].hunk);
}

Test(patch, takes_what_git_writes)
{
    cr_assert_eq(read_text("diff --git a/src/a.ts b/src/a.ts\nindex 0123..4567 100644\n" GOOD),
                 ERR_OK, "%s", why);
    cr_expect_eq(patch.files[0].kind, PATCH_TEXT);
    cr_expect_not(patch.files[0].created);
    cr_expect_not(patch.files[0].deleted);
}

static const struct {
    const char *text;
    enum patch_kind kind;
    bool created;
    bool deleted;
} kinds[] = {
    {"diff --git a/x b/x\nold mode 100644\nnew mode 100755\n", PATCH_MODE, false, false},
    {"diff --git a/x b/y\nsimilarity index 100%\nrename from x\nrename to y\n", PATCH_RENAME, false,
     false},
    {"diff --git \"a/x\" \"b/x\"\n" GOOD, PATCH_RENAME, false, false},
    {"--- a/x\n+++ b/y\n@@ -1 +1 @@\n-a\n+b\n", PATCH_RENAME, false, false},
    {"diff --git a/x b/x\nindex 1..2\nGIT binary patch\nliteral 3\nKcmZQz\n", PATCH_BINARY, false,
     false},
    {"diff --git a/x b/x\nBinary files a/x and b/x differ\n", PATCH_BINARY, false, false},
    {"--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+b\n", PATCH_TEXT, true, false},
    {"--- a/x\n+++ /dev/null\n@@ -1 +0,0 @@\n-b\n", PATCH_TEXT, false, true},
    {"diff --git a/x b/x\nnew file mode 120000\n--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+/etc\n",
     PATCH_TEXT, true, false},
    /* git itself makes or removes a file for these */
    {"--- a/x\n+++ b/x\n@@ -0,0 +1 @@\n+b\n", PATCH_TEXT, true, false},
    {"--- a/x\n+++ b/x\n@@ -1 +0,0 @@\n-b\n", PATCH_TEXT, false, true},
};

Test(patch, knows_what_is_more_than_a_change_of_text)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        cr_assert_eq(read_text(kinds[i].text), ERR_OK, "%zu: %s", i, why);
        cr_expect_eq(patch.files[0].kind, kinds[i].kind, "%zu", i);
        cr_expect_eq(patch.files[0].created, kinds[i].created, "%zu", i);
        cr_expect_eq(patch.files[0].deleted, kinds[i].deleted, "%zu", i);
        patch_free(&patch);
    }
}

static const struct {
    const char *text;
    const char *why;
} wrong[] = {
    {"", "line 1 of the diff: it is empty, or its last line has no end"},
    {HEAD "@@ -1 +1 @@\n-a\n+b", "it is empty, or its last line has no end"},
    {"Here is the fix:\n" GOOD, "line 1 of the diff: the name of a file is missing"},
    {GOOD "\n", "line 8 of the diff: the name of a file is missing"},
    {GOOD "Hope this helps\n", "line 8 of the diff: the name of a file is missing"},
    {"--- a/x\n", "line 2 of the diff: the name of a file is missing"},
    {"--- x\n+++ x\n@@ -1 +1 @@\n-a\n+b\n", "a name that does not begin with a/ or b/"},
    {"--- a/\n+++ b/\n@@ -1 +1 @@\n-a\n+b\n", "a name that does not begin with a/ or b/"},
    {"--- \"a/x\"\n+++ \"b/x\"\n@@ -1 +1 @@\n-a\n+b\n", "does not begin with a/ or b/"},
    {"--- a/x\t2026-01-01 00:00\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n", "characters that are not taken"},
    {"--- a/x 1970-01-01 00:00:00 +0000\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n",
     "characters that are not"},
    {"--- a/x\\y\n+++ b/x\\y\n@@ -1 +1 @@\n-a\n+b\n", "characters that are not taken"},
    {"--- /dev/null\n+++ /dev/null\n@@ -1 +1 @@\n-a\n+b\n", "a file without a name"},
    {"diff --git a/z b/z\n" GOOD, "names that contradict each other"},
    {HEAD, "a file without a hunk"},
    {HEAD "@@ -1 +1 @\n-a\n+b\n", "a head of a hunk that is none"},
    {HEAD "@@ -1,x +1 @@\n-a\n+b\n", "a head of a hunk that is none"},
    {HEAD "@@ -99999999999999999999 +1 @@\n-a\n+b\n", "a head of a hunk that is none"},
    {HEAD "@@ -1,2 +1,2 @@\n-a\n+b\n", "a line of a hunk is missing"},
    {HEAD "@@ -1,2 +1,2 @@\n-a\n+b\n*c\n", "a line of a hunk is missing"},
    {HEAD "@@ -1 +1 @@\n-a\n-b\n", "other lines than its head counts"},
    {HEAD "@@ -1,2 +1,1 @@\n+a\n+b\n-c\n-d\n", "other lines than its head counts"},
    {HEAD "@@ -1 +1 @@\n a\n", "a hunk that changes nothing"},
    {HEAD "@@ -9 +9 @@\n-a\n+b\n@@ -1 +1 @@\n-a\n+b\n", "hunks that are not in order"},
    {GOOD GOOD, "a file that was there before"},
};

Test(patch, refuses_every_other_shape_and_says_where)
{
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        cr_expect_eq(read_text(wrong[i].text), ERR_MALFORMED, "%zu", i);
        cr_expect(strstr(why, wrong[i].why), "%zu: %s", i, why);
        cr_expect_eq(patch.lines, NULL);
    }
}

Test(patch, refuses_a_nul)
{
    static const char text[] = HEAD "@@ -1 +1 @@\n-a\n+b\0c\n";
    cr_expect_eq(patch_read((struct msg_str){text, sizeof text - 1}, &patch, why), ERR_MALFORMED);
    cr_expect(strstr(why, "a NUL"));
}

Test(patch, is_bounded)
{
    static char text[64 * (PATCH_FILES_MAX + 1)];
    for (int i = 0; i <= PATCH_FILES_MAX; i++) {
        size_t used = strlen(text);
        (void)snprintf(text + used, sizeof text - used, "--- a/%d\n+++ b/%d\n@@ -1 +1 @@\n-a\n+b\n",
                       i, i);
    }
    cr_expect_eq(read_text(text), ERR_LIMIT);
    cr_expect(strstr(why, "too many files"));
    char *lines = calloc(1, 64 + 3 * (PATCH_LINES_MAX + 1));
    int size = sprintf(lines, HEAD "@@ -0,0 +1,%d @@\n", PATCH_LINES_MAX + 1);
    for (int i = 0; i <= PATCH_LINES_MAX; i++) {
        memcpy(lines + size + 3 * i, "+x\n", 3);
    }
    cr_expect_eq(read_text(lines), ERR_LIMIT);
    cr_expect(strstr(why, "too many lines"));
    free(lines);
}

Test(patch, fits_at_its_own_lines_only)
{
    static const char diff[] = HEAD "@@ -2,2 +2,2 @@\n b\n-c\n+x\n";
    cr_assert_eq(read_text(diff), ERR_OK, "%s", why);
    const struct patch_file *file = &patch.files[0];
    cr_expect(patch_fits(&patch, file, msg_str("a\nb\nc\nd\n"), why), "%s", why);
    cr_expect(patch_fits(&patch, file, msg_str("a\nb\nc"), why), "%s", why);
    cr_expect_not(patch_fits(&patch, file, msg_str("a\na\nb\nc\n"), why));
    cr_expect_not(patch_fits(&patch, file, msg_str("a\nb\n"), why));
    cr_expect_not(patch_fits(&patch, file, msg_str("a\nb\nc \n"), why));
    cr_expect_not(patch_fits(&patch, file, msg_str(""), why));
}

/* ---- made, and taken back ---- */

static void expect_made(const char *diff, const char *before, const char *after)
{
    struct patch_made made;
    cr_assert_eq(patch_read(msg_str(diff), &patch, why), ERR_OK, "%s", why);
    cr_assert_eq(patch_make(&patch, &patch.files[0], msg_str(before), false, &made), ERR_OK, "%s",
                 made.why);
    cr_expect_str_eq(made.text, after);
    cr_expect_eq(made.size, strlen(after));
    free(made.text);
    cr_assert_eq(patch_make(&patch, &patch.files[0], msg_str(after), true, &made), ERR_OK, "%s",
                 made.why);
    cr_expect_str_eq(made.text, before);
    free(made.text);
    patch_free(&patch);
}

#define NAMES "--- a/x\n+++ b/x\n"

Test(patch, makes_a_change_and_takes_it_back)
{
    expect_made(NAMES "@@ -1,3 +1,4 @@\n a\n-b\n+B\n+BB\n c\n@@ -5,2 +6 @@\n e\n-f\n",
                "a\nb\nc\nd\ne\nf\n", "a\nB\nBB\nc\nd\ne\n");
    expect_made(NAMES "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n", "a", "b\n");
    expect_made(NAMES "@@ -1,2 +1 @@\n a\r\n-b\n\\ No newline at end of file\n", "a\r\nb", "a\r\n");
}

Test(patch, makes_nothing_where_a_line_is_another_one)
{
    struct patch_made made;
    cr_assert_eq(patch_read(msg_str(NAMES "@@ -2,2 +2 @@\n b\n-c\n"), &patch, why), ERR_OK);
    const char *const texts[] = {"a\nB\nc\n", "b\nc\n", "a\nb\nc", "a\nb\n", "", "\na\nb\nc\n"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        enum err err = patch_make(&patch, &patch.files[0], msg_str(texts[i]), false, &made);
        cr_expect_eq(err, ERR_REFUSED, "%s", texts[i]);
        cr_expect(strstr(made.why, "another one"), "%s", made.why);
    }
    patch_free(&patch);
}

Test(patch, reads_what_git_calls_the_contents)
{
    const char *head = "diff --git a/x b/x\nindex 0123456789012345678901234567890123456789.."
                       "abcdefabcdefabcdefabcdefabcdefabcdefabcd 100644\n";
    char diff[512];
    (void)snprintf(diff, sizeof diff, "%s%s", head, NAMES "@@ -1 +1 @@\n-a\n+b\n");
    cr_assert_eq(patch_read(msg_str(diff), &patch, why), ERR_OK, "%s", why);
    cr_expect_str_eq(patch.files[0].ids[0], "0123456789012345678901234567890123456789");
    cr_expect_str_eq(patch.files[0].ids[1], "abcdefabcdefabcdefabcdefabcdefabcdefabcd");
    patch_free(&patch);
    cr_assert_eq(
        patch_read(msg_str("diff --git a/x b/x\nindex 12..34\n" NAMES "@@ -1 +1 @@\n-a\n+b\n"),
                   &patch, why),
        ERR_OK, "%s", why);
    cr_expect_str_eq(patch.files[0].ids[0], "");
    patch_free(&patch);
}
