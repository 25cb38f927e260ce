/* again.c - see again.h. */
#include "actors/common/again.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "actors/common/shell.h"

static void add(struct again *self, const char *argument)
{
    assert(self->count + 1 < AGAIN_ARGS_MAX);
    self->argv[self->count++] = argument;
}

/* before + text with a backslash before each of `special` + after; NULL without memory.  Owned. */
static const char *make(struct again *self, const char *before, const char *text,
                        const char *special, const char *after)
{
    assert(self->texts_count < AGAIN_TEXTS_MAX);
    char *made = malloc(strlen(before) + 2 * strlen(text) + strlen(after) + 1);
    if (!made) {
        return NULL;
    }
    char *to = stpcpy(made, before);
    for (; *text; text++) {
        if (strchr(special, *text)) {
            *to++ = '\\';
        }
        *to++ = *text;
    }
    memcpy(to, after, strlen(after) + 1);
    self->texts[self->texts_count++] = made;
    return made;
}

static enum err add_made(struct again *self, const char *option, const char *made)
{
    if (!made) {
        return ERR_MEMORY;
    }
    if (option) {
        add(self, option);
    }
    add(self, made);
    return ERR_OK;
}

/* vitest runs every file whose path contains the name: what contains more than it is excluded. */
static enum err vitest(struct again *self, const char *command, const char *file)
{
    static const char *const around[][2] = {
        {"**/?*", ""}, {"*/**/", ""}, {"**/", "?*"}, {"**/?*", "?*"}, {"*/**/", "?*"}};
    (void)command;
    add(self, "node_modules/.bin/vitest");
    add(self, "run");
    add(self, "--passWithNoTests=false");
    add(self, "--coverage.enabled=false");
    enum err err = ERR_OK;
    for (size_t i = 0; i < sizeof around / sizeof around[0] && err == ERR_OK; i++) {
        err = add_made(self, "--exclude",
                       make(self, around[i][0], file, "\\*?[]{}()!+@|", around[i][1]));
    }
    return err == ERR_OK
               ? add_made(self, NULL, make(self, file[0] == '-' ? "./" : "", file, "", ""))
               : err;
}

static enum err jest(struct again *self, const char *command, const char *file)
{
    (void)command;
    add(self, "node_modules/.bin/jest");
    add(self, "--runInBand");
    add(self, "--passWithNoTests=false");
    add(self, "--coverage=false");
    add(self, "--forceExit");
    add(self, "--runTestsByPath");
    return add_made(self, NULL, make(self, "./", file, "", ""));
}

static enum err eslint(struct again *self, const char *command, const char *file)
{
    (void)command;
    add(self, "node_modules/.bin/eslint");
    add(self, "--quiet");
    return add_made(self, NULL, make(self, "./", file, "", ""));
}

static enum err tsc(struct again *self, const char *command, const char *file)
{
    (void)command;
    add(self, "node_modules/.bin/tsc");
    add(self, "--noEmit");
    add(self, "--pretty");
    add(self, "false");
    add(self, "-p");
    return add_made(self, NULL, make(self, "./", file, "", ""));
}

/* Its argument is an expression that is searched in the absolute path.  Its HTML report would wait
 * for somebody to look at it. */
static enum err playwright(struct again *self, const char *command, const char *file)
{
    (void)command;
    self->caches = true;
    add(self, "node_modules/.bin/playwright");
    add(self, "test");
    add(self, "--reporter=line");
    add(self, "--retries=0");
    return add_made(self, NULL, make(self, "/", file, "\\^$.*+?()[]{}|", "$"));
}

static enum err plain(struct again *self, const char *command, const char *file)
{
    if (command[0] == '\0') {
        return ERR_MALFORMED;
    }
    char *text = shell_with_argument(command);
    if (!text) {
        return ERR_MEMORY;
    }
    self->texts[self->texts_count++] = text;
    add(self, "sh");
    add(self, "-c");
    add(self, text);
    add(self, "sh");
    add(self, file);
    return ERR_OK;
}

enum err again_command(const char *runner, const char *command, const char *file,
                       struct again *ret_again)
{
    static const struct {
        const char *name;
        enum err (*build)(struct again *self, const char *command, const char *file);
    } runners[] = {{"vitest", vitest}, {"auto", vitest}, {"jest", jest},
                   {"eslint", eslint}, {"tsc", tsc},     {"playwright", playwright},
                   {"command", plain}};
    *ret_again = (struct again){.count = 0};
    if (file[0] == '\0') {
        return ERR_MALFORMED;
    }
    for (size_t i = 0; i < sizeof runners / sizeof runners[0]; i++) {
        if (strcmp(runner, runners[i].name) == 0) {
            enum err err = runners[i].build(ret_again, command, file);
            if (err != ERR_OK) {
                again_free(ret_again);
            }
            return err;
        }
    }
    return ERR_NOT_FOUND;
}

void again_free(struct again *self)
{
    for (size_t i = 0; i < self->texts_count; i++) {
        free(self->texts[i]);
    }
    self->texts_count = 0;
    self->count = 0;
}
