/* stream.c - events out of lines. */
#include "actors/executor/stream.h"

#include "actors/common/json_line.h"

/* ---- fields ---- */

static struct msg_str text_of(const json_t *value)
{
    if (!json_is_string(value)) {
        return msg_str("");
    }
    return (struct msg_str){json_string_value(value), (uint32_t)json_string_length(value)};
}

static struct msg_str text_at(const json_t *object, const char *key)
{
    return text_of(json_object_get(object, key));
}

/* A whole number of at least 0; false when it is there but something else. */
static bool number_at(const json_t *object, const char *key, uint64_t *ret_number)
{
    const json_t *value = json_object_get(object, key);
    *ret_number = 0;
    if (!value || json_is_null(value)) {
        return true;
    }
    if (!json_is_integer(value) || json_integer_value(value) < 0) {
        return false;
    }
    *ret_number = (uint64_t)json_integer_value(value);
    return true;
}

static uint64_t microseconds_at(const json_t *object, const char *key)
{
    static const double year_us = 366.0 * 86400 * 1e6;
    double us = json_number_value(json_object_get(object, key)) * 1000;
    return us > 0 && us < year_us ? (uint64_t)us : 0;
}

static bool has_text(const json_t *object, const char *key)
{
    return json_is_string(json_object_get(object, key));
}

static bool has_number(const json_t *object, const char *key)
{
    return json_is_integer(json_object_get(object, key));
}

/* ---- events ---- */

/* What an event must have; all else may be missing. */
static const struct kind {
    const char *word;
    enum event_kind kind;
    const char *texts[2];
    const char *numbers[2];
} kinds[] = {
    {"ready", EVENT_READY, {"runner", "version"}, {NULL}},
    {"fatal", EVENT_FATAL, {"message"}, {NULL}},
    {"file", EVENT_FILE, {"file"}, {"id"}},
    {"listed", EVENT_LISTED, {NULL}, {"id", "count"}},
    {"start", EVENT_START, {"file"}, {"id"}},
    {"collected", EVENT_COLLECTED, {"file"}, {"id", "tests"}},
    {"test", EVENT_TEST, {"file", "test"}, {"id"}},
    {"end", EVENT_END, {"file", "reason"}, {"tests", "collected"}},
    {"ran", EVENT_RAN, {NULL}, {"id"}},
    {"error", EVENT_ERROR, {"message"}, {NULL}},
};

static const struct kind *find_kind(const json_t *object)
{
    struct msg_str word = text_at(object, "ev");
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (msg_str_is(word, kinds[i].word)) {
            return &kinds[i];
        }
    }
    return NULL;
}

static bool is_whole(const struct kind *kind, const json_t *object)
{
    for (size_t i = 0; i < 2; i++) {
        if ((kind->texts[i] && !has_text(object, kind->texts[i])) ||
            (kind->numbers[i] && !has_number(object, kind->numbers[i]))) {
            return false;
        }
    }
    return true;
}

static bool take_numbers(struct event *self, const json_t *object)
{
    uint64_t line = 0;
    uint64_t column = 0;
    bool ok = number_at(object, "id", &self->id) &&
              number_at(object, self->kind == EVENT_LISTED ? "count" : "tests", &self->count) &&
              number_at(object, "collected", &self->collected) &&
              number_at(object, "seen", &self->seen);
    /* A position is for people: a strange one is none. */
    if (number_at(object, "line", &line) && number_at(object, "column", &column)) {
        self->line = line;
        self->column = column;
    }
    self->duration_us = microseconds_at(object, "duration_ms");
    return ok;
}

static bool take_status(struct event *self, const json_t *object)
{
    if (self->kind != EVENT_TEST) {
        return true;
    }
    struct msg_str word = text_at(object, "status");
    self->status = msg_str_is(word, "passed")    ? TERM_status_PASSED
                   : msg_str_is(word, "failed")  ? TERM_status_FAILED
                   : msg_str_is(word, "skipped") ? TERM_status_SKIPPED
                                                 : 0;
    return self->status != 0;
}

/* What a browser test saw is of use only as a whole: what is too long for a message is left out.
 * The healer reads it with the same suspicion as any other text. */
static struct msg_str page_of(const json_t *object)
{
    struct msg_str page = text_at(object, "page");
    if (page.size == 0 || page.size > MSG_MAX_test_done_page || memchr(page.at, '\0', page.size)) {
        return msg_str("");
    }
    return page;
}

static bool take_fields(struct event *self, const json_t *object)
{
    const json_t *unhandled = json_object_get(object, "unhandled");
    self->runner = text_at(object, "runner");
    self->version = text_at(object, "version");
    self->message = text_at(object, "message");
    self->file = text_at(object, "file");
    self->test = text_at(object, "test");
    self->reason = text_at(object, "reason");
    self->page = page_of(object);
    self->unhandled = text_of(json_array_get(unhandled, 0));
    self->unhandled_count = json_array_size(unhandled);
    self->serial = json_is_true(json_object_get(object, "serial"));
    self->shared = json_is_true(json_object_get(object, "shared"));
    self->selects = json_is_true(json_object_get(object, "selects"));
    self->complete = json_is_true(json_object_get(object, "complete"));
    return take_numbers(self, object) && take_status(self, object);
}

enum err event_decode(char *line, size_t size, struct event *ret_event)
{
    json_t *object = json_line_load(line, size);
    if (!object) {
        return ERR_MALFORMED;
    }
    struct event event = {.kind = EVENT_OTHER, .json = object};
    const struct kind *kind = find_kind(object);
    if (!has_text(object, "ev") || (kind && !is_whole(kind, object))) {
        event_free(&event);
        return ERR_MALFORMED;
    }
    event.kind = kind ? kind->kind : EVENT_OTHER;
    if (!take_fields(&event, object) && kind) {
        event_free(&event);
        return ERR_MALFORMED;
    }
    *ret_event = event;
    return ERR_OK;
}

void event_free(struct event *event)
{
    json_decref(event->json);
    event->json = NULL;
}
