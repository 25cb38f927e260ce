/* command_resolve.c - troupe resolve: which elements a selector hits. */
#include "tools/command.h"

int command_resolve(struct invocation *invocation)
{
    (void)invocation;
    return complain(EXIT_COULD_NOT, "not yet", NULL);
}
