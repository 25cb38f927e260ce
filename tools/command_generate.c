/* command_generate.c - troupe generate: tests for sources that have none, or what theirs notice. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/command.h"
#include "tools/environment.h"
#include "tools/foreground.h"
#include "tools/generate.h"
#include "tools/json_generate.h"
#include "tools/place.h"
#include "tools/project.h"
#include "tools/session.h"
#include "tools/table.h"

enum { GENERATE_TIMEOUT_MS = 600000, GENERATE_RESERVE_MS = 3000 };

/* One call; large, so on the heap. */
struct generation {
    struct invocation *invocation;
    struct generate generate;
    char dir[PATH_MAX];
    char root[PATH_MAX];
    char folder[PATH_MAX];
    char readable[PATH_MAX];
    char env[MSG_MAX_submit_env + 1];
    char sources[WORDS_MAX][PATH_MAX]; /* relative to dir */
    char *request;
};

/* ---- what is wanted ---- */

/* The nearest folder above a source that is a package, else the source's own. */
static void package_above(const char *source, char dir[PATH_MAX])
{
    char probe[PATH_MAX];
    size_t first = 0;
    (void)snprintf(dir, PATH_MAX, "%s", source);
    for (char *slash; (slash = strrchr(dir, '/')) && slash > dir;) {
        *slash = '\0';
        first = first ? first : (size_t)(slash - dir);
        if (place_join(dir, "package.json", probe) == ERR_OK && access(probe, F_OK) == 0) {
            return;
        }
    }
    (void)snprintf(dir, PATH_MAX, "%.*s", (int)first, source);
}

/* A source as it is named, from here or from the project. */
static int find_source(const struct generation *self, const char *word, char path[PATH_MAX])
{
    char joined[PATH_MAX];
    if (realpath(word, path)) {
        return EXIT_DONE;
    }
    if (self->dir[0] && word[0] != '/' && place_join(self->dir, word, joined) == ERR_OK &&
        realpath(joined, path)) {
        return EXIT_DONE;
    }
    return complainf(EXIT_USAGE, NULL, "%.300s: %s", word, strerrordesc_np(errno));
}

static int read_sources(struct generation *self)
{
    const struct invocation *invocation = self->invocation;
    const char *project = invocation_value(invocation, "project");
    if (invocation->words_count == 0) {
        return complain(EXIT_USAGE, "say for which sources: troupe generate SRC…",
                        "For example troupe generate src/utils --project web");
    }
    if (project && !realpath(project, self->dir)) {
        return complainf(EXIT_USAGE, NULL, "%.300s: %s", project, strerrordesc_np(errno));
    }
    for (size_t i = 0; i < invocation->words_count; i++) {
        char path[PATH_MAX];
        int code = find_source(self, invocation->words[i], path);
        if (code != EXIT_DONE) {
            return code;
        }
        if (!self->dir[0]) {
            package_above(path, self->dir);
        }
        size_t size = strlen(self->dir);
        if (strncmp(path, self->dir, size) != 0 || (path[size] != '/' && path[size] != '\0')) {
            return complainf(EXIT_USAGE, "Name the project: --project DIR.",
                             "%.300s is not in the project %.300s", path, self->dir);
        }
        (void)snprintf(self->sources[i], PATH_MAX, "%s", path[size] ? path + size + 1 : ".");
    }
    return EXIT_DONE;
}

static int read_options(struct generation *self)
{
    struct invocation *invocation = self->invocation;
    struct generate *generate = &self->generate;
    const char *sources[WORDS_MAX];
    char left_out[128];
    int code = invocation_timeout(invocation, GENERATE_TIMEOUT_MS, &generate->timeout_ms);
    if (code == EXIT_DONE) {
        code = read_sources(self);
    }
    if (code != EXIT_DONE) {
        return code;
    }
    if (project_root(self->dir, getenv("HOME"), self->root) != ERR_OK) {
        return complainf(EXIT_COULD_NOT, NULL, "%.300s cannot be read", self->dir);
    }
    if (place_generator(self->folder) != ERR_OK || place_sources(self->readable) != ERR_OK) {
        return complain(EXIT_COULD_NOT, "what writes the tests was not found",
                        "It lies beside this program: install it whole.");
    }
    environment_lines(invocation->config.sandbox.env, self->env, left_out, sizeof left_out);
    for (size_t i = 0; i < invocation->words_count; i++) {
        sources[i] = self->sources[i];
    }
    uint64_t budget_ms = generate->timeout_ms;
    budget_ms -= budget_ms > 2 * GENERATE_RESERVE_MS ? GENERATE_RESERVE_MS : 0;
    self->request = json_generate_request(self->dir, sources, invocation->words_count,
                                          invocation_flag(invocation, "mutants"), budget_ms);
    generate->dir = self->dir;
    generate->root = self->root;
    generate->env = self->env;
    generate->folder = self->folder;
    generate->readable = self->readable;
    generate->request = self->request;
    return self->request ? EXIT_DONE : complain(EXIT_COULD_NOT, "out of memory", NULL);
}

/* ---- running it ---- */

static enum err spawn_all(void *self, struct rt_system *system)
{
    const struct generate *generate = &((struct generation *)self)->generate;
    struct rt_address address;
    return system_spawn(system, &generate_behaviour, &generate, sizeof generate, &address);
}

static int run(struct generation *self)
{
    const struct foreground foreground = {self->invocation, "generate", spawn_all, self};
    return foreground_play(&foreground, &self->generate.done);
}

/* ---- what came of it ---- */

/* Whether a name that the sandbox gave us is one of a test in the project. */
static bool is_test_name(const char *path)
{
    const char *base = strrchr(path, '/');
    base = base ? base + 1 : path;
    const char *end = strrchr(base, '.');
    static const char *const ends[] = {".ts", ".tsx", ".js", ".jsx"};
    bool known = false;
    for (size_t i = 0; end && i < sizeof ends / sizeof ends[0]; i++) {
        known = known || strcmp(end, ends[i]) == 0;
    }
    return known && path[0] != '/' && (strstr(base, ".test.") || strstr(base, ".spec."));
}

/* Opens the folder of `path` below `top`, made where it is missing, and follows no link on the way;
 * *ret_base is the rest.  -1 and errno. */
static int open_folder(int top, const char *path, const char **ret_base)
{
    int at = fcntl(top, F_DUPFD_CLOEXEC, 0);
    const char *slash;
    while (at >= 0 && (slash = strchr(path, '/'))) {
        char name[NAME_MAX + 1];
        size_t size = (size_t)(slash - path);
        bool plain = size > 0 && size <= NAME_MAX && path[0] != '.';
        (void)snprintf(name, sizeof name, "%.*s", (int)size, path);
        int next = -1;
        if (!plain) {
            errno = EINVAL;
        } else if (mkdirat(at, name, 0777) == 0 || errno == EEXIST) {
            next = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        }
        int error = errno;
        (void)close(at);
        errno = error;
        at = next;
        path = slash + 1;
    }
    *ret_base = path;
    return at;
}

/* A new file, never over another one.  0, or -1 and errno. */
static int write_test(int top, const struct generated *file)
{
    const char *base = file->test;
    int folder = is_test_name(file->test) ? open_folder(top, file->test, &base) : -1;
    if (folder < 0) {
        return -1;
    }
    int fd = openat(folder, base, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    size_t size = strlen(file->text);
    size_t at = 0;
    ssize_t part = 0;
    while (fd >= 0 && at < size && (part = write(fd, file->text + at, size - at)) > 0) {
        at += (size_t)part;
    }
    int result = fd >= 0 && at == size ? 0 : -1;
    int error = errno;
    if (fd >= 0 && close(fd) != 0) {
        error = errno;
        result = -1;
    }
    if (fd >= 0 && result != 0) {
        (void)unlinkat(folder, base, 0); /* half a test is none */
    }
    (void)close(folder);
    errno = error;
    return result;
}

static int write_tests(struct generation *self)
{
    int code = EXIT_DONE;
    int top = open(self->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (top < 0) {
        return complainf(EXIT_COULD_NOT, NULL, "%.300s: %s", self->dir, strerrordesc_np(errno));
    }
    for (size_t i = 0; i < self->generate.count; i++) {
        struct generated *file = &self->generate.files[i];
        errno = EINVAL; /* of a name that is none */
        if (file->text && write_test(top, file) != 0) {
            code = complainf(EXIT_COULD_NOT, NULL, "%.300s cannot be written: %s", file->test,
                             strerrordesc_np(errno));
            file->text[0] = '\0';
        }
    }
    (void)close(top);
    return code;
}

static int print_plain(const struct generation *self)
{
    static const struct table_column columns[] = {
        {"SOURCE", false}, {"STATUS", false}, {"TESTS", true}, {"KILLED", true},
        {"OF", true},      {"TEST", false},   {NULL, false}};
    struct table table;
    enum err err = ERR_OK;
    table_init(&table, columns);
    for (size_t i = 0; i < self->generate.count && err == ERR_OK; i++) {
        const struct generated *file = &self->generate.files[i];
        const char *texts[] = {file->source, file->status};
        const uint64_t numbers[] = {file->tests, file->killed, file->total};
        for (size_t j = 0; j < 2 && err == ERR_OK; j++) {
            err = table_text(&table, texts[j]);
        }
        for (size_t j = 0; j < 3 && err == ERR_OK; j++) {
            err = table_number(&table, numbers[j]);
        }
        err = err == ERR_OK ? table_text(&table, file->test) : err;
    }
    const struct table_style style = {.width = table_width(stdout), .head = "", .reset = ""};
    table_print(&table, stdout, &style);
    table_fini(&table);
    return err == ERR_OK ? EXIT_DONE : complain(EXIT_COULD_NOT, err_text(err), NULL);
}

static int exit_of(const struct generation *self)
{
    size_t good = 0;
    for (size_t i = 0; i < self->generate.count; i++) {
        const char *status = self->generate.files[i].status;
        good += strcmp(status, "generated") == 0 || strcmp(status, "judged") == 0 ||
                strcmp(status, "nothing_to_test") == 0;
    }
    if (self->generate.timed_out) {
        return complain(EXIT_TIMED_OUT, "the time was over before all was judged", NULL);
    }
    return good > 0 ? EXIT_DONE
                    : complain(EXIT_NEGATIVE, "no test that is worth keeping was found", NULL);
}

int command_generate(struct invocation *invocation)
{
    int code = invocation_configure(invocation);
    struct generation *self = code == EXIT_DONE ? calloc(1, sizeof *self) : NULL;
    if (!self) {
        return code != EXIT_DONE ? code : complain(EXIT_COULD_NOT, "out of memory", NULL);
    }
    uint64_t begin_ms = session_now_ms();
    self->invocation = invocation;
    code = read_options(self);
    if (code == EXIT_DONE) {
        code = run(self);
    }
    if (code == EXIT_DONE && self->generate.reason[0] && !self->generate.timed_out) {
        code = complain(EXIT_COULD_NOT, self->generate.reason, NULL);
    }
    if (code == EXIT_DONE) {
        code = write_tests(self);
        bool as_json = !invocation->terminal || invocation->json;
        int printed =
            !as_json ? print_plain(self)
            : json_generated(stdout, &self->generate, session_now_ms() - begin_ms) == ERR_OK
                ? EXIT_DONE
                : complain(EXIT_COULD_NOT, "the result cannot be written", NULL);
        code = code == EXIT_DONE ? printed : code;
    }
    if (code == EXIT_DONE) {
        code = exit_of(self);
    }
    generate_free(&self->generate);
    free(self->request);
    free(self);
    return code;
}
