/* cert.c - reads and writes the text of certificates.
 *
 * A reader of our own, because CZMQ's zcert_load gives no reason for a refusal, looks for a secret
 * file beside the one it was given, and brings nine more libraries into every process.
 */
#include "runtime/cert.h"

#include <stdio.h>
#include <string.h>

#include "proto/terms.h"

/* ---- keys ---- */

static const char z85[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                          ".-:+=^!/*?&<>()[]{}@%$#";

enum { Z85_BASE = 85, Z85_GROUP = 5, Z85_GROUP_BYTES = 4 };

void cert_key_text(const uint8_t key[CERT_KEY_BYTES], char ret_text[CERT_KEY_TEXT + 1])
{
    char *at = ret_text;
    for (size_t i = 0; i < CERT_KEY_BYTES; i += Z85_GROUP_BYTES) {
        uint32_t value = (uint32_t)key[i] << 24 | (uint32_t)key[i + 1] << 16 |
                         (uint32_t)key[i + 2] << 8 | key[i + 3];
        for (size_t k = Z85_GROUP; k > 0; k--) {
            at[k - 1] = z85[value % Z85_BASE];
            value /= Z85_BASE;
        }
        at += Z85_GROUP;
    }
    *at = '\0';
}

bool cert_is_key(const char *text, size_t size)
{
    if (size != CERT_KEY_TEXT) {
        return false;
    }
    for (size_t i = 0; i < size; i += Z85_GROUP) {
        uint64_t value = 0;
        for (size_t k = 0; k < Z85_GROUP; k++) {
            const char *digit = text[i + k] != '\0' ? strchr(z85, text[i + k]) : NULL;
            if (!digit) {
                return false;
            }
            value = value * Z85_BASE + (uint64_t)(digit - z85);
        }
        if (value > UINT32_MAX) {
            return false;
        }
    }
    return true;
}

/* ---- names and roles ---- */

static bool is_name(const char *name, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        char c = name[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && (c == '\0' || !strchr(".-_", c))) {
            return false;
        }
    }
    return size > 0 && size <= CERT_NAME_MAX && name[0] != '.';
}

bool cert_is_name(const char *name)
{
    return is_name(name, strlen(name));
}

static enum err add_roles(const char *list, size_t size, uint64_t *roles)
{
    uint64_t found = 0;
    for (size_t at = 0; at < size;) {
        const char *comma = memchr(list + at, ',', size - at);
        size_t length = comma ? (size_t)(comma - (list + at)) : size - at;
        char word[32] = "";
        uint64_t role = 0;
        if (length < sizeof word) {
            memcpy(word, list + at, length);
            role = term_number("role", word);
        }
        if (role == 0 || role >= CERT_ROLES_MAX) {
            return ERR_UNKNOWN;
        }
        found |= UINT64_C(1) << role;
        at += length + 1;
    }
    *roles |= found;
    return ERR_OK;
}

enum err cert_add_roles(const char *list, uint64_t *roles)
{
    return add_roles(list, strlen(list), roles);
}

void cert_roles_text(uint64_t roles, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (uint64_t role = 1; role < CERT_ROLES_MAX; role++) {
        if (roles >> role & 1) {
            int more = snprintf(text + used, size - used, "%s%s", used > 0 ? "," : "",
                                term_word("role", role));
            if (more < 0 || (size_t)more >= size - used) {
                return;
            }
            used += (size_t)more;
        }
    }
}

bool cert_covers(const struct cert *cert, const char *name, size_t size)
{
    size_t own = strlen(cert->name);
    return own > 0 && size >= own && memcmp(name, cert->name, own) == 0 &&
           (size == own || name[own] == '/');
}

bool cert_allows(const struct cert *cert, const char *name, size_t size, uint64_t role)
{
    return cert_covers(cert, name, size) &&
           (role == 0 || (role < CERT_ROLES_MAX && (cert->roles >> role & 1) != 0));
}

bool cert_equal(const struct cert *a, const struct cert *b)
{
    return strcmp(a->name, b->name) == 0 && a->roles == b->roles &&
           strcmp(a->public_key, b->public_key) == 0 && strcmp(a->secret_key, b->secret_key) == 0;
}

/* ---- reading ---- */

struct slice {
    const char *at;
    size_t size;
};

static bool is(struct slice slice, const char *text)
{
    return slice.size == strlen(text) && memcmp(slice.at, text, slice.size) == 0;
}

static struct slice trim(struct slice slice)
{
    while (slice.size > 0 && slice.at[0] == ' ') {
        slice.at++;
        slice.size--;
    }
    while (slice.size > 0 && strchr(" \r", slice.at[slice.size - 1])) {
        slice.size--;
    }
    return slice;
}

/* Text in quotes, or a word that ends before a space or a remark. */
static bool take_value(struct slice line, struct slice *ret_value)
{
    bool quoted = line.size > 0 && (line.at[0] == '"' || line.at[0] == '\'');
    if (!quoted) {
        size_t size = 0;
        while (size < line.size && line.at[size] != ' ' && line.at[size] != '#') {
            size++;
        }
        *ret_value = (struct slice){line.at, size};
        return size > 0;
    }
    const char *end = memchr(line.at + 1, line.at[0], line.size - 1);
    *ret_value = (struct slice){line.at + 1, end ? (size_t)(end - line.at) - 1 : 0};
    return end != NULL;
}

static const char *take_key(struct slice value, char key[CERT_KEY_TEXT + 1])
{
    if (key[0] != '\0') {
        return "a key stands twice";
    }
    if (!cert_is_key(value.at, value.size)) {
        return "a key is not 40 characters of Z85";
    }
    memcpy(key, value.at, CERT_KEY_TEXT);
    return NULL;
}

/* NULL, or what is wrong. */
static const char *take_property(struct slice section, struct slice name, struct slice value,
                                 struct cert *cert)
{
    if (is(section, "curve") && is(name, "public-key")) {
        return take_key(value, cert->public_key);
    }
    if (is(section, "curve") && is(name, "secret-key")) {
        return take_key(value, cert->secret_key);
    }
    if (is(section, "metadata") && is(name, "name")) {
        if (cert->name[0] != '\0' || !is_name(value.at, value.size)) {
            return "the name stands twice, or has other characters than letters, digits, . - _";
        }
        memcpy(cert->name, value.at, value.size);
    }
    if (is(section, "metadata") && is(name, "role") &&
        add_roles(value.at, value.size, &cert->roles) != ERR_OK) {
        return "a role is not known";
    }
    return NULL;
}

static const char *take_line(struct slice line, struct slice *section, struct cert *cert)
{
    bool inner = line.size > 0 && line.at[0] == ' ';
    struct slice rest = trim(line);
    if (rest.size == 0 || rest.at[0] == '#') {
        return NULL;
    }
    const char *equal = memchr(rest.at, '=', rest.size);
    if (!inner) {
        /* A value of the file itself ("version = 1") belongs to no section. */
        *section = equal ? (struct slice){rest.at, 0} : rest;
        return NULL;
    }
    if (!equal) {
        return NULL;
    }
    struct slice name = trim((struct slice){rest.at, (size_t)(equal - rest.at)});
    struct slice value = trim((struct slice){equal + 1, rest.size - (size_t)(equal + 1 - rest.at)});
    if (!take_value(value, &value)) {
        return "a value is missing, or its quote has no end";
    }
    return take_property(*section, name, value, cert);
}

enum err cert_read(const char *text, size_t size, struct cert *ret_cert, const char **ret_why)
{
    struct cert cert = {0};
    struct slice section = {text, 0};
    const char *why = NULL;
    if (size > CERT_TEXT_MAX) {
        *ret_why = "too large for a certificate";
        return ERR_LIMIT;
    }
    for (size_t at = 0; at < size && !why;) {
        const char *end = memchr(text + at, '\n', size - at);
        size_t length = end ? (size_t)(end - (text + at)) : size - at;
        why = take_line((struct slice){text + at, length}, &section, &cert);
        at += length + 1;
    }
    if (!why && cert.public_key[0] == '\0') {
        why = "there is no public-key in a section curve";
    } else if (!why && cert.name[0] == '\0') {
        why = "there is no name in a section metadata";
    }
    if (why) {
        *ret_why = why;
        return ERR_MALFORMED;
    }
    *ret_cert = cert;
    return ERR_OK;
}

/* ---- writing ---- */

enum err cert_write(const struct cert *cert, bool secret, char *text, size_t size)
{
    char roles[512];
    cert_roles_text(cert->roles, roles, sizeof roles);
    int used = snprintf(text, size,
                        "#   ZeroMQ CURVE %s\n%s\n"
                        "metadata\n    name = \"%s\"\n%s%s%scurve\n    public-key = \"%s\"\n%s%s%s",
                        secret ? "**Secret** Certificate" : "Public Certificate",
                        secret ? "#   DO NOT GIVE THIS FILE TO OTHERS nor change its permissions.\n"
                               : "#   It may be given to others.\n",
                        cert->name, roles[0] ? "    role = \"" : "", roles, roles[0] ? "\"\n" : "",
                        cert->public_key, secret ? "    secret-key = \"" : "",
                        secret ? cert->secret_key : "", secret ? "\"\n" : "");
    return used > 0 && (size_t)used < size ? ERR_OK : ERR_LIMIT;
}
