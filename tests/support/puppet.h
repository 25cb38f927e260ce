/* puppet.h - an actor that does what the test says, and notes all that happens to it in the trace.
 *
 * A SUBMITTED is an order to it: run="crash" fails, "stop" ends, "shrug" is not understood, "echo"
 * is answered with itself.  Everything else goes to the script, if it has one:
 *
 *     [0] a start
 *     [0] a got SUBMITTED run="crash"
 *     [0] a stop
 */
#ifndef TESTS_SUPPORT_PUPPET_H
#define TESTS_SUPPORT_PUPPET_H

#include "tests/support/probe.h"

struct puppet;

/* `msg` is NULL at the start of a life. */
typedef enum err (*puppet_script)(struct rt_context *ctx, struct puppet *self,
                                  const struct msg *msg);

struct puppet_arg {
    struct probe *probe;
    const char *name; /* static; NULL: nothing is noted */
    puppet_script script;
    void *arg; /* the test's own */
};

struct puppet {
    struct puppet_arg arg;
    uint64_t ask;  /* for scripts */
    uint64_t tick; /* likewise */
    struct rt_address other;
};

enum err puppet_start(struct rt_context *ctx, void *state, const void *arg);
enum err puppet_receive(struct rt_context *ctx, void *state, const struct msg *msg);
void puppet_stop(void *state);

/* A behaviour with further members of struct rt_behaviour. */
#define PUPPET(...)                                                                                \
    {                                                                                              \
        .name = "puppet", .state_size = sizeof(struct puppet), .start = puppet_start,              \
        .receive = puppet_receive, .stop = puppet_stop, __VA_ARGS__                                \
    }

/* The order to a puppet. */
#define ORDER(word) MSG(submitted, .run = msg_str(word))

static inline bool is_order(const struct msg *msg, const char *word)
{
    return msg && msg->type == MSG_SUBMITTED && msg_str_is(msg_as_submitted(msg)->run, word);
}

#endif
