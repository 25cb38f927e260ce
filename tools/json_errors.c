/* json_errors.c - what troupe errors writes. */
#include "tools/json_errors.h"

#include <inttypes.h>
#include <jansson.h>

#include "tools/json.h"
#include "tools/report.h"

static json_int_t as_int(uint64_t number)
{
    return (json_int_t)number;
}

static json_t *hex(uint64_t number)
{
    char text[17];
    (void)snprintf(text, sizeof text, "%016" PRIx64, number);
    return json_string(text);
}

static json_t *place(const struct msg_error_row *row)
{
    char id[ERROR_ID_SIZE];
    report_error_id(row->file.at, row->test.at, id);
    return json_pack("{s:s, s:o, s:o, s:I}", "id", id, "file", json_words(row->file.at), "test",
                     json_words(row->test.at), "line", as_int(row->line));
}

static json_t *cause(const struct json_cause *from)
{
    const struct msg_error_row *row = from->first->row;
    json_t *places = json_array();
    int bad = !places;
    for (size_t i = 0; i < from->count && !bad; i++) {
        bad = json_array_append_new(places, place(from->all[i]->row));
    }
    char id[ERROR_ID_SIZE];
    report_error_id(row->file.at, row->test.at, id);
    if (bad) {
        json_decref(places);
        return NULL;
    }
    return json_pack(
        "{s:s, s:o, s:I, s:I, s:o, s:o, s:f, s:{s:o, s:o}, s:o, s:o, s:o}", "id", id, "cause",
        row->cause ? hex(row->cause) : json_null(), "occurrences", as_int(from->count), "priority",
        as_int(row->priority), "terms", json_words(row->terms.at), "label",
        row->label ? json_string(term_word("label", (enum term)row->label)) : json_null(),
        "confidence", row->confidence, "route", "queue", json_words(row->queue.at), "model",
        json_words(row->model.at), "why", json_words(row->why.at), "message",
        json_words(row->message.at), "failures", places);
}

enum err json_causes(FILE *out, const char *run, const struct json_cause *causes, size_t count)
{
    json_t *list = json_array();
    int bad = !list;
    for (size_t i = 0; i < count && !bad; i++) {
        bad = json_array_append_new(list, cause(&causes[i]));
    }
    if (bad) {
        json_decref(list);
        return ERR_MEMORY;
    }
    return json_put(out, json_pack("{s:s, s:o}", "run", run, "errors", list));
}

enum err json_lesson(FILE *out, const struct json_lesson *lesson)
{
    const struct teach_sums *sums = &lesson->sums;
    json_t *model = lesson->has_model
                        ? json_pack("{s:I, s:I, s:I, s:I, s:I}", "rounds", as_int(sums->rounds),
                                    "corrections_right", as_int(sums->taught_after.right),
                                    "examples_right", as_int(sums->tried_after.right),
                                    "examples_right_before", as_int(sums->tried_before.right),
                                    "corrections_right_before", as_int(sums->taught_before.right))
                        : json_null();
    return json_put(out, json_pack("{s:s, s:o, s:s, s:s, s:s, s:o}", "id", lesson->id, "cause",
                                   hex(lesson->cause), "before", lesson->before, "label",
                                   lesson->label, "queue", lesson->queue, "model", model));
}
