/* reader.c - libyaml's events, bounded. */
#include "config/reader.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

struct reader {
    yaml_parser_t parser;
    yaml_event_t event; /* owns the text of the item shown last */
    const char *text;
    size_t size;
    size_t depth;
    size_t documents;
    struct reader_problem problem;
};

enum err reader_new(const char *text, size_t size, struct reader **ret_reader)
{
    assert(text || size == 0);
    assert(ret_reader);
    struct reader *self = calloc(1, sizeof *self);
    if (!self) {
        return ERR_MEMORY;
    }
    if (!yaml_parser_initialize(&self->parser)) {
        free(self);
        return ERR_MEMORY;
    }
    self->text = text;
    self->size = size;
    yaml_parser_set_encoding(&self->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&self->parser, (const unsigned char *)(text ? text : ""), size);
    *ret_reader = self;
    return ERR_OK;
}

void reader_destroy(struct reader **reader)
{
    assert(reader);
    struct reader *self = *reader;
    if (!self) {
        return;
    }
    yaml_event_delete(&self->event);
    yaml_parser_delete(&self->parser);
    free(self);
    *reader = NULL;
}

const struct reader_problem *reader_problem(const struct reader *reader)
{
    return &reader->problem;
}

static enum err fail_at(struct reader *self, yaml_mark_t mark, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static enum err fail_at(struct reader *self, yaml_mark_t mark, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(self->problem.text, sizeof self->problem.text, format, args);
    va_end(args);
    self->problem.line = mark.line + 1;
    self->problem.column = mark.column + 1;
    return ERR_MALFORMED;
}

/* libyaml's reader knows only the offset of a bad byte. */
static yaml_mark_t mark_of_offset(const struct reader *self, size_t offset)
{
    yaml_mark_t mark = {0};
    for (size_t i = 0; i < offset && i < self->size; i++) {
        unsigned char byte = (unsigned char)self->text[i];
        if (byte == '\n') {
            mark.line++;
            mark.column = 0;
        } else if ((byte & 0xc0) != 0x80) { /* inner bytes of a character are not columns */
            mark.column++;
        }
    }
    return mark;
}

/* Whether a tab stands at `mark`, with only ASCII before it on its line. */
static bool is_tab(const struct reader *self, yaml_mark_t mark)
{
    const char *line = self->text;
    const char *end = self->text + self->size;
    for (size_t i = 0; i < mark.line && line; i++) {
        line = memchr(line, '\n', (size_t)(end - line));
        line = line ? line + 1 : NULL;
    }
    return line && mark.column < (size_t)(end - line) && line[mark.column] == '\t';
}

static enum err fail_as_libyaml(struct reader *self)
{
    const yaml_parser_t *parser = &self->parser;
    const char *problem = parser->problem ? parser->problem : "no reason given";
    if (parser->error == YAML_MEMORY_ERROR) {
        return ERR_MEMORY;
    }
    if (parser->error == YAML_READER_ERROR) {
        return fail_at(self, mark_of_offset(self, parser->problem_offset),
                       "not plain UTF-8 text: %s", problem);
    }
    if (parser->error == YAML_SCANNER_ERROR && is_tab(self, parser->problem_mark)) {
        return fail_at(self, parser->problem_mark, "a tab cannot indent: write spaces");
    }
    if (parser->context) {
        return fail_at(self, parser->problem_mark, "not YAML: %s (%s that began at %zu:%zu)",
                       problem, parser->context, parser->context_mark.line + 1,
                       parser->context_mark.column + 1);
    }
    return fail_at(self, parser->problem_mark, "not YAML: %s", problem);
}

static enum err open_document(struct reader *self)
{
    self->documents++;
    if (self->documents > 1) {
        return fail_at(self, self->event.start_mark,
                       "a second document begins here: expected one; remove the --- line");
    }
    return ERR_OK;
}

static enum err open_level(struct reader *self)
{
    self->depth++;
    if (self->depth > READER_DEPTH_MAX) {
        return fail_at(self, self->event.start_mark, "nested deeper than %d levels",
                       READER_DEPTH_MAX);
    }
    return ERR_OK;
}

static void show_text(const yaml_event_t *event, struct reader_item *item)
{
    item->kind = READER_TEXT;
    item->text = (const char *)event->data.scalar.value;
    item->size = event->data.scalar.length;
    item->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    item->anchored = event->data.scalar.anchor != NULL;
    item->tagged = event->data.scalar.tag != NULL;
}

/* Fills *item unless the event is one that the caller need not see. */
static enum err show_event(struct reader *self, struct reader_item *item, bool *ret_shown)
{
    const yaml_event_t *event = &self->event;
    *ret_shown = true;
    item->line = event->start_mark.line + 1;
    item->column = event->start_mark.column + 1;
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        show_text(event, item);
        return ERR_OK;
    case YAML_MAPPING_START_EVENT:
        item->kind = READER_MAP;
        item->anchored = event->data.mapping_start.anchor != NULL;
        item->tagged = event->data.mapping_start.tag != NULL;
        return open_level(self);
    case YAML_SEQUENCE_START_EVENT:
        item->kind = READER_LIST;
        item->anchored = event->data.sequence_start.anchor != NULL;
        item->tagged = event->data.sequence_start.tag != NULL;
        return open_level(self);
    case YAML_MAPPING_END_EVENT:
    case YAML_SEQUENCE_END_EVENT:
        assert(self->depth > 0);
        self->depth--;
        item->kind = READER_CLOSE;
        return ERR_OK;
    case YAML_ALIAS_EVENT:
        item->kind = READER_ALIAS;
        return ERR_OK;
    case YAML_STREAM_END_EVENT:
        item->kind = READER_END;
        return ERR_OK;
    case YAML_DOCUMENT_START_EVENT:
        *ret_shown = false;
        return open_document(self);
    default:
        *ret_shown = false;
        return ERR_OK;
    }
}

enum err reader_next(struct reader *self, struct reader_item *ret_item)
{
    bool shown = false;
    enum err err = ERR_OK;
    while (err == ERR_OK && !shown) {
        yaml_event_delete(&self->event);
        if (!yaml_parser_parse(&self->parser, &self->event)) {
            return fail_as_libyaml(self);
        }
        struct reader_item item = {0};
        err = show_event(self, &item, &shown);
        if (err == ERR_OK && shown) {
            *ret_item = item;
        }
    }
    return err;
}
