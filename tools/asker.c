/* asker.c - asks a command's questions.
 *
 * Takes  NODES, NODE, ACTORS, LINKS, DRAIN, RUNS, STATUS, CANCEL   from the command
 *        ROLE_UP, DOWN     of the coordinator and of the admin that we are linked with
 *        their answers
 * Sends  those questions to the one or the other
 */
#include "tools/asker.h"

#include <stdlib.h>
#include <string.h>

/* Longer than an admin waits for another. */
enum { ASK_MS = 6000 };

struct party {
    struct rt_address address; /* nobody: not known */
    uint64_t monitor;
};

struct asker {
    struct inbox *inbox;
    struct party admin;
    struct party coordinator;
    struct msg *pending; /* not asked yet; owned */
    uint64_t ask;        /* under way; 0: none */
};

static struct msg *copy_of(const struct msg *msg)
{
    void *copy = malloc(msg_size(msg));
    return copy ? msg_copy(copy, msg) : NULL;
}

static enum err put(const struct asker *self, enum client_event_kind kind, const struct msg *msg)
{
    struct client_event *event = calloc(1, sizeof *event);
    if (event && msg) {
        event->answer = copy_of(msg);
    }
    if (!event || (msg && !event->answer)) {
        free(event);
        return ERR_MEMORY;
    }
    event->item.kind = (int)kind;
    inbox_put(self->inbox, &(struct inbox_item *){&event->item});
    return ERR_OK;
}

static bool is_for_coordinator(uint16_t type)
{
    return type == MSG_RUNS || type == MSG_STATUS || type == MSG_CANCEL;
}

static enum err go_on(struct asker *self, struct rt_context *ctx)
{
    if (!self->pending) {
        return ERR_OK;
    }
    const struct msg *msg = self->pending;
    const struct party *party = is_for_coordinator(msg->type) ? &self->coordinator : &self->admin;
    enum err err = ERR_OK;
    if (party->address.node == 0) {
        return ERR_OK; /* when it comes */
    }
    if (msg->type == MSG_CANCEL) {
        rt_tell(ctx, party->address, msg);
        err = put(self, CLIENT_ANSWER, msg);
    } else {
        /* An error comes as FAILED too. */
        (void)!rt_ask(ctx, party->address, msg, ASK_MS, &self->ask);
    }
    free(self->pending);
    self->pending = NULL;
    return err;
}

static enum err on_question(struct asker *self, struct rt_context *ctx, const struct msg *msg)
{
    free(self->pending);
    self->pending = copy_of(msg);
    self->ask = 0;
    return self->pending ? go_on(self, ctx) : ERR_MEMORY;
}

static enum err on_role_up(struct asker *self, struct rt_context *ctx, const struct msg_role_up *up)
{
    bool admin = up->role == TERM_role_ADMIN;
    struct party *party = admin ? &self->admin : &self->coordinator;
    struct rt_address address = {up->node, up->actor};
    if (party->address.node != 0) {
        rt_demonitor(ctx, party->monitor);
    }
    *party = (struct party){.address = address, .monitor = rt_monitor(ctx, address)};
    enum err err = admin ? ERR_OK : put(self, CLIENT_LINKED, NULL);
    return err == ERR_OK ? go_on(self, ctx) : err;
}

static enum err on_down(struct asker *self, uint64_t ref)
{
    if (self->admin.monitor == ref) {
        self->admin = (struct party){.monitor = 0};
    }
    if (self->coordinator.monitor != ref) {
        return ERR_OK;
    }
    self->coordinator = (struct party){.monitor = 0};
    return put(self, CLIENT_UNLINKED, NULL);
}

static enum err asker_start(struct rt_context *ctx, void *state, const void *arg)
{
    struct asker *self = state;
    memcpy(&self->inbox, arg, sizeof self->inbox);
    rt_watch_role(ctx, TERM_role_ADMIN);
    rt_watch_role(ctx, TERM_role_COORDINATOR);
    return ERR_OK;
}

static enum err asker_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    struct asker *self = state;
    if (msg->type == MSG_ROLE_UP) {
        return on_role_up(self, ctx, msg_as_role_up(msg));
    }
    if (msg->type == MSG_DOWN) {
        return on_down(self, msg_as_down(msg)->ref);
    }
    if (rt_answered(ctx) != 0) {
        if (rt_answered(ctx) != self->ask) {
            return ERR_OK; /* to a question that was given up */
        }
        self->ask = 0;
        return put(self, CLIENT_ANSWER, msg);
    }
    switch (msg->type) {
    case MSG_NODES:
    case MSG_NODE:
    case MSG_ACTORS:
    case MSG_LINKS:
    case MSG_DRAIN:
    case MSG_RUNS:
    case MSG_STATUS:
    case MSG_CANCEL:
        /* Only the command may ask: its messages have no sender. */
        return rt_sender(ctx).node == 0 ? on_question(self, ctx, msg) : ERR_UNKNOWN;
    default:
        return ERR_UNKNOWN;
    }
}

static void asker_stop(void *state)
{
    free(((struct asker *)state)->pending);
}

const struct rt_behaviour asker_behaviour = {.name = "asker",
                                             .state_size = sizeof(struct asker),
                                             .start = asker_start,
                                             .receive = asker_receive,
                                             .stop = asker_stop,
                                             .restart = RT_RESTART_NEVER};
