/* executor.c - the executor: stands for its slots, which do the work.
 *
 * Takes  nothing
 * Sends  nothing; starts executor.slots slots (slot.c)
 */
#include "actors/executor/executor.h"

#include <stdlib.h>
#include <string.h>

#include "actors/executor/slot.h"

static enum err executor_start(struct rt_context *ctx, void *state, const void *arg)
{
    (void)state;
    assert(arg);
    size_t size = sizeof(struct slot_arg) + strlen(arg) + 1;
    struct slot_arg *slot = malloc(size);
    if (!slot) {
        return ERR_MEMORY;
    }
    memcpy(slot->reporters, arg, strlen(arg) + 1);
    rt_take_role(ctx, TERM_role_EXECUTOR);
    enum err err = ERR_OK;
    for (uint64_t i = 0; i < rt_config(ctx)->executor.slots && err == ERR_OK; i++) {
        struct rt_address child;
        slot->index = i;
        err = rt_spawn(ctx, &slot_behaviour, slot, size, &child);
    }
    free(slot);
    return err;
}

static enum err executor_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    (void)ctx;
    (void)state;
    (void)msg;
    return ERR_UNKNOWN;
}

const struct rt_behaviour executor_behaviour = {
    .name = "executor", .state_size = 1, .start = executor_start, .receive = executor_receive};
