/* fuzz_page_query.c - any bytes as the query and the headers of a request for the dashboard.
 *
 * What is read is bounded, and a run's id is letters and digits; nobody gets in without the token.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "actors/gateway/page_query.h"
#include "actors/gateway/page_session.h"
#include "tests/fuzz/must.h"

#define TOKEN "no text that a fuzzer would find"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct page_query query;
    char *copy = malloc(size + 1); /* its own, so that a byte too far is seen */
    MUST(copy);
    if (size > 0) {
        memcpy(copy, data, size);
    }
    copy[size] = '\0';
    const struct msg_str text = {copy, (uint32_t)size};
    if (page_query_read(text, &query) == ERR_OK) {
        MUST(strlen(query.run) <= MSG_MAX_look_run && strlen(query.word) <= MSG_MAX_look_word);
        for (const char *at = query.run; *at; at++) {
            MUST(isalnum((unsigned char)*at));
        }
    }
    MUST(!page_session_is_valid(TOKEN, text, 1700000000000));
    free(copy);
    return 0;
}
