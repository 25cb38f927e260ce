/* executor.h - the executor's behaviour; its interface is its messages. */
#ifndef ACTORS_EXECUTOR_EXECUTOR_H
#define ACTORS_EXECUTOR_EXECUTOR_H

#include "runtime/actor.h"

/* Its arg is the absolute path of the directory that holds vitest/host.mjs: a C string, given with
 * the size of its NUL.  Needs commands behind rt_exec. */
extern const struct rt_behaviour executor_behaviour;

#endif
