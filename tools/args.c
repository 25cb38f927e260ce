/* args.c - the words of a command line. */
#include "tools/args.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "config/suggest.h"

const char *args_nearest(const char *word, const char *const *names, size_t count)
{
    const char *nearest = NULL;
    size_t least = SIZE_MAX;
    for (size_t i = 0; i < count; i++) {
        size_t distance = suggest_distance(word, strlen(word), names[i]);
        if (distance < least) {
            least = distance;
            nearest = names[i];
        }
    }
    return nearest && suggest_is_near(least, nearest) ? nearest : NULL;
}

static int unknown(struct args *self, const char *word, size_t size)
{
    enum { NAMES_MAX = 128 };
    const char *names[NAMES_MAX];
    size_t count = self->count < NAMES_MAX ? self->count : NAMES_MAX;
    for (size_t i = 0; i < count; i++) {
        names[i] = self->options[i]->name;
    }
    char name[64];
    (void)snprintf(name, sizeof name, "%.*s", (int)size, word);
    const char *nearest = size < sizeof name ? args_nearest(name, names, count) : NULL;
    if (nearest) {
        (void)snprintf(self->why, sizeof self->why, "unknown option --%s: did you mean --%s?", name,
                       nearest);
    } else {
        (void)snprintf(self->why, sizeof self->why, "unknown option --%s: see --help", name);
    }
    return ARGS_BAD;
}

static int long_option(struct args *self, const char *word, const char **ret_value)
{
    size_t size = strcspn(word, "=");
    for (size_t i = 0; i < self->count; i++) {
        const struct arg_option *option = self->options[i];
        if (strlen(option->name) != size || memcmp(option->name, word, size) != 0) {
            continue;
        }
        bool inside = word[size] == '=';
        if (option->value[0] == '\0' && inside) {
            (void)snprintf(self->why, sizeof self->why, "--%s takes no value", option->name);
            return ARGS_BAD;
        }
        if (option->value[0] != '\0') {
            *ret_value = inside ? word + size + 1 : self->argv[self->at];
            if (!*ret_value) {
                (void)snprintf(self->why, sizeof self->why, "--%s needs a value: --%s %s",
                               option->name, option->name, option->value);
                return ARGS_BAD;
            }
            self->at += !inside;
        }
        return (int)i;
    }
    return unknown(self, word, size);
}

static int short_option(struct args *self, const char *word, const char **ret_value)
{
    for (size_t i = 0; i < self->count; i++) {
        const struct arg_option *option = self->options[i];
        if (option->letter != 0 && option->letter == word[1] && word[2] == '\0') {
            *ret_value = option->value[0] ? self->argv[self->at] : NULL;
            if (option->value[0] && !*ret_value) {
                (void)snprintf(self->why, sizeof self->why, "-%c needs a value: -%c %s",
                               option->letter, option->letter, option->value);
                return ARGS_BAD;
            }
            self->at += option->value[0] != '\0';
            return (int)i;
        }
    }
    (void)snprintf(self->why, sizeof self->why, "unknown option %.32s: see --help", word);
    return ARGS_BAD;
}

int args_next(struct args *self, const char **ret_value)
{
    *ret_value = NULL;
    const char *word = self->argv[self->at];
    if (!word) {
        return ARGS_END;
    }
    self->at++;
    if (!self->words_only && strcmp(word, "--") == 0) {
        self->words_only = true;
        return args_next(self, ret_value);
    }
    if (self->words_only || word[0] != '-' || word[1] == '\0') {
        *ret_value = word;
        return ARGS_WORD;
    }
    return word[1] == '-' ? long_option(self, word + 2, ret_value)
                          : short_option(self, word, ret_value);
}
