/* bench_parts.c - codec, partition, classify: pure modules, on one thread. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/classifier/classify.h"
#include "actors/common/schedule.h"
#include "proto/frame.h"
#include "tools/bench/bench.h"
#include "tools/place.h"

enum { FRAME_MESSAGES = 256, PARTITION_WORKERS = 8 };

static double per_second(uint64_t operations, uint64_t began_ns)
{
    return (double)operations * 1e9 / (double)(bench_now_ns() - began_ns);
}

/* ---- codec: messages of ten fields written into frames of 256 and read back ---- */

static uint64_t read_frame(const struct wire_buffer *buffer)
{
    struct frame_reader reader;
    uint64_t sum = 0;
    if (frame_open(buffer->bytes, buffer->size, &reader) != ERR_OK) {
        return 0;
    }
    while (reader.left > 0) {
        struct frame_envelope envelope;
        union msg_any msg;
        if (frame_next(&reader, &envelope, &msg) != ERR_OK) {
            return 0;
        }
        sum += msg.listed.count;
    }
    return sum;
}

enum err bench_codec(const struct bench_options *options, struct bench_result *ret_result)
{
    struct wire_buffer buffer = {0};
    uint64_t frames = (options->count + FRAME_MESSAGES - 1) / FRAME_MESSAGES;
    uint64_t began_ns = bench_now_ns();
    enum err err = ERR_OK;
    for (uint64_t frame = 0; frame < frames && err == ERR_OK; frame++) {
        buffer.size = 0;
        frame_begin(&buffer, 7, frame);
        for (uint64_t i = 0; i < FRAME_MESSAGES; i++) {
            frame_add(&buffer, &(struct frame_envelope){.from = 1, .to = 2, .trace = i, .span = i},
                      MSG(listed, .run = msg_str("acme/payments-service"), .epoch = 1,
                          .token = UINT64_C(0x100000000) + i, .count = 1,
                          .runner = msg_str("run_test"), .version = msg_str("--filter rounding_*"),
                          .serial = true, .outcome = 3, .shared = true,
                          .message = msg_str("tests/unit/test_ledger_rounding.c")));
        }
        err = frame_end(&buffer, FRAME_MESSAGES);
        if (err == ERR_OK && read_frame(&buffer) != FRAME_MESSAGES) {
            err = ERR_MALFORMED;
        }
    }
    ret_result->value = per_second(frames * FRAME_MESSAGES, began_ns);
    wire_buffer_free(&buffer);
    return err;
}

/* ---- partition: files put in order and cut over eight workers ---- */

enum err bench_partition(const struct bench_options *options, struct bench_result *ret_result)
{
    struct schedule_file *files = calloc(options->actors, sizeof *files);
    size_t *workers = calloc(options->actors, sizeof *workers);
    enum err err = files && workers ? ERR_OK : ERR_MEMORY;
    uint64_t began_ns = bench_now_ns();
    for (uint64_t plan = 0; plan < options->count && err == ERR_OK; plan++) {
        struct schedule_plan result;
        uint64_t seed = plan + 1;
        for (uint64_t i = 0; i < options->actors; i++) {
            seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407U;
            files[i] =
                (struct schedule_file){.index = i, .expected_us = (int64_t)(seed >> 40) - 1000};
        }
        schedule_order(files, options->actors, 1000000);
        err = schedule_cut(files, options->actors, PARTITION_WORKERS, workers, &result);
    }
    ret_result->value = per_second(options->count * options->actors, began_ns);
    free(files);
    free(workers);
    return err;
}

/* ---- classify: error texts named by the rules and the model that came with the program ---- */

enum { TEXT_MAX = 64 * 1024, SAMPLES_MAX = 100000 };

static const char *const errors[] = {
    "src/a.ts(3,7): error TS2322: Type 'string' is not assignable to type 'number'.",
    "AssertionError: expected 3 to be 4 // Object.is equality\n    at test/sum.test.ts:5:17",
    "Error: Test timed out in 5000ms.\nIf this is a long-running test, pass a timeout value",
    "locator.click: Timeout 30000ms exceeded.\nwaiting for getByRole('button')",
    "Error: connect ECONNREFUSED 127.0.0.1:5432\n    at TCPConnectWrap.afterConnect",
    "something nobody has a rule for"};
enum { ERRORS = sizeof errors / sizeof errors[0] };

/* An error, and frames behind it until there are `size` bytes. */
static void write_error(char *text, size_t size, size_t which)
{
    size_t at = (size_t)snprintf(text, size + 1, "%s", errors[which]);
    for (unsigned frame = 1; at < size; frame++) {
        at += (size_t)snprintf(text + at, size + 1 - at,
                               "\n    at step%u (src/parts/step%u.ts:%u:11)", frame % 97, frame,
                               frame * 7);
    }
}

static void time_errors(const struct judge *judge, const struct bench_options *options, double *us,
                        struct classification *result)
{
    static char texts[ERRORS][TEXT_MAX + 1];
    size_t size = options->size < TEXT_MAX ? options->size : TEXT_MAX;
    for (size_t i = 0; i < ERRORS; i++) {
        write_error(texts[i], size, i);
    }
    for (uint64_t i = 0; i < options->count; i++) {
        const char *text = texts[i % ERRORS];
        uint64_t began_ns = bench_now_ns();
        classify(judge, text, strlen(text), NULL, result);
        us[i] = (double)(bench_now_ns() - began_ns) / 1000;
    }
}

enum err bench_classify(const struct bench_options *options, struct bench_result *ret_result)
{
    char path[PATH_MAX];
    struct rules *rules = NULL;
    struct model *model = NULL;
    struct config_report report;
    config_report_clear(&report);
    enum err err = options->count > 0 && options->count <= SAMPLES_MAX ? ERR_OK : ERR_LIMIT;
    err = err == ERR_OK ? place_config(NULL, RULES_FILE_NAME, path) : err;
    err = err == ERR_OK ? rules_load(path, NULL, &rules, &report) : err;
    err = err == ERR_OK ? place_config(NULL, MODEL_FILE_NAME, path) : err;
    err = err == ERR_OK ? model_load(path, &model) : err;
    const struct judge judge = {.rules = rules, .model_or_null = model};
    struct classification *result = malloc(sizeof *result);
    double *us = calloc(options->count + 1, sizeof *us);
    if (err == ERR_OK && result && us) {
        time_errors(&judge, options, us, result);
        ret_result->value = bench_median(us, options->count);
        ret_result->p99 = us[options->count - 1 - options->count / 100];
    }
    err = err == ERR_OK && !(result && us) ? ERR_MEMORY : err;
    free(us);
    free(result);
    free(model);
    rules_destroy(&rules);
    return err;
}
