/* load.h - reads troupe.yml and --set into a struct config.
 *
 * A configuration is believed as a whole or not at all: *ret_config is written on ERR_OK only, and
 * otherwise the report lists every problem of the file, not just the first.  Nothing is kept
 * between calls; any thread may call these functions on its own data.
 */
#ifndef CONFIG_LOAD_H
#define CONFIG_LOAD_H

#include "config/config.h"
#include "config/report.h"

#define CONFIG_FILE_NAME     "troupe.yml"
#define CONFIG_FILE_SIZE_MAX (256 * 1024)

/* Reads DIR/troupe.yml over the defaults.
 *
 * NULL reads no file at all: a project under test must not configure us by being the current
 * directory.  A directory without the file means the defaults; a directory that does not exist is
 * a mistake.
 * ERR_CONFIG: the report says what is wrong, where, and what to do.
 * ERR_IO: directory or file could not be read; the report says why.
 * ERR_MEMORY: libyaml got none. */
enum err config_load(const char *dir_or_null, struct config *ret_config,
                     struct config_report *report) MUST_CHECK;

/* The same for `size` bytes of text; `name` stands for the file in the report. */
enum err config_load_text(const char *name, const char *text, size_t size,
                          struct config *ret_config, struct config_report *report) MUST_CHECK;

/* Sets the key "section.key" of `config` to `value`, written as in the file but without quotes.
 *
 * Rules between keys are left to config_check(), because a later --set may mend them.
 * ERR_UNKNOWN: no such key.  ERR_CONFIG: not a value of it.  Either way `config` is unchanged and
 * `message` (terminated, cut to `size` bytes; CONFIG_PROBLEM_SIZE has room for all) says why. */
enum err config_set(struct config *config, const char *path, const char *value, char *message,
                    size_t size) MUST_CHECK;

#endif
