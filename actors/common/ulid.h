/* ulid.h - names of runs: 48 bits of time, 80 of chance, as 26 characters that sort by time. */
#ifndef ACTORS_COMMON_ULID_H
#define ACTORS_COMMON_ULID_H

#include <stdbool.h>
#include <stdint.h>

enum { ULID_SIZE = 26, ULID_RANDOM_SIZE = 10 };

/* Pure: the same input gives the same name. */
void ulid_make(uint64_t wall_ms, const uint8_t random[ULID_RANDOM_SIZE], char text[ULID_SIZE + 1]);

/* Upper or lower case. */
bool ulid_is_valid(const char *text);

/* The wall clock in it, in ms since 1970. */
uint64_t ulid_wall_ms(const char *text);

#endif
