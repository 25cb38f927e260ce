/* ending.h - how commands are given their environment, and words about how they ended.
 *
 * Pure.
 */
#ifndef ACTORS_COMMON_ENDING_H
#define ACTORS_COMMON_ENDING_H

#include "proto/message.h"

enum { TAIL_BYTES = 4096 /* of the latest output, for messages */ };

/* The latest bytes of what a command wrote. */
struct tail {
    char bytes[TAIL_BYTES];
    size_t size;
};

void tail_add(struct tail *tail, struct msg_str bytes);

/* How a command ended (NULL: nothing about that) and what it said last, stderr preferred; always
 * UTF-8.  Cut to `size` (at least 128) with its NUL.  Both tails may be NULL. */
void ending_text(const struct msg_exec_exited *exited, const struct tail *out,
                 const struct tail *err, char *text, size_t size);

/* The exit code in a text that ending_text wrote, as a shell would say it (128 and the signal's
 * number for a signal); negative: the text tells none. */
int ending_code(struct msg_str text);

/* The lines of an environment as a list; the caller frees *ret_list and *ret_text.  ERR_MEMORY. */
enum err env_split(const char *env, const char ***ret_list, char **ret_text) MUST_CHECK;

#endif
