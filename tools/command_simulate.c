/* command_simulate.c - troupe simulate: what a run would take, on workers that are only imagined.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/command.h"
#include "tools/json.h"
#include "tools/simulate.h"
#include "tools/simulate_scaling.h"

enum {
    FILES_MAX = 1000000,
    WORKERS_MAX = 10000,
    SECONDS_MAX = 1000000000,
    POLICY_SIZE_MAX = 65536
};

struct inputs {
    struct simulate_file *files;
    size_t count;
    size_t capacity;
    bool whole; /* --no-split */
    struct simulate_kill kills[GIVEN_MAX];
    uint64_t joins_us[GIVEN_MAX];
    struct simulate_terms terms;
    struct scaling_arrival *arrivals; /* has the capacity when there are no files */
    size_t arrivals_count;
};

/* ---- options ---- */

/* A number from `least` to `most` that is the whole of `text`. */
static bool read_number(const char *text, double least, double most, double *ret_number)
{
    char *end = NULL;
    double number = strtod(text, &end);
    bool good = end != text && *end == '\0' && number >= least && number <= most;
    if (good) {
        *ret_number = number;
    }
    return good;
}

static int read_option(const struct invocation *invocation, const char *name, double most,
                       double *number)
{
    const char *text = invocation_value(invocation, name);
    if (text && !read_number(text, 0, most, number)) {
        return complainf(EXIT_USAGE, NULL, "--%s %.100s: not a number from 0 to %.0f", name, text,
                         most);
    }
    return EXIT_DONE;
}

static uint64_t as_us(double seconds)
{
    return (uint64_t)llround(seconds * 1e6);
}

static int add_kill(struct inputs *self, const char *text)
{
    char worker[16];
    size_t size = strcspn(text, "@");
    double number = 0;
    double seconds = 0;
    (void)snprintf(worker, sizeof worker, "%.*s", size < sizeof worker ? (int)size : 0, text);
    if (text[size] != '@' || !read_number(worker, 0, WORKERS_MAX, &number) ||
        floor(number) < number || !read_number(text + size + 1, 0, SECONDS_MAX, &seconds)) {
        return complainf(EXIT_USAGE, "Write --kill 3@60.", "--kill %.100s: not WORKER@SECONDS",
                         text);
    }
    self->kills[self->terms.kills_count++] =
        (struct simulate_kill){.worker = (size_t)number, .at_us = as_us(seconds)};
    return EXIT_DONE;
}

static int add_join(struct inputs *self, const char *text)
{
    double seconds = 0;
    if (!read_number(text, 0, SECONDS_MAX, &seconds)) {
        return complainf(EXIT_USAGE, NULL, "--join %.100s: not a number of seconds", text);
    }
    self->joins_us[self->terms.joins_count++] = as_us(seconds);
    return EXIT_DONE;
}

/* Options that may be given again and again. */
static int read_events(const struct invocation *invocation, struct inputs *self)
{
    int code = EXIT_DONE;
    for (size_t i = 0; i < invocation->given_count && code == EXIT_DONE; i++) {
        const struct given *given = &invocation->given[i];
        if (strcmp(given->option->arg.name, "kill") == 0) {
            code = add_kill(self, given->value);
        } else if (strcmp(given->option->arg.name, "join") == 0) {
            code = add_join(self, given->value);
        }
    }
    size_t workers = self->terms.workers + self->terms.joins_count;
    for (size_t i = 0; i < self->terms.kills_count && code == EXIT_DONE; i++) {
        if (self->kills[i].worker >= workers) {
            code = complainf(EXIT_USAGE, "Workers count from 0.", "--kill %zu: there are %zu",
                             self->kills[i].worker, workers);
        }
    }
    return code;
}

static int read_options(const struct invocation *invocation, struct inputs *self)
{
    double workers = 0;
    double boot_s = 0;
    double per_file_s = 0;
    double seed = 1;
    if (!invocation_value(invocation, "workers")) {
        return complain(EXIT_USAGE, "say how many: --workers N", NULL);
    }
    int code = read_option(invocation, "workers", WORKERS_MAX, &workers);
    code = code ? code : read_option(invocation, "boot-s", SECONDS_MAX, &boot_s);
    code = code ? code : read_option(invocation, "per-file-s", SECONDS_MAX, &per_file_s);
    code = code ? code : read_option(invocation, "speed-sd", 10, &self->terms.speed_sd);
    code = code ? code : read_option(invocation, "seed", 1e15, &seed);
    if (code == EXIT_DONE && (workers < 1 || floor(workers) < workers)) {
        code = complain(EXIT_USAGE, "--workers: a whole number, at least 1", NULL);
    }
    self->terms.workers = (size_t)workers;
    self->terms.boot_us = as_us(boot_s);
    self->terms.per_file_us = as_us(per_file_s);
    self->terms.seed = (uint64_t)seed;
    self->terms.unknown_us = invocation->config.partitioner.unknown_ms * 1000;
    self->terms.kills = self->kills;
    self->terms.joins_us = self->joins_us;
    self->whole = invocation_flag(invocation, "no-split");
    self->terms.no_relief = invocation_flag(invocation, "no-relief");
    return code == EXIT_DONE ? read_events(invocation, self) : code;
}

/* ---- files ---- */

static void make_whole(struct simulate_file *file)
{
    free(file->tests_us);
    file->tests_us = NULL;
    file->tests = 1;
}

static int add_line(struct inputs *self, const char *line, size_t number)
{
    char why[256];
    if (self->count == FILES_MAX) {
        return complainf(EXIT_USAGE, NULL, "more than %d files", FILES_MAX);
    }
    if (self->count == self->capacity) {
        size_t capacity = self->capacity ? 2 * self->capacity : 256;
        struct simulate_file *files = realloc(self->files, capacity * sizeof *files);
        if (!files) {
            return complain(EXIT_COULD_NOT, "out of memory", NULL);
        }
        self->files = files;
        self->capacity = capacity;
    }
    enum err err = json_read_simulated(line, &self->files[self->count], why, sizeof why);
    if (err == ERR_MALFORMED) {
        return complainf(EXIT_USAGE,
                         "Each line is {\"file\":\"a.test.ts\",\"expected_s\":1.5,\"actual_s\":1.7,"
                         "\"tests\":[0.7,1.0]}.",
                         "line %zu: %s", number, why);
    }
    if (err != ERR_OK) {
        return complain(EXIT_COULD_NOT, "out of memory", NULL);
    }
    if (self->whole) {
        make_whole(&self->files[self->count]);
    }
    self->count++;
    return EXIT_DONE;
}

/* Hands each line that is not empty to `take`, with its number from 1. */
static int read_lines(FILE *file, int (*take)(struct inputs *, const char *, size_t),
                      struct inputs *self)
{
    char *line = NULL;
    size_t capacity = 0;
    int code = EXIT_DONE;
    for (size_t number = 1; code == EXIT_DONE && getline(&line, &capacity, file) >= 0; number++) {
        if (line[strspn(line, " \t\r\n")] != '\0') {
            code = take(self, line, number);
        }
    }
    free(line);
    if (code == EXIT_DONE && ferror(file)) {
        code = complain(EXIT_COULD_NOT, "the list cannot be read", NULL);
    }
    if (file != stdin) {
        (void)fclose(file);
    }
    return code;
}

static int read_files(const struct invocation *invocation, struct inputs *self)
{
    FILE *file = NULL;
    int code = invocation_input(invocation, &file);
    return code == EXIT_DONE ? read_lines(file, add_line, self) : code;
}

static int play(struct inputs *self)
{
    self->terms.files = self->files;
    self->terms.files_count = self->count;
    struct simulate_result result;
    enum err err = simulate(&self->terms, &result);
    if (err != ERR_OK) {
        return complain(EXIT_COULD_NOT, "out of memory", NULL);
    }
    err = json_simulated(stdout, &result);
    uint64_t wrong = result.lost + result.doubled;
    free(result.workers);
    if (err != ERR_OK) {
        return complain(EXIT_COULD_NOT, "the result cannot be written", NULL);
    }
    return wrong > 0 ? complain(EXIT_NEGATIVE, "tests were lost: no worker was left", NULL)
                     : EXIT_DONE;
}

/* ---- scaling ---- */

static int open_file(const char *path, FILE **ret_file)
{
    *ret_file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    return *ret_file ? EXIT_DONE
                     : complainf(EXIT_USAGE, NULL, "%.300s: %s", path, strerrordesc_np(errno));
}

static int read_policy(const char *path, struct scaling_policy *policy)
{
    char text[POLICY_SIZE_MAX];
    char why[256] = "out of memory";
    FILE *file = NULL;
    int code = open_file(path, &file);
    if (code != EXIT_DONE) {
        return code;
    }
    size_t size = fread(text, 1, sizeof text, file);
    bool whole = size < sizeof text && !ferror(file);
    if (file != stdin) {
        (void)fclose(file);
    }
    if (!whole) {
        return complainf(EXIT_USAGE, NULL, "%.300s cannot be read, or is too long", path);
    }
    return scaling_policy_read(text, size, policy, why, sizeof why) == ERR_OK
               ? EXIT_DONE
               : complainf(EXIT_USAGE, "troupe(1) lists the keys of a policy.", "%.300s: %s", path,
                           why);
}

static int add_arrival(struct inputs *self, const char *line, size_t number)
{
    char why[256];
    if (self->arrivals_count == FILES_MAX) {
        return complainf(EXIT_USAGE, NULL, "more than %d arrivals", FILES_MAX);
    }
    if (self->arrivals_count == self->capacity) {
        size_t capacity = self->capacity ? 2 * self->capacity : 256;
        struct scaling_arrival *arrivals = realloc(self->arrivals, capacity * sizeof *arrivals);
        if (!arrivals) {
            return complain(EXIT_COULD_NOT, "out of memory", NULL);
        }
        self->arrivals = arrivals;
        self->capacity = capacity;
    }
    if (json_read_arrival(line, &self->arrivals[self->arrivals_count], why, sizeof why) != ERR_OK) {
        return complainf(EXIT_USAGE, "Each line is {\"at_s\":60,\"cpu_s\":1800}.", "line %zu: %s",
                         number, why);
    }
    self->arrivals_count++;
    return EXIT_DONE;
}

static int play_scaling(const struct invocation *invocation, struct inputs *self)
{
    const char *arrivals = invocation_value(invocation, "arrivals");
    struct scaling_policy policy;
    FILE *file = NULL;
    if (!arrivals || invocation->words_count > 0) {
        return complain(EXIT_USAGE, "--policy goes with --arrivals FILE, and with no other file",
                        NULL);
    }
    int code = read_policy(invocation_value(invocation, "policy"), &policy);
    code = code == EXIT_DONE ? open_file(arrivals, &file) : code;
    code = code == EXIT_DONE ? read_lines(file, add_arrival, self) : code;
    if (code != EXIT_DONE) {
        return code;
    }
    struct scaling_result result;
    enum err err = simulate_scaling(&policy, self->arrivals, self->arrivals_count, &result);
    if (err != ERR_OK) {
        return complainf(EXIT_COULD_NOT, NULL, "%s", err_text(err));
    }
    err = json_scaled(stdout, &result);
    free(result.instances);
    return err == ERR_OK ? EXIT_DONE
                         : complain(EXIT_COULD_NOT, "the result cannot be written", NULL);
}

static int play_files(const struct invocation *invocation, struct inputs *self)
{
    int code = read_options(invocation, self);
    code = code == EXIT_DONE ? read_files(invocation, self) : code;
    return code == EXIT_DONE ? play(self) : code;
}

int command_simulate(struct invocation *invocation)
{
    struct inputs self = {.count = 0};
    bool scaling =
        invocation_value(invocation, "policy") || invocation_value(invocation, "arrivals");
    int code = invocation_configure(invocation);
    if (code == EXIT_DONE && scaling && !invocation_value(invocation, "policy")) {
        code = complain(EXIT_USAGE, "--arrivals goes with --policy FILE", NULL);
    }
    if (code == EXIT_DONE) {
        code = scaling ? play_scaling(invocation, &self) : play_files(invocation, &self);
    }
    free(self.arrivals);
    for (size_t i = 0; i < self.count; i++) {
        free(self.files[i].tests_us);
    }
    free(self.files);
    return code;
}
