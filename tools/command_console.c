/* command_console.c - troupe console: an operator's commands, line by line.
 *
 * Lines are read as the terminal gives them: it edits a line itself, and a history is what a shell
 * with troupe node, actor, link and queue has.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/operate.h"

enum { LINE_BYTES_MAX = 1024, LINE_WORDS_MAX = 8 };

struct console {
    struct operate *operate;
    char bytes[LINE_BYTES_MAX]; /* read, not yet a line */
    size_t size;
    bool prompts;
    bool quit;
};

struct console_command {
    const char *name;
    const char *synopsis;
    size_t words_min; /* that follow */
    size_t words_max;
    const char *sentence;
    int (*run)(struct console *self, const char *const *words, size_t count);
};

/* ---- the commands ---- */

static int run_nodes(struct console *self, const char *const *words, size_t count)
{
    (void)words;
    (void)count;
    return operate_nodes(self->operate);
}

static int run_actors(struct console *self, const char *const *words, size_t count)
{
    return operate_actors(self->operate, count > 0 ? words[0] : NULL);
}

static int run_links(struct console *self, const char *const *words, size_t count)
{
    return operate_links(self->operate, count > 0 ? words[0] : NULL);
}

static int run_queues(struct console *self, const char *const *words, size_t count)
{
    (void)words;
    (void)count;
    return operate_queues(self->operate);
}

static int run_status(struct console *self, const char *const *words, size_t count)
{
    (void)words;
    (void)count;
    return operate_status(self->operate);
}

static int run_drain(struct console *self, const char *const *words, size_t count)
{
    struct drain_order order = {.node = words[0]};
    order.off = count > 1 && strcmp(words[1], "off") == 0;
    order.stop = count > 1 && strcmp(words[1], "stop") == 0;
    if (count > 1 && !order.off && !order.stop) {
        return complain(EXIT_USAGE, "say drain NODE, drain NODE stop, or drain NODE off", NULL);
    }
    return operate_drain(self->operate, &order);
}

static int run_cancel(struct console *self, const char *const *words, size_t count)
{
    (void)count;
    return operate_cancel(self->operate, words[0]);
}

static int run_help(struct console *self, const char *const *words, size_t count);

static int run_quit(struct console *self, const char *const *words, size_t count)
{
    (void)words;
    (void)count;
    self->quit = true;
    return EXIT_DONE;
}

static const struct console_command console_commands[] = {
    {"nodes", "", 0, 0, "the processes of the cluster", run_nodes},
    {"actors", "[NODE]", 0, 1, "the actors of one process, or of all", run_actors},
    {"links", "[NODE]", 0, 1, "the links of one process, or of all", run_links},
    {"queues", "", 0, 0, "files that wait and run, for each open run", run_queues},
    {"runs", "", 0, 0, "the same", run_queues},
    {"status", "", 0, 0, "how the coordinator is", run_status},
    {"drain", "NODE [stop|off]", 1, 2, "take no new work; end when all is finished; or undo it",
     run_drain},
    {"cancel", "RUN", 1, 1, "end a run without a verdict by tests", run_cancel},
    {"help", "", 0, 0, "this", run_help},
    {"quit", "", 0, 0, "leave; so does the end of input", run_quit},
};

enum { CONSOLE_COMMANDS = sizeof console_commands / sizeof console_commands[0] };

static int run_help(struct console *self, const char *const *words, size_t count)
{
    (void)self;
    (void)words;
    (void)count;
    for (size_t i = 0; i < CONSOLE_COMMANDS; i++) {
        const struct console_command *command = &console_commands[i];
        char usage[64];
        (void)snprintf(usage, sizeof usage, "%s %s", command->name, command->synopsis);
        (void)printf("  %-24s%s\n", usage, command->sentence);
    }
    return EXIT_DONE;
}

/* ---- one line ---- */

static int no_such_command(const char *word)
{
    const char *names[CONSOLE_COMMANDS];
    for (size_t i = 0; i < CONSOLE_COMMANDS; i++) {
        names[i] = console_commands[i].name;
    }
    const char *nearest = args_nearest(word, names, CONSOLE_COMMANDS);
    return complainf(EXIT_USAGE, "help lists all commands.", "unknown command %.64s%s%s%s", word,
                     nearest ? ": did you mean " : "", nearest ? nearest : "", nearest ? "?" : "");
}

/* Cuts up `line`.  An empty one, or one that begins with #, is fine. */
static int run_line(struct console *self, char *line)
{
    const char *words[LINE_WORDS_MAX];
    size_t count = 0;
    char *rest = line;
    char *word;
    while ((word = strsep(&rest, " \t\r"))) {
        if (word[0] == '\0') {
            continue;
        }
        if (count == LINE_WORDS_MAX) {
            return complain(EXIT_USAGE, "too many words", NULL);
        }
        words[count++] = word;
    }
    if (count == 0 || words[0][0] == '#') {
        return EXIT_DONE;
    }
    for (size_t i = 0; i < CONSOLE_COMMANDS; i++) {
        const struct console_command *command = &console_commands[i];
        if (strcmp(command->name, words[0]) != 0) {
            continue;
        }
        if (count - 1 < command->words_min || count - 1 > command->words_max) {
            return complainf(EXIT_USAGE, NULL, "say %s %s", command->name, command->synopsis);
        }
        return command->run(self, words + 1, count - 1);
    }
    return no_such_command(words[0]);
}

/* ---- all lines ---- */

/* The next line of what was read, without its end; NULL: there is no whole one. */
static char *take_line(struct console *self, char line[LINE_BYTES_MAX])
{
    char *end = memchr(self->bytes, '\n', self->size);
    if (!end) {
        return NULL;
    }
    size_t size = (size_t)(end - self->bytes);
    memcpy(line, self->bytes, size);
    line[size] = '\0';
    self->size -= size + 1;
    memmove(self->bytes, end + 1, self->size);
    return line;
}

enum input { INPUT_MORE, INPUT_END, INPUT_SIGNAL, INPUT_TOO_LONG };

static enum input read_more(struct console *self)
{
    struct pollfd fds[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                           {.fd = operate_signal_fd(self->operate), .events = POLLIN}};
    if (self->size == sizeof self->bytes) {
        return INPUT_TOO_LONG;
    }
    while (poll(fds, 2, -1) < 0 && errno == EINTR) {
    }
    if (fds[1].revents) {
        return INPUT_SIGNAL;
    }
    ssize_t size = read(STDIN_FILENO, self->bytes + self->size, sizeof self->bytes - self->size);
    if (size <= 0) {
        return INPUT_END;
    }
    self->size += (size_t)size;
    return INPUT_MORE;
}

static void prompt(const struct console *self)
{
    if (self->prompts) {
        (void)printf("troupe> ");
    }
    (void)fflush(stdout);
}

/* The code of the last command, as a shell's script has; on a terminal only that of losing the
 * cluster counts. */
static int run_input(struct console *self)
{
    char line[LINE_BYTES_MAX];
    int code = EXIT_DONE;
    prompt(self);
    while (!self->quit && operate_lives(self->operate)) {
        if (take_line(self, line)) {
            code = run_line(self, line);
            if (!self->quit && operate_lives(self->operate)) {
                prompt(self);
            }
            continue;
        }
        switch (read_more(self)) {
        case INPUT_MORE:
            continue;
        case INPUT_SIGNAL:
            return complain(EXIT_CANCELLED, "cancelled", NULL);
        case INPUT_TOO_LONG:
            return complainf(EXIT_USAGE, NULL, "a line is longer than %d bytes", LINE_BYTES_MAX);
        case INPUT_END:
            if (self->prompts) {
                (void)printf("\n");
            } else if (self->size > 0) {
                /* The last line of a script may lack its end; there is room for it. */
                memcpy(line, self->bytes, self->size < sizeof line ? self->size : sizeof line - 1);
                line[self->size < sizeof line ? self->size : sizeof line - 1] = '\0';
                code = run_line(self, line);
            }
            return self->prompts ? EXIT_DONE : code;
        }
    }
    return self->prompts && operate_lives(self->operate) ? EXIT_DONE : code;
}

int command_console(struct invocation *invocation)
{
    struct console *self = calloc(1, sizeof *self);
    if (!self) {
        return complain(EXIT_COULD_NOT, "out of memory", NULL);
    }
    const char *execute = invocation_value(invocation, "execute");
    char line[LINE_BYTES_MAX];
    int code = EXIT_DONE;
    if (execute && strlen(execute) >= sizeof line) {
        code = complainf(EXIT_USAGE, NULL, "a line is longer than %d bytes", LINE_BYTES_MAX);
    }
    self->prompts = isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1;
    if (code == EXIT_DONE) {
        code = operate_open(invocation, &self->operate);
    }
    if (code == EXIT_DONE && execute) {
        (void)snprintf(line, sizeof line, "%s", execute);
        code = run_line(self, line);
    } else if (code == EXIT_DONE) {
        code = run_input(self);
    }
    operate_close(&self->operate);
    free(self);
    return code;
}
