/* troupe.c - the command line: finds the command, reads its options, runs it. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/command.h"
#include "tools/place.h"

enum { OPTIONS_MAX = 64 };

static const struct command *find_command(const char *word)
{
    for (size_t i = 0; i < COMMANDS; i++) {
        if (strcmp(commands[i].name, word) == 0) {
            return &commands[i];
        }
    }
    return NULL;
}

static int unknown_command(const char *word)
{
    const char *names[COMMANDS];
    for (size_t i = 0; i < COMMANDS; i++) {
        names[i] = commands[i].name;
    }
    const char *nearest = args_nearest(word, names, COMMANDS);
    return complainf(EXIT_USAGE, "troupe help lists all commands.", "unknown command %.64s%s%s%s",
                     word, nearest ? ": did you mean " : "", nearest ? nearest : "",
                     nearest ? "?" : "");
}

static bool allows_words(const struct command *command, size_t count)
{
    static const char *const two[] = {"keys",  "node", "actor", "link",
                                      "queue", "cost", "rules", "models"};
    size_t max = command->synopsis[0] == '\0' || strcmp(command->name, "health") == 0 ? 0 : 1;
    for (size_t i = 0; i < sizeof two / sizeof two[0]; i++) {
        max = strcmp(command->name, two[i]) == 0 ? 2 : max;
    }
    /* runs why RUN FILE, fix and heal show RUN ERROR, errors teach ID CLASS */
    static const char *const three[] = {"runs", "fix", "errors", "heal"};
    for (size_t i = 0; i < sizeof three / sizeof three[0]; i++) {
        max = strcmp(command->name, three[i]) == 0 ? 3 : max;
    }
    max = strcmp(command->name, "generate") == 0 ? WORDS_MAX : max;
    return count <= max;
}

/* Reads all that follows the command. */
static int parse(struct invocation *self, const char *const *argv)
{
    const struct arg_option *list[OPTIONS_MAX];
    const struct command_option *from[OPTIONS_MAX];
    size_t count = 0;
    int index = self->command ? (int)(self->command - commands) : COMMAND_all;
    for (size_t i = 0; i < command_options_count && count < OPTIONS_MAX; i++) {
        int command = command_options[i].command;
        if (command == index || command == COMMAND_all) {
            from[count] = &command_options[i];
            list[count++] = &command_options[i].arg;
        }
    }
    struct args args = {.argv = argv, .options = list, .count = count};
    const char *value;
    int option;
    while ((option = args_next(&args, &value)) != ARGS_END) {
        if (option == ARGS_BAD) {
            return complain(EXIT_USAGE, args.why, NULL);
        }
        if (option == ARGS_WORD && self->words_count < WORDS_MAX) {
            self->words[self->words_count++] = value;
        } else if (option >= 0 && self->given_count < GIVEN_MAX) {
            self->given[self->given_count++] = (struct given){from[option], value};
        } else {
            return complain(EXIT_USAGE, "too many options or words", NULL);
        }
    }
    if (self->command && !allows_words(self->command, self->words_count)) {
        return complainf(EXIT_USAGE, NULL, "unexpected word %.64s: see troupe %s --help",
                         self->words[self->words_count - 1], self->command->name);
    }
    return EXIT_DONE;
}

static int settle_colors(struct invocation *self)
{
    const char *color = invocation_value(self, "color");
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");
    bool dumb = (no_color && no_color[0]) || (term && strcmp(term, "dumb") == 0);
    self->terminal = isatty(STDOUT_FILENO) == 1;
    if (!color || strcmp(color, "auto") == 0) {
        self->color = self->terminal && !dumb;
        self->color_err = isatty(STDERR_FILENO) == 1 && !dumb;
    } else if (strcmp(color, "always") == 0) {
        self->color = self->color_err = true;
    } else if (strcmp(color, "never") != 0) {
        return complainf(EXIT_USAGE, NULL, "--color %.32s: auto, always or never", color);
    }
    self->json = invocation_flag(self, "json");
    self->quiet = invocation_flag(self, "quiet");
    self->verbose = invocation_flag(self, "verbose");
    return EXIT_DONE;
}

static int run(struct invocation *self, const char *const *argv)
{
    int code = parse(self, argv);
    if (code != EXIT_DONE) {
        return code;
    }
    if (invocation_flag(self, "help")) {
        show_help(self->command);
        return EXIT_DONE;
    }
    code = settle_colors(self);
    if (code != EXIT_DONE) {
        return code;
    }
    if (!self->command) {
        show_help(NULL);
        return complain(EXIT_USAGE, "say what to do: troupe COMMAND", NULL);
    }
    code = self->command->run(self);
    /* Results that cannot be written are no results. */
    if (fflush(stdout) != 0 || ferror(stdout)) {
        return complain(EXIT_COULD_NOT, "standard output cannot be written", NULL);
    }
    return code;
}

int main(int argc, char **argv)
{
    (void)signal(SIGPIPE, SIG_IGN);
    const char *const *rest = (const char *const *)(void *)(argv + (argc > 0));
    static const char *const help[] = {NULL};
    struct invocation *self = calloc(1, sizeof *self);
    if (!self) {
        return complain(EXIT_COULD_NOT, "out of memory", NULL);
    }
    int code = EXIT_DONE;
    if (rest[0] && strcmp(rest[0], "--version") == 0) {
        code = command_version(self);
    } else if (rest[0] && rest[0][0] != '-') {
        self->command = find_command(rest[0]);
        code = self->command ? run(self, rest + 1) : unknown_command(rest[0]);
    } else {
        code = run(self, rest[0] ? rest : help);
    }
    free(self);
    return code;
}
