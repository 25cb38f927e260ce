/* chain.c - asks that are nested in each other, and the cycles that they must not form.
 *
 * An ask made while an ask is handled carries who waits for that one: whoever is asked knows
 * everybody who waits for the answer, and asks none of them, because it would wait for itself.
 * Within one process; what a peer asked is known by its sender alone.
 */
#include "runtime/core.h"

#include <inttypes.h>
#include <stdio.h>

/* The ask that is being handled; NULL: none is. */
static const struct envelope *outer_of(const struct rt_context *ctx)
{
    const struct envelope *outer = ctx->envelope;
    return outer && outer->ask != 0 && !(outer->ask & FRAME_ANSWER) ? outer : NULL;
}

size_t chain_count(const struct rt_context *ctx)
{
    const struct envelope *outer = outer_of(ctx);
    return outer ? (size_t)outer->chain + 1 : 0;
}

void chain_write(const struct rt_context *ctx, struct envelope *envelope)
{
    const struct envelope *outer = outer_of(ctx);
    if (outer) {
        assert(envelope->chain == outer->chain + 1);
        struct rt_address *chain = envelope_chain(envelope);
        memcpy(chain, envelope_chain(outer), outer->chain * sizeof *chain);
        chain[outer->chain] = outer->from;
    }
}

/* "name 3.17", by the table of actors of `troupe actor list`; of another node its number. */
static void add_actor(struct rt_system *system, struct rt_address address, char *text, size_t size)
{
    const struct actor *actor =
        address.node == system->node ? actors_find(system, address.actor) : NULL;
    const char *name = actor ? atomic_load_explicit(&actor->name, memory_order_relaxed) : NULL;
    size_t used = strlen(text);
    const char *arrow = used > 0 ? " -> " : "";
    uint64_t slot = address.actor & UINT32_MAX;
    uint64_t generation = address.actor >> 32;
    if (address.node == system->node) {
        (void)snprintf(text + used, size - used, "%s%s %" PRIu64 ".%" PRIu64, arrow,
                       name ? name : "-", slot, generation);
    } else {
        (void)snprintf(text + used, size - used, "%snode %" PRIx64 " %" PRIu64 ".%" PRIu64, arrow,
                       address.node, slot, generation);
    }
}

enum err chain_check(const struct rt_context *ctx, struct rt_address to, char *text, size_t size)
{
    text[0] = '\0';
    struct rt_address self = rt_self(ctx);
    const struct envelope *outer = outer_of(ctx);
    size_t count = chain_count(ctx);
    if (count >= CHAIN_MAX) {
        return ERR_LIMIT;
    }
    /* Of those who wait, who asked first first, up to this actor itself. */
    size_t first = 0;
    while (
        first < count &&
        !rt_address_equal(first < outer->chain ? envelope_chain(outer)[first] : outer->from, to)) {
        first++;
    }
    if (first == count && !rt_address_equal(self, to)) {
        return ERR_OK;
    }
    for (; first < count; first++) {
        add_actor(ctx->system, first < outer->chain ? envelope_chain(outer)[first] : outer->from,
                  text, size);
    }
    add_actor(ctx->system, self, text, size);
    add_actor(ctx->system, to, text, size);
    return ERR_CYCLE;
}
