/* operate_change.c - what an operator changes: noted in the audit log, whatever came of it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/common/ulid.h"
#include "tools/audit.h"
#include "tools/json.h"
#include "tools/operate_priv.h"

enum { DRAIN_LOOK_MS = 200, DRAIN_MS = 600000, CANCEL_LOOK_MS = 100, CANCEL_MS = 15000 };

/* ---- the audit log ---- */

bool operate_audit(const struct invocation *invocation, const char *operation,
                   const char *const *arguments, const char *result)
{
    struct place place;
    char why[PLACE_WHY_SIZE] = "";
    enum err err = place_find(invocation_value(invocation, "state"), &place, why);
    if (err == ERR_OK) {
        err = audit_write(place.state, operation, arguments, result);
    }
    if (err != ERR_OK) {
        (void)complainf(0, NULL, "the audit log cannot be written: %s",
                        why[0] ? why : err_text(err));
    }
    return err == ERR_OK;
}

/* What was done but is not in the log was not done as it should be. */
static int note(const struct operate *self, const char *operation, const char *const *arguments,
                int code, const char *done)
{
    char result[32];
    (void)snprintf(result, sizeof result, "failed %d", code);
    bool noted = operate_audit(self->session.invocation, operation, arguments,
                               code == EXIT_DONE ? done : result);
    return noted || code != EXIT_DONE ? code : EXIT_COULD_NOT;
}

/* ---- drain ---- */

/* One round: *ret_drained is what the process said. */
static int drain_once(struct operate *self, const struct drain_order *order,
                      struct msg **ret_drained)
{
    int code = operate_ask(self,
                           MSG(drain, .node = msg_str(order->node), .on = !order->off,
                               .stop = order->stop && !order->off),
                           ret_drained);
    if (code == EXIT_DONE && (*ret_drained)->type != MSG_DRAINED) {
        code = (*ret_drained)->type == MSG_FAILED ? operate_failed(*ret_drained, order->node)
                                                  : complain(EXIT_INTERNAL, "not an answer", NULL);
    }
    if (code != EXIT_DONE) {
        free(*ret_drained);
        *ret_drained = NULL;
    }
    return code;
}

/* Until it has nothing left to finish, when it is to end. */
static int drain_to_the_end(struct operate *self, const struct drain_order *order,
                            struct msg **ret_drained)
{
    uint64_t max_ms = 0;
    int code = invocation_timeout(self->session.invocation, DRAIN_MS, &max_ms);
    uint64_t until_ms = session_now_ms() + max_ms;
    while (code == EXIT_DONE) {
        code = drain_once(self, order, ret_drained);
        if (code != EXIT_DONE || !order->stop || msg_as_drained(*ret_drained)->stopping) {
            return code;
        }
        if (session_now_ms() >= until_ms) {
            return complainf(EXIT_TIMED_OUT, "It takes no more; say it again to wait longer.",
                             "%.64s has not finished %" PRIu64 " of its work in time", order->node,
                             msg_as_drained(*ret_drained)->busy);
        }
        free(*ret_drained);
        *ret_drained = NULL;
        code = operate_pause(self, DRAIN_LOOK_MS);
    }
    return code;
}

static void show_drained(const struct msg_drained *drained)
{
    const char *name = drained->node.at;
    if (!drained->on) {
        (void)printf("%s takes new work again.\n", name);
    } else if (drained->stopping) {
        (void)printf("%s has finished its work and ends.\n", name);
    } else if (drained->busy > 0) {
        (void)printf("%s takes no new work; %" PRIu64 " %s not finished.\n", name, drained->busy,
                     drained->busy == 1 ? "piece of it is" : "pieces of it are");
    } else {
        (void)printf("%s takes no new work and has none.\n", name);
    }
}

int operate_drain(struct operate *self, const struct drain_order *order)
{
    const struct invocation *invocation = self->session.invocation;
    struct msg *drained = NULL;
    if (strlen(order->node) > MSG_MAX_drain_node) {
        return complain(EXIT_USAGE, "no process has so long a name", NULL);
    }
    int code = drain_to_the_end(self, order, &drained);
    const char *how = order->off ? "off" : order->stop ? "stop" : "on";
    code = note(self, "drain", (const char *const[]){order->node, how, NULL}, code, "done");
    if (code == EXIT_DONE && invocation->json) {
        enum err err = json_drained(stdout, msg_as_drained(drained));
        code = err == ERR_OK ? EXIT_DONE : complain(EXIT_COULD_NOT, err_text(err), NULL);
    } else if (code == EXIT_DONE && !invocation->quiet) {
        show_drained(msg_as_drained(drained));
    }
    free(drained);
    return code;
}

/* ---- cancel ---- */

/* Whether the run is open: the first behind the id just before it. */
static int is_open(struct operate *self, const char *run, bool *ret_open)
{
    char before[ULID_SIZE + 1];
    struct msg *answer = NULL;
    (void)snprintf(before, sizeof before, "%s", run);
    before[ULID_SIZE - 1] =
        (char)(before[ULID_SIZE - 1] -
               1); /* ids are of digits and letters: any character below will do */
    *ret_open = false;
    for (;;) {
        int code = operate_ask(self, MSG(runs, .after = msg_str(before)), &answer);
        if (code != EXIT_DONE) {
            return code;
        }
        if (answer->type != MSG_RUN_IS) {
            code = answer->type == MSG_FAILED ? operate_failed(answer, "the coordinator")
                                              : complain(EXIT_INTERNAL, "not an answer", NULL);
            free(answer);
            return code;
        }
        int order = strcmp(msg_as_run_is(answer)->run.at, run);
        bool further = order < 0 && strcmp(msg_as_run_is(answer)->run.at, before) > 0;
        *ret_open = order == 0;
        if (further) {
            (void)snprintf(before, sizeof before, "%.26s", msg_as_run_is(answer)->run.at);
        }
        free(answer);
        if (!further) {
            return EXIT_DONE;
        }
    }
}

static int tell_cancel(struct operate *self, const char *run)
{
    struct msg *sent = NULL;
    int code = operate_ask(self, MSG(cancel, .run = msg_str(run)), &sent);
    free(sent);
    return code;
}

/* CANCEL has no answer: that the run is not open any more is one. */
static int cancel(struct operate *self, const char *run)
{
    uint64_t until_ms = session_now_ms() + CANCEL_MS;
    bool open = false;
    int code = is_open(self, run, &open);
    if (code == EXIT_DONE && !open) {
        return complainf(EXIT_COULD_NOT, "troupe queue list shows those that are.",
                         "the run %s is not open", run);
    }
    while (code == EXIT_DONE && open) {
        code = tell_cancel(self, run);
        code = code == EXIT_DONE ? operate_pause(self, CANCEL_LOOK_MS) : code;
        code = code == EXIT_DONE ? is_open(self, run, &open) : code;
        if (code == EXIT_DONE && open && session_now_ms() >= until_ms) {
            return complainf(EXIT_TIMED_OUT, "Its executors may be silent: troupe node list.",
                             "the run %s was told to end and has not", run);
        }
    }
    return code;
}

int operate_cancel(struct operate *self, const char *run)
{
    const struct invocation *invocation = self->session.invocation;
    if (strlen(run) != ULID_SIZE || strspn(run, "0123456789ABCDEFGHJKMNPQRSTVWXYZ") != ULID_SIZE) {
        return complainf(EXIT_USAGE, "troupe queue list shows them.", "%.64s is no id of a run",
                         run);
    }
    int code = cancel(self, run);
    code = note(self, "cancel", (const char *const[]){run, NULL}, code, "done");
    if (code == EXIT_DONE && invocation->json) {
        enum err err = json_cancelled(stdout, run, true);
        code = err == ERR_OK ? EXIT_DONE : complain(EXIT_COULD_NOT, err_text(err), NULL);
    } else if (code == EXIT_DONE && !invocation->quiet) {
        (void)printf("The run %s has ended.\n", run);
    }
    return code;
}
