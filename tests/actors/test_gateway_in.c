/* test_gateway_in.c - who signed a webhook and what it wants. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/gateway/checkout_steps.h"
#include "actors/gateway/event.h"
#include "actors/gateway/headers.h"
#include "actors/gateway/signature.h"

#define SHA  "0123456789abcdef0123456789abcdef01234567"
#define BASE "89abcdef0123456789abcdef0123456789abcdef"

/* ---- signature ---- */

/* GitHub's own example, "Validating webhook deliveries". */
#define GITHUB_SECRET "It's a Secret to Everybody"
#define GITHUB_MAC    "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"

static bool is_valid(const char *secrets, const char *header, const char *body)
{
    struct signature_secrets read;
    cr_assert_eq(signature_secrets_read(secrets, &read), ERR_OK);
    return signature_is_valid(&read, msg_str(header), msg_str(body));
}

Test(signature, takes_githubs_own_example)
{
    cr_expect(is_valid(GITHUB_SECRET, "sha256=" GITHUB_MAC, "Hello, World!"));
    cr_expect(is_valid(GITHUB_SECRET "\n", "sha256=" GITHUB_MAC, "Hello, World!"));
    cr_expect(is_valid(GITHUB_SECRET "\r\n", "sha256=" GITHUB_MAC, "Hello, World!"));
}

Test(signature, takes_any_of_several_secrets)
{
    cr_expect(is_valid("new\n" GITHUB_SECRET "\n", "sha256=" GITHUB_MAC, "Hello, World!"));
    cr_expect(is_valid("a\n\nb\nc\n" GITHUB_SECRET, "sha256=" GITHUB_MAC, "Hello, World!"));
    cr_expect_not(is_valid("new\nnewer", "sha256=" GITHUB_MAC, "Hello, World!"));
}

Test(signature, refuses_whatever_differs)
{
    static const char *const headers[] = {
        "",
        "sha256=",
        GITHUB_MAC,
        "sha1=" GITHUB_MAC,
        "SHA256=" GITHUB_MAC,
        "sha256=" GITHUB_MAC "00",
        "sha256= " GITHUB_MAC,
        "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e",
        "sha256=757107EA0EB2509FC211221CCE984B8A37570B6D7586C22C46F4379C8B043E17",
        "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e18",
        "sha256=0000000000000000000000000000000000000000000000000000000000000000",
        "sha256=g57107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"};
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        cr_expect_not(is_valid(GITHUB_SECRET, headers[i], "Hello, World!"), "%s", headers[i]);
    }
    cr_expect_not(is_valid(GITHUB_SECRET, "sha256=" GITHUB_MAC, "Hello, World! "));
    cr_expect_not(is_valid(GITHUB_SECRET, "sha256=" GITHUB_MAC, ""));
}

Test(signature, refuses_files_without_usable_secrets)
{
    struct signature_secrets read;
    char long_one[SIGNATURE_SECRET_SIZE + 2];
    memset(long_one, 'x', sizeof long_one - 1);
    long_one[sizeof long_one - 1] = '\0';
    cr_expect_eq(signature_secrets_read("", &read), ERR_MALFORMED);
    cr_expect_eq(signature_secrets_read("\n\r\n\n", &read), ERR_MALFORMED);
    cr_expect_eq(signature_secrets_read("1\n2\n3\n4\n5", &read), ERR_MALFORMED);
    cr_expect_eq(signature_secrets_read(long_one, &read), ERR_MALFORMED);
    cr_expect_eq(signature_secrets_read(long_one + 1, &read), ERR_OK);
    cr_expect_eq(signature_secrets_read("1\n2\n3\n4\n", &read), ERR_OK);
    cr_expect_eq(read.count, 4);
}

/* ---- headers ---- */

Test(headers, finds_a_header_and_counts_it)
{
    struct msg_str headers = msg_str("host: x\nx-a:  one \r\nx-ab: two\nx-a: three\nempty:\n");
    struct msg_str value;
    cr_expect_eq(headers_find(headers, "x-a", &value), 2);
    cr_expect(msg_str_is(value, "one"));
    cr_expect_not(headers_only(headers, "x-a", &value));
    cr_expect(headers_only(headers, "x-ab", &value));
    cr_expect(msg_str_is(value, "two"));
    cr_expect_not(headers_only(headers, "empty", &value));
    cr_expect_eq(headers_find(headers, "x", &value), 0);
    cr_expect(msg_str_is(value, ""));
    cr_expect_eq(headers_find(msg_str(""), "x", &value), 0);
}

/* ---- origin ---- */

Test(origin, survives_its_text)
{
    struct origin origin = {.repo = "octo-org/some.repo_1", .number = 7, .sha = SHA};
    struct origin read;
    char text[ORIGIN_TEXT_SIZE + 1];
    origin_write(&origin, text);
    cr_expect_str_eq(text, "github:octo-org/some.repo_1#7@" SHA);
    cr_assert_eq(origin_read(msg_str(text), &read), ERR_OK);
    cr_expect_str_eq(read.repo, origin.repo);
    cr_expect_eq(read.number, 7);
    cr_expect_str_eq(read.sha, SHA);
}

Test(origin, of_the_longest_parts_fits_its_field)
{
    struct origin origin = {.number = INT32_MAX};
    struct origin read;
    char text[ORIGIN_TEXT_SIZE + 1];
    memset(origin.repo, 'a', ORIGIN_REPO_SIZE);
    origin.repo[ORIGIN_OWNER_SIZE] = '/';
    memset(origin.sha, 'f', ORIGIN_SHA_SIZE);
    origin_write(&origin, text);
    cr_assert_eq(origin_read(msg_str(text), &read), ERR_OK);
    cr_expect_str_eq(read.repo, origin.repo);
    cr_expect_eq(read.number, INT32_MAX);
}

Test(origin, from_elsewhere_is_refused)
{
    static const char *const texts[] = {"",
                                        "github:",
                                        "sqs:o/r#7@" SHA,
                                        "github:o/r#7",
                                        "github:o/r@" SHA,
                                        "github:o/r#0@" SHA,
                                        "github:o/r#-1@" SHA,
                                        "github:o/r#07@" SHA,
                                        "github:o/r#9999999999999999@" SHA,
                                        "github:o/r#7@" SHA "0",
                                        "github:o/../r#7@" SHA,
                                        "github:o#7@" SHA};
    struct origin read;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        cr_expect_eq(origin_read(msg_str(texts[i]), &read), ERR_MALFORMED, "%s", texts[i]);
    }
}

Test(origin, names_of_repositories_are_safe_in_paths_and_urls)
{
    static const char *const good[] = {"o/r", "O-1/r.js", "a_b/.github", "o/..r", "o/-r"};
    static const char *const bad[] = {"",      "/",     "o/",     "/r",    "o",       "o/r/s",
                                      "../x",  "o/..",  "o/.",    "./r",   "o/r\n",   "o/r?x",
                                      "o/r#x", "o r/x", "-o/r",   "o/%2e", "../../e", "o/r\xc3\xa9",
                                      "o\\r",  "o/r\\", "~root/r"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        cr_expect(origin_repo_is_valid(msg_str(good[i])), "%s", good[i]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        cr_expect_not(origin_repo_is_valid(msg_str(bad[i])), "%s", bad[i]);
    }
    cr_expect_not(origin_repo_is_valid((struct msg_str){"o/r\0x", 5}));
}

/* ---- event ---- */

struct given {
    const char *action;
    const char *number;
    const char *repo;
    const char *from; /* the head's repo, JSON */
    const char *sha;
    const char *ref;
    const char *more; /* further members, JSON */
};

static const struct given usual = {.action = "opened",
                                   .number = "7",
                                   .repo = "o/r",
                                   .from = "{\"full_name\":\"o/r\"}",
                                   .sha = SHA,
                                   .ref = "topic",
                                   .more = ""};

static enum err read_given(const struct given *given, struct event *ret_event)
{
    char body[4096];
    int size = snprintf(body, sizeof body,
                        "{\"action\":\"%s\",\"pull_request\":{\"number\":%s,"
                        "\"updated_at\":\"2024-05-01T12:34:56Z\","
                        "\"head\":{\"sha\":\"%s\",\"ref\":\"%s\",\"repo\":%s},"
                        "\"base\":{\"sha\":\"" BASE "\",\"ref\":\"main\"}},"
                        "\"repository\":{\"full_name\":\"%s\"}%s}",
                        given->action, given->number, given->sha, given->ref, given->from,
                        given->repo, given->more);
    cr_assert(size > 0 && (size_t)size < sizeof body);
    return event_read(EVENT_PULL_REQUEST, msg_str(body), ret_event);
}

Test(event, of_new_code_is_read)
{
    struct event event;
    cr_assert_eq(read_given(&usual, &event), ERR_OK);
    cr_expect(event.run);
    cr_expect_str_eq(event.origin.repo, "o/r");
    cr_expect_eq(event.origin.number, 7);
    cr_expect_str_eq(event.origin.sha, SHA);
    cr_expect_str_eq(event.base, BASE);
    cr_expect_not(event.fork);
    cr_expect_eq(event.updated_ms, 1714566896000);
}

Test(event, says_which_actions_want_a_run)
{
    static const char *const runs[] = {"opened", "reopened", "synchronize", "ready_for_review"};
    static const char *const others[] = {"closed", "edited", "labeled", "Opened", "x"};
    struct event event;
    for (size_t i = 0; i < sizeof runs / sizeof runs[0]; i++) {
        struct given given = usual;
        given.action = runs[i];
        cr_assert_eq(read_given(&given, &event), ERR_OK);
        cr_expect(event.run, "%s", runs[i]);
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        struct given given = usual;
        given.action = others[i];
        cr_assert_eq(read_given(&given, &event), ERR_OK);
        cr_expect_not(event.run, "%s", others[i]);
    }
}

Test(event, from_another_repository_is_a_fork)
{
    static const char *const forks[] = {"{\"full_name\":\"u/r\"}", "null", "{}", "7"};
    struct event event;
    for (size_t i = 0; i < sizeof forks / sizeof forks[0]; i++) {
        struct given given = usual;
        given.from = forks[i];
        cr_assert_eq(read_given(&given, &event), ERR_OK);
        cr_expect(event.fork, "%s", forks[i]);
    }
}

static void refuses(struct given given)
{
    struct event event;
    cr_expect_eq(read_given(&given, &event), ERR_MALFORMED, "%s %s %s %s %s", given.number,
                 given.repo, given.sha, given.ref, given.more);
}

Test(event, with_a_hostile_value_is_refused)
{
    static const char *const numbers[] = {
        "0", "-7", "7.0", "\"7\"", "1e999", "null", "99999999999999999999"};
    static const char *const shas[] = {"",
                                       "$(id)",
                                       "0123",
                                       SHA "0",
                                       "../../etc/passwd",
                                       "0123456789ABCDEF0123456789ABCDEF01234567"};
    static const char *const refs[] = {"--upload-pack=touch /tmp/x", "a b", "a\\u0001", "-x"};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        struct given given = usual;
        given.number = numbers[i];
        refuses(given);
    }
    for (size_t i = 0; i < sizeof shas / sizeof shas[0]; i++) {
        struct given given = usual;
        given.sha = shas[i];
        refuses(given);
    }
    for (size_t i = 0; i < sizeof refs / sizeof refs[0]; i++) {
        struct given given = usual;
        given.ref = refs[i];
        refuses(given);
    }
    struct given given = usual;
    given.repo = "../../etc";
    refuses(given);
    given = usual;
    given.action = "open\\u0000ed";
    refuses(given);
    given = usual;
    given.more = ",\"action\":\"closed\"";
    refuses(given);
}

Test(event, of_no_shape_is_refused)
{
    static const char *const bodies[] = {"",
                                         "{",
                                         "{nope",
                                         "[]",
                                         "7",
                                         "null",
                                         "{}",
                                         "{\"action\":7}",
                                         "{\"action\":\"\"}",
                                         "{\"action\":\"opened\"}",
                                         "{\"action\":\"opened\",\"pull_request\":null}",
                                         "{\"action\":\"opened\",\"pull_request\":[]}",
                                         "{\"action\":\"\xff\xfe\"}",
                                         "{\"action\":\"opened\",\"number\":1e999999999}",
                                         "{\"action\":\"closed\"} x"};
    struct event event;
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        cr_expect_eq(event_read(EVENT_PULL_REQUEST, msg_str(bodies[i]), &event), ERR_MALFORMED,
                     "%s", bodies[i]);
    }
}

Test(event, that_is_deep_or_large_is_refused)
{
    struct event event;
    size_t size = EVENT_BODY_MAX + 1;
    char *body = malloc(size);
    cr_assert(body);
    memset(body, '[', size);
    cr_expect_eq(event_read(EVENT_PULL_REQUEST, (struct msg_str){body, 200000}, &event),
                 ERR_MALFORMED);
    for (size_t i = 0; i + 5 <= 500000; i += 5) {
        memcpy(body + i, "{\"a\":", 5);
    }
    cr_expect_eq(event_read(EVENT_PULL_REQUEST, (struct msg_str){body, 500000}, &event),
                 ERR_MALFORMED);
    memset(body, ' ', size);
    memcpy(body, "{\"action\":\"closed\"}", 19);
    cr_expect_eq(event_read(EVENT_PULL_REQUEST, (struct msg_str){body, EVENT_BODY_MAX}, &event),
                 ERR_OK);
    cr_expect_eq(event_read(EVENT_PULL_REQUEST, (struct msg_str){body, EVENT_BODY_MAX + 1}, &event),
                 ERR_MALFORMED);
    free(body);
}

#define REPO ",\"repository\":{\"full_name\":\"o/r\"}}"

static struct event read_ok(enum event_kind kind, const char *body)
{
    struct event event;
    cr_assert_eq(event_read(kind, msg_str(body), &event), ERR_OK, "%s", body);
    return event;
}

static struct event read_check(const char *action, const char *name, const char *sha, int from)
{
    char body[1024];
    (void)snprintf(body, sizeof body,
                   "{\"action\":\"%s\",\"check_run\":{\"name\":\"%s\",\"head_sha\":\"%s\","
                   "\"completed_at\":\"2024-05-01T12:34:56Z\",\"pull_requests\":[{\"number\":7,"
                   "\"head\":{\"sha\":\"" SHA "\",\"ref\":\"t\",\"repo\":{\"id\":%d}},"
                   "\"base\":{\"sha\":\"" BASE "\",\"ref\":\"m\",\"repo\":{\"id\":1}}}]}" REPO,
                   action, name, sha, from);
    return read_ok(EVENT_CHECK, body);
}

Test(event, that_asks_for_a_check_again_wants_a_run)
{
    struct event event = read_check("rerequested", "troupe", SHA, 1);
    cr_expect(event.run);
    cr_expect_not(event.fork);
    cr_expect_str_eq(event.origin.repo, "o/r");
    cr_expect_eq(event.origin.number, 7);
    cr_expect_str_eq(event.origin.sha, SHA);
    cr_expect_eq(event.updated_ms, 1714566896000);
    cr_expect_str_eq(event.login, "");
    cr_expect(read_check("rerequested", "troupe", SHA, 2).fork);
    cr_expect_not(read_check("completed", "troupe", SHA, 1).run);
    cr_expect_not(read_check("rerequested", "another", SHA, 1).run);
    cr_expect_not(read_check("rerequested", "troupe", BASE, 1).run, "not the newest commit");
    event = read_ok(EVENT_CHECK, "{\"action\":\"rerequested\",\"check_suite\":{\"head_sha\":\"" SHA
                                 "\",\"pull_requests\":[]}" REPO);
    cr_expect_not(event.run);
    cr_expect_eq(event_read(EVENT_CHECK, msg_str("{\"action\":\"rerequested\"" REPO), &event),
                 ERR_MALFORMED);
}

static struct event read_comment(const char *text, const char *login, const char *type,
                                 const char *issue)
{
    char body[1024];
    (void)snprintf(body, sizeof body,
                   "{\"action\":\"created\",\"issue\":%s,\"comment\":{\"body\":\"%s\","
                   "\"created_at\":\"2024-05-01T12:34:56Z\","
                   "\"user\":{\"login\":\"%s\",\"type\":\"%s\"}}" REPO,
                   issue, text, login, type);
    return read_ok(EVENT_COMMENT, body);
}

Test(event, of_a_comment_wants_a_run_when_its_first_line_says_so)
{
    static const char *const pull = "{\"number\":7,\"pull_request\":{}}";
    static const char *const commands[] = {"/troupe rerun", "/troupe rerun  \\r\\nplease",
                                           "/troupe rerun\\n"};
    static const char *const others[] = {"",
                                         "troupe rerun",
                                         " /troupe rerun",
                                         "/troupe rerunx",
                                         "/troupe rerun x",
                                         "I say\\n/troupe rerun",
                                         "/troupe"};
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        struct event event = read_comment(commands[i], "octo-cat", "User", pull);
        cr_expect(event.run, "%s", commands[i]);
        cr_expect_str_eq(event.login, "octo-cat");
        cr_expect_eq(event.origin.number, 7);
        cr_expect_str_eq(event.origin.sha, "", "it is to be asked for");
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        cr_expect_not(read_comment(others[i], "u", "User", pull).run, "%s", others[i]);
    }
    cr_expect_not(read_comment("/troupe rerun", "troupe[bot]", "Bot", pull).run);
    cr_expect_not(read_comment("/troupe rerun", "u", "User", "{\"number\":7}").run);
}

Test(event, of_a_comment_learns_its_commit_from_the_pull_request)
{
    static const char *const pull = "{\"number\":7,\"pull_request\":{}}";
    struct event event = read_comment("/troupe rerun", "u", "User", pull);
    static const char *const other =
        "{\"number\":%d,\"state\":\"%s\",\"head\":{\"sha\":\"" SHA
        "\",\"ref\":\"t\",\"repo\":{\"full_name\":\"%s\"}},\"base\":{\"sha\":\"" BASE "\"}}";
    char body[512];
    (void)snprintf(body, sizeof body, other, 8, "open", "o/r");
    cr_expect_eq(event_read_pull(msg_str(body), &event), ERR_MALFORMED);
    cr_expect_eq(event_read_pull(msg_str("{}"), &event), ERR_MALFORMED);
    (void)snprintf(body, sizeof body, other, 7, "closed", "o/r");
    cr_assert_eq(event_read_pull(msg_str(body), &event), ERR_OK);
    cr_expect_not(event.run);
    (void)snprintf(body, sizeof body, other, 7, "open", "u/r");
    cr_assert_eq(event_read_pull(msg_str(body), &event), ERR_OK);
    cr_expect(event.run);
    cr_expect(event.fork);
    cr_expect_str_eq(event.origin.sha, SHA);
    cr_expect_eq(event.updated_ms, 1714566896000, "that of the comment");
}

Test(event, times_are_those_of_the_calendar)
{
    cr_expect_eq(event_time_ms(msg_str("1970-01-01T00:00:00Z")), 0);
    cr_expect_eq(event_time_ms(msg_str("1970-01-02T00:00:01Z")), 86401000);
    cr_expect_eq(event_time_ms(msg_str("2000-02-29T00:00:00Z")), 951782400000);
    cr_expect_eq(event_time_ms(msg_str("2024-03-01T00:00:00Z")), 1709251200000);
    cr_expect_eq(event_time_ms(msg_str("9999-12-31T23:59:59Z")), 253402300799000);
    cr_expect_eq(event_time_ms(msg_str("2024-13-01T00:00:00Z")), 0);
    cr_expect_eq(event_time_ms(msg_str("2024-01-01 00:00:00Z")), 0);
    cr_expect_eq(event_time_ms(msg_str("2024-01-01T00:00:00+")), 0);
    cr_expect_eq(event_time_ms(msg_str("202x-01-01T00:00:00Z")), 0);
    cr_expect_eq(event_time_ms(msg_str("")), 0);
}

Test(event, id_of_a_run_is_that_of_the_bytes)
{
    char one[ULID_SIZE + 1];
    char same[ULID_SIZE + 1];
    char other[ULID_SIZE + 1];
    char later[ULID_SIZE + 1];
    cr_assert_eq(event_run_id(msg_str("body"), 1714566896000, one), ERR_OK);
    cr_assert_eq(event_run_id(msg_str("body"), 1714566896000, same), ERR_OK);
    cr_assert_eq(event_run_id(msg_str("body "), 1714566896000, other), ERR_OK);
    cr_assert_eq(event_run_id(msg_str("x"), 1714566897000, later), ERR_OK);
    cr_expect(ulid_is_valid(one));
    cr_expect_str_eq(one, same);
    cr_expect_str_neq(one, other);
    cr_expect_lt(strcmp(one, later), 0);
}

Test(event, words_are_words)
{
    cr_expect(event_word_is_valid(msg_str("pull_request")));
    cr_expect(event_word_is_valid(msg_str("72d3162e-cc78-11e3-81ab-4c9367dc0958")));
    cr_expect_not(event_word_is_valid(msg_str("")));
    cr_expect_not(event_word_is_valid(msg_str("pull_request ; x")));
    cr_expect_not(event_word_is_valid(msg_str("a\nb")));
    cr_expect_not(event_word_is_valid(
        msg_str("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")));
}

/* ---- checkouts ---- */

Test(checkout, puts_repositories_behind_plain_urls_only)
{
    static const char *const bad[] = {"",
                                      "https://",
                                      "https://github.com/",
                                      "ssh://github.com",
                                      "ext::sh -c id",
                                      "git@github.com:o",
                                      "https://user:secret@github.com",
                                      "https://github.com/$(id)",
                                      "https://github.com --upload-pack=id",
                                      "--upload-pack=id",
                                      "HTTPS://github.com"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        cr_expect_null(checkout_scheme(bad[i]), "%s", bad[i]);
    }
    cr_expect_str_eq(checkout_scheme("https://github.com"), "https");
    cr_expect_str_eq(checkout_scheme("http://127.0.0.1:8080/git"), "http");
    cr_expect_str_eq(checkout_scheme("file:///srv/git"), "file");
}

Test(checkout, gives_the_token_to_the_fetch_alone)
{
    struct config config;
    struct origin origin;
    config_defaults(&config);
    (void)snprintf(config.gateway.mirrors, sizeof config.gateway.mirrors, "/mi");
    (void)snprintf(config.gateway.checkouts, sizeof config.gateway.checkouts, "/co");
    (void)snprintf(config.gateway.setup, sizeof config.gateway.setup, "npm ci");
    cr_assert_eq(origin_read(msg_str("github:o/r#7@" SHA), &origin), ERR_OK);
    struct checkout_job job = {.cfg = &config.gateway,
                               .origin = &origin,
                               .env = "PATH=/bin",
                               .token = "TOKEN",
                               .in_use = ""};
    for (int step = 0; step < CHECKOUT_STEPS; step++) {
        struct checkout_command *command;
        cr_assert_eq(checkout_command_new((enum checkout_step)step, &job, &command), ERR_OK);
        for (size_t i = 0; command->argv[i]; i++) {
            cr_expect_null(strstr(command->argv[i], "TOKEN\n"));
            cr_expect(!strstr(command->argv[i], "TOKEN") ||
                      strstr(command->argv[i], "$TROUPE_TOKEN"));
        }
        cr_expect_eq(strstr(command->env, "\nTROUPE_TOKEN=TOKEN\n") != NULL,
                     step == CHECKOUT_FETCH);
        cr_expect_eq(strncmp(command->env, "LC_ALL=C\n", 9), 0, "%s", command->env);
        cr_expect(strstr(command->env, "\nPATH=/bin"));
        cr_expect(strstr(command->env, "\nGIT_ALLOW_PROTOCOL=https\n"));
        cr_expect_eq(command->network, step == CHECKOUT_FETCH || step == CHECKOUT_SETUP);
        cr_expect_eq(command->control, step == CHECKOUT_SETUP);
        cr_expect_str_eq(command->dir, step == CHECKOUT_FETCH   ? "/mi"
                                       : step == CHECKOUT_SETUP ? "/co/o/r/." SHA ".new"
                                                                : "/co");
        checkout_command_free(&command);
    }
}

Test(checkout, has_room_for_the_longest_paths_of_the_configuration)
{
    struct config config;
    struct origin origin;
    struct checkout_command *command;
    config_defaults(&config);
    memset(config.gateway.mirrors, 'm', sizeof config.gateway.mirrors - 1);
    config.gateway.mirrors[0] = '/';
    memset(config.gateway.clone_url + 8, 'u', sizeof config.gateway.clone_url - 9);
    cr_assert_eq(origin_read(msg_str("github:o/r#7@" SHA), &origin), ERR_OK);
    struct checkout_job job = {
        .cfg = &config.gateway, .origin = &origin, .env = "", .token = "", .in_use = ""};
    for (int step = 0; step < CHECKOUT_STEPS; step++) {
        /* keys.def bounds all parts so that they fit. */
        cr_assert_eq(checkout_command_new((enum checkout_step)step, &job, &command), ERR_OK);
        cr_expect_lt(strlen(command->dir), CHECKOUT_PATH_SIZE);
        checkout_command_free(&command);
    }
}
