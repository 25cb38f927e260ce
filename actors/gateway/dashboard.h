/* dashboard.h - pages for people: the dashboard's files, its JSON, its stream of events. */
#ifndef ACTORS_GATEWAY_DASHBOARD_H
#define ACTORS_GATEWAY_DASHBOARD_H

#include "actors/gateway/signature.h"
#include "runtime/actor.h"

enum { DASHBOARD_PAGE_SIZE = 16384, DASHBOARD_STYLE_SIZE = 131072, DASHBOARD_SCRIPT_SIZE = 524288 };

/* What tools/dashboard/build has made; sizes without the NUL, 0: it is not there. */
struct dashboard_files {
    char page[DASHBOARD_PAGE_SIZE + 1];
    char style[DASHBOARD_STYLE_SIZE + 1];
    char script[DASHBOARD_SCRIPT_SIZE + 1];
};

struct dashboard_arg {
    char token[SIGNATURE_SECRET_SIZE + 1]; /* of those who may look; empty: nobody */
    const struct dashboard_files *files;   /* borrowed for the life of the process; or NULL */
};

/* Whether its page is to be shown instead of the gateway's own. */
static inline bool dashboard_is_there(const struct dashboard_arg *arg)
{
    return arg->token[0] != '\0' && arg->files && arg->files->page[0] != '\0';
}

enum { DASHBOARD_WAITING_MAX = 192, DASHBOARD_TICK = 1 };

/* A request that is not answered yet. */
struct dashboard_waiting {
    uint64_t http; /* 0: free */
    uint64_t ask;  /* open; 0: a stream that rests */
    bool stream;
    uint64_t until_ms; /* of a stream: then it is answered with nothing */
    uint64_t seen;     /* of a stream: how far the events had come when it asked */
    uint64_t after;
    char run[MSG_MAX_look_run + 1];
};

/* Part of the gateway's state; begins zeroed but for `arg`. */
struct dashboard {
    struct dashboard_arg arg;
    struct rt_address coordinator; /* nobody: none known */
    struct rt_address admin;       /* of its process; the same */
    struct dashboard_waiting waiting[DASHBOARD_WAITING_MAX];
    uint64_t head;     /* how far the events have come */
    uint64_t head_ask; /* open; 0: none */
    bool ticking;
    uint64_t failures; /* logins of this minute */
    uint64_t minute;
};

/* Is this path the dashboard's? */
bool dashboard_has(const struct dashboard *dashboard, struct msg_str path);

/* Answers a request, now or later. */
void dashboard_request(struct dashboard *dashboard, struct rt_context *ctx,
                       const struct msg_http_request *request);

/* Takes an answer of the coordinator; false: it answers no question of the dashboard's. */
bool dashboard_answer(struct dashboard *dashboard, struct rt_context *ctx, const struct msg *msg);

/* Takes a TICK with DASHBOARD_TICK. */
enum err dashboard_tick(struct dashboard *dashboard, struct rt_context *ctx) MUST_CHECK;

#endif
