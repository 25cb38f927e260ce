/* http_server.h - one HTTP server of a process, for one actor at a time.
 *
 * libmicrohttpd in one thread of ours, which exists while the server is open; all calls to the
 * library are made there.  Every request that has come in whole becomes one HTTP_REQUEST; its
 * connection rests until http_server_answer.  What has limits, and what a client gets beyond them:
 *
 *     connections at once                  http.connections_max       the next wait in the backlog
 *     a request until it is here,          http.receive_ms_max        the connection is closed
 *     idling, or taking an answer
 *     method, path, query, headers         what HTTP_REQUEST holds    501, 414, 431
 *     body                                 http.body_bytes_max        413
 *     the actor's mailbox                                             503, Retry-After
 *     the actor's thinking                 http.answer_ms_max         503
 */
#ifndef RUNTIME_HTTP_SERVER_H
#define RUNTIME_HTTP_SERVER_H

#include "runtime/http_host.h"

enum {
    HTTP_ANSWER_BYTES_MAX = 16 * 1024 * 1024, /* of the body; a larger one becomes a 500 */
    HTTP_ANSWER_FIELD_MAX = 1024 /* of a header field; with a longer one there is none */
};

struct http_server;

/* `host` is copied; its system gets HTTP_REQUEST.  ERR_MEMORY. */
enum err http_server_new(const struct http_host *host, struct http_server **ret_server) MUST_CHECK;

/* Closes and frees; NULL inside is fine. */
void http_server_destroy(struct http_server **server);

/* Any thread: the ports, see rt_http_serve and rt_http_answer.  `at` is HOST:PORT; HOST a number
 * ("127.0.0.1", "[::1]") or localhost, so that no name has to be resolved; PORT 0: any.
 * ERR_CONFIG: `at` is none; ERR_EXISTS: it is open; ERR_IO: not to be listened at; ERR_MEMORY. */
enum err http_server_open(struct http_server *server, struct rt_address owner,
                          const char *at) MUST_CHECK;
void http_server_answer(struct http_server *server, uint64_t id, uint64_t status, const char *type,
                        struct msg_str body);

/* Any thread but the server's own: ends all connections; waits for its thread, some ms.  Nothing
 * is said to the actor.  Fine when it is not open. */
void http_server_close(struct http_server *server);

/* The port listened at; 0 when it is not open. */
uint16_t http_server_port(struct http_server *server);

#endif
