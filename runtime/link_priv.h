/* link_priv.h - what the link files share: peers, their queues, and the doors between the files.
 *
 * link_peer.c keeps the tables, link_hello.c makes and ends links, link_send.c writes frames,
 * link_receive.c reads them, links.c is the outside.
 */
#ifndef RUNTIME_LINK_PRIV_H
#define RUNTIME_LINK_PRIV_H

#include "runtime/links.h"

enum {
    LINK_PEERS_MAX = 1024,   /* links that are up */
    LINK_TOMBS_MAX = 256,    /* ended links that are remembered */
    LINK_DIALS_MAX = 256,    /* routes that this side opened */
    LINK_WAYS_MAX = 4,       /* routes of one peer */
    LINK_BUCKETS = 256,      /* of the table by node */
    LINK_ROLES = 64,         /* role numbers, 0 is none */
    LINK_RETRY_MS_MAX = 100, /* longest wait before a full transport is tried again */
    LINK_SYSTEM_END = 0x0200 /* types below go in the system lane */
};

struct link_queue {
    struct envelope *first;
    struct envelope *last;
    uint64_t count;
    uint64_t bytes; /* of the envelopes */
};

void link_queue_push(struct link_queue *queue, struct envelope *envelope);
struct envelope *link_queue_pop(struct link_queue *queue); /* NULL when empty */

/* Puts all of `front` before what is in the queue. */
void link_queue_unpop(struct link_queue *queue, struct link_queue *front);

enum peer_state {
    PEER_UP,
    PEER_OVER,    /* we ended the link; it has not confirmed yet */
    PEER_CLOSED,  /* both know of the end; a HELLO begins anew */
    PEER_BARRED,  /* it took a role that its key does not allow; until links_review */
    PEER_REPLACED /* a newer incarnation of its name came; never again */
};

struct way {
    uint64_t route;
    uint64_t heard_ms;
};

struct peer {
    struct peer *next;  /* in links->up or links->tombs, oldest first */
    struct peer *chain; /* in its bucket */
    enum peer_state state;
    struct account *account;
    struct way ways[LINK_WAYS_MAX]; /* the first is sent on */
    size_t ways_count;

    struct link_queue lanes[LANES];
    uint64_t out_seq;        /* of the next frame */
    uint64_t window;         /* how far ahead of its credit the peer lets us go */
    uint64_t out_limit;      /* no user message is begun at or above this out_seq */
    uint64_t sent_ms;        /* when the last frame left */
    uint64_t retry_ms;       /* the transport was full: not before; 0 when it was not */
    uint64_t retry_wait;     /* how long that was, in ms */
    uint64_t frames_out;     /* of this link, for HEARTBEAT and GOODBYE */
    uint64_t goodbye_ms;     /* when GOODBYE was said last; 0 for not yet */
    uint64_t roles_owed;     /* bit per role not announced yet */
    uint64_t goodbye_frames; /* frames_out with the first GOODBYE */
    bool goodbye_acked;

    uint64_t in_seq;            /* expected of the next frame */
    uint64_t in_bytes;          /* of all messages that came, over all links to this node */
    uint64_t frames_in;         /* of this link */
    uint64_t heard_ms;          /* when the last frame came */
    uint64_t resync_ms;         /* when a hole was last answered with HELLO */
    bool resync_owed;           /* that HELLO has not been answered yet */
    uint64_t resync_seq;        /* of the frame behind the hole: an answer is numbered higher */
    uint64_t beat_said;         /* what the last HEARTBEAT counted; 0: none has come */
    uint64_t beat_came;         /* frames_in then */
    uint64_t beat_gaps;         /* stats.gaps then */
    uint64_t granted;           /* the last CREDIT's bytes */
    uint64_t granted_ms;        /* when it left */
    uint64_t look_ms;           /* when to look for credit to give; 0 for no need */
    uint64_t credit_wait;       /* current interval of looking for credit to give, in ms */
    uint64_t roles[LINK_ROLES]; /* actor that was announced for each role */

    struct link_stats stats;
};

/* A route that this side opened and greets until somebody answers. */
struct dial {
    uint64_t route;
    uint64_t node; /* who answered last; 0 for nobody yet */
    bool answered;
    uint64_t next_ms;  /* when to greet (again) */
    uint64_t said_seq; /* the greatest sequence number that a HELLO on it has named */
};

/* Kinds of log lines that strangers can cause; each is written once a second at most. */
enum link_note {
    NOTE_STRANGER,
    NOTE_HELLO,
    NOTE_MALFORMED,
    NOTE_GAP,
    NOTE_REJECTED,
    NOTE_TABLE,
    NOTE_LEAK,
    LINK_NOTES
};

struct links {
    const struct cfg_runtime *config;
    struct links_ports ports;
    uint64_t node;
    char name[MSG_MAX_hello_name + 1];
    uint64_t now_ms;      /* the time of the call under way */
    uint64_t promised_ms; /* what links_run returned last */
    bool leaving;
    struct peer *up;
    size_t up_count;
    struct peer *tombs;
    size_t tombs_count;
    struct peer *buckets[LINK_BUCKETS];
    struct dial dials[LINK_DIALS_MAX];
    size_t dials_count;
    uint64_t roles[LINK_ROLES]; /* actor of this process in each role */
    uint64_t roles_known;       /* bit per role that is taken */
    uint64_t strangers;
    struct links_totals totals;
    uint64_t muted_until_ms[LINK_NOTES];
    uint64_t muted[LINK_NOTES];
    struct wire_buffer buffer; /* the frame being written */
};

/* a + b, or the largest number: for what a stranger has sent. */
static inline uint64_t link_add(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/* ---- link_peer.c ---- */

/* The peer of an incarnation, up or remembered; NULL. */
struct peer *link_find(const struct links *links, uint64_t node);

/* A peer in state PEER_CLOSED among the remembered.  NULL without memory. */
struct peer *link_peer_new(struct links *links, uint64_t node, const char *name);

/* Forgets the oldest ended links that are too many.  Frees peers, so only for callers that hold
 * none of those; link_peer_new does it too. */
void link_peers_trim(struct links *links);

/* Moves a peer between the lists that belong to the states. */
void link_peer_enter(struct links *links, struct peer *peer, enum peer_state state);

/* Frees every peer; queued messages end as lost. */
void link_peers_free(struct links *links);

/* The way of the peer by that route; NULL. */
struct way *link_way(struct peer *peer, uint64_t route);

/* Makes the route one of this peer's and nobody else's; `first`: the one to send on. */
void link_way_add(struct links *links, struct peer *peer, uint64_t route, bool first);
void link_way_drop(struct peer *peer, uint64_t route);

/* The dial of that route; NULL. */
struct dial *link_dial(struct links *links, uint64_t route);

/* Bytes of messages from the peer that have no outcome yet. */
uint64_t link_outstanding(const struct peer *peer);

/* The figures of the link do not balance. */
void link_leak(struct links *links, const struct peer *peer, const char *which);

/* A log line of a kind that a stranger can cause. */
void link_note(struct links *links, enum link_note note, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A log line about a rare event. */
void link_log(struct links *links, enum rt_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- link_hello.c ---- */

/* Says HELLO over an established link, so that the peer tells again what a hole may have swallowed;
 * at most once a heartbeat.  Until it is answered, link_flush comes back to it. */
void link_resync(struct links *links, struct peer *peer);

/* Whether a process may be called so: names go into logs and routing ids. */
bool link_is_name(struct msg_str name);

/* Greets by a route.  `peer`: whom it is thought to lead to, or NULL; its HELLO says at which
 * number our frames go on.  `answer`: it is the answer to a HELLO. */
void link_greet(struct links *links, uint64_t route, const struct peer *peer, bool answer);

/* A HELLO came in the frame of *reader. */
void link_on_hello(struct links *links, uint64_t route, const struct frame_reader *reader,
                   const struct msg_hello *hello);

/* Ends a link: queued messages are lost, the system is told. */
void link_down(struct links *links, struct peer *peer, enum peer_state state, const char *why);

/* Whether the transport's proof lets the other end of the route be called so, in that role. */
bool link_may(const struct links *links, uint64_t route, struct msg_str name, uint64_t role);

/* Ends the link of a peer that took a role that is not its own. */
void link_bar(struct links *links, struct peer *peer, uint64_t role);

/* Tells a peer in PEER_OVER (again) that its link has ended, at most once per heartbeat. */
void link_part(struct links *links, struct peer *peer);

/* ---- link_send.c ---- */

/* Sends one link message in a frame that takes no place in the sequence.  A failure is forgotten:
 * such messages are repeated until they have had their effect. */
void link_send_alone(struct links *links, uint64_t route, uint64_t seq, const struct msg *msg);

/* Queues a message for the peer, or ends it. */
void link_enqueue(struct links *links, struct peer *peer, struct envelope **envelope);

/* Gives back a message that cannot be sent. */
void link_fail(struct links *links, struct envelope **envelope, enum err reason);

/* Sends all that may be sent to a peer that is up; returns when it wants to be called again. */
uint64_t link_flush(struct links *links, struct peer *peer);

#endif
