/* executor_probe.c - see executor_probe.h. */
#include "tests/actors/executor_probe.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 1 << 22, KILLS_MAX = 64 };

struct config config;

static struct rt_system *probe;
static uint64_t now_ms;
static struct rt_address slot;
static struct rt_address coordinator;
static char got[TEXT_MAX];
static size_t got_size;
static char got_before[TEXT_MAX];

static uint64_t newest;
static size_t commands;
static struct rt_address owner;
static char line[65536];
static char written[TEXT_MAX];
static char written_before[TEXT_MAX];
static uint64_t kills[KILLS_MAX];
static size_t kills_count;
static enum err refusal;

/* ---- the world ---- */

static uint64_t world_now(void *world)
{
    (void)world;
    return now_ms;
}

static void world_timer(void *world)
{
    (void)world;
}

static void world_announce(void *world, uint64_t role, uint64_t actor)
{
    (void)world;
    (void)role;
    (void)actor;
}

static void world_log(void *world, enum rt_level level, const char *actor, const char *text)
{
    (void)world;
    if (getenv("PROBE_LOG")) {
        fprintf(stderr, "[%llu] %d %s %s\n", (unsigned long long)now_ms, (int)level, actor, text);
    }
}

static void world_exec(void *world, uint64_t id, struct rt_address from,
                       const struct rt_command *command)
{
    (void)world;
    newest = id;
    owner = from;
    commands++;
    int used = snprintf(line, sizeof line, "%s: ", command->cwd);
    for (size_t i = 0; command->argv[i]; i++) {
        used += snprintf(line + used, sizeof line - (size_t)used, "%s%s", i ? " " : "",
                         command->argv[i]);
    }
    for (size_t i = 0; command->env[i]; i++) {
        used += snprintf(line + used, sizeof line - (size_t)used, " [%s]", command->env[i]);
    }
}

static enum err world_write(void *world, uint64_t id, const void *bytes, size_t size)
{
    (void)world;
    (void)id;
    if (refusal == ERR_OK) {
        size_t used = strlen(written);
        cr_assert_lt(used + size, sizeof written);
        memcpy(written + used, bytes, size);
        written[used + size] = '\0';
    }
    return refusal;
}

static void world_kill(void *world, uint64_t id)
{
    (void)world;
    cr_assert_lt(kills_count, KILLS_MAX);
    kills[kills_count++] = id;
}

/* ---- the coordinator ---- */

static enum err listener_start(struct rt_context *ctx, void *state, const void *arg)
{
    (void)state;
    (void)arg;
    rt_take_role(ctx, TERM_role_COORDINATOR);
    return ERR_OK;
}

static enum err listener_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    (void)state;
    if (msg->type == MSG_PULL) {
        slot = rt_sender(ctx);
    }
    cr_assert_lt(got_size + 2048, sizeof got);
    msg_format(msg, got + got_size, 2000);
    got_size += strlen(got + got_size);
    got[got_size++] = '\n';
    got[got_size] = '\0';
    return ERR_OK;
}

static struct rt_behaviour listener = {.name = "coordinator",
                                       .state_size = 1,
                                       .start = listener_start,
                                       .receive = listener_receive,
                                       .restart = RT_RESTART_NEVER};

void coordinator_down(void)
{
    if (coordinator.actor) {
        /* What is not its parent's EXIT is an order all the same for an actor that traps none. */
        cr_assert_eq(system_tell(probe, coordinator, MSG(exit, .reason = ERR_OK)), ERR_OK);
        (void)system_run_ready(probe);
        coordinator.actor = 0;
    }
}

void coordinator_up(uint32_t mailbox_max)
{
    coordinator_down();
    listener.mailbox_count_max = mailbox_max;
    cr_assert_eq(system_spawn(probe, &listener, NULL, 0, &coordinator), ERR_OK);
    (void)system_run_ready(probe);
}

/* ---- beginning and end ---- */

void probe_setup(void)
{
    config_defaults(&config);
    config.runtime.restart_backoff_min_ms = 1;
    now_ms = 1000;
}

void probe_start(void)
{
    const struct system_options options = {.config = &config,
                                           .name = "w1",
                                           .node = 7,
                                           .seed = 1,
                                           .ports = {.net_announce = world_announce,
                                                     .exec = world_exec,
                                                     .exec_write = world_write,
                                                     .exec_kill = world_kill,
                                                     .now_ms = world_now,
                                                     .wall_ms = world_now,
                                                     .timer_set = world_timer,
                                                     .log = world_log}};
    struct rt_address executor;
    const char reporters[] = "/reporters";
    cr_assert_eq(system_new(&options, &probe), ERR_OK);
    cr_assert_eq(system_spawn(probe, &executor_behaviour, reporters, sizeof reporters, &executor),
                 ERR_OK);
    (void)system_run_ready(probe);
}

void probe_teardown(void)
{
    system_destroy(&probe);
}

/* ---- what happens ---- */

void give(const struct msg *msg)
{
    cr_assert_eq(system_tell(probe, slot, msg), ERR_OK);
    (void)system_run_ready(probe);
}

static void give_grant(uint64_t token, const char *runner, uint64_t work, uint64_t count)
{
    cr_assert_eq(system_tell(probe, slot,
                             MSG(grant, .run = msg_str("R"), .work = work, .epoch = 1,
                                 .token = token, .count = count, .lease_ms = 5000,
                                 .dir = msg_str("/p"), .root = msg_str("/p"),
                                 .runner = msg_str(runner), .command = msg_str("check {}"),
                                 .env = msg_str("PATH=/bin\nCI=1"), .snapshot = msg_str("s"))),
                 ERR_OK);
}

void grant(uint64_t token, const char *runner, const char *const *files)
{
    size_t count = 0;
    while (files[count]) {
        count++;
    }
    give_grant(token, runner, TERM_work_RUN, count);
    for (size_t i = 0; i < count; i++) {
        cr_assert_eq(system_tell(probe, slot,
                                 MSG(lease, .run = msg_str("R"), .token = token, .job = i,
                                     .attempt = 1, .file = msg_str(files[i]))),
                     ERR_OK);
    }
    (void)system_run_ready(probe);
}

void grant_list(uint64_t token, const char *runner)
{
    give_grant(token, runner, TERM_work_LIST, 0);
    (void)system_run_ready(probe);
}

void ack(uint64_t token, uint64_t job)
{
    give(MSG(job_ack, .run = msg_str("R"), .token = token, .job = job));
}

void revoke(uint64_t token)
{
    give(MSG(revoke, .run = msg_str("R"), .token = token));
}

void advance(uint64_t ms)
{
    uint64_t end_ms = now_ms + ms;
    for (;;) {
        uint64_t next_ms = system_run_timers(probe);
        if (system_run_ready(probe)) {
            continue;
        }
        if (next_ms > end_ms) {
            break;
        }
        now_ms = next_ms > now_ms ? next_ms : now_ms;
    }
    now_ms = end_ms;
}

const char *heard(void)
{
    memcpy(got_before, got, got_size + 1);
    got_size = 0;
    got[0] = '\0';
    return got_before;
}

size_t heard_count(const char *word)
{
    size_t count = 0;
    for (const char *at = got; (at = strstr(at, word)); at++) {
        count++;
    }
    return count;
}

/* ---- commands ---- */

uint64_t exec_last(void)
{
    return newest;
}

size_t exec_count(void)
{
    return commands;
}

const char *exec_line(void)
{
    return line;
}

const char *exec_written(void)
{
    strcpy(written_before, written);
    written[0] = '\0';
    return written_before;
}

bool exec_killed(uint64_t id)
{
    for (size_t i = 0; i < kills_count; i++) {
        if (kills[i] == id) {
            return true;
        }
    }
    return false;
}

void exec_refuse_writes(enum err err)
{
    refusal = err;
}

static void event(const struct msg *msg)
{
    cr_assert_eq(system_tell(probe, owner, msg), ERR_OK);
    (void)system_run_ready(probe);
}

void says_bytes(const char *bytes, size_t size)
{
    for (size_t at = 0, part; at < size; at += part) {
        part = size - at < MSG_MAX_exec_output_bytes ? size - at : MSG_MAX_exec_output_bytes;
        event(MSG(exec_output, .id = newest, .stream = 3, .bytes = {bytes + at, (uint32_t)part}));
    }
}

void says(const char *text)
{
    char *copy = NULL;
    int size = asprintf(&copy, "%s\n", text);
    says_bytes(copy, (size_t)size);
    free(copy);
}

void writes(uint64_t stream, const char *text)
{
    event(MSG(exec_output, .id = newest, .stream = stream, .bytes = msg_str(text)));
}

void exits(uint64_t code, uint64_t signal)
{
    event(MSG(exec_exited, .id = newest, .code = code, .signal = signal));
}

void exits_as(const struct msg *exited)
{
    struct msg_exec_exited copy = *msg_as_exec_exited(exited);
    copy.id = newest;
    event(&copy.head);
}
