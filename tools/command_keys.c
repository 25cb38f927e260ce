/* command_keys.c - troupe keys: makes, lists, allows, revokes and rotates the keys of links.
 *
 * A key is two files in a folder: NAME.cert_secret, which stays with its owner, and NAME.cert,
 * which goes into the allow-list of whoever is connected to.  No secret is ever printed.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/cert_file.h"
#include "runtime/link_security.h"
#include "tools/command.h"
#include "tools/json.h"
#include "tools/place.h"

enum { WHY_SIZE = 512, ROLES_SIZE = 256 };

struct keys {
    struct invocation *invocation;
    const char *subject; /* NAME or FILE; NULL for list */
    bool roles_given;
    uint64_t roles;
    char dir[CERT_PATH_MAX];
    char public_path[CERT_PATH_MAX];
    char secret_path[CERT_PATH_MAX];
};

/* ---- folders ---- */

/* The folder of this user's own keys: --dir, that of security.key_file, or one beside troupe.yml.
 */
static int own_dir(struct keys *self)
{
    const char *given = invocation_value(self->invocation, "dir");
    const char *file = self->invocation->config.security.key_file;
    const char *slash = strrchr(file, '/');
    const char *base = getenv("XDG_CONFIG_HOME");
    const char *home = getenv("HOME");
    int size = -1;
    if (given) {
        size = snprintf(self->dir, sizeof self->dir, "%s", given);
    } else if (slash) {
        size = snprintf(self->dir, sizeof self->dir, "%.*s", (int)(slash - file), file);
    } else if (base && base[0] == '/') {
        size = snprintf(self->dir, sizeof self->dir, "%s/troupe/keys", base);
    } else if (home && home[0] == '/') {
        size = snprintf(self->dir, sizeof self->dir, "%s/.config/troupe/keys", home);
    }
    return size > 0 && (size_t)size < sizeof self->dir
               ? EXIT_DONE
               : complain(EXIT_USAGE, "where are the keys?", "Say --dir DIR.");
}

static int allow_dir(struct keys *self)
{
    const char *given = invocation_value(self->invocation, "dir");
    const char *dir = given ? given : self->invocation->config.security.allow_dir;
    int size = snprintf(self->dir, sizeof self->dir, "%s", dir);
    return size > 0 && (size_t)size < sizeof self->dir
               ? EXIT_DONE
               : complain(EXIT_USAGE, "where is the allow-list?",
                          "Say --dir DIR, or set security.allow_dir.");
}

/* Makes the folder and those above it.  `mode` 0755 for lists, which another user may serve with.
 */
static int make_dir(const char *dir, mode_t mode)
{
    char part[CERT_PATH_MAX];
    (void)snprintf(part, sizeof part, "%s", dir);
    for (char *at = part + 1; *at; at++) {
        if (*at == '/') {
            *at = '\0';
            if (mkdir(part, mode) != 0 && errno != EEXIST) {
                return complainf(EXIT_COULD_NOT, NULL, "%.300s: %s", part, strerrordesc_np(errno));
            }
            *at = '/';
        }
    }
    return mkdir(part, mode) == 0 || errno == EEXIST
               ? EXIT_DONE
               : complainf(EXIT_COULD_NOT, NULL, "%.300s: %s", part, strerrordesc_np(errno));
}

static int settle_paths(struct keys *self, const char *name)
{
    if (!cert_is_name(name)) {
        return complainf(EXIT_USAGE, "Letters, digits, '.', '-' and '_', at most 40.",
                         "%.64s: not a name for a key", name);
    }
    return cert_path(self->dir, name, CERT_PUBLIC, self->public_path) == ERR_OK &&
                   cert_path(self->dir, name, CERT_SECRET, self->secret_path) == ERR_OK
               ? EXIT_DONE
               : complain(EXIT_USAGE, "the folder has too long a path", NULL);
}

/* ---- telling ---- */

static struct json_key json_of(const struct cert *cert, const char *file, const char *secret_file)
{
    return (struct json_key){.name = cert->name,
                             .roles = cert->roles,
                             .public_key = cert->public_key,
                             .file = file,
                             .secret_file = secret_file};
}

static int written(enum err err)
{
    return err == ERR_OK ? EXIT_DONE : complain(EXIT_COULD_NOT, "cannot be written", NULL);
}

/* `did` goes before the name, `then` is what to do next. */
static int tell(const struct keys *self, const struct cert *cert, const char *did, const char *then)
{
    char roles[ROLES_SIZE];
    cert_roles_text(cert->roles, roles, sizeof roles);
    const char *secret = self->secret_path[0] ? self->secret_path : NULL;
    if (self->invocation->json) {
        struct json_key key = json_of(cert, self->public_path, secret);
        return written(json_key(stdout, &key));
    }
    if (self->invocation->quiet) {
        (void)printf("%s\n", self->public_path);
        return EXIT_DONE;
    }
    (void)printf("%s %s, roles: %s\n  public  %s\n", did, cert->name, roles[0] ? roles : "none",
                 self->public_path);
    if (secret) {
        (void)printf("  secret  %s\n", secret);
    }
    (void)printf("%s\n", then);
    return EXIT_DONE;
}

static int not_saved(const char *path, enum err err)
{
    return err == ERR_EXISTS ? complainf(EXIT_COULD_NOT, "troupe keys rotate NAME makes a new one.",
                                         "%.300s is there already", path)
                             : complainf(EXIT_COULD_NOT, NULL, "%.300s: %s", path, err_text(err));
}

static int load(const char *path, struct cert *ret_cert)
{
    char why[WHY_SIZE] = "";
    return cert_load(path, false, ret_cert, why, sizeof why) == ERR_OK
               ? EXIT_DONE
               : complain(EXIT_COULD_NOT, why, NULL);
}

/* ---- new, rotate ---- */

/* Makes new keys into *cert and writes both files, the secret one first: without it the other is
 * of no use. */
static int make(const struct keys *self, struct cert *cert, bool replace)
{
    enum err err = security_make_keys(cert);
    if (err != ERR_OK) {
        return complain(EXIT_COULD_NOT, "no keys could be made", NULL);
    }
    err = cert_save(self->secret_path, cert, true, replace);
    explicit_bzero(cert->secret_key, sizeof cert->secret_key);
    if (err != ERR_OK) {
        return not_saved(self->secret_path, err);
    }
    err = cert_save(self->public_path, cert, false, replace);
    if (err != ERR_OK && !replace) {
        (void)unlink(self->secret_path); /* a half would only be in the way */
    }
    return err == ERR_OK ? EXIT_DONE : not_saved(self->public_path, err);
}

static int keys_new(struct keys *self)
{
    int code = own_dir(self);
    code = code == EXIT_DONE ? settle_paths(self, self->subject) : code;
    code = code == EXIT_DONE ? make_dir(self->dir, 0700) : code;
    if (code != EXIT_DONE) {
        return code;
    }
    if (access(self->public_path, F_OK) == 0) {
        return not_saved(self->public_path, ERR_EXISTS);
    }
    struct cert cert = {.roles = self->roles};
    (void)snprintf(cert.name, sizeof cert.name, "%s", self->subject);
    code = make(self, &cert, false);
    return code == EXIT_DONE
               ? tell(self, &cert, "New key of", "Where it shall be let in: troupe keys allow FILE")
               : code;
}

/* Where the allow-list of this machine has the name, the new key takes the old one's place there,
 * and keeps its roles. */
static int rotate_allowed(const struct keys *self, const struct cert *cert, bool *ret_allowed)
{
    const char *dir = self->invocation->config.security.allow_dir;
    char path[CERT_PATH_MAX];
    *ret_allowed = dir[0] != '\0' && cert_path(dir, cert->name, CERT_PUBLIC, path) == ERR_OK &&
                   strcmp(path, self->public_path) != 0 && access(path, F_OK) == 0;
    if (!*ret_allowed) {
        return EXIT_DONE;
    }
    struct cert allowed;
    int code = load(path, &allowed);
    if (code != EXIT_DONE) {
        return code;
    }
    memcpy(allowed.public_key, cert->public_key, sizeof allowed.public_key);
    enum err err = cert_save(path, &allowed, false, true);
    return err == ERR_OK ? EXIT_DONE : not_saved(path, err);
}

static int keys_rotate(struct keys *self)
{
    struct cert cert;
    int code = own_dir(self);
    code = code == EXIT_DONE ? settle_paths(self, self->subject) : code;
    code = code == EXIT_DONE ? load(self->public_path, &cert) : code;
    if (code != EXIT_DONE) {
        return code;
    }
    cert.roles = self->roles_given ? self->roles : cert.roles;
    bool allowed = false;
    code = make(self, &cert, true);
    code = code == EXIT_DONE ? rotate_allowed(self, &cert, &allowed) : code;
    if (code != EXIT_DONE) {
        return code;
    }
    return tell(self, &cert, "Another key of",
                allowed ? "The allow-list here has it; links by the old one end."
                        : "Where the old one is let in: troupe keys allow FILE");
}

/* ---- allow, revoke ---- */

static int keys_allow(struct keys *self)
{
    struct cert cert;
    int code = allow_dir(self);
    code = code == EXIT_DONE ? load(self->subject, &cert) : code;
    code = code == EXIT_DONE ? settle_paths(self, cert.name) : code;
    code = code == EXIT_DONE ? make_dir(self->dir, 0755) : code;
    if (code != EXIT_DONE) {
        return code;
    }
    cert.roles = self->roles_given ? self->roles : cert.roles;
    self->secret_path[0] = '\0';
    enum err err = cert_save(self->public_path, &cert, false, true);
    return err == ERR_OK ? tell(self, &cert, "Allowed:", "It holds within a second.")
                         : not_saved(self->public_path, err);
}

static int keys_revoke(struct keys *self)
{
    struct cert cert = {0};
    char why[WHY_SIZE] = "";
    int code = allow_dir(self);
    code = code == EXIT_DONE ? settle_paths(self, self->subject) : code;
    if (code != EXIT_DONE) {
        return code;
    }
    /* One that cannot be read is to be taken away all the more. */
    if (cert_load(self->public_path, false, &cert, why, sizeof why) != ERR_OK) {
        (void)snprintf(cert.name, sizeof cert.name, "%s", self->subject);
    }
    if (unlink(self->public_path) != 0) {
        return complainf(EXIT_COULD_NOT, "troupe keys list shows those that are allowed.",
                         "%.300s: %s", self->public_path, strerrordesc_np(errno));
    }
    self->secret_path[0] = '\0';
    return tell(self, &cert, "Revoked:", "Its links end within a second.");
}

/* ---- list ---- */

static void show(const struct cert *cert)
{
    char roles[ROLES_SIZE];
    cert_roles_text(cert->roles, roles, sizeof roles);
    (void)printf("%-24s %-24s %s\n", cert->name, roles[0] ? roles : "-", cert->public_key);
}

static int list_json(const struct keys *self, const struct zap_allowed *list)
{
    struct json_key *keys = calloc(list->count + 1, sizeof *keys);
    char(*paths)[CERT_PATH_MAX] = calloc(list->count + 1, sizeof *paths);
    enum err err = keys && paths ? ERR_OK : ERR_MEMORY;
    for (size_t i = 0; err == ERR_OK && i < list->count; i++) {
        err = cert_path(self->dir, list->list[i].name, CERT_PUBLIC, paths[i]);
        keys[i] = json_of(&list->list[i], paths[i], NULL);
    }
    err = err == ERR_OK ? json_keys(stdout, keys, list->count) : err;
    free(keys);
    free(paths);
    return written(err);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct cert *)a)->name, ((const struct cert *)b)->name);
}

static int keys_list(struct keys *self)
{
    struct zap_allowed list = {0};
    char why[WHY_SIZE] = "";
    bool allowed = self->invocation->config.security.allow_dir[0] != '\0';
    int code = allowed ? allow_dir(self) : own_dir(self);
    if (code != EXIT_DONE) {
        return code;
    }
    enum err err = cert_allowed_load(self->dir, &list, why, sizeof why);
    if (err != ERR_OK) {
        return complain(EXIT_COULD_NOT, why, "troupe keys new NAME makes one.");
    }
    if (list.count > 0) {
        qsort(list.list, list.count, sizeof *list.list, by_name);
    }
    if (self->invocation->json) {
        code = list_json(self, &list);
    } else {
        for (size_t i = 0; i < list.count; i++) {
            show(&list.list[i]);
        }
    }
    cert_allowed_fini(&list);
    return code == EXIT_DONE && why[0] ? complain(EXIT_NEGATIVE, why, "It does not count.") : code;
}

/* ---- the command ---- */

static int take_roles(struct keys *self)
{
    const struct invocation *invocation = self->invocation;
    for (size_t i = 0; i < invocation->given_count; i++) {
        const struct given *given = &invocation->given[i];
        if (strcmp(given->option->arg.name, "role") != 0) {
            continue;
        }
        self->roles_given = true;
        if (cert_add_roles(given->value, &self->roles) != ERR_OK) {
            return complainf(EXIT_USAGE, "coordinator, partitioner, executor, …",
                             "--role %.64s: no such role", given->value);
        }
    }
    return EXIT_DONE;
}

int command_keys(struct invocation *invocation)
{
    static const struct {
        const char *word;
        size_t words;
        int (*run)(struct keys *self);
    } verbs[] = {{"new", 2, keys_new},
                 {"list", 1, keys_list},
                 {"allow", 2, keys_allow},
                 {"revoke", 2, keys_revoke},
                 {"rotate", 2, keys_rotate}};
    const char *word = invocation->words_count > 0 ? invocation->words[0] : "";
    int code = invocation_configure(invocation);
    for (size_t i = 0; code == EXIT_DONE && i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(verbs[i].word, word) == 0 && verbs[i].words == invocation->words_count) {
            struct keys self = {.invocation = invocation,
                                .subject = verbs[i].words > 1 ? invocation->words[1] : NULL};
            code = take_roles(&self);
            return code == EXIT_DONE ? verbs[i].run(&self) : code;
        }
    }
    return code != EXIT_DONE
               ? code
               : complain(EXIT_USAGE,
                          "say troupe keys new NAME, list, allow FILE, revoke NAME or "
                          "rotate NAME",
                          NULL);
}
