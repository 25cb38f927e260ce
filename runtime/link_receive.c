/* link_receive.c - inbound: what is taken from whom, and holes in the sequence. */
#include "runtime/link_priv.h"
#include "runtime/mutant.h"

#include <inttypes.h>

/* ---- messages for actors ---- */

/* One message of a frame. */
struct arrival {
    struct frame_envelope head;
    const struct msg *msg; /* NULL: its type is not known here */
    struct wire_cursor at; /* before its first byte */
    uint64_t bytes;        /* encoded */
};

static uint64_t type_of(const struct arrival *arrival)
{
    struct wire_cursor cursor = arrival->at;
    (void)wire_read_array(&cursor);
    return wire_read_u64(&cursor);
}

/* Messages that only this process's own runtime may send to its actors. */
static bool is_local(uint16_t type)
{
    return type == MSG_ROLE_UP || type == MSG_TICK || type == MSG_EXEC_STARTED ||
           type == MSG_EXEC_OUTPUT || type == MSG_EXEC_EXITED || type == MSG_HTTP_DONE ||
           type == MSG_HTTP_REQUEST;
}

/* An honest peer oversteps its window by one message at most, or two windows after a new start. */
static bool oversteps(const struct links *links, const struct peer *peer)
{
    const struct cfg_runtime *config = links->config;
    return link_outstanding(peer) > 2 * config->credit_bytes + config->frame_bytes_max;
}

/* Tells a remote asker that there will be no answer. */
static void answer_failed(struct links *links, struct peer *peer, const struct arrival *arrival,
                          enum err reason)
{
    const struct frame_envelope *head = &arrival->head;
    struct account *own = links->ports.account(links->ports.world, 0);
    struct envelope *answer =
        own ? envelope_new(MSG(failed, .type = type_of(arrival), .reason = reason)) : NULL;
    if (!answer) {
        return; /* the asker has a time-out */
    }
    answer->account = own;
    answer->from = (struct rt_address){links->node, head->to};
    answer->to = (struct rt_address){peer->stats.node, head->from};
    answer->ask = head->ask | FRAME_ANSWER;
    answer->trace = head->trace;
    answer->span = head->span;
    answer->lane = LANE_SYSTEM;
    atomic_fetch_add_explicit(&own->accepted, 1, memory_order_relaxed);
    link_enqueue(links, peer, &answer);
}

/* A message that goes no further is accounted for like any other, without an envelope. */
static void refuse(struct links *links, struct peer *peer, const struct arrival *arrival,
                   enum err reason)
{
    struct account *account = peer->account;
    atomic_fetch_add_explicit(&account->outcomes[OUTCOME_REJECTED], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&account->ended_bytes, arrival->bytes, memory_order_relaxed);
    link_note(links, NOTE_REJECTED, "message rejected peer=%s type=%" PRIu64 " why=\"%s\"",
              peer->stats.name, type_of(arrival), err_text(reason));
    if (arrival->head.ask != 0 && !(arrival->head.ask & FRAME_ANSWER)) {
        answer_failed(links, peer, arrival, reason);
    }
}

static struct envelope *envelope_of(const struct links *links, const struct peer *peer,
                                    const struct frame_envelope *head, const struct msg *msg)
{
    struct envelope *envelope = envelope_new(msg);
    if (!envelope) {
        return NULL;
    }
    envelope->account = peer->account;
    envelope->from = (struct rt_address){peer->stats.node, head->from};
    envelope->to = (struct rt_address){links->node, head->to};
    envelope->ask = head->ask;
    envelope->trace = head->trace;
    envelope->span = head->span;
    envelope->lane = msg->type < LINK_SYSTEM_END ? LANE_SYSTEM : LANE_USER;
    if (head->deadline_ms != 0) {
        envelope->deadline_ms = link_add(links->now_ms, head->deadline_ms);
    }
    return envelope;
}

static void accept_message(struct links *links, struct peer *peer, const struct arrival *arrival)
{
    peer->stats.received++;
    peer->in_seq += arrival->bytes;
    peer->in_bytes += arrival->bytes;
    /* Nobody else writes it: no bus lock. */
    uint64_t accepted = atomic_load_explicit(&peer->account->accepted, memory_order_relaxed);
    atomic_store_explicit(&peer->account->accepted, accepted + 1, memory_order_relaxed);
    enum err err = ERR_OK;
    struct envelope *envelope = NULL;
    if (!arrival->msg) {
        err = ERR_UNKNOWN;
    } else if (is_local(arrival->msg->type)) {
        err = ERR_REFUSED;
    } else if (oversteps(links, peer)) {
        err = ERR_FULL;
    } else {
        envelope = envelope_of(links, peer, &arrival->head, arrival->msg);
        err = envelope ? ERR_OK : ERR_MEMORY;
    }
    if (err != ERR_OK) {
        refuse(links, peer, arrival, err);
        return;
    }
    envelope->bytes = (uint32_t)arrival->bytes; /* a frame is smaller than 4 GiB */
    links->ports.deliver(links->ports.world, &envelope);
}

/* ---- messages of the link itself ---- */

static void on_announce(struct links *links, struct peer *peer, uint64_t route,
                        const struct msg_announce *announce)
{
    if (announce->role == 0 || announce->role >= LINK_ROLES || announce->actor == 0 ||
        peer->roles[announce->role] == announce->actor) {
        return;
    }
    if (!link_may(links, route, msg_str(peer->stats.name), announce->role)) {
        link_bar(links, peer, announce->role);
        return;
    }
    peer->roles[announce->role] = announce->actor;
    links->ports.role_up(links->ports.world, announce->role,
                         (struct rt_address){peer->stats.node, announce->actor}, peer->stats.name);
}

static void confirm(struct links *links, const struct peer *peer, uint64_t route)
{
    link_send_alone(links, route, peer->out_seq, MSG(goodbye_ack, .frames = peer->frames_in));
}

static void on_goodbye(struct links *links, struct peer *peer, const struct msg_goodbye *goodbye)
{
    if (goodbye->frames != peer->frames_in) {
        link_log(links, RT_WARN, "goodbye peer=%s frames=%" PRIu64 " arrived=%" PRIu64,
                 peer->stats.name, goodbye->frames, peer->frames_in);
    }
    if (peer->ways_count > 0) {
        confirm(links, peer, peer->ways[0].route);
    }
    link_down(links, peer, PEER_CLOSED, "it said goodbye");
}

/* Between two HEARTBEATs as many frames must have come as were sent, less than that only if there
 * was a hole. */
static void on_heartbeat(struct links *links, struct peer *peer,
                         const struct msg_heartbeat *heartbeat)
{
    uint64_t sent = heartbeat->frames - peer->beat_said;
    uint64_t came = peer->frames_in - peer->beat_came;
    uint64_t gaps = peer->stats.gaps - peer->beat_gaps;
    if (peer->beat_said != 0 && (gaps == 0 ? sent != came : sent < came)) {
        link_leak(links, peer, "frames");
    }
    peer->beat_said = heartbeat->frames;
    peer->beat_came = peer->frames_in;
    peer->beat_gaps = peer->stats.gaps;
}

/* Our GOODBYE is confirmed, with how many frames have come there. */
static void on_goodbye_ack(struct links *links, struct peer *peer, uint64_t came)
{
    if (peer->goodbye_ms != 0 && !peer->goodbye_acked && came < peer->goodbye_frames) {
        links->totals.frames_lost += peer->goodbye_frames - came;
        link_log(links, RT_WARN, "frames sent and never had peer=%s count=%" PRIu64,
                 peer->stats.name, peer->goodbye_frames - came);
    }
    peer->goodbye_acked = peer->goodbye_ms != 0;
}

static void on_link_message(struct links *links, struct peer *peer, uint64_t route,
                            const struct msg *msg)
{
    switch (msg->type) {
    case MSG_CREDIT: {
        uint64_t limit = link_add(msg_as_credit(msg)->bytes, peer->window);
        /* Credit is never taken back; an older one may come later. */
        if (limit > peer->out_limit) {
            peer->out_limit = limit;
        }
        return;
    }
    case MSG_ANNOUNCE:
        on_announce(links, peer, route, msg_as_announce(msg));
        return;
    case MSG_GOODBYE:
        on_goodbye(links, peer, msg_as_goodbye(msg));
        return;
    case MSG_HEARTBEAT:
        on_heartbeat(links, peer, msg_as_heartbeat(msg));
        return;
    default:
        /* Of a newer version, or one that stands alone. */
        return;
    }
}

/* ---- frames ---- */

static void on_stranger(struct links *links, uint64_t route, const char *why)
{
    links->strangers++;
    link_note(links, NOTE_STRANGER, "frame refused route=%" PRIu64 " why=\"%s\"", route, why);
}

/* A hole: the messages in it are lost.  What the link itself may have lost is told again on HELLO.
 */
static void on_gap(struct links *links, struct peer *peer, uint64_t seq)
{
    uint64_t bytes = seq - peer->in_seq;
    peer->stats.gaps++;
    links->totals.gaps++;
    peer->stats.gap_bytes += bytes;
    peer->in_seq = seq;
    link_note(links, NOTE_GAP, "frames lost peer=%s bytes=%" PRIu64, peer->stats.name, bytes);
    peer->resync_owed = !MUTANT(NO_RESYNC);
    peer->resync_seq = seq;
    link_resync(links, peer);
}

static void read_messages(struct links *links, struct peer *peer, uint64_t route,
                          struct frame_reader *reader)
{
    while (reader->left > 0 && peer->state == PEER_UP) {
        struct arrival arrival = {.at = reader->cursor};
        union msg_any msg;
        enum err err = frame_next(reader, &arrival.head, &msg);
        if (err == ERR_MALFORMED) {
            /* The rest will show as a hole before the next frame. */
            peer->stats.malformed++;
            link_note(links, NOTE_MALFORMED, "frame malformed peer=%s", peer->stats.name);
            return;
        }
        arrival.msg = err == ERR_OK ? &msg.head : NULL;
        arrival.bytes = (uint64_t)(reader->cursor.at - arrival.at.at);
        if (arrival.head.to != 0) {
            accept_message(links, peer, &arrival);
        } else if (arrival.msg) {
            on_link_message(links, peer, route, arrival.msg);
        }
    }
}

/* A frame of a link that has ended: what matters is that both sides agree on that. */
static void on_late_frame(struct links *links, struct peer *peer, uint64_t route,
                          const struct msg *first)
{
    bool goodbye = first && first->type == MSG_GOODBYE;
    bool confirmed = goodbye || (first && first->type == MSG_GOODBYE_ACK);
    if (goodbye) {
        confirm(links, peer, route);
    }
    if (peer->state != PEER_OVER) {
        return;
    }
    if (confirmed) {
        link_peer_enter(links, peer, PEER_CLOSED);
    } else {
        link_part(links, peer);
    }
}

static void on_frame(struct links *links, struct peer *peer, struct way *way,
                     struct frame_reader *reader)
{
    way->heard_ms = links->now_ms;
    peer->heard_ms = links->now_ms;
    if (reader->seq > peer->in_seq) {
        on_gap(links, peer, reader->seq);
    }
    peer->in_seq++;
    peer->frames_in++;
    peer->stats.frames_in++;
    read_messages(links, peer, way->route, reader);
}

void links_receive(struct links *links, uint64_t route, const void *bytes, size_t size,
                   uint64_t now_ms)
{
    links->now_ms = now_ms > links->now_ms ? now_ms : links->now_ms;
    links->totals.frames_in++;
    links->totals.bytes_in += size;
    struct frame_reader reader;
    if (size > links->config->frame_bytes_max || frame_open(bytes, size, &reader) != ERR_OK ||
        reader.left == 0) {
        on_stranger(links, route, "not a frame");
        return;
    }
    /* The first message tells HELLOs from the rest; they stand alone and outside the sequence. */
    struct frame_reader peek = reader;
    struct frame_envelope head;
    union msg_any msg;
    bool known = frame_next(&peek, &head, &msg) == ERR_OK;
    const struct msg *first = known && head.to == 0 ? &msg.head : NULL;
    if (first && first->type == MSG_HELLO) {
        link_on_hello(links, route, &reader, msg_as_hello(first));
        return;
    }
    struct peer *peer = link_find(links, reader.node);
    struct way *way = peer ? link_way(peer, route) : NULL;
    if (!way) {
        on_stranger(links, route, "no link");
        if (first && first->type == MSG_GOODBYE) {
            /* We have forgotten it; it need not wait for us. */
            link_send_alone(links, route, 0, MSG(goodbye_ack, .frames = 0));
        }
    } else if (peer->state != PEER_UP) {
        on_late_frame(links, peer, route, first);
    } else if (first && first->type == MSG_GOODBYE_ACK) {
        /* Outside of the sequence too; it may confirm the end of an earlier link. */
        on_goodbye_ack(links, peer, msg_as_goodbye_ack(first)->frames);
    } else if (reader.seq < peer->in_seq && !MUTANT(TAKE_STALE)) {
        peer->stats.stale++;
        if (first && first->type == MSG_GOODBYE) {
            confirm(links, peer,
                    route); /* of an earlier link, whose end it still waits to hear of */
        }
    } else {
        on_frame(links, peer, way, &reader);
    }
}
