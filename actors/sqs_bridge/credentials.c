/* credentials.c - the environment first, then the shared file. */
#include "actors/sqs_bridge/credentials.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A piece of somebody else's text. */
struct piece {
    const char *at;
    size_t size;
};

void credentials_wipe(struct credentials *credentials)
{
    assert(credentials);
    explicit_bzero(credentials, sizeof *credentials);
}

static struct piece trimmed(const char *at, size_t size)
{
    while (size > 0 && strchr(" \t\r", at[0])) {
        at++;
        size--;
    }
    while (size > 0 && strchr(" \t\r", at[size - 1])) {
        size--;
    }
    return (struct piece){at, size};
}

static bool is(struct piece piece, const char *text)
{
    return piece.size == strlen(text) && memcmp(piece.at, text, piece.size) == 0;
}

/* A credential goes into a header as it stands: whatever could end a line or a field is refused. */
static enum err keep(struct piece value, char *ret, size_t size)
{
    if (value.size >= size) {
        return ERR_LIMIT;
    }
    for (size_t i = 0; i < value.size; i++) {
        if (value.at[i] <= ' ' || value.at[i] > '~' || value.at[i] == ',') {
            return ERR_CONFIG;
        }
    }
    memcpy(ret, value.at, value.size);
    ret[value.size] = '\0';
    return ERR_OK;
}

/* One key of the profile. */
static enum err take(struct piece key, struct piece value, struct credentials *found)
{
    if (is(key, "aws_access_key_id")) {
        return keep(value, found->access_key, sizeof found->access_key);
    }
    if (is(key, "aws_secret_access_key")) {
        return keep(value, found->secret, sizeof found->secret);
    }
    if (is(key, "aws_session_token")) {
        return keep(value, found->token, sizeof found->token);
    }
    return ERR_OK;
}

/* Neither, half or all of a pair. */
static enum err judge(const struct credentials *found)
{
    bool key = found->access_key[0] != '\0';
    bool secret = found->secret[0] != '\0';
    if (key != secret) {
        return ERR_CONFIG;
    }
    return key ? ERR_OK : ERR_NOT_FOUND;
}

/* One line of a shared file; *inside says whether it belongs to the profile. */
static enum err read_line(struct piece line, const char *profile, bool *inside,
                          struct credentials *found)
{
    line = trimmed(line.at, line.size);
    if (line.size == 0 || line.at[0] == '#' || line.at[0] == ';') {
        return ERR_OK;
    }
    if (line.at[0] == '[') {
        *inside = line.at[line.size - 1] == ']' && is(trimmed(line.at + 1, line.size - 2), profile);
        return ERR_OK;
    }
    const char *equals = memchr(line.at, '=', line.size);
    if (!*inside || !equals) {
        return ERR_OK;
    }
    size_t before = (size_t)(equals - line.at);
    return take(trimmed(line.at, before), trimmed(equals + 1, line.size - before - 1), found);
}

enum err credentials_parse(const char *text, size_t size, const char *profile,
                           struct credentials *ret)
{
    assert(text);
    assert(profile);
    assert(ret);
    struct credentials found = {.token = ""};
    enum err err = ERR_OK;
    bool inside = false;
    while (size > 0 && err == ERR_OK) {
        const char *end = memchr(text, '\n', size);
        size_t line = end ? (size_t)(end - text) : size;
        err = read_line((struct piece){text, line}, profile, &inside, &found);
        size_t step = end ? line + 1 : line;
        text += step;
        size -= step;
    }
    if (err == ERR_OK) {
        err = judge(&found);
    }
    if (err == ERR_OK) {
        *ret = found;
    }
    credentials_wipe(&found);
    return err;
}

/* The variable's value, empty when it is not set. */
static const char *variable(credentials_lookup *lookup, const char *name)
{
    const char *value = lookup(name);
    return value ? value : "";
}

static enum err from_environment(credentials_lookup *lookup, struct credentials *ret)
{
    static const char *const keys[][2] = {{"AWS_ACCESS_KEY_ID", "aws_access_key_id"},
                                          {"AWS_SECRET_ACCESS_KEY", "aws_secret_access_key"},
                                          {"AWS_SESSION_TOKEN", "aws_session_token"}};
    struct credentials found = {.token = ""};
    enum err err = ERR_OK;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0] && err == ERR_OK; i++) {
        const char *value = variable(lookup, keys[i][0]);
        err = take((struct piece){keys[i][1], strlen(keys[i][1])},
                   (struct piece){value, strlen(value)}, &found);
    }
    if (err == ERR_OK) {
        err = judge(&found);
    }
    if (err == ERR_OK) {
        *ret = found;
    }
    credentials_wipe(&found);
    return err;
}

/* Where the shared file is.  ERR_NOT_FOUND: nothing says so. */
static enum err find_file(credentials_lookup *lookup, char *ret, size_t size)
{
    const char *named = variable(lookup, "AWS_SHARED_CREDENTIALS_FILE");
    const char *home = variable(lookup, "HOME");
    if (!*named && !*home) {
        return ERR_NOT_FOUND;
    }
    int length = *named ? snprintf(ret, size, "%s", named)
                        : snprintf(ret, size, "%s/.aws/credentials", home);
    return length > 0 && (size_t)length < size ? ERR_OK : ERR_LIMIT;
}

/* Reads all of the file into `ret`, which has room for one byte more than the limit. */
static enum err read_file(const char *path, char *ret, size_t *ret_size)
{
    FILE *file = fopen(path, "re");
    if (!file) {
        return errno == ENOENT || errno == ENOTDIR ? ERR_NOT_FOUND : ERR_IO;
    }
    size_t size = fread(ret, 1, CREDENTIALS_FILE_MAX + 1, file);
    bool failed = ferror(file) != 0;
    (void)fclose(file); /* it was only read */
    if (failed) {
        return ERR_IO;
    }
    if (size > CREDENTIALS_FILE_MAX) {
        return ERR_LIMIT;
    }
    *ret_size = size;
    return ERR_OK;
}

static enum err from_file(credentials_lookup *lookup, struct credentials *ret)
{
    char path[PATH_MAX];
    enum err err = find_file(lookup, path, sizeof path);
    if (err != ERR_OK) {
        return err;
    }
    char *text = malloc(CREDENTIALS_FILE_MAX + 1);
    if (!text) {
        return ERR_MEMORY;
    }
    size_t size = 0;
    err = read_file(path, text, &size);
    if (err == ERR_OK) {
        const char *profile = variable(lookup, "AWS_PROFILE");
        err = credentials_parse(text, size, *profile ? profile : "default", ret);
    }
    explicit_bzero(text, CREDENTIALS_FILE_MAX + 1);
    free(text);
    return err;
}

enum err credentials_load(credentials_lookup *lookup, struct credentials *ret)
{
    assert(lookup);
    assert(ret);
    enum err err = from_environment(lookup, ret);
    return err == ERR_NOT_FOUND ? from_file(lookup, ret) : err;
}
