/* stream.c - lines out of bytes, events out of lines; the one file that knows jansson. */
#include "actors/executor/stream.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* ---- lines ---- */

void stream_free(struct stream *self)
{
    free(self->bytes);
    *self = (struct stream){.bytes = NULL};
}

enum err stream_add(struct stream *self, const char *bytes, size_t size)
{
    /* The part of a line that is kept here is at most STREAM_LINE_MAX, see stream_cut's callers. */
    if (self->size > STREAM_LINE_MAX) {
        return ERR_LIMIT;
    }
    if (self->capacity - self->size < size) {
        size_t capacity = (self->size + size) * 2;
        char *grown = realloc(self->bytes, capacity);
        if (!grown) {
            return ERR_MEMORY;
        }
        self->bytes = grown;
        self->capacity = capacity;
    }
    if (size > 0) {
        memcpy(self->bytes + self->size, bytes, size);
        self->size += size;
    }
    return ERR_OK;
}

char *stream_line(struct stream *self, size_t *at, size_t *ret_size)
{
    if (*at == self->size) {
        return NULL; /* also when there has never been a byte */
    }
    char *line = self->bytes + *at;
    char *end = memchr(line, '\n', self->size - *at);
    if (!end) {
        return NULL;
    }
    *ret_size = (size_t)(end - line);
    *at += *ret_size + 1;
    return line;
}

void stream_cut(struct stream *self, size_t at)
{
    if (at > 0) {
        memmove(self->bytes, self->bytes + at, self->size - at);
        self->size -= at;
    }
}

/* ---- before jansson sees a line ---- */

static int hex(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* The number in \uXXXX at `text`, of which `left` bytes are there; -1 when it is none. */
static int escape_at(const char *text, size_t left)
{
    if (left < 6 || text[0] != '\\' || text[1] != 'u') {
        return -1;
    }
    int number = 0;
    for (size_t i = 2; i < 6; i++) {
        int digit = hex(text[i]);
        if (digit < 0) {
            return -1;
        }
        number = number * 16 + digit;
    }
    return number;
}

/* Node writes half a surrogate pair, which a test's message may well hold, as an escape that
 * jansson refuses.  It becomes the replacement character.  Returns how many bytes were passed. */
static size_t mend_escape(char *text, size_t left)
{
    static const char replacement[4] = {'f', 'f', 'f', 'd'};
    int first = escape_at(text, left);
    if (first < 0) {
        return left < 2 ? left : 2;
    }
    if (first < 0xd800 || first > 0xdfff) {
        return 6;
    }
    int second = left > 6 ? escape_at(text + 6, left - 6) : -1;
    if (first < 0xdc00 && second >= 0xdc00 && second <= 0xdfff) {
        return 12;
    }
    memcpy(text + 2, replacement, sizeof replacement);
    return 6;
}

/* False when it is nested too deeply: jansson recurses. */
static bool prepare(char *line, size_t size)
{
    size_t depth = 0;
    bool inside = false; /* a string */
    for (size_t i = 0; i < size;) {
        if (inside && line[i] == '\\') {
            i += mend_escape(line + i, size - i);
            continue;
        }
        if (line[i] == '"') {
            inside = !inside;
        } else if (!inside && (line[i] == '{' || line[i] == '[') && ++depth > STREAM_DEPTH_MAX) {
            return false;
        } else if (!inside && (line[i] == '}' || line[i] == ']') && depth > 0) {
            depth--;
        }
        i++;
    }
    return true;
}

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
              number_at(object, "collected", &self->collected);
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
    self->complete = json_is_true(json_object_get(object, "complete"));
    return take_numbers(self, object) && take_status(self, object);
}

enum err event_decode(char *line, size_t size, struct event *ret_event)
{
    if (size > STREAM_LINE_MAX || !prepare(line, size)) {
        return ERR_MALFORMED;
    }
    json_t *object = json_loadb(line, size, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
    if (!json_is_object(object)) {
        json_decref(object);
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
