/* http_module.h - the HTTP client and server as a file of their own, troupe-http.so.
 *
 * libcurl and libmicrohttpd bring some two dozen libraries with them, which a process without HTTP
 * shall neither wait for nor keep.  The module exports this table and nothing else, and needs
 * nothing of the program that loads it (tools/http.c).  Its functions are those of http_client.h
 * and http_server.h by the same names; contracts are there.
 */
#ifndef RUNTIME_HTTP_MODULE_H
#define RUNTIME_HTTP_MODULE_H

#include "runtime/http_client.h"
#include "runtime/http_server.h"

#define HTTP_MODULE_SYMBOL "troupe_http"

/* To be raised with every change of this table, or of a struct that its functions take. */
enum { HTTP_MODULE_VERSION = 1 };

struct http_module {
    /* Both must be the program's, or nothing else of the table may be touched: an update replaces
     * the file under a process that runs, and the configuration grows with every key. */
    uint32_t version;
    uint32_t config_size;
    enum err (*client_new)(const struct http_host *host, struct http_client **ret_client);
    void (*client_destroy)(struct http_client **client);
    void (*client_request)(struct http_client *client, uint64_t id, struct rt_address owner,
                           const struct rt_http_request *request);
    void (*client_cancel)(struct http_client *client, uint64_t id);
    bool (*client_failed)(const struct http_client *client);
    enum err (*server_new)(const struct http_host *host, struct http_server **ret_server);
    void (*server_destroy)(struct http_server **server);
    enum err (*server_open)(struct http_server *server, struct rt_address owner, const char *at);
    void (*server_answer)(struct http_server *server, uint64_t id, uint64_t status,
                          const char *type, struct msg_str body);
    void (*server_close)(struct http_server *server);
};

extern const struct http_module troupe_http;

#endif
