/* dashboard_json.c - see dashboard_json.h. */
#include "actors/gateway/dashboard_json.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "proto/terms.h"

/* A name that is no UTF-8 is shown as none. */
static json_t *name_of(struct msg_str text)
{
    json_t *name = json_stringn(text.at, text.size);
    return name ? name : json_string("?");
}

static json_t *roles_of(uint64_t roles)
{
    json_t *list = json_array();
    for (unsigned role = 0; role < 64 && list; role++) {
        const char *word = (roles >> role & 1) != 0 ? term_word("role", role) : NULL;
        if (word && json_array_append_new(list, json_string(word)) != 0) {
            json_decref(list);
            list = NULL;
        }
    }
    return list;
}

static json_int_t as_int(uint64_t number)
{
    return number <= INT64_MAX ? (json_int_t)number : INT64_MAX;
}

static json_t *node_json(const struct msg_node_is *is)
{
    return json_pack(
        "{s:o, s:b, s:b, s:o, s:I, s:I, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
        "node", name_of(is->node), "silent", is->silent, "draining", is->draining, "roles",
        roles_of(is->roles), "pid", as_int(is->pid), "uptime_ms", as_int(is->uptime_ms), "version",
        name_of(is->version), "actors", as_int(is->actors), "queued", as_int(is->queued), "handled",
        as_int(is->handled), "restarts", as_int(is->restarts), "rss_bytes", as_int(is->rss_bytes),
        "links", as_int(is->links), "cpu_us", as_int(is->cpu_us), "dead", as_int(is->dead), "lost",
        as_int(is->lost), "rejected", as_int(is->rejected));
}

static json_t *actor_json(const struct msg_actor_is *is)
{
    return json_pack("{s:I, s:o, s:I, s:I, s:I, s:I, s:I}", "id", as_int(is->id), "name",
                     name_of(is->name), "state", as_int(is->state), "queued", as_int(is->queued),
                     "handled", as_int(is->handled), "restarts", as_int(is->restarts), "quiet_ms",
                     as_int(is->quiet_ms));
}

static json_t *link_json(const struct msg_link_is *is)
{
    return json_pack("{s:o, s:I, s:I, s:I, s:I, s:I, s:I}", "peer", name_of(is->peer), "sent",
                     as_int(is->sent), "received", as_int(is->received), "queued",
                     as_int(is->queued), "lost", as_int(is->lost), "gaps", as_int(is->gaps),
                     "silence_ms", as_int(is->silence_ms));
}

char *dashboard_row_json(const struct msg *msg)
{
    json_t *object = NULL;
    bool end = false;
    if (msg->type == MSG_NODE_IS) {
        end = msg_as_node_is(msg)->node.size == 0;
        object = end ? NULL : node_json(msg_as_node_is(msg));
    } else if (msg->type == MSG_ACTOR_IS) {
        end = msg_as_actor_is(msg)->id == 0;
        object = end ? NULL : actor_json(msg_as_actor_is(msg));
    } else if (msg->type == MSG_LINK_IS) {
        end = msg_as_link_is(msg)->peer.size == 0;
        object = end ? NULL : link_json(msg_as_link_is(msg));
    }
    if (end) {
        return calloc(1, 1);
    }
    char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;
    json_decref(object);
    return text;
}
