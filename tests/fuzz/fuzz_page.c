/* fuzz_page.c - any bytes as the pages of a failed locator.
 *
 * The input is a page and, behind a NUL, the page when the test passed last.  What is proposed
 * matches one element, for a failure of a locator on a page that is known whole.
 */
#include <string.h>

#include "actors/healer/heal.h"
#include "tests/fuzz/must.h"

static void check_page(const struct page *page)
{
    MUST(page->url);
    MUST(page->elements_count <= PAGE_ELEMENTS_MAX);
    MUST(page->used_count <= PAGE_USED_MAX);
    for (size_t i = 0; i < page->elements_count; i++) {
        for (size_t j = 0; j < ELEMENT_FIELDS; j++) {
            MUST(page->elements[i].of[j]);
        }
    }
}

static void check_healing(const struct page *page, const struct healing *healing)
{
    MUST(memchr(healing->reason, '\0', sizeof healing->reason));
    MUST(healing->reason[0] != '\0');
    if (!healing->proposed) {
        return;
    }
    char print[LOCATOR_PRINT_SIZE];
    MUST(page->has_failed && !page->truncated && page->failed.count != 1);
    MUST(healing->confidence >= 0.5 && healing->confidence < 1);
    MUST(healing->element >= page->elements);
    MUST(healing->element < page->elements + page->elements_count);
    MUST(locator_is_judged(&healing->after));
    MUST(locator_matches(&healing->after, healing->element));
    MUST(locator_count(&healing->after, page) == 1);
    MUST(!locator_equal(&healing->before, &healing->after));
    MUST(locator_print(&healing->after, print, sizeof print) == ERR_OK);
    MUST(!strpbrk(print, "\n\r\x1b"));
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    static struct healing healing;
    const char *bytes = (const char *)data;
    const char *end = size > 0 ? memchr(bytes, '\0', size) : NULL;
    size_t head = end ? (size_t)(end - bytes) : size;
    struct page page;
    struct page known;
    if (page_read(bytes, head, &page) != ERR_OK) {
        return 0;
    }
    bool has_known = end && page_read(end + 1, size - head - 1, &known) == ERR_OK;
    check_page(&page);
    memset(&healing, 0x5a, sizeof healing);
    /* The message names the locator, or the input would have to hold it twice. */
    const char *message = page.has_failed ? page.failed.locator : "";
    heal(&(struct heal_input){.page = &page,
                              .known = has_known ? &known : NULL,
                              .message = message,
                              .message_size = strlen(message)},
         &healing);
    check_healing(&page, &healing);
    if (has_known) {
        page_free(&known);
    }
    page_free(&page);
    return 0;
}
