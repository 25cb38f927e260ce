/* source.h - one row per source of candidates: how it is started, asked and understood.
 *
 * Pure.  A source is a warm process per project that speaks JSON Lines on its control socket: it
 * says that it is ready, is asked one thing at a time, and answers with candidates, best first, and
 * their end.  Sources that need no process of their own, or one elsewhere, would be further actors
 * that take FIX; fixer.c asks them all in the same way.
 */
#ifndef ACTORS_FIXER_SOURCE_H
#define ACTORS_FIXER_SOURCE_H

#include "actors/common/stream.h"
#include "proto/message.h"

enum { SOURCE_ARGS_MAX = 8 };

enum source_kind {
    SOURCE_OTHER, /* of a newer host; to be ignored */
    SOURCE_READY,
    SOURCE_FATAL, /* it cannot serve this project, `message` says why; it ends */
    SOURCE_CANDIDATE,
    SOURCE_END, /* of the candidates; `count` of them, `message` says why there are none */
    SOURCE_ERROR
};

/* Fields that an event does not have are zero or empty.  Strings live as long as the event. */
struct source_event {
    enum source_kind kind;
    uint64_t id;
    uint64_t count;
    uint64_t votes;        /* of a candidate: sources that made the same */
    struct msg_str source; /* who made it; empty: the row itself */
    struct msg_str name;   /* of the kind of change */
    struct msg_str diff;
    struct msg_str doubt;    /* why a candidate is not to be made unasked */
    struct msg_str affected; /* test files, a line each */
    struct msg_str tests;    /* the only ones that pass with it, a line each */
    struct msg_str message;
    void *json; /* what the strings belong to */
};

/* A command line; `text` owns what argv does not borrow. */
struct source_argv {
    const char *argv[SOURCE_ARGS_MAX];
    char *text;
};

struct source {
    const char *name;

    /* Whether it has to be asked about such an error. */
    bool (*fits)(const struct msg_fix *fix);

    /* `folder`: where the sources are.  ERR_MEMORY. */
    enum err (*argv)(const char *folder, struct source_argv *ret_argv);

    /* The answer is wanted within budget_ms, from now.  The caller's to free; NULL without memory,
     * or when the texts are no UTF-8. */
    char *(*ask)(uint64_t id, const struct msg_fix *fix, uint64_t budget_ms);

    /* Reads a line of at most STREAM_LINE_MAX bytes and may change it.  ERR_MALFORMED. */
    enum err (*decode)(char *line, size_t size, struct source_event *ret_event);
};

/* All there are; NULL-terminated. */
extern const struct source *const sources[];

extern const struct source source_tsserver;

void source_event_free(struct source_event *event);

#endif
