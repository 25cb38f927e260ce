/* http_server_receive.c - a request from its first line to the actor, and its answer on its way. */
#include "runtime/http_server_priv.h"

#include <stdlib.h>
#include <string.h>

/* A request being received. */
struct request {
    struct visit *visit;
    bool begun;
    unsigned refusal; /* status that it gets whatever follows; 0: none */
    char *body;
    size_t size;
    size_t capacity;
    uint32_t path_size;
    uint32_t query_size;
    struct http_headers headers;
    char target[]; /* path, and query behind it */
};

static struct visit *visit_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

/* ---- connections ---- */

static void begin_visit(struct http_server *server, struct MHD_Connection *connection, void **visit)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct visit *self = info ? calloc(1, sizeof *self) : NULL;
    *visit = self; /* NULL: its requests are refused */
    if (!self) {
        return;
    }
    self->connection = connection;
    self->fd = info->connect_fd;
    http_visit_enter(self, RECEIVING, server->host.config->http.receive_ms_max);
    (void)pthread_mutex_lock(&server->lock);
    self->next = server->visits;
    server->visits = self;
    (void)pthread_mutex_unlock(&server->lock);
}

static void end_visit(struct http_server *server, struct visit *self)
{
    (void)pthread_mutex_lock(&server->lock);
    struct visit **at = &server->visits;
    while (*at != self) {
        at = &(*at)->next;
    }
    *at = self->next;
    (void)pthread_mutex_unlock(&server->lock);
    server->again =
        true; /* there is room for another, which the library sees in its next run only */
    if (self->response) {
        MHD_destroy_response(self->response);
    }
    free(self);
}

void http_on_connection(void *arg, struct MHD_Connection *connection, void **visit,
                        enum MHD_ConnectionNotificationCode code)
{
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        begin_visit(arg, connection, visit);
    } else if (*visit) {
        end_visit(arg, *visit);
        *visit = NULL;
    }
}

/* ---- answers ---- */

static const char *reason_of(unsigned status)
{
    switch (status) {
    case MHD_HTTP_CONTENT_TOO_LARGE:
        return "the body is too large\n";
    case MHD_HTTP_URI_TOO_LONG:
        return "the path or the query is too long\n";
    case MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE:
        return "the headers are too large\n";
    case MHD_HTTP_NOT_IMPLEMENTED:
        return "no such method\n";
    default:
        return "not now\n";
    }
}

/* Whose it may be, a 503 says that it is worth to come again. */
static enum MHD_Result queue(struct MHD_Connection *connection, unsigned status,
                             struct MHD_Response *response)
{
    enum MHD_Result done = MHD_YES;
    if (status == MHD_HTTP_SERVICE_UNAVAILABLE) {
        done = MHD_add_response_header(response, "Retry-After", "1");
    }
    return done == MHD_YES ? MHD_queue_response(connection, status, response) : done;
}

/* An answer of our own.  MHD_NO, which closes the connection, when there is no memory for it. */
static enum MHD_Result refuse(struct MHD_Connection *connection, unsigned status)
{
    const char *text = reason_of(status);
    /* The library only reads a persistent buffer; its parameter came before const. */
    struct MHD_Response *response = MHD_create_response_from_buffer(
        strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_PERSISTENT);
    if (!response) {
        return MHD_NO;
    }
    enum MHD_Result done = MHD_add_response_header(response, "Content-Type", "text/plain");
    if (done == MHD_YES) {
        done = queue(connection, status, response);
    }
    MHD_destroy_response(response);
    return done;
}

static enum MHD_Result refuse_visit(const struct http_server *server, struct visit *visit,
                                    unsigned status)
{
    http_visit_enter(visit, SENDING, server->host.config->http.receive_ms_max);
    return refuse(visit->connection, status);
}

/* After it has rested: with the actor's answer, or without. */
static enum MHD_Result answer(struct http_server *server, struct visit *visit)
{
    (void)pthread_mutex_lock(&server->lock);
    struct MHD_Response *response = visit->response;
    unsigned status = visit->status;
    visit->response = NULL;
    (void)pthread_mutex_unlock(&server->lock);
    if (!response) {
        return refuse(visit->connection, MHD_HTTP_SERVICE_UNAVAILABLE);
    }
    enum MHD_Result done = queue(visit->connection, status, response);
    MHD_destroy_response(response);
    return done;
}

/* ---- a request ---- */

void *http_on_target(void *arg, const char *uri, struct MHD_Connection *connection)
{
    (void)arg;
    size_t size = strlen(uri);
    size_t path = strcspn(uri, "?");
    size_t query = uri[path] == '?' ? size - path - 1 : 0;
    bool fits = path <= MSG_MAX_http_request_path && query <= MSG_MAX_http_request_query;
    struct request *self = calloc(1, sizeof *self + (fits ? path + query : 0));
    if (!self) {
        return NULL;
    }
    self->visit = visit_of(connection);
    if (!fits) {
        self->refusal = MHD_HTTP_URI_TOO_LONG;
        return self;
    }
    self->path_size = (uint32_t)path;
    self->query_size = (uint32_t)query;
    memcpy(self->target, uri, path);
    memcpy(self->target + path, uri + size - query, query);
    return self;
}

static enum MHD_Result on_header(void *arg, enum MHD_ValueKind kind, const char *name,
                                 const char *value)
{
    struct request *self = arg;
    (void)kind;
    if (strlen(name) > sizeof self->headers.text ||
        (value && strlen(value) > sizeof self->headers.text) ||
        http_headers_add(&self->headers, msg_str(name), msg_str(value)) != ERR_OK) {
        self->refusal = MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE;
        return MHD_NO;
    }
    return MHD_YES;
}

static bool announces_too_much(const struct http_server *server, struct MHD_Connection *connection)
{
    const char *length =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
    return length && strtoull(length, NULL, 10) > server->host.config->http.body_bytes_max;
}

/* The head is here, the body may follow. */
static enum MHD_Result on_head(const struct http_server *server, struct request *self,
                               const char *method)
{
    struct MHD_Connection *connection = self->visit->connection;
    self->begun = true;
    (void)MHD_get_connection_values(connection, MHD_HEADER_KIND, on_header, self);
    if (!self->refusal && !http_method_is_sound(method)) {
        self->refusal = MHD_HTTP_NOT_IMPLEMENTED;
    }
    if (!self->refusal && announces_too_much(server, connection)) {
        self->refusal = MHD_HTTP_CONTENT_TOO_LARGE;
    }
    return self->refusal ? refuse_visit(server, self->visit, self->refusal) : MHD_YES;
}

/* What is too large is read to its end, or until its time is up, so that the client hears why. */
static void on_piece(const struct http_server *server, struct request *self, const char *bytes,
                     size_t size)
{
    size_t max = server->host.config->http.body_bytes_max;
    if (self->refusal || size > max - self->size) {
        self->refusal = self->refusal ? self->refusal : MHD_HTTP_CONTENT_TOO_LARGE;
        return;
    }
    if (self->size + size > self->capacity) {
        size_t capacity =
            2 * self->capacity > self->size + size ? 2 * self->capacity : self->size + size;
        char *body = realloc(self->body, capacity);
        if (!body) {
            self->refusal = MHD_HTTP_SERVICE_UNAVAILABLE;
            return;
        }
        self->body = body;
        self->capacity = capacity;
    }
    memcpy(self->body + self->size, bytes, size);
    self->size += size;
}

/* Gives the request to the actor and lets the connection rest. */
static enum MHD_Result hand_over(struct http_server *server, const struct request *self,
                                 const char *method)
{
    struct visit *visit = self->visit;
    (void)pthread_mutex_lock(&server->lock);
    bool stopping = server->stopping;
    uint64_t id = visit->id = ++server->next_id;
    (void)pthread_mutex_unlock(&server->lock);
    enum err err =
        stopping
            ? ERR_GONE
            : server->host.tell(server->host.system, server->owner,
                                MSG(http_request, .id = id, .method = msg_str(method),
                                    .path = {self->target, self->path_size},
                                    .query = {self->target + self->path_size, self->query_size},
                                    .headers = {self->headers.text, (uint32_t)self->headers.size},
                                    .body = {self->body ? self->body : "", (uint32_t)self->size}));
    if (err != ERR_OK) {
        (void)pthread_mutex_lock(&server->lock);
        visit->id = 0;
        (void)pthread_mutex_unlock(&server->lock);
        return refuse_visit(server, visit, MHD_HTTP_SERVICE_UNAVAILABLE);
    }
    /* An answer that is quicker than this waits for the next turn of the loop, in this thread. */
    http_visit_enter(visit, WAITING, server->host.config->http.answer_ms_max);
    MHD_suspend_connection(visit->connection);
    return MHD_YES;
}

/* NOLINTNEXTLINE(readability-function-size): the parameters are the library's choice */
enum MHD_Result http_on_request(void *arg, struct MHD_Connection *connection, const char *url,
                                const char *method, const char *version, const char *bytes,
                                size_t *size, void **request)
{
    struct http_server *server = arg;
    struct request *self = *request;
    (void)connection;
    (void)url;
    (void)version;
    if (!self || !self->visit) {
        return MHD_NO; /* there was no memory */
    }
    if (!self->begun) {
        return on_head(server, self, method);
    }
    if (*size > 0) {
        on_piece(server, self, bytes, *size);
        *size = 0;
        return MHD_YES;
    }
    if (self->visit->phase != RECEIVING) {
        return answer(server, self->visit);
    }
    if (self->refusal) {
        return refuse_visit(server, self->visit, self->refusal);
    }
    return hand_over(server, self, method);
}

void http_on_completed(void *arg, struct MHD_Connection *connection, void **request,
                       enum MHD_RequestTerminationCode code)
{
    const struct http_server *server = arg;
    struct request *self = *request;
    (void)connection;
    (void)code;
    if (!self) {
        return;
    }
    if (self->visit) {
        http_visit_enter(self->visit, RECEIVING, server->host.config->http.receive_ms_max);
    }
    free(self->body);
    free(self);
    *request = NULL;
}
