/* judge.c - finds and loads what names the kind of errors. */
#include "tools/judge.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/json.h"
#include "tools/place.h"

enum err judge_open_rules(const char *config_dir, struct judge_files *files,
                          char why[JUDGE_WHY_SIZE])
{
    char path[PATH_MAX];
    char base[PATH_MAX];
    struct config_report report;
    enum err err = place_config(config_dir, RULES_FILE_NAME, path);
    if (err != ERR_OK) {
        (void)snprintf(why, JUDGE_WHY_SIZE,
                       "there is no " RULES_FILE_NAME ": give its directory with --config DIR");
        return ERR_NOT_FOUND;
    }
    bool shipped = place_default(RULES_FILE_NAME, base) == ERR_OK && strcmp(base, path) != 0;
    config_report_clear(&report);
    err = rules_load(path, shipped ? base : NULL, &files->rules, &report);
    if (err != ERR_OK) {
        config_report_print(stderr, &report);
        (void)snprintf(why, JUDGE_WHY_SIZE, "the rules of %s are not valid", path);
        return err;
    }
    if (files->rules->warnings.count > 0) {
        config_report_print(stderr, &files->rules->warnings);
    }
    return ERR_OK;
}

/* A model that was trained with these rules at hand: beside them, or beside the shipped ones that
 * they lie over.  Rules that stand alone decide alone when there is none. */
static enum err load_model(const char *config_dir, const struct rules *rules,
                           struct model **ret_model)
{
    char path[PATH_MAX];
    char beside[PATH_MAX];
    enum err err = place_config(config_dir, RULES_FILE_NAME, path);
    err = err == ERR_OK ? place_beside(path, MODEL_FILE_NAME, beside) : err;
    if (err == ERR_OK && rules->is_over && access(beside, F_OK) != 0) {
        err = place_default(MODEL_FILE_NAME, beside);
    }
    return err == ERR_OK ? model_load(beside, ret_model) : err;
}

/* What was taught stands for the model below only as long as that is the same. */
static enum err load_taught_model(const char *state_dir, struct judge_files *files)
{
    char path[PATH_MAX];
    struct model *made = NULL;
    enum err err = place_join(state_dir, MODEL_FILE_NAME, path);
    err = err == ERR_OK ? model_load(path, &made) : err;
    if (err == ERR_OK && made->base == files->model->sum) {
        files->base = files->model;
        files->model = made;
        return ERR_OK;
    }
    free(made);
    return err == ERR_OK || err == ERR_NOT_FOUND || err == ERR_MALFORMED ? ERR_OK : err;
}

static const struct rules_route *route_of(const struct rules *rules, const char *name)
{
    for (size_t i = 0; name && i < rules->routes_count; i++) {
        if (strcmp(rules->routes[i].name, name) == 0) {
            return &rules->routes[i];
        }
    }
    return NULL;
}

/* A line that cannot be read, as after a full disk, costs that correction and no other. */
static enum err load_taught(const char *state_dir, struct judge_files *files)
{
    char path[PATH_MAX];
    enum err err = place_join(state_dir, JUDGE_TAUGHT_NAME, path);
    FILE *file = err == ERR_OK ? fopen(path, "re") : NULL;
    if (!file) {
        return err == ERR_OK && errno != ENOENT ? ERR_IO : err;
    }
    char *line = NULL;
    size_t capacity = 0;
    ssize_t size = 0;
    files->taught = calloc(1, sizeof *files->taught);
    err = files->taught ? ERR_OK : ERR_MEMORY;
    for (size_t i = 0; err == ERR_OK && i < TAUGHT_MAX; i++) {
        size = getline(&line, &capacity, file);
        if (size < 0) {
            break;
        }
        struct json_taught taught;
        err = json_read_taught(line, (size_t)size, &taught);
        if (err == ERR_OK) {
            const struct taught_label label = {taught.fingerprint, taught.label,
                                               route_of(files->rules, taught.route)};
            (void)taught_add(files->taught, &label); /* TAUGHT_MAX lines have room */
            json_taught_fini(&taught);
        }
        err = err == ERR_MALFORMED ? ERR_OK : err;
    }
    free(line);
    (void)fclose(file); /* read only: nothing can be lost */
    return err;
}

static enum err open_all(const struct judge_wish *wish, struct judge_files *files,
                         char why[JUDGE_WHY_SIZE])
{
    enum err err = judge_open_rules(wish->config_dir, files, why);
    if (err != ERR_OK) {
        return err;
    }
    if (wish->model) {
        err = load_model(wish->config_dir, files->rules, &files->model);
        if (err != ERR_OK && err != ERR_NOT_FOUND) {
            (void)snprintf(why, JUDGE_WHY_SIZE,
                           MODEL_FILE_NAME " cannot be used: remove it or train it again");
            return err;
        }
    }
    if (wish->state_dir) {
        err = files->model ? load_taught_model(wish->state_dir, files) : ERR_OK;
        err = err == ERR_OK ? load_taught(wish->state_dir, files) : err;
    }
    if (err != ERR_OK && err != ERR_NOT_FOUND) {
        (void)snprintf(why, JUDGE_WHY_SIZE, "what was taught cannot be read: %s", err_text(err));
        return err;
    }
    files->judge = (struct judge){files->rules, files->model, files->taught};
    return ERR_OK;
}

enum err judge_open(const struct judge_wish *wish, struct judge_files *ret_files,
                    char why[JUDGE_WHY_SIZE])
{
    *ret_files = (struct judge_files){.rules = NULL};
    enum err err = open_all(wish, ret_files, why);
    if (err != ERR_OK) {
        judge_close(ret_files);
    }
    return err;
}

void judge_close(struct judge_files *files)
{
    rules_destroy(&files->rules);
    free(files->model);
    free(files->base);
    free(files->taught);
    *files = (struct judge_files){.rules = NULL};
}
