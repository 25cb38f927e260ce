/* test_dashboard.c - who may see the dashboard, what it asks, how its streams rest and wake. */
#include <stdlib.h>
#include <string.h>

#include "actors/gateway/gateway.h"
#include "actors/gateway/page_query.h"
#include "actors/gateway/page_session.h"
#include "tests/support/probe.h"

#define TOKEN  "0123456789abcdef"
#define BEARER "authorization: Bearer " TOKEN "\n"
#define RUN    "01HWTXW3ZG00000000000000AB"

/* ---- queries ---- */

static enum err read_query(const char *text, struct page_query *ret_query)
{
    return page_query_read(msg_str(text), ret_query);
}

Test(query, is_read_and_decoded)
{
    struct page_query query;
    cr_assert_eq(read_query("run=" RUN "&after=12&word=a%20b%26%C3%A9+c&x=1&&y", &query), ERR_OK);
    cr_expect_str_eq(query.run, RUN);
    cr_expect_eq(query.after, 12);
    cr_expect_str_eq(query.word, "a b&\xc3\xa9 c");
    cr_assert_eq(read_query("", &query), ERR_OK);
    cr_expect_str_eq(query.run, "");
    cr_expect_eq(query.after, 0);
}

Test(query, refuses_what_its_names_do_not_mean)
{
    static const char *const wrong[] = {
        "after=",   "after=-1", "after=1x",    "after=1234567890123456789",
        "run=a/b",  "run=%2e",  "word=%4",     "word=%zz",
        "word=%00", "word=%",   "run=" RUN "C"};
    struct page_query query;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        cr_expect_eq(read_query(wrong[i], &query), ERR_MALFORMED, "%s", wrong[i]);
    }
    char text[MSG_MAX_look_word + 7] = "word=";
    memset(text + 5, 'x', MSG_MAX_look_word);
    cr_expect_eq(read_query(text, &query), ERR_OK);
    text[5 + MSG_MAX_look_word] = 'x';
    cr_expect_eq(page_query_read((struct msg_str){text, 6 + MSG_MAX_look_word}, &query),
                 ERR_MALFORMED);
}

/* ---- sessions ---- */

static bool enters(const char *before, const char *text, const char *after, uint64_t now_ms)
{
    char headers[512];
    (void)snprintf(headers, sizeof headers, "%s%s%s\n", before, text, after);
    return page_session_is_valid(TOKEN, msg_str(headers), now_ms);
}

Test(session, opens_until_its_end_for_its_token_alone)
{
    char cookie[PAGE_SESSION_SIZE];
    char other[PAGE_SESSION_SIZE];
    cr_assert_eq(page_session_make(TOKEN, 1000, cookie), ERR_OK);
    cr_assert_eq(page_session_make("another token...", 1000, other), ERR_OK);
    cr_expect(enters("cookie: a=b; troupe=", cookie, "", 2000));
    cr_expect(enters("cookie: troupe=", cookie, "; c=d", 1000 + PAGE_SESSION_MS - 1));
    cr_expect_not(enters("cookie: troupe=", cookie, "", 1000 + PAGE_SESSION_MS), "it is over");
    cr_expect_not(enters("cookie: troupe=", cookie, "", 999), "it ends too late to be ours");
    cr_expect_not(enters("cookie: troupe=", other, "", 2000));
    cr_expect_not(enters("cookie: xtroupe=", cookie, "", 2000));
    cr_expect_not(enters("cookie: troupe=", cookie, "\ncookie: a=b", 2000), "two readers");
    for (char *at = cookie; *at; at++) {
        char was = *at;
        *at = was == '1' ? '2' : '1';
        cr_expect_not(enters("cookie: troupe=", cookie, "", 2000), "%s", cookie);
        *at = was;
    }
    cr_expect(enters("authorization: Bearer ", TOKEN, "", 2000));
    cr_expect_not(enters("authorization: Bearer ", TOKEN "x", "", 2000));
    cr_expect_not(enters("authorization: Basic ", TOKEN, "", 2000));
    cr_expect_not(enters("authorization: Bearer ", "", "", 2000));
    cr_expect_not(enters("", "", "", 2000));
}

/* ---- requests ---- */

static struct probe *probe;
static struct rt_address coordinator;
static struct gateway_arg *arg;
static struct dashboard_files *files;

static void open_with(const char *token)
{
    struct config config;
    config_defaults(&config);
    (void)snprintf(config.gateway.listen, sizeof config.gateway.listen, "127.0.0.1:80");
    arg = calloc(1, sizeof *arg);
    files = calloc(1, sizeof *files);
    cr_assert(arg && files);
    (void)snprintf(files->page, sizeof files->page, "<page>");
    (void)snprintf(arg->dashboard.token, sizeof arg->dashboard.token, "%s", token);
    arg->dashboard.files = files;
    probe = probe_open(&(struct probe_options){
        .config = &config, .behaviour = &gateway_behaviour, .arg = arg, .size = sizeof *arg});
    coordinator = probe_peer(probe, "coordinator");
    probe_role_up(probe, TERM_role_COORDINATOR, coordinator);
    /* Without a token for GitHub nothing is asked that is to be reported there. */
    probe_expect(probe, "[0] http serve 127.0.0.1:80\n[0] role gateway\n");
}

static void setup(void)
{
    open_with(TOKEN);
}

static void teardown(void)
{
    (void)probe_trace(probe);
    probe_close(&probe);
    free(arg);
    free(files);
}

TestSuite(dashboard, .init = setup, .fini = teardown);

static void request(const char *method, const char *path, const char *query, const char *headers,
                    const char *body)
{
    probe_http_event(probe, MSG(http_request, .id = 5, .method = msg_str(method),
                                .path = msg_str(path), .query = msg_str(query),
                                .headers = msg_str(headers), .body = msg_str(body)));
}

static void get(const char *path, const char *query)
{
    request("GET", path, query, BEARER, "");
}

/* What was answered: its status, and what it must have. */
static void expect_answer(unsigned status, const char *has)
{
    char begin[64];
    const char *trace = probe_trace(probe);
    (void)snprintf(begin, sizeof begin, "http answer %u ", status);
    cr_expect(strstr(trace, begin) && strstr(trace, has), "wanted %u %s, got %s", status, has,
              trace);
}

Test(dashboard, shows_its_files_to_anybody_and_nothing_else)
{
    request("GET", "/", "", "", "");
    expect_answer(200, "frame-ancestors 'none'");
    request("GET", "/app.js", "", "", "");
    expect_answer(404, "not built");
    request("GET", "/api/runs", "", "", "");
    expect_answer(401, "log in first");
    request("GET", "/events", "", "authorization: Bearer wrong\n", "");
    expect_answer(401, "log in first");
}

Test(dashboard, asks_the_coordinator_and_answers_with_its_rows)
{
    get("/api/files", "run=" RUN "&after=7&word=x%20y");
    probe_expect(probe, "[0] -> coordinator ask LOOK view=files run=" RUN " after=7 word=x y\n");
    probe_answer(probe, coordinator,
                 MSG(looked, .rows = msg_str("{\"a\":1},{\"a\":2}"), .reached = 9, .more = true));
    expect_answer(200, "{\"rows\":[{\"a\":1},{\"a\":2}],\"next\":9,\"more\":true}");
    get("/api/nix", "");
    (void)probe_trace(probe);
    probe_answer(probe, coordinator, MSG(failed, .type = MSG_LOOK, .reason = ERR_NOT_FOUND));
    expect_answer(404, "no such view");
    get("/api/runs", "");
    (void)probe_trace(probe);
    probe_advance(probe, 6000);
    expect_answer(503, "does not answer");
    get("/api/runs", "after=x");
    expect_answer(400, "not as it has to be");
    get("/api/status", "");
    probe_expect(probe, "[6000] -> coordinator ask STATUS drain=false\n");
    probe_answer(probe, coordinator, MSG(status_is, .epoch = 3, .jobs_queued = 4));
    expect_answer(200, "\"jobs_queued\":4");
}

Test(dashboard, shows_the_processes_one_by_one)
{
    struct rt_address admin = probe_peer(probe, "admin");
    struct rt_address other = probe_peer(probe, "other");
    /* Only the admin of the coordinator's process is linked with all. */
    probe_role_up(probe, TERM_role_ADMIN, other);
    get("/api/nodes", "word=e%221");
    expect_answer(503, "does not answer");
    probe_role_up(probe, TERM_role_COORDINATOR, admin);
    probe_role_up(probe, TERM_role_ADMIN, admin);
    get("/api/nodes", "word=e%221");
    probe_expect(probe, "[0] -> admin ask NODES after=e\"1\n");
    probe_answer(probe, admin,
                 MSG(node_is, .node = msg_str("f\"2"), .roles = 1 << TERM_role_GATEWAY,
                     .rss_bytes = UINT64_MAX));
    expect_answer(200, "{\"rows\":[{\"node\":\"f\\\"2\",\"silent\":false,\"draining\":false,"
                       "\"roles\":[\"gateway\"],");
    get("/api/links", "word=f2&after=1");
    probe_expect(probe, "[0] -> admin ask LINKS node=f2 index=1\n");
    probe_answer(probe, admin, MSG(link_is, .peer = msg_str("")));
    expect_answer(200, "{\"rows\":[],\"next\":0,\"more\":false}");
    get("/api/actors", "word=f2&after=3");
    probe_expect(probe, "[0] -> admin ask ACTORS node=f2 after=3\n");
    probe_answer(probe, admin, MSG(actor_is, .id = 4, .name = msg_str("\xff")));
    expect_answer(200, "\"name\":\"?\"");
}

Test(dashboard, lets_in_who_knows_the_token_and_few_who_guess)
{
    request("POST", "/api/login", "", "x-troupe: 1\n", TOKEN);
    expect_answer(200, "HttpOnly; SameSite=Strict; Max-Age=43200 ");
    request("POST", "/api/login", "", "x-troupe: 1\nx-forwarded-proto: https\n", TOKEN);
    expect_answer(200, "; Secure ");
    request("POST", "/api/login", "", "", TOKEN);
    expect_answer(403, "X-Troupe");
    for (int i = 0; i < 10; i++) {
        request("POST", "/api/login", "", "x-troupe: 1\n", "guess");
        expect_answer(403, "not the token");
    }
    request("POST", "/api/login", "", "x-troupe: 1\n", TOKEN);
    expect_answer(429, "wait");
    probe_advance(probe, 60000);
    (void)probe_trace(probe);
    request("POST", "/api/login", "", "x-troupe: 1\n", TOKEN);
    expect_answer(200, "Set-Cookie");
    request("POST", "/api/logout", "", "x-troupe: 1\n", "");
    expect_answer(200, "Max-Age=0");
    request("DELETE", "/api/runs", "", BEARER, "");
    expect_answer(405, "another method");
}

Test(dashboard, a_stream_rests_until_there_is_something)
{
    request("GET", "/events", "after=3", BEARER "last-event-id: 7\n", "");
    probe_expect(probe, "[0] -> coordinator ask LOOK view=events run= after=7 word=\n");
    probe_answer(probe, coordinator, MSG(looked, .rows = msg_str(""), .reached = 7));
    probe_expect(probe, "");
    probe_advance(probe, 50);
    probe_expect(probe, "[50] -> coordinator ask LOOK view=head run= after=0 word=\n");
    probe_answer(probe, coordinator, MSG(looked, .rows = msg_str("{}"), .reached = 7));
    probe_advance(probe, 50);
    probe_expect(probe, "[100] -> coordinator ask LOOK view=head run= after=0 word=\n");
    probe_answer(probe, coordinator, MSG(looked, .rows = msg_str("{}"), .reached = 9));
    probe_expect(probe, "[100] -> coordinator ask LOOK view=events run= after=7 word=\n");
    probe_answer(probe, coordinator,
                 MSG(looked, .rows = msg_str("{\"no\":8},{\"no\":9}"), .reached = 9));
    expect_answer(200, "retry: 100\nid: 9\ndata: [{\"no\":8},{\"no\":9}]\n\n");
    probe_advance(probe, 60000);
    probe_expect(probe, ""); /* nobody listens, nobody is asked */
}

Test(dashboard, a_stream_of_one_run_passes_over_the_events_of_others)
{
    get("/events", "run=" RUN);
    probe_answer(probe, coordinator, MSG(looked, .rows = msg_str("")));
    probe_advance(probe, 50);
    probe_answer(probe, coordinator, MSG(looked, .rows = msg_str("{}"), .reached = 9));
    probe_answer(probe, coordinator, MSG(looked, .rows = msg_str("")));
    (void)probe_trace(probe);
    probe_advance(probe, 50);
    probe_answer(probe, coordinator, MSG(looked, .rows = msg_str("{}"), .reached = 9));
    /* It is not asked again for what was not its own. */
    probe_expect(probe, "[100] -> coordinator ask LOOK view=head run= after=0 word=\n");
    for (int i = 0; i < 3; i++) {
        probe_advance(probe, 5000);
    }
    expect_answer(200, ": nothing new");
}

Test(dashboard, has_so_many_streams_and_no_more)
{
    enum { STREAMS = 128 };
    for (int i = 0; i < STREAMS; i++) {
        get("/events", "");
    }
    (void)probe_trace(probe);
    get("/events", "");
    expect_answer(503, "too many streams");
    get("/api/runs", "");
    probe_expect(probe, "[0] -> coordinator ask LOOK view=runs run= after=0 word=\n");
    request("GET", "/events", "", BEARER "last-event-id: x\n", "");
    expect_answer(400, "Last-Event-ID");
}

static void setup_closed(void)
{
    open_with("");
}

TestSuite(no_token, .init = setup_closed, .fini = teardown);

Test(no_token, shows_the_plain_page_and_says_what_is_missing)
{
    request("GET", "/api/runs", "", "authorization: Bearer \n", "");
    expect_answer(403, "gateway.dashboard_token_file is not set");
    request("GET", "/", "", "", "");
    probe_expect(probe, "[0] -> coordinator ask STATUS drain=false\n");
}
