/* exec_stream.c - the descriptors of a command: when they are watched, how much of what it writes
 * is passed on, and what its control socket takes.
 */
#include "runtime/exec_priv.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { REST_BYTES_MAX = 4 << 20 }; /* more than pipe and socket hold: what is read after the end */

static void set_watch(struct stream *stream, short events)
{
    struct net *net = stream->child->exec->net;
    if (stream->watched && stream->watch.events == events && events != 0) {
        return;
    }
    if (stream->watched) {
        net_unwatch(net, &stream->watch);
        stream->watched = false;
    }
    stream->watch.events = events;
    if (events != 0) {
        stream->watched = net_watch(net, &stream->watch) == ERR_OK;
        if (!stream->watched) {
            exec_try_later(stream->child);
        }
    }
}

void exec_stream_watch_all(struct child *child, bool reading, bool writing)
{
    for (size_t i = 0; i < STREAMS; i++) {
        struct stream *stream = &child->streams[i];
        if (stream->watch.fd >= 0) {
            int events = reading ? POLLIN : 0;
            events |= writing && stream->number == STREAMS ? POLLOUT : 0;
            set_watch(stream, (short)events);
        }
    }
}

void exec_stream_close(struct stream *stream)
{
    if (stream->watch.fd < 0) {
        return;
    }
    set_watch(stream, 0);
    (void)close(stream->watch.fd);
    stream->watch.fd = -1;
    if (stream->number == STREAMS) {
        struct child *child = stream->child;
        (void)pthread_mutex_lock(&child->exec->lock);
        child->input_closed = true;
        child->input_size = 0;
        (void)pthread_mutex_unlock(&child->exec->lock);
    }
}

/* ---- what it writes ---- */

/* Keeps the latest bytes; what falls out is counted. */
static void keep_tail(struct stream *stream, const char *bytes, size_t size, size_t max)
{
    if (!stream->tail) {
        stream->tail = malloc(max);
    }
    if (!stream->tail) {
        stream->cut += size;
        return;
    }
    if (size > max) {
        stream->cut += size - max;
        bytes += size - max;
        size = max;
    }
    size_t over = stream->size + size > max ? stream->size + size - max : 0;
    stream->at = (stream->at + over) % max;
    stream->size -= over;
    stream->cut += over;
    size_t to = (stream->at + stream->size) % max;
    size_t first = size < max - to ? size : max - to;
    memcpy(stream->tail + to, bytes, first);
    memcpy(stream->tail, bytes + first, size - first);
    stream->size += size;
}

/* Of what was just read: the head stays in `held`, the rest goes into the tail. */
static void divide(struct stream *stream, size_t size)
{
    struct child *child = stream->child;
    uint64_t output_max = child->exec->config->executor.output_max;
    size_t head_max = (size_t)(output_max / 2);
    size_t pass = size;
    if (stream->number < STREAMS && size > head_max - stream->head) {
        pass = head_max - stream->head;
        keep_tail(stream, child->held + pass, size - pass, (size_t)output_max - head_max);
    }
    stream->head += stream->number < STREAMS ? pass : 0;
    child->held_size = pass;
    child->held_stream = stream->number;
}

/* The next piece of the tail into `held`; false when there is none. */
bool exec_stream_take_tail(struct stream *stream)
{
    struct child *child = stream->child;
    child->held_stream = stream->number;
    if (stream->cut > 0 && !stream->cut_told) {
        stream->cut_told = true;
        int size = snprintf(child->held, CHUNK_BYTES, "\n[%llu bytes cut]\n",
                            (unsigned long long)stream->cut);
        child->held_size = (size_t)size;
        return true;
    }
    uint64_t output_max = child->exec->config->executor.output_max;
    size_t max = (size_t)(output_max - output_max / 2);
    size_t size = stream->size < max - stream->at ? stream->size : max - stream->at;
    size = size < CHUNK_BYTES ? size : CHUNK_BYTES;
    if (size > 0) {
        memcpy(child->held, stream->tail + stream->at, size);
        stream->at = (stream->at + size) % max;
        stream->size -= size;
    }
    child->held_size = size;
    return child->held_size > 0;
}

/* Reads once; false when nothing was there.  At the end of the tree that means: never again. */
bool exec_stream_read(struct stream *stream, bool ended)
{
    ssize_t size;
    do {
        size = read(stream->watch.fd, stream->child->held, CHUNK_BYTES);
    } while (size < 0 && errno == EINTR);
    if (size < 0 && errno == EAGAIN && !ended) {
        return false;
    }
    stream->rest += ended && size > 0 ? (size_t)size : 0;
    if (size <= 0 || stream->rest > REST_BYTES_MAX) {
        exec_stream_close(stream);
        return false;
    }
    divide(stream, (size_t)size);
    return true;
}

/* ---- what it is told ---- */

/* Under the lock.  False: the command no longer listens. */
static bool send_input(struct child *child, int fd)
{
    size_t at = 0;
    while (at < child->input_size) {
        ssize_t size =
            send(fd, child->input + at, child->input_size - at, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (size < 0 && errno == EINTR) {
            continue;
        }
        if (size < 0 && errno != EAGAIN) {
            return false;
        }
        if (size < 0) {
            break;
        }
        at += (size_t)size;
    }
    memmove(child->input, child->input + at, child->input_size - at);
    child->input_size -= at;
    return true;
}

/* Returns whether something is left to be written. */
bool exec_stream_flush_input(struct child *child)
{
    int fd = child->streams[STREAMS - 1].watch.fd;
    (void)pthread_mutex_lock(&child->exec->lock);
    if (child->input_size > 0 && fd >= 0 && !send_input(child, fd)) {
        child->input_closed = true;
        child->input_size = 0;
    }
    bool left = child->input_size > 0 && fd >= 0;
    (void)pthread_mutex_unlock(&child->exec->lock);
    return left;
}
