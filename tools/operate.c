/* operate.c - an operator's questions, and how the answers look. */
#include "tools/operate.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/json.h"
#include "tools/operate_priv.h"
#include "tools/paint.h"
#include "tools/report.h"
#include "tools/table.h"

enum { AGAIN_MS = 100 };

/* ---- the session ---- */

int operate_open(struct invocation *invocation, struct operate **ret_operate)
{
    *ret_operate = NULL;
    struct operate *self = calloc(1, sizeof *self);
    if (!self) {
        return complain(EXIT_COULD_NOT, "out of memory", NULL);
    }
    self->session.invocation = invocation;
    self->session.signal_fd = -1;
    self->session.asks = true;
    int code = invocation_configure(invocation);
    if (code == EXIT_DONE) {
        code = invocation_timeout(invocation, SESSION_REACH_MS, &self->timeout_ms);
    }
    if (code == EXIT_DONE) {
        code = session_open(&self->session, invocation_value(invocation, "cluster"), 0, false);
    }
    if (code == EXIT_DONE) {
        code = session_start(&self->session);
    }
    if (code != EXIT_DONE) {
        operate_close(&self);
        return code;
    }
    *ret_operate = self;
    return EXIT_DONE;
}

void operate_close(struct operate **operate)
{
    struct operate *self = *operate;
    if (self) {
        session_close(&self->session);
        free(self);
        *operate = NULL;
    }
}

int operate_signal_fd(const struct operate *self)
{
    return self->session.signal_fd;
}

bool operate_lives(const struct operate *self)
{
    return !self->over;
}

/* ---- asking ---- */

/* Waits until `until_ms` for the answer to the question that was asked (*ret_answer NULL: none
 * came, and none was awaited any longer). */
static int await(struct operate *self, uint64_t until_ms, bool answers, struct msg **ret_answer)
{
    for (;;) {
        struct client_event *event = NULL;
        uint64_t now = session_now_ms();
        switch (session_wait(&self->session, until_ms > now ? (int)(until_ms - now) : 0, &event)) {
        case SESSION_EVENT:
            if (answers && event->item.kind == CLIENT_ANSWER) {
                *ret_answer = event->answer;
                event->answer = NULL;
                client_event_drop(&event->item);
                return EXIT_DONE;
            }
            client_event_drop(&event->item);
            break;
        case SESSION_SIGNAL:
            self->over = true;
            return complain(EXIT_CANCELLED, "cancelled", NULL);
        case SESSION_TIME:
            return EXIT_DONE;
        default:
            self->over = true;
            return EXIT_NO_CLUSTER;
        }
    }
}

int operate_pause(struct operate *self, int ms)
{
    struct msg *none = NULL;
    return await(self, session_now_ms() + (uint64_t)ms, false, &none);
}

/* The way there was missing, or the one who was asked: the next may be better. */
static bool is_passing(const struct msg *answer)
{
    if (answer->type != MSG_FAILED) {
        return false;
    }
    uint64_t reason = msg_as_failed(answer)->reason;
    return reason == ERR_GONE || reason == ERR_FULL;
}

int operate_ask(struct operate *self, const struct msg *question, struct msg **ret_answer)
{
    uint64_t until_ms = session_now_ms() + self->timeout_ms;
    for (;;) {
        *ret_answer = NULL;
        session_tell(&self->session, question);
        int code = await(self, until_ms, true, ret_answer);
        if (code == EXIT_DONE && !*ret_answer) {
            /* An answer that still comes would be taken for that to the next question. */
            self->over = true;
            return complainf(EXIT_NO_CLUSTER, "troupe doctor looks for the reason.",
                             "nobody answered within %" PRIu64 " ms", self->timeout_ms);
        }
        if (code != EXIT_DONE || !is_passing(*ret_answer) ||
            session_now_ms() + AGAIN_MS >= until_ms) {
            return code;
        }
        free(*ret_answer);
        *ret_answer = NULL;
        code = operate_pause(self, AGAIN_MS);
        if (code != EXIT_DONE) {
            return code;
        }
    }
}

int operate_failed(const struct msg *msg, const char *node)
{
    enum err reason = (enum err)msg_as_failed(msg)->reason;
    switch (reason) {
    case ERR_NOT_FOUND:
        return complainf(EXIT_COULD_NOT, "troupe node list shows them.",
                         "there is no process %.64s", node);
    case ERR_UNSUPPORTED:
        return complainf(EXIT_REFUSED, "Executors have, and the coordinator.",
                         "%.64s has no work that it could stop taking", node);
    case ERR_UNKNOWN:
        return complainf(EXIT_REFUSED, "It is of an earlier version.",
                         "%.64s does not know that question", node);
    case ERR_FULL:
        return complainf(EXIT_COULD_NOT, "Try again.", "%.64s is being asked by others", node);
    case ERR_GONE:
    case ERR_TIMEOUT:
    case ERR_EXPIRED:
        return complainf(EXIT_NO_CLUSTER, "troupe node list shows whether it is silent.",
                         "%.64s does not answer", node);
    default:
        return complain(EXIT_INTERNAL, err_text(reason), NULL);
    }
}

/* ---- lists ---- */

/* Answers of one list, in order. */
struct rows {
    struct msg **all; /* owned */
    char **nodes;     /* owned; of which process each is, NULL: of its own */
    size_t count;
    size_t room;
};

static void rows_fini(struct rows *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        free(rows->all[i]);
        free(rows->nodes[i]);
    }
    free(rows->all);
    free(rows->nodes);
}

/* Takes over *msg. */
static enum err rows_add(struct rows *rows, const char *node, struct msg **msg)
{
    if (rows->count == rows->room) {
        size_t room = rows->room ? 2 * rows->room : 64;
        struct msg **all = realloc(rows->all, room * sizeof *all);
        rows->all = all ? all : rows->all;
        char **nodes = realloc(rows->nodes, room * sizeof *nodes);
        rows->nodes = nodes ? nodes : rows->nodes;
        if (!all || !nodes || room > TABLE_ROWS_MAX) {
            return room > TABLE_ROWS_MAX ? ERR_LIMIT : ERR_MEMORY;
        }
        rows->room = room;
    }
    char *name = node ? strdup(node) : NULL;
    if (node && !name) {
        return ERR_MEMORY;
    }
    rows->nodes[rows->count] = name;
    rows->all[rows->count++] = *msg;
    *msg = NULL;
    return ERR_OK;
}

/* Where a list is: what comes behind this is asked for next. */
struct place_in_list {
    char text[MSG_MAX_node_is_node + 1];
    uint64_t number;
};

/* One kind of list: the question for the row behind a place, and whether the answer is such a row,
 * which moves the place.  False: it was the end. */
struct list {
    int (*ask)(struct operate *self, const char *node, const struct place_in_list *at,
               struct msg **ret_answer);
    bool (*move)(const struct msg *row, struct place_in_list *at);
    uint16_t type; /* of the answers */
};

static int walk(struct operate *self, const struct list *list, const char *node, struct rows *rows)
{
    struct place_in_list at = {"", 0};
    for (;;) {
        struct msg *row = NULL;
        int code = list->ask(self, node, &at, &row);
        if (code != EXIT_DONE) {
            return code;
        }
        if (row->type != list->type || !list->move(row, &at)) {
            code = row->type == MSG_FAILED ? operate_failed(row, node ? node : "the coordinator")
                                           : EXIT_DONE;
            free(row);
            return code;
        }
        enum err err = rows_add(rows, node, &row);
        if (err != ERR_OK) {
            free(row);
            return complain(EXIT_COULD_NOT, err_text(err), NULL);
        }
    }
}

/* Only forward, so that whoever answers cannot keep us busy for ever. */
static bool move_to_text(struct msg_str text, struct place_in_list *at)
{
    if (text.size >= sizeof at->text || strcmp(text.at, at->text) <= 0) {
        return false;
    }
    memcpy(at->text, text.at, text.size + 1);
    return true;
}

static int ask_nodes(struct operate *self, const char *node, const struct place_in_list *at,
                     struct msg **ret_answer)
{
    (void)node;
    return operate_ask(self, MSG(nodes, .after = msg_str(at->text)), ret_answer);
}

static bool move_nodes(const struct msg *row, struct place_in_list *at)
{
    return move_to_text(msg_as_node_is(row)->node, at);
}

static int ask_actors(struct operate *self, const char *node, const struct place_in_list *at,
                      struct msg **ret_answer)
{
    return operate_ask(self, MSG(actors, .node = msg_str(node), .after = at->number), ret_answer);
}

/* The lower half of an id is its slot; a slot is not asked for twice. */
static bool move_actors(const struct msg *row, struct place_in_list *at)
{
    uint64_t id = msg_as_actor_is(row)->id;
    if (id == 0 || (at->number != 0 && (uint32_t)id <= (uint32_t)at->number)) {
        return false;
    }
    at->number = id;
    return true;
}

static int ask_links(struct operate *self, const char *node, const struct place_in_list *at,
                     struct msg **ret_answer)
{
    return operate_ask(self, MSG(links, .node = msg_str(node), .index = at->number), ret_answer);
}

static bool move_links(const struct msg *row, struct place_in_list *at)
{
    at->number++;
    return msg_as_link_is(row)->peer.size > 0;
}

static int ask_runs(struct operate *self, const char *node, const struct place_in_list *at,
                    struct msg **ret_answer)
{
    (void)node;
    return operate_ask(self, MSG(runs, .after = msg_str(at->text)), ret_answer);
}

static bool move_runs(const struct msg *row, struct place_in_list *at)
{
    return move_to_text(msg_as_run_is(row)->run, at);
}

static const struct list list_nodes = {ask_nodes, move_nodes, MSG_NODE_IS};
static const struct list list_actors = {ask_actors, move_actors, MSG_ACTOR_IS};
static const struct list list_links = {ask_links, move_links, MSG_LINK_IS};
static const struct list list_runs = {ask_runs, move_runs, MSG_RUN_IS};

/* Of every process that answers; a silent one is said, and the others are shown. */
static int walk_all(struct operate *self, const struct list *list, struct rows *rows)
{
    struct rows nodes = {.count = 0};
    int code = walk(self, &list_nodes, NULL, &nodes);
    for (size_t i = 0; i < nodes.count && code == EXIT_DONE; i++) {
        const struct msg_node_is *is = msg_as_node_is(nodes.all[i]);
        if (is->silent) {
            (void)complainf(0, NULL, "%.64s does not answer", is->node.at);
        } else {
            code = walk(self, list, is->node.at, rows);
        }
    }
    rows_fini(&nodes);
    return code;
}

/* ---- showing ---- */

/* How a list looks: cells of one row, in the order of the columns. */
struct look {
    const char *name;  /* in JSON */
    const char *empty; /* what to say of none */
    const struct table_column *columns;
    enum err (*cells)(struct table *table, const char *node, const struct msg *row);
};

static enum err show_table(const struct invocation *invocation, const struct look *look,
                           const struct rows *rows)
{
    struct table table;
    table_init(&table, look->columns);
    enum err err = ERR_OK;
    for (size_t i = 0; i < rows->count && err == ERR_OK; i++) {
        err = look->cells(&table, rows->nodes[i], rows->all[i]);
    }
    if (err == ERR_OK && rows->count > 0) {
        table_print(&table, stdout,
                    &(struct table_style){.width = table_width(stdout),
                                          .head = paint(invocation->color, PAINT_DIM),
                                          .reset = paint(invocation->color, PAINT_RESET)});
    } else if (err == ERR_OK && !invocation->quiet) {
        (void)printf("%s\n", look->empty);
    }
    table_fini(&table);
    return err;
}

static enum err show_json(const struct look *look, const struct rows *rows)
{
    struct json_row *list = calloc(rows->count + 1, sizeof *list);
    if (!list) {
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < rows->count; i++) {
        list[i] = (struct json_row){rows->nodes[i], rows->all[i]};
    }
    enum err err = json_rows(stdout, look->name, list, rows->count);
    free(list);
    return err;
}

/* Shows what there is, then lets go of it. */
static int show(const struct operate *self, int code, const struct look *look, struct rows *rows)
{
    const struct invocation *invocation = self->session.invocation;
    if (code == EXIT_DONE) {
        enum err err =
            invocation->json ? show_json(look, rows) : show_table(invocation, look, rows);
        code = err == ERR_OK ? EXIT_DONE : complain(EXIT_COULD_NOT, err_text(err), NULL);
    }
    rows_fini(rows);
    return code;
}

/* Cells one after the other; the first error stays. */
#define CELL(kind, value) (err = err == ERR_OK ? table_##kind(table, value) : err)

static enum err node_cells(struct table *table, const char *node, const struct msg *row)
{
    const struct msg_node_is *is = msg_as_node_is(row);
    enum err err = table_text(table, is->node.at);
    (void)node;
    if (is->silent) {
        CELL(text, "silent");
        for (int i = 0; i < 7; i++) {
            CELL(text, "");
        }
        return err;
    }
    CELL(text, is->draining ? "draining" : "ready");
    CELL(duration, is->uptime_ms);
    CELL(bytes, is->rss_bytes);
    CELL(number, is->actors);
    CELL(number, is->queued);
    CELL(number, is->handled);
    CELL(number, is->restarts);
    char pid[24];
    (void)snprintf(pid, sizeof pid, "%" PRIu64, is->pid);
    return CELL(text, pid);
}

/* "3.17": slot and how often it was used. */
static enum err id_cell(struct table *table, uint64_t id)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%" PRIu64 ".%" PRIu64, id & UINT32_MAX, id >> 32);
    return table_text(table, text);
}

static enum err actor_cells(struct table *table, const char *node, const struct msg *row)
{
    const struct msg_actor_is *is = msg_as_actor_is(row);
    enum err err = table_text(table, node);
    CELL(text, is->name.at);
    err = err == ERR_OK ? id_cell(table, is->id) : err;
    CELL(text, term_word("actor", is->state));
    CELL(number, is->queued);
    CELL(bytes, is->queued_bytes);
    CELL(number, is->handled);
    CELL(number, is->restarts);
    return CELL(duration, is->quiet_ms);
}

static enum err link_cells(struct table *table, const char *node, const struct msg *row)
{
    const struct msg_link_is *is = msg_as_link_is(row);
    enum err err = table_text(table, node);
    CELL(text, is->peer.at);
    CELL(number, is->sent);
    CELL(number, is->received);
    CELL(number, is->queued);
    CELL(number, is->lost);
    CELL(bytes, is->outstanding_bytes);
    CELL(bytes, is->credit_bytes);
    return CELL(duration, is->silence_ms);
}

static enum err run_cells(struct table *table, const char *node, const struct msg *row)
{
    const struct msg_run_is *is = msg_as_run_is(row);
    enum err err = table_text(table, is->run.at);
    (void)node;
    CELL(number, is->queued);
    CELL(number, is->leased);
    return CELL(text, is->dir.at);
}

static const struct look look_nodes = {"nodes", "No process.",
                                       (const struct table_column[]){{"NODE", false},
                                                                     {"STATE", false},
                                                                     {"UP", true},
                                                                     {"MEMORY", true},
                                                                     {"ACTORS", true},
                                                                     {"QUEUED", true},
                                                                     {"HANDLED", true},
                                                                     {"CRASHES", true},
                                                                     {"PID", true},
                                                                     {NULL, false}},
                                       node_cells};
static const struct look look_actors = {"actors", "No actor.",
                                        (const struct table_column[]){{"NODE", false},
                                                                      {"ACTOR", false},
                                                                      {"ID", true},
                                                                      {"STATE", false},
                                                                      {"QUEUED", true},
                                                                      {"BYTES", true},
                                                                      {"HANDLED", true},
                                                                      {"CRASHES", true},
                                                                      {"QUIET", true},
                                                                      {NULL, false}},
                                        actor_cells};
static const struct look look_links = {"links", "No link.",
                                       (const struct table_column[]){{"NODE", false},
                                                                     {"PEER", false},
                                                                     {"SENT", true},
                                                                     {"RECEIVED", true},
                                                                     {"QUEUED", true},
                                                                     {"LOST", true},
                                                                     {"OPEN", true},
                                                                     {"CREDIT", true},
                                                                     {"SILENT", true},
                                                                     {NULL, false}},
                                       link_cells};
static const struct look look_runs = {
    "queues", "No open run.",
    (const struct table_column[]){
        {"RUN", false}, {"WAITING", true}, {"RUNNING", true}, {"PROJECT", false}, {NULL, false}},
    run_cells};

int operate_nodes(struct operate *self)
{
    struct rows rows = {.count = 0};
    return show(self, walk(self, &list_nodes, NULL, &rows), &look_nodes, &rows);
}

int operate_actors(struct operate *self, const char *node)
{
    struct rows rows = {.count = 0};
    int code = node ? walk(self, &list_actors, node, &rows) : walk_all(self, &list_actors, &rows);
    return show(self, code, &look_actors, &rows);
}

int operate_links(struct operate *self, const char *node)
{
    struct rows rows = {.count = 0};
    int code = node ? walk(self, &list_links, node, &rows) : walk_all(self, &list_links, &rows);
    return show(self, code, &look_links, &rows);
}

int operate_queues(struct operate *self)
{
    struct rows rows = {.count = 0};
    return show(self, walk(self, &list_runs, NULL, &rows), &look_runs, &rows);
}

int operate_status(struct operate *self)
{
    struct msg *answer = NULL;
    int code = operate_ask(self, MSG(status, .drain = false), &answer);
    if (!answer) {
        return code;
    }
    if (answer->type == MSG_STATUS_IS) {
        operate_show_status(self->session.invocation, msg_as_status_is(answer));
    } else {
        code = answer->type == MSG_FAILED ? operate_failed(answer, "the coordinator")
                                          : complain(EXIT_INTERNAL, "not an answer", NULL);
    }
    free(answer);
    return code;
}
