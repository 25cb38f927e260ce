/* suggest.c - optimal string alignment distance over three rows. */
#include "config/suggest.h"

#include <stdint.h>
#include <string.h>

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t suggest_distance(const char *word, size_t size, const char *name)
{
    size_t name_size = strlen(name);
    if (size > SUGGEST_SIZE_MAX || name_size > SUGGEST_SIZE_MAX) {
        return SIZE_MAX;
    }
    size_t rows[3][SUGGEST_SIZE_MAX + 1]; /* row i stands in rows[i % 3] */
    for (size_t j = 0; j <= name_size; j++) {
        rows[0][j] = j;
    }
    for (size_t i = 1; i <= size; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i - 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= name_size; j++) {
            size_t replace = above[j - 1] + (word[i - 1] != name[j - 1]);
            row[j] = least(replace, least(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && word[i - 1] == name[j - 2] && word[i - 2] == name[j - 1]) {
                row[j] = least(row[j], rows[(i - 2) % 3][j - 2] + 1);
            }
        }
    }
    return rows[size % 3][name_size];
}

bool suggest_is_near(size_t distance, const char *name)
{
    size_t size = strlen(name);
    return distance <= (size < 4 ? 1 : size / 3);
}
