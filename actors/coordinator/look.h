/* look.h - pages of the ledger for those who show it to people. */
#ifndef ACTORS_COORDINATOR_LOOK_H
#define ACTORS_COORDINATOR_LOOK_H

#include "runtime/actor.h"

/* Answers LOOK with LOOKED, or with FAILED when there is no such view. */
enum err look_answer(struct rt_context *ctx, const struct msg_look *look) MUST_CHECK;

#endif
