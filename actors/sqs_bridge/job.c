/* job.c - requests for runs: their keys in one table, read and written by it. */
#include "actors/sqs_bridge/job.h"

#include <assert.h>
#include <ctype.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/common/ulid.h"
#include "actors/sqs_bridge/sigv4.h"

enum { ENV_MAX = MSG_MAX_submit_env, FILE_MAX = MSG_MAX_run_file_file };

static_assert((int)ULID_SIZE == (int)JOB_RUN_SIZE, "the name of a run is a ULID");

enum kind { KIND_TEXT, KIND_NUMBER, KIND_FLAG, KIND_MODE, KIND_FILES, KIND_ENV };

/* A key of a request, and where its value goes. */
struct key {
    const char *name;
    enum kind kind;
    size_t at;    /* of the field in struct job */
    uint64_t max; /* bytes of a text, or the largest number */
};

#define KEY(name, kind, max)                                                                       \
    {                                                                                              \
#name, kind, offsetof(struct job, name), max                                               \
    }
static const struct key keys[] = {
    KEY(run, KIND_TEXT, JOB_RUN_SIZE),
    KEY(dir, KIND_TEXT, MSG_MAX_submit_dir),
    KEY(root, KIND_TEXT, MSG_MAX_submit_root),
    KEY(snapshot, KIND_TEXT, MSG_MAX_submit_snapshot),
    KEY(runner, KIND_TEXT, MSG_MAX_submit_runner),
    KEY(command, KIND_TEXT, MSG_MAX_submit_command),
    KEY(origin, KIND_TEXT, MSG_MAX_submit_origin),
    KEY(env, KIND_ENV, ENV_MAX),
    KEY(workers, KIND_NUMBER, 1024),
    KEY(retries, KIND_NUMBER, 100),
    KEY(timeout_ms, KIND_NUMBER, UINT64_C(2592000000)),
    KEY(fail_fast, KIND_FLAG, 0),
    KEY(fix, KIND_MODE, 0),
    KEY(heal, KIND_MODE, 0),
    KEY(files, KIND_FILES, JOB_FILES_MAX),
};
#undef KEY

enum { KEYS = sizeof keys / sizeof keys[0] };

/* A request being read. */
struct reader {
    struct job *job;
    const json_t *env; /* of the request; NULL: none */
    char *why;
};

/* The job's field that a key is about. */
static void *field(struct job *job, const struct key *key)
{
    return (char *)job + key->at;
}

/* Says what is wrong; what is not printable ASCII was somebody else's and becomes '?'. */
static enum err refuse(const struct reader *reader, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static enum err refuse(const struct reader *reader, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(reader->why, JOB_WHY_SIZE, format, args); /* a cut one says enough */
    va_end(args);
    for (char *at = reader->why; *at; at++) {
        if (*at < ' ' || *at > '~') {
            *at = '?';
        }
    }
    return ERR_MALFORMED;
}

/* ---- values ---- */

static enum err read_text(const struct reader *reader, const struct key *key, const json_t *value)
{
    const char *text = json_string_value(value);
    if (!text) {
        return refuse(reader, "\"%s\" is not a text", key->name);
    }
    if (json_string_length(value) > key->max) {
        return refuse(reader, "\"%s\" is longer than %llu bytes", key->name,
                      (unsigned long long)key->max);
    }
    if (*text) { /* an empty one is not given: the default stays */
        *(const char **)field(reader->job, key) = text;
    }
    return ERR_OK;
}

static enum err read_number(const struct reader *reader, const struct key *key, const json_t *value)
{
    json_int_t number = json_integer_value(value);
    if (!json_is_integer(value) || number < 0 || (uint64_t)number > key->max) {
        return refuse(reader, "\"%s\" is not a whole number up to %llu", key->name,
                      (unsigned long long)key->max);
    }
    *(uint64_t *)field(reader->job, key) = (uint64_t)number;
    return ERR_OK;
}

static enum err read_flag(const struct reader *reader, const struct key *key, const json_t *value)
{
    if (!json_is_boolean(value)) {
        return refuse(reader, "\"%s\" is neither true nor false", key->name);
    }
    *(bool *)field(reader->job, key) = json_is_true(value);
    return ERR_OK;
}

static enum err read_mode(const struct reader *reader, const struct key *key, const json_t *value)
{
    const char *word = json_string_value(value);
    uint64_t mode = word ? term_number("mode", word) : 0;
    if (mode == 0) {
        return refuse(reader, "\"%s\" is none of off, propose, apply", key->name);
    }
    *(enum term *)field(reader->job, key) = (enum term)mode;
    return ERR_OK;
}

/* Whether a path stays inside of where it begins. */
static bool path_is_inside(const char *path)
{
    for (const char *at = path; *at;) {
        size_t size = strcspn(at, "/");
        if (size == 2 && at[0] == '.' && at[1] == '.') {
            return false;
        }
        at += size;
        at += *at == '/';
    }
    return true;
}

static enum err read_file(const struct reader *reader, const json_t *value)
{
    const char *file = json_string_value(value);
    if (!file || !*file || json_string_length(value) > FILE_MAX) {
        return refuse(reader, "\"files\" has something that is no path");
    }
    if (file[0] == '/' || strchr(file, '\n') || !path_is_inside(file)) {
        return refuse(reader, "\"files\" has %.100s, which is not a path inside of \"dir\"", file);
    }
    return ERR_OK;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A file that is named twice would be run twice. */
static enum err check_doubles(const struct reader *reader)
{
    size_t count = reader->job->files_count;
    const char **sorted = calloc(count + 1, sizeof *sorted);
    if (!sorted) {
        return ERR_MEMORY;
    }
    enum err err = ERR_OK;
    for (size_t i = 0; i < count; i++) {
        sorted[i] = reader->job->files[i];
    }
    qsort(sorted, count, sizeof *sorted, compare_texts);
    for (size_t i = 1; i < count && err == ERR_OK; i++) {
        if (strcmp(sorted[i - 1], sorted[i]) == 0) {
            err = refuse(reader, "\"files\" has %.100s twice", sorted[i]);
        }
    }
    free(sorted);
    return err;
}

static enum err read_files(const struct reader *reader, const struct key *key, const json_t *value)
{
    struct job *job = reader->job;
    size_t count = json_array_size(value);
    if (!json_is_array(value) || count > key->max) {
        return refuse(reader, "\"files\" is not a list of at most %d", JOB_FILES_MAX);
    }
    job->files = calloc(count + 1, sizeof *job->files);
    if (!job->files) {
        return ERR_MEMORY;
    }
    enum err err = ERR_OK;
    for (size_t i = 0; i < count && err == ERR_OK; i++) {
        const json_t *file = json_array_get(value, i);
        err = read_file(reader, file);
        job->files[i] = json_string_value(file);
    }
    job->files_count = err == ERR_OK ? count : 0;
    return err == ERR_OK ? check_doubles(reader) : err;
}

static enum err read_key(struct reader *reader, const struct key *key, const json_t *value)
{
    switch (key->kind) {
    case KIND_TEXT:
        return read_text(reader, key, value);
    case KIND_NUMBER:
        return read_number(reader, key, value);
    case KIND_FLAG:
        return read_flag(reader, key, value);
    case KIND_MODE:
        return read_mode(reader, key, value);
    case KIND_FILES:
        return read_files(reader, key, value);
    case KIND_ENV:
        reader->env = value;
        return json_is_object(value) ? ERR_OK : refuse(reader, "\"env\" is not an object");
    }
    return ERR_MALFORMED;
}

/* ---- environment ---- */

static bool name_is_sound(const char *name)
{
    if (!isalpha((unsigned char)name[0]) && name[0] != '_') {
        return false;
    }
    for (const char *at = name; *at; at++) {
        if (!isalnum((unsigned char)*at) && *at != '_') {
            return false;
        }
    }
    return true;
}

/* Appends "NAME=VALUE\n"; false: there is no room. */
static bool add_line(char *lines, size_t *used, const char *line, size_t size)
{
    if (size + 1 > ENV_MAX - *used) {
        return false;
    }
    memcpy(lines + *used, line, size);
    lines[*used + size] = '\n';
    *used += size + 1;
    lines[*used] = '\0';
    return true;
}

static enum err add_variable(const struct reader *reader, const char *name, const json_t *value,
                             size_t *used)
{
    const char *text = json_string_value(value);
    if (!name_is_sound(name)) {
        return refuse(reader, "\"env\" has %.100s, which is no name of a variable", name);
    }
    if (!text || strchr(text, '\n')) {
        return refuse(reader, "\"env\" has %.100s, whose value is not a text of one line", name);
    }
    char *line = NULL;
    int size = asprintf(&line, "%s=%s", name, text);
    if (size < 0) {
        return ERR_MEMORY;
    }
    bool fits = add_line(reader->job->lines, used, line, (size_t)size);
    free(line);
    return fits ? ERR_OK : refuse(reader, "\"env\" is longer than %d bytes", ENV_MAX);
}

/* Whether the request names the variable of this line itself: of two, programs differ in which they
 * take. */
static bool is_named(const json_t *env, const char *line, size_t size)
{
    const char *equals = memchr(line, '=', size);
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach((json_t *)(uintptr_t)env, name, value)
    {
        if (equals && strlen(name) == (size_t)(equals - line) &&
            memcmp(name, line, (size_t)(equals - line)) == 0) {
            return true;
        }
    }
    return false;
}

static enum err read_env(const struct reader *reader, const char *inherited)
{
    struct job *job = reader->job;
    size_t used = 0;
    job->lines = malloc(ENV_MAX + 1);
    if (!job->lines) {
        return ERR_MEMORY;
    }
    job->lines[0] = '\0';
    job->env = job->lines;
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach((json_t *)(uintptr_t)reader->env, name, value)
    {
        enum err err = add_variable(reader, name, value, &used);
        if (err != ERR_OK) {
            return err;
        }
    }
    for (const char *line = inherited; *line;) {
        size_t size = strcspn(line, "\n");
        if (size > 0 && !is_named(reader->env, line, size) &&
            !add_line(job->lines, &used, line, size)) {
            return refuse(reader, "\"env\" is longer than %d bytes with what all runs get",
                          ENV_MAX);
        }
        line += size;
        line += *line == '\n';
    }
    return ERR_OK;
}

/* ---- requests ---- */

/* In small letters it would be another run. */
static bool run_is_sound(const char *run)
{
    return ulid_is_valid(run) && !strpbrk(run, "abcdefghijklmnopqrstuvwxyz");
}

static bool dir_is_sound(const char *dir)
{
    return dir[0] == '/' && !strchr(dir, '\n') && path_is_inside(dir);
}

/* What no key alone can tell. */
static enum err check_whole(const struct reader *reader)
{
    struct job *job = reader->job;
    if (job->run[0] && !run_is_sound(job->run)) {
        return refuse(reader, "\"run\" is not a ULID in capitals");
    }
    if (!dir_is_sound(job->dir)) {
        return refuse(reader, "\"dir\" is not an absolute path without ..");
    }
    job->root = job->root[0] ? job->root : job->dir;
    size_t size = strlen(job->root);
    bool below = strncmp(job->root, job->dir, size) == 0 &&
                 (job->dir[size] == '\0' || job->dir[size] == '/' || job->root[size - 1] == '/');
    if (!dir_is_sound(job->root) || !below) {
        return refuse(reader, "\"root\" is not \"dir\" or above it");
    }
    if (strcmp(job->runner, "command") == 0 && (!job->command[0] || job->files_count == 0)) {
        return refuse(reader, "the runner \"command\" needs \"command\" and \"files\"");
    }
    return ERR_OK;
}

static const struct key *find_key(const char *name)
{
    for (size_t i = 0; i < KEYS; i++) {
        if (strcmp(keys[i].name, name) == 0) {
            return &keys[i];
        }
    }
    return NULL;
}

/* An unknown key is refused: a misspelt "files" would run all there are. */
static enum err read_object(struct reader *reader, json_t *root)
{
    const char *name = NULL;
    json_t *value = NULL;
    if (!json_is_object(root)) {
        return refuse(reader, "it is not a JSON object");
    }
    json_object_foreach(root, name, value)
    {
        const struct key *key = find_key(name);
        enum err err =
            key ? read_key(reader, key, value) : refuse(reader, "there is no key \"%.100s\"", name);
        if (err != ERR_OK) {
            return err;
        }
    }
    return ERR_OK;
}

enum err job_read(const char *text, size_t size, const struct job_defaults *defaults,
                  struct job *ret_job,
                  /* NOLINTNEXTLINE(readability-non-const-parameter): the reader writes there */
                  char *why)
{
    assert(text && defaults && ret_job && why);
    struct job job = {.run = "",
                      .dir = "",
                      .root = "",
                      .snapshot = "",
                      .runner = defaults->runner,
                      .command = "",
                      .origin = "",
                      .env = "",
                      .retries = defaults->retries,
                      .timeout_ms = defaults->timeout_ms,
                      .fix = TERM_mode_OFF,
                      .heal = TERM_mode_OFF};
    struct reader reader = {.job = &job, .why = why};
    if (size > JOB_BYTES_MAX) {
        return refuse(&reader, "it is longer than %d bytes", JOB_BYTES_MAX);
    }
    json_error_t error;
    json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
    job.document = root;
    enum err err = root ? read_object(&reader, root)
                        : refuse(&reader, "it is not JSON: line %d: %s", error.line, error.text);
    if (err == ERR_OK) {
        err = check_whole(&reader);
    }
    if (err == ERR_OK) {
        err = read_env(&reader, defaults->env);
    }
    if (err != ERR_OK) {
        job_free(&job);
        return err;
    }
    *ret_job = job;
    return ERR_OK;
}

void job_free(struct job *job)
{
    json_decref(job->document);
    free(job->lines);
    free(job->files);
    *job = (struct job){.run = ""};
}

/* ---- writing ---- */

static json_t *write_env(const char *lines)
{
    json_t *env = json_object();
    for (const char *line = lines; env && *line;) {
        size_t size = strcspn(line, "\n");
        const char *equals = memchr(line, '=', size);
        char *name = equals ? strndup(line, (size_t)(equals - line)) : NULL;
        bool set = name && json_object_set_new(
                               env, name, json_stringn(equals + 1, size - strlen(name) - 1)) == 0;
        free(name);
        if (!set) {
            json_decref(env);
            return NULL;
        }
        line += size;
        line += *line == '\n';
    }
    return env;
}

static json_t *write_files(const struct job *job)
{
    json_t *files = json_array();
    for (size_t i = 0; files && i < job->files_count; i++) {
        if (json_array_append_new(files, json_string(job->files[i])) != 0) {
            json_decref(files);
            return NULL;
        }
    }
    return files;
}

/* The value of a key; *ret_empty: there is none to be written. */
static json_t *write_value(const struct job *job, const struct key *key, bool *ret_empty)
{
    const void *at = (const char *)job + key->at;
    const char *text =
        key->kind == KIND_TEXT || key->kind == KIND_ENV ? *(const char *const *)at : NULL;
    *ret_empty = false;
    switch (key->kind) {
    case KIND_TEXT:
        *ret_empty = !text || !*text;
        return *ret_empty ? NULL : json_string(text);
    case KIND_ENV:
        *ret_empty = !text || !*text;
        return *ret_empty ? NULL : write_env(text);
    case KIND_NUMBER: /* none is not the same as not given: that would be the default */
        return json_integer((json_int_t) * (const uint64_t *)at);
    case KIND_FLAG:
        *ret_empty = !*(const bool *)at;
        return *ret_empty ? NULL : json_true();
    case KIND_MODE:
        *ret_empty = *(const enum term *)at == 0;
        return *ret_empty ? NULL : json_string(term_word("mode", *(const enum term *)at));
    case KIND_FILES:
        *ret_empty = job->files_count == 0;
        return *ret_empty ? NULL : write_files(job);
    }
    return NULL;
}

enum err job_write(const struct job *job, char **ret_text)
{
    json_t *root = json_object();
    enum err err = root ? ERR_OK : ERR_MEMORY;
    for (size_t i = 0; i < KEYS && err == ERR_OK; i++) {
        bool empty;
        json_t *value = write_value(job, &keys[i], &empty);
        if (!empty && json_object_set_new(root, keys[i].name, value) != 0) {
            err = ERR_MALFORMED;
        }
    }
    char *text = err == ERR_OK ? json_dumps(root, JSON_COMPACT) : NULL;
    json_decref(root);
    if (err == ERR_OK && !text) {
        err = ERR_MEMORY;
    }
    if (err == ERR_OK) {
        *ret_text = text;
    }
    return err;
}

/* ---- names ---- */

enum err job_run(const char *message_id, uint64_t sent_ms, char ret_run[JOB_RUN_SIZE + 1])
{
    char hash[SIGV4_HASH_SIZE];
    enum err err = sigv4_hash(message_id, strlen(message_id), hash);
    if (err != ERR_OK) {
        return err;
    }
    uint8_t random[ULID_RANDOM_SIZE];
    for (size_t i = 0; i < sizeof random; i++) {
        const char byte[] = {hash[2 * i], hash[2 * i + 1], '\0'};
        random[i] = (uint8_t)strtoul(byte, NULL, 16);
    }
    ulid_make(sent_ms & ((UINT64_C(1) << 48) - 1), random, ret_run);
    return ERR_OK;
}

/* ---- in S3 ---- */

/* What can be in a path as it is, and is not taken for another one on the way. */
static bool is_key(const char *key)
{
    size_t size = strlen(key);
    return size > 0 && size <= JOB_KEY_MAX && key[0] != '/' && key[size - 1] != '/' &&
           key[strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/")] ==
               '\0' &&
           !strstr(key, "//") && !strstr(key, "..") && !strstr(key, "./");
}

enum err job_pointer(struct msg_str body, const char *bucket, char ret_key[JOB_KEY_MAX + 1],
                     /* NOLINTNEXTLINE(readability-non-const-parameter): it is written there */
                     char *why)
{
    ret_key[0] = '\0';
    if (body.size == 0 || body.at[0] != '[') {
        return ERR_OK; /* no request is a list: what is one is looked at */
    }
    json_t *root = json_loadb(body.at, body.size, JSON_REJECT_DUPLICATES, NULL);
    const char *mark = json_string_value(json_array_get(root, 0));
    const json_t *place = json_array_get(root, 1);
    const char *in = json_string_value(json_object_get(place, "s3BucketName"));
    const char *key = json_string_value(json_object_get(place, "s3Key"));
    enum err err = ERR_OK;
    if (!mark || strcmp(mark, "software.amazon.payloadoffloading.PayloadS3Pointer") != 0) {
        err = ERR_OK; /* job_read says what it is not */
    } else if (!in || !bucket[0] || strcmp(in, bucket) != 0 || !key || !is_key(key)) {
        (void)snprintf(why, JOB_WHY_SIZE,
                       "it lies in S3, but not in sqs.bucket, or its key has "
                       "other characters than A-Za-z0-9._-/");
        err = ERR_MALFORMED;
    } else {
        memcpy(ret_key, key, strlen(key) + 1); /* is_key has measured it */
    }
    json_decref(root);
    return err;
}
