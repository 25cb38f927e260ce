/* http.c - finds, checks and loads troupe-http.so, and passes everything on to it. */
#include "tools/http.h"

#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/http_module.h"
#include "tools/place.h"

struct http {
    struct http_options options;
    pthread_mutex_t lock; /* while it is loaded */
    bool tried;           /* under the lock */
    /* Written under the lock before `module` or, when that stays NULL, before `tried` is read. */
    struct http_client *client;
    struct http_server *server;
    char why[MSG_MAX_http_done_error + 1];
    _Atomic(const struct http_module *) module; /* NULL: not loaded */
    atomic_bool failed;
};

/* ---- loading ---- */

static const struct http_module *explain(struct http *self, const char *what, const char *of)
{
    (void)snprintf(self->why, sizeof self->why, "no HTTP here: %.400s%.80s", what, of);
    return NULL;
}

/* The table of a sound module; NULL: `why` has been written. */
static const struct http_module *open_module(struct http *self)
{
    char found[PATH_MAX];
    const char *path = self->options.module;
    if (!path && place_http_module(found) != ERR_OK) {
        return explain(self, PLACE_HTTP_MODULE, " is neither beside the program nor in its libdir");
    }
    path = path ? path : found;
    /* Never unloaded: its libraries leave handlers for the ends of threads and of the process. */
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    const struct http_module *module = library ? dlsym(library, HTTP_MODULE_SYMBOL) : NULL;
    if (!module) {
        return explain(self, dlerror(), "");
    }
    if (module->version != HTTP_MODULE_VERSION || module->config_size != sizeof(struct config)) {
        return explain(self, path, " belongs to another version of this program");
    }
    return module;
}

static void load(struct http *self)
{
    const struct http_module *module = open_module(self);
    if (module && (module->client_new(&self->options.host, &self->client) != ERR_OK ||
                   module->server_new(&self->options.host, &self->server) != ERR_OK)) {
        if (self->client) {
            module->client_destroy(&self->client);
        }
        module = explain(self, err_text(ERR_MEMORY), "");
    }
    if (!module) {
        self->options.log(self->options.log_world, RT_ERROR, "http", self->why);
    }
    atomic_store(&self->module, module);
}

/* NULL: it could not be loaded, see `why`. */
static const struct http_module *loaded(struct http *self)
{
    const struct http_module *module = atomic_load(&self->module);
    if (!module) {
        (void)pthread_mutex_lock(&self->lock);
        if (!self->tried) {
            self->tried = true;
            load(self);
        }
        module = atomic_load(&self->module);
        (void)pthread_mutex_unlock(&self->lock);
    }
    return module;
}

/* ---- the ports ---- */

void http_request(struct http *self, uint64_t id, struct rt_address owner,
                  const struct rt_http_request *request)
{
    const struct http_module *module = loaded(self);
    if (module) {
        module->client_request(self->client, id, owner, request);
        return;
    }
    const struct http_host *host = &self->options.host;
    enum err err =
        host->tell(host->system, owner, MSG(http_done, .id = id, .error = msg_str(self->why)));
    if (err != ERR_OK && err != ERR_GONE) {
        atomic_store(&self->failed, true); /* nobody remembers it, and it would wait for ever */
    }
}

void http_cancel(struct http *self, uint64_t id)
{
    const struct http_module *module = atomic_load(&self->module);
    if (module) {
        module->client_cancel(self->client, id);
    }
}

enum err http_serve(struct http *self, struct rt_address owner, const char *at)
{
    const struct http_module *module = loaded(self);
    return module ? module->server_open(self->server, owner, at) : ERR_UNSUPPORTED;
}

void http_answer(struct http *self, uint64_t id, uint64_t status, const char *type,
                 struct msg_str body)
{
    const struct http_module *module = atomic_load(&self->module);
    if (module) {
        module->server_answer(self->server, id, status, type, body);
    }
}

void http_close(struct http *self)
{
    const struct http_module *module = atomic_load(&self->module);
    if (module) {
        module->server_close(self->server);
    }
}

bool http_failed(const struct http *self)
{
    const struct http_module *module = atomic_load(&self->module);
    return atomic_load(&self->failed) || (module && module->client_failed(self->client));
}

/* ---- beginning and end ---- */

enum err http_new(const struct http_options *options, struct http **ret_http)
{
    struct http *self = calloc(1, sizeof *self);
    if (!self) {
        return ERR_MEMORY;
    }
    self->options = *options;
    (void)pthread_mutex_init(&self->lock, NULL);
    *ret_http = self;
    return ERR_OK;
}

void http_destroy(struct http **http)
{
    struct http *self = *http;
    if (!self) {
        return;
    }
    const struct http_module *module = atomic_load(&self->module);
    if (module) {
        module->server_destroy(&self->server);
        module->client_destroy(&self->client);
    }
    (void)pthread_mutex_destroy(&self->lock);
    free(self);
    *http = NULL;
}
