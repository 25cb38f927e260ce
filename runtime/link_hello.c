/* link_hello.c - how a link begins and how it ends. */
#include "runtime/link_priv.h"
#include "runtime/mutant.h"

#include <inttypes.h>
#include <stdio.h>

/* How many heartbeats the way in use must have been quiet for a HELLO by another to win. */
enum { QUIET_BEATS = 2 };

void link_greet(struct links *links, uint64_t route, const struct peer *peer, bool answer)
{
    const struct msg *hello = MSG(
        hello, .proto_min = PROTO_VERSION_MIN, .proto_max = PROTO_VERSION_MAX, .node = links->node,
        .name = msg_str(links->name), .credit_bytes = links->config->credit_bytes, .answer = answer,
        .receiver = peer ? peer->stats.node : 0);
    struct dial *dial = link_dial(links, route);
    if (dial && peer && peer->out_seq > dial->said_seq) {
        dial->said_seq = peer->out_seq;
    }
    link_send_alone(links, route, peer ? peer->out_seq : 0, hello);
}

void link_resync(struct links *links, struct peer *peer)
{
    bool early =
        peer->resync_ms != 0 && links->now_ms - peer->resync_ms < links->config->heartbeat_ms;
    if (peer->resync_owed && !early && peer->ways_count > 0) {
        peer->resync_ms = links->now_ms;
        link_greet(links, peer->ways[0].route, peer, false);
    }
}

/* ---- the end ---- */

/* What waits for the peer can no longer be sent. */
static void lose_queued(struct links *links, struct peer *peer)
{
    for (int lane = 0; lane < LANES; lane++) {
        struct envelope *envelope;
        while ((envelope = link_queue_pop(&peer->lanes[lane]))) {
            peer->stats.lost += envelope_messages(envelope);
            link_fail(links, &envelope, ERR_GONE);
        }
    }
}

void link_down(struct links *links, struct peer *peer, enum peer_state state, const char *why)
{
    assert(peer->state == PEER_UP);
    assert(state != PEER_UP);
    uint64_t node = peer->stats.node;
    link_log(links, RT_WARN, "link down peer=%s node=%016" PRIx64 " why=\"%s\" queued=%" PRIu64,
             peer->stats.name, node, why,
             peer->lanes[LANE_SYSTEM].count + peer->lanes[LANE_USER].count);
    for (size_t i = 0; i < links->dials_count; i++) {
        if (links->dials[i].node == node) {
            links->dials[i].answered = false;
            links->dials[i].next_ms = links->now_ms;
        }
    }
    peer->goodbye_ms = 0;
    /* What belongs to this link (its GOODBYE) lies before all of the next. */
    peer->out_seq++;
    link_peer_enter(links, peer, state);
    lose_queued(links, peer);
    links->totals.ended++;
    links->ports.node_down(links->ports.world, node);
}

bool link_may(const struct links *links, uint64_t route, struct msg_str name, uint64_t role)
{
    return !links->ports.may || links->ports.may(links->ports.world, route, name, role);
}

void link_bar(struct links *links, struct peer *peer, uint64_t role)
{
    char why[96];
    (void)snprintf(why, sizeof why, "its key does not allow the role %s", term_word("role", role));
    link_down(links, peer, PEER_OVER, why);
    link_part(links, peer);
    link_peer_enter(links, peer, PEER_BARRED);
}

/* Why a peer that is up may not stay so; NULL.  Forgets ways that are no longer allowed, but not
 * the last: by that it is told. */
static const char *review(struct links *links, struct peer *peer)
{
    struct msg_str name = msg_str(peer->stats.name);
    for (size_t i = peer->ways_count; i > 0; i--) {
        uint64_t route = peer->ways[i - 1].route;
        if (link_may(links, route, name, 0)) {
            continue;
        }
        if (peer->ways_count == 1) {
            return "its key is no longer allowed";
        }
        link_way_drop(peer, route);
    }
    for (uint64_t role = 1; role < LINK_ROLES && peer->ways_count > 0; role++) {
        if (peer->roles[role] != 0 && !link_may(links, peer->ways[0].route, name, role)) {
            return "its key no longer allows a role of its";
        }
    }
    return NULL;
}

void links_review(struct links *links, uint64_t now_ms)
{
    links->now_ms = now_ms > links->now_ms ? now_ms : links->now_ms;
    for (struct peer *peer = links->tombs; peer; peer = peer->next) {
        if (peer->state == PEER_BARRED) {
            peer->state = PEER_OVER;
        }
    }
    struct peer *next;
    for (struct peer *peer = links->up; peer; peer = next) {
        next = peer->next;
        const char *why = review(links, peer);
        if (why) {
            link_down(links, peer, PEER_OVER, why);
            link_part(links, peer);
        }
    }
}

void link_part(struct links *links, struct peer *peer)
{
    assert(peer->state == PEER_OVER);
    if (peer->goodbye_ms != 0 && links->now_ms - peer->goodbye_ms < links->config->heartbeat_ms) {
        return;
    }
    peer->goodbye_ms = links->now_ms;
    if (peer->ways_count > 0) {
        link_send_alone(links, peer->ways[0].route, peer->out_seq - 1,
                        MSG(goodbye, .frames = peer->frames_out + 1));
    }
}

/* ---- the beginning ---- */

bool link_is_name(struct msg_str name)
{
    for (uint32_t i = 0; i < name.size; i++) {
        unsigned char c = (unsigned char)name.at[i];
        if (c <= ' ' || c >= 0x7f || c == '"' || c == '\'' || c == '=' || c == '\\') {
            return false;
        }
    }
    return name.size > 0 && name.size <= MSG_MAX_hello_name;
}

static bool versions_meet(const struct msg_hello *hello)
{
    return hello->proto_min <= PROTO_VERSION_MAX && hello->proto_max >= PROTO_VERSION_MIN &&
           hello->proto_min <= hello->proto_max;
}

/* Whether a HELLO is one to listen to. */
static enum err judge(struct links *links, uint64_t route, uint64_t node,
                      const struct msg_hello *hello)
{
    if (hello->node != node || node == 0 || !link_is_name(hello->name)) {
        links->strangers++;
        link_note(links, NOTE_HELLO, "hello refused why=\"malformed\"");
        return ERR_MALFORMED;
    }
    const char *why = NULL;
    enum err err = ERR_REFUSED;
    const struct peer *peer = link_find(links, node);
    if (!link_may(links, route, hello->name, 0)) {
        why = "its key does not allow the name";
    } else if (node == links->node) {
        why = "it is this process itself";
    } else if (!versions_meet(hello)) {
        why = "no common version of the protocol";
        err = ERR_VERSION;
    } else if (peer && !msg_str_is(hello->name, peer->stats.name)) {
        why = "the incarnation has another name";
    } else if (peer && peer->state == PEER_BARRED) {
        why = "its key does not allow a role that it took";
    } else if (peer && peer->state == PEER_REPLACED) {
        why = "a newer process of that name is linked";
    } else if (links->leaving && !(peer && peer->state == PEER_UP && !peer->goodbye_acked)) {
        why = "this process is leaving";
    } else if (links->up_count == LINK_PEERS_MAX && !(peer && peer->state == PEER_UP)) {
        why = "too many links";
    }
    if (!why) {
        return ERR_OK;
    }
    links->strangers++;
    link_note(links, NOTE_HELLO,
              "hello refused peer=%.*s node=%016" PRIx64 " versions=%" PRIu64 "-%" PRIu64
              " ours=%d-%d why=\"%s\"",
              (int)hello->name.size, hello->name.at, node, hello->proto_min, hello->proto_max,
              (int)PROTO_VERSION_MIN, (int)PROTO_VERSION_MAX, why);
    return err;
}

/* A process has one incarnation at a time: the others of its name are history. */
static void replace(struct links *links, const struct peer *by)
{
    struct peer *next;
    for (struct peer *peer = links->tombs; peer; peer = peer->next) {
        if (peer != by && strcmp(peer->stats.name, by->stats.name) == 0) {
            peer->state = PEER_REPLACED;
        }
    }
    for (struct peer *peer = links->up; peer; peer = next) {
        next = peer->next;
        if (peer != by && strcmp(peer->stats.name, by->stats.name) == 0) {
            link_down(links, peer, PEER_REPLACED, "a newer process has its name");
        }
    }
}

/* Sequence numbers go on from link to link, so that no frame of an old one fits a new one.  What
 * was received before and has not ended yet stays on the bill (in_bytes). */
static void begin(struct links *links, struct peer *peer, uint64_t seq,
                  const struct msg_hello *hello)
{
    peer->window = hello->credit_bytes;
    peer->stats.version =
        hello->proto_max < PROTO_VERSION_MAX ? hello->proto_max : (uint64_t)PROTO_VERSION_MAX;
    peer->out_limit = link_add(peer->out_seq, peer->window);
    peer->retry_ms = 0;
    peer->frames_out = 0;
    peer->goodbye_ms = 0;
    peer->goodbye_acked = false;
    peer->in_seq = seq;
    peer->frames_in = 0;
    peer->beat_said = 0;
    peer->resync_ms = 0;
    peer->resync_owed = false;
    peer->granted = seq;
    peer->look_ms = 0;
    memset(peer->roles, 0, sizeof peer->roles);
    /* Nothing can have been sent or granted before now. */
    peer->heard_ms = links->now_ms;
    peer->sent_ms = links->now_ms;
    peer->granted_ms = links->now_ms;
    link_peer_enter(links, peer, PEER_UP);
    links->totals.began++;
    link_log(links, RT_INFO, "link up peer=%s node=%016" PRIx64 " version=%" PRIu64,
             peer->stats.name, peer->stats.node, peer->stats.version);
}

/* Where our numbers on a new link begin.  Our HELLO may have been meant for an earlier incarnation
 * at the other end of the route, and have named its numbers; frames for that one may have followed
 * before we knew.  Whatever is numbered lower would count as old. */
static uint64_t first_seq(struct links *links, const struct peer *peer, const struct dial *dial)
{
    uint64_t seq = peer->out_seq;
    if (dial) {
        const struct peer *earlier = dial->node != 0 ? link_find(links, dial->node) : NULL;
        seq = dial->said_seq > seq ? dial->said_seq : seq;
        seq = earlier && earlier->out_seq > seq ? earlier->out_seq : seq;
    }
    return seq;
}

/* The peer that a good HELLO is from, up; NULL when there is no memory for it. */
static struct peer *welcome(struct links *links, uint64_t route, uint64_t seq,
                            const struct msg_hello *hello)
{
    struct peer *peer = link_find(links, hello->node);
    if (!peer) {
        char name[MSG_MAX_hello_name + 1] = {0};
        memcpy(name, hello->name.at, hello->name.size);
        peer = link_peer_new(links, hello->node, name);
        if (!peer) {
            link_note(links, NOTE_TABLE, "hello refused peer=%s why=\"out of memory\"", name);
            return NULL;
        }
    }
    if (peer->state != PEER_UP) {
        peer->out_seq = first_seq(links, peer, link_dial(links, route));
        begin(links, peer, seq, hello);
        if (!MUTANT(TWO_LIVES)) {
            replace(links, peer);
        }
        link_way_add(links, peer, route, true);
    } else {
        /* Resumed: the numbers go on, what the other side may have missed is said again. */
        bool quiet = peer->ways_count == 0 || links->now_ms - peer->ways[0].heard_ms >
                                                  QUIET_BEATS * links->config->heartbeat_ms;
        link_way_add(links, peer, route, quiet && !hello->answer);
        peer->retry_ms = 0;
        /* An answer to an earlier HELLO, come late, does not say again what the hole took. */
        bool answered = hello->answer && seq > peer->resync_seq;
        peer->resync_owed = peer->resync_owed && !answered;
    }
    peer->granted_ms = 0;
    peer->roles_owed = links->roles_known;
    return peer;
}

void link_on_hello(struct links *links, uint64_t route, const struct frame_reader *reader,
                   const struct msg_hello *hello)
{
    uint64_t node = reader->node;
    enum err err = judge(links, route, node, hello);
    if (err != ERR_OK) {
        /* So that both sides can say what is wrong. */
        if (err == ERR_VERSION && !hello->answer) {
            link_greet(links, route, NULL, true);
        }
        return;
    }
    struct peer *peer = link_find(links, node);
    if (peer && peer->state == PEER_OVER && !MUTANT(HALF_LINK)) {
        /* It does not know yet, or its confirmation is on its way. */
        link_way_add(links, peer, route, true);
        link_part(links, peer);
        return;
    }
    if (hello->receiver != 0 && hello->receiver != links->node && !MUTANT(NO_RECEIVER)) {
        /* Meant for an earlier process at this end of the route.  So may be the frames behind it,
         * which must not be taken for ours: it has to say HELLO to us first. */
        link_greet(links, route, peer, false);
        return;
    }
    peer = welcome(links, route, reader->seq, hello);
    if (!peer) {
        return;
    }
    peer->heard_ms = links->now_ms;
    struct dial *dial = link_dial(links, route);
    if (dial) {
        dial->node = node;
        dial->answered = true;
    }
    if (!hello->answer) {
        link_greet(links, route, peer, true);
    }
}
