/* command.h - the commands of commands.def and one invocation of them. */
#ifndef TOOLS_COMMAND_H
#define TOOLS_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "config/config.h"
#include "tools/args.h"
#include "tools/exits.h"

struct invocation;

enum command_index {
    COMMAND_all = -1,
#define COMMAND(name, words, synopsis, sentence) COMMAND_##name,
#include "tools/commands.def"
    COMMANDS
};

struct command {
    const char *name;
    const char *words;
    const char *synopsis;
    const char *sentence;
    int (*run)(struct invocation *self);
};

struct command_option {
    int command; /* enum command_index */
    struct arg_option arg;
};

struct command_example {
    int command;
    const char *line;
    const char *sentence;
};

extern const struct command commands[COMMANDS];
extern const struct command_option command_options[];
extern const size_t command_options_count;
extern const struct command_example command_examples[];
extern const size_t command_examples_count;

enum { GIVEN_MAX = 128, WORDS_MAX = 512 };

struct given {
    const struct command_option *option;
    const char *value; /* NULL for a flag */
};

/* One call of the program; plain data, all texts borrowed from argv and the environment. */
struct invocation {
    const struct command *command;
    struct given given[GIVEN_MAX];
    size_t given_count;
    const char *words[WORDS_MAX];
    size_t words_count;
    struct config config;
    const char *config_dir; /* that was read, or NULL */
    char config_path[4096];
    bool json;
    bool quiet;
    bool verbose;
    bool color;     /* on stdout */
    bool color_err; /* on stderr */
    bool terminal;  /* stdout is one */
};

/* Functions of the table: return an enum exit_code. */
#define COMMAND(name, words, synopsis, sentence) int command_##name(struct invocation *self);
#include "tools/commands.def"

/* The value of an option given (the last one), or NULL; the option must be in the table. */
const char *invocation_value(const struct invocation *self, const char *option);
bool invocation_flag(const struct invocation *self, const char *option);

/* Loads --config and --set into self->config; says what is wrong and returns EXIT_CONFIG. */
int invocation_configure(struct invocation *self);

/* Sets a key from an option's value when it was given: --workers sets run.workers. */
int invocation_set(struct invocation *self, const char *option, const char *key);

/* Opens the file that the first word names, standard input for - or none.  The caller closes it,
 * unless it is stdin. */
int invocation_input(const struct invocation *self, FILE **ret_file);

/* The --timeout in ms, `fallback` without one; EXIT_USAGE after a line on stderr. */
int invocation_timeout(const struct invocation *self, uint64_t fallback_ms, uint64_t *ret_ms);

/* Writes "troupe: …" and perhaps "  … what to do" to stderr; returns `code`. */
int complain(int code, const char *what, const char *advice);
int complainf(int code, const char *advice, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Help of a command; of all when NULL. */
void show_help(const struct command *command);

#endif
