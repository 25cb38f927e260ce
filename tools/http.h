/* http.h - the HTTP of one process, loaded when an actor first uses it.
 *
 * The module (runtime/http_module.h) is looked for once.  Whoever uses HTTP first waits until it is
 * loaded, some 20 ms, on its worker's thread.  Without it requests end with an error that names the
 * file, nothing is served, and one line of log says so.  It stays in the process to the end.
 */
#ifndef TOOLS_HTTP_H
#define TOOLS_HTTP_H

#include "runtime/http_host.h"

struct http;

struct http_options {
    struct http_host host;
    const char *module; /* its path, borrowed; NULL: the one that came with this program */
    void *log_world;
    void (*log)(void *world, enum rt_level level, const char *actor, const char *text);
};

/* Loads nothing yet.  ERR_MEMORY. */
enum err http_new(const struct http_options *options, struct http **ret_http) MUST_CHECK;

/* When no actor runs any more; NULL inside is fine. */
void http_destroy(struct http **http);

/* Any thread: the ports, see runtime/system.h. */
void http_request(struct http *http, uint64_t id, struct rt_address owner,
                  const struct rt_http_request *request);
void http_cancel(struct http *http, uint64_t id);
enum err http_serve(struct http *http, struct rt_address owner, const char *at) MUST_CHECK;
void http_answer(struct http *http, uint64_t id, uint64_t status, const char *type,
                 struct msg_str body);
void http_close(struct http *http);

/* Any thread: an HTTP_DONE could not be delivered: the process should end. */
bool http_failed(const struct http *http);

#endif
