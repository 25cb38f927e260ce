/* fuzz_locator.c - any bytes as a locator, and as the test file in which one is looked for.
 *
 * What is read is printed, and read again as the same.  An edit changes the locator and nothing
 * else, whatever stands around it.
 */
#include <string.h>

#include "actors/healer/edit.h"
#include "actors/healer/words.h"
#include "tests/fuzz/must.h"

static void check_words(const char *text)
{
    struct words words = {.count = 0};
    words_add_text(&words, text);
    words_add_identifier(&words, text);
    MUST(words.count <= WORDS_MAX);
    for (size_t i = 0; i < words.count; i++) {
        MUST(memchr(words.at[i], '\0', WORD_SIZE));
        MUST(words.at[i][0] != '\0');
    }
    MUST(words_common(&words, &words) == words.count);
    MUST(!words_conflict(&words, &words));
}

static void check_print(const struct locator *locator)
{
    char print[4 * LOCATOR_TEXT_SIZE];
    struct locator again;
    if (locator->other) {
        return; /* further options are not kept */
    }
    MUST(locator_print(locator, print, sizeof print) == ERR_OK);
    MUST(locator_parse(print, strlen(print), &again) == ERR_OK);
    again.chained = locator->chained;
    MUST(locator_equal(locator, &again));
    MUST(again.size == strlen(print));
}

/* The old text with the edit made must be the new text of the diff. */
static void check_edit(const char *text, size_t size, const struct locator *before)
{
    static struct edit edit;
    const struct locator after = {.kind = LOCATOR_TESTID, .text = "new", .quote = '\''};
    const char *why = NULL;
    const struct edit_input input = {.file = "a.ts",
                                     .text = text,
                                     .size = size,
                                     .line = 1 + size % 3,
                                     .column = size % 50,
                                     .before = before,
                                     .after = &after};
    if (!edit_make(&input, &edit, &why)) {
        MUST(why);
        return;
    }
    struct locator written;
    MUST(locator_parse(edit.before, strlen(edit.before), &written) == ERR_OK);
    MUST(locator_equal(&written, before));
    MUST(memmem(text, size, edit.before, strlen(edit.before)));
    MUST(strstr(edit.diff, edit.after));
    MUST(strncmp(edit.diff, "--- a/a.ts\n+++ b/a.ts\n@@ -", 26) == 0);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    const char *text = (const char *)data;
    struct locator locator;
    if (locator_parse(text, size, &locator) != ERR_OK) {
        return 0;
    }
    MUST(locator.size <= size);
    MUST(memchr(locator.text, '\0', sizeof locator.text));
    MUST(memchr(locator.role, '\0', sizeof locator.role));
    check_words(locator.text);
    check_print(&locator);
    locator.chained = false; /* it is looked for in what follows it */
    check_edit(text + locator.size, size - locator.size, &locator);
    return 0;
}
