/* fuzz_webhook.c - any bytes as an event, as GitHub's answers and as strangers' words.
 *
 * What is taken for an event is safe in a path and in a URL, and survives its text; what is made of
 * words is valid UTF-8 and cannot end where it stands.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "actors/gateway/event.h"
#include "actors/gateway/github_json.h"
#include "actors/gateway/headers.h"
#include "actors/gateway/signature.h"
#include "actors/gateway/text.h"
#include "tests/fuzz/must.h"

static void check_event(enum event_kind kind, struct msg_str body)
{
    struct event event;
    if (event_read(kind, body, &event) != ERR_OK || !event.run) {
        return;
    }
    char text[ORIGIN_TEXT_SIZE + 1];
    char run[ULID_SIZE + 1];
    struct origin again;
    MUST(origin_repo_is_valid(msg_str(event.origin.repo)));
    if (event.login[0] != '\0') {
        /* GitHub's answer would tell the commit; here the same bytes are asked for it. */
        MUST(event_word_is_valid(msg_str(event.login)));
        if (event_read_pull(body, &event) != ERR_OK) {
            return;
        }
    }
    MUST(origin_sha_is_valid(msg_str(event.origin.sha)));
    MUST(origin_sha_is_valid(msg_str(event.base)));
    origin_write(&event.origin, text);
    MUST(origin_read(msg_str(text), &again) == ERR_OK);
    MUST(strcmp(again.repo, event.origin.repo) == 0 && strcmp(again.sha, event.origin.sha) == 0);
    MUST(again.number == event.origin.number && again.number > 0);
    MUST(event_run_id(body, event.updated_ms, run) == ERR_OK);
    MUST(ulid_is_valid(run));
}

static void check_answers(struct msg_str body)
{
    struct github_page page;
    uint64_t id;
    const struct github_comment wanted = {.marker = "<!-- troupe:pr -->",
                                          .run_marker = "<!-- troupe:run ",
                                          .run = "01HWTXW3ZG00000000000000AB"};
    if (github_find_check(body, "troupe", "r", &page) == ERR_OK) {
        MUST(page.id == 0 || page.count > 0);
    }
    if (github_find_comment(body, &wanted, &page) == ERR_OK) {
        MUST(page.id == 0 || page.count > 0);
        MUST(page.id != 0 || !page.superseded);
    }
    if (github_id(body, &id) == ERR_OK) {
        MUST(id > 0);
    }
}

static void check_words(struct msg_str words)
{
    static void (*const adds[])(struct text *, struct msg_str, size_t) = {text_plain, text_code,
                                                                          text_html, text_lines};
    for (size_t i = 0; i < sizeof adds / sizeof adds[0]; i++) {
        struct text text = {.size_max = 1 << 20};
        adds[i](&text, words, 300);
        json_t *string = json_stringn(text.at ? text.at : "", text.size);
        MUST(string);
        MUST(!text.full);
        MUST(adds[i] == text_lines || !text.at || !strchr(text.at, '\n'));
        MUST(adds[i] != text_html || !text.at || !strpbrk(text.at, "<>\"'"));
        json_decref(string);
        text_free(&text);
    }
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    struct msg_str bytes = {(const char *)data, (uint32_t)size};
    struct signature_secrets secrets = {.secrets = {"s"}, .count = 1};
    struct msg_str value;
    check_event(EVENT_PULL_REQUEST, bytes);
    check_event(EVENT_CHECK, bytes);
    check_event(EVENT_COMMENT, bytes);
    check_answers(bytes);
    check_words(bytes);
    MUST(!signature_is_valid(&secrets, bytes, bytes));
    size_t count = headers_find(bytes, "a", &value);
    MUST(count > 0 || value.size == 0);
    MUST(value.size <= size);
    return 0;
}
