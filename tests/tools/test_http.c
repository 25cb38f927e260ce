/* test_http.c - HTTP comes with the first actor that uses it; without its module nobody waits. */
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tools/place.h"
#include "tools/world.h"

enum { WAIT_S = 20, STOP_MS = 5000, ASKERS = 8 };

static struct {
    struct config config;
    struct world *world;
    char at[32];
    char url[64];
    sem_t said; /* once for each answer */
    pthread_mutex_t lock;
    /* Under the lock. */
    enum err served;
    uint64_t status; /* of the last answer, as what follows */
    char body[64];
    char error[MSG_MAX_http_done_error + 1];
    int refused; /* answers that were errors */
    int lines;   /* of log, about HTTP */
} test;

/* ---- actors ---- */

/* What an actor does as soon as it lives. */
struct plan {
    bool serves;
    int asks;
};

static enum err user_start(struct rt_context *ctx, void *state, const void *arg)
{
    (void)state;
    const struct plan *plan = arg;
    const struct rt_http_request request = {.method = "GET", .url = test.url, .timeout_ms = 10000};
    if (plan->serves) {
        enum err served = rt_http_serve(ctx, test.at);
        (void)pthread_mutex_lock(&test.lock);
        test.served = served;
        (void)pthread_mutex_unlock(&test.lock);
    }
    for (int i = 0; i < plan->asks; i++) {
        cr_assert_neq(rt_http(ctx, &request), 0);
    }
    return ERR_OK;
}

static void keep(char *room, size_t size, struct msg_str text)
{
    (void)snprintf(room, size, "%.*s", (int)text.size, text.at);
}

static void on_done(const struct msg_http_done *done)
{
    (void)pthread_mutex_lock(&test.lock);
    test.status = done->status;
    keep(test.body, sizeof test.body, done->body);
    keep(test.error, sizeof test.error, done->error);
    test.refused += done->error.size > 0;
    (void)pthread_mutex_unlock(&test.lock);
    (void)sem_post(&test.said);
}

static enum err user_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    (void)state;
    if (msg->type == MSG_HTTP_REQUEST) {
        rt_http_answer(ctx, msg_as_http_request(msg)->id, 200, "text/plain", msg_str("here"));
    } else if (msg->type == MSG_HTTP_DONE) {
        on_done(msg_as_http_done(msg));
    }
    return ERR_OK;
}

static const struct rt_behaviour user = {
    .name = "user", .state_size = 1, .start = user_start, .receive = user_receive};

/* ---- the world ---- */

static void on_log(void *world, enum rt_level level, const char *actor, const char *text)
{
    (void)world;
    (void)level;
    (void)text;
    if (strcmp(actor, "http") == 0) {
        (void)pthread_mutex_lock(&test.lock);
        test.lines++;
        (void)pthread_mutex_unlock(&test.lock);
    }
}

/* A port that nobody listens at. */
static unsigned free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert_geq(fd, 0);
    cr_assert_eq(bind(fd, (struct sockaddr *)&address, size), 0);
    cr_assert_eq(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    (void)close(fd);
    return ntohs(address.sin_port);
}

static void open_world(const char *module)
{
    char why[WORLD_WHY_SIZE];
    config_defaults(&test.config);
    test.config.runtime.workers = 4;
    const struct world_options options = {
        .config = &test.config, .name = "t", .http_module = module, .log = on_log};
    cr_assert_eq(world_new(&options, why, &test.world), ERR_OK, "%s", why);
    cr_assert_eq(sem_init(&test.said, 0, 0), 0);
    cr_assert_eq(pthread_mutex_init(&test.lock, NULL), 0);
    unsigned port = free_port();
    (void)snprintf(test.at, sizeof test.at, "127.0.0.1:%u", port);
    (void)snprintf(test.url, sizeof test.url, "http://%s/", test.at);
}

static void spawn(struct plan plan)
{
    struct rt_address address;
    cr_assert_eq(system_spawn(world_system(test.world), &user, &plan, sizeof plan, &address),
                 ERR_OK);
}

/* Starts what was spawned, waits for as many answers and stops: after it nothing is under way. */
static void run_until(int answers)
{
    cr_assert_eq(world_start(test.world), ERR_OK);
    for (int i = 0; i < answers; i++) {
        struct timespec until;
        cr_assert_eq(clock_gettime(CLOCK_REALTIME, &until), 0);
        until.tv_sec += WAIT_S;
        cr_assert_eq(sem_timedwait(&test.said, &until), 0, "no actor was told anything");
    }
    world_stop(test.world, STOP_MS);
}

/* Is a file with `part` in its name mapped into this process? */
static bool is_mapped(const char *part)
{
    char line[8192];
    bool found = false;
    FILE *maps = fopen("/proc/self/maps", "re");
    cr_assert_not_null(maps);
    while (fgets(line, sizeof line, maps)) {
        found |= strstr(line, part) != NULL;
    }
    (void)fclose(maps);
    return found;
}

TestSuite(http, .timeout = 60);

Test(http, is_not_loaded_before_an_actor_uses_it)
{
    open_world(HTTP_MODULE);
    spawn((struct plan){.serves = true, .asks = 1});
    cr_assert_not(is_mapped("libmicrohttpd"));
    cr_assert_not(is_mapped("libcurl"));
    run_until(1);
    cr_expect(is_mapped("libmicrohttpd"));
    cr_expect(is_mapped("libcurl"));
    world_destroy(&test.world);
}

Test(http, asks_and_answers)
{
    open_world(HTTP_MODULE);
    spawn((struct plan){.serves = true, .asks = 1});
    run_until(1);
    cr_expect_eq(test.served, ERR_OK);
    cr_expect_eq(test.status, 200, "%s", test.error);
    cr_expect_str_eq(test.body, "here");
    cr_expect_eq(test.lines, 0);
    world_destroy(&test.world);
}

Test(http, serves_all_who_come_first_together)
{
    open_world(HTTP_MODULE);
    for (int i = 0; i < ASKERS; i++) {
        spawn((struct plan){.asks = 1});
    }
    run_until(ASKERS);
    cr_expect_eq(test.refused, ASKERS); /* nobody listens there */
    cr_expect(strstr(test.error, test.at) || strstr(test.error, "connect"), "%s", test.error);
    cr_expect_eq(test.lines, 0);
    world_destroy(&test.world);
}

static void expect_none(const char *module, const char *reason)
{
    open_world(module);
    spawn((struct plan){.serves = true, .asks = 1});
    spawn((struct plan){.asks = 1});
    run_until(2);
    cr_expect_eq(test.served, ERR_UNSUPPORTED);
    cr_expect_eq(test.refused, 2);
    cr_expect_eq(test.status, 0);
    cr_expect(strstr(test.error, module ? module : PLACE_HTTP_MODULE), "%s", test.error);
    cr_expect(strstr(test.error, reason), "%s", test.error);
    cr_expect_eq(test.lines, 1, "it is said once, not %d times", test.lines);
    world_destroy(&test.world);
}

Test(http, says_which_file_is_missing)
{
    expect_none("/nowhere/troupe-http.so", "No such file");
}

Test(http, says_that_it_did_not_come_with_the_program)
{
    expect_none(NULL, "neither beside the program");
}

Test(http, refuses_a_file_that_is_no_library)
{
    expect_none("/proc/self/status", "invalid ELF header");
}

Test(http, refuses_a_library_without_the_table)
{
    expect_none("libm.so.6", "undefined symbol");
}

Test(http, refuses_a_module_of_another_version)
{
    expect_none(HTTP_MODULE_OLD, "another version");
}

Test(http, refuses_a_module_with_another_configuration)
{
    expect_none(HTTP_MODULE_STRANGE, "another version");
}
