/* fixer.h - the fixer's behaviour; its interface is its messages. */
#ifndef ACTORS_FIXER_FIXER_H
#define ACTORS_FIXER_FIXER_H

#include "runtime/actor.h"

/* Its arg is the absolute path of the directory that holds typescript/host.mjs: a C string, given
 * with the size of its NUL.  Needs commands behind rt_exec. */
extern const struct rt_behaviour fixer_behaviour;

#endif
