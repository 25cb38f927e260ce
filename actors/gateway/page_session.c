/* page_session.c - see page_session.h. */
#include "actors/gateway/page_session.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "actors/gateway/headers.h"
#include "actors/gateway/page_query.h"

static const char bearer[] = "Bearer ";
static const char cookie_name[] = "troupe=";

bool page_token_is(const char *token, struct msg_str given)
{
    uint8_t wanted[DIGEST_SIZE];
    uint8_t has[DIGEST_SIZE];
    /* Digests have one length, whatever is given. */
    return signature_digest(msg_str(token), wanted) == ERR_OK &&
           signature_digest(given, has) == ERR_OK && signature_same(wanted, has);
}

/* What the MAC is of: a webhook's body can never be this text. */
static void signed_text(uint64_t until_ms, char text[PAGE_SESSION_SIZE])
{
    (void)snprintf(text, PAGE_SESSION_SIZE, "session until %" PRIu64, until_ms); /* it has room */
}

enum err page_session_make(const char *token, uint64_t now_ms, char ret_cookie[PAGE_SESSION_SIZE])
{
    char text[PAGE_SESSION_SIZE];
    char mac[SIGNATURE_TEXT_SIZE];
    uint64_t until_ms = now_ms + PAGE_SESSION_MS;
    signed_text(until_ms, text);
    enum err err = signature_make(token, msg_str(text), mac);
    if (err == ERR_OK) {
        (void)snprintf(ret_cookie, PAGE_SESSION_SIZE, "%" PRIu64 ".%s", until_ms, mac);
    }
    return err;
}

static bool is_session(const char *token, struct msg_str value, uint64_t now_ms)
{
    const char *dot = memchr(value.at, '.', value.size);
    uint64_t until_ms = 0;
    char text[PAGE_SESSION_SIZE];
    if (!dot || page_query_number((struct msg_str){value.at, (uint32_t)(dot - value.at)},
                                  &until_ms) != ERR_OK) {
        return false;
    }
    signed_text(until_ms, text);
    struct signature_secrets secrets = {.count = 1};
    (void)snprintf(secrets.secrets[0], sizeof secrets.secrets[0], "%s", token);
    struct msg_str mac = {dot + 1, (uint32_t)(value.at + value.size - dot - 1)};
    return until_ms > now_ms && until_ms <= now_ms + PAGE_SESSION_MS &&
           signature_is_valid(&secrets, mac, msg_str(text));
}

bool page_session_is_valid(const char *token, struct msg_str headers, uint64_t now_ms)
{
    struct msg_str value;
    enum { BEARER_SIZE = sizeof bearer - 1, NAME_SIZE = sizeof cookie_name - 1 };
    if (headers_only(headers, "authorization", &value)) {
        return value.size > BEARER_SIZE && memcmp(value.at, bearer, BEARER_SIZE) == 0 &&
               page_token_is(token,
                             (struct msg_str){value.at + BEARER_SIZE, value.size - BEARER_SIZE});
    }
    if (!headers_only(headers, "cookie", &value)) {
        return false;
    }
    const char *end = value.at + value.size;
    for (const char *at = value.at; at < end;) {
        const char *stop = memchr(at, ';', (size_t)(end - at));
        stop = stop ? stop : end;
        at += strspn(at, " ");
        if (stop - at > NAME_SIZE && memcmp(at, cookie_name, NAME_SIZE) == 0) {
            at += NAME_SIZE;
            return is_session(token, (struct msg_str){at, (uint32_t)(stop - at)}, now_ms);
        }
        at = stop + 1;
    }
    return false;
}
