/* hello.c - two processes: one greets whoever asks, and survives a question that crashes it.
 *
 *     hello greet ENDPOINT        listens there until it is killed
 *     hello ask ENDPOINT NAME     prints the greeting, and that of the greeter's next life
 */
#include <stdio.h>
#include <string.h>
#include <troupe/actor.h>
#include <troupe/process.h>
#include <unistd.h>

enum { ROLE_GREETER = 40, HELLO = 1, CRASH = 2, TIMEOUT_MS = 10000 };

/* ---- the greeter ---- */

static enum err greeter_start(struct rt_context *ctx, void *state, const void *arg)
{
    (void)state;
    (void)arg;
    rt_take_role(ctx, ROLE_GREETER);
    return ERR_OK;
}

static enum err greeter_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    uint64_t *greeted = state;
    if (msg->type != MSG_DATA) {
        return ERR_UNKNOWN;
    }
    if (msg_as_data(msg)->kind == CRASH) {
        return ERR_CRASHED; /* three times; then the message goes, and the actor stays */
    }
    char text[128];
    (void)snprintf(text, sizeof text, "hello %.64s, you are the first: %s",
                   msg_as_data(msg)->bytes.at, ++*greeted == 1 ? "yes" : "no");
    rt_reply(ctx, MSG(data, .kind = HELLO, .bytes = msg_str(text)));
    return ERR_OK;
}

static const struct rt_behaviour greeter = {.name = "greeter",
                                            .state_size = sizeof(uint64_t),
                                            .start = greeter_start,
                                            .receive = greeter_receive};

/* ---- who asks: HELLO, HELLO, CRASH, HELLO ---- */

struct asker {
    const char *name;
    struct rt_address greeter;
    int asked;
};

static enum err ask_next(struct rt_context *ctx, struct asker *self)
{
    static const uint64_t kinds[] = {HELLO, HELLO, CRASH, HELLO};
    uint64_t ask; /* one at a time: no need to tell answers apart */
    if (self->asked == 4) {
        rt_stop(ctx);
        return ERR_OK;
    }
    return rt_ask(ctx, self->greeter,
                  MSG(data, .kind = kinds[self->asked++], .bytes = msg_str(self->name)), TIMEOUT_MS,
                  &ask);
}

static enum err asker_start(struct rt_context *ctx, void *state, const void *arg)
{
    memcpy(state, arg, sizeof(struct asker));
    rt_watch_role(ctx, ROLE_GREETER);
    return ERR_OK;
}

static enum err asker_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    struct asker *self = state;
    if (msg->type == MSG_ROLE_UP && self->asked == 0) {
        self->greeter = (struct rt_address){msg_as_role_up(msg)->node, msg_as_role_up(msg)->actor};
    } else if (msg->type == MSG_DATA) {
        (void)printf("%s\n", msg_as_data(msg)->bytes.at);
    } else if (msg->type == MSG_FAILED) {
        (void)printf("failed: %s\n", err_name((enum err)msg_as_failed(msg)->reason));
    } else {
        return ERR_UNKNOWN;
    }
    return rt_answered(ctx) || msg->type == MSG_ROLE_UP ? ask_next(ctx, self) : ERR_OK;
}

static const struct rt_behaviour asker = {.name = "asker",
                                          .state_size = sizeof(struct asker),
                                          .start = asker_start,
                                          .receive = asker_receive};

int main(int argc, char **argv)
{
    char why[256];
    struct rt_address address;
    struct rt_process *process;
    if (argc < 3) {
        return 2;
    }
    struct asker arg = {.name = argc > 3 ? argv[3] : "world"};
    int asks = strcmp(argv[1], "ask") == 0;
    const char *const connect[] = {asks ? argv[2] : NULL, NULL};
    struct rt_process_options options = {
        .name = argv[1], .bind = asks ? NULL : argv[2], .connect = connect};
    if (rt_process_new(&options, why, sizeof why, &process) != ERR_OK) {
        return fprintf(stderr, "hello: %s\n", why) > 0;
    }
    enum err err = rt_process_spawn(process, asks ? &asker : &greeter, &arg, sizeof arg, &address);
    err = err == ERR_OK ? rt_process_start(process) : err;
    while (err == ERR_OK && rt_process_actors(process) > 0) {
        (void)usleep(10000);
    }
    rt_process_destroy(&process);
    return err != ERR_OK;
}
