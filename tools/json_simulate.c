/* json_simulate.c - the lines that troupe simulate reads and writes. */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#include "tools/json.h"
#include "tools/simulate.h"
#include "tools/simulate_scaling.h"

enum { SECONDS_MAX = 1000000000, TESTS_MAX = 1000000 };

static bool is_time(const json_t *value)
{
    return json_is_number(value) && json_number_value(value) >= 0 &&
           json_number_value(value) <= SECONDS_MAX;
}

static uint64_t as_us(const json_t *value)
{
    return (uint64_t)llround(json_number_value(value) * 1e6);
}

/* What is wrong with a line, or NULL. */
static const char *refusal(const json_t *object)
{
    const json_t *file = json_object_get(object, "file");
    const json_t *expected = json_object_get(object, "expected_s");
    const json_t *tests = json_object_get(object, "tests");
    if (!json_is_object(object)) {
        return "not an object";
    }
    if (!json_is_string(file) || json_string_length(file) == 0) {
        return "\"file\" is no text, or empty";
    }
    if (expected && !is_time(expected) && !json_is_null(expected)) {
        return "\"expected_s\" is neither null nor a number from 0 to 1e9";
    }
    if (!is_time(json_object_get(object, "actual_s"))) {
        return "\"actual_s\" is no number from 0 to 1e9";
    }
    if (tests && !json_is_null(tests) && !json_is_array(tests)) {
        return "\"tests\" is neither a list nor null";
    }
    if (json_array_size(tests) > TESTS_MAX) {
        return "more than 1000000 \"tests\"";
    }
    for (size_t i = 0; i < json_array_size(tests); i++) {
        if (!is_time(json_array_get(tests, i))) {
            return "one of \"tests\" is no number from 0 to 1e9";
        }
    }
    return NULL;
}

/* The tests of a file take together what the file takes. */
static enum err read_tests(const json_t *tests, struct simulate_file *file)
{
    size_t count = json_array_size(tests);
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += json_number_value(json_array_get(tests, i));
    }
    file->tests = 1;
    if (count < 2) {
        return ERR_OK;
    }
    file->tests_us = calloc(count, sizeof *file->tests_us);
    if (!file->tests_us) {
        return ERR_MEMORY;
    }
    file->tests = (uint32_t)count;
    for (size_t i = 0; i < count; i++) {
        double part =
            sum > 0 ? json_number_value(json_array_get(tests, i)) / sum : 1.0 / (double)count;
        file->tests_us[i] = (uint64_t)llround((double)file->actual_us * part);
    }
    return ERR_OK;
}

enum err json_read_simulated(const char *line, struct simulate_file *ret_file, char *why,
                             size_t size)
{
    json_error_t error;
    json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, &error);
    const char *bad = object ? refusal(object) : error.text;
    enum err err = ERR_MALFORMED;
    if (bad) {
        (void)snprintf(why, size, "%s", bad);
    } else {
        const json_t *expected = json_object_get(object, "expected_s");
        *ret_file = (struct simulate_file){
            .expected_us = json_is_number(expected) ? (int64_t)as_us(expected) : -1,
            .actual_us = as_us(json_object_get(object, "actual_s"))};
        err = read_tests(json_object_get(object, "tests"), ret_file);
    }
    json_decref(object);
    return err;
}

enum err json_simulated(FILE *out, const struct simulate_result *result)
{
    json_t *workers = json_array();
    int bad = !workers;
    for (size_t i = 0; i < result->workers_count && !bad; i++) {
        const struct simulate_worker *worker = &result->workers[i];
        bad |= json_array_append_new(
            workers, json_pack("{s:f, s:I, s:f}", "busy_s", (double)worker->busy_us / 1e6, "files",
                               (json_int_t)worker->files, "speed", worker->speed));
    }
    if (bad) {
        json_decref(workers);
        return ERR_MEMORY;
    }
    double makespan_us = (double)result->makespan_us;
    double ratio = result->lower_bound_us > 0 ? makespan_us / result->lower_bound_us : 1;
    return json_put(out, json_pack("{s:f, s:f, s:f, s:I, s:I, s:o}", "makespan_s",
                                   makespan_us / 1e6, "lower_bound_s", result->lower_bound_us / 1e6,
                                   "ratio", ratio, "lost", (json_int_t)result->lost, "doubled",
                                   (json_int_t)result->doubled, "workers", workers));
}

/* ---- scaling ---- */

enum err json_read_arrival(const char *line, struct scaling_arrival *ret_arrival, char *why,
                           size_t size)
{
    json_error_t error;
    json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, &error);
    const json_t *at = json_object_get(object, "at_s");
    const json_t *cpu = json_object_get(object, "cpu_s");
    enum err err = ERR_OK;
    if (!object || !is_time(at) || !is_time(cpu)) {
        (void)snprintf(why, size, "%s",
                       object ? "\"at_s\" or \"cpu_s\" is no number from 0 to 1e9" : error.text);
        err = ERR_MALFORMED;
    } else {
        *ret_arrival = (struct scaling_arrival){.at_s = json_number_value(at),
                                                .cpu_s = json_number_value(cpu)};
    }
    json_decref(object);
    return err;
}

enum err json_scaled(FILE *out, const struct scaling_result *result)
{
    json_t *workers = json_array();
    int bad = !workers;
    for (size_t i = 0; i < result->instances_count && !bad; i++) {
        bad |= json_array_append_new(workers,
                                     json_pack("{s:f}", "busy_s", result->instances[i].busy_s));
    }
    if (bad) {
        json_decref(workers);
        return ERR_MEMORY;
    }
    double ratio = result->lower_bound_s > 0 ? result->makespan_s / result->lower_bound_s : 1;
    return json_put(out, json_pack("{s:f, s:f, s:f, s:I, s:i, s:f, s:f, s:f, s:I, s:I, s:o}",
                                   "makespan_s", result->makespan_s, "lower_bound_s",
                                   result->lower_bound_s, "ratio", ratio, "lost",
                                   (json_int_t)result->lost, "doubled", 0, "usd", result->usd,
                                   "p50_s", result->p50_s, "p95_s", result->p95_s, "instances_max",
                                   (json_int_t)result->instances_max, "stopped_busy",
                                   (json_int_t)result->stopped_busy, "workers", workers));
}
