/* links.c - the outside of the links: their life, their turn, their numbers. */
#include "runtime/links.h"

#include <stdio.h>
#include <stdlib.h>

#include "runtime/link_priv.h"
#include "runtime/mutant.h"

static void set_now(struct links *links, uint64_t now_ms)
{
    /* Messages of one turn may carry slightly older times. */
    links->now_ms = now_ms > links->now_ms ? now_ms : links->now_ms;
}

enum err links_new(const struct cfg_runtime *config, uint64_t node, const char *name,
                   const struct links_ports *ports, struct links **ret_links)
{
    assert(node > 0);
    if (!link_is_name(msg_str(name))) {
        return ERR_MALFORMED;
    }
    struct links *links = calloc(1, sizeof *links);
    if (!links) {
        return ERR_MEMORY;
    }
    links->config = config;
    links->ports = *ports;
    links->node = node;
    links->promised_ms = UINT64_MAX;
    (void)snprintf(links->name, sizeof links->name, "%s", name);
    *ret_links = links;
    return ERR_OK;
}

void links_destroy(struct links **links)
{
    assert(links);
    struct links *self = *links;
    if (!self) {
        return;
    }
    link_peers_free(self);
    wire_buffer_free(&self->buffer);
    free(self);
    *links = NULL;
}

/* Greets by a route whose other side has not answered, when it is time to; returns when that is
 * next. */
static uint64_t greet(struct links *links, struct dial *dial)
{
    if (dial->answered || links->leaving) {
        return UINT64_MAX;
    }
    if (dial->next_ms <= links->now_ms) {
        dial->next_ms = links->now_ms + links->config->heartbeat_ms;
        const struct peer *peer = dial->node != 0 ? link_find(links, dial->node) : NULL;
        link_greet(links, dial->route, peer, false);
    }
    return dial->next_ms;
}

void links_connect(struct links *links, uint64_t route, uint64_t now_ms)
{
    set_now(links, now_ms);
    struct dial *dial = link_dial(links, route);
    if (!dial) {
        if (links->dials_count == LINK_DIALS_MAX) {
            link_note(links, NOTE_TABLE, "route ignored why=\"too many\"");
            return;
        }
        dial = &links->dials[links->dials_count++];
        dial->route = route;
    }
    dial->answered = false;
    dial->next_ms = links->now_ms;
    (void)greet(links, dial);
}

bool links_knows(const struct links *links, uint64_t route)
{
    for (size_t i = 0; i < links->dials_count; i++) {
        if (links->dials[i].route == route) {
            return true;
        }
    }
    for (struct peer *peer = links->up; peer; peer = peer->next) {
        if (link_way(peer, route)) {
            return true;
        }
    }
    return false;
}

void links_send(struct links *links, struct envelope **envelope, uint64_t now_ms)
{
    set_now(links, now_ms);
    struct peer *peer = link_find(links, (*envelope)->to.node);
    bool hears = peer && peer->state == PEER_UP && peer->goodbye_ms == 0;
    /* Actor 0 would be the link itself. */
    if (!hears || (*envelope)->to.actor == 0) {
        link_fail(links, envelope, ERR_GONE);
        return;
    }
    link_enqueue(links, peer, envelope);
}

void links_announce(struct links *links, uint64_t role, uint64_t actor)
{
    assert(role > 0);
    assert(role < LINK_ROLES);
    assert(actor != 0);
    uint64_t bit = UINT64_C(1) << role;
    links->roles[role] = actor;
    links->roles_known |= bit;
    for (struct peer *peer = links->up; peer; peer = peer->next) {
        peer->roles_owed |= bit;
    }
}

/* Called late, we may have been stopped with all that the peers sent in the meantime unread: the
 * time that we missed is not their silence. */
static void forgive_own_delay(struct links *links)
{
    if (MUTANT(OWN_DELAY) || links->promised_ms == UINT64_MAX ||
        links->now_ms <= links->promised_ms + links->config->heartbeat_ms) {
        return;
    }
    uint64_t late_ms = links->now_ms - links->promised_ms;
    for (struct peer *peer = links->up; peer; peer = peer->next) {
        uint64_t heard_ms = peer->heard_ms + late_ms;
        peer->heard_ms = heard_ms < links->now_ms ? heard_ms : links->now_ms;
    }
}

uint64_t links_run(struct links *links, uint64_t now_ms)
{
    set_now(links, now_ms);
    forgive_own_delay(links);
    uint64_t next_ms = UINT64_MAX;
    struct peer *next;
    for (struct peer *peer = links->up; peer; peer = next) {
        next = peer->next;
        if (links->now_ms - peer->heard_ms > links->config->silence_ms_max) {
            link_down(links, peer, PEER_OVER, "it was silent too long");
            link_part(links, peer);
            continue;
        }
        uint64_t peer_ms = link_flush(links, peer);
        next_ms = peer_ms < next_ms ? peer_ms : next_ms;
    }
    /* After the peers: one that was just given up is greeted again. */
    for (size_t i = 0; i < links->dials_count; i++) {
        uint64_t greet_ms = greet(links, &links->dials[i]);
        next_ms = greet_ms < next_ms ? greet_ms : next_ms;
    }
    link_peers_trim(links);
    links->promised_ms = next_ms;
    return next_ms;
}

void links_goodbye(struct links *links, uint64_t now_ms)
{
    set_now(links, now_ms);
    links->leaving = true;
}

bool links_drained(const struct links *links)
{
    if (!links->leaving) {
        return false;
    }
    for (const struct peer *peer = links->up; peer; peer = peer->next) {
        if (!peer->goodbye_acked) {
            return false;
        }
    }
    return true;
}

size_t links_stats(const struct links *links, struct link_stats *ret_stats, size_t max)
{
    size_t count = 0;
    for (const struct peer *peer = links->up; peer; peer = peer->next) {
        if (count < max) {
            struct link_stats *stats = &ret_stats[count];
            *stats = peer->stats;
            stats->queued = peer->lanes[LANE_SYSTEM].count + peer->lanes[LANE_USER].count;
            stats->queued_bytes = peer->lanes[LANE_SYSTEM].bytes + peer->lanes[LANE_USER].bytes;
            stats->credit_bytes =
                peer->out_limit > peer->out_seq ? peer->out_limit - peer->out_seq : 0;
            stats->outstanding_bytes = link_outstanding(peer);
            stats->heard_ms = peer->heard_ms;
        }
        count++;
    }
    return count;
}

void links_totals(const struct links *links, struct links_totals *ret_totals)
{
    *ret_totals = links->totals;
}

uint64_t links_strangers(const struct links *links)
{
    return links->strangers;
}
