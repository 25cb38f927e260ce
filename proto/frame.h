/* frame.h - one ZeroMQ frame: a batch of messages between two processes.
 *
 *     [ sender's incarnation, sequence number, [envelope], [envelope], … ]
 *     envelope = [ type, from, to, ask, deadline, trace, span, body ]
 *
 * `from` and `to` are actor ids on the two nodes that the link joins; `to` 0 is the link itself.
 */
#ifndef PROTO_FRAME_H
#define PROTO_FRAME_H

#include "proto/message.h"
#include "proto/wire.h"

/* What travels with a message. */
struct frame_envelope {
    uint64_t from;        /* actor on the sender's node */
    uint64_t to;          /* actor on the receiver's node */
    uint64_t ask;         /* > 0: an answer is awaited under this number; see FRAME_ANSWER */
    uint64_t deadline_ms; /* milliseconds left when it was sent; 0 for no deadline */
    uint64_t trace;       /* the same for everything that one cause led to */
    uint64_t span;        /* the message that led to this one */
};

/* Set in `ask`: the message answers the ask whose number is in the other bits. */
#define FRAME_ANSWER (UINT64_C(1) << 63)

/* Starts a frame in an empty buffer. */
void frame_begin(struct wire_buffer *buffer, uint64_t node, uint64_t seq);

/* Appends one message that has passed msg_check. */
void frame_add(struct wire_buffer *buffer, const struct frame_envelope *envelope,
               const struct msg *msg);

/* Ends the frame of `count` messages.  ERR_MEMORY when something did not fit into memory. */
enum err frame_end(struct wire_buffer *buffer, uint64_t count) MUST_CHECK;

/* A received frame being read. */
struct frame_reader {
    struct wire_cursor cursor;
    uint64_t node;
    uint64_t seq;
    uint64_t left; /* messages still to read */
};

/* Looks at foreign bytes: ERR_MALFORMED when they do not begin as a frame.  They are looked at
 * once: whether each message is sound, frame_next says. */
enum err frame_open(const void *bytes, size_t size, struct frame_reader *ret_reader) MUST_CHECK;

/* The next message; call it reader->left times.  ERR_UNKNOWN: a type of a newer version; the
 * envelope is good, the message is not, reading may go on.  ERR_MALFORMED: stop; also for the last
 * message when bytes follow it. */
enum err frame_next(struct frame_reader *reader, struct frame_envelope *ret_envelope,
                    union msg_any *ret_msg) MUST_CHECK;

#endif
