/* monitor.h - the behaviour of the monitor. */
#ifndef ACTORS_MONITOR_MONITOR_H
#define ACTORS_MONITOR_MONITOR_H

#include "runtime/actor.h"

extern const struct rt_behaviour monitor_behaviour;

#endif
