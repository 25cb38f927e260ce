/* fake_github.c - see fake_github.h. */
#include "tests/support/fake_github.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct fake_check *add_check(struct fake_github *self)
{
    if (self->checks_count == FAKE_THINGS_MAX) {
        abort();
    }
    struct fake_check *check = &self->checks[self->checks_count++];
    check->id = ++self->last_id;
    return check;
}

static struct fake_comment *add_comment(struct fake_github *self)
{
    if (self->comments_count == FAKE_THINGS_MAX) {
        abort();
    }
    struct fake_comment *comment = &self->comments[self->comments_count++];
    comment->id = ++self->last_id;
    return comment;
}

static void set_body(struct fake_comment *comment, const char *body)
{
    free(comment->body);
    comment->body = strdup(body);
    if (!comment->body) {
        abort();
    }
}

void fake_github_comment(struct fake_github *self, const char *body)
{
    set_body(add_comment(self), body);
}

/* ---- requests ---- */

/* What the request says; what it does not say stays. */
static void take(const json_t *root, const char *key, char to[FAKE_WORD_SIZE])
{
    const char *text = json_string_value(json_object_get(root, key));
    if (text) {
        (void)snprintf(to, FAKE_WORD_SIZE, "%s", text);
    }
}

static json_t *show_check(const struct fake_check *check)
{
    return json_pack("{s:I,s:s,s:s,s:s}", "id", (json_int_t)check->id, "name", check->name,
                     "external_id", check->external_id, "status", check->status);
}

static json_t *write_check(struct fake_check *check, const json_t *root)
{
    take(root, "name", check->name);
    take(root, "external_id", check->external_id);
    take(root, "status", check->status);
    take(root, "conclusion", check->conclusion);
    return show_check(check);
}

static json_t *write_comment(struct fake_comment *comment, const json_t *root)
{
    const char *body = json_string_value(json_object_get(root, "body"));
    set_body(comment, body ? body : "");
    return json_pack("{s:I,s:s}", "id", (json_int_t)comment->id, "body", comment->body);
}

/* The number behind `key` in the query; 1 without it. */
static uint64_t query(const char *url, const char *key)
{
    const char *at = strstr(url, key);
    return at ? strtoull(at + strlen(key), NULL, 10) : 1;
}

static json_t *list(const struct fake_github *self, const char *url, bool checks)
{
    json_t *found = json_array();
    uint64_t size = query(url, "per_page=");
    size_t begin = (size_t)((query(url, "&page=") - 1) * size);
    size_t count = checks ? self->checks_count : self->comments_count;
    for (size_t i = begin; i < count && i < begin + size; i++) {
        const struct fake_comment *comment = &self->comments[i];
        (void)json_array_append_new(
            found,
            checks ? show_check(&self->checks[i])
                   : json_pack("{s:I,s:s}", "id", (json_int_t)comment->id, "body", comment->body));
    }
    return checks ? json_pack("{s:o}", "check_runs", found) : found;
}

static json_t *change(struct fake_github *self, uint64_t id, bool checks, const json_t *root)
{
    for (size_t i = 0; checks && i < self->checks_count; i++) {
        if (self->checks[i].id == id) {
            return write_check(&self->checks[i], root);
        }
    }
    for (size_t i = 0; !checks && i < self->comments_count; i++) {
        if (self->comments[i].id == id) {
            return write_comment(&self->comments[i], root);
        }
    }
    return NULL;
}

uint64_t fake_github_answer(struct fake_github *self, const char *method, const char *url,
                            const char *body, char **ret_body)
{
    json_t *root = json_loads(body, 0, NULL);
    bool checks = strstr(url, "/check-runs") != NULL;
    bool creates = strcmp(method, "POST") == 0;
    json_t *told = NULL;
    if (strcmp(method, "GET") == 0) {
        told = list(self, url, checks);
    } else if (creates && root) {
        told = checks ? write_check(add_check(self), root) : write_comment(add_comment(self), root);
    } else if (root) {
        told = change(self, strtoull(strrchr(url, '/') + 1, NULL, 10), checks, root);
    }
    *ret_body = told ? json_dumps(told, JSON_COMPACT) : strdup("{\"message\":\"Not Found\"}");
    json_decref(root);
    json_decref(told);
    if (!*ret_body) {
        abort();
    }
    return !told ? 404 : creates ? 201 : 200;
}

/* ---- looking in ---- */

size_t fake_github_checks(const struct fake_github *self, const char *run,
                          const struct fake_check **ret_last)
{
    size_t count = 0;
    for (size_t i = 0; i < self->checks_count; i++) {
        if (strcmp(self->checks[i].external_id, run) == 0) {
            *ret_last = &self->checks[i];
            count++;
        }
    }
    return count;
}

size_t fake_github_comments(const struct fake_github *self, const char *begin,
                            const char **ret_last)
{
    size_t count = 0;
    for (size_t i = 0; i < self->comments_count; i++) {
        if (strncmp(self->comments[i].body, begin, strlen(begin)) == 0) {
            *ret_last = self->comments[i].body;
            count++;
        }
    }
    return count;
}

void fake_github_fini(struct fake_github *self)
{
    for (size_t i = 0; i < self->comments_count; i++) {
        free(self->comments[i].body);
    }
    self->comments_count = 0;
}
