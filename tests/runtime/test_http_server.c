/* test_http_server.c - the server of an actor, against raw sockets: what comes in whole, what is
 * refused and how, and that whoever is slow, rude or gone holds up nobody.
 */
#include <criterion/criterion.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/runtime/http_world.h"

enum { ROOM = 1 << 20, BIG = 8 << 20 };

static struct http_world world;
static char answer[ROOM];
static atomic_bool deaf;     /* the actor's handler does not return */
static atomic_uint requests; /* that have reached the actor */
static atomic_uint crashes;
static _Atomic enum err serving; /* what rt_http_serve said */
static _Atomic(const char *) place = "127.0.0.1:0";

/* Does what the path says. */
static enum err on_request(struct rt_context *ctx, const struct msg_http_request *request)
{
    static const char *const type = "text/plain";
    char text[65536];
    atomic_fetch_add(&requests, 1);
    if (msg_str_is(request->path, "/crash")) {
        atomic_fetch_add(&crashes, 1);
        return ERR_CRASHED;
    }
    if (msg_str_is(request->path, "/stop")) {
        rt_stop(ctx);
    } else if (msg_str_is(request->path, "/deaf")) {
        rt_http_answer(ctx, request->id, 200, type, msg_str("deaf"));
        while (atomic_load(&deaf)) {
            http_sleep_ms(1);
        }
    } else if (msg_str_is(request->path, "/twice")) {
        rt_http_answer(ctx, 0, 200, type, msg_str("nobody"));
        rt_http_answer(ctx, request->id + 1000, 200, type, msg_str("nobody"));
        rt_http_answer(ctx, request->id, 201, type, msg_str("first"));
        rt_http_answer(ctx, request->id, 202, type, msg_str("second"));
    } else if (msg_str_is(request->path, "/unsound")) {
        rt_http_answer(ctx, request->id, 17, type, msg_str(""));
    } else if (msg_str_is(request->path, "/fields")) {
        rt_http_answer(ctx, request->id, 200, "text/x\nX-One: 1, a\nX-Two: 2", msg_str("fields"));
    } else if (msg_str_is(request->path, "/split")) {
        rt_http_answer(ctx, request->id, 200, "text/x\nno field", msg_str("split"));
    } else if (msg_str_is(request->path, "/big")) {
        char *big = calloc(1, BIG);
        rt_http_answer(ctx, request->id, 200, type, (struct msg_str){big, BIG});
        free(big);
    } else if (!msg_str_is(request->path, "/never")) {
        int size = snprintf(text, sizeof text, "%s|%s|%s|%s|%u:%.60s", request->method.at,
                            request->path.at, request->query.at, request->headers.at,
                            request->body.size, request->body.at);
        rt_http_answer(ctx, request->id, 200, type, (struct msg_str){text, (uint32_t)size});
    }
    return ERR_OK;
}

static enum err host_start(struct rt_context *ctx, void *state, const void *arg)
{
    (void)state;
    (void)arg;
    atomic_store(&serving, rt_http_serve(ctx, atomic_load(&place)));
    return ERR_OK;
}

static enum err host_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    (void)state;
    return msg->type == MSG_HTTP_REQUEST ? on_request(ctx, msg_as_http_request(msg)) : ERR_UNKNOWN;
}

static const struct rt_behaviour host = {.name = "host",
                                         .state_size = 1,
                                         .start = host_start,
                                         .receive = host_receive,
                                         .mailbox_count_max = 256};

/* Its mailbox has room for one beside the one that it thinks about. */
static const struct rt_behaviour small_host = {.name = "host",
                                               .state_size = 1,
                                               .start = host_start,
                                               .receive = host_receive,
                                               .mailbox_count_max = 2};

static void setup(void)
{
    http_world_config(&world);
    atomic_store(&deaf, true);
    atomic_store(&serving, ERR_UNKNOWN);
}

static void teardown(void)
{
    atomic_store(&deaf, false);
    http_world_close(&world);
}

TestSuite(http_server, .init = setup, .fini = teardown, .timeout = 60);

static uint16_t open_host(const struct rt_behaviour *behaviour)
{
    http_world_open(&world);
    (void)http_world_spawn(&world, behaviour, NULL, 0);
    return http_world_port(&world, 0);
}

/* One request on a connection of its own; the status, 0 when there was no answer. */
static int ask(uint16_t port, const char *request)
{
    int fd = http_connect(port);
    if (fd < 0) {
        return 0;
    }
    http_print(fd, request);
    int status = http_read_answer(fd, answer, sizeof answer);
    (void)close(fd);
    return status;
}

static int get(uint16_t port, const char *path)
{
    char request[256];
    (void)snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: h\r\n\r\n", path);
    return ask(port, request);
}

Test(http_server, gives_the_actor_all_of_a_request)
{
    uint16_t port = open_host(&host);
    cr_expect_eq(ask(port, "POST /a%20b/c?x=%31&y HTTP/1.1\r\nHost: h\r\nX-MiXed: Va lue\r\n"
                           "Content-Length: 5\r\n\r\nhello"),
                 200);
    cr_expect(strstr(answer, "Content-Type: text/plain\r\n"), "%s", answer);
    cr_expect(strstr(answer, "POST|/a%20b/c|x=%31&y|host: h\nx-mixed: Va lue\n"
                             "content-length: 5\n|5:hello"),
              "%s", answer);
    cr_expect_eq(get(port, "/?"), 200);
    cr_expect(strstr(answer, "GET|/||host: h\n|0:"), "%s", answer);
}

Test(http_server, takes_a_body_in_pieces)
{
    uint16_t port = open_host(&host);
    cr_expect_eq(ask(port, "PUT /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                           "3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n"),
                 200);
    cr_expect(strstr(answer, "|7:abcdefg"), "%s", answer);
}

Test(http_server, sends_the_head_alone_for_a_head)
{
    uint16_t port = open_host(&host);
    int fd = http_connect(port);
    http_print(fd, "HEAD /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    (void)http_read(fd, answer, sizeof answer, sizeof answer);
    (void)close(fd);
    cr_expect_eq(strncmp(answer, "HTTP/1.1 200 ", 13), 0);
    cr_expect(strstr(answer, "Content-Length: "));
    cr_expect_str_eq(strstr(answer, "\r\n\r\n"), "\r\n\r\n");
}

Test(http_server, answers_pipelined_requests_in_order)
{
    uint16_t port = open_host(&host);
    int fd = http_connect(port);
    for (int i = 0; i < 100; i++) {
        char request[64];
        (void)snprintf(request, sizeof request, "GET /%d HTTP/1.1\r\nHost: h\r\n\r\n", i);
        http_print(fd, request);
    }
    for (int i = 0; i < 100; i++) {
        char wanted[32];
        (void)snprintf(wanted, sizeof wanted, "GET|/%d|", i);
        cr_assert_eq(http_read_answer(fd, answer, sizeof answer), 200);
        cr_assert(strstr(answer, wanted), "%s in %s", wanted, answer);
    }
    (void)close(fd);
}

Test(http_server, sends_further_fields_and_nothing_that_is_none)
{
    uint16_t port = open_host(&host);
    cr_expect_eq(get(port, "/fields"), 200);
    cr_expect(strstr(answer, "Content-Type: text/x\r\n") && strstr(answer, "X-One: 1, a\r\n") &&
                  strstr(answer, "X-Two: 2\r\n"),
              "%s", answer);
    cr_expect_eq(get(port, "/split"), 503);
    cr_expect_not(strstr(answer, "no field"));
}

Test(http_server, counts_only_the_first_answer_of_the_right_number)
{
    uint16_t port = open_host(&host);
    cr_expect_eq(get(port, "/twice"), 201);
    cr_expect(strstr(answer, "first"));
    cr_expect_eq(get(port, "/unsound"), 500);
}

/* "GET /ppp…" or a header of `size` bytes. */
static char *long_request(const char *before, size_t size, const char *after)
{
    char *text = malloc(strlen(before) + size + strlen(after) + 1);
    cr_assert(text);
    (void)strcpy(text, before);
    memset(text + strlen(before), 'p', size);
    (void)strcpy(text + strlen(before) + size, after);
    return text;
}

static int ask_long(uint16_t port, const char *before, size_t size, const char *after)
{
    char *text = long_request(before, size, after);
    int status = ask(port, text);
    free(text);
    return status;
}

Test(http_server, refuses_what_is_too_long_and_says_so)
{
    static const char *const end = " HTTP/1.1\r\nHost: h\r\n\r\n";
    static const char *const field = "GET /x HTTP/1.1\r\nHost: h\r\nX: ";
    uint16_t port = open_host(&host);
    cr_expect_eq(ask_long(port, "GET /", 4095, end), 200);
    cr_expect_eq(ask_long(port, "GET /", 4096, end), 414);
    cr_expect_eq(ask_long(port, "GET /?", 4096, end), 200);
    cr_expect_eq(ask_long(port, "GET /?", 4097, end), 414);
    cr_expect_eq(ask_long(port, "GET /", 200000, end), 414);
    cr_expect_eq(ask_long(port, field, 16000, "\r\n\r\n"), 200);
    cr_expect_eq(ask_long(port, field, 16384, "\r\n\r\n"), 431);
    cr_expect_eq(ask_long(port, field, 200000, "\r\n\r\n"), 431);
    cr_expect_eq(ask_long(port, "", 17, " / HTTP/1.1\r\nHost: h\r\n\r\n"), 501);
    cr_expect_eq(atomic_load(&requests), 3);
}

Test(http_server, refuses_a_body_that_is_too_large)
{
    world.config.http.body_bytes_max = 4096;
    uint16_t port = open_host(&host);
    static const char *const head = "POST /x HTTP/1.1\r\nHost: h\r\n";
    char before[128];
    (void)snprintf(before, sizeof before, "%sContent-Length: 4096\r\n\r\n", head);
    cr_expect_eq(ask_long(port, before, 4096, ""), 200);
    (void)snprintf(before, sizeof before, "%sContent-Length: 4097\r\n\r\n", head);
    cr_expect_eq(ask_long(port, before, 0, ""), 413);
    (void)snprintf(before, sizeof before, "%sContent-Length: 99999999999999999999999\r\n\r\n",
                   head);
    int status = ask_long(port, before, 0, "");
    cr_expect(status == 413 || status == 400, "%d", status);
    (void)snprintf(before, sizeof before, "%sTransfer-Encoding: chunked\r\n\r\n8000\r\n", head);
    cr_expect_eq(ask_long(port, before, 0x8000, "\r\n0\r\n\r\n"), 413);
    cr_expect_eq(atomic_load(&requests), 1);
}

Test(http_server, cuts_off_one_byte_at_a_time)
{
    world.config.http.receive_ms_max = 300;
    uint16_t port = open_host(&host);
    int fd = http_connect(port);
    uint64_t begin_ms = http_now_ms();
    static const char *const request = "GET /x HTTP/1.1\r\nHost: h\r\nX: ";
    http_print(fd, request);
    const struct timeval brief = {.tv_usec = 20000};
    cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &brief, sizeof brief), 0);
    char byte;
    ssize_t got = -1;
    while (got < 0 && http_now_ms() < begin_ms + 5000) {
        http_write(fd, "p", 1);
        got = recv(fd, &byte, 1, 0);
    }
    uint64_t took_ms = http_now_ms() - begin_ms;
    cr_expect_leq(got, 0);
    cr_expect(took_ms >= 250 && took_ms < 2000, "%llu ms", (unsigned long long)took_ms);
    (void)close(fd);
    cr_expect_eq(atomic_load(&requests), 0);
    cr_expect_eq(get(port, "/x"), 200);
}

Test(http_server, closes_idle_connections)
{
    world.config.http.receive_ms_max = 200;
    uint16_t port = open_host(&host);
    int silent = http_connect(port);
    int kept = http_connect(port);
    http_print(kept, "GET /x HTTP/1.1\r\nHost: h\r\n\r\n");
    cr_expect_eq(http_read_answer(kept, answer, sizeof answer), 200);
    cr_expect_eq(http_read(silent, answer, sizeof answer, 1), 0);
    cr_expect_eq(http_read(kept, answer, sizeof answer, 1), 0);
    (void)close(silent);
    (void)close(kept);
}

Test(http_server, cuts_off_who_does_not_take_the_answer)
{
    world.config.http.receive_ms_max = 300;
    uint16_t port = open_host(&host);
    int fd = http_connect(port);
    http_print(fd, "GET /big HTTP/1.1\r\nHost: h\r\n\r\n");
    http_sleep_ms(1500);
    static char taken[BIG + 65536];
    size_t size = http_read(fd, taken, sizeof taken, sizeof taken);
    (void)close(fd);
    cr_expect_lt(size, (size_t)BIG);
    fd = http_connect(port);
    http_print(fd, "GET /big HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    cr_expect_gt(http_read(fd, taken, sizeof taken, sizeof taken), (size_t)BIG);
    (void)close(fd);
}

Test(http_server, answers_for_an_actor_that_does_not)
{
    world.config.http.answer_ms_max = 200;
    uint16_t port = open_host(&host);
    uint64_t begin_ms = http_now_ms();
    cr_expect_eq(get(port, "/never"), 503);
    uint64_t took_ms = http_now_ms() - begin_ms;
    cr_expect(took_ms >= 150 && took_ms < 2000, "%llu ms", (unsigned long long)took_ms);
    cr_expect_eq(get(port, "/x"), 200);
}

Test(http_server, says_when_to_come_back_to_a_busy_actor)
{
    uint16_t port = open_host(&small_host);
    cr_expect_eq(get(port, "/deaf"), 200);
    int waits = http_connect(port);
    http_print(waits, "GET /x HTTP/1.1\r\nHost: h\r\n\r\n");
    http_sleep_ms(100);
    cr_expect_eq(get(port, "/y"), 503);
    cr_expect(strstr(answer, "Retry-After: 1\r\n"), "%s", answer);
    atomic_store(&deaf, false);
    cr_expect_eq(http_read_answer(waits, answer, sizeof answer), 200);
    (void)close(waits);
}

Test(http_server, does_not_mind_those_who_leave)
{
    world.config.http.answer_ms_max = 300;
    uint16_t port = open_host(&host);
    for (int i = 0; i < 50; i++) {
        int fd = http_connect(port);
        const struct linger reset = {.l_onoff = 1};
        http_print(fd, i % 2 ? "GET /never HTTP/1.1\r\nHost: h\r\n\r\n" : "GET /x HT");
        cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset), 0);
        (void)close(fd);
    }
    http_sleep_ms(500);
    cr_expect_eq(get(port, "/x"), 200);
}

Test(http_server, lets_more_than_connections_max_wait)
{
    world.config.http.connections_max = 4;
    uint16_t port = open_host(&host);
    int fds[4];
    for (int i = 0; i < 4; i++) {
        fds[i] = http_connect(port);
        http_print(fds[i], "GET /x HTTP/1.1\r\nHost: h\r\n\r\n");
        cr_expect_eq(http_read_answer(fds[i], answer, sizeof answer), 200);
    }
    uint64_t begin_ms = http_now_ms();
    cr_expect_eq(get(port, "/x"), 200); /* once the idle ones were closed */
    cr_expect_geq(http_now_ms() - begin_ms, 500);
    for (int i = 0; i < 4; i++) {
        (void)close(fds[i]);
    }
}

Test(http_server, survives_bytes_that_are_no_http)
{
    world.config.http.receive_ms_max = 100;
    uint16_t port = open_host(&host);
    unsigned seed = 1;
    for (int i = 0; i < 300; i++) {
        char bytes[512];
        int fd = http_connect(port);
        for (size_t j = 0; j < sizeof bytes; j++) {
            seed = seed * 1103515245 + 12345;
            bytes[j] = (char)(seed >> 16);
        }
        static const char *const heads[] = {
            "", "GET ", "GET / HTTP/1.1\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"};
        http_print(fd, heads[i % 4]);
        http_write(fd, bytes, sizeof bytes);
        (void)shutdown(fd, SHUT_WR);
        (void)http_read(fd, answer, sizeof answer, sizeof answer);
        (void)close(fd);
    }
    cr_expect_eq(get(port, "/x"), 200);
}

static bool is_closed(void *arg)
{
    (void)arg;
    return http_server_port(world.server) == 0;
}

Test(http_server, ends_with_its_actor)
{
    uint16_t port = open_host(&host);
    int waits = http_connect(port);
    http_print(waits, "GET /never HTTP/1.1\r\nHost: h\r\n\r\n");
    http_sleep_ms(50);
    int status = get(port, "/stop");
    cr_expect(status == 503 || status == 0, "%d", status);
    status = http_read_answer(waits, answer, sizeof answer);
    cr_expect(status == 503 || status == 0, "%d", status);
    (void)close(waits);
    cr_expect(http_wait(is_closed, NULL)); /* the last answers leave a little earlier */
    cr_expect_lt(http_connect(port), 0);
}

Test(http_server, begins_again_with_its_actors_next_life)
{
    uint16_t port = open_host(&host);
    int status = get(port, "/crash");
    cr_expect(status == 503 || status == 0, "%d", status);
    /* The message crashes it again, until it is taken for the culprit. */
    uint64_t end_ms = http_now_ms() + 20000;
    while (get(http_world_port(&world, 0), "/x") != 200 && http_now_ms() < end_ms) {
        http_sleep_ms(5);
    }
    cr_expect_eq(get(http_world_port(&world, port), "/x"), 200);
    cr_expect_eq(atomic_load(&crashes), 3);
}

static bool has_said(void *arg)
{
    (void)arg;
    return atomic_load(&serving) != ERR_UNKNOWN;
}

static enum err serve_at(const char *at)
{
    atomic_store(&serving, ERR_UNKNOWN);
    atomic_store(&place, at);
    (void)http_world_spawn(&world, &host, NULL, 0);
    cr_assert(http_wait(has_said, NULL));
    return atomic_load(&serving);
}

Test(http_server, says_why_it_cannot_serve)
{
    http_world_open(&world);
    static const char *const none[] = {"",          "80",           ":80",           "h.example:80",
                                       "1.2.3.4:",  "1.2.3.4:http", "1.2.3.4:65536", "[::1:80",
                                       "1.2.3.4:-1"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        cr_expect_eq(serve_at(none[i]), ERR_CONFIG, "%s", none[i]);
    }
    uint16_t port;
    int taken = http_listen(&port);
    char at[32];
    (void)snprintf(at, sizeof at, "localhost:%u", port);
    cr_expect_eq(serve_at(at), ERR_IO);
    (void)close(taken);
    cr_expect_eq(serve_at(at), ERR_OK);
    cr_expect_eq(serve_at("127.0.0.1:0"), ERR_EXISTS);
    cr_expect_eq(get(port, "/x"), 200);
}
