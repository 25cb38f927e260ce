/* logline.c - logfmt and JSON lines. */
#include "tools/logline.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static const char *const level_names[] = {
    [RT_ERROR] = "error", [RT_WARN] = "warn", [RT_INFO] = "info", [RT_DEBUG] = "debug"};

/* A line being written; always leaves room for the newline and the NUL. */
struct writer {
    char *line;
    size_t size;
    bool json;
    bool any;
};

struct span {
    const char *at;
    size_t size;
};

enum { FIELDS = 3, ROOM = LOG_LINE_MAX - 4 };

static void put(struct writer *self, char c)
{
    if (self->size < ROOM) {
        self->line[self->size++] = c;
    }
}

static void put_text(struct writer *self, const char *text)
{
    while (*text) {
        put(self, *text++);
    }
}

/* Quotes; a control character becomes a space, so that a line stays one line. */
static void put_quoted(struct writer *self, struct span value)
{
    put(self, '"');
    for (size_t i = 0; i < value.size && self->size + 2 < ROOM; i++) {
        char c = value.at[i];
        if (c == '"' || c == '\\') {
            put(self, '\\');
        }
        if ((unsigned char)c < 32 || c == 127) {
            c = ' ';
        }
        put(self, c);
    }
    put(self, '"');
}

static bool is_plain(struct span value)
{
    for (size_t i = 0; i < value.size; i++) {
        unsigned char c = (unsigned char)value.at[i];
        if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c == 127) {
            return false;
        }
    }
    return value.size > 0;
}

static void put_field(struct writer *self, const char *name, struct span value)
{
    if (self->any) {
        put(self, self->json ? ',' : ' ');
    }
    self->any = true;
    if (self->json) {
        put(self, '"');
        put_text(self, name);
        put_text(self, "\":");
        put_quoted(self, value);
        return;
    }
    put_text(self, name);
    put(self, '=');
    if (is_plain(value)) {
        for (size_t i = 0; i < value.size; i++) {
            put(self, value.at[i]);
        }
    } else {
        put_quoted(self, value);
    }
}

static struct span span(const char *text)
{
    return (struct span){text, strlen(text)};
}

/* Takes run=, job= and trace= out of the words; the others stay, in order. */
static struct span take_fields(const char *text, struct span fields[FIELDS], char *rest)
{
    static const char *const names[FIELDS] = {"run=", "job=", "trace="};
    size_t size = 0;
    while (*text) {
        size_t word = strcspn(text, " ");
        bool taken = false;
        for (size_t i = 0; i < FIELDS && !taken; i++) {
            size_t name = strlen(names[i]);
            taken = fields[i].size == 0 && word > name && strncmp(text, names[i], name) == 0;
            if (taken) {
                fields[i] = (struct span){text + name, word - name};
            }
        }
        if (!taken && size + word + 1 < LOG_LINE_MAX) {
            if (size > 0) {
                rest[size++] = ' ';
            }
            memcpy(rest + size, text, word);
            size += word;
        }
        text += word + (text[word] == ' ');
    }
    return (struct span){rest, size};
}

void log_time(uint64_t wall_ms, char text[LOG_TIME_SIZE])
{
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm tm;
    (void)gmtime_r(&seconds, &tm);
    size_t size = strftime(text, LOG_TIME_SIZE, "%Y-%m-%dT%H:%M:%S", &tm);
    (void)snprintf(text + size, LOG_TIME_SIZE - size, ".%03uZ", (unsigned)(wall_ms % 1000));
}

size_t log_line(const struct log_entry *entry, bool json, char line[LOG_LINE_MAX])
{
    struct writer self = {.line = line, .json = json};
    char time[LOG_TIME_SIZE];
    char rest[LOG_LINE_MAX];
    struct span fields[FIELDS] = {{NULL, 0}};
    struct span msg = take_fields(entry->text, fields, rest);
    log_time(entry->wall_ms, time);
    if (json) {
        put(&self, '{');
    }
    put_field(&self, "ts", span(time));
    put_field(&self, "level", span(level_names[entry->level]));
    put_field(&self, "role", span(entry->role));
    put_field(&self, "actor", span(entry->actor));
    static const char *const names[FIELDS] = {"run", "job", "trace"};
    for (size_t i = 0; i < FIELDS; i++) {
        if (fields[i].size > 0) {
            put_field(&self, names[i], fields[i]);
        }
    }
    put_field(&self, "msg", msg);
    if (json) {
        line[self.size++] = '}';
    }
    line[self.size++] = '\n';
    line[self.size] = '\0';
    return self.size;
}

enum rt_level log_level(const char *word)
{
    for (size_t i = 0; i < sizeof level_names / sizeof level_names[0]; i++) {
        if (strcmp(word, level_names[i]) == 0) {
            return (enum rt_level)i;
        }
    }
    return RT_INFO;
}
