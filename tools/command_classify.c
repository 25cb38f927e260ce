/* command_classify.c - troupe classify: which kind of error a text is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/classifier/classify.h"
#include "tools/command.h"
#include "tools/json.h"
#include "tools/judge.h"
#include "tools/place.h"

struct work {
    const struct judge *judge;
    struct classification result;
    size_t bad; /* lines */
};

static enum err classify_line(struct work *self, const char *line, size_t size, size_t number)
{
    struct json_text text = {0};
    char why[256];
    enum err err = json_read_text(line, size, &text, why, sizeof why);
    if (err == ERR_MALFORMED) {
        self->bad++;
        return json_not_classified(stdout, number, why);
    }
    if (err == ERR_OK) {
        classify_with(self->judge,
                      &(struct classify_input){text.message, text.size, text.file, text.exit},
                      &self->result);
        err = json_classified(stdout, text.id, &self->result);
        json_text_fini(&text);
    }
    return err;
}

static bool is_blank(const char *line, size_t size)
{
    return strspn(line, " \t\r\n") == size;
}

static int classify_all(struct work *self, FILE *file)
{
    char *line = NULL;
    size_t capacity = 0;
    ssize_t size;
    enum err err = ERR_OK;
    for (size_t number = 1; err == ERR_OK && (size = getline(&line, &capacity, file)) >= 0;
         number++) {
        if (!is_blank(line, (size_t)size)) {
            err = classify_line(self, line, (size_t)size, number);
        }
    }
    free(line);
    if (err == ERR_OK && ferror(file)) {
        return complain(EXIT_COULD_NOT, "the texts cannot be read", NULL);
    }
    if (err != ERR_OK) {
        return complain(EXIT_COULD_NOT, "out of memory, or the result cannot be written", NULL);
    }
    return self->bad == 0 ? EXIT_DONE
                          : complainf(EXIT_NEGATIVE, "Each line is {\"id\":1,\"message\":\"…\"}.",
                                      "%zu lines could not be read", self->bad);
}

/* Corrections are those of this state, if there is one. */
static int open_judge(const struct invocation *invocation, struct judge_files *files)
{
    struct place place;
    char why[JUDGE_WHY_SIZE];
    char unused[PLACE_WHY_SIZE];
    bool rules_only = invocation_flag(invocation, "rules-only");
    bool has_state =
        !rules_only && place_look(invocation_value(invocation, "state"), &place, unused) == ERR_OK;
    const struct judge_wish wish = {
        .config_dir = invocation->config_dir,
        .state_dir = has_state ? place.state : NULL,
        .model = invocation->config.classifier.model && !rules_only,
    };
    enum err err = judge_open(&wish, files, why);
    return err == ERR_OK          ? EXIT_DONE
           : err == ERR_NOT_FOUND ? complain(EXIT_COULD_NOT, why, NULL)
           : err == ERR_MEMORY    ? complain(EXIT_COULD_NOT, "out of memory", NULL)
                                  : complain(EXIT_CONFIG, why, "troupe rules test says more.");
}

int command_classify(struct invocation *invocation)
{
    FILE *file = NULL;
    struct judge_files files = {.rules = NULL};
    int code = invocation_configure(invocation);
    if (code == EXIT_DONE) {
        code = open_judge(invocation, &files);
    }
    if (code == EXIT_DONE) {
        code = invocation_input(invocation, &file);
    }
    if (code == EXIT_DONE) {
        struct work *self = calloc(1, sizeof *self);
        if (self) {
            self->judge = &files.judge;
            code = classify_all(self, file);
            free(self);
        } else {
            code = complain(EXIT_COULD_NOT, "out of memory", NULL);
        }
    }
    if (file && file != stdin) {
        (void)fclose(file);
    }
    judge_close(&files);
    return code;
}
