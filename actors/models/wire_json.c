/* wire_json.c - see wire.h. */
#include "actors/models/wire.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/common/json_line.h"

/* Enough for a list of a thousand models, and an event of any kind. */
enum { EVENT_MAX = 65536 };

const char *wire_path(enum plan_dialect dialect)
{
    return dialect == PLAN_OLLAMA ? "/api/chat" : "/v1/chat/completions";
}

const char *wire_list_path(enum plan_dialect dialect)
{
    return dialect == PLAN_OLLAMA ? "/api/tags" : "/v1/models";
}

/* ---- asking ---- */

char *wire_ask(const struct wire_ask *ask)
{
    const struct plan_model *model = ask->model;
    json_t *messages = json_pack("[{s:s, s:s}, {s:s, s:s}]", "role", "system", "content",
                                 ask->system, "role", "user", "content", ask->prompt);
    json_t *body = NULL;
    if (messages && ask->backend->dialect == PLAN_OLLAMA) {
        body = json_pack("{s:s, s:O, s:b, s:s, s:{s:I, s:I, s:f, s:I}}", "model", model->name,
                         "messages", messages, "stream", 1, "keep_alive", ask->backend->keep_alive,
                         "options", "num_ctx", (json_int_t)model->num_ctx, "num_predict",
                         (json_int_t)model->num_predict, "temperature", ask->temperature, "seed",
                         (json_int_t)ask->seed);
    } else if (messages) {
        body = json_pack("{s:s, s:O, s:b, s:{s:b}, s:I, s:f, s:I}", "model", model->name,
                         "messages", messages, "stream", 1, "stream_options", "include_usage", 1,
                         "max_tokens", (json_int_t)model->num_predict, "temperature",
                         ask->temperature, "seed", (json_int_t)ask->seed);
    }
    char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
    json_decref(messages);
    json_decref(body);
    return text;
}

/* ---- reading ---- */

/* An answer as it grows. */
struct reading {
    struct wire_answer answer;
    size_t capacity;
    bool ended;
    bool counted; /* nothing may follow but usage */
    const char *broken;
    char error[WIRE_WHY_SIZE]; /* what the server said */
};

static void copy_plain(char *to, const char *from, size_t size)
{
    size_t used = 0;
    for (size_t i = 0; i < size && used + 1 < WIRE_WHY_SIZE; i++) {
        to[used++] = isprint((unsigned char)from[i]) ? from[i] : '?';
    }
    to[used] = '\0';
}

static void add_text(struct reading *self, const json_t *value)
{
    struct wire_answer *answer = &self->answer;
    size_t size = json_string_length(value);
    if (!json_is_string(value)) {
        return;
    }
    if (size > WIRE_TEXT_MAX - answer->size) {
        self->broken = "the answer's text is too long";
        return;
    }
    if (answer->size + size + 1 > self->capacity) {
        size_t capacity = 2 * (answer->size + size) + 256;
        char *text = realloc(answer->text, capacity);
        if (!text) {
            self->broken = "out of memory";
            return;
        }
        answer->text = text;
        self->capacity = capacity;
    }
    memcpy(answer->text + answer->size, json_string_value(value), size);
    answer->size += size;
    answer->text[answer->size] = '\0';
}

static uint64_t number_at(const json_t *object, const char *key)
{
    json_int_t number = json_integer_value(json_object_get(object, key));
    return number > 0 ? (uint64_t)number : 0;
}

/* {"error": "…"} of Ollama, {"error": {"message": "…"}} of OpenAI. */
static bool take_error(struct reading *self, const json_t *object)
{
    const json_t *error = json_object_get(object, "error");
    const json_t *text = json_is_object(error) ? json_object_get(error, "message") : error;
    if (!error || json_is_null(error)) {
        return false;
    }
    self->broken = "the server says";
    copy_plain(self->error, json_is_string(text) ? json_string_value(text) : "an error",
               json_is_string(text) ? json_string_length(text) : 8);
    return true;
}

static void take_ollama(struct reading *self, const json_t *object)
{
    const json_t *message = json_object_get(object, "message");
    const json_t *reason = json_object_get(object, "done_reason");
    if (self->ended) {
        self->broken = "the answer goes on behind its end";
        return;
    }
    if (!json_is_boolean(json_object_get(object, "done")) ||
        (message && !json_is_object(message))) {
        self->broken = "an event of the answer has another form";
        return;
    }
    add_text(self, json_object_get(message, "content"));
    self->ended = json_is_true(json_object_get(object, "done"));
    self->answer.cut = json_is_string(reason) && strcmp(json_string_value(reason), "length") == 0;
    self->answer.tokens_in = number_at(object, "prompt_eval_count");
    self->answer.tokens_out = number_at(object, "eval_count");
}

static void take_openai(struct reading *self, const json_t *object)
{
    const json_t *choices = json_object_get(object, "choices");
    const json_t *choice = json_array_get(choices, 0);
    const json_t *usage = json_object_get(object, "usage");
    const json_t *reason = json_object_get(choice, "finish_reason");
    if (!json_is_array(choices)) {
        self->broken = "an event of the answer has another form";
        return;
    }
    add_text(self, json_object_get(json_object_get(choice, "delta"), "content"));
    if (json_is_string(reason)) {
        self->counted = true;
        self->answer.cut = strcmp(json_string_value(reason), "length") == 0;
    }
    if (json_is_object(usage)) {
        self->answer.tokens_in = number_at(usage, "prompt_tokens");
        self->answer.tokens_out = number_at(usage, "completion_tokens");
    }
}

/* Lines of SSE that are not data are comments and names of events. */
static void take_line(struct reading *self, enum plan_dialect dialect, const char *line,
                      size_t size)
{
    size -= size > 0 && line[size - 1] == '\r';
    if (dialect == PLAN_OPENAI && self->error[0] == '\0' && size > 0 && line[0] != '{') {
        if (size < 5 || memcmp(line, "data:", 5) != 0) {
            self->broken = memchr(line, ':', size) ? self->broken : "the answer is no event stream";
            return;
        }
        line += 5;
        size -= 5;
        while (size > 0 && *line == ' ') {
            line++;
            size--;
        }
        if (size == 6 && memcmp(line, "[DONE]", 6) == 0) {
            self->ended = self->counted;
            return;
        }
    }
    if (size == 0) {
        return;
    }
    char *copy = size <= EVENT_MAX ? malloc(size) : NULL;
    if (!copy) {
        self->broken = "an event of the answer is too long";
        return;
    }
    memcpy(copy, line, size);
    json_t *object = json_line_load(copy, size);
    free(copy);
    if (!object) {
        self->broken = "the answer is no JSON";
    } else if (!take_error(self, object)) {
        (dialect == PLAN_OLLAMA ? take_ollama : take_openai)(self, object);
    }
    json_decref(object);
}

static bool says(const char *text, const char *what)
{
    return strcasestr(text, what) != NULL;
}

/* Reasons that waiting does not mend: another model may still be served. */
static bool is_missing(uint64_t status, const char *error)
{
    static const char *const words[] = {
        "not found",           "not exist",         "out of memory",  "more system memory",
        "insufficient memory", "cudaMalloc failed", "unable to load", "failed to load"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (says(error, words[i])) {
            return true;
        }
    }
    return status == 404;
}

enum wire_result wire_read(enum plan_dialect dialect, uint64_t status, struct msg_str body,
                           struct wire_answer *ret_answer, char *why)
{
    struct reading self = {.broken = NULL};
    for (size_t at = 0; at < body.size && !self.broken;) {
        const char *end = memchr(body.at + at, '\n', body.size - at);
        size_t size = end ? (size_t)(end - body.at) - at : body.size - at;
        take_line(&self, dialect, body.at + at, size);
        at += size + 1;
    }
    if (!self.broken && !self.ended) {
        self.broken = "the answer has no end";
    }
    if (!self.broken && self.answer.size == 0) {
        self.broken = "the answer is empty";
    }
    if (status == 200 && !self.broken) {
        *ret_answer = self.answer;
        why[0] = '\0';
        return WIRE_DONE;
    }
    free(self.answer.text);
    if (status != 200) {
        (void)snprintf(why, WIRE_WHY_SIZE, "status %llu%s%.160s", (unsigned long long)status,
                       self.error[0] ? ": " : "", self.error);
    } else {
        (void)snprintf(why, WIRE_WHY_SIZE, "%s%s%.140s", self.broken, self.error[0] ? ": " : "",
                       self.error);
    }
    return is_missing(status, self.error) ? WIRE_MISSING : WIRE_BROKEN;
}

/* ---- what there is ---- */

/* Ollama adds a tag where there is none. */
static bool is_model(const char *listed, const char *name)
{
    size_t size = strlen(name);
    return strncmp(listed, name, size) == 0 &&
           (listed[size] == '\0' || strcmp(listed + size, ":latest") == 0);
}

enum err wire_list(const struct plan *plan, enum plan_dialect dialect, struct msg_str body,
                   uint32_t *ret_models)
{
    char *copy = malloc(body.size + 1);
    if (!copy) {
        return ERR_MEMORY;
    }
    memcpy(copy, body.at, body.size);
    json_t *object = json_line_load(copy, body.size);
    free(copy);
    const json_t *list = json_object_get(object, dialect == PLAN_OLLAMA ? "models" : "data");
    bool sound = json_is_array(list);
    uint32_t models = 0;
    for (size_t i = 0; sound && i < json_array_size(list); i++) {
        const json_t *name =
            json_object_get(json_array_get(list, i), dialect == PLAN_OLLAMA ? "name" : "id");
        for (size_t j = 0; json_is_string(name) && j < plan->models_count; j++) {
            models |= is_model(json_string_value(name), plan->models[j].name) ? 1U << j : 0;
        }
    }
    json_decref(object);
    if (!sound) {
        return ERR_MALFORMED;
    }
    *ret_models = models;
    return ERR_OK;
}
