/* fuzz_selector.c - any bytes as a selector on a small page.
 *
 * What is read is searched for; matches are elements of the page, each once.
 */
#include <stdlib.h>
#include <string.h>

#include "actors/healer/selector.h"
#include "actors/healer/snapshot.h"
#include "tests/fuzz/must.h"

static const char page[] =
    "{\"new\":{\"\":["
    "{\"p\":-1,\"path\":\"/html[1]\",\"tag\":\"html\",\"a\":{}},"
    "{\"p\":0,\"path\":\"/html[1]/form[1]\",\"tag\":\"form\",\"a\":{\"id\":\"f\",\"class\":\"a "
    "b\"}},"
    "{\"p\":1,\"path\":\"/html[1]/form[1]/label[1]\",\"tag\":\"label\",\"a\":{\"for\":\"n\"},"
    "\"own\":\"Name\",\"text\":\"Name\"},"
    "{\"p\":1,\"path\":\"/html[1]/form[1]/input[1]\",\"tag\":\"input\",\"a\":{\"id\":\"n\"}},"
    "{\"p\":1,\"path\":\"/html[1]/form[1]/button[1]\",\"tag\":\"button\",\"a\":{},"
    "\"own\":\"Save\",\"text\":\"Save\"},"
    "{\"p\":1,\"path\":\"/html[1]/form[1]/x-a[1]\",\"tag\":\"x-a\",\"a\":{}},"
    "{\"p\":5,\"path\":\"/html[1]/form[1]/x-a[1]/#shadow-root/b[1]\",\"tag\":\"b\",\"a\":{}}]}}";

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    static struct tree tree;
    char text[SELECTOR_BYTES_MAX + 2];
    struct selector *selector = NULL;
    struct selector_matches matches = {.at = NULL};
    const char *why = NULL;
    if (tree.count == 0) {
        MUST(snapshot_read(page, strlen(page), "new", &tree) == ERR_OK);
    }
    size = size > SELECTOR_BYTES_MAX ? SELECTOR_BYTES_MAX : size;
    memcpy(text, data, size);
    text[size] = '\0';
    if (selector_parse(text, &selector, &why) != ERR_OK) {
        MUST(!selector);
        MUST(why && why[0] != '\0');
        return 0;
    }
    if (selector_find(selector, &tree, NULL, &matches) == ERR_OK) {
        bool seen[16] = {false};
        for (size_t i = 0; i < matches.count; i++) {
            MUST(matches.at[i] >= 0 && (size_t)matches.at[i] < tree.count);
            MUST(!seen[matches.at[i]]);
            seen[matches.at[i]] = true;
        }
    }
    selector_matches_free(&matches);
    selector_destroy(&selector);
    return 0;
}
