/* checkout_steps.c - see checkout_steps.h. */
#include "actors/gateway/checkout_steps.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILES_MAX = 1000000, ENV_MORE = 4096 };

/* $1 OWNER/NAME, $2 COMMIT in all of them. */

static const char look_script[] = "[ -d \"$1/$2\" ] || exit 3\n"
                                  "touch \"$1/$2\"\n"; /* it is young again, see place_script */

/* $3 URL, $4 its base, $5 KiB that a mirror may have, $6 new or old.  A reference is made when all
 * that belongs to its commit is there, so it alone says so.  Locks are left by what was killed:
 * nobody else works here. */
static const char fetch_script[] =
    "set -eu; umask 022\n"
    "export GIT_DIR=\"$PWD/$1.git\"\n"
    "if [ -d \"$GIT_DIR\" ]; then\n"
    "  kib=$(du -sk \"$GIT_DIR\"); kib=${kib%%[!0-9]*}\n"
    "  if [ \"$6\" = new ] || [ \"$kib\" -gt \"$5\" ]; then rm -rf \"$GIT_DIR\"; fi\n"
    "fi\n"
    "mkdir -p \"$GIT_DIR\"\n"
    "find \"$GIT_DIR\" '(' -name '*.lock' -o -name 'tmp_*' ')' -type f -delete\n"
    "git init --quiet --bare --template= \"$GIT_DIR\"\n"
    "! git rev-parse --quiet --verify \"refs/commits/$2\" >/dev/null || exit 0\n"
    "git -c core.hooksPath=/dev/null -c gc.auto=0 -c credential.helper= \\\n"
    "  -c \"credential.$4.helper=!f() { printf 'username=x-access-token\\npassword=%s\\n' "
    "\\\"\\$TROUPE_TOKEN\\\"; }; f\" \\\n"
    "  fetch --quiet --depth=1 --no-tags --no-write-fetch-head --no-recurse-submodules \\\n"
    "  --no-auto-maintenance \"$3\" \"+$2:refs/commits/$2\"\n";

/* $3 mirror, $4 bytes and $5 files that a commit may have: counted before any is written. */
static const char files_script[] =
    "set -eu; umask 022\n"
    "aside=\"$PWD/$1/.$2.new\"\n"
    "rm -rf \"$aside\"; mkdir -p \"$aside\"; cd \"$aside\"\n"
    "export GIT_DIR=\"$3\" GIT_WORK_TREE=\"$aside\" GIT_INDEX_FILE=\"${TMPDIR:-/tmp}/index.$$\"\n"
    "git ls-tree -r -l \"$2\" | awk -v bytes=\"$4\" -v files=\"$5\" '\n"
    "  { sum += $4 } sum > bytes || NR > files { exit 1 }' || {\n"
    "  echo \"more than $5 files or $4 bytes, see gateway.checkout_bytes_max\" >&2; exit 1; }\n"
    "git read-tree \"$2\"\n"
    "git -c core.hooksPath=/dev/null checkout-index --all --force\n";

/* $1 the command.  It waits for a word, so that nothing of it happens before it is known where. */
static const char setup_script[] = "read -r word <&3 || exit 1\n"
                                   "exec 3>&-\n"
                                   "exec sh -c \"$1\"\n";

/* $3 how many stay of a repository, $4 for how many seconds, $5 which in any case.  The disk has
 * all of it before it has its name; what is removed loses its name first. */
static const char place_script[] =
    "set -eu\n"
    "sync -f \"$1/.$2.new\"\n"
    "touch \"$1/.$2.new\"\n"
    "mv -T \"$1/.$2.new\" \"$1/$2\"\n"
    "find . -mindepth 3 -maxdepth 3 '(' -name '.*.old' -o -name '.*.new' -mmin +1440 ')' \\\n"
    "  -prune -exec rm -rf {} +\n"
    "find . -mindepth 3 -maxdepth 3 -type d -regextype posix-extended \\\n"
    "  -regex '[.]/[A-Za-z0-9_-]+/[A-Za-z0-9._-]+/[0-9a-f]{40,64}' -printf '%T@ %P\\n' |\n"
    "  sort -rn | awk -v kept=\"$3\" -v oldest=$(($(date +%s) - $4)) '\n"
    "  { repo = $2; sub(\"/[^/]*$\", \"\", repo) }\n"
    "  ++count[repo] > kept || $1 < oldest { print $2 }' |\n"
    "while read -r path; do\n"
    "  case \" $5 \" in *\" $path \"*) continue ;; esac\n"
    "  old=\"${path%/*}/.${path##*/}.old\"\n"
    "  mv -T \"$path\" \"$old\"; rm -rf \"$old\"\n"
    "done\n";

const char *checkout_step_word(enum checkout_step step)
{
    static const char *const words[CHECKOUT_STEPS] = {"looked for", "fetched", "checked out",
                                                      "set up", "put at its place"};
    return words[step];
}

const char *checkout_scheme(const char *url)
{
    static const char *const schemes[] = {"https", "http", "file"};
    size_t size = strlen(url);
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        size_t begin = strlen(schemes[i]);
        /* Names and passwords have their file; a word of our shell or of git's has no business. */
        if (size > begin + 3 && memcmp(url, schemes[i], begin) == 0 &&
            memcmp(url + begin, "://", 3) == 0 && url[size - 1] != '/' &&
            strspn(url, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~:/") ==
                size) {
            return schemes[i];
        }
    }
    return NULL;
}

/* ---- one command ---- */

/* Of git in all steps. */
static enum err write_env(const struct checkout_job *job, bool token, char **ret_env)
{
    const char *scheme = checkout_scheme(job->cfg->clone_url);
    size_t size = strlen(job->env) + strlen(job->token) + ENV_MORE;
    char *env = malloc(size);
    if (!env) {
        return ERR_MEMORY;
    }
    (void)snprintf(env, size,
                   "LC_ALL=C\nGIT_CONFIG_NOSYSTEM=1\nGIT_CONFIG_GLOBAL=/dev/null\n"
                   "GIT_ATTR_NOSYSTEM=1\nGIT_TERMINAL_PROMPT=0\nGIT_ALLOW_PROTOCOL=%s\n%s%s%s%s",
                   scheme ? scheme : "https", token ? "TROUPE_TOKEN=" : "", token ? job->token : "",
                   token ? "\n" : "", job->env); /* ENV_MORE is more than enough */
    *ret_env = env;
    return ERR_OK;
}

static bool join(char to[CHECKOUT_PATH_SIZE], const char *first, const char *second,
                 const char *third)
{
    int size = snprintf(to, CHECKOUT_PATH_SIZE, "%s/%s%s", first, second, third);
    return size > 0 && size < CHECKOUT_PATH_SIZE;
}

static const char *number(struct checkout_command *self, size_t index, uint64_t value)
{
    (void)snprintf(self->numbers[index], sizeof self->numbers[index], "%" PRIu64, value);
    return self->numbers[index];
}

static void set_argv(struct checkout_command *self, const char *const *argv, size_t count)
{
    assert(count <= CHECKOUT_ARGS_MAX);
    memcpy(self->argv, argv, count * sizeof *argv);
    self->argv[count] = NULL;
}

#define SET_ARGV(self, ...)                                                                        \
    set_argv(self, (const char *const[]){"sh", "-c", __VA_ARGS__},                                 \
             sizeof((const char *const[]){"sh", "-c", __VA_ARGS__}) / sizeof(const char *))

static enum err describe_fetch(struct checkout_command *self, const struct checkout_job *job)
{
    const struct cfg_gateway *cfg = job->cfg;
    self->network = true;
    (void)snprintf(self->dir, sizeof self->dir, "%s", cfg->mirrors); /* keys.def bounds it */
    bool fits = join(self->args[0], cfg->clone_url, self->path, ".git");
    SET_ARGV(self, fetch_script, "sh", self->path, job->origin->sha, self->args[0], cfg->clone_url,
             number(self, 0, cfg->checkout_bytes_max / 1024), job->anew ? "new" : "old");
    return fits ? ERR_OK : ERR_LIMIT;
}

static enum err describe_files(struct checkout_command *self, const struct checkout_job *job)
{
    bool fits = join(self->readable, job->cfg->mirrors, self->path, ".git");
    SET_ARGV(self, files_script, "sh", self->path, job->origin->sha, self->readable,
             number(self, 0, job->cfg->checkout_bytes_max), number(self, 1, FILES_MAX));
    return fits ? ERR_OK : ERR_LIMIT;
}

static enum err describe_setup(struct checkout_command *self, const struct checkout_job *job)
{
    bool fits = join(self->args[0], self->path, ".", job->origin->sha) &&
                join(self->dir, job->cfg->checkouts, self->args[0], ".new");
    self->network = true;
    self->control = true;
    self->deadline_ms = job->cfg->setup_ms_max;
    SET_ARGV(self, setup_script, "sh", job->cfg->setup);
    return fits ? ERR_OK : ERR_LIMIT;
}

static void describe_place(struct checkout_command *self, const struct checkout_job *job)
{
    SET_ARGV(self, place_script, "sh", self->path, job->origin->sha,
             number(self, 0, job->cfg->checkouts_kept),
             number(self, 1, job->cfg->checkouts_age_ms_max / 1000), job->in_use);
}

static enum err describe(struct checkout_command *self, enum checkout_step step,
                         const struct checkout_job *job)
{
    self->deadline_ms = job->cfg->fetch_ms_max;
    (void)snprintf(self->path, sizeof self->path, "%s", job->origin->repo); /* far shorter */
    (void)snprintf(self->dir, sizeof self->dir, "%s", job->cfg->checkouts); /* keys.def */
    switch (step) {
    case CHECKOUT_FETCH:
        return describe_fetch(self, job);
    case CHECKOUT_FILES:
        return describe_files(self, job);
    case CHECKOUT_SETUP:
        return describe_setup(self, job);
    case CHECKOUT_PLACE:
        describe_place(self, job);
        return ERR_OK;
    default:
        SET_ARGV(self, look_script, "sh", self->path, job->origin->sha);
        return ERR_OK;
    }
}

enum err checkout_command_new(enum checkout_step step, const struct checkout_job *job,
                              struct checkout_command **ret_command)
{
    struct checkout_command *self = calloc(1, sizeof *self);
    if (!self) {
        return ERR_MEMORY;
    }
    enum err err = describe(self, step, job);
    if (err == ERR_OK) {
        err = write_env(job, step == CHECKOUT_FETCH, &self->env);
    }
    if (err != ERR_OK) {
        checkout_command_free(&self);
        return err;
    }
    *ret_command = self;
    return ERR_OK;
}

void checkout_command_free(struct checkout_command **command)
{
    struct checkout_command *self = *command;
    if (self) {
        free(self->env);
        free(self);
        *command = NULL;
    }
}
