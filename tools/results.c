/* results.c - results of a run, and how they are collected. */
#include "tools/results.h"

#include <stdlib.h>
#include <string.h>

enum { JOBS_MAX = 16777216 }; /* more than coordinator.jobs_max can be */

/* Rows of a job whose FILE_ROW has not come. */
struct open_job {
    struct open_job *next;
    uint64_t job;
    struct test_result *tests;
    size_t count;
    size_t capacity;
};

struct collect {
    struct open_job *open;
    unsigned char *seen; /* a bit per job */
    size_t seen_size;
    uint64_t count; /* of them */
    uint64_t after;
    uint64_t hole; /* sequence number of the first file of this page with rows missing; 0: none */
};

/* ---- plain data ---- */

static void free_tests(struct test_result *tests, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(tests[i].name);
        free(tests[i].message);
    }
    free(tests);
}

void file_result_free(struct file_result **file)
{
    struct file_result *self = *file;
    if (!self) {
        return;
    }
    free(self->file);
    free(self->worker);
    free(self->message);
    free_tests(self->tests, self->count);
    free(self);
    *file = NULL;
}

enum err results_add(struct results *self, struct file_result **file)
{
    if (self->count == self->capacity) {
        size_t capacity = self->capacity ? self->capacity * 2 : 64;
        struct file_result **files = realloc(self->files, capacity * sizeof *files);
        if (!files) {
            return ERR_MEMORY;
        }
        self->files = files;
        self->capacity = capacity;
    }
    self->files[self->count++] = *file;
    *file = NULL;
    return ERR_OK;
}

static int by_name(const void *a, const void *b)
{
    const struct file_result *const *one = a;
    const struct file_result *const *other = b;
    return strcmp((*one)->file, (*other)->file);
}

void results_sort(struct results *self)
{
    if (self->count > 1) {
        qsort(self->files, self->count, sizeof *self->files, by_name);
    }
}

void results_fini(struct results *self)
{
    for (size_t i = 0; i < self->count; i++) {
        file_result_free(&self->files[i]);
    }
    free(self->files);
    *self = (struct results){0};
}

/* ---- collecting ---- */

enum err collect_new(struct collect **ret_collect)
{
    *ret_collect = calloc(1, sizeof **ret_collect);
    return *ret_collect ? ERR_OK : ERR_MEMORY;
}

static void drop_job(struct open_job **at)
{
    struct open_job *job = *at;
    *at = job->next;
    free_tests(job->tests, job->count);
    free(job);
}

void collect_destroy(struct collect **collect)
{
    struct collect *self = *collect;
    if (!self) {
        return;
    }
    while (self->open) {
        drop_job(&self->open);
    }
    free(self->seen);
    free(self);
    *collect = NULL;
}

uint64_t collect_after(const struct collect *self)
{
    return self->after;
}

uint64_t collect_count(const struct collect *self)
{
    return self->count;
}

void collect_again(struct collect *self)
{
    self->after = 0;
}

bool collect_page(struct collect *self, uint64_t seq)
{
    bool whole = self->hole == 0;
    uint64_t to = whole ? seq : self->hole - 1;
    self->after = to > self->after ? to : self->after;
    self->hole = 0;
    return whole;
}

static struct open_job **find_job(struct collect *self, uint64_t number)
{
    struct open_job **at = &self->open;
    while (*at && (*at)->job != number) {
        at = &(*at)->next;
    }
    return at;
}

static bool was_seen(const struct collect *self, uint64_t job)
{
    return job / 8 < self->seen_size && (self->seen[job / 8] >> (job % 8) & 1) != 0;
}

static enum err mark_seen(struct collect *self, uint64_t job)
{
    if (job >= JOBS_MAX) {
        return ERR_LIMIT;
    }
    if (job / 8 >= self->seen_size) {
        size_t size = (size_t)(job / 8 + 1) * 2;
        unsigned char *seen = realloc(self->seen, size);
        if (!seen) {
            return ERR_MEMORY;
        }
        memset(seen + self->seen_size, 0, size - self->seen_size);
        self->seen = seen;
        self->seen_size = size;
    }
    self->seen[job / 8] |= (unsigned char)(1u << (job % 8));
    self->count++;
    return ERR_OK;
}

static char *copy(struct msg_str text)
{
    char *to = malloc((size_t)text.size + 1);
    if (to) {
        memcpy(to, text.at, text.size);
        to[text.size] = '\0';
    }
    return to;
}

static enum err grow(struct open_job *job)
{
    if (job->count < job->capacity) {
        return ERR_OK;
    }
    size_t capacity = job->capacity ? job->capacity * 2 : 16;
    struct test_result *tests = realloc(job->tests, capacity * sizeof *tests);
    if (!tests) {
        return ERR_MEMORY;
    }
    job->tests = tests;
    job->capacity = capacity;
    return ERR_OK;
}

static enum err add_test(struct open_job *job, const struct msg_test_row *row)
{
    /* A page that comes again begins the job anew; rows come in the order of their index. */
    for (size_t i = job->count; i > 0 && job->tests[i - 1].index >= row->index; i--) {
        if (job->tests[i - 1].index == row->index) {
            return ERR_OK;
        }
    }
    enum err err = grow(job);
    if (err != ERR_OK) {
        return err;
    }
    struct test_result test = {.name = copy(row->test),
                               .message = copy(row->message),
                               .index = row->index,
                               .status = (enum term)row->status,
                               .duration_us = row->duration_us,
                               .line = row->line,
                               .column = row->column};
    if (!test.name || !test.message) {
        free(test.name);
        free(test.message);
        return ERR_MEMORY;
    }
    size_t at = job->count++;
    for (; at > 0 && job->tests[at - 1].index > test.index; at--) {
        job->tests[at] = job->tests[at - 1];
    }
    job->tests[at] = test;
    return ERR_OK;
}

enum err collect_test(struct collect *self, const struct msg_test_row *row)
{
    struct open_job **at = find_job(self, row->job);
    if (!*at) {
        *at = calloc(1, sizeof **at);
        if (!*at) {
            return ERR_MEMORY;
        }
        (*at)->job = row->job;
    }
    return add_test(*at, row);
}

static struct file_result *new_file(const struct msg_file_row *row)
{
    struct file_result *file = calloc(1, sizeof *file);
    if (!file) {
        return NULL;
    }
    file->file = copy(row->file);
    file->worker = copy(row->worker);
    file->message = copy(row->message);
    if (!file->file || !file->worker || !file->message) {
        file_result_free(&file);
        return NULL;
    }
    file->job = row->job;
    file->seq = row->seq;
    file->status = (enum term)row->status;
    file->outcome = (enum term)row->outcome;
    file->planned = row->planned;
    file->duration_us = row->duration_us;
    file->attempts = row->attempts;
    file->cached = row->cached;
    file->audited = row->audited;
    return file;
}

enum err collect_file(struct collect *self, const struct msg_file_row *row,
                      struct file_result **ret_file)
{
    *ret_file = NULL;
    struct open_job **at = find_job(self, row->job);
    size_t have = *at ? (*at)->count : 0;
    bool known = was_seen(self, row->job);
    if (known || have != row->tests) {
        if (!known && (self->hole == 0 || row->seq < self->hole)) {
            self->hole = row->seq;
        }
        if (*at) {
            drop_job(at);
        }
        return ERR_OK;
    }
    struct file_result *file = new_file(row);
    if (!file) {
        return ERR_MEMORY;
    }
    enum err err = mark_seen(self, row->job);
    if (err != ERR_OK) {
        file_result_free(&file);
        return err;
    }
    if (*at) {
        file->tests = (*at)->tests;
        file->count = (*at)->count;
        (*at)->tests = NULL;
        (*at)->count = 0;
        drop_job(at);
    }
    *ret_file = file;
    return ERR_OK;
}
