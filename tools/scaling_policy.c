/* scaling_policy.c - a policy out of YAML. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/reader.h"
#include "tools/simulate_scaling.h"

struct key {
    const char *name;
    size_t offset;
    double least;
    double most;
};

#define KEY(name, least, most)                                                                     \
    {                                                                                              \
#name, offsetof(struct scaling_policy, name), least, most                                  \
    }
static const struct key keys[] = {
    KEY(price_per_hour, 1e-9, 1e6), KEY(slots_per_instance, 1e-3, 1e4), KEY(start_lag_s, 0, 1e6),
    KEY(setup_s, 0, 1e6),           KEY(instances_max, 1, 10000),       KEY(idle_stop_s, 0, 1e6),
    KEY(decide_every_s, 0, 1e6)};
#undef KEY
enum { KEYS = sizeof keys / sizeof keys[0], TEXT_MAX = 64 };

static const struct key parameter = {"the rule's parameter",
                                     offsetof(struct scaling_policy, parameter), 1e-12, 1e9};

static const char *const rules[SCALING_RULES] = {
    [SCALING_DEADLINE] = "deadline", [SCALING_SQRT] = "sqrt", [SCALING_BACKLOG] = "backlog"};

struct reading {
    struct scaling_policy policy;
    bool seen[KEYS];
    bool rule_seen;
    bool parameter_seen;
    char *why;
    size_t why_size;
};

static enum err refuse(const struct reading *self, const char *name, const char *what)
{
    (void)snprintf(self->why, self->why_size, "%.64s: %s", name, what);
    return ERR_MALFORMED;
}

static enum err set_number(struct reading *self, const struct key *key, const char *name,
                           const char *text, bool *seen)
{
    char *end = NULL;
    double number = strtod(text, &end);
    if (*seen) {
        return refuse(self, name,
                      key == &parameter ? "neither a key of a policy nor its only other one"
                                        : "given twice");
    }
    if (end == text || *end != '\0' || !(number >= key->least && number <= key->most)) {
        return refuse(self, name, "no number, or out of range");
    }
    *seen = true;
    memcpy((char *)&self->policy + key->offset, &number, sizeof number);
    return ERR_OK;
}

static enum err set_rule(struct reading *self, const char *text)
{
    for (size_t i = 0; i < SCALING_RULES; i++) {
        if (strcmp(text, rules[i]) == 0) {
            self->policy.rule = (enum scaling_rule)i;
            self->rule_seen = true;
            return ERR_OK;
        }
    }
    return refuse(self, "rule", "neither deadline nor sqrt nor backlog");
}

static enum err set(struct reading *self, const char *name, const char *text)
{
    if (strcmp(name, "rule") == 0) {
        return set_rule(self, text);
    }
    for (size_t i = 0; i < KEYS; i++) {
        if (strcmp(name, keys[i].name) == 0) {
            return set_number(self, &keys[i], name, text, &self->seen[i]);
        }
    }
    return set_number(self, &parameter, name, text, &self->parameter_seen);
}

static enum err next_text(struct reading *self, struct reader *reader, char text[TEXT_MAX],
                          enum reader_kind *ret_kind)
{
    struct reader_item item;
    enum err err = reader_next(reader, &item);
    if (err != ERR_OK) {
        return err == ERR_MALFORMED ? refuse(self, "policy", reader_problem(reader)->text) : err;
    }
    *ret_kind = item.kind;
    if (item.kind == READER_TEXT) {
        (void)snprintf(text, TEXT_MAX, "%.*s", (int)(item.size < TEXT_MAX ? item.size : TEXT_MAX),
                       item.text);
    }
    return ERR_OK;
}

static enum err read_map(struct reading *self, struct reader *reader)
{
    for (;;) {
        char name[TEXT_MAX] = "";
        char value[TEXT_MAX] = "";
        enum reader_kind kind = READER_END;
        enum err err = next_text(self, reader, name, &kind);
        if (err != ERR_OK || kind == READER_CLOSE) {
            return err;
        }
        if (kind == READER_TEXT) {
            err = next_text(self, reader, value, &kind);
        }
        if (err == ERR_OK && kind != READER_TEXT) {
            err = refuse(self, name, "not a plain value");
        }
        err = err == ERR_OK ? set(self, name, value) : err;
        if (err != ERR_OK) {
            return err;
        }
    }
}

static enum err complete(struct reading *self)
{
    for (size_t i = 0; i < KEYS; i++) {
        if (!self->seen[i]) {
            return refuse(self, keys[i].name, "missing");
        }
    }
    self->policy.instances_max = floor(self->policy.instances_max);
    if (!self->rule_seen) {
        return refuse(self, "rule", "missing");
    }
    return self->parameter_seen ? ERR_OK : refuse(self, "rule", "its parameter is missing");
}

enum err scaling_policy_read(const char *text, size_t text_size, struct scaling_policy *ret_policy,
                             /* NOLINTNEXTLINE(readability-non-const-parameter): written there */
                             char *why, size_t size)
{
    struct reading self = {.why = why, .why_size = size};
    struct reader *reader = NULL;
    char word[TEXT_MAX];
    enum reader_kind kind = READER_END;
    enum err err = reader_new(text, text_size, &reader);
    if (err == ERR_OK) {
        err = next_text(&self, reader, word, &kind);
    }
    if (err == ERR_OK) {
        err = kind == READER_MAP ? read_map(&self, reader) : refuse(&self, "policy", "not a map");
    }
    err = err == ERR_OK ? complete(&self) : err;
    reader_destroy(&reader);
    if (err == ERR_OK) {
        *ret_policy = self.policy;
    }
    return err;
}
