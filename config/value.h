/* value.h - one value: from text into its place in a config, and back.
 *
 * Pure: no file, no clock, no locale.  The file and --set share it, so both take the same values.
 */
#ifndef CONFIG_VALUE_H
#define CONFIG_VALUE_H

#include "config/config.h"

#define CONFIG_WHY_SIZE 512

/* Why a value was refused: "section.key: expected ..., found ...: what to do". */
struct config_why {
    char text[CONFIG_WHY_SIZE];
};

/* A number with its unit as people write it, "5s" or "64MiB"; value_parse() reads it back. */
struct amount {
    char text[32];
};

/* Some bytes of a stranger as a short quoted word that is safe to show on a terminal. */
struct shown {
    char text[64];
};

/* Reads `size` bytes of `text` as a value of `key` into *config.  ERR_CONFIG: *config is unchanged
 * and *ret_why says why. */
enum err value_parse(const struct config_key *key, const char *text, size_t size,
                     struct config *config, struct config_why *ret_why) MUST_CHECK;

/* `number` in the largest suffix of `unit` that keeps it whole. */
struct amount amount_text(const char *unit, uint64_t number);

/* `number` with at most six digits after the point, whatever the locale. */
struct amount decimal_text(double number);

/* "from 100ms to 1h": what a number may be. */
void range_text(const struct config_key *key, char *ret_text, size_t size);

struct shown shown_text(const char *text, size_t size);

#endif
