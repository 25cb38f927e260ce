/* http_client.c - requests come in from any thread, go through libcurl in one, and are told.
 *
 *     http_client_request   taken       curl is done, or it was refused         owner told
 *   --------------------> NEW ----> RUNNING ------------------------> DONE ----------------> freed
 *                           \________________________________________/ \__ owner full: again
 *
 * Under the lock are the list of transfers, its count, and each one's `cancelled`; the rest of a
 * transfer belongs to the thread as soon as it is in the list.
 */
#include "runtime/http_client.h"

#include <curl/curl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "runtime/http_headers.h"

enum {
    RETRY_MS = 10,   /* until an owner without room is asked again */
    IDLE_MS = 60000, /* curl_multi_wakeup ends it */
    CONNECTIONS_KEPT = 16
};

enum state { NEW, RUNNING, DONE };

struct transfer {
    struct transfer *next;
    struct http_client *client;
    uint64_t id;
    struct rt_address owner;
    bool cancelled;
    enum state state;
    CURL *easy;
    struct curl_slist *fields;
    char *url;
    char *method;
    char *sent;
    size_t sent_size;
    uint64_t timeout_ms;
    uint64_t connect_ms;
    uint64_t silence_s;
    /* What has come of it. */
    long status;
    bool headed; /* all of the head is here */
    struct http_headers headers;
    char *body;
    size_t size;
    size_t capacity;
    const char *refusal; /* why we ended it ourselves; static */
    char error[CURL_ERROR_SIZE];
};

struct http_client {
    struct http_host host;
    pthread_mutex_t lock;
    struct transfer *transfers;
    struct transfer **last;
    size_t count;
    CURLM *multi; /* NULL until the thread has made it */
    bool changed; /* something was added or cancelled */
    bool started;
    bool stopping;
    pthread_t thread;
    atomic_bool failed;
};

/* ---- a request being copied; any thread ---- */

static void transfer_free(struct transfer *self)
{
    if (!self) {
        return;
    }
    if (self->easy) {
        curl_easy_cleanup(self->easy);
    }
    curl_slist_free_all(self->fields);
    free(self->url);
    free(self->method);
    free(self->sent);
    free(self->body);
    free(self);
}

static bool add_field(struct transfer *self, const char *line)
{
    struct curl_slist *more = curl_slist_append(self->fields, line);
    if (more) {
        self->fields = more;
    }
    return more != NULL;
}

/* curl takes "Name:" for a wish to leave the field out, and "Name;" for an empty one. */
static bool add_their_field(struct transfer *self, const char *line)
{
    const char *colon = strchr(line, ':');
    if (colon[1 + strspn(colon + 1, " \t")] != '\0') {
        return add_field(self, line);
    }
    char *empty = strndup(line, (size_t)(colon - line) + 1);
    if (!empty) {
        return false;
    }
    empty[colon - line] = ';';
    bool added = add_field(self, empty);
    free(empty);
    return added;
}

/* ERR_MALFORMED, ERR_LIMIT, ERR_MEMORY. */
static enum err copy_fields(struct transfer *self, const char *const *headers)
{
    size_t bytes = strlen(self->url);
    bool typed = false;
    for (size_t i = 0; headers && headers[i]; i++) {
        bytes += strlen(headers[i]);
        if (!http_header_is_sound(headers[i])) {
            return ERR_MALFORMED;
        }
        if (i == HTTP_HEADERS_COUNT_MAX || bytes > HTTP_REQUEST_BYTES_MAX) {
            return ERR_LIMIT;
        }
        if (!add_their_field(self, headers[i])) {
            return ERR_MEMORY;
        }
        typed |= http_header_is(headers[i], "Content-Type");
    }
    /* Else curl waits a second for a 100 that many servers never send, and calls any body a form.
     */
    bool added = add_field(self, "Expect:") && (typed || add_field(self, "Content-Type:"));
    return added ? ERR_OK : ERR_MEMORY;
}

static enum err copy_request(struct transfer *self, const struct rt_http_request *request)
{
    if (!http_method_is_sound(request->method) || request->timeout_ms == 0) {
        return ERR_MALFORMED;
    }
    if (strncasecmp(request->url, "http://", 7) != 0 &&
        strncasecmp(request->url, "https://", 8) != 0) {
        return ERR_MALFORMED;
    }
    if (strlen(request->url) > HTTP_REQUEST_BYTES_MAX ||
        request->body.size > self->client->host.config->http.body_bytes_max) {
        return ERR_LIMIT;
    }
    self->timeout_ms = request->timeout_ms;
    self->connect_ms = request->connect_ms;
    self->silence_s = request->silence_s;
    self->url = strdup(request->url);
    self->method = strdup(request->method);
    self->sent_size = request->body.size;
    self->sent = malloc(self->sent_size + 1);
    if (!self->url || !self->method || !self->sent) {
        return ERR_MEMORY;
    }
    if (self->sent_size > 0) {
        memcpy(self->sent, request->body.at, self->sent_size);
    }
    return copy_fields(self, request->headers);
}

/* ---- what curl calls, in the thread ---- */

static size_t refuse(struct transfer *self, const char *why)
{
    self->refusal = why;
    return 0; /* curl ends the transfer */
}

static size_t on_body(char *bytes, size_t unit, size_t count, void *arg)
{
    struct transfer *self = arg;
    size_t size = unit * count;
    if (size > self->client->host.config->http.body_bytes_max - self->size) {
        return refuse(self, "the answer is larger than http.body_bytes_max");
    }
    if (self->size + size > self->capacity) {
        size_t capacity = self->capacity ? 2 * self->capacity : 4096;
        capacity = capacity < self->size + size ? self->size + size : capacity;
        char *body = realloc(self->body, capacity);
        if (!body) {
            return refuse(self, "no memory for the answer");
        }
        self->body = body;
        self->capacity = capacity;
    }
    memcpy(self->body + self->size, bytes, size);
    self->size += size;
    return size;
}

static size_t on_header(char *bytes, size_t unit, size_t count, void *arg)
{
    struct transfer *self = arg;
    size_t size = unit * count;
    self->headed = bytes[0] == '\r' || bytes[0] == '\n';
    if (http_headers_line(&self->headers, bytes, size) != ERR_OK) {
        return refuse(self, "the answer's headers are too large");
    }
    return size;
}

/* ---- options ---- */

#define SET(option, value) set |= (int)curl_easy_setopt(easy, CURLOPT_##option, value)

static int set_limits(const struct transfer *self, CURL *easy)
{
    const struct cfg_http *cfg = &self->client->host.config->http;
    long timeout_ms = self->timeout_ms < INT_MAX ? (long)self->timeout_ms : INT_MAX;
    int set = 0;
    SET(TIMEOUT_MS, timeout_ms);
    SET(CONNECTTIMEOUT_MS, (long)(self->connect_ms ? self->connect_ms : cfg->connect_ms_max));
    if (self->silence_s > 0) {
        SET(LOW_SPEED_LIMIT, 1L); /* bytes a second */
        SET(LOW_SPEED_TIME, (long)self->silence_s);
    }
    SET(MAXFILESIZE_LARGE, (curl_off_t)cfg->body_bytes_max);
    SET(NOSIGNAL, 1L);
    SET(QUICK_EXIT, 1L); /* else giving up waits for the name to be resolved */
    SET(PROTOCOLS_STR, "http,https");
    SET(FOLLOWLOCATION, 0L);
    SET(HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(PROXY, ""); /* nor one from the environment */
    SET(NETRC, (long)CURL_NETRC_IGNORED);
    SET(DISALLOW_USERNAME_IN_URL, 1L);
    SET(SSL_VERIFYPEER, 1L);
    SET(SSL_VERIFYHOST, 2L);
    SET(SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (cfg->ca_file[0]) {
        SET(CAINFO, cfg->ca_file);
    }
    return set;
}

static int set_request(struct transfer *self, CURL *easy)
{
    bool head = strcmp(self->method, "HEAD") == 0;
    bool get = strcmp(self->method, "GET") == 0;
    int set = 0;
    SET(URL, self->url);
    SET(HTTPHEADER, self->fields);
    SET(USERAGENT, "troupe");
    SET(ERRORBUFFER, self->error);
    SET(WRITEFUNCTION, on_body);
    SET(WRITEDATA, self);
    SET(HEADERFUNCTION, on_header);
    SET(HEADERDATA, self);
    SET(PRIVATE, self);
    if (!head && (!get || self->sent_size > 0)) {
        SET(POSTFIELDSIZE_LARGE, (curl_off_t)self->sent_size);
        SET(POSTFIELDS, self->sent);
    }
    if (head) {
        SET(NOBODY, 1L);
    } else if (!get || self->sent_size > 0) {
        SET(CUSTOMREQUEST, self->method);
    }
    if (!head && !get) {
        /* On a connection that it kept, curl takes silence for a server that had just closed it,
         * and sends the request a second time. */
        SET(FRESH_CONNECT, 1L);
    }
    return set;
}

#undef SET

/* ---- the thread ---- */

static void end(struct transfer *self, const char *why)
{
    self->refusal = why;
    self->state = DONE;
}

static void begin(struct http_client *client, struct transfer *self)
{
    self->easy = client->multi ? curl_easy_init() : NULL;
    if (!self->easy || set_limits(self, self->easy) != CURLE_OK ||
        set_request(self, self->easy) != CURLE_OK ||
        curl_multi_add_handle(client->multi, self->easy) != CURLM_OK) {
        end(self, "HTTP could not be started");
        return;
    }
    self->state = RUNNING;
}

/* Takes it from curl, which would otherwise go on with it. */
static void stop(struct http_client *client, struct transfer *self)
{
    if (self->easy) {
        (void)curl_multi_remove_handle(client->multi, self->easy); /* not in it: fine */
        curl_easy_cleanup(self->easy);
        self->easy = NULL;
    }
}

static void on_ended(struct http_client *client, CURL *easy, CURLcode code)
{
    struct transfer *self = NULL;
    (void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, &self);
    (void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &self->status);
    self->state = DONE;
    if (code == CURLE_OK && !self->headed) {
        self->refusal = "the answer ended within its head"; /* curl takes it for a whole one */
    }
    if (code != CURLE_OK && self->error[0] == '\0') {
        (void)snprintf(self->error, sizeof self->error, "%s", curl_easy_strerror(code));
    }
    if (code == CURLE_OK) {
        self->error[0] = '\0'; /* curl leaves remarks there */
    }
    stop(client, self);
}

/* False: the owner has no room now. */
static bool tell(struct http_client *client, const struct transfer *self)
{
    struct msg_http_done done = {.head = {MSG_HTTP_DONE}, .id = self->id};
    if (self->refusal || self->error[0]) {
        done.error = msg_str(self->refusal ? self->refusal : self->error);
    } else {
        done.status = (uint64_t)self->status;
        done.headers = (struct msg_str){self->headers.text, (uint32_t)self->headers.size};
        done.body = (struct msg_str){self->body ? self->body : "", (uint32_t)self->size};
    }
    enum err err = client->host.tell(client->host.system, self->owner, &done.head);
    return err == ERR_OK || err == ERR_GONE;
}

/* Brings every transfer as far as it can come now; true when some wait for room at their owners. */
static bool progress(struct http_client *client)
{
    struct transfer *over = NULL;
    bool waits = false;
    (void)pthread_mutex_lock(&client->lock);
    client->changed = false;
    for (struct transfer **at = &client->transfers; *at;) {
        struct transfer *self = *at;
        if (self->state == NEW && !self->cancelled) {
            begin(client, self);
        }
        bool told = !self->cancelled && self->state == DONE && tell(client, self);
        waits |= !self->cancelled && self->state == DONE && !told;
        if (!self->cancelled && !told) {
            at = &self->next;
            continue;
        }
        *at = self->next;
        self->next = over;
        over = self;
        client->count--;
    }
    client->last = &client->transfers;
    while (*client->last) {
        client->last = &(*client->last)->next;
    }
    (void)pthread_mutex_unlock(&client->lock);
    while (over) {
        struct transfer *self = over;
        over = self->next;
        stop(client, self);
        transfer_free(self);
    }
    return waits;
}

static bool is_stopping(struct http_client *client, bool *ret_changed)
{
    (void)pthread_mutex_lock(&client->lock);
    bool stopping = client->stopping;
    *ret_changed = client->changed;
    (void)pthread_mutex_unlock(&client->lock);
    return stopping;
}

static void open_multi(struct http_client *client)
{
    CURLM *multi = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? curl_multi_init() : NULL;
    if (multi) {
        /* Without it more connections are kept: slower, not wrong. */
        (void)curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS_KEPT);
    }
    (void)pthread_mutex_lock(&client->lock);
    client->multi = multi;
    (void)pthread_mutex_unlock(&client->lock);
}

static void *run(void *arg)
{
    struct http_client *client = arg;
    open_multi(client);
    bool waits = false;
    bool ended = false;
    bool changed;
    while (!is_stopping(client, &changed)) {
        if (changed || ended || waits) {
            waits = progress(client);
        }
        int running;
        int left;
        CURLMsg *event;
        ended = false;
        (void)curl_multi_perform(client->multi, &running); /* errors end transfers, told below */
        while ((event = curl_multi_info_read(client->multi, &left))) {
            if (event->msg == CURLMSG_DONE) {
                on_ended(client, event->easy_handle, event->data.result);
                ended = true;
            }
        }
        if (!client->multi) {
            (void)poll(NULL, 0, RETRY_MS); /* it serves to refuse; nothing could wake it */
        } else if (!ended) {
            (void)curl_multi_poll(client->multi, NULL, 0, waits ? RETRY_MS : IDLE_MS, NULL);
        }
    }
    return NULL;
}

/* ---- the ports ---- */

/* Under the lock. */
static bool start_thread(struct http_client *self)
{
    if (!self->started) {
        sigset_t all;
        sigset_t before;
        (void)sigfillset(&all);
        (void)pthread_sigmask(SIG_SETMASK, &all, &before);
        self->started = pthread_create(&self->thread, NULL, run, self) == 0;
        (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    return self->started;
}

/* Under the lock: somebody will look at the list. */
static void wake(struct http_client *self)
{
    self->changed = true;
    if (self->multi) {
        (void)curl_multi_wakeup(self->multi); /* fails when it is awake already */
    }
}

static bool admit(struct http_client *self, struct transfer *transfer)
{
    (void)pthread_mutex_lock(&self->lock);
    size_t max = self->host.config->http.requests_max;
    if (self->count >= max && transfer->state == NEW) {
        end(transfer, "too many requests at once: http.requests_max");
    }
    bool admitted = self->count < max + HTTP_REFUSED_MAX && start_thread(self);
    if (admitted) {
        *self->last = transfer;
        self->last = &transfer->next;
        self->count++;
        wake(self);
    }
    (void)pthread_mutex_unlock(&self->lock);
    return admitted;
}

void http_client_request(struct http_client *self, uint64_t id, struct rt_address owner,
                         const struct rt_http_request *request)
{
    assert(id != 0);
    struct transfer *transfer = calloc(1, sizeof *transfer);
    if (transfer) {
        transfer->client = self;
        transfer->id = id;
        transfer->owner = owner;
        enum err err = copy_request(transfer, request);
        if (err != ERR_OK) {
            end(transfer, err_text(err));
        }
        if (admit(self, transfer)) {
            return;
        }
        transfer_free(transfer);
    }
    if (self->host.tell(self->host.system, owner,
                        MSG(http_done, .id = id, .error = msg_str("no memory or thread for it"))) !=
        ERR_OK) {
        /* Nobody remembers it, and an actor that waits for ever is worse. */
        atomic_store(&self->failed, true);
    }
}

void http_client_cancel(struct http_client *self, uint64_t id)
{
    (void)pthread_mutex_lock(&self->lock);
    struct transfer *transfer = self->transfers;
    while (transfer && transfer->id != id) {
        transfer = transfer->next;
    }
    if (transfer) {
        transfer->cancelled = true;
        wake(self);
    }
    (void)pthread_mutex_unlock(&self->lock);
}

bool http_client_failed(const struct http_client *self)
{
    return atomic_load(&self->failed);
}

/* ---- beginning and end ---- */

enum err http_client_new(const struct http_host *host, struct http_client **ret_client)
{
    struct http_client *self = calloc(1, sizeof *self);
    if (!self) {
        return ERR_MEMORY;
    }
    self->host = *host;
    self->last = &self->transfers;
    (void)pthread_mutex_init(&self->lock, NULL);
    *ret_client = self;
    return ERR_OK;
}

void http_client_destroy(struct http_client **client)
{
    struct http_client *self = *client;
    if (!self) {
        return;
    }
    if (self->started) {
        (void)pthread_mutex_lock(&self->lock);
        self->stopping = true;
        wake(self);
        (void)pthread_mutex_unlock(&self->lock);
        (void)pthread_join(self->thread, NULL);
    }
    while (self->transfers) {
        struct transfer *transfer = self->transfers;
        self->transfers = transfer->next;
        stop(self, transfer);
        transfer_free(transfer);
    }
    if (self->started) {
        (void)curl_multi_cleanup(self->multi);
        curl_global_cleanup();
    }
    (void)pthread_mutex_destroy(&self->lock);
    free(self);
    *client = NULL;
}
