/* run_story.h - a coordinator under a probe with a ledger in memory, and whom it talks to. */
#ifndef TESTS_ACTORS_RUN_STORY_H
#define TESTS_ACTORS_RUN_STORY_H

#include "tests/support/probe.h"

#define RUN   "01JD0000000000000000000000"
#define TOKEN (UINT64_C(1) << 32) /* the first epoch's; leases count from 1 */

extern struct probe *probe;
extern struct rt_address client, slot, partitioner;

void story_open(void);
void story_close(void);

/* From the client: a run of the command runner with so many files (f0, f1, …). */
void story_submit(const struct msg_submit *with, uint64_t files);

/* From the partitioner: files in the order of their numbers. */
void story_plan(uint64_t files);

/* From the slot. */
void story_pull(void);
void story_test(uint64_t token, uint64_t job, uint64_t index, enum term status);
void story_done(uint64_t token, uint64_t job, uint64_t reported);
void story_beat(uint64_t token);

/* A test of a job that ends as a whole. */
void story_result(uint64_t token, uint64_t job, enum term status);

/* How often a word is in the trace since the last look; the trace is gone then. */
size_t story_count(const char *word);

#endif
