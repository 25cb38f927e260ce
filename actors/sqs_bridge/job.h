/* job.h - a request for a run, as it lies in a queue; README.md of this folder shows one.
 *
 * Pure; any thread.  The text is hostile: what is not exactly a request is refused with a sentence
 * for whoever sent it.
 */
#ifndef ACTORS_SQS_BRIDGE_JOB_H
#define ACTORS_SQS_BRIDGE_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/error.h"
#include "proto/message.h"
#include "proto/terms.h"

enum {
    JOB_BYTES_MAX = 524288, /* of a request's text */
    JOB_FILES_MAX = 10000,
    JOB_RUN_SIZE = 26,
    JOB_KEY_MAX = 512, /* bytes of an object's key */
    JOB_WHY_SIZE = 256
};

/* Texts end with NUL and are empty when they are not given. */
struct job {
    const char *run; /* ULID */
    const char *dir;
    const char *root; /* `dir` unless given */
    const char *snapshot;
    const char *runner;
    const char *command;
    const char *origin;
    const char *env; /* NAME=VALUE lines */
    uint64_t workers;
    uint64_t retries;
    uint64_t timeout_ms;
    bool fail_fast;
    enum term fix; /* mode */
    enum term heal;
    const char **files;
    size_t files_count;
    /* What they lie in; owned. */
    void *document;
    char *lines;
};

/* What a request that is silent about it gets; borrowed for the call, and `runner` for longer. */
struct job_defaults {
    const char *runner;
    const char *env; /* lines; a variable that the request names too is left out */
    uint64_t retries;
    uint64_t timeout_ms;
};

/* Reads a request, `size` bytes.  On ERR_OK the caller frees *ret_job with job_free.
 * ERR_MALFORMED: it is none, `why` (JOB_WHY_SIZE bytes) says in printable ASCII what is wrong.
 * ERR_MEMORY. */
enum err job_read(const char *text, size_t size, const struct job_defaults *defaults,
                  struct job *ret_job, char *why) MUST_CHECK;

/* An empty one is fine. */
void job_free(struct job *job);

/* Writes the request that job_read would read this job from, with all of its parts that are not
 * empty; `document` and `lines` do not count.  The caller frees *ret_text.
 * ERR_MALFORMED: `env` has a line without '=', or a text is not UTF-8.  ERR_MEMORY. */
enum err job_write(const struct job *job, char **ret_text) MUST_CHECK;

/* The name of the run that a message asks for: a ULID of the time when it was sent (ms since 1970)
 * and of its id.  However often it is delivered, it is the same.  ERR_MEMORY. */
enum err job_run(const char *message_id, uint64_t sent_ms,
                 char ret_run[JOB_RUN_SIZE + 1]) MUST_CHECK;

/* Whether a body says that the request lies in S3 instead, as Amazon's own extended clients do:
 *     ["software.amazon.payloadoffloading.PayloadS3Pointer", {"s3BucketName": …, "s3Key": …}]
 * ret_key gets "" where it does not.  ERR_MALFORMED, with a sentence in `why` (JOB_WHY_SIZE
 * bytes): of another bucket than `bucket`, or a key of other characters than A-Za-z0-9._-/ or one
 * that begins or ends with '/' or has "//", "/./" or "/../" in it. */
enum err job_pointer(struct msg_str body, const char *bucket, char ret_key[JOB_KEY_MAX + 1],
                     char *why) MUST_CHECK;

#endif
