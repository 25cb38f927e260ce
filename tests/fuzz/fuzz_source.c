/* fuzz_source.c - any bytes as what a source of candidates says. */
#include <stdlib.h>
#include <string.h>

#include "actors/fixer/source.h"
#include "tests/fuzz/must.h"

static void check_text(struct msg_str text, size_t size)
{
    MUST(text.at);
    MUST(text.size <= size);
    MUST(text.at[text.size] == '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct stream stream = {.bytes = NULL};
    size_t at = 0;
    size_t length;
    char *line;
    MUST(stream_add(&stream, (const char *)data, size) == ERR_OK);
    while ((line = stream_line(&stream, &at, &length))) {
        struct source_event event;
        if (source_tsserver.decode(line, length, &event) == ERR_OK) {
            check_text(event.name, size);
            check_text(event.diff, size);
            check_text(event.message, size);
            MUST(event.kind != SOURCE_CANDIDATE || event.json);
            source_event_free(&event);
        }
    }
    stream_free(&stream);
    return 0;
}
