/* place.c - where things are. */
#include "tools/place.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SOCKET_PATH_MAX = 107 - 1 };

enum err place_join(const char *directory, const char *name, char ret_path[PATH_MAX])
{
    int size = snprintf(ret_path, PATH_MAX, "%s/%s", directory, name);
    return size > 0 && size < PATH_MAX ? ERR_OK : ERR_LIMIT;
}

static enum err explain(char *why, enum err err, const char *what, const char *path)
{
    (void)snprintf(why, PLACE_WHY_SIZE, "%s %.300s%s%s", what, path, errno ? ": " : "",
                   errno ? strerrordesc_np(errno) : "");
    return err;
}

/* Makes a directory that only we can enter; its parents are made as usual. */
static enum err make_private(const char *path, char *why)
{
    char part[PATH_MAX];
    (void)snprintf(part, sizeof part, "%s", path);
    for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(part, 0700) != 0 && errno != EEXIST) {
            return explain(why, ERR_IO, "cannot make", part);
        }
        *slash = '/';
    }
    if (mkdir(path, 0700) != 0 && errno != EEXIST) {
        return explain(why, ERR_IO, "cannot make", path);
    }
    struct stat stat;
    if (lstat(path, &stat) != 0) {
        return explain(why, ERR_IO, "cannot look at", path);
    }
    errno = 0;
    if (!S_ISDIR(stat.st_mode) || stat.st_uid != geteuid()) {
        return explain(why, ERR_REFUSED, "not a directory of ours (choose another):", path);
    }
    if ((stat.st_mode & 077) != 0 && chmod(path, 0700) != 0) {
        return explain(why, ERR_IO, "cannot close to others", path);
    }
    return ERR_OK;
}

static enum err state_path(const char *given, char ret_path[PATH_MAX], char *why)
{
    const char *base = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    int size;
    if (given) {
        size = snprintf(ret_path, PATH_MAX, "%s", given);
    } else if (base && base[0] == '/') {
        size = snprintf(ret_path, PATH_MAX, "%s/troupe", base);
    } else if (home && home[0] == '/') {
        size = snprintf(ret_path, PATH_MAX, "%s/.local/state/troupe", home);
    } else {
        errno = 0;
        return explain(why, ERR_IO, "HOME is not set: say --state DIR", "");
    }
    if (size <= 0 || size >= PATH_MAX) {
        errno = 0;
        return explain(why, ERR_LIMIT, "the path of the state is empty or too long", "");
    }
    return ERR_OK;
}

/* FNV-1a: names the cluster of a state directory; says nothing to anybody. */
static uint64_t hash(const char *text)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (; *text; text++) {
        hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
    }
    return hash;
}

/* Also not when sudo has left somebody else's in our environment. */
static bool is_ours(const char *directory)
{
    struct stat stat;
    return directory && directory[0] == '/' && lstat(directory, &stat) == 0 &&
           S_ISDIR(stat.st_mode) && stat.st_uid == geteuid();
}

static bool socket_fits(const struct place *place)
{
    return strlen(place->runtime) + sizeof "/" PLACE_SOCKET - 1 <= SOCKET_PATH_MAX;
}

static enum err find_runtime(struct place *self, char *why)
{
    const char *base = getenv("XDG_RUNTIME_DIR");
    unsigned long long name = hash(self->state);
    for (int attempt = 0; attempt < 2; attempt++) {
        if (attempt == 0 && is_ours(base)) {
            (void)snprintf(self->runtime_parent, sizeof self->runtime_parent, "%.4000s/troupe",
                           base);
        } else {
            (void)snprintf(self->runtime_parent, sizeof self->runtime_parent, "/tmp/troupe-%u",
                           (unsigned)geteuid());
        }
        (void)snprintf(self->runtime, sizeof self->runtime, "%.4060s/%016llx", self->runtime_parent,
                       name);
        if (socket_fits(self)) {
            (void)snprintf(self->endpoint, sizeof self->endpoint, "ipc://%.100s/" PLACE_SOCKET,
                           self->runtime);
            return ERR_OK;
        }
    }
    errno = 0;
    return explain(why, ERR_LIMIT, "too long for a socket:", self->runtime);
}

static enum err find(const char *state, bool make, struct place *ret_place, char *why)
{
    char path[PATH_MAX];
    enum err err = state_path(state, path, why);
    if (err == ERR_OK && make) {
        err = make_private(path, why);
    }
    if (err != ERR_OK) {
        return err;
    }
    if (!realpath(path, ret_place->state)) {
        return explain(why, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "no state in", path);
    }
    return find_runtime(ret_place, why);
}

enum err place_find(const char *state, struct place *ret_place, char *why)
{
    return find(state, true, ret_place, why);
}

enum err place_look(const char *state, struct place *ret_place, char *why)
{
    return find(state, false, ret_place, why);
}

enum err place_make_runtime(const struct place *place, char *why)
{
    enum err err = make_private(place->runtime_parent, why);
    return err == ERR_OK ? make_private(place->runtime, why) : err;
}

/* ---- programs ---- */

/* The directory of the running program. */
static enum err program_directory(char ret_path[PATH_MAX])
{
    ssize_t size = readlink("/proc/self/exe", ret_path, PATH_MAX - 1);
    if (size <= 0) {
        return ERR_IO;
    }
    ret_path[size] = '\0';
    char *slash = strrchr(ret_path, '/');
    if (!slash || slash == ret_path) {
        return ERR_IO;
    }
    *slash = '\0';
    return ERR_OK;
}

static enum err find_beside(const char *const *names, const char *inside, char ret_path[PATH_MAX])
{
    char directory[PATH_MAX];
    enum err err = program_directory(directory);
    for (; err == ERR_OK && *names; names++) {
        char path[PATH_MAX];
        char probe[PATH_MAX];
        if (place_join(directory, *names, path) == ERR_OK &&
            place_join(path, inside, probe) == ERR_OK && access(probe, R_OK) == 0 &&
            realpath(path, ret_path)) {
            return ERR_OK;
        }
    }
    return ERR_NOT_FOUND;
}

static enum err find_program(const char *name, char ret_path[PATH_MAX])
{
    /* Beside us; where packages put it; in a build directory. */
    static const char *const names[] = {".", "../libexec/troupe", "../lib/troupe", "tools", NULL};
    char directory[PATH_MAX];
    enum err err = find_beside(names, name, directory);
    return err == ERR_OK ? place_join(directory, name, ret_path) : err;
}

enum err place_node_program(char ret_path[PATH_MAX])
{
    return find_program("troupe-node", ret_path);
}

enum err place_bench_program(char ret_path[PATH_MAX])
{
    return find_program("troupe-bench", ret_path);
}

enum err place_reporters(char ret_path[PATH_MAX])
{
    static const char *const names[] = {"../share/troupe/reporters", "../../share/troupe/reporters",
                                        "../tools/reporters", "../../tools/reporters", NULL};
    return find_beside(names, "vitest/host.mjs", ret_path);
}

enum err place_dashboard(char ret_path[PATH_MAX])
{
    static const char *const names[] = {"../share/troupe/dashboard", "../../share/troupe/dashboard",
                                        "../tools/dashboard/dist", "../../tools/dashboard/dist",
                                        NULL};
    return find_beside(names, "index.html", ret_path);
}

enum err place_sources(char ret_path[PATH_MAX])
{
    static const char *const names[] = {"../share/troupe/sources", "../../share/troupe/sources",
                                        "../tools/sources", "../../tools/sources", NULL};
    return find_beside(names, "typescript/host.mjs", ret_path);
}

enum err place_generator(char ret_path[PATH_MAX])
{
    static const char *const names[] = {"../share/troupe/generate", "../../share/troupe/generate",
                                        "../tools/generate", "../../tools/generate", NULL};
    return find_beside(names, "main.mjs", ret_path);
}

enum err place_http_module(char ret_path[PATH_MAX])
{
    /* Beside us, in a build directory; where it is installed, seen from bin and libexec/troupe. */
    static const char *const names[] = {".", "../" TROUPE_LIBDIR "/troupe",
                                        "../../" TROUPE_LIBDIR "/troupe", NULL};
    char directory[PATH_MAX];
    enum err err = find_beside(names, PLACE_HTTP_MODULE, directory);
    return err == ERR_OK ? place_join(directory, PLACE_HTTP_MODULE, ret_path) : err;
}

enum err place_default(const char *name, char ret_path[PATH_MAX])
{
    static const char *const names[] = {"../share/troupe", "../../share/troupe", "../config",
                                        "../../config", NULL};
    char directory[PATH_MAX];
    enum err err = find_beside(names, name, directory);
    return err == ERR_OK ? place_join(directory, name, ret_path) : err;
}

enum err place_beside(const char *path, const char *name, char ret_path[PATH_MAX])
{
    char directory[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t size = slash ? (size_t)(slash - path) : 0;
    if (size >= sizeof directory) {
        return ERR_LIMIT;
    }
    memcpy(directory, path, size);
    directory[size] = '\0';
    return place_join(slash ? directory : ".", name, ret_path);
}

enum err place_config(const char *config_dir, const char *name, char ret_path[PATH_MAX])
{
    if (config_dir) {
        enum err err = place_join(config_dir, name, ret_path);
        if (err != ERR_OK || access(ret_path, F_OK) == 0) {
            return err;
        }
    }
    return place_default(name, ret_path);
}
