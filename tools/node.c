/* node.c - troupe-node: one process of the cast, or the supervisor of a local cluster.
 *
 * It starts its services, its roles, and waits: SIGTERM and SIGINT stop it in order, a second one
 * at once; an executor may first finish what it has (executor.warned_ms).  When a part has died
 * that cannot be mended inside, it says so and ends with code 70; whoever supervises it starts it
 * again.
 */
#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "config/load.h"
#include "runtime/cert_file.h"
#include "tools/admin.h"
#include "tools/args.h"
#include "tools/cast.h"
#include "tools/exits.h"
#include "tools/logline.h"
#include "tools/place.h"
#include "tools/supervise.h"
#include "tools/world.h"

enum {
    ROLES_MAX = ADMIN_ROLES_MAX,
    CONNECT_MAX = 16,
    SETS_MAX = 64,
    ENDED_MS = 20,
    WARNED_LOOK_MS = 500
};

enum node_option {
    OPTION_role,
    OPTION_name,
    OPTION_bind,
    OPTION_connect,
    OPTION_state,
    OPTION_config,
    OPTION_reporters,
    OPTION_sources,
    OPTION_set,
    OPTION_die_with_parent,
    OPTION_supervise,
    OPTION_runtime,
    OPTION_workers,
    OPTION_keep,
    OPTION_help,
    OPTION_version,
    OPTIONS
};

static const struct arg_option options[OPTIONS] = {
    [OPTION_role] = {"role", "ROLE", "play this role; may be given again", 0},
    [OPTION_name] = {"name", "NAME", "name of the process, the same after a restart", 0},
    [OPTION_bind] = {"bind", "ENDPOINT", "listen there: ipc://PATH or tcp://HOST:PORT", 0},
    [OPTION_connect] = {"connect", "ENDPOINT", "link to the process that listens there", 0},
    [OPTION_state] = {"state", "DIR", "where the coordinator keeps its ledger", 0},
    [OPTION_config] = {"config", "DIR", "read troupe.yml there", 0},
    [OPTION_reporters] = {"reporters", "DIR", "where the reporters for test runners are", 0},
    [OPTION_sources] = {"sources", "DIR", "where the sources of candidates are", 0},
    [OPTION_set] = {"set", "SECTION.KEY=VALUE", "set one key of the configuration", 0},
    [OPTION_die_with_parent] = {"die-with-parent", "", "end when whoever started it ends", 0},
    [OPTION_supervise] = {"supervise", "", "keep a whole local cluster alive instead", 0},
    [OPTION_runtime] = {"runtime", "DIR", "with --supervise: where the sockets are", 0},
    [OPTION_workers] = {"workers", "N", "with --supervise: how many executors", 0},
    [OPTION_keep] = {"keep", "", "with --supervise: stay when nobody uses it", 0},
    [OPTION_help] = {"help", "", "show this", 'h'},
    [OPTION_version] = {"version", "", "show the version", 0},
};

struct node {
    struct config config;
    uint64_t roles[ROLES_MAX];
    size_t roles_count;
    const char *name;
    const char *bind;
    const char *connect[CONNECT_MAX + 1];
    size_t connect_count;
    const char *state;
    const char *config_dir;
    const char *reporters;
    const char *sources;
    const char *sets[SETS_MAX];
    size_t sets_count;
    const char *runtime;
    uint64_t workers;
    bool supervise;
    bool keep;
    bool die_with_parent;
    bool help;
    bool version;
    /* For logs. */
    enum rt_level level;
    bool json;
};

static int complain(const char *what, const char *detail)
{
    (void)fprintf(stderr, "troupe-node: %s%s%s\n", what, detail[0] ? ": " : "", detail);
    return EXIT_USAGE;
}

/* ---- logs ---- */

static void on_log(void *world, enum rt_level level, const char *actor, const char *text)
{
    const struct node *self = world;
    if (level > self->level) {
        return;
    }
    struct timespec at;
    (void)clock_gettime(CLOCK_REALTIME, &at);
    struct log_entry entry = {.wall_ms =
                                  (uint64_t)at.tv_sec * 1000 + (uint64_t)at.tv_nsec / 1000000,
                              .level = level,
                              .role = self->name,
                              .actor = actor,
                              .text = text};
    char line[LOG_LINE_MAX];
    size_t size = log_line(&entry, self->json, line);
    /* Nothing can be done about a log that cannot be written. */
    (void)!write(STDERR_FILENO, line, size);
}

/* ---- the command line ---- */

static int add_role(struct node *self, const char *word)
{
    uint64_t role;
    if (!cast_role(word, &role)) {
        (void)fprintf(stderr, "troupe-node: there is no role '%s'; there are: %s\n", word,
                      cast_words());
        return EXIT_USAGE;
    }
    if (self->roles_count == ROLES_MAX) {
        return complain("too many roles", word);
    }
    self->roles[self->roles_count++] = role;
    return 0;
}

static int add_text(const char **list, size_t *count, size_t max, const char *text)
{
    if (*count == max) {
        return complain("given too often", text);
    }
    list[(*count)++] = text;
    return 0;
}

static int take_flag(struct node *self, int option)
{
    switch (option) {
    case OPTION_die_with_parent:
        self->die_with_parent = true;
        return 0;
    case OPTION_supervise:
        self->supervise = true;
        return 0;
    case OPTION_keep:
        self->keep = true;
        return 0;
    case OPTION_help:
        self->help = true;
        return 0;
    default:
        self->version = true;
        return 0;
    }
}

static int take(struct node *self, int option, const char *value)
{
    switch (option) {
    case OPTION_role:
        return add_role(self, value);
    case OPTION_connect:
        return add_text(self->connect, &self->connect_count, CONNECT_MAX, value);
    case OPTION_set:
        return add_text(self->sets, &self->sets_count, SETS_MAX, value);
    case OPTION_name:
        self->name = value;
        return 0;
    case OPTION_bind:
        self->bind = value;
        return 0;
    case OPTION_state:
        self->state = value;
        return 0;
    case OPTION_config:
        self->config_dir = value;
        return 0;
    case OPTION_reporters:
        self->reporters = value;
        return 0;
    case OPTION_sources:
        self->sources = value;
        return 0;
    case OPTION_runtime:
        self->runtime = value;
        return 0;
    case OPTION_workers:
        self->workers = strtoull(value, NULL, 10);
        return 0;
    default:
        return take_flag(self, option);
    }
}

static int parse(struct node *self, const char *const *argv)
{
    const struct arg_option *list[OPTIONS];
    for (size_t i = 0; i < OPTIONS; i++) {
        list[i] = &options[i];
    }
    struct args args = {.argv = argv, .options = list, .count = OPTIONS};
    const char *value;
    int option;
    while ((option = args_next(&args, &value)) != ARGS_END) {
        if (option == ARGS_BAD) {
            return complain(args.why, "");
        }
        if (option == ARGS_WORD) {
            return complain("unexpected word", value);
        }
        int bad = take(self, option, value);
        if (bad) {
            return bad;
        }
    }
    return 0;
}

static int show_help(void)
{
    (void)printf("usage: troupe-node --role ROLE [--role ROLE] --name NAME [options]\n\n"
                 "One process of a Troupe cluster.\n\n");
    for (size_t i = 0; i < OPTIONS; i++) {
        (void)printf("  --%s%s%-*s %s\n", options[i].name, options[i].value[0] ? " " : "",
                     30 - (int)strlen(options[i].name), options[i].value, options[i].sentence);
    }
    (void)printf(
        "\nExamples:\n"
        "  troupe-node --role coordinator --role partitioner --state /var/lib/troupe \\\n"
        "      --bind tcp://127.0.0.1:7070\n"
        "  troupe-node --role executor --name executor-0 --connect tcp://127.0.0.1:7070\n");
    return EXIT_DONE;
}

static int configure(struct node *self)
{
    struct config_report report;
    config_report_clear(&report);
    enum err err = config_load(self->config_dir, &self->config, &report);
    if (err != ERR_OK) {
        config_report_print(stderr, &report);
        return EXIT_CONFIG;
    }
    char why[CONFIG_PROBLEM_SIZE];
    for (size_t i = 0; i < self->sets_count; i++) {
        char path[128];
        size_t size = strcspn(self->sets[i], "=");
        if (self->sets[i][size] != '=' || size >= sizeof path) {
            (void)complain("--set needs SECTION.KEY=VALUE", self->sets[i]);
            return EXIT_USAGE;
        }
        (void)snprintf(path, sizeof path, "%.*s", (int)size, self->sets[i]);
        if (config_set(&self->config, path, self->sets[i] + size + 1, why, sizeof why) != ERR_OK) {
            (void)complain("--set", why);
            return EXIT_CONFIG;
        }
    }
    if (config_check(&self->config, why, sizeof why) != ERR_OK) {
        (void)complain("configuration", why);
        return EXIT_CONFIG;
    }
    self->level = log_level(self->config.log.level);
    self->json = strcmp(self->config.log.format, "json") == 0;
    return 0;
}

static bool plays(const struct node *self, uint64_t role)
{
    for (size_t i = 0; i < self->roles_count; i++) {
        if (self->roles[i] == role) {
            return true;
        }
    }
    return false;
}

/* ---- running ---- */

static bool runs_commands(const struct node *self)
{
    for (size_t i = 0; i < self->roles_count; i++) {
        if (cast_needs_exec(self->roles[i])) {
            return true;
        }
    }
    return false;
}

/* From now on a signal has its default effect: it ends the process at once. */
static void mind_signals_again(const sigset_t *signals)
{
    (void)pthread_sigmask(SIG_UNBLOCK, signals, NULL);
}

enum ended { ENDED_FAILED, ENDED_SIGNAL, ENDED_TIME };

/* Until a part has died, a signal has come, or so much time has passed; negative: any. */
static enum ended wait_once(struct pollfd fds[2], int ms)
{
    int count;
    while ((count = poll(fds, 2, ms)) < 0 && errno == EINTR) {
    }
    if (count == 0) {
        return ENDED_TIME;
    }
    if (fds[1].revents) {
        return ENDED_FAILED;
    }
    struct signalfd_siginfo info;
    (void)!read(fds[0].fd, &info, sizeof info);
    return ENDED_SIGNAL;
}

/* The first signal is a warning where executor.warned_ms says so: no more work is taken.  The
 * admin ends us by a second one when nothing is left to finish. */
static enum ended finish_work(struct node *self, struct world *world, struct rt_address admin,
                              struct pollfd fds[2])
{
    on_log(self, RT_INFO, "node", "warned: no more work is taken");
    for (uint64_t ms = 0; ms < self->config.executor.warned_ms; ms += WARNED_LOOK_MS) {
        const struct msg *drain = MSG(drain, .node = msg_str(self->name), .on = true, .stop = true);
        /* What has no room for it now is told at the next look. */
        (void)!system_tell(world_system(world), admin, drain);
        enum ended ended = wait_once(fds, WARNED_LOOK_MS);
        if (ended != ENDED_TIME) {
            return ended;
        }
    }
    return ENDED_TIME;
}

static int wait_for_end(struct node *self, struct world *world, struct rt_address admin,
                        const sigset_t *signals)
{
    int signal_fd = signalfd(-1, signals, SFD_CLOEXEC);
    if (signal_fd < 0) {
        on_log(self, RT_ERROR, "node", "no signalfd");
        return EXIT_COULD_NOT;
    }
    struct pollfd fds[] = {{.fd = signal_fd, .events = POLLIN},
                           {.fd = world_failure_fd(world), .events = POLLIN}};
    enum ended ended = wait_once(fds, -1);
    if (ended == ENDED_SIGNAL && plays(self, TERM_role_EXECUTOR) &&
        self->config.executor.warned_ms > 0) {
        ended = finish_work(self, world, admin, fds);
    }
    bool failed = ended == ENDED_FAILED;
    on_log(self, failed ? RT_ERROR : RT_INFO, "node", failed ? world_failure(world) : "stopping");
    (void)close(signal_fd);
    mind_signals_again(signals);
    return failed ? EXIT_INTERNAL : EXIT_DONE;
}

/* ---- for the admin ---- */

static void on_process(void *world, struct world_process *ret_process)
{
    world_process(world, ret_process);
}

static bool on_actor(void *world, uint64_t after, struct actor_stats *ret_stats)
{
    return system_actor_after(world_system(world), after, ret_stats);
}

static bool on_link(void *world, uint64_t index, struct link_stats *ret_stats)
{
    return world_link(world, index, ret_stats);
}

/* By the same door as a stop from outside. */
static void on_end(void *world)
{
    (void)world;
    (void)kill(getpid(), SIGTERM);
}

static enum err spawn_admin(const struct node *self, struct world *world,
                            struct rt_address *ret_admin)
{
    struct admin_arg arg = {.ports = {.world = world,
                                      .process = on_process,
                                      .actor = on_actor,
                                      .link = on_link,
                                      .end = on_end},
                            .roles_count = self->roles_count};
    memcpy(arg.roles, self->roles, sizeof arg.roles);
    return system_spawn(world_system(world), &admin_behaviour, &arg, sizeof arg, ret_admin);
}

static int run_world(struct node *self, struct cast *cast, const char *ledger,
                     const sigset_t *signals)
{
    const struct world_options world_options = {.config = &self->config,
                                                .name = self->name,
                                                .bind = self->bind,
                                                .connect = self->connect,
                                                .ledger = ledger,
                                                .exec = runs_commands(self),
                                                .log_world = self,
                                                .log = on_log};
    char why[WORLD_WHY_SIZE];
    struct world *world = NULL;
    struct rt_address admin;
    enum err err = world_new(&world_options, why, &world);
    if (err != ERR_OK) {
        on_log(self, RT_ERROR, "node", why);
        return err == ERR_CONFIG || err == ERR_MALFORMED ? EXIT_USAGE
               : err == ERR_REFUSED                      ? EXIT_CONFIG
                                                         : EXIT_COULD_NOT;
    }
    err = cast_spawn(cast, world_system(world));
    if (err == ERR_OK) {
        err = spawn_admin(self, world, &admin);
    }
    if (err == ERR_OK) {
        err = world_start(world);
    }
    int code = EXIT_INTERNAL;
    if (err == ERR_OK) {
        on_log(self, RT_INFO, "node", "started");
        code = wait_for_end(self, world, admin, signals);
        /* What has failed cannot be waited for. */
        world_stop(world, code == EXIT_DONE ? self->config.runtime.stop_ms_max : ENDED_MS);
    } else {
        on_log(self, RT_ERROR, "node", err_text(err));
    }
    world_destroy(&world);
    return code;
}

/* Of the coordinator; an empty path for all others. */
static int find_ledger(const struct node *self, char ret_path[PATH_MAX])
{
    ret_path[0] = '\0';
    if (!plays(self, TERM_role_COORDINATOR)) {
        return EXIT_DONE;
    }
    if (!self->state) {
        return complain("a coordinator needs --state DIR for its ledger", "");
    }
    return place_join(self->state, PLACE_LEDGER, ret_path) == ERR_OK
               ? EXIT_DONE
               : complain("--state is too long", "");
}

static int gather_cast(const struct node *self, struct cast **ret_cast)
{
    const struct cast_options cast_options = {.config = &self->config,
                                              .config_dir = self->config_dir,
                                              .reporters = self->reporters,
                                              .sources = self->sources,
                                              .state = self->state};
    char why[CAST_WHY_SIZE] = "";
    enum err err = cast_new(&cast_options, self->roles, self->roles_count, why, ret_cast);
    if (err == ERR_OK) {
        return EXIT_DONE;
    }
    (void)complain(why[0] ? why : err_text(err), "");
    return err == ERR_CONFIG ? EXIT_CONFIG : EXIT_USAGE;
}

/* `own` keeps the name of the key. */
static void take_name(struct node *self, struct cert *own)
{
    char why[WORLD_WHY_SIZE];
    const char *key_file = self->config.security.key_file;
    if (!self->name) {
        /* A key that cannot be read is complained about where it is needed. */
        bool named = key_file[0] && cert_load(key_file, false, own, why, sizeof why) == ERR_OK;
        self->name = named ? own->name : term_word("role", self->roles[0]);
    }
}

static int run_node(struct node *self)
{
    if (self->roles_count == 0) {
        return complain("say --role ROLE, or --supervise; see --help", "");
    }
    char ledger[PATH_MAX];
    struct cast *cast = NULL;
    int code = find_ledger(self, ledger);
    code = code == EXIT_DONE ? gather_cast(self, &cast) : code;
    if (code != EXIT_DONE) {
        return code;
    }
    struct cert own;
    take_name(self, &own);
    sigset_t signals;
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGINT);
    (void)pthread_sigmask(SIG_BLOCK, &signals, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    code = run_world(self, cast, ledger[0] ? ledger : NULL, &signals);
    cast_destroy(&cast);
    return code;
}

static int run_supervisor(const struct node *self)
{
    if (!self->state || !self->runtime) {
        return complain("--supervise needs --state DIR and --runtime DIR", "");
    }
    const char *pass[2 * SETS_MAX + 7];
    size_t count = 0;
    if (self->config_dir) {
        pass[count++] = "--config";
        pass[count++] = self->config_dir;
    }
    if (self->reporters) {
        pass[count++] = "--reporters";
        pass[count++] = self->reporters;
    }
    if (self->sources) {
        pass[count++] = "--sources";
        pass[count++] = self->sources;
    }
    for (size_t i = 0; i < self->sets_count; i++) {
        pass[count++] = "--set";
        pass[count++] = self->sets[i];
    }
    pass[count] = NULL;
    const struct supervise_options supervise_options = {.config = &self->config,
                                                        .state = self->state,
                                                        .runtime = self->runtime,
                                                        .workers = self->workers,
                                                        .keep = self->keep,
                                                        .pass = pass};
    return (int)supervise(&supervise_options);
}

static void raise_files_max(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        /* Without it there is only less room. */
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

int main(int argc, char **argv)
{
    (void)argc;
    struct node self = {.workers = 1};
    int bad = parse(&self, (const char *const *)(void *)(argv + 1));
    if (bad) {
        return bad;
    }
    if (self.help) {
        return show_help();
    }
    if (self.version) {
        (void)printf("troupe-node %s\n", TROUPE_VERSION);
        return EXIT_DONE;
    }
    if (self.die_with_parent) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    }
    /* Few arenas: a process here has few threads that allocate, and each arena costs memory. */
    (void)mallopt(M_ARENA_MAX, 2); /* NOLINT(concurrency-mt-unsafe): there is one thread yet */
    raise_files_max();
    bad = configure(&self);
    if (bad) {
        return bad;
    }
    return self.supervise ? run_supervisor(&self) : run_node(&self);
}
