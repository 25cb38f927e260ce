/* command_classify.c - troupe classify: which kind of error a text is, by the rules. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/classifier/classify.h"
#include "tools/command.h"
#include "tools/json.h"
#include "tools/place.h"

/* The rules beside the configuration, or else those that came with the program. */
static int load_rules(const struct invocation *invocation, struct rules **ret_rules)
{
    char path[PATH_MAX];
    enum err err = place_config(invocation->config_dir, RULES_FILE_NAME, path);
    if (err != ERR_OK) {
        return complain(EXIT_COULD_NOT, "there is no " RULES_FILE_NAME,
                        "Give the directory that holds it with --config DIR.");
    }
    struct config_report report;
    config_report_clear(&report);
    err = rules_load(path, ret_rules, &report);
    if (err == ERR_OK) {
        return EXIT_DONE;
    }
    config_report_print(stderr, &report);
    return err == ERR_MEMORY
               ? complain(EXIT_COULD_NOT, "out of memory", NULL)
               : complain(EXIT_CONFIG, "the rules are not valid", "Mend the lines named above.");
}

/* The model beside the rules, which were known when it was trained; rules of somebody's own decide
 * alone, unless there is a model beside them. */
static int load_model(const struct invocation *invocation, struct model **ret_model)
{
    char rules[PATH_MAX];
    char path[PATH_MAX];
    enum err err = place_config(invocation->config_dir, RULES_FILE_NAME, rules);
    err = err == ERR_OK ? place_beside(rules, MODEL_FILE_NAME, path) : err;
    err = err == ERR_OK ? model_load(path, ret_model) : err;
    return err == ERR_OK || err == ERR_NOT_FOUND
               ? EXIT_DONE
               : complain(EXIT_CONFIG, MODEL_FILE_NAME " cannot be used",
                          "It is damaged or of another version: train it again, or remove it.");
}

struct work {
    struct judge judge;
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
        classify(&self->judge, text.message, text.size, text.file, &self->result);
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

int command_classify(struct invocation *invocation)
{
    FILE *file = NULL;
    struct rules *rules = NULL;
    struct model *model = NULL;
    int code = invocation_configure(invocation);
    if (code == EXIT_DONE) {
        code = load_rules(invocation, &rules);
    }
    if (code == EXIT_DONE && invocation->config.classifier.model &&
        !invocation_flag(invocation, "rules-only")) {
        code = load_model(invocation, &model);
    }
    if (code == EXIT_DONE) {
        code = invocation_input(invocation, &file);
    }
    if (code == EXIT_DONE) {
        struct work *self = calloc(1, sizeof *self);
        if (self) {
            self->judge = (struct judge){rules, model};
            code = classify_all(self, file);
            free(self);
        } else {
            code = complain(EXIT_COULD_NOT, "out of memory", NULL);
        }
    }
    if (file && file != stdin) {
        (void)fclose(file);
    }
    free(model);
    rules_destroy(&rules);
    return code;
}
