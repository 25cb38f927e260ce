/* link_send.c - outbound: queues, batches, credit, heartbeats. */
#include "runtime/link_priv.h"
#include "runtime/mutant.h"

#include <inttypes.h>

/* A frame being filled, and what to take back should the transport refuse it. */
struct batch {
    struct link_queue lanes[LANES];
    uint64_t count; /* messages, those of the link included */
    uint64_t bytes; /* encoded, of messages for actors */
    uint64_t roles; /* announced */
    uint64_t grant;
    bool granted;
    bool goodbye;
};

/* What a flush owes the peer beside its queues. */
struct dues {
    bool beat;
    bool credit;
    bool goodbye;
};

/* ---- single messages ---- */

/* A frame of one link message in links->buffer. */
static enum err write_one(struct links *links, uint64_t seq, const struct msg *msg)
{
    struct wire_buffer *buffer = &links->buffer;
    buffer->size = 0;
    buffer->failed = false;
    frame_begin(buffer, links->node, seq);
    frame_add(buffer, &(struct frame_envelope){0}, msg);
    return frame_end(buffer, 1);
}

static enum err transmit(struct links *links, uint64_t route)
{
    enum err err =
        links->ports.transmit(links->ports.world, route, links->buffer.bytes, links->buffer.size);
    if (err == ERR_OK) {
        links->totals.frames_out++;
        links->totals.bytes_out += links->buffer.size;
    }
    return err;
}

void link_send_alone(struct links *links, uint64_t route, uint64_t seq, const struct msg *msg)
{
    enum err err = write_one(links, seq, msg);
    if (err == ERR_OK) {
        err = transmit(links, route);
    }
    (void)err;
}

/* ---- the queues ---- */

void link_fail(struct links *links, struct envelope **envelope, enum err reason)
{
    links->ports.undeliverable(links->ports.world, envelope, reason);
    assert(!*envelope);
}

void link_enqueue(struct links *links, struct peer *peer, struct envelope **envelope)
{
    struct link_queue *queue = &peer->lanes[(*envelope)->lane];
    if (queue->count >= links->config->mailbox_count_max ||
        queue->bytes + (*envelope)->bytes > links->config->mailbox_bytes_max) {
        peer->stats.refused += envelope_messages(*envelope);
        link_fail(links, envelope, ERR_FULL);
        return;
    }
    peer->stats.accepted += envelope_messages(*envelope);
    link_queue_push(queue, *envelope);
    *envelope = NULL;
}

/* ---- one frame ---- */

static void add_control(struct links *links, struct batch *batch, const struct msg *msg)
{
    frame_add(&links->buffer, &(struct frame_envelope){0}, msg);
    batch->count++;
}

static uint64_t grant_of(const struct peer *peer)
{
    uint64_t outstanding = link_outstanding(peer);
    return peer->in_seq > outstanding ? peer->in_seq - outstanding : 0;
}

static uint64_t ended_messages(const struct account *account)
{
    uint64_t sum = 0;
    for (int i = 0; i < OUTCOMES; i++) {
        sum += atomic_load_explicit(&account->outcomes[i], memory_order_relaxed);
    }
    return sum;
}

static void add_controls(struct links *links, struct peer *peer, const struct dues *dues,
                         struct batch *batch)
{
    if (dues->credit) {
        batch->grant = grant_of(peer);
        batch->granted = true;
        add_control(links, batch,
                    MSG(credit, .messages = ended_messages(peer->account), .bytes = batch->grant));
    }
    for (uint64_t role = 1; peer->roles_owed >> role; role++) {
        if (peer->roles_owed >> role & 1) {
            add_control(links, batch, MSG(announce, .role = role, .actor = links->roles[role]));
            batch->roles |= UINT64_C(1) << role;
        }
    }
    if (dues->beat) {
        add_control(links, batch, MSG(heartbeat, .frames = peer->frames_out + 1));
    }
    if (dues->goodbye) {
        batch->goodbye = true;
        add_control(links, batch, MSG(goodbye, .frames = peer->frames_out + 1));
    }
}

static void write_message(struct links *links, const struct envelope *envelope)
{
    if (envelope->parcel > 0) {
        wire_append(&links->buffer, envelope->body, envelope->size - sizeof *envelope);
        return;
    }
    struct frame_envelope head = {
        .from = envelope->from.actor,
        .to = envelope->to.actor,
        .ask = envelope->ask,
        .deadline_ms = envelope->deadline_ms ? envelope->deadline_ms - links->now_ms : 0,
        .trace = envelope->trace,
        .span = envelope->span,
    };
    frame_add(&links->buffer, &head, envelope_msg(envelope));
}

/* Writes one message, or one parcel, behind the others; false when the frame has no room for it. */
static bool add_message(struct links *links, struct batch *batch, const struct envelope *envelope)
{
    struct wire_buffer *buffer = &links->buffer;
    size_t before = buffer->size;
    if (batch->count + envelope_messages(envelope) > links->config->batch_count_max) {
        return false;
    }
    write_message(links, envelope);
    uint64_t limit =
        batch->count > 0 ? links->config->batch_bytes_max : links->config->frame_bytes_max;
    if (buffer->size > limit && !buffer->failed) {
        buffer->size = before;
        return false;
    }
    batch->count += envelope_messages(envelope);
    batch->bytes += buffer->size - before;
    return true;
}

static bool has_expired(const struct links *links, const struct envelope *envelope)
{
    return !MUTANT(SENDS_EXPIRED) && envelope->deadline_ms != 0 &&
           envelope->deadline_ms <= links->now_ms;
}

/* Moves messages of one lane into the frame, until it is full or credit ends. */
static void add_lane(struct links *links, struct peer *peer, int lane, struct batch *batch)
{
    struct link_queue *queue = &peer->lanes[lane];
    while (batch->count < links->config->batch_count_max && !links->buffer.failed) {
        if (lane == LANE_USER && peer->out_seq + batch->bytes >= peer->out_limit &&
            !MUTANT(IGNORED_CREDIT)) {
            return;
        }
        struct envelope *envelope = link_queue_pop(queue);
        if (!envelope) {
            return;
        }
        if (has_expired(links, envelope)) {
            peer->stats.lost++;
            link_fail(links, &envelope, ERR_EXPIRED);
        } else if (add_message(links, batch, envelope)) {
            link_queue_push(&batch->lanes[lane], envelope);
        } else if (batch->count == 0) {
            peer->stats.lost += envelope_messages(envelope);
            link_fail(links, &envelope, ERR_LIMIT);
        } else {
            struct link_queue one = {0};
            link_queue_push(&one, envelope);
            link_queue_unpop(queue, &one);
            return;
        }
    }
}

/* Looked at with every heartbeat and credit: what was accepted is sent, waits, or is lost. */
static void audit(struct links *links, const struct peer *peer)
{
    const struct link_stats *stats = &peer->stats;
    uint64_t queued = peer->lanes[LANE_SYSTEM].count + peer->lanes[LANE_USER].count;
    if (stats->accepted != stats->sent + queued + stats->lost) {
        link_leak(links, peer, "messages");
    }
}

static void commit(struct links *links, struct peer *peer, struct batch *batch)
{
    peer->out_seq += 1 + batch->bytes;
    peer->frames_out++;
    peer->stats.frames_out++;
    peer->sent_ms = links->now_ms;
    peer->retry_ms = 0;
    peer->roles_owed &= ~batch->roles;
    if (batch->granted) {
        peer->granted = batch->grant;
        peer->granted_ms = links->now_ms;
    }
    if (batch->goodbye) {
        peer->goodbye_frames = peer->goodbye_ms == 0 ? peer->frames_out : peer->goodbye_frames;
        peer->goodbye_ms = links->now_ms;
    }
    for (int lane = 0; lane < LANES; lane++) {
        peer->stats.sent += batch->lanes[lane].count;
        envelope_end_all(batch->lanes[lane].first, OUTCOME_HANDLED);
    }
}

static void take_back(struct links *links, struct peer *peer, struct batch *batch, enum err err)
{
    for (int lane = 0; lane < LANES; lane++) {
        if (MUTANT(LOST_WHEN_FULL)) {
            envelope_end_all(batch->lanes[lane].first, OUTCOME_LOST);
            continue;
        }
        link_queue_unpop(&peer->lanes[lane], &batch->lanes[lane]);
    }
    if (err == ERR_GONE) {
        link_way_drop(peer, peer->ways[0].route);
        return;
    }
    uint64_t wait = peer->retry_ms == 0 ? 1 : 2 * peer->retry_wait;
    peer->retry_wait = wait < LINK_RETRY_MS_MAX ? wait : LINK_RETRY_MS_MAX;
    peer->retry_ms = links->now_ms + peer->retry_wait;
}

/* Sends one frame.  False when there was nothing to send, or no way to. */
static bool send_frame(struct links *links, struct peer *peer, const struct dues *dues)
{
    struct wire_buffer *buffer = &links->buffer;
    struct batch batch = {0};
    buffer->size = 0;
    buffer->failed = false;
    frame_begin(buffer, links->node, peer->out_seq);
    add_controls(links, peer, dues, &batch);
    add_lane(links, peer, LANE_SYSTEM, &batch);
    add_lane(links, peer, LANE_USER, &batch);
    if (batch.count == 0) {
        return false;
    }
    enum err err = frame_end(buffer, batch.count);
    if (err == ERR_OK) {
        err = transmit(links, peer->ways[0].route);
    }
    if (err != ERR_OK) {
        take_back(links, peer, &batch, err);
        return false;
    }
    commit(links, peer, &batch);
    return true;
}

/* ---- a peer's turn ---- */

/* Credit is given when half of the window has been used up, and otherwise said again now and then
 * beside something else: an older one may be lost. */
static bool credit_due(const struct links *links, const struct peer *peer)
{
    uint64_t grant = grant_of(peer);
    return grant > peer->granted && grant - peer->granted >= links->config->credit_bytes / 2;
}

/* When to look for credit to give: nobody tells us that a message has ended, so while a peer may
 * be waiting the account is looked at, ever less often as long as nothing changes. */
static uint64_t credit_look_ms(struct links *links, struct peer *peer, bool gave)
{
    if (peer->in_seq - peer->granted < links->config->credit_bytes / 2) {
        peer->look_ms = 0;
        return UINT64_MAX;
    }
    if (gave || peer->look_ms == 0) {
        peer->credit_wait = 1;
    } else if (links->now_ms >= peer->look_ms) {
        uint64_t wait = 2 * peer->credit_wait;
        peer->credit_wait = wait < links->config->heartbeat_ms ? wait : links->config->heartbeat_ms;
    } else {
        return peer->look_ms;
    }
    peer->look_ms = links->now_ms + peer->credit_wait;
    return peer->look_ms;
}

static bool has_queued(const struct peer *peer)
{
    return peer->lanes[LANE_SYSTEM].count > 0 || peer->lanes[LANE_USER].count > 0;
}

static struct dues dues_of(const struct links *links, const struct peer *peer)
{
    uint64_t beat_ms = links->config->heartbeat_ms;
    uint64_t now_ms = links->now_ms;
    bool said = peer->goodbye_ms != 0;
    struct dues dues = {0};
    dues.goodbye = links->leaving && !peer->goodbye_acked &&
                   (MUTANT(EARLY_GOODBYE) || !has_queued(peer)) &&
                   (!said || now_ms - peer->goodbye_ms >= beat_ms);
    if (!said && !dues.goodbye) {
        dues.beat = now_ms - peer->sent_ms >= beat_ms && !MUTANT(NO_BEAT);
        bool talks = dues.beat || has_queued(peer) || peer->roles_owed != 0;
        dues.credit = !MUTANT(NO_CREDIT) &&
                      (credit_due(links, peer) || (talks && now_ms - peer->granted_ms >= beat_ms));
    }
    return dues;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

uint64_t link_flush(struct links *links, struct peer *peer)
{
    uint64_t next_ms = peer->heard_ms + links->config->silence_ms_max + 1;
    bool gave = false;
    link_resync(links, peer);
    if (peer->resync_owed && peer->ways_count > 0) {
        next_ms = earlier(next_ms, peer->resync_ms + links->config->heartbeat_ms);
    }
    while (peer->ways_count > 0 && (peer->retry_ms == 0 || peer->retry_ms <= links->now_ms)) {
        struct dues dues = dues_of(links, peer);
        if (dues.beat || dues.credit) {
            audit(links, peer);
        }
        size_t ways = peer->ways_count;
        gave = gave || dues.credit;
        /* A way that turned out to be gone leaves the others to be tried. */
        if (!send_frame(links, peer, &dues) && peer->ways_count == ways) {
            break;
        }
    }
    next_ms = earlier(next_ms, credit_look_ms(links, peer, gave));
    /* One that has passed, with nothing to send, is no reason to come back at once. */
    if (peer->retry_ms > links->now_ms) {
        next_ms = earlier(next_ms, peer->retry_ms);
    } else if (peer->ways_count > 0 && !peer->goodbye_acked) {
        uint64_t since_ms = peer->goodbye_ms != 0 ? peer->goodbye_ms : peer->sent_ms;
        next_ms = earlier(next_ms, since_ms + links->config->heartbeat_ms);
    }
    return next_ms;
}
