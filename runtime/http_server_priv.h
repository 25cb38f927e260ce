/* http_server_priv.h - what the files of the HTTP server share.
 *
 * Everything belongs to the server's thread, but what is said to be under the lock.
 */
#ifndef RUNTIME_HTTP_SERVER_PRIV_H
#define RUNTIME_HTTP_SERVER_PRIV_H

#include <microhttpd.h>
#include <pthread.h>

#include "runtime/http_headers.h"
#include "runtime/http_server.h"

/* One connection, and where its present request is.
 *
 *     RECEIVING --whole--> WAITING --answer, or none in time--> SENDING --sent--> RECEIVING
 *         \________refused, or no room at the actor's_____________^
 */
enum phase { RECEIVING, WAITING, SENDING };

struct visit {
    struct visit *next;
    struct MHD_Connection *connection;
    int fd;
    enum phase phase;
    bool cut;        /* its time was up: the library will notice */
    uint64_t due_ms; /* when the phase has to be over */
    /* Under the lock. */
    uint64_t id;                   /* while the actor may answer; else 0 */
    struct MHD_Response *response; /* what it has answered; NULL: nothing yet */
    unsigned status;
};

struct http_server {
    struct http_host host;
    bool again; /* the library has something left to do at once */
    pthread_mutex_t lock;
    /* Under the lock. */
    bool open; /* or opening, or closing */
    bool running;
    bool stopping;
    uint16_t port;
    uint64_t next_id; /* never reused, also by a later server */
    struct visit *visits;
    /* Set while no thread runs. */
    struct rt_address owner;
    struct MHD_Daemon *daemon;
    int listen_fd;
    int wake_fd;
    pthread_t thread;
};

/* ---- http_server.c ---- */

/* Monotonic milliseconds. */
uint64_t http_server_now(void);

/* Enters a phase, which has `ms_max`. */
void http_visit_enter(struct visit *visit, enum phase phase, uint64_t ms_max);

/* ---- http_server_receive.c: what the library calls ---- */

/* A request begins: its target, as it came. */
void *http_on_target(void *arg, const char *uri, struct MHD_Connection *connection);

/* A request goes on: head, pieces of the body, end, and again after it has rested. */
enum MHD_Result http_on_request(void *arg, struct MHD_Connection *connection, const char *url,
                                const char *method, const char *version, const char *bytes,
                                size_t *size, void **request);

/* A request is over, answered or not. */
void http_on_completed(void *arg, struct MHD_Connection *connection, void **request,
                       enum MHD_RequestTerminationCode code);

/* A connection begins or ends. */
void http_on_connection(void *arg, struct MHD_Connection *connection, void **visit,
                        enum MHD_ConnectionNotificationCode code);

#endif
