/* signature.c - HMAC-SHA256 of webhooks; the file of the gateway that knows OpenSSL. */
#include "actors/gateway/signature.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>

static const char prefix[] = "sha256=";

enum { PREFIX_SIZE = sizeof prefix - 1 };

enum err signature_secrets_read(const char *text, struct signature_secrets *ret_secrets)
{
    struct signature_secrets secrets = {.count = 0};
    while (*text) {
        size_t whole = strcspn(text, "\n");
        size_t size = whole > 0 && text[whole - 1] == '\r' ? whole - 1 : whole;
        if (size > SIGNATURE_SECRET_SIZE || (size > 0 && secrets.count == SIGNATURE_SECRETS_MAX)) {
            return ERR_MALFORMED;
        }
        if (size > 0) {
            memcpy(secrets.secrets[secrets.count++], text, size);
        }
        text += whole + (text[whole] == '\n');
    }
    if (secrets.count == 0) {
        return ERR_MALFORMED;
    }
    *ret_secrets = secrets;
    return ERR_OK;
}

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* GitHub writes lower case; whatever else comes is no header of GitHub's. */
static bool read_header(struct msg_str header, uint8_t ret_mac[DIGEST_SIZE])
{
    if (header.size != PREFIX_SIZE + 2 * DIGEST_SIZE ||
        memcmp(header.at, prefix, PREFIX_SIZE) != 0) {
        return false;
    }
    for (size_t i = 0; i < DIGEST_SIZE; i++) {
        int high = digit(header.at[PREFIX_SIZE + 2 * i]);
        int low = digit(header.at[PREFIX_SIZE + 2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        ret_mac[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static bool is_mac_of(const char *secret, const uint8_t mac[DIGEST_SIZE], struct msg_str body)
{
    uint8_t right[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    const unsigned char *bytes = (const unsigned char *)body.at;
    return HMAC(EVP_sha256(), secret, (int)strlen(secret), bytes, body.size, right, &size) &&
           size == DIGEST_SIZE && CRYPTO_memcmp(right, mac, DIGEST_SIZE) == 0;
}

bool signature_is_valid(const struct signature_secrets *secrets, struct msg_str header,
                        struct msg_str body)
{
    uint8_t mac[DIGEST_SIZE];
    if (!read_header(header, mac)) {
        return false;
    }
    bool valid = false;
    for (size_t i = 0; i < secrets->count; i++) {
        valid |= is_mac_of(secrets->secrets[i], mac, body);
    }
    return valid;
}

enum err signature_make(const char *secret, struct msg_str body, char ret_text[SIGNATURE_TEXT_SIZE])
{
    uint8_t mac[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    const unsigned char *bytes = (const unsigned char *)body.at;
    if (!HMAC(EVP_sha256(), secret, (int)strlen(secret), bytes, body.size, mac, &size) ||
        size != DIGEST_SIZE) {
        return ERR_MEMORY;
    }
    memcpy(ret_text, prefix, PREFIX_SIZE);
    for (size_t i = 0; i < DIGEST_SIZE; i++) {
        (void)snprintf(ret_text + PREFIX_SIZE + 2 * i, 3, "%02x", mac[i]);
    }
    return ERR_OK;
}

bool signature_same(const uint8_t a[DIGEST_SIZE], const uint8_t b[DIGEST_SIZE])
{
    return CRYPTO_memcmp(a, b, DIGEST_SIZE) == 0;
}

enum err signature_digest(struct msg_str bytes, uint8_t ret_digest[DIGEST_SIZE])
{
    unsigned size = 0;
    bool good = EVP_Digest(bytes.at, bytes.size, ret_digest, &size, EVP_sha256(), NULL) == 1;
    return good && size == DIGEST_SIZE ? ERR_OK : ERR_MEMORY;
}
