/* place.h - where things are: programs, state, sockets.
 *
 * Directories that hold state or sockets have mode 0700 and belong to us, or they are refused.
 */
#ifndef TOOLS_PLACE_H
#define TOOLS_PLACE_H

#include <limits.h>
#include <stdbool.h>

#include "proto/error.h"

#ifndef TROUPE_VERSION
#define TROUPE_VERSION "0.1.0"
#endif

/* Where libraries are, from the installation's prefix; the build says it. */
#ifndef TROUPE_LIBDIR
#define TROUPE_LIBDIR "lib"
#endif

#define PLACE_LEDGER  "ledger.db"
#define PLACE_CLIENTS "clients"
#define PLACE_SOCKET  "coordinator.sock"

#define PLACE_HTTP_MODULE "troupe-http.so"

enum { PLACE_WHY_SIZE = 512 };

/* Of one local cluster; its name is its state directory. */
struct place {
    char state[PATH_MAX];
    char runtime_parent[PATH_MAX];
    char runtime[PATH_MAX];
    char endpoint[128]; /* ipc://… */
};

/* Finds out, creates nothing but the state directory.  `state` is what --state said, or NULL.
 * `why` (PLACE_WHY_SIZE bytes) explains ERR_IO, ERR_REFUSED (somebody else's), ERR_LIMIT. */
enum err place_find(const char *state, struct place *ret_place, char *why) MUST_CHECK;

/* The same, but ERR_NOT_FOUND when there is no state directory: for those that only look. */
enum err place_look(const char *state, struct place *ret_place, char *why) MUST_CHECK;

/* Makes the directory of sockets. */
enum err place_make_runtime(const struct place *place, char *why) MUST_CHECK;

/* `name` inside `directory`; ERR_LIMIT. */
enum err place_join(const char *directory, const char *name, char ret_path[PATH_MAX]) MUST_CHECK;

/* `name` in the directory of the file `path`; ERR_LIMIT. */
enum err place_beside(const char *path, const char *name, char ret_path[PATH_MAX]) MUST_CHECK;

/* The programs troupe-node and troupe-bench that belong to this program, the reporters for test
 * runners and the sources of candidates.  ERR_NOT_FOUND. */
enum err place_node_program(char ret_path[PATH_MAX]) MUST_CHECK;
enum err place_bench_program(char ret_path[PATH_MAX]) MUST_CHECK;
enum err place_reporters(char ret_path[PATH_MAX]) MUST_CHECK;
enum err place_sources(char ret_path[PATH_MAX]) MUST_CHECK;

/* What tools/dashboard/build has made.  ERR_NOT_FOUND. */
enum err place_dashboard(char ret_path[PATH_MAX]) MUST_CHECK;

/* What writes tests.  ERR_NOT_FOUND. */
enum err place_generator(char ret_path[PATH_MAX]) MUST_CHECK;

/* The module with the HTTP client and server that belongs to this program.  ERR_NOT_FOUND. */
enum err place_http_module(char ret_path[PATH_MAX]) MUST_CHECK;

/* A file of the configuration as it came with this program.  ERR_NOT_FOUND. */
enum err place_default(const char *name, char ret_path[PATH_MAX]) MUST_CHECK;

/* The same, but the user's own in `config_dir` (may be NULL) goes before it. */
enum err place_config(const char *config_dir, const char *name, char ret_path[PATH_MAX]) MUST_CHECK;

#endif
