/* stress_http.c - actors that ask an actor of the same process over HTTP, from many at once, beside
 * raw connections, while others ask and die: each request ends once, and with its own answer.
 *
 * A plain program, so that it also runs under ThreadSanitizer.  Exit 0 when all holds.
 */
#include <string.h>
#include <unistd.h>

#include "tests/runtime/http_world.h"

enum { CALLERS = 8, REQUESTS = 250, THREADS = 4, RAW_REQUESTS = 250, MORTALS = 50, BODY = 5000 };

static struct http_world world;
static atomic_uint answered;
static atomic_uint wrong;
static atomic_uint raw;
static atomic_uint died;

/* ---- the server: its answer is the query and the body ---- */

static enum err host_start(struct rt_context *ctx, void *state, const void *arg)
{
    (void)state;
    (void)arg;
    return rt_http_serve(ctx, "127.0.0.1:0");
}

static enum err host_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    (void)state;
    if (msg->type != MSG_HTTP_REQUEST) {
        return ERR_UNKNOWN;
    }
    const struct msg_http_request *request = msg_as_http_request(msg);
    char text[BODY + 64];
    int size = snprintf(text, sizeof text, "%s %s", request->query.at, request->body.at);
    rt_http_answer(ctx, request->id, 200, "text/plain", (struct msg_str){text, (uint32_t)size});
    return ERR_OK;
}

static const struct rt_behaviour host = {
    .name = "host", .state_size = 1, .start = host_start, .receive = host_receive};

/* ---- callers: one request after the other ---- */

struct caller {
    unsigned number;
    uint16_t port;
    bool mortal;
    unsigned done;
    uint64_t id;
    char wanted[BODY + 64];
};

static void ask(struct rt_context *ctx, struct caller *self)
{
    static const char *const headers[] = {"Content-Type: text/plain", NULL};
    char url[64];
    char body[BODY + 1];
    size_t size = (self->number * 7919 + self->done * 104729) % BODY;
    memset(body, 'a' + (int)(self->done % 26), size);
    body[size] = '\0';
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u/x?%u-%u", self->port, self->number,
                   self->done);
    (void)snprintf(self->wanted, sizeof self->wanted, "%u-%u %s", self->number, self->done, body);
    self->id = rt_http(ctx, &(struct rt_http_request){.method = self->done % 3 ? "POST" : "GET",
                                                      .url = url,
                                                      .headers = headers,
                                                      .body = {body, (uint32_t)size},
                                                      .timeout_ms = 60000});
}

static enum err caller_start(struct rt_context *ctx, void *state, const void *arg)
{
    struct caller *self = state;
    *self = *(const struct caller *)arg;
    ask(ctx, self);
    return ERR_OK;
}

static enum err caller_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    struct caller *self = state;
    if (msg->type != MSG_HTTP_DONE) {
        return ERR_UNKNOWN;
    }
    const struct msg_http_done *done = msg_as_http_done(msg);
    if (done->id != self->id || done->status != 200 || !msg_str_is(done->body, self->wanted)) {
        (void)fprintf(stderr, "wrong: status %u error %s\n", (unsigned)done->status,
                      done->error.at);
        atomic_fetch_add(&wrong, 1);
    }
    if (self->mortal) {
        ask(ctx, self); /* which dies with it */
        rt_stop(ctx);
        atomic_fetch_add(&died, 1);
        return ERR_OK;
    }
    atomic_fetch_add(&answered, 1);
    if (++self->done < REQUESTS) {
        ask(ctx, self);
    }
    return ERR_OK;
}

static const struct rt_behaviour caller = {.name = "caller",
                                           .state_size = sizeof(struct caller),
                                           .start = caller_start,
                                           .receive = caller_receive};

/* ---- raw connections, kept ---- */

static void *ask_raw(void *arg)
{
    uint16_t port = *(uint16_t *)arg;
    char answer[4096];
    int fd = http_connect(port);
    MUST(fd >= 0);
    for (int i = 0; i < RAW_REQUESTS; i++) {
        char request[128];
        char wanted[32];
        (void)snprintf(request, sizeof request, "GET /x?raw-%d HTTP/1.1\r\nHost: h\r\n\r\n", i);
        (void)snprintf(wanted, sizeof wanted, "raw-%d ", i);
        http_print(fd, request);
        MUST(http_read_answer(fd, answer, sizeof answer) == 200);
        MUST(strstr(answer, wanted));
        atomic_fetch_add(&raw, 1);
    }
    (void)close(fd);
    return NULL;
}

static bool is_over(void *arg)
{
    (void)arg;
    return atomic_load(&answered) == CALLERS * REQUESTS &&
           atomic_load(&raw) == THREADS * RAW_REQUESTS && atomic_load(&died) == MORTALS;
}

int main(void)
{
    pthread_t threads[THREADS];
    http_world_config(&world);
    world.config.http.receive_ms_max = 60000;
    world.config.http.answer_ms_max = 60000;
    uint64_t begin_ms = http_now_ms();
    http_world_open(&world);
    (void)http_world_spawn(&world, &host, NULL, 0);
    uint16_t port = http_world_port(&world, 0);
    for (unsigned i = 0; i < CALLERS + MORTALS; i++) {
        struct caller arg = {.number = i, .port = port, .mortal = i >= CALLERS};
        (void)http_world_spawn(&world, &caller, &arg, sizeof arg);
    }
    for (int i = 0; i < THREADS; i++) {
        MUST(pthread_create(&threads[i], NULL, ask_raw, &port) == 0);
    }
    /* Every wait has its limit; under a sanitizer it takes a few of them. */
    for (int i = 0; i < 6 && !http_wait(is_over, NULL); i++) {
    }
    bool over = is_over(NULL);
    for (int i = 0; over && i < THREADS; i++) {
        MUST(pthread_join(threads[i], NULL) == 0);
    }
    (void)printf("%u answered, %u raw, %u died, %u wrong, %llu ms\n", atomic_load(&answered),
                 atomic_load(&raw), atomic_load(&died), atomic_load(&wrong),
                 (unsigned long long)(http_now_ms() - begin_ms));
    http_world_close(&world);
    return over && atomic_load(&wrong) == 0 ? 0 : 1;
}
