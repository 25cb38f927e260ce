/* exec_order.c - see exec_order.h. */
#include "runtime/exec_order.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/exec.h"

struct measure {
    size_t count; /* of pointers */
    size_t bytes;
};

static void measure_text(struct measure *measure, const char *text)
{
    measure->bytes += text ? strlen(text) + 1 : 0;
}

static void measure_list(struct measure *measure, const char *const *list)
{
    measure->count++;
    for (size_t i = 0; list && list[i]; i++) {
        measure->count++;
        measure_text(measure, list[i]);
    }
}

static const char *copy_text(char **at, const char *text)
{
    if (!text) {
        return NULL;
    }
    char *copy = *at;
    size_t size = strlen(text) + 1;
    memcpy(copy, text, size);
    *at += size;
    return copy;
}

static const char **copy_list(const char ***pointers, char **at, const char *const *list)
{
    const char **copy = *pointers;
    size_t count = 0;
    for (; list && list[count]; count++) {
        copy[count] = copy_text(at, list[count]);
    }
    copy[count] = NULL;
    *pointers += count + 1;
    return copy;
}

enum err exec_order_new(const struct rt_command *command, struct exec_order **ret_order)
{
    struct measure measure = {0, 0};
    measure_list(&measure, command->argv);
    measure_list(&measure, command->env);
    measure_list(&measure, command->readable);
    measure_text(&measure, command->cwd);
    measure_text(&measure, command->project);
    if (measure.bytes > EXEC_COMMAND_BYTES_MAX) {
        return ERR_LIMIT;
    }
    struct exec_order *self = malloc(sizeof *self + measure.count * sizeof(char *) + measure.bytes);
    if (!self) {
        return ERR_MEMORY;
    }
    const char **pointers = (const char **)(void *)(self + 1);
    char *at = (char *)(pointers + measure.count);
    *self = (struct exec_order){.deadline_ms = command->deadline_ms,
                                .in_place = command->in_place,
                                .network = command->network,
                                .caches = command->caches,
                                .control = command->control};
    self->argv = copy_list(&pointers, &at, command->argv);
    self->env = copy_list(&pointers, &at, command->env);
    self->readable = copy_list(&pointers, &at, command->readable);
    self->cwd = copy_text(&at, command->cwd);
    self->project = copy_text(&at, command->project);
    *ret_order = self;
    return ERR_OK;
}

const char *exec_order_env(const struct exec_order *self, const char *name)
{
    size_t size = strlen(name);
    for (const char *const *env = self->env; *env; env++) {
        if (strncmp(*env, name, size) == 0 && (*env)[size] == '=') {
            return *env + size + 1;
        }
    }
    return NULL;
}
