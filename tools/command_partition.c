/* command_partition.c - troupe partition: the production scheduling code on a list of files. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/common/schedule.h"
#include "tools/command.h"
#include "tools/json.h"

enum { PARTITION_FILES_MAX = 1000000 };

struct partition {
    char **files; /* as read */
    struct schedule_file *plan;
    size_t count;
    size_t capacity;
};

static void fini(struct partition *self)
{
    for (size_t i = 0; i < self->count; i++) {
        free(self->files[i]);
    }
    free(self->files);
    free(self->plan);
}

static enum err grow(struct partition *self)
{
    if (self->count < self->capacity) {
        return ERR_OK;
    }
    size_t capacity = self->capacity ? self->capacity * 2 : 256;
    char **files = realloc(self->files, capacity * sizeof *files);
    self->files = files ? files : self->files;
    struct schedule_file *plan = files ? realloc(self->plan, capacity * sizeof *plan) : NULL;
    self->plan = plan ? plan : self->plan;
    self->capacity = plan ? capacity : self->capacity;
    return plan ? ERR_OK : ERR_MEMORY;
}

static int add_line(struct partition *self, const char *line, size_t number)
{
    struct json_target target = {NULL, -1};
    char why[256];
    if (self->count == PARTITION_FILES_MAX) {
        return complainf(EXIT_USAGE, NULL, "more than %d files", PARTITION_FILES_MAX);
    }
    enum err err = json_read_target(line, &target, why, sizeof why);
    if (err == ERR_MALFORMED) {
        return complainf(EXIT_USAGE, "Each line is {\"file\":\"a.test.ts\",\"expected_s\":1.5}.",
                         "line %zu: %s", number, why);
    }
    if (err == ERR_OK) {
        err = grow(self);
    }
    if (err != ERR_OK) {
        free(target.file);
        return complain(EXIT_COULD_NOT, "out of memory", NULL);
    }
    self->files[self->count] = target.file;
    self->plan[self->count] =
        (struct schedule_file){.index = self->count, .expected_us = target.expected_us};
    self->count++;
    return EXIT_DONE;
}

static int read_all(struct partition *self, FILE *file)
{
    char *line = NULL;
    size_t capacity = 0;
    int code = EXIT_DONE;
    for (size_t number = 1; code == EXIT_DONE && getline(&line, &capacity, file) >= 0; number++) {
        if (line[strspn(line, " \t\r\n")] != '\0') {
            code = add_line(self, line, number);
        }
    }
    free(line);
    if (code == EXIT_DONE && ferror(file)) {
        code = complain(EXIT_COULD_NOT, "the list cannot be read", NULL);
    }
    return code;
}

static enum err cut(const struct partition *self, size_t workers, uint64_t unknown_us)
{
    size_t *worker = calloc(self->count + 1, sizeof *worker);
    const char **files = calloc(self->count + 1, sizeof *files);
    struct schedule_plan plan;
    schedule_order(self->plan, self->count, unknown_us);
    enum err err = worker && files ? schedule_cut(self->plan, self->count, workers, worker, &plan)
                                   : ERR_MEMORY;
    for (size_t i = 0; i < self->count && err == ERR_OK; i++) {
        files[i] = self->files[self->plan[i].index];
    }
    if (err == ERR_OK) {
        err =
            json_partition(stdout, &(struct json_partition){.files = files,
                                                            .worker = worker,
                                                            .count = self->count,
                                                            .workers = workers,
                                                            .makespan_us = plan.makespan_us,
                                                            .lower_bound_us = plan.lower_bound_us});
    }
    free(worker);
    free(files);
    return err;
}

int command_partition(struct invocation *invocation)
{
    int code = invocation_configure(invocation);
    if (code == EXIT_DONE && !invocation_value(invocation, "workers")) {
        code = complain(EXIT_USAGE, "say over how many: --workers N", NULL);
    }
    if (code == EXIT_DONE) {
        code = invocation_set(invocation, "workers", "run.workers");
    }
    size_t workers = (size_t)invocation->config.run.workers;
    if (code == EXIT_DONE && workers == 0) {
        code = complain(EXIT_USAGE, "--workers 0: at least one", NULL);
    }
    FILE *file = NULL;
    if (code == EXIT_DONE) {
        code = invocation_input(invocation, &file);
    }
    if (code != EXIT_DONE) {
        return code;
    }
    struct partition self = {0};
    code = read_all(&self, file);
    if (file != stdin) {
        (void)fclose(file);
    }
    if (code == EXIT_DONE &&
        cut(&self, workers, invocation->config.partitioner.unknown_ms * 1000) != ERR_OK) {
        code = complain(EXIT_COULD_NOT, "out of memory, or the result cannot be written", NULL);
    }
    fini(&self);
    return code;
}
