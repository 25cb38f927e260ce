/* link_security.c - keys of sockets, libzmq's questions, files that change. */
#include "runtime/link_security.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "runtime/cert_file.h"
#include "runtime/link_endpoint.h"

enum { LOOK_MS = 1000, NOTE_MS = 1000, ANSWERS_PER_TURN = 64, LINE_SIZE = 512, WHY_SIZE = 400 };

#define ZAP_ENDPOINT "inproc://zeromq.zap.01"

/* A file that is read again when it changes. */
struct watched {
    const char *path;
    uint64_t stamp;
};

struct security {
    struct security_options options;
    void *zap; /* REP */
    struct cert own;
    struct cert server;
    struct zap_allowed allowed;
    struct watched own_file;
    struct watched server_file;
    struct watched allow_dir;
    uint64_t look_ms; /* when to look next */
    uint64_t muted_until_ms;
    uint64_t muted;
};

/* ---- which endpoints ---- */

enum err security_rule(const struct cfg_security *config, const char *endpoint, bool *ret_curve,
                       char *message, size_t size)
{
    bool tcp = endpoint_is_tcp(endpoint);
    bool leaves = tcp && !endpoint_is_loopback(endpoint);
    bool off = strcmp(config->curve, "off") == 0;
    if (off && leaves && !config->insecure) {
        (void)snprintf(message, size,
                       "%.200s leaves this machine and security.curve is off: set it to auto, or "
                       "say security.insecure: true",
                       endpoint);
        return ERR_REFUSED;
    }
    *ret_curve = !off && (leaves || (tcp && strcmp(config->curve, "on") == 0));
    return ERR_OK;
}

/* ---- log ---- */

static void say(struct security *self, enum rt_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void say(struct security *self, enum rt_level level, const char *format, ...)
{
    char line[LINE_SIZE];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(line, sizeof line, format, args);
    va_end(args);
    self->options.log(self->options.world, level, line);
}

void security_note(struct security *self, uint64_t now_ms, const char *format, ...)
{
    if (now_ms < self->muted_until_ms) {
        self->muted++;
        return;
    }
    char line[LINE_SIZE];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(line, sizeof line - 32, format, args);
    va_end(args);
    say(self, RT_ERROR, "%s untold=%" PRIu64, line, self->muted);
    self->muted = 0;
    self->muted_until_ms = now_ms + NOTE_MS;
}

/* ---- reading ---- */

static enum err lacks(const char *key, const char *what, char *message, size_t size)
{
    (void)snprintf(message, size, "security.%s is not set: %s", key, what);
    return ERR_REFUSED;
}

/* The secret file's two keys must belong together: its owner would look like somebody else. */
static enum err load_own(const struct security *self, struct cert *ret_own, char *message,
                         size_t size)
{
    struct cert own;
    char public_key[CERT_KEY_TEXT + 1] = "";
    enum err err = cert_load(self->own_file.path, true, &own, message, size);
    if (err != ERR_OK) {
        return ERR_REFUSED;
    }
    const char *name = self->options.name;
    if (zmq_curve_public(public_key, own.secret_key) != 0 ||
        strcmp(public_key, own.public_key) != 0) {
        (void)snprintf(message, size, "%.300s: its two keys do not belong together",
                       self->own_file.path);
        err = ERR_REFUSED;
    } else if (!cert_covers(&own, name, strlen(name))) {
        (void)snprintf(message, size, "the key in %.200s is of %s: this process is called %.64s",
                       self->own_file.path, own.name, name);
        err = ERR_REFUSED;
    } else {
        *ret_own = own;
    }
    explicit_bzero(&own, sizeof own);
    return err;
}

static enum err load_all(struct security *self, char *message, size_t size)
{
    const struct security_options *options = &self->options;
    self->own_file = (struct watched){options->config->key_file, 0};
    self->server_file = (struct watched){options->config->server_key_file, 0};
    self->allow_dir = (struct watched){options->config->allow_dir, 0};
    if (self->own_file.path[0] == '\0') {
        return lacks("key_file",
                     "links that leave this machine need a key; troupe keys new "
                     "makes one",
                     message, size);
    }
    if (options->dials && self->server_file.path[0] == '\0') {
        return lacks("server_key_file", "the public key of the server must be known", message,
                     size);
    }
    if (options->serves && self->allow_dir.path[0] == '\0') {
        return lacks("allow_dir", "without a list of keys anybody would be let in", message, size);
    }
    self->own_file.stamp = cert_stamp(self->own_file.path);
    enum err err = load_own(self, &self->own, message, size);
    if (err == ERR_OK && options->dials) {
        self->server_file.stamp = cert_stamp(self->server_file.path);
        err = cert_load(self->server_file.path, false, &self->server, message, size);
    }
    if (err == ERR_OK && options->serves) {
        char why[WHY_SIZE] = "";
        self->allow_dir.stamp = cert_stamp(self->allow_dir.path);
        err = cert_allowed_load(self->allow_dir.path, &self->allowed, why, sizeof why);
        if (err != ERR_OK) {
            (void)snprintf(message, size, "%s", why);
        } else if (why[0]) {
            say(self, RT_ERROR, "key left out why=\"%s\"", why);
        }
    }
    return err == ERR_OK || err == ERR_MEMORY ? err : ERR_REFUSED;
}

/* ---- life ---- */

static enum err listen_to_libzmq(struct security *self, char *message, size_t size)
{
    int none = 0;
    self->zap = zmq_socket(self->options.context, ZMQ_REP);
    if (!self->zap || zmq_setsockopt(self->zap, ZMQ_LINGER, &none, sizeof none) != 0 ||
        zmq_bind(self->zap, ZAP_ENDPOINT) != 0) {
        (void)snprintf(message, size, "no socket for the check of keys: %s", zmq_strerror(errno));
        return ERR_IO;
    }
    return ERR_OK;
}

enum err security_new(const struct security_options *options, char *message, size_t size,
                      struct security **ret_security)
{
    if (zmq_has("curve") != 1) {
        (void)snprintf(message, size, "this libzmq has no CURVE");
        return ERR_REFUSED;
    }
    struct security *self = calloc(1, sizeof *self);
    if (!self) {
        (void)snprintf(message, size, "%s", err_text(ERR_MEMORY));
        return ERR_MEMORY;
    }
    self->options = *options;
    enum err err = load_all(self, message, size);
    if (err == ERR_OK && options->serves) {
        err = listen_to_libzmq(self, message, size);
    }
    if (err != ERR_OK) {
        security_destroy(&self);
        return err;
    }
    *ret_security = self;
    return ERR_OK;
}

void security_destroy(struct security **security)
{
    struct security *self = *security;
    if (!self) {
        return;
    }
    if (self->zap) {
        (void)zmq_close(self->zap);
    }
    cert_allowed_fini(&self->allowed);
    explicit_bzero(self, sizeof *self);
    free(self);
    *security = NULL;
}

/* ---- sockets ---- */

static bool set_key(void *socket, int option, const char *key)
{
    return zmq_setsockopt(socket, option, key, CERT_KEY_TEXT + 1) == 0;
}

bool security_serve(const struct security *self, void *socket)
{
    int yes = 1;
    /* libzmq lets everybody in when nobody answers it, as at the end of a process; but who is not
     * on the list has no User-Id, and is not heard. */
    return zmq_setsockopt(socket, ZMQ_CURVE_SERVER, &yes, sizeof yes) == 0 &&
           set_key(socket, ZMQ_CURVE_SECRETKEY, self->own.secret_key) &&
           zmq_setsockopt(socket, ZMQ_ZAP_DOMAIN, ZAP_DOMAIN, sizeof ZAP_DOMAIN - 1) == 0;
}

bool security_dial(const struct security *self, void *socket)
{
    return set_key(socket, ZMQ_CURVE_SERVERKEY, self->server.public_key) &&
           set_key(socket, ZMQ_CURVE_PUBLICKEY, self->own.public_key) &&
           set_key(socket, ZMQ_CURVE_SECRETKEY, self->own.secret_key);
}

void *security_socket(const struct security *self)
{
    return self ? self->zap : NULL;
}

/* ---- libzmq's questions ---- */

static void put_frame(void *socket, const char *bytes, size_t size, bool more)
{
    /* It can only fail when whoever asked is gone. */
    (void)zmq_send(socket, bytes, size, ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0));
}

static void put_answer(void *socket, const struct zap_answer *answer)
{
    put_frame(socket, "1.0", 3, true);
    put_frame(socket, answer->request, answer->request_size, true);
    put_frame(socket, answer->status, strlen(answer->status), true);
    put_frame(socket, answer->text, strlen(answer->text), true);
    put_frame(socket, answer->user, strlen(answer->user), true);
    put_frame(socket, "", 0, false);
}

/* Receives a request, at most `max` frames of it; the caller closes those.  0: there is none. */
static size_t take_request(void *socket, zmq_msg_t *frames, size_t max)
{
    size_t count = 0;
    for (bool more = true; more;) {
        zmq_msg_t rest;
        zmq_msg_t *frame = count < max ? &frames[count] : &rest;
        (void)zmq_msg_init(frame);
        bool got = zmq_msg_recv(frame, socket, ZMQ_DONTWAIT) >= 0;
        more = got && zmq_msg_more(frame) != 0;
        if (got && count < max) {
            count++;
        } else {
            (void)zmq_msg_close(frame);
        }
    }
    return count;
}

/* Answers one; false: there is none. */
static bool answer_one(struct security *self, uint64_t now_ms)
{
    /* One frame more than a request has shows that there were too many. */
    zmq_msg_t parts[ZAP_FRAMES + 1];
    struct zap_frame frames[ZAP_FRAMES + 1];
    size_t count = take_request(self->zap, parts, ZAP_FRAMES + 1);
    for (size_t i = 0; i < count; i++) {
        frames[i] = (struct zap_frame){zmq_msg_data(&parts[i]), zmq_msg_size(&parts[i])};
    }
    if (count == 0) {
        return false;
    }
    struct zap_answer answer;
    zap_judge(&self->allowed, frames, count, &answer);
    put_answer(self->zap, &answer);
    if (answer.user[0] == '\0') {
        security_note(self, now_ms, "connection refused address=%s key=\"%s\" why=\"%s\"",
                      answer.address, answer.key, answer.text);
    }
    for (size_t i = 0; i < count; i++) {
        (void)zmq_msg_close(&parts[i]);
    }
    return true;
}

void security_answer(struct security *self, uint64_t now_ms)
{
    for (int i = 0; self && self->zap && i < ANSWERS_PER_TURN && answer_one(self, now_ms); i++) {
    }
}

/* ---- files that change ---- */

static bool has_changed(struct watched *watched)
{
    uint64_t stamp = cert_stamp(watched->path);
    bool changed = stamp != watched->stamp;
    watched->stamp = stamp;
    return changed;
}

/* What cannot be read allows nobody: whoever takes the folder away means that. */
static void reload_allowed(struct security *self)
{
    struct zap_allowed allowed = {0};
    char why[WHY_SIZE] = "";
    enum err err = cert_allowed_load(self->allow_dir.path, &allowed, why, sizeof why);
    if (err != ERR_OK || why[0]) {
        say(self, RT_ERROR, "key left out why=\"%s\"", why);
    }
    cert_allowed_fini(&self->allowed);
    self->allowed = allowed;
    say(self, RT_INFO, "allow-list read keys=%zu", allowed.count);
}

/* A new key that cannot be used leaves the old one in force. */
static bool reload_own(struct security *self)
{
    char why[WHY_SIZE] = "";
    struct cert own;
    if (load_own(self, &own, why, sizeof why) != ERR_OK) {
        say(self, RT_ERROR, "new key not taken why=\"%s\"", why);
        return false;
    }
    bool other = strcmp(own.public_key, self->own.public_key) != 0;
    self->own = own;
    explicit_bzero(&own, sizeof own);
    if (other && self->options.serves) {
        say(self, RT_WARN, "new key taken for=dialing; serving with it needs a restart");
    }
    return other;
}

static bool reload_server(struct security *self)
{
    char why[WHY_SIZE] = "";
    struct cert server;
    if (cert_load(self->server_file.path, false, &server, why, sizeof why) != ERR_OK) {
        say(self, RT_ERROR, "new key of the server not taken why=\"%s\"", why);
        return false;
    }
    bool other = !cert_equal(&server, &self->server);
    self->server = server;
    return other;
}

unsigned security_look(struct security *self, uint64_t now_ms, uint64_t *ret_next_ms)
{
    unsigned news = 0;
    *ret_next_ms = self ? self->look_ms : UINT64_MAX;
    if (!self || now_ms < self->look_ms) {
        return 0;
    }
    self->look_ms = now_ms + LOOK_MS;
    *ret_next_ms = self->look_ms;
    if (self->options.serves && has_changed(&self->allow_dir)) {
        reload_allowed(self);
        news |= SECURITY_ALLOWED;
    }
    if (has_changed(&self->own_file) && reload_own(self) && self->options.dials) {
        news |= SECURITY_KEYS;
    }
    if (self->options.dials && has_changed(&self->server_file) && reload_server(self)) {
        news |= SECURITY_KEYS | SECURITY_ALLOWED;
    }
    return news;
}

/* ---- who is there ---- */

const struct cert *security_key(const struct security *self, const char *key)
{
    return zap_find(&self->allowed, key);
}

const struct cert *security_user(const struct security *self, const char *user)
{
    const char *key = user ? zap_user_key(user) : NULL;
    return key ? security_key(self, key) : NULL;
}

const struct cert *security_server(const struct security *self)
{
    return &self->server;
}

enum err security_make_keys(struct cert *cert)
{
    return zmq_curve_keypair(cert->public_key, cert->secret_key) == 0 ? ERR_OK : ERR_IO;
}
