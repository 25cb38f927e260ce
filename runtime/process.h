/* process.h - a process of actors, for a program that has nothing else: actors, timers, links.
 *
 * Commands, HTTP and disk are not there: rt_exec and rt_http end at once with an error,
 * rt_http_serve says ERR_UNSUPPORTED, and an operation given to rt_store fails with it.
 * One thread makes, starts, stops and frees a process; actors run on threads of its own, which
 * inherit the signal mask of whoever starts it.
 */
#ifndef RUNTIME_PROCESS_H
#define RUNTIME_PROCESS_H

#include "runtime/actor.h"

struct rt_process;

/* Strings and arrays are borrowed: settings until rt_process_new returns, the others until
 * rt_process_destroy. */
struct rt_process_options {
    const char *name;            /* 1 to 64 visible ASCII characters, no quote, no '=' */
    const char *bind;            /* where others link to us: ipc://PATH, tcp://HOST:PORT; or NULL */
    const char *const *connect;  /* NULL-terminated: whom we link to, now and whenever they come
                                  * back; or NULL */
    const char *const *settings; /* NULL-terminated "runtime.workers=2"; or NULL */

    /* Gets each line of log; any thread.  NULL: errors and warnings go to standard error. */
    void (*log)(void *log_world, enum rt_level level, const char *actor, const char *text);
    void *log_world;
};

/* Opens what it needs, runs nothing yet.  `why` (`size` bytes) says what failed: ERR_CONFIG (a
 * setting, an endpoint), ERR_MALFORMED (the name), ERR_EXISTS (another process listens at `bind`),
 * ERR_REFUSED (an endpoint beyond this machine without a key), ERR_IO, ERR_MEMORY.  The caller
 * owns *ret_process. */
enum err rt_process_new(const struct rt_process_options *options, char *why, size_t size,
                        struct rt_process **ret_process) MUST_CHECK;

/* The endpoint that it listens at, with port 0 and '*' replaced by what was got; "" without one.
 * Lives as long as the process. */
const char *rt_process_endpoint(const struct rt_process *process);

/* Starts an actor that the process itself supervises.  `arg` (`size` bytes) is copied.  Before
 * rt_process_start.  ERR_MEMORY. */
enum err rt_process_spawn(struct rt_process *process, const struct rt_behaviour *behaviour,
                          const void *arg, size_t size, struct rt_address *ret_address) MUST_CHECK;

/* Starts its threads: actors run from now on.  ERR_IO: no thread to be had. */
enum err rt_process_start(struct rt_process *process) MUST_CHECK;

/* How many actors there are, not counting the one that supervises those of rt_process_spawn.  Any
 * thread. */
uint64_t rt_process_actors(const struct rt_process *process);

/* An actor of rt_process_spawn has crashed too often: nothing will start it again.  Any thread. */
bool rt_process_failed(const struct rt_process *process);

/* Ends the actors, children first, then says goodbye to the linked processes, which have then got
 * all that was sent to them; waits `ms_max` milliseconds at most.  Not from an actor.
 * ERR_TIMEOUT: a handler was still running. */
enum err rt_process_stop(struct rt_process *process, uint64_t ms_max) MUST_CHECK;

/* Frees; stops at once what still runs.  NULL inside is fine. */
void rt_process_destroy(struct rt_process **process);

#endif
