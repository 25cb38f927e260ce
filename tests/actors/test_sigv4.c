/* test_sigv4.c - signatures that AWS published, what may not be signed, where credentials are
 * found, how long a retry waits, and what the head of a request is.
 *
 * The vectors are those of the AWS Signature Version 4 test suite (aws-sig-v4-test-suite, Apache
 * License 2.0), all of its cases that have a Signature in a header, as data.
 */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "actors/sqs_bridge/retry.h"
#include "actors/sqs_bridge/sigv4.h"
#include "actors/sqs_bridge/sqs_request.h"

enum { PAIRS_MAX = 8, SUITE_TIME_S = 1440938160 }; /* 20150830T123600Z */

#define LONG_TOKEN                                                                                 \
    "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSP" \
    "fIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT" \
    "7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlz" \
    "m8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA=="

/* A case of the suite; what is not said is GET, "/" and nothing. */
struct vector {
    const char *name;
    const char *method;
    const char *path;
    struct sigv4_pair query[PAIRS_MAX];
    struct sigv4_pair headers[PAIRS_MAX];
    const char *body;
    const char *token;
    const char *signed_headers;
    const char *signature;
};

static const struct vector vectors[] = {
    {.name = "get-header-key-duplicate",
     .headers = {{"My-Header1", "value2"}, {"My-Header1", "value2"}, {"My-Header1", "value1"}},
     .signed_headers = "host;my-header1;x-amz-date",
     .signature = "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"},
    {.name = "get-header-value-multiline",
     .headers = {{"My-Header1", "value1 value2 value3"}},
     .signed_headers = "host;my-header1;x-amz-date",
     .signature = "cfd34249e4b1c8d6b91ef74165d41a32e5fab3306300901bb65a51a73575eefd"},
    {.name = "get-header-value-order",
     .headers = {{"My-Header1", "value4"},
                 {"My-Header1", "value1"},
                 {"My-Header1", "value3"},
                 {"My-Header1", "value2"}},
     .signed_headers = "host;my-header1;x-amz-date",
     .signature = "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01"},
    {.name = "get-header-value-trim",
     .headers = {{"My-Header1", " value1"}, {"My-Header2", " \"a   b   c\""}},
     .signed_headers = "host;my-header1;my-header2;x-amz-date",
     .signature = "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
    {.name = "get-unreserved",
     .path = "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
     .signed_headers = "host;x-amz-date",
     .signature = "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"},
    {.name = "get-utf8",
     .path = "/\341\210\264",
     .signed_headers = "host;x-amz-date",
     .signature = "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
    {.name = "get-vanilla",
     .signed_headers = "host;x-amz-date",
     .signature = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {.name = "get-vanilla-empty-query-key",
     .query = {{"Param1", "value1"}},
     .signed_headers = "host;x-amz-date",
     .signature = "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"},
    {.name = "get-vanilla-query",
     .signed_headers = "host;x-amz-date",
     .signature = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {.name = "get-vanilla-query-order-encoded",
     .query = {{"Param-3", "Value3"}, {"Param", "Value2"}, {"\341\210\264", "Value1"}},
     .signed_headers = "host;x-amz-date",
     .signature = "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac"},
    {.name = "get-vanilla-query-order-key",
     .query = {{"Param1", "value2"}, {"Param1", "Value1"}},
     .signed_headers = "host;x-amz-date",
     .signature = "eedbc4e291e521cf13422ffca22be7d2eb8146eecf653089df300a15b2382bd1"},
    {.name = "get-vanilla-query-order-key-case",
     .query = {{"Param2", "value2"}, {"Param1", "value1"}},
     .signed_headers = "host;x-amz-date",
     .signature = "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
    {.name = "get-vanilla-query-order-value",
     .query = {{"Param1", "value2"}, {"Param1", "value1"}},
     .signed_headers = "host;x-amz-date",
     .signature = "5772eed61e12b33fae39ee5e7012498b51d56abc0abb7c60486157bd471c4694"},
    {.name = "get-vanilla-query-unreserved",
     .query = {{"-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
                "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"}},
     .signed_headers = "host;x-amz-date",
     .signature = "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197"},
    {.name = "get-vanilla-utf8-query",
     .query = {{"\341\210\264", "bar"}},
     .signed_headers = "host;x-amz-date",
     .signature = "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"},
    {.name = "get-vanilla-with-session-token",
     .token = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267",
     .signed_headers = "host;x-amz-date;x-amz-security-token",
     .signature = "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8"},
    {.name = "get-relative",
     .path = "/example/..",
     .signed_headers = "host;x-amz-date",
     .signature = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {.name = "get-relative-relative",
     .path = "/example1/example2/../..",
     .signed_headers = "host;x-amz-date",
     .signature = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {.name = "get-slash",
     .path = "//",
     .signed_headers = "host;x-amz-date",
     .signature = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {.name = "get-slash-dot-slash",
     .path = "/./",
     .signed_headers = "host;x-amz-date",
     .signature = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {.name = "get-slash-pointless-dot",
     .path = "/./example",
     .signed_headers = "host;x-amz-date",
     .signature = "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5"},
    {.name = "get-slashes",
     .path = "//example//",
     .signed_headers = "host;x-amz-date",
     .signature = "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"},
    {.name = "get-space",
     .path = "/example space/",
     .signed_headers = "host;x-amz-date",
     .signature = "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"},
    {.name = "get-special-character",
     .path = "/example/$delete",
     .signed_headers = "host;x-amz-date",
     .signature = "a853c9b21b528b19643d00910d35b83a10c366a10833ceefb45edd6c80e40f27"},
    {.name = "post-header-key-case",
     .method = "POST",
     .signed_headers = "host;x-amz-date",
     .signature = "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
    {.name = "post-header-key-sort",
     .method = "POST",
     .headers = {{"My-Header1", "value1"}},
     .signed_headers = "host;my-header1;x-amz-date",
     .signature = "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"},
    {.name = "post-header-value-case",
     .method = "POST",
     .headers = {{"My-Header1", "VALUE1"}},
     .signed_headers = "host;my-header1;x-amz-date",
     .signature = "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d"},
    {.name = "post-sts-header-after",
     .method = "POST",
     .signed_headers = "host;x-amz-date",
     .signature = "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
    {.name = "post-sts-header-before",
     .method = "POST",
     .token = LONG_TOKEN,
     .signed_headers = "host;x-amz-date;x-amz-security-token",
     .signature = "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"},
    {.name = "post-vanilla",
     .method = "POST",
     .signed_headers = "host;x-amz-date",
     .signature = "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
    {.name = "post-vanilla-empty-query-value",
     .method = "POST",
     .query = {{"Param1", "value1"}},
     .signed_headers = "host;x-amz-date",
     .signature = "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"},
    {.name = "post-vanilla-query",
     .method = "POST",
     .query = {{"Param1", "value1"}},
     .signed_headers = "host;x-amz-date",
     .signature = "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"},
    {.name = "post-x-www-form-urlencoded",
     .method = "POST",
     .headers = {{"Content-Type", "application/x-www-form-urlencoded"}},
     .body = "Param1=value1",
     .signed_headers = "content-type;host;x-amz-date",
     .signature = "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"},
    {.name = "post-x-www-form-urlencoded-parameters",
     .method = "POST",
     .headers = {{"Content-Type", "application/x-www-form-urlencoded; charset=utf8"}},
     .body = "Param1=value1",
     .signed_headers = "content-type;host;x-amz-date",
     .signature = "1a72ec8f64bd914b0e42e42607c7fbce7fb2c7465f63e3092b3b0d39fa77a6fe"},
};

static struct credentials credentials;
static struct sigv4_request request;
static struct sigv4_signer signer;
static struct sigv4_signature signature;

static void setup(void)
{
    credentials = (struct credentials){.access_key = "AKIDEXAMPLE",
                                       .secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"};
    request = (struct sigv4_request){.method = "GET", .host = "example.amazonaws.com", .path = "/"};
    signer = (struct sigv4_signer){"us-east-1", "service", &credentials, SUITE_TIME_S};
}

TestSuite(sigv4, .init = setup);

static enum err sign(void)
{
    return sigv4_sign(&request, &signer, &signature);
}

/* The signature of what is set up now; its text lives until the next. */
static const char *signed_now(void)
{
    cr_assert_eq(sign(), ERR_OK);
    const char *found = strstr(signature.authorization, "Signature=");
    cr_assert_not_null(found);
    return found + strlen("Signature=");
}

static size_t pairs_of(const struct sigv4_pair *pairs)
{
    size_t count = 0;
    while (count < PAIRS_MAX && pairs[count].name) {
        count++;
    }
    return count;
}

/* ---- the published vectors ---- */

static void check_vector(const struct vector *vector)
{
    setup();
    request.method = vector->method ? vector->method : "GET";
    request.path = vector->path ? vector->path : "/";
    request.query = vector->query;
    request.query_count = pairs_of(vector->query);
    request.headers = vector->headers;
    request.header_count = pairs_of(vector->headers);
    request.body = vector->body;
    request.body_size = vector->body ? strlen(vector->body) : 0;
    if (vector->token) {
        memcpy(credentials.token, vector->token, strlen(vector->token) + 1);
    }
    cr_assert_eq(sign(), ERR_OK, "%s", vector->name);
    char expected[SIGV4_AUTHORIZATION_SIZE];
    (void)snprintf(expected, sizeof expected,
                   "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/"
                   "aws4_request, SignedHeaders=%s, Signature=%s",
                   vector->signed_headers, vector->signature);
    cr_expect_str_eq(signature.authorization, expected, "%s", vector->name);
    cr_expect_str_eq(signature.date, "20150830T123600Z");
}

Test(sigv4, agrees_with_the_published_vectors)
{
    cr_assert_geq(sizeof vectors / sizeof vectors[0], 12);
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        check_vector(&vectors[i]);
    }
}

/* ---- what the vectors leave open ---- */

Test(sigv4, encodes_a_path_twice_but_for_s3)
{
    request.path = "/a%20b";
    char twice[SIGV4_HASH_SIZE];
    (void)snprintf(twice, sizeof twice, "%s", signed_now());
    request.path = "/x/../a%20b";
    cr_expect_str_eq(signed_now(), twice, "normalised");
    request.path = "/a b";
    cr_expect_str_neq(signed_now(), twice);
    signer.service = "s3";
    request.path = "/a%20b";
    (void)snprintf(twice, sizeof twice, "%s", signed_now());
    request.path = "/x/../a%20b";
    cr_expect_str_neq(signed_now(), twice, "s3 has names with dots in them");
}

Test(sigv4, takes_the_hash_instead_of_the_body)
{
    request.body = "Param1=value1";
    request.body_size = 13;
    char of_body[SIGV4_HASH_SIZE];
    (void)snprintf(of_body, sizeof of_body, "%s", signed_now());
    char hash[SIGV4_HASH_SIZE];
    cr_assert_eq(sigv4_hash(request.body, request.body_size, hash), ERR_OK);
    cr_expect_str_eq(hash, "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e");
    request.body = NULL;
    request.body_size = 0;
    request.body_hash = hash;
    cr_expect_str_eq(signed_now(), of_body);
    cr_assert_eq(sigv4_hash(NULL, 0, hash), ERR_OK);
    cr_expect_str_eq(hash, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

Test(sigv4, refuses_what_could_end_a_line)
{
    struct sigv4_pair header = {"X-One", "a\r\nX-Two: b"};
    request.headers = &header;
    request.header_count = 1;
    cr_expect_eq(sign(), ERR_MALFORMED);
    header = (struct sigv4_pair){"X One", "a"};
    cr_expect_eq(sign(), ERR_MALFORMED);
    header = (struct sigv4_pair){"", "a"};
    cr_expect_eq(sign(), ERR_MALFORMED);
    request.header_count = 0;
    request.host = "a\nb";
    cr_expect_eq(sign(), ERR_MALFORMED);
    request.host = "";
    cr_expect_eq(sign(), ERR_MALFORMED);
    setup();
    request.path = "relative";
    cr_expect_eq(sign(), ERR_MALFORMED);
    request.path = "/?query=in+it";
    cr_expect_eq(sign(), ERR_MALFORMED);
    request.path = "";
    cr_expect_eq(sign(), ERR_OK, "the same as /");
    request.method = "GET ";
    cr_expect_eq(sign(), ERR_MALFORMED);
    setup();
    signer.region = "us/east";
    cr_expect_eq(sign(), ERR_MALFORMED);
    setup();
    request.body_hash = "a\nb";
    cr_expect_eq(sign(), ERR_MALFORMED);
}

Test(sigv4, refuses_headers_that_it_adds)
{
    static const char *const names[] = {"Host", "X-Amz-Date", "x-amz-security-token",
                                        "AUTHORIZATION"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        request.headers = &(struct sigv4_pair){names[i], "x"};
        request.header_count = 1;
        cr_expect_eq(sign(), ERR_REFUSED, "%s", names[i]);
    }
}

Test(sigv4, has_limits)
{
    static struct sigv4_pair pairs[SIGV4_QUERY_MAX + 1];
    static char name[SIGV4_TEXT_MAX + 1];
    memset(name, 'a', sizeof name - 1);
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        pairs[i] = (struct sigv4_pair){"a", "b"};
    }
    request.query = pairs;
    request.query_count = SIGV4_QUERY_MAX;
    request.headers = pairs;
    request.header_count = SIGV4_HEADERS_MAX;
    cr_expect_eq(sign(), ERR_OK);
    request.query_count++;
    cr_expect_eq(sign(), ERR_LIMIT);
    request.query_count = 0;
    request.header_count++;
    cr_expect_eq(sign(), ERR_LIMIT);
    request.header_count = 1;
    pairs[0].name = name;
    cr_expect_eq(sign(), ERR_LIMIT);
    request.header_count = 0;
    request.query_count = 1;
    cr_expect_eq(sign(), ERR_LIMIT);
    request.query_count = 0;
    name[0] = '/';
    request.path = name;
    cr_expect_eq(sign(), ERR_LIMIT);
    for (size_t i = 0; i <= 2 * SIGV4_PATH_DEPTH_MAX; i += 2) {
        memcpy(name + i, "/a", 3);
    }
    cr_expect_eq(sign(), ERR_LIMIT, "too deep");
    name[(size_t)2 * SIGV4_PATH_DEPTH_MAX] = '\0';
    cr_expect_eq(sign(), ERR_OK);
    setup();
    signer.time_s = -1;
    cr_expect_eq(sign(), ERR_LIMIT);
    signer.time_s = INT64_C(253402300800);
    cr_expect_eq(sign(), ERR_LIMIT);
    signer.time_s--;
    cr_expect_eq(sign(), ERR_OK);
}

/* ---- credentials ---- */

static const char *variables[8][2];
static struct credentials found;

static char *lookup(const char *name)
{
    for (size_t i = 0; i < 8 && variables[i][0]; i++) {
        if (strcmp(variables[i][0], name) == 0) {
            return (char *)(uintptr_t)variables[i][1];
        }
    }
    return NULL;
}

static void set(size_t index, const char *name, const char *value)
{
    variables[index][0] = name;
    variables[index][1] = value;
}

static enum err parse(const char *text, const char *profile)
{
    return credentials_parse(text, strlen(text), profile, &found);
}

Test(credentials, come_from_the_environment_first)
{
    set(0, "AWS_ACCESS_KEY_ID", "AKID");
    set(1, "AWS_SECRET_ACCESS_KEY", "a/secret+");
    set(2, "AWS_SHARED_CREDENTIALS_FILE", "/nonexistent");
    cr_assert_eq(credentials_load(lookup, &found), ERR_OK);
    cr_expect_str_eq(found.access_key, "AKID");
    cr_expect_str_eq(found.secret, "a/secret+");
    cr_expect_str_eq(found.token, "");
    set(2, "AWS_SESSION_TOKEN", "token==");
    cr_assert_eq(credentials_load(lookup, &found), ERR_OK);
    cr_expect_str_eq(found.token, "token==");
    set(1, "AWS_SECRET_ACCESS_KEY", "");
    cr_expect_eq(credentials_load(lookup, &found), ERR_CONFIG, "half of a pair");
    cr_expect_str_eq(found.secret, "a/secret+", "written on ERR_OK only");
    set(1, "AWS_SECRET_ACCESS_KEY", "a\nb");
    cr_expect_eq(credentials_load(lookup, &found), ERR_CONFIG);
    static char longest[CREDENTIALS_SECRET_SIZE + 1];
    memset(longest, 'a', CREDENTIALS_SECRET_SIZE);
    set(1, "AWS_SECRET_ACCESS_KEY", longest);
    cr_expect_eq(credentials_load(lookup, &found), ERR_LIMIT);
    longest[CREDENTIALS_SECRET_SIZE - 1] = '\0';
    cr_expect_eq(credentials_load(lookup, &found), ERR_OK);
    credentials_wipe(&found);
    cr_expect_eq(found.secret[0], '\0');
    cr_expect_eq(found.secret[CREDENTIALS_SECRET_SIZE - 2], '\0');
}

Test(credentials, come_from_a_profile_of_the_shared_file)
{
    char path[] = "/tmp/test-credentials-XXXXXX";
    int file = mkstemp(path);
    cr_assert_geq(file, 0);
    static const char text[] = "[default]\naws_access_key_id=A1\naws_secret_access_key=s1\n"
                               "[other]\naws_access_key_id=A2\naws_secret_access_key=s2\n";
    cr_assert_eq(write(file, text, sizeof text - 1), (ssize_t)sizeof text - 1);
    cr_assert_eq(close(file), 0);
    set(0, "AWS_SHARED_CREDENTIALS_FILE", path);
    cr_assert_eq(credentials_load(lookup, &found), ERR_OK);
    cr_expect_str_eq(found.access_key, "A1");
    set(1, "AWS_PROFILE", "other");
    cr_assert_eq(credentials_load(lookup, &found), ERR_OK);
    cr_expect_str_eq(found.secret, "s2");
    cr_assert_eq(truncate(path, CREDENTIALS_FILE_MAX + 1), 0);
    cr_expect_eq(credentials_load(lookup, &found), ERR_LIMIT);
    cr_assert_eq(unlink(path), 0);
    cr_expect_eq(credentials_load(lookup, &found), ERR_NOT_FOUND);
    set(0, "AWS_SHARED_CREDENTIALS_FILE", "/");
    cr_expect_eq(credentials_load(lookup, &found), ERR_IO);
    set(0, "HOME", "/nonexistent");
    cr_expect_eq(credentials_load(lookup, &found), ERR_NOT_FOUND);
    set(0, "NOTHING", "");
    cr_expect_eq(credentials_load(lookup, &found), ERR_NOT_FOUND);
}

Test(credentials, reads_the_shapes_that_files_have)
{
    static const char text[] = "; a remark\r\naws_access_key_id = NOBODY\r\n\r\n[ a b ]\r\n"
                               "# region\r\nregion = x\r\n  aws_access_key_id =  AK \r\n"
                               "aws_secret_access_key=a=b=\r\naws_session_token =\r\n[c]";
    cr_assert_eq(parse(text, "a b"), ERR_OK);
    cr_expect_str_eq(found.access_key, "AK");
    cr_expect_str_eq(found.secret, "a=b=");
    cr_expect_str_eq(found.token, "");
    cr_expect_eq(parse(text, "c"), ERR_NOT_FOUND);
    cr_expect_eq(parse(text, "d"), ERR_NOT_FOUND);
    cr_expect_eq(parse("", "d"), ERR_NOT_FOUND);
    cr_expect_eq(parse("[", "d"), ERR_NOT_FOUND);
    cr_expect_eq(parse("[d]\naws_access_key_id=a\n", "d"), ERR_CONFIG);
    cr_expect_eq(parse("[d]\naws_access_key_id=a\1\n", "d"), ERR_CONFIG);
}

/* ---- retries ---- */

Test(retry, waits_evenly_below_a_ceiling_that_doubles)
{
    uint64_t random = 7;
    for (uint32_t retry = 1; retry <= 100; retry++) {
        uint64_t ceiling = retry <= 5 ? UINT64_C(100) << (retry - 1) : 2000;
        uint64_t sum = 0;
        for (int i = 0; i < 1000; i++) {
            uint64_t delay = retry_delay_ms(retry, 100, 2000, &random);
            cr_assert_leq(delay, ceiling);
            sum += delay;
        }
        cr_expect_gt(sum / 1000, ceiling * 45 / 100, "retry %u", retry);
        cr_expect_lt(sum / 1000, ceiling * 55 / 100, "retry %u", retry);
    }
    cr_expect_eq(retry_delay_ms(1, 0, 0, &random), 0);
}

/* ---- requests ---- */

static struct sqs_endpoint endpoint;

static enum err read_endpoint(const char *text)
{
    return sqs_endpoint_read(text, "eu-central-1", &endpoint);
}

TestSuite(sqs_request, .init = setup);

Test(sqs_request, signs_the_host_that_is_sent)
{
    static const char *const good[][3] = {
        {"https://sqs.aws.com", "sqs.aws.com", "https://sqs.aws.com/"},
        {"https://sqs.aws.com:443/", "sqs.aws.com", "https://sqs.aws.com/"},
        {"http://localhost:80", "localhost", "http://localhost/"},
        {"http://localhost:443", "localhost:443", "http://localhost:443/"},
        {"http://[::1]:4566", "[::1]:4566", "http://[::1]:4566/"},
        {"", "sqs.eu-central-1.amazonaws.com", "https://sqs.eu-central-1.amazonaws.com/"},
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        cr_assert_eq(read_endpoint(good[i][0]), ERR_OK, "%s", good[i][0]);
        cr_expect_str_eq(endpoint.host, good[i][1]);
        cr_expect_str_eq(endpoint.url, good[i][2]);
    }
    static const char *const bad[] = {"ftp://a",    "https://",        "https:///",  "http://:80",
                                      "http://a/b", "http://me@a",     "http://a?b", "http://a b",
                                      "HTTP://a",   "http://a\r\nb: c"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        cr_expect_eq(read_endpoint(bad[i]), ERR_CONFIG, "%s", bad[i]);
    }
    static char longest[SQS_ENDPOINT_MAX + 2] = "http://";
    memset(longest + 7, 'a', SQS_ENDPOINT_MAX - 7);
    cr_expect_eq(read_endpoint(longest), ERR_OK);
    longest[SQS_ENDPOINT_MAX] = 'a';
    cr_expect_eq(read_endpoint(longest), ERR_LIMIT);
}

Test(sqs_request, wants_a_region)
{
    cr_expect_eq(sqs_endpoint_read("http://a", "eu\n", &endpoint), ERR_CONFIG);
    cr_expect_eq(sqs_endpoint_read("http://a", "", &endpoint), ERR_CONFIG);
    cr_expect_eq(
        sqs_endpoint_read("http://a",
                          "a-region-whose-name-is-longer-than-anybody-would-ever-want-it-to-be",
                          &endpoint),
        ERR_LIMIT);
}

/* The signature was made by botocore 1.44.5 for the same request. */
Test(sqs_request, has_the_headers_that_were_signed)
{
    static struct sqs_head head;
    cr_assert_eq(read_endpoint("http://localhost:4566"), ERR_OK);
    const struct sqs_signer who = {&endpoint, &credentials, SUITE_TIME_S};
    cr_assert_eq(sqs_request_sign(&who, SQS_ACTION_RECEIVE, (struct sqs_text){"{}", 2}, &head),
                 ERR_OK);
    cr_expect_str_eq(head.lines[0], "Content-Type: application/x-amz-json-1.0");
    cr_expect_str_eq(head.lines[1], "X-Amz-Target: AmazonSQS.ReceiveMessage");
    cr_expect_str_eq(head.lines[2], "X-Amz-Date: 20150830T123600Z");
    cr_expect_str_eq(head.lines[3],
                     "Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/eu-central-1/"
                     "sqs/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-target, "
                     "Signature=20cf05440eb0b6c717d29c587b3b4639d52da7ee5df82a410cae1366061cf1df");
    cr_expect_null(head.lines[4]);
    (void)strcpy(credentials.token, LONG_TOKEN);
    cr_assert_eq(sqs_request_sign(&who, SQS_ACTION_SEND, (struct sqs_text){"{}", 2}, &head),
                 ERR_OK);
    cr_expect_str_eq(head.lines[4], "X-Amz-Security-Token: " LONG_TOKEN);
    cr_expect_null(head.lines[5]);
}
