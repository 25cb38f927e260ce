/* asker.h - the actor that asks a command's questions, one at a time.
 *
 * The command sends it NODES, NODE, ACTORS, LINKS, DRAIN, RUNS or STATUS and gets one CLIENT_ANSWER
 * for each, the answer or FAILED; questions wait until there is somebody to ask.  To CANCEL, which
 * nobody answers, CANCEL itself comes back once it is sent.  CLIENT_LINKED and CLIENT_UNLINKED come
 * as from the client.
 */
#ifndef TOOLS_ASKER_H
#define TOOLS_ASKER_H

#include "tools/client.h"

/* Its arg is a struct inbox *, given with the size of the pointer. */
extern const struct rt_behaviour asker_behaviour;

#endif
