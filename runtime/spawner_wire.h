/* spawner_wire.h - what goes over the socket between the daemon and its spawner process.
 *
 * Both ends are the same program on the same machine, so numbers travel as they lie in memory.
 * Sizes, counts and ends of strings are checked nevertheless.
 */
#ifndef RUNTIME_SPAWNER_WIRE_H
#define RUNTIME_SPAWNER_WIRE_H

#include "runtime/spawner.h"

#define SPAWNER_LISTS   5 /* argv, env, readable, writable, hidden */
#define SPAWNER_FDS_MAX 3
#define SPAWNER_REQUEST_BYTES_MAX                                                                  \
    (sizeof(struct spawner_request) + SPAWN_BYTES_MAX + 2 * (SPAWN_PATH_MAX + 1))

enum spawner_verb {
    SPAWNER_SPAWN = 1,
    SPAWNER_KILL,
};

/* The head of a request; a spawn's strings follow: cwd, project (empty for NULL), the lists. */
struct spawner_request {
    enum spawner_verb verb;
    uint64_t id;
    bool control;
    bool merge_output;
    struct sandbox_limits limits; /* its pointers mean nothing here */
    uint32_t counts[SPAWNER_LISTS];
};

/* A decoded spawn: spec points into the received bytes and into the arrays beside it. */
struct spawner_order {
    struct spawn_spec spec;
    const char *argv[SPAWN_ARGS_MAX + 1];
    const char *env[SPAWN_ENV_MAX + 1];
    const char *readable[SANDBOX_PATHS_MAX + 1];
    const char *writable[SANDBOX_PATHS_MAX + 1];
    const char *hidden[SANDBOX_PATHS_MAX + 1];
};

/* Writes a spawn into SPAWNER_REQUEST_BYTES_MAX bytes.  ERR_LIMIT, ERR_MALFORMED. */
enum err spawner_encode(const struct spawn_spec *spec, char *bytes, size_t *ret_size) MUST_CHECK;

/* Reads one; `bytes` is aligned as from malloc() and lives as long as the order.  ERR_LIMIT,
 * ERR_MALFORMED. */
enum err spawner_decode(const char *bytes, size_t size, struct spawner_order *ret_order) MUST_CHECK;

/* How many descriptors travel with it: out, then err unless merged, then control if wanted. */
size_t spawner_fds_count(const struct spawn_spec *spec);

/* Lets go of all that came from the daemon but the socket; returns its new number. */
int spawner_settle(int socket);

/* The life of the spawner process: serves until the other end of `socket` is gone.  Bounded. */
_Noreturn void spawner_serve(int socket);

#endif
