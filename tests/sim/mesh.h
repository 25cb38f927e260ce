/* mesh.h - three processes of talkers over a network that is the seed's: the runtime's protocol
 * alone.
 *
 * mesh.c is the world: time, frames, lives of processes; mesh_talk.c the actors and the judge. What
 * the judge knows it was told by the talkers, not by the runtime.
 */
#ifndef TESTS_SIM_MESH_H
#define TESTS_SIM_MESH_H

#include "runtime/core.h"
#include "runtime/links.h"

enum {
    MESH_NODES = 3,
    MESH_STREAMS_MAX = 4096,
    MESH_ASKS_MAX = 16384,
    MESH_WATCHES_MAX = 4096,
    MESH_STUMBLES_MAX = 1024,
    MESH_WHY_SIZE = 256
};

struct mesh;

struct mesh_frame {
    struct mesh_frame *next;
    uint64_t due_ms;
    size_t from, to;
    uint64_t from_life, to_life;
    size_t size;
    uint8_t bytes[];
};

struct mesh_node {
    struct mesh *mesh;
    size_t index;
    char name[16];
    uint64_t life; /* counts incarnations; 0: none yet */
    uint64_t incarnation;
    bool alive;
    struct rt_system *system;
    struct links *links;
    uint64_t paused_ms;           /* until then; 0: it runs */
    uint64_t resumed_ms;          /* when it went on, or began, last */
    uint64_t start_ms;            /* when it comes back; UINT64_MAX: not */
    uint64_t cut_ms;              /* until then nothing leaves it and nothing reaches it */
    uint64_t next_ms;             /* timers and links want to be called */
    uint64_t down_ms[MESH_NODES]; /* when the link to that process was lost last */
    uint64_t down_of[MESH_NODES]; /* and its incarnation */
    uint64_t known[MESH_NODES];   /* the latest incarnation of each */
};

/* Numbered messages from one life of a talker to one process, or to its topic. */
struct mesh_stream {
    uint64_t sent; /* the last number */
    size_t from;
    struct mesh_hearer {
        uint64_t life;     /* of the hearer's process */
        uint64_t arrived;  /* the last number that a link brought */
        uint64_t arrivals; /* how many */
        uint64_t losses;   /* of the hearer's links, then */
        uint64_t number;   /* the last one handled */
        uint64_t heard;    /* how many */
    } heard[MESH_NODES];
};

struct mesh_ask {
    uint64_t number; /* of rt_ask */
    uint64_t asked_ms, until_ms;
    size_t from;
    uint64_t life, talker; /* of its process, and of the actor in it */
    uint64_t to_node;      /* incarnation */
    size_t to;
    bool open, cancelled;
};

struct mesh_watch {
    uint64_t ref;
    size_t from;
    uint64_t life, talker;
    uint64_t node;
    size_t of;
    uint64_t losses; /* of the watcher's links, then */
    uint64_t made_ms;
    uint64_t downs;
};

/* A message that crashes its receiver, at first or always. */
struct mesh_stumble {
    uint64_t seen;
    uint64_t first_ms;
    size_t at;
    uint64_t life;
    bool poison, done;
};

struct mesh {
    uint64_t random;
    uint64_t now_ms;
    uint64_t hash, events;
    bool calm_story; /* nothing but pauses shorter than a silence, and of all at once */
    bool lossless;
    bool healed; /* nothing fails any more */
    enum mesh_phase { MESH_TALKS, MESH_RESTS, MESH_LEAVES } phase;
    bool trace;
    uint64_t loss, twice, full, delay_ms, jitter_ms;
    struct config config;
    struct mesh_node nodes[MESH_NODES];
    struct mesh_frame *frames; /* by time, then order */
    struct mesh_stream streams[MESH_STREAMS_MAX];
    size_t streams_count;
    struct mesh_ask asks[MESH_ASKS_MAX];
    size_t asks_count, asks_settled;
    struct mesh_watch watches[MESH_WATCHES_MAX];
    size_t watches_count;
    struct mesh_stumble stumbles[MESH_STUMBLES_MAX];
    size_t stumbles_count;
    uint64_t talkers;                    /* lives of them so far */
    uint64_t talker[MESH_NODES];         /* the life that is on */
    size_t said[MESH_NODES][MESH_NODES]; /* the latest stream from one to the other */
    size_t news[MESH_NODES];
    struct rt_address address[MESH_NODES]; /* of the talkers */
    size_t took[MESH_NODES];               /* how many took what was published last */
    char why[MESH_WHY_SIZE];
};

static inline uint64_t mesh_draw(struct mesh *mesh, uint64_t below)
{
    /* Marsaglia, "Xorshift RNGs", 2003. */
    mesh->random ^= mesh->random << 13;
    mesh->random ^= mesh->random >> 7;
    mesh->random ^= mesh->random << 17;
    return mesh->random % below;
}

/* The first thing that is wrong ends the story. */
void mesh_blame(struct mesh *mesh, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Into the hash, and onto stderr with --trace. */
void mesh_note(struct mesh *mesh, const struct mesh_node *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Holes and ends of links so far: only they may lose a message. */
uint64_t mesh_losses(const struct mesh_node *node);

/* The process of an incarnation; NULL when it is gone. */
struct mesh_node *mesh_node_of(struct mesh *mesh, uint64_t incarnation);

/* Tells a story; false: `why` says what was wrong. */
bool mesh_tell(struct mesh *mesh, uint64_t seed, bool trace);

/* ---- mesh_talk.c ---- */

extern const struct rt_behaviour mesh_talker;

/* A link has brought a message: none is missing before it, but for what the links own up to. */
void mesh_arrived(struct mesh_node *node, const struct msg *msg);

/* The process's talker says much before it leaves. */
void mesh_say_last(struct mesh_node *node);

/* What is due by now, and did not happen. */
void mesh_audit(struct mesh *mesh);

/* At the end: everybody has heard everybody. */
void mesh_audit_end(struct mesh *mesh);

#endif
