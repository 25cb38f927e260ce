/* test_cert.c - certificates, allow-lists, and the answers to libzmq's question. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/terms.h"
#include "runtime/cert_file.h"
#include "runtime/link_endpoint.h"
#include "runtime/link_security.h"

/* The key pair of ZeroMQ's own documentation (zmq_curve). */
#define PUBLIC "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"
#define SECRET "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"

static struct cert cert;
static const char *why;

static enum err parse(const char *text)
{
    why = NULL;
    return cert_read(text, strlen(text), &cert, &why);
}

static void expect_refused(const char *text, const char *reason)
{
    cr_expect_eq(parse(text), ERR_MALFORMED, "%s", text);
    cr_assert_not_null(why);
    cr_expect(strstr(why, reason), "%s", why);
}

/* ---- text ---- */

Test(cert, is_read_as_czmq_writes_it)
{
    cr_assert_eq(parse("#   ****  Generated on 2026-11-23 04:46:36 by CZMQ  ****\n"
                       "#   ZeroMQ CURVE **Secret** Certificate\n\n"
                       "metadata\n    name = \"worker-1\"\n    role = \"executor,partitioner\"\n"
                       "    email = \"a b=c\"\n"
                       "curve\n    public-key = \"" PUBLIC "\"\n    secret-key = \"" SECRET "\"\n"),
                 ERR_OK);
    cr_expect_str_eq(cert.name, "worker-1");
    cr_expect_str_eq(cert.public_key, PUBLIC);
    cr_expect_str_eq(cert.secret_key, SECRET);
    cr_expect_eq(cert.roles,
                 (UINT64_C(1) << TERM_role_EXECUTOR) | (UINT64_C(1) << TERM_role_PARTITIONER));
}

Test(cert, of_the_public_has_no_secret_and_no_role_is_none)
{
    cr_assert_eq(parse("metadata\n    name = a\r\ncurve\n    public-key = '" PUBLIC "' # mine"),
                 ERR_OK);
    cr_expect_str_eq(cert.name, "a");
    cr_expect_str_eq(cert.secret_key, "");
    cr_expect_eq(cert.roles, 0);
}

#define NAME "metadata\n    name = \"a\"\n"
#define KEY  "curve\n    public-key = \"" PUBLIC "\"\n"

Test(cert, says_what_is_wrong_with_it)
{
    expect_refused("", "no public-key");
    expect_refused(NAME, "no public-key");
    expect_refused(KEY, "no name");
    expect_refused(NAME "    public-key = \"" PUBLIC "\"\n", "no public-key");
    expect_refused(NAME KEY "    public-key = \"" PUBLIC "\"\n", "twice");
    expect_refused(NAME "    name = \"b\"\n" KEY, "twice");
    expect_refused(NAME "curve\n    public-key = \"short\"\n", "Z85");
    expect_refused(NAME "curve\n    public-key = \"" PUBLIC "\n", "no end");
    expect_refused(NAME "curve\n    public-key =\n", "missing");
    expect_refused("metadata\n    name = \"../a\"\n" KEY, "characters");
    expect_refused("metadata\n    name = \"a/b\"\n" KEY, "characters");
    expect_refused(NAME "    role = \"king\"\n" KEY, "role");
    expect_refused(NAME "    role = \"executor,,\"\n" KEY, "role");
}

Test(cert, has_a_limit)
{
    static char text[CERT_TEXT_MAX + 2];
    memset(text, '#', CERT_TEXT_MAX + 1);
    cr_expect_eq(cert_read(text, CERT_TEXT_MAX + 1, &cert, &why), ERR_LIMIT);
    cr_expect_eq(cert_read(text, CERT_TEXT_MAX, &cert, &why), ERR_MALFORMED);
    char name[CERT_NAME_MAX + 2] = "";
    memset(name, 'n', CERT_NAME_MAX);
    cr_expect(cert_is_name(name));
    name[CERT_NAME_MAX] = 'n';
    cr_expect_not(cert_is_name(name));
}

Test(cert, is_written_as_it_was_read)
{
    struct cert from = {.name = "a.b-c_d", .public_key = PUBLIC, .secret_key = SECRET};
    char text[CERT_TEXT_MAX];
    from.roles = 0xffe; /* roles 1 to 11 */
    cr_assert_eq(cert_write(&from, true, text, sizeof text), ERR_OK);
    cr_assert_eq(parse(text), ERR_OK, "%s", why);
    cr_expect_str_eq(cert.name, from.name);
    cr_expect_str_eq(cert.secret_key, SECRET);
    cr_expect_eq(cert.roles, from.roles);
    cr_assert_eq(cert_write(&from, false, text, sizeof text), ERR_OK);
    cr_expect_null(strstr(text, SECRET));
    cr_expect_null(strstr(text, "secret-key"));
    cr_expect_eq(cert_write(&from, true, text, 40), ERR_LIMIT);
}

Test(cert, keys_are_z85)
{
    const uint8_t zero[CERT_KEY_BYTES] = {0};
    uint8_t ones[CERT_KEY_BYTES];
    char text[CERT_KEY_TEXT + 1];
    memset(ones, 0xff, sizeof ones);
    cert_key_text(zero, text);
    cr_expect_str_eq(text, "0000000000000000000000000000000000000000");
    cr_expect(cert_is_key(text, CERT_KEY_TEXT));
    cert_key_text(ones, text);
    cr_expect(cert_is_key(text, CERT_KEY_TEXT));
    text[4]++; /* one more than 32 bits hold */
    cr_expect_not(cert_is_key(text, CERT_KEY_TEXT));
    cr_expect_not(cert_is_key(PUBLIC, CERT_KEY_TEXT - 1));
    cr_expect_not(cert_is_key("~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~", CERT_KEY_TEXT));
    /* Z85's own example, RFC 32. */
    const uint8_t hello[CERT_KEY_BYTES] = {0x86, 0x4f, 0xd2, 0x6f, 0xb5, 0x59, 0xf7, 0x5b};
    cert_key_text(hello, text);
    cr_expect_eq(strncmp(text, "HelloWorld", 10), 0, "%s", text);
}

Test(cert, covers_its_name_and_several_of_it)
{
    struct cert own = {.name = "web", .roles = UINT64_C(1) << TERM_role_EXECUTOR};
    cr_expect(cert_covers(&own, "web", 3));
    cr_expect(cert_covers(&own, "web/1", 5));
    cr_expect_not(cert_covers(&own, "web-1", 5));
    cr_expect_not(cert_covers(&own, "we", 2));
    cr_expect_not(cert_covers(&own, "other", 5));
    cr_expect_not(cert_covers(&(struct cert){.name = ""}, "/x", 2));
    cr_expect(cert_allows(&own, "web", 3, TERM_role_EXECUTOR));
    cr_expect(cert_allows(&own, "web", 3, 0));
    cr_expect_not(cert_allows(&own, "web", 3, TERM_role_COORDINATOR));
    cr_expect_not(cert_allows(&own, "web", 3, UINT64_MAX));
}

/* ---- files ---- */

static char dir[] = "/tmp/test-cert-XXXXXX";

static void make_dir(void)
{
    cr_assert_not_null(mkdtemp(dir));
}

static const char *path_of(const char *name)
{
    static char path[CERT_PATH_MAX];
    cr_assert_eq(cert_path(dir, name, "", path), ERR_OK);
    return path;
}

static void clean_up(void)
{
    static const char *const names[] = {"a.cert",        "b.cert",    "c.cert",
                                        "a.cert_secret", "pipe.cert", ".hidden.cert"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)unlink(path_of(names[i]));
    }
    cr_expect_eq(rmdir(dir), 0, "drafts are left");
}

TestSuite(cert_file, .init = make_dir, .fini = clean_up);

static void save(const char *name, const char *file)
{
    struct cert made = {0};
    cr_assert_eq(security_make_keys(&made), ERR_OK);
    (void)snprintf(made.name, sizeof made.name, "%s", name);
    cr_assert_eq(cert_save(path_of(file), &made, false, true), ERR_OK);
}

Test(cert_file, secret_is_for_its_owner_alone)
{
    struct cert made = {.name = "a", .public_key = PUBLIC, .secret_key = SECRET};
    struct stat at;
    char text[256];
    cr_assert_eq(cert_save(path_of("a.cert_secret"), &made, true, false), ERR_OK);
    cr_expect_eq(cert_save(path_of("a.cert_secret"), &made, true, false), ERR_EXISTS);
    cr_assert_eq(stat(path_of("a.cert_secret"), &at), 0);
    cr_expect_eq(at.st_mode & 0777, 0600);
    cr_expect_eq(cert_load(path_of("a.cert_secret"), true, &cert, text, sizeof text), ERR_OK);
    cr_expect_str_eq(cert.secret_key, SECRET);
    cr_expect_eq(cert_load(path_of("a.cert_secret"), false, &cert, text, sizeof text), ERR_OK);
    cr_expect_str_eq(cert.secret_key, "");
    cr_assert_eq(chmod(path_of("a.cert_secret"), 0640), 0);
    cr_expect_eq(cert_load(path_of("a.cert_secret"), true, &cert, text, sizeof text), ERR_REFUSED);
    cr_expect(strstr(text, "chmod 600"), "%s", text);
}

Test(cert_file, what_is_no_certificate_is_refused_without_waiting)
{
    char text[256];
    cr_assert_eq(mkfifo(path_of("pipe.cert"), 0600), 0);
    cr_expect_eq(cert_load(path_of("pipe.cert"), false, &cert, text, sizeof text), ERR_IO);
    cr_expect_eq(cert_load(dir, false, &cert, text, sizeof text), ERR_IO);
    cr_expect_eq(cert_load(path_of("nothing"), false, &cert, text, sizeof text), ERR_IO);
    save("a", "a.cert");
    cr_expect_eq(cert_load(path_of("a.cert"), true, &cert, text, sizeof text), ERR_REFUSED);
    cr_assert_eq(chmod(path_of("a.cert"), 0600), 0);
    cr_expect_eq(cert_load(path_of("a.cert"), true, &cert, text, sizeof text), ERR_MALFORMED);
}

Test(cert_file, list_leaves_out_what_does_not_count)
{
    struct zap_allowed allowed = {0};
    char text[256];
    save("a", "a.cert");
    save("b", "b.cert");
    save("h", ".hidden.cert");
    cr_assert_eq(cert_allowed_load(dir, &allowed, text, sizeof text), ERR_OK);
    cr_expect_eq(allowed.count, 2);
    cr_expect_str_eq(text, "");
    cr_expect_leq(zap_compare(&allowed.list[0], &allowed.list[1]), 0);
    cert_allowed_fini(&allowed);
    /* The same key once more: neither of the two counts. */
    cr_assert_eq(cert_load(path_of("a.cert"), false, &cert, text, sizeof text), ERR_OK);
    cr_assert_eq(cert_save(path_of("c.cert"), &cert, false, false), ERR_OK);
    cr_assert_eq(cert_allowed_load(dir, &allowed, text, sizeof text), ERR_OK);
    cr_expect_eq(allowed.count, 1);
    cr_expect(strstr(text, "several files"), "%s", text);
    cert_allowed_fini(&allowed);
    cr_assert_eq(truncate(path_of("c.cert"), 3), 0);
    cr_assert_eq(cert_allowed_load(dir, &allowed, text, sizeof text), ERR_OK);
    cr_expect_eq(allowed.count, 2);
    cr_expect(strstr(text, "c.cert"), "%s", text);
    cert_allowed_fini(&allowed);
}

Test(cert_file, list_that_everybody_may_write_is_refused)
{
    struct zap_allowed allowed = {0};
    char text[256];
    cr_assert_eq(chmod(dir, 0777), 0);
    cr_expect_eq(cert_allowed_load(dir, &allowed, text, sizeof text), ERR_REFUSED);
    cr_expect_eq(cert_allowed_load("/nowhere", &allowed, text, sizeof text), ERR_IO);
}

Test(cert_file, stamp_changes_with_every_change)
{
    uint64_t none = cert_stamp(path_of("a.cert"));
    uint64_t empty = cert_stamp(dir);
    save("a", "a.cert");
    uint64_t one = cert_stamp(dir);
    uint64_t file = cert_stamp(path_of("a.cert"));
    cr_expect_eq(one, cert_stamp(dir));
    /* In place, so that only the file changes, not the folder. */
    int fd = open(path_of("a.cert"), O_WRONLY | O_APPEND | O_CLOEXEC);
    cr_assert_eq(write(fd, "#", 1), 1);
    cr_assert_eq(close(fd), 0);
    cr_expect_eq(none, 0);
    cr_expect_neq(empty, one);
    cr_expect_neq(one, cert_stamp(dir));
    cr_expect_neq(file, cert_stamp(path_of("a.cert")));
    cr_expect_eq(cert_stamp("/nowhere"), 0);
}

/* ---- libzmq's question ---- */

static uint8_t key[CERT_KEY_BYTES] = {1, 2, 3};
static struct zap_frame frames[ZAP_FRAMES + 1];
static struct cert listed[2];
static struct zap_allowed list = {listed, 2};
static struct zap_answer answer;

static struct zap_frame frame(const char *text)
{
    return (struct zap_frame){text, strlen(text)};
}

static void ask_well(void)
{
    static const char *const texts[] = {"1.0", "42", ZAP_DOMAIN, "10.0.0.7", "", "CURVE", "", ""};
    for (size_t i = 0; i <= ZAP_FRAMES; i++) {
        frames[i] = frame(texts[i]);
    }
    frames[ZAP_FRAMES - 1] = (struct zap_frame){key, sizeof key};
    listed[0] = (struct cert){.name = "worker"};
    cert_key_text(key, listed[0].public_key);
    listed[1] = (struct cert){.name = "z", .public_key = PUBLIC};
    qsort(listed, 2, sizeof listed[0], zap_compare);
}

TestSuite(zap, .init = ask_well);

static const char *judge(size_t count)
{
    zap_judge(&list, frames, count, &answer);
    return answer.status;
}

Test(zap, lets_in_who_is_on_the_list)
{
    cr_expect_str_eq(judge(ZAP_FRAMES), "200");
    cr_expect_eq(answer.request_size, 2);
    cr_expect_eq(memcmp(answer.request, "42", 2), 0);
    cr_expect_str_eq(answer.address, "10.0.0.7");
    char user[ZAP_USER_MAX + 1];
    (void)snprintf(user, sizeof user, "worker %s", answer.key);
    cr_expect_str_eq(answer.user, user);
    cr_expect_str_eq(zap_user_key(answer.user), answer.key);
    cr_expect_str_eq(zap_find(&list, zap_user_key(answer.user))->name, "worker");
}

Test(zap, refuses_all_others)
{
    key[0] = 9;
    cr_expect_str_eq(judge(ZAP_FRAMES), "400");
    cr_expect_str_eq(answer.user, "");
    key[0] = 1;
    list.count = 0;
    cr_expect_str_eq(judge(ZAP_FRAMES), "400");
    list.count = 2;
    cr_expect_str_eq(judge(ZAP_FRAMES), "200");
    frames[2] = frame("other");
    cr_expect_str_eq(judge(ZAP_FRAMES), "400");
    frames[2] = frame(ZAP_DOMAIN);
    frames[5] = frame("PLAIN");
    cr_expect_str_eq(judge(ZAP_FRAMES), "400");
    frames[5] = frame("NULL");
    cr_expect_str_eq(judge(ZAP_FRAMES - 1), "500");
}

Test(zap, refuses_what_is_no_request)
{
    static char large[ZAP_FRAME_MAX + 1];
    for (size_t count = 0; count < ZAP_FRAMES; count++) {
        cr_expect_str_eq(judge(count), "500");
        cr_expect_str_eq(answer.user, "");
    }
    cr_expect_str_eq(judge(ZAP_FRAMES + 1), "500");
    frames[0] = frame("2.0");
    cr_expect_str_eq(judge(ZAP_FRAMES), "500");
    ask_well();
    frames[6].size = CERT_KEY_BYTES - 1;
    cr_expect_str_eq(judge(ZAP_FRAMES), "500");
    for (size_t i = 1; i < ZAP_FRAMES - 1; i++) {
        ask_well();
        frames[i] = (struct zap_frame){large, sizeof large};
        cr_expect_str_eq(judge(ZAP_FRAMES), "500");
    }
}

Test(zap, addresses_are_fit_for_a_log)
{
    frames[3] = frame("a\nb \"c\" \x80");
    cr_expect_str_eq(judge(ZAP_FRAMES), "200");
    cr_expect_str_eq(answer.address, "a?b??c???");
}

Test(zap, user_ids_that_are_not_ours_have_no_key)
{
    cr_expect_null(zap_user_key(""));
    cr_expect_null(zap_user_key(PUBLIC));
    cr_expect_null(zap_user_key("aYne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"));
    cr_expect_str_eq(zap_user_key("a " PUBLIC), PUBLIC);
}

/* ---- which links ---- */

Test(security, loopback_is_only_what_surely_is)
{
    static const char *const here[] = {"tcp://127.0.0.1:7070", "tcp://127.1.2.3:*",
                                       "tcp://[::1]:7070", "tcp://localhost:7070"};
    static const char *const away[] = {"tcp://127.0.0.1.example:7070",
                                       "tcp://127.1:7070",
                                       "tcp://0.0.0.0:7070",
                                       "tcp://*:7070",
                                       "tcp://10.0.0.7:7070",
                                       "tcp://lo:7070",
                                       "tcp://127.0.0.1:0;10.0.0.7:1",
                                       "tcp://10.0.0.7;127.0.0.1:1",
                                       "tcp://[::]:1",
                                       "tcp://build.example:7070",
                                       "tcp://",
                                       "ipc:///tmp/x",
                                       "tcp://localhost",
                                       "tcp://128.0.0.1:1"};
    for (size_t i = 0; i < sizeof here / sizeof here[0]; i++) {
        cr_expect(endpoint_is_loopback(here[i]), "%s", here[i]);
    }
    for (size_t i = 0; i < sizeof away / sizeof away[0]; i++) {
        cr_expect_not(endpoint_is_loopback(away[i]), "%s", away[i]);
    }
}

static enum err rule(const char *curve, bool insecure, const char *endpoint, bool *ret_curve)
{
    struct cfg_security config = {.insecure = insecure};
    char text[256];
    (void)snprintf(config.curve, sizeof config.curve, "%s", curve);
    return security_rule(&config, endpoint, ret_curve, text, sizeof text);
}

Test(security, keys_are_needed_where_a_link_leaves_the_machine)
{
    bool curve = false;
    cr_expect_eq(rule("auto", false, "tcp://10.0.0.7:1", &curve), ERR_OK);
    cr_expect(curve);
    cr_expect_eq(rule("auto", true, "tcp://10.0.0.7:1", &curve), ERR_OK);
    cr_expect(curve);
    cr_expect_eq(rule("auto", false, "tcp://127.0.0.1:1", &curve), ERR_OK);
    cr_expect_not(curve);
    cr_expect_eq(rule("on", false, "tcp://127.0.0.1:1", &curve), ERR_OK);
    cr_expect(curve);
    cr_expect_eq(rule("on", false, "ipc:///tmp/x", &curve), ERR_OK);
    cr_expect_not(curve);
    cr_expect_eq(rule("off", false, "tcp://10.0.0.7:1", &curve), ERR_REFUSED);
    cr_expect_eq(rule("off", false, "tcp://127.0.0.1:1", &curve), ERR_OK);
    cr_expect_eq(rule("off", true, "tcp://10.0.0.7:1", &curve), ERR_OK);
    cr_expect_not(curve);
}
