/* node_start.c - troupe node start: one process of a cluster, in the foreground.
 *
 * Becomes troupe-node, with the configuration that this user's troupe commands have.
 */
#include "tools/node_start.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/place.h"

enum { ARGV_MAX = 160, SEEDS_MAX = 16, SEED_SIZE = 300, LIST_SIZE = 4096 };

struct start {
    const char *argv[ARGV_MAX + 1];
    size_t argc;
    char roles[LIST_SIZE];
    char joins[LIST_SIZE];
    char seeds[SEEDS_MAX][SEED_SIZE];
    size_t seeds_count;
};

static int too_much(void)
{
    return complain(EXIT_USAGE, "too many options, or a seed list of more than 16 addresses", NULL);
}

/* An option of troupe-node; without a value nothing. */
static bool pass(struct start *self, const char *option, const char *value)
{
    if (!value) {
        return true;
    }
    if (self->argc + 2 > ARGV_MAX) {
        return false;
    }
    self->argv[self->argc++] = option;
    self->argv[self->argc++] = value;
    return true;
}

static bool join(struct start *self, const char *endpoint)
{
    if (self->seeds_count == SEEDS_MAX) {
        return false;
    }
    char *seed = self->seeds[self->seeds_count++];
    int size = snprintf(seed, SEED_SIZE, "%s", endpoint);
    return size > 0 && size < SEED_SIZE && pass(self, "--connect", seed);
}

/* tcp://NAME:PORT stands for every address of the name: whichever of them lives is the one to talk
 * to.  What has none (yet) is left to the links, which ask again. */
static bool join_all(struct start *self, const char *endpoint)
{
    char host[SEED_SIZE] = "";
    const char *begin = strncmp(endpoint, "tcp://", 6) == 0 ? endpoint + 6 : NULL;
    const char *port = begin ? strrchr(begin, ':') : NULL;
    const struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    if (port && (size_t)(port - begin) < sizeof host) {
        memcpy(host, begin, (size_t)(port - begin));
    }
    if (host[0] == '\0' || getaddrinfo(host, NULL, &hints, &found) != 0) {
        return join(self, endpoint);
    }
    bool good = true;
    for (const struct addrinfo *at = found; good && at; at = at->ai_next) {
        char address[64];
        char seed[SEED_SIZE];
        good = getnameinfo(at->ai_addr, at->ai_addrlen, address, sizeof address, NULL, 0,
                           NI_NUMERICHOST) == 0;
        int size = snprintf(seed, sizeof seed, "tcp://%s%s", address, port);
        good = good && size > 0 && (size_t)size < sizeof seed && join(self, seed);
    }
    freeaddrinfo(found);
    return good;
}

/* Each entry of a list that commas separate.  `list` is cut up. */
static bool pass_roles(struct start *self, char *list)
{
    char *rest = NULL;
    bool good = true;
    for (char *word = strtok_r(list, ",", &rest); good && word; word = strtok_r(NULL, ",", &rest)) {
        good = pass(self, "--role", word);
    }
    return good;
}

static bool pass_joins(struct start *self, char *list)
{
    char *rest = NULL;
    bool good = true;
    for (char *word = strtok_r(list, ",", &rest); good && word; word = strtok_r(NULL, ",", &rest)) {
        good = join_all(self, word);
    }
    return good;
}

static int start(const struct invocation *invocation, struct start *self)
{
    char program[PATH_MAX];
    const char *roles = invocation_value(invocation, "role");
    const char *joins = invocation_value(invocation, "join");
    if (!roles) {
        return complain(EXIT_USAGE, "say what it shall be: --role ROLE,…", NULL);
    }
    if (place_node_program(program) != ERR_OK) {
        return complain(EXIT_COULD_NOT, "there is no troupe-node beside this program", NULL);
    }
    int size = snprintf(self->roles, sizeof self->roles, "%s", roles);
    int more = snprintf(self->joins, sizeof self->joins, "%s", joins ? joins : "");
    self->argv[self->argc++] = program;
    bool good = size >= 0 && (size_t)size < sizeof self->roles && more >= 0 &&
                (size_t)more < sizeof self->joins && pass_roles(self, self->roles) &&
                pass_joins(self, self->joins) &&
                pass(self, "--name", invocation_value(invocation, "name")) &&
                pass(self, "--bind", invocation_value(invocation, "bind")) &&
                pass(self, "--state", invocation_value(invocation, "state")) &&
                pass(self, "--config", invocation->config_dir);
    for (size_t i = 0; good && i < invocation->given_count; i++) {
        const struct given *given = &invocation->given[i];
        good = strcmp(given->option->arg.name, "set") != 0 || pass(self, "--set", given->value);
    }
    if (!good) {
        return too_much();
    }
    /* execv changes none of the texts. */
    (void)execv(program, (char *const *)(void *)self->argv);
    return complainf(EXIT_COULD_NOT, NULL, "%.300s: %s", program, strerrordesc_np(errno));
}

int node_start(struct invocation *invocation)
{
    int code = invocation_configure(invocation);
    struct start *self = code == EXIT_DONE ? calloc(1, sizeof *self) : NULL;
    if (code == EXIT_DONE) {
        code = self ? start(invocation, self) : complain(EXIT_COULD_NOT, "out of memory", NULL);
    }
    free(self);
    return code;
}
