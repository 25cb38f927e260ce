/* command_completion.c - troupe completion: scripts for shells, out of commands.def. */
#include <stdio.h>
#include <string.h>

#include "tools/command.h"

static bool belongs(size_t option, size_t command)
{
    int to = command_options[option].command;
    return to == COMMAND_all || to == (int)command;
}

/* Words that end in a choice, "a|b|c", as "a b c". */
static void put_words(const char *words)
{
    for (; *words; words++) {
        (void)putchar(*words == '|' ? ' ' : *words);
    }
}

static void put_commands(void)
{
    for (size_t i = 0; i < COMMANDS; i++) {
        (void)printf("%s%s", i > 0 ? " " : "", commands[i].name);
    }
}

/* ---- bash ---- */

static void bash(void)
{
    (void)printf("# bash completion for troupe; made by: troupe completion bash\n"
                 "_troupe() {\n"
                 "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
                 "    local command=${COMP_WORDS[1]} words=\n"
                 "    COMPREPLY=()\n"
                 "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
                 "        COMPREPLY=($(compgen -W \"");
    put_commands();
    (void)printf(
        "\" -- \"$cur\"))\n"
        "        return\n"
        "    fi\n"
        "    case $prev in\n"
        "    --color) COMPREPLY=($(compgen -W 'auto always never' -- \"$cur\")); return ;;\n"
        "    --runner) COMPREPLY=($(compgen -W 'auto vitest jest playwright tsc eslint pytest go "
        "ctest"
        " cargo command' -- \"$cur\")); return ;;\n"
        "    --fix|--heal) COMPREPLY=($(compgen -W 'off propose apply' -- \"$cur\"));"
        " return ;;\n"
        "    --config|--state|--allow-write) COMPREPLY=($(compgen -d -- \"$cur\"));"
        " return ;;\n"
        "    esac\n"
        "    case $command in\n");
    for (size_t i = 0; i < COMMANDS; i++) {
        (void)printf("    %s) words='", commands[i].name);
        if (i == COMMAND_help) {
            put_commands();
        } else {
            put_words(commands[i].words);
        }
        for (size_t j = 0; j < command_options_count; j++) {
            if (belongs(j, i)) {
                (void)printf(" --%s", command_options[j].arg.name);
            }
        }
        (void)printf("' ;;\n");
    }
    (void)printf("    esac\n"
                 "    COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
                 "    [ \"${#COMPREPLY[@]}\" -gt 0 ] || COMPREPLY=($(compgen -f -- \"$cur\"))\n"
                 "}\n"
                 "complete -o filenames -F _troupe troupe\n");
}

/* ---- zsh ---- */

/* A sentence inside of [ ] inside of single quotes. */
static void put_zsh(const char *text)
{
    for (; *text; text++) {
        if (*text == '\'') {
            (void)fputs("'\\''", stdout);
        } else if (strchr("[]:\\", *text)) {
            (void)printf("\\%c", *text);
        } else {
            (void)putchar(*text);
        }
    }
}

static void zsh_options(size_t command)
{
    for (size_t j = 0; j < command_options_count; j++) {
        const struct arg_option *option = &command_options[j].arg;
        if (!belongs(j, command)) {
            continue;
        }
        (void)printf("            '*--%s%s[", option->name, option->value[0] ? "=" : "");
        put_zsh(option->sentence);
        (void)printf("]");
        if (option->value[0]) {
            (void)printf(":");
            put_zsh(option->value);
            (void)printf(":%s", strcmp(option->value, "DIR") == 0    ? "_directories"
                                : strcmp(option->value, "FILE") == 0 ? "_files"
                                                                     : "");
        }
        (void)printf("' \\\n");
    }
}

static void zsh(void)
{
    (void)printf("#compdef troupe\n"
                 "# zsh completion for troupe; made by: troupe completion zsh\n"
                 "_troupe() {\n"
                 "    local -a commands=(\n");
    for (size_t i = 0; i < COMMANDS; i++) {
        (void)printf("        '%s:", commands[i].name);
        put_zsh(commands[i].sentence);
        (void)printf("'\n");
    }
    (void)printf("    )\n"
                 "    if (( CURRENT == 2 )); then\n"
                 "        _describe command commands\n"
                 "        return\n"
                 "    fi\n"
                 "    local command=$words[2]\n"
                 "    shift words; (( CURRENT-- ))\n"
                 "    case $command in\n");
    for (size_t i = 0; i < COMMANDS; i++) {
        (void)printf("    %s)\n        _arguments -s \\\n", commands[i].name);
        zsh_options(i);
        if (commands[i].words[0]) {
            (void)printf("            '1:word:(");
            put_words(commands[i].words);
            (void)printf(")'\n");
        } else {
            (void)printf("            '*:file:_files'\n");
        }
        (void)printf("        ;;\n");
    }
    (void)printf("    esac\n}\n_troupe \"$@\"\n");
}

/* ---- fish ---- */

static void put_fish(const char *text)
{
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\') {
            (void)putchar('\\');
        }
        (void)putchar(*text);
    }
}

static void fish(void)
{
    (void)printf("# fish completion for troupe; made by: troupe completion fish\n");
    for (size_t i = 0; i < COMMANDS; i++) {
        (void)printf("complete -c troupe -n __fish_use_subcommand -f -a %s -d '", commands[i].name);
        put_fish(commands[i].sentence);
        (void)printf("'\n");
        if (commands[i].words[0]) {
            (void)printf("complete -c troupe -n '__fish_seen_subcommand_from %s' -f -a '",
                         commands[i].name);
            put_words(commands[i].words);
            (void)printf("'\n");
        }
    }
    for (size_t j = 0; j < command_options_count; j++) {
        const struct command_option *option = &command_options[j];
        (void)printf("complete -c troupe ");
        if (option->command != COMMAND_all) {
            (void)printf("-n '__fish_seen_subcommand_from %s' ", commands[option->command].name);
        }
        if (option->arg.letter) {
            (void)printf("-s %c ", option->arg.letter);
        }
        (void)printf("-l %s %s-d '", option->arg.name, option->arg.value[0] ? "-r " : "");
        put_fish(option->arg.sentence);
        (void)printf("'\n");
    }
}

int command_completion(struct invocation *invocation)
{
    static const struct {
        const char *name;
        void (*print)(void);
    } shells[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};
    const char *word = invocation->words_count == 1 ? invocation->words[0] : "";
    for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++) {
        if (strcmp(shells[i].name, word) == 0) {
            shells[i].print();
            return EXIT_DONE;
        }
    }
    return complain(EXIT_USAGE, "say for which shell: bash, zsh or fish",
                    "source <(troupe completion bash)");
}
