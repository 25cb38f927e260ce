/* ulid.c - names of runs. */
#include "actors/common/ulid.h"

#include <ctype.h>
#include <string.h>

/* Crockford's: without I, L, O and U. */
static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

enum { TIME_SIZE = 10, BITS = 5 };

void ulid_make(uint64_t wall_ms, const uint8_t random[ULID_RANDOM_SIZE], char text[ULID_SIZE + 1])
{
    for (int i = TIME_SIZE - 1; i >= 0; i--) {
        text[i] = digits[wall_ms & 31];
        wall_ms >>= BITS;
    }
    uint32_t bits = 0;
    unsigned count = 0;
    int at = TIME_SIZE;
    for (int i = 0; i < ULID_RANDOM_SIZE; i++) {
        bits = (bits << 8 | random[i]) & 0xffff;
        count += 8;
        while (count >= BITS) {
            count -= BITS;
            text[at++] = digits[bits >> count & 31];
        }
    }
    text[ULID_SIZE] = '\0';
}

static int value(char c)
{
    const char *at = c ? strchr(digits, toupper((unsigned char)c)) : NULL;
    return at ? (int)(at - digits) : -1;
}

bool ulid_is_valid(const char *text)
{
    for (int i = 0; i < ULID_SIZE; i++) {
        if (value(text[i]) < 0) {
            return false;
        }
    }
    return text[ULID_SIZE] == '\0' && value(text[0]) <= 7;
}

uint64_t ulid_wall_ms(const char *text)
{
    uint64_t wall_ms = 0;
    for (int i = 0; i < TIME_SIZE; i++) {
        wall_ms = wall_ms << BITS | (uint64_t)value(text[i]);
    }
    return wall_ms;
}
