/* test_http_client.c - requests of an actor, against raw sockets that answer well, badly, slowly or
 * not at all, and against TLS servers that should not be believed.
 */
#include <criterion/criterion.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/runtime/http_world.h"

enum { ROOM = 1 << 20, PARALLEL = 8 };

/* What the test wants of the actor, and what the actor has heard; handed over by `ended`. */
static struct http_world world;
static struct rt_http_request wanted;
static unsigned wanted_times = 1;
static struct rt_address caller;
static struct {
    atomic_uint started;
    atomic_uint ended;
    atomic_uint refused;
    uint64_t status;
    char headers[16384 + 1];
    char body[ROOM];
    size_t size;
    char error[512 + 1];
} got;
static atomic_bool deaf; /* the actor's handler does not return */

static enum err caller_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    (void)state;
    if (msg->type == MSG_SUBMITTED) { /* the test's word for: go */
        for (unsigned i = 0; i < wanted_times; i++) {
            cr_assert_neq(rt_http(ctx, &wanted), 0);
        }
        atomic_fetch_add(&got.started, 1);
        while (atomic_load(&deaf)) {
            http_sleep_ms(1);
        }
        return ERR_OK;
    }
    if (msg->type == MSG_CANCEL) {
        return ERR_CRASHED;
    }
    if (msg->type != MSG_HTTP_DONE) {
        return ERR_UNKNOWN;
    }
    const struct msg_http_done *done = msg_as_http_done(msg);
    cr_assert_lt(done->body.size, ROOM);
    got.status = done->status;
    (void)snprintf(got.headers, sizeof got.headers, "%s", done->headers.at);
    memcpy(got.body, done->body.at, done->body.size + 1);
    got.size = done->body.size;
    (void)snprintf(got.error, sizeof got.error, "%s", done->error.at);
    cr_expect_eq(done->status == 0, done->error.size > 0);
    atomic_fetch_add(&got.refused, strstr(got.error, "too many") != NULL);
    atomic_fetch_add(&got.ended, 1);
    return ERR_OK;
}

static const struct rt_behaviour behaviour = {
    .name = "caller", .state_size = 1, .receive = caller_receive, .mailbox_count_max = 4};

/* ---- a server that says what the test gives it ---- */

struct script {
    int listener;
    uint16_t port;
    pthread_t thread;
    const char *says; /* to every request; NULL: nothing */
    size_t repeat;    /* how often it says `more` after that */
    const char *more;
    unsigned pause_ms; /* before each of them */
    bool stays;        /* does not close the connection itself */
    bool resets;       /* closes it by a reset */
    atomic_uint heard; /* requests */
    atomic_uint left;  /* connections that the client has closed */
    char request[65536];
};

static struct script script;

/* The head, and the body that it announces. */
static bool hear(int fd)
{
    size_t size = 0;
    size_t whole = SIZE_MAX;
    while (size < whole) {
        if (http_read(fd, script.request + size, 2, 1) == 0) {
            return false;
        }
        size++;
        const char *end = whole == SIZE_MAX ? strstr(script.request, "\r\n\r\n") : NULL;
        if (end) {
            const char *length = strcasestr(script.request, "content-length: ");
            whole = size + (length ? strtoul(length + 16, NULL, 10) : 0);
        }
    }
    atomic_fetch_add(&script.heard, 1);
    return true;
}

static void serve(int fd)
{
    while (hear(fd)) {
        if (script.says) {
            http_print(fd, script.says);
        }
        for (size_t i = 0; i < script.repeat; i++) {
            http_sleep_ms(script.pause_ms);
            http_print(fd, script.more);
        }
        if (!script.stays) {
            break;
        }
    }
    const struct linger reset = {.l_onoff = script.resets};
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    atomic_fetch_add(&script.left, 1);
    (void)close(fd);
}

static void *run_script(void *arg)
{
    (void)arg;
    int fd;
    while ((fd = accept(script.listener, NULL, NULL)) >= 0) {
        const struct timeval limit = {.tv_sec = 20};
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        serve(fd);
    }
    return NULL;
}

static char url[256];

static void setup(void)
{
    http_world_config(&world);
    script.listener = http_listen(&script.port);
    cr_assert_eq(pthread_create(&script.thread, NULL, run_script, NULL), 0);
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u/a?b=c", script.port);
    wanted = (struct rt_http_request){.method = "GET", .url = url, .timeout_ms = 10000};
}

static void teardown(void)
{
    atomic_store(&deaf, false);
    http_world_close(&world);
    (void)shutdown(script.listener, SHUT_RDWR);
    cr_assert_eq(pthread_join(script.thread, NULL), 0);
    (void)close(script.listener);
}

TestSuite(http_client, .init = setup, .fini = teardown, .timeout = 60);

static void send_caller(const struct msg *msg)
{
    while (system_tell(world.system, caller, msg) == ERR_FULL) {
        http_sleep_ms(1);
    }
}

static void begin(void)
{
    if (!world.system) {
        http_world_open(&world);
        caller = http_world_spawn(&world, &behaviour, NULL, 0);
    }
    send_caller(MSG(submitted, .run = msg_str("go")));
}

static bool has_ended(void *arg)
{
    return atomic_load(&got.ended) >= *(unsigned *)arg;
}

static void await_ends(unsigned count)
{
    cr_assert(http_wait(has_ended, &count), "%u of %u", atomic_load(&got.ended), count);
}

static void request(void)
{
    unsigned before = atomic_load(&got.ended);
    begin();
    await_ends(before + 1);
}

Test(http_client, sends_no_more_than_it_was_told)
{
    cr_assert_eq(setenv("http_proxy", "http://127.0.0.1:1", 1), 0);
    cr_assert_eq(setenv("ALL_PROXY", "http://127.0.0.1:1", 1), 0);
    script.says = "HTTP/1.1 204 No Content\r\n\r\n";
    request();
    cr_expect_eq(got.status, 204, "%s", got.error);
    char text[512];
    (void)snprintf(text, sizeof text,
                   "GET /a?b=c HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nUser-Agent: troupe\r\n"
                   "Accept: */*\r\n\r\n",
                   script.port);
    cr_expect_str_eq(script.request, text);
}

Test(http_client, sends_method_headers_and_body)
{
    static const char *const headers[] = {"X-One: 1 2", "X-Empty:", "Host: other.example", NULL};
    script.says = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    wanted.method = "POST";
    wanted.headers = headers;
    wanted.body = (struct msg_str){"a\0b", 3};
    request();
    cr_expect_eq(got.status, 200, "%s", got.error);
    cr_expect_eq(strncmp(script.request, "POST /a?b=c HTTP/1.1\r\n", 22), 0);
    cr_expect(strstr(script.request, "\r\nX-One: 1 2\r\n"));
    cr_expect(strstr(script.request, "\r\nX-Empty:\r\n"), "%s", script.request);
    cr_expect(strstr(script.request, "\r\nHost: other.example\r\n"));
    cr_expect(strstr(script.request, "\r\nContent-Length: 3\r\n"));
    cr_expect_null(strcasestr(script.request, "content-type"));
    cr_expect_null(strcasestr(script.request, "expect"));
    cr_expect_eq(memcmp(strstr(script.request, "\r\n\r\n"), "\r\n\r\na\0b", 7), 0);
}

Test(http_client, waits_for_nobodys_leave_to_send_a_large_body)
{
    static char body[60000];
    static const char *const headers[] = {"content-type: application/json", NULL};
    memset(body, 'x', sizeof body);
    script.says = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    wanted.method = "PUT";
    wanted.headers = headers;
    wanted.body = (struct msg_str){body, sizeof body};
    request();
    cr_expect_eq(got.status, 200, "%s", got.error);
    cr_expect_null(strcasestr(script.request, "expect:"));
    cr_expect(strstr(script.request, "\r\ncontent-type: application/json\r\n"));
}

Test(http_client, gives_all_of_the_answer)
{
    script.says = "HTTP/1.1 100 Continue\r\nX-Early: 1\r\n\r\n"
                  "HTTP/1.1 404 No\r\nX-MiXed:  Va lue \r\nA: b\r\nContent-Length: 5\r\n\r\nhello";
    request();
    cr_expect_eq(got.status, 404, "%s", got.error);
    cr_expect_str_eq(got.headers, "x-mixed: Va lue\na: b\ncontent-length: 5\n");
    cr_expect_str_eq(got.body, "hello");
    wanted.method = "HEAD";
    request();
    cr_expect_eq(got.status, 404, "%s", got.error);
    cr_expect_eq(got.size, 0);
}

Test(http_client, takes_an_answer_in_pieces)
{
    script.says = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    script.more = "5\r\nhello\r\n";
    script.repeat = 20000;
    request();
    cr_expect_eq(got.status, 0);
    cr_expect(got.error[0], "the last piece never came");
    script.says = "HTTP/1.1 200 OK\r\n\r\n"; /* ends with the connection */
    script.more = "hello";
    request();
    cr_expect_eq(got.status, 200, "%s", got.error);
    cr_expect_eq(got.size, 100000);
}

Test(http_client, follows_no_redirect)
{
    script.says =
        "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n";
    request();
    cr_expect_eq(got.status, 302, "%s", got.error);
    cr_expect(strstr(got.headers, "location: http://127.0.0.1:1/\n"));
    cr_expect_eq(atomic_load(&script.heard), 1);
}

Test(http_client, says_why_there_is_no_answer)
{
    wanted.url = "http://127.0.0.1:1/";
    request();
    cr_expect(strstr(got.error, "refused") || strstr(got.error, "connect"), "%s", got.error);
    wanted.url = "http://no-such-host.invalid/";
    request();
    cr_expect(strcasestr(got.error, "resolve"), "%s", got.error);
    wanted.url = url;
    static const char *const bad[] = {
        "",
        "nonsense\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/9.9 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: 1",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        script.says = bad[i];
        request();
        cr_expect_eq(got.status, 0, "%s", bad[i]);
        cr_expect_neq(got.error[0], '\0', "%s", bad[i]);
    }
    script.resets = true;
    script.says = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort";
    request();
    cr_expect_neq(got.error[0], '\0');
}

Test(http_client, refuses_what_may_not_be_asked)
{
    static const char *const urls[] = {"",
                                       "file:///etc/passwd",
                                       "ftp://127.0.0.1/",
                                       "/a",
                                       "http://user:word@127.0.0.1/",
                                       "http://",
                                       "gopher://h/",
                                       "http://127.0.0.1/a b\r\nX: y"};
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        wanted.url = urls[i];
        request();
        cr_expect_neq(got.error[0], '\0', "%s", urls[i]);
    }
    wanted.url = url;
    static const char *const fields[] = {"no colon", ": nothing", "A b: c", "A: b\r\nC: d",
                                         "A: b\n"};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        const char *const headers[] = {fields[i], NULL};
        wanted.headers = headers;
        request();
        cr_expect_neq(got.error[0], '\0', "%s", fields[i]);
    }
    wanted.headers = NULL;
    static const char *const methods[] = {"", "GET /x", "G\r\n", "ABCDEFGHIJKLMNOPQ"};
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        wanted.method = methods[i];
        request();
        cr_expect_neq(got.error[0], '\0', "%s", methods[i]);
    }
    cr_expect_eq(atomic_load(&script.heard), 0);
}

Test(http_client, takes_no_more_than_it_may)
{
    world.config.http.body_bytes_max = 4096;
    script.says = "HTTP/1.1 200 OK\r\nContent-Length: 4096\r\n\r\n";
    script.more = "0123456789abcdef";
    script.repeat = 256;
    request();
    cr_expect_eq(got.status, 200, "%s", got.error);
    cr_expect_eq(got.size, 4096);
    script.says = "HTTP/1.1 200 OK\r\nContent-Length: 4097\r\n\r\n";
    request();
    cr_expect_neq(got.error[0], '\0');
    script.says = "HTTP/1.1 200 OK\r\n\r\n";
    script.repeat = 257;
    request();
    cr_expect(strstr(got.error, "body_bytes_max"), "%s", got.error);
    script.says = "HTTP/1.1 200 OK\r\n";
    script.more = "X-Long: 0123456789abcdef0123456789abcdef\r\n";
    script.repeat = 1000;
    request();
    cr_expect(strstr(got.error, "headers are too large"), "%s", got.error);
    static char body[4097];
    wanted.method = "POST";
    wanted.body = (struct msg_str){body, sizeof body};
    request();
    cr_expect_neq(got.error[0], '\0');
}

Test(http_client, gives_up_when_the_time_is_up)
{
    script.says = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n";
    script.more = "x";
    script.repeat = 100;
    script.pause_ms = 10;
    wanted.timeout_ms = 200;
    uint64_t begin_ms = http_now_ms();
    request();
    uint64_t took_ms = http_now_ms() - begin_ms;
    cr_expect_neq(got.error[0], '\0');
    cr_expect(took_ms >= 190 && took_ms < 1000, "%llu ms", (unsigned long long)took_ms);
}

Test(http_client, refuses_more_than_requests_max)
{
    world.config.http.requests_max = PARALLEL;
    script.says = NULL;
    script.stays = true;
    wanted.timeout_ms = 300;
    wanted_times = PARALLEL + 5;
    begin();
    await_ends(PARALLEL + 5);
    cr_expect_eq(atomic_load(&got.refused), 5);
    http_sleep_ms(100);
    cr_expect_eq(atomic_load(&got.ended), PARALLEL + 5, "one end each");
}

Test(http_client, waits_until_its_owner_has_room)
{
    script.says = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    wanted_times = 20;
    atomic_store(&deaf, true);
    begin();
    http_sleep_ms(300);
    cr_expect_eq(atomic_load(&got.ended), 0);
    atomic_store(&deaf, false);
    await_ends(20);
    cr_expect_eq(atomic_load(&script.heard), 20);
}

static bool has_left(void *arg)
{
    (void)arg;
    return atomic_load(&script.left) > 0;
}

static bool has_heard(void *arg)
{
    (void)arg;
    return atomic_load(&script.heard) > 0;
}

Test(http_client, ends_with_its_owners_life)
{
    script.says = NULL;
    script.stays = true;
    begin();
    cr_assert(http_wait(has_heard, NULL));
    uint64_t begin_ms = http_now_ms();
    send_caller(MSG(cancel, .run = msg_str("")));
    cr_expect(http_wait(has_left, NULL));
    cr_expect_lt(http_now_ms() - begin_ms, 2000);
    /* The next life does its own requests, and hears of no other. */
    script.says = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    script.stays = false;
    request();
    cr_expect_eq(got.status, 200);
    cr_expect_eq(atomic_load(&got.ended), 1);
}

Test(http_client, sends_what_changes_something_once_only)
{
    script.says = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    script.stays = true;
    world.config.http.requests_max = 1;
    request();
    cr_expect_eq(got.status, 200, "%s", got.error);
    /* Still connected for the GET; what follows gets no answer, and must not be tried again there
     * or anywhere. */
    (void)shutdown(script.listener, SHUT_RD);
    script.says = NULL;
    script.stays = false;
    wanted.method = "POST";
    request();
    cr_expect_neq(got.error[0], '\0');
    cr_expect_leq(atomic_load(&script.heard), 2);
}

/* ---- TLS ---- */

/* A server with a certificate of its own for `name`; its port. */
static pid_t serve_tls(const char *folder, const char *name, uint16_t *ret_port)
{
    char command[1024];
    (void)snprintf(command, sizeof command,
                   "cd %s && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
                   "-keyout key.pem -out cert.pem -days 2 -subj /CN=t -addext subjectAltName=%s "
                   "2>/dev/null",
                   folder, name);
    cr_assert_eq(system(command), 0);
    (void)close(http_listen(ret_port));
    pid_t pid = fork();
    if (pid == 0) {
        char port[8];
        (void)snprintf(port, sizeof port, "%u", *ret_port);
        (void)!chdir(folder);
        (void)!freopen("/dev/null", "w", stdout);
        (void)!freopen("/dev/null", "w", stderr);
        (void)execlp("openssl", "openssl", "s_server", "-accept", port, "-key", "key.pem", "-cert",
                     "cert.pem", "-www", "-quiet", NULL);
        _exit(127);
    }
    int fd;
    while ((fd = http_connect(*ret_port)) < 0) {
        http_sleep_ms(10);
    }
    (void)close(fd);
    return pid;
}

static void try_tls(const char *name, bool trusted, const char *error)
{
    char folder[] = "/tmp/http-tls-XXXXXX";
    cr_assert(mkdtemp(folder));
    uint16_t port;
    pid_t pid = serve_tls(folder, name, &port);
    if (trusted) {
        (void)snprintf(world.config.http.ca_file, sizeof world.config.http.ca_file, "%s/cert.pem",
                       folder);
    }
    (void)snprintf(url, sizeof url, "https://127.0.0.1:%u/", port);
    request();
    cr_expect_eq(got.status, error[0] ? 0 : 200, "%s", got.error);
    cr_expect(strcasestr(got.error, error), "%s", got.error);
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, NULL, 0);
    char command[64];
    (void)snprintf(command, sizeof command, "rm -r %s", folder);
    (void)!system(command);
}

Test(http_client, believes_a_certificate_that_it_was_told_to)
{
    try_tls("IP:127.0.0.1", true, "");
}

Test(http_client, believes_no_strange_certificate)
{
    try_tls("IP:127.0.0.1", false, "certificate");
}

Test(http_client, believes_no_certificate_for_somebody_else)
{
    try_tls("DNS:other.example", true, "127.0.0.1");
}
