/* spawner_wire.c - packs a spawn into bytes and back. */
#include "runtime/spawner_wire.h"

#include <string.h>

static const uint32_t counts_max[SPAWNER_LISTS] = {
    SPAWN_ARGS_MAX, SPAWN_ENV_MAX, SANDBOX_PATHS_MAX, SANDBOX_PATHS_MAX, SANDBOX_PATHS_MAX,
};

size_t spawner_fds_count(const struct spawn_spec *spec)
{
    return 1u + (spec->merge_output ? 0 : 1) + (spec->control ? 1 : 0);
}

/* Absolute, not the root itself, and without parts that lead elsewhere. */
static bool path_is_plain(const char *path)
{
    size_t size = strlen(path);
    return size >= 2 && size <= SPAWN_PATH_MAX && path[0] == '/' && path[size - 1] != '/' &&
           !strstr(path, "//") && !strstr(path, "/./") && !strstr(path, "/../") &&
           strcmp(path + size - 2, "/.") != 0 && (size < 3 || strcmp(path + size - 3, "/..") != 0);
}

/* Kernel directories cannot be shown as if they were a project. */
static bool project_is_allowed(const char *path)
{
    static const char *const refused[] = {"/proc", "/dev", "/sys"};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        size_t size = strlen(refused[i]);
        if (strncmp(path, refused[i], size) == 0 && (path[size] == '/' || path[size] == '\0')) {
            return false;
        }
    }
    return true;
}

static enum err check(const struct spawn_spec *spec)
{
    if (!spec->argv || !spec->argv[0] || !spec->argv[0][0]) {
        return ERR_MALFORMED;
    }
    if (spec->cwd && strcmp(spec->cwd, "/") != 0 && !path_is_plain(spec->cwd)) {
        return ERR_MALFORMED;
    }
    if (spec->project && (!path_is_plain(spec->project) || !project_is_allowed(spec->project))) {
        return ERR_MALFORMED;
    }
    const char *const *lists[] = {spec->limits.readable, spec->limits.writable,
                                  spec->limits.hidden};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        for (size_t j = 0; lists[i] && lists[i][j]; j++) {
            if (!path_is_plain(lists[i][j])) {
                return ERR_MALFORMED;
            }
        }
    }
    return ERR_OK;
}

static bool put(char *bytes, size_t *size, const char *text)
{
    size_t length = strlen(text) + 1;
    if (length > SPAWNER_REQUEST_BYTES_MAX - *size) {
        return false;
    }
    memcpy(bytes + *size, text, length);
    *size += length;
    return true;
}

enum err spawner_encode(const struct spawn_spec *spec, char *bytes, size_t *ret_size)
{
    enum err err = check(spec);
    if (err != ERR_OK) {
        return err;
    }
    struct spawner_request head;
    memset(&head, 0, sizeof head);
    head.verb = SPAWNER_SPAWN;
    head.id = spec->id;
    head.control = spec->control;
    head.merge_output = spec->merge_output;
    head.limits = spec->limits;
    const char *const *lists[SPAWNER_LISTS] = {spec->argv, spec->env, spec->limits.readable,
                                               spec->limits.writable, spec->limits.hidden};
    size_t size = sizeof head;
    bool ok = put(bytes, &size, spec->cwd ? spec->cwd : "") &&
              put(bytes, &size, spec->project ? spec->project : "");
    size_t paths_size = size;
    for (size_t i = 0; i < SPAWNER_LISTS && ok; i++) {
        for (; lists[i] && lists[i][head.counts[i]] && ok; head.counts[i]++) {
            ok = head.counts[i] < counts_max[i] && put(bytes, &size, lists[i][head.counts[i]]);
        }
    }
    if (!ok || size - paths_size > SPAWN_BYTES_MAX) {
        return ERR_LIMIT;
    }
    memcpy(bytes, &head, sizeof head);
    *ret_size = size;
    return ERR_OK;
}

/* The next string of the message, or NULL if there is none that ends. */
static const char *take(const char **at, size_t *left)
{
    size_t length = strnlen(*at, *left);
    if (length == *left) {
        return NULL;
    }
    const char *text = *at;
    *at += length + 1;
    *left -= length + 1;
    return text;
}

static enum err take_lists(const struct spawner_request *head, const char *at, size_t left,
                           struct spawner_order *order)
{
    const char **lists[SPAWNER_LISTS] = {order->argv, order->env, order->readable, order->writable,
                                         order->hidden};
    for (size_t i = 0; i < SPAWNER_LISTS; i++) {
        if (head->counts[i] > counts_max[i]) {
            return ERR_LIMIT;
        }
        for (uint32_t j = 0; j < head->counts[i]; j++) {
            lists[i][j] = take(&at, &left);
            if (!lists[i][j]) {
                return ERR_MALFORMED;
            }
        }
        lists[i][head->counts[i]] = NULL;
    }
    return left == 0 ? ERR_OK : ERR_MALFORMED;
}

enum err spawner_decode(const char *bytes, size_t size, struct spawner_order *ret_order)
{
    struct spawner_request head;
    if (size < sizeof head || size > SPAWNER_REQUEST_BYTES_MAX) {
        return ERR_MALFORMED;
    }
    memcpy(&head, bytes, sizeof head);
    const char *at = bytes + sizeof head;
    size_t left = size - sizeof head;
    const char *cwd = take(&at, &left);
    const char *project = cwd ? take(&at, &left) : NULL;
    if (head.verb != SPAWNER_SPAWN || !project) {
        return ERR_MALFORMED;
    }
    enum err err = take_lists(&head, at, left, ret_order);
    if (err != ERR_OK) {
        return err;
    }
    struct spawn_spec *spec = &ret_order->spec;
    *spec = (struct spawn_spec){.id = head.id,
                                .argv = ret_order->argv,
                                .env = ret_order->env,
                                .cwd = cwd[0] ? cwd : NULL,
                                .project = project[0] ? project : NULL,
                                .control = head.control,
                                .merge_output = head.merge_output,
                                .limits = head.limits};
    spec->limits.readable = ret_order->readable;
    spec->limits.writable = ret_order->writable;
    spec->limits.hidden = ret_order->hidden;
    return check(spec);
}
