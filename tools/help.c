/* help.c - help, out of the table. */
#include <stdio.h>
#include <string.h>

#include "tools/command.h"
#include "tools/place.h"

enum { OPTION_COLUMN = 26 };

static void show_option(const struct arg_option *option)
{
    char name[96];
    int size = option->letter
                   ? snprintf(name, sizeof name, "-%c, --%s", option->letter, option->name)
                   : snprintf(name, sizeof name, "    --%s", option->name);
    if (option->value[0] && size > 0) {
        (void)snprintf(name + size, sizeof name - (size_t)size, " %s", option->value);
    }
    if (strlen(name) > OPTION_COLUMN) {
        (void)printf("  %s\n  %-*s  %s\n", name, OPTION_COLUMN, "", option->sentence);
    } else {
        (void)printf("  %-*s  %s\n", OPTION_COLUMN, name, option->sentence);
    }
}

static void show_options(int command)
{
    for (size_t i = 0; i < command_options_count; i++) {
        if (command_options[i].command == command) {
            show_option(&command_options[i].arg);
        }
    }
}

static void show_all(void)
{
    (void)printf("Troupe runs a team's test suites over many processes.\n\n"
                 "Usage: troupe COMMAND [options]\n\nCommands:\n");
    for (size_t i = 0; i < COMMANDS; i++) {
        (void)printf("  %-12s %s\n", commands[i].name, commands[i].sentence);
    }
    (void)printf("\nOptions of every command:\n");
    show_options(COMMAND_all);
    (void)printf("\nExamples:\n"
                 "  troupe run                  the tests of the project in this directory\n"
                 "  troupe doctor               what is missing on this machine\n"
                 "  troupe help run             all about one command\n"
                 "\nExit codes: 0 passed, 1 failed, 2 usage, 3 configuration, 4 no cluster,\n"
                 "6 timed out, 7 cancelled, 9 could not run, 70 our bug.\n");
}

void show_help(const struct command *command)
{
    if (!command) {
        show_all();
        return;
    }
    int index = (int)(command - commands);
    (void)printf("%s.\n\nUsage: troupe %s%s%s [options]\n", command->sentence, command->name,
                 command->synopsis[0] ? " " : "", command->synopsis);
    bool any = false;
    for (size_t i = 0; i < command_options_count; i++) {
        any |= command_options[i].command == index;
    }
    if (any) {
        (void)printf("\nOptions:\n");
        show_options(index);
    }
    (void)printf("\nOptions of every command:\n");
    show_options(COMMAND_all);
    (void)printf("\nExamples:\n");
    for (size_t i = 0; i < command_examples_count; i++) {
        if (command_examples[i].command == index) {
            (void)printf("  %s\n%s%s%s", command_examples[i].line,
                         command_examples[i].sentence[0] ? "      " : "",
                         command_examples[i].sentence, command_examples[i].sentence[0] ? "\n" : "");
        }
    }
}

int command_help(struct invocation *self)
{
    if (self->words_count == 0) {
        show_help(NULL);
        return EXIT_DONE;
    }
    const char *names[COMMANDS];
    for (size_t i = 0; i < COMMANDS; i++) {
        names[i] = commands[i].name;
        if (strcmp(commands[i].name, self->words[0]) == 0) {
            show_help(&commands[i]);
            return EXIT_DONE;
        }
    }
    const char *nearest = args_nearest(self->words[0], names, COMMANDS);
    return complainf(EXIT_USAGE, "troupe help lists all commands.", "unknown command %s%s%s%s",
                     self->words[0], nearest ? ": did you mean " : "", nearest ? nearest : "",
                     nearest ? "?" : "");
}

int command_version(struct invocation *self)
{
    if (self->json) {
        (void)printf("{\"version\":\"%s\"}\n", TROUPE_VERSION);
    } else {
        (void)printf("troupe %s\n", TROUPE_VERSION);
    }
    return EXIT_DONE;
}
