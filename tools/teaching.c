/* teaching.c - corrections: one file with them, one with what a model has learned of them. */
#include "tools/teaching.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/place.h"

static size_t count_lines(FILE *file)
{
    size_t count = 0;
    for (int c = 0; (c = getc(file)) != EOF;) {
        count += c == '\n';
    }
    return count;
}

enum err teaching_note(const char *state_dir, const struct json_taught *taught)
{
    char path[PATH_MAX];
    enum err err = place_join(state_dir, JUDGE_TAUGHT_NAME, path);
    int fd = err == ERR_OK ? open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600) : -1;
    FILE *file = fd >= 0 ? fdopen(fd, "a+") : NULL;
    if (!file) {
        if (fd >= 0) {
            (void)close(fd); /* nothing was written */
        }
        return err == ERR_OK ? ERR_IO : err;
    }
    /* Two at a time would both find room. */
    err = flock(fd, LOCK_EX) == 0 ? ERR_OK : ERR_IO;
    rewind(file);
    if (err == ERR_OK && count_lines(file) >= TAUGHT_MAX) {
        err = ERR_LIMIT;
    }
    err = err == ERR_OK ? json_taught(file, taught) : err;
    if ((fflush(file) != 0 || fsync(fd) != 0) && err == ERR_OK) {
        err = ERR_IO;
    }
    return fclose(file) != 0 && err == ERR_OK ? ERR_IO : err;
}

/* ---- learning ---- */

struct lessons {
    struct lesson *list; /* owned, with their buckets */
    size_t count;
    size_t room;
};

static void lessons_free(struct lessons *self)
{
    for (size_t i = 0; i < self->count; i++) {
        free(self->list[i].buckets);
    }
    free(self->list);
}

/* What the model would be asked about a text; of one that it is not asked about, nothing. */
static enum err add_lesson(struct lessons *self, const struct rules *rules,
                           const struct classify_input *input, enum rules_label label)
{
    const struct judge judge = {.rules = rules};
    if (self->count == self->room) {
        size_t room = self->room ? 2 * self->room : 64;
        struct lesson *list = realloc(self->list, room * sizeof *list);
        if (!list) {
            return ERR_MEMORY;
        }
        self->list = list;
        self->room = room;
    }
    struct classification *result = malloc(sizeof *result);
    if (!result) {
        return ERR_MEMORY;
    }
    enum err err = ERR_OK;
    classify_with(&judge, input, result);
    if (!result->is_certain) {
        classify_features(result);
        err = lesson_init(&result->features, label, 1.0F, &self->list[self->count]);
        self->count += err == ERR_OK;
    }
    free(result);
    return err;
}

static enum err read_taught(const char *state_dir, const struct rules *rules, struct lessons *to)
{
    char path[PATH_MAX];
    enum err err = place_join(state_dir, JUDGE_TAUGHT_NAME, path);
    FILE *file = err == ERR_OK ? fopen(path, "re") : NULL;
    if (!file) {
        return err == ERR_OK ? ERR_IO : err;
    }
    char *line = NULL;
    size_t capacity = 0;
    ssize_t size = 0;
    while (err == ERR_OK && to->count < TAUGHT_MAX &&
           (size = getline(&line, &capacity, file)) >= 0) {
        struct json_taught taught;
        err = json_read_taught(line, (size_t)size, &taught);
        if (err == ERR_OK) {
            const struct classify_input input = {taught.message, strlen(taught.message),
                                                 taught.file, -1};
            err = add_lesson(to, rules, &input, taught.label);
            json_taught_fini(&taught);
        }
        err = err == ERR_MALFORMED ? ERR_OK : err; /* judge.c leaves it out, too */
    }
    free(line);
    (void)fclose(file); /* read only: nothing can be lost */
    return err;
}

/* Examples of the shipped rules; what a project's own rules win is never asked of the model. */
static enum err read_examples(const struct rules *rules, struct lessons *to)
{
    enum err err = ERR_OK;
    for (size_t i = 0; i < rules->examples_count && err == ERR_OK; i++) {
        const struct rules_example *example = &rules->examples[i];
        const struct classify_input input = {example->text, strlen(example->text), example->source,
                                             example->exit};
        for (size_t j = 0; j < rules->count && example->wanted; j++) {
            if (!rules->list[j].is_own && rules->list[j].name == example->rule) {
                err = add_lesson(to, rules, &input, rules->list[j].label);
            }
        }
    }
    return err;
}

static enum err write_model(const char *state_dir, const struct model *model)
{
    char path[PATH_MAX];
    char fresh[PATH_MAX];
    enum err err = place_join(state_dir, MODEL_FILE_NAME, path);
    err = err == ERR_OK ? place_join(state_dir, "." MODEL_FILE_NAME ".new", fresh) : err;
    unsigned char *bytes = err == ERR_OK ? malloc(MODEL_FILE_SIZE) : NULL;
    if (!bytes) {
        return err == ERR_OK ? ERR_MEMORY : err;
    }
    model_write(model, bytes);
    FILE *file = fopen(fresh, "we");
    err = file && fwrite(bytes, 1, MODEL_FILE_SIZE, file) == MODEL_FILE_SIZE ? ERR_OK : ERR_IO;
    if (file && fclose(file) != 0) {
        err = ERR_IO;
    }
    err = err == ERR_OK && rename(fresh, path) != 0 ? ERR_IO : err;
    if (err != ERR_OK) {
        (void)unlink(fresh); /* may not be there */
    }
    free(bytes);
    return err;
}

enum err teaching_learn(const char *state_dir, const struct judge_files *files,
                        struct teach_sums *ret_sums)
{
    const struct model *base = files->base ? files->base : files->model;
    struct lessons taught = {.list = NULL};
    struct lessons tried = {.list = NULL};
    *ret_sums = (struct teach_sums){.rounds = 0};
    if (!base) {
        return ERR_OK;
    }
    struct model *made = malloc(sizeof *made);
    enum err err = made ? read_taught(state_dir, files->rules, &taught) : ERR_MEMORY;
    err = err == ERR_OK ? read_examples(files->rules, &tried) : err;
    if (err == ERR_OK) {
        err = teach(base, &(struct teach_texts){taught.list, taught.count},
                    &(struct teach_texts){tried.list, tried.count}, made, ret_sums);
    }
    err = err == ERR_OK ? write_model(state_dir, made) : err;
    lessons_free(&taught);
    lessons_free(&tried);
    free(made);
    return err;
}
