/* fix_driver.c - plays the coordinator for a real fixer and a real validator.
 *
 *     fix_driver ENDPOINT DIR RUNNER FILE COMMAND MODE [DIFF]    < text of the failure
 *
 * MODE is propose, apply or heal.  It listens at ENDPOINT until both have come, asks for
 * candidates (or, if there is one, takes the file DIFF for the only candidate), has each of them
 * validated, and tells on stdout what came, a line each:
 *
 *     candidate INDEX SOURCE          its diff follows, behind "| "
 *     candidates COUNT REASON
 *     validated INDEX PROOF REASON    REASON: its first line
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/world.h"

enum { CANDIDATES_MAX = 64, ASK_MS = 300000, TEXT_MAX = 16384, DIFF_MAX = 65536 };

static struct {
    const char *dir, *runner, *file, *command;
    bool apply, heal;
    char message[TEXT_MAX + 1];
    char env[4200];
    char *diffs[CANDIDATES_MAX];
    size_t count;
    size_t next; /* to be validated */
    bool given;  /* the one candidate comes from a file */
    bool begun;
    struct rt_address fixer, validator;
    int done; /* a pipe */
} driver;

static void end(int code)
{
    const char byte = (char)code;
    (void)fflush(stdout);
    (void)!write(driver.done, &byte, 1);
}

static void print_block(struct msg_str text)
{
    for (const char *at = text.at; at < text.at + text.size;) {
        const char *newline = memchr(at, '\n', (size_t)(text.at + text.size - at));
        const char *stop = newline ? newline : text.at + text.size;
        (void)printf("| %.*s\n", (int)(stop - at), at);
        at = newline ? newline + 1 : stop;
    }
}

static enum err validate_next(struct rt_context *ctx)
{
    uint64_t ask;
    if (driver.next == driver.count) {
        end(0);
        return ERR_OK;
    }
    return rt_ask(ctx, driver.validator,
                  MSG(validate, .run = msg_str("R"), .error = 1, .index = driver.next,
                      .dir = msg_str(driver.dir), .root = msg_str(driver.dir),
                      .env = msg_str(driver.env), .runner = msg_str(driver.runner),
                      .command = msg_str(driver.command), .file = msg_str(driver.file),
                      .diff = msg_str(driver.diffs[driver.next]), .heal = driver.heal,
                      .apply = driver.apply),
                  ASK_MS, &ask);
}

static enum err begin(struct rt_context *ctx)
{
    uint64_t ask;
    if (driver.begun || !driver.validator.node || (!driver.given && !driver.fixer.node)) {
        return ERR_OK;
    }
    driver.begun = true;
    if (driver.given) {
        return validate_next(ctx);
    }
    return rt_ask(ctx, driver.fixer,
                  MSG(fix, .run = msg_str("R"), .error = 1, .label = TERM_label_TYPESCRIPT,
                      .dir = msg_str(driver.dir), .root = msg_str(driver.dir),
                      .snapshot = msg_str("s"), .env = msg_str(driver.env),
                      .file = msg_str(driver.file), .message = msg_str(driver.message)),
                  ASK_MS, &ask);
}

static enum err on_role_up(struct rt_context *ctx, const struct msg_role_up *up)
{
    struct rt_address address = {up->node, up->actor};
    if (up->role == TERM_role_FIXER) {
        driver.fixer = address;
    } else {
        driver.validator = address;
    }
    return begin(ctx);
}

static enum err on_candidate(const struct msg_candidate *candidate)
{
    if (driver.count == CANDIDATES_MAX || candidate->index != driver.count) {
        end(1);
        return ERR_OK;
    }
    (void)printf("candidate %zu %s\n", driver.count, candidate->source.at);
    print_block(candidate->diff);
    driver.diffs[driver.count++] = strdup(candidate->diff.at);
    return ERR_OK;
}

static enum err on_validated(struct rt_context *ctx, const struct msg_validated *validated)
{
    (void)printf("validated %zu %s %.*s\n", driver.next, term_word("proof", validated->proof),
                 (int)strcspn(validated->reason.at, "\n"), validated->reason.at);
    print_block(validated->reason);
    driver.next++;
    return validate_next(ctx);
}

static enum err driver_start(struct rt_context *ctx, void *state, const void *arg)
{
    (void)state;
    (void)arg;
    rt_take_role(ctx, TERM_role_COORDINATOR);
    rt_watch_role(ctx, TERM_role_FIXER);
    rt_watch_role(ctx, TERM_role_VALIDATOR);
    return ERR_OK;
}

static enum err driver_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    (void)state;
    switch (msg->type) {
    case MSG_ROLE_UP:
        return on_role_up(ctx, msg_as_role_up(msg));
    case MSG_CANDIDATE:
        return on_candidate(msg_as_candidate(msg));
    case MSG_CANDIDATES:
        (void)printf("candidates %llu %s\n", (unsigned long long)msg_as_candidates(msg)->count,
                     msg_as_candidates(msg)->reason.at);
        return validate_next(ctx);
    case MSG_VALIDATED:
        return on_validated(ctx, msg_as_validated(msg));
    case MSG_FAILED:
        (void)printf("failed %s\n", err_text((enum err)msg_as_failed(msg)->reason));
        end(1);
        return ERR_OK;
    default:
        return ERR_OK;
    }
}

static const struct rt_behaviour behaviour = {
    .name = "driver", .state_size = 1, .start = driver_start, .receive = driver_receive};

static void on_log(void *world, enum rt_level level, const char *actor, const char *text)
{
    (void)world;
    if (level <= RT_WARN) {
        (void)fprintf(stderr, "%s %s\n", actor, text);
    }
}

static bool read_args(char **argv, int argc)
{
    if (argc != 7 && argc != 8) {
        return false;
    }
    driver.dir = argv[2];
    driver.runner = argv[3];
    driver.file = argv[4];
    driver.command = argv[5];
    driver.apply = strcmp(argv[6], "propose") != 0;
    driver.heal = strcmp(argv[6], "heal") == 0;
    const char *path = getenv("PATH"); /* NOLINT(concurrency-mt-unsafe): there is one thread yet */
    (void)snprintf(driver.env, sizeof driver.env, "PATH=%.4096s\nCI=1", path ? path : "/usr/bin");
    driver.message[fread(driver.message, 1, TEXT_MAX, stdin)] = '\0';
    if (argc == 8) {
        FILE *file = fopen(argv[7], "re");
        char *diff = calloc(1, DIFF_MAX + 1);
        if (!file || !diff || fread(diff, 1, DIFF_MAX, file) == 0 || fclose(file) != 0) {
            return false;
        }
        driver.diffs[driver.count++] = diff;
        driver.given = true;
    }
    return true;
}

int main(int argc, char **argv)
{
    static struct config config;
    int fds[2];
    char why[WORLD_WHY_SIZE];
    char code = 1;
    struct world *world = NULL;
    struct rt_address address;
    if (!read_args(argv, argc) || pipe(fds) != 0) {
        (void)fprintf(stderr, "usage: see the head of fix_driver.c\n");
        return 2;
    }
    driver.done = fds[1];
    config_defaults(&config);
    const struct world_options options = {
        .config = &config, .name = "driver", .bind = argv[1], .log = on_log};
    if (world_new(&options, why, &world) != ERR_OK) {
        (void)fprintf(stderr, "%s\n", why);
        return 2;
    }
    if (system_spawn(world_system(world), &behaviour, NULL, 0, &address) == ERR_OK &&
        world_start(world) == ERR_OK && read(fds[0], &code, 1) != 1) {
        code = 1;
    }
    world_stop(world, 1000);
    world_destroy(&world);
    for (size_t i = 0; i < driver.count; i++) {
        free(driver.diffs[i]);
    }
    return code;
}
