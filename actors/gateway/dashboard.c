/* dashboard.c - pages for people: files of the front end, JSON of the ledger, a stream of events.
 *
 * Part of the gateway: LOOK and STATUS go to the coordinator, NODES, ACTORS and LINKS to
 * the admin of its process.
 *
 *     GET  /, /app.js, /app.css    the front end; nothing in it is secret
 *     POST /api/login, /api/logout a session for whoever knows the token
 *     GET  /api/status             how the cluster is
 *     GET  /api/nodes, actors, links?word=NODE&after=   one process, actor or link; the page asks
 * for the next by the last one's name, id or number GET  /api/VIEW?run=&after=&word=   a page of a
 * view of the ledger GET  /events?run=&after=     Server-Sent Events
 *
 * An answer of the HTTP server is whole, so a stream is a row of them: each has what is new, or
 * rests until there is something; the browser comes again by itself, with the Last-Event-ID. While
 * any rests, one question every POLL_MS asks for all of them how far the events have come.
 */
#include "actors/gateway/dashboard.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/gateway/dashboard_json.h"
#include "actors/gateway/headers.h"
#include "actors/gateway/page_query.h"
#include "actors/gateway/page_session.h"
#include "actors/gateway/text.h"

enum {
    STREAMS_MAX = 128,
    ASK_MS = 5000,
    POLL_MS = 50,
    REST_MS = 10000,
    FAILURES_MAX = 10, /* logins a minute */
    MINUTE_MS = 60000,
    ANSWER_BYTES_MAX = MSG_MAX_looked_rows + 256
};

static_assert((int)STREAMS_MAX < (int)DASHBOARD_WAITING_MAX, "streams leave room for questions");

/* Nothing is loaded from elsewhere, nobody frames it. */
#define GUARDS "\nX-Content-Type-Options: nosniff\nReferrer-Policy: no-referrer"
#define PAGE_TYPE                                                                                  \
    "text/html; charset=utf-8\nCache-Control: no-cache\nContent-Security-Policy: default-src "     \
    "'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "      \
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'" GUARDS
#define JSON_TYPE   "application/json\nCache-Control: no-store" GUARDS
#define SCRIPT_TYPE "text/javascript; charset=utf-8\nCache-Control: no-cache" GUARDS
#define STYLE_TYPE  "text/css; charset=utf-8\nCache-Control: no-cache" GUARDS
#define EVENTS_TYPE "text/event-stream\nCache-Control: no-store" GUARDS

/* ---- answers ---- */

static void answer(struct rt_context *ctx, uint64_t http, uint64_t status, const char *type,
                   const char *text)
{
    rt_http_answer(ctx, http, status, type, msg_str(text));
}

static void refuse(struct rt_context *ctx, uint64_t http, uint64_t status, const char *why)
{
    char text[256];
    (void)snprintf(text, sizeof text, "{\"error\":\"%s\"}\n", why); /* our own words */
    answer(ctx, http, status, JSON_TYPE, text);
}

static void end(struct dashboard_waiting *waiting)
{
    *waiting = (struct dashboard_waiting){.http = 0};
}

/* One event for all that is new: what is cut off on the way comes again whole. */
static void answer_stream(struct rt_context *ctx, struct dashboard_waiting *waiting,
                          const struct msg_looked *looked)
{
    struct text text = {.size_max = ANSWER_BYTES_MAX};
    text_add(&text, "retry: 100\n");
    if (looked) {
        text_add(&text, "id: %" PRIu64 "\ndata: [%.*s]\n\n", looked->reached,
                 (int)looked->rows.size, looked->rows.at);
    } else {
        text_add(&text, ": nothing new\n\n");
    }
    if (text.full) {
        refuse(ctx, waiting->http, 503, "no memory");
    } else {
        rt_http_answer(ctx, waiting->http, 200, EVENTS_TYPE,
                       (struct msg_str){text.at, (uint32_t)text.size});
    }
    text_free(&text);
    end(waiting);
}

static void answer_rows(struct rt_context *ctx, struct dashboard_waiting *waiting,
                        const struct msg_looked *looked)
{
    struct text text = {.size_max = ANSWER_BYTES_MAX};
    text_add(&text, "{\"rows\":[%.*s],\"next\":%" PRIu64 ",\"more\":%s}\n", (int)looked->rows.size,
             looked->rows.at, looked->reached, looked->more ? "true" : "false");
    if (text.full) {
        refuse(ctx, waiting->http, 503, "no memory");
    } else {
        rt_http_answer(ctx, waiting->http, 200, JSON_TYPE,
                       (struct msg_str){text.at, (uint32_t)text.size});
    }
    text_free(&text);
    end(waiting);
}

static void answer_row(struct rt_context *ctx, struct dashboard_waiting *waiting,
                       const struct msg *msg)
{
    struct text text = {.size_max = ANSWER_BYTES_MAX};
    char *row = dashboard_row_json(msg);
    text_add(&text, "{\"rows\":[%s],\"next\":0,\"more\":%s}\n", row ? row : "",
             row && row[0] ? "true" : "false");
    answer(ctx, waiting->http, row && !text.full ? 200 : 503, JSON_TYPE, row ? text.at : "");
    text_free(&text);
    free(row);
    end(waiting);
}

static void answer_status(struct rt_context *ctx, struct dashboard_waiting *waiting,
                          const struct msg_status_is *status)
{
    struct text text = {.size_max = ANSWER_BYTES_MAX};
    const struct {
        const char *name;
        uint64_t number;
    } numbers[] = {
        {"epoch", status->epoch},
        {"uptime_ms", status->uptime_ms},
        {"slots_idle", status->slots_idle},
        {"slots_busy", status->slots_busy},
        {"runs_open", status->runs_open},
        {"jobs_queued", status->jobs_queued},
        {"jobs_leased", status->jobs_leased},
        {"stale_refused", status->stale_refused},
        {"work_ms", status->work_ms},
        {"budget", status->budget},
        {"now_ms", rt_wall_ms(ctx)},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        text_add(&text, "%s\"%s\":%" PRIu64, i == 0 ? "{" : ",", numbers[i].name,
                 numbers[i].number);
    }
    text_add(&text, ",\"paid\":%s,\"spent_usd\":%.4f,\"forecast_usd\":%.4f,\"budget_used\":%.4f}\n",
             status->paid ? "true" : "false", status->spent_usd, status->forecast_usd,
             status->budget_used);
    answer(ctx, waiting->http, text.full ? 503 : 200, JSON_TYPE, text.full ? "" : text.at);
    text_free(&text);
    end(waiting);
}

/* ---- questions ---- */

static struct dashboard_waiting *find_room(struct dashboard *self, bool stream)
{
    struct dashboard_waiting *room = NULL;
    size_t streams = 0;
    for (size_t i = 0; i < DASHBOARD_WAITING_MAX; i++) {
        struct dashboard_waiting *waiting = &self->waiting[i];
        streams += waiting->http != 0 && waiting->stream;
        room = !room && waiting->http == 0 ? waiting : room;
    }
    return stream && streams >= STREAMS_MAX ? NULL : room;
}

static void ask(struct dashboard *self, struct rt_context *ctx, const struct msg *msg,
                uint64_t *ret_ask)
{
    enum err err = rt_ask(ctx, self->coordinator, msg, ASK_MS, ret_ask);
    if (err != ERR_OK) {
        rt_log(ctx, RT_DEBUG, "ask failed: %s", err_text(err)); /* and FAILED comes */
    }
}

static void ask_events(struct dashboard *self, struct rt_context *ctx,
                       struct dashboard_waiting *waiting)
{
    waiting->seen = self->head;
    ask(self, ctx,
        MSG(look, .view = msg_str("events"), .run = msg_str(waiting->run), .after = waiting->after),
        &waiting->ask);
}

static bool tick(struct dashboard *self, struct rt_context *ctx)
{
    self->ticking = self->ticking || rt_tick(ctx, POLL_MS, DASHBOARD_TICK) != 0;
    return self->ticking;
}

static void open_stream(struct dashboard *self, struct rt_context *ctx,
                        const struct msg_http_request *request, const struct page_query *query)
{
    struct dashboard_waiting *waiting = find_room(self, true);
    struct msg_str last;
    uint64_t after = query->after;
    if (headers_only(request->headers, "last-event-id", &last) &&
        page_query_number(last, &after) != ERR_OK) {
        refuse(ctx, request->id, 400, "Last-Event-ID is no number");
        return;
    }
    if (!waiting || !tick(self, ctx)) {
        refuse(ctx, request->id, 503, "too many streams");
        return;
    }
    *waiting = (struct dashboard_waiting){
        .http = request->id, .stream = true, .until_ms = rt_now_ms(ctx) + REST_MS, .after = after};
    memcpy(waiting->run, query->run, sizeof waiting->run);
    ask_events(self, ctx, waiting);
}

/* A question for the admin of the coordinator's process; false: it is none. */
static bool ask_admin(struct dashboard *self, struct rt_context *ctx, struct msg_str view,
                      const struct page_query *query, uint64_t *ret_ask)
{
    struct msg_str node = msg_str(query->word);
    node.size = node.size > MSG_MAX_node_node ? MSG_MAX_node_node : node.size;
    enum err err = ERR_OK;
    if (msg_str_is(view, "nodes")) {
        err = rt_ask(ctx, self->admin, MSG(nodes, .after = node), ASK_MS, ret_ask);
    } else if (msg_str_is(view, "actors")) {
        err = rt_ask(ctx, self->admin, MSG(actors, .node = node, .after = query->after), ASK_MS,
                     ret_ask);
    } else if (msg_str_is(view, "links")) {
        err = rt_ask(ctx, self->admin, MSG(links, .node = node, .index = query->after), ASK_MS,
                     ret_ask);
    } else {
        return false;
    }
    if (err != ERR_OK) {
        rt_log(ctx, RT_DEBUG, "ask failed: %s", err_text(err)); /* and FAILED comes */
    }
    return true;
}

static void open_view(struct dashboard *self, struct rt_context *ctx,
                      const struct msg_http_request *request, const struct page_query *query)
{
    static const char folder[] = "/api/";
    struct msg_str view = {request->path.at + sizeof folder - 1,
                           request->path.size - (uint32_t)(sizeof folder - 1)};
    struct dashboard_waiting *waiting = find_room(self, false);
    if (view.size > MSG_MAX_look_view) {
        refuse(ctx, request->id, 404, "there is no such view");
    } else if (!waiting) {
        refuse(ctx, request->id, 503, "too many requests");
    } else {
        *waiting = (struct dashboard_waiting){.http = request->id};
        if (ask_admin(self, ctx, view, query, &waiting->ask)) {
            return;
        }
        ask(self, ctx,
            msg_str_is(view, "status") ? MSG(status, .drain = false)
                                       : MSG(look, .view = view, .run = msg_str(query->run),
                                             .after = query->after, .word = msg_str(query->word)),
            &waiting->ask);
    }
}

/* ---- sessions ---- */

/* A form of another site can send neither this header nor the cookie. */
static bool is_from_page(const struct msg_http_request *request)
{
    struct msg_str value;
    return headers_only(request->headers, "x-troupe", &value);
}

static bool may_try(struct dashboard *self, struct rt_context *ctx)
{
    uint64_t minute = rt_now_ms(ctx) / MINUTE_MS;
    self->failures = minute == self->minute ? self->failures : 0;
    self->minute = minute;
    return self->failures < FAILURES_MAX;
}

static void log_in(struct dashboard *self, struct rt_context *ctx,
                   const struct msg_http_request *request)
{
    char cookie[PAGE_SESSION_SIZE];
    char type[512];
    struct msg_str proto;
    if (!may_try(self, ctx)) {
        refuse(ctx, request->id, 429, "too many wrong tokens: wait a minute");
        return;
    }
    if (!page_token_is(self->arg.token, request->body)) {
        self->failures++;
        rt_log(ctx, RT_WARN, "login refused");
        refuse(ctx, request->id, 403, "that is not the token");
        return;
    }
    if (page_session_make(self->arg.token, rt_wall_ms(ctx), cookie) != ERR_OK) {
        refuse(ctx, request->id, 503, "no memory");
        return;
    }
    bool https =
        headers_only(request->headers, "x-forwarded-proto", &proto) && msg_str_is(proto, "https");
    (void)snprintf(type, sizeof type,
                   JSON_TYPE "\nSet-Cookie: troupe=%s; Path=/; HttpOnly; SameSite=Strict; "
                             "Max-Age=%d%s",
                   cookie, PAGE_SESSION_MS / 1000, https ? "; Secure" : "");
    answer(ctx, request->id, 200, type, "{}\n");
    rt_log(ctx, RT_INFO, "login");
}

/* ---- requests ---- */

static bool show_file(const struct dashboard *self, struct rt_context *ctx,
                      const struct msg_http_request *request)
{
    const struct dashboard_files *files = self->arg.files;
    const struct {
        const char *path;
        const char *type;
        const char *text;
    } rows[] = {{"/", PAGE_TYPE, files ? files->page : ""},
                {"/app.js", SCRIPT_TYPE, files ? files->script : ""},
                {"/app.css", STYLE_TYPE, files ? files->style : ""}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (msg_str_is(request->path, rows[i].path)) {
            bool there = rows[i].text[0] != '\0';
            answer(ctx, request->id, there ? 200 : 404, there ? rows[i].type : "text/plain",
                   there ? rows[i].text : "the dashboard is not built: tools/dashboard/build\n");
            return true;
        }
    }
    return false;
}

static void on_post(struct dashboard *self, struct rt_context *ctx,
                    const struct msg_http_request *request)
{
    if (!is_from_page(request)) {
        refuse(ctx, request->id, 403, "the header X-Troupe is missing");
    } else if (msg_str_is(request->path, "/api/login")) {
        log_in(self, ctx, request);
    } else if (msg_str_is(request->path, "/api/logout")) {
        answer(ctx, request->id, 200,
               JSON_TYPE "\nSet-Cookie: troupe=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0",
               "{}\n");
    } else {
        refuse(ctx, request->id, 405, "another method");
    }
}

/* Begins with `folder`. */
static bool is_in(struct msg_str path, const char *folder)
{
    size_t size = strlen(folder);
    return path.size > size && memcmp(path.at, folder, size) == 0;
}

bool dashboard_has(const struct dashboard *self, struct msg_str path)
{
    return is_in(path, "/api/") || is_in(path, "/app.") || msg_str_is(path, "/events") ||
           (dashboard_is_there(&self->arg) && msg_str_is(path, "/"));
}

void dashboard_request(struct dashboard *self, struct rt_context *ctx,
                       const struct msg_http_request *request)
{
    struct page_query query;
    if (self->arg.token[0] == '\0') {
        refuse(ctx, request->id, 403, "gateway.dashboard_token_file is not set");
    } else if (msg_str_is(request->method, "POST")) {
        on_post(self, ctx, request);
    } else if (!msg_str_is(request->method, "GET") && !msg_str_is(request->method, "HEAD")) {
        refuse(ctx, request->id, 405, "another method");
    } else if (show_file(self, ctx, request)) {
        return;
    } else if (!page_session_is_valid(self->arg.token, request->headers, rt_wall_ms(ctx))) {
        refuse(ctx, request->id, 401, "log in first");
    } else if (page_query_read(request->query, &query) != ERR_OK) {
        refuse(ctx, request->id, 400, "run, after or word is not as it has to be");
    } else if (self->coordinator.node == 0) {
        refuse(ctx, request->id, 503, "no coordinator is known");
    } else if (msg_str_is(request->path, "/events")) {
        open_stream(self, ctx, request, &query);
    } else {
        open_view(self, ctx, request, &query);
    }
}

/* ---- answers of the coordinator ---- */

/* Streams that rest and may have something to hear. */
static void wake_streams(struct dashboard *self, struct rt_context *ctx, uint64_t head)
{
    self->head = head;
    for (size_t i = 0; i < DASHBOARD_WAITING_MAX; i++) {
        struct dashboard_waiting *waiting = &self->waiting[i];
        if (waiting->http != 0 && waiting->ask == 0 && waiting->after < head) {
            ask_events(self, ctx, waiting);
        }
    }
}

static void on_waited(struct rt_context *ctx, struct dashboard_waiting *waiting,
                      const struct msg *msg)
{
    const struct msg_looked *looked = msg->type == MSG_LOOKED ? msg_as_looked(msg) : NULL;
    waiting->ask = 0;
    if (waiting->stream && looked && looked->rows.size > 0) {
        answer_stream(ctx, waiting, looked);
    } else if (waiting->stream) {
        /* Nothing for it up to there: it rests.  After a FAILED it asks again. */
        waiting->after = looked && waiting->seen > waiting->after ? waiting->seen : waiting->after;
    } else if (looked) {
        answer_rows(ctx, waiting, looked);
    } else if (msg->type == MSG_STATUS_IS) {
        answer_status(ctx, waiting, msg_as_status_is(msg));
    } else if (msg->type == MSG_NODE_IS || msg->type == MSG_ACTOR_IS || msg->type == MSG_LINK_IS) {
        answer_row(ctx, waiting, msg);
    } else {
        bool unknown =
            msg->type == MSG_FAILED && msg_as_failed(msg)->reason == (uint64_t)ERR_NOT_FOUND;
        refuse(ctx, waiting->http, unknown ? 404 : 503,
               unknown ? "there is no such view" : "the coordinator does not answer");
        end(waiting);
    }
}

bool dashboard_answer(struct dashboard *self, struct rt_context *ctx, const struct msg *msg)
{
    uint64_t answered = rt_answered(ctx);
    if (answered != 0 && answered == self->head_ask) {
        self->head_ask = 0;
        if (msg->type == MSG_LOOKED) {
            wake_streams(self, ctx, msg_as_looked(msg)->reached);
        }
        return true;
    }
    for (size_t i = 0; i < DASHBOARD_WAITING_MAX && answered != 0; i++) {
        if (self->waiting[i].http != 0 && self->waiting[i].ask == answered) {
            on_waited(ctx, &self->waiting[i], msg);
            return true;
        }
    }
    return false;
}

enum err dashboard_tick(struct dashboard *self, struct rt_context *ctx)
{
    bool any = false;
    self->ticking = false;
    for (size_t i = 0; i < DASHBOARD_WAITING_MAX; i++) {
        struct dashboard_waiting *waiting = &self->waiting[i];
        if (waiting->http != 0 && waiting->stream && waiting->ask == 0 &&
            rt_now_ms(ctx) >= waiting->until_ms) {
            answer_stream(ctx, waiting, NULL);
        }
        any |= waiting->http != 0 && waiting->stream;
    }
    if (any && self->head_ask == 0) {
        ask(self, ctx, MSG(look, .view = msg_str("head")), &self->head_ask);
    }
    return !any || tick(self, ctx) ? ERR_OK : ERR_MEMORY;
}
