/* gateway.c - see gateway.h. */
#include "tools/gateway.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "actors/gateway/checkout_steps.h"
#include "tools/cast.h"
#include "tools/environment.h"
#include "tools/place.h"

enum { FILE_BYTES_MAX = 4096, DASHBOARD_TOKEN_MIN = 16 };

static enum err refuse(char *why, const char *key, const char *text)
{
    (void)snprintf(why, CAST_WHY_SIZE, "gateway.%s: %s", key, text);
    return ERR_CONFIG;
}

/* Reads a small file that nobody else can read. */
static enum err read_secret(const char *key, const char *path, char text[FILE_BYTES_MAX + 1],
                            char *why)
{
    if (path[0] == '\0') {
        return refuse(why, key, "is not set");
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0) {
        return refuse(why, key, strerrordesc_np(errno));
    }
    struct stat stat;
    enum err err = ERR_OK;
    if (fstat(fd, &stat) != 0 || !S_ISREG(stat.st_mode)) {
        err = refuse(why, key, "is not a file");
    } else if ((stat.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        err = refuse(why, key, "others can read the file: chmod 600");
    } else {
        ssize_t size = read(fd, text, FILE_BYTES_MAX + 1);
        if (size <= 0 || size > FILE_BYTES_MAX || memchr(text, '\0', (size_t)size)) {
            err = refuse(why, key, "the file is empty, larger than 4 KiB or no text");
        } else {
            text[size] = '\0';
        }
    }
    (void)close(fd); /* it was only read */
    return err;
}

/* Reads the token in the first line of the file of `key` into `to`, `max` bytes and a NUL. */
static enum err read_token(const char *key, const char *path, char *to, size_t max, char *why)
{
    char text[FILE_BYTES_MAX + 1];
    enum err err = read_secret(key, path, text, why);
    if (err != ERR_OK) {
        return err;
    }
    size_t size = strcspn(text, "\r\n");
    if (size == 0 || size > max) {
        err = refuse(why, key, "its first line is empty or too long for a token");
    }
    for (size_t i = 0; i < size && err == ERR_OK; i++) {
        if (text[i] <= ' ' || text[i] > '~') {
            err = refuse(why, key, "there is more than a token in its first line");
        }
    }
    if (err == ERR_OK) {
        memcpy(to, text, size);
        to[size] = '\0';
    }
    explicit_bzero(text, sizeof text);
    return err;
}

/* Reads a file of the front end; what is not there or too large is empty. */
static void read_page(const char *folder, const char *name, char *to, size_t max)
{
    char path[PATH_MAX];
    FILE *file = place_join(folder, name, path) == ERR_OK ? fopen(path, "re") : NULL;
    size_t size = file ? fread(to, 1, max + 1, file) : 0;
    if (file) {
        (void)fclose(file); /* it was only read */
    }
    to[size <= max ? size : 0] = '\0';
}

/* The dashboard is for those who know a token, and there when it was built. */
static enum err prepare_dashboard(const struct config *config, struct gateway_arg *arg,
                                  struct dashboard_files *files, char *why)
{
    char folder[PATH_MAX];
    const char *path = config->gateway.dashboard_token_file;
    if (path[0] == '\0') {
        return ERR_OK;
    }
    enum err err = read_token("dashboard_token_file", path, arg->dashboard.token,
                              sizeof arg->dashboard.token - 1, why);
    if (err == ERR_OK && strlen(arg->dashboard.token) < DASHBOARD_TOKEN_MIN) {
        err = refuse(why, "dashboard_token_file", "needs a token of at least 16 characters");
    }
    if (err == ERR_OK && place_dashboard(folder) == ERR_OK) {
        read_page(folder, "index.html", files->page, DASHBOARD_PAGE_SIZE);
        read_page(folder, "app.css", files->style, DASHBOARD_STYLE_SIZE);
        read_page(folder, "app.js", files->script, DASHBOARD_SCRIPT_SIZE);
        arg->dashboard.files = files;
    } else if (err == ERR_OK) {
        (void)fprintf(stderr, "troupe-node: the dashboard is not built (tools/dashboard/build): "
                              "the plain page is shown\n");
    }
    return err;
}

/* A directory of ours, which those who read what is in it can enter. */
static enum err need_folder(const char *key, const char *path, char *why)
{
    struct stat stat;
    if (path[0] != '/') {
        return refuse(why, key, "needs an absolute path");
    }
    if (mkdir(path, 0755) != 0 && errno != EEXIST) {
        return refuse(why, key, strerrordesc_np(errno));
    }
    bool folder = lstat(path, &stat) == 0 && S_ISDIR(stat.st_mode);
    return folder ? ERR_OK : refuse(why, key, "is not a directory");
}

/* What is needed for code that we fetch ourselves. */
static enum err prepare_checkouts(const struct config *config, struct gateway_arg *arg, char *why)
{
    /* How the network is reached from here, and whom there is to trust. */
    static const char more[] = "HTTPS_PROXY,HTTP_PROXY,NO_PROXY,https_proxy,http_proxy,no_proxy,"
                               "NODE_EXTRA_CA_CERTS,SSL_CERT_FILE,SSL_CERT_DIR,GIT_SSL_CAINFO";
    const struct cfg_gateway *cfg = &config->gateway;
    char names[sizeof config->sandbox.env + sizeof more + 1];
    char left_out[128];
    (void)snprintf(names, sizeof names, "%s,%s", config->sandbox.env, more); /* it has room */
    environment_lines(names, arg->checkout_env, left_out, sizeof left_out);
    if (cfg->mirrors[0] == '\0') {
        return ERR_OK;
    }
    if (!checkout_scheme(cfg->clone_url)) {
        return refuse(why, "clone_url",
                      "is not https://, http:// or file://, or has more in it than "
                      "a host, a port and a path");
    }
    enum err err = need_folder("mirrors", cfg->mirrors, why);
    return err == ERR_OK ? need_folder("checkouts", cfg->checkouts, why) : err;
}

/* What pull requests need; without any of it there are none. */
static enum err prepare_github(const struct config *config, struct gateway_arg *arg, char *why)
{
    const struct cfg_gateway *cfg = &config->gateway;
    char text[FILE_BYTES_MAX + 1];
    if (cfg->checkouts[0] != '/') {
        return refuse(why, "checkouts", "needs an absolute path");
    }
    enum err err = read_secret("secret_file", cfg->secret_file, text, why);
    if (err == ERR_OK && signature_secrets_read(text, &arg->secrets) != ERR_OK) {
        err = refuse(why, "secret_file", "needs 1 to 4 lines of at most 256 bytes");
    }
    explicit_bzero(text, sizeof text);
    if (err == ERR_OK) {
        err = read_token("token_file", cfg->token_file, arg->token, GATEWAY_TOKEN_SIZE, why);
    }
    return err == ERR_OK ? prepare_checkouts(config, arg, why) : err;
}

enum err gateway_prepare(const struct config *config, struct gateway_arg *arg,
                         struct dashboard_files *files, char *why)
{
    const struct cfg_gateway *cfg = &config->gateway;
    char left_out[128];
    bool dashboard_only = cfg->dashboard_token_file[0] != '\0' && cfg->checkouts[0] == '\0' &&
                          cfg->secret_file[0] == '\0' && cfg->token_file[0] == '\0';
    environment_lines(config->sandbox.env, arg->env, left_out, sizeof left_out);
    enum err err = prepare_dashboard(config, arg, files, why);
    return err != ERR_OK || dashboard_only ? err : prepare_github(config, arg, why);
}
