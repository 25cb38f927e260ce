/* sigv4.c - a canonical request, its hash, and a key made for one day, region and service. */
#include "actors/sqs_bridge/sigv4.h"

#include <assert.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum {
    DIGEST_SIZE = 32,
    ADDED_MAX = 3, /* headers added here: host, x-amz-date, x-amz-security-token */
    SCOPE_SIZE = 256
};

/* A text that grows up to a limit; what does not fit sets `full` and is left out. */
struct text {
    size_t size;
    bool full;
    char at[SIGV4_TEXT_MAX];
};

struct work {
    struct text canonical;
    struct text parts; /* encoded names and values, each with its NUL */
    struct text names; /* "host;x-amz-date" */
    struct sigv4_pair sorted[SIGV4_QUERY_MAX > SIGV4_HEADERS_MAX + ADDED_MAX
                                 ? SIGV4_QUERY_MAX
                                 : SIGV4_HEADERS_MAX + ADDED_MAX];
    size_t count; /* of sorted */
};

/* ---- text ---- */

static void put_byte(struct text *text, char byte)
{
    if (text->size == sizeof text->at) {
        text->full = true;
        return;
    }
    text->at[text->size++] = byte;
}

static void put(struct text *text, const char *more)
{
    for (; *more; more++) {
        put_byte(text, *more);
    }
}

static bool is_alphanumeric(char byte)
{
    return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
           (byte >= '0' && byte <= '9');
}

static void put_encoded(struct text *text, const char *more, size_t size)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)more[i];
        if (is_alphanumeric(more[i]) || (byte != 0 && strchr("-_.~", byte))) {
            put_byte(text, more[i]);
            continue;
        }
        put_byte(text, '%');
        put_byte(text, digits[byte >> 4]);
        put_byte(text, digits[byte & 15]);
    }
}

static void put_hex(char *ret, const unsigned char *bytes, size_t count)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < count; i++) {
        *ret++ = digits[bytes[i] >> 4];
        *ret++ = digits[bytes[i] & 15];
    }
    *ret = '\0';
}

static bool is_token(const char *text)
{
    for (const char *at = text; *at; at++) {
        if (!is_alphanumeric(*at) && !strchr("!#$%&'*+-.^_`|~", *at)) {
            return false;
        }
    }
    return *text != '\0';
}

/* No control character: none may end a line early or hide. */
static bool is_line(const char *text)
{
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        if ((byte < ' ' && byte != '\t') || byte == 127) {
            return false;
        }
    }
    return true;
}

/* ---- sorting ---- */

/* Stable, since headers of one name keep their order; short enough to be done by insertion. */
static void sort(struct sigv4_pair *pairs, size_t count, bool values_too)
{
    for (size_t i = 1; i < count; i++) {
        struct sigv4_pair pair = pairs[i];
        size_t to = i;
        for (; to > 0; to--) {
            int order = strcmp(pairs[to - 1].name, pair.name);
            if (order == 0 && values_too) {
                order = strcmp(pairs[to - 1].value, pair.value);
            }
            if (order <= 0) {
                break;
            }
            pairs[to] = pairs[to - 1];
        }
        pairs[to] = pair;
    }
}

/* ---- path ---- */

struct segment {
    const char *at;
    size_t size;
};

/* Splits at '/', drops empty segments and ".", and takes one back at "..". */
static enum err split(const char *path, struct segment *segments, size_t *ret_count)
{
    size_t count = 0;
    while (*path) {
        path += *path == '/';
        size_t size = strcspn(path, "/");
        if (size == 2 && memcmp(path, "..", 2) == 0) {
            count -= count > 0;
        } else if (size > 0 && (size > 1 || *path != '.')) {
            if (count == SIGV4_PATH_DEPTH_MAX) {
                return ERR_LIMIT;
            }
            segments[count++] = (struct segment){path, size};
        }
        path += size;
    }
    *ret_count = count;
    return ERR_OK;
}

static enum err put_path(struct text *text, const char *path, bool as_it_is)
{
    if (!*path) {
        path = "/";
    }
    if (*path != '/' || !is_line(path) || strchr(path, '?')) {
        return ERR_MALFORMED;
    }
    if (as_it_is) {
        put(text, path);
        return ERR_OK;
    }
    struct segment segments[SIGV4_PATH_DEPTH_MAX];
    size_t count = 0;
    enum err err = split(path, segments, &count);
    if (err != ERR_OK) {
        return err;
    }
    put_byte(text, '/');
    for (size_t i = 0; i < count; i++) {
        put_encoded(text, segments[i].at, segments[i].size);
        if (i + 1 < count || path[strlen(path) - 1] == '/') {
            put_byte(text, '/');
        }
    }
    return ERR_OK;
}

/* ---- query ---- */

/* Encodes before it sorts: the order is that of the encoded text. */
static enum err put_query(struct work *work, const struct sigv4_request *request)
{
    if (request->query_count > SIGV4_QUERY_MAX) {
        return ERR_LIMIT;
    }
    struct text *parts = &work->parts;
    parts->size = 0;
    for (size_t i = 0; i < request->query_count; i++) {
        const struct sigv4_pair *pair = &request->query[i];
        work->sorted[i].name = parts->at + parts->size;
        put_encoded(parts, pair->name, strlen(pair->name));
        put_byte(parts, '\0');
        work->sorted[i].value = parts->at + parts->size;
        put_encoded(parts, pair->value, strlen(pair->value));
        put_byte(parts, '\0');
    }
    if (parts->full) {
        return ERR_LIMIT;
    }
    sort(work->sorted, request->query_count, true);
    for (size_t i = 0; i < request->query_count; i++) {
        put(&work->canonical, i > 0 ? "&" : "");
        put(&work->canonical, work->sorted[i].name);
        put(&work->canonical, "=");
        put(&work->canonical, work->sorted[i].value);
    }
    return ERR_OK;
}

/* ---- headers ---- */

/* Without blanks at the ends, and one space for each run of them inside. */
static void put_folded(struct text *text, const char *value)
{
    bool gap = false;
    bool begun = false;
    for (; *value; value++) {
        if (*value == ' ' || *value == '\t') {
            gap = begun;
            continue;
        }
        if (gap) {
            put_byte(text, ' ');
        }
        put_byte(text, *value);
        gap = false;
        begun = true;
    }
}

/* In ASCII, whatever the locale says. */
static char lower(char byte)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
    if (byte >= 'A' && byte <= 'Z') {
        return letters[byte - 'A'];
    }
    return byte;
}

static enum err add_header(struct work *work, const char *name, const char *value)
{
    if (!is_token(name) || !is_line(value)) {
        return ERR_MALFORMED;
    }
    struct text *parts = &work->parts;
    struct sigv4_pair *header = &work->sorted[work->count++];
    header->name = parts->at + parts->size;
    for (; *name; name++) {
        put_byte(parts, lower(*name));
    }
    put_byte(parts, '\0');
    header->value = parts->at + parts->size;
    put_folded(parts, value);
    put_byte(parts, '\0');
    return parts->full ? ERR_LIMIT : ERR_OK;
}

static bool is_added_here(const char *name)
{
    static const char *const added[] = {"host", "x-amz-date", "x-amz-security-token",
                                        "authorization"};
    for (size_t i = 0; i < sizeof added / sizeof added[0]; i++) {
        if (strcasecmp(name, added[i]) == 0) {
            return true;
        }
    }
    return false;
}

static enum err collect_headers(struct work *work, const struct sigv4_request *request,
                                const struct sigv4_signer *signer, const char *date)
{
    if (request->header_count > SIGV4_HEADERS_MAX) {
        return ERR_LIMIT;
    }
    if (!*request->host) {
        return ERR_MALFORMED;
    }
    work->parts.size = 0;
    work->count = 0;
    enum err err = add_header(work, "host", request->host);
    if (err == ERR_OK) {
        err = add_header(work, "x-amz-date", date);
    }
    if (err == ERR_OK && signer->credentials->token[0]) {
        err = add_header(work, "x-amz-security-token", signer->credentials->token);
    }
    for (size_t i = 0; i < request->header_count && err == ERR_OK; i++) {
        const struct sigv4_pair *header = &request->headers[i];
        err = is_added_here(header->name) ? ERR_REFUSED
                                          : add_header(work, header->name, header->value);
    }
    return err;
}

static void put_headers(struct work *work)
{
    sort(work->sorted, work->count, false);
    for (size_t i = 0; i < work->count; i++) {
        if (i > 0 && strcmp(work->sorted[i - 1].name, work->sorted[i].name) == 0) {
            put(&work->canonical, ",");
        } else {
            put(&work->canonical, i > 0 ? "\n" : "");
            put(&work->canonical, work->sorted[i].name);
            put(&work->canonical, ":");
            put(&work->names, i > 0 ? ";" : "");
            put(&work->names, work->sorted[i].name);
        }
        put(&work->canonical, work->sorted[i].value);
    }
    put_byte(&work->names, '\0');
    assert(!work->names.full); /* the names stand in `parts` too, with their values */
}

/* ---- hashes ---- */

enum err sigv4_hash(const void *bytes, size_t size, char *ret)
{
    assert(bytes || size == 0);
    assert(ret);
    unsigned char digest[DIGEST_SIZE];
    if (EVP_Digest(bytes ? bytes : "", size, digest, NULL, EVP_sha256(), NULL) != 1) {
        return ERR_MEMORY;
    }
    put_hex(ret, digest, sizeof digest);
    return ERR_OK;
}

/* HMAC of `text` under `key`; `ret` may be the key itself. */
static bool mac(const unsigned char *key, size_t key_size, const char *text, unsigned char *ret)
{
    unsigned char digest[DIGEST_SIZE];
    unsigned size = 0;
    bool done = HMAC(EVP_sha256(), key, (int)key_size, (const unsigned char *)text, strlen(text),
                     digest, &size) != NULL;
    if (done) {
        assert(size == sizeof digest);
        memcpy(ret, digest, sizeof digest);
    }
    explicit_bzero(digest, sizeof digest);
    return done;
}

/* The key of the day, region and service signs what is to be signed. */
static enum err sign_text(const struct sigv4_signer *signer, const char *date, const char *text,
                          char *ret_hex)
{
    unsigned char first[4 + CREDENTIALS_SECRET_SIZE] = "AWS4";
    size_t secret_size = strnlen(signer->credentials->secret, CREDENTIALS_SECRET_SIZE - 1);
    memcpy(first + 4, signer->credentials->secret, secret_size);
    char day[9];
    memcpy(day, date, 8);
    day[8] = '\0';
    unsigned char key[DIGEST_SIZE] = {0};
    bool done = mac(first, 4 + secret_size, day, key) &&
                mac(key, sizeof key, signer->region, key) &&
                mac(key, sizeof key, signer->service, key) &&
                mac(key, sizeof key, "aws4_request", key) && mac(key, sizeof key, text, key);
    if (done) {
        put_hex(ret_hex, key, sizeof key);
    }
    explicit_bzero(first, sizeof first);
    explicit_bzero(key, sizeof key);
    return done ? ERR_OK : ERR_MEMORY;
}

/* ---- the whole ---- */

static enum err put_body(struct work *work, const struct sigv4_request *request)
{
    char hash[SIGV4_HASH_SIZE];
    if (request->body_hash) {
        if (!is_token(request->body_hash)) { /* also "UNSIGNED-PAYLOAD" is one */
            return ERR_MALFORMED;
        }
        put(&work->canonical, request->body_hash);
        return ERR_OK;
    }
    enum err err = sigv4_hash(request->body, request->body_size, hash);
    if (err == ERR_OK) {
        put(&work->canonical, hash);
    }
    return err;
}

static enum err put_request(struct work *work, const struct sigv4_request *request,
                            const struct sigv4_signer *signer, const char *date)
{
    if (!is_token(request->method)) {
        return ERR_MALFORMED;
    }
    struct text *canonical = &work->canonical;
    put(canonical, request->method);
    put(canonical, "\n");
    enum err err = put_path(canonical, request->path, strcmp(signer->service, "s3") == 0);
    put(canonical, "\n");
    if (err == ERR_OK) {
        err = put_query(work, request);
    }
    put(canonical, "\n");
    if (err == ERR_OK) {
        err = collect_headers(work, request, signer, date);
    }
    if (err != ERR_OK) {
        return err;
    }
    put_headers(work);
    put(canonical, "\n\n");
    put(canonical, work->names.at);
    put(canonical, "\n");
    err = put_body(work, request);
    return err == ERR_OK && canonical->full ? ERR_LIMIT : err;
}

static enum err format_date(int64_t time_s, char *ret)
{
    static const int64_t year_10000 = 253402300800;
    struct tm tm;
    time_t time = (time_t)time_s;
    if (time_s < 0 || time_s >= year_10000 || !gmtime_r(&time, &tm) ||
        strftime(ret, SIGV4_DATE_SIZE, "%Y%m%dT%H%M%SZ", &tm) != SIGV4_DATE_SIZE - 1) {
        return ERR_LIMIT;
    }
    return ERR_OK;
}

static enum err sign_work(struct work *work, const struct sigv4_signer *signer,
                          struct sigv4_signature *signature)
{
    char scope[SCOPE_SIZE];
    int length = snprintf(scope, sizeof scope, "%.8s/%s/%s/aws4_request", signature->date,
                          signer->region, signer->service);
    if (length < 0 || (size_t)length >= sizeof scope) {
        return ERR_LIMIT;
    }
    char hash[SIGV4_HASH_SIZE];
    enum err err = sigv4_hash(work->canonical.at, work->canonical.size, hash);
    if (err != ERR_OK) {
        return err;
    }
    char text[SCOPE_SIZE + SIGV4_DATE_SIZE + SIGV4_HASH_SIZE + 32];
    length =
        snprintf(text, sizeof text, "AWS4-HMAC-SHA256\n%s\n%s\n%s", signature->date, scope, hash);
    assert(length > 0 && (size_t)length < sizeof text);
    err = sign_text(signer, signature->date, text, hash);
    if (err != ERR_OK) {
        return err;
    }
    length = snprintf(signature->authorization, sizeof signature->authorization,
                      "AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s",
                      signer->credentials->access_key, scope, work->names.at, hash);
    return length > 0 && (size_t)length < sizeof signature->authorization ? ERR_OK : ERR_LIMIT;
}

enum err sigv4_sign(const struct sigv4_request *request, const struct sigv4_signer *signer,
                    struct sigv4_signature *ret)
{
    assert(request && request->method && request->host && request->path);
    assert(request->query || request->query_count == 0);
    assert(request->headers || request->header_count == 0);
    assert(signer && signer->region && signer->service && signer->credentials);
    assert(ret);
    if (!is_token(signer->region) || !is_token(signer->service) ||
        !is_token(signer->credentials->access_key)) {
        return ERR_MALFORMED;
    }
    struct sigv4_signature signature;
    enum err err = format_date(signer->time_s, signature.date);
    if (err != ERR_OK) {
        return err;
    }
    struct work work;
    work.canonical.size = work.names.size = work.parts.size = 0;
    work.canonical.full = work.names.full = work.parts.full = false;
    err = put_request(&work, request, signer, signature.date);
    if (err == ERR_OK) {
        err = sign_work(&work, signer, &signature);
    }
    explicit_bzero(&work, sizeof work); /* the token of the session is in it */
    if (err == ERR_OK) {
        *ret = signature;
    }
    return err;
}
