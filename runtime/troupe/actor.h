/* <troupe/actor.h> of an installation: what an actor is and all that it may do. */
#include "runtime/actor.h"
