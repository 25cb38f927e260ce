/* origin.c - see origin.h. */
#include "actors/gateway/origin.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char scheme[] = "github:";

enum { SCHEME_SIZE = sizeof scheme - 1, NUMBER_DIGITS_MAX = 15 };

/* ASCII only, whatever the locale says. */
static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool is_word(const char *at, size_t size, const char *more)
{
    for (size_t i = 0; i < size; i++) {
        if (!is_alnum(at[i]) && (at[i] == '\0' || !strchr(more, at[i]))) {
            return false;
        }
    }
    return size > 0;
}

static bool is_dots(const char *at, size_t size)
{
    return (size == 1 && at[0] == '.') || (size == 2 && at[0] == '.' && at[1] == '.');
}

bool origin_repo_is_valid(struct msg_str repo)
{
    const char *slash = memchr(repo.at, '/', repo.size);
    if (!slash) {
        return false;
    }
    size_t owner = (size_t)(slash - repo.at);
    size_t name = repo.size - owner - 1;
    return owner <= ORIGIN_OWNER_SIZE && name <= ORIGIN_NAME_SIZE && repo.at[0] != '-' &&
           is_word(repo.at, owner, "-_") && is_word(slash + 1, name, "-_.") &&
           !is_dots(slash + 1, name);
}

bool origin_sha_is_valid(struct msg_str sha)
{
    bool valid = sha.size == 40 || sha.size == ORIGIN_SHA_SIZE;
    for (size_t i = 0; i < sha.size && valid; i++) {
        valid = (sha.at[i] >= '0' && sha.at[i] <= '9') || (sha.at[i] >= 'a' && sha.at[i] <= 'f');
    }
    return valid;
}

void origin_write(const struct origin *origin, char ret_text[ORIGIN_TEXT_SIZE + 1])
{
    /* Its parts are bounded far below the whole. */
    (void)snprintf(ret_text, ORIGIN_TEXT_SIZE + 1, "%s%s#%" PRIu64 "@%s", scheme, origin->repo,
                   origin->number, origin->sha);
}

static bool read_number(const char *at, size_t size, uint64_t *ret_number)
{
    uint64_t number = 0;
    if (size == 0 || size > NUMBER_DIGITS_MAX || at[0] == '0') {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        if (at[i] < '0' || at[i] > '9') {
            return false;
        }
        number = number * 10 + (uint64_t)(at[i] - '0');
    }
    *ret_number = number;
    return true;
}

enum err origin_read(struct msg_str text, struct origin *ret_origin)
{
    const char *end = text.at + text.size;
    if (text.size < SCHEME_SIZE || memcmp(text.at, scheme, SCHEME_SIZE) != 0) {
        return ERR_MALFORMED;
    }
    const char *repo = text.at + SCHEME_SIZE;
    const char *hash = memchr(repo, '#', (size_t)(end - repo));
    const char *at = hash ? memchr(hash, '@', (size_t)(end - hash)) : NULL;
    if (!at) {
        return ERR_MALFORMED;
    }
    struct msg_str name = {repo, (uint32_t)(hash - repo)};
    struct msg_str sha = {at + 1, (uint32_t)(end - at - 1)};
    struct origin origin = {.number = 0};
    if (!origin_repo_is_valid(name) || !origin_sha_is_valid(sha) ||
        !read_number(hash + 1, (size_t)(at - hash - 1), &origin.number)) {
        return ERR_MALFORMED;
    }
    memcpy(origin.repo, name.at, name.size);
    memcpy(origin.sha, sha.at, sha.size);
    *ret_origin = origin;
    return ERR_OK;
}
