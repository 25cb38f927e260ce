/* probe.h - actors under test in a stepped system, with a clock that the test moves.
 *
 * Whatever leaves the system is a line of the trace: messages to peers (addresses on nodes that do
 * not exist), commands, operations of the store.  A line shows the time since the probe began:
 *
 *     [6000] -> health ask NODE_LOST node="a" silent_ms=6000
 *     [6000] exec sh -c true
 *
 * One probe at a time; everything ends with probe_close.
 */
#ifndef TESTS_SUPPORT_PROBE_H
#define TESTS_SUPPORT_PROBE_H

#include <criterion/criterion.h>

#include "runtime/store.h"
#include "runtime/system.h"

struct probe;

struct probe_options {
    const struct config *config;          /* copied; NULL: the defaults */
    const struct rt_behaviour *behaviour; /* of the actor under test; NULL: none yet */
    const void *arg;                      /* for its start */
    size_t size;
    uint64_t seed;                     /* 0: 1 */
    const struct store_schema *schema; /* a real store in memory; NULL: by hand */
    bool runtime;                      /* trace MONITOR, LINK and the like too */
    bool log;                          /* trace lines of log too */
};

/* Fails the test when there is no memory. */
struct probe *probe_open(const struct probe_options *options);

/* Ends everything; fails the test unless every accepted message has had one outcome. */
void probe_close(struct probe **probe);

struct rt_system *probe_system(struct probe *probe);
struct config *probe_config(struct probe *probe);
struct rt_address probe_actor(const struct probe *probe);

/* Another root actor beside the one under test; it has begun when this returns. */
struct rt_address probe_spawn(struct probe *probe, const struct rt_behaviour *behaviour,
                              const void *arg, size_t size);

/* ---- peers ---- */

/* An actor of another node, which the trace calls by this name.  Each has a node of its own. */
struct rt_address probe_peer(struct probe *probe, const char *name);

/* Messages from a peer to the actor under test, or to `to`; handled when this returns. */
void probe_send(struct probe *probe, struct rt_address from, const struct msg *msg);
void probe_send_to(struct probe *probe, struct rt_address from, struct rt_address to,
                   const struct msg *msg);

/* As probe_send, with an answer awaited until `timeout_ms` (0: for ever). */
void probe_ask(struct probe *probe, struct rt_address from, const struct msg *msg,
               uint64_t timeout_ms);

/* Answers what the peer was asked last. */
void probe_answer(struct probe *probe, struct rt_address from, const struct msg *msg);

/* Milliseconds that the last message to the peer still had when it left; 0: no deadline. */
uint64_t probe_deadline(const struct probe *probe, struct rt_address peer);

/* Who sent the peer its last message. */
struct rt_address probe_last_sender(const struct probe *probe, struct rt_address peer);

/* The ref of the MONITOR that the peer got last. */
uint64_t probe_monitor(const struct probe *probe, struct rt_address peer);

/* The actor under test ends abnormally, without having done anything wrong. */
void probe_crash_actor(struct probe *probe);

void probe_node_down(struct probe *probe, struct rt_address peer);
void probe_role_up(struct probe *probe, uint64_t role, struct rt_address peer);

/* ---- the world ---- */

/* The number of the command started last, and one of its events. */
uint64_t probe_exec(const struct probe *probe);
void probe_exec_event(struct probe *probe, const struct msg *msg);

/* HTTP: `http GET http://… body=…`, `http cancel`, `http serve 127.0.0.1:80`, `http close` and
 * `http answer 200 text/plain body=…` are lines of the trace.  The number of the request made last
 * and its headers, a line each; an HTTP_DONE of it, or an HTTP_REQUEST to whoever serves. */
uint64_t probe_http(const struct probe *probe);
const char *probe_http_headers(const struct probe *probe);
void probe_http_event(struct probe *probe, const struct msg *msg);

/* What rt_http_serve says from now on; ERR_OK at first. */
void probe_http_serves(struct probe *probe, enum err err);

/* Without a schema: hands the oldest operation back, unapplied, with this result. */
void probe_store_done(struct probe *probe, enum err err);
size_t probe_store_waiting(const struct probe *probe);

/* ---- time and trace ---- */

uint64_t probe_now(const struct probe *probe);
void probe_wall_jump(struct probe *probe, int64_t ms);

/* Until nothing more happens at this time. */
void probe_settle(struct probe *probe);

/* Lets time pass, stopping at each timer. */
void probe_advance(struct probe *probe, uint64_t ms);

/* Adds a line of the test's own. */
void probe_note(struct probe *probe, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What has happened since the last call; lives until the next. */
const char *probe_trace(struct probe *probe);

#define probe_expect(probe, text) cr_expect_str_eq(probe_trace(probe), text)

/* True when accepted = sum of outcomes + queued for this process's own messages. */
bool probe_balances(struct probe *probe);

#endif
