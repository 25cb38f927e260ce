/* inbox.h - from the actors of a client to its main thread, which waits for signals and time too.
 */
#ifndef TOOLS_INBOX_H
#define TOOLS_INBOX_H

#include <stddef.h>

#include "proto/error.h"

struct inbox;

/* What lies in an inbox begins with this; allocated with malloc by the sender. */
struct inbox_item {
    struct inbox_item *next;
    int kind; /* the sender's and the taker's business */
};

enum err inbox_new(struct inbox **ret_inbox) MUST_CHECK;

/* Items that were not taken are given to `drop`. */
void inbox_destroy(struct inbox **inbox, void (*drop)(struct inbox_item *item));

/* Any thread; takes over *item. */
void inbox_put(struct inbox *inbox, struct inbox_item **item);

/* The oldest item, now the caller's; NULL: none. */
struct inbox_item *inbox_take(struct inbox *inbox);

/* Readable when there is something. */
int inbox_fd(const struct inbox *inbox);

#endif
