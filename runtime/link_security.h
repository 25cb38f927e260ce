/* link_security.h - the keys of a process: which endpoints need one, who may come, who is there.
 *
 * CURVE is in force for every tcp endpoint that is not on loopback, and by configuration there too.
 * Both sides prove their keys: a server to those who know its public key, a client by standing in
 * the allow-list.  Answers libzmq's questions (ZAP) in the thread that owns the sockets; never
 * waits, but for reading small files when they have changed.
 */
#ifndef RUNTIME_LINK_SECURITY_H
#define RUNTIME_LINK_SECURITY_H

#include "config/config.h"
#include "proto/message.h"
#include "runtime/actor.h"
#include "runtime/link_zap.h"

struct security;

/* Strings are borrowed and outlive the security. */
struct security_options {
    const struct cfg_security *config;
    const char *name; /* of this process: its key must allow it */
    void *context;    /* of ZeroMQ; NULL without `serves` */
    bool serves;      /* some endpoint is bound with a key */
    bool dials;       /* some endpoint is connected to with a key */
    void *world;
    void (*log)(void *world, enum rt_level level, const char *text);
};

/* Whether links by this endpoint use keys.  ERR_REFUSED: it leaves the machine and curve is off;
 * `message` (`size` bytes) says so. */
enum err security_rule(const struct cfg_security *config, const char *endpoint, bool *ret_curve,
                       char *message, size_t size) MUST_CHECK;

/* Reads the keys, and with `serves` also the allow-list, without which any key would be let in;
 * then begins to listen to libzmq, so it comes before the bound socket and goes after it.
 * ERR_REFUSED: something is missing or not allowed, `message` says what; ERR_IO, ERR_MEMORY. */
enum err security_new(const struct security_options *options, char *message, size_t size,
                      struct security **ret_security) MUST_CHECK;
void security_destroy(struct security **security);

/* Set the keys of a socket, before it is bound or connected. */
bool security_serve(const struct security *security, void *socket) MUST_CHECK;
bool security_dial(const struct security *security, void *socket) MUST_CHECK;

/* These three take a NULL security and do nothing.
 * The socket of libzmq's questions, for polling; NULL when there can be none. */
void *security_socket(const struct security *security);

/* Answers what libzmq has asked. */
void security_answer(struct security *security, uint64_t now_ms);

enum security_news {
    SECURITY_ALLOWED = 1, /* the allow-list is another: links are to be reviewed */
    SECURITY_KEYS = 2     /* so is our own or the server's key: dial again */
};

/* Looks once a second whether files have changed, and reads them again: bits of the above.  An
 * allow-list that can no longer be read is empty.  *ret_next_ms: when to look again. */
unsigned security_look(struct security *security, uint64_t now_ms, uint64_t *ret_next_ms);

/* Whose the key is that came with a message (its User-Id, or NULL); NULL when it is not, or no
 * longer, allowed.  Valid until the next look. */
const struct cert *security_user(const struct security *security, const char *user);
const struct cert *security_key(const struct security *security, const char *key);

/* The certificate of the server that is dialed. */
const struct cert *security_server(const struct security *security);

/* A log line of a kind that strangers can cause: one a second. */
void security_note(struct security *security, uint64_t now_ms, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A new pair of keys into *cert.  ERR_IO: no random numbers. */
enum err security_make_keys(struct cert *cert) MUST_CHECK;

#endif
