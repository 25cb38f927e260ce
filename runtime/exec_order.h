/* exec_order.h - a copy of a command, on its way from an actor to the net thread.
 *
 * Private to runtime/.
 */
#ifndef RUNTIME_EXEC_ORDER_H
#define RUNTIME_EXEC_ORDER_H

#include "runtime/actor.h"

/* A copy of a struct rt_command and its strings, in one allocation: free() ends it.  Lists are
 * never NULL, and end with NULL. */
struct exec_order {
    const char **argv;
    const char **env;
    const char **readable;
    const char *cwd;
    const char *project;
    uint64_t deadline_ms;
    bool in_place;
    bool network;
    bool caches;
    bool control;
};

/* ERR_LIMIT: more than EXEC_COMMAND_BYTES_MAX of strings; ERR_MEMORY. */
enum err exec_order_new(const struct rt_command *command, struct exec_order **ret_order) MUST_CHECK;

/* The value of a variable of its environment; NULL when it has none such. */
const char *exec_order_env(const struct exec_order *order, const char *name);

#endif
