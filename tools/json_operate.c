/* json_operate.c - processes, actors, links and open runs, as JSON; and the audit's lines. */
#include <jansson.h>
#include <string.h>

#include "proto/terms.h"
#include "tools/json.h"

static json_int_t as_int(uint64_t number)
{
    return (json_int_t)number;
}

/* Text of another process: what is no UTF-8 in it is not shown at all. */
static json_t *text_of(struct msg_str text)
{
    json_t *string = json_stringn(text.at, text.size);
    return string ? string : json_string("");
}

/* Numbers of 64 random bits do not survive as numbers in all readers. */
static json_t *hex_of(uint64_t number)
{
    return json_sprintf("%016llx", (unsigned long long)number);
}

static json_t *roles_of(uint64_t roles)
{
    json_t *list = json_array();
    for (uint64_t role = 1; list && role < 64; role++) {
        if ((roles >> role & 1) != 0 &&
            json_array_append_new(list, json_string(term_word("role", role))) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *node_of(const struct msg_node_is *is)
{
    if (is->silent) {
        return json_pack("{s:o, s:o, s:s}", "node", text_of(is->node), "incarnation",
                         hex_of(is->incarnation), "state", "silent");
    }
    return json_pack("{s:o, s:o, s:s, s:o, s:I, s:I, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
                     "node", text_of(is->node), "incarnation", hex_of(is->incarnation), "state",
                     is->draining ? "draining" : "ready", "roles", roles_of(is->roles), "pid",
                     as_int(is->pid), "uptime_ms", as_int(is->uptime_ms), "version",
                     text_of(is->version), "actors", as_int(is->actors), "queued",
                     as_int(is->queued), "handled", as_int(is->handled), "restarts",
                     as_int(is->restarts), "rss_bytes", as_int(is->rss_bytes), "links",
                     as_int(is->links), "stuck", as_int(is->stuck));
}

static json_t *actor_of(const char *node, const struct msg_actor_is *is)
{
    return json_pack("{s:s, s:o, s:o, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
                     "node", node, "id", hex_of(is->id), "actor", text_of(is->name), "state",
                     term_word("actor", is->state), "queued", as_int(is->queued), "queued_bytes",
                     as_int(is->queued_bytes), "handled", as_int(is->handled), "restarts",
                     as_int(is->restarts), "quiet_ms", as_int(is->quiet_ms), "samples",
                     as_int(is->samples), "wait_p50_ns", as_int(is->wait_p50_ns), "wait_p99_ns",
                     as_int(is->wait_p99_ns), "handling_p50_ns", as_int(is->handling_p50_ns),
                     "handling_p99_ns", as_int(is->handling_p99_ns));
}

static json_t *link_of(const char *node, const struct msg_link_is *is)
{
    return json_pack("{s:s, s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "node", node,
                     "peer", text_of(is->peer), "incarnation", hex_of(is->incarnation), "sent",
                     as_int(is->sent), "received", as_int(is->received), "queued",
                     as_int(is->queued), "lost", as_int(is->lost), "gaps", as_int(is->gaps),
                     "outstanding_bytes", as_int(is->outstanding_bytes), "credit_bytes",
                     as_int(is->credit_bytes), "silence_ms", as_int(is->silence_ms));
}

static json_t *run_of(const struct msg_run_is *is)
{
    return json_pack("{s:o, s:o, s:I, s:I, s:I}", "run", text_of(is->run), "dir", text_of(is->dir),
                     "waiting", as_int(is->queued), "running", as_int(is->leased), "wanted_slots",
                     as_int(is->slots));
}

static json_t *row_of(const struct json_row *row)
{
    switch (row->msg->type) {
    case MSG_NODE_IS:
        return node_of(msg_as_node_is(row->msg));
    case MSG_ACTOR_IS:
        return actor_of(row->node, msg_as_actor_is(row->msg));
    case MSG_LINK_IS:
        return link_of(row->node, msg_as_link_is(row->msg));
    case MSG_RUN_IS:
        return run_of(msg_as_run_is(row->msg));
    default:
        return NULL;
    }
}

enum err json_rows(FILE *out, const char *what, const struct json_row *rows, size_t count)
{
    json_t *list = json_array();
    int bad = !list;
    for (size_t i = 0; i < count && !bad; i++) {
        bad |= json_array_append_new(list, row_of(&rows[i]));
    }
    if (bad) {
        json_decref(list);
        return ERR_MEMORY;
    }
    return json_put(out, json_pack("{s:o}", what, list));
}

enum err json_drained(FILE *out, const struct msg_drained *drained)
{
    return json_put(out, json_pack("{s:o, s:b, s:I, s:b}", "node", text_of(drained->node),
                                   "draining", drained->on, "busy", as_int(drained->busy),
                                   "stopping", drained->stopping));
}

enum err json_submitted(FILE *out, const char *run, const char *dir)
{
    return json_put(out, json_pack("{s:s, s:s}", "run", run, "dir", dir));
}

enum err json_cancelled(FILE *out, const char *run, bool ended)
{
    return json_put(out, json_pack("{s:s, s:b}", "run", run, "ended", ended));
}

enum err json_audit(FILE *out, const struct json_audit *entry)
{
    json_t *arguments = json_array();
    int bad = !arguments;
    for (size_t i = 0; entry->arguments[i] && !bad; i++) {
        const char *text = entry->arguments[i];
        bad |= json_array_append_new(arguments,
                                     text_of((struct msg_str){text, (uint32_t)strlen(text)}));
    }
    if (bad) {
        json_decref(arguments);
        return ERR_MEMORY;
    }
    return json_put(out, json_pack("{s:s, s:I, s:s, s:I, s:s, s:o, s:s}", "ts", entry->ts, "uid",
                                   as_int(entry->uid), "user", entry->user, "pid",
                                   as_int(entry->pid), "operation", entry->operation, "arguments",
                                   arguments, "result", entry->result));
}
