/* wait.c - see wait.h. */
#include "actors/healer/wait.h"

#include <string.h>

/* ---- where it failed ---- */

/* Reads FILE:LINE:COLUMN at the end of [from, end). */
static bool read_place(const char *from, const char *end, char *file, size_t file_size,
                       uint64_t *ret_line)
{
    uint64_t numbers[2] = {0, 0};
    for (int i = 1; i >= 0; i--) {
        uint64_t unit = 1;
        const char *at = end;
        while (at > from && at[-1] >= '0' && at[-1] <= '9' && unit < EDIT_LINE_MAX) {
            numbers[i] += unit * (uint64_t)(*--at - '0');
            unit *= 10;
        }
        if (at == end || at == from || at[-1] != ':') {
            return false;
        }
        end = at - 1;
    }
    size_t size = (size_t)(end - from);
    if (size == 0 || size >= file_size || memmem(from, size, "node_modules/", 13)) {
        return false;
    }
    memcpy(file, from, size);
    file[size] = '\0';
    *ret_line = numbers[0];
    return numbers[0] > 0 && edit_is_path(file);
}

bool wait_place(const char *message, size_t size, char *file, size_t file_size, uint64_t *ret_line)
{
    static const char at[] = "    at ";
    const char *end = message + size;
    for (const char *line = message; line < end;) {
        const char *next = memchr(line, '\n', (size_t)(end - line));
        const char *stop = next ? next : end;
        if ((size_t)(stop - line) > sizeof at && memcmp(line, at, sizeof at - 1) == 0) {
            const char *from = line + sizeof at - 1;
            const char *bracket = memrchr(from, '(', (size_t)(stop - from));
            bool named = bracket && stop[-1] == ')';
            if (read_place(named ? bracket + 1 : from, named ? stop - 1 : stop, file, file_size,
                           ret_line)) {
                return true;
            }
        }
        line = next ? next + 1 : end;
    }
    return false;
}
