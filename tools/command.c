/* command.c - the tables of commands.def, and questions about one invocation. */
#include "tools/command.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/load.h"

const struct command commands[COMMANDS] = {
#define COMMAND(name, words, synopsis, sentence) {#name, words, synopsis, sentence, command_##name},
#include "tools/commands.def"
};

const struct command_option command_options[] = {
#define OPTION(command, name, value, letter, sentence)                                             \
    {COMMAND_##command, {name, value, sentence, letter}},
#include "tools/commands.def"
};
const size_t command_options_count = sizeof command_options / sizeof command_options[0];

const struct command_example command_examples[] = {
#define EXAMPLE(command, line, sentence) {COMMAND_##command, line, sentence},
#include "tools/commands.def"
};
const size_t command_examples_count = sizeof command_examples / sizeof command_examples[0];

/* ---- saying what is wrong ---- */

int complain(int code, const char *what, const char *advice)
{
    (void)fflush(stdout);
    (void)fprintf(stderr, "troupe: %s\n", what);
    if (advice && advice[0]) {
        (void)fprintf(stderr, "  %s\n", advice);
    }
    return code;
}

int complainf(int code, const char *advice, const char *format, ...)
{
    char what[1024];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(what, sizeof what, format, args);
    va_end(args);
    return complain(code, what, advice);
}

/* ---- what was given ---- */

static bool is_option(const char *name)
{
    for (size_t i = 0; i < command_options_count; i++) {
        if (strcmp(command_options[i].arg.name, name) == 0) {
            return true;
        }
    }
    return false;
}

static const struct given *find(const struct invocation *self, const char *option)
{
    assert(is_option(option));
    for (size_t i = self->given_count; i > 0; i--) {
        if (strcmp(self->given[i - 1].option->arg.name, option) == 0) {
            return &self->given[i - 1];
        }
    }
    return NULL;
}

const char *invocation_value(const struct invocation *self, const char *option)
{
    const struct given *given = find(self, option);
    return given ? given->value : NULL;
}

bool invocation_flag(const struct invocation *self, const char *option)
{
    return find(self, option) != NULL;
}

/* ---- configuration ---- */

/* The user's own directory, when there is a troupe.yml in it. */
static const char *user_config(struct invocation *self)
{
    const char *base = getenv("XDG_CONFIG_HOME");
    const char *home = getenv("HOME");
    size_t size = sizeof self->config_path;
    int used = base && base[0] == '/' ? snprintf(self->config_path, size, "%s/troupe", base)
               : home && home[0] == '/'
                   ? snprintf(self->config_path, size, "%s/.config/troupe", home)
                   : 0;
    if (used <= 0 || (size_t)used >= size - sizeof "/" CONFIG_FILE_NAME) {
        return NULL;
    }
    (void)snprintf(self->config_path + used, size - (size_t)used, "/" CONFIG_FILE_NAME);
    bool there = access(self->config_path, F_OK) == 0;
    self->config_path[used] = '\0';
    return there ? self->config_path : NULL;
}

static int apply_set(struct invocation *self, const char *text)
{
    char path[128];
    char why[CONFIG_PROBLEM_SIZE];
    size_t size = strcspn(text, "=");
    if (text[size] != '=' || size >= sizeof path) {
        return complainf(EXIT_USAGE, "Write --set run.workers=4.", "--set %s: no value", text);
    }
    (void)snprintf(path, sizeof path, "%.*s", (int)size, text);
    if (config_set(&self->config, path, text + size + 1, why, sizeof why) != ERR_OK) {
        return complainf(EXIT_CONFIG, "troupe config show lists all keys.", "--set %s", why);
    }
    return EXIT_DONE;
}

int invocation_configure(struct invocation *self)
{
    struct config_report report;
    config_report_clear(&report);
    const char *given = invocation_value(self, "config");
    self->config_dir = given ? given : user_config(self);
    if (config_load(self->config_dir, &self->config, &report) != ERR_OK) {
        config_report_print(stderr, &report);
        return complain(EXIT_CONFIG, "the configuration is not valid",
                        "Mend it, and check it with troupe config check.");
    }
    for (size_t i = 0; i < self->given_count; i++) {
        int code = strcmp(self->given[i].option->arg.name, "set") == 0
                       ? apply_set(self, self->given[i].value)
                       : EXIT_DONE;
        if (code != EXIT_DONE) {
            return code;
        }
    }
    char why[CONFIG_PROBLEM_SIZE];
    if (config_check(&self->config, why, sizeof why) != ERR_OK) {
        return complain(EXIT_CONFIG, why, "Mend it, and check it with troupe config check.");
    }
    return EXIT_DONE;
}

int invocation_set(struct invocation *self, const char *option, const char *key)
{
    const char *value = invocation_value(self, option);
    char why[CONFIG_PROBLEM_SIZE];
    if (value && config_set(&self->config, key, value, why, sizeof why) != ERR_OK) {
        return complainf(EXIT_USAGE, NULL, "--%s: %s", option, why);
    }
    return EXIT_DONE;
}

int invocation_input(const struct invocation *self, FILE **ret_file)
{
    const char *path = self->words_count > 0 ? self->words[0] : "-";
    *ret_file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    return *ret_file ? EXIT_DONE
                     : complainf(EXIT_USAGE, NULL, "%.300s: %s", path, strerrordesc_np(errno));
}

int invocation_timeout(const struct invocation *self, uint64_t fallback_ms, uint64_t *ret_ms)
{
    const char *value = invocation_value(self, "timeout");
    *ret_ms = fallback_ms;
    if (!value) {
        return EXIT_DONE;
    }
    /* A duration is written as in the configuration. */
    struct config scratch = self->config;
    char why[CONFIG_PROBLEM_SIZE];
    if (config_set(&scratch, "run.timeout_ms", value, why, sizeof why) != ERR_OK) {
        return complainf(EXIT_USAGE, "Write it as 500ms, 90s, 10m or 2h.",
                         "--timeout %s: not a duration", value);
    }
    *ret_ms = scratch.run.timeout_ms > 0 ? scratch.run.timeout_ms : fallback_ms;
    return EXIT_DONE;
}
