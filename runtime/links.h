/* links.h - the links of one process to all others: protocol without sockets.
 *
 * A link joins two incarnations of processes.  Both ends say HELLO, then batch messages into
 * numbered frames, grant each other credit in bytes, and show that they live.  Which bytes go
 * where is the transport's business (ZeroMQ in production, a seeded network in the simulator):
 * it knows a link by its route.  One thread uses a struct links; there is no clock in it but the
 * `now_ms` (monotonic) that each call brings.
 *
 * Sequence numbers count bytes, as TCP's do: a frame advances them by one and by the encoded size
 * of every message for an actor in it.  So a hole says how much was lost in it, and credit, which
 * is an absolute sequence number, survives every loss.  A frame behind a hole is taken, one from
 * before it never again: a message arrives once or not at all, and in order.  What a hole has
 * swallowed stays lost here; the protocols above send it again.
 *
 * A link ends for both: who gives a silent peer up tells it so (GOODBYE), and until that has been
 * confirmed no HELLO of the same incarnation is accepted.  So a process that was only paused comes
 * back through node_down on both sides, never into half a link.
 */
#ifndef RUNTIME_LINKS_H
#define RUNTIME_LINKS_H

#include "runtime/envelope.h"

struct links;

/* What links ask of the world.  deliver, undeliverable and node_down may call links_send, nothing
 * else of this file. */
struct links_ports {
    void *world;

    /* Sends one frame; the bytes are borrowed.  ERR_FULL: try again later; ERR_GONE: no such
     * route.  ERR_OK proves nothing. */
    enum err (*transmit)(void *world, uint64_t route, const void *bytes, size_t size);

    /* Takes over a message that arrived; it is counted as accepted already, and its `bytes` are
     * its encoded size, the measure that credit is given in. */
    void (*deliver)(void *world, struct envelope **envelope);

    /* Takes back, and ends, a message that links_send had taken over: ERR_GONE (no link to the
     * node, or no longer), ERR_FULL, ERR_EXPIRED, ERR_LIMIT (larger than a frame).  Who sent it
     * is to be told if it waits for something. */
    void (*undeliverable)(void *world, struct envelope **envelope, enum err reason);

    /* The account to which messages from `node` are booked; outlives the links.  NULL without
     * memory: the node is not linked. */
    struct account *(*account)(void *world, uint64_t node);

    /* An actor of a linked node has a role; once per actor and link. */
    void (*role_up)(void *world, uint64_t role, struct rt_address actor, const char *name);

    /* The link to the node is lost with all that was under way: silent too long, said goodbye, or
     * a newer incarnation of the same name came.  A node that was only paused may link anew. */
    void (*node_down)(void *world, uint64_t node);

    /* Whether what the transport has proven about the other end of a route (its key) lets it be
     * called `name` and, if `role` is not 0, play that role.  NULL: nothing is proven, and
     * everybody may. */
    bool (*may)(void *world, uint64_t route, struct msg_str name, uint64_t role);

    /* One finished line, key=value text. */
    void (*log)(void *world, enum rt_level level, const char *text);
};

/* The links of process `node` (> 0), called `name`: 1 to 64 visible ASCII characters but no quote
 * and no '='.  `config` is borrowed, *ports is copied.  ERR_MALFORMED: the name; ERR_MEMORY. */
enum err links_new(const struct cfg_runtime *config, uint64_t node, const char *name,
                   const struct links_ports *ports, struct links **ret_links) MUST_CHECK;

/* Frees all; queued messages end as lost, without a word to anybody. */
void links_destroy(struct links **links);

/* The transport has a new way to somebody, who is to be greeted (again), and from now on until
 * there is an answer.  Call it for ways that this side opened, each time they open. */
void links_connect(struct links *links, uint64_t route, uint64_t now_ms);

/* A frame has arrived; hostile until proven sound.  The bytes are borrowed.  A stranger costs
 * neither memory nor, beyond a line now and then, log. */
void links_receive(struct links *links, uint64_t route, const void *bytes, size_t size,
                   uint64_t now_ms);

/* The answers of the port `may` may have changed: ends the links that it no longer allows. */
void links_review(struct links *links, uint64_t now_ms);

/* Whether a link uses the route, or links_connect named it: the transport may forget others. */
bool links_knows(const struct links *links, uint64_t route);

/* Queues a message for the node in its `to`; takes it over.  Without a link to it, or with a full
 * queue, it is given back as undeliverable, at once.  A message that the transport took ends as
 * handled: what then became of it, the receiver's account of this node says. */
void links_send(struct links *links, struct envelope **envelope, uint64_t now_ms);

/* Tells all peers, present and future, of the one actor of this process in a role (1 to 63). */
void links_announce(struct links *links, uint64_t role, uint64_t actor);

/* Sends what is queued as far as credit goes, gives credit back, beats, and declares silent peers
 * dead.  To be called after any of the others before sleeping.  Returns when it wants to be called
 * again at the latest, UINT64_MAX for never; called later than that, it takes the delay for its own
 * fault and accuses nobody. */
uint64_t links_run(struct links *links, uint64_t now_ms);

/* Says GOODBYE to all once their queues are empty; links_drained() once each has confirmed it, or
 * is gone.  The confirmation counts the frames of the link that arrived: those that did not are
 * links_totals' frames_lost, and logged.  No new links from now on. */
void links_goodbye(struct links *links, uint64_t now_ms);
bool links_drained(const struct links *links);

/* What one link has done; the sums balance: accepted = sent + queued + lost. */
struct link_stats {
    uint64_t node;
    char name[MSG_MAX_hello_name + 1];
    uint64_t accepted, sent, queued, queued_bytes; /* messages, outbound */
    uint64_t lost;              /* outbound: with the link, expired, or too large to encode */
    uint64_t refused;           /* outbound: the queue was full; not among the accepted */
    uint64_t frames_out;        /* handed to the transport */
    uint64_t frames_in;         /* sound and in order */
    uint64_t gaps, gap_bytes;   /* holes in the sequence of frames, and their width */
    uint64_t stale;             /* frames from before a hole or for the second time */
    uint64_t malformed;         /* frames with an unsound message */
    uint64_t received;          /* messages, inbound */
    uint64_t credit_bytes;      /* left to send */
    uint64_t outstanding_bytes; /* inbound, not ended yet */
    uint64_t heard_ms;          /* monotonic: when the last frame came */
    uint64_t version;           /* of the protocol, the newest that both speak */
};

/* The first `max` links that are up, oldest first; returns how many there are. */
size_t links_stats(const struct links *links, struct link_stats *ret_stats, size_t max);

/* What all links have done since the beginning, those that have ended included. */
struct links_totals {
    uint64_t began; /* links */
    uint64_t ended;
    uint64_t frames_out, bytes_out; /* handed to the transport, greetings included */
    uint64_t frames_in, bytes_in;   /* that the transport brought, from whomever */
    uint64_t gaps;                  /* holes in sequences of frames */
    uint64_t frames_lost; /* of ours, that a peer which confirmed our GOODBYE has not had */
    uint64_t leaks;       /* times that a link's figures did not balance: a fault of this program */
};

void links_totals(const struct links *links, struct links_totals *ret_totals);

/* Frames that were refused because they were unsound or their route had no link. */
uint64_t links_strangers(const struct links *links);

#endif
