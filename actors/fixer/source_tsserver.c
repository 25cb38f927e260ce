/* source_tsserver.c - quick fixes of the project's own TypeScript, by way of
 * tools/sources/typescript/host.mjs. */
#include "actors/fixer/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/common/json_line.h"

const struct source *const sources[] = {&source_tsserver, NULL};

/* Whatever the label says: the type checker knows best whether it has something to say. */
static bool fits(const struct msg_fix *fix)
{
    (void)fix;
    return true;
}

static enum err tsserver_argv(const char *folder, struct source_argv *ret_argv)
{
    char *text = NULL;
    if (asprintf(&text, "%s/typescript/host.mjs", folder) < 0) {
        return ERR_MEMORY;
    }
    *ret_argv = (struct source_argv){.argv = {"node", text, NULL}, .text = text};
    return ERR_OK;
}

static char *ask(uint64_t id, const struct msg_fix *fix, uint64_t budget_ms)
{
    json_t *command = json_pack(
        "{s:s, s:I, s:s%, s:I, s:I, s:s%, s:s%, s:s%, s:I, s:s%}", "cmd", "candidates", "id",
        (json_int_t)id, "file", fix->file.at, (size_t)fix->file.size, "line", (json_int_t)fix->line,
        "column", (json_int_t)fix->column, "message", fix->message.at, (size_t)fix->message.size,
        "runner", fix->runner.at, (size_t)fix->runner.size, "command", fix->command.at,
        (size_t)fix->command.size, "budget_ms", (json_int_t)budget_ms, "allow", fix->allow.at,
        (size_t)fix->allow.size);
    char *text = command ? json_dumps(command, JSON_COMPACT) : NULL;
    char *line = NULL;
    json_decref(command);
    if (text && asprintf(&line, "%s\n", text) < 0) {
        line = NULL;
    }
    free(text);
    return line;
}

/* What an event must have; all else may be missing. */
static const struct kind {
    const char *word;
    enum source_kind kind;
    const char *texts[2];
    const char *numbers[2];
} kinds[] = {
    {"ready", SOURCE_READY, {"source", "version"}, {NULL}},
    {"fatal", SOURCE_FATAL, {"message"}, {NULL}},
    {"candidate", SOURCE_CANDIDATE, {"name", "diff"}, {"id"}},
    {"candidates", SOURCE_END, {"reason"}, {"id", "count"}},
    {"error", SOURCE_ERROR, {"message"}, {NULL}},
};

static bool is_whole(const struct kind *kind, const json_t *object)
{
    for (size_t i = 0; i < 2; i++) {
        if ((kind->texts[i] && !json_is_string(json_object_get(object, kind->texts[i]))) ||
            (kind->numbers[i] && !json_is_integer(json_object_get(object, kind->numbers[i])))) {
            return false;
        }
    }
    return true;
}

static struct msg_str text_at(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_string(value)) {
        return msg_str("");
    }
    return (struct msg_str){json_string_value(value), (uint32_t)json_string_length(value)};
}

/* 0 also for what is negative: no command has that number. */
static uint64_t number_at(const json_t *object, const char *key)
{
    json_int_t number = json_integer_value(json_object_get(object, key));
    return number > 0 ? (uint64_t)number : 0;
}

static enum err decode(char *line, size_t size, struct source_event *ret_event)
{
    json_t *object = json_line_load(line, size);
    struct source_event event = {.kind = SOURCE_OTHER, .json = object};
    if (!object || !json_is_string(json_object_get(object, "ev"))) {
        source_event_free(&event);
        return ERR_MALFORMED;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (!msg_str_is(text_at(object, "ev"), kinds[i].word)) {
            continue;
        }
        if (!is_whole(&kinds[i], object)) {
            source_event_free(&event);
            return ERR_MALFORMED;
        }
        event.kind = kinds[i].kind;
    }
    event.id = number_at(object, "id");
    event.count = number_at(object, "count");
    event.votes = number_at(object, "votes");
    event.source = text_at(object, "source");
    event.name = text_at(object, "name");
    event.diff = text_at(object, "diff");
    event.doubt = text_at(object, "doubt");
    event.affected = text_at(object, "affected");
    event.tests = text_at(object, "tests");
    event.message = text_at(object, event.kind == SOURCE_END ? "reason" : "message");
    *ret_event = event;
    return ERR_OK;
}

void source_event_free(struct source_event *event)
{
    json_decref(event->json);
    event->json = NULL;
}

const struct source source_tsserver = {
    .name = "tsserver", .fits = fits, .argv = tsserver_argv, .ask = ask, .decode = decode};
