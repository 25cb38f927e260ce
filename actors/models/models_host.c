/* models_host.c - runs the server of one instance; see models_priv.h. */
#include <stdio.h>
#include <string.h>

#include "actors/models/models_priv.h"

enum { WORD_SIZE = PLAN_URL_MAX + 8 };

/* The word with the port for its first {port}. */
static void expand(const char *word, unsigned port, char made[WORD_SIZE])
{
    const char *at = strstr(word, "{port}");
    if (at) {
        (void)snprintf(made, WORD_SIZE, "%.*s%u%s", (int)(at - word), word, port,
                       at + strlen("{port}"));
    } else {
        (void)snprintf(made, WORD_SIZE, "%s", word);
    }
}

uint64_t models_host_start(struct rt_context *ctx, const struct plan_instance *instance)
{
    static const char *const env[] = {"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/tmp", "LC_ALL=C",
                                      NULL};
    const struct plan_backend *backend = instance->backend;
    char words[PLAN_START_MAX][WORD_SIZE];
    const char *argv[PLAN_START_MAX + 1] = {NULL};
    for (size_t i = 0; backend->start[i]; i++) {
        expand(backend->start[i], plan_port(instance), words[i]);
        argv[i] = words[i];
    }
    return rt_exec(ctx, &(struct rt_command){.argv = argv,
                                             .env = env,
                                             .cwd = "/tmp",
                                             .readable = backend->readable,
                                             .network = true});
}
