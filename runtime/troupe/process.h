/* <troupe/process.h> of an installation: a process of actors. */
#include "runtime/process.h"
