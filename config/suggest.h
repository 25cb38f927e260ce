/* suggest.h - "did you mean": the nearest of some names. */
#ifndef CONFIG_SUGGEST_H
#define CONFIG_SUGGEST_H

#include <stdbool.h>
#include <stddef.h>

#define SUGGEST_SIZE_MAX 64

/* Fewest insertions, deletions, replacements and swaps of neighbours that make `word` (`size`
 * bytes) into `name`.  SIZE_MAX when either is longer than SUGGEST_SIZE_MAX. */
size_t suggest_distance(const char *word, size_t size, const char *name);

/* Whether a distance is near enough for a name of that length to be what was meant. */
bool suggest_is_near(size_t distance, const char *name);

#endif
