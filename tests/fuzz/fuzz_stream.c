/* fuzz_stream.c - any bytes as what a runner's host says.
 *
 * Lines come out the same however the bytes were cut; what is read from one lies within its bounds.
 */
#include <stdlib.h>
#include <string.h>

#include "actors/executor/batch.h"
#include "tests/fuzz/must.h"

static void check_text(struct msg_str text, size_t size)
{
    MUST(text.at);
    MUST(text.size <= size);
    MUST(text.at[text.size] == '\0');
}

/* Believed complete means: announced and reported tests are the same. */
static void check_verdict(const struct event *event)
{
    const struct batch_job job = {.tests = event->line % 4, .collected = event->column % 4};
    struct verdict verdict = batch_judge(&job, event);
    MUST(verdict.outcome >= TERM_outcome_COMPLETE && verdict.outcome <= TERM_outcome_NOT_STARTED);
    if (verdict.outcome == TERM_outcome_COMPLETE) {
        MUST(event->complete && event->count == job.tests && event->collected == job.tests);
        MUST(verdict.failed || job.tests > 0);
    }
}

static void check_event(const struct event *event, size_t size)
{
    const struct msg_str texts[] = {event->runner, event->version, event->message,  event->file,
                                    event->test,   event->reason,  event->unhandled};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        check_text(texts[i], size);
    }
    MUST(event->kind != EVENT_TEST ||
         (event->status >= TERM_status_PASSED && event->status <= TERM_status_SKIPPED));
    MUST(event->unhandled_count <= size);
    check_text(event->page, MSG_MAX_test_done_page);
    if (event->kind == EVENT_END) {
        check_verdict(event);
    }
}

static size_t take_lines(struct stream *stream)
{
    size_t count = 0;
    size_t at = 0;
    size_t size;
    char *line;
    while ((line = stream_line(stream, &at, &size))) {
        struct event event;
        MUST(size <= stream->size);
        MUST(!memchr(line, '\n', size));
        if (event_decode(line, size, &event) == ERR_OK) {
            check_event(&event, size);
            event_free(&event);
        }
        count++;
    }
    stream_cut(stream, at);
    MUST(stream->size == 0 || !memchr(stream->bytes, '\n', stream->size));
    return count;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    const char *bytes = (const char *)data;
    struct stream whole = {.bytes = NULL};
    struct stream pieces = {.bytes = NULL};
    MUST(stream_add(&whole, bytes, size) == ERR_OK);
    size_t lines = take_lines(&whole);
    size_t step = size > 0 ? data[0] % 7 + 1u : 1;
    for (size_t at = 0; at < size; at += step) {
        MUST(stream_add(&pieces, bytes + at, size - at < step ? size - at : step) == ERR_OK);
        lines -= take_lines(&pieces);
    }
    MUST(lines == 0);
    MUST(whole.size == pieces.size);
    stream_free(&whole);
    stream_free(&pieces);
    return 0;
}
