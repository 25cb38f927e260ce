/* json.h - JSON for the commands: one function per object, so that nobody else needs a library.
 *
 * All return ERR_MEMORY or ERR_IO; each object is one line.
 */
#ifndef TOOLS_JSON_H
#define TOOLS_JSON_H

#include <stdint.h>
#include <stdio.h>

#include "actors/classifier/classify.h"
#include "actors/coordinator/ledger.h"

struct json_t; /* of the library; for our own json_*.c only */

/* Writes the object as one line and lets go of it; NULL means that memory had run out. */
enum err json_put(FILE *out, struct json_t *object) MUST_CHECK;

/* A stranger's bytes may be no UTF-8: then they are shown byte for byte as Latin-1.  NULL: no
 * memory. */
struct json_t *json_words(const char *from);

enum err json_verify(FILE *out, const char *run, const struct ledger_check *check) MUST_CHECK;

/* A line of `troupe partition`: {"file","expected_s"}. */
struct json_target {
    char *file;          /* owned by the caller */
    int64_t expected_us; /* negative: unknown */
};

/* ERR_MALFORMED: `why` (size bytes) says what is wrong with the line. */
enum err json_read_target(const char *line, struct json_target *ret_target, char *why,
                          size_t size) MUST_CHECK;

struct json_partition {
    const char *const *files;
    const size_t *worker; /* of files[i] */
    size_t count;
    size_t workers;
    uint64_t makespan_us;
    uint64_t lower_bound_us;
};

enum err json_partition(FILE *out, const struct json_partition *partition) MUST_CHECK;

/* Of `troupe simulate`: {"file","expected_s","actual_s","tests"}; the caller's to free tests_us. */
struct simulate_file;
struct simulate_result;

enum err json_read_simulated(const char *line, struct simulate_file *ret_file, char *why,
                             size_t size) MUST_CHECK;
enum err json_simulated(FILE *out, const struct simulate_result *result) MUST_CHECK;

/* A line of its --arrivals: {"at_s","cpu_s"}. */
struct scaling_arrival;
struct scaling_result;

enum err json_read_arrival(const char *line, struct scaling_arrival *ret_arrival, char *why,
                           size_t size) MUST_CHECK;
enum err json_scaled(FILE *out, const struct scaling_result *result) MUST_CHECK;

/* The "name" of a package.json, to be freed; NULL: it has none, or is none. */
char *json_package_name(const char *text, size_t size);

/* A line of `troupe classify`: {"id","message","file_path"?,"exit"?}; of training also "label" and
 * "source". */
struct json_text {
    char *id; /* as JSON */
    char *message;
    size_t size; /* bytes of the message, which may hold any */
    char *file;  /* or NULL, and so are the others */
    char *label;
    char *source;
    int exit; /* negative: unknown */
};

/* `line` has `size` bytes.  ERR_MALFORMED: `why` (why_size bytes) says what is wrong with it.  End
 * with json_text_fini. */
enum err json_read_text(const char *line, size_t size, struct json_text *ret_text, char *why,
                        size_t why_size) MUST_CHECK;
void json_text_fini(struct json_text *text);

enum err json_classified(FILE *out, const char *id, const struct classification *result) MUST_CHECK;

/* In the place of a result: what was wrong with the line, which counts from 1. */
enum err json_not_classified(FILE *out, size_t line, const char *why) MUST_CHECK;

/* A correction, a line of the file that judge.h names. */
struct json_taught {
    uint64_t fingerprint;
    enum rules_label label;
    char *route; /* or NULL; owned, as the others */
    char *message;
    char *file; /* or NULL */
};

/* ERR_MALFORMED, ERR_MEMORY.  End with json_taught_fini. */
enum err json_read_taught(const char *line, size_t size, struct json_taught *ret_taught) MUST_CHECK;
void json_taught_fini(struct json_taught *taught);
enum err json_taught(FILE *out, const struct json_taught *taught) MUST_CHECK;

/* A line of `troupe heal`. */
struct json_heal {
    const char *id;       /* or NULL */
    const char *status;   /* healed, refused, intact */
    double confidence;    /* 0 to 1 */
    const char *match;    /* path of the element; NULL or "": none */
    const char *frame;    /* it is in; "" is the main one */
    const char *selector; /* or NULL */
    const char *tool;     /* whose error it was; NULL: it was none */
    const char *asked;    /* the selector in that error */
    const char *const *alternatives;
    size_t alternatives_count;
    const char *reason;
    bool by_index; /* of fingerprints: `index` and `ranking` instead of the element */
    int64_t index; /* negative: none */
    const int64_t *ranking;
    size_t ranking_count;
};

enum err json_heal(FILE *out, const struct json_heal *heal) MUST_CHECK;

/* `troupe resolve`: {"count","matches":[{"path","frame"}]}. */
struct json_place {
    const char *path;
    const char *frame;
};

enum err json_resolved(FILE *out, const struct json_place *places, size_t count) MUST_CHECK;

/* A list of runs, one object: {"runs":[…]}. */
struct json_run {
    const char *run;
    const char *dir;
    const char *verdict;  /* "open" while it has none */
    const char *accepted; /* RFC 3339 */
    uint64_t wall_ms;
    uint64_t files_planned, files_lost;
    uint64_t tests_planned, tests_failed, tests_lost;
};

/* Why a file was run or not. */
enum err json_why(FILE *out, const char *run, const char *file, bool chosen,
                  const char *why) MUST_CHECK;

enum err json_runs(FILE *out, const struct json_run *runs, size_t count) MUST_CHECK;

/* A key of `troupe keys`. */
struct json_key {
    const char *name;
    uint64_t roles; /* bit per role number */
    const char *public_key;
    const char *file;
    const char *secret_file; /* or NULL */
};

enum err json_key(FILE *out, const struct json_key *key) MUST_CHECK;
enum err json_keys(FILE *out, const struct json_key *keys, size_t count) MUST_CHECK;

/* A NODE_IS, ACTOR_IS, LINK_IS or RUN_IS; the middle two of process `node`. */
struct json_row {
    const char *node;
    const struct msg *msg;
};

/* {"nodes":[…]}; `what` names the list. */
enum err json_rows(FILE *out, const char *what, const struct json_row *rows,
                   size_t count) MUST_CHECK;

enum err json_drained(FILE *out, const struct msg_drained *drained) MUST_CHECK;
enum err json_submitted(FILE *out, const char *run, const char *dir) MUST_CHECK;
enum err json_cancelled(FILE *out, const char *run, bool ended) MUST_CHECK;

/* troupe flaky: those that are or may be; `tests` is how many there were in all. */
struct ledger_flaky;
enum err json_flaky(FILE *out, const struct ledger_flaky *all, size_t count,
                    uint64_t tests) MUST_CHECK;

/* A line of audit.h. */
struct json_audit {
    const char *ts;
    uint64_t uid;
    const char *user;
    uint64_t pid;
    const char *operation;
    const char *const *arguments; /* NULL-terminated */
    const char *result;
};

enum err json_audit(FILE *out, const struct json_audit *entry) MUST_CHECK;

/* A check of `troupe doctor`. */
struct json_check {
    const char *name;
    const char *status; /* ok, warn, fail */
    const char *found;
    const char *advice;
};

enum err json_checks(FILE *out, const struct json_check *checks, size_t count,
                     bool good) MUST_CHECK;

#endif
