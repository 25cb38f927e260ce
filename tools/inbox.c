/* inbox.c - a queue with a lock and an eventfd. */
#include "tools/inbox.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct inbox {
    pthread_mutex_t lock;
    struct inbox_item *first;
    struct inbox_item *last;
    int fd;
};

enum err inbox_new(struct inbox **ret_inbox)
{
    struct inbox *self = calloc(1, sizeof *self);
    if (!self) {
        return ERR_MEMORY;
    }
    self->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (self->fd < 0) {
        free(self);
        return ERR_IO;
    }
    (void)pthread_mutex_init(&self->lock, NULL);
    *ret_inbox = self;
    return ERR_OK;
}

void inbox_destroy(struct inbox **inbox, void (*drop)(struct inbox_item *item))
{
    struct inbox *self = *inbox;
    if (!self) {
        return;
    }
    struct inbox_item *item;
    while ((item = inbox_take(self))) {
        drop(item);
    }
    (void)close(self->fd);
    (void)pthread_mutex_destroy(&self->lock);
    free(self);
    *inbox = NULL;
}

void inbox_put(struct inbox *self, struct inbox_item **item)
{
    (*item)->next = NULL;
    (void)pthread_mutex_lock(&self->lock);
    if (self->last) {
        self->last->next = *item;
    } else {
        self->first = *item;
        const uint64_t one = 1;
        (void)!write(self->fd, &one, sizeof one);
    }
    self->last = *item;
    (void)pthread_mutex_unlock(&self->lock);
    *item = NULL;
}

struct inbox_item *inbox_take(struct inbox *self)
{
    (void)pthread_mutex_lock(&self->lock);
    struct inbox_item *item = self->first;
    if (item) {
        self->first = item->next;
        if (!self->first) {
            self->last = NULL;
            uint64_t count;
            (void)!read(self->fd, &count, sizeof count);
        }
    }
    (void)pthread_mutex_unlock(&self->lock);
    return item;
}

int inbox_fd(const struct inbox *self)
{
    return self->fd;
}
