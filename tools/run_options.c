/* run_options.c - see run_options.h. */
#include "tools/run_options.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum term run_mode(const struct invocation *invocation, const char *option)
{
    const char *mode = invocation_value(invocation, option);
    return mode ? (enum term)term_number("mode", mode) : TERM_mode_PROPOSE;
}

static int check_mode(const struct invocation *invocation, const char *option)
{
    return run_mode(invocation, option) != 0
               ? EXIT_DONE
               : complainf(EXIT_USAGE, NULL, "--%s %.32s: off, propose or apply", option,
                           invocation_value(invocation, option));
}

/* One of them, or several that list: "vitest,tsc". */
static bool known_runners(const char *text)
{
    static const char *const names[] = {
#define HOST(name, caches, advice) #name,
#include "actors/common/runners.def"
    };
    if (strcmp(text, "auto") == 0 || strcmp(text, "command") == 0) {
        return true;
    }
    for (const char *at = text;; at++) {
        size_t size = strcspn(at, ",");
        bool known = false;
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
            known |= strlen(names[i]) == size && strncmp(at, names[i], size) == 0 &&
                     strcmp(names[i], "auto") != 0 && strcmp(names[i], "results") != 0;
        }
        at += size;
        if (!known || *at == '\0') {
            return known;
        }
    }
}

static int settle_runner(struct invocation *invocation)
{
    const char *command = invocation_value(invocation, "command");
    int code = invocation_set(invocation, "runner", "run.runner");
    if (code != EXIT_DONE) {
        return code;
    }
    struct cfg_run *cfg = &invocation->config.run;
    if (command && strcmp(cfg->runner, "auto") == 0) {
        (void)snprintf(cfg->runner, sizeof cfg->runner, "command");
    }
    if (!known_runners(cfg->runner)) {
        return complainf(EXIT_USAGE, "For any other: --command CMD --files-from FILE.",
                         "--runner %.32s: auto, command, or some of vitest,jest,playwright,tsc,"
                         "eslint,pytest,go,ctest,cargo",
                         cfg->runner);
    }
    bool by_command = strcmp(cfg->runner, "command") == 0;
    if (by_command && !command) {
        return complain(EXIT_USAGE, "--runner command needs --command CMD",
                        "{} in it stands for the file: --command 'sh {}'.");
    }
    if (command && !by_command) {
        return complainf(EXIT_USAGE, NULL, "--command has no meaning with --runner %s",
                         cfg->runner);
    }
    if (command && strlen(command) > MSG_MAX_submit_command) {
        return complainf(EXIT_USAGE, "Put it into a script.", "--command is longer than %d bytes",
                         MSG_MAX_submit_command);
    }
    bool reports = invocation_value(invocation, "results") != NULL;
    if (by_command && !reports && !invocation_value(invocation, "files-from") &&
        !invocation_value(invocation, "resume")) {
        return complain(EXIT_USAGE, "--runner command needs --files-from FILE",
                        "It cannot know what the files are; or name the reports that it writes "
                        "with --results GLOB.");
    }
    return EXIT_DONE;
}

int run_settle(struct invocation *invocation)
{
    int code = invocation_configure(invocation);
    static const char *const keys[][2] = {
        {"workers", "run.workers"}, {"retries", "run.retries"}, {"timeout", "run.timeout_ms"}};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0] && code == EXIT_DONE; i++) {
        code = invocation_set(invocation, keys[i][0], keys[i][1]);
    }
    if (code == EXIT_DONE) {
        code = check_mode(invocation, "fix");
    }
    if (code == EXIT_DONE) {
        code = check_mode(invocation, "heal");
    }
    return code == EXIT_DONE ? settle_runner(invocation) : code;
}

int run_reporting(const struct invocation *invocation, char ret_text[MSG_MAX_submit_command + 1])
{
    const char *results = invocation_value(invocation, "results");
    const char *command = invocation_value(invocation, "command");
    ret_text[0] = '\0';
    if (!results) {
        return EXIT_DONE;
    }
    if (!command) {
        return complain(EXIT_USAGE, "--results needs --command CMD", "It runs what writes them.");
    }
    if (results[0] == '\0' || strchr(results, '\n') ||
        snprintf(ret_text, MSG_MAX_submit_command + 1, "%s\n%s", results, command) >
            MSG_MAX_submit_command) {
        return complain(EXIT_USAGE, "--results and --command are too long together, or not sound",
                        "Put the command into a script.");
    }
    return EXIT_DONE;
}

bool run_reuses(const struct invocation *invocation, const char *root)
{
    char path[PATH_MAX];
    const struct config *config = &invocation->config;
    if (strcmp(config->run.cache, "on") != 0 || invocation_flag(invocation, "no-cache")) {
        return false;
    }
    int size = snprintf(path, sizeof path, "%s/.git", root);
    const char *why = !config->sandbox.enabled  ? "tests run without the sandbox"
                      : config->sandbox.network ? "tests may use the network"
                      : size < 0 || (size_t)size >= sizeof path || access(path, F_OK) != 0
                          ? "the project is not in a repository of git"
                          : NULL;
    if (why) {
        (void)complainf(0, NULL, "nothing is taken from the cache: %s", why);
    }
    return !why;
}

/* ---- quarantine ---- */

/* YYYY-MM-DD, so that the order of texts is that of days. */
static bool is_date(const char *text)
{
    static const char form[] = "dddd-dd-dd ";
    for (size_t i = 0; i < sizeof form - 1; i++) {
        bool good = form[i] == 'd' ? text[i] >= '0' && text[i] <= '9' : text[i] == form[i];
        if (!good) {
            return false;
        }
    }
    return true;
}

static int take_lines(FILE *file, const char *path, char *text)
{
    char today[16];
    char *line = NULL;
    size_t room = 0;
    size_t used = 0;
    int code = EXIT_DONE;
    struct tm tm;
    time_t now = time(NULL);
    if (!gmtime_r(&now, &tm) || strftime(today, sizeof today, "%Y-%m-%d", &tm) == 0) {
        return complain(EXIT_COULD_NOT, "the clock cannot be read", NULL);
    }
    for (size_t number = 1; code == EXIT_DONE && getline(&line, &room, file) >= 0; number++) {
        line[strcspn(line, "\r\n")] = '\0';
        size_t size = strlen(line);
        if (line[0] == '\0' || line[0] == '#') {
            continue;
        }
        if (!is_date(line) || !strstr(line, " > ")) {
            code = complainf(EXIT_CONFIG, "A line is YYYY-MM-DD FILE > TEST.",
                             "%.300s, line %zu: not a test with its last day of quarantine", path,
                             number);
        } else if (strncmp(line, today, strlen(today)) < 0) {
            (void)complainf(0, NULL, "the quarantine is over: %.300s", line);
        } else if (used + size + 1 > MSG_MAX_submit_quarantine) {
            code = complainf(EXIT_CONFIG, NULL, "%.300s has more than %d bytes that hold", path,
                             MSG_MAX_submit_quarantine);
        } else {
            memcpy(text + used, line, size);
            text[used + size] = '\n';
            used += size + 1;
            text[used] = '\0';
        }
    }
    free(line);
    return code;
}

int run_quarantine(const struct invocation *invocation, const char *dir,
                   char ret_text[MSG_MAX_submit_quarantine + 1])
{
    char path[PATH_MAX];
    const char *name = invocation->config.run.quarantine;
    ret_text[0] = '\0';
    if (!name[0]) {
        return EXIT_DONE;
    }
    int size = snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = size > 0 && (size_t)size < sizeof path ? fopen(path, "re") : NULL;
    if (!file) {
        return complainf(EXIT_CONFIG, NULL, "run.quarantine %.300s: %s", name,
                         strerrordesc_np(errno));
    }
    int code = take_lines(file, path, ret_text);
    (void)fclose(file);
    return code;
}
