/* http_client.h - HTTP requests of actors, carried out by libcurl in one thread of its own.
 *
 * Actors ask from any worker thread; a lock and curl_multi_wakeup bring the request to the thread,
 * which begins with the first request: a process that makes none pays nothing.  HTTP_DONE goes back
 * through system_tell, once; an owner without room gets it as soon as it has some.
 *
 * Only http and https, certificates verified, no proxy, no cookies, no redirects followed, no
 * credentials in URLs.  At most http.requests_max at once; bodies, both ways, at most
 * http.body_bytes_max, headers of an answer what HTTP_DONE holds; http.connect_ms_max until there
 * is a connection.  A request that is not GET or HEAD is sent at most once.
 */
#ifndef RUNTIME_HTTP_CLIENT_H
#define RUNTIME_HTTP_CLIENT_H

#include "runtime/http_host.h"

enum {
    HTTP_HEADERS_COUNT_MAX = 64,        /* that a request brings */
    HTTP_REQUEST_BYTES_MAX = 64 * 1024, /* URL and headers of a request together */
    HTTP_REFUSED_MAX = 4096,            /* refused, and the owner could not be told so yet */
};

struct http_client;

/* `host` is copied; its system gets HTTP_DONE.  ERR_MEMORY. */
enum err http_client_new(const struct http_host *host, struct http_client **ret_client) MUST_CHECK;

/* Gives up what is under way, ends the thread and frees.  When no actor runs any more. */
void http_client_destroy(struct http_client **client);

/* Any thread, without blocking: the ports, see rt_http.  What the request points to is copied.
 * After http_client_cancel no HTTP_DONE comes unless it is on its way. */
void http_client_request(struct http_client *client, uint64_t id, struct rt_address owner,
                         const struct rt_http_request *request);
void http_client_cancel(struct http_client *client, uint64_t id);

/* Any thread: an HTTP_DONE could not be delivered for want of memory: the process should end. */
bool http_client_failed(const struct http_client *client);

#endif
