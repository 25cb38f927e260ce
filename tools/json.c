/* json.c - JSON for the commands. */
#include "tools/json.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "actors/coordinator/ledger_flaky.h"

enum { SECONDS_MAX = 1000000000 };

static json_int_t as_int(uint64_t number)
{
    return (json_int_t)number;
}

enum err json_put(FILE *out, json_t *object)
{
    if (!object) {
        return ERR_MEMORY;
    }
    bool good = json_dumpf(object, out, JSON_COMPACT | JSON_REAL_PRECISION(12)) == 0 &&
                fputc('\n', out) != EOF;
    json_decref(object);
    return good ? ERR_OK : ERR_IO;
}

json_t *json_words(const char *from)
{
    json_t *value = json_string(from);
    if (value) {
        return value;
    }
    size_t size = strlen(from);
    char *wide = malloc(2 * size + 1);
    if (!wide) {
        return NULL;
    }
    size_t at = 0;
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)from[i];
        if (c >= 128) {
            wide[at++] = (char)(0xc0 | c >> 6);
            c = 0x80 | (c & 0x3f);
        }
        wide[at++] = (char)c;
    }
    value = json_stringn(wide, at);
    free(wide);
    return value;
}

static json_t *sums(const struct ledger_sums *from)
{
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "planned", as_int(from->planned), "passed",
                     as_int(from->passed), "failed", as_int(from->failed), "skipped",
                     as_int(from->skipped), "flaky", as_int(from->flaky), "lost",
                     as_int(from->lost));
}

enum err json_verify(FILE *out, const char *run, const struct ledger_check *check)
{
    json_t *object = sums(&check->totals.tests);
    if (!object) {
        return ERR_MEMORY;
    }
    const char *verdict =
        check->totals.verdict ? term_word("verdict", check->totals.verdict) : "open";
    int bad = json_object_set_new(object, "balanced", json_boolean(check->balanced)) |
              json_object_set_new(object, "run", json_string(run)) |
              json_object_set_new(object, "verdict", json_string(verdict)) |
              json_object_set_new(object, "files", sums(&check->totals.files)) |
              json_object_set_new(object, "problems", json_integer(as_int(check->problems))) |
              json_object_set_new(object, "why", json_string(check->why));
    if (bad) {
        json_decref(object);
        return ERR_MEMORY;
    }
    return json_put(out, object);
}

/* ---- partition ---- */

static enum err refuse(char *why, size_t size, const char *text)
{
    (void)snprintf(why, size, "%s", text);
    return ERR_MALFORMED;
}

static enum err read_object(const json_t *object, struct json_target *ret_target, char *why,
                            size_t size)
{
    const json_t *file = json_object_get(object, "file");
    const json_t *expected = json_object_get(object, "expected_s");
    if (!json_is_string(file) || json_string_length(file) == 0) {
        return refuse(why, size, "\"file\" is no text, or empty");
    }
    if (expected && !json_is_number(expected) && !json_is_null(expected)) {
        return refuse(why, size, "\"expected_s\" is neither a number nor null");
    }
    double seconds = json_is_number(expected) ? json_number_value(expected) : -1;
    if (json_is_number(expected) && !(seconds >= 0 && seconds <= SECONDS_MAX)) {
        return refuse(why, size, "\"expected_s\" is negative or too large");
    }
    ret_target->file = strdup(json_string_value(file));
    ret_target->expected_us = seconds < 0 ? -1 : (int64_t)llround(seconds * 1e6);
    return ret_target->file ? ERR_OK : ERR_MEMORY;
}

enum err json_read_target(const char *line, struct json_target *ret_target, char *why, size_t size)
{
    json_error_t error;
    json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, &error);
    if (!json_is_object(object)) {
        (void)snprintf(why, size, "%s", object ? "not an object" : error.text);
        json_decref(object);
        return ERR_MALFORMED;
    }
    enum err err = read_object(object, ret_target, why, size);
    json_decref(object);
    return err;
}

enum err json_partition(FILE *out, const struct json_partition *partition)
{
    json_t *workers = json_array();
    int bad = !workers;
    for (size_t i = 0; i < partition->workers && !bad; i++) {
        bad |= json_array_append_new(workers, json_array());
    }
    for (size_t i = 0; i < partition->count && !bad; i++) {
        bad |= json_array_append_new(json_array_get(workers, partition->worker[i]),
                                     json_string(partition->files[i]));
    }
    if (bad) {
        json_decref(workers);
        return ERR_MEMORY;
    }
    return json_put(out, json_pack("{s:o, s:f, s:f}", "workers", workers, "expected_makespan_s",
                                   (double)partition->makespan_us / 1e6, "lower_bound_s",
                                   (double)partition->lower_bound_us / 1e6));
}

char *json_package_name(const char *text, size_t size)
{
    json_t *object = json_loadb(text, size, 0, NULL);
    const char *name = json_string_value(json_object_get(object, "name"));
    char *copy = name && name[0] ? strdup(name) : NULL;
    json_decref(object);
    return copy;
}

/* ---- runs, checks ---- */

enum err json_runs(FILE *out, const struct json_run *runs, size_t count)
{
    json_t *list = json_array();
    int bad = !list;
    for (size_t i = 0; i < count && !bad; i++) {
        const struct json_run *run = &runs[i];
        json_t *object = json_pack(
            "{s:s, s:s, s:s, s:I, s:s, s:{s:I, s:I}, s:{s:I, s:I, s:I}}", "run", run->run,
            "verdict", run->verdict, "accepted", run->accepted, "wall_ms", as_int(run->wall_ms),
            "dir", run->dir, "files", "planned", as_int(run->files_planned), "lost",
            as_int(run->files_lost), "tests", "planned", as_int(run->tests_planned), "failed",
            as_int(run->tests_failed), "lost", as_int(run->tests_lost));
        bad |= json_array_append_new(list, object);
    }
    if (bad) {
        json_decref(list);
        return ERR_MEMORY;
    }
    return json_put(out, json_pack("{s:o}", "runs", list));
}

enum err json_why(FILE *out, const char *run, const char *file, bool chosen, const char *why)
{
    return json_put(out, json_pack("{s:s, s:o, s:b, s:o}", "run", run, "file", json_words(file),
                                   "chosen", chosen, "why", json_words(why)));
}

static json_t *flaky_row(const struct ledger_flaky *flaky)
{
    return json_pack("{s:o, s:o, s:b, s:f, s:I, s:I, s:I, s:I}", "file", json_words(flaky->file),
                     "test", json_words(flaky->test), "flaky", flaky->is, "rate", flaky->rate,
                     "events", as_int(flaky->events), "runs", as_int(flaky->runs), "failed",
                     as_int(flaky->failed), "last_seen_ms", as_int(flaky->seen_ms));
}

enum err json_flaky(FILE *out, const struct ledger_flaky *all, size_t count, uint64_t tests)
{
    json_t *list = json_array();
    int bad = !list;
    for (size_t i = 0; i < count && !bad; i++) {
        bad |= json_array_append_new(list, flaky_row(&all[i]));
    }
    if (bad) {
        json_decref(list);
        return ERR_MEMORY;
    }
    return json_put(out, json_pack("{s:I, s:o}", "looked_at", as_int(tests), "tests", list));
}

enum err json_checks(FILE *out, const struct json_check *checks, size_t count, bool good)
{
    json_t *list = json_array();
    int bad = !list;
    for (size_t i = 0; i < count && !bad; i++) {
        const struct json_check *check = &checks[i];
        bad |= json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s}", "name", check->name,
                                                     "status", check->status, "found", check->found,
                                                     "advice", check->advice));
    }
    if (bad) {
        json_decref(list);
        return ERR_MEMORY;
    }
    return json_put(out, json_pack("{s:b, s:o}", "ok", good, "checks", list));
}
